import { describe, expect, test } from "vitest";
import { decideOffers } from "../../server/offers/decide.ts";
import type { OfferFacts } from "../../server/offers/facts.ts";
import type { Give, OfferCondition } from "../../server/offers/rules.ts";
import {
  AA4,
  AAA4,
  BATTERIES,
  NOON_MS,
  NO_LIMITS,
  ROBOT,
  customer,
  facts,
  hint,
  percentOff,
  product,
  rule,
} from "./samples.ts";

type Of<Kind> = Extract<Give, { kind: Kind }>;
const offersOf = (of: OfferFacts) => decideOffers(of).answer.offers;
const because = (of: OfferFacts) => decideOffers(of).givenUp.map((one) => one.because);
const promote = (...products: string[]) => ({ kind: "promotion", products }) as const;
const gift = (...products: string[]) => ({ kind: "gift", products }) as const;
const price = (own: Partial<Of<"personalPrice">>): Of<"personalPrice"> => ({
  ...{ kind: "personalPrice", products: [], categories: [], percent: null, priceMinor: null },
  ...own,
});
const bonus = (own: Partial<Of<"bonus">>): Of<"bonus"> => ({
  ...{ kind: "bonus", usePercent: null, givePercent: null, giveMinor: null, ...own },
});
const floor = (marginFloorPercent: number) => ({ ...NO_LIMITS, marginFloorPercent });

describe("what the cart does not work without", () => {
  const rules = [rule(BATTERIES, { id: "7" })];

  test("a toy without batteries gets batteries of its size, as many packs as it needs", () => {
    expect(offersOf(facts({ rules }))).toEqual([
      expect.objectContaining({
        ...{ key: "rule:7:2", kind: "needed", ruleId: "7", quantity: 1 },
        ...{ priceMinor: 20_000, amountMinor: 20_000, currency: "RUB" },
        product: expect.objectContaining({ id: "2", name: "AA, 4 pieces", stock: 50 }),
        reasons: [
          { code: "needs", product: "Robot", quantity: 3 },
          { code: "rule", rule: "A needed" },
        ],
      }),
    ]);
    // Three robots need nine: two packs are eight.
    expect(offersOf(facts({ rules, cart: [[ROBOT, 3]] }))).toMatchObject([
      { quantity: 3, amountMinor: 60_000, reasons: [{ quantity: 9 }, {}] },
    ]);
  });

  test("nothing with batteries included, and nothing when enough of them are in the cart", () => {
    const included = { ...ROBOT, attributes: { ...ROBOT.attributes, batteriesIncluded: true } };
    expect(because(facts({ rules, cart: [included] }))).toEqual(["nothingNeeded"]);
    expect(because(facts({ rules, cart: [ROBOT, AA4] }))).toEqual(["nothingNeeded"]);
    // Five more are needed than the pack in the cart has; that pack is not offered again, another make is.
    const other = { ...AA4, id: "9", attributes: { size: "AA", packSize: 2 } };
    const more = facts({ rules, cart: [[ROBOT, 3], AA4], products: [AA4, other] });
    expect(offersOf(more)).toMatchObject([{ product: { id: "9" }, quantity: 3 }]);
    expect(because(facts({ rules, cart: [[ROBOT, 3], AA4] }))).toEqual(["inCart"]);
  });

  test("things that need the same are added up, others apart", () => {
    const car = product("5", { name: "Car", attributes: { batteries: "aa ", batteryCount: "2" } });
    const clock = product("6", { name: "Clock", attributes: { batteries: "AAA" } });
    const offers = offersOf(facts({ rules, cart: [ROBOT, [car, 2], clock] }));
    expect(offers).toMatchObject([
      { product: { id: "2" }, quantity: 2, reasons: [{ quantity: 3 }, { quantity: 4 }, {}] },
      { product: { id: "3" }, quantity: 1, reasons: [{ product: "Clock", quantity: 1 }, {}] },
    ]);
  });

  test("what is out of stock or too few is not offered, the next that fits is", () => {
    const dear = product("8", {
      ...{ category: "Batteries", priceMinor: 90_000 },
      attributes: { size: "AA", packSize: 4 },
    });
    const short = { ...AA4, stock: 1 };
    const cart = [[ROBOT, 2]] as const;
    expect(offersOf(facts({ rules, cart, products: [short, dear] }))).toMatchObject([
      { product: { id: "8" }, quantity: 2 },
    ]);
    expect(because(facts({ rules, cart, products: [{ ...AA4, stock: 0 }] }))).toEqual([
      "outOfStock",
    ]);
    // Named products go before cheaper ones.
    const named = { ...BATTERIES, find: { ...BATTERIES.find, products: ["8"] } };
    expect(offersOf(facts({ rules: [rule(named)], products: [AA4, dear] }))).toMatchObject([
      { product: { id: "8" } },
    ]);
  });
});

