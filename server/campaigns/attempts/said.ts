/** What an operator said of a campaign's talk, and what follows from it. */
import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import type { CampaignDisposition, CampaignSettings } from "../model.ts";
import { firstAttempt } from "../retries.ts";
import { closeDone, closeWithdrawn } from "./close.ts";
import { type OpenContact, contactOf, insertAttempt, lockPlanning } from "./contacts.ts";
import { retryOrClose } from "./retry.ts";
import { writeSteps } from "./steps.ts";

/** Kept with the contact until another talk is had. */
export type Said = {
  readonly attemptId: string;
  readonly code: string;
  readonly effect: CampaignDisposition["effect"];
  readonly note: string;
  readonly by: string;
  /** Epoch ms; null unless a call back was promised. */
  readonly callBackAtMs: number | null;
  /** By this operator alone; null for anybody. */
  readonly callBackUserId: string | null;
};

/**
 * Takes what an operator said, inside the caller's transaction. While the talk goes on it is only kept; it acts when that ends. Said again,
 * it replaces what was said before, unless the next call is already under way.
 * @returns false when there is no such attempt.
 */
export async function takeSaid(db: Database, said: Said, nowMs: number): Promise<boolean> {
  const of = await db
    .selectFrom("attempts")
    .select("campaign_id")
    .where("id", "=", said.attemptId)
    .executeTakeFirst();
  if (of === undefined) return false;
  // A contact may become open again here: nobody plans another one for this person meanwhile.
  await lockPlanning(db, of.campaign_id);
  const row = await db
    .selectFrom("attempts as a")
    .innerJoin("campaigns as k", "k.id", "a.campaign_id")
    .select(["a.contact_id", "a.state", "k.settings"])
    .where("a.id", "=", said.attemptId)
    .forUpdate("a")
    .executeTakeFirst();
  if (row === undefined) return false;
  const contact = await contactOf(db, row.contact_id);
  if (contact === null) return false;
  await db
    .updateTable("contacts")
    .set({ said: JSON.stringify(said) })
    .where("id", "=", contact.id)
    .execute();
  if (row.state !== "ended") return true;
  const open = await db
    .selectFrom("attempts")
    .select(["id", "state"])
    .where("contact_id", "=", contact.id)
    .where("state", "not in", ["ended", "withdrawn"])
    .forUpdate()
    .executeTakeFirst();
  // The next call is under way already; what it comes to counts.
  if (open !== undefined && open.state !== "planned") return true;
  if (open !== undefined) {
    // Planned by what was said before, which no longer holds.
    await sql`delete from attempt_steps where attempt_id = ${open.id}`.execute(db);
    await db.deleteFrom("attempts").where("id", "=", open.id).execute();
  }
  await actOnSaid(db, { contact, settings: row.settings, said }, nowMs);
  return true;
}

/** What follows a talk of which this was said. The contact has no open attempt. */
export async function actOnSaid(
  db: Database,
  deed: {
    readonly contact: OpenContact;
    readonly settings: CampaignSettings;
    readonly said: Said;
  },
  nowMs: number,
): Promise<void> {
  const { contact, settings, said } = deed;
  switch (said.effect) {
    case "done":
      return closeDone(db, contact.id, said.code, nowMs);
    case "refused":
      await db
        .updateTable("contacts")
        .set({ refused: true })
        .where("id", "=", contact.id)
        .execute();
      return closeDone(db, contact.id, said.code, nowMs);
    case "doNotCall":
      await db
        .insertInto("do_not_call")
        .values({ phone: contact.phone, reason: said.note.slice(0, 500), added_by: said.by })
        .onConflict((conflict) => conflict.column("phone").doNothing())
        .execute();
      return closeDone(db, contact.id, said.code, nowMs);
    case "callBack":
      return callBack(db, deed, nowMs);
    case "retry":
    default:
      if (!(await reopen(db, contact))) return closeDone(db, contact.id, said.code, nowMs);
      return retryOrClose(db, { contact, settings, talkAsNoAnswer: true }, nowMs);
  }
}

async function callBack(
  db: Database,
  deed: Parameters<typeof actOnSaid>[1],
  nowMs: number,
): Promise<void> {
  const { contact, settings, said } = deed;
  const fromMs = Math.max(said.callBackAtMs ?? 0, nowMs);
  const planned = firstAttempt(settings, contact.zones, fromMs);
  if (!(await reopen(db, contact))) return closeDone(db, contact.id, said.code, nowMs);
  if (planned === null)
    return closeWithdrawn(db, [{ contactId: contact.id, because: "exhausted" }], nowMs);
  const promised = { promised: true, user_id: said.callBackUserId };
  await db.updateTable("contacts").set(promised).where("id", "=", contact.id).execute();
  const promisedTo = { ...contact, promised: true, userId: said.callBackUserId };
  const attemptId = await insertAttempt(db, promisedTo, planned, fromMs);
  const evidence = { callBack: true, by: said.by };
  await writeSteps(db, [{ attemptId, from: "", to: "planned", evidence }], nowMs);
}

/** @returns false when this person has another open contact by now: there is a next step already. */
async function reopen(db: Database, contact: OpenContact): Promise<boolean> {
  if (contact.isOpen) return true;
  const { rows } = await sql`
    update contacts c set state = 'open', closed_at = null, result = ''
    where c.id = ${contact.id} and not exists (
      select from contacts o
      where o.campaign_id = c.campaign_id and o.state = 'open' and o.id <> c.id
        and (o.phone = c.phone or o.customer_id = c.customer_id)
    )
    returning c.id`.execute(db);
  if (rows.length > 0) {
    // Not told to anybody yet, and no longer true.
    await sql`delete from results where contact_id = ${contact.id} and delivered_at is null`.execute(
      db,
    );
  }
  return rows.length > 0;
}
