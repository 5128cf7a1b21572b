import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { importCustomers } from "../../../server/customers/import.ts";
import { importOrders, importProducts } from "../../../server/orders/import.ts";
import { up } from "../../../server/storage/migrations/0006-order-items.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";

const options = { source: "shop", defaultRegion: "RU" } as const;
let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query(
    "truncate customers, products, basket_changes restart identity cascade",
  );
  await importCustomers(
    database,
    [1, 2].map((n) => ({ sourceId: `c${n}`, name: `Customer ${n}`, phones: [] })),
    options,
  );
});

type Line = { readonly productId?: string; readonly quantity?: number };

function order(sourceId: string, lines: readonly Line[], more: object = {}): object {
  return {
    ...{ sourceId, number: sourceId, customerSourceId: "c1", stage: "new", total: 10 },
    ...{ currency: "RUB", placedAt: "2026-03-01T10:00:00Z", ...more },
    lines: lines.map((line) => ({ name: "a thing", quantity: 1, price: "2.50", ...line })),
  };
}

const products = (...codes: string[]) =>
  importProducts(
    database,
    codes.map((sourceId) => ({ sourceId, name: sourceId, price: 1, currency: "RUB" })),
    options,
  );
const orders = (...records: object[]) => importOrders(database, records, options);

/** Lines of an order as `c1 0 p 1x250 fate`. */
async function items(): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ said: string }>(`
    select concat_ws(' ', c.source_id, i.n, coalesce(p.source_id, '?' || i.source_product),
      i.quantity || 'x' || i.price_minor, nullif(i.fate, '')) as said
    from order_items i join customers c on c.id = i.customer_id left join products p on p.id = i.product_id
    order by i.order_id, i.n`);
  return rows.map(({ said }) => said);
}

/** What all changes together say of each order: products by how often they came more than they went. */
async function baskets(): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ said: string }>(`
    select o.source_id || ':' || string_agg(p.source_id, ',' order by p.source_id) as said
    from (
      select order_id, product_id, sum(sign) as times
      from basket_changes, unnest(products) as product_id group by 1, 2
    ) t
    join orders o on o.id = t.order_id join products p on p.id = t.product_id
    where times = 1 group by o.source_id order by 1`);
  return rows.map(({ said }) => said);
}

test("an order's lines become items, a line of no known product too", async () => {
  await products("ball", "pump");
  await orders(order("1", [{ productId: "ball", quantity: 2 }, { productId: "kite" }, {}]));
  expect(await items()).toEqual(["c1 0 ball 2x250", "c1 1 ?kite 1x250", "c1 2 ? 1x250"]);
  expect(await baskets()).toEqual(["1:ball"]);
});

test("changed lines replace the items, and the basket with them", async () => {
  await products("ball", "pump", "net");
  await orders(
    order("1", [{ productId: "ball" }, { productId: "pump" }]),
    order("2", [{ productId: "net" }]),
  );
  await orders(order("1", [{ productId: "net" }, { productId: "pump" }, { productId: "pump" }]));
  expect(await items()).toEqual([
    "c1 0 net 1x250",
    "c1 1 pump 1x250",
    "c1 2 pump 1x250",
    "c1 0 net 1x250",
  ]);
  expect(await baskets()).toEqual(["1:net,pump", "2:net"]);
});

test("a change of status alone writes nothing", async () => {
  await products("ball");
  await orders(order("1", [{ productId: "ball" }]));
  const at = async () =>
    (
      await database.pool.query(
        "select xmin, ctid from order_items union all select xmin, ctid from basket_changes",
      )
    ).rows;
  const before = await at();
  await orders(order("1", [{ productId: "ball" }], { stage: "shipped", status: "on its way" }));
  expect(await at()).toEqual(before);
});

