/**
 * The jobs that send results, in PostgreSQL: one for each result, made by a trigger in the transaction that writes it, so that there is
 * no result without its job, whoever writes it. Jobs of one source run one after the other.
 */
import { sql } from "kysely";
import { runMigrations } from "graphile-worker";
import type pg from "pg";
import type { Database } from "../storage/database.ts";
import { TRIED_FOR_MS } from "./result-retries.ts";

/** The task's name in the queue. */
export const RESULT_TASK = "callcard_result";

/** What a job carries. */
export type ResultJob = {
  readonly id: string;
  /** When it was to be sent first; ISO date-time. */
  readonly since: string;
};

/**
 * A job of the same result that waits is replaced; of one that is being done nothing more is tried. `since` null: from now on.
 * A body that changed stands at the end again for those who read results in turn.
 */
const INSTALL = `
  create or replace function callcard_send_result(
    result_id bigint, source text, run_at timestamptz, since timestamptz
  ) returns void language sql as $$
    select graphile_worker.add_job(
      '${RESULT_TASK}',
      json_build_object('id', result_id::text, 'since', to_char(
        coalesce(since, now()) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
      queue_name => 'results/' || source,
      run_at => run_at,
      job_key => 'result-' || result_id
    )
  $$;
  create or replace function callcard_result_written() returns trigger language plpgsql as $$
  begin
    if tg_op = 'UPDATE' then
      if new.body is not distinct from old.body then
        return new;
      end if;
      new.place := null;
    end if;
    if new.source <> '' and new.delivered_at is null then
      perform callcard_send_result(new.id, new.source, now(), null);
    end if;
    return new;
  end
  $$;
  create or replace trigger result_added after insert on results
    for each row execute function callcard_result_written();
  create or replace trigger result_changed before update of body on results
    for each row execute function callcard_result_written()`;

/** Results written while there was no trigger yet, as after a restore of a database without its jobs. */
const QUEUE_FORGOTTEN = `
  select callcard_send_result(r.id, r.source, now(), null)
  from results r
  where r.delivered_at is null and r.source <> '' and r.tries = 0
    and not exists (select from graphile_worker.jobs j where j.key = 'result-' || r.id)`;

/** Brings the queue's own tables and the trigger to the present; processes that start together wait for each other. */
export async function prepareResultJobs(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query("select pg_advisory_lock(hashtext('callcard.jobs'))");
    await runMigrations({ pgPool: pool, parsedCronItems: [] });
    await client.query("begin");
    await client.query(INSTALL);
    await client.query(QUEUE_FORGOTTEN);
    await client.query("commit");
    await client.query("select pg_advisory_unlock(hashtext('callcard.jobs'))");
  } catch (error) {
    // Closed, not handed on: it may hold the lock.
    broken = error as Error;
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Sends again what a source does not have yet, of the time for which results are tried. */
export async function requeueResults(db: Database, source: string): Promise<void> {
  await sql`
    select callcard_send_result(id, source, now(), null) from results
    where source = ${source} and delivered_at is null
      and created_at > now() - ${`${TRIED_FOR_MS} milliseconds`}::interval`.execute(db);
}

/**
 * Jobs that a process took and did not give back in time, because it is gone, are free for others. A job is over long before
 * `lostAfterMs`, so one that is still done by somebody is hardly ever among them; if it is, its result is sent twice under one id.
 */
export async function freeLostJobs(pool: pg.Pool, lostAfterMs: number): Promise<void> {
  await pool.query(
    `select graphile_worker.force_unlock_workers(lost) from (
       select array_agg(distinct locked_by) as lost from graphile_worker.jobs
       where task_identifier = $1 and locked_at < now() - $2 * interval '1 millisecond'
     ) found where lost is not null`,
    [RESULT_TASK, lostAfterMs],
  );
}
