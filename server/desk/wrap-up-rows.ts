/** The SQL of wrap-ups. */
import { isDeepStrictEqual } from "node:util";
import { sql } from "kysely";
import type { Database } from "../storage/database.ts";
import type { CallBack } from "./protocol.ts";

/** What an operator said of a call, as it is kept. */
export type WrapUpRow = {
  readonly draftId: string;
  readonly callId: string;
  readonly userId: string;
  readonly disposition: string;
  readonly note: string;
  readonly tags?: readonly string[];
  readonly callBack: CallBack | null;
};

/** A draft's id that another call's wrap-up was saved under. */
export class DraftOfAnotherCall extends Error {}

/**
 * Writes a wrap-up: a later one of the same call and operator replaces it. Within a transaction, so that what follows from it is written too.
 * @returns when PostgreSQL had it, and false as `news` when it was there already, word for word. @throws DraftOfAnotherCall
 */
export async function upsertWrapUp(
  trx: Database,
  wrapUp: WrapUpRow,
): Promise<{ readonly savedAt: Date; readonly news: boolean }> {
  const said = {
    draft_id: wrapUp.draftId,
    disposition: wrapUp.disposition,
    note: wrapUp.note,
    tags: [...(wrapUp.tags ?? [])],
    call_back: wrapUp.callBack === null ? null : JSON.stringify(wrapUp.callBack),
  };
  // Waits for another one of the same call, or of the same draft, that is being written, and then finds it.
  const written = await trx
    .insertInto("wrap_ups")
    .values({ call_id: wrapUp.callId, user_id: wrapUp.userId, ...said })
    .onConflict((conflict) => conflict.doNothing())
    .returning("saved_at")
    .executeTakeFirst();
  if (written !== undefined) return { savedAt: written.saved_at, news: true };
  const known = await trx
    .selectFrom("wrap_ups")
    .select(["draft_id", "disposition", "note", "tags", "call_back", "saved_at"])
    .where("call_id", "=", wrapUp.callId)
    .where("user_id", "=", wrapUp.userId)
    .forUpdate()
    .executeTakeFirst();
  if (known === undefined) throw new DraftOfAnotherCall();
  if (
    known.draft_id === wrapUp.draftId.toLowerCase() &&
    known.disposition === wrapUp.disposition &&
    known.note === wrapUp.note &&
    isDeepStrictEqual(known.tags, said.tags) &&
    isDeepStrictEqual(known.call_back, wrapUp.callBack)
  )
    return { savedAt: known.saved_at, news: false };
  const changed = await trx
    .updateTable("wrap_ups")
    .set({ ...said, saved_at: sql`now()` })
    .where("call_id", "=", wrapUp.callId)
    .where("user_id", "=", wrapUp.userId)
    .returning("saved_at")
    .executeTakeFirstOrThrow();
  return { savedAt: changed.saved_at, news: true };
}

/** Id of the campaign that made a call, by the record of its attempt; null for every other call. */
export async function campaignOfCall(db: Database, callId: string): Promise<string | null> {
  const attemptId = /-(cc-[0-9a-f-]{36})$/.exec(callId)?.[1];
  if (attemptId === undefined) return null;
  const row = await db
    .selectFrom("attempts")
    .select("campaign_id")
    .where("id", "=", attemptId)
    .executeTakeFirst();
  return row?.campaign_id ?? null;
}

/** A finished call that still waits for its operator's wrap-up, for screens that did not see it. */
export type PendingWrapUp = {
  readonly userId: string;
  readonly callId: string;
  readonly detail: unknown;
};

/** Calls since `since` that seated operators, or one of them, talked on and did not wrap up, oldest first. */
export async function pendingWrapUps(
  db: Database,
  since: Date,
  userId: string | null = null,
): Promise<readonly PendingWrapUp[]> {
  const whose = userId === null ? sql`` : sql`and d.user_id = ${userId}`;
  const { rows } = await sql<{ user_id: string; id: string; detail: unknown }>`
    select d.user_id, c.id, c.detail
    from operator_devices d join calls c on c.pbx = d.pbx and c.extensions @> array[d.extension]
    where c.ended_at >= ${since} and c.started_at >= d.chosen_at and c.direction <> 'internal' ${whose}
      and not exists (select 1 from wrap_ups w where w.call_id = c.id and w.user_id = d.user_id)
    order by c.ended_at`.execute(db);
  return rows.map((row) => ({ userId: row.user_id, callId: row.id, detail: row.detail }));
}

/** Of these calls those that were wrapped up, and by whom. */
export async function wrapUpsAmong(
  db: Database,
  callIds: readonly string[],
): Promise<readonly { readonly userId: string; readonly callId: string }[]> {
  if (callIds.length === 0) return [];
  return db
    .selectFrom("wrap_ups")
    .select(["user_id as userId", "call_id as callId"])
    .where("call_id", "in", callIds)
    .execute();
}
