/** Rules, products and customers for tests: plain ones, of which a test changes what it is about. */
import type { OfferVocabulary } from "../../server/offers/check.ts";
import {
  type CatalogueProduct,
  type CustomerFacts,
  type OfferFacts,
  byPriority,
} from "../../server/offers/facts.ts";
import type { Hint } from "../../server/offers/model.ts";
import type { Give, NeededGive, OfferRule, OfferRuleSettings } from "../../server/offers/rules.ts";

/** A Sunday noon in Moscow. */
export const NOON_MS = Date.UTC(2026, 10, 22, 9);

export function product(id: string, own: Partial<CatalogueProduct> = {}): CatalogueProduct {
  return {
    ...{ id, sku: `S${id}`, name: `Product ${id}`, category: "Toys", priceMinor: 1000 },
    ...{ currency: "RUB", stock: 50, costMinor: 600, attributes: {}, ...own },
  };
}

/** The first finds four AA batteries for a robot. */
export const ROBOT = product("1", {
  name: "Robot",
  priceMinor: 300_000,
  costMinor: 200_000,
  attributes: { batteries: "AA", batteryCount: 3 },
});
export const AA4 = product("2", {
  name: "AA, 4 pieces",
  category: "Batteries",
  priceMinor: 20_000,
  costMinor: 10_000,
  attributes: { size: "AA", packSize: 4 },
});
export const AAA4 = product("3", {
  name: "AAA, 4 pieces",
  category: "Batteries",
  priceMinor: 19_000,
  attributes: { size: "AAA", packSize: 4 },
});

export const BATTERIES: NeededGive = {
  kind: "needed",
  of: { products: [], categories: [], attribute: "batteries" },
  find: {
    products: [],
    categories: ["Batteries"],
    match: [{ of: "batteries", found: "size" }],
  },
  count: { attribute: "batteryCount", each: 1 },
  pack: "packSize",
  unless: ["batteriesIncluded"],
};

export const NO_LIMITS: OfferRuleSettings["limits"] = {
  stockAtLeast: 0,
  marginFloorPercent: null,
  uses: null,
  usesPerDay: null,
  usesPerCustomer: null,
};

export function settings(give: Give, own: Partial<OfferRuleSettings> = {}): OfferRuleSettings {
  return {
    ...{ name: `A ${give.kind}`, give, when: [], from: "", until: "", priority: 100, group: "" },
    ...{ limits: NO_LIMITS, currency: "RUB", saying: { ru: "", uk: "", en: "" }, ...own },
  };
}

let made = 0;
export function rule(
  give: Give,
  own: Partial<OfferRuleSettings> & { id?: string } = {},
): OfferRule {
  const { id = String((made += 1)), ...rest } = own;
  return { id, settings: settings(give, rest), state: "on", revision: 1 };
}

export const percentOff = (percent: number): Give => ({
  ...{ kind: "discount", percent, sumMinor: null, mostMinor: null },
});

export function customer(own: Partial<CustomerFacts> = {}): CustomerFacts {
  return {
    ...{ id: "1", name: "Maria", language: "en", vip: false, tier: "gold", segments: ["regular"] },
    ...{ city: "Омск", region: "Омская область", bonusMinor: 5000, orders: 3 },
    ...{ totalMinor: 90_000, currency: "RUB", lastOrderAtMs: NOON_MS - 10 * 86_400_000 },
    ...{ boughtAtMs: new Map(), unwanted: new Set<string>(), openClaim: false, uses: new Map() },
    ...own,
  };
}

export function hint(one: CatalogueProduct, own: Partial<Hint> = {}): Hint {
  const { costMinor: _cost, attributes: _attributes, ...plain } = one;
  const reasons = [
    { code: "boughtTogether", product: "Robot", together: 43, of: 120 },
  ] as const satisfies Hint["reasons"];
  return { kind: "goesWith", product: plain, quantity: 1, reasons, confidence: 0.4, ...own };
}

/** Facts of a cart: one of each product named in `cart`, unless a line is given. */
export function facts(
  own: Omit<Partial<OfferFacts>, "products" | "question"> & {
    readonly cart?: readonly (CatalogueProduct | readonly [CatalogueProduct, number])[];
    readonly products?: readonly CatalogueProduct[];
    readonly question?: Partial<OfferFacts["question"]>;
  } = {},
): OfferFacts {
  const { cart = [ROBOT], products = [AA4, AAA4], question = {}, rules = [], ...rest } = own;
  const lines = cart.map((one) => {
    const [item, quantity] = "id" in one ? [one, 1] : one;
    return { item, productId: item.id, quantity, priceMinor: item.priceMinor };
  });
  const all = [...products, ...lines.map(({ item }) => item)];
  return {
    question: {
      ...{ customerId: "1", currency: "RUB", channel: "site", nowMs: NOON_MS },
      lines: lines.map(({ item: _item, ...line }) => line),
      ...question,
    },
    rules: [...rules].toSorted(byPriority),
    customer: customer(),
    products: new Map(all.map((one) => [one.id, one])),
    pools: new Map(rules.map(({ id }) => [id, products])),
    uses: new Map(),
    hints: [],
    timeZone: "Europe/Moscow",
    ...rest,
  };
}

export function vocabulary(own: Partial<OfferVocabulary> = {}): OfferVocabulary {
  const known = [ROBOT, AA4, AAA4];
  return {
    ...{ tiers: ["gold", "silver"], segments: ["regular", "lapsed"], regions: ["Омск"] },
    ...{ categories: ["Toys", "Batteries"], currency: "RUB", timeZone: "Europe/Moscow" },
    attributes: ["batteries", "batteryCount", "batteriesIncluded", "size", "packSize"],
    products: new Map(known.map((one) => [one.id, one])),
    ...{ rules: [], nowMs: NOON_MS, ...own },
  };
}
