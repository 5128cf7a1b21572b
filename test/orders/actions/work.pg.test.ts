/** What operators ask of orders: a real shop over HTTP, the real queue in a real PostgreSQL. */
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createLog } from "../../../server/http/log.ts";
import { askOrderIn } from "../../../server/orders/actions/jobs.ts";
import { afterSilence } from "../../../server/orders/actions/retries.ts";
import type { OrderAction, OrderActionRequest } from "../../../server/orders/actions/model.ts";
import {
  type OrderWorkOptions,
  type RunningOrderWork,
  openOrderWork,
} from "../../../server/orders/actions/work.ts";
import { importOrders, importProducts } from "../../../server/orders/import.ts";
import { changeSource } from "../../../server/orders/sources.ts";
import { type Bus, localBus } from "../../../server/storage/bus.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { SECRET, type Shop, json, openShop } from "./shop.ts";

let database: TestDatabase;
let shop: Shop;
let bus: Bus;
let userId: string;
const open: { close(): Promise<unknown> }[] = [];
const load = { defaultRegion: "RU", source: "shop" } as const;

beforeAll(async () => {
  database = await testDatabase();
  const made = await database.pool.query<{ id: string }>(
    "insert into users (login, name, role, password_hash) values ('anna', 'Анна', 'operator', '') returning id",
  );
  userId = made.rows[0]!.id;
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query("truncate customers, products, order_sources cascade");
  bus = localBus((error) => {
    throw error;
  });
  shop = await openShop();
  open.push(shop);
  await takes(["confirm", "changeLines", "changeDelivery", "cancel"]);
});
const stopAll = async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
};
afterEach(async () => {
  await stopAll();
  await database.pool.query("delete from graphile_worker._private_jobs");
});

const takes = (actions: readonly string[], actionsUrl = shop.url) =>
  changeSource(database.db, "shop", { actionsUrl, actionsSecret: SECRET, actions }, "test");

/** Retries as in the product, a hundred times faster. */
const fast: Partial<OrderWorkOptions> = {
  judge: (tries, sinceMs, atMs) => {
    const after = afterSilence(tries, sinceMs, atMs, 0.5);
    return after.next === "again" ? { ...after, inMs: after.inMs / 100 } : after;
  },
};
async function working(options: Partial<OrderWorkOptions> = {}): Promise<RunningOrderWork> {
  const work = await openOrderWork({
    ...{ storage: database, queueStorage: database, bus, defaultRegion: "RU" },
    log: createLog({ level: "silent" }),
    ...fast,
    ...options,
  });
  open.push(work);
  return work;
}

const record = {
  sourceId: "1",
  number: "A-1",
  stage: "new",
  status: "Новый",
  totalMinor: 30_000,
  currency: "RUB",
  placedAt: "2026-11-20T10:00:00Z",
  version: 1,
  phone: "+79130000001",
  customer: { name: "Ольга" },
  delivery: { city: "Томск" },
  payment: { state: "unpaid" },
  lines: [
    { name: "Мишка", quantity: 2, priceMinor: 10_000, productId: "bear" },
    { name: "Открытка", quantity: 1, priceMinor: 10_000 },
  ],
} as const;
async function order(sourceId = "1"): Promise<string> {
  const { refused } = await importOrders(
    database,
    [{ ...record, sourceId, number: `A-${sourceId}` }],
    load,
  );
  expect(refused).toEqual([]);
  const { rows } = await database.pool.query<{ id: string }>(
    "select id from orders where source_id = $1",
    [sourceId],
  );
  return rows[0]!.id;
}
const confirm: OrderActionRequest = { kind: "confirm" };
const cancel = (text: string): OrderActionRequest => ({
  kind: "cancel",
  reason: "changedMind",
  text,
});
const act = (
  work: RunningOrderWork,
  orderId: string,
  request: OrderActionRequest,
  id: string = randomUUID(),
) => work.act({ id, orderId, request }, { userId, callId: "call-1" });
const ended = (work: RunningOrderWork, id: string) =>
  expect.poll(async () => (await work.action(id))?.state, { timeout: 15_000 });

