import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { importCustomers } from "../../server/customers/import.ts";
import { orderRoutes } from "../../server/orders/routes.ts";
import { importOrders } from "../../server/orders/import.ts";
import { importCarts, importClaims } from "../../server/orders/unsettled-import.ts";
import { testApp } from "../http/support.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

const options = { defaultRegion: "RU", source: "shop" } as const;
let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query("truncate customers restart identity cascade");
  await customers({ sourceId: "c1", name: "A" }, { sourceId: "c2", name: "B" });
});

const customers = (...records: unknown[]) => importCustomers(database, records, options);
const claims = (...records: unknown[]) => importClaims(database, records, options);
const carts = (...records: unknown[]) => importCarts(database, records, options);
const rows = async (text: string) => (await database.pool.query(text)).rows as unknown[];

describe("claims", () => {
  const claim = { sourceId: "1", customerSourceId: "c1", openedAt: "2026-11-20T10:00:00+07:00" };
  const all = () =>
    rows(`select source_id, customer_id, subject, closed_at is null as open,
            to_char(opened_at at time zone 'UTC', 'HH24:MI') as opened from claims order by id`);

  test("are loaded once, and closed and opened again by what comes later", async () => {
    expect(await claims({ ...claim, subject: "Брак" })).toEqual({
      ...{ added: 1, changed: 0, unchanged: 0, refused: [] },
    });
    const before = await rows("select xmin from claims");
    expect(await claims(claim, claim)).toMatchObject({ added: 0, changed: 0, unchanged: 2 });
    expect(await rows("select xmin from claims")).toEqual(before);
    const row = { source_id: "1", customer_id: "1", subject: "Брак", open: true, opened: "03:00" };
    expect(await all()).toEqual([row]);
    expect(await claims({ ...claim, closedAt: "2026-11-21" })).toMatchObject({ changed: 1 });
    // A later message that says nothing of its end leaves it closed.
    expect(await claims({ ...claim, closedAt: null })).toMatchObject({ unchanged: 1 });
    expect(await all()).toEqual([{ ...row, open: false }]);
    expect(await claims({ ...claim, closedAt: "", customerSourceId: "c2" })).toMatchObject({
      changed: 1,
    });
    expect(await all()).toEqual([{ ...row, customer_id: "2" }]);
  });

  test("of a customer nobody told us of are refused by name, and the others are kept", async () => {
    const result = await claims(
      { ...claim, customerSourceId: "nobody" },
      { ...claim, sourceId: "2", openedAt: "yesterday" },
      { ...claim, sourceId: "3", colour: "red" },
      { ...claim, sourceId: "4" },
      { sourceId: "5" },
    );
    expect(result.added).toBe(1);
    expect(result.refused).toMatchObject([
      { index: 0, field: "customerSourceId", reason: 'no customer "nobody" of source "shop"' },
      { index: 1, field: "openedAt" },
      { index: 2, field: "colour", reason: "is not a known field" },
      { index: 4, field: "customerSourceId", reason: "is missing" },
    ]);
  });
});

describe("carts", () => {
  const cart = {
    ...{ sourceId: "1", customerSourceId: "c1", total: "1 990,50", currency: "RUB" },
    leftAt: "2026-11-20T10:00:00Z",
  };

  test("are loaded once, with exact sums, until they become an order", async () => {
    expect(await carts(cart)).toMatchObject({ added: 1 });
    expect(await carts(cart)).toMatchObject({ added: 0, changed: 0, unchanged: 1 });
    expect(await rows("select total_minor, currency, ordered_at from carts")).toEqual([
      { total_minor: "199050", currency: "RUB", ordered_at: null },
    ]);
    const ordered = { ...cart, orderedAt: "2026-11-20T11:00:00Z" };
    expect(await carts(ordered)).toMatchObject({ changed: 1 });
    expect(await carts(cart)).toMatchObject({ unchanged: 1 });
    expect(await rows("select ordered_at from carts")).toEqual([
      { ordered_at: new Date("2026-11-20T11:00:00Z") },
    ]);
  });

  test("with no sum or of an unknown customer are refused", async () => {
    const { total: _total, ...sumless } = cart;
    const { refused } = await carts(sumless, { ...cart, customerSource: "crm" });
    expect(refused).toEqual([
      { index: 0, field: "total", reason: "is missing: give total or totalMinor" },
      { index: 1, field: "customerSourceId", reason: 'no customer "c1" of source "crm"' },
    ]);
  });
});

