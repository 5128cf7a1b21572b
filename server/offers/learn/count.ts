/**
 * Counts from all orders how often products were bought, and bought together.
 *
 * One snapshot of the orders is read in parts; what changes meanwhile stays among the changes and is counted after. A part's pairs go
 * into temporary tables by their first product, which are then added up one after the other: however many pairs there are, the memory
 * is that of one part.
 */
import type pg from "pg";
import { LEAST_TOGETHER } from "./model.ts";

/** Lines read by one statement. */
const LINES_AT_A_TIME = 500_000;
/** Lines whose pairs one temporary table should hold. */
const LINES_OF_A_PART = 1_000_000;
const MOST_PARTS = 64;

/** What was read. */
export type Counted = {
  /** Lines of known products that count as bought. */
  readonly lines: number;
  /** Orders with more products than a basket may have. */
  readonly leftOut: number;
};

// Baskets are made as the triggers make them. The places of the pairs in a basket of each size come from a table: half the work of
// unfolding the array twice.
const COUNT_PAIRS = `
  with baskets as materialized (
    select order_id, array_agg(distinct product_id order by product_id) as products,
      count(*) as lines, count(distinct product_id)::int as size
    from order_items
    where order_id >= $1 and order_id < $2 and product_id is not null and fate = ''
    group by order_id
  ), told as (
    insert into counted_pairs (a, b)
    select products[i], products[j] from baskets join pair_places using (size)
  ), odd as (
    insert into odd_baskets (order_id, counts)
    select order_id, size <= $3 from baskets where lines > size or size > $3
  )
  select coalesce(sum(lines), 0)::int as lines, (count(*) filter (where size > $3))::int as left_out
  from baskets`;

// Of nearly all orders every line is another product: the lines are the baskets. Only those of the others are looked at again.
const COUNT_BASKETS = `
  insert into counted_baskets (product_id, baskets)
  select product_id, sum(baskets) from (
    select product_id, count(*) as baskets
    from order_items where product_id is not null and fate = '' group by product_id
    union all
    select i.product_id, counts::int - count(*)
    from odd_baskets cross join lateral (
      select product_id from order_items
      where order_id = odd_baskets.order_id and product_id is not null and fate = '' offset 0
    ) i
    group by odd_baskets.order_id, counts, i.product_id
  ) lines
  group by product_id having sum(baskets) > 0`;

/** Orders with more different products are no baskets; the triggers of `order_items` say the same number. */
export const MOST_IN_BASKET = 60;

/**
 * Reads all orders into temporary tables of `client`, and takes away the changes they include.
 * @param step between parts, with the share that is done; may throw to end it.
 */
export async function countPairs(
  client: pg.ClientBase,
  step: (share: number) => Promise<void>,
): Promise<Counted> {
  await makeParts(client);
  await client.query("begin isolation level repeatable read");
  const known = await client.query<{ first: string | null; last: string }>(
    "select min(order_id) as first, max(order_id) as last from order_items",
  );
  // In the same snapshot: exactly the changes that the items show already.
  await client.query("delete from basket_changes");
  const { first, last } = known.rows[0]!;
  let lines = 0;
  let leftOut = 0;
  let from = first === null ? null : BigInt(first);
  while (from !== null) {
    const until = await nextKey(client, "order_id", from, LINES_AT_A_TIME);
    const { rows } = await client.query<{ lines: number; left_out: number }>(COUNT_PAIRS, [
      ...[from, until ?? BigInt(last) + 1n, MOST_IN_BASKET],
    ]);
    lines += rows[0]!.lines;
    leftOut += rows[0]!.left_out;
    from = until;
    await step(
      until === null
        ? 1
        : Number(until - BigInt(first!)) / Number(BigInt(last) - BigInt(first!) + 1n),
    );
  }
  await client.query(COUNT_BASKETS);
  await client.query("commit");
  return { lines, leftOut };
}

