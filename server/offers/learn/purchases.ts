/** How somebody bought things, out of the lines of their orders. Pure. Products are our ids as numbers, days count from 1970 in UTC. */
import { OWN_PURCHASES } from "./model.ts";

const DAY_MS = 86_400_000;

/** Lines of a customer's orders, column by column; those that were cancelled, or are of no known product, are left out. */
export type BoughtLines = {
  readonly products: readonly number[];
  /** Epoch ms. */
  readonly atMs: readonly number[];
  readonly quantities: readonly number[];
  readonly returned: readonly boolean[];
};

/** How one product was bought. */
export type Purchases = {
  /** Days on which it was. */
  readonly times: number;
  readonly lastDay: number;
  /** Pieces on that day. */
  readonly lastPieces: number;
  /** The median of days that one piece lasted; null: bought too seldom to tell. */
  readonly unitDays: number | null;
};

/** Everything somebody bought until a moment. */
export type Bought = {
  readonly byProduct: ReadonlyMap<number, Purchases>;
  /** Days with any purchase. */
  readonly visits: number;
};

/** Of somebody nobody knows. */
export const NOTHING_BOUGHT: Bought = { byProduct: new Map(), visits: 0 };

/** What was bought until `nowMs`; what was returned was not. */
export function purchasesOf(lines: BoughtLines, nowMs: number): Bought {
  const pieces = new Map<number, Map<number, number>>();
  const visits = new Set<number>();
  for (const [index, product] of lines.products.entries()) {
    const atMs = lines.atMs[index]!;
    if (lines.returned[index]! || atMs > nowMs) continue;
    const day = Math.floor(atMs / DAY_MS);
    visits.add(day);
    const quantity = lines.quantities[index]!;
    if (!(quantity > 0)) continue;
    const days = pieces.get(product);
    if (days === undefined) pieces.set(product, new Map([[day, quantity]]));
    else days.set(day, (days.get(day) ?? 0) + quantity);
  }
  const byProduct = new Map<number, Purchases>();
  for (const [product, days] of pieces) byProduct.set(product, purchasesOn(days));
  return { byProduct, visits: visits.size };
}

/** @param pieces of one product, by day. */
function purchasesOn(pieces: ReadonlyMap<number, number>): Purchases {
  const days = [...pieces.keys()].sort((a, b) => a - b);
  const lastDay = days.at(-1)!;
  const lasted = days
    .slice(1)
    .map((day, index) => (day - days[index]!) / pieces.get(days[index]!)!);
  return {
    ...{ times: days.length, lastDay, lastPieces: pieces.get(lastDay)! },
    unitDays: days.length >= OWN_PURCHASES ? median(lasted) : null,
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? sorted[Math.floor(middle)]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
