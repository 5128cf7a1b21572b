/** Who did what: written for every change of people, tokens and settings, and for logins. Never holds a secret. */
import type { Database } from "../storage/database.ts";

/** One line of the audit. */
export type AuditEntry = {
  readonly id: string;
  /** ISO date-time. */
  readonly at: string;
  /** A login, `token:<name>`, or `system`. */
  readonly actor: string;
  /** What was done, such as `user.created`. */
  readonly action: string;
  readonly detail: unknown;
};

/** Writes one line; inside a transaction when `db` is one. */
export async function recordAudit(
  db: Database,
  entry: { readonly actor: string; readonly action: string; readonly detail?: object },
): Promise<void> {
  await db
    .insertInto("audit")
    .values({
      actor: entry.actor,
      action: entry.action,
      detail: JSON.stringify(entry.detail ?? {}),
    })
    .execute();
}

/** Lines from the newest on; `beforeId` continues after the last line of a page. */
export async function listAudit(
  db: Database,
  page: {
    readonly limit: number;
    readonly beforeId?: string | undefined;
    readonly actor?: string | undefined;
    readonly action?: string | undefined;
  },
): Promise<readonly AuditEntry[]> {
  let query = db.selectFrom("audit").selectAll().orderBy("id", "desc").limit(page.limit);
  if (page.beforeId !== undefined) query = query.where("id", "<", page.beforeId);
  if (page.actor !== undefined) query = query.where("actor", "=", page.actor);
  if (page.action !== undefined) query = query.where("action", "=", page.action);
  const rows = await query.execute();
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}
