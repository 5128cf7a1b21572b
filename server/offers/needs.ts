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
  /** What would do, best first. */
  readonly found: readonly Serving[];
};

/** A product that would do; `packs` of it hold the units that are needed. */
type Serving = { readonly product: CatalogueProduct; readonly packs: number };

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
    let units = by.reduce((sum, one) => sum + one.units, 0);
    for (const { productId, quantity } of question.lines) {
      const product = products.get(productId);
      if (product !== undefined && !needing.has(productId) && serves(product, give, key))
        units -= packOf(product, give) * quantity;
    }
    if (!(units > 0)) continue;
    const all = servingsOf(facts.pools.get(rule.id) ?? [], give, key, units);
    // Nothing is powered by itself.
    const isAmongThem = by.some(({ product }) => serves(product, give, key));
    const found = isAmongThem ? all.filter(({ product }) => !needing.has(product.id)) : all;
    needs.push({ by, units, found });
  }
  return needs;
}

/** Whether a product is what the rule looks for, of the values that `key` says. */
function serves(product: CatalogueProduct, give: NeededGive, key: string): boolean {
  return isNamed(product, give.find) && keyOf(product, give, "found") === key;
}

const servings = new WeakMap<
  readonly CatalogueProduct[],
  { readonly give: NeededGive; readonly best: Map<string, readonly Serving[]> }
>();
/** Numbers of units that are remembered of a pool. */
const MOST_SERVINGS = 100;

/** Best first; found out once for a pool, which is another one when a product in it changes. */
function servingsOf(
  pool: readonly CatalogueProduct[],
  give: NeededGive,
  key: string,
  units: number,
): readonly Serving[] {
  let known = servings.get(pool);
  if (known?.give !== give || known.best.size > MOST_SERVINGS) {
    known = { give, best: new Map() };
    servings.set(pool, known);
  }
  const name = `${units}\0${key}`;
  let best = known.best.get(name);
  if (best === undefined) {
    best = pool
      .filter((product) => serves(product, give, key))
      .map((product) => ({ product, packs: packsFor(units, packOf(product, give)) }))
      .toSorted((a, b) => bestFirst(a, b, give));
    known.best.set(name, best);
  }
  return best;
}

/** A product that may be what a rule looks for. */
export type Pooled = Pick<CatalogueProduct, "id" | "attributes">;

/**
 * Of `pool`, in its order, the first `most` that fit what something in the cart needs, as far as attributes tell; to know whose stock to look
 * at. The same array for every cart that needs the same.
 */
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
  const { places, first } = knownOf(pool, give);
  const name = [...keys].toSorted().join("\0\0");
  let ids = first.get(name);
  if (ids === undefined) {
    const found = [...keys].flatMap((key) => places.get(key) ?? []).toSorted((a, b) => a - b);
    ids = found.slice(0, most).map((place) => pool[place]!.id);
    // Carts that need many things at once are few; the bound is against somebody who makes them up.
    if (first.size >= MOST_KEYS) first.clear();
    first.set(name, ids);
  }
  return ids;
}

/** What is known of a pool. */
type KnownPool = {
  readonly pool: readonly Pooled[];
  /** Where the products that fit stand, by what they fit. */
  readonly places: ReadonlyMap<string, readonly number[]>;
  /** The ids of the first ones, by what a cart needs. */
  readonly first: Map<string, readonly string[]>;
};

const known = new WeakMap<NeededGive, KnownPool>();
const MOST_KEYS = 1000;

/** Found out once for each pool. */
function knownOf(pool: readonly Pooled[], give: NeededGive): KnownPool {
  const before = known.get(give);
  if (before?.pool === pool) return before;
  const places = new Map<string, number[]>();
  for (const [place, product] of pool.entries()) {
    const key = keyOf(product, give, "found");
    if (key === null) continue;
    const same = places.get(key);
    if (same === undefined) places.set(key, [place]);
    else same.push(place);
  }
  const now: KnownPool = { pool, places, first: new Map() };
  known.set(give, now);
  return now;
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
    const value = meaningOf(attributes[one[side]]);
    if (value === "") return null;
    key += `${value}\0`;
  }
  return key;
}

/** In the order the rule names them; else the cheaper way. */
function bestFirst(
  a: Need["found"][number],
  b: Need["found"][number],
  { find }: NeededGive,
): number {
  if (find.products.length > 0) {
    const placeOf = (id: string) =>
      find.products.includes(id) ? find.products.indexOf(id) : Infinity;
    const [one, other] = [placeOf(a.product.id), placeOf(b.product.id)];
    if (one !== other) return one - other;
  }
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

type Attribute = string | number | boolean | undefined;

function isThere(value: Attribute): boolean {
  return meaningOf(value) !== "";
}

/** What an attribute says, without regard to case; "" when it says no or nothing. */
function meaningOf(value: Attribute): string {
  if (typeof value !== "string")
    return value === undefined || value === false || value === 0 ? "" : String(value);
  let meaning = meanings.get(value);
  if (meaning === undefined) {
    meaning = NOTHING.test(value) ? "" : value.trim().toLowerCase();
    if (meanings.size >= MOST_MEANINGS) meanings.clear();
    meanings.set(value, meaning);
  }
  return meaning;
}

const NOTHING = /^\s*(|0|no|false|нет|ні)\s*$/i;
// Products of a shop have few sizes and makes; to look at the same words again costs more than the rest of a need.
const MOST_MEANINGS = 5000;
const meanings = new Map<string, string>();
