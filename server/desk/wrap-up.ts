/** Wrap-ups: saved for certain. Nothing is said to be saved before PostgreSQL has it. */
import type { Database } from "../storage/database.ts";
import { Refusal } from "./replies.ts";
import { upsertWrapUp, wasTheirs } from "./store.ts";

/** What an operator says of a call. */
export type WrapUp = {
  readonly draftId: string;
  readonly callId: string;
  readonly disposition: string;
  readonly note: string;
};

/**
 * Saves one; the same draft again changes nothing, another draft of the same call replaces it. Works when the server has
 * forgotten the call, as long as PostgreSQL knows that it rang or talked at this operator.
 * @param known memory already says that the call is theirs.
 * @returns when PostgreSQL had it.
 * @throws Refusal `forbidden` for somebody else's call, `invalid` for an unknown disposition or a draft of another call.
 */
export async function saveWrapUp(
  db: Database,
  userId: string,
  wrapUp: WrapUp,
  known: boolean,
): Promise<Date> {
  if (!known && !(await wasTheirs(db, wrapUp.callId, userId)))
    throw new Refusal(
      "forbidden",
      `callId: ${wrapUp.callId} did not ring or talk at this operator`,
    );
  try {
    return await upsertWrapUp(db, { ...wrapUp, userId });
  } catch (error) {
    const { code, constraint } = error as { code?: string; constraint?: string };
    if (code === "23503" && constraint?.includes("disposition"))
      throw new Refusal("invalid", "disposition: unknown code", { cause: error });
    if (code === "23505" && constraint === "wrap_ups_pkey")
      throw new Refusal("invalid", "draftId: belongs to another call", { cause: error });
    throw error;
  }
}
