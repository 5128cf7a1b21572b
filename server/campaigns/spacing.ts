/** How far apart the attempts of a kind must be, whichever campaigns they were of. Pure. */
import { kindRules } from "./kinds.ts";
import type { CampaignKind } from "./model.ts";
import { DAY_MS } from "./zone-days.ts";

/** As far back as the rules of a kind look, 0 for one without any; ms. */
export function spacingReachMs(kind: CampaignKind): number {
  return Math.max(0, ...kindRules(kind).spacing.map(({ days }) => days * DAY_MS));
}

/**
 * The earliest moment from `atMs` on at which one more attempt keeps to the kind's rules.
 * @param calledAtMs when this person was called for campaigns of the kind, oldest first.
 */
export function spacedFromMs(
  kind: CampaignKind,
  calledAtMs: readonly number[],
  atMs: number,
): number {
  let fromMs = atMs;
  for (const { days, attempts } of kindRules(kind).spacing) {
    // With one more, `attempts` and one must not fall into the days.
    const first = calledAtMs.at(-attempts);
    if (first !== undefined) fromMs = Math.max(fromMs, first + days * DAY_MS);
  }
  return fromMs;
}
