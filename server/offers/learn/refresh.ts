/** What changed in baskets since the last time goes into the counters, up and down; only the companions of their products are written anew. */
import type pg from "pg";
import { writeCompanions } from "./companions.ts";

/** Changes that one transaction takes. */
const AT_A_TIME = 2000;

const DELTAS = `
  create temporary table if not exists basket_deltas (a bigint, b bigint, change integer)
  on commit delete rows`;

// Any of them in any order: what is taken from the counters was or will be added to them, and sums do not mind.
const TAKE = `
  with taken as (
    delete from basket_changes
    where ctid = any (array(select ctid from basket_changes limit ${AT_A_TIME}))
    returning sign, products
  ), told as (
    insert into basket_deltas (a, b, change)
    select a, b, sum(sign)
    from taken
    cross join lateral unnest(products) with ordinality x (a, i)
    cross join lateral unnest(products[x.i : ]) y (b)
    group by a, b having sum(sign) <> 0
    returning a, b
  )
  select (select count(*) from taken)::int as taken,
    array(select distinct a::text from told where a = b union select a::text from told union select b::text from told) as touched`;

/**
 * Takes one portion of changes.
 * @returns how many, 0 when there are none left; null when the counters are not what they were and all has to be counted again.
 */
export async function refreshStep(client: pg.ClientBase): Promise<number | null> {
  await client.query(DELTAS);
  await client.query("begin");
  try {
    const known = await client.query(
      "select from offer_learning s join learned_run l on l.run = s.run",
    );
    if (known.rowCount === 0) {
      await client.query("rollback");
      return null;
    }
    const { taken, touched } = (await client.query<{ taken: number; touched: string[] }>(TAKE))
      .rows[0]!;
    if (touched.length > 0) {
      await client.query(`
        insert into product_baskets as k (product_id, baskets)
        select a, change from basket_deltas where a = b
        on conflict (product_id) do update set baskets = k.baskets + excluded.baskets`);
      await client.query(`
        insert into product_pairs as k (a, b, together)
        select a, b, change from basket_deltas where a < b order by a, b
        on conflict (a, b) do update set together = k.together + excluded.together`);
      // Below nothing they may be for a while: what made them is still among the changes.
      await client.query(`
        delete from product_pairs p using basket_deltas d
        where p.a = d.a and p.b = d.b and d.change < 0 and p.together = 0`);
      await client.query(`
        delete from product_baskets p using basket_deltas d
        where p.product_id = d.a and d.a = d.b and d.change < 0 and p.baskets = 0`);
      await writeCompanions(client, touched);
    }
    await client.query("commit");
    return taken;
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}
