/** One pool played by hand-made days, where every wait can be told in the head, and the guard under pressure. */
import { describe, expect, test } from "vitest";
import type { Guard, Policy } from "../../../server/priority/model.ts";
import { readyPolicies } from "../../../server/priority/ready-policies.ts";
import { compare, treat as treatOf } from "../../../server/priority/simulation/compare.ts";
import { generateDay } from "../../../server/priority/simulation/generate.ts";
import { type Treatment, simulate } from "../../../server/priority/simulation/simulate.ts";
import type { Pool } from "../../../server/priority/simulation/workload.ts";
import { dayStart, fieldDay, gentlePolicy, plainPolicy, tierPolicy } from "./sample.ts";

const openGuard: Guard = { mostExtraWaitSeconds: null, neverPassedAfterSeconds: null };

/** Times in seconds; patience endless unless told. */
type Caller = { at: number; handling: number; patience?: number; ring?: number; queue?: number };

function poolOf(callers: readonly Caller[], duty: Pool["duty"], queues = ["sales"]): Pool {
  const column = (pick: (caller: Caller) => number) =>
    Float64Array.from(callers, (caller) => pick(caller) * 1000);
  return {
    queues,
    joinedAtMs: column(({ at }) => at),
    queue: Uint16Array.from(callers, ({ queue = 0 }) => queue),
    ringMs: column(({ ring = 0 }) => ring),
    handlingMs: column(({ handling }) => handling),
    patienceMs: column(({ patience = 1e6 }) => patience),
    duty,
    subjects: [],
    tiers: [],
  };
}

const one = [{ atMs: 0, change: 1 }];
/** By caller: false has no claim beyond waiting, true waits twice as fast with 14 s ahead. */
function treat(favoured: readonly boolean[], guard = openGuard, queues = 1): Treatment {
  return {
    effects: [
      { rate: 1, headStartMs: 0 },
      { rate: 2, headStartMs: 14_000 },
    ],
    effect: Uint16Array.from(favoured, Number),
    guards: Array.from({ length: queues }, () => guard),
  };
}
const waits = (pool: Pool, treatment: Treatment) =>
  [...simulate(pool, treatment).waitMs].map((ms) => ms / 1000);

