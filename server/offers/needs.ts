/** What the cart does not work without, by a merchandiser's rule: how many of what. Pure. */
import { isNamed } from "./conditions.ts";
import type { CatalogueProduct, OfferFacts } from "./facts.ts";
import type { NeededGive, OfferRule } from "./rules.ts";

/** Things in the cart that need the same. */
export type Need = {
  /** What in the cart needs it, and how many of it. */
  readonly by: readonly { readonly product: CatalogueProduct; readonly units: number }[];
  /** How many in all, those in the cart already not counted any more. */
  readonly units: number;
  /** What would do, best first; `packs` of it hold the units. */
  readonly found: readonly { readonly product: CatalogueProduct; readonly packs: number }[];
};

/** Everything that is still needed; nothing when the cart has it all. */
export function needsOf(rule: OfferRule, give: NeededGive, facts: OfferFacts): readonly Need[] {
  const { question, products } = facts;
  const groups = new Map<string, { by: { product: CatalogueProduct; units: number }[] }>();
  for (const { productId, quantity } of question.lines) {
    const product = products.get(productId);
    if (product === undefined) continue;
    const units = unitsFor(product, give) * quantity;
    const key = keyOf(product, give, "of");
    if (!(units > 0) || key === null) continue;
    const group = groups.get(key) ?? { by: [] };
    const same = group.by.find((one) => one.product.id === productId);
    // The same product may stand in two lines.
    if (same === undefined) group.by.push({ product, units });
    else same.units += units;
    groups.set(key, group);
  }
  const needs: Need[] = [];
  for (const [key, { by }] of groups) {
    const needing = new Set(by.map(({ product }) => product.id));
    const fits = (product: CatalogueProduct | undefined): product is CatalogueProduct =>
      product !== undefined &&
      !needing.has(product.id) &&
      isNamed(product, give.find) &&
      keyOf(product, give, "found") === key;
    let units = by.reduce((sum, one) => sum + one.units, 0);
    for (const { productId, quantity } of question.lines) {
      const product = products.get(productId);
      if (fits(product)) units -= packOf(product, give) * quantity;
    }
    if (!(units > 0)) continue;
    const found = (facts.pools.get(rule.id) ?? [])
      .map((id) => products.get(id))
      .filter(fits)
      .map((product) => ({ product, packs: packsFor(units, packOf(product, give)) }))
      .toSorted((a, b) => bestFirst(a, b, give));
    needs.push({ by, units, found });
  }
  return needs;
}

/** Whether this product fits what something in the cart needs, as far as attributes tell; for choosing whose stock to read. */
export function couldServe(
  product: Pick<CatalogueProduct, "attributes">,
  give: NeededGive,
  cart: readonly CatalogueProduct[],
): boolean {
  const key = keyOf(product, give, "found");
  return (
    key !== null && cart.some((one) => unitsFor(one, give) > 0 && keyOf(one, give, "of") === key)
  );
}

/** How many one of this needs; 0: nothing. */
function unitsFor(product: CatalogueProduct, give: NeededGive): number {
  const { of, count, unless } = give;
  const { attributes } = product;
  const everything = of.products.length === 0 && of.categories.length === 0;
  if (!everything && !isNamed(product, of)) return 0;
  if (of.attribute !== "" && !isThere(attributes[of.attribute])) return 0;
  if (unless.some((name) => isThere(attributes[name]))) return 0;
  const told = count.attribute === "" ? undefined : attributes[count.attribute];
  const number = typeof told === "string" ? Number(told) : told;
  return typeof number === "number" && Number.isFinite(number) ? Math.max(0, number) : count.each;
}

/** The values that have to be the same on both sides; null when one is missing. */
function keyOf(
  { attributes }: Pick<CatalogueProduct, "attributes">,
  { find }: NeededGive,
  side: "of" | "found",
): string | null {
  const values = find.match.map((one) => attributes[one[side]]);
  if (!values.every(isThere)) return null;
  return JSON.stringify(values.map((value) => String(value).trim().toLowerCase()));
}

/** In the order the rule names them; else the cheaper way. */
function bestFirst(
  a: Need["found"][number],
  b: Need["found"][number],
  { find }: NeededGive,
): number {
  const placeOf = (id: string) =>
    find.products.includes(id) ? find.products.indexOf(id) : Infinity;
  const [one, other] = [placeOf(a.product.id), placeOf(b.product.id)];
  if (one !== other) return one - other;
  const cost = a.packs * a.product.priceMinor - b.packs * b.product.priceMinor;
  return cost || Number(a.product.id) - Number(b.product.id);
}

function packOf({ attributes }: CatalogueProduct, { pack }: NeededGive): number {
  const told = pack === "" ? undefined : Number(attributes[pack]);
  return told !== undefined && told > 0 && Number.isFinite(told) ? told : 1;
}

/** Whole packs; a thousandth over is no reason for another. */
function packsFor(units: number, pack: number): number {
  return Math.max(1, Math.ceil(units / pack - 1e-9));
}

function isThere(value: string | number | boolean | undefined): boolean {
  if (typeof value === "string") return !/^(|0|no|false|нет|ні)$/i.test(value.trim());
  return value !== undefined && value !== false && value !== 0;
}
