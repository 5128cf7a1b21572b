import { afterAll, beforeAll, expect, test } from "vitest";
import { openDelivery } from "../../server/delivery/delivery.ts";
import { ProviderSettings, wrongIn } from "../../server/delivery/settings.ts";
import { demoProducts } from "../../server/demo/shop/products.ts";
import { prepareSelling } from "../../server/demo/shop/selling.ts";
import { openOffers } from "../../server/offers/open.ts";
import { importProducts } from "../../server/orders/import.ts";
import { localBus } from "../../server/storage/bus.ts";
import { Value } from "typebox/value";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

let database: TestDatabase;
const faults: unknown[] = [];
const fault = (fields: unknown) => void faults.push(fields);
const log = { info: () => undefined, warn: fault, error: fault };
beforeAll(async () => {
  database = await testDatabase();
  const products = demoProducts(() => 9).map(({ nameUk: _nameUk, ...product }) => product);
  await importProducts(database, products, { source: "sample-shop", defaultRegion: "RU" });
  // Tiers that the sample's customers have.
  for (const tier of ["silver", "gold", "platinum"])
    await database.db
      .insertInto("customers")
      .values({ source: "sample-shop", source_id: tier, name: tier, tier })
      .execute();
  await prepareSelling(database.db, "sample-shop");
});
afterAll(async () => {
  await database.drop();
  expect(faults).toEqual([]);
});

test("a car without batteries gets them in the right number, a large order a gift box, and every rule is sound", async () => {
  const bus = localBus(fault);
  const offers = await openOffers({
    ...{
      storage: database,
      databaseUrl: database.url,
      bus,
      hints: null,
      log,
      timeZone: "Asia/Novosibirsk",
    },
  });
  try {
    const car = await database.db
      .selectFrom("products")
      .selectAll()
      .where("source_id", "=", "product-212")
      .executeTakeFirstOrThrow();
    expect(car.attributes).toMatchObject({ batteries: "AA", batteryCount: 6 });
    const ask = (quantity: number) =>
      offers.engine.offersFor({
        ...{ customerId: null, currency: "RUB", channel: "operator", nowMs: Date.now() },
        lines: [{ productId: car.id, quantity, priceMinor: Number(car.price_minor) }],
      });
    const one = await ask(1);
    expect(one.offers).toMatchObject([
      { kind: "needed", quantity: 2, product: { category: "Батарейки" } },
    ]);
    expect(one.offers[0]!.product!.name).toContain("AA,");
    const three = await ask(3);
    expect(three.offers.map(({ kind, quantity }) => `${kind} ${quantity}`)).toEqual([
      "needed 5",
      "gift 1",
    ]);
    for (const rule of await offers.book.list())
      expect(rule, JSON.stringify(rule)).toMatchObject({ state: "on", problems: [] });
  } finally {
    await offers.close();
  }
});

test("its parcels have a price to every place of the country, and starting again changes nothing", async () => {
  await prepareSelling(database.db, "sample-shop");
  expect(await database.db.selectFrom("offer_rules").select("id").execute()).toHaveLength(3);
  const delivery = await openDelivery({ db: database.db, log });
  try {
    const [table] = await delivery.providers();
    expect(Value.Check(ProviderSettings, table!.settings)).toBe(true);
    expect(wrongIn(table!.settings)).toBeNull();
    for (const city of ["Новосибирск", "Владивосток", "Москва"]) {
      const { quotes } = await delivery.quotesFor({
        ...{ from: delivery.from(), to: { ...delivery.from(), city, postalCode: "" } },
        ...{ parcels: [{ grams: 900, size: null }], declaredMinor: 0, cashOnDelivery: false },
        currency: "RUB",
      });
      expect(quotes.map(({ mode }) => mode).toSorted()).toEqual(["door", "pickup"]);
    }
  } finally {
    delivery.close();
  }
});
