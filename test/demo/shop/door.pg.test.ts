/** The sample shop behind its own HTTP server, asked as Callcard asks every shop. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningDemo, closeDemoLogins, openDemo } from "../../../server/demo/demo.ts";
import { createLog } from "../../../server/http/log.ts";
import { type RunningOrderWork, openOrderWork } from "../../../server/orders/actions/work.ts";
import { localBus } from "../../../server/storage/bus.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";

let database: TestDatabase;
let demo: RunningDemo;
let work: RunningOrderWork;
beforeAll(async () => {
  database = await testDatabase();
  demo = await openDemo(database);
  work = await openOrderWork({
    ...{ storage: database, queueStorage: database, defaultRegion: "RU" },
    bus: localBus(() => undefined),
    log: createLog({ level: "silent" }),
  });
}, 90_000);
afterAll(async () => {
  await work.close();
  await demo.stop();
  await database.drop();
});

async function orderIn(...stages: string[]): Promise<string> {
  const { rows } = await database.pool.query<{ id: string }>(
    "select id from orders where stage = any($1) and currency = 'RUB' order by placed_at desc limit 1",
    [stages],
  );
  return rows[0]!.id;
}
const act = (orderId: string, request: Parameters<RunningOrderWork["act"]>[0]["request"]) =>
  work.act({ id: randomUUID(), orderId, request }, { userId: "1", callId: "" });

test("takes an order's change, and the card sees the order, the sum and the stock as they became", async () => {
  const orderId = await orderIn("new", "confirmed", "paid", "assembling");
  const before = (await work.order(orderId))!;
  expect(before.may).toContain("changeLines");
  expect(before.delivery).toMatchObject({ country: "RU", address: expect.any(String) });
  const product = (await work.findProducts(before.source, "батарейки aa", 1))[0]!;
  const line = {
    ...{ sourceProductId: product.sourceProductId, name: product.name, quantity: 1 },
    ...{ priceMinor: product.priceMinor, showingId: "" },
  };
  const kept = before.lines.map(({ sourceProductId, name, quantity, priceMinor }) => ({
    ...{ sourceProductId, name, quantity, priceMinor, showingId: "" },
  }));
  const done = await act(orderId, { kind: "changeLines", lines: [...kept, line] });
  expect(done).toMatchObject({ state: "done", answer: expect.stringContaining("Состав изменён") });
  const after = (await work.order(orderId))!;
  expect(after.totalMinor).toBe(before.totalMinor + product.priceMinor);
  expect(after.lines.at(-1)).toMatchObject({
    ...{ name: product.name, productId: product.productId, stock: product.stock! - 1 },
  });
  // A restart forgets nothing of it.
  await demo.stop();
  expect((await work.order(orderId))?.may).toEqual([]);
  demo = await openDemo(database);
  expect(await act(orderId, { kind: "cancel", reason: "changedMind", text: "" })).toMatchObject({
    state: "done",
  });
  const cancelled = (await work.order(orderId))!;
  expect(cancelled).toMatchObject({ stage: "cancelled", totalMinor: after.totalMinor });
  expect(cancelled.lines.at(-1)?.stock).toBe(product.stock);
}, 60_000);

test("says in its own words that an order has left", async () => {
  const orderId = await orderIn("shipped");
  const { number } = (await work.order(orderId))!;
  expect(await act(orderId, { kind: "cancel", reason: "changedMind", text: "" })).toMatchObject({
    state: "refused",
    answer: `Заказ ${number} уже передан в доставку, отменить нельзя: оформите возврат после получения`,
  });
  expect(await work.order(orderId)).toMatchObject({ stage: "shipped" });
});

test("answers nobody who cannot sign, and nobody once a real PBX is configured", async () => {
  const { rows } = await database.pool.query<{ actions_url: string }>(
    "select actions_url from order_sources where source = 'sample-shop'",
  );
  const answer = await fetch(rows[0]!.actions_url, { method: "POST", body: "{}" });
  expect(answer.status).toBe(401);
  await closeDemoLogins(database.db);
  expect((await work.order(await orderIn("new", "shipped")))?.may).toEqual([]);
});
