import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type DeliveryBook, openDelivery } from "../../server/delivery/delivery.ts";
import { deliveryRoutes } from "../../server/delivery/routes.ts";
import type { App } from "../../server/http/app.ts";
import { testApp } from "../http/support.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { carrierServer, place, table } from "./samples.ts";

let database: TestDatabase;
let delivery: DeliveryBook;
let app: App;
const warnings: string[] = [];
beforeAll(async () => {
  database = await testDatabase();
  delivery = await openDelivery({
    ...{ db: database.db, deadlineMs: 300 },
    log: { warn: (_, message) => warnings.push(message) },
  });
  app = await testApp();
  await deliveryRoutes(app, delivery);
});
afterAll(async () => {
  delivery.close();
  await app.close();
  await database.drop();
});
const asAdmin = { headers: { authorization: "Bearer cc_admin" } };
const asOperator = { headers: { authorization: "Bearer cc_operator" } };
const open: { close(): Promise<void> }[] = [];
beforeEach(() => delivery.saveHome({ from: place({ city: "Москва" }), defaultGrams: null }, "eva"));
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
  for (const { name } of await delivery.providers()) await delivery.removeProvider(name, "eva");
});

async function product(weight: number | null): Promise<string> {
  const { id } = await database.db
    .insertInto("products")
    .values({ source: "shop", source_id: crypto.randomUUID(), name: "Ball", weight_g: weight })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}
const put = (name: string, settings: object, enabled = true) =>
  app.inject({
    ...asAdmin,
    ...{ method: "PUT", url: `/api/v1/delivery/providers/${name}`, payload: { enabled, settings } },
  });
const quotes = (payload: object) =>
  app.inject({ ...asOperator, method: "POST", url: "/api/v1/delivery/quotes", payload });

test("an admin gives a table, an operator is told what the goods of an order cost to send", async () => {
  expect((await put("own", table())).statusCode).toBe(200);
  const lines = [{ productId: await product(450), quantity: 2 }];
  const answer = await quotes({ to: { country: "RU", city: "Москва" }, lines, currency: "RUB" });
  expect(answer.json()).toMatchObject({
    quotes: [{ provider: "own", priceMinor: 30_000, days: [1, 2], told: "estimate" }],
    ...{ silent: [], missing: null },
  });
  const audit = await database.db.selectFrom("audit").select(["actor", "action"]).execute();
  expect(audit).toContainEqual({ actor: "token:admin", action: "delivery.provider" });
});

test("what has to be known first is said: a weight, a place", async () => {
  await put("own", table());
  const lines = [{ productId: await product(null), quantity: 1 }];
  const to = { country: "RU", city: "Москва" };
  expect((await quotes({ to, lines, currency: "RUB" })).json()).toMatchObject({
    missing: "weight",
  });
  await delivery.saveHome({ from: place(), defaultGrams: 500 }, "eva");
  expect((await quotes({ to, lines, currency: "RUB" })).json()).toMatchObject({ missing: null });
  expect((await quotes({ to: {}, lines, currency: "RUB" })).json()).toMatchObject({
    missing: "place",
  });
});

test("a carrier that is down or slow keeps nobody from the others, and is named", async () => {
  const slow = await carrierServer(() => ({ body: {}, waitMs: 2000 }));
  const dead = await carrierServer(() => "hangUp");
  open.push(slow, dead);
  await put("own", table());
  await put("post", { kind: "russianPost", token: "t", key: "k", url: slow.url });
  await put("cdek", { kind: "cdek", account: "a", password: "p", url: dead.url });
  const to = { country: "RU", city: "Москва", postalCode: "101000" };
  await delivery.saveHome({ from: place({ postalCode: "630099" }), defaultGrams: 1 }, "eva");
  const answer = await quotes({ to, parcels: [{ grams: 500 }], currency: "RUB" });
  const { quotes: told, silent } = answer.json<{
    quotes: { provider: string }[];
    silent: { provider: string; why: string }[];
  }>();
  expect(told.map(({ provider }) => provider)).toEqual(["own"]);
  expect(silent.map(({ provider, why }) => `${provider} ${why}`)).toEqual([
    "cdek down",
    "post late",
  ]);
  expect(warnings).toContain("a carrier did not answer");
});

test("secrets are written and never read; left out they stay; switched off a carrier is not asked", async () => {
  await put("cdek", { kind: "cdek", account: "a", password: "s3cret" });
  const changed = await put("cdek", { kind: "cdek", account: "b" }, false);
  expect(changed.json()).toEqual({
    ...{ name: "cdek", enabled: false, hasSecrets: ["password"] },
    settings: { kind: "cdek", account: "b" },
    state: { answeredAtMs: 0, failedAtMs: 0, tookMs: 0, said: "", restingUntilMs: 0 },
  });
  const row = await database.db.selectFrom("delivery_providers").selectAll().executeTakeFirst();
  expect(row!.settings).toMatchObject({ account: "b", password: "s3cret" });
  const audit = await database.db.selectFrom("audit").select("detail").execute();
  expect(JSON.stringify(audit)).not.toContain("s3cret");
  const answer = await quotes({ to: { city: "x" }, parcels: [{ grams: 1 }], currency: "RUB" });
  expect(answer.json()).toMatchObject({ quotes: [], silent: [] });
});

test("what is wrong is named, and nothing is changed by it", async () => {
  const [service] = table().services;
  const twice = await put("own", table({ services: [service!, service!] }));
  expect(twice.statusCode).toBe(422);
  expect(twice.json()).toMatchObject({ error: { field: "body.settings.services.1.name" } });
  expect((await put("own", { kind: "ups" })).statusCode).toBe(400);
  expect((await put("a/b", table())).statusCode).toBe(404);
  expect(await delivery.providers()).toEqual([]);
  const both = await quotes({ to: {}, currency: "RUB" });
  expect(both.json()).toMatchObject({ error: { field: "body.lines" } });
  const operator = await app.inject({
    ...asOperator,
    ...{ method: "PUT", url: "/api/v1/delivery/home", payload: { from: {}, defaultGrams: null } },
  });
  expect(operator.statusCode).toBe(403);
});
