/** Finished calls in PostgreSQL: written once each, listed and read. */
import { type SqlBool, sql } from "kysely";
import type { Database } from "../storage/database.ts";
import type { Call, CallEndedHow, Direction } from "./model.ts";
import type { CallRecord } from "./record.ts";

/** What of a call another record of it may tell better. */
const TOLD = [
  ...(["direction", "party_number", "party_name", "party_e164", "dialled"] as const),
  ...(["from_extension", "queue", "queues", "started_at", "answered_at", "ended_at"] as const),
  ...(["ended_how", "wait_ms", "talk_ms", "extensions", "detail"] as const),
];

/** The record that comes saw more than the one that is there: the call's beginning, else its end. */
const SEES_MORE = sql<boolean>`(
  ((calls.detail->>'seenFromMiddle')::boolean, calls.ended_how = 'lostSight')
  > ((excluded.detail->>'seenFromMiddle')::boolean, excluded.ended_how = 'lostSight'))`;

/**
 * Writes calls, all or none. Several processes may write the same call, in any order and again: whose record began in mid-call gives way to
 * one who saw it whole, who lost sight of it to one who saw it end; else what is there stays. A customer once known is not forgotten.
 */
export async function saveCalls(db: Database, records: readonly CallRecord[]): Promise<void> {
  if (records.length === 0) return;
  await db
    .insertInto("calls")
    .values(records.map(rowOf))
    .onConflict((conflict) =>
      conflict
        .column("id")
        .doUpdateSet({
          ...Object.fromEntries(
            TOLD.map((name) => [
              name,
              sql`case when ${SEES_MORE} then ${sql.ref(`excluded.${name}`)} else ${sql.ref(`calls.${name}`)} end`,
            ]),
          ),
          customer_id: sql`case when ${SEES_MORE} then coalesce(excluded.customer_id, calls.customer_id)
            else coalesce(calls.customer_id, excluded.customer_id) end`,
        })
        .where(
          sql<SqlBool>`${SEES_MORE} or (calls.customer_id is null and excluded.customer_id is not null)`,
        ),
    )
    .execute();
}

function rowOf({ call, ...sums }: CallRecord) {
  return {
    id: writable(call.id),
    pbx: call.pbx,
    direction: call.direction,
    party_number: writable(call.party.number),
    party_name: writable(call.party.name),
    party_e164: sums.partyE164,
    // An operator's word, at whichever process it was said, stands; a customer may have been removed while the call went on.
    customer_id: sql<string | null>`coalesce(
      (select customer_id from call_customers where call_id = ${writable(call.id)}),
      (select id from customers where id = ${sums.customerId}::bigint))`,
    dialled: writable(call.dialled),
    from_extension: call.fromExtension,
    queue: writable(sums.queues.at(-1) ?? ""),
    queues: sums.queues.map(writable),
    started_at: new Date(call.startedAtMs),
    answered_at: call.answeredAtMs === null ? null : new Date(call.answeredAtMs),
    ended_at: new Date(call.endedAtMs ?? call.startedAtMs),
    ended_how: call.endedHow ?? "lostSight",
    wait_ms: sums.waitMs === null ? null : inInteger(sums.waitMs),
    talk_ms: inInteger(sums.talkMs),
    extensions: [...sums.extensions],
    detail: JSON.stringify(call, (_key, value: unknown) =>
      typeof value === "string" ? writable(value) : value,
    ),
  };
}

/** What came from a PBX may hold what PostgreSQL has no letter for: NUL, and halves of surrogate pairs. */
function writable(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
}

/** A call that lasted longer than PostgreSQL's integer holds (24 days) is not worth more bytes. */
function inInteger(ms: number): number {
  return Math.min(ms, 2_147_483_647);
}

/** A finished call as lists show it. */
export type CallSummary = {
  readonly id: string;
  readonly pbx: string;
  readonly direction: Direction;
  readonly partyNumber: string;
  readonly partyName: string;
  readonly partyE164: string | null;
  readonly customerId: string | null;
  readonly dialled: string;
  readonly fromExtension: string;
  readonly queues: readonly string[];
  /** ISO times. */
  readonly startedAt: string;
  readonly answeredAt: string | null;
  readonly endedAt: string;
  readonly endedHow: CallEndedHow;
  readonly waitMs: number | null;
  readonly talkMs: number;
  readonly extensions: readonly string[];
};

