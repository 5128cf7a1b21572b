/** How often somebody may do something: bursts up to a size, then a steady rate. */
export class TokenBucket {
  readonly #size: number;
  readonly #perSecond: number;
  readonly #nowMs: () => number;
  #tokens: number;
  #atMs: number;

  constructor(size: number, perSecond: number, nowMs: () => number = () => performance.now()) {
    this.#size = size;
    this.#perSecond = perSecond;
    this.#nowMs = nowMs;
    this.#tokens = size;
    this.#atMs = nowMs();
  }

  /** Takes one. @returns false when there is none. */
  take(): boolean {
    const nowMs = this.#nowMs();
    const gained = ((nowMs - this.#atMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#size, this.#tokens + gained);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
