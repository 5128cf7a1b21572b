import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { importCustomers } from "../../server/customers/import.ts";
import { openOrderBook } from "../../server/orders/book.ts";
import { importOrders, importProducts } from "../../server/orders/import.ts";
import { deadlocksOf, impatientPool, lockWaits } from "../support/locks.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

const options = { defaultRegion: "RU", source: "shop" } as const;
let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query("truncate customers, products restart identity cascade");
  await importCustomers(
    database,
    [
      { sourceId: "c1", name: "A" },
      { sourceId: "c2", name: "B" },
    ],
    options,
  );
});

const base = {
  ...{ customerSourceId: "c1", number: "1001", currency: "RUB", total: "1 234,50" },
  placedAt: "2026-11-20T12:00:00+07:00",
};
const load = (...records: unknown[]) => importOrders(database, records, options);

describe("loading orders", () => {
  test("sums are exact in minor units and times are in UTC", async () => {
    const lines = [{ name: "Чайник", quantity: 2, price: 99.9 }];
    expect(await load({ ...base, sourceId: "1", stage: "paid", status: "Оплачен", lines })).toEqual(
      {
        ...{ added: 1, changed: 0, unchanged: 0, refused: [] },
      },
    );
    expect(await openOrderBook(database).ofCustomer("1", 5)).toEqual([
      {
        id: "1",
        number: "1001",
        placedAt: "2026-11-20T05:00:00.000Z",
        stage: "paid",
        status: "Оплачен",
        totalMinor: 123450,
        currency: "RUB",
        itemCount: 2,
        items: [{ name: "Чайник", quantity: 2, priceMinor: 9990 }],
      },
    ]);
  });

  test("the same batch again changes nothing; a new stage changes one", async () => {
    const batch = [
      { ...base, sourceId: "1", stage: "new", lines: [{ name: "X", quantity: 1, priceMinor: 5 }] },
      { ...base, sourceId: "2", number: "1002", totalMinor: 7, total: null },
    ];
    await load(...batch);
    const before = (await database.pool.query("select xmin from orders order by id")).rows;
    expect(await load(...batch)).toMatchObject({ added: 0, changed: 0, unchanged: 2 });
    expect((await database.pool.query("select xmin from orders order by id")).rows).toEqual(before);
    expect(await load({ ...base, sourceId: "1", stage: "shipped" })).toMatchObject({ changed: 1 });
    expect(await openOrderBook(database).ofCustomer("1", 5)).toMatchObject([
      // Of one moment the one that came last is first.
      { totalMinor: 7 },
      { stage: "shipped", items: [{ name: "X" }] },
    ]);
  });

  test("a batch that PostgreSQL ends over a deadlock is written all the same, once", async () => {
    // PostgreSQL ends who waited first: the batch, however slow the machine is up to there.
    const pool = impatientPool(database.url);
    const other = await database.pool.connect();
    const hold = (customerId: number) =>
      other.query("select from customer_standing where customer_id = $1 for update", [customerId]);
    try {
      await other.query("begin");
      await other.query("set local deadlock_timeout = '60s'");
      await hold(2);
      const loading = importOrders(
        { pool },
        [
          { ...base, sourceId: "1" },
          { ...base, sourceId: "2", customerSourceId: "c2" },
        ],
        options,
      );
      await expect.poll(() => lockWaits(database.pool)).toBe(1);
      await hold(1);
      await other.query("commit");
      expect(await loading).toMatchObject({ added: 2, refused: [] });
    } finally {
      other.release(true);
      await pool.end();
    }
    const { rows } = await database.pool.query("select source_id from orders order by source_id");
    expect(rows).toEqual([{ source_id: "1" }, { source_id: "2" }]);
    await expect.poll(() => deadlocksOf(database.pool)).toBe(1);
  });

  test("an order of an unknown customer is refused and the others are kept", async () => {
    const result = await load(
      { ...base, sourceId: "1", total: "x" },
      { ...base, sourceId: "2", customerSourceId: "nobody" },
      { ...base, sourceId: "3" },
      { ...base, sourceId: "4", currency: "ZZZ" },
      { ...base, sourceId: "5", placedAt: "yesterday" },
      { ...base, sourceId: "6", total: undefined },
      { ...base, sourceId: "7", stage: "lost" },
      { ...base, sourceId: "8", total: "1.234" },
      { ...base, sourceId: "9", lines: [{ name: "", quantity: 1, price: 1 }] },
      { ...base, sourceId: "10", totalMinor: 5 },
    );
    expect(result.added).toBe(1);
    expect(result.refused.map(({ index, field }) => `${index} ${field}`)).toEqual([
      "0 total",
      "1 customerSourceId",
      "3 currency",
      "4 placedAt",
      "5 total",
      "6 stage",
      "7 total",
      "8 lines[0].name",
      "9 total",
    ]);
    expect(result.refused[1]?.reason).toBe('no customer "nobody" of source "shop"');
  });

  test("an order may belong to a customer of another source", async () => {
    await importCustomers(database, [{ source: "crm", sourceId: "9", name: "C" }], options);
    const record = { ...base, sourceId: "1", customerSource: "crm", customerSourceId: "9" };
    expect(await load(record)).toMatchObject({ added: 1 });
    expect(await openOrderBook(database).ofCustomer("3", 5)).toHaveLength(1);
  });
});

