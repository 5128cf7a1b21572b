/** Policies and days as the simulator's tests want them. */
import type { Effect, Policy } from "../../../server/priority/model.ts";
import type { GeneratedDay } from "../../../server/priority/simulation/model.ts";

/** First come, first served. */
export const plainPolicy: Policy = {
  rules: [],
  guard: { mostExtraWaitSeconds: null, neverPassedAfterSeconds: null },
  queues: [],
  timeZone: "Europe/Moscow",
};

/** One rule for these tiers. */
export function tierPolicy(tiers: readonly string[], effect: Partial<Effect>): Policy {
  const none = { rate: 1, headStartSeconds: 0, skipQuestions: false, preferred: null, message: "" };
  return {
    ...plainPolicy,
    rules: [
      {
        id: "tier",
        name: tiers.join(" or "),
        on: true,
        when: [{ fact: "tier", in: tiers }],
        then: { ...none, ...effect },
      },
    ],
  };
}

/** The gentle policy of the published table: twice as fast and 14 s ahead. */
export const gentlePolicy = tierPolicy(["loyal"], { rate: 2, headStartSeconds: 14 });

/** 40 operators, 180 s a call (cv 1.1), patience 180 s, a fifth loyal: at which load, and for how long. */
export function fieldDay(load: number, parts: Partial<GeneratedDay> = {}): GeneratedDay {
  return {
    kind: "generated",
    callersPerHour: (load * 40 * 3600) / 180,
    hours: 24,
    handlingSeconds: { mean: 180, cv: 1.1 },
    patienceSeconds: 180,
    operators: 40,
    tiers: [{ tier: "loyal", share: 0.2 }],
    seed: 1,
    ...parts,
  };
}

/** Where generated days begin in tests. */
export const dayStart = { queue: "sales", startAtMs: Date.UTC(2026, 0, 5, 6) };
