/**
 * Brings the database to the present schema. Migrations are plain files in `migrations/`, run in name order, once.
 *
 * During an update the version before runs beside the new one, and afterwards somebody may want it back. So from 0010 on a migration only
 * adds, in ways that the version before does not notice:
 *
 * - Tables, columns and what belongs to them stay as they are: nothing is dropped or renamed, no type changes.
 * - A new column of an existing table may be null or has a default, and is of no use to rows that the version before writes.
 * - No new rule for existing rows: no constraint, no unique index, no trigger on an existing table.
 * - No index on an existing table that grows with the calls: building one stops its writers. A new table has what it needs from the start.
 * - What is not needed any more is dropped by the version after the next, when nobody runs the old one.
 *
 * `test/storage/migrations.pg.test.ts` holds every migration that is not released to this.
 */
import {
  FileMigrationProvider,
  type Kysely,
  type Migration,
  type MigrationProvider,
  Migrator,
  sql,
} from "kysely";
import { promises as fs } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "./database.ts";

/** How to migrate. */
export type MigrateOptions = {
  /** Told which migrations of a newer version the database has: this version goes on, because they only added. */
  readonly onNewer?: (names: readonly string[]) => void;
  /** Default: `migrations/`. */
  readonly folder?: string;
  /** Longest wait for a table that somebody uses: whoever comes after waits as long. Default 1000. */
  readonly lockTimeoutMs?: number;
  /** How long it is tried again and again; default 2 minutes. */
  readonly withinMs?: number;
};

/** What PostgreSQL says when a lock was not to be had in time. */
export const LOCK_NOT_AVAILABLE = "55P03";
const PAUSE_MS = 500;

/**
 * Runs what is missing, all in one transaction, under kysely's own lock (two processes may start at once). A migration never stands in line
 * for a table for longer than a moment, because reads and writes of the running version would stand behind it: it steps back and tries again.
 * @returns names of the migrations that were run now.
 * @throws Error naming the migration that failed, or that no quiet moment came; the database is then as it was.
 */
export async function migrate(
  db: Database,
  options: MigrateOptions = {},
): Promise<readonly string[]> {
  const { lockTimeoutMs = 1000, withinMs = 120_000 } = options;
  const provider = new KnownMigrations(
    new FileMigrationProvider({
      ...{ fs, path },
      migrationFolder: options.folder ?? path.join(import.meta.dirname, "migrations"),
    }),
    await executedIn(db),
  );
  const names = await provider.newer();
  if (names.length > 0) options.onNewer?.(names);
  const endsAtMs = performance.now() + withinMs;
  for (;;) {
    const { error, results } = await attempt(db, provider, lockTimeoutMs);
    if (error === undefined) return (results ?? []).map((result) => result.migrationName);
    const locked = (error as { code?: unknown }).code === LOCK_NOT_AVAILABLE;
    if (!locked || performance.now() > endsAtMs) {
      const failed = results?.find((result) => result.status === "Error")?.migrationName;
      throw new Error(
        `Database migration ${failed ?? ""} failed: ${error instanceof Error ? error.message : "unknown reason"}`,
        {
          cause: error,
        },
      );
    }
    // Two that start together must not meet again and again.
    await sleep(PAUSE_MS + Math.random() * PAUSE_MS);
  }
}

/** On one connection, which is as it was afterwards. */
function attempt(db: Database, provider: MigrationProvider, lockTimeoutMs: number) {
  return db.connection().execute(async (connection) => {
    await sql`select set_config('lock_timeout', ${`${lockTimeoutMs}ms`}, false)`.execute(
      connection,
    );
    // What a table of many rows needs.
    await sql`set statement_timeout = 0`.execute(connection);
    try {
      return await new Migrator({ db: connection as Kysely<unknown>, provider }).migrateToLatest();
    } finally {
      await sql`reset lock_timeout`.execute(connection);
      await sql`reset statement_timeout`.execute(connection);
    }
  });
}

/** Migrations that the database has; none before the first start. */
async function executedIn(db: Database): Promise<readonly string[]> {
  const { rows: tables } = await sql`select to_regclass('kysely_migration') as name`.execute(db);
  if ((tables[0] as { name: string | null }).name === null) return [];
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
  return rows.map(({ name }) => name);
}

/** The files, and what a newer version has done already: kysely refuses a database with migrations it cannot find. */
class KnownMigrations implements MigrationProvider {
  readonly #files: MigrationProvider;
  readonly #executed: readonly string[];

  constructor(files: MigrationProvider, executed: readonly string[]) {
    this.#files = files;
    this.#executed = executed;
  }

  /** Those later than every file here: an earlier one that is missing was lost, not added. */
  async newer(): Promise<readonly string[]> {
    const last = Object.keys(await this.#files.getMigrations())
      .toSorted()
      .at(-1);
    return this.#executed.filter((name) => last === undefined || name > last).toSorted();
  }

  async getMigrations(): Promise<Record<string, Migration>> {
    const done = (await this.newer()).map((name) => [name, { up: async () => undefined }] as const);
    return { ...(await this.#files.getMigrations()), ...Object.fromEntries(done) };
  }
}
