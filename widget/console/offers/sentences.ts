/** Offer rules as sentences: the same words for reading a rule and for editing it. */
import type {
  Give,
  OfferCondition,
  OfferRuleSettings,
  RuleLimits,
} from "../../../server/offers/rules.ts";
import type { OfferReason } from "../../../server/offers/model.ts";
import { fill } from "../../shared/locale.ts";
import type { ConsoleKey, ConsoleWords } from "../words.ts";

/** What the sentences need to know beside the words. */
export type RuleNames = {
  readonly product: (id: string) => string;
  /** Of the rule's sums. */
  readonly currency: string;
};

/** Which text says this condition. */
export function conditionKey({ fact, not }: OfferCondition): ConsoleKey {
  return `ofCond_${fact}${not ? "_not" : ""}`;
}

/** Conditions with a least and a most. */
export type BoundedCondition = Extract<
  OfferCondition,
  { fact: "purchases" | "spent" | "cartValue" }
>;

/** From and to, null where there is none. */
export function boundsOf(
  condition: BoundedCondition,
): readonly [least: number | null, most: number | null] {
  switch (condition.fact) {
    case "purchases":
      return [condition.atLeast ?? null, condition.atMost ?? null];
    case "spent":
      return [condition.atLeastMinor ?? null, condition.atMostMinor ?? null];
    case "cartValue":
  }
  return [condition.fromMinor ?? null, condition.toMinor ?? null];
}

/** How the ends of a condition are said. */
export type Span = "least" | "most" | "range";

export function spanOf(condition: BoundedCondition): Span {
  const [least, most] = boundsOf(condition);
  return least !== null && most !== null ? "range" : most === null ? "least" : "most";
}

/** `сумма корзины от 3 000 ₽`. */
export function conditionText(
  condition: OfferCondition,
  words: ConsoleWords,
  names: RuleNames,
): string {
  const list = (values: readonly string[]): string =>
    values.length > 0 ? words.either(values) : words.t("nothingChosen");
  const values = (): Record<string, string> => {
    switch (condition.fact) {
      case "purchases":
      case "spent":
      case "cartValue": {
        const [least = "", most = ""] = boundsOf(condition).map((bound) =>
          condition.fact === "purchases"
            ? words.number(bound ?? 0)
            : words.locale.money(bound ?? 0, names.currency),
        );
        return { span: words.t(`ofSpan_${spanOf(condition)}`, { least, most }) };
      }
      case "segment":
      case "region":
        return { in: list(condition.in) };
      case "tier":
        return { in: list(condition.in.map(words.tier)) };
      case "channel":
        return { in: list(condition.in.map((one) => words.t(`channel_${one}`))) };
      case "lastOrder":
        return { days: words.number(condition.withinDays) };
      case "bought":
        return {
          in: list(condition.categories),
          ago:
            condition.withinDays === undefined
              ? words.t("ofAgo_ever")
              : words.t("ofAgo_within", { days: words.number(condition.withinDays) }),
        };
      case "cartContains":
        return { in: list([...condition.products.map(names.product), ...condition.categories]) };
      case "timeOfDay":
        return {
          from: condition.from,
          to: condition.to,
          days:
            condition.days && condition.days.length > 0
              ? condition.days.map((day) => words.days[day - 1] ?? String(day)).join(", ")
              : words.t("everyDay"),
        };
      case "vip":
      case "known":
    }
    return {};
  };
  return fill(words.raw(conditionKey(condition)), values());
}

