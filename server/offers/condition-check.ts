/** What is wrong or doubtful about a rule's conditions, each by itself and all together. Pure. */
import { minutesOf } from "../priority/decide.ts";
import { whole, within } from "../priority/shape.ts";
import type { OfferVocabulary } from "./check.ts";
import { knownNames, knownProducts } from "./names.ts";
import { type Findings, tell } from "./problems.ts";
import { type OfferCondition, RULE_RANGES as RANGES } from "./rules.ts";

/** Adds what there is to say of `settings.when`. */
export function checkConditions(
  when: readonly OfferCondition[],
  vocabulary: OfferVocabulary,
  found: Findings,
): void {
  for (const [index, condition] of when.entries())
    checkCondition(condition, `/when/${index}`, vocabulary, found);
  checkTogether(when, found);
}

function checkCondition(
  condition: OfferCondition,
  at: string,
  vocabulary: OfferVocabulary,
  found: Findings,
): void {
  const { problems } = found;
  switch (condition.fact) {
    case "segment":
      return knownNames(`${at}/in`, "unknownSegment", condition.in, vocabulary.segments, found);
    case "tier":
      return knownNames(`${at}/in`, "unknownTier", condition.in, vocabulary.tiers, found);
    case "region":
      return knownNames(`${at}/in`, "unknownRegion", condition.in, vocabulary.regions, found);
    case "channel":
      if (condition.in.length === 0)
        tell(problems, `${at}/in`, "empty", { field: "in" }, "Choose at least one channel");
      return;
    case "purchases":
      return bounds(at, condition, ["atLeast", "atMost"], RANGES.count, true, found);
    case "spent":
      return bounds(
        ...([at, condition, ["atLeastMinor", "atMostMinor"], RANGES.sumOrZeroMinor] as const),
        ...([true, found] as const),
      );
    case "cartValue":
      return bounds(
        ...([at, condition, ["fromMinor", "toMinor"], RANGES.sumOrZeroMinor] as const),
        ...([true, found] as const),
      );
    case "lastOrder":
      return within(`${at}/withinDays`, condition.withinDays, RANGES.withinDays, problems);
    case "bought":
      knownNames(
        ...([`${at}/categories`, "unknownCategory", condition.categories] as const),
        ...([vocabulary.categories, found] as const),
      );
      if (condition.withinDays !== undefined)
        within(`${at}/withinDays`, condition.withinDays, RANGES.withinDays, problems);
      return;
    case "cartContains":
      if (condition.products.length + condition.categories.length === 0) {
        const words = "Choose products or categories";
        tell(problems, `${at}/products`, "noProducts", { field: "products" }, words);
      }
      knownProducts(`${at}/products`, condition.products, vocabulary, found);
      if (condition.categories.length > 0)
        knownNames(
          ...([`${at}/categories`, "unknownCategory", condition.categories] as const),
          ...([vocabulary.categories, found] as const),
        );
      return;
    case "timeOfDay":
      return checkTime(condition, at, found);
    case "vip":
    case "known":
      return;
    default:
      condition satisfies never;
  }
}

function checkTime(
  { from, to, days }: Extract<OfferCondition, { fact: "timeOfDay" }>,
  at: string,
  { problems }: Findings,
): void {
  for (const [field, value] of [["from", from] as const, ["to", to] as const]) {
    if (minutesOf(value) !== null && !(field === "from" && value === "24:00")) continue;
    const words = `"${value}" is not a time such as 09:00`;
    tell(problems, `${at}/${field}`, "badTime", { value }, words);
  }
  if (from === to && minutesOf(from) !== null)
    tell(
      problems,
      `${at}/to`,
      "cannotHold",
      { fact: "timeOfDay" },
      `From ${from} to ${to} is no time`,
    );
  for (const [index, day] of (days ?? []).entries()) {
    if (Number.isInteger(day) && day >= 1 && day <= 7) continue;
    const words = `${day} is not a day of the week: Monday is 1, Sunday is 7`;
    tell(problems, `${at}/days/${index}`, "badDay", { value: day }, words);
  }
}

/** Two conditions about one number: what fits both. */
function checkTogether(when: readonly OfferCondition[], { problems }: Findings): void {
  const spans = new Map<string, { least: number; most: number }>();
  const asked = new Map<string, boolean>();
  for (const [index, condition] of when.entries()) {
    const { fact } = condition;
    const at = `/when/${index}`;
    if (fact === "vip" || fact === "known") {
      const not = condition.not === true;
      if ((asked.get(fact) ?? not) !== not)
        tell(problems, at, "cannotHold", { fact }, `Nobody is ${fact} and not ${fact}`);
      asked.set(fact, not);
    }
    const span = condition.not === true ? null : spanOf(condition);
    if (span === null) continue;
    const before = spans.get(fact) ?? { least: -Infinity, most: Infinity };
    const both = {
      least: Math.max(before.least, span.least),
      most: Math.min(before.most, span.most),
    };
    const crossed = span.least > span.most;
    if (both.least > both.most && !crossed && before.least <= before.most) {
      const words = `Nothing is at least ${both.least} and at most ${both.most}, as both conditions about ${fact} want`;
      tell(problems, at, "cannotHold", { fact }, words);
    }
    spans.set(fact, both);
  }
}

/** The numbers a condition lets through; null when it is about something else. */
export function spanOf(
  condition: OfferCondition,
): { readonly least: number; readonly most: number } | null {
  const span = (least?: number, most?: number) => ({
    least: least ?? -Infinity,
    most: most ?? Infinity,
  });
  if (condition.fact === "purchases") return span(condition.atLeast, condition.atMost);
  if (condition.fact === "spent") return span(condition.atLeastMinor, condition.atMostMinor);
  if (condition.fact === "cartValue") return span(condition.fromMinor, condition.toMinor);
  return null;
}

function bounds<Field extends string>(
  at: string,
  values: { readonly [Key in Field]?: number | undefined },
  [low, high]: readonly [Field, Field],
  allowed: readonly [number, number],
  isWhole: boolean,
  { problems }: Findings,
): void {
  const [least, most] = [values[low], values[high]];
  if (least === undefined && most === undefined) {
    const words = `Give ${low}, ${high} or both`;
    tell(problems, at, "noLimits", { least: low, most: high }, words);
    return;
  }
  const check = isWhole ? whole : within;
  if (least !== undefined) check(`${at}/${low}`, least, allowed, problems);
  if (most !== undefined) check(`${at}/${high}`, most, allowed, problems);
  if (least === undefined || most === undefined || least <= most) return;
  const words = `At least ${least} and at most ${most}: nothing fits both`;
  tell(problems, `${at}/${high}`, "limitsCross", { least, most }, words);
}
