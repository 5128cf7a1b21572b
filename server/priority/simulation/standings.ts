/**
 * Standings of many customers in one query, as they are today: what `server/customers/standing.ts` tells of one, but for who got nobody
 * and who talked last, since a day that is played again has its own. A test holds the two to each other.
 */
import { sql } from "kysely";
import { SEGMENTS, TIER } from "../../customers/tier.ts";
import type { Storage } from "../../storage/database.ts";
import type { Standing } from "../model.ts";

const AT_ONCE = 5000;

type Row = {
  readonly id: string;
  readonly name: string;
  readonly language: string;
  readonly tier: string;
  readonly vip: boolean;
  readonly segments: string[];
  readonly city: string;
  readonly region: string;
  readonly order_count: string;
  readonly lifetime_minor: string;
  readonly last_order_at: Date | null;
  readonly on_its_way: boolean | null;
  readonly late: boolean | null;
  readonly open_claim: boolean;
  readonly cart_left_at: Date | null;
};

/** Unknown ids are left out. @param currency sums are in, "" for that of each customer's newest order. */
export async function standingsOf(
  { db }: Pick<Storage, "db">,
  customerIds: readonly string[],
  currency: string,
): Promise<ReadonlyMap<string, Standing>> {
  const standings = new Map<string, Standing>();
  for (let at = 0; at < customerIds.length; at += AT_ONCE) {
    const ids = customerIds.slice(at, at + AT_ONCE);
    const { rows } = await sql<Row>`
      with of_orders as (
        select customer_id,
          count(*) filter (where stage not in ('cancelled', 'returned')) as order_count,
          sum(total_minor) filter (
            where stage not in ('cancelled', 'returned') and currency = coalesce(nullif(${currency}, ''), newest)
          ) as lifetime_minor,
          max(placed_at) as last_order_at,
          bool_or(stage = 'shipped') as on_its_way,
          bool_or(stage not in ('delivered', 'completed', 'cancelled', 'returned') and promised_at < now()) as late
        from (
          select *, first_value(currency) over (partition by customer_id order by placed_at desc) as newest
          from orders where customer_id = any(${ids}::bigint[])
        ) mine group by customer_id
      )
      select c.id, c.name, c.language, ${sql.raw(TIER)} as tier, c.vip, ${sql.raw(SEGMENTS)} as segments, c.city, c.region,
        coalesce(o.order_count, 0) as order_count, coalesce(o.lifetime_minor, 0) as lifetime_minor,
        o.last_order_at, o.on_its_way, o.late,
        exists (select 1 from claims where customer_id = c.id and closed_at is null) as open_claim,
        (select max(left_at) from carts where customer_id = c.id and ordered_at is null) as cart_left_at
      from customers c left join customer_standing st on st.customer_id = c.id left join of_orders o on o.customer_id = c.id
      where c.id = any(${ids}::bigint[])`.execute(db);
    for (const row of rows) standings.set(row.id, standingOf(row));
  }
  return standings;
}

function standingOf(row: Row): Standing {
  return {
    customerId: row.id,
    name: row.name,
    language: row.language,
    tier: row.tier,
    vip: row.vip,
    segments: row.segments,
    city: row.city,
    region: row.region,
    orderCount: Number(row.order_count),
    lifetimeMinor: Number(row.lifetime_minor),
    lastOrderAtMs: row.last_order_at?.getTime() ?? null,
    orderOnItsWay: row.on_its_way ?? false,
    orderLate: row.late ?? false,
    openClaim: row.open_claim,
    cartLeftAtMs: row.cart_left_at?.getTime() ?? null,
    lostAtMs: null,
    personalManager: "",
    lastOperator: "",
  };
}
