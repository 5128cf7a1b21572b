/**
 * Ringing phones: when one starts to ring, and how it ended.
 *
 * | Asterisk says                                             | outcome                                       |
 * | --------------------------------------------------------- | --------------------------------------------- |
 * | DialEnd ANSWER, Newstate Up, AgentConnect, BridgeEnter    | answered                                      |
 * | HangupRequest or Hangup cause 17, DialEnd BUSY            | busy                                          |
 * | cause 21, DialEnd CONGESTION after the phone truly rang   | rejected                                      |
 * | DialEnd CONGESTION before it rang, CHANUNAVAIL            | unavailable                                   |
 * | cause 18 or 19, DialEnd NOANSWER, AgentRingNoAnswer       | noAnswer                                      |
 * | DialEnd CANCEL, ABORT; somebody else answered meanwhile   | answeredElsewhere                             |
 * | DialEnd CANCEL, ABORT; nobody did                         | callerGone                                    |
 * | Hangup cause 26, Pickup                                   | answeredElsewhere                             |
 * | its leg is gone after a reconnect                         | unknown                                       |
 *
 * The first definite word counts: Asterisk repeats DialEnd with another status for the same pair, and app_queue calls
 * a phone that declines NOANSWER; only the cause its HangupRequest bears tells it from one that rang in vain.
 */
import type { DialStatus } from "../asterisk/model.ts";
import type { Ring, RingOutcome } from "./model.ts";
import { refreshParty } from "./parties.ts";
import { type CallState, type Leg, type LiveCall, type LiveRing, emit, replaced } from "./state.ts";
import { servedBy } from "./visits.ts";

/** What AgentCalled adds to a ring. */
type Told = { readonly extension: string; readonly queue: string; readonly interface: string };

/** A leg was told to ring. Starts the one ring of its extension, or joins the one that goes on. */
export function startRing(
  state: CallState,
  leg: Leg,
  toldBy: Ring["toldBy"],
  told: Told | null = null,
): void {
  const { call } = leg;
  const extension = told?.extension || leg.extension;
  if (extension === "") return;
  if (leg.ring) {
    if (told && call.openRings.includes(leg.ring)) enrich(call, leg.ring, told);
    return;
  }
  if (leg.answered) return;
  const going = call.openRings.find((ring) => ring.value.extension === extension);
  if (going) {
    going.legs.add(leg);
    leg.ring = going;
    if (told) enrich(call, going, told);
    return;
  }
  const value: Ring = {
    id: `${state.pbx}-${leg.id}`,
    extension,
    queue: told?.queue ?? waitingIn(call),
    interface: told?.interface ?? "",
    startedAtMs: state.atMs,
    toldBy,
    endedAtMs: null,
    outcome: null,
  };
  const ring: LiveRing = { value, legs: new Set([leg]), hint: null, startedSeq: state.seq };
  leg.ring = ring;
  call.rings = [...call.rings, value];
  call.openRings.push(ring);
  refreshParty(state, call);
  emit(state, call, { type: "ringStarted", ring: value });
}

function enrich(call: LiveCall, ring: LiveRing, told: Told): void {
  const value = { ...ring.value, queue: told.queue, interface: told.interface };
  call.rings = replaced(call.rings, ring.value, value);
  ring.value = value;
}

function waitingIn(call: LiveCall): string {
  const visit = call.openVisits.find((open) => open.leftAtMs === null && !open.answered);
  return visit?.value.queue ?? "";
}

/** A leg that was dialled answered. */
export function answer(state: CallState, leg: Leg): void {
  const { call, dialler, ring } = leg;
  if (dialler?.local) {
    dialler.behind = leg;
    if (dialler.other) dialler.other.behind = leg;
  }
  if (leg.answered) return;
  leg.answered = true;
  call.answeredSeq = state.seq;
  servedBy(state, leg);
  if (ring && call.openRings.includes(ring)) {
    const forwarded =
      leg.local && leg.behind !== null && leg.behind.extension !== ring.value.extension;
    endRing(
      state,
      call,
      ring,
      forwarded && leg.behind?.extension !== "" ? "answeredElsewhere" : "answered",
    );
  }
}

