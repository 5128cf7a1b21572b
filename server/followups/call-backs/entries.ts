/** Call backs as they are read: one, somebody's list, a page for supervisors. */
import { type RawBuilder, sql } from "kysely";
import { type Database, prepared } from "../../storage/database.ts";
import type { CallBackBody, CallBackPage } from "./rest.ts";

/** What is so much past its time is shown as late, unless supervisors are told even earlier. */
const LATE_MS = 5 * 60_000;
/** An operator sees no more of their own and their queues'. */
const MOST_SHOWN = 200;

/** Since when a moment is late now. @param lateMinutes after which supervisors are told */
export function lateBefore(nowMs: number, lateMinutes: number): Date {
  return new Date(nowMs - Math.min(LATE_MS, lateMinutes * 60_000));
}

/** When it is read, and after how many minutes supervisors are told. */
export type AsOf = { readonly nowMs: number; readonly lateMinutes: number };

/** Those that fit, in this order. */
export async function readEntries(
  db: Database,
  asOf: AsOf,
  where: RawBuilder<unknown>,
  orderAndLimit: RawBuilder<unknown> = sql``,
): Promise<readonly CallBackBody[]> {
  const { rows } = await sql<Row>`${prepared}
    select b.*, coalesce(u.name, '') as user_name, coalesce(t.name, '') as taken_name,
      coalesce(m.name, '') as made_name, coalesce(nullif(b.name, ''), c.name, '') as person,
      coalesce(k.settings ->> 'name', '') as campaign_name
    from call_backs b
    left join users u on u.id = b.user_id
    left join users t on t.id = b.taken_by
    left join users m on m.id = b.made_by
    left join customers c on c.id = b.customer_id
    left join campaigns k on k.id = b.campaign_id
    where ${where} ${orderAndLimit}`.execute(db);
  const late = lateBefore(asOf.nowMs, asOf.lateMinutes);
  return rows.map((row) => entryOf(row, late));
}

/** One, or null. */
export async function readEntry(
  db: Database,
  asOf: AsOf,
  id: string,
): Promise<CallBackBody | null> {
  if (!isId(id)) return null;
  return (await readEntries(db, asOf, sql`b.id = ${id}`))[0] ?? null;
}

/** Whether a text can be the id of a call back. */
export function isId(text: string): boolean {
  return /^\d{1,18}$/.test(text);
}

export async function ofOperator(
  db: Database,
  asOf: AsOf,
  userId: string,
  queues: readonly string[],
): Promise<readonly CallBackBody[]> {
  // What a campaign dials is nobody's to dial by hand; who promised it still sees it.
  return readEntries(
    db,
    asOf,
    sql`b.state in ('open', 'taken') and (
      b.taken_by = ${userId}
      or (b.state = 'open' and (b.user_id = ${userId} or (
        b.user_id is null and b.campaign_id is null and (b.queue = '' or b.queue = any(${[...queues]}::text[]))
      )))
    )`,
    sql`order by b.due_at, b.id limit ${MOST_SHOWN}`,
  );
}

/** What supervisors and integrators may ask for; every part that is given must fit. */
export type CallBackFilter = {
  /** `open` also those that are taken; `over` done and closed ones. */
  readonly state: "open" | "over";
  readonly origin?: CallBackBody["origin"];
  readonly queue?: string;
  /** Of this operator: theirs alone, or taken by them. */
  readonly userId?: string;
  /** E.164. */
  readonly phone?: string;
  readonly customerId?: string;
  readonly only?: "late" | "escalated" | "taken" | "free";
};

/** A cursor that is not one of ours. */
export class PageError extends Error {}

