import { describe, expect, test } from "vitest";
import { checkPolicy } from "../../../server/priority/check.ts";
import {
  type ProblemCode,
  type ProblemValues,
  problem,
} from "../../../server/priority/problems.ts";
import type { Problem } from "../../../server/priority/rest.ts";
import { LANGUAGES } from "../../../widget/shared/locale.ts";
import { problemText, refusalText } from "../../../widget/console/shared/problems.ts";
import { createWords } from "../../../widget/console/words.ts";
import { sampleVocabulary } from "../../support/console-samples.ts";

const unknown = { value: "golden", known: "gold, silver", suggestion: "gold" };
/** Every code with the values its server gives; a new code does not compile without one. */
const EVERY: { readonly [Code in ProblemCode]: ProblemValues[Code] } = {
  missing: { field: "rate" },
  unknownField: { field: "colour" },
  wrongType: { field: "rate", expected: "number" },
  notAllowed: { field: "who", allowed: "operator, lastOperator" },
  unknownFact: { value: "weather", known: "tier, segment" },
  tooMany: { field: "rules", most: 100 },
  tooLong: { field: "message", most: 200 },
  outOfRange: { field: "rate", value: -2, least: 0.1, most: 20 },
  notWhole: { field: "atLeast", value: 1.5 },
  empty: { field: "in" },
  badId: { value: "a b" },
  duplicateRule: { value: "a" },
  unknownTier: unknown,
  unknownSegment: unknown,
  unknownOperator: unknown,
  noLimits: {},
  limitsCross: { atLeast: 5, atMost: 3 },
  badTime: { value: "25:00" },
  badDay: { value: 8 },
  unknownTimeZone: { value: "Europe/Moskow", suggestion: "Europe/Moscow" },
  loginMissing: {},
  preferredBeyondGuard: { value: 300, guard: 120 },
  guardForbidsMoving: { field: "mostExtraWaitSeconds" },
  unknownQueue: unknown,
  unknownRegion: unknown,
  loginNotUsed: { value: "anna" },
  neverApplies: { rule: "Silver", above: "Everybody" },
  cannotHold: { rule: "Silver" },
  favoursEverybody: { rule: "Everybody" },
  noEffect: { rule: "Silver" },
  guardTight: { field: "mostExtraWaitSeconds", value: 3 },
  noGuard: {},
  guardNotKept: { field: "mostExtraWaitSeconds", value: 120, pbx: "old", version: "16.30.1" },
};
const codes = Object.keys(EVERY) as ProblemCode[];

describe.each(LANGUAGES)("in %s", (language) => {
  const words = createWords(language);

  test.each(codes)("the console says %s in its own words", (code) => {
    const server = "the server's English words";
    const said = problemText(problem("/rules/0", code, EVERY[code], server), words);
    expect(said).not.toBe(server);
    expect(said).not.toMatch(/[{}]|undefined/);
  });

  test("a refused save is told by the first thing that is wrong with the policy", () => {
    const { problems } = checkPolicy({ rules: [], guard: {}, queues: 1 }, sampleVocabulary);
    const refused = { ok: false, status: 422, code: "policyRefused", message: "English" } as const;
    const said = refusalText({ ...refused, problems }, words);
    expect(said).toBe(problemText(problems[0] as Problem, words));
    expect(said).not.toBe(problems[0]!.message);
  });

  test.each(["nothingToPublish", "changedMeanwhile", "simulationRunning", "databaseDown"])(
    "the console says the refusal %s in its own words",
    (code) => {
      const refused = { ok: false, status: 409, code, message: "English", problems: [] } as const;
      expect(refusalText(refused, words)).not.toBe("English");
      expect(refusalText({ ...refused, code: "neverHeardOf" }, words)).toBe("English");
    },
  );
});
