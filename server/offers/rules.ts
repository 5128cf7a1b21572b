/**
 * The shape of an offer rule as JSON: what is given, to whom and for what, when, and how often. Ranges stand in the descriptions only: `check.ts`
 * says what is wrong in words that help. Products are named by our ids; sums are minor units of the rule's `currency`.
 */
import { Type, type Static } from "typebox";

/** How much one rule may hold. */
export const RULE_LIMITS = {
  conditions: 20,
  values: 200,
  products: 100,
  matches: 5,
  nameCharacters: 100,
  valueCharacters: 200,
  sayingCharacters: 300,
  groupCharacters: 64,
} as const;

/** What the numbers of a rule may be, both ends included. */
export const RULE_RANGES = {
  priority: [1, 1000],
  percent: [0.1, 100],
  marginFloorPercent: [0, 99],
  sumMinor: [1, 1e14],
  sumOrZeroMinor: [0, 1e14],
  each: [0, 1000],
  count: [0, 1_000_000],
  stock: [0, 1_000_000],
  uses: [1, 1_000_000_000],
  withinDays: [1, 3650],
} as const satisfies Record<string, readonly [least: number, most: number]>;

/** The kinds of what a rule gives, in the order in which a screen offers them. */
export const RULE_KINDS = [
  "needed",
  "promotion",
  "personalPrice",
  "gift",
  "discount",
  "bonus",
] as const;
export type RuleKind = (typeof RULE_KINDS)[number];

/** Languages in which a rule has its words. */
export const SAYING_LANGUAGES = ["ru", "uk", "en"] as const;

/** What a saying may name in braces: `{product} for {price} instead of {oldPrice}`. */
export const SAYING_PLACEHOLDERS = [
  "name",
  "product",
  "quantity",
  "price",
  "oldPrice",
  "percent",
  "sum",
  "tier",
  "bonus",
  "for",
] as const;

const strict = { additionalProperties: false };
const range = ([least, most]: readonly [number, number]) => `${least} to ${most}`;
const text = (description: string) =>
  Type.String({ maxLength: RULE_LIMITS.valueCharacters, description });
const list = (description: string, maxItems: number = RULE_LIMITS.values) =>
  Type.Array(Type.String({ maxLength: RULE_LIMITS.valueCharacters }), { maxItems, description });
const products = (description: string) => list(description, RULE_LIMITS.products);
const number = (name: keyof typeof RULE_RANGES, description = "") =>
  Type.Number({ description: `${description} ${range(RULE_RANGES[name])}`.trim() });
const orNull = (name: keyof typeof RULE_RANGES, description: string) =>
  Type.Union([number(name), Type.Null()], { description });

/** One schema for each thing that a rule can give. */
export const GIVE_SCHEMAS = {
  needed: Type.Object(
    {
      kind: Type.Literal("needed"),
      of: Type.Object(
        {
          products: products("What needs something; with `categories` either fits"),
          categories: list("Categories of what needs something"),
          attribute: text("Only what has this attribute, not 0, false or empty; empty: whatever"),
        },
        strict,
      ),
      find: Type.Object(
        {
          products: products("What is needed, best first; with `categories` either fits"),
          categories: list("Categories of what is needed"),
          match: Type.Array(
            Type.Object(
              {
                of: text("Attribute of what needs it, `batteries`"),
                found: text("Attribute of what is needed that has to be the same, `size`"),
              },
              strict,
            ),
            { maxItems: RULE_LIMITS.matches },
          ),
        },
        strict,
      ),
      count: Type.Object(
        {
          attribute: text(
            "Attribute with the number that one needs, `batteryCount`; empty: `each`",
          ),
          each: number("each", "That many for one when the attribute does not tell; 0: nothing."),
        },
        strict,
      ),
      pack: text("Attribute of what is needed with the number in a pack, `packSize`; none: 1"),
      unless: list("Attributes of what needs it; with one of them nothing is: `batteriesIncluded`"),
    },
    strict,
  ),
  promotion: Type.Object(
    {
      kind: Type.Literal("promotion"),
      products: products("The first that can be offered is"),
    },
    strict,
  ),
  personalPrice: Type.Object(
    {
      kind: Type.Literal("personalPrice"),
      products: products("Lower in the cart, and offered to whom they are new"),
      categories: list("Lower in the cart, and among what goes with it"),
      percent: orNull("percent", "Off the price; null: `priceMinor`"),
      priceMinor: orNull("sumMinor", "Of one, of `products` alone; null: `percent`"),
    },
    strict,
  ),
  gift: Type.Object(
    { kind: Type.Literal("gift"), products: products("The first that can be given is") },
    strict,
  ),
  discount: Type.Object(
    {
      kind: Type.Literal("discount"),
      percent: orNull("percent", "Off the whole cart; null: `sumMinor`"),
      sumMinor: orNull("sumMinor", "Off the whole cart; null: `percent`"),
      mostMinor: orNull("sumMinor", "A percentage takes off no more than this; null: whatever"),
    },
    strict,
  ),
  bonus: Type.Object(
    {
      kind: Type.Literal("bonus"),
      usePercent: orNull("percent", "Points may pay up to this share of the cart"),
      givePercent: orNull("percent", "Points given, in percent of the cart"),
      giveMinor: orNull("sumMinor", "Points given, minor units"),
    },
    strict,
  ),
} as const;