describe("which rule goes first", () => {
  test("a product is offered once, by the rule with the higher priority", () => {
    const rules = [
      rule(promote("2"), { id: "1", priority: 10 }),
      rule(price({ products: ["2"], percent: 10 }), { id: "2", priority: 20 }),
    ];
    const { answer, givenUp } = decideOffers(facts({ rules }));
    expect(answer.offers).toMatchObject([{ ruleId: "2", priceMinor: 18_000 }]);
    expect(givenUp).toEqual([
      expect.objectContaining({ ruleId: "1", because: "sameProduct", other: "2" }),
    ]);
  });

  test("of a group one rule gives; one that can give nothing does not stand in the way", () => {
    const rules = [
      rule(promote("99"), { id: "1", priority: 30, group: "november" }),
      rule(percentOff(10), { id: "2", priority: 20, group: "november" }),
      rule(percentOff(50), { id: "3", priority: 10, group: "november" }),
      rule(percentOff(1), { id: "4", priority: 5 }),
    ];
    const { answer, givenUp } = decideOffers(facts({ rules }));
    expect(answer.offers).toMatchObject([
      { ruleId: "2", amountMinor: -30_000 },
      // Of what is left to pay.
      { ruleId: "4", amountMinor: -2700 },
    ]);
    expect(givenUp).toMatchObject([
      { ruleId: "1", because: "unknownProduct" },
      { ruleId: "3", because: "group", other: "2" },
    ]);
  });

  test("what was learned comes after the rules, and speaks for a product that a rule offers", () => {
    const rules = [rule(promote("2"), { id: "1" })];
    const hints = [hint(AA4), hint(AAA4, { confidence: 0.2 }), hint(product("4"))];
    expect(offersOf(facts({ rules, hints }))).toMatchObject([
      { key: "rule:1:2", confidence: 0.4, reasons: [{ code: "rule" }, { code: "boughtTogether" }] },
      { key: "goesWith:4", ruleId: null, confidence: 0.4 },
      { key: "goesWith:3", confidence: 0.2 },
    ]);
  });
});

