/** What a rule that holds gives, each kind in its way: offers, or why there are none. Pure. */
import { isNamed, isSameCurrency } from "./conditions.ts";
import type { CatalogueProduct, OfferFacts } from "./facts.ts";
import type { GivenUpCode } from "./given-up.ts";
import { type Ledger, floorProblem, ofOne, toPayMinor, withPrice, withWhole } from "./ledger.ts";
import { hintedFor } from "./hinted.ts";
import type { Offer, OfferedProduct, OfferReason } from "./model.ts";
import { needsOf } from "./needs.ts";
import type { Give, OfferRule } from "./rules.ts";
import { type Said, sayingOf } from "./saying.ts";

/** What the rules before have given. */
export type Table = {
  readonly ledger: Ledger;
  /** The rule that offers a product, or has lowered its price in the cart, by product. */
  readonly takenBy: ReadonlyMap<string, string>;
};

type Why = { readonly because: GivenUpCode; readonly other?: string };
/** What came of a rule. */
export type Given = { readonly offers: readonly Offer[]; readonly table: Table } | Why;

/** Of one rule, personal prices of so many products outside the cart are told. */
const MOST_PRICES = 10;
/** How likely each kind is taken, until it is known better. */
const CONFIDENCE = {
  needed: 0.6,
  promotion: 0.1,
  personalPrice: 0.25,
  gift: 0.9,
  discount: 0.7,
  bonus: 0.5,
} as const satisfies Record<Give["kind"], number>;

/** What this rule gives at this table. */
export function give(rule: OfferRule, facts: OfferFacts, table: Table): Given {
  const gift = rule.settings.give;
  switch (gift.kind) {
    case "needed":
      return needed(rule, gift, facts, table);
    case "promotion":
      return firstOf(rule, gift.products, facts, table, (product) => ({
        offer: adding(rule, facts, product, 1, product.priceMinor, {}),
        floor: ofOne(product.priceMinor, costOf(product), rule.settings.limits.marginFloorPercent),
      }));
    case "gift":
      return firstOf(rule, gift.products, facts, table, (product) => {
        const { marginFloorPercent: floor } = rule.settings.limits;
        const change = { offMinor: 0, givenMinor: costOf(product) };
        const ledger = withWhole(table.ledger, change, floor);
        const offer = adding(rule, facts, product, 1, 0, { oldPrice: product.priceMinor });
        return { offer, ledger, floor: floorProblem(ledger) };
      });
    case "personalPrice":
      return personalPrice(rule, gift, facts, table);
    case "discount":
      return discount(rule, gift, facts, table);
    case "bonus":
      return bonus(rule, gift, facts, table);
    default:
      return gift satisfies never;
  }
}

function needed(
  rule: OfferRule,
  gift: Extract<Give, { kind: "needed" }>,
  facts: OfferFacts,
  table: Table,
): Given {
  const { marginFloorPercent: floor } = rule.settings.limits;
  const offers: Offer[] = [];
  let { takenBy } = table;
  let first: Why | null = null;
  for (const { by, found } of needsOf(rule, gift, facts)) {
    let why: Why = { because: "noProduct" };
    for (const { product, packs } of found) {
      const refused =
        cannotOffer(product, packs, rule, facts, takenBy) ??
        because(ofOne(product.priceMinor, costOf(product), floor));
      if (refused !== null) {
        if (why.because === "noProduct") why = refused;
        continue;
      }
      const reasons = by.map((one): OfferReason => ({
        ...{ code: "needs", product: one.product.name, quantity: one.units },
      }));
      const said = { for: by.map((one) => one.product.name).join(", ") };
      offers.push(adding(rule, facts, product, packs, product.priceMinor, said, reasons));
      takenBy = new Map(takenBy).set(product.id, rule.id);
      break;
    }
    if (!offers.some(({ product }) => found.some((one) => one.product.id === product?.id)))
      first ??= why;
  }
  if (offers.length > 0) return { offers, table: { ...table, takenBy } };
  return first ?? { because: "nothingNeeded" };
}

/** Offers the first of these products that can be. */
function firstOf(
  rule: OfferRule,
  ids: readonly string[],
  facts: OfferFacts,
  table: Table,
  tryOne: (product: CatalogueProduct) => {
    readonly offer: Offer;
    readonly ledger?: Ledger;
    readonly floor: ReturnType<typeof floorProblem>;
  },
): Given {
  let why: Why | null = null;
  for (const id of ids) {
    const product = facts.products.get(id);
    const refused = cannotOffer(product, 1, rule, facts, table.takenBy);
    if (refused !== null || product === undefined) {
      why ??= refused;
      continue;
    }
    const { offer, ledger = table.ledger, floor } = tryOne(product);
    if (floor === null)
      return {
        offers: [offer],
        table: { ledger, takenBy: new Map(table.takenBy).set(id, rule.id) },
      };
    why ??= { because: floor };
  }
  return why ?? { because: "noProduct" };
}