test("what was cancelled or returned is no basket any more, and is one again when that was a mistake", async () => {
  await products("ball", "pump");
  const lines = [{ productId: "ball" }, { productId: "pump" }];
  await orders(order("1", lines), order("2", lines));
  await orders(order("1", lines, { stage: "cancelled" }), order("2", lines, { stage: "returned" }));
  expect(await items()).toEqual([
    ...["c1 0 ball 1x250 cancelled", "c1 1 pump 1x250 cancelled"],
    ...["c1 0 ball 1x250 returned", "c1 1 pump 1x250 returned"],
  ]);
  expect(await baskets()).toEqual([]);
  await orders(order("1", lines, { stage: "confirmed" }));
  expect(await baskets()).toEqual(["1:ball,pump"]);
});

test("an order that turns out to be somebody else's takes its items along", async () => {
  await products("ball");
  await orders(order("1", [{ productId: "ball" }]));
  await orders(order("1", [{ productId: "ball" }], { customerSourceId: "c2" }));
  expect(await items()).toEqual(["c2 0 ball 1x250"]);
  expect(await baskets()).toEqual(["1:ball"]);
});

test("a product that comes after its orders is found in them, but not in another source's", async () => {
  await products("ball");
  await orders(
    order("1", [{ productId: "ball" }, { productId: "pump" }]),
    order("2", [{ productId: "pump" }], { source: "market", customerSource: "shop" }),
  );
  await products("pump", "net");
  expect(await items()).toEqual(["c1 0 ball 1x250", "c1 1 pump 1x250", "c1 0 ?pump 1x250"]);
  expect(await baskets()).toEqual(["1:ball,pump"]);
});

test("a removed order leaves nothing, nor does a removed customer", async () => {
  await products("ball");
  await orders(
    order("1", [{ productId: "ball" }]),
    order("2", [{ productId: "ball" }], { customerSourceId: "c2" }),
  );
  await database.pool.query("delete from orders where source_id = '1'");
  expect(await items()).toEqual(["c2 0 ball 1x250"]);
  await database.pool.query("delete from customers where source_id = 'c2'");
  expect(await items()).toEqual([]);
  const { rows } = await database.pool.query(
    "select sum(sign)::int as sum, count(*)::int as count from basket_changes",
  );
  expect(rows).toEqual([{ sum: 0, count: 4 }]);
});

test("a wholesale order has items but is no basket", async () => {
  const codes = Array.from({ length: 61 }, (_, n) => `p${n}`);
  await products(...codes);
  await orders(
    order(
      "60",
      codes.slice(1).map((productId) => ({ productId })),
    ),
    order(
      "61",
      codes.map((productId) => ({ productId })),
    ),
  );
  expect(await items()).toHaveLength(121);
  expect(
    (await database.pool.query("select cardinality(products) as size from basket_changes")).rows,
  ).toEqual([{ size: 60 }]);
});

test("orders of whatever shape, written by hand, are not refused", async () => {
  await database.pool.query(`
    insert into orders (source, source_id, customer_id, number, stage, total_minor, currency, placed_at, lines)
    select 'hand', n, (select min(id) from customers), n, 'new', 0, 'RUB', now(), lines
    from (values ('1', '{}'::jsonb), ('2', '[]'), ('3', '["x", 5, null]'), ('4', '[{"quantity": "two", "priceMinor": null}]')) v (n, lines)`);
  expect(await items()).toEqual(["c1 0 ? 1x0", "c1 1 ? 1x0", "c1 2 ? 1x0", "c1 0 ? 1x0"]);
});

test("orders that were there before the migration have items after it", async () => {
  await products("ball");
  await orders(order("1", [{ productId: "ball" }, { productId: "kite" }]));
  const was = await items();
  await database.pool.query(`
    drop table order_items, basket_changes, learned_run, product_pairs, product_baskets, goes_with, category_cycles, offer_learning;
    drop function order_items_added, order_items_changed, order_items_removed, order_items_emptied, order_items_resolved cascade`);
  await database.db.transaction().execute((db) => up(db as never));
  expect(await items()).toEqual(was);
  expect(await baskets()).toEqual([]);
});
