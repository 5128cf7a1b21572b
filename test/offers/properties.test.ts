import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { candidatesOf, decideOffers } from "../../server/offers/decide.ts";
import type { CatalogueProduct, OfferFacts } from "../../server/offers/facts.ts";
import type { Offer } from "../../server/offers/model.ts";
import type { Give, OfferRule, OfferRuleSettings } from "../../server/offers/rules.ts";
import { NOON_MS, customer, hint, product, rule } from "./samples.ts";

const SIZES = ["AA", "AAA", "C"] as const;
const COUNT = 12;
const IDS = Array.from({ length: COUNT }, (_, index) => String(index + 1));

/** A small shop in which half of everything can go wrong. */
const products = fc.tuple(...IDS.map((id) => productOf(id)));
function productOf(id: string): fc.Arbitrary<CatalogueProduct> {
  return fc
    .record({
      category: fc.constantFrom("Toys", "Batteries", "Books"),
      priceMinor: fc.integer({ min: 1, max: 100_000 }),
      costShare: fc.option(fc.double({ min: 0, max: 1.2, noNaN: true })),
      stock: fc.option(fc.integer({ min: -1, max: 12 })),
      currency: fc.constantFrom("RUB", "RUB", "RUB", "UAH"),
      attributes: fc.record(
        {
          batteries: fc.constantFrom<string>(...SIZES),
          batteryCount: fc.integer({ min: 0, max: 5 }),
          batteriesIncluded: fc.boolean(),
          size: fc.constantFrom<string>(...SIZES),
          packSize: fc.integer({ min: 0, max: 4 }),
        },
        { requiredKeys: [] },
      ),
    })
    .map(({ costShare, ...own }) =>
      product(id, {
        ...own,
        costMinor: costShare === null ? null : Math.round(own.priceMinor * costShare),
      }),
    );
}

const some = fc.uniqueArray(fc.constantFrom(...IDS, "99"), { maxLength: 4 });
const categories = fc.uniqueArray(fc.constantFrom("Toys", "Batteries", "Books"), { maxLength: 2 });
const percent = fc.integer({ min: 1, max: 100 });
const give: fc.Arbitrary<Give> = fc.oneof(
  fc.record({ kind: fc.constant("promotion" as const), products: some }),
  fc.record({ kind: fc.constant("gift" as const), products: some }),
  fc.record({
    ...{ kind: fc.constant("personalPrice" as const), products: some, categories },
    ...{ percent, priceMinor: fc.constant(null) },
  }),
  fc.record({
    ...{ kind: fc.constant("personalPrice" as const), products: some },
    ...{ categories: fc.constant([]), percent: fc.constant(null) },
    priceMinor: fc.integer({ min: 1, max: 50_000 }),
  }),
  fc.record({
    ...{ kind: fc.constant("discount" as const), percent, sumMinor: fc.constant(null) },
    mostMinor: fc.option(fc.integer({ min: 1, max: 50_000 })),
  }),
  fc.record({
    ...{ kind: fc.constant("bonus" as const), usePercent: percent },
    ...{ givePercent: fc.constant(null), giveMinor: fc.constant(null) },
  }),
  fc.record({
    ...{ kind: fc.constant("bonus" as const), usePercent: fc.constant(null), givePercent: percent },
    giveMinor: fc.constant(null),
  }),
  fc.record({
    kind: fc.constant("needed" as const),
    of: fc.record({ products: some, categories, attribute: fc.constantFrom("", "batteries") }),
    find: fc.record({
      ...{ products: some, categories },
      match: fc.constantFrom([], [{ of: "batteries", found: "size" }]),
    }),
    count: fc.record({
      attribute: fc.constantFrom("", "batteryCount"),
      each: fc.integer({ min: 0, max: 3 }),
    }),
    pack: fc.constantFrom("", "packSize"),
    unless: fc.constantFrom([], ["batteriesIncluded"]),
  }),
);
const limits: fc.Arbitrary<OfferRuleSettings["limits"]> = fc.record({
  stockAtLeast: fc.constantFrom(0, 0, 3),
  marginFloorPercent: fc.option(fc.integer({ min: 0, max: 60 })),
  uses: fc.option(fc.integer({ min: 1, max: 3 })),
  usesPerDay: fc.option(fc.integer({ min: 1, max: 3 })),
  usesPerCustomer: fc.option(fc.integer({ min: 1, max: 3 })),
});
const rules = fc
  .array(
    fc.record({
      ...{ give, limits, priority: fc.integer({ min: 1, max: 4 }) },
      ...{ group: fc.constantFrom("", "", "g", "h"), currency: fc.constant("RUB") },
    }),
    { maxLength: 8 },
  )
  .map((all) => all.map(({ give: gift, ...own }, n) => rule(gift, { ...own, id: String(n + 1) })));

