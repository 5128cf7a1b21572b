import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openHints } from "../../../server/offers/learn/hints.ts";
import type { Learner } from "../../../server/offers/learn/learner.ts";
import { openReader } from "../../../server/offers/reader.ts";
import type { Hint, HintSource } from "../../../server/offers/model.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { NOW_MS, type Ordered, addOrders, eagerLearner, makeShop } from "./small-shop.ts";

let database: TestDatabase;
let learner: Learner;
let hints: HintSource;
beforeAll(async () => {
  database = await testDatabase();
  learner = eagerLearner(database);
  hints = openHints(openReader(database, { learnedMs: 0 }));
});
afterAll(async () => {
  await learner.close();
  await database.drop();
});

type Asked = {
  readonly customer?: number | null;
  readonly cart?: readonly number[];
  readonly limit?: number;
};

const ask = ({ customer = 1, cart = [], limit = 10 }: Asked) =>
  hints.hintsFor(
    {
      customerId: customer === null ? null : String(customer),
      lines: cart.map((id) => ({ productId: String(id), quantity: 1, priceMinor: 100 })),
      ...{ currency: "RUB", channel: "operator", nowMs: NOW_MS },
    },
    limit,
  );
const ids = (found: readonly Hint[]) => found.map(({ product }) => Number(product.id));
const sorted = (all: readonly number[]) => all.toSorted((a, b) => a - b);
const times = (count: number, products: Ordered["products"], customer = 9): Ordered[] =>
  Array.from({ length: count }, () => ({ products, customer, days: 200 }));
const run = (text: string) => database.pool.query(text);

async function shop(orders: readonly Ordered[], products = 8): Promise<void> {
  await makeShop(database, products, 30);
  await addOrders(database, orders);
  await learner.ask("test");
  await learner.learn();
}

/** Twenty-five customers (5 to 29) who bought product `id` every `everyDays` days: its category runs out. */
const buyers = (id: number, everyDays: number): Ordered[] =>
  Array.from({ length: 25 }, (_, n) => [
    { customer: n + 5, products: [id], days: 300 },
    { customer: n + 5, products: [id], days: 300 - everyDays },
  ]).flat();
const category = (id: number, name: string) =>
  `update products set category = '${name}' where id = ${id}`;

describe("what goes with the cart", () => {
  test("comes best first, with its price, stock and the true numbers of the product it goes with best", async () => {
    await shop([...times(12, [1, 2]), ...times(4, [1, 3]), ...times(5, [1]), ...times(5, [4, 3])]);
    const found = await ask({ cart: [1, 4] });
    expect(ids(found)).toEqual([3, 2]);
    expect(found[1]).toEqual({
      kind: "goesWith",
      product: {
        ...{ id: "2", sku: "sku2", name: "Product 2", category: "things" },
        ...{ priceMinor: 200, currency: "RUB", stock: 5 },
      },
      quantity: 1,
      reasons: [{ code: "boughtTogether", product: "Product 1", together: 12, of: 21 }],
      confidence: expect.closeTo(12 / 31, 5),
    });
    // Of two that it goes with, the better one is said, and both make it likely.
    expect(found[0]).toMatchObject({
      reasons: [{ code: "boughtTogether", product: "Product 4", together: 5, of: 5 }],
      confidence: expect.closeTo(1 - (1 - 5 / 15) * (1 - 4 / 31), 5),
    });
    expect(ids(await ask({ cart: [1, 4], limit: 1 }))).toEqual([3]);
  });

  test("is never out of stock, but may be of unknown stock, and is not priced in another currency", async () => {
    await shop([1, 2, 3, 4].flatMap((id) => times(5, [8, id])));
    await run(
      "update products set stock = case id when 1 then 0 when 2 then -3 when 3 then null else 1 end",
    );
    expect(sorted(ids(await ask({ cart: [8] })))).toEqual([3, 4]);
    await run("update products set currency = 'KZT' where id = 4");
    expect(ids(await ask({ cart: [8] }))).toEqual([3]);
  });

  test("is not in the cart already, however large the cart", async () => {
    await shop([...times(5, [1, 2]), ...times(5, [1, 3])]);
    expect(ids(await ask({ cart: [1, 2] }))).toEqual([3]);
    const many = Array.from({ length: 150 }, (_, n) => 1000 + n);
    expect(ids(await ask({ cart: [1, ...many, 2] }))).toEqual([3]);
  });

  test("is asked for nobody in particular too, and nothing is known of an empty cart of nobody", async () => {
    await shop(times(5, [1, 2]));
    expect(ids(await ask({ customer: null, cart: [1] }))).toEqual([2]);
    expect(await ask({ customer: null })).toEqual([]);
    expect(await ask({ customer: 99, cart: [77] })).toEqual([]);
  });

  test("ids that are none are no reason to fail", async () => {
    const question = { currency: "RUB", channel: "site", nowMs: NOW_MS } as const;
    const line = { productId: "'; drop table orders", quantity: 1, priceMinor: 0 };
    expect(await hints.hintsFor({ ...question, customerId: "me", lines: [line] }, 5)).toEqual([]);
  });
});

