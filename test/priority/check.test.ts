import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkPolicy, readPolicy } from "../../server/priority/check.ts";
import { decide } from "../../server/priority/decide.ts";
import { type Condition, PLAIN } from "../../server/priority/model.ts";
import { customer, policyOf, rule, stranger, vocabulary } from "./samples.ts";

const gold: Condition = { fact: "tier", in: ["gold"] };
const check = (policy: unknown) => checkPolicy(policy, vocabulary);
const problems = (policy: unknown) =>
  check(policy).problems.map(({ path, code }) => `${path} ${code}`);
const warnings = (policy: unknown) =>
  check(policy).warnings.map(({ path, code }) => `${path} ${code}`);
const withRule = (...when: unknown[]) => policyOf([rule("a", when as Condition[])]);
const message = (policy: unknown) => {
  const { problems, warnings } = check(policy);
  return [...problems, ...warnings][0]?.message ?? "";
};

test("a good policy is given back as it came, with nothing to say", () => {
  const policy = policyOf([
    rule("late", [{ fact: "tier", in: ["GOLD"] }, { fact: "orderLate" }], { headStartSeconds: 14 }),
    rule("night", [{ fact: "timeOfDay", from: "22:00", to: "06:00", days: [6, 7] }]),
    rule("manager", [{ fact: "vip" }], { preferred: { who: "personalManager", waitSeconds: 30 } }),
    rule("unknown", [{ fact: "caller", is: "unknown" }], { rate: 0.5 }),
  ]);
  expect(check(policy)).toEqual({ problems: [], warnings: [], policy });
});

describe("what is no policy at all", () => {
  test("is refused at its place, every place at once", () => {
    const broken = {
      ...policyOf([]),
      guard: { mostExtraWaitSeconds: "soon", neverPassedAfterSeconds: null },
      extra: 1,
      rules: [
        7,
        {
          ...rule("a", []),
          on: "yes",
          when: [{ fact: "moon" }, {}, { fact: "tier", in: "gold" }, { fact: "vip", since: 3 }],
          then: { ...PLAIN, rate: "fast", preferred: { who: "boss", waitSeconds: 5 } },
        },
      ],
    };
    expect(problems(broken).toSorted()).toEqual([
      "/extra unknownField",
      "/guard/mostExtraWaitSeconds wrongType",
      "/rules/0 wrongType",
      "/rules/1/on wrongType",
      "/rules/1/then/preferred/who notAllowed",
      "/rules/1/then/rate wrongType",
      "/rules/1/when/0/fact unknownFact",
      "/rules/1/when/1/fact missing",
      "/rules/1/when/2/in wrongType",
      "/rules/1/when/3/since unknownField",
    ]);
    expect(check(broken).policy).toBeNull();
  });

  test("may be anything that JSON can say, and is never taken nor thrown at", () => {
    const odd = fc.oneof(
      fc.jsonValue(),
      fc.object({ key: fc.constantFrom("rules", "guard", "when", "then", "fact", "in") }),
    );
    fc.assert(
      fc.property(odd, (value) => {
        expect(check(value).policy).toBeNull();
        expect(check({ ...policyOf([]), rules: [value] }).policy).toBeNull();
        expect(check(withRule(value)).policy).toBeNull();
      }),
    );
  });

  test("is one that is too large", () => {
    const many = (count: number) => Array.from({ length: count }, (_, n) => rule(`r${n}`, [gold]));
    expect(problems(policyOf(many(100)))).toEqual([]);
    expect(problems(policyOf(many(101)))).toEqual(["/rules tooMany"]);
    expect(problems(withRule(...Array.from({ length: 21 }, () => gold)))).toEqual([
      "/rules/0/when tooMany",
    ]);
    const names = Array.from({ length: 201 }, () => "gold");
    expect(problems(withRule({ fact: "tier", in: names }))).toEqual(["/rules/0/when/0/in tooMany"]);
    const long = "x".repeat(201);
    expect(problems(policyOf([rule("a", [gold], { message: long })]))).toEqual([
      "/rules/0/then/message tooLong",
    ]);
  });

  test("can be told from a draft whose values are not right yet", () => {
    const draft = policyOf([{ ...rule("a", [{ fact: "tier", in: [] }], { rate: -1 }), name: "" }]);
    expect(readPolicy(draft)).toEqual({ problems: [], policy: draft });
    expect(check(draft).policy).toBeNull();
    expect(readPolicy({ ...draft, rules: [{}] }).policy).toBeNull();
  });
});

