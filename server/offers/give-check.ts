/** What is wrong or doubtful about what a rule gives: percentages, products, prices, costs. Pure. */
import { listed, nearest } from "../priority/problems.ts";
import { within, whole } from "../priority/shape.ts";
import type { OfferVocabulary } from "./check.ts";
import type { CatalogueProduct } from "./facts.ts";
import { ofOne } from "./ledger.ts";
import { knownNames, knownProducts } from "./names.ts";
import { type Findings, tell } from "./problems.ts";
import {
  type Give,
  type NeededGive,
  type OfferRuleSettings,
  RULE_RANGES as RANGES,
} from "./rules.ts";

/** Adds what there is to say of `settings.give`. */
export function checkGive(
  settings: OfferRuleSettings,
  vocabulary: OfferVocabulary,
  found: Findings,
): void {
  const { give } = settings;
  switch (give.kind) {
    case "needed":
      return checkNeeded(give, vocabulary, found);
    case "promotion":
      someProducts(give.products, found);
      knownProducts("/give/products", give.products, vocabulary, found);
      return checkOffered(
        settings,
        give.products,
        (product) => product.priceMinor,
        vocabulary,
        found,
      );
    case "gift":
      someProducts(give.products, found);
      knownProducts("/give/products", give.products, vocabulary, found);
      if (settings.when.length === 0) {
        const words = "Everybody gets it with every cart: say from which sum, or for what";
        tell(found.warnings, "/when", "givesEverybody", {}, words);
      }
      return checkGift(settings, give.products, vocabulary, found);
    case "personalPrice":
      return checkPersonalPrice(settings, give, vocabulary, found);
    case "discount":
      exactlyOne(give, ["percent", "sumMinor"], found);
      percent("/give/percent", give.percent, found);
      sum("/give/sumMinor", give.sumMinor, found);
      sum("/give/mostMinor", give.mostMinor, found);
      return warnNoFloor(settings, found);
    case "bonus":
      exactlyOne(give, ["usePercent", "givePercent", "giveMinor"], found);
      percent("/give/usePercent", give.usePercent, found);
      percent("/give/givePercent", give.givePercent, found);
      return sum("/give/giveMinor", give.giveMinor, found);
    default:
      give satisfies never;
  }
}

function checkNeeded(give: NeededGive, vocabulary: OfferVocabulary, found: Findings): void {
  const { of, find, count, pack, unless } = give;
  knownProducts("/give/of/products", of.products, vocabulary, found);
  if (of.categories.length > 0)
    knownNames(
      ...(["/give/of/categories", "unknownCategory", of.categories] as const),
      ...([vocabulary.categories, found] as const),
    );
  if (of.products.length + of.categories.length === 0 && of.attribute === "") {
    const words = "Say what needs something: products, categories or an attribute";
    tell(found.problems, "/give/of/products", "noProducts", { field: "of" }, words);
  }
  knownProducts("/give/find/products", find.products, vocabulary, found);
  if (find.categories.length > 0)
    knownNames(
      ...(["/give/find/categories", "unknownCategory", find.categories] as const),
      ...([vocabulary.categories, found] as const),
    );
  if (find.products.length + find.categories.length === 0) {
    const words = "Say what is needed: products or categories";
    tell(found.problems, "/give/find/products", "noProducts", { field: "find" }, words);
  }
  for (const [index, id] of find.products.entries()) {
    if (!of.products.includes(id)) continue;
    const product = vocabulary.products.get(id)?.name ?? id;
    const words = `"${product}" would be needed by itself`;
    tell(found.problems, `/give/find/products/${index}`, "neededItself", { product }, words);
  }
  for (const [index, { of: one, found: other }] of find.match.entries())
    for (const [field, name] of [["of", one] as const, ["found", other] as const]) {
      const at = `/give/find/match/${index}/${field}`;
      if (name === "") tell(found.problems, at, "empty", { field }, "Name the attribute");
      else knownAttribute(at, name, vocabulary, found);
    }
  knownAttribute("/give/of/attribute", of.attribute, vocabulary, found);
  knownAttribute("/give/count/attribute", count.attribute, vocabulary, found);
  within("/give/count/each", count.each, RANGES.each, found.problems);
  if (count.attribute === "" && count.each === 0) {
    const words = "Say how many one needs: a number, or the attribute that tells it";
    tell(found.problems, "/give/count/each", "empty", { field: "each" }, words);
  }
  knownAttribute("/give/pack", pack, vocabulary, found);
  for (const [index, name] of unless.entries())
    knownAttribute(`/give/unless/${index}`, name, vocabulary, found);
}

/** Unlike other names, an attribute's is read letter by letter. */
function knownAttribute(
  at: string,
  value: string,
  { attributes }: OfferVocabulary,
  { warnings }: Findings,
): void {
  if (value === "" || attributes.includes(value)) return;
  const suggestion = nearest(value, attributes);
  const meant = suggestion === "" ? "" : `. Did you mean "${suggestion}"?`;
  const values = { value, known: listed(attributes), suggestion };
  const words = `No product has the attribute "${value}" yet${meant}`;
  tell(warnings, at, "unknownAttribute", values, words);
}

