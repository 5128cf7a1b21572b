/** Which installation this is: the same for all processes of one database, another one for every other database. */
import { randomUUID } from "node:crypto";
import type { Database } from "./database.ts";

const KEY = "id";

/** Its id, made the first time somebody asks. @throws what PostgreSQL says. */
export async function installationId(db: Database): Promise<string> {
  await db
    .insertInto("installation")
    .values({ key: KEY, value: JSON.stringify(randomUUID()) })
    .onConflict((conflict) => conflict.column("key").doNothing())
    .execute();
  const { value } = await db
    .selectFrom("installation")
    .select("value")
    .where("key", "=", KEY)
    .executeTakeFirstOrThrow();
  return String(value);
}
