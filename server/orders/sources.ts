/** The systems that orders come from: how they prove themselves, and where they want to hear what became of the calls. */
import { sql } from "kysely";
import { recordAudit } from "../people/audit.ts";
import type { Database } from "../storage/database.ts";
import { requeueResults } from "./result-jobs.ts";

/** A source as it may be shown: which secrets there are, never the secrets. */
export type OrderSource = {
  readonly source: string;
  readonly hasHookSecret: boolean;
  /** "": results are not sent. */
  readonly resultsUrl: string;
  readonly hasResultsSecret: boolean;
  /** ISO date-time. */
  readonly changedAt: string;
  /** Results it does not have yet. */
  readonly waiting: number;
  /** What the last of those came to, "" for nothing yet. */
  readonly lastError: string;
};

/** What is left out stays as it was; an empty text takes it away. */
export type OrderSourceChange = {
  readonly hookSecret?: string;
  readonly resultsUrl?: string;
  readonly resultsSecret?: string;
};

/** By name. */
export async function listSources(db: Database): Promise<readonly OrderSource[]> {
  const { rows } = await sql<{
    source: string;
    has_hook_secret: boolean;
    results_url: string;
    has_results_secret: boolean;
    changed_at: Date;
    waiting: number;
    last_error: string | null;
  }>`
    select s.source, s.hook_secret <> '' as has_hook_secret, s.results_url,
      s.results_secret <> '' as has_results_secret, s.changed_at, coalesce(r.waiting, 0) as waiting, r.last_error
    from order_sources s
    left join (
      select source, count(*)::int as waiting,
        (array_agg(last_error order by id desc) filter (where last_error <> ''))[1] as last_error
      from results where delivered_at is null group by source
    ) r on r.source = s.source
    order by s.source`.execute(db);
  return rows.map((row) => ({
    source: row.source,
    hasHookSecret: row.has_hook_secret,
    resultsUrl: row.results_url,
    hasResultsSecret: row.has_results_secret,
    changedAt: row.changed_at.toISOString(),
    waiting: row.waiting,
    lastError: row.last_error ?? "",
  }));
}

/**
 * Makes or changes a source, audited without its secrets. Where results go was told anew: those it does not have yet are sent again.
 * @returns false when there would be an address for results and no secret to sign them with; nothing was changed then.
 */
export async function changeSource(
  db: Database,
  source: string,
  change: OrderSourceChange,
  by: string,
): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    await trx
      .insertInto("order_sources")
      .values({ source })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const { results_url, results_secret } = await trx
      .selectFrom("order_sources")
      .select(["results_url", "results_secret"])
      .where("source", "=", source)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const resultsUrl = change.resultsUrl ?? results_url;
    if (resultsUrl !== "" && (change.resultsSecret ?? results_secret) === "") {
      await sql`delete from order_sources where source = ${source} and results_url = ''
        and results_secret = '' and hook_secret = ''`.execute(trx);
      return false;
    }
    await trx
      .updateTable("order_sources")
      .set({
        ...(change.hookSecret === undefined ? {} : { hook_secret: change.hookSecret }),
        ...(change.resultsSecret === undefined ? {} : { results_secret: change.resultsSecret }),
        results_url: resultsUrl,
        changed_at: new Date(),
      })
      .where("source", "=", source)
      .execute();
    const isChanged = (secret: string | undefined) =>
      secret === undefined ? "kept" : secret === "" ? "removed" : "set";
    await recordAudit(trx, {
      actor: by,
      action: "orderSource.changed",
      detail: {
        ...{ source, resultsUrl, hookSecret: isChanged(change.hookSecret) },
        resultsSecret: isChanged(change.resultsSecret),
      },
    });
    const isAnew = change.resultsUrl !== undefined || change.resultsSecret !== undefined;
    if (isAnew && resultsUrl !== "") await requeueResults(trx, source);
    return true;
  });
}

/** Forgets how a source proves itself and where results go; its orders stay. @returns false when there is none. */
export async function removeSource(db: Database, source: string, by: string): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const gone = await trx
      .deleteFrom("order_sources")
      .where("source", "=", source)
      .executeTakeFirst();
    if (gone.numDeletedRows === 0n) return false;
    await recordAudit(trx, { actor: by, action: "orderSource.removed", detail: { source } });
    return true;
  });
}

/** With what a source signs its webhooks; "" when it may not send any. */
export async function hookSecret(db: Database, source: string): Promise<string> {
  const row = await db
    .selectFrom("order_sources")
    .select("hook_secret")
    .where("source", "=", source)
    .executeTakeFirst();
  return row?.hook_secret ?? "";
}

/** Where a source wants its results, null when it wants none. */
export async function resultsTarget(
  db: Database,
  source: string,
): Promise<{ readonly url: string; readonly secret: string } | null> {
  const row = await db
    .selectFrom("order_sources")
    .select(["results_url as url", "results_secret as secret"])
    .where("source", "=", source)
    .executeTakeFirst();
  return row === undefined || row.url === "" || row.secret === "" ? null : row;
}
