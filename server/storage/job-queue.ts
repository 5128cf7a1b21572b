/**
 * Durable jobs in PostgreSQL (graphile-worker), as this product needs them: the queue lives through a database that comes and goes, what
 * a process leaves behind when it dies another goes on with, and closing takes a few seconds at most.
 */
import { Logger, type Runner, type TaskList, run, runMigrations } from "graphile-worker";
import type pg from "pg";

/** What is logged; pino fits. */
export interface JobLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What a queue works with. */
export type JobQueueOptions = {
  /** Two connections are held or used now and then: a pool of 3 is enough. */
  readonly pool: pg.Pool;
  readonly log: JobLog;
  /** For the log: `results`. */
  readonly name: string;
  /** By name; every one ends soon after its `abortSignal`. */
  readonly tasks: TaskList;
  /** Jobs done at the same time. */
  readonly atATime: number;
  /** A job taken so long ago was its process's last; default 1 minute. Longer than any job takes. */
  readonly lostAfterMs?: number;
};

/** Jobs being done. */
export interface JobQueue {
  /**
   * Looks for the next job soon. A job is given back after the next was looked for, which of the same named queue cannot be taken then;
   * ask for this at a job's end so that it need not wait until the queue looks by itself.
   */
  wake(): void;
  /** Ends within a few seconds; what was being done is done again by whoever opens next. */
  close(): Promise<void>;
}

const POLL_MS = 2000;
const WAKE_AFTER_MS = 30;
const ABORT_AFTER_MS = 500;
const CLOSE_WITHIN_MS = 4000;
const START_AGAIN_MS = 3000;

/**
 * Brings the queue's own tables to the present and then executes the statements, those together or none; processes that start together
 * wait for each other.
 */
export async function prepareJobs(pool: pg.Pool, ...statements: string[]): Promise<void> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query("select pg_advisory_lock(hashtext('callcard.jobs'))");
    await runMigrations({ pgPool: pool, parsedCronItems: [] });
    await client.query("begin");
    for (const statement of statements) await client.query(statement);
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

/** Begins to do jobs, whose tables are there ({@link prepareJobs}). */
export function openJobQueue(options: JobQueueOptions): JobQueue {
  const { pool, log, name, tasks } = options;
  const lostAfterMs = options.lostAfterMs ?? 60_000;
  const closing = new AbortController();
  let runner: Runner | null = null;
  let waking: NodeJS.Timeout | undefined;
  const ended = keepRunning();
  const sweep = () => {
    freeLostJobs(pool, Object.keys(tasks), lostAfterMs).catch((error: unknown) =>
      log.debug({ err: error }, "lost jobs are looked for later"),
    );
  };
  sweep();
  const sweeping = setInterval(sweep, Math.max(500, lostAfterMs / 2));
  sweeping.unref();
  let closed: Promise<void> | undefined;
  return { wake, close: () => (closed ??= close()) };

  /** A queue that gave up (its connections were lost for too long) is begun anew. */
  async function keepRunning(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        runner = await run({
          pgPool: pool,
          taskList: tasks,
          parsedCronItems: [],
          concurrency: options.atATime,
          pollInterval: POLL_MS,
          noHandleSignals: true,
          gracefulShutdownAbortTimeout: ABORT_AFTER_MS,
          logger: loggerOf(log, name),
          // Only then a job that cannot be given back, because PostgreSQL went away, ends the queue and not the process.
          preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
        });
        // Closed while it began: nobody else stops it.
        if (closing.signal.aborted) await runner.stop();
        await runner.promise;
      } catch (error) {
        if (!closing.signal.aborted) log.warn({ err: error }, `${name} rest for a moment`);
      }
      runner = null;
      await pause(START_AGAIN_MS, closing.signal);
    }
  }

  function wake(): void {
    const timer = setTimeout(() => {
      pool
        .query(`select pg_notify('jobs:insert', '{"count":1}')`)
        .catch((error: unknown) => log.debug({ err: error }, "the next job waits a moment"));
    }, WAKE_AFTER_MS);
    timer.unref();
    waking = timer;
  }

  async function close(): Promise<void> {
    clearTimeout(waking);
    clearInterval(sweeping);
    closing.abort();
    const limit = pause(CLOSE_WITHIN_MS, new AbortController().signal);
    const stopping = runner?.stop().catch(() => undefined);
    await Promise.race([Promise.all([stopping, ended]), limit]);
  }
}

/**
 * Jobs that a process took and did not give back in time, because it is gone, are free for others. One that is still done by somebody is
 * hardly ever among them; if it is, it is done twice.
 */
async function freeLostJobs(
  pool: pg.Pool,
  tasks: readonly string[],
  lostAfterMs: number,
): Promise<void> {
  await pool.query(
    `select graphile_worker.force_unlock_workers(lost) from (
       select array_agg(distinct locked_by) as lost from graphile_worker.jobs
       where task_identifier = any($1) and locked_at < now() - $2 * interval '1 millisecond'
     ) found where lost is not null`,
    [tasks, lostAfterMs],
  );
}

/** The queue's own words are for whoever looks into it: what matters is logged by those who do the jobs. */
function loggerOf(log: JobLog, name: string): Logger {
  return new Logger(() => (level, message) => {
    if (level === "error") log.warn({ queue: message }, `the queue of ${name}`);
    else log.debug({ queue: message }, `the queue of ${name}`);
  });
}

/** Ends early with the signal. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  const timer = setTimeout(resolve, ms);
  timer.unref();
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}
