/** Wrap-ups: saved for certain. Nothing is said to be saved before PostgreSQL has it. */
import { dispositionCode } from "../campaigns/model.ts";
import type { Database } from "../storage/database.ts";
import type { DeskCampaigns } from "./ports.ts";
import type { CallBack } from "./protocol.ts";
import { Refusal } from "./replies.ts";
import { wasTheirs } from "./store.ts";
import { DraftOfAnotherCall, campaignOfCall, upsertWrapUp } from "./wrap-up-rows.ts";

/** What an operator says of a call. */
export type WrapUp = {
  readonly draftId: string;
  readonly callId: string;
  /** Of a campaign's call the campaign's own code. */
  readonly disposition: string;
  readonly note: string;
  /** Words of the operator's own, as they typed them. */
  readonly tags?: readonly string[];
  readonly callBack?: CallBack | null;
};

/** Where wrap-ups go. */
export type WrapUpOptions = {
  readonly db: Database;
  /** Null: no campaigns here. */
  readonly campaigns: Pick<DeskCampaigns, "ofCall" | "wrapUp"> | null;
  /** Promises a call back of a call that no campaign made; null: nobody keeps such promises here. */
  readonly promise?: ((callBack: CallBack) => Promise<void>) | null;
};

/**
 * Saves one; the same draft again changes nothing, another draft of the same call replaces it. Works when the server has
 * forgotten the call, as long as PostgreSQL knows that it rang or talked at this operator. What is said of a campaign's call is
 * handed to the campaign in the same transaction, when it is news.
 * @param known memory already says that the call is theirs.
 * @returns when PostgreSQL had it.
 * @throws Refusal `forbidden` for somebody else's call, `invalid` for an unknown disposition, a draft of another call, or a time to call
 * back that does not fit the call.
 */
export async function saveWrapUp(
  { db, campaigns, promise = null }: WrapUpOptions,
  userId: string,
  wrapUp: WrapUp,
  known: boolean,
): Promise<Date> {
  const { draftId, callId, disposition, note, callBack = null } = wrapUp;
  await mayWrapUp(db, userId, callId, known);
  const campaignId =
    campaigns && (campaigns.ofCall(callId)?.campaignId ?? (await campaignOfCall(db, callId)));
  if (callBack !== null) checkCallBack(callBack, campaignId !== null || promise !== null);
  const code = campaignId === null ? disposition : dispositionCode(campaignId, disposition);
  try {
    return await db.transaction().execute(async (trx) => {
      const tags = tidy(wrapUp.tags ?? []);
      const row = { draftId, callId, userId, disposition: code, note, tags, callBack };
      const { savedAt, news } = await upsertWrapUp(trx, row);
      if (news && campaigns !== null && campaignId !== null)
        await campaigns.wrapUp(trx, { callId, userId, disposition, note, callBack });
      else if (news && callBack !== null && promise !== null)
        // A promise that is refused leaves the wrap-up unsaved; one that was kept is kept once, however often it is said.
        await promise(callBack);
      return savedAt;
    });
  } catch (error) {
    const { code: sqlState, constraint } = error as { code?: string; constraint?: string };
    if (sqlState === "23503" && constraint?.includes("disposition"))
      throw new Refusal("invalid", "disposition: unknown code", { cause: error });
    const isTaken = sqlState === "23505" && constraint === "wrap_ups_pkey";
    if (isTaken || error instanceof DraftOfAnotherCall)
      throw new Refusal("invalid", "draftId: belongs to another call", { cause: error });
    throw error;
  }
}

/** @throws Refusal `forbidden` when this call neither is on the operator's screen nor was theirs by the record. */
export async function mayWrapUp(
  db: Database,
  userId: string,
  callId: string,
  known: boolean,
): Promise<void> {
  if (!known && !(await wasTheirs(db, callId, userId)))
    throw new Refusal("forbidden", `callId: ${callId} did not ring or talk at this operator`);
}

/** Each once, in the order they were typed. */
function tidy(tags: readonly string[]): readonly string[] {
  const seen = new Map<string, string>();
  for (const tag of tags) {
    const words = tag.trim();
    const same = words.toLocaleLowerCase();
    if (words !== "" && !seen.has(same)) seen.set(same, words);
  }
  return [...seen.values()];
}

function checkCallBack({ at, timeZone }: CallBack, kept: boolean): void {
  if (!kept)
    throw new Refusal("invalid", "callBack: only a campaign's call has a time to call back");
  // The calendar has it (no 31st of February): a date that has not is written as another one.
  if (new Date(`${at}:00Z`).toISOString().slice(0, 16) !== at)
    throw new Refusal("invalid", "callBack.at: there is no such day");
  if (!isZone(timeZone)) throw new Refusal("invalid", "callBack.timeZone: there is no such zone");
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
}
