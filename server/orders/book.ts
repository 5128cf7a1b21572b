/** What a customer ordered, read from PostgreSQL for the card. */
import type { Storage } from "../storage/database.ts";
import type { OrderBook, OrderStage, OrderSummary } from "./model.ts";

type OrderRow = {
  id: string;
  number: string;
  placed_at: Date;
  stage: string;
  status: string;
  total_minor: string;
  currency: string;
  lines: readonly { name: string; quantity: number; priceMinor: number }[];
};

/** Opens nothing by itself; lives as long as `storage`. Queries that fail are thrown: the card shows `ordersMissing`. */
export function openOrderBook(storage: Pick<Storage, "pool">): OrderBook {
  const { pool } = storage;
  return {
    async ofCustomer(customerId, limit) {
      if (!/^\d{1,18}$/.test(customerId)) return [];
      const found = await pool.query<OrderRow>({
        name: "orders_of_customer",
        // By time alone it is the index's own order, whatever the planner believes of a customer; ties are put in order after.
        text: `select id, number, placed_at, stage, status, total_minor, currency, lines
               from (
                 select * from orders where customer_id = $1
                 order by placed_at desc fetch first ($2) rows with ties
               ) newest
               order by placed_at desc, id desc limit $2`,
        values: [customerId, limit],
      });
      return found.rows.map(summaryOf);
    },
    async totals(customerId) {
      const nothing = { count: 0, totalMinor: 0, currency: "" };
      if (!/^\d{1,18}$/.test(customerId)) return nothing;
      const found = await pool.query<{ count: string; total: string; currency: string }>({
        name: "orders_totals",
        // Nothing but what the index holds: somebody's orders lie all over the table.
        text: `select mine.count, mine.total, newest.currency
               from (
                 select currency from orders where customer_id = $1 order by placed_at desc limit 1
               ) newest
               cross join lateral (
                 select count(*), coalesce(sum(total_minor), 0)::bigint as total from orders
                 where customer_id = $1 and currency = newest.currency and stage not in ('cancelled', 'returned')
               ) mine`,
        values: [customerId],
      });
      const row = found.rows[0];
      return row
        ? { count: Number(row.count), totalMinor: Number(row.total), currency: row.currency }
        : nothing;
    },
  };
}

function summaryOf(row: OrderRow): OrderSummary {
  return {
    id: row.id,
    number: row.number,
    placedAt: row.placed_at.toISOString(),
    stage: row.stage as OrderStage,
    status: row.status,
    totalMinor: Number(row.total_minor),
    currency: row.currency,
    itemCount: row.lines.reduce((sum, line) => sum + line.quantity, 0),
    items: row.lines.map(({ name, quantity, priceMinor }) => ({ name, quantity, priceMinor })),
  };
}
