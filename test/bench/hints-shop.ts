/** The generated shop in PostgreSQL: products and lines of orders by COPY, as the triggers would have written them. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { from as copyFrom } from "pg-copy-streams";
import type { Storage } from "../../server/storage/database.ts";
import { type Basket, type GeneratedShop, basketsOf } from "./generated-shop.ts";

export const SOURCE = "bench";
const FIRST_DAY_MS = Date.UTC(2024, 5, 1, 12);
const DAY_MS = 86_400_000;

/** Noon of a day of the shop, epoch ms. */
export const noonOf = (day: number) => FIRST_DAY_MS + day * DAY_MS;
/** Ids in the database of a product and a customer of the shop. */
export const productId = (n: number) => String(n + 1);
export const customerId = (customer: number) => String(customer + 1);

/** Writes the products, all in stock, with ids in the shop's order. */
export async function loadProducts({ pool }: Storage, shop: GeneratedShop): Promise<void> {
  await pool.query(
    `insert into products (source, source_id, sku, name, category, price_minor, currency, stock)
     select '${SOURCE}', 'p' || n, 'sku' || n, 'Product ' || n, 'category ' || category, 10000, 'RUB', 10
     from unnest($1::int[]) with ordinality p (category, n) order by n`,
    [shop.products.map(({ category }) => category)],
  );
}

/** What has been written so far. */
export type Loaded = {
  readonly lines: number;
  readonly orders: number;
  readonly customers: number;
};

/**
 * Goes on with customer after customer until there are so many lines.
 * @param kept which of somebody's baskets are written; all by default.
 */
export async function loadLines(
  storage: Storage,
  shop: GeneratedShop,
  before: Loaded,
  wanted: { readonly lines: number } | { readonly customers: number },
  kept: (baskets: readonly Basket[]) => readonly Basket[] = (baskets) => baskets,
): Promise<Loaded> {
  const days = Array.from({ length: shop.shape.days }, (_, day) =>
    new Date(noonOf(day)).toISOString(),
  );
  let { lines, orders, customers } = before;
  const isEnough = () =>
    "lines" in wanted ? lines >= wanted.lines : customers >= wanted.customers;
  const pieces = function* (): Generator<string> {
    while (!isEnough()) {
      let piece = "";
      for (let k = 0; k < 500 && !isEnough(); k++, customers++)
        for (const { day, items } of kept(basketsOf(shop, customers))) {
          orders += 1;
          for (const [n, item] of items.entries()) {
            piece += `${orders}\t${n}\t${customers + 1}\t${item.n + 1}\t${days[day]}\t10000\t${item.pieces}\t\tp${item.n + 1}\n`;
            lines += 1;
          }
        }
      yield piece;
    }
  };
  const client = await storage.pool.connect();
  try {
    await pipeline(
      Readable.from(pieces()),
      client.query(
        copyFrom(`copy order_items
          (order_id, n, customer_id, product_id, placed_at, price_minor, quantity, fate, source_product) from stdin`),
      ),
    );
    // Nothing is known of who is no customer. Nobody is judged here.
    await client.query("begin; set local session_replication_role = replica");
    await client.query(
      `insert into customers (id, source, source_id, name) overriding system value
       select n + 1, '${SOURCE}', 'c' || n, 'Customer ' || n from generate_series($1::int, $2::int) n
       on conflict do nothing`,
      [before.customers, customers - 1],
    );
    await client.query("commit");
  } finally {
    client.release();
  }
  return { lines, orders, customers };
}