describe("an action", () => {
  test("is asked signed, under its id, and done in the shop's words; the order is as the shop says it is", async () => {
    shop.answer = json(200, {
      text: "Заказ\u0000 подтверждён\n\u202e",
      order: { ...record, stage: "confirmed", status: "Подтверждён", version: 2 },
    });
    const work = await working();
    const orderId = await order();
    const action = await act(work, orderId, confirm);
    expect(action).toMatchObject({
      ...{ orderId, request: confirm, state: "done", answer: "Заказ подтверждён" },
      askedByName: "Анна",
    });
    expect(shop.asked).toEqual([
      {
        key: action.id,
        signed: true,
        body: {
          ...{ id: action.id, source: "shop", sourceId: "1", operator: "Анна" },
          action: confirm,
        },
      },
    ]);
    expect(await work.order(orderId)).toMatchObject({
      ...{ stage: "confirmed", status: "Подтверждён" },
      history: [{ stage: "new" }, { stage: "confirmed" }],
      actions: [action],
      may: ["changeLines", "changeDelivery", "cancel"],
    });
  });

  test("is refused in the shop's own words, cleaned and bounded; nothing is tried again", async () => {
    const words = `Заказ уже отправлен.${"!".repeat(2000)}`;
    shop.answer = json(422, { message: `  ${words}\u0007` });
    const work = await working();
    const action = await act(work, await order(), cancel("передумал"));
    expect(action.state).toBe("refused");
    expect(action.answer).toMatch(/^Заказ уже отправлен\.!+…$/);
    expect(action.answer).toHaveLength(500);
    shop.answer = json(409, { message: "Нет" });
    expect(await act(work, action.orderId, confirm)).toMatchObject({ answer: "Нет" });
    expect(shop.asked).toHaveLength(2);
  });

  test("asked twice with one id is asked once, also at the same moment and by two processes", async () => {
    const one = await working();
    const other = await working();
    shop.answer = (asked, response) => void setTimeout(() => json(200, {})(asked, response), 150);
    const orderId = await order();
    const id = randomUUID();
    const answers = await Promise.all([
      act(one, orderId, confirm, id),
      act(one, orderId, confirm, id.toUpperCase()),
      act(other, orderId, confirm, id),
    ]);
    expect(answers.map(({ state }) => state)).toEqual(["done", "done", "done"]);
    expect(await act(other, orderId, confirm, id)).toEqual(answers[0]);
    expect(shop.asked).toHaveLength(1);
    await expect(act(one, orderId, cancel("нет"), id)).rejects.toMatchObject({ code: "invalid" });
  });

  test.for([
    ["down", null],
    ["answering 500", json(500, { message: "Нет" })],
    ["answering what is no JSON", (_: unknown, r: { end(text: string): void }) => r.end("<html>")],
    ["refusing without a word", json(409, {})],
    ["breaking off", (_: unknown, r: { destroy(): void }) => r.destroy()],
    ["slow", () => undefined],
  ] as const)("waits for a shop that is %s, and is done once it answers", async ([, answer]) => {
    const work = await working({ operatorWaitsMs: 300, answerWithinMs: 300 });
    const orderId = await order();
    const { port } = shop;
    if (answer === null) await shop.close();
    else shop.answer = answer;
    const heard: [OrderAction, string | null][] = [];
    work.onAction((action, user) => heard.push([action, user]));
    const action = await act(work, orderId, confirm);
    expect(action).toMatchObject({ state: "waiting", answer: "" });
    expect((await work.action(action.id))?.lastError).not.toBe("");
    if (answer === null) {
      shop = await openShop(port);
      open.push(shop);
    }
    shop.answer = json(200, { text: "Готово" });
    await ended(work, action.id).toBe("done");
    await expect
      .poll(() => heard)
      .toEqual([[{ ...action, state: "done", answer: "Готово" }, userId]]);
    expect(new Set(shop.asked.map(({ key }) => key))).toEqual(new Set([action.id]));
  });

  test("is given back when it was tried long enough; a person says what became of it", async () => {
    shop.answer = json(503, {});
    const work = await working({
      judge: (tries) => (tries < 3 ? { next: "again", inMs: 20 } : { next: "giveBack" }),
    });
    const orderId = await order();
    const { id } = await act(work, orderId, confirm);
    await ended(work, id).toBe("givenBack");
    expect(shop.asked).toHaveLength(3);
    expect(await work.unsettled("givenBack", 10)).toMatchObject([
      { id, tries: 3, lastError: "answered 503", orderNumber: "A-1" },
    ]);
    shop.answer = json(200, {});
    await work.settle(id, "again", "");
    await ended(work, id).toBe("done");
    expect(await work.settle(id, "done", "вручную")).toBeNull();
  });

  test("is not tried again once the same was asked otherwise and done, or the order was cancelled", async () => {
    shop.answer = json(503, {});
    const work = await working({ judge: () => ({ next: "giveBack" }) });
    const orderId = await order();
    const post = (city: string): OrderActionRequest => ({
      ...{ kind: "changeDelivery", delivery: { city }, chosen: null },
    });
    const [old, other] = [
      await act(work, orderId, post("Томск")),
      await act(work, orderId, confirm),
    ];
    expect([old.state, other.state]).toEqual(["givenBack", "givenBack"]);
    shop.answer = json(200, {});
    expect(await act(work, orderId, post("Омск"))).toMatchObject({ state: "done" });
    expect(await work.settle(old.id, "again", "")).toBe("overtaken");
    expect(await work.settle(old.id, "dropped", "")).toMatchObject({ state: "refused" });
    // What is about something else is.
    await work.settle(other.id, "again", "");
    await ended(work, other.id).toBe("done");
    expect(shop.asked.filter(({ key }) => key === old.id)).toHaveLength(1);
  });

  test("that is due is not put off by what is asked later", async () => {
    const orderId = await order();
    await working();
    await stopAll();
    const at = async () => {
      const { rows } = await database.pool.query<{ ms: number }>(
        "select extract(epoch from run_at - now())::float8 * 1000 as ms from graphile_worker.jobs where key = 'order-actions-' || $1",
        [orderId],
      );
      expect(rows).toHaveLength(1);
      return rows[0]!.ms;
    };
    await askOrderIn(database.db, orderId, 60_000);
    expect(await at()).toBeGreaterThan(50_000);
    await askOrderIn(database.db, orderId, 0);
    expect(await at()).toBeLessThan(1000);
    await askOrderIn(database.db, orderId, 60_000);
    expect(await at()).toBeLessThan(1000);
    // Also by one who began before it was there.
    await database.pool.query("delete from graphile_worker._private_jobs");
    const soon = await database.pool.connect();
    await soon.query("begin");
    await soon.query("select callcard_ask_order($1, now())", [orderId]);
    const late = askOrderIn(database.db, orderId, 60_000);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await soon.query("commit");
    soon.release();
    await late;
    expect(await at()).toBeLessThan(1000);
  });

  test("stands behind what was asked of the order before, not of others", async () => {
    shop.answer = json(500, {});
    const work = await working({
      operatorWaitsMs: 300,
      judge: () => ({ next: "again", inMs: 400 }),
    });
    const [first, second] = [await order("1"), await order("2")];
    const waiting = [await act(work, first, cancel("1")), await act(work, first, cancel("2"))];
    expect(waiting.map(({ state }) => state)).toEqual(["waiting", "waiting"]);
    expect(shop.asked.map(({ body }) => body.action.text)).not.toContain("2");
    shop.answer = json(200, {});
    expect(await act(work, second, cancel("3"))).toMatchObject({ state: "done" });
    const third = await act(work, first, cancel("4"));
    expect(third.state).toBe("done");
    const done = shop.asked.map(({ body }) => body.action.text).filter((text) => text !== "3");
    expect([...new Set(done)]).toEqual(["1", "2", "4"]);
    expect(done.filter((text) => text !== "1")).toEqual(["2", "4"]);
  });

  test("that is done with an order that cannot be read is done, and says so to those who look", async () => {
    const work = await working();
    const orderId = await order();
    shop.answer = json(200, { order: { number: "A-1" } });
    const one = await act(work, orderId, confirm);
    expect(one.state).toBe("done");
    expect((await work.action(one.id))?.lastError).toMatch(/cannot be taken: \w+ is missing/);
    shop.answer = json(200, {
      order: { ...record, sourceId: "2", stage: "cancelled", version: 9 },
    });
    const other = await act(work, orderId, confirm);
    expect((await work.action(other.id))?.lastError).toBe(
      "the order in the answer is another order",
    );
    expect(await work.order(orderId)).toMatchObject({ stage: "new" });
  });

  test("of which the shop tells late changes nothing back", async () => {
    const work = await working();
    const orderId = await order();
    await importOrders(database, [{ ...record, stage: "shipped", version: 5 }], load);
    shop.answer = json(200, { order: { ...record, stage: "confirmed", version: 2 } });
    await act(work, orderId, confirm);
    expect(await work.order(orderId)).toMatchObject({ stage: "shipped" });
  });
});

