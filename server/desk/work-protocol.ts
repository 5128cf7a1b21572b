/**
 * What an operator does with a card beside telephoning: the part of the socket's maps that is about orders, offers, delivery, claims and
 * call backs. The widget imports the types of this file.
 */
import type {
  CustomerBackground,
  TimelinePage,
  TimelineKind,
} from "../customers/timeline-model.ts";
import type { PickUpPoint, Place, QuoteAnswer } from "../delivery/model.ts";
import type { CallBackEntry, Claim, ClaimKind, ClaimWish } from "../followups/model.ts";
import type { OrderPage } from "../orders/model.ts";
import type { CartLine, OffersAnswer, RefusalReason, ShownOffer } from "../offers/model.ts";
import type {
  FoundProduct,
  OrderAction,
  OrderActionRequest,
  OrderDetail,
} from "../orders/actions/model.ts";
import type { Reply } from "./protocol.ts";

/** The part of a card that is worked on; composed with the card, before any phone rings. */
export type CardWork = {
  /** What the call is about: of a campaign its order, else the newest that is not settled, else the newest; null of no orders. */
  readonly order: OrderDetail | null;
  readonly background: CustomerBackground | null;
  /** Open ones first. */
  readonly claims: readonly Claim[];
  /** The open call back of this number. */
  readonly callBack: CallBackEntry | null;
};

/** What an operator has typed so far and not saved; kept so that closing the browser loses nothing. */
export type WrapUpDraft = {
  readonly disposition: string;
  readonly note: string;
  readonly tags: readonly string[];
};

/** Requests about the work; every one is answered. */
export type DeskWorkToServer = {
  order: (input: { orderId: string }, reply: (r: Reply<{ order: OrderDetail }>) => void) => void;
  /** All orders of somebody, page by page, newest first; `after` is `next` of the page before, "" for the first. */
  orders: (
    input: { customerId: string; after: string },
    reply: (r: Reply<{ page: OrderPage }>) => void,
  ) => void;
  /** `id` is a UUID made by the screen: asked twice it is done once. */
  actOnOrder: (
    input: { id: string; callId: string; orderId: string; request: OrderActionRequest },
    reply: (r: Reply<{ action: OrderAction; order: OrderDetail }>) => void,
  ) => void;
  findProducts: (
    input: { source: string; text: string },
    reply: (r: Reply<{ products: readonly FoundProduct[] }>) => void,
  ) => void;
  timeline: (
    input: { customerId: string; kinds: readonly TimelineKind[]; text: string; after: string },
    reply: (r: Reply<{ page: TimelinePage }>) => void,
  ) => void;
  /** What to say about these lines; what is answered here was shown. */
  offers: (
    input: {
      callId: string;
      orderId: string | null;
      lines: readonly CartLine[];
      currency: string;
    },
    reply: (
      r: Reply<{
        offers: readonly ShownOffer[];
        silentBecause: OffersAnswer["silentBecause"];
        bonusMinor: number | null;
      }>,
    ) => void,
  ) => void;
  answerOffer: (
    input: {
      showingId: string;
      answer: "accepted" | "refused";
      reason: RefusalReason | "";
      quantity?: number;
    },
    reply: (r: Reply<{ offer: ShownOffer }>) => void,
  ) => void;
  /** Delivery of these lines to there. */
  quote: (
    input: {
      to: Place;
      lines: readonly { productId: string; quantity: number }[];
      declaredMinor: number;
      currency: string;
      cashOnDelivery: boolean;
    },
    reply: (r: Reply<{ answer: QuoteAnswer }>) => void,
  ) => void;
  points: (
    input: { provider: string; to: Place },
    reply: (r: Reply<{ points: readonly PickUpPoint[] }>) => void,
  ) => void;
  /** `id` is a UUID made by the screen: filed twice it is one claim. */
  fileClaim: (
    input: {
      id: string;
      callId: string;
      customerId: string;
      orderId: string | null;
      line: number | null;
      kind: ClaimKind;
      wish: ClaimWish;
      text: string;
      photos: readonly string[];
    },
    reply: (r: Reply<{ claim: Claim }>) => void,
  ) => void;
  promiseCallBack: (
    input: { callId: string; at: string; timeZone: string; toMe: boolean; reason: string },
    reply: (r: Reply<{ callBack: CallBackEntry }>) => void,
  ) => void;
  takeCallBack: (
    input: { id: string },
    reply: (r: Reply<{ callBack: CallBackEntry }>) => void,
  ) => void;
  settleCallBack: (
    input: { id: string; how: "giveBack" | "done" | "notNeeded" },
    reply: (r: Reply<{ callBack: CallBackEntry }>) => void,
  ) => void;
  /** `saved`: there is a wrap-up already, so that the draft is not kept. */
  saveDraft: (
    input: { callId: string; draft: WrapUpDraft },
    reply: (r: Reply<{ saved?: boolean }>) => void,
  ) => void;
};
