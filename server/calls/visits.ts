/**
 * Stays in queues, and how they ended.
 *
 * | Asterisk says                                                        | how                          |
 * | -------------------------------------------------------------------- | ---------------------------- |
 * | a member's leg answered, or AgentConnect                              | answered                     |
 * | QueueCallerAbandon, and the caller's far end hung up                  | abandoned                    |
 * | QueueCallerAbandon, the caller lives on, a member could take calls    | timeout                      |
 * | QueueCallerAbandon, the caller lives on, no member could take calls   | empty                        |
 * | QueueCallerLeave alone, the caller lives on                           | exitKey                      |
 * | a transfer takes the waiting caller elsewhere                         | transferred                  |
 * | UserEvent CallcardQueueStatus (asterisk-config) names QUEUESTATUS     | what it says                 |
 * | gone when the connection came back                                    | unknown                      |
 *
 * QueueCallerAbandon alone says little: app_queue raises it for its own timeout, leavewhenempty and QueueWithdrawCaller too.
 * Who hung up is told by HangupRequest (the far end asked). From a PBX that never sent one, a hang-up within
 * {@link decideAfterMs} of leaving counts as the caller's. What AMI cannot tell without the UserEvent: a withdrawn caller from
 * a timeout, and a timeout at the very moment nobody could answer from `leavewhenempty`.
 */
import type { QueueLeftHow } from "./model.ts";
import { stayIn } from "./preferred.ts";
import {
  type CallState,
  type Leg,
  type LiveCall,
  type LiveVisit,
  emit,
  replaced,
} from "./state.ts";

/** How long the way out of a queue may stay undecided. */
export const decideAfterMs = 1000;

/** QueueCallerJoin. Says false for a repeated one. `queue`, here and below, is Asterisk's word. */
export function joinQueue(
  state: CallState,
  leg: Leg,
  queue: string,
  position: number,
  joinedAtMs: number,
): boolean {
  const { call } = leg;
  for (const visit of [...call.openVisits]) {
    if (visit.leg !== leg) continue;
    if (visit.leftAtMs === null && visit.asteriskQueue === queue) return false;
    closeVisit(state, call, visit, wentOn(state, visit));
  }
  const value = { ...stayIn(leg, queue, position), joinedAtMs, leftAtMs: null, how: null };
  call.visits = [...call.visits, value];
  call.openVisits.push({
    ...{ value, leg, asteriskQueue: queue, answered: false, abandoned: false, leftAtMs: null },
  });
  emit(state, call, { type: "queueJoined", visit: value });
  return true;
}

/** QueueCallerAbandon: noted, not believed yet. */
export function abandonTold(leg: Leg, queue: string): boolean {
  const visit = openVisit(leg, queue);
  if (visit) visit.abandoned = true;
  return visit !== undefined;
}

/** QueueCallerLeave. Says false when no such stay is known. */
export function leaveQueue(state: CallState, leg: Leg, queue: string): boolean {
  const visit = openVisit(leg, queue);
  if (!visit || visit.leftAtMs !== null) return false;
  if (visit.answered) closeVisit(state, leg.call, visit, "answered");
  else if (visit.abandoned && leg.hangupRequested !== null)
    closeVisit(state, leg.call, visit, "abandoned");
  else {
    // What the caller does next tells, or the dialplan's own word; at the latest time does.
    visit.leftAtMs = state.atMs;
    state.undecided.add(leg.call);
  }
  return true;
}

/** A dialled leg answered: the stay that dialled it is served. */
export function servedBy(state: CallState, answering: Leg): void {
  const { call, dialler, ring } = answering;
  for (const visit of [...call.openVisits]) {
    if (visit.leg !== dialler && (ring === null || ring.value.queue !== visit.value.queue))
      continue;
    visit.answered = true;
    if (visit.leftAtMs !== null) closeVisit(state, call, visit, "answered");
  }
}

/** AgentConnect: this stay is served, whatever was or was not told before. */
export function agentConnected(state: CallState, call: LiveCall, queue: string): void {
  for (const visit of [...call.openVisits]) {
    if (visit.asteriskQueue === queue) closeVisit(state, call, visit, "answered");
  }
}

