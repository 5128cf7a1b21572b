/** Who waits for whom in a test's database. */
import pg from "pg";

/** How many statements stand in line for a lock. @param like their text, in SQL's `like`. */
export async function lockWaits(pool: pg.Pool, like = "%"): Promise<number> {
  return one(
    pool,
    `select count(*)::int as found from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock' and query like $1`,
    [like],
  );
}

/** How many transactions PostgreSQL ended because two waited for each other; it counts them a little later. */
export async function deadlocksOf(pool: pg.Pool): Promise<number> {
  return one(
    pool,
    "select deadlocks::int as found from pg_stat_database where datname = current_database()",
  );
}

/** A pool of one connection that PostgreSQL ends when it and a more patient one wait for each other: it waits 5 s before it looks. */
export function impatientPool(connectionString: string): pg.Pool {
  return new pg.Pool({ connectionString, options: "-c deadlock_timeout=5s", max: 1 });
}

async function one(pool: pg.Pool, text: string, values: unknown[] = []): Promise<number> {
  const { rows } = await pool.query<{ found: number }>(text, values);
  return rows[0]!.found;
}
