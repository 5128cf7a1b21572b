import { expect, test } from "vitest";
import { checkPolicy } from "../../server/priority/check.ts";
import { decide } from "../../server/priority/decide.ts";
import { plainPolicy, readyPolicies } from "../../server/priority/ready-policies.ts";
import { customer, stranger, vocabulary } from "./samples.ts";

const ready = (tiers: readonly string[], shares = {}) =>
  readyPolicies(
    { tiers },
    "Europe/Moscow",
    Object.entries(shares).map(([tier, share]) => ({ tier, share: Number(share) })),
  );
const loyal = (policies: ReturnType<typeof ready>) => policies[0]!.policy.rules.at(-1)!.when;

test("can be published as they are, with nothing to warn of, with tiers and without", () => {
  for (const tiers of [vocabulary.tiers, []])
    for (const { policy } of [...ready(tiers), { policy: plainPolicy("UTC") }])
      expect(checkPolicy(policy, { ...vocabulary, tiers })).toEqual({
        ...{ problems: [], warnings: [], policy },
      });
});

test("the gentle one gives loyal customers twice the rate and 14 seconds", () => {
  const [gentle, strict, problems] = ready(["gold"]);
  const golden = customer({ tier: "gold" });
  expect(decide(gentle!.policy, golden, 0)).toMatchObject({ rate: 2, headStartMs: 14_000 });
  expect(decide(gentle!.policy, stranger(), 0)).toMatchObject({ rate: 1, headStartMs: 0 });
  expect(decide(strict!.policy, golden, 0).headStartMs).toBe(3_600_000);
  const troubled = customer({ tier: "gold", openClaim: true, orderLate: true });
  expect(decide(problems!.policy, troubled, 0).rule?.id).toBe("openClaim");
});

test("favour the rarest tiers, as many as pay off and at least one", () => {
  const shares = { silver: 0.2, gold: 0.12, platinum: 0.05 };
  expect(loyal(ready(["silver", "gold", "platinum"], shares))).toEqual([
    { fact: "tier", in: ["platinum", "gold"] },
  ]);
  expect(loyal(ready(["member"], { member: 0.9 }))).toEqual([{ fact: "tier", in: ["member"] }]);
  expect(loyal(ready([]))).toEqual([{ fact: "orderCount", atLeast: 3 }]);
});