/** Which calls to list; every part that is given must fit. */
export type CallFilter = {
  readonly pbx?: string;
  readonly direction?: Direction;
  /** Began at or after. */
  readonly from?: Date;
  /** Began before. */
  readonly to?: Date;
  /** E.164, or the number exactly as the PBX gave it. */
  readonly number?: string;
  readonly customerId?: string;
  /** Talked in it or dialled it. */
  readonly extension?: string;
  /** Was in this queue. */
  readonly queue?: string;
  readonly endedHow?: CallEndedHow;
  /** Also the calls that became part of another; default no. */
  readonly merged?: boolean;
  /** Was this user's: it rang or talked at their device, or they wrapped it up. */
  readonly userId?: string;
  /** A pop of it was missed for this reason. */
  readonly missedPop?: string;
};

/** A page, newest first; `next` continues it and is null at the end. */
export type CallPage = { readonly calls: readonly CallSummary[]; readonly next: string | null };

/** Lists finished calls. `after` is a page's `next`; throws {@link CursorError} for anything else. */
export async function listCalls(
  db: Database,
  filter: CallFilter,
  page: { readonly limit: number; readonly after?: string },
): Promise<CallPage> {
  let query = db
    .selectFrom("calls")
    .select(summaryColumns)
    .orderBy("started_at", "desc")
    .orderBy("id", "desc")
    .limit(page.limit + 1);
  if (filter.pbx !== undefined) query = query.where("pbx", "=", filter.pbx);
  if (filter.direction !== undefined) query = query.where("direction", "=", filter.direction);
  if (filter.from !== undefined) query = query.where("started_at", ">=", filter.from);
  if (filter.to !== undefined) query = query.where("started_at", "<", filter.to);
  const { number, extension } = filter;
  if (number?.startsWith("+")) query = query.where("party_e164", "=", number);
  else if (number !== undefined) query = query.where("party_number", "=", number);
  if (filter.customerId !== undefined) query = query.where("customer_id", "=", filter.customerId);
  if (extension !== undefined)
    query = query.where((row) =>
      row.or([
        row("from_extension", "=", extension),
        sql<SqlBool>`extensions @> array[${extension}]::text[]`,
      ]),
    );
  if (filter.queue !== undefined)
    query = query.where(sql<SqlBool>`queues @> array[${filter.queue}]::text[]`);
  if (filter.endedHow !== undefined) query = query.where("ended_how", "=", filter.endedHow);
  else if (filter.merged !== true) query = query.where("ended_how", "<>", "merged");
  if (filter.userId !== undefined) query = query.where(isCallOf(filter.userId));
  if (filter.missedPop !== undefined)
    query = query.where(
      sql<SqlBool>`exists (select 1 from pops p where p.call_id = calls.id and p.missed = ${filter.missedPop})`,
    );
  if (page.after !== undefined) {
    const { startedAt, id } = readCursor(page.after);
    query = query.where(sql<SqlBool>`(started_at, id) < (${startedAt}::timestamptz, ${id})`);
  }
  const rows = await query.execute();
  const last = rows.length > page.limit ? rows[page.limit - 1] : undefined;
  return {
    calls: rows.slice(0, page.limit).map(summaryOf),
    next: last === undefined ? null : writeCursor(last.started_at, last.id),
  };
}

/**
 * The condition that a row of `calls` is a user's: its phone rang there, they wrapped it up, or it talked at or was dialled from
 * the device they have had since before it began.
 */
export function isCallOf(userId: string) {
  return sql<SqlBool>`(
    exists (select 1 from pops p where p.call_id = calls.id and p.user_id = ${userId})
    or exists (select 1 from wrap_ups w where w.call_id = calls.id and w.user_id = ${userId})
    or exists (
      select 1 from operator_devices d
      where d.user_id = ${userId} and d.pbx = calls.pbx and calls.started_at >= d.chosen_at
        and (d.extension = any(calls.extensions) or d.extension = calls.from_extension)
    ))`;
}

