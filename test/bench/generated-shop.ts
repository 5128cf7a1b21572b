/**
 * A shop made by rules that are known: products that belong together, goods that run out, seasons, and a few products that everybody
 * buys. The same seed makes the same shop; each customer's purchases can be made alone. So what was learned of it can be set beside what
 * there was to learn ({@link oracle}).
 */
import { type Random, seededRandom } from "../../server/demo/random.ts";

/** How large a shop. */
export type ShopShape = {
  readonly seed: number;
  readonly products: number;
  readonly categories: number;
  /** Over which customers buy. */
  readonly days: number;
  /** Of a customer, on the average. */
  readonly visits: number;
};

export type GeneratedProduct = {
  /** 0 is bought most. */
  readonly n: number;
  readonly category: number;
  /** Days that one piece lasts; null: it lasts. */
  readonly cycleDays: number | null;
  /** What is put into the same basket, and how often. */
  readonly companions: readonly { readonly n: number; readonly chance: number }[];
};

export type GeneratedShop = {
  readonly shape: ShopShape;
  readonly products: readonly GeneratedProduct[];
  /** Goods that run out, in order of popularity. */
  readonly consumables: readonly number[];
  /** Share of all choices that fall on product `n` or one before it. */
  readonly chosenUpTo: Float64Array;
  /** Of each product: what it is a companion of. */
  readonly companionOf: readonly (readonly { readonly n: number; readonly chance: number }[])[];
};

/** One order. */
export type Basket = {
  /** From 0. */
  readonly day: number;
  readonly items: readonly { readonly n: number; readonly pieces: number }[];
  /** The customer's staples that were running out that day, bought or not. */
  readonly due: readonly number[];
};

/** Popularity falls with the rank: the first ten of 5,000 get about a tenth of all choices. */
const SKEW = 0.8;
const FLATTENED = 15;
/** Every third product goes with others. */
const ANCHORS = 0.35;
const CONSUMABLE_CATEGORIES = 0.3;
/** Who runs out of a staple takes it along so often. */
const TAKEN_WHEN_DUE = 0.75;
const DUE_FROM = 0.85;
/** One more product is chosen for itself with this chance. */
const ONE_MORE = 0.45;
/** In its season a category is bought four times as often as out of it. */
const OUT_OF_SEASON = 0.25;
const YEAR_DAYS = 365;

/** Makes the products; customers are made when they are asked for. */
export function makeGeneratedShop(shape: ShopShape): GeneratedShop {
  const random = seededRandom(shape.seed);
  const chosenUpTo = new Float64Array(shape.products);
  let sum = 0;
  for (let n = 0; n < shape.products; n++) chosenUpTo[n] = sum += (n + FLATTENED) ** -SKEW;
  for (let n = 0; n < shape.products; n++) chosenUpTo[n]! /= sum;
  const consumableCategories = Math.ceil(shape.categories * CONSUMABLE_CATEGORIES);
  const products = Array.from({ length: shape.products }, (_, n): GeneratedProduct => {
    const category = random.whole(0, shape.categories - 1);
    const isAnchor = random.chance(ANCHORS);
    return {
      ...{ n, category },
      cycleDays: category < consumableCategories ? 20 + ((category * 17) % 60) : null,
      companions: isAnchor
        ? Array.from({ length: random.whole(1, 3) }, () => ({
            n: random.whole(0, shape.products - 1),
            chance: 0.15 + 0.35 * random.next(),
          })).filter((one) => one.n !== n)
        : [],
    };
  });
  const companionOf: { n: number; chance: number }[][] = products.map(() => []);
  for (const { n, companions } of products)
    for (const { n: other, chance } of companions) companionOf[other]!.push({ n, chance });
  const consumables = products.flatMap(({ n, cycleDays }) => (cycleDays === null ? [] : [n]));
  return { shape, products, consumables, chosenUpTo, companionOf };
}

/** How much of its best a category sells on this day: every fourth in winter, every fourth in summer, the others always. */
function season(category: number, day: number): number {
  const kind = category % 4;
  if (kind > 1) return 1;
  const turn = Math.cos((2 * Math.PI * day) / YEAR_DAYS) * (kind === 0 ? 1 : -1);
  return OUT_OF_SEASON + ((1 - OUT_OF_SEASON) * (1 + turn)) / 2;
}

