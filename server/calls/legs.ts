/** Channels becoming legs of calls: which call a leg belongs to, what is learned of it, and how leg and call end. */
import { extensionOf } from "../asterisk/devices.ts";
import type { ChannelInfo } from "../asterisk/model.ts";
import type { CallEndedHow } from "./model.ts";
import { identityChanged, isOutside, refreshParty } from "./parties.ts";
import { answer, endRing, ringingLegGone } from "./rings.ts";
import {
  type Bridge,
  type CallState,
  type Leg,
  type LiveCall,
  emit,
  isDialled,
  isHelper,
  remember,
  remembers,
  unplaced,
} from "./state.ts";
import { endTalk, refreshTalks } from "./talks.ts";
import { callerHungUp, closeVisit } from "./visits.ts";

/** The leg of a channel that is known, with what the event says of it taken over; null for one that is not known. */
export function known(state: CallState, channel: ChannelInfo): Leg | null {
  const leg = state.legs.get(channel.id);
  if (!leg) return null;
  learn(state, leg, channel);
  return leg;
}

/**
 * The leg of a channel, made if need be: an event of a channel never seen means that its beginning was missed. Null when the channel
 * hung up before (a late event) or is nobody's; such an event is counted under `kind`.
 */
export function met(
  state: CallState,
  channel: ChannelInfo,
  kind: string,
  isNew = false,
): Leg | null {
  const leg = known(state, channel);
  if (leg) return leg;
  if (channel.id === "" || isHelper(channel)) return null;
  if (remembers(state.dead, channel.id, state.atMs)) {
    unplaced(state, `${kind}: channel hung up before`);
    return null;
  }
  return addLeg(state, channel, { isNew, startedAtMs: state.atMs });
}

function learn(state: CallState, leg: Leg, channel: ChannelInfo): void {
  leg.state = channel.state;
  leg.heardAtMs = state.atMs;
  if (channel.linkedId !== leg.linkedId) {
    leg.linkedId = channel.linkedId;
    link(state, leg.call, channel.linkedId);
  }
  if (
    channel.callerNumber !== leg.callerNumber ||
    channel.callerName !== leg.callerName ||
    channel.exten !== leg.exten
  ) {
    leg.callerNumber = channel.callerNumber;
    leg.callerName = channel.callerName;
    leg.exten = channel.exten;
    identityChanged(state, leg);
  }
}

/** A Linkedid is a clue for channels to come; the first call that bore it keeps it. */
export function link(state: CallState, call: LiveCall, linkedId: string): void {
  if (linkedId === "" || state.linked.has(linkedId)) return;
  state.linked.set(linkedId, call);
  call.linkedIds.add(linkedId);
}

/** Makes a leg, in the call its Linkedid points to or in one of its own. */
export function addLeg(
  state: CallState,
  channel: ChannelInfo,
  options: { readonly isNew: boolean; readonly startedAtMs: number },
): Leg {
  const stem = localStem(channel.name);
  const other = stem === "" ? undefined : state.locals.get(stem);
  const found = other?.call ?? state.linked.get(channel.linkedId);
  const leg: Leg = {
    id: channel.id,
    name: channel.name,
    extension: extensionOf(channel.name, state.extensionPattern),
    local: stem !== "",
    // A call of its own is made right below; nothing reads the leg before.
    call: found as LiveCall,
    linkedId: channel.linkedId,
    state: channel.state,
    callerNumber: channel.callerNumber,
    callerName: channel.callerName,
    exten: channel.exten,
    bridge: null,
    company: null,
    other: null,
    dialler: null,
    dialsPhones: false,
    behind: null,
    ring: null,
    alerted: false,
    answered: false,
    heardAtMs: state.atMs,
    served: false,
    hangupRequested: null,
    gone: false,
    wish: null,
  };
  state.legs.set(leg.id, leg);
  if (stem !== "") {
    if (other) pair(leg, other);
    else state.locals.set(stem, leg);
  }
  if (found) {
    found.legs.add(leg);
    link(state, found, leg.linkedId);
  } else {
    startCall(state, leg, options);
  }
  return leg;
}

/** `Local/101@from-queue-00000001;2` -> `Local/101@from-queue-00000001`; "" for other channels. */
function localStem(name: string): string {
  const end = name.length - 2;
  return name.startsWith("Local/") && name.charCodeAt(end) === 59 ? name.slice(0, end) : "";
}

/** Joins the two halves of a Local channel; anything else stays as it is. */
export function pair(one: Leg, two: Leg): void {
  if (one === two || one.other || two.other) return;
  if (!one.local || localStem(one.name) !== localStem(two.name)) return;
  one.other = two;
  two.other = one;
}

