/** Orders and products from a source into PostgreSQL: COPY into a temporary table, then one merge; idempotent. */
import type pg from "pg";
import {
  type LoadOptions,
  type LoadResult,
  type Refusal,
  inLoadTransaction,
  lastOfEach,
  readAll,
} from "../customers/loading.ts";
import { copyInto, copyLine } from "../storage/copy.ts";
import type { Storage } from "../storage/database.ts";
import { type OrderRow, type ProductRow, readOrder, readProduct } from "./record.ts";

const TEMPORARY_ORDERS = `
  create temporary table if not exists incoming_orders (
    n integer, source text, source_id text, customer_source text, customer_source_id text, number text,
    stage text, status text, total_minor bigint, currency text, placed_at timestamptz, promised_at text,
    lines jsonb
  ) on commit delete rows`;

/** Gives the counts, and `n` of the orders whose customer nobody has told us of. */
const MERGE_ORDERS = `
  with incoming as materialized (
    select i.*, c.id as customer_id
    from incoming_orders i
    left join lateral (
      select id from customers
      where source = i.customer_source and source_id = i.customer_source_id limit 1
    ) c on true
  ), merged as (
    insert into orders as o (source, source_id, customer_id, number, stage, status, total_minor, currency, placed_at,
      promised_at, lines)
    select source, source_id, customer_id, number, stage, coalesce(status, ''), total_minor, currency, placed_at,
      nullif(promised_at, '')::timestamptz, coalesce(lines, '[]')
    from incoming where customer_id is not null
    on conflict (source, source_id) do update set
      (customer_id, number, stage, status, total_minor, currency, placed_at, promised_at, lines, updated_at) = (
        select excluded.customer_id, excluded.number, excluded.stage, coalesce(i.status, o.status),
          excluded.total_minor, excluded.currency, excluded.placed_at,
          case when i.promised_at is null then o.promised_at else excluded.promised_at end,
          coalesce(i.lines, o.lines), now()
        from incoming_orders i where i.source = o.source and i.source_id = o.source_id
      )
    where (o.customer_id, o.number, o.stage, o.total_minor, o.currency, o.placed_at)
        is distinct from (excluded.customer_id, excluded.number, excluded.stage, excluded.total_minor,
          excluded.currency, excluded.placed_at)
      or exists (
        select from incoming_orders i where i.source = o.source and i.source_id = o.source_id
          and (
            (coalesce(i.status, o.status), coalesce(i.lines, o.lines)) is distinct from (o.status, o.lines)
            or (i.promised_at is not null and excluded.promised_at is distinct from o.promised_at)
          )
      )
    returning (xmax = 0) as fresh, customer_id
  )
  select (select count(*) from merged where fresh)::int as added,
    (select count(*) from merged where not fresh)::int as changed,
    array(select distinct customer_id::text from merged) as concerned,
    array(select n from incoming where customer_id is null) as ownerless`;

const TEMPORARY_PRODUCTS = `
  create temporary table if not exists incoming_products (
    source text, source_id text, sku text, name text, category text, price_minor bigint, currency text, stock integer
  ) on commit delete rows`;

const MERGE_PRODUCTS = `
  with known as materialized (
    select i.*, p.id
    from incoming_products i
    left join lateral (
      select id from products where source = i.source and source_id = i.source_id limit 1
    ) p on true
  ), added as (
    insert into products (source, source_id, sku, name, category, price_minor, currency, stock)
    select source, source_id, coalesce(sku, ''), name, coalesce(category, ''), price_minor, currency, stock
    from known where id is null
    returning 1
  ), changed as (
    update products p set sku = coalesce(k.sku, p.sku), name = k.name, category = coalesce(k.category, p.category),
      price_minor = k.price_minor, currency = k.currency, stock = coalesce(k.stock, p.stock), updated_at = now()
    from known k
    where p.id = k.id and (p.sku, p.name, p.category, p.price_minor, p.currency, p.stock) is distinct from
      (coalesce(k.sku, p.sku), k.name, coalesce(k.category, p.category), k.price_minor, k.currency, coalesce(k.stock, p.stock))
    returning 1
  )
  select (select count(*) from added)::int as added, (select count(*) from changed)::int as changed`;

/**
 * Reads and merges a batch of orders in one transaction. An order whose customer is not known yet is refused: load
 * customers first.
 */
export async function importOrders(
  storage: Pick<Storage, "pool">,
  records: readonly unknown[],
  options: LoadOptions,
): Promise<LoadResult> {
  const { good, refused } = readAll(records, (value) => readOrder(value, options));
  const rows = lastOfEach(good);
  const merged = await mergeOrders(
    storage.pool,
    rows.map(({ record }) => record),
  );
  if (merged.concerned.length > 0) options.concerned?.(merged.concerned);
  const ownerless = merged.ownerless.map((n): Refusal => {
    const { index, record } = rows[n]!;
    const reason = `no customer "${record.customerSourceId}" of source "${record.customerSource}"`;
    return { index, field: "customerSourceId", reason };
  });
  return {
    added: merged.added,
    changed: merged.changed,
    unchanged: good.length - ownerless.length - merged.added - merged.changed,
    refused: [...refused, ...ownerless].toSorted((a, b) => a.index - b.index),
  };
}

type MergedOrders = {
  readonly added: number;
  readonly changed: number;
  readonly concerned: readonly string[];
  readonly ownerless: readonly number[];
};

async function mergeOrders(pool: pg.Pool, rows: readonly OrderRow[]): Promise<MergedOrders> {
  if (rows.length === 0) return { added: 0, changed: 0, concerned: [], ownerless: [] };
  const lines = rows.map((row, n) =>
    copyLine([
      ...[n, row.source, row.sourceId, row.customerSource, row.customerSourceId, row.number],
      ...[row.stage, row.status, row.totalMinor, row.currency, row.placedAt, row.promisedAt],
      row.lines === null ? null : JSON.stringify(row.lines),
    ]),
  );
  return inLoadTransaction(pool, async (client) => {
    await client.query(TEMPORARY_ORDERS);
    await copyInto(client, "incoming_orders", lines.join(""));
    const merged = await client.query<MergedOrders>(MERGE_ORDERS);
    return merged.rows[0]!;
  });
}

/** Reads and merges a batch of products in one transaction. */
export async function importProducts(
  storage: Pick<Storage, "pool">,
  records: readonly unknown[],
  options: LoadOptions,
): Promise<LoadResult> {
  const { good, refused } = readAll(records, (value) => readProduct(value, options));
  const counts = await mergeProducts(
    storage.pool,
    lastOfEach(good).map(({ record }) => record),
  );
  return { ...counts, unchanged: good.length - counts.added - counts.changed, refused };
}

async function mergeProducts(
  pool: pg.Pool,
  rows: readonly ProductRow[],
): Promise<{ added: number; changed: number }> {
  if (rows.length === 0) return { added: 0, changed: 0 };
  const lines = rows.map((row) =>
    copyLine([
      ...[row.source, row.sourceId, row.sku, row.name, row.category],
      ...[row.priceMinor, row.currency, row.stock],
    ]),
  );
  return inLoadTransaction(pool, async (client) => {
    await client.query(TEMPORARY_PRODUCTS);
    await copyInto(client, "incoming_products", lines.join(""));
    const merged = await client.query<{ added: number; changed: number }>(MERGE_PRODUCTS);
    return merged.rows[0]!;
  });
}
