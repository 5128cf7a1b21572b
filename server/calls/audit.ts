/** The safety net under the fold: ends what Asterisk does not know any more. */
import { hangUp } from "./legs.ts";
import type { CallFact } from "./model.ts";
import { type CallState, begin, taken } from "./state.ts";

/**
 * Ends the legs that are not among `present` (the Uniqueids Asterisk lists) and of which nothing was heard since `silentSinceMs`.
 * The list and the events are not one stream, so a leg that was heard of lately is given time: its own Hangup may be on the way.
 */
export function forgetGone(
  state: CallState,
  present: ReadonlySet<string>,
  silentSinceMs: number,
  atMs: number,
): { readonly facts: readonly CallFact[]; readonly gone: number } {
  begin(state, atMs);
  const gone = [...state.legs.values()].filter(
    (leg) => leg.heardAtMs < silentSinceMs && !present.has(leg.id),
  );
  for (const leg of gone) hangUp(state, leg, 0, true);
  return { facts: taken(state), gone: gone.length };
}
