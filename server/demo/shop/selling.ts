/** How the sample shop sells: rules of what to offer, and how its parcels go. Written once; what an admin changes stays. */
import { NOWHERE } from "../../delivery/delivery.ts";
import type { TableSettings } from "../../delivery/settings.ts";
import type { OfferRuleSettings } from "../../offers/rules.ts";
import type { Database } from "../../storage/database.ts";

const KEY = "sampleShopSelling";
const NO_LIMITS: OfferRuleSettings["limits"] = {
  ...{ stockAtLeast: 1, marginFloorPercent: 10, uses: null, usesPerDay: null },
  usesPerCustomer: null,
};

/** @param idOf our id of a product of the sample shop. */
function rules(idOf: (sourceId: string) => string): readonly OfferRuleSettings[] {
  const always = { from: "", until: "", group: "", limits: NO_LIMITS, currency: "" };
  return [
    {
      ...always,
      name: "Батарейки к игрушке",
      give: {
        kind: "needed",
        of: { products: [], categories: [], attribute: "batteries" },
        find: {
          ...{ products: [], categories: ["Батарейки"] },
          match: [{ of: "batteries", found: "battery" }],
        },
        count: { attribute: "batteryCount", each: 0 },
        ...{ pack: "pack", unless: ["batteriesIncluded"] },
      },
      ...{ when: [], priority: 900 },
      saying: {
        ru: "Батареек в коробке нет: положим {quantity}?",
        uk: "Батарейок у коробці немає: покладемо {quantity}?",
        en: "There are no batteries in the box: shall we add {quantity}?",
      },
    },
    {
      ...always,
      name: "Золотым: текстиль на 10 % дешевле",
      give: {
        ...{ kind: "personalPrice", products: [], categories: ["Текстиль"] },
        ...{ percent: 10, priceMinor: null },
      },
      when: [{ fact: "tier", in: ["gold", "platinum"] }],
      priority: 500,
      saying: {
        ru: "{product} для вас {price} вместо {oldPrice}",
        uk: "{product} для вас {price} замість {oldPrice}",
        en: "{product} is {price} for you instead of {oldPrice}",
      },
    },
    {
      ...always,
      name: "Подарочная коробка от 5 000 ₽",
      give: { kind: "gift", products: [idOf("product-441")] },
      when: [{ fact: "cartValue", fromMinor: 500_000 }],
      ...{ priority: 400, currency: "RUB" },
      limits: { ...NO_LIMITS, marginFloorPercent: null, usesPerDay: 200 },
      saying: {
        ru: "К заказу на такую сумму подарочная коробка бесплатно",
        uk: "До замовлення на таку суму подарункова коробка безкоштовно",
        en: "An order of this size comes with a gift box for free",
      },
    },
  ];
}

const bands = (kilogram: number, five: number, twenty: number) => [
  { upToGrams: 1000, priceMinor: kilogram * 100 },
  { upToGrams: 5000, priceMinor: five * 100 },
  { upToGrams: 20_000, priceMinor: twenty * 100 },
];

const table: TableSettings = {
  ...{ kind: "table", currency: "RUB" },
  services: [
    {
      ...{ name: "Курьер", mode: "door", cashPercent: 1.5, maxGrams: 30_000 },
      zones: [
        {
          name: "Новосибирск",
          where: { countries: ["RU"], cities: ["Новосибирск"] },
          ...{ bands: bands(250, 320, 590), perKgMinor: 2500, days: [1, 2] },
        },
        {
          name: "Сибирь",
          where: { countries: ["RU"], postalPrefixes: ["63", "64", "65", "66"] },
          ...{ bands: bands(390, 560, 1190), perKgMinor: 4500, days: [3, 6] },
        },
        {
          name: "Россия",
          where: { countries: ["RU"] },
          ...{ bands: bands(520, 790, 1690), perKgMinor: 6500, days: [5, 10] },
        },
      ],
    },
    {
      ...{ name: "Пункт выдачи", mode: "pickup", cashPercent: 1.5, maxGrams: 20_000 },
      zones: [
        {
          name: "Новосибирск",
          where: { countries: ["RU"], cities: ["Новосибирск"] },
          ...{ bands: bands(120, 160, 290), days: [1, 3] },
        },
        {
          name: "Россия",
          where: { countries: ["RU"] },
          ...{ bands: bands(290, 430, 890), days: [4, 9] },
        },
      ],
    },
  ],
};

const home = {
  from: { ...NOWHERE, country: "RU", city: "Новосибирск", postalCode: "630099" },
  defaultGrams: 500,
};

/** Once for each database. @param source of the sample shop's products. */
export async function prepareSelling(db: Database, source: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const first = await trx
      .insertInto("installation")
      .values({ key: KEY, value: "true" })
      .onConflict((conflict) => conflict.doNothing())
      .returning("key")
      .executeTakeFirst();
    if (first === undefined) return;
    const products = await trx
      .selectFrom("products")
      .select(["id", "source_id"])
      .where("source", "=", source)
      .execute();
    const ids = new Map(products.map(({ id, source_id }) => [source_id, id]));
    for (const settings of rules((sourceId) => ids.get(sourceId) ?? "0")) {
      const written = JSON.stringify(settings);
      const { id } = await trx
        .insertInto("offer_rules")
        .values({ settings: written, state: "on" })
        .returning("id")
        .executeTakeFirstOrThrow();
      await trx
        .insertInto("offer_rule_versions")
        .values({ rule_id: id, revision: 1, settings: written, changed_by: "demo" })
        .execute();
    }
    await trx
      .insertInto("delivery_providers")
      .values({ name: "Доставка магазина", kind: "table", settings: JSON.stringify(table) })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await trx
      .insertInto("installation")
      .values({ key: "delivery", value: JSON.stringify(home) })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  });
}
