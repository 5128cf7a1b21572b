/**
 * What the cart costs once everything offered so far is taken, and which floors must still be kept then: offers are judged together, because a
 * customer may take them all. Who takes fewer pays more, so every part of them keeps the floors too.
 */
import { isSameCurrency } from "./conditions.ts";
import type { OfferFacts } from "./facts.ts";

/** A floor in percent of the price, and what happens when it cannot be kept. */
export type FloorProblem = "costUnknown" | "marginFloor";

type LedgerLine = {
  readonly productId: string;
  readonly quantity: number;
  /** Of one, after personal prices. */
  readonly priceMinor: number;
  readonly costMinor: number | null;
  /** The highest of the floors promised for it. */
  readonly floor: number | null;
};

/** Never changed: each step gives another. */
export type Ledger = {
  readonly lines: readonly LedgerLine[];
  /** Taken off the whole: discounts, points that pay. */
  readonly offMinor: number;
  /** What is given beside: the cost of gifts, points. Null when a gift's cost is not known. */
  readonly givenMinor: number | null;
  /** The highest of the floors promised for the whole. */
  readonly floor: number | null;
};

/** The cart as it came. */
export function openLedger({ question, products }: OfferFacts): Ledger {
  return {
    lines: question.lines.map(({ productId, quantity, priceMinor }) => {
      const product = products.get(productId);
      // A cost in another currency says nothing of this price.
      const costMinor =
        product !== undefined && isSameCurrency(product.currency, question.currency)
          ? product.costMinor
          : null;
      return { productId, quantity, priceMinor, costMinor, floor: null };
    }),
    offMinor: 0,
    givenMinor: 0,
    floor: null,
  };
}

/** What is left to pay. */
export function toPayMinor({ lines, offMinor }: Ledger): number {
  return sumOf(lines) - offMinor;
}

/** Another price of one for a product of the cart. */
export function withPrice(
  ledger: Ledger,
  productId: string,
  priceMinor: number,
  floor: number | null,
): Ledger {
  return {
    ...ledger,
    lines: ledger.lines.map((line) =>
      line.productId === productId
        ? {
            ...line,
            priceMinor: Math.min(line.priceMinor, priceMinor),
            floor: higher(line.floor, floor),
          }
        : line,
    ),
  };
}

/** So much off the whole, or given beside it (null: at a cost nobody knows). */
export function withWhole(
  ledger: Ledger,
  change: { readonly offMinor: number; readonly givenMinor: number | null },
  floor: number | null,
): Ledger {
  const { givenMinor } = change;
  return {
    ...ledger,
    offMinor: ledger.offMinor + change.offMinor,
    givenMinor:
      ledger.givenMinor === null || givenMinor === null ? null : ledger.givenMinor + givenMinor,
    floor: higher(ledger.floor, floor),
  };
}

/** Null when all floors are kept. */
export function floorProblem(ledger: Ledger): FloorProblem | null {
  const { lines, offMinor, givenMinor, floor } = ledger;
  const total = sumOf(lines);
  // What is off the whole is off each line by its share.
  const share = total === 0 ? 1 : (total - offMinor) / total;
  for (const line of lines) {
    const problem = ofOne(line.priceMinor * share, line.costMinor, line.floor);
    if (problem !== null) return problem;
  }
  if (floor === null) return null;
  let cost = givenMinor;
  for (const { costMinor, quantity } of lines)
    cost = cost === null || costMinor === null ? null : cost + costMinor * quantity;
  return ofOne(total - offMinor, cost, floor);
}

/** Whether a price of something keeps a floor above its cost; null: it does, or there is no floor. */
export function ofOne(
  priceMinor: number,
  costMinor: number | null,
  floor: number | null,
): FloorProblem | null {
  if (floor === null) return null;
  if (costMinor === null) return "costUnknown";
  // A millionth for what sums of shares lose in their last digit.
  return priceMinor * (1 - floor / 100) >= costMinor - 1e-6 * Math.max(1, costMinor)
    ? null
    : "marginFloor";
}

function sumOf(lines: Ledger["lines"]): number {
  return lines.reduce((sum, line) => sum + Math.round(line.priceMinor * line.quantity), 0);
}

function higher(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}
