/** A call changing hands: calls that become one, and who handed it to whom. */
import type { ChannelInfo } from "../asterisk/model.ts";
import type { Transfer } from "./model.ts";
import { endCall, link } from "./legs.ts";
import { answer, endRing } from "./rings.ts";
import { type CallState, type Leg, type LiveCall, emit } from "./state.ts";
import { endTalk, nameRing, refreshTalks } from "./talks.ts";
import { closeVisit } from "./visits.ts";

/** Of two calls that became one: the customer's keeps its name; else the older one. */
function survivor(one: LiveCall, two: LiveCall): LiveCall {
  const oneOutside = one.direction !== "internal";
  if (oneOutside !== (two.direction !== "internal")) return oneOutside ? one : two;
  return two.startedAtMs < one.startedAtMs ? two : one;
}

/** Joins two calls whose people met. */
export function meet(state: CallState, one: LiveCall, two: LiveCall): LiveCall {
  if (one === two) return one;
  const into = survivor(one, two);
  merge(state, into, into === one ? two : one);
  return into;
}

/**
 * `from` becomes part of `into`. What is over in `from` stays its history; its talks end, and are begun in `into` by the bridge that
 * caused this. What still rings or waits moves along under the same id, told as `ringStarted` or `queueJoined` of `into`.
 */
export function merge(state: CallState, into: LiveCall, from: LiveCall): void {
  for (const talk of from.openTalks) endTalk(state, from, talk);
  for (const leg of from.legs) {
    leg.call = into;
    into.legs.add(leg);
  }
  from.legs.clear();
  for (const linkedId of from.linkedIds) {
    if (state.linked.get(linkedId) === from) state.linked.delete(linkedId);
    link(state, into, linkedId);
  }
  from.linkedIds.clear();
  moveRings(state, into, from);
  moveVisits(state, into, from);
  into.answeredSeq = Math.max(into.answeredSeq, from.answeredSeq);
  emit(state, from, { type: "merged", intoCallId: into.id });
  endCall(state, from, "merged");
  refreshTalks(state, into);
}

function moveRings(state: CallState, into: LiveCall, from: LiveCall): void {
  for (const ring of from.openRings) {
    const going = into.openRings.find((open) => open.value.extension === ring.value.extension);
    if (going) {
      endRing(state, from, ring, "unknown");
      for (const leg of ring.legs) {
        going.legs.add(leg);
        leg.ring = going;
      }
      continue;
    }
    from.rings = from.rings.filter((value) => value !== ring.value);
    into.rings = [...into.rings, ring.value];
    into.openRings.push(ring);
    emit(state, into, { type: "ringStarted", ring: ring.value });
  }
  from.openRings = [];
}

function moveVisits(state: CallState, into: LiveCall, from: LiveCall): void {
  state.undecided.delete(from);
  for (const visit of from.openVisits) {
    from.visits = from.visits.filter((value) => value !== visit.value);
    into.visits = [...into.visits, visit.value];
    into.openVisits.push(visit);
    if (visit.leftAtMs !== null) state.undecided.add(into);
    emit(state, into, { type: "queueJoined", visit: visit.value });
  }
  from.openVisits = [];
}

/** Moves a leg that was taken for another call's (or its own) to the call that dialled it. */
export function adopt(state: CallState, leg: Leg, call: LiveCall): void {
  const from = leg.call;
  if (from === call) return;
  const moving = leg.other?.call === from ? [leg, leg.other] : [leg];
  if (moving.length === from.legs.size) {
    merge(state, call, from);
    return;
  }
  if (moving.some((each) => each.ring !== null || each.bridge !== null || each === from.partyLeg))
    return;
  for (const each of moving) {
    from.legs.delete(each);
    each.call = call;
    call.legs.add(each);
  }
}

/** BlindTransfer that succeeded. A leg hands its call over once; a repeated event changes nothing. */
export function blindTransfer(state: CallState, transferer: Leg, exten: string): void {
  if (transferer.gone) return;
  transferer.gone = true;
  transferred(state, transferer.call, "blind", transferer.extension, exten);
  refreshTalks(state, transferer.call);
}

/** What AttendedTransfer says beside who transferred. */
type Told = {
  readonly target: ChannelInfo | null;
  readonly targetLeg: Leg | null;
  readonly transferee: Leg | null;
  /** The transferer's second leg was in a bridge rather than waiting in an application. */
  readonly bridged: boolean;
};

/**
 * AttendedTransfer that succeeded. It was a blonde one when whom the transferer consulted had not answered yet; that is told by what
 * that leg did. The event's own words do not tell: by feature code a phone that rings is consulted in a bridge, too, and the
 * target is missing when the transferer left that bridge a moment before.
 */
export function attendedTransfer(state: CallState, original: Leg, second: Leg, told: Told): void {
  if (original.gone && second.gone) return;
  const consult = second.call;
  const target =
    told.targetLeg ??
    (told.bridged && !told.target ? consulted(original, second, told.transferee) : null);
  const answered = target ? hasAnswered(target) : told.target?.state === "up";
  const number = told.target?.callerNumber || target?.callerNumber;
  const to = target?.extension || ringsAt(consult, original) || number || consult.dialled;
  original.gone = true;
  second.gone = true;
  for (const visit of consult.openVisits) {
    if (visit.leg === second) closeVisit(state, consult, visit, "transferred");
  }
  const call = meet(state, original.call, second.call);
  const kind = told.bridged && answered ? "attended" : "blonde";
  transferred(state, call, kind, original.extension, to);
  refreshTalks(state, call);
}

/** Whom the transferer was last in a bridge with, or who stands in the transferee's bridge by now. */
function consulted(original: Leg, second: Leg, transferee: Leg | null): Leg | null {
  for (const leg of [second.company, ...(transferee?.bridge?.legs ?? [])]) {
    if (leg && leg !== original && leg !== second && leg !== transferee) return leg;
  }
  return null;
}

function hasAnswered(leg: Leg): boolean {
  return leg.answered || leg.state === "up" || leg.behind !== null;
}

function ringsAt(call: LiveCall, transferer: Leg): string {
  const ring = call.openRings.find((open) => open.value.extension !== transferer.extension);
  return ring?.value.extension ?? "";
}

/**
 * Pickup: `leg` dialled a code and took the call that rang at `target`. Asterisk may tell of it after the two were connected. A leg is
 * picked up once; a repeated event changes nothing.
 */
export function pickUp(state: CallState, leg: Leg, target: Leg): void {
  const { call, ring } = target;
  if (target.gone) return;
  target.gone = true;
  if (leg.call !== call) merge(state, call, leg.call);
  if (ring && call.openRings.includes(ring)) endRing(state, call, ring, "answeredElsewhere");
  // From now on this leg stands where the ringing one stood.
  leg.ring = ring;
  leg.dialler = target.dialler;
  leg.answered = false;
  answer(state, leg);
  nameRing(leg);
  transferred(state, call, "pickup", target.extension, leg.extension);
  refreshTalks(state, call);
}

function transferred(
  state: CallState,
  call: LiveCall,
  kind: Transfer["kind"],
  fromExtension: string,
  to: string,
): void {
  const transfer: Transfer = { kind, fromExtension, to, atMs: state.atMs };
  call.transfers = [...call.transfers, transfer];
  emit(state, call, { type: "transferred", transfer });
}
