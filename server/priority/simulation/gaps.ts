/** `upperGapMs` of ../gaps.ts kept up to date instead of told anew: the same number for a fraction of the time. A test holds them to each other. */
import { createGaps, noteGap, upperOfSortedMs } from "../gaps.ts";
import type { Gaps } from "./line.ts";

/** Asked for as often as it is told. */
export class SortedGaps implements Gaps {
  readonly #gaps = createGaps();
  /** The kept gaps in order of size. */
  readonly #sorted: number[] = [];
  #upperMs: number | null = null;

  add(gapMs: number): void {
    const { lastMs, next } = this.#gaps;
    const forgotten = lastMs.length > 0 ? lastMs[next % lastMs.length] : undefined;
    const before = lastMs.length;
    noteGap(this.#gaps, gapMs);
    if (lastMs.length === before && forgotten !== undefined)
      this.#sorted.splice(placeOf(this.#sorted, forgotten), 1);
    this.#sorted.splice(placeOf(this.#sorted, gapMs), 0, gapMs);
    this.#upperMs = null;
  }

  expectedMs(): number {
    return (this.#upperMs ??= upperOfSortedMs(this.#sorted));
  }
}

/** Of the first that is not smaller. */
function placeOf(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
