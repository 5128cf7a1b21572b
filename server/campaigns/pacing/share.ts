/**
 * How campaigns share operators who are members of the same queue, or of several of their queues.
 *
 * - The campaign of the highest priority decides first. While it has somebody due whom it could dial, its operators are kept for it: the
 *   next ones get those whom it does not need.
 * - Priority is strict: a campaign of lower priority waits as long as one of higher priority has work. Among equals the one that waited the
 *   longest goes first, so that none of them waits for ever.
 * - Whoever decides counts the lines of all of them ({@link shareOf}); see `pace.ts`.
 */
import type { PacedOperator } from "./model.ts";

/** A campaign that wants operators. */
export type Sharer = {
  readonly id: string;
  /** Higher goes first. */
  readonly priority: number;
  /** When it last was given a line or an offer, epoch ms; -Infinity for never. */
  readonly servedAtMs: number;
};

/** In the order in which they decide. */
export function inTurn<T extends Sharer>(sharers: readonly T[]): readonly T[] {
  return sharers.toSorted(
    (a, b) =>
      b.priority - a.priority ||
      (a.servedAtMs === b.servedAtMs ? 0 : a.servedAtMs - b.servedAtMs) ||
      Number(a.id) - Number(b.id),
  );
}

/** An operator by their extension. */
type Known = Pick<PacedOperator, "state"> & { readonly extension: string };

/**
 * How many of a campaign's people, 0 to 1, will come to some operators, when `theirs` may answer them: who answers is whoever is free, so by
 * the share of the free ones when that is greater. Rather too many than too few.
 */
export function shareOf(theirs: readonly Known[], ours: ReadonlySet<string>): number {
  const share = (of: readonly Known[]) =>
    of.length === 0 ? 0 : of.filter(({ extension }) => ours.has(extension)).length / of.length;
  return Math.max(share(theirs), share(theirs.filter(({ state }) => state === "free")));
}
