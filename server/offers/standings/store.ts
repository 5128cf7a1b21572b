/** The settings of standings and how far everybody was judged by them, in `installation`. */
import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import { PLAIN_STANDINGS, type StandingSettings } from "./settings.ts";

/** What holds, and since which revision. */
export type StoredStandings = { readonly settings: StandingSettings; readonly revision: number };
/** Everybody up to this id was judged by that revision; `done`: everybody. */
export type Progress = {
  readonly revision: number;
  readonly upTo: string;
  readonly done: boolean;
};

const SETTINGS = "standings";
/** An older version kept its own, and wrote less of everybody: what it judged is judged once more. */
const PROGRESS = "standings.counted";

/** Those that hold; the plain ones, revision 0, until an admin saved others. */
export async function readStandings(db: Database): Promise<StoredStandings> {
  return (await read<StoredStandings>(db, SETTINGS)) ?? { settings: PLAIN_STANDINGS, revision: 0 };
}

/** How far everybody was judged; null: nobody was. */
export function readProgress(db: Database): Promise<Progress | null> {
  return read<Progress>(db, PROGRESS);
}

export async function writeStandings(db: Database, value: StoredStandings): Promise<void> {
  await write(db, SETTINGS, value);
}

export async function writeProgress(db: Database, value: Progress): Promise<void> {
  await write(db, PROGRESS, value);
}

/**
 * Whoever judges holds this shared, whoever changes the settings alone: nobody is judged by settings that were changed before the judgement
 * is written.
 */
export async function holdSettings(trx: Database, how: "shared" | "alone"): Promise<void> {
  await (
    how === "shared"
      ? sql`select pg_advisory_xact_lock_shared(hashtext('callcard.standings'))`
      : sql`select pg_advisory_xact_lock(hashtext('callcard.standings'))`
  ).execute(trx);
}

async function read<T>(db: Database, key: string): Promise<T | null> {
  const row = await db
    .selectFrom("installation")
    .select("value")
    .where("key", "=", key)
    .executeTakeFirst();
  return row === undefined ? null : (row.value as T);
}

async function write(db: Database, key: string, value: object): Promise<void> {
  const json = JSON.stringify(value);
  await db
    .insertInto("installation")
    .values({ key, value: json })
    .onConflict((conflict) => conflict.column("key").doUpdateSet({ value: json }))
    .execute();
}
