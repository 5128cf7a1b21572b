/** Calls by every queue they were in, and by who dialled: what the list of calls is filtered by. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  // `queue` is the last one; a call that overflowed is found under each.
  await sql`alter table calls add column queues text[] not null default '{}'`.execute(db);
  await sql`create index calls_queues on calls using gin (queues)`.execute(db);
  await sql`
    create index calls_from_extension on calls (from_extension, started_at desc)
    where from_extension <> ''`.execute(db);
}
