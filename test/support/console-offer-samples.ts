/** A toy shop's rules, products, people and reports, for the console's tests and pictures. */
import type { CatalogueProduct, CustomerFacts } from "../../server/offers/facts.ts";
import type { HeldReport, ReportBy, ReportRow } from "../../server/offers/loop/report.ts";
import type { OfferVocabularyBody } from "../../server/offers/rest.ts";
import type { OfferRule, OfferRuleSettings } from "../../server/offers/rules.ts";
import { PLAIN_STANDINGS, type StandingSettings } from "../../server/offers/standings/settings.ts";

export const sampleOfferVocabulary: OfferVocabularyBody = {
  tiers: ["gold", "silver", "bronze"],
  segments: ["wholesale", "lapsed"],
  regions: ["Новосибирск", "Москва"],
  categories: ["Игрушки", "Батарейки", "Аксессуары"],
  attributes: ["batteries", "batteryCount", "batteriesIncluded", "size", "packSize"],
  currency: "RUB",
  timeZone: "Europe/Moscow",
};

function product(
  id: string,
  name: string,
  category: string,
  priceMinor: number,
  own: Partial<CatalogueProduct> = {},
): CatalogueProduct {
  return {
    ...{ id, sku: `A-${id.padStart(3, "0")}`, name, category, priceMinor, currency: "RUB" },
    ...{ stock: 40, costMinor: Math.round(priceMinor * 0.6), attributes: {}, ...own },
  };
}

export const sampleProducts: readonly CatalogueProduct[] = [
  product("1", "Робот «Искра»", "Игрушки", 349_000, {
    attributes: { batteries: "AA", batteryCount: 3 },
  }),
  product("2", "Батарейки AA, 4 шт.", "Батарейки", 29_900, {
    attributes: { size: "AA", packSize: 4 },
  }),
  product("3", "Батарейки AAA, 4 шт.", "Батарейки", 27_900, {
    attributes: { size: "AAA", packSize: 4 },
  }),
  product("4", "Чехол для робота", "Аксессуары", 59_000),
  product("5", "Наклейки", "Аксессуары", 9_900, { stock: 0 }),
  product("6", "Железная дорога", "Игрушки", 799_000, { costMinor: null }),
];

const NO_LIMITS: OfferRuleSettings["limits"] = {
  stockAtLeast: 0,
  marginFloorPercent: null,
  uses: null,
  usesPerDay: null,
  usesPerCustomer: null,
};

function rule(
  id: string,
  state: OfferRule["state"],
  settings: Partial<OfferRuleSettings> & Pick<OfferRuleSettings, "name" | "give">,
): OfferRule {
  return {
    ...{ id, state, revision: 1 },
    settings: {
      ...{ when: [], from: "", until: "", priority: 100, group: "", limits: NO_LIMITS },
      ...{ currency: "RUB", saying: { ru: "", uk: "", en: "" }, ...settings },
    },
  };
}

/** One of each kind but bonus points. */
export function sampleRules(): OfferRule[] {
  return [
    rule("1", "on", {
      name: "Батарейки к игрушкам",
      priority: 300,
      give: {
        kind: "needed",
        of: { products: [], categories: [], attribute: "batteries" },
        find: {
          products: [],
          categories: ["Батарейки"],
          match: [{ of: "batteries", found: "size" }],
        },
        count: { attribute: "batteryCount", each: 1 },
        pack: "packSize",
        unless: ["batteriesIncluded"],
      },
      saying: { ru: "К {for} нужны {product}, положить?", uk: "", en: "" },
    }),
    rule("2", "on", {
      name: "Чехол в подарок",
      priority: 200,
      give: { kind: "gift", products: ["4"] },
      when: [
        { fact: "cartValue", fromMinor: 500_000 },
        { fact: "tier", in: ["gold", "silver"] },
      ],
      until: "2026-12-31",
      limits: { ...NO_LIMITS, uses: 100, usesPerCustomer: 1, marginFloorPercent: 10 },
      saying: { ru: "Дарим вам {product}", uk: "", en: "" },
    }),
    rule("3", "off", {
      name: "Скидка вернувшимся",
      give: { kind: "discount", percent: 7, sumMinor: null, mostMinor: 50_000 },
      when: [{ fact: "lastOrder", withinDays: 180, not: true }],
      limits: { ...NO_LIMITS, marginFloorPercent: 15 },
      group: "скидки",
    }),
    rule("4", "draft", {
      name: "Аксессуары дешевле",
      give: {
        kind: "personalPrice",
        products: [],
        categories: ["Аксессуары"],
        percent: 15,
        priceMinor: null,
      },
    }),
    rule("5", "on", {
      name: "Железная дорога недели",
      give: { kind: "promotion", products: ["6"] },
      when: [{ fact: "channel", in: ["operator"] }],
    }),
  ];
}

