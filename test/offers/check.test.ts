import { describe, expect, test } from "vitest";
import { checkOfferRule } from "../../server/offers/check.ts";
import type { Give, OfferCondition, OfferRuleSettings } from "../../server/offers/rules.ts";
import {
  AA4,
  BATTERIES,
  NO_LIMITS,
  percentOff,
  product,
  rule,
  settings,
  vocabulary,
} from "./samples.ts";

const saying = { ru: "Скидка", uk: "Знижка", en: "Off" };
const limits = { ...NO_LIMITS, marginFloorPercent: 10 };
const good = settings(percentOff(10), { saying, limits });
const check = (value: unknown, own = {}) => checkOfferRule(value, vocabulary(own));
const told = (list: readonly { path: string; code: string }[]) =>
  list.map(({ path, code }) => `${path} ${code}`);
const problems = (value: unknown, own = {}) => told(check(value, own).problems);
const warnings = (value: unknown, own = {}) => told(check(value, own).warnings);
const giving = (give: Give, own: Partial<OfferRuleSettings> = {}) => ({ ...good, give, ...own });
const when = (...conditions: OfferCondition[]) => ({ ...good, when: conditions });
const price = (own: object): Give => ({
  ...{ kind: "personalPrice", products: [], categories: [], percent: null, priceMinor: null },
  ...own,
});

test("a good rule is taken without a word", () => {
  expect(check(good)).toEqual({ settings: good, problems: [], warnings: [] });
  expect(check({ ...good, give: BATTERIES })).toMatchObject({ problems: [], warnings: [] });
});

test("of a wrong shape every wrong field is named once, whatever is wrong beside it", () => {
  const wrong = {
    ...{ ...good, give: { kind: "discount", percent: "10", sumMinor: null, mostMinor: null } },
    ...{ when: [{ fact: "tier" }, { fact: "moon" }, 7], colour: "red" },
  };
  Reflect.deleteProperty(wrong, "priority");
  expect(problems(wrong)).toEqual([
    ...["/priority missing", "/colour unknownField", "/give/percent wrongType"],
    ...["/when/0/in missing", "/when/1/fact notAllowed", "/when/2 wrongType"],
  ]);
  for (const value of [null, 7, [], "rule"]) expect(problems(value).length).toBeGreaterThan(0);
});

