/** What was told and what was not: for people who look after it. */
import { sql } from "kysely";
import type { Database } from "../storage/database.ts";
import { sendNow } from "./jobs.ts";
import type { WebhookDelivery } from "./model.ts";

export type DeliveryFilter = {
  readonly targetId: string | null;
  readonly state: WebhookDelivery["state"] | null;
  /** "" for all. */
  readonly subject: string;
  /** `next` of the page before; "" for the first. */
  readonly after: string;
  readonly limit: number;
};

type Row = {
  id: string;
  n: string;
  target_id: string;
  target_name: string;
  event: string;
  subject: string;
  tries: number;
  last_error: string;
  created_at: Date;
  next_at: Date;
  delivered_at: Date | null;
  given_up_at: Date | null;
};

/** Undelivered first, of each half the newest first. @returns `next` "" at the end. */
export async function listDeliveries(
  db: Database,
  filter: DeliveryFilter,
): Promise<{ readonly deliveries: readonly WebhookDelivery[]; readonly next: string }> {
  const { targetId, state, subject, limit } = filter;
  const cursor = /^([01])-(\d{1,18})$/.exec(filter.after);
  const half = cursor === null ? 0 : Number(cursor[1]);
  const before = cursor === null ? null : cursor[2];
  const { rows } = await sql<Row>`
    select d.*, t.name as target_name
    from webhook_deliveries d join webhook_targets t on t.id = d.target_id
    where (${targetId}::bigint is null or d.target_id = ${targetId}::bigint)
      and (${subject} = '' or d.subject = ${subject})
      and case ${state ?? ""}
        when 'waiting' then d.delivered_at is null and d.given_up_at is null
        when 'givenUp' then d.delivered_at is null and d.given_up_at is not null
        when 'delivered' then d.delivered_at is not null
        else true end
      and (${before ?? null}::bigint is null
        or (d.delivered_at is not null)::int > ${half}
        or ((d.delivered_at is not null)::int = ${half} and d.n < ${before ?? null}::bigint))
    order by (d.delivered_at is not null)::int, d.n desc
    limit ${limit + 1}`.execute(db);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next =
    rows.length > limit && last !== undefined
      ? `${last.delivered_at === null ? 0 : 1}-${last.n}`
      : "";
  return { deliveries: page.map(deliveryOf), next };
}

/** What was given up, or waits, is sent now and tried for three days more. Null when it is not there or was delivered. */
export async function sendAgain(db: Database, id: string): Promise<WebhookDelivery | null> {
  return db.transaction().execute(async (trx) => {
    const { rows } = await sql<Row>`
      update webhook_deliveries d
      set given_up_at = null, next_at = now(), tried_since = now()
      from webhook_targets t
      where d.id = ${id}::uuid and t.id = d.target_id and d.delivered_at is null
      returning d.*, t.name as target_name`.execute(trx);
    const row = rows[0];
    if (row === undefined) return null;
    await trx
      .updateTable("webhook_targets")
      .set({ failures: 0, resting_until: null })
      .where("id", "=", row.target_id)
      .execute();
    await sendNow(trx, row.target_id);
    return deliveryOf(row);
  });
}

function deliveryOf(row: Row): WebhookDelivery {
  const isWaiting = row.delivered_at === null && row.given_up_at === null;
  return {
    ...{ id: row.id, targetId: row.target_id, targetName: row.target_name },
    ...{ event: row.event, subject: row.subject, tries: row.tries, lastError: row.last_error },
    state: row.delivered_at !== null ? "delivered" : isWaiting ? "waiting" : "givenUp",
    writtenAt: row.created_at.toISOString(),
    nextAt: isWaiting ? row.next_at.toISOString() : null,
    deliveredAt: row.delivered_at?.toISOString() ?? null,
  };
}