describe("of what the customer has had", () => {
  test("what lasts is not offered again; what was cancelled was not had", async () => {
    await shop([
      ...times(5, [1, 2, 3]),
      { products: [2], days: 900 },
      { products: [3], stage: "cancelled" },
    ]);
    expect(ids(await ask({ cart: [1] }))).toEqual([3]);
  });

  test("what was returned, or complained about alone, by its line or with its order, is not offered", async () => {
    await shop([...times(5, [1, 2, 3, 4, 5, 6, 7]), { products: [2], stage: "returned" }]);
    const [first, second] = await addOrders(database, [
      { products: [3, 4], stage: "cancelled" },
      { products: [5, 6], stage: "cancelled" },
    ]);
    expect(sorted(ids(await ask({ cart: [1] })))).toEqual([3, 4, 5, 6, 7]);
    await run(`
      insert into claims (source, source_id, customer_id, opened_at, closed_at, order_id, line, product_id) values
        ('shop', '1', 1, now(), now(), ${first}, 1, null), ('shop', '2', 1, now(), null, ${second}, null, null),
        ('shop', '3', 1, now(), null, null, null, 7), ('shop', '4', 2, now(), null, null, null, 3)`);
    expect(ids(await ask({ cart: [1] }))).toEqual([3]);
    expect(sorted(ids(await ask({ customer: 2, cart: [1] })))).toEqual([2, 4, 5, 6, 7]);
  });

  test("what runs out is not offered while it should last, by how many were bought", async () => {
    await shop([
      ...times(5, [8, 1]),
      ...buyers(1, 30),
      { customer: 2, products: [1], days: 23 },
      { customer: 3, products: [1], days: 25 },
      { customer: 4, products: [[1, 2]], days: 25 },
    ]);
    expect(ids(await ask({ customer: 2, cart: [8] }))).toEqual([]);
    expect(ids(await ask({ customer: 3, cart: [8] }))).toEqual([1]);
    expect(ids(await ask({ customer: 4, cart: [8] }))).toEqual([]);
  });
});

