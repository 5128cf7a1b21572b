/**
 * What loading customers, orders and products has in common: a record is read whole or refused with the field and the
 * reason, and one bad record never costs its neighbours.
 */
import type pg from "pg";
import type { CountryCode } from "libphonenumber-js/max";

/** How records are read. */
export type LoadOptions = {
  /** Country of phones that come without a country code. */
  readonly defaultRegion: CountryCode;
  /** Taken when a record names no source of its own. */
  readonly source?: string;
  /** Told once a batch of orders, claims or carts is in the database whose they are, if any came or changed; each customer once. */
  readonly concerned?: (customerIds: readonly string[]) => void;
};

/** Why a record was not taken. `index` counts from 0 within the batch. */
export type Refusal = { readonly index: number; readonly field: string; readonly reason: string };

/** What became of a batch; what is not refused is in the database. */
export type LoadResult = {
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly refused: readonly Refusal[];
};

/** A record cannot be taken; carries what a person needs to repair it. */
export class RecordError extends Error {
  readonly field: string;
  constructor(field: string, reason: string) {
    super(reason);
    this.name = "RecordError";
    this.field = field;
  }
}

/** Reads every value, keeps the good ones with their place in the batch. */
export function readAll<T>(
  values: readonly unknown[],
  read: (value: unknown) => T,
): { readonly good: readonly { index: number; record: T }[]; readonly refused: Refusal[] } {
  const good: { index: number; record: T }[] = [];
  const refused: Refusal[] = [];
  for (const [index, value] of values.entries()) {
    try {
      good.push({ index, record: read(value) });
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      refused.push({ index, field: error.field, reason: error.message });
    }
  }
  return { good, refused };
}

/** When a batch names a record twice, the later one counts. */
export function lastOfEach<T extends { readonly source: string; readonly sourceId: string }>(
  good: readonly { index: number; record: T }[],
): readonly { index: number; record: T }[] {
  const byKey = new Map<string, { index: number; record: T }>();
  for (const one of good) {
    const key = `${one.record.source}\0${one.record.sourceId}`;
    // Deleted first, so that the map keeps the order of the last ones.
    byKey.delete(key);
    byKey.set(key, one);
  }
  return byKey.size === good.length ? good : [...byKey.values()];
}

/** PostgreSQL ended it because it and another waited for each other; nothing of it was written. */
const DEADLOCK = "40P01";
const MOST_TRIES = 3;

/**
 * One transaction on one connection, after any other load that is under way: two loads of the same records would
 * otherwise wait for each other's rows in different orders. Whoever else changes these rows may still wait for a load that waits for
 * them; when PostgreSQL ends the load over it, the load is run again.
 * @param deed up to three times, so it keeps nothing outside the transaction.
 */
export async function inLoadTransaction<T>(
  pool: pg.Pool,
  deed: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await tryOnce(pool, deed);
    } catch (error) {
      if ((error as { code?: unknown }).code !== DEADLOCK || tries === MOST_TRIES) throw error;
    }
  }
}

async function tryOnce<T>(pool: pg.Pool, deed: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    // A batch meets big tables whose statistics may be of before the load: probing by index is always right here.
    await client.query(`begin;
      set local statement_timeout = '5min';
      set local client_min_messages = warning;
      set local enable_seqscan = off;
      set local random_page_cost = 1.1;
      select pg_advisory_xact_lock(hashtext('callcard.load'))`);
    const result = await deed(client);
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch((rollbackError: unknown) => {
      broken = rollbackError as Error;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