/** What a rule gives: `подарок: Чехол`. */
export function giveText(give: Give, words: ConsoleWords, names: RuleNames): string {
  const { t } = words;
  const list = (products: readonly string[], categories: readonly string[] = []): string => {
    const all = [...products.map(names.product), ...categories.map((name) => t("ofAny", { name }))];
    return all.length > 0 ? words.either(all) : t("nothingChosen");
  };
  const money = (minor: number | null): string => words.locale.money(minor ?? 0, names.currency);
  const percent = (value: number | null): string => words.percent((value ?? 0) / 100, 1);
  switch (give.kind) {
    case "needed": {
      const { attribute, categories, products } = give.of;
      const found = list(give.find.products, give.find.categories);
      const what =
        products.length + categories.length === 0
          ? t("ofGive_neededWith", { attribute: attribute || t("nothingChosen") })
          : attribute
            ? t("ofGive_neededBoth", { of: list(products, categories), attribute })
            : list(products, categories);
      const count = give.count.attribute
        ? t("ofGive_countBy", { attribute: give.count.attribute })
        : t("ofGive_count", { count: words.number(give.count.each) });
      return t("ofGive_needed", { of: what, find: found, count });
    }
    case "promotion":
      return t("ofGive_promotion", { products: list(give.products) });
    case "gift":
      return t("ofGive_gift", { products: list(give.products) });
    case "personalPrice":
      return give.percent === null
        ? t("ofGive_price", { sum: money(give.priceMinor), products: list(give.products) })
        : t("ofGive_pricePercent", {
            percent: percent(give.percent),
            products: list(give.products, give.categories),
          });
    case "discount":
      if (give.percent === null) return t("ofGive_discountSum", { sum: money(give.sumMinor) });
      return give.mostMinor === null
        ? t("ofGive_discount", { percent: percent(give.percent) })
        : t("ofGive_discountMost", {
            percent: percent(give.percent),
            most: money(give.mostMinor),
          });
    case "bonus":
      if (give.usePercent !== null)
        return t("ofGive_bonusUse", { percent: percent(give.usePercent) });
      return give.givePercent === null
        ? t("ofGive_bonusSum", { sum: money(give.giveMinor) })
        : t("ofGive_bonusGive", { percent: percent(give.givePercent) });
    default:
      return give satisfies never;
  }
}

/** A whole rule in one sentence. */
export function ruleText(
  { give, when }: OfferRuleSettings,
  words: ConsoleWords,
  names: RuleNames,
): string {
  const what = giveText(give, words, names);
  if (when.length === 0) return `${words.t("ofAlways")} ${what}.`;
  const asked = when
    .map((condition) => conditionText(condition, words, names))
    .join(` ${words.t("and")} `);
  return `${words.t("ofWhen", { conditions: asked })} ${what}.`;
}

/** When and how often, each a few words: `до 31 декабря`, `не больше 100 раз`. */
export function limitTexts(
  { from, limits, until, group }: OfferRuleSettings,
  words: ConsoleWords,
  nowMs: number,
): readonly string[] {
  const { t, locale } = words;
  const date = (iso: string): string => locale.date(iso, nowMs) || iso;
  const said = [
    from && until
      ? t("ofSaid_between", { from: date(from), until: date(until) })
      : from
        ? t("ofSaid_from", { from: date(from) })
        : until
          ? t("ofSaid_until", { until: date(until) })
          : "",
    ...(["uses", "usesPerDay", "usesPerCustomer"] as const).map((name) => limited(limits, name)),
    limits.stockAtLeast > 0 ? t("ofSaid_stock", { count: words.number(limits.stockAtLeast) }) : "",
    limits.marginFloorPercent === null
      ? ""
      : t("ofSaid_floor", { percent: words.percent(limits.marginFloorPercent / 100) }),
    group ? t("ofSaid_group", { group }) : "",
  ];
  return said.filter(Boolean);

  function limited(all: RuleLimits, name: "uses" | "usesPerDay" | "usesPerCustomer"): string {
    const most = all[name];
    return most === null ? "" : t(`ofSaid_${name}`, { count: words.number(most) });
  }
}

/** Why something is offered, with its numbers. */
export function reasonText(reason: OfferReason, words: ConsoleWords): string {
  const { t } = words;
  switch (reason.code) {
    case "boughtTogether":
      return t("ofReason_boughtTogether", reason);
    case "boughtBefore":
      return t("ofReason_boughtBefore", { times: reason.times, days: reason.lastDaysAgo });
    case "needs":
      return t("ofReason_needs", { product: reason.product, quantity: reason.quantity });
    case "runsOut":
      return t(reason.by === "own" ? "ofReason_runsOut" : "ofReason_runsOutCategory", {
        every: reason.everyDays,
        days: reason.lastDaysAgo,
      });
    case "rule":
      return t("ofReason_rule", { rule: reason.rule });
    default:
      return reason satisfies never;
  }
}