describe("reminders", () => {
  test("come by the median of one's own intervals once there are three purchases", async () => {
    // 10, 12, 40 and 12 days for each piece; two pieces last 24.
    const bought: Ordered[] = [
      { products: [1], days: 110 },
      { products: [1], days: 100 },
      { products: [[1, 2]], days: 88 },
      { products: [1], days: 64 },
      { products: [[1, 2]], days: 24 },
    ];
    await shop(bought);
    expect(await ask({})).toEqual([
      {
        kind: "reorder",
        product: expect.objectContaining({ id: "1" }),
        quantity: 2,
        reasons: [{ code: "runsOut", everyDays: 24, lastDaysAgo: 24, by: "own" }],
        confidence: expect.closeTo(5 / 7, 5),
      },
    ]);
  });

  test("come by the category's median before that, and not in a category of things that last", async () => {
    await shop([...buyers(1, 30), { products: [1, 2], days: 31 }]);
    await run(category(2, "furniture"));
    const learned = await database.pool.query(
      "select category, buyers, repeaters, round(unit_days) as days from category_cycles",
    );
    expect(learned.rows).toEqual([{ category: "things", buyers: "27", repeaters: "25", days: 30 }]);
    expect(await ask({})).toMatchObject([
      {
        ...{ kind: "reorder", product: { id: "1" }, quantity: 1 },
        reasons: [{ code: "runsOut", everyDays: 30, lastDaysAgo: 31, by: "category" }],
      },
    ]);
  });

  test("come from 0.8 to 1.5 of the interval; later it is only said that it was bought before", async () => {
    const regular = (customer: number, last: number): Ordered[] =>
      [last + 40, last + 20, last].map((days) => ({ customer, products: [1], days }));
    await shop([15, 16, 30, 31].flatMap((last, n) => regular(n + 1, last)));
    const kinds = await Promise.all(
      [1, 2, 3, 4].map(async (customer) =>
        (await ask({ customer })).map(({ kind, reasons }) => `${kind} ${reasons[0]?.code}`),
      ),
    );
    expect(kinds).toEqual([
      [],
      ["reorder runsOut"],
      ["reorder runsOut"],
      ["goesWith boughtBefore"],
    ]);
  });

  test("say both when it goes with the cart and runs out", async () => {
    await shop([...times(5, [8, 1]), ...[60, 40, 20].map((days) => ({ products: [1], days }))]);
    expect(await ask({ cart: [8] })).toMatchObject([
      {
        kind: "reorder",
        reasons: [{ code: "runsOut" }, { code: "boughtTogether", together: 5, of: 5 }],
      },
    ]);
  });
});

test("whatever was bought, returned, sold out and complained about, nothing of it is hinted", async () => {
  const product = fc.integer({ min: 1, max: 8 });
  // Of twelve customers six are asked about; the others make companions.
  const order = fc.record({
    customer: fc.integer({ min: 1, max: 12 }),
    products: fc.array(fc.tuple(product, fc.integer({ min: 1, max: 3 })), {
      minLength: 1,
      maxLength: 4,
    }),
    days: fc.integer({ min: 1, max: 200 }),
    stage: fc.constantFrom("completed", "completed", "shipped", "returned", "cancelled"),
  });
  const claim = fc.record({
    customer: fc.integer({ min: 1, max: 6 }),
    product,
    order: fc.nat(),
    by: fc.constantFrom("product", "line", "order"),
  });
  await makeShop(database, 8, 12);
  let hinted = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(order, { minLength: 25, maxLength: 40 }),
      fc.array(claim, { maxLength: 3 }),
      fc.array(fc.option(fc.integer({ min: -1, max: 4 })), { minLength: 8, maxLength: 8 }),
      fc.uniqueArray(product, { maxLength: 4 }),
      async (orders, claims, stock, cart) => {
        await run("delete from orders; delete from claims");
        const written = await addOrders(database, orders);
        await learner.learn();
        await database.pool.query("update products set stock = ($1::int[])[id]", [stock]);
        const complained = new Set<string>();
        for (const [n, one] of claims.entries()) {
          const at = one.order % orders.length;
          const { customer, products } = orders[at]!;
          const who = one.by === "product" ? one.customer : customer;
          const about =
            one.by === "product"
              ? [one.product]
              : one.by === "line"
                ? [products[0]![0]]
                : products.map(([id]) => id);
          for (const id of about) complained.add(`${who} ${id}`);
          await database.pool.query(
            "insert into claims (source, source_id, customer_id, opened_at, order_id, line, product_id) values ('t', $1, $2, now(), $3, $4, $5)",
            [
              n,
              who,
              one.by === "product" ? null : written[at],
              one.by === "line" ? 0 : null,
              one.by === "product" ? one.product : null,
            ],
          );
        }
        for (const customer of [1, 2, 3, 4, 5, 6]) {
          const mine = orders.filter((each) => each.customer === customer);
          const found = await ask({ customer, cart });
          hinted += found.length;
          expect(new Set(ids(found)).size).toBe(found.length);
          for (const {
            product: { id },
            confidence,
            reasons,
          } of found) {
            const holds = (stages: readonly string[]) =>
              mine.filter(
                (each) =>
                  stages.includes(each.stage) && each.products.some(([one]) => one === Number(id)),
              );
            expect(cart).not.toContain(Number(id));
            expect(stock[Number(id) - 1] ?? 1).toBeGreaterThan(0);
            expect(complained).not.toContain(`${customer} ${id}`);
            expect(holds(["returned"])).toEqual([]);
            expect(confidence).toBeGreaterThan(0);
            expect(confidence).toBeLessThanOrEqual(1);
            expect(reasons.length).toBeGreaterThan(0);
            // Bought on one or two days: only its category could tell that it runs out, and nothing is known of that here.
            const days = new Set(holds(["completed", "shipped"]).map(({ days }) => days));
            if (days.size > 0) expect(days.size).toBeGreaterThan(2);
            for (const reason of reasons)
              if (reason.code === "boughtTogether")
                expect(reason.together).toBeLessThanOrEqual(reason.of);
          }
        }
      },
    ),
    { numRuns: 40, endOnFailure: true },
  );
  expect(hinted).toBeGreaterThan(50);
});

