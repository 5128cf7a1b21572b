/** Rows of `attempts` as the rest of the server sees them. */
import { randomUUID } from "node:crypto";
import type { Selectable } from "kysely";
import type { Schema } from "../../storage/schema.ts";
import type { Attempt, ClaimedAttempt } from "./model.ts";

/** A row as kysely reads it. */
export type AttemptRow = Selectable<Schema["attempts"]>;

/** A new attempt's id: the ChannelId of its call. */
export function newAttemptId(): string {
  return `cc-${randomUUID()}`;
}

/** True for what may be an attempt's id; anything else need not be asked of PostgreSQL. */
export function isAttemptId(id: string): boolean {
  return /^cc-[0-9a-f-]{36}$/.test(id);
}

/** The attempt in a row. */
export function attemptOf(row: AttemptRow): Attempt {
  return {
    id: row.id,
    contactId: row.contact_id,
    campaignId: row.campaign_id,
    n: row.n,
    phone: row.phone,
    state: row.state,
    dueAtMs: row.due_at.getTime(),
    windowEndsAtMs: row.window_ends_at.getTime(),
    pbx: row.pbx,
    trunk: row.trunk,
    claimedBy: row.claimed_by,
    dialledAtMs: msOf(row.dialled_at),
    ringingAtMs: msOf(row.ringing_at),
    answeredAtMs: msOf(row.answered_at),
    greetingEndedAtMs: msOf(row.greeting_ended_at),
    waitingAtMs: msOf(row.waiting_at),
    connectedAtMs: msOf(row.connected_at),
    endedAtMs: msOf(row.ended_at),
    outcome: row.outcome === "" ? null : row.outcome,
    cause: row.cause,
    userId: row.user_id,
    extension: row.extension,
  };
}

/** The same with what the dialler needs of its person. @param name of the contact or the customer. */
export function claimedOf(row: AttemptRow, name: string): ClaimedAttempt {
  return {
    ...attemptOf(row),
    customerId: row.customer_id,
    customerName: name,
    promised: row.promised,
  };
}

/** Epoch ms of a column; null stays null. */
export function msOf(at: Date | null): number | null {
  return at?.getTime() ?? null;
}
