/** When an action is asked again of its source, and when it is given back to a person. */

const FIRST_PAUSE_MS = 3000;
const LONGEST_PAUSE_MS = 60_000;
/** A source is tried for so long; after that the customer has long hung up, and a person must look. */
export const TRIED_FOR_MS = 15 * 60_000;

/** What follows a try that came to nothing. */
export type AfterSilence =
  { readonly next: "again"; readonly inMs: number } | { readonly next: "giveBack" };

/**
 * @param tries how often it was tried, this time included.
 * @param sinceMs since when it is tried; `atMs`: now. Both epoch.
 * @param luck 0 to 1: pauses differ by a fifth, so that many actions do not come back at the same moment.
 */
export function afterSilence(
  tries: number,
  sinceMs: number,
  atMs: number,
  luck: number,
): AfterSilence {
  const doubled = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(tries - 1, 10));
  const inMs = Math.round(doubled * (0.9 + 0.2 * luck));
  return atMs + inMs > sinceMs + TRIED_FOR_MS ? { next: "giveBack" } : { next: "again", inMs };
}