describe("the order book", () => {
  test("gives the newest first, as many as asked", async () => {
    await load(
      { ...base, sourceId: "1", number: "old", placedAt: "2020-01-01" },
      { ...base, sourceId: "2", number: "new", placedAt: "2026-01-01" },
      { ...base, sourceId: "3", number: "mid", placedAt: "2023-01-01" },
      { ...base, sourceId: "4", number: "other", customerSourceId: "c2" },
    );
    const orders = await openOrderBook(database).ofCustomer("1", 2);
    expect(orders.map((order) => order.number)).toEqual(["new", "mid"]);
  });

  test("gives all of them page by page, from every source, none twice and none left out", async () => {
    const book = openOrderBook(database);
    const paid = { method: "card", state: "paid", paid: 1, paidAt: "2026-01-02T10:00:00+07:00" };
    await load(
      // Of one moment, across the end of a page.
      ...Array.from({ length: 7 }, (_, n) => ({
        ...{ ...base, sourceId: `t${n}`, number: `t${n}`, placedAt: "2025-06-01T10:00:00.5Z" },
      })),
      { ...base, sourceId: "n", number: "newest", placedAt: "2026-01-01", payment: paid },
      {
        ...base,
        source: "app",
        customerSource: "shop",
        sourceId: "o",
        number: "oldest",
        placedAt: "2020-01-01",
      },
      { ...base, sourceId: "x", number: "not theirs", customerSourceId: "c2" },
    );
    const numbers: string[] = [];
    let next = "";
    let pages = 0;
    do {
      const page = await book.page("1", next, 3);
      expect(page.orders.length).toBeLessThanOrEqual(3);
      numbers.push(...page.orders.map(({ number }) => number));
      ({ next } = page);
    } while (next !== "" && ++pages < 20);
    expect(numbers).toEqual(["newest", "t6", "t5", "t4", "t3", "t2", "t1", "t0", "oldest"]);
    expect((await book.page("1", "", 1)).orders[0]?.payment).toEqual({
      ...{ method: "card", state: "paid", paidMinor: 100, paidAt: "2026-01-02T03:00:00.000Z" },
    });
    expect(await book.page("9", "", 3)).toEqual({ orders: [], next: "" });
    await expect(book.page("1", "yesterday", 3)).rejects.toThrow("after: is not");
    await expect(book.page("1", "2026-13-01T00:00:00.000000Z 1", 3)).rejects.toThrow(
      "after: is not",
    );
  });

  test("totals leave out the cancelled and returned and speak the newest order's currency", async () => {
    const book = openOrderBook(database);
    expect(await book.totals("1")).toEqual({ count: 0, totalMinor: 0, currency: "" });
    await load(
      { ...base, sourceId: "1", total: 10, placedAt: "2025-01-01" },
      { ...base, sourceId: "2", total: 20, placedAt: "2025-02-01", stage: "completed" },
      { ...base, sourceId: "3", total: 40, placedAt: "2025-03-01", stage: "cancelled" },
      { ...base, sourceId: "4", total: 80, placedAt: "2025-04-01", stage: "returned" },
      { ...base, sourceId: "5", total: 160, placedAt: "2020-01-01", currency: "KZT" },
    );
    expect(await book.totals("1")).toEqual({ count: 2, totalMinor: 3000, currency: "RUB" });
    expect(await book.totals("none")).toEqual({ count: 0, totalMinor: 0, currency: "" });
  });
});

