/** The epoch of a lease becomes part of a key: who writes under it locks the row against the next epoch, and renewals go on. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create unique index leases_epoch on leases (name, epoch)`.execute(db);
}
