/**
 * The jobs that send results, in PostgreSQL: one for each result, made by a trigger in the transaction that writes it, so that there is
 * no result without its job, whoever writes it. Jobs of one source run one after the other.
 */
import { sql } from "kysely";
import type pg from "pg";
import type { Database } from "../storage/database.ts";
import { prepareJobs } from "../storage/job-queue.ts";
import { TRIED_FOR_MS } from "../webhooks/retries.ts";

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

/** Brings the queue's own tables and the trigger to the present. */
export async function prepareResultJobs(pool: pg.Pool): Promise<void> {
  await prepareJobs(pool, INSTALL, QUEUE_FORGOTTEN);
}

/** Sends again what a source does not have yet, of the time for which results are tried. */
export async function requeueResults(db: Database, source: string): Promise<void> {
  await sql`
    select callcard_send_result(id, source, now(), null) from results
    where source = ${source} and delivered_at is null
      and created_at > now() - ${`${TRIED_FOR_MS} milliseconds`}::interval`.execute(db);
}
