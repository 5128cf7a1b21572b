/** What the card's head says of somebody beside their orders, in one prepared query that reads by index alone. */
import type { Asking } from "../storage/together.ts";
import type { CustomerBackground } from "./timeline-model.ts";

/** Of so many different products at most it is looked up what they are: those that were bought most often. */
const MOST_PRODUCTS = 20;

/** What somebody likes is told by so many lines of orders, the newest: who bought thousands costs no more than others. */
const FAVOURITES_AMONG = 200;

/** What they liked long before is no favourite any more. */
const FAVOURITES_OF = "2 years";

const BACKGROUND = `
  select c.bonus_minor, c.segments, s.segments as computed,
    coalesce(
      case when s.judge_at is distinct from '-infinity' then s.returned end,
      -- An order changed since, or nobody counted yet.
      (select count(*) from orders where customer_id = c.id and stage = 'returned')::int
    ) as returned,
    coalesce(nullif(came.title, ''), first.source) as came_by, first.placed_at as first_at, favourite.categories
  from customers c
  left join customer_standing s on s.customer_id = c.id
  left join lateral (
    select source, placed_at from orders where customer_id = c.id order by placed_at limit 1
  ) first on true
  left join order_sources came on came.source = first.source
  left join lateral (
    select placed_at from orders where customer_id = c.id order by placed_at desc limit 1
  ) last on true
  cross join lateral (
    select array(
      select p.category
      from (
        select product_id, count(*) as times
        from (
          select product_id from order_items
          where customer_id = c.id and product_id is not null and fate = ''
            and placed_at > last.placed_at - interval '${FAVOURITES_OF}'
          order by placed_at desc limit ${FAVOURITES_AMONG}
        ) newest
        group by product_id order by times desc, product_id limit ${MOST_PRODUCTS}
      ) most
      join lateral (select category from products where id = most.product_id limit 1) p on p.category <> ''
      group by p.category
      order by sum(most.times) desc, p.category
      limit 3
    ) as categories
  ) favourite
  where c.id = $1`;

type Row = {
  bonus_minor: string | null;
  segments: string[];
  computed: string[] | null;
  returned: number;
  came_by: string | null;
  first_at: Date | null;
  categories: string[];
};

/** Opens nothing by itself; lives as long as `storage`. Queries that fail are thrown. Nobody has an empty background. */
export function openBackground({
  pool,
}: {
  readonly pool: Asking;
}): (customerId: string) => Promise<CustomerBackground> {
  return async (customerId) => {
    const found = /^\d{1,18}$/.test(customerId)
      ? await pool.query<Row>({
          name: "customer_background",
          text: BACKGROUND,
          values: [customerId],
        })
      : null;
    const row = found?.rows[0];
    return {
      returned: row?.returned ?? 0,
      favouriteCategories: row?.categories ?? [],
      cameBy: row?.came_by ?? "",
      firstOrderAt: row?.first_at?.toISOString() ?? "",
      // What the CRM says and what follows from the orders, once each.
      segments: [...new Set([...(row?.segments ?? []), ...(row?.computed ?? [])])],
      bonusMinor: typeof row?.bonus_minor === "string" ? Number(row.bonus_minor) : null,
    };
  };
}
