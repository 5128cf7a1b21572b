import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type OffersReader, openReader } from "../../server/offers/reader.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

let database: TestDatabase;
/** Parameters of every question that went to PostgreSQL. */
let asked: (readonly unknown[])[];
let reader: OffersReader;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await run("truncate customers, products, goes_with, category_cycles restart identity cascade");
  await run(
    `insert into products (source, source_id, sku, name, category, price_minor, currency, stock)
     select 's', 'p' || n, 'SKU-' || n, 'Product ' || n, 'Toys', 100 * n, 'RUB', 5 from generate_series(1, 6) n`,
  );
  reader = watched();
});

const run = (text: string, values: unknown[] = []) => database.pool.query(text, values);
function watched(options: Parameters<typeof openReader>[1] = {}): OffersReader {
  asked = [];
  const query = (statement: { readonly values: readonly unknown[] }) => {
    asked.push(statement.values);
    return database.pool.query(statement as never);
  };
  return openReader({ pool: { query } as never }, options);
}
const nobody = { by: "nobody" } as const;
const read = async (...keys: Parameters<OffersReader["read"]>[0]["products"]) => {
  const { products } = await reader.read({ customer: nobody, products: keys, source: "s" });
  return products;
};
/** Products that the last question had to read: by our ids, by the source's, by article numbers. */
const looked = () => {
  const values = asked.at(-1)! as readonly (readonly unknown[])[];
  // Of products by our ids alone there is a shorter question.
  const lists = values.length === 2 ? [values[1], [], []] : [9, 11, 13].map((n) => values[n]);
  return lists.map((list) => list!.length);
};

describe("products", () => {
  test("are read once, and after that only asked about", async () => {
    const keys = [{ id: "1" }, { sourceId: "p2" }, { sku: "sku-3" }, { id: "99" }] as const;
    const first = await read(...keys);
    expect(first.map((one) => one?.name ?? null)).toEqual([
      ...["Product 1", "Product 2", "Product 3"],
      null,
    ]);
    expect(looked()).toEqual([2, 1, 1]);
    expect(await read(...keys)).toEqual(first);
    // Somebody may load what is not there; what an id is of never comes back.
    expect(looked()).toEqual([0, 0, 0]);
    expect((await reader.products([1, 2, 3, 99])).size).toBe(3);
    expect(asked.length).toBe(2);
  });

  test("are as new as the question, whoever changes them", async () => {
    const keys = [{ id: "1" }, { sourceId: "p2" }, { sku: "sku-3" }] as const;
    await read(...keys);
    await run("update products set stock = 0, price_minor = 7 where id < 4");
    expect(await read(...keys)).toMatchObject(keys.map(() => ({ stock: 0, priceMinor: 7 })));
    expect((await reader.products([2])).get(2)).toMatchObject({ stock: 0 });
  });

  test("come as the same list again until one of them changes, comes or goes", async () => {
    const ids = ["1", "2", "7"];
    const first = await reader.list(ids);
    expect(first.map(({ id }) => id)).toEqual(["1", "2"]);
    await read({ id: "3" });
    expect(await reader.list(ids)).toBe(first);
    await run("update products set price_minor = 7 where id = 2");
    await read({ id: "3" });
    expect(await reader.list(ids)).toMatchObject([{ priceMinor: 100 }, { priceMinor: 7 }]);
    await run("insert into products (source, source_id, name) values ('s', 'p7', 'Product 7')");
    await read({ id: "3" });
    expect((await reader.list(ids)).map(({ name }) => name)).toContain("Product 7");
    await run("delete from products where id = 1");
    await read({ id: "3" });
    expect((await reader.list(ids)).map(({ id }) => id).toSorted()).toEqual(["2", "7"]);
  });

  test("that go best with the cart are read together with what the customer bought", async () => {
    await run("insert into customers (source, source_id, name) values ('s', 'c1', 'Olga')");
    await run(
      `insert into order_items (order_id, n, customer_id, product_id, placed_at, price_minor, quantity, fate, source_product)
       select 77, 0, id, 3, now(), 100, 1, '', 'p3' from customers`,
    );
    await run(
      "insert into goes_with (product_id, other_id, together, baskets, score) select 1, n, 9, 20, 0.1 from generate_series(2, 5) n",
    );
    const { rows } = await database.pool.query<{ id: string }>("select id from customers");
    const who = { by: "id", id: rows[0]!.id } as const;
    const { customer } = await reader.read({ customer: who, products: [{ id: "1" }], source: "s" });
    expect([...customer!.boughtProducts.keys()]).toEqual([3]);
    expect(asked.length).toBe(2);
    expect((await reader.products([1, 2, 3, 4, 5])).size).toBe(5);
    expect((await reader.companions([1])).get(1)).toHaveLength(4 * 4);
    expect(asked.length).toBe(2);
  });

  test("are not older than a transaction that began earlier and ended later", async () => {
    const slow = await database.pool.connect();
    try {
      await slow.query("begin; update products set stock = 1 where id = 1");
      await run("update products set stock = 2 where id = 2");
      const keys = [{ id: "1" }, { id: "2" }];
      expect(await read(...keys)).toMatchObject([{ stock: 5 }, { stock: 2 }]);
      await run("update products set stock = 3 where id = 3");
      expect(await read(...keys)).toMatchObject([{ stock: 5 }, { stock: 2 }]);
      expect(looked()).toEqual([0, 0, 0]);
      await slow.query("commit");
      expect(await read(...keys)).toMatchObject([{ stock: 1 }, { stock: 2 }]);
    } finally {
      slow.release(true);
    }
  });

  test("go by the names they have now", async () => {
    expect(await read({ sku: "SKU-1" }, { sourceId: "p1" })).toMatchObject([
      { id: "1" },
      { id: "1" },
    ]);
    await run("update products set sku = 'other' where id = 1");
    expect(await read({ sku: "SKU-1" }, { sku: "other" })).toMatchObject([null, { id: "1" }]);
    // Of two with one number the newer one is meant.
    await run(
      "insert into products (source, source_id, sku, name) values ('s', 'new', 'OTHER', 'New')",
    );
    expect(await read({ sku: "other" })).toMatchObject([{ name: "New" }]);
    await run("update products set source_id = 'moved' where id = 1");
    expect(await read({ sourceId: "p1" }, { sourceId: "moved" })).toMatchObject([
      null,
      { id: "1" },
    ]);
  });

  test("that are gone are gone, and those that come under their ids are others", async () => {
    await read({ id: "1" }, { id: "2" }, { id: "9" });
    await run("delete from products where id = 1");
    expect(await read({ id: "1" }, { id: "2" })).toMatchObject([null, { id: "2" }]);
    await run("truncate products restart identity cascade");
    expect(await read({ id: "2" })).toEqual([null]);
    await run("insert into products (source, source_id, name) values ('s', 'a', 'A')");
    expect(await read({ id: "1" })).toMatchObject([{ name: "A" }]);
  });

  test("are all forgotten when more changed than can be told", async () => {
    await read({ id: "1" }, { id: "2" });
    await run(
      "insert into products (source, source_id, name) select 's', 'many ' || n, 'Many' from generate_series(1, 2500) n",
    );
    await run("update products set stock = 1 where id = 1");
    expect(await read({ id: "1" }, { id: "2" })).toMatchObject([{ stock: 1 }, { stock: 5 }]);
  });

  test("are kept no more than the bound, and found all the same", async () => {
    reader = watched({ mostProducts: 2 });
    const keys = [1, 2, 3, 4, 5, 6].map((n) => ({ sourceId: `p${n}` }));
    const all = async () => (await read(...keys)).map((one) => one?.id);
    expect(await all()).toEqual(["1", "2", "3", "4", "5", "6"]);
    const before = asked.length;
    expect(await all()).toEqual(["1", "2", "3", "4", "5", "6"]);
    const again = asked.slice(before).flatMap((values) => values[11]);
    expect(again.length).toBeGreaterThanOrEqual(4);
  });
});