function checkPersonalPrice(
  settings: OfferRuleSettings,
  give: Extract<Give, { kind: "personalPrice" }>,
  vocabulary: OfferVocabulary,
  found: Findings,
): void {
  if (give.products.length + give.categories.length === 0) {
    const words = "Say whose price is lower: products or categories";
    tell(found.problems, "/give/products", "noProducts", { field: "products" }, words);
  }
  knownProducts("/give/products", give.products, vocabulary, found);
  if (give.categories.length > 0)
    knownNames(
      ...(["/give/categories", "unknownCategory", give.categories] as const),
      ...([vocabulary.categories, found] as const),
    );
  exactlyOne(give, ["percent", "priceMinor"], found);
  percent("/give/percent", give.percent, found);
  sum("/give/priceMinor", give.priceMinor, found);
  if (give.priceMinor !== null && give.categories.length > 0) {
    const words = "One price for all of a category: give a percentage, or name products";
    tell(found.problems, "/give/priceMinor", "oneOf", { fields: "priceMinor, categories" }, words);
  }
  const price = (product: CatalogueProduct) =>
    give.percent === null
      ? (give.priceMinor ?? product.priceMinor)
      : Math.round(product.priceMinor * (1 - give.percent / 100));
  for (const [index, id] of give.products.entries()) {
    const product = vocabulary.products.get(id);
    if (product === undefined || give.priceMinor === null) continue;
    if (product.currency !== settings.currency || give.priceMinor < product.priceMinor) continue;
    const words = `"${product.name}" costs everybody ${product.priceMinor}: ${give.priceMinor} is not lower`;
    const values = { product: product.name, price: product.priceMinor };
    tell(found.problems, `/give/products/${index}`, "priceNotLower", values, words);
  }
  checkOffered(settings, give.products, price, vocabulary, found);
  warnNoFloor(settings, found);
}

/** Currency, stock, cost and floor of products at the price they are offered for. */
function checkOffered(
  settings: OfferRuleSettings,
  ids: readonly string[],
  priceOf: (product: CatalogueProduct) => number,
  vocabulary: OfferVocabulary,
  found: Findings,
): void {
  const { marginFloorPercent: floor } = settings.limits;
  for (const [index, id] of ids.entries()) {
    const product = vocabulary.products.get(id);
    if (product === undefined) continue;
    const at = `/give/products/${index}`;
    if (!isInCurrency(product, settings, at, found)) continue;
    warnStock(product, at, found);
    const price = priceOf(product);
    const problem = ofOne(price, product.costMinor, floor);
    if (problem === "costUnknown") warnCost(product, at, found);
    if (problem === "marginFloor") {
      const words = `At ${price} "${product.name}" does not keep ${floor} % above its cost of ${product.costMinor}: it would never be given`;
      const values = { product: product.name, floor: floor ?? 0 };
      tell(found.problems, at, "belowFloor", values, words);
    }
    if (floor === null && product.costMinor !== null && price < product.costMinor) {
      const words = `At ${price} "${product.name}" is sold below its cost of ${product.costMinor}`;
      tell(found.warnings, at, "belowCost", { product: product.name }, words);
    }
  }
}

/** A gift is paid by the cart: its floor is the whole's. */
function checkGift(
  settings: OfferRuleSettings,
  ids: readonly string[],
  vocabulary: OfferVocabulary,
  found: Findings,
): void {
  for (const [index, id] of ids.entries()) {
    const product = vocabulary.products.get(id);
    if (product === undefined) continue;
    const at = `/give/products/${index}`;
    if (!isInCurrency(product, settings, at, found)) continue;
    warnStock(product, at, found);
    if (settings.limits.marginFloorPercent !== null && product.costMinor === null)
      warnCost(product, at, found);
  }
}

function isInCurrency(
  product: CatalogueProduct,
  { currency: wanted }: OfferRuleSettings,
  at: string,
  { problems }: Findings,
): boolean {
  const { currency, name: value } = product;
  if (wanted === "" || currency === wanted) return true;
  const words = `"${value}" is priced in ${currency}, the rule's sums are in ${wanted}`;
  tell(problems, at, "otherCurrency", { value, currency, wanted }, words);
  return false;
}

function warnStock({ stock, name: product }: CatalogueProduct, at: string, found: Findings): void {
  if (stock === null || stock > 0) return;
  const words = `"${product}" is out of stock now: it is not offered until it is back`;
  tell(found.warnings, at, "outOfStock", { product }, words);
}

function warnCost({ name: product }: CatalogueProduct, at: string, found: Findings): void {
  const words = `The catalogue does not tell what "${product}" costs the shop: with a floor it is not given`;
  tell(found.warnings, at, "costUnknown", { product }, words);
}

function warnNoFloor({ limits }: OfferRuleSettings, { warnings }: Findings): void {
  if (limits.marginFloorPercent !== null) return;
  const words = "Without a floor the price may fall below the cost";
  tell(warnings, "/limits/marginFloorPercent", "noFloor", {}, words);
}

function someProducts(ids: readonly string[], { problems }: Findings): void {
  if (ids.length > 0) return;
  const words = "Choose at least one product";
  tell(problems, "/give/products", "noProducts", { field: "products" }, words);
}

function exactlyOne<Field extends string>(
  give: { readonly [Key in Field]: number | null },
  fields: readonly Field[],
  { problems }: Findings,
): void {
  const given = fields.filter((field) => give[field] !== null);
  if (given.length === 1) return;
  const words = `Give one of ${fields.join(", ")}; ${given.length === 0 ? "none" : given.join(" and ")} is given`;
  const at = `/give/${given[1] ?? fields[0]!}`;
  tell(problems, at, "oneOf", { fields: fields.join(", ") }, words);
}

function percent(at: string, value: number | null, { problems }: Findings): void {
  if (value !== null) within(at, value, RANGES.percent, problems);
}

function sum(at: string, value: number | null, { problems }: Findings): void {
  if (value !== null) whole(at, value, RANGES.sumMinor, problems);
}
