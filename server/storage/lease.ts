/**
 * The right of one process to act on something that all processes see, such as a PBX: an advisory lock of PostgreSQL on a connection of its
 * own, and a row of `leases` beside it that tells by its epoch whose turn it is.
 *
 *     lock   lives as long as the holder's connection: when the holder dies the next one has it in a moment
 *     row    renewed every second; a holder that renews no longer, though its connection stands, has that connection ended by the next one
 *     clock  the holder believes in its lease only so long after its last renewal that nobody can have taken it yet
 *
 * A holder that cannot do what the lease is for, because its own way to the PBX is cut, gives it up as soon as somebody wants it who can.
 *
 * So a process that stood still (SIGSTOP, a machine that slept) finds the lease lost at its first look. It has to look: {@link Lease.held}
 * belongs right before every act, {@link Lease.confirm} before one that cannot be done twice (a network that parts the holder from
 * PostgreSQL frees the lock before the holder knows, for up to `validMs`), {@link Lease.fenced} around what is written.
 *
 * The address must lead to PostgreSQL itself: behind a pooler that shares connections (pgbouncer in transaction mode) a lock belongs to
 * whoever has the connection at the moment.
 */
import { performance } from "node:perf_hooks";
import { sql } from "kysely";
import type { Database } from "./database.ts";
import { LeaseSession } from "./lease-session.ts";

/** The lease was lost before something could be written under it. Nothing was written. */
export class LeaseLost extends Error {
  constructor(name: string) {
    super(`the lease ${name} is not held any more`);
    this.name = "LeaseLost";
  }
}

/** Who has it: this process, another one, or nobody can tell, because PostgreSQL does not answer. */
export type LeaseHolder = "here" | "elsewhere" | "unknown";

/** A lease of one name. */
export interface Lease {
  /** Whether this process has it: a look at the clock, right also in a process that has just been asleep. */
  held(): boolean;
  /** Asks PostgreSQL. @returns false when it is lost, which listeners were told by then. Never fails. */
  confirm(): Promise<boolean>;
  /** Grows with every taking by whichever process; 0 while this process does not have it. */
  epoch(): number;
  holder(): LeaseHolder;
  /**
   * Writes in one transaction that only comes to an end while this process still has the lease: who took it over meanwhile waits for the
   * transaction, or it fails. PostgreSQL ends it when it stands still for 2 s, or when one statement takes over 3 s: a holder that fell
   * asleep in it keeps nobody waiting. @throws LeaseLost when it was lost; nothing was written then.
   */
  fenced<T>(db: Database, deed: (trx: Database) => Promise<T>): Promise<T>;
  /** Told after it was gained and after it was lost; must not throw. Returns how to remove it. */
  onChange(listener: (held: boolean) => void): () => void;
  /** Gives it up; others have it as soon as this resolves. */
  close(): Promise<void>;
}

export type LeaseOptions = {
  /** A direct connection, see above. */
  readonly databaseUrl: string;
  /** The same in every process. */
  readonly name: string;
  /** How often the holder renews it; default 1000. */
  readonly renewEveryMs?: number;
  /** How often others ask for it; default 500. */
  readonly tryEveryMs?: number;
  /** The holder believes in it so long after the beginning of its last renewal; default 3000. */
  readonly validMs?: number;
  /** Not renewed for so long it is taken; default 5000. Above `validMs` by more than clocks go apart in that time. */
  readonly staleMs?: number;
  /** A question without an answer for so long is a lost connection; default 3000. */
  readonly deadlineMs?: number;
  /** How much longer than others this process waits before it asks, so that who has fewer leases gets the next; default 0. */
  readonly patienceMs?: () => number;
  /** Whether this process could act now. One that could not leaves the lease to others; alone it has it all the same. Default yes. */
  readonly able?: () => boolean;
};

/** Begins to ask for it; nobody has to wait. */
export function openLease(options: LeaseOptions): Lease {
  return new AdvisoryLease(options);
}

const DEFAULTS = {
  renewEveryMs: 1000,
  tryEveryMs: 500,
  validMs: 3000,
  staleMs: 5000,
  deadlineMs: 3000,
  patienceMs: () => 0,
  able: () => true,
};
/** Whoever could not act asks so much later than those who could. */
const UNABLE_MS = 2000;
/** After a standing holder's connection was ended its lock is free as soon as its backend is gone. */
const AFTER_ENDING_MS = 50;
/** Bounds of a fenced transaction; see {@link Lease.fenced}. */
const FENCED_IDLE_MS = 2000;
const FENCED_STATEMENT_MS = 3000;

class AdvisoryLease implements Lease {
  readonly #options: Required<LeaseOptions>;
  readonly #listeners = new Set<(held: boolean) => void>();
  #session: LeaseSession | null = null;
  #epoch = 0;
  /** By the monotonic clock. */
  #validUntilMs = 0;
  #seenElsewhereAtMs = -Infinity;
  #told = false;
  #closed = false;
  #timer: NodeJS.Timeout | null = null;
  #expiry: NodeJS.Timeout | null = null;
  #asking: Promise<boolean> | null = null;
  /** Somebody gave it up while a question was under way. */
  #wanted = false;

  constructor(options: LeaseOptions) {
    this.#options = { ...DEFAULTS, ...options };
    void this.#look();
  }

