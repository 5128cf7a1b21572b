/** The words of orders, as far as a card shows them. */

/** Stages every shop has, whatever it calls them; `status` keeps the shop's own word beside. */
export type OrderStage =
  | "new"
  | "confirmed"
  | "paid"
  | "assembling"
  | "shipped"
  | "delivered"
  | "completed"
  | "cancelled"
  | "returned"
  | "other";

/** Where an order goes, as far as the source told. */
export type OrderDelivery = {
  /** The shop's own word, `courier`. */
  readonly method?: string;
  readonly country?: string;
  readonly postalCode?: string;
  readonly region?: string;
  readonly city?: string;
  readonly address?: string;
  /** IANA zone of the address, when the source knows it. */
  readonly timeZone?: string;
};

/** How an order is paid, as far as the source told. */
export type OrderPayment = {
  /** The shop's own word, `card`. */
  readonly method?: string;
  readonly state?: (typeof PAYMENT_STATES)[number];
  /** So far, in minor units of the order's currency; what was given back is not in it. */
  readonly paidMinor?: number;
  /** ISO, UTC: of the last payment. */
  readonly paidAt?: string;
};

export const PAYMENT_STATES = ["unpaid", "partly", "paid", "refunded"] as const;

/** So many of somebody's newest orders come with a card; the others are asked for. */
export const CARD_ORDERS = 5;

/** An order in a list of a card. */
export type OrderSummary = {
  readonly id: string;
  /** As the customer knows it. */
  readonly number: string;
  readonly placedAt: string;
  readonly stage: OrderStage;
  /** The shop's own word. */
  readonly status: string;
  readonly payment?: OrderPayment;
  /** Sum in minor units of `currency` (kopecks, cents). */
  readonly totalMinor: number;
  /** ISO 4217. */
  readonly currency: string;
  readonly itemCount: number;
  readonly items: readonly {
    readonly name: string;
    readonly quantity: number;
    readonly priceMinor: number;
  }[];
};

/** Some of somebody's orders, newest first. */
export type OrderPage = {
  readonly orders: readonly OrderSummary[];
  /** What the next page is asked for with; "" at the end. */
  readonly next: string;
};

/** What other parts ask of the orders. */
export interface OrderBook {
  /** All of them page by page, from every source. @param after `next` of the page before, "" for the first. @throws Refusal `invalid`. */
  page(customerId: string, after: string, limit: number): Promise<OrderPage>;
  /** Newest first. */
  ofCustomer(customerId: string, limit: number): Promise<readonly OrderSummary[]>;
  /** Count and sum over all orders that were not cancelled or returned, per currency of the newest. */
  totals(
    customerId: string,
  ): Promise<{ readonly count: number; readonly totalMinor: number; readonly currency: string }>;
}
