/** What a customer ordered, read from PostgreSQL for the card. */
import type { Asking } from "../storage/together.ts";
import { Refusal } from "../desk/replies.ts";
import type { OrderBook, OrderPayment, OrderStage, OrderSummary } from "./model.ts";

type OrderRow = {
  id: string;
  number: string;
  placed_at: Date;
  stage: string;
  status: string;
  total_minor: string;
  currency: string;
  payment: OrderPayment;
  lines: readonly { name: string; quantity: number; priceMinor: number }[];
};

const MOST_OF_A_PAGE = 100;
const COLUMNS = "id, number, placed_at, stage, status, total_minor, currency, payment, lines";

/** Opens nothing by itself; lives as long as `storage`. Queries that fail are thrown: the card shows `ordersMissing`. */
export function openOrderBook(storage: { readonly pool: Asking }): OrderBook {
  const { pool } = storage;
  return {
    async ofCustomer(customerId, limit) {
      if (!/^\d{1,18}$/.test(customerId)) return [];
      const found = await pool.query<OrderRow>({
        name: "orders_of_customer",
        // By time alone it is the index's own order, whatever the planner believes of a customer; ties are put in order after.
        text: `select ${COLUMNS}
               from (
                 select * from orders where customer_id = $1
                 order by placed_at desc fetch first ($2) rows with ties
               ) newest
               order by placed_at desc, id desc limit $2`,
        values: [customerId, limit],
      });
      return found.rows.map(summaryOf);
    },
    async page(customerId, after, limit) {
      const from = after === "" ? { at: "infinity", id: "0" } : readCursor(after);
      if (!/^\d{1,18}$/.test(customerId)) return { orders: [], next: "" };
      const most = Math.min(MOST_OF_A_PAGE, Math.max(1, Math.trunc(limit)));
      const found = await pool.query<OrderRow & { exact_at: string }>({
        name: "orders_page",
        text: `select ${COLUMNS}, to_char(placed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as exact_at
               from (
                 select * from orders
                 where customer_id = $1 and placed_at <= $2 and (placed_at < $2 or id < $3)
                 order by placed_at desc fetch first ($4) rows with ties
               ) older
               order by placed_at desc, id desc limit $4`,
        // One more, to know whether there is another page.
        values: [customerId, from.at, from.id, most + 1],
      });
      const rows = found.rows.slice(0, most);
      const last = rows.at(-1);
      const isMore = found.rows.length > most && last !== undefined;
      return {
        orders: rows.map(summaryOf),
        next: isMore ? `${last.exact_at} ${last.id}` : "",
      };
    },
    async totals(customerId) {
      const nothing = { count: 0, totalMinor: 0, currency: "" };
      if (!/^\d{1,18}$/.test(customerId)) return nothing;
      const found = await pool.query<{ count: string; total: string; currency: string }>({
        name: "orders_totals",
        // As kept with their standing, unless an order changed since or another currency is kept; then counted, from nothing but what
        // the index holds: somebody's orders lie all over the table.
        text: `select coalesce(kept.count, mine.count) as count, coalesce(kept.total, mine.total) as total, newest.currency
               from (
                 select currency from orders where customer_id = $1 order by placed_at desc limit 1
               ) newest
               left join lateral (
                 select in_currency::bigint as count, total_minor as total from customer_standing
                 where customer_id = $1 and currency = newest.currency
                   and judge_at is distinct from '-infinity' and in_currency_at = changed_at
               ) kept on true
               cross join lateral (
                 select count(*), coalesce(sum(total_minor), 0)::bigint as total from orders
                 where kept.count is null and customer_id = $1 and currency = newest.currency
                   and stage not in ('cancelled', 'returned')
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
    ...(Object.keys(row.payment).length === 0 ? {} : { payment: row.payment }),
    itemCount: row.lines.reduce((sum, line) => sum + line.quantity, 0),
    items: row.lines.map(({ name, quantity, priceMinor }) => ({ name, quantity, priceMinor })),
  };
}

/** To the microsecond, as PostgreSQL counts: two orders of one moment may be cut by a page's end. @throws Refusal `invalid` */
function readCursor(text: string): { readonly at: string; readonly id: string } {
  const [, at, id] = /^(\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (\d{1,18})$/.exec(text) ?? [];
  if (at === undefined || id === undefined || Number.isNaN(Date.parse(at)))
    throw new Refusal("invalid", "after: is not the `next` of a page");
  return { at, id };
}
