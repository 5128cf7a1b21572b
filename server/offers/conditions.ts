/** Whether a rule holds for this customer, cart and moment. Pure. Names are compared without regard to case. */
import { clockOf, localDayAt } from "../campaigns/zone-days.ts";
import { folded, foldedSet, minutesOf } from "../priority/decide.ts";
import { wallTime } from "../priority/zone-clock.ts";
import type { CatalogueProduct, CustomerFacts, Obstacle, OfferFacts } from "./facts.ts";
import type { GivenUpCode } from "./given-up.ts";
import type { OfferQuestion } from "./model.ts";
import { type OfferCondition, type OfferRule, hasSums } from "./rules.ts";

const DAY_MS = 86_400_000;

/**
 * What stands in the way of each rule, in their order; null: it holds and may still be used, and what it gives has to be found yet.
 * Follows from the cart's products alone, so it holds for the same facts with more products.
 */
export function obstaclesOf(facts: OfferFacts): readonly (Obstacle | null)[] {
  if (facts.obstacles !== undefined) return facts.obstacles;
  const asked = askedOf(facts);
  return preparedOf(facts.rules).map((rule) => findObstacle(rule, asked));
}

/** Those that nothing stands in the way of, in their order. */
export function openRules(facts: OfferFacts): readonly OfferRule[] {
  const obstacles = obstaclesOf(facts);
  return facts.rules.filter((_, place) => obstacles[place] === null);
}

/** What rules ask about a question, each found out once for all of them. */
type Asked = {
  readonly facts: OfferFacts;
  readonly question: OfferQuestion;
  readonly customer: CustomerFacts | null;
  /** On the shop's calendar; NaN in a zone that nobody knows. */
  readonly today: number;
  readonly cartMinor: number;
  readonly cartProducts: ReadonlySet<string>;
  /** Folded. */
  readonly cartCategories: ReadonlySet<string>;
  readonly tier: string;
  readonly segments: readonly string[];
  readonly places: readonly string[];
};

function askedOf(facts: OfferFacts): Asked {
  const { question, customer, products, timeZone } = facts;
  const clock = clockOf(timeZone);
  const cart = question.lines.flatMap(({ productId }) => products.get(productId) ?? []);
  return {
    ...{ facts, question, customer },
    today: clock === null ? NaN : localDayAt(clock, question.nowMs),
    cartMinor: cartMinor(facts),
    cartProducts: new Set(cart.map(({ id }) => id)),
    cartCategories: new Set(cart.map(({ category }) => folded(category))),
    tier: customer === null ? "" : folded(customer.tier),
    segments: customer === null ? [] : customer.segments.map(folded),
    places:
      customer === null
        ? []
        : [customer.city, customer.region].filter((name) => name !== "").map(folded),
  };
}

/** Null: it is about the customer, and nobody knows who that is. */
type Test = (asked: Asked) => boolean | null;
/** A rule as it is asked. */
type Prepared = {
  readonly id: string;
  readonly limits: OfferRule["settings"]["limits"];
  readonly fromDay: number | null;
  readonly untilDay: number | null;
  /** Of carts in this currency alone; null: of all. */
  readonly currency: string | null;
  readonly needsCart: boolean;
  readonly tests: readonly Test[];
};

const preparedRules = new WeakMap<readonly OfferRule[], readonly Prepared[]>();

/** What does not change from one question to the next is found out once for each version of the book. */
function preparedOf(rules: readonly OfferRule[]): readonly Prepared[] {
  let prepared = preparedRules.get(rules);
  if (prepared === undefined) {
    prepared = rules.map(prepare);
    preparedRules.set(rules, prepared);
  }
  return prepared;
}

function prepare({ id, settings }: OfferRule): Prepared {
  const { from, until, currency, give, when, limits } = settings;
  return {
    ...{ id, limits },
    fromDay: from === "" ? null : dayOf(from),
    untilDay: until === "" ? null : dayOf(until),
    currency: hasSums(settings) ? currency : null,
    needsCart: give.kind !== "promotion" && give.kind !== "personalPrice",
    tests: when.map((condition) => testOf(condition, currency)),
  };
}

function findObstacle(rule: Prepared, asked: Asked): Obstacle | null {
  const { question, customer, today, facts } = asked;
  const { fromDay, untilDay, currency, needsCart, tests } = rule;
  if (fromDay !== null && !(today >= fromDay)) return PLAIN.notYet;
  if (untilDay !== null && !(today <= untilDay)) return PLAIN.over;
  if (currency !== null && currency !== question.currency) return PLAIN.currency;
  if (needsCart && question.lines.length === 0) return PLAIN.emptyCart;
  for (let index = 0; index < tests.length; index++)
    if (tests[index]!(asked) !== true) return { because: "condition", condition: index };

  const { usesPerCustomer, usesPerDay, uses: usesInAll } = rule.limits;
  if (usesInAll !== null || usesPerDay !== null) {
    const used = facts.uses.get(rule.id) ?? { all: 0, today: 0 };
    if (usesInAll !== null && used.all >= usesInAll) return PLAIN.usedUp;
    if (usesPerDay !== null && used.today >= usesPerDay) return PLAIN.usedUpToday;
  }
  if (usesPerCustomer !== null) {
    // Somebody unknown may have used it up under their name.
    if (customer === null) return PLAIN.customerUnknown;
    if ((customer.uses.get(rule.id) ?? 0) >= usesPerCustomer) return PLAIN.usedByCustomer;
  }
  return null;
}