function startCall(
  state: CallState,
  leg: Leg,
  options: { readonly isNew: boolean; readonly startedAtMs: number },
): void {
  const calledByUs = leg.local || leg.state === "down";
  const outside = isOutside(leg);
  const call: LiveCall = {
    id: nameOf(state, leg),
    origin: leg,
    originated: calledByUs,
    partyLeg: outside ? leg : null,
    partyGone: false,
    direction: outside && !calledByUs ? "inbound" : "outbound",
    party: { number: "", name: "" },
    dialled: isDialled(leg.exten) ? leg.exten : "",
    fromExtension: leg.extension,
    startedAtMs: options.startedAtMs,
    answeredAtMs: null,
    endedAtMs: null,
    endedHow: null,
    seenFromMiddle: !options.isNew,
    visits: [],
    rings: [],
    talks: [],
    transfers: [],
    openVisits: [],
    openRings: [],
    openTalks: [],
    legs: new Set([leg]),
    linkedIds: new Set(),
    answeredSeq: 0,
  };
  leg.call = call;
  state.calls.set(call.id, call);
  link(state, call, leg.linkedId);
  link(state, call, leg.id);
  refreshParty(state, call, false);
  emit(state, call, { type: "callStarted" });
}

/**
 * A call is named after the channel it began with, so that everybody who listens gives it the same name. When that beginning was missed
 * and another call had the name, after this leg; when that was taken as well, by a number that nobody else gives.
 */
function nameOf(state: CallState, leg: Leg): string {
  const own = `${state.pbx}-${leg.id}`;
  const first = leg.linkedId === "" ? own : `${state.pbx}-${leg.linkedId}`;
  const isFree = (id: string) => !state.calls.has(id) && !remembers(state.ended, id, state.atMs);
  if (isFree(first) && !remembers(state.dead, leg.linkedId, state.atMs)) return first;
  return isFree(own) ? own : `${own}-${state.seq}`;
}

/** Puts a leg into a bridge, out of the one it was in. */
export function enterBridge(state: CallState, leg: Leg, id: string, type: string): Bridge {
  let bridge = state.bridges.get(id);
  if (!bridge) {
    bridge = { id, type, legs: new Set() };
    state.bridges.set(id, bridge);
  }
  if (type !== "") bridge.type = type;
  if (leg.bridge !== bridge) {
    leaveBridge(state, leg);
    leg.bridge = bridge;
    for (const other of bridge.legs) {
      leg.company = other;
      other.company = leg;
    }
    bridge.legs.add(leg);
  }
  if (leg.ring || leg.dialler) answer(state, leg);
  return bridge;
}

/** Takes a leg out of its bridge; an empty bridge is forgotten. */
export function leaveBridge(state: CallState, leg: Leg): void {
  const { bridge } = leg;
  if (!bridge) return;
  leg.bridge = null;
  bridge.legs.delete(leg);
  if (bridge.legs.size === 0) state.bridges.delete(bridge.id);
}

/** A channel is gone: for certain (Hangup) or by absence from a list (`lostSight`). The last one ends its call. */
export function hangUp(state: CallState, leg: Leg, cause: number, lostSight = false): void {
  const { call } = leg;
  leg.gone = true;
  state.legs.delete(leg.id);
  remember(state.dead, leg.id, state.atMs);
  callerHungUp(state, leg, lostSight);
  if (leg === call.partyLeg) {
    call.partyLeg = null;
    call.partyGone = true;
  }
  ringingLegGone(state, leg, cause);
  leaveBridge(state, leg);
  // Whoever remembers this leg must not remember all who came before it.
  leg.company = null;
  forgetHalf(state, leg);
  call.legs.delete(leg);
  if (leg === call.origin) call.origin = null;
  if (call.legs.size === 0) endCall(state, call, lostSight ? "lostSight" : howEnded(call));
  else refreshTalks(state, call);
}

function forgetHalf(state: CallState, leg: Leg): void {
  if (!leg.local) return;
  const stem = localStem(leg.name);
  const { other } = leg;
  if (state.locals.get(stem) === leg) {
    if (other) state.locals.set(stem, other);
    else state.locals.delete(stem);
  }
  if (other) other.other = null;
  leg.other = null;
}

/** Nothing of a call is left: what was going on in it ends, and it is forgotten. */
export function endCall(state: CallState, call: LiveCall, how: CallEndedHow): void {
  for (const ring of call.openRings) endRing(state, call, ring, "unknown");
  for (const visit of call.openVisits) closeVisit(state, call, visit, "unknown");
  for (const talk of call.openTalks) endTalk(state, call, talk);
  call.endedAtMs = state.atMs;
  call.endedHow = how;
  state.calls.delete(call.id);
  remember(state.ended, call.id, state.atMs);
  state.undecided.delete(call);
  for (const linkedId of call.linkedIds) {
    if (state.linked.get(linkedId) === call) state.linked.delete(linkedId);
  }
  emit(state, call, { type: "callEnded" });
}

/** In which stage a call ended that nobody talks in any more. */
function howEnded(call: LiveCall): CallEndedHow {
  if (call.talks.length > 0) return "completed";
  const visit = call.visits.at(-1);
  const ring = call.rings.at(-1);
  // The later stage decides: after a queue gave up, a phone may have rung on its own.
  if (visit && (!ring || ring.queue === visit.queue || ring.startedAtMs < visit.joinedAtMs))
    return visit.how === "abandoned" ? "abandoned" : "unanswered";
  if (ring) return ring.outcome === "callerGone" ? "abandoned" : "unanswered";
  return "unanswered";
}
