/** What somebody puts into one order of the sample shop: a thing, what goes with it, the batteries it needs; and what runs out, again. */
import type { Random } from "../random.ts";
import { type DemoProduct, goesWith, isKind, runsOutDays } from "./products.ts";

/** What is bought, before anybody's language and currency. */
export type Basket = readonly { readonly product: DemoProduct; readonly quantity: number }[];

const dayMs = 86_400_000;
/** Of those who buy a thing that needs batteries. */
const TAKES_BATTERIES = 0.55;
/** Somebody who buys again does so with this chance when it runs out. */
const BUYS_AGAIN = 0.9;

/** Chooses baskets; the products' own numbers decide nothing. */
export function basketMaker(
  random: Random,
  products: readonly DemoProduct[],
): (chosen: number) => Basket {
  const things = products.filter((product) => lastsDays(product) === null);
  const companions = new Map(
    things.map((product) => [
      product,
      goesWith
        .filter(([of]) => isKind(product, of))
        .map(([, companion, chance]) => ({
          chance,
          among: products.filter((one) => isKind(one, companion)),
        })),
    ]),
  );
  return (chosen) => {
    const basket = new Map<DemoProduct, number>();
    const add = (product: DemoProduct, quantity: number) =>
      basket.set(product, (basket.get(product) ?? 0) + quantity);
    for (let n = 0; n < chosen; n += 1) {
      const product = random.pick(things);
      add(product, random.pick([1, 1, 1, 1, 2, 3]));
      for (const { chance, among } of companions.get(product)!)
        if (among.length > 0 && random.chance(chance)) add(random.pick(among), 1);
      const { batteries, batteryCount, batteriesIncluded } = product.attributes;
      const pack = products.find((one) => one.attributes["battery"] === batteries);
      if (pack !== undefined && batteriesIncluded === false && random.chance(TAKES_BATTERIES))
        add(pack, Math.ceil((Number(batteryCount) * basket.get(product)!) / 4));
    }
    return [...basket].map(([product, quantity]) => ({ product, quantity }));
  };
}

/** In how many days one of it runs out; null: it lasts. */
export function lastsDays(product: Pick<DemoProduct, "name">): number | null {
  const found = Object.entries(runsOutDays).find(([name]) => isKind(product, name));
  return found?.[1] ?? null;
}

/**
 * The times at which somebody buys one thing that runs out, from some day on until now: with their own pace, seldom to the day.
 * @returns epoch ms, oldest first; the newest may be longer ago than it lasts.
 */
export function cycle(
  random: Random,
  product: DemoProduct,
  fromMs: number,
  nowMs: number,
): readonly number[] {
  const paceDays = lastsDays(product)! * (0.75 + 0.5 * random.next());
  const times: number[] = [];
  let atMs = fromMs + random.next() * paceDays * dayMs;
  while (atMs < nowMs) {
    if (random.chance(BUYS_AGAIN)) times.push(Math.round(atMs));
    atMs += paceDays * (0.85 + 0.3 * random.next()) * dayMs;
  }
  return times;
}