function condition<Fact extends string, Fields extends Type.TProperties>(
  fact: Fact,
  fields: Fields,
) {
  return Type.Object(
    { fact: Type.Literal(fact), not: Type.Optional(Type.Boolean()), ...fields },
    strict,
  );
}
const least = (name: keyof typeof RULE_RANGES) => Type.Optional(number(name));

/** One schema for each thing that a rule can ask about. Of nobody known, nothing holds but `known`, `channel`, the cart and the clock. */
export const OFFER_CONDITION_SCHEMAS = {
  segment: condition("segment", { in: list("Segments") }),
  tier: condition("tier", { in: list("Loyalty tiers") }),
  vip: condition("vip", {}),
  known: condition("known", {}),
  purchases: condition("purchases", { atLeast: least("count"), atMost: least("count") }),
  spent: condition("spent", {
    atLeastMinor: least("sumOrZeroMinor"),
    atMostMinor: least("sumOrZeroMinor"),
  }),
  lastOrder: condition("lastOrder", { withinDays: number("withinDays") }),
  bought: condition("bought", {
    categories: list("Bought something of one of these"),
    withinDays: Type.Optional(number("withinDays", "Default: ever.")),
  }),
  cartContains: condition("cartContains", {
    products: products("Any of these; with `categories` either fits"),
    categories: list("Something of these"),
  }),
  cartValue: condition("cartValue", {
    fromMinor: least("sumOrZeroMinor"),
    toMinor: least("sumOrZeroMinor"),
  }),
  channel: condition("channel", {
    in: Type.Array(Type.Enum(["operator", "site", "app"]), { maxItems: 3 }),
  }),
  timeOfDay: condition("timeOfDay", {
    from: text("`09:00`, on the shop's clock"),
    to: text("`18:00`, up to `24:00`; earlier than `from` goes over midnight"),
    days: Type.Optional(
      Type.Array(Type.Number(), { maxItems: 7, description: "1 is Monday; none means all" }),
    ),
  }),
  region: condition("region", { in: list("Customers' cities and regions") }),
} as const;

export const RuleLimitsSchema = Type.Object(
  {
    stockAtLeast: number("stock", "Offered only while the shop has so many, and what is offered;"),
    marginFloorPercent: orNull(
      "marginFloorPercent",
      "At least this share of the price stays above the cost, all offers together; null: no floor",
    ),
    uses: orNull("uses", "Taken so often in all, then no more; null: whatever"),
    usesPerDay: orNull("uses", "The same of one day on the shop's clock"),
    usesPerCustomer: orNull("uses", "The same of one customer; then nobody unknown is offered it"),
  },
  strict,
);

