/** The order in which offers are shown: by how likely each is taken, out of what it promised and what people answered. Pure. */
import type { Offer, OfferKind } from "../model.ts";

/** How often something was shown and taken; older answers count less. */
export type Answers = {
  readonly shown: number;
  readonly accepted: number;
  /** Sum of the confidences it was shown with: how often it was expected to be taken. */
  readonly expected: number;
};

/** What was learned of answers. */
export type LearnedAnswers = {
  readonly byKey: ReadonlyMap<string, Answers>;
  readonly byKind: ReadonlyMap<OfferKind, Answers>;
};

export const NO_ANSWERS: LearnedAnswers = { byKey: new Map(), byKind: new Map() };

/** So many showings of its own count as much as everything else that is known of an offer. */
const OWN_WEIGHT = 20;
/** So many takings are needed before a kind's own rate corrects its confidence by half. */
const KIND_WEIGHT = 10;

/**
 * How likely the offer is taken, 0 to 1: its confidence, corrected by how its kind did against what was expected of it, then by how it
 * did itself.
 */
export function likelihood(
  offer: Pick<Offer, "key" | "kind" | "confidence">,
  { byKey, byKind }: LearnedAnswers,
): number {
  const kind = byKind.get(offer.kind);
  const correction =
    kind === undefined ? 1 : (kind.accepted + KIND_WEIGHT) / (kind.expected + KIND_WEIGHT);
  const before = clamp(offer.confidence * correction);
  const own = byKey.get(offer.key);
  if (own === undefined) return before;
  return clamp((own.accepted + OWN_WEIGHT * before) / (own.shown + OWN_WEIGHT));
}

/**
 * Best first: what the cart does not work without, then by likelihood; of the same the one that brings more, then by key, so that the
 * order is always the same.
 */
export function ranked(offers: readonly Offer[], learned: LearnedAnswers): readonly Offer[] {
  return offers
    .map((offer) => ({ offer, p: likelihood(offer, learned) }))
    .toSorted(
      (a, b) =>
        Number(b.offer.kind === "needed") - Number(a.offer.kind === "needed") ||
        b.p - a.p ||
        b.offer.amountMinor - a.offer.amountMinor ||
        (a.offer.key < b.offer.key ? -1 : 1),
    )
    .map(({ offer, p }) => ({ ...offer, confidence: p }));
}

/** What is shown of the ranked ones, and which of them is there to learn of it. */
export type Chosen = { readonly offer: Offer; readonly arm: "usual" | "explored" };

/**
 * The first `limit`; when something is tried out, the last place goes to the one of the rest of which least is known.
 */
export function chosen(
  offers: readonly Offer[],
  limit: number,
  explore: boolean,
  { byKey }: LearnedAnswers,
): readonly Chosen[] {
  const usual = (list: readonly Offer[]): Chosen[] =>
    list.map((offer) => ({ offer, arm: "usual" }));
  const rest = offers.slice(limit).filter(({ kind }) => kind !== "needed");
  if (!explore || rest.length === 0) return usual(offers.slice(0, limit));
  const shown = ({ key }: Offer) => byKey.get(key)?.shown ?? 0;
  const tried = rest.reduce((least, offer) => (shown(offer) < shown(least) ? offer : least));
  return [...usual(offers.slice(0, limit - 1)), { offer: tried, arm: "explored" }];
}

function clamp(p: number): number {
  return Math.min(1, Math.max(0, p));
}
