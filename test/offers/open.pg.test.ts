/** Opening offers: what was open already does not stay open when a part cannot be. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openOffers } from "../../server/offers/open.ts";
import { type Bus, localBus } from "../../server/storage/bus.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database?.drop());

const log = { info() {}, warn() {}, error() {} };

test("a part that cannot be opened leaves no listener and no connection behind", async () => {
  const bus = localBus((error) => {
    throw error;
  });
  let listeners = 0;
  const counting: Pick<Bus, "publish" | "on"> = {
    publish: (topic, hint) => bus.publish(topic, hint),
    on(topic, listener) {
      const stop = bus.on(topic, listener);
      listeners += 1;
      return () => {
        listeners -= 1;
        stop();
      };
    },
  };
  const open = (hints: () => never) =>
    openOffers({
      ...{ storage: database, bus: counting, databaseUrl: database.url, log, hints },
      timeZone: "Europe/Moscow",
    });
  await expect(
    open(() => {
      expect(listeners).toBeGreaterThan(0);
      throw new Error("nothing was learned");
    }),
  ).rejects.toThrow("nothing was learned");
  expect(listeners).toBe(0);
});
