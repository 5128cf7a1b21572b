/** News of a claim from accounting, production or a person: late news is harmless, every change is a step of its story. */
import { sql } from "kysely";
import { isDeepStrictEqual } from "node:util";
import type { Database } from "../../storage/database.ts";
import type { Claim, ClaimStatus } from "../model.ts";
import type { ClaimSettings } from "./settings.ts";
import { claimOf, findClaim } from "./store.ts";
import { tellOfClaim } from "./told.ts";

/** What is left out stays as it was. */
export type ClaimNews = {
  readonly status?: ClaimStatus;
  readonly answer?: string;
  /** ISO date-time; null: there is none. */
  readonly deadlineAt?: string | null;
  /** The teller's own, growing; what is not newer than what is known is ignored. */
  readonly version?: number;
  /** For its story alone. */
  readonly text?: string;
};

const CLOSED: readonly string[] = ["solved", "rejected"];

/** @returns the claim as it is now, and whether the news was taken; null when there is none such. */
export async function changeClaim(
  db: Database,
  claimId: string,
  news: ClaimNews,
  by: string,
  { settings, nowMs }: { readonly settings: ClaimSettings; readonly nowMs: number },
): Promise<{ readonly claim: Claim; readonly taken: boolean } | null> {
  return db.transaction().execute(async (trx) => {
    // One after the other, so that its story and what is told of it are in order.
    const { rows } =
      await sql`select id from claims where id = ${claimId}::bigint for update`.execute(trx);
    const known = rows.length === 0 ? null : await findClaim(trx, claimId);
    if (known === null) return null;
    const before = claimOf(known, nowMs);
    const { version, text = "" } = news;
    const isLate =
      version !== undefined && known.version !== null && version <= Number(known.version);
    if (isLate) return { claim: before, taken: false };
    const status = news.status ?? before.status;
    const isClosed = CLOSED.includes(status);
    const next = {
      status,
      answer: news.answer ?? known.answer,
      deadline: news.deadlineAt === undefined ? before.deadlineAt : news.deadlineAt,
    };
    const was = { status: before.status, answer: known.answer, deadline: before.deadlineAt };
    const isNews = !isDeepStrictEqual(next, was) || text !== "";
    await trx
      .updateTable("claims")
      .set({
        status,
        answer: next.answer,
        deadline_at: next.deadline,
        closed_at: isClosed ? (known.closed_at ?? new Date(nowMs)) : null,
        ...(version === undefined ? {} : { version: String(version) }),
        ...(isNews ? { updated_at: new Date(nowMs) } : {}),
      })
      .where("id", "=", claimId)
      .execute();
    if (!isNews) return { claim: before, taken: true };
    const said = text === "" && next.answer !== known.answer ? next.answer : text;
    await trx
      .insertInto("claim_steps")
      .values({ claim_id: claimId, at: new Date(nowMs), status, told_by: by, text: said })
      .execute();
    const claim = await tellOfClaim(trx, "claim.changed", claimId, settings, nowMs);
    return { claim, taken: true };
  });
}
