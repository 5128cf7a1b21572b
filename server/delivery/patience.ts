/** How long a carrier that failed is left alone. Pure but for its own memory. */

/** After so many failures in a row it rests. */
const FAILURES = 3;
const FIRST_REST_MS = 15_000;
const LONGEST_REST_MS = 5 * 60_000;

/** One carrier's line: rests after failures, longer each time, and is tried again by one question. */
export class Patience {
  #failures = 0;
  #restsUntilMs = 0;

  /** Whether it may be asked; the first who asks after a rest is the one who tries. */
  mayAsk(nowMs: number): boolean {
    if (nowMs < this.#restsUntilMs) return false;
    if (this.#failures >= FAILURES) this.#rest(nowMs);
    return true;
  }

  /** Epoch ms; 0 when it does not rest. */
  restsUntil(nowMs: number): number {
    return nowMs < this.#restsUntilMs ? this.#restsUntilMs : 0;
  }

  /** It answered, whatever it said. */
  answered(): void {
    this.#failures = 0;
    this.#restsUntilMs = 0;
  }

  /** It did not, or nothing that can be read. */
  failed(nowMs: number): void {
    this.#failures += 1;
    if (this.#failures >= FAILURES) this.#rest(nowMs);
  }

  #rest(nowMs: number): void {
    const times = this.#failures - FAILURES;
    this.#restsUntilMs = nowMs + Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** Math.min(times, 8));
  }
}