/** The waiting caller's channel is gone; `lostSight` when nobody saw it go. */
export function callerHungUp(state: CallState, leg: Leg, lostSight: boolean): void {
  for (const visit of [...leg.call.openVisits]) {
    if (visit.leg !== leg) continue;
    closeVisit(state, leg.call, visit, lostSight ? "unknown" : atHangup(state, leg, visit));
  }
}

function atHangup(state: CallState, leg: Leg, visit: LiveVisit): QueueLeftHow {
  if (visit.answered) return "answered";
  if (leg.hangupRequested !== null) return "abandoned";
  // Still waiting, as far as was told: a hang-up is all that can have ended it.
  if (visit.leftAtMs === null) return "abandoned";
  if (state.tellsHangupRequests || state.atMs - visit.leftAtMs > decideAfterMs)
    return wentOn(state, visit);
  return visit.abandoned ? "abandoned" : "exitKey";
}

/** The caller left and lives on: the queue's doing, or a key. */
function wentOn(state: CallState, visit: LiveVisit): QueueLeftHow {
  if (visit.answered) return "answered";
  if (visit.abandoned) return anybodyUsable(state, visit.asteriskQueue) ? "timeout" : "empty";
  return visit.leftAtMs === null ? "unknown" : "exitKey";
}

/** A leg that just left a queue does something else now, so it did not hang up. */
export function goesOn(state: CallState, leg: Leg): void {
  if (!state.undecided.has(leg.call)) return;
  for (const visit of [...leg.call.openVisits]) {
    if (visit.leg === leg && visit.leftAtMs !== null)
      closeVisit(state, leg.call, visit, wentOn(state, visit));
  }
}

/** Decides what nothing further was told of in time. */
export function decideOverdue(state: CallState): void {
  for (const call of [...state.undecided]) {
    for (const visit of [...call.openVisits]) {
      if (visit.leftAtMs !== null && state.atMs - visit.leftAtMs > decideAfterMs)
        closeVisit(state, call, visit, wentOn(state, visit));
    }
  }
}

const statusWords: Readonly<Record<string, QueueLeftHow>> = {
  TIMEOUT: "timeout",
  FULL: "unknown",
  JOINEMPTY: "empty",
  LEAVEEMPTY: "empty",
  JOINUNAVAIL: "empty",
  LEAVEUNAVAIL: "empty",
  WITHDRAW: "withdrawn",
};

/** UserEvent CallcardQueueStatus: the dialplan says why Queue() returned. */
export function statusTold(state: CallState, leg: Leg, queue: string, status: string): void {
  const how = Object.hasOwn(statusWords, status) ? statusWords[status] : undefined;
  if (how === undefined) return;
  for (const visit of [...leg.call.openVisits]) {
    if (visit.leg === leg && visit.asteriskQueue === queue && visit.leftAtMs !== null)
      closeVisit(state, leg.call, visit, how);
  }
}

/** Ends a stay; `queueLeft` carries the time it left, which may be a little before it was decided how. */
export function closeVisit(
  state: CallState,
  call: LiveCall,
  visit: LiveVisit,
  how: QueueLeftHow,
): void {
  call.openVisits = call.openVisits.filter((open) => open !== visit);
  if (!call.openVisits.some((open) => open.leftAtMs !== null)) state.undecided.delete(call);
  const leftAtMs = visit.leftAtMs ?? state.atMs;
  const value = { ...visit.value, leftAtMs, how };
  call.visits = replaced(call.visits, visit.value, value);
  visit.value = value;
  emit(state, call, {
    type: "queueLeft",
    visit: value,
    waitMs: Math.max(0, leftAtMs - value.joinedAtMs),
  });
}

/** A queue whose members are not known is not called empty. */
function anybodyUsable(state: CallState, queue: string): boolean {
  const members = state.usable.get(queue);
  if (!members) return true;
  for (const usable of members.values()) if (usable) return true;
  return false;
}

function openVisit(leg: Leg, queue: string): LiveVisit | undefined {
  return leg.call.openVisits.find((visit) => visit.leg === leg && visit.asteriskQueue === queue);
}
