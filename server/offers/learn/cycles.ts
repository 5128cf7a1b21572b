/**
 * How often goods of a category are bought again, and how long one piece lasts. From all customers' purchases, read in parts; intervals
 * are kept by their logarithm in steps of 5 %, which is as exact as a median of days has to be.
 */
import type pg from "pg";
import { nextKey } from "./count.ts";
import { LEAST_REPEATERS, LEAST_REPEATING_SHARE, dayOf } from "./model.ts";

const LINES_AT_A_TIME = 500_000;

// Most buy most things once: those are counted with all lines at the end, and only the others are looked at by days.
const COUNT_STEPS = `
  with bought as materialized (
    select customer_id, product_id, count(*) as times
    from order_items
    where customer_id >= $1 and customer_id < $2 and product_id is not null and fate = '' and quantity > 0
    group by customer_id, product_id having count(*) > 1
  ), days as (
    select i.customer_id, i.product_id, ${dayOf("i.placed_at")} as day, sum(i.quantity) as pieces
    from bought b
    join order_items i on i.customer_id = b.customer_id and i.product_id = b.product_id
    where i.fate = '' and i.quantity > 0
    group by 1, 2, 3
  ), steps as (
    select product_id, pieces, lead(day) over bought - day as gap, row_number() over bought = 1 as is_first
    from days window bought as (partition by customer_id, product_id order by day)
  )
  insert into counted_steps (category, length, times, buyers, repeaters)
  -- Who bought something several times is one buyer of it.
  select p.category, null, 0, sum(1 - b.times), 0
  from bought b join products p on p.id = b.product_id
  group by 1
  union all
  select p.category, round(20 * ln(s.gap / s.pieces::float8)), count(*), 0, count(*) filter (where is_first)
  from steps s join products p on p.id = s.product_id
  where s.gap is not null
  group by 1, 2`;

const COUNT_LINES = `
  insert into counted_steps (category, length, times, buyers, repeaters)
  select p.category, null, 0, sum(l.lines), 0
  from (
    select product_id, count(*) as lines from order_items
    where product_id is not null and fate = '' and quantity > 0 group by product_id
  ) l join products p on p.id = l.product_id
  group by 1`;

/** Of goods that hardly anybody buys again nothing lasts any number of days. */
const WRITE_CYCLES = `
  with sums as (
    select category, length, sum(times) as times, sum(buyers) as buyers, sum(repeaters) as repeaters
    from counted_steps group by category, length
  ), whole as (
    select category, sum(buyers) as buyers, sum(repeaters) as repeaters,
      coalesce(sum(times) filter (where length is not null), 0) as steps
    from sums group by category
  ), medians as (
    select distinct on (category) category, exp(length / 20.0) as unit_days
    from (
      select category, length, sum(times) over (partition by category order by length) as so_far
      from sums where length is not null
    ) s join whole using (category)
    where so_far * 2 >= steps
    order by category, length
  ), emptied as (
    delete from category_cycles where category not in (select category from whole)
  )
  insert into category_cycles (category, buyers, repeaters, unit_days)
  select category, buyers, repeaters,
    case when category <> '' and repeaters >= ${LEAST_REPEATERS} and repeaters >= ${LEAST_REPEATING_SHARE} * buyers
      then unit_days end
  from whole left join medians using (category)
  on conflict (category) do update
    set buyers = excluded.buyers, repeaters = excluded.repeaters, unit_days = excluded.unit_days`;

/** Learns the cycles of all categories anew. @param step between parts, with the share that is done; may throw to end it. */
export async function learnCycles(
  client: pg.ClientBase,
  step: (share: number) => Promise<void>,
): Promise<void> {
  await client.query(`
    create temporary table if not exists counted_steps (
      category text, length integer, times bigint, buyers bigint, repeaters bigint
    );
    truncate counted_steps`);
  await client.query("begin isolation level repeatable read");
  const known = await client.query<{ first: string | null; last: string }>(
    "select min(customer_id) as first, max(customer_id) as last from order_items",
  );
  const { first, last } = known.rows[0]!;
  let from = first === null ? null : BigInt(first);
  while (from !== null) {
    const until = await nextKey(client, "customer_id", from, LINES_AT_A_TIME);
    await client.query(COUNT_STEPS, [from, until ?? BigInt(last) + 1n]);
    from = until;
    await step(
      until === null
        ? 1
        : Number(until - BigInt(first!)) / Number(BigInt(last) - BigInt(first!) + 1n),
    );
  }
  await client.query(COUNT_LINES);
  await client.query("commit");
  await client.query(WRITE_CYCLES);
  await client.query("drop table counted_steps");
}