function personalPrice(
  rule: OfferRule,
  gift: Extract<Give, { kind: "personalPrice" }>,
  facts: OfferFacts,
  table: Table,
): Given {
  const { marginFloorPercent: floor } = rule.settings.limits;
  const { question, products } = facts;
  const takenBy = new Map(table.takenBy);
  const offers: Offer[] = [];
  let { ledger } = table;
  let why: Why | null = null;

  // What is in the cart already gets cheaper: one offer for all of it.
  let offMinor = 0;
  const lowered: CatalogueProduct[] = [];
  for (const productId of new Set(question.lines.map((line) => line.productId))) {
    const product = products.get(productId);
    if (product === undefined || !isNamed(product, gift)) continue;
    const other = takenBy.get(productId);
    if (other !== undefined) {
      why ??= { because: "sameProduct", other };
      continue;
    }
    if (!isSameCurrency(product.currency, question.currency)) {
      why ??= { because: "otherCurrency" };
      continue;
    }
    const lines = question.lines.filter((line) => line.productId === productId);
    const saved = lines.reduce((sum, line) => {
      const now = Math.round(line.priceMinor * line.quantity);
      const then = Math.round(lowerPrice(line.priceMinor, gift) * line.quantity);
      return sum + Math.max(0, now - then);
    }, 0);
    if (saved === 0) {
      why ??= { because: "notCheaper" };
      continue;
    }
    let next = ledger;
    for (const { priceMinor } of lines)
      next = withPrice(next, productId, lowerPrice(priceMinor, gift), floor);
    const problem = floorProblem(next);
    if (problem !== null) {
      why ??= { because: problem };
      continue;
    }
    ledger = next;
    offMinor += saved;
    lowered.push(product);
    takenBy.set(productId, rule.id);
  }
  if (lowered.length > 0) {
    const said = {
      product: lowered.map(({ name }) => name).join(", "),
      ...{ percent: gift.percent, price: gift.priceMinor, sum: offMinor },
    };
    offers.push(onTheWhole(rule, facts, -offMinor, said));
  }

  const outside = [
    ...gift.products.flatMap((id) => ({ product: products.get(id), quantity: 1 })),
    ...hintedFor(gift, facts),
  ];
  for (const { product, quantity } of outside) {
    if (offers.length >= MOST_PRICES) break;
    if (product !== undefined && lowered.some(({ id }) => id === product.id)) continue;
    const refused = cannotOffer(product, quantity, rule, facts, takenBy);
    if (refused !== null || product === undefined) {
      why ??= refused;
      continue;
    }
    const priceMinor = lowerPrice(product.priceMinor, gift);
    const problem = ofOne(priceMinor, costOf(products.get(product.id)), floor);
    if (problem !== null || priceMinor >= product.priceMinor) {
      why ??= { because: problem ?? "notCheaper" };
      continue;
    }
    const said = { oldPrice: product.priceMinor, percent: gift.percent };
    offers.push(adding(rule, facts, product, quantity, priceMinor, said));
    takenBy.set(product.id, rule.id);
  }
  if (offers.length > 0) return { offers, table: { ledger, takenBy } };
  return why ?? { because: "noProduct" };
}

function discount(
  rule: OfferRule,
  gift: Extract<Give, { kind: "discount" }>,
  facts: OfferFacts,
  table: Table,
): Given {
  const left = toPayMinor(table.ledger);
  const wanted =
    gift.percent === null
      ? (gift.sumMinor ?? 0)
      : Math.min(Math.round((left * gift.percent) / 100), gift.mostMinor ?? Infinity);
  return offTheWhole(rule, facts, table, Math.min(wanted, left), { percent: gift.percent });
}

