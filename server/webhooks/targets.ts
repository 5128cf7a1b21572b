/** Who is told of what: kept, changed, audited without secrets. */
import { sql } from "kysely";
import { recordAudit } from "../people/audit.ts";
import { isId } from "../people/users.ts";
import type { Database } from "../storage/database.ts";
import { sendNow } from "./jobs.ts";
import type { WebhookEvent, WebhookTarget } from "./model.ts";

/** What is left out stays as it was. */
export type TargetChange = {
  readonly name?: string;
  readonly url?: string;
  readonly secret?: string;
  readonly events?: readonly WebhookEvent[];
  readonly enabled?: boolean;
};

/** A target cannot be as it was told. */
export class TargetError extends Error {
  readonly field: "name" | "url" | "secret" | "events";
  constructor(field: TargetError["field"], reason: string) {
    super(reason);
    this.name = "TargetError";
    this.field = field;
  }
}

/** By name. */
export async function listTargets(db: Database): Promise<readonly WebhookTarget[]> {
  const { rows } = await sql<{
    id: string;
    name: string;
    url: string;
    has_secret: boolean;
    events: WebhookEvent[];
    enabled: boolean;
    resting_until: Date | null;
    changed_at: Date;
    waiting: number;
    given_up: number;
    last_error: string | null;
  }>`
    select t.id, t.name, t.url, t.secret <> '' as has_secret, t.events, t.enabled, t.resting_until,
      t.changed_at, coalesce(d.waiting, 0) as waiting, coalesce(d.given_up, 0) as given_up, d.last_error
    from webhook_targets t
    left join (
      select target_id, count(*) filter (where given_up_at is null)::int as waiting,
        count(*) filter (where given_up_at is not null)::int as given_up,
        (array_agg(last_error order by n desc) filter (where last_error <> ''))[1] as last_error
      from webhook_deliveries where delivered_at is null group by target_id
    ) d on d.target_id = t.id
    order by t.name`.execute(db);
  return rows.map((row) => ({
    ...{ id: row.id, name: row.name, url: row.url, hasSecret: row.has_secret },
    ...{ events: row.events, enabled: row.enabled },
    restingUntil: row.resting_until?.toISOString() ?? null,
    ...{ waiting: row.waiting, givenUp: row.given_up, lastError: row.last_error ?? "" },
    changedAt: row.changed_at.toISOString(),
  }));
}

/** Makes one. @returns its id. @throws TargetError */
export async function addTarget(
  db: Database,
  target: Required<TargetChange>,
  by: string,
): Promise<string> {
  return db.transaction().execute(async (trx) => {
    const row = checked({ ...target, name: clean(target.name) });
    const added = await trx
      .insertInto("webhook_targets")
      .values(row)
      .onConflict((conflict) => conflict.column("name").doNothing())
      .returning("id")
      .executeTakeFirst();
    if (added === undefined) throw new TargetError("name", "is another target's");
    const detail = { id: added.id, ...shown(row), secret: "set" };
    await recordAudit(trx, { actor: by, action: "webhook.added", detail });
    return added.id;
  });
}

/** What waits is sent from now on as it was told anew. @returns false when there is none. @throws TargetError */
export async function changeTarget(
  db: Database,
  id: string,
  change: TargetChange,
  by: string,
): Promise<boolean> {
  if (!isId(id)) return false;
  return db.transaction().execute(async (trx) => {
    const known = await trx
      .selectFrom("webhook_targets")
      .selectAll()
      .where("id", "=", id)
      .forUpdate()
      .executeTakeFirst();
    if (known === undefined) return false;
    const row = checked({
      name: clean(change.name ?? known.name),
      url: change.url ?? known.url,
      secret: change.secret ?? known.secret,
      events: change.events ?? (known.events as WebhookEvent[]),
      enabled: change.enabled ?? known.enabled,
    });
    const taken = await trx
      .selectFrom("webhook_targets")
      .select("id")
      .where("name", "=", row.name)
      .where("id", "<>", id)
      .executeTakeFirst();
    if (taken !== undefined) throw new TargetError("name", "is another target's");
    await trx
      .updateTable("webhook_targets")
      .set({ ...row, changed_at: new Date(), failures: 0, resting_until: null })
      .where("id", "=", id)
      .execute();
    const secret = change.secret === undefined ? "kept" : "set";
    await recordAudit(trx, {
      actor: by,
      action: "webhook.changed",
      detail: { id, ...shown(row), secret },
    });
    if (row.enabled) {
      await sql`
        update webhook_deliveries set next_at = now()
        where target_id = ${id}::bigint and delivered_at is null and given_up_at is null`.execute(
        trx,
      );
      await sendNow(trx, id);
    }
    return true;
  });
}

/** With everything it was not told yet. @returns false when there is none. */
export async function removeTarget(db: Database, id: string, by: string): Promise<boolean> {
  if (!isId(id)) return false;
  return db.transaction().execute(async (trx) => {
    const gone = await trx
      .deleteFrom("webhook_targets")
      .where("id", "=", id)
      .returning("name")
      .executeTakeFirst();
    if (gone === undefined) return false;
    await recordAudit(trx, {
      actor: by,
      action: "webhook.removed",
      detail: { id, name: gone.name },
    });
    return true;
  });
}

function clean(name: string): string {
  return name.replace(/[\p{Cc}\s]+/gu, " ").trim();
}

function shown({ name, url, events, enabled }: ReturnType<typeof checked>) {
  return { name, url, events, enabled };
}

/** @throws TargetError */
function checked(target: Required<TargetChange>) {
  if (target.name === "") throw new TargetError("name", "is empty");
  if (target.secret === "") throw new TargetError("secret", "is missing: webhooks are signed");
  const url = URL.canParse(target.url.trim()) ? new URL(target.url.trim()) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new TargetError("url", "must start with https:// or http://");
  // They would be shown to whoever reads the list.
  if (url.username !== "" || url.password !== "")
    throw new TargetError("url", "must hold no user and password");
  return { ...target, url: url.href, events: [...new Set(target.events)] };
}
