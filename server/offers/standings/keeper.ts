/**
 * Keeps everybody's standing: whose orders changed is judged at once, whom a threshold of days passes is judged when it does, and everybody after
 * the admin changed the thresholds. Any number of processes do it together; what one leaves undone, because it died, another does.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { recordAudit } from "../../people/audit.ts";
import type { Bus } from "../../storage/bus.ts";
import type { Database, Storage } from "../../storage/database.ts";
import { LOCK_NOT_AVAILABLE } from "../../storage/migrate.ts";
import type { OfferRuleCheck, StandingsBody } from "../rest.ts";
import { checkStandings } from "./check.ts";
import { computed, judgeRange, judgeThese } from "./judge.ts";
import type { StandingSettings } from "./settings.ts";
import {
  holdSettings,
  readProgress,
  readStandings,
  writeProgress,
  writeStandings,
} from "./store.ts";

/** What is logged; pino fits. */
export interface KeeperLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export type KeeperOptions = {
  readonly storage: Pick<Storage, "db">;
  readonly bus: Pick<Bus, "publish" | "on">;
  readonly log: KeeperLog;
  /** How often it looks by itself; default 5 s. */
  readonly everyMs?: number;
  /** Epoch ms; default the clock. */
  readonly clock?: () => number;
  /** Customers judged in one transaction; default 1000 of the marked, 20,000 when it is everybody's turn. */
  readonly batch?: number;
  readonly rangeBatch?: number;
};

/** A change that cannot be made; `message` is for the person. */
export class StandingsError extends Error {
  readonly code: "standingsChanged" | "standingsRefused";
  readonly checked: OfferRuleCheck;
  constructor(
    code: StandingsError["code"],
    message: string,
    checked: OfferRuleCheck = { problems: [], warnings: [] },
  ) {
    super(message);
    this.name = "StandingsError";
    this.code = code;
    this.checked = checked;
  }
}

/** Of more changes at once nobody is named. */
const MOST_NAMED = 500;
/**
 * For a customer whose orders are being written, everybody's turn waits so long and then steps back. Far below PostgreSQL's
 * `deadlock_timeout` (1 s): where the two wait for each other, it is hardly ever the order that is refused.
 */
const HELD_MS = 50;

/** The keeper, at work until it is closed. */
export class StandingsKeeper {
  readonly #options: Required<Omit<KeeperOptions, "storage" | "bus" | "log">> &
    Pick<KeeperOptions, "storage" | "bus" | "log">;
  readonly #stopHearing: readonly (() => void)[];
  readonly #timer: NodeJS.Timeout;
  #working: Promise<void> | null = null;
  #again = false;
  readonly #closing = new AbortController();
  /** Everybody's turn waits for who writes orders, and that was said. */
  #isHeldUp = false;
  #judged = 0;