describe("names", () => {
  test("a tier nobody has is refused, with the ones there are and the one that was meant", () => {
    expect(check(withRule({ fact: "tier", in: ["gold", "platnium"] })).problems).toEqual([
      {
        path: "/rules/0/when/0/in/1",
        code: "unknownTier",
        message:
          'There is no tier "platnium". Did you mean "platinum"? Known: silver, gold, platinum',
        values: { value: "platnium", known: "silver, gold, platinum", suggestion: "platinum" },
      },
    ]);
    expect(message(withRule({ fact: "tier", in: ["bronze"] }))).toBe(
      'There is no tier "bronze". Known: silver, gold, platinum',
    );
    const empty = checkPolicy(withRule(gold), { ...vocabulary, tiers: [] });
    expect(empty.problems[0]?.message).toBe('There is no tier "gold"; none is known yet');
  });

  test("segments are refused, queues and regions only doubted; a country needs no list", () => {
    expect(problems(withRule({ fact: "segment", in: ["wholesales"] }))).toEqual([
      "/rules/0/when/0/in/0 unknownSegment",
    ]);
    const where = withRule(
      { fact: "queue", in: ["SALES", "sails"] },
      { fact: "region", in: ["москва", "KZ", "Атлантида"] },
    );
    expect(problems(where)).toEqual([]);
    expect(warnings({ ...where, queues: ["suport"] })).toEqual([
      "/rules/0/when/0/in/1 unknownQueue",
      "/rules/0/when/1/in/2 unknownRegion",
      "/queues/0 unknownQueue",
    ]);
  });

  test("a list with nothing in it, a rule without a name, ids that are odd or used twice", () => {
    expect(problems(withRule({ fact: "queue", in: [] }))).toEqual(["/rules/0/when/0/in empty"]);
    const rules = [
      { ...rule("a", [gold]), name: " " },
      rule("a", [{ fact: "vip" }]),
      rule("ж", []),
    ];
    expect(problems(policyOf(rules))).toEqual([
      "/rules/0/name empty",
      "/rules/1/id duplicateRule",
      "/rules/2/id badId",
    ]);
  });

  test("a zone and times that are none", () => {
    expect(message({ ...withRule(gold), timeZone: "Europe/Moskow" })).toBe(
      '"Europe/Moskow" is not a time zone such as Europe/Moscow. Did you mean "Europe/Moscow"?',
    );
    expect(problems({ ...withRule(gold), timeZone: "+03:00" })).toEqual([
      "/timeZone unknownTimeZone",
    ]);
    const odd = { fact: "timeOfDay", from: "24:00", to: "9:00", days: [0, 1, 1.5, 8] };
    expect(problems(withRule(odd))).toEqual([
      "/rules/0/when/0/from badTime",
      "/rules/0/when/0/to badTime",
      "/rules/0/when/0/days/0 badDay",
      "/rules/0/when/0/days/2 badDay",
      "/rules/0/when/0/days/3 badDay",
    ]);
  });
});

describe("numbers", () => {
  test.each([
    [{ rate: -1 }, "/rules/0/then/rate", "rate is -1; it must be from 0.1 to 20"],
    [{ rate: 0 }, "/rules/0/then/rate", "rate is 0; it must be from 0.1 to 20"],
    [
      { headStartSeconds: 3601 },
      "/rules/0/then/headStartSeconds",
      "headStartSeconds is 3601; it must be from -3600 to 3600",
    ],
  ])("%j is out of range", (then, path, words) => {
    const { problems } = check(policyOf([rule("a", [gold], then)]));
    expect(problems).toMatchObject([{ path, code: "outOfRange", message: words }]);
  });

  test("of conditions are whole and possible", () => {
    const counts = withRule(
      { fact: "orderCount" },
      { fact: "orderCount", atLeast: 5, atMost: 2 },
      { fact: "orderCount", atLeast: 1.5 },
      { fact: "lastOrder", withinDays: 0 },
      { fact: "gotLost", withinHours: -1 },
      { fact: "lifetimeValue", atLeastMinor: -5 },
    );
    expect(problems(counts)).toEqual([
      "/rules/0/when/0 noLimits",
      "/rules/0/when/1 limitsCross",
      "/rules/0/when/2/atLeast notWhole",
      "/rules/0/when/3/withinDays outOfRange",
      "/rules/0/when/4/withinHours outOfRange",
      "/rules/0/when/5/atLeastMinor outOfRange",
    ]);
  });
});