describe("a process that ends", () => {
  test("between asking and writing: another asks again under the same id, and what came of it is written", async () => {
    const done = new Set<string>();
    shop.answer = (asked, response, before) => {
      done.add(asked.key);
      // The first answer never comes: whoever asked is gone.
      if (before > 0) json(200, { text: "Готово" })(asked, response);
    };
    const dying = await working();
    const orderId = await order();
    const id = randomUUID();
    const asking = act(dying, orderId, confirm, id);
    await expect.poll(() => shop.asked.length).toBe(1);
    // As after a kill: the lease stands, and nobody gives it back.
    const lease = await database.pool.query<{ asking_until: Date }>(
      "select asking_until from order_actions where id = $1",
      [id],
    );
    expect(lease.rows[0]!.asking_until.getTime()).toBeGreaterThan(Date.now());
    await dying.close();
    expect((await asking).state).toBe("waiting");
    await database.pool.query(
      "update order_actions set asking_until = now() + interval '700 milliseconds', tries = 1",
    );
    const next = await working();
    await ended(next, id).toBe("done");
    expect(shop.asked.map(({ key }) => key)).toEqual([id, id]);
    expect(done).toEqual(new Set([id]));
  });

  test("before it asked anything: the job it left asks", async () => {
    const dying = await working();
    const orderId = await order();
    await dying.close();
    const id = randomUUID();
    // The transaction that writes an action, and nothing after it.
    await database.pool.query(
      "insert into order_actions (id, order_id, user_id, action) values ($1, $2, $3, $4)",
      [id, orderId, userId, JSON.stringify(confirm)],
    );
    await database.pool.query("select callcard_ask_order($1, now())", [orderId]);
    const next = await working();
    await ended(next, id).toBe("done");
    expect(shop.asked).toHaveLength(1);
  });

  test("whose job was lost with it is made good by the next start", async () => {
    const orderId = await order();
    const id = randomUUID();
    await database.pool.query(
      "insert into order_actions (id, order_id, user_id, action) values ($1, $2, $3, $4)",
      [id, orderId, userId, JSON.stringify(confirm)],
    );
    await ended(await working(), id).toBe("done");
  });

  test("by closing gives back what it was asking at once", async () => {
    shop.answer = () => undefined;
    const work = await working();
    const orderId = await order();
    const asking = act(work, orderId, confirm);
    await expect.poll(() => shop.asked.length).toBe(1);
    const beganMs = Date.now();
    await work.close();
    expect((await asking).state).toBe("waiting");
    expect(Date.now() - beganMs).toBeLessThan(3500);
    const { rows } = await database.pool.query(
      "select tries, asking_until, last_error from order_actions",
    );
    expect(rows).toEqual([{ tries: 0, asking_until: null, last_error: "" }]);
  });
});

