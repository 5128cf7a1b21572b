/** A finished call as it is kept: sums that lists and reports need, beside the call itself. Pure. */
import type { Call } from "./model.ts";

/** One row of `calls`. */
export type CallRecord = {
  readonly call: Call;
  /** The outside party's number as E.164, null where it could not be read. */
  readonly partyE164: string | null;
  readonly customerId: string | null;
  /** Every queue it was in, in order. */
  readonly queues: readonly string[];
  /** Total waiting in queues; null for a call that was in none. */
  readonly waitMs: number | null;
  /** How long anybody talked; two who talk at once count once. */
  readonly talkMs: number;
  /** Extensions that talked, in order. */
  readonly extensions: readonly string[];
};

/** What is kept of a call that ended. */
export function recordOf(
  call: Call,
  partyE164: string | null,
  customerId: string | null,
): CallRecord {
  return {
    call,
    partyE164,
    customerId,
    queues: distinct(call.visits.map((visit) => visit.queue)),
    waitMs: call.visits.length === 0 ? null : waitMs(call),
    talkMs: talkMs(call),
    extensions: distinct(call.talks.map((talk) => talk.extension)),
  };
}

function distinct(words: readonly string[]): readonly string[] {
  return [...new Set(words)];
}

function waitMs(call: Call): number {
  let total = 0;
  for (const { joinedAtMs, leftAtMs } of call.visits)
    total += Math.max(0, (leftAtMs ?? joinedAtMs) - joinedAtMs);
  return Math.round(total);
}

function talkMs(call: Call): number {
  const talks = [...call.talks].sort((a, b) => a.startedAtMs - b.startedAtMs);
  let total = 0;
  let untilMs = -Infinity;
  for (const { startedAtMs, endedAtMs } of talks) {
    const endMs = endedAtMs ?? startedAtMs;
    total += Math.max(0, endMs - Math.max(startedAtMs, untilMs));
    untilMs = Math.max(untilMs, endMs);
  }
  return Math.round(total);
}
