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

/** A product that may be what a rule looks for. */
export type Pooled = Pick<CatalogueProduct, "id" | "attributes">;

/** Of `pool`, in its order, the first `most` that fit what something in the cart needs, as far as attributes tell; to know whose stock to look at. */
export function couldServe(
  pool: readonly Pooled[],
  give: NeededGive,
  cart: readonly CatalogueProduct[],
  most: number,
): readonly string[] {
  const keys = new Set<string>();
  for (const product of cart) {
    const key = unitsFor(product, give) > 0 ? keyOf(product, give, "of") : null;
    if (key !== null) keys.add(key);
  }
  if (keys.size === 0) return [];
  const places = placesOf(pool, give);
  const found = [...keys].flatMap((key) => places.get(key) ?? []);
  if (keys.size > 1) found.sort((a, b) => a - b);
  return found.slice(0, most).map((place) => pool[place]!.id);
}

const known = new WeakMap<
  NeededGive,
  { readonly pool: readonly Pooled[]; readonly places: ReadonlyMap<string, readonly number[]> }
>();

/** Where in the pool the products that fit stand, by what they fit; found out once for each pool. */
function placesOf(
  pool: readonly Pooled[],
  give: NeededGive,
): ReadonlyMap<string, readonly number[]> {
  const before = known.get(give);
  if (before?.pool === pool) return before.places;
  const places = new Map<string, number[]>();
  for (const [place, product] of pool.entries()) {
    const key = keyOf(product, give, "found");
    if (key === null) continue;
    const same = places.get(key);
    if (same === undefined) places.set(key, [place]);
    else same.push(place);
  }
  known.set(give, { pool, places });
  return places;
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
  let key = "";
  for (const one of find.match) {
    const value = attributes[one[side]];
    if (!isThere(value)) return null;
    key += `${String(value).trim().toLowerCase()}\0`;
  }
  return key;
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
  if (typeof value === "string") return !NOTHING.test(value);
  return value !== undefined && value !== false && value !== 0;
}

const NOTHING = /^\s*(|0|no|false|нет|ні)\s*$/i;