  held(): boolean {
    if (this.#epoch === 0) return false;
    if (performance.now() < this.#validUntilMs) return true;
    this.#epoch = 0;
    // Whoever asks is in the middle of something: listeners are told when it has its answer.
    queueMicrotask(() => this.#tell());
    return false;
  }

  epoch(): number {
    return this.held() ? this.#epoch : 0;
  }

  holder(): LeaseHolder {
    if (this.held()) return "here";
    const agoMs = performance.now() - this.#seenElsewhereAtMs;
    return agoMs < this.#options.validMs ? "elsewhere" : "unknown";
  }

  fenced<T>(db: Database, deed: (trx: Database) => Promise<T>): Promise<T> {
    const { name } = this.#options;
    const epoch = this.epoch();
    if (epoch === 0) return Promise.reject(new LeaseLost(name));
    return db.transaction().execute(async (trx) => {
      // Renewals pass this lock of the row; who takes the lease changes the epoch, which is part of a unique index, and waits for it.
      const { rows } = await sql`
        select set_config('idle_in_transaction_session_timeout', ${String(FENCED_IDLE_MS)}, true),
          set_config('statement_timeout', ${String(FENCED_STATEMENT_MS)}, true)
        from leases where name = ${name} and epoch = ${epoch} for key share`.execute(trx);
      if (rows.length === 0) throw new LeaseLost(name);
      return deed(trx);
    });
  }

  confirm(): Promise<boolean> {
    return this.held() ? this.#ask() : Promise.resolve(false);
  }

  onChange(listener: (held: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    // Parts stop acting before anybody else can begin.
    this.#lose();
    // A connection that is being made is closed by the one who makes it.
    await this.#asking;
    const session = this.#session;
    this.#session = null;
    await session?.release();
  }

  async #look(): Promise<void> {
    const { renewEveryMs, tryEveryMs } = this.#options;
    const beganMs = performance.now();
    await this.#ask();
    if (this.#closed) return;
    const tookMs = performance.now() - beganMs;
    if (this.#epoch > 0) this.#lookIn(Math.max(0, renewEveryMs - tookMs));
    else this.#lookIn((this.#wanted ? 0 : tryEveryMs) + this.#patienceMs());
  }

  #patienceMs(): number {
    const { able, patienceMs } = this.#options;
    return patienceMs() + (able() ? 0 : UNABLE_MS);
  }

  #lookIn(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), ms);
    this.#timer.unref();
  }

  /** One question at a time; who asks meanwhile waits for its answer. */
  #ask(): Promise<boolean> {
    return (this.#asking ??= this.#try().finally(() => {
      this.#asking = null;
    }));
  }

  async #try(): Promise<boolean> {
    this.#wanted = false;
    let session: LeaseSession | null = null;
    try {
      session = this.#session ?? (await this.#connect());
      if (session === null) return false;
      // A connection takes its time: validity counts from the question.
      const beganMs = performance.now();
      if (this.held()) {
        if (await session.renew(this.#epoch)) this.#validFrom(beganMs);
        else this.#drop(session);
      } else await this.#contend(session);
      return this.held();
    } catch {
      // Whatever it was, this connection proves nothing any more; without it the lock is not ours.
      if (session !== null) this.#drop(session);
      return false;
    }
  }

  async #contend(session: LeaseSession): Promise<void> {
    const answer = await session.tryLock();
    if (answer === "locked") {
      const beganMs = performance.now();
      const epoch = await session.take();
      const { validMs } = this.#options;
      if (this.#closed || this.#session !== session) return;
      // Whoever had to be waited for took all its time: it is taken again at once.
      if (performance.now() >= beganMs + validMs) return void (this.#wanted = true);
      this.#epoch = epoch;
      this.#validFrom(beganMs);
      this.#tell();
      return;
    }
    this.#seenElsewhereAtMs = performance.now();
    if (answer === "elsewhere" && this.#options.able()) await session.want();
    if (answer === "stale" && (await session.endHolder())) {
      await new Promise((resolve) => setTimeout(resolve, AFTER_ENDING_MS));
      this.#wanted = true;
    }
  }

  async #connect(): Promise<LeaseSession | null> {
    const { databaseUrl, deadlineMs, name, staleMs } = this.#options;
    const session = await LeaseSession.open({
      ...{ databaseUrl, deadlineMs, name, staleMs },
      onLost: (lost) => this.#drop(lost),
      onGivenUp: () => {
        if (this.#closed || this.#epoch > 0) return;
        if (this.#asking === null) this.#lookIn(this.#patienceMs());
        else this.#wanted = true;
      },
      onWanted: (wanted) => void this.#makeWay(wanted),
    });
    if (this.#closed) {
      await session.release();
      return null;
    }
    return (this.#session = session);
  }

  /** Somebody who could act wants it. */
  async #makeWay(session: LeaseSession): Promise<void> {
    if (session !== this.#session || !this.held() || this.#options.able()) return;
    this.#lose();
    await session.giveUp().catch(() => this.#drop(session));
    if (!this.#closed && this.#asking === null) this.#lookIn(UNABLE_MS);
  }

  /** The connection is gone, and the lock with it. */
  #drop(session: LeaseSession): void {
    session.abandon();
    if (session !== this.#session) return;
    this.#session = null;
    this.#lose();
    // Usually PostgreSQL is there again long before the next turn.
    if (!this.#closed && this.#asking === null) this.#lookIn(this.#options.tryEveryMs);
  }

  #lose(): void {
    this.#epoch = 0;
    this.#tell();
  }

  #validFrom(beganMs: number): void {
    if (this.#epoch === 0) return;
    this.#validUntilMs = beganMs + this.#options.validMs;
    if (this.#expiry !== null) clearTimeout(this.#expiry);
    this.#expiry = setTimeout(() => this.held(), this.#validUntilMs - performance.now() + 1);
    this.#expiry.unref();
  }

  #tell(): void {
    const held = this.#epoch > 0;
    if (this.#told === held) return;
    this.#told = held;
    if (!held && this.#expiry !== null) clearTimeout(this.#expiry);
    for (const listener of this.#listeners) listener(held);
  }
}