/** The key after about so many rows from `from`; null: there are no more. Reads the index alone. */
export async function nextKey(
  client: pg.ClientBase,
  column: "order_id" | "customer_id",
  from: bigint,
  count: number,
): Promise<bigint | null> {
  const found = await client.query<{ key: string }>(
    `select ${column} as key from order_items where ${column} >= $1 order by ${column} offset $2 limit 1`,
    [from, count],
  );
  if (found.rows[0] === undefined) return null;
  const key = BigInt(found.rows[0].key);
  // One key with more rows than that is read whole.
  return key > from ? key : from + 1n;
}

/**
 * Tables by ranges of the first product, with about as many pairs in each: the lesser of two is below the share u of all lines with the
 * chance 1 - (1 - u)^2.
 */
async function makeParts(client: pg.ClientBase): Promise<void> {
  await client.query(`
    create temporary table pair_places as
      select size::int, i, j from generate_series(2, ${MOST_IN_BASKET}) size,
        generate_series(1, size - 1) i, generate_series(i + 1, size) j;
    analyze pair_places;
    create temporary table counted_baskets (product_id bigint, baskets bigint);
    create temporary table odd_baskets (order_id bigint, counts boolean);
    create temporary table counted_pairs (a bigint, b bigint) partition by range (a)`);
  const { rows } = await client.query<{ bounds: string[] | null }>(
    `with size as (
       select least(${MOST_PARTS}, greatest(1, reltuples / ${LINES_OF_A_PART}))::int as parts
       from pg_class where oid = 'order_items'::regclass
     ), sampled as (
       select product_id from order_items tablesample system (1) repeatable (1)
       where product_id is not null
     )
     select array(
       select distinct bound from unnest((
         select percentile_disc(array(select 1 - sqrt(1 - n::float8 / parts) from size, generate_series(1, parts - 1) n))
           within group (order by product_id) from sampled
       )) bound where bound is not null order by bound
     ) as bounds`,
  );
  const bounds = ["minvalue", ...(rows[0]?.bounds ?? []), "maxvalue"];
  for (let n = 1; n < bounds.length; n++)
    await client.query(
      `create temporary table counted_pairs_${n} partition of counted_pairs
       for values from (${bounds[n - 1]}) to (${bounds[n]})`,
    );
}

/** As the migration makes them. Built after the rows are there they cost half, and nobody else looks at these tables. */
const INDEXES = [
  "alter table product_pairs add primary key (a, b)",
  `create index product_pairs_a on product_pairs (a, b) include (together) where together >= ${LEAST_TOGETHER}`,
  `create index product_pairs_b on product_pairs (b, a) include (together) where together >= ${LEAST_TOGETHER}`,
];

/**
 * Adds up what {@link countPairs} read, in place of the counters there were. When it is interrupted, the table is left without its indexes
 * and nothing may be counted but anew, which begins here.
 */
export async function addUpPairs(
  client: pg.ClientBase,
  step: (share: number) => Promise<void>,
): Promise<void> {
  await client.query(`
    truncate product_pairs, product_baskets;
    alter table product_pairs drop constraint if exists product_pairs_pkey;
    drop index if exists product_pairs_a;
    drop index if exists product_pairs_b`);
  await client.query(`
    insert into product_baskets (product_id, baskets)
    select product_id, baskets from counted_baskets`);
  const parts = await client.query<{ name: string }>(`
    select inhrelid::regclass::text as name from pg_inherits
    where inhparent = 'counted_pairs'::regclass order by inhrelid`);
  const steps = parts.rows.length + INDEXES.length;
  for (const [n, { name }] of parts.rows.entries()) {
    await client.query(`
      insert into product_pairs (a, b, together) select a, b, count(*) from ${name} group by a, b`);
    await client.query(`truncate ${name}`);
    await step((n + 1) / steps);
  }
  for (const [n, index] of INDEXES.entries()) {
    await client.query(index);
    await step((parts.rows.length + n + 1) / steps);
  }
  await client.query("drop table counted_pairs, counted_baskets, odd_baskets, pair_places");
  await client.query("vacuum analyze product_pairs, product_baskets");
}
