/**
 * The shape of a policy as JSON. Ranges stand in the descriptions only: a draft may hold a value that is not right yet, and
 * `check.ts` says so in words that help.
 */
import { Type, type Static } from "typebox";
import type { Condition } from "./model.ts";

/** How much one policy may hold. */
export const POLICY_LIMITS = {
  rules: 100,
  conditions: 20,
  values: 200,
  idCharacters: 64,
  nameCharacters: 100,
  valueCharacters: 200,
  messageCharacters: 200,
} as const;

/** What the numbers of a policy may be, both ends included. */
export const POLICY_RANGES = {
  rate: [0.1, 20],
  headStartSeconds: [-3600, 3600],
  waitSeconds: [1, 600],
  guardSeconds: [0, 86_400],
  withinDays: [1, 3650],
  withinHours: [1, 8760],
  orders: [0, 1_000_000],
  atLeastMinor: [0, 1e14],
} as const satisfies Record<string, readonly [least: number, most: number]>;

const range = ([least, most]: readonly [number, number]) => `${least} to ${most}`;
const name = (description: string) =>
  Type.String({ maxLength: POLICY_LIMITS.valueCharacters, description });
const values = (description: string) =>
  Type.Array(Type.String({ maxLength: POLICY_LIMITS.valueCharacters }), {
    maxItems: POLICY_LIMITS.values,
    description,
  });

function condition<Fact extends Condition["fact"], Fields extends Type.TProperties>(
  fact: Fact,
  fields: Fields,
) {
  return Type.Object(
    { fact: Type.Literal(fact), not: Type.Optional(Type.Boolean()), ...fields },
    { additionalProperties: false },
  );
}
const hours = Type.Number({ description: `Hours, ${range(POLICY_RANGES.withinHours)}` });
const orders = Type.Optional(
  Type.Number({ description: `Whole number, ${range(POLICY_RANGES.orders)}` }),
);

/** One schema for each thing a rule can ask about. */
export const CONDITION_SCHEMAS = {
  tier: condition("tier", { in: values("Loyalty tiers") }),
  segment: condition("segment", { in: values("Segments") }),
  lifetimeValue: condition("lifetimeValue", {
    atLeastMinor: Type.Number({ description: "Minor units of the shop's currency" }),
  }),
  orderCount: condition("orderCount", { atLeast: orders, atMost: orders }),
  lastOrder: condition("lastOrder", {
    withinDays: Type.Number({ description: `Days, ${range(POLICY_RANGES.withinDays)}` }),
  }),
  orderOnItsWay: condition("orderOnItsWay", {}),
  orderLate: condition("orderLate", {}),
  openClaim: condition("openClaim", {}),
  cartLeft: condition("cartLeft", { withinHours: hours }),
  gotLost: condition("gotLost", { withinHours: hours }),
  vip: condition("vip", {}),
  region: condition("region", { in: values("Cities, regions, countries (ISO 3166 alpha-2)") }),
  caller: condition("caller", { is: Type.Enum(["customer", "unknown", "withheld"]) }),
  queue: condition("queue", { in: values("Queues") }),
  timeOfDay: condition("timeOfDay", {
    from: name("`09:00`"),
    to: name("`18:00`, up to `24:00`; earlier than `from` goes over midnight"),
    days: Type.Optional(
      Type.Array(Type.Number(), { maxItems: 7, description: "1 is Monday; none means all" }),
    ),
  }),
} as const;

export const PreferredSchema = Type.Object(
  {
    who: Type.Enum(["personalManager", "lastOperator", "operator"]),
    login: Type.Optional(name("With `operator`: whose")),
    waitSeconds: Type.Number({ description: range(POLICY_RANGES.waitSeconds) }),
  },
  { additionalProperties: false },
);

export const EffectSchema = Type.Object(
  {
    rate: Type.Number({ description: `How fast waiting counts, ${range(POLICY_RANGES.rate)}` }),
    headStartSeconds: Type.Number({ description: range(POLICY_RANGES.headStartSeconds) }),
    skipQuestions: Type.Boolean(),
    preferred: Type.Union([PreferredSchema, Type.Null()]),
    message: Type.String({
      maxLength: POLICY_LIMITS.messageCharacters,
      description: "Shown on the operator's card",
    }),
  },
  { additionalProperties: false },
);

const ConditionSchema = Type.Union([
  CONDITION_SCHEMAS.tier,
  CONDITION_SCHEMAS.segment,
  CONDITION_SCHEMAS.lifetimeValue,
  CONDITION_SCHEMAS.orderCount,
  CONDITION_SCHEMAS.lastOrder,
  CONDITION_SCHEMAS.orderOnItsWay,
  CONDITION_SCHEMAS.orderLate,
  CONDITION_SCHEMAS.openClaim,
  CONDITION_SCHEMAS.cartLeft,
  CONDITION_SCHEMAS.gotLost,
  CONDITION_SCHEMAS.vip,
  CONDITION_SCHEMAS.region,
  CONDITION_SCHEMAS.caller,
  CONDITION_SCHEMAS.queue,
  CONDITION_SCHEMAS.timeOfDay,
]);

export const RuleSchema = Type.Object(
  {
    id: Type.String({
      maxLength: POLICY_LIMITS.idCharacters,
      description: "Unique in the policy; stays when the rule is moved or renamed",
    }),
    name: Type.String({ maxLength: POLICY_LIMITS.nameCharacters }),
    on: Type.Boolean(),
    when: Type.Array(ConditionSchema, {
      maxItems: POLICY_LIMITS.conditions,
      description: "All must hold; none means everybody",
    }),
    then: EffectSchema,
  },
  { additionalProperties: false },
);

const guardSeconds = (description: string) =>
  Type.Union([Type.Number({ description: range(POLICY_RANGES.guardSeconds) }), Type.Null()], {
    description,
  });
export const GuardSchema = Type.Object(
  {
    mostExtraWaitSeconds: guardSeconds("Nobody waits longer beyond plain order; null: no promise"),
    neverPassedAfterSeconds: guardSeconds("Then nobody is passed any more; null: no promise"),
  },
  { additionalProperties: false },
);

export const PolicySchema = Type.Object(
  {
    rules: Type.Array(RuleSchema, {
      maxItems: POLICY_LIMITS.rules,
      description: "From the top; the first that is on and holds applies",
    }),
    guard: GuardSchema,
    queues: values("Queues that are put in order; none means all"),
    timeZone: name("IANA zone for times of day, `Europe/Moscow`"),
  },
  { additionalProperties: false, title: "Policy" },
);

/** A policy as the schema types it: the same as `Policy` of `model.ts`, only not readonly. */
export type PolicyJson = Static<typeof PolicySchema>;
