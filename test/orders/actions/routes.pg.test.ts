/** Actions on orders over HTTP, for programs and supervisors: a real shop, a real PostgreSQL. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { App } from "../../../server/http/app.ts";
import { createLog } from "../../../server/http/log.ts";
import { actionRoutes } from "../../../server/orders/actions/routes.ts";
import { type RunningOrderWork, openOrderWork } from "../../../server/orders/actions/work.ts";
import { importOrders } from "../../../server/orders/import.ts";
import { orderRoutes } from "../../../server/orders/routes.ts";
import { localBus } from "../../../server/storage/bus.ts";
import { testApp } from "../../http/support.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { SECRET, type Shop, json, openShop } from "./shop.ts";

let database: TestDatabase;
let app: App;
let shop: Shop;
let work: RunningOrderWork;
beforeAll(async () => {
  database = await testDatabase();
  shop = await openShop();
  const bus = localBus((error) => {
    throw error;
  });
  work = await openOrderWork({
    ...{ storage: database, queueStorage: database, bus, defaultRegion: "RU" },
    log: createLog({ level: "silent" }),
    judge: (tries) => (tries < 2 ? { next: "again", inMs: 20 } : { next: "giveBack" }),
  });
  app = await testApp();
  await orderRoutes(app, { storage: database, defaultRegion: "RU", bus });
  actionRoutes(app, { storage: database, work });
  await app.ready();
});
afterAll(async () => {
  await app.close();
  await work.close();
  await shop.close();
  await database.drop();
});
beforeEach(async () => {
  await database.pool.query("truncate customers, order_sources, audit cascade");
  shop.asked.length = 0;
  shop.answer = json(200, { text: "Готово" });
  await importOrders(
    database,
    [
      {
        ...{ sourceId: "a/1", number: "1", total: 10, currency: "RUB", phone: "+79130000001" },
        ...{ placedAt: "2026-11-20", stage: "new" },
      },
    ],
    { defaultRegion: "RU", source: "shop" },
  );
});

async function ask(method: "GET" | "POST" | "PUT", url: string, role: string, body?: object) {
  const answer = await app.inject({
    ...{ method, url, headers: { authorization: `Bearer cc_${role}` } },
    ...(body === undefined ? {} : { payload: body }),
  });
  return { status: answer.statusCode, ...answer.json<Answer>() };
}
type Action = { id: string; state: string; answer: string; tries: number; lastError: string };
type Answer = {
  action?: Action;
  actions?: Action[];
  source?: object;
  error?: { code: string; message: string; field?: string };
};
const setSource = (body: object) => ask("PUT", "/api/v1/order-sources/shop", "admin", body);
const door = () => ({
  actionsUrl: shop.url,
  actionsSecret: SECRET,
  actions: ["confirm", "cancel"],
});
const act = (action: object, id: string = randomUUID(), role = "integrator") =>
  ask("POST", "/api/v1/orders/shop/a%2F1/actions", role, { id, action });

test("a source's door is set by an admin; its secret is never shown", async () => {
  expect(await setSource({ actionsUrl: shop.url })).toMatchObject({
    status: 400,
    error: { field: "body.actionsSecret" },
  });
  expect(await setSource({ actionsUrl: "ftp://x" })).toMatchObject({
    error: { field: "body.actionsUrl" },
  });
  expect(await setSource({ actions: ["destroy"] })).toMatchObject({
    status: 400,
    error: { field: "body.actions.0" },
  });
  const set = await setSource(door());
  expect(set.source).toMatchObject({
    ...{ actionsUrl: shop.url, hasActionsSecret: true, actions: ["confirm", "cancel"] },
    ...{ title: "", resultsUrl: "", hasResultsSecret: false },
  });
  expect(JSON.stringify(set)).not.toContain(SECRET);
  // What is left out stays.
  expect((await setSource({ hookSecret: "a secret of sixteen" })).source).toMatchObject({
    actions: ["confirm", "cancel"],
    hasActionsSecret: true,
  });
  const { rows } = await database.pool.query("select detail from audit");
  expect(JSON.stringify(rows)).not.toContain(SECRET);
});

test("a program asks, and asks again with the same id without harm", async () => {
  await setSource(door());
  const id = randomUUID();
  const first = await act({ kind: "confirm" }, id);
  expect(first).toMatchObject({
    status: 200,
    action: { id, state: "done", answer: "Готово", request: { kind: "confirm" } },
  });
  expect(await act({ kind: "confirm" }, id)).toEqual(first);
  expect(shop.asked).toHaveLength(1);
  expect(shop.asked[0]!.body).toMatchObject({ sourceId: "a/1", operator: "token:integrator" });
  expect(await ask("GET", `/api/v1/orders/actions/${id}`, "integrator")).toEqual(first);
});

test("what cannot be asked is refused with the field or the reason", async () => {
  await setSource(door());
  expect(await act({ kind: "confirm" }, "1")).toMatchObject({
    status: 400,
    error: { code: "invalid", message: expect.stringContaining("id: ") },
  });
  expect(await act({ kind: "cancel", reason: "mistake" })).toMatchObject({
    status: 400,
    error: { message: "text: is missing" },
  });
  expect(
    await act({ kind: "changeDelivery", delivery: { city: "Томск" }, chosen: null }),
  ).toMatchObject({ status: 403, error: { code: "forbidden" } });
  expect(await ask("POST", "/api/v1/orders/shop/none/actions", "integrator", {})).toMatchObject({
    status: 404,
  });
  expect(shop.asked).toEqual([]);
});

test("what was given back is listed and settled once, with the words for who asked", async () => {
  await setSource(door());
  shop.answer = json(503, {});
  const { status, action } = await act({ kind: "confirm" });
  expect([status, action?.state]).toEqual([202, "waiting"]);
  const list = async () => (await ask("GET", "/api/v1/orders/actions", "supervisor")).actions;
  await expect
    .poll(list, { timeout: 10_000 })
    .toMatchObject([{ id: action!.id, state: "givenBack", tries: 2, lastError: "answered 503" }]);
  const settle = (how: string) =>
    ask("POST", `/api/v1/orders/actions/${action!.id}/settle`, "supervisor", {
      ...{ how, text: "Подтвердили в магазине\n" },
    });
  expect(await settle("done")).toMatchObject({
    status: 200,
    action: { state: "done", answer: "Подтвердили в магазине" },
  });
  expect(await settle("again")).toMatchObject({ status: 409 });
  expect(await list()).toEqual([]);
  const { rows } = await database.pool.query(
    "select actor from audit where action = 'orderAction.settled'",
  );
  expect(rows).toEqual([{ actor: "token:supervisor" }]);
  expect((await ask("GET", "/api/v1/orders/actions", "operator")).status).toBe(403);
});