describe("what is never offered", () => {
  test("anything while a claim is open", () => {
    const of = facts({
      ...{ rules: [rule(percentOff(10))], hints: [hint(AA4)] },
      customer: customer({ openClaim: true }),
    });
    expect(decideOffers(of)).toMatchObject({
      answer: { offers: [], silentBecause: "openClaim", tier: "gold", bonusMinor: 5000 },
      givenUp: [{ because: "openClaim" }],
    });
  });

  test("what is in the cart, out of stock, returned, unknown, or priced in another currency", () => {
    const rules = ["1", "2", "3", "98", "4"].map((id) => rule(promote(id), { id }));
    const of = facts({
      rules,
      products: [{ ...AA4, stock: 0 }, AAA4, product("4", { currency: "UAH" })],
      customer: customer({ unwanted: new Set(["3"]) }),
      hints: [hint({ ...AA4, stock: 0 }), hint(AAA4), hint(ROBOT)],
    });
    expect(decideOffers(of).answer.offers).toEqual([]);
    expect(because(of)).toEqual([
      ...["inCart", "outOfStock", "unwanted", "otherCurrency", "unknownProduct"],
    ]);
  });

  test("what a rule keeps for others", () => {
    const kept = rule(promote("2"), { limits: { ...NO_LIMITS, stockAtLeast: 51 } });
    expect(because(facts({ rules: [kept] }))).toEqual(["stockBelow"]);
  });

  test("what was used up: in all, today, by this customer, and for nobody known when each is counted", () => {
    const limited = (limits: object) =>
      rule(percentOff(5), { id: "5", limits: { ...NO_LIMITS, ...limits } });
    const used = new Map([["5", { all: 3, today: 2 }]]);
    const of = (limits: object, own: object = {}) =>
      because(facts({ rules: [limited(limits)], uses: used, ...own }));
    expect(of({ uses: 3 })).toEqual(["usedUp"]);
    expect(of({ uses: 4 })).toEqual([]);
    expect(of({ usesPerDay: 2 })).toEqual(["usedUpToday"]);
    const once = { usesPerCustomer: 1 };
    expect(of(once)).toEqual([]);
    expect(of(once, { customer: customer({ uses: new Map([["5", 1]]) }) })).toEqual([
      "usedByCustomer",
    ]);
    expect(of(once, { customer: null })).toEqual(["customerUnknown"]);
  });
});

describe("prices", () => {
  test("a personal price lowers what is in the cart, and is told of what is not", () => {
    const rules = [rule(price({ products: ["1", "2"], percent: 15 }), { id: "1" })];
    expect(offersOf(facts({ rules, cart: [[ROBOT, 2]] }))).toMatchObject([
      { key: "rule:1", product: null, amountMinor: -90_000 },
      { key: "rule:1:2", product: { priceMinor: 20_000 }, priceMinor: 17_000, amountMinor: 17_000 },
    ]);
    const dear = rule(price({ products: ["2"], priceMinor: 20_000 }));
    expect(because(facts({ rules: [dear] }))).toEqual(["notCheaper"]);
  });

  test("of a category it holds for what goes with the cart too", () => {
    const rules = [rule(price({ categories: ["batteries"], percent: 50 }), { id: "1" })];
    expect(offersOf(facts({ rules, hints: [hint(AA4)] }))).toMatchObject([
      {
        key: "rule:1:2",
        kind: "personalPrice",
        priceMinor: 10_000,
        reasons: [{}, { together: 43 }],
      },
    ]);
  });

  test("no floor is broken, not by all offers together either", () => {
    // The robot costs 200,000 of 300,000: 30 % off leaves 4.8 %.
    const of = (percent: number, own: object) =>
      because(facts({ rules: [rule(percentOff(percent), { limits: floor(20), ...own })] }));
    expect(of(16.6, {})).toEqual([]);
    expect(of(16.7, {})).toEqual(["marginFloor"]);
    const together = [
      rule(percentOff(10), { id: "1", priority: 20, limits: floor(20) }),
      rule(percentOff(10), { id: "2", priority: 10 }),
    ];
    // The second has no floor of its own, but must not break the first's.
    expect(decideOffers(facts({ rules: together }))).toMatchObject({
      answer: { offers: [{ ruleId: "1" }] },
      givenUp: [{ ruleId: "2", because: "marginFloor" }],
    });
    const unknown = facts({ rules: [rule(percentOff(1), { limits: floor(0) })] });
    const costless = { ...unknown, products: new Map([["1", { ...ROBOT, costMinor: null }]]) };
    expect(because(costless)).toEqual(["costUnknown"]);
    const one = rule(price({ products: ["2"], percent: 60 }), { limits: floor(0) });
    expect(because(facts({ rules: [one] }))).toEqual(["marginFloor"]);
  });

  test("a gift costs nothing and is paid by the cart's margin", () => {
    const rules = [rule(gift("99", "2"), { id: "1" })];
    expect(offersOf(facts({ rules }))).toMatchObject([
      { key: "rule:1:2", kind: "gift", quantity: 1, priceMinor: 0, amountMinor: 0 },
    ]);
    const dear = product("4", { costMinor: 90_000 });
    const kept = facts({
      ...{ rules: [rule(gift("4", "2"), { id: "1", limits: floor(20) })], products: [dear, AA4] },
    });
    expect(offersOf(kept)).toMatchObject([{ product: { id: "2" } }]);
    expect(because(facts({ rules, cart: [] }))).toEqual(["emptyCart"]);
  });

  test("a discount stops at its cap and at nothing", () => {
    const capped = { ...percentOff(50), mostMinor: 7000 } as const;
    expect(offersOf(facts({ rules: [rule(capped)] }))).toMatchObject([{ amountMinor: -7000 }]);
    const sum = { kind: "discount", percent: null, sumMinor: 900_000, mostMinor: null } as const;
    expect(offersOf(facts({ rules: [rule(sum)] }))).toMatchObject([{ amountMinor: -300_000 }]);
  });

  test("points pay up to a share of the cart and what there is of them, or are given", () => {
    const pay = rule(bonus({ usePercent: 1 }));
    expect(offersOf(facts({ rules: [pay] }))).toMatchObject([{ amountMinor: -3000 }]);
    const most = rule(bonus({ usePercent: 50 }));
    expect(offersOf(facts({ rules: [most] }))).toMatchObject([{ amountMinor: -5000 }]);
    const none = customer({ bonusMinor: null });
    expect(because(facts({ rules: [most], customer: none }))).toEqual(["noBonus"]);
    expect(because(facts({ rules: [most], customer: null }))).toEqual(["customerUnknown"]);
    const saying = { ru: "", uk: "", en: "{bonus} points for you" };
    const given = rule(bonus({ givePercent: 3 }), { saying });
    expect(offersOf(facts({ rules: [given] }))).toMatchObject([
      { amountMinor: 0, saying: "₽90 points for you" },
    ]);
  });
});

