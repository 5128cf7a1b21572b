/**
 * What an operator does with a card beside telephoning: asks something of an order, says what to buy with it, finds out what delivery
 * costs, files a claim, promises a call back. Each part decides for itself; what it refuses is passed on as it says.
 */
import type { TimelinePage } from "../customers/timeline-model.ts";
import type { PickUpPoint, QuoteAnswer } from "../delivery/model.ts";
import type { CallBackEntry, Claim } from "../followups/model.ts";
import type { OffersAnswer, ShownOffer } from "../offers/model.ts";
import type { FoundProduct, OrderAction, OrderDetail } from "../orders/actions/model.ts";
import type { OrderBook, OrderPage } from "../orders/model.ts";
import type { User } from "../people/model.ts";
import type { Cards } from "./cards.ts";
import type { Clock, DeskLog, DeskWork } from "./ports.ts";
import type { Card } from "./protocol.ts";
import { Refusal } from "./replies.ts";
import type { Message } from "./schemas.ts";

/** What the requests need. */
export type WorkRequestsOptions = {
  /** Null: orders are only shown here. */
  readonly work: DeskWork | null;
  readonly book: Pick<OrderBook, "page">;
  readonly cards: Pick<Cards, "card" | "refreshWork">;
  /** True when the call is on this person's screen. */
  readonly isShown: (userId: string, callId: string) => boolean;
  /** Told of an order of which something was asked. */
  readonly asked: (orderId: string) => void;
  readonly now: Clock;
  readonly log: DeskLog;
};

/** Entries of one page of a timeline. */
const TIMELINE_PAGE = 40;
const ORDERS_PAGE = 25;
const PRODUCTS_FOUND = 12;

/**
 * The deeds over these parts. They throw `Refusal` `forbidden` for a call that is not on the operator's screen, `notFound` for what is not
 * there or not set up, `invalid` naming the field, and whatever the part refuses.
 */
export class WorkRequests {
  readonly #options: WorkRequestsOptions;

  constructor(options: WorkRequestsOptions) {
    this.#options = options;
  }

