/** The SQL of who a call is with by an operator's word, which stands above what its number says. */
import { sql } from "kysely";
import type { Database } from "../storage/database.ts";

/** What was said of one call. */
export type CallCustomer = { readonly callId: string; readonly customerId: string };

/** A call that nobody wrapped up until then is forgotten; its record has its customer. */
const KEPT_DAYS = 14;

/** Writes who a call is with; the last word holds. */
export async function writeCallCustomer(
  db: Database,
  { callId, customerId }: CallCustomer,
  byUserId: string,
): Promise<void> {
  const said = { customer_id: customerId, chosen_by: byUserId, chosen_at: sql<Date>`now()` };
  await db
    .insertInto("call_customers")
    .values({ call_id: callId, ...said })
    .onConflict((conflict) => conflict.column("call_id").doUpdateSet(said))
    .execute();
}

/** Of these calls those of which somebody said who it is. */
export async function readCallCustomers(
  db: Database,
  callIds: readonly string[],
): Promise<readonly CallCustomer[]> {
  if (callIds.length === 0) return [];
  return db
    .selectFrom("call_customers")
    .select(["call_id as callId", "customer_id as customerId"])
    .where("call_id", "in", callIds)
    .execute();
}

/** Forgets the oldest. */
export async function forgetOldCallCustomers(db: Database): Promise<void> {
  await db
    .deleteFrom("call_customers")
    .where("chosen_at", "<", sql<Date>`now() - make_interval(days => ${KEPT_DAYS})`)
    .execute();
}
