/** The end of a contact, and what its source is told. Whoever closes a contact holds its open attempt's row. */
import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import type { WithdrawnBecause } from "../model.ts";

/** Closes contacts for whom there is nothing more to do, with their results. */
export async function closeWithdrawn(
  db: Database,
  contacts: readonly { readonly contactId: string; readonly because: WithdrawnBecause }[],
  atMs: number,
): Promise<void> {
  if (contacts.length === 0) return;
  const ids = contacts.map((one) => one.contactId);
  await sql`
    update contacts c set state = 'withdrawn', result = x.because, closed_at = ${new Date(atMs)}
    from unnest(${ids}::bigint[], ${contacts.map((one) => one.because)}::text[]) as x (id, because)
    where c.id = x.id and c.state = 'open'`.execute(db);
  await writeResults(db, ids);
}

/**
 * Closes a contact that came to something.
 * @param result the disposition's code; "" while the operator has not said what it came to: the source is told once that is known.
 */
export async function closeDone(
  db: Database,
  contactId: string,
  result: string,
  atMs: number,
): Promise<void> {
  await db
    .updateTable("contacts")
    .set({ state: "done", result, closed_at: new Date(atMs) })
    .where("id", "=", contactId)
    .where("state", "<>", "withdrawn")
    .execute();
  if (result !== "") await writeResults(db, [contactId]);
}

/**
 * Writes the results of closed contacts for each source of their orders. One that changed after it was delivered goes out again under
 * another id, so that a receiver does not take it for one that it has.
 */
export async function writeResults(db: Database, contactIds: readonly string[]): Promise<void> {
  if (contactIds.length === 0) return;
  await sql`
    insert into results (contact_id, source, body)
    select c.id, s.source, jsonb_build_object(
      'id', c.id || case when s.source = '' then '' else '-' || s.source end,
      'campaign', jsonb_build_object('id', k.id::text, 'name', k.settings ->> 'name'),
      'customer', case when u.id is null then null
        else jsonb_build_object('source', u.source, 'sourceId', u.source_id) end,
      'phone', c.phone,
      'orders', coalesce((
        select jsonb_agg(
          jsonb_build_object('source', o.source, 'sourceId', o.source_id, 'number', o.number)
          order by o.id)
        from contact_orders co join orders o on o.id = co.order_id
        where co.contact_id = c.id and o.source = s.source
      ), '[]'),
      'state', c.state,
      'result', c.result,
      'note', coalesce(c.said ->> 'note', ''),
      'operator', coalesce((
        select p.login from attempts a join users p on p.id = a.user_id
        where a.contact_id = c.id and a.connected_at is not null order by a.n desc limit 1
      ), ''),
      'attempts', coalesce((
        select jsonb_agg(
          jsonb_build_object(
            'at', to_char(a.dialled_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            'outcome', coalesce(nullif(a.outcome, ''), a.state))
          order by a.n)
        from attempts a where a.contact_id = c.id and a.dialled_at is not null
      ), '[]'),
      'closedAt', to_char(c.closed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'data', c.data
    )
    from contacts c
    join campaigns k on k.id = c.campaign_id
    left join customers u on u.id = c.customer_id
    cross join lateral (
      select distinct o.source from contact_orders co join orders o on o.id = co.order_id
      where co.contact_id = c.id
      union select '' where not exists (select from contact_orders co where co.contact_id = c.id)
    ) s
    where c.id = any(${contactIds}::bigint[]) and c.state <> 'open'
    order by c.id
    on conflict (contact_id, source) do update set
      body = case when results.delivered_at is null then excluded.body
        else excluded.body || jsonb_build_object(
          'id', (excluded.body ->> 'id') || '-' || floor(extract(epoch from clock_timestamp()))) end,
      delivered_at = null, tries = 0, last_error = ''
    where results.body - 'id' is distinct from excluded.body - 'id'`.execute(db);
}
