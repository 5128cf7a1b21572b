/** How long one answering follows another while somebody waits: the guard's measure of how far ahead it has to look. */

const KEPT = 200;
const QUANTILE = 0.99;

/** The upper end of the last gaps. */
export class RecentGaps {
  readonly #kept = new Float64Array(KEPT);
  #count = 0;
  #expectedMs = 0;
  #sinceSorted = 0;

  add(gapMs: number): void {
    this.#kept[this.#count % KEPT] = gapMs;
    this.#count += 1;
    this.#sinceSorted += 1;
  }

  /** 0 before the first. */
  expectedMs(): number {
    // Sorting at every choice would cost more than the choice; a tenth more gaps do not change much.
    if (this.#sinceSorted > Math.min(this.#count, KEPT) / 10) {
      const sorted = this.#kept.slice(0, Math.min(this.#count, KEPT)).sort();
      this.#expectedMs =
        sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * QUANTILE))] ?? 0;
      this.#sinceSorted = 0;
    }
    return this.#expectedMs;
  }
}
