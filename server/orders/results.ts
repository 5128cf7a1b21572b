/**
 * Results of calls, sent back to the sources of their orders: each until its receiver has it, or for three days. Every process sends;
 * what one leaves behind when it dies another goes on with.
 */
import { sql } from "kysely";
import type { JobHelpers } from "graphile-worker";
import type { Storage } from "../storage/database.ts";
import { type JobLog, openJobQueue } from "../storage/job-queue.ts";
import { RESULT_TASK, type ResultJob, prepareResultJobs } from "./result-jobs.ts";
import {
  type AfterTry,
  type Try,
  afterTry,
  describeTry,
  isPermanent,
} from "../webhooks/retries.ts";
import { ANSWER_WITHIN_MS, sendSigned } from "../webhooks/send-signed.ts";
import { resultsTarget } from "./sources.ts";

/** What sending works with. */
export type ResultsOptions = {
  /** Two connections are held or used now and then: a pool of 3 is enough. */
  readonly storage: Pick<Storage, "db" | "pool">;
  readonly log: JobLog;
  /** Default 10 s. */
  readonly answerWithinMs?: number;
  /** A job taken so long ago was its process's last; default 1 minute. */
  readonly lostAfterMs?: number;
  /** How a try is followed by the next; default {@link afterTry}. */
  readonly judge?: (outcome: Try, tries: number, sinceMs: number, atMs: number) => AfterTry;
};

/** Sending under way. */
export interface Results {
  /** Ends within a few seconds; what was being sent is sent again by whoever opens next. */
  close(): Promise<void>;
}

/** Sources that are sent to at the same time; a slow one holds up nobody but itself. */
const AT_A_TIME = 10;
/** After a receiver did not answer, it is left alone for so long; twice that the next time, and so on. */
const FIRST_REST_MS = 1000;
const LONGEST_REST_MS = 60_000;

/** Readies the queue and begins to send. @throws when PostgreSQL cannot be reached now; later it may come and go. */
export async function openResults(options: ResultsOptions): Promise<Results> {
  const { storage, log, lostAfterMs } = options;
  await prepareResultJobs(storage.pool);
  const sender = new Sender(options);
  const queue = openJobQueue({
    ...{ pool: storage.pool, log, name: "results", atATime: AT_A_TIME },
    ...(lostAfterMs === undefined ? {} : { lostAfterMs }),
    tasks: {
      [RESULT_TASK]: async (job: unknown, helpers) => {
        await sender.send(job as ResultJob, helpers);
        queue.wake();
      },
    },
  });
  return {
    close: () => {
      sender.stop();
      return queue.close();
    },
  };
}

class Sender {
  readonly #options: ResultsOptions;
  readonly #stopped = new AbortController();
  /** Receivers that are left alone: until when, and how many times in a row they did not answer. */
  readonly #resting = new Map<string, { untilMs: number; times: number }>();

  constructor(options: ResultsOptions) {
    this.#options = options;
  }

  /** What is being sent is given up at once. */
  stop(): void {
    this.#stopped.abort();
  }

  /** @throws only when PostgreSQL fails: then the queue does the job again. */
  async send(job: ResultJob, helpers: Pick<JobHelpers, "abortSignal">): Promise<void> {
    const { storage, log } = this.#options;
    const { rows } = await sql<{ source: string; body: string; tries: number }>`
      select source, body::text as body, tries from results
      where id = ${job.id}::bigint and delivered_at is null`.execute(storage.db);
    const result = rows[0];
    // It was delivered meanwhile, or the person is called again and there is no result any more.
    if (result === undefined) return;
    const target = await resultsTarget(storage.db, result.source);
    if (target === null) return;
    const restMs = (this.#resting.get(target.url)?.untilMs ?? 0) - Date.now();
    if (restMs > 0) return this.#postpone(job, result.source, restMs + Math.random() * 1000);

    const signal = AbortSignal.any([this.#stopped.signal, helpers.abortSignal]);
    const outcome = await sendSigned(target, result.body, {
      ...{ now: Date.now, signal },
      answerWithinMs: this.#options.answerWithinMs ?? ANSWER_WITHIN_MS,
    });
    // Broken off by our own stop: that says nothing of the receiver.
    if (outcome.type === "unanswered" && signal.aborted)
      return this.#postpone(job, result.source, 0);
    this.#rest(target.url, outcome);
    const tries = result.tries + 1;
    const judge = this.#options.judge ?? afterTryByChance;
    const after = judge(outcome, tries, Date.parse(job.since), Date.now());
    const fields = { result: job.id, source: result.source, tries, why: describeTry(outcome) };
    if (after.next === "giveUp") log.warn(fields, "a result was given up");
    else if (after.next === "again") log.info({ ...fields, inMs: after.inMs }, "a result waits");
    await this.#record(job, result, outcome, after);
  }

  /** What came of it and the next try, together. A body that changed meanwhile is another's job already. */
  async #record(
    job: ResultJob,
    result: { readonly source: string; readonly body: string },
    outcome: Try,
    after: AfterTry,
  ): Promise<void> {
    const why = describeTry(outcome) + (after.next === "giveUp" ? "; given up" : "");
    await this.#options.storage.db.transaction().execute(async (trx) => {
      const { rows } = await sql`
        update results set tries = tries + 1, last_error = ${why},
          delivered_at = case when ${after.next === "done"} then now() end
        where id = ${job.id}::bigint and body = ${result.body}::jsonb
        returning id`.execute(trx);
      if (after.next === "again" && rows.length > 0) {
        const at = new Date(Date.now() + after.inMs);
        await sql`
          select callcard_send_result(${job.id}::bigint, ${result.source}, ${at}, ${job.since}::timestamptz)`.execute(
          trx,
        );
      }
    });
  }

  async #postpone(job: ResultJob, source: string, ms: number): Promise<void> {
    const at = new Date(Date.now() + ms);
    await sql`
      select callcard_send_result(${job.id}::bigint, ${source}, ${at}, ${job.since}::timestamptz)`.execute(
      this.#options.storage.db,
    );
  }

  /** A receiver that is down, or asked for it, is left alone with all its results, not asked for each. */
  #rest(url: string, outcome: Try): void {
    if (outcome.type === "taken" || isPermanent(outcome)) {
      this.#resting.delete(url);
      return;
    }
    const times = (this.#resting.get(url)?.times ?? 0) + 1;
    const ownMs = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** Math.min(times - 1, 10));
    const askedMs = outcome.type === "refused" ? (outcome.retryAfterMs ?? 0) : 0;
    const untilMs = Date.now() + Math.max(ownMs, Math.min(askedMs, 3_600_000));
    this.#resting.set(url, { untilMs, times });
  }
}

function afterTryByChance(outcome: Try, tries: number, sinceMs: number, atMs: number): AfterTry {
  return afterTry(outcome, tries, sinceMs, atMs, Math.random());
}