describe("a preferred operator", () => {
  const preferring = (preferred: object, guard = 120) =>
    policyOf([rule("a", [gold], { preferred: preferred as never })], {
      guard: { mostExtraWaitSeconds: guard, neverPassedAfterSeconds: null },
    });

  test("must be somebody who takes calls", () => {
    const boss = { who: "operator", login: "ana", waitSeconds: 20 };
    expect(message(preferring(boss))).toBe(
      'Nobody who takes calls has the login "ana". Did you mean "anna"? Known: anna, boris',
    );
    expect(problems(preferring({ who: "operator", waitSeconds: 20 }))).toEqual([
      "/rules/0/then/preferred/login loginMissing",
    ]);
    expect(warnings(preferring({ who: "lastOperator", login: "anna", waitSeconds: 20 }))).toEqual([
      "/rules/0/then/preferred/login loginNotUsed",
    ]);
  });

  test("who is waited for longer than the guard allows would make a loop", () => {
    const patient = { who: "lastOperator", waitSeconds: 61 };
    expect(problems(preferring(patient, 60))).toEqual([
      "/rules/0/then/preferred/waitSeconds preferredBeyondGuard",
    ]);
    expect(message(preferring(patient, 60))).toContain("in a loop. Wait at most 60 s");
    expect(problems(preferring(patient, 61))).toEqual([]);
  });
});

describe("the guard", () => {
  const guarded = (
    mostExtraWaitSeconds: number | null,
    neverPassedAfterSeconds: number | null,
    rate = 2,
  ) =>
    policyOf([rule("a", [gold], { rate })], {
      guard: { mostExtraWaitSeconds, neverPassedAfterSeconds },
    });

  test("that forbids what the rules do is refused; without such rules it is harmless", () => {
    expect(problems(guarded(0, null))).toEqual(["/guard/mostExtraWaitSeconds guardForbidsMoving"]);
    expect(problems(guarded(null, 0))).toEqual([
      "/guard/neverPassedAfterSeconds guardForbidsMoving",
    ]);
    expect(message(guarded(null, 0))).toContain('"Rule a" could not move anybody');
    expect(problems(guarded(0, 0, 1))).toEqual([]);
  });

  test("that leaves next to nothing, or is not there, is doubted", () => {
    expect(warnings(guarded(5, 600))).toEqual(["/guard/mostExtraWaitSeconds guardTight"]);
    expect(warnings(guarded(null, null))).toEqual(["/guard noGuard"]);
    expect(warnings(guarded(15, 15))).toEqual([]);
    expect(problems(guarded(-1, 90_000))).toEqual([
      "/guard/mostExtraWaitSeconds outOfRange",
      "/guard/neverPassedAfterSeconds outOfRange",
    ]);
  });
});

describe("a PBX that cannot move who waits", () => {
  const old = { ...vocabulary, cannotMove: [{ name: "office", version: "16.30.1" }] };
  const policy = (mostExtraWaitSeconds: number | null, rate = 2) =>
    policyOf([rule("a", [gold], { rate })], {
      guard: { mostExtraWaitSeconds, neverPassedAfterSeconds: 600 },
    });

  test("is named to whoever promises what it cannot keep; the policy is taken", () => {
    const { warnings: doubts, policy: taken } = checkPolicy(policy(120), old);
    expect(taken).not.toBeNull();
    expect(doubts).toMatchObject([
      {
        ...{ path: "/guard/mostExtraWaitSeconds", code: "guardNotKept" },
        values: { value: 120, pbx: "office", version: "16.30.1" },
      },
    ]);
    expect(doubts[0]!.message).toContain("office runs Asterisk 16.30.1");
  });

  test("is no matter where nothing of the kind is promised, or no rule moves anybody", () => {
    expect(checkPolicy(policy(null), old).warnings).toEqual([]);
    expect(checkPolicy(policy(120, 1), old).warnings.map(({ code }) => code)).not.toContain(
      "guardNotKept",
    );
    expect(checkPolicy(policy(120), vocabulary).warnings).toEqual([]);
  });
});

