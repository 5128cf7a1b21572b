import fc from "fast-check";
import { expect, test } from "vitest";
import { type Candidate, hintOf, isDue } from "../../../server/offers/learn/model.ts";

const product = {
  ...{ id: "1", sku: "s", name: "Food", category: "dogs", priceMinor: 100, currency: "RUB" },
  stock: null,
};
const own = {
  ...{ times: 4, visits: 9, lastDaysAgo: 30, lastPieces: 1, lastsDays: 30 },
  by: "own" as const,
};
const because = { product: "Bowl", together: 43, of: 120 };
const candidate = (more: Partial<Candidate>): Candidate => ({
  ...{ product, because: null, likely: 0, own: null },
  ...more,
});

test("what is due is reminded of, in the quantity of last time, with the days that this lasts", () => {
  expect(hintOf(candidate({ own: { ...own, lastPieces: 2, lastsDays: 29.6 } }))).toMatchObject({
    ...{ kind: "reorder", quantity: 2 },
    reasons: [{ code: "runsOut", everyDays: 30, lastDaysAgo: 30, by: "own" }],
  });
  expect(hintOf(candidate({ own: { ...own, lastPieces: 0.4 } })).quantity).toBe(1);
});

test("it is due from 0.8 to 1.5 of how long it lasts, and never when nobody knows that", () => {
  const dueAfter = (lastDaysAgo: number) => isDue({ ...own, lastDaysAgo });
  expect([23, 24, 45, 46].map(dueAfter)).toEqual([false, true, true, false]);
  expect(isDue({ ...own, lastsDays: null })).toBe(false);
});

test("what goes with the cart says how many took both", () => {
  expect(hintOf(candidate({ because, likely: 0.33 }))).toEqual({
    ...{ kind: "goesWith", product, quantity: 1, confidence: 0.33 },
    reasons: [{ code: "boughtTogether", ...because }],
  });
});

test("the surest reminder is of what was bought often and is due to the day", () => {
  const sureOf = (more: Partial<typeof own>) =>
    hintOf(candidate({ own: { ...own, ...more } })).confidence;
  expect(sureOf({})).toBeGreaterThan(sureOf({ lastDaysAgo: 40 }));
  expect(sureOf({})).toBeGreaterThan(sureOf({ lastDaysAgo: 25 }));
  expect(sureOf({})).toBeGreaterThan(sureOf({ times: 3 }));
  const both = hintOf(candidate({ own, because, likely: 0.3 })).confidence;
  expect(both).toBeGreaterThan(sureOf({}));
});

test("whatever is known, confidence is from 0 to 1, quantity whole, and there is a reason", () => {
  const times = fc.integer({ min: 1, max: 1000 });
  fc.assert(
    fc.property(
      fc.record({
        product: fc.constant(product),
        because: fc.constant(because),
        likely: fc.double({ min: 0, max: 1, noNaN: true }),
        own: fc.option(
          fc.record({
            ...{ times, visits: fc.integer({ min: 1000, max: 2000 }) },
            ...{
              lastDaysAgo: fc.nat(5000),
              lastPieces: fc.double({ min: 0.01, max: 1e6, noNaN: true }),
            },
            lastsDays: fc.option(fc.double({ min: 0.01, max: 1e4, noNaN: true })),
            by: fc.constantFrom("own" as const, "category" as const),
          }),
        ),
      }),
      (one) => {
        const { confidence, quantity, reasons } = hintOf(one);
        expect(confidence).toBeGreaterThanOrEqual(0);
        expect(confidence).toBeLessThanOrEqual(1);
        expect(Number.isInteger(quantity) && quantity >= 1).toBe(true);
        expect(reasons.length).toBeGreaterThan(0);
      },
    ),
  );
});
