/**
 * Who talks with whom: bridges, the Local channels that join them, and holding.
 *
 * An extension talks while a leg of it is in a bridge where somebody else's voice can be heard. Local channels are pipes: the bridges
 * at their two ends are one conversation. So it makes no difference whether Asterisk keeps a member's Local channel (`/n`) or takes it
 * out in mid-call. A leg that leaves its bridge but lives on may come back (optimisation, attended transfer by feature code); its talk
 * ends, with the time it left, when the leg is gone for good.
 */
import type { Talk } from "./model.ts";
import {
  type Bridge,
  type CallState,
  type Leg,
  type LiveCall,
  type LiveTalk,
  emit,
  replaced,
} from "./state.ts";

/** One person heard in a conversation; two legs of one extension are one voice. */
type Voice = { readonly key: string; readonly leg: Leg };

/** Looks at a call's bridges again: talks begin, pause or end. To be called after everything that moves or removes a leg. */
export function refreshTalks(state: CallState, call: LiveCall): void {
  const talking = talkingNow(call);
  for (const talk of [...call.openTalks]) {
    const { extension } = talk.value;
    if (talking?.has(extension)) {
      talk.connected = true;
      talk.apartSinceMs = null;
      continue;
    }
    if (talk.connected) talk.apartSinceMs ??= state.atMs;
    const nobodyLeft = call.partyGone && talk.apartSinceMs !== null;
    if (nobodyLeft || !isPresent(call, extension)) endTalk(state, call, talk);
  }
  if (!talking) return;
  // Who dialled comes first.
  for (const leg of call.legs) {
    if (talking.get(leg.extension) === leg) startTalk(state, leg, leg.extension, "", true);
  }
}

/** Extensions of this call that are in conversation, with the leg that shows it; null for none. */
function talkingNow(call: LiveCall): Map<string, Leg> | null {
  let talking: Map<string, Leg> | null = null;
  const seen = new Set<Bridge>();
  for (const leg of call.legs) {
    if (!leg.bridge || seen.has(leg.bridge)) continue;
    const voices: Voice[] = [];
    listen(leg.bridge, seen, voices);
    if (!voices.some((voice) => voice.key !== voices[0]?.key)) continue;
    for (const voice of voices) {
      if (voice.leg.extension === "" || voice.leg.call !== call) continue;
      talking ??= new Map();
      if (!voice.leg.local || !talking.has(voice.leg.extension))
        talking.set(voice.leg.extension, voice.leg);
    }
  }
  return talking;
}

function listen(bridge: Bridge, seen: Set<Bridge>, voices: Voice[]): void {
  if (seen.has(bridge)) return;
  seen.add(bridge);
  // Parked callers share a bridge and hear nobody.
  if (bridge.type === "parking") return;
  for (const leg of bridge.legs) {
    if (leg.gone) continue;
    if (!leg.local) voices.push({ key: leg.extension || leg.id, leg });
    else if (leg.other?.bridge) listen(leg.other.bridge, seen, voices);
    else if (standsForPhone(leg)) voices.push({ key: leg.extension, leg });
  }
}

/**
 * A Local channel whose far half is in no bridge stands for its extension when somebody answers there without a phone of the PBX,
 * or when its phone has answered and is about to be bridged (both bridges of such a call are made at the same time).
 */
function standsForPhone(leg: Leg): boolean {
  // A Local channel may wait in a bridge for its answer (a transfer by feature code does).
  if (leg.extension === "" || !leg.other || leg.state !== "up") return false;
  if (!leg.dialsPhones) return true;
  return leg.behind !== null && !leg.behind.gone && leg.behind.extension === leg.extension;
}

/** An answered leg of the extension is still alive in this call, in a bridge or on its way to one. */
function isPresent(call: LiveCall, extension: string): boolean {
  for (const leg of call.legs) {
    if (leg.extension !== extension || leg.gone) continue;
    if (!leg.answered && leg.state !== "up" && !leg.bridge) continue;
    if (!leg.local || !leg.dialsPhones) return true;
    if (leg.behind && !leg.behind.gone) return true;
  }
  return false;
}

/** Begins an extension's talk unless it talks already. `queue` as AgentConnect tells it, else the ring's. */
export function startTalk(
  state: CallState,
  leg: Leg,
  extension: string,
  queue: string,
  connected: boolean,
): void {
  const { call } = leg;
  const going = call.openTalks.find((talk) => talk.value.extension === extension);
  if (going) {
    going.connected ||= connected;
    return;
  }
  const ring =
    leg.ring?.value ??
    call.rings.findLast((each) => each.extension === extension && each.outcome === "answered");
  const value: Talk = {
    extension,
    ringId: ring?.id ?? "",
    queue: queue || (ring?.queue ?? ""),
    startedAtMs: state.atMs,
    endedAtMs: null,
    heldMs: 0,
    onHoldSinceMs: null,
  };
  call.talks = [...call.talks, value];
  call.openTalks.push({ value, connected, apartSinceMs: null });
  call.answeredAtMs ??= state.atMs;
  emit(state, call, { type: "talkStarted", talk: value });
}

/** Ends a talk at the time its leg left the conversation. */
export function endTalk(state: CallState, call: LiveCall, talk: LiveTalk): void {
  call.openTalks = call.openTalks.filter((open) => open !== talk);
  const endedAtMs = talk.apartSinceMs ?? state.atMs;
  const { onHoldSinceMs, startedAtMs } = talk.value;
  const heldMs =
    talk.value.heldMs + (onHoldSinceMs === null ? 0 : Math.max(0, endedAtMs - onHoldSinceMs));
  change(call, talk, { endedAtMs, heldMs, onHoldSinceMs: null });
  emit(state, call, {
    type: "talkEnded",
    talk: talk.value,
    talkMs: Math.max(0, endedAtMs - startedAtMs),
  });
}

/** Hold, pressed on a leg. Says false when no talk is there to hold; a repeated one changes nothing. */
export function hold(state: CallState, leg: Leg): boolean {
  const talk = talkOf(leg);
  if (!talk) return false;
  if (talk.value.onHoldSinceMs !== null) return true;
  change(leg.call, talk, { onHoldSinceMs: state.atMs });
  emit(state, leg.call, { type: "held", extension: talk.value.extension });
  return true;
}

/** Unhold. */
export function resume(state: CallState, leg: Leg): boolean {
  const talk = talkOf(leg);
  if (!talk) return false;
  const since = talk.value.onHoldSinceMs;
  if (since === null) return true;
  const heldMs = talk.value.heldMs + Math.max(0, state.atMs - since);
  change(leg.call, talk, { onHoldSinceMs: null, heldMs });
  emit(state, leg.call, { type: "resumed", extension: talk.value.extension });
  return true;
}

/** Gives a leg's talk the ring it answered, when the talk was told before that was known. */
export function nameRing(leg: Leg): void {
  const talk = talkOf(leg);
  const ring = leg.ring?.value;
  if (!talk || !ring || talk.value.ringId !== "") return;
  change(leg.call, talk, { ringId: ring.id, queue: talk.value.queue || ring.queue });
}

/** The talk a leg's extension has in its call. */
export function talkOf(leg: Leg): LiveTalk | undefined {
  return leg.call.openTalks.find((talk) => talk.value.extension === leg.extension);
}

function change(call: LiveCall, talk: LiveTalk, part: Partial<Talk>): void {
  const value = { ...talk.value, ...part };
  call.talks = replaced(call.talks, talk.value, value);
  talk.value = value;
}