  constructor(options: KeeperOptions) {
    this.#options = {
      ...{ everyMs: 5000, clock: Date.now, batch: 1000, rangeBatch: 20_000, ...options },
    };
    const { bus } = options;
    const wake = () => this.#wake();
    this.#stopHearing = [
      bus.on("ordersChanged", wake),
      bus.on("customersChanged", wake),
      // Ours too, which finds nothing to do.
      bus.on("standingsChanged", wake),
      bus.on("hintsLost", wake),
    ];
    this.#timer = setInterval(wake, this.#options.everyMs).unref();
  }

  /** Does what is due now, until nothing is; whoever calls meanwhile waits for the same. @throws what PostgreSQL says. */
  async work(): Promise<void> {
    if (this.#closed) return;
    this.#again = true;
    this.#working ??= this.#workOff().finally(() => {
      this.#working = null;
    });
    await this.#working;
  }

  /** What holds and how it stands. */
  async body(): Promise<StandingsBody> {
    const { db } = this.#options.storage;
    const { settings, revision } = await readStandings(db);
    const progress = await readProgress(db);
    const isJudged = progress?.done === true && progress.revision === revision;
    const upTo = progress?.revision === revision ? progress.upTo : "0";
    const { rows: waiting } = await sql<{ marked: number; rest: number }>`
      select (select count(*)::int from customer_standing where judge_at <= ${new Date(this.#options.clock())}) as marked,
        (select count(*)::int from customers where not ${isJudged}::boolean and id > ${upTo}::bigint) as rest`.execute(
      db,
    );
    const { tiers, segments } = computed(settings);
    const { rows: counted } = await sql<{ kind: string; name: string; customers: number }>`
      select 'tier' as kind, tier as name, count(*)::int as customers
      from customer_standing where tier <> '' group by tier
      union all
      select 'segment', segment, count(*)::int
      from customer_standing, unnest(segments) as segment group by segment`.execute(db);
    const countOf = (kind: string, name: string) =>
      counted.find((row) => row.kind === kind && row.name === name)?.customers ?? 0;
    const { problems, warnings } = checkStandings(settings);
    return {
      ...{ settings, revision, problems, warnings },
      waiting: Math.max(waiting[0]?.marked ?? 0, waiting[0]?.rest ?? 0),
      tiers: tiers.map(({ name }) => ({ name, customers: countOf("tier", name) })),
      segments: segments.map(({ name }) => ({ name, customers: countOf("segment", name) })),
    };
  }

  /**
   * Other thresholds; everybody is judged by them from now on, in batches behind this.
   * @throws StandingsError `standingsRefused` with the problems, `standingsChanged` when somebody saved since `revision`.
   */
  async save(input: {
    readonly settings: unknown;
    readonly revision: number;
    readonly by: string;
  }): Promise<StandingsBody> {
    const { settings, problems, warnings } = checkStandings(input.settings);
    if (settings === null) {
      const first = problems[0];
      const words = first === undefined ? "" : `: ${first.path || "/"}: ${first.message}`;
      const checked = { problems, warnings };
      throw new StandingsError("standingsRefused", `The thresholds have problems${words}`, checked);
    }
    await this.#options.storage.db.transaction().execute(async (trx) => {
      await holdSettings(trx, "alone");
      const { revision } = await readStandings(trx);
      if (revision !== input.revision) {
        const words = `The thresholds were changed meanwhile: they are at revision ${revision}, not ${input.revision}`;
        throw new StandingsError("standingsChanged", words);
      }
      await writeStandings(trx, { settings, revision: revision + 1 });
      const detail = { revision: revision + 1, ...namesOf(settings) };
      await recordAudit(trx, { actor: input.by, action: "standings.changed", detail });
    });
    // Other names exist from now on, and anybody may get one: whoever keeps what is known of customers forgets it.
    this.#options.bus.publish("customersChanged", { customerIds: [], phones: [] });
    this.#wake();
    return this.body();
  }

  counters(): { readonly judged: number } {
    return { judged: this.#judged };
  }

  /** Ends after the batch at hand. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#timer);
    for (const stop of this.#stopHearing) stop();
    await this.#working?.catch(() => undefined);
  }

  #wake(): void {
    this.work().catch((error: unknown) =>
      this.#options.log.warn({ err: error }, "standings are judged later"),
    );
  }

  async #workOff(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      await this.#each(() => this.#judgeMarked());
      await this.#each(async () => {
        const more = await this.#judgeNext();
        // However long everybody takes, whose orders changed waits for one range at most.
        if (more) await this.#each(() => this.#judgeMarked());
        return more;
      });
    }
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** A full batch is followed by a rest as long as it took: others work with the same PostgreSQL. */
  async #each(step: () => Promise<boolean>): Promise<void> {
    while (!this.#closed) {
      const beganMs = performance.now();
      if (!(await step())) return;
      const { signal } = this.#closing;
      await sleep(performance.now() - beganMs, null, { signal }).catch(() => undefined);
    }
  }

  /** Those whose orders changed or whose days have passed. @returns whether there are more. */
  async #judgeMarked(): Promise<boolean> {
    const { batch, clock, storage, bus } = this.#options;
    const nowMs = clock();
    const done = await storage.db.transaction().execute(async (trx) => {
      await holdSettings(trx, "shared");
      const { settings } = await readStandings(trx);
      // Held before their orders are read, in another statement: who changes an order after that waits, and marks them again.
      const { rows } = await sql<{ customer_id: string }>`
        select customer_id from customer_standing where judge_at <= ${new Date(nowMs)}
        order by judge_at limit ${batch} for update skip locked`.execute(trx);
      const ids = rows.map((row) => row.customer_id);
      return { ids, changed: ids.length === 0 ? [] : await judgeThese(trx, settings, ids, nowMs) };
    });
    this.#judged += done.ids.length;
    if (done.changed.length > 0)
      bus.publish("standingsChanged", {
        customerIds: done.changed.length <= MOST_NAMED ? done.changed : [],
      });
    return done.ids.length === batch;
  }

  /** The next range of everybody, while they are judged by earlier settings. @returns whether there are more. */
  async #judgeNext(): Promise<boolean> {
    const { rangeBatch, clock, storage, bus, log } = this.#options;
    const stored = await readStandings(storage.db);
    const before = await readProgress(storage.db);
    if (before?.done === true && before.revision === stored.revision) return false;
    const nowMs = clock();
    const judging = storage.db.transaction().execute(async (trx) => {
      await sql`select set_config('statement_timeout', '120s', true)`.execute(trx);
      const { rows: free } = await sql<{ held: boolean }>`
        select pg_try_advisory_xact_lock(hashtext('callcard.standings.everybody')) as held`.execute(
        trx,
      );
      // Another process is at it.
      if (free[0]?.held !== true) return { more: false, changed: 0, done: false };
      await holdSettings(trx, "shared");
      const { settings, revision } = await readStandings(trx);
      const progress = await readProgress(trx);
      if (progress?.done === true && progress.revision === revision)
        return { more: false, changed: 0, done: false };
      const after = progress?.revision === revision ? progress.upTo : "0";
      const upTo = await endOfRange(trx, after, rangeBatch);
      if (upTo === null) {
        await writeProgress(trx, { revision, upTo: after, done: true });
        return { more: false, changed: 0, done: true };
      }
      await sql`select set_config('lock_timeout', ${`${HELD_MS}ms`}, true)`.execute(trx);
      const changed = await judgeRange(trx, settings, { after, upTo }, nowMs);
      await writeProgress(trx, { revision, upTo, done: false });
      return { more: true, changed, done: false };
    });
    const step = await judging.catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE) throw error;
      if (!this.#isHeldUp)
        log.info({ revision: stored.revision }, "everybody's standing waits for who writes orders");
      this.#isHeldUp = true;
      return null;
    });
    // The same range again, after a rest.
    if (step === null) return true;
    this.#isHeldUp = false;
    if (step.changed > 0) bus.publish("standingsChanged", { customerIds: [] });
    if (step.done) log.info({ revision: stored.revision }, "everybody's standing is judged");
    return step.more;
  }
}

async function endOfRange(trx: Database, after: string, size: number): Promise<string | null> {
  const { rows } = await sql<{ last: string | null }>`
    select max(id) as last from (
      select id from customers where id > ${after} order by id limit ${size}
    ) range`.execute(trx);
  return rows[0]?.last ?? null;
}

function namesOf(settings: StandingSettings): object {
  return {
    tiers: settings.tiers.map(({ name }) => name),
    segments: settings.segments.map(({ name }) => name),
    tiersFrom: settings.tiersFrom,
    segmentsFrom: settings.segmentsFrom,
  };
}