/** Of gold, and known. */
export const sampleCustomer: CustomerFacts = {
  ...{ id: "77", name: "Мария Кузнецова", language: "ru", vip: false, tier: "gold" },
  ...{ segments: [], city: "Новосибирск", region: "", bonusMinor: null, orders: 6 },
  ...{ totalMinor: 4_120_000, currency: "RUB", lastOrderAtMs: Date.now() - 20 * 86_400_000 },
  ...{ boughtAtMs: new Map(), unwanted: new Set<string>(), openClaim: false, uses: new Map() },
};

export const sampleStandings: StandingSettings = {
  ...PLAIN_STANDINGS,
  tiersFrom: "orders",
  currency: "RUB",
  tiers: [
    {
      name: "gold",
      orders: { atLeast: 5, atMost: null },
      totalMinor: { atLeast: 3_000_000, atMost: null },
      lastOrderDays: { atLeast: null, atMost: 365 },
      firstOrderDays: { atLeast: null, atMost: null },
      returned: { atLeast: null, atMost: null },
    },
    {
      name: "silver",
      orders: { atLeast: 2, atMost: null },
      totalMinor: { atLeast: null, atMost: null },
      lastOrderDays: { atLeast: null, atMost: null },
      firstOrderDays: { atLeast: null, atMost: null },
      returned: { atLeast: null, atMost: null },
    },
  ],
};

const ROWS: Readonly<
  Record<ReportBy, readonly (readonly [key: string, name: string, money: number])[]>
> = {
  kind: [
    ["goesWith", "", 1_840_000],
    ["needed", "", 418_600],
    ["gift", "", 0],
    ["discount", "", -212_000],
  ],
  rule: [
    ["", "", 1_840_000],
    ["1", "Батарейки к игрушкам", 418_600],
    ["9", "", 0],
  ],
  product: [
    ["2", "Батарейки AA, 4 шт.", 418_600],
    ["", "", -212_000],
  ],
  operator: [
    ["3", "Анна Белова", 1_120_000],
    ["4", "Пётр Иванов", 640_000],
    ["", "", 98_000],
  ],
  reason: [
    ["tooExpensive", "", 0],
    ["notNeeded", "", 0],
    ["", "", 0],
  ],
  channel: [
    ["operator", "", 1_760_000],
    ["site", "", 98_000],
  ],
  day: [
    ["2026-11-21", "", 940_000],
    ["2026-11-22", "", 918_000],
  ],
};

/** More of the first, fewer of the next. */
export function sampleReport(by: ReportBy): readonly ReportRow[] {
  return ROWS[by].map(([key, name, takenMinor], index) => ({
    ...{ key, name, takenMinor, currency: "RUB" },
    ...{ shown: 420 - index * 90, accepted: 96 - index * 20, refused: 180 - index * 40 },
    ...{ ignored: 140 - index * 30, open: 4 },
  }));
}

export const sampleHeld: HeldReport = {
  rows: [
    { currency: "RUB", arm: "held", customers: 212, meanMinor: 318_000, standardErrorMinor: 8_000 },
    {
      ...{ currency: "RUB", arm: "shown", customers: 4210 },
      ...{ meanMinor: 346_000, standardErrorMinor: 2_000 },
    },
  ],
  added: [{ currency: "RUB", meanMinor: 28_000, betweenMinor: [11_800, 44_200] }],
};
