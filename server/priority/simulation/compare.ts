/** The same days under several policies, side by side. Pure; takes seconds for 100,000 calls, so it belongs into a worker. */
import { decide, isOrdered } from "../decide.ts";
import type { Guard, Policy } from "../model.ts";
import type { LineEffect } from "./line.ts";
import type { PolicyResult, SimulationInput, SimulationResult } from "./model.ts";
import { type Outcome, type Treatment, simulate } from "./simulate.ts";
import { type Group, chartSeconds, distributionOf, tierResult } from "./statistics.ts";
import type { Pool, Workload } from "./workload.ts";

/** Beyond this share of favoured callers the others pay more than the favoured gain. */
const MOST_FAVOURED = 0.22;
/** Fewer calls than this say little about shares of a few per cent. */
const FEW_CALLS = 1000;
/** A promise is kept to within this; the rest is rounding. */
const BROKEN_BY_SECONDS = 0.5;

const NO_GUARD: Guard = { mostExtraWaitSeconds: null, neverPassedAfterSeconds: null };

/** What one policy did with a workload. */
type Played = {
  readonly name: string;
  readonly policy: Policy;
  readonly outcomes: readonly Outcome[];
  /** By pool and caller: 1 for who is put forward. */
  readonly favoured: readonly Uint8Array[];
};

/** @param onProgress told a share from 0 to 1. */
export function compare(
  workload: Workload,
  policies: SimulationInput["policies"],
  onProgress: (share: number) => void = () => undefined,
): SimulationResult {
  const startedMs = performance.now();
  const { pools } = workload;
  const calls = pools.reduce((sum, pool) => sum + pool.joinedAtMs.length, 0);
  let done = 0;
  const played = policies.map(({ name, policy }): Played => {
    const treatments = pools.map((pool) => treat(pool, policy));
    const outcomes = pools.map((pool, at) => {
      const outcome = simulate(pool, treatments[at]!, (joined) =>
        onProgress((done + joined) / (calls * policies.length)),
      );
      done += pool.joinedAtMs.length;
      return outcome;
    });
    return { name, policy, outcomes, favoured: treatments.map(favouredOf) };
  });
  const results = resultsOf(pools, played);
  return {
    calls,
    tookMs: performance.now() - startedMs,
    load: loadOf(pools, played[0]!.outcomes),
    policies: results,
    remarks: remarksOf(workload, played, results, calls),
  };
}

/** How a policy sees each caller, asked at the moment they join. */
export function treat(pool: Pool, policy: Policy): Treatment {
  const effects: LineEffect[] = [];
  const known = new Map<number, Map<number, number>>();
  const effect = new Uint16Array(pool.joinedAtMs.length);
  for (let caller = 0; caller < effect.length; caller += 1) {
    const verdict = decide(policy, pool.subjects[caller]!, pool.joinedAtMs[caller]!);
    const { rate, headStartMs } = verdict;
    let byHeadStart = known.get(rate);
    if (byHeadStart === undefined) known.set(rate, (byHeadStart = new Map<number, number>()));
    let at = byHeadStart.get(headStartMs);
    if (at === undefined) {
      at = effects.push({ rate, headStartMs }) - 1;
      byHeadStart.set(headStartMs, at);
    }
    effect[caller] = at;
  }
  const guards = pool.queues.map((queue) => (isOrdered(policy, queue) ? policy.guard : NO_GUARD));
  return { effects, effect, guards };
}

function favouredOf({ effects, effect }: Treatment): Uint8Array {
  const forward = effects.map(({ rate, headStartMs }) => rate > 1 || headStartMs > 0);
  return Uint8Array.from(effect, (at) => (forward[at] ? 1 : 0));
}