test("over HTTP they are loaded as orders are", async () => {
  const app = await testApp();
  await orderRoutes(app, { storage: database, defaultRegion: "RU" });
  const post = async (url: string, body: object) => {
    const headers = { authorization: "Bearer cc_integrator" };
    const answer = await app.inject({ method: "POST", url, headers, payload: body });
    return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
  };
  const claim = { sourceId: "1", customerSourceId: "c1", openedAt: "2026-11-20" };
  expect(await post("/api/v1/claims?source=shop", claim)).toMatchObject({ status: 200 });
  const cart = { ...{ sourceId: "1", customerSourceId: "c9", totalMinor: 5, currency: "RUB" } };
  const left = { ...cart, leftAt: "2026-11-20" };
  expect(await post("/api/v1/carts?source=shop", [left])).toMatchObject({
    status: 422,
    body: { results: [{ field: "customerSourceId", reason: 'no customer "c9" of source "shop"' }] },
  });
  await app.close();
});

test("whose orders, claims and carts came or changed is told once for a batch, and nobody for what was known", async () => {
  const app = await testApp();
  const told: (readonly string[])[] = [];
  const bus = {
    publish: (hint: string, payload: object) => {
      if (hint === "standingsChanged")
        told.push((payload as { customerIds: readonly string[] }).customerIds);
    },
  };
  await orderRoutes(app, { storage: database, defaultRegion: "RU", bus });
  const post = async (what: string, ...payload: object[]) => {
    const headers = { authorization: "Bearer cc_integrator" };
    const url = `/api/v1/${what}?source=shop`;
    expect((await app.inject({ method: "POST", url, headers, payload })).statusCode).toBe(200);
    return told.splice(0).map((ids) => ids.toSorted());
  };
  const claim = { sourceId: "1", customerSourceId: "c1", openedAt: "2026-11-20" };
  const cart = { sourceId: "1", customerSourceId: "c2", totalMinor: 5, currency: "RUB" };
  const order = { number: "7", stage: "new", currency: "RUB", totalMinor: 5 };
  const placed = { ...order, placedAt: "2026-11-20", customerSourceId: "c1" };
  expect(await post("claims", claim, { ...claim, sourceId: "2" })).toEqual([["1"]]);
  expect(await post("claims", claim)).toEqual([]);
  expect(await post("claims", { ...claim, closedAt: "2026-11-21" })).toEqual([["1"]]);
  expect(await post("carts", { ...cart, leftAt: "2026-11-20" })).toEqual([["2"]]);
  const orders = ["c1", "c2", "c2"].map((customerSourceId, at) => ({
    ...{ ...placed, customerSourceId, sourceId: String(at) },
  }));
  expect(await post("orders", ...orders)).toEqual([["1", "2"]]);
  expect(await post("orders", orders[0]!, { ...orders[1]!, stage: "shipped" })).toEqual([["2"]]);
  await app.close();
});

test("an order keeps when it was promised until it is told anew", async () => {
  const order = {
    ...{ sourceId: "1", customerSourceId: "c1", number: "1", total: 1, currency: "RUB" },
    ...{ placedAt: "2026-11-01", stage: "paid" },
  };
  const load = (more: object) => importOrders(database, [{ ...order, ...more }], options);
  const promised = async () => {
    const [row] = (await rows("select promised_at from orders")) as [{ promised_at: Date | null }];
    return row.promised_at?.toISOString().slice(0, 10) ?? null;
  };
  await load({ promisedAt: "05.11.2026" });
  expect(await promised()).toBe("2026-11-05");
  expect(await load({})).toMatchObject({ unchanged: 1 });
  expect(await load({ promisedAt: "2026-11-05T00:00:00Z" })).toMatchObject({ unchanged: 1 });
  expect(await load({ stage: "shipped" })).toMatchObject({ changed: 1 });
  expect(await promised()).toBe("2026-11-05");
  expect(await load({ stage: "shipped", promisedAt: "2026-11-09" })).toMatchObject({ changed: 1 });
  expect(await promised()).toBe("2026-11-09");
  expect(await load({ stage: "shipped", promisedAt: "" })).toMatchObject({ changed: 1 });
  expect(await promised()).toBeNull();
  expect(await load({ promisedAt: "soon" })).toMatchObject({ refused: [{ field: "promisedAt" }] });
});

test("a customer keeps the segments until they are told anew; their order means nothing", async () => {
  const segments = async () =>
    (
      (await rows("select segments from customers where source_id = 'c1'")) as [
        { segments: string[] },
      ]
    )[0].segments;
  const load = (more: object) => customers({ sourceId: "c1", name: "A", ...more });
  const odd = ['a "quoted"\\ {one}', "опт, мелкий"];
  expect(await load({ segments: [...odd, " опт,  мелкий ", ""] })).toMatchObject({ changed: 1 });
  expect(await segments()).toEqual(odd);
  expect(await load({ segments: odd.toReversed() })).toMatchObject({ unchanged: 1 });
  expect(await load({})).toMatchObject({ unchanged: 1 });
  expect(await segments()).toEqual(odd);
  expect(await load({ segments: [] })).toMatchObject({ changed: 1 });
  expect(await segments()).toEqual([]);
  expect(await load({ segments: "opt" })).toMatchObject({ refused: [{ field: "segments" }] });
});