/** DialEnd without an answer. */
export function dialFailed(
  state: CallState,
  leg: Leg,
  status: Exclude<DialStatus, "answer">,
): void {
  legDone(state, leg, outcomeOfDial(leg, status));
}

function outcomeOfDial(leg: Leg, status: Exclude<DialStatus, "answer">): RingOutcome {
  const refused = leg.hangupRequested === null ? null : outcomeByCause(leg.hangupRequested);
  if (refused) return refused;
  switch (status) {
    case "busy":
      return "busy";
    case "congestion":
      return hasAlerted(leg) ? "rejected" : "unavailable";
    case "unavailable":
      return "unavailable";
    case "noAnswer":
      return "noAnswer";
    case "cancel":
    case "aborted":
      return leg.ring ? givenUp(leg.call, leg.ring) : "unknown";
    case "continue":
    case "goto":
    case "other":
      return "unknown";
  }
  return "unknown";
}

/** Hangup of a leg that may still ring. */
export function ringingLegGone(state: CallState, leg: Leg, cause: number): void {
  if (leg.ring) legDone(state, leg, outcomeByCause(cause) ?? outcomeOfSilence(leg.call, leg.ring));
}

/** What a Q.850 cause says of a phone that did not answer; null for causes that do not tell. */
function outcomeByCause(cause: number): RingOutcome | null {
  switch (cause) {
    case 26:
      return "answeredElsewhere";
    case 17:
      return "busy";
    case 21:
      return "rejected";
    case 18:
    case 19:
      return "noAnswer";
    case 1:
    case 3:
    case 20:
    case 27:
    case 34:
    case 38:
      return "unavailable";
    default:
      return null;
  }
}

/** A ringing leg just ended; what else is known of its call must tell why. */
function outcomeOfSilence(call: LiveCall, ring: LiveRing): RingOutcome {
  if (givenUp(call, ring) === "answeredElsewhere") return "answeredElsewhere";
  // An Originate that rang in vain has no DialEnd.
  if (call.originated && ring.value.extension === call.fromExtension) return "noAnswer";
  const callerLeft = call.partyGone || call.openVisits.some((visit) => visit.abandoned);
  return callerLeft ? "callerGone" : "unknown";
}

/** The dialling side stopped: because it got somebody, or because it wanted no more. */
function givenUp(call: LiveCall, ring: LiveRing): RingOutcome {
  return call.answeredSeq >= ring.startedSeq ? "answeredElsewhere" : "callerGone";
}

function hasAlerted(leg: Leg): boolean {
  if (leg.alerted) return true;
  if (leg.ring) for (const each of leg.ring.legs) if (each.alerted) return true;
  return false;
}

/** One leg of a ring is through; the ring is over with its last one. */
function legDone(state: CallState, leg: Leg, outcome: RingOutcome): void {
  const { ring, call } = leg;
  if (!ring || !call.openRings.includes(ring)) return;
  ring.hint ??= definite.has(outcome) ? outcome : null;
  ring.legs.delete(leg);
  if (ring.legs.size === 0) endRing(state, call, ring, ring.hint ?? outcome);
}

const definite: ReadonlySet<RingOutcome> = new Set(["noAnswer", "busy", "rejected", "unavailable"]);

/** AgentRingNoAnswer: app_queue gave up on this member, however many legs that were. Says false when it did not ring. */
export function memberGivenUp(state: CallState, call: LiveCall, extension: string): boolean {
  const ring = call.openRings.find((open) => open.value.extension === extension);
  if (ring) endRing(state, call, ring, ring.hint ?? "noAnswer");
  return ring !== undefined;
}

/** Ends a ring, for all legs that took part. */
export function endRing(
  state: CallState,
  call: LiveCall,
  ring: LiveRing,
  outcome: RingOutcome,
): void {
  call.openRings = call.openRings.filter((open) => open !== ring);
  const value = { ...ring.value, endedAtMs: state.atMs, outcome };
  call.rings = replaced(call.rings, ring.value, value);
  ring.value = value;
  emit(state, call, {
    type: "ringEnded",
    ring: value,
    ringMs: Math.max(0, state.atMs - value.startedAtMs),
  });
}
