/** Rows of `contacts` while something has to be done for them. */
import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import type { Zones } from "../model.ts";
import type { PlannedTime } from "../retries.ts";
import { newAttemptId } from "./rows.ts";
import type { Said } from "./said.ts";

/** A contact as deeds need it. */
export type OpenContact = {
  readonly id: string;
  readonly campaignId: string;
  readonly phone: string;
  readonly customerId: string | null;
  readonly zones: Zones;
  readonly refused: boolean;
  readonly promised: boolean;
  /** The operator who promised it, null for anybody. */
  readonly userId: string | null;
  readonly said: Said | null;
  readonly isOpen: boolean;
};

/**
 * Inside a transaction: nobody else makes a contact of this campaign open until it ends. Taken before any attempt's row is locked, so that
 * those who do both never wait for each other.
 */
export async function lockPlanning(db: Database, campaignId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`callcard.plan ${campaignId}`}, 0))`.execute(
    db,
  );
}

/** The contact, or null. Its attempt's row is what guards it: see close.ts. */
export async function contactOf(db: Database, contactId: string): Promise<OpenContact | null> {
  const row = await db
    .selectFrom("contacts")
    .selectAll()
    .where("id", "=", contactId)
    .executeTakeFirst();
  if (row === undefined) return null;
  return {
    id: row.id,
    campaignId: row.campaign_id,
    phone: row.phone,
    customerId: row.customer_id,
    zones: { names: row.time_zones, basis: row.zone_basis },
    refused: row.refused,
    promised: row.promised,
    userId: row.user_id,
    said: row.said,
    isOpen: row.state === "open",
  };
}

/** Adds the next attempt of a contact that has no open one. @param notBeforeMs the earliest, calling hours aside. @returns its id. */
export async function insertAttempt(
  db: Database,
  contact: OpenContact,
  { dueAtMs, windowEndsAtMs }: PlannedTime,
  notBeforeMs: number = dueAtMs,
): Promise<string> {
  const last = await db
    .selectFrom("attempts")
    .select(({ fn }) => fn.max("n").as("n"))
    .where("contact_id", "=", contact.id)
    .executeTakeFirst();
  const id = newAttemptId();
  await db
    .insertInto("attempts")
    .values({
      id,
      contact_id: contact.id,
      campaign_id: contact.campaignId,
      n: (last?.n ?? 0) + 1,
      phone: contact.phone,
      customer_id: contact.customerId,
      not_before: new Date(notBeforeMs),
      due_at: new Date(dueAtMs),
      window_ends_at: new Date(windowEndsAtMs),
      promised: contact.promised,
      user_id: contact.userId,
    })
    .execute();
  return id;
}