describe("to whom and when", () => {
  const holds = (condition: OfferCondition, own: Parameters<typeof facts>[0] = {}) =>
    because(facts({ rules: [rule(percentOff(5), { when: [condition] })], ...own })).length === 0;
  const nobody = { customer: null };

  test("segments, tiers, regions and categories whatever their letters' case", () => {
    expect(holds({ fact: "segment", in: ["Regular"] })).toBe(true);
    expect(holds({ fact: "segment", in: ["lapsed"] })).toBe(false);
    expect(holds({ fact: "tier", in: ["GOLD"] })).toBe(true);
    expect(holds({ fact: "tier", in: ["gold"], not: true })).toBe(false);
    expect(holds({ fact: "region", in: ["омская область"] })).toBe(true);
    expect(holds({ fact: "vip" })).toBe(false);
  });

  test("of nobody known nothing about customers holds, not even that it is not so", () => {
    expect(holds({ fact: "tier", in: ["gold"], not: true }, nobody)).toBe(false);
    expect(holds({ fact: "vip", not: true }, nobody)).toBe(false);
    expect(holds({ fact: "known", not: true }, nobody)).toBe(true);
    expect(holds({ fact: "known" }, nobody)).toBe(false);
  });

  test("what they bought: how often, for how much, when, of what", () => {
    expect(holds({ fact: "purchases", atLeast: 3, atMost: 3 })).toBe(true);
    expect(holds({ fact: "purchases", atLeast: 4 })).toBe(false);
    expect(holds({ fact: "spent", atLeastMinor: 90_000 })).toBe(true);
    // Sums in two currencies cannot be compared.
    const hryvnias = customer({ currency: "UAH" });
    expect(holds({ fact: "spent", atLeastMinor: 1 }, { customer: hryvnias })).toBe(false);
    expect(holds({ fact: "lastOrder", withinDays: 10 })).toBe(true);
    expect(holds({ fact: "lastOrder", withinDays: 9 })).toBe(false);
    const buyer = customer({ boughtAtMs: new Map([["dolls", NOON_MS - 40 * 86_400_000]]) });
    const bought = { fact: "bought", categories: ["Dolls"] } as const;
    expect(holds(bought, { customer: buyer })).toBe(true);
    expect(holds({ ...bought, withinDays: 30 }, { customer: buyer })).toBe(false);
    expect(holds({ ...bought, not: true })).toBe(true);
  });

  test("what is in the cart and what it is worth, where it is asked", () => {
    expect(holds({ fact: "cartContains", products: [], categories: ["toys"] })).toBe(true);
    expect(holds({ fact: "cartContains", products: ["2"], categories: [] })).toBe(false);
    expect(holds({ fact: "cartValue", fromMinor: 300_000, toMinor: 300_000 })).toBe(true);
    expect(holds({ fact: "cartValue", fromMinor: 300_001 })).toBe(false);
    expect(holds({ fact: "channel", in: ["operator", "app"] })).toBe(false);
    const dollars = facts({
      ...{ rules: [rule(percentOff(5), { when: [{ fact: "cartValue", fromMinor: 1 }] })] },
      question: { currency: "USD" },
    });
    expect(because(dollars)).toEqual(["currency"]);
  });

  test("by the shop's clock and calendar, over midnight too", () => {
    const at = (iso: string) => ({ question: { nowMs: Date.parse(iso) } });
    const night = { fact: "timeOfDay", from: "22:00", to: "02:00", days: [6] } as const;
    // 22 November 2026 is a Sunday; in Moscow it is three hours later than in UTC.
    expect(holds(night, at("2026-11-21T19:30:00Z"))).toBe(true);
    expect(holds(night, at("2026-11-21T22:30:00Z"))).toBe(true);
    expect(holds(night, at("2026-11-21T23:30:00Z"))).toBe(false);
    expect(holds(night, at("2026-11-22T19:30:00Z"))).toBe(false);
    const dated = rule(percentOff(5), { from: "2026-11-22", until: "2026-11-22" });
    const on = (iso: string) => because(facts({ rules: [dated], ...at(iso) }))[0] ?? "given";
    expect(on("2026-11-21T20:59:59Z")).toBe("notYet");
    expect(on("2026-11-21T21:00:00Z")).toBe("given");
    expect(on("2026-11-22T20:59:59Z")).toBe("given");
    expect(on("2026-11-22T21:00:00Z")).toBe("over");
  });

  test("the condition that fails is named by its place", () => {
    const when = [{ fact: "known" }, { fact: "vip" }] as const;
    expect(decideOffers(facts({ rules: [rule(percentOff(5), { when })] })).givenUp).toMatchObject([
      { because: "condition", condition: 1 },
    ]);
  });
});

test("a rule's words are said in the customer's language, with names and sums", () => {
  const saying = {
    ru: "{name}, к роботу ({for}) нужно: {product}, {quantity} шт. за {price}",
    uk: "",
    en: "{product} for {for}",
  };
  const rules = [rule(BATTERIES, { saying })];
  const said = (language: string) =>
    offersOf(facts({ rules, customer: customer({ language }) }))[0]?.saying.replaceAll(
      "\u00a0",
      " ",
    );
  expect(said("ru")).toBe("Maria, к роботу (Robot) нужно: AA, 4 pieces, 1 шт. за 200 ₽");
  expect(said("en-GB")).toBe("AA, 4 pieces for Robot");
  // There is no Ukrainian text: the first there is.
  expect(said("uk")).toContain("нужно");
});