describe("a hand-made day", () => {
  test("first come, first served with one operator", () => {
    const pool = poolOf(
      [
        { at: 0, handling: 60 },
        { at: 10, handling: 60 },
        { at: 20, handling: 60 },
      ],
      one,
    );
    const outcome = simulate(pool, treat([false, false, false]));
    expect([...outcome.waitMs]).toEqual([0, 50_000, 100_000]);
    expect([...outcome.lost]).toEqual([0, 0, 0]);
    expect([...outcome.extraMs]).toEqual([0, 0, 0]);
    expect(outcome.busyMs).toBe(180_000);
  });

  test("a favoured caller passes who has not waited long enough, and the passed one's extra waiting is told", () => {
    const pool = poolOf(
      [
        { at: 0, handling: 60 },
        { at: 10, handling: 60 },
        { at: 20, handling: 60 },
      ],
      one,
    );
    // At 60 s: 50 s waited against 14 + 2 x 40.
    const outcome = simulate(pool, treat([false, false, true]));
    expect([...outcome.waitMs]).toEqual([0, 110_000, 40_000]);
    expect([...outcome.extraMs]).toEqual([0, 60_000, 0]);
  });

  test("an ordinary caller who waited w is passed only by those who joined in the first (w + 14) / 2 seconds of it", () => {
    const passedBy = (joinedAfter: number) => {
      const pool = poolOf(
        [
          { at: 0, handling: 100 },
          { at: 0.001, handling: 60 },
          { at: joinedAfter, handling: 60 },
        ],
        one,
      );
      return waits(pool, treat([false, false, true]))[1]! > 100;
    };
    expect(passedBy((100 + 14) / 2 - 0.1)).toBe(true);
    expect(passedBy((100 + 14) / 2 + 0.1)).toBe(false);
  });

  test("who loses patience is lost after exactly that, and nobody's turn", () => {
    const pool = poolOf(
      [
        { at: 0, handling: 60 },
        { at: 10, handling: 60, patience: 30 },
        { at: 20, handling: 60 },
      ],
      one,
    );
    const outcome = simulate(pool, treat([false, false, false]));
    expect([...outcome.waitMs]).toEqual([0, 30_000, 40_000]);
    expect([...outcome.lost]).toEqual([0, 1, 0]);
  });

  test("ringing is waiting; who hangs up meanwhile sets the operator free", () => {
    const pool = poolOf(
      [
        { at: 0, handling: 60, ring: 5 },
        { at: 10, handling: 60, ring: 5, patience: 58 },
        { at: 20, handling: 60, ring: 5 },
      ],
      one,
    );
    // Free at 65 and the second rings until 68, when patience ends.
    const outcome = simulate(pool, treat([false, false, false]));
    expect([...outcome.waitMs]).toEqual([5000, 58_000, 53_000]);
    expect([...outcome.lost]).toEqual([0, 1, 0]);
  });

  test("operators come and go; who is in a call ends it, and nobody serves an empty office", () => {
    const pool = poolOf(
      [
        { at: 5, handling: 60 },
        { at: 6, handling: 60, patience: 500 },
      ],
      [
        { atMs: 10_000, change: 1 },
        { atMs: 30_000, change: -1 },
      ],
    );
    const outcome = simulate(pool, treat([false, false]));
    expect([...outcome.waitMs]).toEqual([5000, 500_000]);
    expect([...outcome.lost]).toEqual([0, 1]);
  });

  test("of two queues that share operators the one whose oldest waits longest goes first, whatever the claims in the other", () => {
    const pool = poolOf(
      [
        { at: 0, handling: 60 },
        { at: 10, handling: 60, queue: 1 },
        { at: 20, handling: 60 },
      ],
      one,
      ["sales", "service"],
    );
    expect(waits(pool, treat([false, false, true], openGuard, 2))).toEqual([0, 50, 100]);
  });
});

describe("the guard", () => {
  const strict = { headStartSeconds: 3600 };
  const tiers = [{ tier: "loyal", share: 0.4 }];

  test("after so many seconds nobody is passed any more: plain order among those who waited as long", () => {
    const day = generateDay(fieldDay(1.05, { hours: 48, tiers }), dayStart);
    const longest = (neverPassedAfterSeconds: number | null) => {
      const policy = tierPolicy(["loyal"], strict);
      const guarded = { ...policy, guard: { ...openGuard, neverPassedAfterSeconds } };
      const [result] = compare(day, [{ name: "strict", policy: guarded }]).policies;
      return result!.tiers[0]!.longestWaitSeconds;
    };
    const plain = compare(day, [{ name: "plain", policy: plainPolicy }]).policies[0]!.tiers[0]!;
    expect(longest(0)).toBe(plain.longestWaitSeconds);
    expect(longest(60)).toBeLessThan(longest(null));
  });

  test("hardly anybody waits longer than promised beyond plain order, and the worst is told", () => {
    const day = generateDay(fieldDay(1.05, { hours: 48, tiers }), dayStart);
    const open = tierPolicy(["loyal"], strict);
    const guarded = { ...open, guard: { ...openGuard, mostExtraWaitSeconds: 30 } };
    const beyond = (policy: Policy) => {
      const { extraMs } = simulate(day.pools[0]!, treatOf(day.pools[0]!, policy));
      return extraMs.filter((ms) => ms > 30_000).length / extraMs.length;
    };
    expect(beyond(open)).toBeGreaterThan(0.02);
    // Operators do not become free when it would suit a promise: a gap between answerings longer than nearly all before breaks it. But
    // fewer than one caller in two thousand may find it broken; reckoning with gaps longer than 95 % instead of 99 %, three would.
    expect(beyond(guarded)).toBeLessThan(0.0005);
    const { policies, remarks } = compare(day, [{ name: "guarded", policy: guarded }]);
    const most = policies[0]!.tiers[0]!.mostExtraWaitSeconds;
    expect(most).toBeGreaterThan(20);
    expect(remarks.filter(({ code }) => code === "guardBroken")).toEqual(
      most > 30.5
        ? [
            {
              code: "guardBroken",
              policy: "guarded",
              seconds: expect.closeTo(most - 30, 6) as number,
            },
          ]
        : [],
    );
  });
});

