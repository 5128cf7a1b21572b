/**
 * Rows that every process could write, because all hear the same facts, and only the holder of the PBX's lease does. The others keep what
 * they would have written for a while and write it should they take over: what the one before had not written yet is among it, and what it
 * had written bears being written again.
 */
import type { Lease } from "./lease.ts";
import type { Leases } from "./leases.ts";
import { Outbox, type OutboxOptions } from "./outbox.ts";

/** How it writes, and its bounds. */
export type HeldOutboxOptions<T> = OutboxOptions<T> & {
  /** Null: this process alone hears of anything. */
  readonly leases: Pick<Leases, "of"> | null;
  /** Rows that this process writes whoever has the lease: nobody else knows them. Default none. */
  readonly isOwn?: (row: T) => boolean;
  /**
   * Rows are kept so long while another process has the lease; default 3 minutes. Time in which nobody is known to have it, because
   * PostgreSQL is away, does not count.
   */
  readonly keepMs?: number;
  /** More rows of one PBX than this are not kept while another process has its lease; default 20,000. */
  readonly keepLimit?: number;
};

/** How often it is looked whether what is kept is to be written or forgotten. */
const LOOK_MS = 250;

type Row<T> = { readonly pbx: string; readonly key: string; readonly row: T };
type Kept<T> = {
  /** In the order they came, each with the PBX's {@link Kept.clockMs} of then. */
  readonly rows: Map<string, { readonly row: T; readonly atMs: number }>;
  /** Goes on while another process is known to have the lease. */
  clockMs: number;
};

/** One table's rows on their way. */
export class HeldOutbox<T> {
  readonly #leases: Pick<Leases, "of"> | null;
  readonly #isOwn: (row: T) => boolean;
  readonly #keepMs: number;
  readonly #keepLimit: number;
  readonly #limit: number;
  readonly #outbox: Outbox<Row<T>>;
  readonly #kept = new Map<string, Kept<T>>();
  #timer: NodeJS.Timeout | null = null;
  #lookedAtMs = 0;
  #closing = false;
  #left = 0;
  #lost = 0;

  constructor({ leases, isOwn, keepMs, keepLimit, write, ...options }: HeldOutboxOptions<T>) {
    this.#leases = leases;
    this.#isOwn = isOwn ?? (() => false);
    this.#keepMs = keepMs ?? 180_000;
    this.#keepLimit = keepLimit ?? 20_000;
    this.#limit = options.limit ?? 50_000;
    this.#outbox = new Outbox<Row<T>>({ ...options, write: (rows) => this.#write(rows, write) });
  }

  /** Rows that this process has to write, or may have to: nobody is known to have the lease. */
  get waiting(): number {
    return this.#outbox.waiting + this.#count((lease) => lease.holder() !== "elsewhere");
  }

  /** Rows that another process writes, kept in case it does not. */
  get kept(): number {
    return this.#count((lease) => lease.holder() === "elsewhere");
  }

  /** Rows that were kept long enough: another process has written them. */
  get left(): number {
    return this.#left;
  }

  /** Rows given up: over the limit, or refused by PostgreSQL for what they are. */
  get lost(): number {
    return this.#outbox.lost + this.#lost;
  }

  /** Takes a row of a PBX; one of the same key that was not written yet is replaced. */
  put(pbx: string, key: string, row: T): void {
    const lease = this.#leaseOf(pbx);
    if (lease === null || this.#mayWrite(lease)) this.#take(pbx);
    else if (this.#isOwn(row)) this.forget(pbx, key);
    else return this.#keep(pbx, key, row, lease);
    this.#outbox.put(`${pbx} ${key}`, { pbx, key, row });
  }

  /** Another process has to be believed more than what is kept here of this key. */
  forget(pbx: string, key: string): void {
    this.#kept.get(pbx)?.rows.delete(key);
  }

  /** Resolves when everything that this process has to write by now was written (or given up). */
  async flush(): Promise<void> {
    this.#look();
    await this.#outbox.flush();
  }

  /**
   * Writes what is left, trying for at most `limitMs`; also what is only kept, unless somebody else is known to have the lease: it was
   * given up a moment ago, perhaps to nobody. @returns how many rows could not be written.
   */
  async close(limitMs: number): Promise<number> {
    this.#closing = true;
    this.#look();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    return this.#outbox.close(limitMs);
  }

  async #write(rows: readonly Row<T>[], write: (rows: readonly T[]) => Promise<void>) {
    const mine = rows.filter(({ pbx, key, row }) => {
      const lease = this.#leaseOf(pbx);
      if (lease === null || this.#mayWrite(lease) || this.#isOwn(row)) return true;
      // Lost since. Something newer of the same may have come.
      if (this.#kept.get(pbx)?.rows.has(key) !== true) this.#keep(pbx, key, row, lease);
      return false;
    });
    if (mine.length > 0) await write(mine.map(({ row }) => row));
  }

  #leaseOf(pbx: string): Lease | null {
    return this.#leases?.of(pbx) ?? null;
  }

  #mayWrite(lease: Lease): boolean {
    return lease.held() || (this.#closing && lease.holder() !== "elsewhere");
  }

  #keep(pbx: string, key: string, row: T, lease: Lease): void {
    let kept = this.#kept.get(pbx);
    if (kept === undefined) this.#kept.set(pbx, (kept = { rows: new Map(), clockMs: 0 }));
    const { rows, clockMs } = kept;
    rows.delete(key);
    rows.set(key, { row, atMs: clockMs });
    const elsewhere = lease.holder() === "elsewhere";
    while (rows.size > (elsewhere ? this.#keepLimit : this.#limit)) {
      const [oldest] = rows.keys();
      rows.delete(oldest!);
      if (elsewhere) this.#left += 1;
      else this.#lost += 1;
    }
    if (this.#timer !== null || this.#closing) return;
    this.#lookedAtMs = performance.now();
    this.#timer = setTimeout(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  #look(): void {
    const nowMs = performance.now();
    const passedMs = nowMs - this.#lookedAtMs;
    this.#lookedAtMs = nowMs;
    for (const [pbx, kept] of this.#kept) {
      const lease = this.#leaseOf(pbx);
      if (lease === null || this.#mayWrite(lease)) {
        this.#take(pbx);
        continue;
      }
      if (lease.holder() === "elsewhere") kept.clockMs += passedMs;
      for (const [key, { atMs }] of kept.rows) {
        if (kept.clockMs - atMs < this.#keepMs) break;
        kept.rows.delete(key);
        this.#left += 1;
      }
      if (kept.rows.size === 0) this.#kept.delete(pbx);
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#kept.size === 0 || this.#closing) return;
    this.#timer = setTimeout(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  /** What was kept is this process's to write from now on. */
  #take(pbx: string): void {
    const kept = this.#kept.get(pbx);
    if (kept === undefined) return;
    this.#kept.delete(pbx);
    for (const [key, { row }] of kept.rows) this.#outbox.put(`${pbx} ${key}`, { pbx, key, row });
  }

  #count(which: (lease: Lease) => boolean): number {
    let count = 0;
    for (const [pbx, { rows }] of this.#kept) {
      const lease = this.#leaseOf(pbx);
      if (lease !== null && which(lease)) count += rows.size;
    }
    return count;
  }
}
