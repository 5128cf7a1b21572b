/**
 * Rows on their way to PostgreSQL: the newest version of each, in the order they first came, written in batches. While
 * PostgreSQL is away they wait here; callers never wait.
 */
import { isDatabaseDown } from "../http/errors.ts";

/** What is logged; pino fits. */
export interface OutboxLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** How an outbox writes, and its bounds. */
export type OutboxOptions<T> = {
  /** What the rows are, for the log. */
  readonly name: string;
  /** Writes a batch, all or nothing. Must bear the same row twice. */
  readonly write: (rows: readonly T[]) => Promise<void>;
  readonly log: OutboxLog;
  /** Rows gather this long before a batch is written; default 200 ms. */
  readonly gatherMs?: number;
  readonly batchSize?: number;
  /** More rows than this are not kept: the oldest go, counted in {@link Outbox.lost}. */
  readonly limit?: number;
};

/** Longest pause between attempts while PostgreSQL is away. */
const MAX_PAUSE_MS = 2000;

/** One table's rows on their way. */
export class Outbox<T> {
  readonly #options: Required<OutboxOptions<T>>;
  #waiting = new Map<string, T>();
  #writing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closing = new AbortController();
  #lost = 0;

  constructor(options: OutboxOptions<T>) {
    this.#options = { gatherMs: 200, batchSize: 500, limit: 50_000, ...options };
  }

  /** Rows not in PostgreSQL yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Rows given up: over the limit, or refused by PostgreSQL for what they are. */
  get lost(): number {
    return this.#lost;
  }

  /** Takes a row; a waiting one of the same key is replaced. */
  put(key: string, row: T): void {
    if (!this.#waiting.has(key) && this.#waiting.size >= this.#options.limit) {
      const [oldest] = this.#waiting.keys();
      this.#waiting.delete(oldest!);
      this.#lost += 1;
    }
    this.#waiting.set(key, row);
    if (this.#timer === null && this.#writing === null) {
      this.#timer = setTimeout(() => this.#start(), this.#options.gatherMs);
      this.#timer.unref();
    }
  }

  /** Resolves when everything that waits now was written (or given up). */
  async flush(): Promise<void> {
    if (this.#waiting.size > 0) this.#start();
    while (this.#writing !== null) await this.#writing;
  }

  /** Writes what is left, trying for at most `limitMs`. @returns how many rows could not be written. */
  async close(limitMs: number): Promise<number> {
    const limit = setTimeout(() => this.#closing.abort(), limitMs);
    try {
      await this.flush();
    } finally {
      clearTimeout(limit);
      this.#closing.abort();
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
    }
    return this.#waiting.size;
  }

  #start(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = null;
    });
  }

  async #writeAll(): Promise<void> {
    let pauseMs = 100;
    let told = false;
    while (this.#waiting.size > 0 && !this.#closing.signal.aborted) {
      const batch = [...this.#waiting].slice(0, this.#options.batchSize);
      try {
        await this.#options.write(batch.map(([, row]) => row));
        this.#written(batch);
        pauseMs = 100;
        if (told) this.#options.log.info({ rows: this.#options.name }, "written again");
        told = false;
      } catch (error) {
        if (!isDatabaseDown(error)) {
          await this.#writeOneByOne(batch);
          continue;
        }
        if (!told) {
          const waiting = this.#waiting.size;
          this.#options.log.warn(
            { err: error, rows: this.#options.name, waiting },
            "PostgreSQL is away; rows wait in memory",
          );
          told = true;
        }
        await this.#pause(pauseMs);
        pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * 2);
      }
    }
  }

  /** A batch was refused for one row's sake: only that row is given up. */
  async #writeOneByOne(batch: readonly (readonly [string, T])[]): Promise<void> {
    for (const entry of batch) {
      try {
        await this.#options.write([entry[1]]);
      } catch (error) {
        if (isDatabaseDown(error)) return;
        this.#lost += 1;
        this.#options.log.error(
          { err: error, rows: this.#options.name, key: entry[0] },
          "PostgreSQL refused a row",
        );
      }
      this.#written([entry]);
    }
  }

  /** Ends at once when the outbox gives up. */
  #pause(pauseMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, pauseMs);
    const abort = () => {
      clearTimeout(timer);
      resolve();
    };
    this.#closing.signal.addEventListener("abort", abort, { once: true });
    return promise.finally(() => this.#closing.signal.removeEventListener("abort", abort));
  }

  #written(batch: readonly (readonly [string, T])[]): void {
    for (const [key, row] of batch) {
      // A newer version that came meanwhile stays.
      if (this.#waiting.get(key) === row) this.#waiting.delete(key);
    }
  }
}
