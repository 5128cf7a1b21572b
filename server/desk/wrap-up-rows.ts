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

/**
 * Writes a wrap-up: a later one of the same call and operator replaces it. Within a transaction, so that what follows from it is written too.
 * @returns when PostgreSQL had it, and false as `news` when it was there already, word for word.
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
  // Waits for another one of the same call that is being written, and then finds it.
  const written = await trx
    .insertInto("wrap_ups")
    .values({ call_id: wrapUp.callId, user_id: wrapUp.userId, ...said })
    .onConflict((conflict) => conflict.columns(["call_id", "user_id"]).doNothing())
    .returning("saved_at")
    .executeTakeFirst();
  if (written !== undefined) return { savedAt: written.saved_at, news: true };
  const known = await trx
    .selectFrom("wrap_ups")
    .select(["draft_id", "disposition", "note", "tags", "call_back", "saved_at"])
    .where("call_id", "=", wrapUp.callId)
    .where("user_id", "=", wrapUp.userId)
    .forUpdate()
    .executeTakeFirstOrThrow();
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