describe("what was learned", () => {
  const learn = (together: number) =>
    run(
      `insert into goes_with (product_id, other_id, together, baskets, score) values (1, 2, $1, 20, 0.5)
       on conflict (product_id, other_id) do update set together = $1`,
      [together],
    );
  const companions = async () => {
    await read({ id: "1" });
    return [...((await reader.companions([1, 2])).get(1) ?? [])];
  };

  test("is kept as long as said, and no longer", async () => {
    await learn(10);
    expect(await companions()).toEqual([2, 10, 20, 0.5]);
    await learn(11);
    const before = asked.length;
    expect(await companions()).toEqual([2, 10, 20, 0.5]);
    expect(asked.length).toBe(before + 1);
    reader = watched({ learnedMs: 0 });
    await companions();
    await learn(12);
    expect(await companions()).toEqual([2, 12, 20, 0.5]);
  });

  test("says how long a category's goods last, and nothing of others", async () => {
    await run("insert into category_cycles values ('Toys', 30, 25, 12), ('Sofas', 30, 0, null)");
    await read();
    expect(["Toys", "Sofas", "None"].map((name) => reader.usualDays(name))).toEqual([
      ...[12, null, null],
    ]);
  });
});

describe("customers", () => {
  test("asked about at once are each given their own", async () => {
    await run(
      "insert into customers (source, source_id, name) select 's', 'c' || n, 'Customer ' || n from generate_series(1, 5) n",
    );
    await run("insert into customer_phones (e164, customer_id) values ('+79130000001', 4)");
    const question = { products: [], source: "s" };
    const found = await Promise.all(
      (
        [
          { by: "id", id: "3" },
          { by: "source", source: "s", sourceId: "c1" },
          nobody,
          { by: "phone", phone: "+79130000001" },
          { by: "source", source: "s", sourceId: "none" },
          { by: "id", id: "me" },
          { by: "id", id: "3" },
        ] as const
      ).map((customer) => reader.read({ ...question, customer })),
    );
    expect(found.map(({ customer }) => customer?.name ?? null)).toEqual([
      ...["Customer 3", "Customer 1", null, "Customer 4", null, null, "Customer 3"],
    ]);
    expect(asked.length).toBe(1);
    await run("update customers set tier = 'gold' where id = 3");
    const { customer } = await reader.read({ ...question, customer: { by: "id", id: "3" } });
    expect(customer?.tier).toBe("gold");
  });

  test("whom nobody could ask about spoil no other's answer", async () => {
    await run("insert into customers (source, source_id, name) values ('s', 'c1', 'One')");
    const of = (sourceId: string) =>
      reader.read({ customer: { by: "source", source: "s", sourceId }, products: [], source: "s" });
    const [bad, good] = await Promise.allSettled([of("a\0b"), of("c1")]);
    expect(bad.status).toBe("rejected");
    expect(good).toMatchObject({ status: "fulfilled", value: { customer: { name: "One" } } });
  });
});
