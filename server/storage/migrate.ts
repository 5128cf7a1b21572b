/** Brings the database to the present schema. Migrations are plain files in `migrations/`, run in name order, once. */
import { FileMigrationProvider, Migrator } from "kysely";
import { promises as fs } from "node:fs";
import path from "node:path";
import type { Database } from "./database.ts";

/**
 * Runs what is missing, all in one transaction, under kysely's own lock (two processes may start at once).
 * @returns names of the migrations that were run now.
 * @throws Error naming the migration that failed; the database is then as it was.
 */
export async function migrate(db: Database): Promise<readonly string[]> {
  const migrator = new Migrator({
    db,
    provider: new FileMigrationProvider({
      fs,
      path,
      migrationFolder: path.join(import.meta.dirname, "migrations"),
    }),
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined) {
    const failed = results?.find((result) => result.status === "Error")?.migrationName;
    throw new Error(
      `Database migration ${failed ?? ""} failed: ${error instanceof Error ? error.message : "unknown reason"}`,
      {
        cause: error,
      },
    );
  }
  return (results ?? []).map((result) => result.migrationName);
}
