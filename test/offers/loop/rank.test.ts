import fc from "fast-check";
import { expect, test } from "vitest";
import { isExplored, isHeld, showingIdOf } from "../../../server/offers/loop/arms.ts";
import { NO_ANSWERS, chosen, likelihood, ranked } from "../../../server/offers/loop/rank.ts";
import type { Offer } from "../../../server/offers/model.ts";

const offer = (key: string, confidence: number, more: Partial<Offer> = {}): Offer => ({
  ...{ key, kind: "goesWith", ruleId: null, product: null, quantity: 1, priceMinor: 0 },
  ...{ amountMinor: 100, currency: "RUB", reasons: [], saying: "", confidence, ...more },
});

test("an offer that people refuse falls behind one that promised less", () => {
  const promised = [offer("a", 0.4), offer("b", 0.3)];
  expect(ranked(promised, NO_ANSWERS).map(({ key }) => key)).toEqual(["a", "b"]);
  const byKey = new Map([["a", { shown: 50, accepted: 1, expected: 20 }]]);
  expect(ranked(promised, { ...NO_ANSWERS, byKey }).map(({ key }) => key)).toEqual(["b", "a"]);
});

test("a kind that is taken half as often as it promised is believed half as much", () => {
  const byKind = new Map([["goesWith", { shown: 2000, accepted: 245, expected: 500 }] as const]);
  expect(likelihood(offer("a", 0.4), { ...NO_ANSWERS, byKind })).toBeCloseTo(0.2, 3);
});

test("what the cart does not work without comes first, however unlikely", () => {
  const order = ranked([offer("a", 0.9), offer("n", 0.01, { kind: "needed" })], NO_ANSWERS);
  expect(order.map(({ key }) => key)).toEqual(["n", "a"]);
});

test("of the rest the one of which least is known is tried out, in the last place", () => {
  const offers = ["a", "b", "c", "d", "e"].map((key) => offer(key, 0.5));
  const byKey = new Map(
    offers.map(({ key }, i) => [key, { shown: key === "d" ? 2 : 9 + i, accepted: 0, expected: 0 }]),
  );
  const seen = chosen(offers, 3, true, { ...NO_ANSWERS, byKey });
  expect(seen.map((each) => `${each.offer.key} ${each.arm}`)).toEqual([
    "a usual",
    "b usual",
    "d explored",
  ]);
  expect(chosen(offers, 3, false, NO_ANSWERS)).toHaveLength(3);
});

test("the order never depends on the order of what came in, and loses nothing", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 12 }),
      fc.infiniteStream(fc.float({ min: 0, max: 1, noNaN: true })),
      (keys, confidences) => {
        const offers = keys.map((key) => offer(key, confidences.next().value));
        const one = ranked(offers, NO_ANSWERS);
        const other = ranked(offers.toReversed(), NO_ANSWERS);
        expect(one).toEqual(other);
        expect(one.map(({ key }) => key).toSorted()).toEqual(keys.toSorted());
      },
    ),
  );
});

test("about the share that is asked for is held back, and the same customers all month", () => {
  const customers = Array.from({ length: 20_000 }, (_, i) => String(i));
  const first = Date.UTC(2026, 10, 1);
  const last = Date.UTC(2026, 10, 30, 23);
  const held = customers.filter((id) => isHeld(id, first, 0.05));
  expect(held.length / customers.length).toBeCloseTo(0.05, 2);
  expect(customers.filter((id) => isHeld(id, last, 0.05))).toEqual(held);
  const next = customers.filter((id) => isHeld(id, Date.UTC(2026, 11, 1), 0.05));
  expect(next.filter((id) => held.includes(id)).length).toBeLessThan(held.length / 4);
  expect(customers.some((id) => isHeld(id, first, 0))).toBe(false);
  expect(isExplored("1", first, 1)).toBe(true);
});

test("one offer on one occasion has one id, a UUID", () => {
  const id = showingIdOf("main-1.1", "goesWith:12");
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(showingIdOf("main-1.1", "goesWith:12")).toBe(id);
  expect(showingIdOf("main-1.2", "goesWith:12")).not.toBe(id);
});