const saying = Type.String({
  maxLength: RULE_LIMITS.sayingCharacters,
  description: `May name ${SAYING_PLACEHOLDERS.map((name) => `{${name}}`).join(", ")}`,
});
export const SayingSchema = Type.Object({ ru: saying, uk: saying, en: saying }, strict);

const GiveSchema = Type.Union([
  GIVE_SCHEMAS.needed,
  GIVE_SCHEMAS.promotion,
  GIVE_SCHEMAS.personalPrice,
  GIVE_SCHEMAS.gift,
  GIVE_SCHEMAS.discount,
  GIVE_SCHEMAS.bonus,
]);
const ConditionSchema = Type.Union([
  OFFER_CONDITION_SCHEMAS.segment,
  OFFER_CONDITION_SCHEMAS.tier,
  OFFER_CONDITION_SCHEMAS.vip,
  OFFER_CONDITION_SCHEMAS.known,
  OFFER_CONDITION_SCHEMAS.purchases,
  OFFER_CONDITION_SCHEMAS.spent,
  OFFER_CONDITION_SCHEMAS.lastOrder,
  OFFER_CONDITION_SCHEMAS.bought,
  OFFER_CONDITION_SCHEMAS.cartContains,
  OFFER_CONDITION_SCHEMAS.cartValue,
  OFFER_CONDITION_SCHEMAS.channel,
  OFFER_CONDITION_SCHEMAS.timeOfDay,
  OFFER_CONDITION_SCHEMAS.region,
]);

export const OfferRuleSchema = Type.Object(
  {
    name: Type.String({ maxLength: RULE_LIMITS.nameCharacters }),
    give: GiveSchema,
    when: Type.Array(ConditionSchema, {
      maxItems: RULE_LIMITS.conditions,
      description: "All must hold; none means always",
    }),
    from: text("First day on the shop's calendar, `2026-12-01`; empty: since ever"),
    until: text("Last day, included; empty: for ever"),
    priority: number("priority", "Whole; the higher goes first."),
    group: Type.String({
      maxLength: RULE_LIMITS.groupCharacters,
      description: "Of one group only the first that gives something applies; empty: of none",
    }),
    limits: RuleLimitsSchema,
    currency: Type.String({
      maxLength: 3,
      description: "ISO 4217, of the rule's sums; empty when it has none",
    }),
    saying: SayingSchema,
  },
  { ...strict, title: "OfferRule" },
);

type ReadonlyDeep<T> = T extends (infer One)[]
  ? readonly ReadonlyDeep<One>[]
  : T extends object
    ? { readonly [Key in keyof T]: ReadonlyDeep<T[Key]> }
    : T;

/** A rule as its author wrote it. */
export type OfferRuleSettings = ReadonlyDeep<Static<typeof OfferRuleSchema>>;
export type Give = OfferRuleSettings["give"];
export type NeededGive = Extract<Give, { kind: "needed" }>;
export type OfferCondition = OfferRuleSettings["when"][number];
export type RuleLimits = OfferRuleSettings["limits"];

/** A rule of the book. */
export type OfferRule = {
  readonly id: string;
  readonly settings: OfferRuleSettings;
  readonly state: "draft" | "on" | "off";
  readonly revision: number;
};

/** Products that a rule names, each once. */
export function namedProducts({ give, when }: OfferRuleSettings): readonly string[] {
  const named = "products" in give ? [...give.products] : [];
  if (give.kind === "needed") named.push(...give.of.products, ...give.find.products);
  for (const one of when) if (one.fact === "cartContains") named.push(...one.products);
  return [...new Set(named)];
}

/** Whether the rule says a sum, so that it holds for carts of one currency alone. */
export function hasSums({ give, when }: OfferRuleSettings): boolean {
  const sums =
    give.kind === "personalPrice"
      ? [give.priceMinor]
      : give.kind === "discount"
        ? [give.sumMinor, give.mostMinor]
        : give.kind === "bonus"
          ? [give.giveMinor]
          : [];
  return (
    sums.some((sum) => sum !== null) ||
    when.some(({ fact }) => fact === "cartValue" || fact === "spent")
  );
}