describe("what may be asked", () => {
  test("is what the source takes; nothing else is written", async () => {
    await takes(["cancel"]);
    const work = await working();
    const orderId = await order();
    expect((await work.order(orderId))?.may).toEqual(["cancel"]);
    await expect(act(work, orderId, confirm)).rejects.toMatchObject({ code: "forbidden" });
    await expect(act(work, "999999", confirm)).rejects.toMatchObject({ code: "notFound" });
    await takes(["confirm"], "");
    expect((await work.order(orderId))?.may).toEqual([]);
    await expect(act(work, orderId, confirm)).rejects.toMatchObject({ code: "forbidden" });
    const { rows } = await database.pool.query("select from order_actions");
    expect(rows).toEqual([]);
  });

  test.for([
    [{ kind: "destroy" }, /^kind: must be one of/],
    [{ kind: "changeLines", lines: [] }, /^lines: /],
    [
      {
        kind: "changeLines",
        lines: [
          { sourceProductId: "bear", name: "Мишка", quantity: 0, priceMinor: 1, showingId: "" },
        ],
      },
      /^lines: nothing would be left/,
    ],
    [
      {
        kind: "changeLines",
        lines: [{ sourceProductId: "bear", name: " ", quantity: 1, priceMinor: 1, showingId: "" }],
      },
      /^lines\[0\]\.name: is empty/,
    ],
    [{ kind: "changeDelivery", delivery: {}, chosen: null }, /^delivery: is empty/],
    [
      { kind: "changeDelivery", delivery: { timeZone: "Mars" }, chosen: null },
      /^delivery\.timeZone: /,
    ],
    [
      {
        kind: "applyOffer",
        offer: {
          ...{ showingId: "00000000-0000-4000-8000-000000000001", kind: "discount", ruleId: "8" },
          ...{ ruleName: "", amountMinor: 500, saying: "" },
        },
      },
      /^offer\.amountMinor: /,
    ],
    [{ kind: "cancel", reason: "why not", text: "" }, /^reason: /],
    [{ kind: "cancel", reason: "other", text: "a\0b" }, /^text: holds a NUL/],
  ] as const)("%j is refused with the field", async ([request, message]) => {
    const work = await working();
    await expect(
      act(work, await order(), request as unknown as OrderActionRequest),
    ).rejects.toMatchObject({ code: "invalid", message: expect.stringMatching(message) });
  });
});