/** True when a finished call is a user's, see {@link isCallOf}. */
export async function isTheirCall(db: Database, id: string, userId: string): Promise<boolean> {
  const row = await db
    .selectFrom("calls")
    .select("id")
    .where("id", "=", id)
    .where(isCallOf(userId))
    .executeTakeFirst();
  return row !== undefined;
}

/** One finished call with its whole story, or null. */
export async function findCall(
  db: Database,
  id: string,
): Promise<(CallSummary & { readonly detail: Call }) | null> {
  const row = await db
    .selectFrom("calls")
    .select([...summaryColumns, "detail"])
    .where("id", "=", id)
    .executeTakeFirst();
  return row === undefined ? null : { ...summaryOf(row), detail: row.detail as Call };
}

/** Why the caller stood where they stood, one for each stay in a queue, in order. */
export async function prioritiesOfCall(db: Database, callId: string) {
  return db
    .selectFrom("call_priorities")
    .select(["queue", "joined_at", "policy_version", "rule_id", "rule_name"])
    .select(["rate", "head_start_ms"])
    .where("call_id", "=", callId)
    .orderBy("joined_at")
    .orderBy("queue")
    .execute();
}

/** Every change of the caller's place in a queue, in order. */
export async function movesOfCall(db: Database, callId: string) {
  return db
    .selectFrom("priority_moves")
    .select(["queue", "at", "made_by", "from_position", "to_position", "policy_version"])
    .where("call_id", "=", callId)
    .orderBy("at")
    .orderBy("id")
    .execute();
}

const summaryColumns = [
  "id",
  "pbx",
  "direction",
  "party_number",
  "party_name",
  "party_e164",
  "customer_id",
  "dialled",
  "from_extension",
  "queues",
  "started_at",
  "answered_at",
  "ended_at",
  "ended_how",
  "wait_ms",
  "talk_ms",
  "extensions",
] as const;

type SummaryRow = {
  readonly id: string;
  readonly pbx: string;
  readonly direction: string;
  readonly party_number: string;
  readonly party_name: string;
  readonly party_e164: string | null;
  readonly customer_id: string | null;
  readonly dialled: string;
  readonly from_extension: string;
  readonly queues: string[];
  readonly started_at: Date;
  readonly answered_at: Date | null;
  readonly ended_at: Date;
  readonly ended_how: string;
  readonly wait_ms: number | null;
  readonly talk_ms: number;
  readonly extensions: string[];
};

function summaryOf(row: SummaryRow): CallSummary {
  return {
    id: row.id,
    pbx: row.pbx,
    direction: row.direction as Direction,
    partyNumber: row.party_number,
    partyName: row.party_name,
    partyE164: row.party_e164,
    customerId: row.customer_id,
    dialled: row.dialled,
    fromExtension: row.from_extension,
    queues: row.queues,
    startedAt: row.started_at.toISOString(),
    answeredAt: row.answered_at?.toISOString() ?? null,
    endedAt: row.ended_at.toISOString(),
    endedHow: row.ended_how as CallEndedHow,
    waitMs: row.wait_ms,
    talkMs: row.talk_ms,
    extensions: row.extensions,
  };
}

/** A cursor that is not one of ours. */
export class CursorError extends Error {
  constructor() {
    super("after: not a cursor of this list; take `next` of an earlier page as it is");
    this.name = "CursorError";
  }
}

// Times are written in whole milliseconds, so a Date is exact.
function writeCursor(startedAt: Date, id: string): string {
  return Buffer.from(JSON.stringify([startedAt.getTime(), id])).toString("base64url");
}

function readCursor(text: string): { readonly startedAt: Date; readonly id: string } {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    if (Array.isArray(value) && value.length === 2) {
      const [ms, id] = value as unknown[];
      const startedAt = new Date(typeof ms === "number" ? ms : Number.NaN);
      if (typeof id === "string" && !id.includes("\0") && !Number.isNaN(startedAt.getTime()))
        return { startedAt, id };
    }
  } catch {
    // Not JSON: told below.
  }
  throw new CursorError();
}
