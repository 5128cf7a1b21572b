/** Orders and products from a source into PostgreSQL: COPY into a temporary table, then one merge; idempotent. The orders' merge is in `merge-orders.ts`. */
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
import type { Bus } from "../storage/bus.ts";
import type { Storage } from "../storage/database.ts";
import { type MergedOrders, type OrderOutcome, mergeOrders } from "./merge-orders.ts";
import { type OrderRow, type ProductRow, readOrder, readProduct } from "./record.ts";

const TEMPORARY_PRODUCTS = `
  create temporary table if not exists incoming_products (
    source text, source_id text, sku text, name text, category text, price_minor bigint, currency text, stock integer,
    cost_minor bigint, weight_g integer, length_mm integer, width_mm integer, height_mm integer, attributes jsonb
  ) on commit delete rows`;

/** Fields that were left out keep what they had; a new product has the column's default. */
const PRODUCT_FIELDS: readonly (readonly [column: string, otherwise: string | null])[] = [
  ...([
    ["sku", "''"],
    ["name", null],
    ["category", "''"],
    ["price_minor", null],
    ["currency", null],
    ["stock", null],
    ["cost_minor", null],
    ["weight_g", null],
    ["length_mm", null],
    ["width_mm", null],
    ["height_mm", null],
    ["attributes", "'{}'"],
  ] as const),
];
const productColumns = PRODUCT_FIELDS.map(([column]) => column).join(", ");
const freshProduct = PRODUCT_FIELDS.map(([column, otherwise]) =>
  otherwise === null ? column : `coalesce(${column}, ${otherwise})`,
).join(", ");
const changedProduct = PRODUCT_FIELDS.map(([column]) => `coalesce(k.${column}, p.${column})`).join(
  ", ",
);
const knownProduct = PRODUCT_FIELDS.map(([column]) => `p.${column}`).join(", ");

const MERGE_PRODUCTS = `
  with known as materialized (
    select i.*, p.id
    from incoming_products i
    left join lateral (
      select id from products where source = i.source and source_id = i.source_id limit 1
    ) p on true
  ), added as (
    insert into products (source, source_id, ${productColumns})
    select source, source_id, ${freshProduct} from known where id is null
    returning 1
  ), changed as (
    update products p set (${productColumns}, updated_at) = row(${changedProduct}, now())
    from known k
    where p.id = k.id and row(${knownProduct}) is distinct from row(${changedProduct})
    returning 1
  )
  select (select count(*) from added)::int as added, (select count(*) from changed)::int as changed`;

/** Who is told of what came, besides {@link LoadOptions.concerned}; once it is in the database. */
export type OrderLoadOptions = LoadOptions & {
  /** Orders that came or changed. */
  readonly ordersChanged?: (orderIds: readonly string[]) => void;
  /** Customers that orders made or changed, and phones they gave them. */
  readonly customersChanged?: (customerIds: readonly string[], phones: readonly string[]) => void;
};

/**
 * Reads and merges a batch of orders in one transaction. An order that names a customer who is not known yet is refused: load
 * customers first, or tell who ordered.
 */
export async function importOrders(
  storage: Pick<Storage, "pool">,
  records: readonly unknown[],
  options: OrderLoadOptions,
): Promise<LoadResult> {
  const read = readAll(records, (value) => readOrder(value, options));
  const merged = await mergeOrders(
    storage.pool,
    read.good.map(({ record }) => record),
  );
  tell(merged, options);
  return orderResult(read, merged.outcomes);
}

/** What was read of a batch: the good orders with their places in it, and the refused. */
export type ReadOrders = {
  readonly good: readonly { readonly index: number; readonly record: OrderRow }[];
  readonly refused: readonly Refusal[];
};

/** @param outcomes one for each good order. */
export function orderResult(read: ReadOrders, outcomes: readonly OrderOutcome[]): LoadResult {
  const refused = [...read.refused];
  const count = { added: 0, changed: 0, unchanged: 0 };
  for (const [at, { index, record }] of read.good.entries()) {
    const outcome = outcomes[at]!;
    if (outcome === "unknownCustomer") {
      const reason = `no customer "${record.customerSourceId}" of source "${record.customerSource}"`;
      refused.push({ index, field: "customerSourceId", reason });
    } else if (outcome === "noCustomer") {
      const reason = "is missing: give phone, customer or customerSourceId";
      refused.push({ index, field: "phone", reason });
    } else count[outcome] += 1;
  }
  return { ...count, refused: refused.toSorted((a, b) => a.index - b.index) };
}

/** Tells the listeners that have something to hear. */
export function tell(
  merged: MergedOrders,
  options: Pick<OrderLoadOptions, "concerned" | "ordersChanged" | "customersChanged">,
): void {
  const { customerIds, phones, orderIds, concerned } = merged;
  // First who people are, so that whoever looks at their orders does not see who they were.
  if (customerIds.length > 0) options.customersChanged?.(customerIds, phones);
  if (concerned.length > 0) options.concerned?.(concerned);
  if (orderIds.length > 0) options.ordersChanged?.(orderIds);
}

/** Who hears of orders that came. */
export function orderHints(
  bus: Pick<Bus, "publish"> | undefined,
): Pick<OrderLoadOptions, "concerned" | "ordersChanged" | "customersChanged"> {
  return {
    customersChanged: (customerIds, phones) =>
      bus?.publish("customersChanged", { customerIds, phones }),
    concerned: (customerIds) => bus?.publish("standingsChanged", { customerIds }),
    ordersChanged: (orderIds) => bus?.publish("ordersChanged", { orderIds }),
  };
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
      ...[row.priceMinor, row.currency, row.stock, row.costMinor, row.weightG],
      ...[row.size?.lengthMm ?? null, row.size?.widthMm ?? null, row.size?.heightMm ?? null],
      row.attributes === null ? null : JSON.stringify(row.attributes),
    ]),
  );
  return inLoadTransaction(pool, async (client) => {
    await client.query(TEMPORARY_PRODUCTS);
    await copyInto(client, "incoming_products", lines.join(""));
    const merged = await client.query<{ added: number; changed: number }>(MERGE_PRODUCTS);
    return merged.rows[0]!;
  });
}
