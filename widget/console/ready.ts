/** The ready policies in the screen's language: the server names their rules in English, the ids tell which is which. */
import type { Policy } from "../../server/priority/model.ts";
import type { ReadyPolicy } from "../../server/priority/rest.ts";
import type { GeneratedDay } from "../../server/priority/simulation/model.ts";
import type { ConsoleWords } from "./words.ts";

/** A ready policy with its rules' names translated. */
export function readyPolicy(ready: ReadyPolicy, words: ConsoleWords): Policy {
  const rules = ready.policy.rules.map((rule) => ({
    ...rule,
    name: words.coded("ready_rule_", rule.id) ?? rule.name,
  }));
  return { ...ready.policy, rules };
}

/** First come, first served, with the rest of a policy. */
export function plainOf(policy: Policy): Policy {
  return {
    ...policy,
    rules: [],
    guard: { mostExtraWaitSeconds: null, neverPassedAfterSeconds: null },
  };
}

/** A busy day of a middle-sized shop: 40 operators at a load of 0.915, a fifth of the callers loyal. */
export function usualDay(tiers: readonly string[]): GeneratedDay {
  const shares = [0.06, 0.14, 0.15];
  const loyal = tiers.filter((tier) => /gold|platin/i.test(tier));
  const ordered = [...loyal, ...tiers.filter((tier) => !loyal.includes(tier))].slice(0, 3);
  return {
    kind: "generated",
    callersPerHour: 732,
    hours: 12,
    handlingSeconds: { mean: 180, cv: 1.1 },
    patienceSeconds: 180,
    operators: 40,
    tiers: ordered.map((tier, at) => ({ tier, share: shares[at] ?? 0 })),
    seed: 1,
  };
}
