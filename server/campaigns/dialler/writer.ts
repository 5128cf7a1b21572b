/**
 * What has to be written of attempts, in order for each attempt. While PostgreSQL is away it waits in memory; there is never more than a few
 * words for each call in hand.
 */
import { isDatabaseDown } from "../../http/errors.ts";

/** What is logged; pino fits. */
export interface DiallerLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** It is not for this process to write now, and may be again. */
export class NotNow extends Error {
  override readonly name = "NotNow";
}

type Deed = () => Promise<void>;

const SHORTEST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

export class AttemptWriter {
  readonly #log: DiallerLog;
  readonly #waiting = new Map<string, Deed[]>();
  readonly #idle = new Set<() => void>();
  readonly #closing = new AbortController();
  #isAway = false;
  #failed = 0;

  constructor(log: DiallerLog) {
    this.#log = log;
  }

  /** Words that PostgreSQL does not have yet. */
  get waiting(): number {
    let sum = 0;
    for (const deeds of this.#waiting.values()) sum += deeds.length;
    return sum;
  }

  /** Words given up: refused by PostgreSQL for what they are. */
  get failed(): number {
    return this.#failed;
  }

  /** Whether something of this attempt is not written yet. */
  has(attemptId: string): boolean {
    return this.#waiting.has(attemptId);
  }

  put(attemptId: string, deed: Deed): void {
    const waiting = this.#waiting.get(attemptId);
    if (waiting !== undefined) {
      waiting.push(deed);
      return;
    }
    const deeds = [deed];
    this.#waiting.set(attemptId, deeds);
    void this.#writeAll(attemptId, deeds);
  }

  /** Another process writes what became of these; what is under way ends by itself. */
  forget(): void {
    for (const deeds of this.#waiting.values()) deeds.length = 0;
  }

  /** Tries for at most `limitMs` to write the rest. @returns how many words could not be written. */
  async close(limitMs: number): Promise<number> {
    if (this.#waiting.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const limit = setTimeout(resolve, limitMs);
      this.#idle.add(resolve);
      await promise;
      clearTimeout(limit);
      this.#idle.delete(resolve);
    }
    this.#closing.abort();
    return this.waiting;
  }

  async #writeAll(attemptId: string, deeds: Deed[]): Promise<void> {
    let pauseMs = SHORTEST_PAUSE_MS;
    while (deeds.length > 0 && !this.#closing.signal.aborted) {
      const deed = deeds[0]!;
      try {
        await deed();
        if (deeds[0] === deed) deeds.shift();
        pauseMs = SHORTEST_PAUSE_MS;
        this.#saysAway(false);
      } catch (error) {
        if (isAway(error)) {
          if (!(error instanceof NotNow)) this.#saysAway(true, error);
          await this.#pause(pauseMs);
          pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
          continue;
        }
        this.#failed += 1;
        this.#log.error(
          { err: error, attemptId },
          "PostgreSQL refused what happened to an attempt",
        );
        if (deeds[0] === deed) deeds.shift();
      }
    }
    if (this.#waiting.get(attemptId) === deeds) this.#waiting.delete(attemptId);
    if (this.#waiting.size === 0) for (const idle of this.#idle) idle();
  }

  #saysAway(away: boolean, error?: unknown): void {
    if (away === this.#isAway) return;
    this.#isAway = away;
    const waiting = this.waiting;
    if (away)
      this.#log.warn({ err: error, waiting }, "PostgreSQL is away; attempts are kept in memory");
    else this.#log.info({ waiting }, "attempts are written again");
  }

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
}

/** Nothing was written because PostgreSQL could not, or not in time; asked again, it may. */
export function isAway(error: unknown): boolean {
  if (error instanceof NotNow || isDatabaseDown(error)) return true;
  const code = (error as { code?: unknown } | null)?.code;
  // Statement over its time; deadlock and serialisation, which another try settles.
  return code === "57014" || code === "40P01" || code === "40001";
}
