/**
 * What an operator may ask of an order. It is asked of the system the order comes from, by its own interface: that system decides, and
 * what it refuses is shown as it says.
 */
import type { OrderDelivery, OrderPayment, OrderStage } from "../model.ts";

export type OrderActionRequest =
  | { readonly kind: "confirm" }
  /** The whole list of lines as it is to be; a quantity of 0 takes a line out. */
  | { readonly kind: "changeLines"; readonly lines: readonly WantedLine[] }
  | {
      readonly kind: "changeDelivery";
      readonly delivery: OrderDelivery;
      /** What was chosen of the quotes, as the customer heard it; null when only the address changed. */
      readonly chosen: {
        readonly quoteId: string;
        readonly provider: string;
        readonly service: string;
        readonly priceMinor: number;
        readonly pointId: string;
      } | null;
    }
  /** What was agreed on the whole order: a discount, a lower price of what is in it, bonus points. */
  | { readonly kind: "applyOffer"; readonly offer: AgreedOffer }
  | { readonly kind: "cancel"; readonly reason: CancelReason; readonly text: string };

/** An offer that adds no product, as the customer heard it. Whether it holds is for the source to say. */
export type AgreedOffer = {
  readonly showingId: string;
  readonly kind: (typeof WHOLE_OFFERS)[number];
  /** The rule it is from and its name, "" for none. */
  readonly ruleId: string;
  readonly ruleName: string;
  /** What it changes in the sum, minor units of the order's currency: less than 0 takes off; 0 of points that are given. */
  readonly amountMinor: number;
  readonly saying: string;
};

/** Kinds of offers that may be about an order as a whole. */
export const WHOLE_OFFERS = ["promotion", "personalPrice", "gift", "discount", "bonus"] as const;

export type WantedLine = {
  /** The product's id in the order's source. */
  readonly sourceProductId: string;
  readonly name: string;
  readonly quantity: number;
  readonly priceMinor: number;
  /** The offer that this line came from, "" for none. */
  readonly showingId: string;
};

/** Why an order is cancelled, one click each. */
export const CANCEL_REASONS = [
  "changedMind",
  "tooLong",
  "foundCheaper",
  "mistake",
  "notInStock",
  "duplicate",
  "noPayment",
  "other",
] as const;
export type CancelReason = (typeof CANCEL_REASONS)[number];

/** One thing asked and how it stands. */
export type OrderAction = {
  /** Made by the screen: asking twice with it asks once. */
  readonly id: string;
  readonly orderId: string;
  readonly request: OrderActionRequest;
  /** `waiting`: the source could not be reached, it is tried again; `givenBack`: it was tried long enough, a person must look. */
  readonly state: "waiting" | "done" | "refused" | "givenBack";
  /** The source's own words. */
  readonly answer: string;
  readonly askedAt: string;
  readonly askedByName: string;
};

/** An order as the card works on it. */
export type OrderDetail = {
  readonly id: string;
  readonly source: string;
  /** As people call it. */
  readonly sourceTitle: string;
  readonly sourceId: string;
  readonly number: string;
  readonly placedAt: string;
  readonly promisedAt: string | null;
  readonly stage: OrderStage;
  readonly status: string;
  readonly totalMinor: number;
  readonly currency: string;
  readonly lines: readonly OrderDetailLine[];
  readonly delivery: OrderDelivery;
  /** What the source told of it; nothing of a source that does not. */
  readonly payment?: OrderPayment;
  readonly comment: string;
  readonly history: readonly {
    readonly at: string;
    readonly stage: OrderStage;
    readonly status: string;
  }[];
  /** Newest first. */
  readonly actions: readonly OrderAction[];
  /** Which actions the source takes for this order now; none when it takes none at all. */
  readonly may: readonly OrderActionRequest["kind"][];
};

export type OrderDetailLine = {
  readonly name: string;
  readonly quantity: number;
  readonly priceMinor: number;
  /** The source's id of the product, "" for none. */
  readonly sourceProductId: string;
  /** Ours; null when the product was never loaded. */
  readonly productId: string | null;
  /** Now; null when not told. */
  readonly stock: number | null;
};

/** A system that orders come from, as far as it can be asked for something. */
export interface OrderSourceDoor {
  /**
   * @returns what it said: done (with its new state of the order, when it tells), or refused in its own words.
   * @throws when it could not be reached or its answer cannot be read: then it may or may not have been done, and asking again with the
   * same id is safe.
   */
  ask(
    action: {
      readonly id: string;
      readonly source: string;
      readonly sourceId: string;
      readonly request: OrderActionRequest;
      readonly operator: string;
    },
    signal: AbortSignal,
  ): Promise<
    | { readonly said: "done"; readonly text: string; readonly order: unknown }
    | { readonly said: "refused"; readonly text: string }
  >;
}

/** Orders as the card works on them. */
export interface OrderWork {
  /** Null when there is none such. */
  order(orderId: string): Promise<OrderDetail | null>;
  /**
   * The order a customer's call is about when nobody says which: of so many of the newest the newest that is not settled, else the newest.
   * Null of no orders.
   */
  talkedAbout(customerId: string, among: number): Promise<OrderDetail | null>;
  /**
   * Asks, waits for the source a few seconds, and tells how it stands then; what waits goes on by itself.
   * @throws Refusal `notFound`, `invalid` (names what), `forbidden` (the source takes no such action).
   */
  act(
    action: { readonly id: string; readonly orderId: string; readonly request: OrderActionRequest },
    by: { readonly userId: string; readonly callId: string },
  ): Promise<OrderAction>;
  /** Told when an action that waited ended. */
  onAction(listener: (action: OrderAction, userId: string | null) => void): () => void;
  /** Products of an order's source that fit the text, to add them. */
  findProducts(source: string, text: string, limit: number): Promise<readonly FoundProduct[]>;
}

export type FoundProduct = {
  readonly productId: string;
  readonly sourceProductId: string;
  readonly sku: string;
  readonly name: string;
  readonly priceMinor: number;
  readonly currency: string;
  readonly stock: number | null;
};