  async order({ orderId }: Message<"order">): Promise<{ order: OrderDetail }> {
    return { order: await this.#order(orderId) };
  }

  async orders({ customerId, after }: Message<"orders">): Promise<{ page: OrderPage }> {
    return { page: await this.#options.book.page(customerId, after, ORDERS_PAGE) };
  }

  /** Asks it of the order's source and tells how it stands, with the order as it is now. */
  async actOnOrder(
    user: User,
    input: Message<"actOnOrder">,
  ): Promise<{ action: OrderAction; order: OrderDetail }> {
    const { id, callId, orderId, request } = input;
    this.#card(user, callId);
    const { orders } = this.#work();
    const by = { userId: user.id, callId };
    const action = await orders.act({ id, orderId, request }, by);
    await this.#taken(user, action);
    this.#options.cards.refreshWork(callId, true);
    this.#options.asked(orderId);
    return { action, order: await this.#order(orderId) };
  }

  async findProducts(
    input: Message<"findProducts">,
  ): Promise<{ products: readonly FoundProduct[] }> {
    const text = input.text.trim();
    if (text.length < 2) return { products: [] };
    return { products: await this.#work().orders.findProducts(input.source, text, PRODUCTS_FOUND) };
  }

  async timeline(input: Message<"timeline">): Promise<{ page: TimelinePage }> {
    const { timeline } = this.#work();
    const text = input.text.trim();
    return { page: await timeline.page({ ...input, text, limit: TIMELINE_PAGE }) };
  }

  /** What to say about these lines to whom the call is with; what is answered is written down as shown. */
  async offers(
    user: User,
    input: Message<"offers">,
  ): Promise<{
    offers: readonly ShownOffer[];
    silentBecause: OffersAnswer["silentBecause"];
    bonusMinor: number | null;
  }> {
    const card = this.#card(user, input.callId);
    const { offers, loop } = this.#work();
    const customerId = card.customer?.id ?? null;
    const nowMs = this.#options.now();
    const { currency, lines } = input;
    const question = { customerId, lines, currency, channel: "operator" as const, nowMs };
    const answer = await offers.offersFor(question);
    const { silentBecause, bonusMinor } = answer;
    if (silentBecause !== null) return { offers: [], silentBecause, bonusMinor };
    const shown = await loop.show(
      answer,
      {
        id: input.callId,
        channel: "operator",
        customerId,
        userId: user.id,
        orderId: input.orderId,
      },
      nowMs,
    );
    return { offers: shown, silentBecause, bonusMinor };
  }

  async answerOffer(user: User, input: Message<"answerOffer">): Promise<{ offer: ShownOffer }> {
    const { loop } = this.#work();
    const { showingId, answer, reason, quantity } = input;
    const said = {
      ...{ answer, reason },
      ...(quantity === undefined ? {} : { quantity }),
      userId: user.id,
    };
    return { offer: await loop.answer(showingId, said) };
  }

  /** What it costs to bring these lines there. */
  async quote(input: Message<"quote">): Promise<{ answer: QuoteAnswer }> {
    const { delivery } = this.#work();
    const { to, lines, declaredMinor, currency, cashOnDelivery } = input;
    const parcel = await delivery.parcelOf(lines);
    if (parcel === null) return { answer: { quotes: [], silent: [], missing: "weight" } };
    const from = delivery.from();
    const question = {
      ...{ from, to, parcels: [parcel] },
      ...{ declaredMinor, currency, cashOnDelivery },
    };
    return { answer: await delivery.quotesFor(question) };
  }

  async points(input: Message<"points">): Promise<{ points: readonly PickUpPoint[] }> {
    return { points: await this.#work().delivery.pointsFor(input.provider, input.to) };
  }

  async fileClaim(user: User, input: Message<"fileClaim">): Promise<{ claim: Claim }> {
    const { callId, ...claim } = input;
    const card = this.#card(user, callId);
    // The card may have become somebody else's while the claim was typed: it is not filed for the wrong person.
    if (card.customer?.id !== claim.customerId)
      throw new Refusal("invalid", "customerId: the card is about another customer now");
    const { claims } = this.#work();
    const by = { userId: user.id, callId };
    const filed = await claims.file(claim, by);
    this.#options.cards.refreshWork(callId);
    return { claim: filed };
  }

  async promiseCallBack(
    user: User,
    input: Message<"promiseCallBack">,
  ): Promise<{ callBack: CallBackEntry }> {
    const { callId, at, timeZone, toMe, reason } = input;
    const callBack = await this.promise(user.id, callId, { at, timeZone, toMe }, reason);
    return { callBack };
  }

  /** Promises the other side of a call on this operator's screen to call them back. */
  async promise(
    userId: string,
    callId: string,
    when: { readonly at: string; readonly timeZone: string; readonly toMe: boolean },
    reason: string,
  ): Promise<CallBackEntry> {
    const card = this.#card({ id: userId }, callId);
    if (card.phone === null)
      throw new Refusal("invalid", "callId: this call has no number to call back", {
        why: { reason: "noNumber", possibleAt: null },
      });
    const callBack = await this.#work().callBacks.promise(
      {
        phone: card.phone.e164,
        customerId: card.customer?.id ?? null,
        name: card.customer?.name ?? card.rawName,
        ...when,
        reason: reason.trim(),
      },
      { userId, callId },
    );
    this.#options.cards.refreshWork(callId);
    return callBack;
  }

  async takeCallBack(
    user: User,
    { id }: Message<"takeCallBack">,
  ): Promise<{ callBack: CallBackEntry }> {
    return { callBack: await this.#work().callBacks.take(id, user.id) };
  }

  async settleCallBack(
    user: User,
    { id, how }: Message<"settleCallBack">,
  ): Promise<{ callBack: CallBackEntry }> {
    return { callBack: await this.#work().callBacks.settle(id, user.id, how) };
  }

  #work(): DeskWork {
    const { work } = this.#options;
    if (work === null) throw new Refusal("notFound", "Orders are only shown here");
    return work;
  }

  #card(user: Pick<User, "id">, callId: string): Card {
    if (!this.#options.isShown(user.id, callId))
      throw new Refusal("forbidden", "callId: this call is not on your screen");
    const card = this.#options.cards.card(callId);
    if (card === null) throw new Refusal("notFound", "callId: this call is forgotten");
    return card;
  }

  async #order(orderId: string): Promise<OrderDetail> {
    const order = await this.#work().orders.order(orderId);
    if (order === null) throw new Refusal("notFound", "orderId: there is no such order");
    return order;
  }

  /** What came from offers is accepted, unless the shop refused. What is not written of it must not undo the order. */
  async #taken(user: User, { request, state }: OrderAction): Promise<void> {
    if (state === "refused") return;
    const { loop } = this.#work();
    for (const { showingId, ...taken } of fromOffers(request)) {
      try {
        await loop.answer(showingId, { answer: "accepted", ...taken, userId: user.id });
      } catch (error) {
        this.#options.log.warn({ err: error, showingId }, "an accepted offer was not written down");
      }
    }
  }
}

/** The offers that a request puts into an order. */
function fromOffers(
  request: OrderAction["request"],
): readonly { readonly showingId: string; readonly quantity?: number }[] {
  if (request.kind === "applyOffer") return [{ showingId: request.offer.showingId }];
  if (request.kind !== "changeLines") return [];
  return request.lines
    .filter(({ showingId, quantity }) => showingId !== "" && quantity > 0)
    .map(({ showingId, quantity }) => ({ showingId, quantity }));
}
