/**
 * Keeps what is learned from orders fresh: a little after each order, everything anew once a day, or when what was counted is lost, or when
 * somebody asks. One process does it at a time: who holds the advisory lock on the connection that does the work, so that a process that
 * dies leaves neither the lock nor the work.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { type Storage, openStorage } from "../../storage/database.ts";
import { rebuild } from "./rebuild.ts";
import { refreshStep } from "./refresh.ts";
import {
  type LearningRow,
  type LearningState,
  askForRebuild,
  readState,
  stateOf,
} from "./state.ts";

/** What is logged; pino fits. */
export type LearningLog = {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

/** How it learns. */
export type LearnerOptions = {
  readonly databaseUrl: string;
  readonly log: LearningLog;
  /** How often changes of orders are looked for; default 30 s. */
  readonly everyMs?: number;
  /** Everything is learned anew after so long; default a day. */
  readonly rebuildEveryMs?: number;
  /** Pause after each step as a share of what it took, so that others get the database; default 0.05. */
  readonly rest?: number;
};

/** Counters since the start of this process. */
export type LearnerCounters = {
  readonly rebuilds: number;
  /** Changes of orders that were taken in. */
  readonly changes: number;
  readonly failures: number;
};

/** As it was at this process' last look. */
export type LearnerGauges = {
  /** Changes of orders not taken in, counted up to 1,000. */
  readonly waitingChanges: number | null;
  readonly lastRebuildSeconds: number | null;
  /** Since everything was learned anew, whoever did it. */
  readonly rebuiltSecondsAgo: number | null;
};

/** With so many changes waiting it is sooner counted anew. */
const MOST_CHANGES = 200_000;
/** What failed is not tried again sooner, unless somebody asks: it costs minutes of the database. */
const AFTER_FAILURE_MS = 10 * 60_000;
/** A single step over this is ended by PostgreSQL. */
const STEP_LIMIT_MS = 10 * 60_000;
const FIRST_LOOK_MS = 1000;
const DAY_MS = 86_400_000;

/** Of the connection that works: one core, bounded memory, and probes by index whatever the statistics say. */
const SETTINGS = `
  set application_name = 'callcard-learning';
  set statement_timeout = ${STEP_LIMIT_MS};
  set work_mem = '64MB';
  set maintenance_work_mem = '256MB';
  set max_parallel_maintenance_workers = 1;
  set max_parallel_workers_per_gather = 0;
  set synchronous_commit = off;
  set enable_seqscan = off;
  set jit = off;
  set client_min_messages = warning`;

class Closed extends Error {}

/** Begins to learn by itself at {@link Learner.open}; for tests and benchmarks {@link Learner.learn} does it at once. */
export class Learner {
  readonly #options: Required<LearnerOptions>;
  readonly #storage: Storage;
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #learning: Promise<void> | null = null;
  #worker: number | null = null;
  #seen: LearningRow | null = null;
  #counters = { rebuilds: 0, changes: 0, failures: 0 };

  constructor(options: LearnerOptions) {
    this.#options = { everyMs: 30_000, rebuildEveryMs: DAY_MS, rest: 0.05, ...options };
    // One that works, one that tells how far it is.
    this.#storage = openStorage(options.databaseUrl, { maxConnections: 2 });
  }

  /** Looks soon, so that a shop just loaded has its hints, then again and again. */
  open(): void {
    this.#lookIn(Math.min(FIRST_LOOK_MS, this.#options.everyMs));
  }

  #lookIn(ms: number): void {
    if (this.#closing.signal.aborted) return;
    this.#timer = setTimeout(() => {
      void this.learn().then(() => this.#lookIn(this.#options.everyMs));
    }, ms);
    this.#timer.unref();
  }

  counters(): LearnerCounters {
    return this.#counters;
  }

  gauges(): LearnerGauges {
    const seen = this.#seen;
    const rebuiltMs = seen?.rebuilt_at?.getTime() ?? null;
    const tookMs = seen?.rebuild_ms ?? null;
    return {
      waitingChanges: seen?.waiting ?? null,
      lastRebuildSeconds: tookMs === null ? null : tookMs / 1000,
      rebuiltSecondsAgo: rebuiltMs === null ? null : (Date.now() - rebuiltMs) / 1000,
    };
  }

  async state(): Promise<LearningState> {
    return stateOf(await readState(this.#storage.pool));
  }

  /** For whichever process learns; begins within {@link LearnerOptions.everyMs}. */
  async ask(by: string): Promise<void> {
    await askForRebuild(this.#storage.pool, by);
  }

  /** Does what there is to do, unless another process is at it. Never fails: what went wrong is in the log and in the state. */
  learn(): Promise<void> {
    return (this.#learning ??= this.#learn().finally(() => {
      this.#learning = null;
    }));
  }

  /** Ends a step that runs: it is done again by whoever is next. May be called twice. */
  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#worker !== null)
      await this.#storage.pool
        .query("select pg_cancel_backend($1)", [this.#worker])
        .catch(() => undefined);
    await this.#learning;
    await this.#storage.close();
  }

  async #learn(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    try {
      const state = (this.#seen = await readState(this.#storage.pool));
      const hasFailed =
        state.failed_at !== null && Date.now() - state.failed_at.getTime() < AFTER_FAILURE_MS;
      if (hasFailed && state.asked_at === null) return;
      if (state.waiting > 0 || this.#isRebuildDue(state)) await this.#work();
    } catch (error) {
      await this.#noteFailure(error);
    }
  }

  #isRebuildDue(state: LearningRow): boolean {
    return (
      !state.is_whole ||
      state.asked_at !== null ||
      state.rebuilt_at === null ||
      Date.now() - state.rebuilt_at.getTime() > this.#options.rebuildEveryMs
    );
  }

  async #work(): Promise<void> {
    const client = await this.#storage.pool.connect();
    try {
      const { rows } = await client.query<{ got: boolean; pid: number }>(
        "select pg_try_advisory_lock(hashtextextended('callcard learning', 0)) as got, pg_backend_pid() as pid",
      );
      if (!rows[0]!.got) return;
      this.#worker = rows[0]!.pid;
      await client.query(SETTINGS);
      // Another process may have done it before the lock was ours.
      const state = await readState(this.#storage.pool);
      if (this.#isRebuildDue(state) || (await this.#isTooMuch(client))) await this.#rebuild(client);
      await this.#refresh(client);
    } finally {
      this.#worker = null;
      // PostgreSQL notices a closed connection a moment later: whoever looks next must find the lock free already.
      await client.query("select pg_advisory_unlock_all()").catch(() => undefined);
      // With the connection go the settings and the temporary tables.
      client.release(true);
    }
  }

  async #isTooMuch(client: pg.ClientBase): Promise<boolean> {
    const found = await client.query("select from basket_changes offset $1 limit 1", [
      MOST_CHANGES,
    ]);
    return found.rowCount === 1;
  }

  async #rebuild(client: pg.ClientBase): Promise<void> {
    const startedAtMs = performance.now();
    // A wish that comes from now on is for another one.
    await this.#tell(
      "doing = 'rebuild', step = 'orders', progress = 0, began_at = now(), asked_at = null, asked_by = ''",
    );
    let stepAtMs = performance.now();
    const counted = await rebuild(client, async (step, share) => {
      await this.#rest(performance.now() - stepAtMs);
      await this.#tell("step = $1, progress = $2", [step, share]);
      stepAtMs = performance.now();
    });
    const tookMs = Math.round(performance.now() - startedAtMs);
    await this.#tell(
      "rebuild_ms = $1, refreshed_at = now(), doing = '', step = '', progress = 0, last_error = '', failed_at = null",
      [tookMs],
    );
    this.#counters.rebuilds += 1;
    this.#options.log.info({ ...counted, tookMs }, "learned what goes with what from all orders");
  }

  async #refresh(client: pg.ClientBase): Promise<void> {
    let isFirst = true;
    for (;;) {
      const startedAtMs = performance.now();
      const taken = await refreshStep(client);
      // Void counters are for the next look, which counts anew.
      if (taken === null || taken === 0) break;
      if (isFirst) await this.#tell("doing = 'refresh', began_at = now()");
      isFirst = false;
      this.#counters.changes += taken;
      await this.#rest(performance.now() - startedAtMs);
    }
    if (!isFirst)
      await this.#tell("doing = '', refreshed_at = now(), last_error = '', failed_at = null");
  }

  /** @throws Closed when it is time to end. */
  async #rest(tookMs: number): Promise<void> {
    if (this.#closing.signal.aborted) throw new Closed();
    await sleep(tookMs * this.#options.rest, undefined, { signal: this.#closing.signal }).catch(
      () => {
        throw new Closed();
      },
    );
  }

  async #tell(change: string, values: readonly unknown[] = []): Promise<void> {
    await this.#storage.pool.query(`update offer_learning set ${change}`, [...values]);
  }

  async #noteFailure(error: unknown): Promise<void> {
    const isOurs = error instanceof Closed || this.#closing.signal.aborted;
    if (!isOurs) {
      this.#counters.failures += 1;
      this.#options.log.error({ err: error }, "learning from orders failed");
    }
    const why = error instanceof Error ? error.message : "unknown reason";
    try {
      await this.#tell(
        "doing = '', step = '', progress = 0, last_error = $1, failed_at = case when $1 = '' then null else now() end",
        [isOurs ? "" : why],
      );
    } catch {
      // PostgreSQL is away: it is in the log, and the next look finds the work undone.
    }
  }
}