const cases: fc.Arbitrary<OfferFacts> = fc
  .record({
    ...{ products, rules },
    lines: fc.uniqueArray(
      fc.record({ at: fc.nat(COUNT - 1), quantity: fc.integer({ min: 1, max: 3 }) }),
      { maxLength: 4, selector: ({ at }) => at },
    ),
    hinted: fc.uniqueArray(fc.nat(COUNT - 1), { maxLength: 5 }),
    unwanted: fc.uniqueArray(fc.constantFrom(...IDS), { maxLength: 3 }),
    used: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 8, maxLength: 8 }),
    ...{ known: fc.boolean(), openClaim: fc.constantFrom(false, false, false, true) },
    bonusMinor: fc.option(fc.integer({ min: 0, max: 90_000 })),
  })
  .map((one) => {
    const at = (index: number) => one.products[index]!;
    const byRule = one.rules.map(({ id }, n) => [id, one.used[n]!] as const);
    const who = customer({
      ...{ unwanted: new Set(one.unwanted), openClaim: one.openClaim, bonusMinor: one.bonusMinor },
      uses: new Map(byRule),
    });
    return {
      question: {
        ...{ customerId: one.known ? "1" : null, currency: "RUB", channel: "site" as const },
        nowMs: NOON_MS,
        lines: one.lines.map((line) => ({
          productId: at(line.at).id,
          quantity: line.quantity,
          priceMinor: at(line.at).priceMinor,
        })),
      },
      rules: one.rules.toSorted(
        (a, b) => b.settings.priority - a.settings.priority || Number(a.id) - Number(b.id),
      ),
      customer: one.known ? who : null,
      products: new Map(one.products.map((each) => [each.id, each])),
      pools: new Map(one.rules.map(({ id }) => [id, one.products])),
      uses: new Map(byRule.map(([id, times]) => [id, { all: times, today: times }])),
      hints: one.hinted.map((index) => hint(at(index))),
      timeZone: "Europe/Moscow",
    };
  });

const ruleOf = (facts: OfferFacts, { ruleId }: Offer): OfferRule | undefined =>
  facts.rules.find(({ id }) => id === ruleId);
const holds = (property: (facts: OfferFacts, offers: readonly Offer[]) => void) =>
  fc.assert(
    fc.property(cases, (facts) => property(facts, decideOffers(facts).answer.offers)),
    { numRuns: 700 },
  );

