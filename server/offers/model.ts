/**
 * The words of offers: what can be said to a customer about a cart or an order, and why. The card and the shop's site get the same answer
 * to the same question. Money is in minor units of the currency beside it; times are epoch milliseconds.
 */

import type { KnownCustomer } from "./reader.ts";

export type OfferKind =
  /** Bought together with what is in the cart. */
  | "goesWith"
  /** The merchandiser's rule: what is in the cart does not work without it. */
  | "needed"
  /** Runs out about now. */
  | "reorder"
  | "promotion"
  | "personalPrice"
  | "gift"
  | "discount"
  | "bonus";

/** What is in the cart or the order. */
export type CartLine = {
  /** Ours. */
  readonly productId: string;
  readonly quantity: number;
  /** Of one. */
  readonly priceMinor: number;
};

/** Whom and about what. */
export type OfferQuestion = {
  /** Null: nobody we know. */
  readonly customerId: string | null;
  readonly lines: readonly CartLine[];
  /** ISO 4217. */
  readonly currency: string;
  readonly channel: "operator" | "site" | "app";
  readonly nowMs: number;
};

export type OfferedProduct = {
  readonly id: string;
  readonly sku: string;
  readonly name: string;
  readonly category: string;
  /** Now, of one, before any offer. */
  readonly priceMinor: number;
  readonly currency: string;
  /** Null: the shop does not tell. */
  readonly stock: number | null;
};

/** Why it is offered, in codes and numbers; each screen has the words. */
export type OfferReason =
  /** Of `of` who bought `product`, `together` took it too. */
  | {
      readonly code: "boughtTogether";
      readonly product: string;
      readonly together: number;
      readonly of: number;
    }
  /** This customer bought it `times` times. */
  | { readonly code: "boughtBefore"; readonly times: number; readonly lastDaysAgo: number }
  /** `product` in the cart needs `quantity` of it. */
  | { readonly code: "needs"; readonly product: string; readonly quantity: number }
  /** Bought every `everyDays` days, last `lastDaysAgo` days ago. */
  | {
      readonly code: "runsOut";
      readonly everyDays: number;
      readonly lastDaysAgo: number;
      readonly by: "own" | "category";
    }
  | { readonly code: "rule"; readonly rule: string };

/** Something to say. */
export type Offer = {
  /** The same whenever the same thing is offered: `goesWith:12`, `rule:3:12`. */
  readonly key: string;
  readonly kind: OfferKind;
  /** Null of what was learned and nobody wrote. */
  readonly ruleId: string | null;
  /** What is added when it is taken; null of a discount on the whole. */
  readonly product: OfferedProduct | null;
  readonly quantity: number;
  /** What the customer pays for one of it; of no product: 0. */
  readonly priceMinor: number;
  /** What taking it changes in the sum: more than 0 adds, less takes off. */
  readonly amountMinor: number;
  readonly currency: string;
  readonly reasons: readonly OfferReason[];
  /** In the rule's own words for whom it is said to, "" for none. */
  readonly saying: string;
  /** 0 to 1: how likely it is taken. */
  readonly confidence: number;
};

/** Everything that may be said, best first. */
export type OffersAnswer = {
  readonly offers: readonly Offer[];
  /** Why nothing is offered: a claim is being settled. Null otherwise. */
  readonly silentBecause: "openClaim" | null;
  /** Bonus points, minor units; null when there is no such programme. */
  readonly bonusMinor: number | null;
  readonly tier: string;
  readonly segments: readonly string[];
};

/** Answers from PostgreSQL and what it keeps in memory. Queries that fail are thrown. */
export interface OfferEngine {
  offersFor(question: OfferQuestion): Promise<OffersAnswer>;
}

/** A thing learned to go with the cart, or due again; before rules, limits and what the customer has. */
export type Hint = {
  readonly kind: "goesWith" | "reorder";
  readonly product: OfferedProduct;
  readonly quantity: number;
  readonly reasons: readonly OfferReason[];
  /** 0 to 1. */
  readonly confidence: number;
};

/** What was learned from orders. */
export interface HintSource {
  /**
   * Never what is out of stock, in the cart already, bought and not used up, returned or complained about by this customer.
   * @param limit at most so many, best first.
   * @param known the customer, when that was read for this question already; null: nobody we know.
   */
  hintsFor(
    question: OfferQuestion,
    limit: number,
    known?: KnownCustomer | null,
  ): Promise<readonly Hint[]>;
}

/** An offer as one person saw it. */
export type ShownOffer = Offer & {
  /** To answer with. */
  readonly showingId: string;
  readonly answer: "" | "accepted" | "refused" | "ignored";
  /** Code of {@link REFUSAL_REASONS}, "" for none. */
  readonly answerReason: string;
};

/** Why an offer was refused, one click each. */
export const REFUSAL_REASONS = [
  "notNeeded",
  "hasAlready",
  "tooExpensive",
  "boughtElsewhere",
  "didNotFit",
  "notAsked",
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** Where, to whom and by whom offers are shown. */
export type Occasion = {
  /** The call's id, or the visit's that the site gave: one offer is one showing in it. */
  readonly id: string;
  readonly channel: OfferQuestion["channel"];
  readonly customerId: string | null;
  readonly userId: string | null;
  readonly orderId: string | null;
};

/** Offers and what came of them. */
export interface OfferLoop {
  /**
   * Ranks by what was learned of answers, leaves out what is held back to measure, explores a little, writes down what is shown and
   * returns that. Asked again in the same occasion: what was shown already keeps its id and answer.
   */
  show(answer: OffersAnswer, occasion: Occasion, nowMs: number): Promise<readonly ShownOffer[]>;
  /** The same answer again changes nothing. @throws Refusal `notFound`, `invalid`. */
  answer(
    showingId: string,
    said: {
      readonly answer: "accepted" | "refused";
      readonly reason?: RefusalReason | "";
      readonly quantity?: number;
      readonly userId: string | null;
    },
  ): Promise<ShownOffer>;
}
