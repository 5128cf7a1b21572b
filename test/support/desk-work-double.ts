/** Everything a card is worked on with, from memory: a shop that does what it is asked, refuses, or does not answer. */
import type { DeskWork } from "../../server/desk/ports.ts";
import { Refusal } from "../../server/desk/replies.ts";
import type { CallBackEntry, Claim } from "../../server/followups/model.ts";
import type { Offer, ShownOffer } from "../../server/offers/model.ts";
import type { OrderAction, OrderDetail } from "../../server/orders/actions/model.ts";
import type { OrderBook, OrderSummary } from "../../server/orders/model.ts";
import type { PickUpPoint, QuoteAnswer } from "../../server/delivery/model.ts";
import type { TimelineEntry } from "../../server/customers/timeline-model.ts";
import {
  catalogue,
  sampleBackground,
  sampleCallBack,
  sampleClaim,
  sampleOffers,
  sampleOldOrder,
  sampleOrder,
  samplePoints,
  sampleQuotes,
  sampleTimeline,
} from "./desk-work-samples.ts";

type Listener<A extends readonly unknown[]> = (...args: A) => void;

export class DeskWorkDouble implements DeskWork {
  readonly #nowMs: number;
  readonly book: Map<string, OrderDetail>;
  /** What the shop does with what it is asked. */
  shop: "works" | "refuses" | "down" = "works";
  refusal = "Заказ уже передан на сборку, состав изменить нельзя";
  /** Parts that fail when they are asked. */
  readonly broken = new Set<
    | "order"
    | "talkedAbout"
    | "orders"
    | "background"
    | "claims"
    | "callBacks"
    | "offers"
    | "timeline"
  >();
  /** Of the book, whoever the customer is. */
  talkedAbout = sampleOrder(0).id;
  offered: readonly Offer[] = sampleOffers();
  readonly showings = new Map<string, ShownOffer>();
  readonly filed: Claim[];
  readonly promised: CallBackEntry[] = [];
  quotesAnswer: QuoteAnswer;
  points: readonly PickUpPoint[] = samplePoints;
  entries: readonly TimelineEntry[];
  /** The last questions, by part. */
  readonly asked: Record<string, unknown[]> = {};
  readonly #actions = new Set<Listener<[OrderAction, string | null]>>();
  readonly #claims = new Set<Listener<[Claim]>>();
  readonly #callBacks = new Set<Listener<[CallBackEntry]>>();

  constructor(nowMs: number = Date.now()) {
    this.#nowMs = nowMs;
    this.book = new Map(
      [sampleOrder(nowMs), sampleOldOrder(nowMs)].map((order) => [order.id, order]),
    );
    this.filed = [sampleClaim(nowMs)];
    this.quotesAnswer = {
      quotes: sampleQuotes(nowMs),
      silent: [{ provider: "novaposhta", why: "late", said: "" }],
      missing: null,
    };
    this.entries = sampleTimeline(nowMs, 1000);
  }

