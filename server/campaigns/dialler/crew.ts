/** Campaigns with people on the line, and which of them the same operators will answer. Pure. */
import type { Campaign } from "../model.ts";
import { shareOf } from "../pacing/share.ts";
import type { Hand } from "./hand.ts";
import { type WorkingOperator, membersOf } from "./operators.ts";
import { type Lines, linesOf } from "./round.ts";

/** A campaign's calls, customer first or not. */
export type OnTheLine = { readonly campaign: Campaign; readonly lines: Lines };

/**
 * By campaign, whatever state it is in: a paused one's people need operators as much.
 * @param get its settings as they are now; those it was dialled by when it is gone.
 */
export function onTheLine(
  hands: Iterable<Hand>,
  get: (campaignId: string) => Campaign | null,
): readonly OnTheLine[] {
  const byId = new Map<string, Hand[]>();
  for (const hand of hands) {
    const known = byId.get(hand.campaignId);
    if (known === undefined) byId.set(hand.campaignId, [hand]);
    else known.push(hand);
  }
  return [...byId].flatMap(([id, of]) => {
    const campaign = get(id) ?? of.find((hand) => hand.campaign !== null)?.campaign ?? null;
    return campaign === null ? [] : [{ campaign, lines: linesOf(of) }];
  });
}

/** The others with people who will come to `ours`, each with how many of them. */
export function othersOf(
  all: readonly OnTheLine[],
  own: Campaign,
  working: ReadonlyMap<string, WorkingOperator>,
  ours: readonly WorkingOperator[],
): readonly (OnTheLine & { readonly share: number })[] {
  const extensions = new Set(ours.map(({ extension }) => extension));
  return all.flatMap(({ campaign, lines }) => {
    if (campaign.id === own.id || lines.ringing.length + lines.waiting === 0) return [];
    const share = shareOf(membersOf(working, campaign.settings.queue), extensions);
    return share === 0 ? [] : [{ campaign, lines, share }];
  });
}