function choose(shop: GeneratedShop, random: Random, day: number): number {
  for (;;) {
    const at = random.next();
    let low = 0;
    let high = shop.chosenUpTo.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (shop.chosenUpTo[middle]! < at) low = middle + 1;
      else high = middle;
    }
    const { category } = shop.products[low]!;
    if (random.next() < season(category, day)) return low;
  }
}

type Staple = { readonly n: number; readonly pieces: number; lastsUntil: number; cycle: number };

/** Everything customer `customer` (from 0) buys, in the order of time; nobody buys what lasts twice. */
export function basketsOf(shop: GeneratedShop, customer: number): readonly Basket[] {
  const { shape, products, consumables } = shop;
  // Far apart, since neighbours' numbers of this generator begin alike.
  const random = seededRandom(Math.imul(shape.seed ^ (customer + 1), 0x9e3779b1) ^ customer);
  const visits = 1 + Math.floor(-Math.log(1 - random.next()) * (shape.visits - 1) + 0.5);
  const days = Array.from({ length: visits }, () => random.whole(0, shape.days - 1));
  days.sort((a, b) => a - b);
  const staples: Staple[] = [];
  if (consumables.length > 0)
    for (let k = random.whole(0, 3); k > 0; k--) {
      const at = Math.floor(random.next() ** 2 * consumables.length);
      const n = consumables[at]!;
      const pieces = random.chance(0.25) ? 2 : 1;
      const cycle = products[n]!.cycleDays! * pieces;
      staples.push({ n, pieces, cycle, lastsUntil: random.whole(0, cycle) });
    }
  const owned = new Set<number>();
  return days.map((day) => {
    const items = new Map<number, number>();
    const due = staples.filter(
      ({ lastsUntil, cycle }) => day >= lastsUntil - (1 - DUE_FROM) * cycle,
    );
    for (const staple of due) {
      if (!random.chance(TAKEN_WHEN_DUE)) continue;
      items.set(staple.n, staple.pieces);
      staple.lastsUntil = day + staple.cycle;
    }
    do {
      const n = choose(shop, random, day);
      if (owned.has(n)) continue;
      items.set(n, items.get(n) ?? 1);
      for (const companion of products[n]!.companions)
        if (random.next() < companion.chance && !owned.has(companion.n))
          items.set(companion.n, items.get(companion.n) ?? 1);
    } while (items.size === 0 || random.next() < ONE_MORE);
    for (const n of items.keys()) if (products[n]!.cycleDays === null) owned.add(n);
    return {
      ...{ day, due: due.map(({ n }) => n) },
      items: [...items].map(([n, pieces]) => ({ n, pieces })),
    };
  });
}

/**
 * The products that most likely are in the basket beside `cart`, best first, by the very rules that filled it: what nobody who has
 * only the orders can do better. `due`: the customer's staples of that day; `owned`: what they have.
 */
export function oracle(
  shop: GeneratedShop,
  cart: readonly number[],
  {
    day,
    due,
    owned,
  }: { readonly day: number; readonly due: readonly number[]; readonly owned: ReadonlySet<number> },
  limit: number,
): readonly number[] {
  const missing = new Map<number, number>();
  const add = (n: number, chance: number) =>
    missing.set(n, (missing.get(n) ?? 1) * (1 - Math.min(chance, 0.999)));
  for (const n of due) add(n, TAKEN_WHEN_DUE);
  for (const n of cart) {
    for (const companion of shop.products[n]!.companions) add(companion.n, companion.chance);
    // It may itself be there for the sake of something else.
    const anchors = shop.companionOf[n]!;
    const how = anchors.map(({ n: anchor, chance }) => share(shop, anchor, day) * chance);
    const all = share(shop, n, day) + how.reduce((sum, one) => sum + one, 0);
    for (const [at, { n: anchor }] of anchors.entries()) add(anchor, how[at]! / all);
  }
  // What everybody buys, for what is left; more than that many are never asked for.
  for (let n = 0; n < Math.min(shop.products.length, 200); n++)
    add(n, share(shop, n, day) / (1 - ONE_MORE));
  return [...missing]
    .filter(([n]) => !cart.includes(n) && !owned.has(n))
    .toSorted((a, b) => a[1] - b[1] || a[0] - b[0])
    .slice(0, limit)
    .map(([n]) => n);
}

/** The chance that one choice of this day falls on a product. */
function share(shop: GeneratedShop, n: number, day: number): number {
  const own = shop.chosenUpTo[n]! - (n === 0 ? 0 : shop.chosenUpTo[n - 1]!);
  return own * season(shop.products[n]!.category, day);
}
