/** The best companions of products, from the counted pairs. The same statement for all products and for those of a few orders. */
import type pg from "pg";
import { LEAST_TOGETHER, MOST_COMPANIONS, SHRINKAGE } from "./model.ts";

// Only what differs is written: of most products nothing does, and readers meet no empty moment.
const COMPANIONS = `
  with fresh as materialized (
    select w.product_id, c.other_id, c.together, w.baskets, c.score
    from product_baskets w
    cross join lateral (
      select m.other_id, m.together,
        (m.together / (sqrt(w.baskets::float8 * o.baskets) + ${SHRINKAGE}))::real as score
      from (
        select b as other_id, together from product_pairs
        where a = w.product_id and together >= ${LEAST_TOGETHER}
        union all
        select a, together from product_pairs where b = w.product_id and together >= ${LEAST_TOGETHER}
      ) m
      cross join lateral (
        select baskets from product_baskets where product_id = m.other_id offset 0
      ) o
      order by score desc, m.together desc, m.other_id
      limit ${MOST_COMPANIONS}
    ) c
    where w.product_id = any ($1::bigint[])
  ), gone as (
    delete from goes_with g
    where g.product_id = any ($1::bigint[]) and not exists (
      select from fresh f where f.product_id = g.product_id and f.other_id = g.other_id
    )
  )
  insert into goes_with (product_id, other_id, together, baskets, score)
  select product_id, other_id, together, baskets, score from fresh
  on conflict (product_id, other_id) do update
    set together = excluded.together, baskets = excluded.baskets, score = excluded.score
    where row(goes_with.together, goes_with.baskets, goes_with.score)
      is distinct from row(excluded.together, excluded.baskets, excluded.score)`;

/** Companions of these products as the counters are now; of a product that is in no basket any more: none. */
export async function writeCompanions(
  client: pg.ClientBase,
  productIds: readonly string[],
): Promise<void> {
  if (productIds.length > 0) await client.query(COMPANIONS, [productIds]);
}

/** Products whose companions are written by one statement. */
const AT_A_TIME = 2000;

/** Companions of every product, a few thousand at a time. @param step between them; may throw to end it. */
export async function writeAllCompanions(
  client: pg.ClientBase,
  step: (share: number) => Promise<void>,
): Promise<void> {
  const { rows } = await client.query<{ id: string }>(`
    select product_id as id from product_baskets
    union select distinct product_id from goes_with order by id`);
  for (let at = 0; at < rows.length; at += AT_A_TIME) {
    await writeCompanions(
      client,
      rows.slice(at, at + AT_A_TIME).map(({ id }) => id),
    );
    await step(Math.min(1, (at + AT_A_TIME) / rows.length));
  }
}