describe("what a rule gives", () => {
  test("percentages, sums and their number", () => {
    expect(problems(giving(percentOff(120)))).toEqual(["/give/percent outOfRange"]);
    expect(problems(giving(percentOff(0)))).toEqual(["/give/percent outOfRange"]);
    const none = { kind: "discount", percent: null, sumMinor: null, mostMinor: null } as const;
    expect(problems(giving(none))).toEqual(["/give/percent oneOf"]);
    expect(problems(giving({ ...none, percent: 5, sumMinor: 500 }))).toEqual([
      "/give/sumMinor oneOf",
    ]);
    expect(problems(giving({ ...none, sumMinor: 10.5 }))).toEqual(["/give/sumMinor notWhole"]);
    const bonus = { kind: "bonus", usePercent: 10, givePercent: 5, giveMinor: null } as const;
    expect(problems(giving(bonus))).toEqual(["/give/givePercent oneOf"]);
  });

  test("a gift that does not exist, twice the same, in another currency, out of stock, without a cost", () => {
    const gift = (...products: string[]) => giving({ kind: "gift", products });
    expect(problems(gift("77"))).toEqual(["/give/products/0 unknownProduct"]);
    expect(problems(gift())).toEqual(["/give/products noProducts"]);
    expect(problems(gift("2", "2"))).toEqual(["/give/products/1 duplicate"]);
    const with2 = (own: object) => ({ products: new Map([["2", { ...AA4, ...own }]]) });
    expect(problems(gift("2"), with2({ currency: "UAH" }))).toEqual([
      "/give/products/0 otherCurrency",
    ]);
    expect(warnings(gift("2"), with2({ stock: 0, costMinor: null }))).toEqual([
      ...["/when givesEverybody", "/give/products/0 outOfStock", "/give/products/0 costUnknown"],
    ]);
  });

  test("a personal price is lower than everybody's, and keeps the floor", () => {
    expect(problems(giving(price({ products: ["2"], priceMinor: 20_000 })))).toEqual([
      "/give/products/0 priceNotLower",
    ]);
    // It costs the shop 10,000: at 11,000 there is no tenth left.
    expect(problems(giving(price({ products: ["2"], priceMinor: 11_000 })))).toEqual([
      "/give/products/0 belowFloor",
    ]);
    const noFloor = { limits: NO_LIMITS };
    expect(warnings(giving(price({ products: ["2"], percent: 60 }), noFloor))).toEqual([
      "/give/products/0 belowCost",
      "/limits/marginFloorPercent noFloor",
    ]);
    expect(problems(giving(price({ percent: 10 })))).toEqual(["/give/products noProducts"]);
    expect(problems(giving(price({ categories: ["Toys"], priceMinor: 5 })))).toEqual([
      "/give/priceMinor oneOf",
    ]);
    const costless = { products: new Map([["2", { ...AA4, costMinor: null }]]) };
    expect(warnings(giving(price({ products: ["2"], percent: 5 })), costless)).toEqual([
      "/give/products/0 costUnknown",
    ]);
  });

  test("what is needed: of what, what, how many, by which attributes", () => {
    const needed = (own: object) => giving({ ...BATTERIES, ...own });
    expect(problems(needed({ of: { products: [], categories: [], attribute: "" } }))).toEqual([
      "/give/of/products noProducts",
    ]);
    const nothing = { products: [], categories: [], match: [{ of: "", found: "size" }] };
    expect(problems(needed({ find: nothing }))).toEqual([
      "/give/find/products noProducts",
      "/give/find/match/0/of empty",
    ]);
    expect(problems(needed({ count: { attribute: "", each: 0 } }))).toEqual([
      "/give/count/each empty",
    ]);
    const itself = { products: ["2"], categories: [] };
    const both = { of: { ...itself, attribute: "" }, find: { ...itself, match: [] } };
    expect(problems(needed(both))).toEqual(["/give/find/products/0 neededItself"]);
    const { warnings: doubts } = check(needed({ pack: "packsize" }));
    expect(doubts).toMatchObject([
      { path: "/give/pack", code: "unknownAttribute", values: { suggestion: "packSize" } },
    ]);
  });
});

describe("conditions", () => {
  test("names that nobody has, with the one that was probably meant", () => {
    expect(check(when({ fact: "tier", in: ["golt"] })).problems).toMatchObject([
      {
        ...{ path: "/when/0/in/0", code: "unknownTier" },
        values: { value: "golt", suggestion: "gold", known: "gold, silver" },
      },
    ]);
    expect(problems(when({ fact: "segment", in: [] }))).toEqual(["/when/0/in empty"]);
    expect(problems(when({ fact: "bought", categories: ["Cars"] }))).toEqual([
      "/when/0/categories/0 unknownCategory",
    ]);
    expect(warnings(when({ fact: "region", in: ["Париж"] }))).toEqual([
      "/when/0/in/0 unknownRegion",
    ]);
  });

  test("limits that cross, one by one and two together, and limits that are none", () => {
    expect(problems(when({ fact: "cartValue", fromMinor: 500, toMinor: 100 }))).toEqual([
      "/when/0/toMinor limitsCross",
    ]);
    expect(problems(when({ fact: "purchases" }))).toEqual(["/when/0 noLimits"]);
    const apart = when({ fact: "cartValue", fromMinor: 500 }, { fact: "cartValue", toMinor: 400 });
    expect(problems(apart)).toEqual(["/when/1 cannotHold"]);
    expect(problems(when({ fact: "vip" }, { fact: "vip", not: true }))).toEqual([
      "/when/1 cannotHold",
    ]);
    const both = when({ fact: "cartValue", fromMinor: 5 }, { fact: "cartValue", toMinor: 9 });
    expect(problems(both)).toEqual([]);
  });

  test("times, days and dates that are none, or reversed, or past", () => {
    const time = { fact: "timeOfDay", from: "24:00", to: "9", days: [0, 3] } as const;
    expect(problems(when(time))).toEqual([
      ...["/when/0/from badTime", "/when/0/to badTime", "/when/0/days/0 badDay"],
    ]);
    expect(problems({ ...good, from: "2026-12-01", until: "2026-11-30" })).toEqual([
      "/until datesReversed",
    ]);
    expect(problems({ ...good, from: "2026-02-30", until: "soon" })).toEqual([
      "/from badDate",
      "/until badDate",
    ]);
    expect(warnings({ ...good, until: "2026-11-21" })).toEqual(["/until over"]);
    expect(warnings({ ...good, until: "2026-11-22" })).toEqual([]);
  });
});

