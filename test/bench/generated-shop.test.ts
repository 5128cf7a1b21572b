import fc from "fast-check";
import { expect, test } from "vitest";
import { basketsOf, makeGeneratedShop, oracle } from "./generated-shop.ts";

const shape = { seed: 3, products: 300, categories: 20, days: 730, visits: 8 };
const shop = makeGeneratedShop(shape);
const customers = Array.from({ length: 3000 }, (_, customer) => basketsOf(shop, customer));

test("the same seed makes the same shop, another seed another", () => {
  const again = makeGeneratedShop(shape);
  expect(again).toEqual(shop);
  expect(basketsOf(again, 17)).toEqual(customers[17]);
  expect(basketsOf(makeGeneratedShop({ ...shape, seed: 4 }), 17)).not.toEqual(customers[17]);
});

test("no basket is empty, none has a product twice, and nobody buys twice what lasts", () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(1e6), (seed, customer) => {
      const other = makeGeneratedShop({ ...shape, seed, products: 60 });
      const owned = new Set<number>();
      for (const { items, day } of basketsOf(other, customer).slice(0, 10)) {
        expect(day).toBeLessThan(shape.days);
        expect(items.length).toBeGreaterThan(0);
        expect(new Set(items.map(({ n }) => n)).size).toBe(items.length);
        for (const { n } of items) {
          expect(owned).not.toContain(n);
          if (other.products[n]!.cycleDays === null) owned.add(n);
        }
      }
    }),
    { numRuns: 30 },
  );
});

test("a planted companion is taken with its product about as often as planned", () => {
  const anchor = shop.products.find(({ companions }) => companions.length === 1)!;
  const { n, chance } = anchor.companions[0]!;
  // First baskets alone: who has it already does not take it again.
  const withAnchor = customers.flatMap(([first]) =>
    first!.items.some((item) => item.n === anchor.n) && !first!.due.includes(anchor.n)
      ? [first!]
      : [],
  );
  const taken = withAnchor.filter(({ items }) => items.some((item) => item.n === n)).length;
  expect(withAnchor.length).toBeGreaterThan(20);
  expect(taken / withAnchor.length).toBeGreaterThan(chance / 2);
});

test("who knows the rules names a hidden product far more often than who knows what is popular", () => {
  const times = new Map<number, number>();
  for (const baskets of customers)
    for (const { items } of baskets.slice(0, -1))
      for (const { n } of items) times.set(n, (times.get(n) ?? 0) + 1);
  const popular = [...times].toSorted((a, b) => b[1] - a[1]).map(([n]) => n);
  let asked = 0;
  let known = 0;
  let guessed = 0;
  for (const baskets of customers) {
    const { items, day, due } = baskets.at(-1)!;
    if (items.length < 2) continue;
    const [hidden, ...cart] = items.map(({ n }) => n);
    const owned = new Set(baskets.slice(0, -1).flatMap((one) => one.items.map(({ n }) => n)));
    for (const n of owned) if (shop.products[n]!.cycleDays !== null) owned.delete(n);
    asked += 1;
    if (oracle(shop, cart, { day, due, owned }, 10).includes(hidden!)) known += 1;
    if (
      popular
        .filter((n) => !cart.includes(n))
        .slice(0, 10)
        .includes(hidden!)
    )
      guessed += 1;
  }
  expect(asked).toBeGreaterThan(1000);
  expect(known / asked).toBeGreaterThan((2.5 * guessed) / asked);
});
