/** Orders by REST: new and changed, with whoever ordered, in whatever order and however often they come. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { importCustomers } from "../../server/customers/import.ts";
import type { App } from "../../server/http/app.ts";
import { openOrderIntake } from "../../server/orders/intake.ts";
import { orderRoutes } from "../../server/orders/routes.ts";
import { type Hints, localBus } from "../../server/storage/bus.ts";
import { testApp } from "../http/support.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let app: App;
const heard: { [K in keyof Hints]?: Hints[K][] } = {};
beforeAll(async () => {
  database = await testDatabase();
  const bus = localBus((error) => {
    throw error;
  });
  for (const hint of ["ordersChanged", "customersChanged", "standingsChanged"] as const)
    bus.on(hint, (payload) => void ((heard[hint] ??= []) as unknown[]).push(payload));
  app = await testApp();
  await orderRoutes(app, { storage: database, defaultRegion: "RU", bus });
  await app.ready();
});
afterAll(async () => {
  await app.close();
  await database.drop();
});
beforeEach(async () => {
  await database.pool.query("truncate customers, products restart identity cascade");
  for (const hint of Object.keys(heard) as (keyof Hints)[]) delete heard[hint];
});

const HOUR_MS = 3_600_000;
const placedAt = new Date(Date.now() - HOUR_MS).toISOString();
const base = {
  source: "site",
  number: "1001",
  stage: "new",
  total: 100,
  currency: "RUB",
  placedAt,
};
const phone = "8 (913) 000-00-01";

async function post(...records: unknown[]) {
  const answer = await app.inject({
    ...{ method: "POST", url: "/api/v1/orders", payload: records },
    headers: { authorization: "Bearer cc_integrator" },
  });
  return { status: answer.statusCode, ...answer.json<Answer>() };
}
type Answer = {
  added: number;
  changed: number;
  unchanged: number;
  refused: number;
  results: { index: number; status: string; field?: string; reason?: string }[];
};
type Order = {
  customerId: string;
  version: number | null;
  history: { stage: string; status: string; version: number | null; placed: boolean }[];
} & Record<string, unknown>;
async function order(sourceId: string): Promise<Order> {
  const answer = await app.inject({
    url: `/api/v1/orders/site/${encodeURIComponent(sourceId)}`,
    headers: { authorization: "Bearer cc_operator" },
  });
  expect(answer.statusCode, answer.body).toBe(200);
  return answer.json<{ order: Order }>().order;
}
async function rows<Row extends object = Record<string, unknown>>(query: string): Promise<Row[]> {
  return (await database.pool.query<Row>(query)).rows;
}
const customers = () => rows("select * from customers order by id");

describe("an order", () => {
  test("makes the customer whom nobody knew, and the next order of that phone is theirs", async () => {
    const customer = {
      ...{ name: "Анна", phone, email: "a@b.example", city: "Омск", region: "Омская область" },
      ...{ timeZone: "Asia/Omsk", language: "ru", consent: true },
    };
    expect(await post({ ...base, sourceId: "1", customer })).toMatchObject({
      ...{ status: 200, added: 1, refused: 0 },
    });
    expect(await customers()).toMatchObject([
      {
        ...{ id: "1", source: "site", source_id: "phone:+79130000001", name: "Анна" },
        ...{ email: "a@b.example", city: "Омск", region: "Омская область", language: "ru" },
        ...{ time_zone: "Asia/Omsk", consent: true },
      },
    ]);
    expect(await rows("select * from customer_phones")).toEqual([
      { e164: "+79130000001", customer_id: "1", verified: true },
    ]);
    expect(heard.customersChanged).toEqual([{ customerIds: ["1"], phones: ["+79130000001"] }]);
    expect(heard.ordersChanged).toEqual([{ orderIds: [(await order("1"))["id"]] }]);
    expect(heard.standingsChanged).toEqual([{ customerIds: ["1"] }]);
    await post({ ...base, sourceId: "2", phone: "+79130000001" });
    expect(await customers()).toHaveLength(1);
    expect(await order("2")).toMatchObject({ customerId: "1", phone: "+79130000001" });
  });

  test("of a phone alone makes somebody who is called by it", async () => {
    await post({ ...base, sourceId: "1", phone });
    expect(await customers()).toMatchObject([{ name: "+7 913 000-00-01", consent: null }]);
  });

  test("finds the customer by source id, else by the only one who has the phone", async () => {
    await importCustomers(
      database,
      [
        { sourceId: "7", name: "By id", phones: ["+79130000007"] },
        { sourceId: "8", name: "By phone", phones: [phone] },
        { sourceId: "9", name: "Shares", phones: ["+79130000002"] },
        { sourceId: "10", name: "Shares too", phones: ["+79130000002"] },
      ],
      { defaultRegion: "RU", source: "crm" },
    );
    const byId = { sourceId: "7", phone, name: "Another name" };
    await post(
      { ...base, sourceId: "1", customerSource: "crm", customer: byId },
      { ...base, sourceId: "2", customer: { phone, name: "Not theirs to change" } },
      { ...base, sourceId: "3", customer: { phone: "+79130000002", name: "One of two" } },
      { ...base, sourceId: "4", customer: { sourceId: "u4", phone } },
    );
    expect((await order("1")).customerId).toBe("1");
    expect((await order("2")).customerId).toBe("2");
    expect((await order("4")).customerId).toBe("2");
    const known = (await customers()).map(({ name }) => name);
    expect(known).toEqual(["By id", "By phone", "Shares", "Shares too", "One of two"]);
    expect((await order("3")).customerId).toBe("5");
    // Once more: not a second one of the same phone.
    await post({ ...base, sourceId: "5", customer: { phone: "+79130000002" } });
    expect((await order("5")).customerId).toBe("5");
  });

  test("of a source's own customers changes what it tells; two of them may share a phone", async () => {
    const anna = { sourceId: "a", name: "Anna", phone };
    await post({ ...base, sourceId: "1", customer: anna });
    await post({ ...base, sourceId: "2", customer: { sourceId: "b", name: "Boris", phone } });
    await post({ ...base, sourceId: "1", customer: { ...anna, city: "Пермь", name: "Anna P." } });
    expect(await customers()).toMatchObject([
      { source_id: "a", name: "Anna P.", city: "Пермь" },
      { source_id: "b", name: "Boris", city: "" },
    ]);
    const { length: before } = heard.customersChanged ?? [];
    await post({ ...base, sourceId: "1", customer: { ...anna, city: "Пермь", name: "Anna P." } });
    expect(heard.customersChanged).toHaveLength(before);
  });

  test("keeps the word on advertisements whoever's customer it is", async () => {
    await importCustomers(database, [{ sourceId: "1", name: "A", phones: [phone] }], {
      ...{ defaultRegion: "RU", source: "crm" },
    });
    await post({ ...base, sourceId: "1", customer: { phone, consent: false } });
    expect(await customers()).toMatchObject([{ name: "A", consent: false }]);
  });

  test("whose to call is another does not give the customer that phone", async () => {
    const customer = { sourceId: "a", name: "A" };
    await post({ ...base, sourceId: "1", customer, phone });
    expect(await rows("select * from customer_phones")).toEqual([]);
    expect(await order("1")).toMatchObject({ phone: "+79130000001" });
  });

  test("keeps the delivery, the comment and whose it is until they are told anew", async () => {
    const delivery = { method: "courier", city: "Чита", timeZone: "Asia/Chita", address: " " };
    await post({ ...base, sourceId: "1", phone, delivery, comment: "домофон\n 5", version: 3 });
    const kept = { method: "courier", city: "Чита", timeZone: "Asia/Chita" };
    expect(await order("1")).toMatchObject({ delivery: kept, comment: "домофон 5", version: 3 });
    expect(await post({ ...base, sourceId: "1", stage: "paid" })).toMatchObject({ changed: 1 });
    expect(await order("1")).toMatchObject({
      ...{ delivery: kept, comment: "домофон 5", version: 3, stage: "paid", customerId: "1" },
    });
    const payment = { method: "card", state: "partly", paid: "40.50", paidAt: "2026-11-20" };
    await post({ ...base, sourceId: "1", stage: "paid", payment });
    const paid = {
      method: "card",
      state: "partly",
      paidMinor: 4050,
      paidAt: "2026-11-20T00:00:00.000Z",
    };
    await post({ ...base, sourceId: "1", stage: "paid" });
    expect(await order("1")).toMatchObject({ payment: paid, delivery: kept });
    await post({ ...base, sourceId: "1", stage: "paid", delivery: {}, comment: "" });
    expect(await order("1")).toMatchObject({ delivery: {}, comment: "" });
  });
});

describe("the history", () => {
  test("has every change of stage and status, and none that was no change", async () => {
    await post({ ...base, sourceId: "1", phone });
    await post({ ...base, sourceId: "1", total: 200 });
    await post({ ...base, sourceId: "1", status: "Ждёт звонка" });
    await post({ ...base, sourceId: "1", status: "Ждёт звонка", stage: "confirmed" });
    expect((await order("1")).history).toMatchObject([
      { stage: "new", status: "", placed: true },
      { stage: "new", status: "Ждёт звонка", placed: false },
      { stage: "confirmed", status: "Ждёт звонка", placed: false },
    ]);
  });

  test("an order that is not there is 404", async () => {
    const headers = { authorization: "Bearer cc_operator" };
    expect(await app.inject({ url: "/api/v1/orders/site/none", headers })).toMatchObject({
      statusCode: 404,
    });
  });

  test("an older version changes nothing and is no error, in any order they come", async () => {
    const told = (version: number, stage: string) => ({
      ...{ ...base, sourceId: "1", phone, version, stage },
    });
    await post(told(5, "paid"));
    const late = { ...told(4, "new"), customer: { phone, consent: true } };
    expect(await post(late)).toMatchObject({
      ...{ status: 200, added: 0, changed: 0, unchanged: 1, results: [{ status: "ok" }] },
    });
    expect(await order("1")).toMatchObject({ stage: "paid", version: 5 });
    expect(await customers()).toMatchObject([{ consent: null }]);
    // In one batch too, where each step is kept.
    expect(
      await post(told(7, "shipped"), told(6, "assembling"), told(8, "delivered")),
    ).toMatchObject({ changed: 2, unchanged: 1 });
    const { history } = await order("1");
    expect(history.map(({ stage, version }) => `${stage} ${version}`)).toEqual([
      ...["paid 5", "shipped 7", "delivered 8"],
    ]);
  });
});

describe("a bad order", () => {
  test("is refused with the field and the reason, the others of the batch are kept", async () => {
    const hour = (hours: number) => new Date(Date.now() + hours * HOUR_MS).toISOString();
    const line = { name: "X", quantity: 1, price: 1 };
    const bad: [object, string, string][] = [
      [{}, "phone", "is missing: give phone, customer or customerSourceId"],
      [{ phone: "911" }, "phone", '"911" is not a phone number'],
      [{ phone: "+7 913 000" }, "phone", '"+7 913 000" is not a phone number'],
      [{ customer: { phone: "нет" } }, "customer.phone", '"нет" is not a phone number'],
      [{ customer: { name: "A" } }, "customer.phone", "is missing: give phone or sourceId"],
      [{ customerSourceId: "x" }, "customerSourceId", 'no customer "x" of source "site"'],
      [{ phone, placedAt: hour(25) }, "placedAt", `"${hour(25).slice(0, 13)}`],
      [{ phone, placedAt: "1989-12-31" }, "placedAt", '"1989-12-31" is before 1990'],
      [
        { phone, lines: Array.from({ length: 10_000 }, () => line) },
        "lines",
        "must not have more than 500 items",
      ],
      [{ phone, version: -1 }, "version", "must be >= 0"],
      [{ phone, version: 1.5 }, "version", "must be integer"],
      [{ phone, delivery: { timeZone: "Mars/Base" } }, "delivery.timeZone", '"Mars/Base" is not'],
      [{ phone, delivery: { street: "X" } }, "delivery.street", "is not a known field"],
      [{ phone, payment: { paid: 1, paidMinor: 100 } }, "payment.paid", "is given twice"],
      [{ phone, payment: { state: "maybe" } }, "payment.state", ""],
      [{ phone, payment: { paidAt: "soon" } }, "payment.paidAt", ""],
      [{ phone, customer: { vip: true, phone } }, "customer.vip", "is not a known field"],
      [
        { customerSourceId: "1", customer: { sourceId: "2" } },
        "customer.sourceId",
        "is another than customerSourceId",
      ],
      [{ phone, comment: "a\0b" }, "comment", "holds a NUL character"],
    ];
    const intake = openOrderIntake(database, { defaultRegion: "RU" });
    const records = bad.map(([fields], n) => ({ ...base, sourceId: `bad ${n}`, ...fields }));
    const good = (sourceId: string) => ({ ...base, sourceId, phone, placedAt: hour(23) });
    const result = await intake([good("g1"), ...records, good("g2")], undefined);
    expect(result.added).toBe(2);
    expect(result.refused).toHaveLength(bad.length);
    for (const [n, { index, field, reason }] of result.refused.entries()) {
      expect(index).toBe(n + 1);
      expect(field).toBe(bad[n]![1]);
      expect(reason).toContain(bad[n]![2]);
    }
    expect(await rows("select source_id from orders order by id")).toEqual([
      ...[{ source_id: "g1" }, { source_id: "g2" }],
    ]);
  });

  test("is refused however often a batch repeats it", async () => {
    const answer = await post({ ...base, sourceId: "1" }, { ...base, sourceId: "1" });
    expect(answer).toMatchObject({ status: 422, refused: 2, unchanged: 0 });
  });
});

describe("at the same moment", () => {
  test("a thousand duplicates are one order, one customer, one status", async () => {
    const record = { ...base, sourceId: "1", version: 1, customer: { name: "A", phone } };
    const answers = await Promise.all(Array.from({ length: 1000 }, () => post(record)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(answers.reduce((sum, { added }) => sum + added, 0)).toBe(1);
    expect(answers.reduce((sum, { unchanged }) => sum + unchanged, 0)).toBe(999);
    expect(await customers()).toHaveLength(1);
    expect((await order("1")).history).toMatchObject([{ placed: true, version: 1 }]);
  });

  test("steps that come mixed, over two processes, end at the newest, with no step back", async () => {
    const stages = ["new", "confirmed", "paid", "assembling", "shipped", "delivered"];
    const processes = [1, 2].map(() => openOrderIntake(database, { defaultRegion: "RU" }));
    const told = Array.from({ length: 120 }, (_, n) => {
      const version = (Math.floor(n / 20) * 5 + n) % 6;
      return { ...base, sourceId: `o${n % 20}`, phone, version, stage: stages[version] };
    });
    const results = await Promise.all(
      told.map((record, n) => processes[n % 2]!([record], undefined)),
    );
    expect(results.flatMap(({ refused }) => refused)).toEqual([]);
    expect(await rows("select distinct stage, version from orders")).toEqual([
      { stage: "delivered", version: "5" },
    ]);
    const steps = await rows<{ versions: string[] }>(
      "select array_agg(version order by id) as versions from order_statuses group by order_id",
    );
    expect(steps).toHaveLength(20);
    for (const { versions } of steps)
      expect(versions).toEqual(versions.toSorted((a, b) => Number(a) - Number(b)));
    expect(await customers()).toHaveLength(1);
  });

  test("while the database is away everybody is told so, and the next order is taken", async () => {
    const broken = {
      connect: () => Promise.reject(Object.assign(new Error("gone"), { code: "ECONNREFUSED" })),
    };
    let pool: unknown = broken;
    const storage = {
      get pool() {
        return pool as TestDatabase["pool"];
      },
    };
    const intake = openOrderIntake(storage, { defaultRegion: "RU" });
    const lost = await Promise.allSettled(
      ["1", "2"].map((sourceId) => intake([{ ...base, sourceId, phone }], undefined)),
    );
    expect(lost.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    pool = database.pool;
    expect(await intake([{ ...base, sourceId: "3", phone }], undefined)).toMatchObject({
      added: 1,
    });
  });
});
