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
  dayOf,
  hintOf,
} from "./model.ts";

/** Products of a cart whose companions are looked for, the first ones; and hints that are given. */
const MOST = 100;
const DAY_MS = 86_400_000;
const ID = /^\d{1,18}$/;

// Sums are of float8: numeric ones take most of the time. The laterals with "offset 0" keep every probe on its index: a prepared statement is planned without knowing how much there is.
const HINTS = `
  with mine as materialized (
    select product_id, ${dayOf("placed_at")} as day, quantity, fate
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
  ), visits as (
    select count(distinct day)::int as visits from mine where fate = ''
  ), owned as (
    select o.product_id, o.times, o.last_pieces, v.visits, $7::int - o.last_day as days_ago,
      o.unit_days is not null as by_own, coalesce(o.unit_days, y.unit_days) * o.last_pieces as lasts_days
    from own o
    cross join visits v
    left join lateral (
      select c.unit_days::float8
      from (select category from products where id = o.product_id offset 0) p
      cross join lateral (select unit_days from category_cycles where category = p.category offset 0) c
    ) y on true
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
    select other_id, sum(score)::float8 as score,
      1 - exp(sum(ln(1 - least(0.95::float8, together::float8 / (baskets + ${SHRINKAGE}))))) as likely,
      (array_agg(product_id order by score desc, product_id))[1] as because_id
    from goes_with where product_id = any ($6::bigint[])
    group by other_id
  ), ranked as (
    select coalesce(c.other_id, o.product_id) as id, coalesce(c.likely, 0) as likely, c.because_id, o.*,
      coalesce(c.score, 0) + case
        when o.times is null then 0
        else ${PERSONAL_WEIGHT}::float8 * o.times / (o.visits + 1)
          * case when o.days_ago <= ${DUE_UNTIL}::float8 * o.lasts_days then 1 else ${OVERDUE_SHARE}::float8 end
      end as rank
    from companions c full join owned o on o.product_id = c.other_id
    where coalesce(c.other_id, o.product_id) not in (select id from unwanted)
      -- Bought and not used up; what nobody buys again is never used up.
      and (o.times is null or o.days_ago >= ${DUE_FROM}::float8 * o.lasts_days)
    order by rank desc, id
  )
  -- Products are looked at from the best on, until there are enough.
  select r.*, p.*, b.name as because_name, g.together, g.baskets
  from ranked r
  cross join lateral (
    select sku, name, category, price_minor, currency, stock from products
    where id = r.id and (stock is null or stock > 0)
      and (currency = '' or $4::text = '' or currency = $4::text) offset 0
  ) p
  left join lateral (select name from products where id = r.because_id offset 0) b on true
  left join lateral (
    select together, baskets from goes_with where product_id = r.because_id and other_id = r.id offset 0
  ) g on true
  order by r.rank desc, r.id limit $5::int`;

type Row = {
  id: string;
  sku: string;
  name: string;
  category: string;
  price_minor: string;
  currency: string;
  stock: number | null;
  likely: number;
  because_name: string | null;
  together: number | null;
  baskets: number | null;
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
      ...[[...new Set(cart)].slice(0, MOST), Math.floor(nowMs / DAY_MS)],
    ],
  });
  return found.rows.map((row) => hintOf(candidateOf(row)));
}

function candidateOf(row: Row): Candidate {
  const { because_name: name, together, baskets } = row;
  return {
    product: {
      ...{ id: row.id, sku: row.sku, name: row.name, category: row.category },
      ...{ priceMinor: Number(row.price_minor), currency: row.currency, stock: row.stock },
    },
    because:
      together === null || baskets === null ? null : { product: name ?? "", together, of: baskets },
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
