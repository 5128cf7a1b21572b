/** Whether a rule holds for this customer, cart and moment. Pure. Names are compared without regard to case. */
import { clockOf, localDayAt } from "../campaigns/zone-days.ts";
import { folded, foldedSet, minutesOf } from "../priority/decide.ts";
import { wallTime } from "../priority/zone-clock.ts";
import type { CatalogueProduct, CustomerFacts, Obstacle, OfferFacts } from "./facts.ts";
import type { GivenUpCode } from "./given-up.ts";
import { type OfferCondition, type OfferRule, hasSums } from "./rules.ts";

const DAY_MS = 86_400_000;

/** Null when the rule holds and may still be used; what it gives has to be found yet. */
export function obstacleOf(rule: OfferRule, facts: OfferFacts): Obstacle | null {
  const known = facts.obstacles?.get(rule.id);
  return known === undefined ? findObstacle(rule, facts) : known;
}

/** Of every rule; they follow from the cart's products alone, so they hold for the same facts with more products. */
export function obstaclesOf(facts: OfferFacts): NonNullable<OfferFacts["obstacles"]> {
  return new Map(facts.rules.map((rule) => [rule.id, findObstacle(rule, facts)]));
}

function findObstacle(rule: OfferRule, facts: OfferFacts): Obstacle | null {
  const { settings } = rule;
  const { question, customer, uses } = facts;
  const plain = (because: GivenUpCode): Obstacle => ({ because, condition: null });

  if (settings.from !== "" || settings.until !== "") {
    const clock = clockOf(facts.timeZone);
    const today = clock === null ? NaN : localDayAt(clock, question.nowMs);
    if (settings.from !== "" && !(today >= dayOf(settings.from))) return plain("notYet");
    if (settings.until !== "" && !(today <= dayOf(settings.until))) return plain("over");
  }
  if (hasSums(settings) && settings.currency !== question.currency) return plain("currency");
  const needsCart = settings.give.kind !== "promotion" && settings.give.kind !== "personalPrice";
  if (needsCart && question.lines.length === 0) return plain("emptyCart");
  for (const [index, condition] of settings.when.entries())
    if (!holds(condition, settings.currency, facts))
      return { because: "condition", condition: index };

  const { usesPerCustomer, usesPerDay, uses: usesInAll } = settings.limits;
  const used = uses.get(rule.id) ?? { all: 0, today: 0 };
  if (usesInAll !== null && used.all >= usesInAll) return plain("usedUp");
  if (usesPerDay !== null && used.today >= usesPerDay) return plain("usedUpToday");
  if (usesPerCustomer !== null) {
    // Somebody unknown may have used it up under their name.
    if (customer === null) return plain("customerUnknown");
    if ((customer.uses.get(rule.id) ?? 0) >= usesPerCustomer) return plain("usedByCustomer");
  }
  return null;
}

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

function holds(condition: OfferCondition, currency: string, facts: OfferFacts): boolean {
  const answer = answerTo(condition, currency, facts);
  // What nobody can say of somebody unknown holds neither way.
  return answer !== null && answer !== (condition.not === true);
}

/** Null: it is about the customer, and nobody knows who that is. */
function answerTo(condition: OfferCondition, currency: string, facts: OfferFacts): boolean | null {
  const { customer, question, products } = facts;
  switch (condition.fact) {
    case "known":
      return customer !== null;
    case "channel":
      return condition.in.includes(question.channel);
    case "cartContains":
      return question.lines.some(({ productId }) => {
        const product = products.get(productId);
        return product !== undefined && isNamed(product, condition);
      });
    case "cartValue":
      return between(cartMinor(facts), condition.fromMinor, condition.toMinor);
    case "timeOfDay":
      return isTime(condition, facts);
    case "segment":
    case "tier":
    case "vip":
    case "purchases":
    case "spent":
    case "lastOrder":
    case "bought":
    case "region":
      return customer === null ? null : ofCustomer(condition, currency, customer, question.nowMs);
    default:
      return condition satisfies never;
  }
}

type CustomerCondition = Exclude<
  OfferCondition,
  { fact: "known" | "channel" | "cartContains" | "cartValue" | "timeOfDay" }
>;

function ofCustomer(
  condition: CustomerCondition,
  currency: string,
  customer: CustomerFacts,
  nowMs: number,
): boolean | null {
  switch (condition.fact) {
    case "segment": {
      const wanted = foldedSet(condition.in);
      return customer.segments.some((segment) => wanted.has(folded(segment)));
    }
    case "tier":
      return customer.tier !== "" && foldedSet(condition.in).has(folded(customer.tier));
    case "vip":
      return customer.vip;
    case "purchases":
      return between(customer.orders, condition.atLeast, condition.atMost);
    case "spent":
      // Sums in another currency cannot be compared; of no orders it is nothing in every currency.
      if (customer.currency !== currency && customer.orders > 0) return null;
      return between(customer.totalMinor, condition.atLeastMinor, condition.atMostMinor);
    case "lastOrder":
      return (
        customer.lastOrderAtMs !== null &&
        nowMs - customer.lastOrderAtMs <= condition.withinDays * DAY_MS
      );
    case "bought": {
      const sinceMs =
        condition.withinDays === undefined ? -Infinity : nowMs - condition.withinDays * DAY_MS;
      return condition.categories.some(
        (category) => (customer.boughtAtMs.get(folded(category)) ?? NaN) >= sinceMs,
      );
    }
    case "region": {
      const wanted = foldedSet(condition.in);
      return [customer.city, customer.region].some(
        (name) => name !== "" && wanted.has(folded(name)),
      );
    }
    default:
      return condition satisfies never;
  }
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