function resultsOf(pools: readonly Pool[], played: readonly Played[]): readonly PolicyResult[] {
  const everybody: Group = pools.map((pool) => pool.joinedAtMs.map((_, caller) => caller));
  const byTier = groupByTier(pools);
  // Favoured by anybody's policy, so that the chart compares the same people.
  const anyFavoured = (pool: number, caller: number) =>
    played.some(({ favoured }) => favoured[pool]![caller] === 1);
  const favoured = everybody.map((callers, pool) =>
    callers.filter((caller) => anyFavoured(pool, caller)),
  );
  const others = everybody.map((callers, pool) =>
    callers.filter((caller) => !anyFavoured(pool, caller)),
  );
  const seconds = chartSeconds(played.map(({ outcomes }) => outcomes));
  return played.map(({ name, outcomes }) => ({
    name,
    tiers: [
      tierResult("*", everybody, pools, outcomes),
      ...byTier.map(({ tier, group }) => tierResult(tier, group, pools, outcomes)),
    ],
    distribution: {
      seconds,
      everybody: distributionOf(everybody, outcomes, seconds),
      favoured: distributionOf(favoured, outcomes, seconds),
      others: distributionOf(others, outcomes, seconds),
    },
  }));
}

/** Tiers by name, who has none last. */
function groupByTier(pools: readonly Pool[]): readonly { tier: string; group: Group }[] {
  const groups = new Map<string, number[][]>();
  for (const [pool, { tiers }] of pools.entries()) {
    for (const [caller, tier] of tiers.entries()) {
      let group = groups.get(tier);
      if (group === undefined) groups.set(tier, (group = pools.map((): number[] => [])));
      group[pool]!.push(caller);
    }
  }
  return [...groups]
    .sort(([a], [b]) => Number(a === "") - Number(b === "") || (a < b ? -1 : 1))
    .map(([tier, group]) => ({ tier, group: group.map((callers) => Float64Array.from(callers)) }));
}

/** Busy time by time on duty, from the first who came to the last call or change. */
function loadOf(pools: readonly Pool[], outcomes: readonly Outcome[]): number {
  let onDutyMs = 0;
  for (const { duty, joinedAtMs } of pools) {
    const endMs = Math.max(duty.at(-1)?.atMs ?? 0, joinedAtMs.at(-1) ?? 0);
    for (const { atMs, change } of duty) onDutyMs += change * (endMs - atMs);
  }
  const busyMs = outcomes.reduce((sum, outcome) => sum + outcome.busyMs, 0);
  return onDutyMs > 0 ? Math.min(1, busyMs / onDutyMs) : 0;
}

function remarksOf(
  workload: Workload,
  played: readonly Played[],
  results: readonly PolicyResult[],
  calls: number,
): SimulationResult["remarks"] {
  const remarks: SimulationResult["remarks"][number][] = [];
  const totals = results.map(({ tiers }) => tiers[0]!);
  const [first] = totals;
  const isUnchanged = totals.every(
    (one) => Math.abs(one.lost - first!.lost) <= one.lostPlusMinus + first!.lostPlusMinus,
  );
  if (isUnchanged) remarks.push({ code: "totalLossesUnchanged" });
  for (const [at, { name, policy, favoured }] of played.entries()) {
    const share = favoured.reduce((sum, flags) => sum + countOnes(flags), 0) / calls;
    if (share > MOST_FAVOURED) remarks.push({ code: "tooManyFavoured", policy: name, share });
    const promised = policy.guard.mostExtraWaitSeconds;
    const most = totals[at]!.mostExtraWaitSeconds;
    if (promised !== null && most > promised + BROKEN_BY_SECONDS)
      remarks.push({ code: "guardBroken", policy: name, seconds: most - promised });
  }
  if (calls < FEW_CALLS) remarks.push({ code: "fewCalls", calls });
  if (workload.patienceGuessed) remarks.push({ code: "patienceGuessed" });
  if (workload.recorded) {
    const { gapMinutes } = workload.recorded;
    remarks.push({ code: "standingOfToday" }, { code: "dutyEstimated", minutes: gapMinutes });
  }
  return remarks;
}

function countOnes(flags: Uint8Array): number {
  let count = 0;
  for (const flag of flags) count += flag;
  return count;
}