test("limits of use that another is reached before, a floor above everything, currencies", () => {
  const limited = (own: object) => ({ ...good, limits: { ...limits, ...own } });
  expect(problems(limited({ uses: 5, usesPerDay: 6, usesPerCustomer: 5 }))).toEqual([
    "/limits/usesPerDay limitBeyond",
  ]);
  expect(problems(limited({ uses: 0, usesPerDay: 1.5, marginFloorPercent: 100 }))).toEqual([
    "/limits/marginFloorPercent outOfRange",
    "/limits/uses outOfRange",
    "/limits/usesPerDay notWhole",
    "/limits/usesPerDay limitBeyond",
  ]);
  const sums = { ...good, when: [{ fact: "cartValue", fromMinor: 5 }] };
  expect(problems({ ...sums, currency: "" })).toEqual(["/currency currencyMissing"]);
  expect(problems({ ...good, currency: "руб" })).toEqual(["/currency badCurrency"]);
  expect(problems({ ...good, currency: "" })).toEqual([]);
});

test("words with names nobody fills in", () => {
  const say = (en: string) => ({ ...good, saying: { ru: "", uk: "", en } });
  expect(problems(say("{prodct} for you"))).toEqual(["/saying/en unknownPlaceholder"]);
  expect(problems(say("one\ntwo"))).toEqual(["/saying/en notOneLine"]);
  expect(warnings(say("for {for}"))).toEqual(["/saying/en placeholderEmpty"]);
  expect(warnings(say(""))).toEqual(["/saying noSaying"]);
});

describe("beside other rules", () => {
  const cart = (fromMinor: number, toMinor: number) =>
    [{ fact: "cartValue", fromMinor, toMinor }] as const;
  const beside = (own: Partial<OfferRuleSettings>) => ({
    rules: [rule(percentOff(5), { name: "Other", ...own })],
  });
  const grouped = { ...good, group: "g" };

  test("two rules of a group with one priority are refused, with the other's name", () => {
    expect(check(grouped, beside({ group: "g" })).problems).toMatchObject([
      {
        path: "/priority",
        code: "samePriority",
        values: { group: "g", other: "Other", value: 100 },
      },
    ]);
    expect(problems(grouped, beside({ group: "h" }))).toEqual([]);
    expect(problems(good, beside({ group: "" }))).toEqual([]);
  });

  test("discounts that one cart can get together, or of which it gets only one, are told", () => {
    const small = { ...grouped, when: cart(100, 200) };
    const low = { group: "g", priority: 5 };
    expect(warnings(small, beside({ ...low, when: cart(200, 900) }))).toEqual(["/when overlaps"]);
    expect(warnings(small, beside({ ...low, when: cart(201, 900) }))).toEqual([]);
    expect(warnings(good, beside({}))).toEqual(["/group stacks"]);
    expect(warnings(good, beside({ currency: "UAH" }))).toEqual([]);
    const december = beside({ from: "2026-12-01" });
    expect(warnings({ ...good, until: "2026-11-30" }, december)).toEqual([]);
  });
});

test("a price of nothing and percentages beyond all sense are told, not thrown", () => {
  const odd = product("2", { priceMinor: 0, costMinor: 0 });
  const own = { products: new Map([["2", odd]]) };
  for (const percent of [-1e308, -1, 0, 1e308])
    expect(problems(giving(price({ products: ["2"], percent })), own)).toContain(
      "/give/percent outOfRange",
    );
});
