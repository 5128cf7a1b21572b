/** Which products could be said to a customer about a cart, best first, before anybody looks at price and stock. Pure. */
import type { Bought } from "./purchases.ts";
import {
  DUE_FROM,
  DUE_UNTIL,
  OVERDUE_SHARE,
  PERSONAL_WEIGHT,
  SHRINKAGE,
  type Candidate,
} from "./model.ts";

/** What goes with one product, four numbers for each: its id, orders with both, of how many, and the cosine with shrinkage. */
export type Companions = Float64Array;
export const COMPANION_NUMBERS = 4;

/** A product that may be said. */
export type Ranked = {
  readonly id: number;
  readonly rank: number;
  /** With what of the cart it goes; null: with nothing. */
  readonly goes: {
    /** How likely an order has none of it, though it has what the cart has; 0 to 1. */
    readonly unlikely: number;
    /** The cart's product it goes with best, and in how many orders of how many. */
    readonly product: number;
    readonly together: number;
    readonly of: number;
  } | null;
  readonly own: Candidate["own"];
};

/** Changed while companions are counted together. */
type Counted = {
  score: number;
  unlikely: number;
  best: number;
  product: number;
  together: number;
  of: number;
};

/** What somebody is asked about. */
export type RankedQuestion = {
  /** The companions of each product of the cart, by its id. */
  readonly companions: ReadonlyMap<number, Companions>;
  readonly bought: Bought;
  /** In the cart, returned, complained about. */
  readonly unwanted: ReadonlySet<number>;
  /** How many days one piece of a product lasts most people; null: nobody knows. */
  readonly usualDays: (product: number) => number | null;
  /** From 1970, UTC. */
  readonly today: number;
};

/** Best first, of the same the older product. What was bought and is not used up is left out; what nobody buys again is never used up. */
export function rankedCandidates(question: RankedQuestion): readonly Ranked[] {
  const { bought, unwanted, today, usualDays } = question;
  const counted = countedCompanions(question.companions);
  const ranked: Ranked[] = [];
  for (const [id, goes] of counted)
    if (!unwanted.has(id) && !bought.byProduct.has(id))
      ranked.push({ id, rank: goes.score, goes, own: null });
  for (const [id, { times, lastDay, lastPieces, unitDays }] of bought.byProduct) {
    if (unwanted.has(id)) continue;
    const oneLasts = unitDays ?? usualDays(id);
    if (oneLasts === null) continue;
    const lastsDays = oneLasts * lastPieces;
    const lastDaysAgo = today - lastDay;
    if (lastDaysAgo < DUE_FROM * lastsDays) continue;
    const goes = counted.get(id);
    const share = lastDaysAgo <= DUE_UNTIL * lastsDays ? 1 : OVERDUE_SHARE;
    ranked.push({
      id,
      rank: (goes?.score ?? 0) + ((PERSONAL_WEIGHT * times) / (bought.visits + 1)) * share,
      goes: goes ?? null,
      own: {
        ...{ times, visits: bought.visits, lastDaysAgo, lastPieces, lastsDays },
        by: unitDays === null ? "category" : "own",
      },
    });
  }
  return ranked.sort((a, b) => b.rank - a.rank || a.id - b.id);
}

/** What goes best with a cart, best first, whoever asks. @param besides products that are not meant */
export function likeliest(
  companions: RankedQuestion["companions"],
  besides: ReadonlySet<number>,
  most: number,
): readonly number[] {
  return [...countedCompanions(companions)]
    .filter(([id]) => !besides.has(id))
    .sort(([a, one], [b, other]) => other.score - one.score || a - b)
    .slice(0, most)
    .map(([id]) => id);
}

function countedCompanions(all: RankedQuestion["companions"]): ReadonlyMap<number, Counted> {
  const counted = new Map<number, Counted>();
  for (const [product, companions] of all)
    for (let at = 0; at < companions.length; at += COMPANION_NUMBERS) {
      const other = companions[at]!;
      const together = companions[at + 1]!;
      const of = companions[at + 2]!;
      const score = companions[at + 3]!;
      const unlikely = 1 - Math.min(0.95, together / (of + SHRINKAGE));
      const known = counted.get(other);
      if (known === undefined)
        counted.set(other, { score, unlikely, best: score, product, together, of });
      else {
        known.score += score;
        known.unlikely *= unlikely;
        // Of equally good ones the older product is said.
        if (score > known.best || (score === known.best && product < known.product)) {
          known.best = score;
          known.product = product;
          known.together = together;
          known.of = of;
        }
      }
    }
  return counted;
}