  readonly orders: DeskWork["orders"] = {
    order: async (orderId) => {
      this.#break("order");
      return this.book.get(orderId) ?? null;
    },
    talkedAbout: async () => {
      this.#break("talkedAbout");
      return this.orders.order(this.talkedAbout);
    },
    act: async ({ id, orderId, request }, by) => {
      this.#note("act", { id, orderId, request, by });
      const order = this.book.get(orderId);
      if (!order) throw new Refusal("notFound", "orderId: there is no such order");
      const known = order.actions.find((one) => one.id === id);
      if (known) return known;
      const action: OrderAction = {
        ...{ id, orderId, request, askedAt: new Date().toISOString(), askedByName: "Анна Белова" },
        state: this.shop === "works" ? "done" : this.shop === "down" ? "waiting" : "refused",
        answer: this.shop === "refuses" ? this.refusal : "",
      };
      const changed = this.shop === "works" ? after(order, request) : order;
      this.book.set(orderId, { ...changed, actions: [action, ...order.actions] });
      return action;
    },
    onAction: (listener) => listen(this.#actions, listener),
    findProducts: async (_source, text, limit) =>
      catalogue
        .filter(({ name, sku }) => `${name} ${sku}`.toLowerCase().includes(text.toLowerCase()))
        .slice(0, limit),
  };

  /** All orders, however many. */
  readonly allOrders: Pick<OrderBook, "page"> = {
    page: async (_customerId, after, limit) => {
      this.#break("orders");
      const all = [...this.book.values()].toSorted((a, b) => (a.placedAt < b.placedAt ? 1 : -1));
      const start = Number(after || 0);
      const next = start + limit < all.length ? String(start + limit) : "";
      return { orders: all.slice(start, start + limit).map(summaryOf), next };
    },
  };

  readonly timeline: DeskWork["timeline"] = {
    page: async ({ kinds, text, after: from, limit }) => {
      this.#break("timeline");
      this.#note("timeline", { kinds, text, after: from });
      const fitting = this.entries.filter(
        (entry) =>
          (kinds.length === 0 || kinds.includes(entry.kind)) &&
          `${entry.title} ${entry.text}`.toLowerCase().includes(text.toLowerCase()),
      );
      const start = Number(from || 0);
      const next = start + limit < fitting.length ? String(start + limit) : "";
      return { entries: fitting.slice(start, start + limit), next };
    },
  };

  readonly background: DeskWork["background"] = async () => {
    this.#break("background");
    return sampleBackground();
  };

  readonly offers: DeskWork["offers"] = {
    offersFor: async (question) => {
      this.#break("offers");
      this.#note("offers", question);
      const has = new Set(question.lines.map(({ productId }) => productId));
      const open = this.filed.some(({ status }) => status === "open");
      return {
        offers: open
          ? []
          : this.offered.filter(({ product }) => product === null || !has.has(product.id)),
        silentBecause: open ? "openClaim" : null,
        bonusMinor: 84_500,
        tier: "gold",
        segments: [],
      };
    },
  };

  readonly loop: DeskWork["loop"] = {
    show: async ({ offers }, occasion) =>
      offers.map((offer) => {
        const showingId = uuidOf(`${occasion.id} ${offer.key}`);
        const known = this.showings.get(showingId);
        const shown = known ?? { ...offer, showingId, answer: "" as const, answerReason: "" };
        this.showings.set(showingId, shown);
        return shown;
      }),
    answer: async (showingId, said) => {
      this.#note("answer", { showingId, ...said });
      const shown = this.showings.get(showingId);
      if (!shown) throw new Refusal("notFound", "showingId: there is no such offer");
      const answered = { ...shown, answer: said.answer, answerReason: said.reason ?? "" };
      this.showings.set(showingId, answered);
      return answered;
    },
  };

  readonly delivery: DeskWork["delivery"] = {
    quotesFor: async (question) => {
      this.#note("quote", question);
      return this.quotesAnswer;
    },
    pointsFor: async () => this.points,
    parcelOf: async (lines) =>
      lines.length === 0 ? null : { grams: 1000 * lines.length, size: null },
    from: () => ({ country: "RU", postalCode: "101000", region: "", city: "Москва", address: "" }),
  };

  readonly claims: DeskWork["claims"] = {
    file: async (claim, by) => {
      this.#note("file", { claim, by });
      const number = `C-${String(123 + this.filed.length).padStart(6, "0")}`;
      const order = this.book.get(claim.orderId ?? "");
      const filed = sampleClaim(this.#nowMs, {
        ...claim,
        ...{ number, status: "open", answer: "", closedAt: null },
        orderNumber: order?.number ?? "",
        lineName: order?.lines[claim.line ?? -1]?.name ?? "",
        openedAt: new Date().toISOString(),
        deadlineAt: new Date(this.#nowMs + 3 * 86_400_000).toISOString(),
      });
      this.filed.unshift(filed);
      return filed;
    },
    ofCustomer: async () => {
      this.#break("claims");
      return [...this.filed];
    },
    onChange: (listener) => listen(this.#claims, listener),
  };

  readonly callBacks: DeskWork["callBacks"] = {
    promise: async (promise, by) => {
      this.#note("promise", { promise, by });
      if (promise.at < "2026") throw new Refusal("invalid", "at: is in the past");
      const { toMe, at, ...rest } = promise;
      const entry = sampleCallBack(this.#nowMs, {
        ...rest,
        id: String(80 + this.promised.length),
        dueAt: new Date(`${at}:00Z`).toISOString(),
        userId: toMe ? by.userId : null,
      });
      const same = this.promised.findIndex(({ phone }) => phone === promise.phone);
      this.promised.splice(same < 0 ? 0 : same, same < 0 ? 0 : 1, entry);
      this.callBackChanged(entry);
      return entry;
    },
    forOperator: async () => {
      this.#break("callBacks");
      return [...this.promised];
    },
    ofPhone: async (phone) => this.promised.find((one) => one.phone === phone) ?? null,
    take: async (id, userId) => this.#move(id, { state: "taken", takenByName: `user ${userId}` }),
    settle: async (id, _userId, how) =>
      this.#move(id, { state: how === "giveBack" ? "open" : "closed", takenByName: "" }),
    onChange: (listener) => listen(this.#callBacks, listener),
  };

  /** An action that waited comes to an end. */
  actionEnds(orderId: string, state: OrderAction["state"], answer = ""): void {
    const order = this.book.get(orderId)!;
    const [first, ...rest] = order.actions;
    const ended = { ...first!, state, answer };
    this.book.set(orderId, { ...order, actions: [ended, ...rest] });
    for (const listener of this.#actions) listener(ended, "1");
  }

  claimChanged(change: Partial<Claim>): void {
    this.filed[0] = { ...this.filed[0]!, ...change };
    for (const listener of this.#claims) listener(this.filed[0]);
  }

  callBackChanged(entry: CallBackEntry): void {
    for (const listener of this.#callBacks) listener(entry);
  }

  #move(id: string, change: Partial<CallBackEntry>): CallBackEntry {
    const at = this.promised.findIndex((one) => one.id === id);
    if (at < 0) throw new Refusal("gone", "id: this call back is settled");
    const entry = { ...this.promised[at]!, ...change };
    if (entry.state === "closed") this.promised.splice(at, 1);
    else this.promised[at] = entry;
    this.callBackChanged(entry);
    return entry;
  }

  #note(what: string, question: unknown): void {
    (this.asked[what] ??= []).push(question);
  }

  #break(part: string): void {
    if ((this.broken as Set<string>).has(part)) throw new Error(`${part} is down`);
  }
}

function summaryOf(order: OrderDetail): OrderSummary {
  const { id, number, placedAt, stage, status, totalMinor, currency, lines } = order;
  return {
    ...{ id, number, placedAt, stage, status, totalMinor, currency },
    itemCount: lines.reduce((sum, { quantity }) => sum + quantity, 0),
    items: lines.map(({ name, quantity, priceMinor }) => ({ name, quantity, priceMinor })),
  };
}

function listen<L>(listeners: Set<L>, listener: L): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** The order as the shop has it after it did what it was asked. */
function after(
  order: OrderDetail,
  request: Parameters<DeskWork["orders"]["act"]>[0]["request"],
): OrderDetail {
  const at = new Date().toISOString();
  const moved = (stage: OrderDetail["stage"], status: string): OrderDetail => ({
    ...order,
    ...{ stage, status },
    history: [...order.history, { at, stage, status }],
  });
  if (request.kind === "confirm")
    return { ...moved("confirmed", "Подтверждён"), may: ["changeDelivery", "cancel"] };
  if (request.kind === "cancel") return { ...moved("cancelled", "Отменён"), may: [] };
  if (request.kind === "changeDelivery")
    return {
      ...order,
      delivery: request.delivery,
      totalMinor: order.totalMinor + (request.chosen?.priceMinor ?? 0),
    };
  if (request.kind === "applyOffer")
    return { ...order, totalMinor: order.totalMinor + request.offer.amountMinor };
  const lines = request.lines
    .filter(({ quantity }) => quantity > 0)
    .map((wanted) => {
      const found = catalogue.find((one) => one.sourceProductId === wanted.sourceProductId);
      const { name, quantity, priceMinor, sourceProductId } = wanted;
      const { productId = null, stock = null } = found ?? {};
      return { name, quantity, priceMinor, sourceProductId, productId, stock };
    });
  const sum = (of: readonly { priceMinor: number; quantity: number }[]) =>
    of.reduce((total, line) => total + line.priceMinor * line.quantity, 0);
  return { ...order, lines, totalMinor: order.totalMinor - sum(order.lines) + sum(lines) };
}

/** A UUID that is always the same for the same text. */
function uuidOf(text: string): string {
  let hash = 2_166_136_261;
  for (const char of text) hash = Math.imul(hash ^ char.charCodeAt(0), 16_777_619) >>> 0;
  return `00000000-0000-4000-8000-${hash.toString(16).padStart(12, "0")}`;
}
