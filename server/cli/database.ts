/** The database a command works on: the same one as the server's, whether the server runs or not. */
import { join } from "node:path";
import type { Config } from "../config.ts";
import { type Storage, openStorage } from "../storage/database.ts";
import { startEmbeddedPostgres } from "../storage/embedded.ts";
import { migrate } from "../storage/migrate.ts";

/** Opens it, brought to the present schema, for as long as the deed takes. */
export async function withDatabase<T>(
  config: Config,
  deed: (storage: Storage) => Promise<T>,
): Promise<T> {
  const embedded =
    config.databaseUrl === ""
      ? await startEmbeddedPostgres(join(config.dataDir, "postgres"))
      : undefined;
  const url = new URL(embedded?.url ?? config.databaseUrl);
  url.searchParams.set("application_name", APPLICATION);
  const storage = openStorage(url.href, { maxConnections: 4 });
  try {
    await migrate(storage.db);
    return await deed(storage);
  } finally {
    const leave = embedded === undefined || (await isUsed(storage));
    await storage.close();
    if (!leave) await embedded.stop();
  }
}

const APPLICATION = "callcard-command";

/** Whether somebody, such as a server started meanwhile, came to use the database server that we started. */
async function isUsed(storage: Storage): Promise<boolean> {
  try {
    const others = await storage.pool.query(
      "select 1 from pg_stat_activity where backend_type = 'client backend' and application_name <> $1",
      [APPLICATION],
    );
    return others.rowCount !== 0;
  } catch {
    return false;
  }
}