test("products are loaded, changed where they differ, and refused with a reason", async () => {
  const kettle = { sourceId: "p1", name: "Kettle", price: "1990", currency: "rub", stock: 3 };
  const products = (...records: unknown[]) => importProducts(database, records, options);
  expect(await products(kettle, { sourceId: "p2", name: "No price", currency: "RUB" })).toEqual({
    ...{ added: 1, changed: 0, unchanged: 0 },
    refused: [{ index: 1, field: "price", reason: "is missing: give price or priceMinor" }],
  });
  expect(await products(kettle)).toMatchObject({ added: 0, changed: 0, unchanged: 1 });
  expect(await products({ ...kettle, stock: 2 })).toMatchObject({ changed: 1 });
  const found = await database.pool.query(
    "select name, price_minor, currency, stock from products",
  );
  expect(found.rows).toEqual([
    { name: "Kettle", price_minor: "199000", currency: "RUB", stock: 2 },
  ]);
});

test("a product's cost, weight, size and attributes are kept until they are told anew", async () => {
  const train = {
    ...{ sourceId: "t1", name: "Train", price: "3490", currency: "RUB", cost: "1745.50" },
    ...{ weightG: 900, size: { lengthMm: 400, widthMm: 300, heightMm: 80 } },
    attributes: { batteries: " AA ", batteryCount: 3, batteriesIncluded: false },
  };
  const products = (...records: unknown[]) => importProducts(database, records, options);
  const row = async () => {
    const found = await database.pool.query(
      "select cost_minor, weight_g, length_mm, width_mm, height_mm, attributes from products",
    );
    return found.rows[0] as unknown;
  };
  expect(await products(train)).toMatchObject({ added: 1, refused: [] });
  const told = {
    ...{ cost_minor: "174550", weight_g: 900, length_mm: 400, width_mm: 300, height_mm: 80 },
    attributes: { batteries: "AA", batteryCount: 3, batteriesIncluded: false },
  };
  expect(await row()).toEqual(told);
  const { sourceId, name, price, currency } = train;
  expect(await products(train)).toMatchObject({ unchanged: 1 });
  expect(await products({ sourceId, name, price, currency })).toMatchObject({ unchanged: 1 });
  expect(await row()).toEqual(told);
  expect(await products({ ...train, attributes: {} })).toMatchObject({ changed: 1 });
  expect(await row()).toEqual({ ...told, attributes: {} });
  const { refused } = await products(
    { ...train, weightG: -1 },
    { ...train, size: { lengthMm: 1, widthMm: 1 } },
    { ...train, attributes: { batteries: ["AA"] } },
    { ...train, attributes: { " ": "AA" } },
    { ...train, costMinor: 1 },
  );
  expect(refused.map(({ field }) => field)).toEqual([
    ...["weightG", "size.heightMm", "attributes.batteries", "attributes", "cost"],
  ]);
});
