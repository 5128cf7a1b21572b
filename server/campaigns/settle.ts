/** A person takes on an attempt of which nobody can say how it ended. */
import { recordAudit } from "../people/audit.ts";
import type { Database } from "../storage/database.ts";
import type { AttemptOutcome } from "./attempts/model.ts";
import type { AttemptStore } from "./ports.ts";

/** @returns false when the attempt is not unknown (any more). */
export async function settle(
  db: Database,
  store: Pick<AttemptStore, "advance" | "get">,
  attemptId: string,
  said: { readonly outcome: AttemptOutcome } | { readonly again: true },
  by: { readonly actor: string; readonly nowMs: number },
): Promise<boolean> {
  const attempt = await store.get(attemptId);
  if (attempt?.state !== "unknown") return false;
  // To be called again by the campaign's own steps, as after a call that failed.
  const outcome = "again" in said ? "failed" : said.outcome;
  const facts = { atMs: by.nowMs, outcome, evidence: { settledBy: by.actor } };
  if ((await store.advance(attemptId, "ended", facts)) === null) return false;
  const detail = { attempt: attemptId, outcome };
  await recordAudit(db, { actor: by.actor, action: "attempt.settled", detail });
  return true;
}