/** One page. @throws PageError */
export async function readPage(
  db: Database,
  asOf: AsOf,
  filter: CallBackFilter,
  page: { readonly limit: number; readonly after: string },
): Promise<CallBackPage> {
  const late = lateBefore(asOf.nowMs, asOf.lateMinutes);
  const isOpen = filter.state === "open";
  const parts = [isOpen ? sql`b.state in ('open', 'taken')` : sql`b.state in ('done', 'closed')`];
  if (filter.origin !== undefined) parts.push(sql`b.origin = ${filter.origin}`);
  if (filter.queue !== undefined) parts.push(sql`b.queue = ${filter.queue}`);
  if (filter.userId !== undefined)
    parts.push(sql`(b.user_id = ${filter.userId} or b.taken_by = ${filter.userId})`);
  if (filter.phone !== undefined) parts.push(sql`b.phone = ${filter.phone}`);
  if (filter.customerId !== undefined) parts.push(sql`b.customer_id = ${filter.customerId}`);
  if (filter.only === "late") parts.push(sql`b.due_at <= ${late}`);
  if (filter.only === "escalated") parts.push(sql`b.escalated_at is not null`);
  if (filter.only === "taken") parts.push(sql`b.state = 'taken'`);
  if (filter.only === "free") parts.push(sql`b.state = 'open' and b.campaign_id is null`);
  const at = isOpen ? sql`b.due_at` : sql`b.closed_at`;
  if (page.after !== "") {
    const [, ms = "", id = ""] = /^(\d{1,15})-(\d{1,18})$/.exec(page.after) ?? [];
    if (id === "") throw new PageError("after: take `next` of the page before as it is");
    const than = isOpen ? sql`>` : sql`<`;
    parts.push(sql`(${at}, b.id) ${than} (${new Date(Number(ms))}, ${id}::bigint)`);
  }
  const order = isOpen
    ? sql`order by b.due_at, b.id limit ${page.limit + 1}`
    : sql`order by b.closed_at desc, b.id desc limit ${page.limit + 1}`;
  const found = await readEntries(db, asOf, sql.join(parts, sql` and `), order);
  const callBacks = found.slice(0, page.limit);
  const last = found.length > page.limit ? callBacks.at(-1)! : null;
  const { rows } = await sql<CallBackPage["counts"]>`
    select count(*)::int as open, count(*) filter (where due_at <= ${late})::int as late,
      count(*) filter (where escalated_at is not null)::int as escalated,
      count(*) filter (where state = 'taken')::int as taken
    from call_backs where state in ('open', 'taken')`.execute(db);
  const next =
    last === null ? null : `${Date.parse(isOpen ? last.dueAt : last.closedAt!)}-${last.id}`;
  return { callBacks, next, counts: rows[0]! };
}

type Row = {
  readonly id: string;
  readonly phone: string;
  readonly customer_id: string | null;
  readonly person: string;
  readonly origin: CallBackBody["origin"];
  readonly call_id: string;
  readonly queue: string;
  readonly reason: string;
  readonly due_at: Date;
  readonly time_zone: string;
  readonly user_id: string | null;
  readonly user_name: string;
  readonly state: CallBackBody["state"];
  readonly taken_name: string;
  readonly taken_at: Date | null;
  readonly tries: number;
  readonly escalated_at: Date | null;
  readonly unseen: boolean;
  readonly campaign_id: string | null;
  readonly campaign_name: string;
  readonly closed_because: string;
  readonly closed_at: Date | null;
  readonly made_name: string;
  readonly made_at: Date;
};

function entryOf(row: Row, late: Date): CallBackBody {
  const isOpen = row.state === "open" || row.state === "taken";
  return {
    id: row.id,
    phone: row.phone,
    customerId: row.customer_id,
    name: row.person,
    origin: row.origin,
    queue: row.queue,
    reason: row.reason,
    dueAt: row.due_at.toISOString(),
    timeZone: row.time_zone,
    userId: row.user_id,
    userName: row.user_name,
    state: row.state,
    takenByName: row.taken_name,
    tries: row.tries,
    late: isOpen && row.due_at <= late,
    escalated: row.escalated_at !== null,
    byCampaign: row.campaign_id !== null,
    unseen: row.unseen,
    madeAt: row.made_at.toISOString(),
    callId: row.call_id,
    campaignId: row.campaign_id ?? "",
    campaignName: row.campaign_name,
    takenAt: row.taken_at?.toISOString() ?? null,
    escalatedAt: row.escalated_at?.toISOString() ?? null,
    closedAt: row.closed_at?.toISOString() ?? null,
    closedBecause: row.closed_because,
    madeByName: row.made_name,
  };
}