describe("an order's detail", () => {
  test("has its lines with our products and their stock, and knows nothing of others'", async () => {
    await importProducts(
      database,
      [
        { sourceId: "bear", name: "Мишка", price: 100, currency: "RUB", stock: 3 },
        { source: "other", sourceId: "bear", name: "Не тот", price: 1, currency: "RUB", stock: 9 },
      ],
      load,
    );
    const work = await working();
    const orderId = await order();
    const { rows } = await database.pool.query<{ id: string }>(
      "select id from products where source = 'shop'",
    );
    expect(await work.order(orderId)).toMatchObject({
      ...{ id: orderId, source: "shop", sourceId: "1", number: "A-1", totalMinor: 30_000 },
      ...{ delivery: { city: "Томск" }, payment: { state: "unpaid" } },
      lines: [
        { name: "Мишка", quantity: 2, sourceProductId: "bear", productId: rows[0]!.id, stock: 3 },
        { name: "Открытка", sourceProductId: "", productId: null, stock: null },
      ],
    });
    expect(await work.order("999999")).toBeNull();
    expect(await work.order("'; drop")).toBeNull();
  });

  test("products are found by beginnings of words and of the article number, of this source alone", async () => {
    await importProducts(
      database,
      [
        {
          sourceId: "1",
          sku: "TH-010",
          name: "Ёлка зелёная, 120 см",
          price: 1,
          currency: "RUB",
          stock: 0,
        },
        {
          sourceId: "2",
          sku: "TH-01",
          name: "Ёлка зеленая, 150 см",
          price: 1,
          currency: "RUB",
          stock: 2,
        },
        {
          sourceId: "3",
          sku: "XX-1",
          name: "Батарейки совместимые",
          price: 1,
          currency: "RUB",
        },
        { source: "other", sourceId: "4", sku: "TH-01", name: "Ёлка", price: 1, currency: "RUB" },
      ],
      load,
    );
    const work = await working();
    const find = async (text: string, limit = 10) =>
      (await work.findProducts("shop", text, limit)).map((one) => one.sourceProductId);
    expect(await find("th-01")).toEqual(["2", "1"]);
    expect(await find("xx")).toEqual(["3"]);
    expect(await find("зел ёлка")).toEqual(["2", "1"]);
    expect(await find("елк зел")).toEqual(["2", "1"]);
    expect(await find("ЁЛКА 120")).toEqual(["1"]);
    expect(await find("ёлка", 1)).toEqual(["2"]);
    expect(await find("  ")).toEqual([]);
    expect(await find("' | ! & \\ \0 :*")).toEqual([]);
  });
});
