/** What a rule can name is what the shop has just loaded, though names are kept for a while. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { RuleBook } from "../../server/offers/rule-book.ts";
import { openOfferVocabulary } from "../../server/offers/vocabulary.ts";
import { importProducts } from "../../server/orders/import.ts";
import { localBus } from "../../server/storage/bus.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { percentOff, settings } from "./samples.ts";

let database: TestDatabase;
const fault = (error: unknown) => {
  throw error;
};
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

test("a rule about a category that was loaded since the names were read is taken at once", async () => {
  const bus = localBus(fault);
  const vocabulary = openOfferVocabulary(database, { timeZone: () => "Europe/Moscow", bus });
  const book = new RuleBook({
    ...{ storage: database, bus, onError: fault },
    vocabulary: (oldestMs) => vocabulary.read(oldestMs),
  });
  const rule = settings(percentOff(10), { when: [{ fact: "bought", categories: ["Balls"] }] });
  try {
    const unknown = { problems: [{ code: "unknownCategory" }] };
    expect(await book.check(rule)).toMatchObject(unknown);
    await importProducts(
      database,
      [{ sourceId: "1", sku: "1", name: "Ball", category: "Balls", price: 10, currency: "RUB" }],
      { source: "shop", defaultRegion: "RU" },
    );
    await expect.poll(() => book.check(rule)).toMatchObject({ problems: [] });
    expect(await book.create({ settings: rule, by: "test" })).toMatchObject({ state: "draft" });
  } finally {
    // After the look that its own news made.
    await book.load();
    book.close();
    vocabulary.close();
  }
});
