import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openDirectory } from "../../server/customers/directory.ts";
import { customerRoutes } from "../../server/customers/routes.ts";
import type { App } from "../../server/http/app.ts";
import { orderRoutes } from "../../server/orders/routes.ts";
import { localBus } from "../../server/storage/bus.ts";
import { testApp } from "../http/support.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let app: App;
beforeAll(async () => {
  database = await testDatabase();
  const bus = localBus((error) => {
    throw error;
  });
  const directory = openDirectory(database, {
    ...{ defaultRegion: "RU", extensionPattern: /^\d{3}$/, bus },
  });
  app = await testApp();
  await app.register(async (scope) => {
    await customerRoutes(scope, { storage: database, directory, defaultRegion: "RU", bus });
    await orderRoutes(scope, { storage: database, defaultRegion: "RU" });
  });
  await app.ready();
});
afterAll(async () => {
  await app.close();
  await database.drop();
});
beforeEach(() => database.pool.query("truncate customers, products restart identity cascade"));

async function ask(method: "GET" | "POST", url: string, role: string, body?: unknown) {
  const answer = await app.inject({
    ...{ method, url, headers: { authorization: `Bearer cc_${role}` } },
    ...(body === undefined ? {} : { payload: body as object }),
  });
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
}
const post = (url: string, body: unknown) => ask("POST", url, "integrator", body);
const get = (url: string) => ask("GET", url, "operator");

describe("loading over HTTP", () => {
  test("one record or many", async () => {
    const one = { source: "crm", sourceId: "1", name: "A", phones: ["8 913 000-00-01"] };
    expect(await post("/api/v1/customers", one)).toEqual({
      status: 200,
      body: {
        ...{ added: 1, changed: 0, unchanged: 0, refused: 0 },
        results: [{ index: 0, sourceId: "1", status: "ok" }],
      },
    });
    const again = await post("/api/v1/customers?source=crm", [
      { sourceId: "1", name: "A2" },
      { sourceId: "2", name: "B" },
    ]);
    expect(again).toMatchObject({ status: 200, body: { added: 1, changed: 1 } });
  });

  test("207 says which were refused and why; the others are kept", async () => {
    const answer = await post("/api/v1/customers?source=crm", [
      { sourceId: "1", name: "A" },
      { sourceId: "2", name: "B", phones: ["7.9130000001E+10"] },
      { sourceId: 3 },
    ]);
    expect(answer).toMatchObject({
      status: 207,
      body: {
        ...{ added: 1, refused: 2 },
        results: [
          { index: 0, status: "ok" },
          { index: 1, sourceId: "2", status: "refused", field: "phones[0]" },
          { index: 2, sourceId: "", status: "refused" },
        ],
      },
    });
    expect((await database.pool.query("select name from customers")).rows).toEqual([{ name: "A" }]);
  });

  test("422 when none was taken", async () => {
    expect(await post("/api/v1/customers", [{ sourceId: "1", name: "No source" }])).toMatchObject({
      status: 422,
      body: { results: [{ status: "refused", field: "source", reason: "is missing" }] },
    });
    expect(await post("/api/v1/orders?source=s", ["text"])).toMatchObject({ status: 422 });
  });

  test("an empty batch, one too large and no JSON are refused as a whole", async () => {
    expect(await post("/api/v1/customers", [])).toMatchObject({ status: 400 });
    const many = Array.from({ length: 1001 }, (_, n) => ({ sourceId: String(n), name: "N" }));
    expect(await post("/api/v1/customers?source=crm", many)).toMatchObject({ status: 400 });
    const text = await app.inject({
      ...{ method: "POST", url: "/api/v1/customers", payload: "{" },
      headers: { authorization: "Bearer cc_integrator", "content-type": "application/json" },
    });
    expect(text.statusCode).toBe(400);
    expect((await database.pool.query("select 1 from customers")).rowCount).toBe(0);
  });

  test("orders and products", async () => {
    await post("/api/v1/customers?source=shop", { sourceId: "c1", name: "A" });
    const order = {
      ...{ sourceId: "o1", customerSourceId: "c1", number: "77", total: 12.5, currency: "RUB" },
      placedAt: "2026-11-01",
    };
    expect(await post("/api/v1/orders?source=shop", order)).toMatchObject({ status: 200 });
    const product = { sourceId: "p1", name: "Kettle", price: 10, currency: "RUB" };
    expect(await post("/api/v1/products?source=shop", product)).toMatchObject({ status: 200 });
    expect(await get("/api/v1/customers?q=77")).toMatchObject({
      body: { customers: [{ name: "A" }] },
    });
  });
});

