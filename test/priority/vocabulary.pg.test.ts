import { afterAll, beforeAll, expect, test } from "vitest";
import { importCustomers } from "../../server/customers/import.ts";
import { importOrders } from "../../server/orders/import.ts";
import { type VocabularyOptions, openVocabulary } from "../../server/priority/vocabulary.ts";
import { localBus } from "../../server/storage/bus.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

const load = { defaultRegion: "RU", source: "shop" } as const;
const bus = localBus((error) => {
  throw error;
});
let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

function open(options: Partial<VocabularyOptions> = {}) {
  return openVocabulary(database, {
    ...{ bus, queues: () => ["vip"], timeZone: () => "Asia/Novosibirsk", leastMs: 0 },
    ...options,
  });
}

test("is empty but for the queues while nothing was loaded", async () => {
  expect(await open().read()).toEqual({
    ...{ tiers: [], tierShares: [], segments: [], regions: [], operators: [] },
    ...{ queues: ["vip"], currency: "", recordedDays: [], cannotMove: [] },
  });
});

test("names what was loaded, recorded, and who takes calls; the most frequent first", async () => {
  const source = open();
  await source.read();
  const customers = [
    { tier: "gold", city: "Омск", region: "Омская область", segments: ["wholesale", "parents"] },
    { tier: "silver", city: "Москва", region: "Москва", segments: ["parents"] },
    { tier: "silver", city: "Москва", region: "Москва" },
    { tier: "" },
  ].map((one, n) => ({ sourceId: String(n), name: "N", ...one }));
  await importCustomers(database, customers, load);
  const orders = ["RUB", "KZT", "RUB"].map((currency, n) => ({
    ...{ sourceId: String(n), customerSourceId: "0", number: "1", total: 1, currency },
    placedAt: "2026-11-01",
  }));
  await importOrders(database, orders, load);
  await database.pool.query(`
    insert into users (login, name, role, password_hash, active) values
      ('anna', 'Анна', 'operator', '', true), ('vera', 'Вера', 'supervisor', '', true),
      ('boss', 'Босс', 'admin', '', true), ('gone', 'Гена', 'operator', '', false);
    insert into calls (id, pbx, direction, party_number, queues, started_at, ended_at, ended_how, detail) values
      ('1', 'main', 'inbound', '', '{sales,support}', now() - interval '1 day', now(), 'completed', '{}'),
      ('2', 'main', 'inbound', '', '{sales}', now() - interval '1 day', now(), 'completed', '{}'),
      ('3', 'main', 'outbound', '', '{}', now(), now(), 'completed', '{}'),
      ('4', 'main', 'inbound', '', '{old}', now() - interval '40 days', now(), 'completed', '{}')`);
  expect((await source.read()).tiers).toEqual([]);

  bus.publish("customersChanged", { customerIds: ["1"], phones: [] });
  expect((await source.read()).tiers).toEqual([]);
  bus.publish("customersChanged", { customerIds: [], phones: [] });
  const { recordedDays, ...words } = await source.read();
  expect(words).toEqual({
    tiers: ["silver", "gold"],
    tierShares: [
      { tier: "silver", share: 0.5 },
      { tier: "gold", share: 0.25 },
    ],
    segments: ["parents", "wholesale"],
    regions: ["Москва", "Омск", "Омская область"],
    operators: [
      { login: "anna", name: "Анна" },
      { login: "vera", name: "Вера" },
    ],
    ...{ queues: ["sales", "support", "vip"], currency: "RUB", cannotMove: [] },
  });
  const day = (daysAgo: number) =>
    new Date(Date.now() - daysAgo * 86_400_000 + 7 * 3_600_000).toISOString().slice(0, 10);
  expect(recordedDays).toEqual([
    { date: day(1), calls: 2 },
    { date: day(40), calls: 1 },
  ]);
  expect(source.currency()).toBe("RUB");
});

test("names the PBXs that cannot move who waits, as they are now", async () => {
  let cannotMove = [{ name: "office", version: "16.30.1" }];
  const source = openVocabulary(database, {
    ...{ bus, queues: () => [], timeZone: () => "UTC" },
    cannotMove: () => cannotMove,
  });
  expect((await source.read()).cannotMove).toEqual(cannotMove);
  cannotMove = [];
  expect((await source.read()).cannotMove).toEqual([]);
  source.close();
});

test("is read once for all who ask at one moment, and not more often than it may be", async () => {
  let asked = 0;
  const counting = {
    query(...args: unknown[]) {
      asked += 1;
      return (database.pool.query as (...args: unknown[]) => unknown).apply(database.pool, args);
    },
  } as unknown as typeof database.pool;
  const source = openVocabulary(
    { pool: counting },
    { bus, queues: () => [], timeZone: () => "UTC", leastMs: 60_000 },
  );
  await Promise.all([source.read(), source.read()]);
  const once = asked;
  bus.publish("customersChanged", { customerIds: [], phones: [] });
  await source.read();
  expect(asked).toBe(once);
  source.close();
});
