/** Versions of the policy and the draft in PostgreSQL. Writers run one at a time: see {@link lockPolicies}. */
import { sql } from "kysely";
import type { Database } from "../storage/database.ts";
import type { Policy } from "./model.ts";

/** One published version. */
export type StoredVersion = {
  readonly version: number;
  readonly policy: Policy;
  readonly note: string;
  readonly publishedBy: string;
  readonly publishedAt: Date;
  readonly rolledBackTo: number | null;
};

/** What somebody works on. */
export type StoredDraft = {
  readonly policy: Policy;
  readonly revision: number;
  readonly baseVersion: number;
  readonly updatedBy: string;
  readonly updatedAt: Date;
};

/** Inside a transaction: nobody else writes policies until it ends. */
export async function lockPolicies(db: Database): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('callcard.policy'))`.execute(db);
}

/** The newest version, or null when nothing was published yet. */
export async function newestVersion(db: Database): Promise<StoredVersion | null> {
  const row = await db
    .selectFrom("policy_versions")
    .selectAll()
    .orderBy("version", "desc")
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : versionOf(row);
}

/** One version, or null. */
export async function findVersion(db: Database, version: number): Promise<StoredVersion | null> {
  const row = await db
    .selectFrom("policy_versions")
    .selectAll()
    .where("version", "=", version)
    .executeTakeFirst();
  return row === undefined ? null : versionOf(row);
}

/** Newest first. `before` continues after the last version of a page. */
export async function listVersions(
  db: Database,
  page: { readonly limit: number; readonly before?: number | undefined },
): Promise<readonly StoredVersion[]> {
  let query = db
    .selectFrom("policy_versions")
    .selectAll()
    .orderBy("version", "desc")
    .limit(page.limit);
  if (page.before !== undefined) query = query.where("version", "<", page.before);
  return (await query.execute()).map(versionOf);
}

/** Adds the next version. */
export async function insertVersion(
  db: Database,
  next: Omit<StoredVersion, "publishedAt">,
): Promise<StoredVersion> {
  const row = await db
    .insertInto("policy_versions")
    .values({
      version: next.version,
      policy: JSON.stringify(next.policy),
      note: next.note,
      published_by: next.publishedBy,
      rolled_back_to: next.rolledBackTo,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return versionOf(row);
}

/** The draft, or null when nobody changed anything yet. */
export async function findDraft(db: Database): Promise<StoredDraft | null> {
  const row = await db.selectFrom("policy_draft").selectAll().executeTakeFirst();
  if (row === undefined) return null;
  return {
    policy: row.policy as Policy,
    revision: row.revision,
    baseVersion: row.base_version,
    updatedBy: row.updated_by,
    updatedAt: row.updated_at,
  };
}

/** Replaces the draft. */
export async function writeDraft(
  db: Database,
  draft: Omit<StoredDraft, "updatedAt">,
): Promise<void> {
  const row = {
    policy: JSON.stringify(draft.policy),
    revision: draft.revision,
    base_version: draft.baseVersion,
    updated_by: draft.updatedBy,
    updated_at: sql<Date>`now()`,
  };
  await db
    .insertInto("policy_draft")
    .values(row)
    .onConflict((conflict) => conflict.column("one").doUpdateSet(row))
    .execute();
}

function versionOf(row: {
  readonly version: number;
  readonly policy: unknown;
  readonly note: string;
  readonly published_by: string;
  readonly published_at: Date;
  readonly rolled_back_to: number | null;
}): StoredVersion {
  return {
    version: row.version,
    policy: row.policy as Policy,
    note: row.note,
    publishedBy: row.published_by,
    publishedAt: row.published_at,
    rolledBackTo: row.rolled_back_to,
  };
}