function bonus(
  rule: OfferRule,
  gift: Extract<Give, { kind: "bonus" }>,
  facts: OfferFacts,
  table: Table,
): Given {
  const { customer } = facts;
  if (customer === null) return { because: "customerUnknown" };
  if (customer.bonusMinor === null) return { because: "noBonus" };
  const left = toPayMinor(table.ledger);
  if (gift.usePercent !== null) {
    const most = Math.floor((left * gift.usePercent) / 100);
    const points = Math.min(customer.bonusMinor, most);
    if (points <= 0) return { because: "noBonus" };
    return offTheWhole(rule, facts, table, points, { percent: gift.usePercent, bonus: points });
  }
  const points = gift.giveMinor ?? Math.floor((left * (gift.givePercent ?? 0)) / 100);
  if (points <= 0) return { because: "noBonus" };
  const { marginFloorPercent: floor } = rule.settings.limits;
  // Points are money the shop will not see again.
  const ledger = withWhole(table.ledger, { offMinor: 0, givenMinor: points }, floor);
  const problem = floorProblem(ledger);
  if (problem !== null) return { because: problem };
  const said = { percent: gift.givePercent, bonus: points, sum: points };
  return { offers: [onTheWhole(rule, facts, 0, said)], table: { ...table, ledger } };
}

function offTheWhole(
  rule: OfferRule,
  facts: OfferFacts,
  table: Table,
  offMinor: number,
  said: Said,
): Given {
  if (offMinor <= 0) return { because: "notCheaper" };
  const { marginFloorPercent: floor } = rule.settings.limits;
  const ledger = withWhole(table.ledger, { offMinor, givenMinor: 0 }, floor);
  const problem = floorProblem(ledger);
  if (problem !== null) return { because: problem };
  const offer = onTheWhole(rule, facts, -offMinor, { sum: offMinor, ...said });
  return { offers: [offer], table: { ...table, ledger } };
}

/** Why a product cannot be offered now; null: it can. */
function cannotOffer(
  product: OfferedProduct | undefined,
  quantity: number,
  rule: OfferRule,
  { question, customer }: OfferFacts,
  takenBy: Table["takenBy"],
): Why | null {
  if (product === undefined) return { because: "unknownProduct" };
  if (!isSameCurrency(product.currency, question.currency)) return { because: "otherCurrency" };
  if (question.lines.some(({ productId }) => productId === product.id))
    return { because: "inCart" };
  const other = takenBy.get(product.id);
  if (other !== undefined) return { because: "sameProduct", other };
  if (customer?.unwanted.has(product.id) === true) return { because: "unwanted" };
  if (product.stock === null) return null;
  if (product.stock <= 0) return { because: "outOfStock" };
  const least = Math.max(quantity, rule.settings.limits.stockAtLeast);
  return product.stock < least ? { because: "stockBelow" } : null;
}

function because(problem: ReturnType<typeof floorProblem>): Why | null {
  return problem === null ? null : { because: problem };
}

function lowerPrice(priceMinor: number, gift: Extract<Give, { kind: "personalPrice" }>): number {
  return gift.percent === null
    ? Math.min(priceMinor, gift.priceMinor ?? priceMinor)
    : Math.round(priceMinor * (1 - gift.percent / 100));
}

function costOf(product: OfferedProduct | CatalogueProduct | undefined): number | null {
  return product !== undefined && "costMinor" in product ? product.costMinor : null;
}

/** A product to add. */
function adding(
  rule: OfferRule,
  facts: OfferFacts,
  product: OfferedProduct,
  quantity: number,
  priceMinor: number,
  said: Said,
  reasons: readonly OfferReason[] = [],
): Offer {
  const { id, sku, name, category, currency, stock } = product;
  const plain = { id, sku, name, category, priceMinor: product.priceMinor, currency, stock };
  // One literal: thousands of these are made in a second.
  return {
    key: `rule:${rule.id}:${id}`,
    kind: rule.settings.give.kind,
    ruleId: rule.id,
    product: plain,
    quantity,
    priceMinor,
    amountMinor: Math.round(priceMinor * quantity),
    currency: facts.question.currency,
    reasons: [...reasons, { code: "rule", rule: rule.settings.name }],
    saying: words(rule, facts, { product: name, quantity, price: priceMinor, ...said }),
    confidence: CONFIDENCE[rule.settings.give.kind],
  };
}

/** Something on the whole cart. */
function onTheWhole(rule: OfferRule, facts: OfferFacts, amountMinor: number, said: Said): Offer {
  return {
    key: `rule:${rule.id}`,
    kind: rule.settings.give.kind,
    ruleId: rule.id,
    product: null,
    quantity: 1,
    priceMinor: 0,
    amountMinor,
    currency: facts.question.currency,
    reasons: [{ code: "rule", rule: rule.settings.name }],
    saying: words(rule, facts, said),
    confidence: CONFIDENCE[rule.settings.give.kind],
  };
}

function words(rule: OfferRule, { customer, question }: OfferFacts, said: Said): string {
  const whose = {
    name: customer?.name ?? "",
    tier: customer?.tier ?? "",
    bonus: customer?.bonusMinor ?? null,
  };
  return sayingOf(rule.settings.saying, { ...whose, ...said }, customer, question.currency);
}