describe("reading over HTTP", () => {
  beforeEach(async () => {
    await post("/api/v1/customers?source=crm", [
      { sourceId: "1", name: "Мария <b>", phones: ["+79130000001"], tier: "gold" },
      { sourceId: "2", name: "Анна", phones: ["+79130000002", "+79130000003"] },
      { sourceId: "3", name: "Борис", phones: ["+79130000003"] },
    ]);
  });

  test("search and one customer", async () => {
    const { body } = await get("/api/v1/customers?q=%D0%BC%D0%B0%D1%80");
    const mary = { name: "Мария <b>", tier: "gold", phones: ["+79130000001"] };
    expect(body).toMatchObject({ customers: [mary] });
    const [{ id }] = body["customers"] as [{ id: string }];
    expect(await get(`/api/v1/customers/${id}`)).toMatchObject({ body: { customer: mary } });
    expect(await get("/api/v1/customers/999")).toMatchObject({ status: 404 });
    expect(await get("/api/v1/customers/1%20or%201=1")).toMatchObject({ status: 404 });
    expect(await get("/api/v1/customers")).toMatchObject({ status: 400 });
  });

  test("identification says every outcome in full", async () => {
    const identify = async (number: string) => {
      const { body } = await get(`/api/v1/identify?number=${encodeURIComponent(number)}`);
      return body["identification"];
    };
    expect(await identify("8 (913) 000-00-01")).toMatchObject({
      ...{ outcome: "one", verified: true, customer: { name: "Мария <b>" } },
      phone: { e164: "+79130000001", display: "+7 913 000-00-01", country: "RU" },
    });
    expect(await identify("+79130000003")).toMatchObject({
      outcome: "several",
      candidates: [
        { customer: { name: "Анна" }, reason: "other", lastOrderAt: "" },
        { customer: { name: "Борис" } },
      ],
    });
    expect(await identify("+380671234567")).toMatchObject({
      outcome: "none",
      phone: { timeZones: ["Europe/Kyiv"] },
    });
    expect(await identify("anonymous")).toEqual({ outcome: "withheld" });
    expect(await identify("101")).toEqual({ outcome: "internal", extension: "101" });
    expect(await identify("x")).toEqual({ outcome: "unreadable", raw: "x" });
  });

  test("what was loaded is what the next look-up says", async () => {
    await get("/api/v1/identify?number=89130000001");
    await post("/api/v1/customers?source=crm", { sourceId: "1", name: "Renamed" });
    expect(await get("/api/v1/identify?number=89130000001")).toMatchObject({
      body: { identification: { customer: { name: "Renamed" } } },
    });
  });
});

test("a timeline is read page by page, by kind and by text", async () => {
  await post("/api/v1/customers?source=crm", { sourceId: "1", name: "A", bonusMinor: 12_300 });
  await database.pool.query(
    "insert into notes (customer_id, text, created_at) select 1, 'note ' || n, now() - n * interval '1 hour' from generate_series(1, 5) n",
  );
  const page = (query: string) => get(`/api/v1/customers/1/timeline?${query}`);
  const first = await page("limit=3");
  expect(first).toMatchObject({
    status: 200,
    body: { entries: [{ kind: "note", text: "note 1" }, {}, { text: "note 3" }] },
  });
  const next = first.body["next"] as string;
  expect(await page(`limit=3&after=${next}`)).toMatchObject({
    body: { entries: [{ text: "note 4" }, { text: "note 5" }], next: "" },
  });
  expect(await page("q=NOTE%205")).toMatchObject({ body: { entries: [{ text: "note 5" }] } });
  expect(await page("kinds=call,order")).toMatchObject({ body: { entries: [], next: "" } });
  expect(await page("kinds=call,sms")).toMatchObject({
    status: 400,
    body: { error: { field: "query.kinds" } },
  });
  expect(await page("after=x")).toMatchObject({
    status: 400,
    body: { error: { field: "query.after" } },
  });
  const bonus = await database.pool.query("select bonus_minor from customers");
  expect(bonus.rows).toEqual([{ bonus_minor: "12300" }]);
});

test.each([
  ["POST", "/api/v1/customers", "operator"],
  ["POST", "/api/v1/orders", "supervisor"],
  ["POST", "/api/v1/products", "operator"],
] as const)("%s %s is closed to an %s", async (method, url, role) => {
  expect(await ask(method, url, role, { sourceId: "1", name: "A" })).toMatchObject({ status: 403 });
});

test("nothing is open to nobody", async () => {
  for (const url of ["/api/v1/customers?q=a", "/api/v1/customers/1", "/api/v1/identify?number=1"])
    expect((await app.inject({ method: "GET", url })).statusCode).toBe(401);
});
