/**
 * Sends what waits for one target: what is due, of every subject the oldest first. A receiver that does not answer is left alone as a
 * whole; one that refuses a delivery holds up its subject alone.
 */
import { sql } from "kysely";
import type { Storage } from "../storage/database.ts";
import type { JobLog } from "../storage/job-queue.ts";
import { EVENT_HEADER, IDEMPOTENCY_HEADER } from "./model.ts";
import { type AfterTry, type Try, afterTry, describeTry, isPermanent } from "./retries.ts";
import { ANSWER_WITHIN_MS, sendSigned } from "./send-signed.ts";

/** What sending works with. */
export type SenderOptions = {
  readonly storage: Pick<Storage, "db">;
  readonly log: JobLog;
  /** Default 10 s. */
  readonly answerWithinMs?: number;
  /** How a try is followed by the next; default {@link afterTry}. */
  readonly judge?: (outcome: Try, tries: number, sinceMs: number, atMs: number) => AfterTry;
  /** How long a receiver rests that did not answer so many times in a row; default 1 s, 2 s, ... 1 minute. */
  readonly restMs?: (failures: number) => number;
};

const FIRST_REST_MS = 1000;
const LONGEST_REST_MS = 60_000;
/** Whoever asks to be left alone for longer is asked again after this. */
const LONGEST_ASKED_MS = 3_600_000;
/** A job ends long before it would be taken for lost. */
const GO_ON_FOR_MS = 20_000;

type Waiting = {
  readonly id: string;
  readonly event: string;
  readonly body: string;
  readonly tries: number;
  readonly since: Date;
};
type Target = { readonly url: string; readonly secret: string; readonly resting: Date | null };

export class Sender {
  readonly #options: SenderOptions;
  readonly #stopped = new AbortController();

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** What is being sent is given up at once. */
  stop(): void {
    this.#stopped.abort();
  }

  /**
   * Sends until nothing is due, the receiver does not answer, or time is up.
   * @returns when to go on, epoch ms; null when nothing waits. @throws only when PostgreSQL fails: then the queue does the job again.
   */
  async send(targetId: string, aborted?: AbortSignal): Promise<number | null> {
    const { storage } = this.#options;
    const stop = aborted ? AbortSignal.any([this.#stopped.signal, aborted]) : this.#stopped.signal;
    const untilMs = Date.now() + GO_ON_FOR_MS;
    while (Date.now() < untilMs) {
      const target = await this.#target(targetId);
      if (target === null) return null;
      if (target.resting !== null && target.resting.getTime() > Date.now())
        return target.resting.getTime() + Math.random() * 500;
      const first = await this.#first(targetId);
      if (first === null) break;
      const outcome = await sendSigned(target, first.body, {
        ...{ now: Date.now, signal: stop },
        answerWithinMs: this.#options.answerWithinMs ?? ANSWER_WITHIN_MS,
        headers: { [IDEMPOTENCY_HEADER]: first.id, [EVENT_HEADER]: first.event },
      });
      // Broken off by our own stop: that says nothing of the receiver.
      if (stop.aborted && outcome.type === "unanswered") return Date.now();
      await this.#record(targetId, first, outcome);
    }
    const { rows } = await sql<{ at: Date | null }>`
      select min(next_at) as at from (
        select distinct on (subject) next_at from webhook_deliveries
        where target_id = ${targetId}::bigint and delivered_at is null and given_up_at is null
        order by subject, n
      ) heads`.execute(storage.db);
    return rows[0]?.at?.getTime() ?? null;
  }

  /** Null for one that is gone, switched off, or whose letters could not be signed. */
  async #target(targetId: string): Promise<Target | null> {
    const row = await this.#options.storage.db
      .selectFrom("webhook_targets")
      .select(["url", "secret", "resting_until as resting"])
      .where("id", "=", targetId)
      .where("enabled", "=", true)
      .executeTakeFirst();
    return row === undefined || row.secret === "" ? null : row;
  }

  /** The oldest that is due of those that are the first of their subjects. */
  async #first(targetId: string): Promise<Waiting | null> {
    const { rows } = await sql<Waiting>`
      select id, event, body::text as body, tries, tried_since as since from (
        select distinct on (subject) id, event, body, tries, tried_since, next_at, n
        from webhook_deliveries
        where target_id = ${targetId}::bigint and delivered_at is null and given_up_at is null
        order by subject, n
      ) heads
      where next_at <= now() order by n limit 1`.execute(this.#options.storage.db);
    return rows[0] ?? null;
  }

  async #record(targetId: string, sent: Waiting, outcome: Try): Promise<void> {
    const { log, storage } = this.#options;
    const tries = sent.tries + 1;
    const nowMs = Date.now();
    const judge = this.#options.judge ?? afterTryByChance;
    const after = judge(outcome, tries, sent.since.getTime(), nowMs);
    const why = describeTry(outcome) + (after.next === "giveUp" ? "; given up" : "");
    const fields = { delivery: sent.id, target: targetId, tries, why };
    if (after.next === "giveUp") log.warn(fields, "a webhook was given up");
    else if (after.next === "again") log.info({ ...fields, inMs: after.inMs }, "a webhook waits");
    const isDown = outcome.type !== "taken" && !isPermanent(outcome);
    const nextAt = new Date(nowMs + (after.next === "again" ? after.inMs : 0));
    await storage.db.transaction().execute(async (trx) => {
      await sql`
        update webhook_deliveries set tries = tries + 1, last_error = ${why}, next_at = ${nextAt},
          delivered_at = case when ${after.next === "done"} then now() end,
          given_up_at = case when ${after.next === "giveUp"} then now() end
        where id = ${sent.id}::uuid and delivered_at is null`.execute(trx);
      if (isDown) await this.#rest(trx, targetId, outcome, nowMs);
      else await answersAgain(trx, targetId);
    });
  }

