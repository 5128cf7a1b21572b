/** How long it takes at most, as a rule, from one answering to the next in a queue where somebody waits; seen, not configured. Pure. */

/** The last gaps of one queue. */
export type Gaps = { readonly lastMs: number[]; next: number };

const KEPT = 200;
/** Fewer say nothing. */
const ENOUGH = 10;
/** Nineteen of twenty gaps are not longer. */
const SHARE = 0.95;
/** Expected of a queue not seen at work yet. */
export const UNSEEN_GAP_MS = 30_000;

/** A queue nobody saw at work. */
export function createGaps(): Gaps {
  return { lastMs: [], next: 0 };
}

/** One more gap; the oldest of many is forgotten. */
export function noteGap(gaps: Gaps, gapMs: number): void {
  gaps.lastMs[gaps.next % KEPT] = gapMs;
  gaps.next += 1;
}

/** The gap to reckon with. */
export function upperGapMs({ lastMs }: Gaps): number {
  return upperOfSortedMs(lastMs.toSorted((a, b) => a - b));
}

/** The same of gaps in order of size. */
export function upperOfSortedMs(sorted: readonly number[]): number {
  if (sorted.length < ENOUGH) return Math.max(UNSEEN_GAP_MS, sorted.at(-1) ?? 0);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * SHARE))]!;
}