describe("a rule that does nothing", () => {
  test("because one above takes everybody it could take", () => {
    const golds = rule("b", [{ fact: "tier", in: ["Gold"] }, { fact: "vip" }]);
    const wide = rule("a", [{ fact: "tier", in: ["silver", "gold"] }]);
    expect(check(policyOf([wide, golds])).warnings).toMatchObject([
      {
        ...{ path: "/rules/1", code: "neverApplies" },
        message: '"Rule b" never applies: "Rule a" above it takes everybody it could take',
      },
    ]);
    expect(warnings(policyOf([golds, wide]))).toEqual([]);
    expect(warnings(policyOf([{ ...wide, on: false }, golds]))).toEqual([]);
  });

  test("because nobody fits all its conditions", () => {
    const impossible: readonly (readonly Condition[])[] = [
      [gold, { fact: "tier", in: ["silver"] }],
      [gold, { fact: "tier", in: ["gold", "silver"], not: true }],
      [gold, { fact: "caller", is: "unknown" }],
      [{ fact: "vip" }, { fact: "vip", not: true }],
    ];
    for (const when of impossible)
      expect(warnings(withRule(...when))).toEqual(["/rules/0/when cannotHold"]);
    expect(warnings(withRule(gold, { fact: "vip", not: true }))).toEqual([]);
  });

  test("because it is the last and changes nothing; above others it keeps their effect off", () => {
    const plain = rule("a", [gold], PLAIN);
    expect(warnings(policyOf([plain]))).toEqual(["/rules/0/then noEffect"]);
    expect(warnings(policyOf([plain, rule("b", [{ fact: "vip" }])]))).toEqual([]);
  });

  test("because it favours everybody", () => {
    expect(warnings(policyOf([rule("a", [])]))).toEqual(["/rules/0/then favoursEverybody"]);
    expect(warnings(policyOf([rule("a", [], { rate: 0.5 })]))).toEqual([]);
  });
});

test("the largest policy there can be, wrong in every name, is judged without much ado", () => {
  const names = (n: number) =>
    Array.from({ length: 200 }, (_, m) => `segment-${m === 199 ? n : m}`);
  const rules = Array.from({ length: 100 }, (_, n) =>
    rule(
      `r${n}`,
      Array.from({ length: 20 }, (_, m) => ({
        fact: "segment" as const,
        in: names(n * 20 + m + 200),
      })),
    ),
  );
  const segments = Array.from({ length: 400 }, (_, n) => `Segment ${n} of the shop`);
  const { problems, policy } = checkPolicy(policyOf(rules), { ...vocabulary, segments });
  expect(problems).toHaveLength(100);
  expect(policy).toBeNull();
});

test("a rule that is called useless never decides, whoever calls", () => {
  const condition = fc.oneof(
    fc.record({
      fact: fc.constantFrom("tier" as const),
      in: fc.subarray(["silver", "gold", "platinum"], { minLength: 1 }),
      not: fc.boolean(),
    }),
    fc.record({ fact: fc.constantFrom("vip" as const, "openClaim" as const), not: fc.boolean() }),
    fc.record({
      fact: fc.constant("orderCount" as const),
      atLeast: fc.nat(4),
      atMost: fc.integer({ min: 4, max: 6 }),
      not: fc.boolean(),
    }),
    fc.record({
      fact: fc.constant("caller" as const),
      is: fc.constantFrom("customer" as const, "unknown" as const),
      not: fc.boolean(),
    }),
  );
  const caller = fc.oneof(
    fc.constant(stranger()),
    fc
      .record({
        tier: fc.constantFrom("", "silver", "gold", "platinum"),
        vip: fc.boolean(),
        openClaim: fc.boolean(),
        orderCount: fc.nat(8),
      })
      .map((standing) => customer(standing)),
  );
  const rules = fc
    .array(fc.array(condition, { maxLength: 3 }), { minLength: 1, maxLength: 4 })
    .map((whens) => whens.map((when, n) => rule(`r${n}`, when)));
  fc.assert(
    fc.property(rules, caller, (rules, subject) => {
      const policy = policyOf(rules);
      const useless = check(policy)
        .warnings.filter(({ code }) => code === "neverApplies" || code === "cannotHold")
        .map(({ path }) => rules[Number(path.split("/")[2])]!.id);
      expect(useless).not.toContain(decide(policy, subject, 0).rule?.id);
    }),
    { numRuns: 2000 },
  );
});
