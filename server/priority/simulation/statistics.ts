/** What came of callers, in numbers: by group of callers, with an interval where chance matters. Pure. */
import type { TierResult } from "./model.ts";
import type { Outcome } from "./simulate.ts";
import type { Pool } from "./workload.ts";

/** Callers by pool: their indices, ascending. */
export type Group = readonly Float64Array[];

/** Callers next to each other share their fate; so many stretches of a day are long enough to be taken as independent. */
const BATCHES = 20;
/** Student's t for 95 % and {@link BATCHES} - 1 degrees of freedom. */
const T95 = 2.093;
const SOON_MS = 20_000;
const CHART_POINTS = 60;
/** The chart ends where so many of all callers have been served. */
const CHART_SHARE = 0.995;

/** One line of the table. A group of nobody has zeros. */
export function tierResult(
  tier: string,
  group: Group,
  pools: readonly Pool[],
  outcomes: readonly Outcome[],
): TierResult {
  const waits = waitsOf(group, outcomes);
  const callers = waits.length;
  const lostByBatch = new Float64Array(BATCHES);
  const callersByBatch = new Float64Array(BATCHES);
  let sumMs = 0;
  let soon = 0;
  let mostExtraMs = 0;
  for (const [pool, indices] of group.entries()) {
    const { waitMs, lost, extraMs } = outcomes[pool]!;
    const size = pools[pool]!.joinedAtMs.length;
    for (const caller of indices) {
      const batch = Math.floor((caller / size) * BATCHES);
      callersByBatch[batch]! += 1;
      lostByBatch[batch]! += lost[caller]!;
      sumMs += waitMs[caller]!;
      if (lost[caller] === 0 && waitMs[caller]! <= SOON_MS) soon += 1;
      if (extraMs[caller]! > mostExtraMs) mostExtraMs = extraMs[caller]!;
    }
  }
  const lost = sum(lostByBatch);
  const share = callers === 0 ? 0 : lost / callers;
  return {
    tier,
    callers,
    meanWaitSeconds: callers === 0 ? 0 : sumMs / callers / 1000,
    p90WaitSeconds: quantile(waits, 0.9) / 1000,
    p95WaitSeconds: quantile(waits, 0.95) / 1000,
    longestWaitSeconds: quantile(waits, 1) / 1000,
    answeredWithin20s: callers === 0 ? 0 : soon / callers,
    lost: share,
    lostPlusMinus: plusMinus(lostByBatch, callersByBatch, share),
    mostExtraWaitSeconds: mostExtraMs / 1000,
  };
}

/** Half of a 95 % interval of a share, from batches of unlike size (ratio estimate). */
function plusMinus(parts: Float64Array, wholes: Float64Array, share: number): number {
  const whole = sum(wholes);
  if (whole === 0) return 0;
  let squares = 0;
  for (let batch = 0; batch < BATCHES; batch += 1)
    squares += (parts[batch]! - share * wholes[batch]!) ** 2;
  return (T95 * Math.sqrt((squares * BATCHES) / (BATCHES - 1))) / whole;
}

/** Seconds for the chart, from 0 in equal steps, far enough for all of these outcomes. */
export function chartSeconds(played: readonly (readonly Outcome[])[]): readonly number[] {
  let endMs = 0;
  for (const outcomes of played) {
    const waits = sortedWaits(outcomes.map(({ waitMs }) => waitMs));
    endMs = Math.max(endMs, quantile(waits, CHART_SHARE));
  }
  const step = Math.max(1, Math.ceil(endMs / 1000 / CHART_POINTS));
  return Array.from({ length: CHART_POINTS + 1 }, (_, at) => at * step);
}

/** Shares of the group who waited at most so many seconds; zeros for a group of nobody. */
export function distributionOf(
  group: Group,
  outcomes: readonly Outcome[],
  seconds: readonly number[],
): readonly number[] {
  const waits = waitsOf(group, outcomes);
  let at = 0;
  return seconds.map((second) => {
    while (at < waits.length && waits[at]! <= second * 1000) at += 1;
    return waits.length === 0 ? 0 : at / waits.length;
  });
}

/** Sorted. */
function waitsOf(group: Group, outcomes: readonly Outcome[]): Float64Array {
  return sortedWaits(
    group.map((indices, pool) => indices.map((caller) => outcomes[pool]!.waitMs[caller]!)),
  );
}

function sortedWaits(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.sort();
}

/** The smallest of the sorted values that at least this share does not exceed; 0 for none. */
function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