  /** It is the receiver that is down, not this delivery: everything for it waits. */
  async #rest(trx: Storage["db"], targetId: string, outcome: Try, nowMs: number): Promise<void> {
    const row = await trx
      .selectFrom("webhook_targets")
      .select("failures")
      .where("id", "=", targetId)
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined) return;
    const failures = row.failures + 1;
    const ownMs = (this.#options.restMs ?? restMs)(failures);
    const askedMs = outcome.type === "refused" ? (outcome.retryAfterMs ?? 0) : 0;
    const resting = nowMs + Math.max(ownMs, Math.min(LONGEST_ASKED_MS, askedMs));
    await trx
      .updateTable("webhook_targets")
      .set({ failures, resting_until: new Date(resting) })
      .where("id", "=", targetId)
      .execute();
  }
}

/** After so many failures in a row the receiver was away, and not only unable to take one delivery. */
const AWAY_AFTER = 3;

/** What waits only because the receiver was away is sent now. */
async function answersAgain(trx: Storage["db"], targetId: string): Promise<void> {
  const { rows } = await sql<{ failures: number }>`
    update webhook_targets t set failures = 0, resting_until = null
    from (select id, failures from webhook_targets where id = ${targetId}::bigint for update) before
    where t.id = before.id and before.failures > 0
    returning before.failures`.execute(trx);
  if ((rows[0]?.failures ?? 0) < AWAY_AFTER) return;
  await sql`
    update webhook_deliveries set next_at = now()
    where target_id = ${targetId}::bigint and delivered_at is null and given_up_at is null`.execute(
    trx,
  );
}

function restMs(failures: number): number {
  return Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** Math.min(failures - 1, 10));
}

function afterTryByChance(outcome: Try, tries: number, sinceMs: number, atMs: number): AfterTry {
  return afterTry(outcome, tries, sinceMs, atMs, Math.random());
}