test("reads by index alone, however much there is", async () => {
  await makeShop(database, 8, 3);
  await addOrders(database, times(50, [1, 2, 3], 1));
  await learner.learn();
  await run("vacuum analyze order_items");
  const asked: { text: string; values: unknown[] }[] = [];
  const watched = openReader({
    pool: { query: (query: never) => (asked.push(query), database.pool.query(query)) } as never,
  });
  await openHints(watched).hintsFor(
    {
      customerId: "1",
      lines: [{ productId: "1", quantity: 1, priceMinor: 1 }],
      currency: "RUB",
      channel: "site",
      nowMs: NOW_MS,
    },
    5,
  );
  const client = await database.pool.connect();
  try {
    await client.query("set plan_cache_mode = force_generic_plan; set enable_seqscan = off");
    const [known = "", products = "", ...others] = new Set(asked.map(({ text }) => text));
    expect(others).toEqual([]);
    const types = [...Array(16).keys()].map(
      (n) => new RegExp(`\\$${n + 1}::([a-z_]+(\\[\\])?)`).exec(known)?.[1],
    );
    await client.query(`prepare known (${types.join(", ")}) as ${known}`);
    const nothing = types.map((type) => (type?.endsWith("[]") === true ? "'{}'" : "null"));
    const plan = await client.query<{ "QUERY PLAN": string }>(
      `explain execute known (${nothing.join(", ")})`,
    );
    const text = plan.rows.map((row) => row["QUERY PLAN"]).join("\n");
    // But for the cycles of categories, which are read once in a minute, and a table of one row.
    expect(text.match(/Seq Scan on \w+/g)).toEqual([
      "Seq Scan on products_gone",
      "Seq Scan on category_cycles",
    ]);
    expect(text).toContain("Index Only Scan using order_items_customer");
    for (const index of ["products_changed", "products_sku", "products_source_source_id_key"])
      expect(text).toContain(index);
    await client.query(`prepare products (pg_snapshot, bigint[]) as ${products}`);
    const short = await client.query<{ "QUERY PLAN": string }>(
      "explain execute products (null, '{}')",
    );
    const shortText = short.rows.map((row) => row["QUERY PLAN"]).join("\n");
    expect(shortText.match(/Seq Scan on \w+/g)).toEqual(["Seq Scan on products_gone"]);
    for (const index of ["products_changed", "products_pkey"]) expect(shortText).toContain(index);
  } finally {
    client.release(true);
  }
});
