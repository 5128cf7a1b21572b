/** What a rule, its conditions and its kinds begin with. */
import type {
  Give,
  OfferCondition,
  OfferRuleSettings,
  RuleKind,
} from "../../../server/offers/rules.ts";
import { toMinor } from "../shared/money.ts";

/** In the order in which they are offered. */
export const KINDS = [
  ...(["needed", "promotion", "personalPrice", "gift", "discount", "bonus"] as const),
] satisfies readonly RuleKind[];

/** What can be asked, in the order in which it is offered. */
export const FACTS = [
  ...(["cartValue", "cartContains", "tier", "segment", "purchases", "spent"] as const),
  ...(["lastOrder", "bought", "known", "vip", "region", "channel", "timeOfDay"] as const),
] satisfies readonly OfferCondition["fact"][];

/** Where offers are shown. */
export const CHANNELS = ["operator", "site", "app"] as const;

/** What a saying may name in braces. */
export const PLACEHOLDERS = [
  ...(["name", "product", "quantity", "price", "oldPrice"] as const),
  ...(["percent", "sum", "tier", "bonus", "for"] as const),
];

/** A new rule of a kind. */
export function newRule(kind: RuleKind, name: string, currency: string): OfferRuleSettings {
  return {
    name,
    give: newGive(kind),
    when: kind === "gift" ? [newCondition("cartValue", currency)] : [],
    from: "",
    until: "",
    priority: 100,
    group: "",
    limits: {
      stockAtLeast: 0,
      // A floor from the beginning: without one a price may fall below the cost.
      marginFloorPercent: kind === "needed" || kind === "promotion" ? null : 5,
      uses: null,
      usesPerDay: null,
      usesPerCustomer: null,
    },
    currency,
    saying: { ru: "", uk: "", en: "" },
  };
}

export function newGive(kind: RuleKind): Give {
  switch (kind) {
    case "needed":
      return {
        kind,
        of: { products: [], categories: [], attribute: "" },
        find: { products: [], categories: [], match: [] },
        count: { attribute: "", each: 1 },
        pack: "",
        unless: [],
      };
    case "promotion":
    case "gift":
      return { kind, products: [] };
    case "personalPrice":
      return { kind, products: [], categories: [], percent: 10, priceMinor: null };
    case "discount":
      return { kind, percent: 10, sumMinor: null, mostMinor: null };
    case "bonus":
      return { kind, usePercent: 20, givePercent: null, giveMinor: null };
    default:
      return kind satisfies never;
  }
}

/** @param currency Of the sums it begins with. */
export function newCondition(fact: OfferCondition["fact"], currency: string): OfferCondition {
  switch (fact) {
    case "segment":
    case "tier":
    case "region":
      return { fact, in: [] };
    case "channel":
      return { fact, in: ["operator"] };
    case "vip":
    case "known":
      return { fact };
    case "purchases":
      return { fact, atLeast: 1 };
    case "spent":
      return { fact, atLeastMinor: toMinor(10_000, currency) };
    case "lastOrder":
      return { fact, withinDays: 30 };
    case "bought":
      return { fact, categories: [] };
    case "cartContains":
      return { fact, products: [], categories: [] };
    case "cartValue":
      return { fact, fromMinor: toMinor(3000, currency) };
    case "timeOfDay":
      return { fact, from: "09:00", to: "18:00" };
    default:
      return fact satisfies never;
  }
}