describe("over generated shops, carts and rules", () => {
  test("nothing is offered that is out of stock, in the cart, returned, in another currency, or twice", () => {
    let seen = 0;
    holds((facts, offers) => {
      const ids = offers.flatMap(({ product: one }) => (one === null ? [] : [one.id]));
      expect(new Set(ids).size).toBe(ids.length);
      for (const { product: one, quantity } of offers) {
        if (one === null) continue;
        seen += 1;
        const { stock } = facts.products.get(one.id)!;
        expect(stock === null || (stock > 0 && stock >= quantity)).toBe(true);
        expect(facts.question.lines.map(({ productId }) => productId)).not.toContain(one.id);
        expect(facts.customer?.unwanted.has(one.id) ?? false).toBe(false);
        expect(one.currency).toBe("RUB");
        expect(quantity).toBeGreaterThan(0);
      }
    });
    // A property about nothing would hold too.
    expect(seen).toBeGreaterThan(400);
  });

  test("whichever offers are taken, the floors of all of them hold", () => {
    let floored = 0;
    fc.assert(
      fc.property(cases, fc.infiniteStream(fc.boolean()), (facts, coin) => {
        const all = decideOffers(facts).answer.offers;
        const taken = all.filter(() => coin.next().value === true);
        for (const of of [all, taken]) floored += checkFloors(facts, of);
      }),
      { numRuns: 1200 },
    );
    expect(floored).toBeGreaterThan(100);
  });

  test("limits hold, of a group one rule gives, an open claim silences everything", () => {
    holds((facts, offers) => {
      if (facts.customer?.openClaim === true) expect(offers).toEqual([]);
      const groups = new Map<string, Set<string>>();
      for (const offer of offers) {
        const found = ruleOf(facts, offer);
        if (found === undefined) continue;
        const { limits: of, group } = found.settings;
        const used = facts.uses.get(found.id)!;
        expect(used.all).toBeLessThan(of.uses ?? Infinity);
        expect(used.today).toBeLessThan(of.usesPerDay ?? Infinity);
        if (of.usesPerCustomer !== null)
          expect(facts.customer?.uses.get(found.id)).toBeLessThan(of.usesPerCustomer);
        const stock = offer.product?.stock ?? null;
        if (stock !== null) expect(stock).toBeGreaterThanOrEqual(of.stockAtLeast);
        if (group !== "") groups.set(group, (groups.get(group) ?? new Set()).add(found.id));
      }
      for (const members of groups.values()) expect(members.size).toBe(1);
    });
  });

  test("every rule that gives nothing says why, and no rule does both", () => {
    fc.assert(
      fc.property(cases, (facts) => {
        const { answer, givenUp } = decideOffers(facts);
        const giving = new Set(answer.offers.flatMap(({ ruleId }) => ruleId ?? []));
        const silent = givenUp.map(({ ruleId }) => ruleId);
        expect([...giving, ...silent].toSorted()).toEqual(
          facts.rules.map(({ id }) => id).toSorted(),
        );
      }),
      { numRuns: 700 },
    );
  });

  test("never less than nothing is paid, and what is needed covers the need without a pack too many", () => {
    holds((facts, offers) => {
      const cart = facts.question.lines.reduce(
        (sum, one) => sum + one.priceMinor * one.quantity,
        0,
      );
      const off = offers
        .filter(({ product: one }) => one === null)
        .reduce((sum, one) => sum + one.amountMinor, 0);
      expect(cart + off).toBeGreaterThanOrEqual(0);
      for (const offer of offers) {
        expect(offer.priceMinor).toBeGreaterThanOrEqual(0);
        const gift = ruleOf(facts, offer)?.settings.give;
        if (gift?.kind !== "needed" || offer.product === null) continue;
        const told = Number(facts.products.get(offer.product.id)!.attributes[gift.pack]);
        const pack = told > 0 ? told : 1;
        const needed = offer.reasons.reduce(
          (sum, one) => (one.code === "needs" ? sum + one.quantity : sum),
          0,
        );
        expect((offer.quantity - 1) * pack).toBeLessThan(needed);
      }
    });
  });

  test("what is read for a decision is enough for it", () => {
    fc.assert(
      fc.property(cases, (facts) => {
        const cart = new Map(
          facts.question.lines.flatMap(({ productId }) => {
            const one = facts.products.get(productId);
            return one === undefined ? [] : [[productId, one] as const];
          }),
        );
        const { ids, pools } = candidatesOf({ ...facts, hints: [], products: cart }, () => [
          ...facts.products.values(),
        ]);
        const read = new Map(cart);
        for (const id of [...ids, ...facts.hints.map(({ product: one }) => one.id)]) {
          const one = facts.products.get(id);
          if (one !== undefined) read.set(id, one);
        }
        const looked = new Map(
          [...pools].map(([id, pool]) => [id, pool.map((one) => facts.products.get(one)!)]),
        );
        expect(decideOffers({ ...facts, products: read, pools: looked }).answer).toEqual(
          decideOffers(facts).answer,
        );
      }),
      { numRuns: 700 },
    );
  });
});

/**
 * Reckoned anew from the offers alone: what is paid for each line and in all, and which floors were promised. @returns how many floors
 * there were to keep.
 */
function checkFloors(facts: OfferFacts, offers: readonly Offer[]): number {
  let checked = 0;
  const lowered = new Map<string, { off: number; floor: number | null }>();
  let off = 0;
  let given = 0;
  let wholeFloor: number | null = null;
  for (const offer of offers) {
    const found = ruleOf(facts, offer);
    if (found === undefined) continue;
    const { give: gift, limits: of } = found.settings;
    const floor = of.marginFloorPercent;
    if (gift.kind === "gift") {
      const cost = facts.products.get(offer.product!.id)!.costMinor;
      given += cost ?? 0;
      if (floor !== null) expect(cost).not.toBeNull();
    } else if (offer.product !== null) {
      if (floor === null) continue;
      checked += 1;
      const { costMinor } = facts.products.get(offer.product.id)!;
      expect(costMinor).not.toBeNull();
      expect(offer.priceMinor * (1 - floor / 100)).toBeGreaterThanOrEqual(costMinor! - 1);
      continue;
    } else if (gift.kind === "personalPrice") {
      // Which lines it lowered is not told apart: their floor is checked by the sum of the cart below.
      lowered.set(found.id, { off: -offer.amountMinor, floor });
      off -= offer.amountMinor;
      continue;
    } else off -= offer.amountMinor;
    // Points that are given are not told in the sum; the ledger counts them, this check is milder there.
    if (floor !== null) wholeFloor = Math.max(wholeFloor ?? 0, floor);
  }
  if (wholeFloor !== null) {
    checked += 1;
    let paid = -off;
    let cost = given;
    for (const { productId, quantity, priceMinor } of facts.question.lines) {
      const one = facts.products.get(productId)!;
      if (one.currency !== "RUB") return checked;
      expect(one.costMinor).not.toBeNull();
      paid += priceMinor * quantity;
      cost += one.costMinor! * quantity;
    }
    // Prices of one are rounded, so the sum may be off by a coin for each piece.
    expect(paid * (1 - wholeFloor / 100)).toBeGreaterThanOrEqual(cost - 12);
  }
  return checked;
}
