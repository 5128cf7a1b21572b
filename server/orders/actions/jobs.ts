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

/**
 * An order has one job that waits, for the earliest time anybody wanted: whoever writes something new for a little later does not put off
 * what is due now. A job that finds nothing due yet makes one for when something is. The lock is that of whoever writes an action, so
 * that of two who come together the second sees the first one's job.
 */
export const INSTALL_JOBS = `
  create or replace function callcard_ask_order(order_id bigint, run_at timestamptz)
  returns void language plpgsql as $$
  begin
    perform pg_advisory_xact_lock(hashtextextended('order actions ' || order_id, 0));
    perform graphile_worker.add_job(
      '${ACTION_TASK}',
      json_build_object('orderId', order_id::text),
      run_at => least(run_at, (
        select j.run_at from graphile_worker.jobs j
        where j.key = 'order-actions-' || order_id and j.locked_at is null and j.attempts < j.max_attempts
      )),
      job_key => 'order-actions-' || order_id
    );
  end
  $$`;

/** Actions that wait without a job, as after a restore of a database without its jobs, or after a job failed too often. */
export const QUEUE_FORGOTTEN_ACTIONS = `
  select callcard_ask_order(order_id, min(next_at)) from order_actions a
  where state = 'waiting' and not exists (
    select from graphile_worker.jobs j
    where j.key = 'order-actions-' || a.order_id and j.attempts < j.max_attempts
  )
  group by order_id`;

/** Asks what waits of this order in so many milliseconds, or sooner when that was wanted before. */
export async function askOrderIn(db: Database, orderId: string, inMs: number): Promise<void> {
  const at = new Date(Date.now() + inMs);
  await sql`select callcard_ask_order(${orderId}::bigint, ${at})`.execute(db);
}
