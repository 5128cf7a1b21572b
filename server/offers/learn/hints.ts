/**
 * What goes with a cart and what a customer runs out of: one question to PostgreSQL, by index only, whatever the number of orders. It
 * reads what was learned for the cart's products, the customer's own purchases and complaints, and the products that are left.
 */
import type { Storage } from "../../storage/database.ts";
import type { Hint, HintSource, OfferQuestion } from "../model.ts";
import {
  type Candidate,
  DUE_FROM,
  DUE_UNTIL,
  OVERDUE_SHARE,
  OWN_PURCHASES,
  PERSONAL_WEIGHT,
  SHRINKAGE,
  hintOf,
} from "./model.ts";

/** Products of a cart whose companions are looked for, the first ones; and hints that are given. */
const MOST = 100;
const ID = /^\d{1,18}$/;

// The laterals with "offset 0" keep every probe on its index: a prepared statement is planned without knowing how much there is.
const HINTS = `
  with mine as materialized (
    select product_id, (placed_at at time zone 'UTC')::date as day, quantity, fate
    from order_items
    where customer_id = $1::bigint and product_id is not null and placed_at <= $3::timestamptz
  ), days as (
    select product_id, day, sum(quantity) as pieces,
      lead(day) over (partition by product_id order by day) - day as gap
    from mine where fate = '' and quantity > 0 group by product_id, day
  ), own as (
    select product_id, count(*)::int as times, max(day) as last_day,
      sum(pieces) filter (where gap is null) as last_pieces,
      case when count(*) >= ${OWN_PURCHASES}
        then percentile_cont(0.5) within group (order by gap / pieces::float8) filter (where gap is not null)
      end as unit_days
    from days group by product_id
  ), unwanted as materialized (
    select unnest($2::bigint[]) as id
    union all select product_id from mine where fate = 'returned'
    union all select product_id from claims where customer_id = $1::bigint and product_id is not null
    union all
    select i.product_id from claims c
    cross join lateral (
      select product_id from order_items
      where order_id = c.order_id and (c.line is null or n = c.line) and product_id is not null offset 0
    ) i
    where c.customer_id = $1::bigint and c.order_id is not null and (c.line is not null or c.product_id is null)
  ), companions as (
    select other_id, sum(score) as score,
      1 - exp(sum(ln(1 - least(0.95, together / (baskets + ${SHRINKAGE}.0)))))::float8 as likely,
      (array_agg(array[product_id, together, baskets] order by score desc, product_id))[1:1] as because
    from goes_with where product_id = any ($6::bigint[])
    group by other_id
  ), found as (
    select coalesce(c.other_id, o.product_id) as id, coalesce(c.score, 0) as score,
      coalesce(c.likely, 0) as likely, c.because, o.times, o.last_day, o.last_pieces, o.unit_days
    from companions c full join own o on o.product_id = c.other_id
    where coalesce(c.other_id, o.product_id) not in (select id from unwanted)
  ), visits as (
    select count(distinct day)::int as visits from mine where fate = ''
  ), judged as (
    select f.*, v.visits, p.*, ($3::timestamptz at time zone 'UTC')::date - f.last_day as days_ago,
      coalesce(f.unit_days, y.unit_days) * f.last_pieces as lasts_days, f.unit_days is not null as by_own
    from found f
    cross join visits v
    cross join lateral (
      select sku, name, category, price_minor, currency, stock from products
      where id = f.id and (stock is null or stock > 0)
        and (currency = '' or $4::text = '' or currency = $4::text) offset 0
    ) p
    left join lateral (
      select unit_days::float8 from category_cycles where category = p.category and f.times is not null offset 0
    ) y on true
  )
  select j.*, b.name as because_name
  from (
    select *, score + case
        when times is null then 0
        else ${PERSONAL_WEIGHT} * times / (visits + 1.0)
          * case when days_ago <= ${DUE_UNTIL} * lasts_days then 1 else ${OVERDUE_SHARE} end
      end as rank
    from judged
    -- Bought and not used up; what nobody buys again is never used up.
    where times is null or days_ago >= ${DUE_FROM} * lasts_days
    order by rank desc, id limit $5::int
  ) j
  left join lateral (select name from products where id = j.because[1][1] offset 0) b on true
  order by j.rank desc, j.id`;

type Row = {
  id: string;
  sku: string;
  name: string;
  category: string;
  price_minor: string;
  currency: string;
  stock: number | null;
  likely: number;
  /** Product, together, baskets. */
  because: readonly (readonly [string, string, string])[] | null;
  because_name: string | null;
  times: number | null;
  visits: number;
  days_ago: number | null;
  last_pieces: number | null;
  lasts_days: number | null;
  by_own: boolean;
};

/** Opens nothing by itself; lives as long as `storage`. Queries that fail are thrown. */
export function openHints(storage: Pick<Storage, "pool">): HintSource {
  return { hintsFor: (question, limit) => hintsFor(storage, question, limit) };
}

async function hintsFor(
  { pool }: Pick<Storage, "pool">,
  question: OfferQuestion,
  limit: number,
): Promise<readonly Hint[]> {
  const { customerId, lines, nowMs, currency } = question;
  const cart = lines.map(({ productId }) => productId).filter((id) => ID.test(id));
  const customer = customerId !== null && ID.test(customerId) ? customerId : null;
  if ((cart.length === 0 && customer === null) || limit <= 0) return [];
  const found = await pool.query<Row>({
    name: "hints_for_cart",
    text: HINTS,
    values: [
      ...[customer, [...new Set(cart)], new Date(nowMs), currency, Math.min(limit, MOST)],
      [...new Set(cart)].slice(0, MOST),
    ],
  });
  return found.rows.map((row) => hintOf(candidateOf(row)));
}

function candidateOf(row: Row): Candidate {
  const because = row.because?.[0];
  return {
    product: {
      ...{ id: row.id, sku: row.sku, name: row.name, category: row.category },
      ...{ priceMinor: Number(row.price_minor), currency: row.currency, stock: row.stock },
    },
    because:
      because === undefined
        ? null
        : {
            product: row.because_name ?? "",
            ...{ together: Number(because[1]), of: Number(because[2]) },
          },
    likely: row.likely,
    own:
      row.times === null
        ? null
        : {
            ...{ times: row.times, visits: row.visits, lastDaysAgo: row.days_ago ?? 0 },
            ...{ lastPieces: row.last_pieces ?? 1, lastsDays: row.lasts_days },
            by: row.by_own ? "own" : "category",
          },
  };
}
