/** A few products and customers in a real database, with orders written plainly: ids of products and customers are 1, 2, 3, ... */
import { Learner } from "../../../server/offers/learn/learner.ts";
import type { TestDatabase } from "../../support/postgres.ts";

export const DAY_MS = 86_400_000;
export const NOW_MS = Date.parse("2026-06-01T12:00:00Z");
export const daysAgo = (days: number) => new Date(NOW_MS - days * DAY_MS);

/** An order of these products, by id; a pair is a product and its quantity. */
export type Ordered = {
  readonly customer?: number;
  readonly products: readonly (number | readonly [number, number])[];
  readonly days?: number;
  readonly stage?: string;
};

/** Empties everything and makes so many products (`p1`, ... in category `things`) and customers. */
export async function makeShop(database: TestDatabase, products: number, customers: number) {
  const { pool } = database;
  await pool.query(
    "truncate customers, products, goes_with, category_cycles restart identity cascade",
  );
  await pool.query(
    `insert into products (source, source_id, sku, name, category, price_minor, currency, stock)
     select 'shop', 'p' || n, 'sku' || n, 'Product ' || n, 'things', 100 * n, 'RUB', 5 from generate_series(1, $1::int) n`,
    [products],
  );
  await pool.query(
    `insert into customers (source, source_id, name)
     select 'shop', 'c' || n, 'Customer ' || n from generate_series(1, $1::int) n`,
    [customers],
  );
}

let written = 0;

/** Writes orders. @returns their ids. */
export async function addOrders(
  { pool }: Pick<TestDatabase, "pool">,
  orders: readonly Ordered[],
): Promise<readonly string[]> {
  const rows = orders.map(({ customer = 1, products, days = 1, stage = "completed" }) => ({
    ...{ key: `o${(written += 1)}`, customer, stage, placed_at: daysAgo(days) },
    lines: linesOf(products),
  }));
  const { rows: added } = await pool.query<{ id: string }>(
    `insert into orders (source, source_id, customer_id, number, stage, total_minor, currency, placed_at, lines)
     select 'shop', key, customer, key, stage, 0, 'RUB', placed_at, lines
     from jsonb_to_recordset($1) r (key text, customer bigint, stage text, placed_at timestamptz, lines jsonb)
     returning id`,
    [JSON.stringify(rows)],
  );
  return added.map(({ id }) => id);
}

export function linesOf(products: Ordered["products"]): readonly object[] {
  return products.map((one) => {
    const [id, quantity] = typeof one === "number" ? [one, 1] : one;
    return { name: `Product ${id}`, quantity, priceMinor: 100, productId: `p${id}` };
  });
}

/** A learner that rests not at all, and whose failures fail the test. */
export function eagerLearner(database: TestDatabase): Learner {
  const error = (fields: object) => {
    throw (fields as { err: unknown }).err;
  };
  return new Learner({ databaseUrl: database.url, rest: 0, log: { info: () => undefined, error } });
}
