/** Everything that ever passed between a customer and the shop, newest first. */

export const TIMELINE_KINDS = [
  "call",
  "order",
  "claim",
  "message",
  "offer",
  "note",
  "callBack",
  "rating",
] as const;
export type TimelineKind = (typeof TIMELINE_KINDS)[number];

/** One thing that happened. */
export type TimelineEntry = {
  readonly kind: TimelineKind;
  /** With `kind` unique. */
  readonly id: string;
  /** ISO date-time. */
  readonly at: string;
  /** What it was, in codes of its kind: an order's stage, a call's end, an offer's answer. */
  readonly code: string;
  /** Number of the order or the claim, name of the product, subject of the letter. */
  readonly title: string;
  /** Note, first lines of the letter, disposition's words. */
  readonly text: string;
  /** Who of the shop had to do with it, "" for nobody. */
  readonly byName: string;
  /** Null when it is not about money. */
  readonly amountMinor: number | null;
  readonly currency: string;
  readonly direction: "in" | "out" | "";
};

export type TimelineQuestion = {
  readonly customerId: string;
  /** None means all. */
  readonly kinds: readonly TimelineKind[];
  /** Only what has this text in it, of the newest 3000 of each kind; "" for all. */
  readonly text: string;
  /** `next` of the page before, "" for the first. */
  readonly after: string;
  /** 1 to 100. */
  readonly limit: number;
};

export type TimelinePage = {
  readonly entries: readonly TimelineEntry[];
  /** "" at the end. */
  readonly next: string;
};

/** Reads by index only, whatever the length of somebody's history. */
export interface Timeline {
  page(question: TimelineQuestion): Promise<TimelinePage>;
}

/** What the card's head says of somebody beside their orders. */
export type CustomerBackground = {
  /** Orders that came back. */
  readonly returned: number;
  /** At most three, most bought first. */
  readonly favouriteCategories: readonly string[];
  /** How they came: the first order's source as people call it, "" when unknown. */
  readonly cameBy: string;
  readonly firstOrderAt: string;
  readonly segments: readonly string[];
  /** Minor units; null: no such programme. */
  readonly bonusMinor: number | null;
};
