/** A call back is written down: one for each phone, so another one moves the one that is open. */
import { sql } from "kysely";
import { momentOf } from "../../campaigns/desk-side.ts";
import { Refusal } from "../../desk/replies.ts";
import type { Database } from "../../storage/database.ts";
import type { PromiseRefusal } from "../model.ts";
import { type PlanCallBack, handOver } from "./campaigns.ts";

/** What is to be kept. */
export type Wanted = {
  /** E.164. */
  readonly phone: string;
  readonly customerId: string | null;
  readonly name: string;
  readonly origin: "promised" | "asked";
  readonly callId: string;
  readonly queue: string;
  readonly reason: string;
  readonly dueAtMs: number;
  /** "" when the person named no time. */
  readonly timeZone: string;
  /** By this operator alone; null: by anybody. */
  readonly userId: string | null;
  readonly madeBy: string | null;
};

const LONGEST_NAME = 200;
const LONGEST_REASON = 1000;
const MOST_AHEAD_MS = 366 * 86_400_000;

/** Nobody else makes, moves or settles a call back of this phone until the transaction ends. */
export async function lockPhone(trx: Database, phone: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`callcard.call-back ${phone}`}, 0))`.execute(
    trx,
  );
}

/**
 * When a wall's clock shows it there. @param next when the shop calls next; epoch ms, null for never.
 * @throws Refusal `invalid` with why: no such zone or time, in the past, more than a year ahead.
 */
export function dueTime(
  at: string,
  timeZone: string,
  nowMs: number,
  next: number | null = null,
): number {
  const dueAtMs = momentOf(at, timeZone);
  if (dueAtMs === null) {
    const zoneIsRight = momentOf("2026-01-01T12:00", timeZone) !== null;
    throw zoneIsRight
      ? refused("noSuchTime", "at: is no time such as 2026-11-23T15:00", next)
      : refused("noSuchZone", "timeZone: is no time zone such as Europe/Moscow", null);
  }
  if (dueAtMs <= nowMs) throw refused("past", "at: lies in the past", next);
  const lastMs = nowMs + MOST_AHEAD_MS;
  if (dueAtMs > lastMs) throw refused("tooFar", "at: is more than a year ahead", lastMs);
  return dueAtMs;
}

function refused(
  reason: PromiseRefusal["reason"],
  message: string,
  possibleAtMs: number | null,
): Refusal {
  const possibleAt = possibleAtMs === null ? null : new Date(possibleAtMs).toISOString();
  return new Refusal("invalid", message, { why: { reason, possibleAt } });
}

/** Inside a transaction. @returns its id. @throws Refusal `invalid` for a phone on the do-not-call list. */
export async function keep(
  trx: Database,
  planCallBack: PlanCallBack,
  wanted: Wanted,
  nowMs: number,
): Promise<string> {
  const { phone, customerId, dueAtMs, timeZone, userId } = wanted;
  if (await isDoNotCall(trx, phone))
    throw refused("doNotCall", "phone: is on the list of those whom nobody calls", null);
  const reason = oneText(wanted.reason, LONGEST_REASON);
  const data: Readonly<Record<string, string>> = reason === "" ? {} : { reason };
  const promise = { phone, customerId, atMs: dueAtMs, timeZone, userId, data };
  const campaignId = await handOver(trx, planCallBack, promise);
  await lockPhone(trx, phone);
  const { rows } = await sql<{ id: string }>`
    insert into call_backs as b (phone, customer_id, name, origin, call_id, queue, reason, due_at, time_zone,
      user_id, campaign_id, made_by, made_at)
    values (${phone}, (select id from customers where id = ${customerId}::bigint), ${oneText(wanted.name, LONGEST_NAME)},
      ${wanted.origin}, ${wanted.callId}, ${wanted.queue}, ${reason}, ${new Date(dueAtMs)}, ${timeZone},
      ${userId}, ${campaignId}, ${wanted.madeBy}, ${new Date(nowMs)})
    on conflict (phone) where state in ('open', 'taken') do update set
      customer_id = coalesce(excluded.customer_id, b.customer_id),
      name = coalesce(nullif(excluded.name, ''), b.name),
      queue = coalesce(nullif(excluded.queue, ''), b.queue),
      reason = coalesce(nullif(excluded.reason, ''), b.reason),
      call_id = coalesce(nullif(excluded.call_id, ''), b.call_id),
      origin = excluded.origin, due_at = excluded.due_at, time_zone = excluded.time_zone,
      user_id = excluded.user_id, campaign_id = excluded.campaign_id, made_by = excluded.made_by,
      made_at = excluded.made_at,
      -- They agreed on another time: it begins anew.
      state = 'open', taken_by = null, taken_at = null, tries = 0, tried = '{}', escalated_at = null
    returning id`.execute(trx);
  return rows[0]!.id;
}

/** Whether nobody may call this phone. */
export async function isDoNotCall(db: Database, phone: string): Promise<boolean> {
  const row = await db
    .selectFrom("do_not_call")
    .select("phone")
    .where("phone", "=", phone)
    .executeTakeFirst();
  return row !== undefined;
}

/** What PostgreSQL can hold and a list can show. */
function oneText(text: string, most: number): string {
  return text
    .replaceAll(/\p{Cc}+/gu, " ")
    .toWellFormed()
    .trim()
    .slice(0, most);
}
