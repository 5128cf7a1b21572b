/**
 * Plays one pool of queues and operators under one policy: callers join, wait, are taken or hang up, and keep an operator busy.
 *
 * Who calls, for how long, and how patient they are is given and the same for every policy, so that policies are compared on the same
 * day and not on two. Pure.
 */
import type { Guard } from "../model.ts";
import { FinishTimes } from "./finish-times.ts";
import { SortedGaps } from "./gaps.ts";
import { Line, type LineEffect, lineMemory } from "./line.ts";
import type { Pool } from "./workload.ts";

/** How a policy sees the callers of a pool. */
export type Treatment = {
  readonly effects: readonly LineEffect[];
  /** By caller: an index into `effects`. */
  readonly effect: Uint16Array;
  /** By queue. */
  readonly guards: readonly Guard[];
};

/** What came of every caller, by their index. */
export type Outcome = {
  /** Until the operator's answer, or until they hung up. */
  readonly waitMs: Float64Array;
  /** 1 for who got nobody. */
  readonly lost: Uint8Array;
  /** How much longer they waited than plain order would have made them, with the same operators free at the same moments; 0 or more. */
  readonly extraMs: Float64Array;
  /** Sum of all operators' busy times. */
  readonly busyMs: number;
};

const MOST_ARRIVALS_BETWEEN_REPORTS = 8192;

/** @param onProgress told now and then how many callers have joined. */
export function simulate(
  pool: Pool,
  treatment: Treatment,
  onProgress: (joined: number) => void = () => undefined,
): Outcome {
  const { joinedAtMs, patienceMs, ringMs, handlingMs, queue, duty } = pool;
  const callers = joinedAtMs.length;
  const waitMs = Float64Array.from(patienceMs);
  const lost = new Uint8Array(callers).fill(1);
  const deadlineMs = joinedAtMs.map((at, caller) => at + patienceMs[caller]!);
  const memory = lineMemory(callers);
  const { effect, effects, guards } = treatment;
  const lines = pool.queues.map(
    (_, at) =>
      new Line({ joinedAtMs, deadlineMs, effect }, effects, guards[at]!, memory, new SortedGaps()),
  );
  const finish = new FinishTimes();
  let onDuty = 0;
  let busyMs = 0;
  let nextCaller = 0;
  let nextChange = 0;

  for (;;) {
    const joinAt = nextCaller < callers ? joinedAtMs[nextCaller]! : Infinity;
    const changeAt = nextChange < duty.length ? duty[nextChange]!.atMs : Infinity;
    const nowMs = Math.min(joinAt, changeAt, finish.next());
    if (nowMs === Infinity) break;
    // An operator who becomes free or comes at the very moment of a call is there for it.
    if (finish.next() === nowMs) finish.drop();
    else if (changeAt === nowMs) {
      onDuty += duty[nextChange]!.change;
      nextChange += 1;
    } else {
      lines[queue[nextCaller]!]!.join(nextCaller);
      nextCaller += 1;
      if (nextCaller % MOST_ARRIVALS_BETWEEN_REPORTS === 0) onProgress(nextCaller);
    }
    while (finish.size < onDuty) {
      const caller = nextOf(lines, nowMs);
      if (caller < 0) break;
      serve(caller, nowMs);
    }
  }
  const extraMs = memory.owedSinceMs.map((owedSince, caller) => {
    const endedAt =
      joinedAtMs[caller]! + waitMs[caller]! - (lost[caller] === 0 ? ringMs[caller]! : 0);
    return owedSince < endedAt ? endedAt - owedSince : 0;
  });
  return { waitMs, lost, extraMs, busyMs };

  function serve(caller: number, nowMs: number): void {
    const answerAt = nowMs + ringMs[caller]!;
    if (deadlineMs[caller]! < answerAt) {
      // Hung up while the phone rang: the operator is free again at once.
      finish.add(deadlineMs[caller]!);
      busyMs += deadlineMs[caller]! - nowMs;
      return;
    }
    lost[caller] = 0;
    waitMs[caller] = answerAt - joinedAtMs[caller]!;
    const freeAt = answerAt + handlingMs[caller]!;
    busyMs += freeAt - nowMs;
    finish.add(freeAt);
  }
}

/**
 * Takes the next of several queues. Asterisk gives no order among queues that share members and no weights; nearest to what happens
 * is that the queue goes first whose oldest caller has waited longest.
 */
function nextOf(lines: readonly Line[], nowMs: number): number {
  let first = lines[0]!;
  if (lines.length > 1) {
    let oldestMs = Infinity;
    for (const line of lines) {
      const atMs = line.oldestJoinedAtMs(nowMs);
      if (atMs >= oldestMs) continue;
      oldestMs = atMs;
      first = line;
    }
  }
  return first.take(nowMs);
}
