/**
 * The jobs that ask what waits: one for each order that has something waiting, made in the transaction that writes the action, so that
 * nothing is forgotten whenever a process dies.
 */
import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";

/** The task's name in the queue. */
export const ACTION_TASK = "callcard_order_actions";

/** What a job carries. */
export type ActionJob = { readonly orderId: string };

/** A job of the same order that waits is replaced. */
export const INSTALL_JOBS = `
  create or replace function callcard_ask_order(order_id bigint, run_at timestamptz)
  returns void language sql as $$
    select graphile_worker.add_job(
      '${ACTION_TASK}',
      json_build_object('orderId', order_id::text),
      run_at => run_at,
      job_key => 'order-actions-' || order_id
    )
  $$`;

/** Actions that wait without a job, as after a restore of a database without its jobs, or after a job failed too often. */
export const QUEUE_FORGOTTEN_ACTIONS = `
  select callcard_ask_order(order_id, min(next_at)) from order_actions a
  where state = 'waiting' and not exists (
    select from graphile_worker.jobs j
    where j.key = 'order-actions-' || a.order_id and j.attempts < j.max_attempts
  )
  group by order_id`;

/** Asks what waits of this order in so many milliseconds. */
export async function askOrderIn(db: Database, orderId: string, inMs: number): Promise<void> {
  const at = new Date(Date.now() + inMs);
  await sql`select callcard_ask_order(${orderId}::bigint, ${at})`.execute(db);
}