describe("a generated day", () => {
  test("is the same for the same seed, another for another, and its people do not move when the tiers change", () => {
    const day = fieldDay(0.9, { hours: 4 });
    const [pool] = generateDay(day, dayStart).pools;
    const [again] = generateDay(day, dayStart).pools;
    const [other] = generateDay({ ...day, seed: 2 }, dayStart).pools;
    const [tierless] = generateDay({ ...day, tiers: [] }, dayStart).pools;
    expect(again).toEqual(pool);
    expect(other!.joinedAtMs).not.toEqual(pool!.joinedAtMs);
    expect(tierless!.joinedAtMs).toEqual(pool!.joinedAtMs);
    expect(tierless!.handlingMs).toEqual(pool!.handlingMs);
    expect(new Set(tierless!.tiers)).toEqual(new Set([""]));
  });

  test("has the means and the spread that were asked for", () => {
    const day = fieldDay(1, { hours: 200 });
    const [pool] = generateDay(day, dayStart).pools;
    const { joinedAtMs, handlingMs, patienceMs, tiers } = pool!;
    const mean = (values: Float64Array) =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    const handling = mean(handlingMs);
    const spread = Math.sqrt(mean(handlingMs.map((value) => (value - handling) ** 2))) / handling;
    expect(joinedAtMs.length / (day.callersPerHour * day.hours)).toBeCloseTo(1, 1);
    expect(handling / 180_000).toBeCloseTo(1, 1);
    expect(spread).toBeCloseTo(1.1, 1);
    expect(mean(patienceMs) / 180_000).toBeCloseTo(1, 1);
    expect(tiers.filter((tier) => tier === "loyal").length / tiers.length).toBeCloseTo(0.2, 2);
    expect(joinedAtMs.every((at, caller) => caller === 0 || at >= joinedAtMs[caller - 1]!)).toBe(
      true,
    );
  });

  test("favours somebody under each ready policy, in a shop without tiers too", () => {
    const day = generateDay(fieldDay(0.9, { hours: 24 }), dayStart);
    const policies = readyPolicies({ tiers: [] }, "Europe/Moscow").map(({ id, policy }) => ({
      name: id,
      policy,
    }));
    const results = compare(day, [{ name: "plain", policy: plainPolicy }, ...policies]).policies;
    const [plain, ...ready] = results.map(
      ({ tiers }) => tiers.find(({ tier }) => tier === "loyal")!.meanWaitSeconds,
    );
    for (const mean of ready) expect(mean).toBeLessThan(0.8 * plain!);
  });

  test("few calls are remarked on, and the table has a line for everybody, each tier, and who has none", () => {
    const day = generateDay(fieldDay(0.9, { hours: 1 }), dayStart);
    const { calls, remarks, policies, load } = compare(day, [
      { name: "plain", policy: plainPolicy },
      { name: "gentle", policy: gentlePolicy },
    ]);
    expect(remarks).toContainEqual({ code: "fewCalls", calls });
    expect(load).toBeGreaterThan(0.5);
    for (const { tiers, distribution } of policies) {
      expect(tiers.map(({ tier }) => tier)).toEqual(["*", "loyal", ""]);
      expect(tiers[1]!.callers + tiers[2]!.callers).toBe(calls);
      expect(distribution.everybody).toHaveLength(distribution.seconds.length);
      expect(distribution.everybody.at(-1)).toBeGreaterThan(0.99);
      // Favoured under the second policy, and told apart under the first as well.
      expect(distribution.favoured.at(-1)).toBeGreaterThan(0.9);
    }
  });
});
