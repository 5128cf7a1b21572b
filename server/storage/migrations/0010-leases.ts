/** Leases: which process acts on a PBX, and since which time of taking it. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table leases (
      -- The name of the advisory lock.
      name text primary key,
      -- Grows with every taking: whoever writes under an older one lost it.
      epoch bigint not null,
      -- The process that took it last, for people.
      holder text not null,
      -- Its connection, which can be ended when the process stands still.
      holder_pid integer not null,
      taken_at timestamptz not null,
      renewed_at timestamptz not null
    )`.execute(db);
}
