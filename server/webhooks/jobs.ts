/**
 * The jobs that send webhooks: one for each target that has something waiting, made by a trigger in the transaction that writes it, so
 * that nothing is forgotten whenever a process dies. Jobs of one target run one after the other.
 */
import { sql } from "kysely";
import type { Database } from "../storage/database.ts";

/** The task's name in the queue. */
export const WEBHOOK_TASK = "callcard_webhooks";

/** What a job carries. */
export type WebhookJob = { readonly targetId: string };

/**
 * A job of the same target that waits is replaced, unless it is to be kept; a target that rests is not woken. `keep`: whoever wrote
 * something meanwhile made a job for now, which must not be put off.
 */
export const INSTALL_JOBS = `
  create or replace function callcard_send_webhooks(target bigint, run_at timestamptz, keep boolean)
  returns void language sql as $$
    select graphile_worker.add_job(
      '${WEBHOOK_TASK}',
      json_build_object('targetId', target::text),
      queue_name => 'webhooks/' || target,
      run_at => greatest(run_at, (select resting_until from webhook_targets where id = target)),
      job_key => 'webhooks-' || target,
      job_key_mode => case when keep then 'preserve_run_at' else 'replace' end
    )
  $$;
  create or replace function callcard_webhook_written() returns trigger language plpgsql as $$
  begin
    perform callcard_send_webhooks(new.target_id, now(), false);
    return null;
  end
  $$;
  create or replace trigger webhook_written after insert on webhook_deliveries
    for each row execute function callcard_webhook_written()`;

/** Targets with something waiting and no job, as after a restore of a database without its jobs, or after a job failed too often. */
export const QUEUE_FORGOTTEN_WEBHOOKS = `
  select callcard_send_webhooks(target_id, min(next_at), false) from webhook_deliveries d
  where delivered_at is null and given_up_at is null and not exists (
    select from graphile_worker.jobs j
    where j.key = 'webhooks-' || d.target_id and j.attempts < j.max_attempts
  )
  group by target_id`;

/** A job goes on with its target later; epoch ms. */
export async function goOnAt(db: Database, targetId: string, atMs: number): Promise<void> {
  const at = new Date(atMs);
  await sql`select callcard_send_webhooks(${targetId}::bigint, ${at}, true)`.execute(db);
}

/** Somebody wants it sent. */
export async function sendNow(db: Database, targetId: string): Promise<void> {
  await sql`select callcard_send_webhooks(${targetId}::bigint, now(), false)`.execute(db);
}
