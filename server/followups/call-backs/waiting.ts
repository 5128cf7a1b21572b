/**
 * Who waits in a queue now, in PostgreSQL: should every process be down when their call ends, it is not forgotten that they waited.
 * What is in memory alone ends with the process.
 */
import { sql } from "kysely";
import type { Call } from "../../calls/model.ts";
import type { Database } from "../../storage/database.ts";

/** A caller as they were seen last. */
export type WaitingCall = {
  readonly call: Call;
  readonly customerId: string | null;
  /** Since when nothing is known of them; epoch ms. */
  readonly seenAtMs: number;
  /** The call as history has it, when anybody saw it end. */
  readonly ended: Call | null;
};

/** They joined a queue. Written again it changes nothing. */
export async function noteWaiting(
  db: Database,
  call: Call,
  customerId: string | null,
  atMs: number,
): Promise<void> {
  const row = JSON.stringify(call, (_key, value: unknown) =>
    typeof value === "string" ? value.replaceAll("\0", "").toWellFormed() : value,
  );
  await sql`
    insert into waiting_calls (call_id, pbx, call, customer_id, seen_at)
    values (${call.id}, ${call.pbx}, ${row}::jsonb, ${customerId}::bigint, ${new Date(atMs)})
    on conflict (call_id) do update set call = excluded.call, seen_at = excluded.seen_at,
      customer_id = coalesce(excluded.customer_id, waiting_calls.customer_id)`.execute(db);
}

/** They were answered, or seen to leave. */
export async function forgetWaiting(db: Database, callId: string): Promise<void> {
  await db.deleteFrom("waiting_calls").where("call_id", "=", callId).execute();
}

/** Those who are said to wait since before this moment, oldest first. */
export async function readWaiting(
  db: Database,
  before: Date,
  limit: number,
): Promise<readonly WaitingCall[]> {
  const { rows } = await sql<{
    call: Call;
    customer_id: string | null;
    seen_at: Date;
    ended: Call | null;
  }>`
    select w.call, w.customer_id, w.seen_at, c.detail as ended
    from waiting_calls w left join calls c on c.id = w.call_id
    where w.seen_at < ${before} order by w.seen_at limit ${limit}`.execute(db);
  return rows.map(({ call, customer_id, seen_at, ended }) => ({
    ...{ call, customerId: customer_id, seenAtMs: seen_at.getTime(), ended },
  }));
}

/**
 * The call as far as it can be told: it is not there any more, and nobody saw how it ended. @param nowMs since when that is known.
 */
export function outOfSight(call: Call, nowMs: number): Call {
  const visits = call.visits.map((visit) =>
    visit.leftAtMs === null ? { ...visit, leftAtMs: nowMs, how: "unknown" as const } : visit,
  );
  return { ...call, visits, endedAtMs: nowMs, endedHow: "lostSight", state: "ended" };
}
