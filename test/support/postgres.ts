/** A real PostgreSQL for tests: one embedded server per run (see postgres-global.ts), a fresh migrated database per caller. */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { type Storage, openStorage } from "../../server/storage/database.ts";
import { migrate } from "../../server/storage/migrate.ts";

/** An empty, migrated database of its own; `drop` closes and removes it. */
export type TestDatabase = Storage & { readonly url: string; drop(): Promise<void> };

/** Makes one; needs the server that vitest's global set-up started. */
export async function testDatabase(): Promise<TestDatabase> {
  const server = process.env["CALLCARD_TEST_POSTGRES"];
  if (server === undefined)
    throw new Error("the test run has no PostgreSQL: see test/support/postgres-global.ts");
  const name = `test_${randomBytes(6).toString("hex")}`;
  await asAdmin(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const storage = openStorage(url.href, { maxConnections: 10 });
  await migrate(storage.db);
  return {
    ...storage,
    url: url.href,
    async drop() {
      await storage.close();
      await asAdmin(server, `drop database ${name} with (force)`);
    },
  };
}

async function asAdmin(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