const PLAIN = {
  notYet: { because: "notYet", condition: null },
  over: { because: "over", condition: null },
  currency: { because: "currency", condition: null },
  emptyCart: { because: "emptyCart", condition: null },
  usedUp: { because: "usedUp", condition: null },
  usedUpToday: { because: "usedUpToday", condition: null },
  customerUnknown: { because: "customerUnknown", condition: null },
  usedByCustomer: { because: "usedByCustomer", condition: null },
} as const satisfies Partial<Record<GivenUpCode, Obstacle>>;

const days = new Map<string, number>();

/** Days since 1970-01-01 of `2026-12-01`; NaN for no date. */
export function dayOf(date: string): number {
  let day = days.get(date);
  if (day === undefined) {
    day = readDay(date);
    // The dates of a book of rules are few; the bound is against somebody who checks many.
    if (days.size >= 1000) days.clear();
    days.set(date, day);
  }
  return day;
}

function readDay(date: string): number {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(date);
  if (parts === null) return NaN;
  const atMs = Date.UTC(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]));
  return new Date(atMs).toISOString().startsWith(date) ? atMs / DAY_MS : NaN;
}

/** Whether a product is one of these or of these categories. */
export function isNamed(
  product: Pick<CatalogueProduct, "id" | "category">,
  named: { readonly products: readonly string[]; readonly categories: readonly string[] },
): boolean {
  return (
    named.products.includes(product.id) ||
    (named.categories.length > 0 && foldedSet(named.categories).has(folded(product.category)))
  );
}

/** Prices can be compared; "" is of who does not tell. */
export function isSameCurrency(one: string, other: string): boolean {
  return one === other || one === "" || other === "";
}

/** What the cart costs before any offer. */
export function cartMinor({ question }: Pick<OfferFacts, "question">): number {
  return question.lines.reduce((sum, line) => sum + Math.round(line.priceMinor * line.quantity), 0);
}

/** What nobody can say of somebody unknown holds neither way. */
function testOf(condition: OfferCondition, currency: string): Test {
  const test = plainTestOf(condition, currency);
  if (condition.not !== true) return test;
  return (asked) => {
    const answer = test(asked);
    return answer === null ? null : !answer;
  };
}

function plainTestOf(condition: OfferCondition, currency: string): Test {
  switch (condition.fact) {
    case "known":
      return ({ customer }) => customer !== null;
    case "channel":
      return ({ question }) => condition.in.includes(question.channel);
    case "cartContains": {
      const categories = foldedSet(condition.categories);
      return ({ cartProducts, cartCategories }) =>
        condition.products.some((id) => cartProducts.has(id)) || meet(cartCategories, categories);
    }
    case "cartValue":
      return (asked) => between(asked.cartMinor, condition.fromMinor, condition.toMinor);
    case "timeOfDay":
      return ({ facts }) => isTime(condition, facts);
    case "segment":
    case "tier":
    case "vip":
    case "purchases":
    case "spent":
    case "lastOrder":
    case "bought":
    case "region": {
      const test = customerTestOf(condition, currency);
      return (asked) => (asked.customer === null ? null : test(asked.customer, asked));
    }
    default:
      return condition satisfies never;
  }
}

type CustomerCondition = Exclude<
  OfferCondition,
  { fact: "known" | "channel" | "cartContains" | "cartValue" | "timeOfDay" }
>;

function customerTestOf(
  condition: CustomerCondition,
  currency: string,
): (customer: CustomerFacts, asked: Asked) => boolean | null {
  switch (condition.fact) {
    case "segment": {
      const wanted = foldedSet(condition.in);
      return (_, { segments }) => segments.some((segment) => wanted.has(segment));
    }
    case "tier": {
      const wanted = foldedSet(condition.in);
      return (_, { tier }) => tier !== "" && wanted.has(tier);
    }
    case "vip":
      return ({ vip }) => vip;
    case "purchases":
      return ({ orders }) => between(orders, condition.atLeast, condition.atMost);
    case "spent":
      return (customer) =>
        // Sums in another currency cannot be compared; of no orders it is nothing in every currency.
        customer.currency !== currency && customer.orders > 0
          ? null
          : between(customer.totalMinor, condition.atLeastMinor, condition.atMostMinor);
    case "lastOrder":
      return ({ lastOrderAtMs }, { question }) =>
        lastOrderAtMs !== null && question.nowMs - lastOrderAtMs <= condition.withinDays * DAY_MS;
    case "bought": {
      const categories = [...foldedSet(condition.categories)];
      const { withinDays = Infinity } = condition;
      return ({ boughtAtMs }, { question }) =>
        categories.some(
          (category) => (boughtAtMs.get(category) ?? NaN) >= question.nowMs - withinDays * DAY_MS,
        );
    }
    case "region": {
      const wanted = foldedSet(condition.in);
      return (_, { places }) => places.some((name) => wanted.has(name));
    }
    default:
      return condition satisfies never;
  }
}

function meet(few: ReadonlySet<string>, names: ReadonlySet<string>): boolean {
  if (names.size > 0) for (const name of few) if (names.has(name)) return true;
  return false;
}

function isTime(
  { from, to, days }: Extract<OfferCondition, { fact: "timeOfDay" }>,
  { question, timeZone }: OfferFacts,
): boolean {
  const { minuteOfDay, weekday } = wallTime(timeZone, question.nowMs);
  const start = minutesOf(from) ?? 0;
  const end = minutesOf(to) ?? 1440;
  const on = (day: number) => days === undefined || days.length === 0 || days.includes(day);
  if (start < end) return on(weekday) && minuteOfDay >= start && minuteOfDay < end;
  // Over midnight: the hours after it belong to the day before.
  if (minuteOfDay >= start) return on(weekday);
  return minuteOfDay < end && on(weekday === 1 ? 7 : weekday - 1);
}

function between(value: number, least: number | undefined, most: number | undefined): boolean {
  return value >= (least ?? -Infinity) && value <= (most ?? Infinity);
}
