/**
 * The systems that orders come from: how they prove themselves, and where they want to hear what became of the calls, and where operators' actions
 * on their orders are asked for.
 */
import { sql } from "kysely";
import { recordAudit } from "../people/audit.ts";
import type { Database } from "../storage/database.ts";
import { requeueResults } from "./result-jobs.ts";

/** A source as it may be shown: which secrets there are, never the secrets. */
export type OrderSource = {
  readonly source: string;
  /** As people call it, on operators' screens; "": as it calls itself. */
  readonly title: string;
  readonly hasHookSecret: boolean;
  /** "": results are not sent. */
  readonly resultsUrl: string;
  readonly hasResultsSecret: boolean;
  /** Where operators' actions are asked for; "": nowhere. */
  readonly actionsUrl: string;
  readonly hasActionsSecret: boolean;
  /** Which kinds of actions it takes. */
  readonly actions: readonly string[];
  /** ISO date-time. */
  readonly changedAt: string;
  /** Results it does not have yet. */
  readonly waiting: number;
  /** What the last of those came to, "" for nothing yet. */
  readonly lastError: string;
};

/** What is left out stays as it was; an empty text takes it away. */
export type OrderSourceChange = {
  readonly title?: string;
  readonly hookSecret?: string;
  readonly resultsUrl?: string;
  readonly resultsSecret?: string;
  readonly actionsUrl?: string;
  readonly actionsSecret?: string;
  readonly actions?: readonly string[];
};

/** A source would be told something that could not be signed; nothing was changed then. */
export type UnsignedPart = "resultsSecret" | "actionsSecret";

/** By name. */
export async function listSources(db: Database): Promise<readonly OrderSource[]> {
  const { rows } = await sql<{
    source: string;
    title: string;
    has_hook_secret: boolean;
    results_url: string;
    has_results_secret: boolean;
    actions_url: string;
    has_actions_secret: boolean;
    actions: string[];
    changed_at: Date;
    waiting: number;
    last_error: string | null;
  }>`
    select s.source, s.title, s.hook_secret <> '' as has_hook_secret, s.results_url,
      s.results_secret <> '' as has_results_secret, s.actions_url, s.actions_secret <> '' as has_actions_secret,
      s.actions, s.changed_at, coalesce(r.waiting, 0) as waiting, r.last_error
    from order_sources s
    left join (
      select source, count(*)::int as waiting,
        (array_agg(last_error order by id desc) filter (where last_error <> ''))[1] as last_error
      from results where delivered_at is null group by source
    ) r on r.source = s.source
    order by s.source`.execute(db);
  return rows.map((row) => ({
    source: row.source,
    title: row.title,
    hasHookSecret: row.has_hook_secret,
    resultsUrl: row.results_url,
    hasResultsSecret: row.has_results_secret,
    actionsUrl: row.actions_url,
    hasActionsSecret: row.has_actions_secret,
    actions: row.actions,
    changedAt: row.changed_at.toISOString(),
    waiting: row.waiting,
    lastError: row.last_error ?? "",
  }));
}

/**
 * Makes or changes a source, audited without its secrets. Where results go was told anew: those it does not have yet are sent again.
 * @returns the secret that is missing for an address, null when all is well.
 */
export async function changeSource(
  db: Database,
  source: string,
  change: OrderSourceChange,
  by: string,
): Promise<UnsignedPart | null> {
  return db.transaction().execute(async (trx) => {
    await trx
      .insertInto("order_sources")
      .values({ source })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const known = await trx
      .selectFrom("order_sources")
      .selectAll()
      .where("source", "=", source)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const next = {
      title: change.title ?? known.title,
      hook_secret: change.hookSecret ?? known.hook_secret,
      results_url: change.resultsUrl ?? known.results_url,
      results_secret: change.resultsSecret ?? known.results_secret,
      actions_url: change.actionsUrl ?? known.actions_url,
      actions_secret: change.actionsSecret ?? known.actions_secret,
      actions: [...(change.actions ?? known.actions)],
    };
    const unsigned = unsignedPart(next);
    if (unsigned !== null) {
      // Made only now, for nothing.
      await sql`delete from order_sources where source = ${source} and title = '' and results_url = '' and actions_url = ''
        and results_secret = '' and actions_secret = '' and hook_secret = ''`.execute(trx);
      return unsigned;
    }
    await trx
      .updateTable("order_sources")
      .set({ ...next, changed_at: new Date() })
      .where("source", "=", source)
      .execute();
    const isChanged = (secret: string | undefined) =>
      secret === undefined ? "kept" : secret === "" ? "removed" : "set";
    await recordAudit(trx, {
      actor: by,
      action: "orderSource.changed",
      detail: {
        ...{
          source,
          title: next.title,
          resultsUrl: next.results_url,
          hookSecret: isChanged(change.hookSecret),
        },
        resultsSecret: isChanged(change.resultsSecret),
        ...{ actionsUrl: next.actions_url, actions: next.actions },
        actionsSecret: isChanged(change.actionsSecret),
      },
    });
    const isAnew = change.resultsUrl !== undefined || change.resultsSecret !== undefined;
    if (isAnew && next.results_url !== "") await requeueResults(trx, source);
    return null;
  });
}

function unsignedPart(source: {
  readonly results_url: string;
  readonly results_secret: string;
  readonly actions_url: string;
  readonly actions_secret: string;
}): UnsignedPart | null {
  if (source.results_url !== "" && source.results_secret === "") return "resultsSecret";
  if (source.actions_url !== "" && source.actions_secret === "") return "actionsSecret";
  return null;
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
