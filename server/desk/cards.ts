/**
 * The cards of the calls that are running: composed once per call, before any phone rings, kept in memory until the call
 * is over, and composed again when an operator says who it is.
 *
 * Every part has a deadline. What is late is named on the card and filled in when it comes; what is down is asked again, and stands there
 * meanwhile as it was last seen, named as old.
 */
import { isDeepStrictEqual } from "node:util";
import { LRUCache } from "lru-cache";
import type { Customer, CustomerDirectory, Identification } from "../customers/model.ts";
import { CARD_ORDERS, type OrderBook, type OrderSummary } from "../orders/model.ts";
import {
  type CardParts,
  type Part,
  cardOf,
  customerOf,
  isComposed,
  noParts,
  phoneOf,
} from "./card.ts";
import { CardMemory, type Remembered } from "./card-memory.ts";
import type { FoundWork, WorkSource } from "./card-work.ts";
import type { Clock } from "./ports.ts";
import { type Purpose, inView, whomItIsFor } from "./purpose.ts";
import type { Card, Note, PastCall } from "./protocol.ts";

/** How many orders, past calls and notes a card shows. */
export const CARD_LIMITS = { orders: CARD_ORDERS, calls: 5, notes: 5 } as const;

/** What cards are made from. */
export type CardSources = {
  readonly directory: Pick<CustomerDirectory, "identify" | "customer">;
  readonly orders: Pick<OrderBook, "ofCustomer" | "totals">;
  pastCalls(
    who: { readonly customerId: string | null; readonly e164: string | null },
    exceptCallId: string,
    limit: number,
  ): Promise<readonly PastCall[]>;
  notes(customerId: string, limit: number): Promise<readonly Note[]>;
  /** Without it cards are only to be read. */
  readonly work?: WorkSource;
};

/** How long each step may take before the card goes without it. */
export type CardDeadlines = {
  readonly identifyMs: number;
  /** For orders, past calls and notes, from the moment the customer is known. */
  readonly partsMs: number;
  /** First pause before a part that is down is asked again; doubles up to eight times this. */
  readonly retryMs: number;
};

/** The stages of one card, for the pop ledger. Epoch ms. */
export type CardTimes = {
  readonly identifiedAtMs: number | null;
  readonly identifyMs: number | null;
  readonly composedAtMs: number | null;
};

type Entry = {
  readonly callId: string;
  internal: boolean;
  parts: CardParts;
  card: Card;
  times: CardTimes;
  /** Answers to questions of an earlier generation are thrown away. */
  generation: number;
  composed: boolean;
  dropped: boolean;
  retries: number;
  /** What the card is worked on with changed; it is asked for in a moment. */
  workDue: boolean;
  /** Whose it is, and how often it was asked for. */
  workOf: string;
  workAsked: number;
  readonly timers: Set<NodeJS.Timeout>;
};

/** Changes of what a card is worked on with come in threes. */
const WORK_GATHER_MS = 40;

/** How cards are made. */
export type CardsOptions = {
  readonly sources: CardSources;
  readonly deadlines: CardDeadlines;
  /** Two spellings of one phone number. */
  readonly sameNumber: (one: string, other: string) => boolean;
  /** Whom a call is meant for and what it is about, when we made it for a reason; null for all others. At once. */
  readonly purposeOf?: (callId: string) => Purpose | null;
  readonly now: Clock;
  /** Called after a card became composed or changed; not for the pending one. */
  readonly changed: (callId: string) => void;
};

/** All cards of one process. */
export class Cards {
  readonly #sources: CardSources;
  readonly #deadlines: CardDeadlines;
  readonly #sameNumber: CardsOptions["sameNumber"];
  readonly #purposeOf: NonNullable<CardsOptions["purposeOf"]>;
  readonly #now: Clock;
  readonly #changed: (callId: string) => void;
  readonly #entries = new Map<string, Entry>();
  /** Customers of calls whose card was dropped, for those who write the call's record a moment later. */
  readonly #lastCustomers = new LRUCache<string, string>({ max: 5000 });
  /** Said at another process of calls that this one has no card of yet. */
  readonly #saidBefore = new LRUCache<string, Customer>({ max: 1000 });
  readonly #memory = new CardMemory();

  constructor(options: CardsOptions) {
    this.#sources = options.sources;
    this.#deadlines = options.deadlines;
    this.#sameNumber = options.sameNumber;
    this.#purposeOf = options.purposeOf ?? (() => null);
    this.#now = options.now;
    this.#changed = options.changed;
  }

  /** How many are kept, for metrics. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Starts composing; a call whose card exists is only composed again when its number changed.
   * @param internal the other side is an extension: nobody is looked up.
   */
  open(
    callId: string,
    party: { readonly number: string; readonly name: string },
    internal = false,
  ): void {
    const known = this.#entries.get(callId);
    if (known !== undefined && known.internal === internal) {
      const raw = known.parts.rawNumber;
      if (raw === party.number || this.#sameNumber(raw, party.number)) {
        if (raw !== party.number || known.parts.rawName !== party.name)
          this.#update(known, { rawNumber: party.number, rawName: party.name });
        return;
      }
    }
    const entry: Entry = known ?? {
      callId,
      internal,
      parts: {
        ...noParts(party.number, party.name),
        chosen: this.#saidBefore.get(callId) ?? null,
      },
      card: cardOf(noParts(party.number, party.name)),
      times: { identifiedAtMs: null, identifyMs: null, composedAtMs: null },
      generation: 0,
      composed: false,
      dropped: false,
      retries: 0,
      workDue: false,
      workOf: "",
      workAsked: 0,
      timers: new Set(),
    };
    this.#entries.set(callId, entry);
    entry.internal = internal;
    // Another number is another person, unless an operator already said who it is.
    const chosen = entry.parts.chosen;
    const nothing = noParts(party.number, party.name);
    entry.parts = { ...nothing, chosen };
    entry.card = cardOf(nothing);
    entry.times = { identifiedAtMs: null, identifyMs: null, composedAtMs: null };
    entry.composed = false;
    entry.retries = 0;
    entry.generation += 1;
    if (internal) {
      this.#identified(entry, this.#now(), { outcome: "internal", extension: party.number });
    } else {
      this.#identify(entry);
      if (chosen !== null) this.#gather(entry);
    }
  }

  /** The card as it is now; null when the call has none. */
  card(callId: string): Card | null {
    return this.#entries.get(callId)?.card ?? null;
  }

  /** The id of the customer a call's card is or lately was about; null when nobody knows. */
  customerOf(callId: string): string | null {
    return this.#entries.get(callId)?.card.customer?.id ?? this.#lastCustomers.get(callId) ?? null;
  }

  /** True once everything is in it or named as missing. */
  composed(callId: string): boolean {
    return this.#entries.get(callId)?.composed ?? false;
  }

  /** When its stages happened. */
  times(callId: string): CardTimes {
    return (
      this.#entries.get(callId)?.times ?? {
        identifiedAtMs: null,
        identifyMs: null,
        composedAtMs: null,
      }
    );
  }

  /** An operator said who it is: the card is about this customer from now on. */
  choose(callId: string, customer: Customer): void {
    const entry = this.#entries.get(callId);
    if (entry === undefined) {
      this.#lastCustomers.set(callId, customer.id);
      this.#saidBefore.set(callId, customer);
      return;
    }
    const awaited = { state: "awaited" } as const;
    entry.parts = {
      ...entry.parts,
      chosen: customer,
      orders: awaited,
      calls: awaited,
      notes: awaited,
    };
    entry.composed = false;
    entry.generation += 1;
    if (entry.parts.identification.state !== "here") this.#identify(entry);
    this.#gather(entry);
  }

  /** The id of whom an operator said a call is with; null when nobody said so here. */
  chosen(callId: string): string | null {
    return this.#entries.get(callId)?.parts.chosen?.id ?? null;
  }

  /** Asks for the notes again, after one was added. */
  refreshNotes(callId: string): void {
    const entry = this.#entries.get(callId);
    if (entry !== undefined) this.#ask(entry, "notes");
  }

  /** Asks for the orders again, after what the call is about changed. */
  refreshOrders(callId: string): void {
    const entry = this.#entries.get(callId);
    if (entry !== undefined) this.#ask(entry, "orders");
  }

  /** Asks again for what the card is worked on with, soon and once for many reasons. Its orders too when `alsoOrders`. */
  refreshWork(callId: string, alsoOrders = false): void {
    const entry = this.#entries.get(callId);
    if (entry === undefined || customerOf(entry.parts) === null) return;
    if (alsoOrders) this.#ask(entry, "orders");
    if (entry.workDue) return;
    entry.workDue = true;
    const current = this.#current(entry);
    this.#timer(entry, WORK_GATHER_MS, () => {
      entry.workDue = false;
      if (current()) this.#askWork(entry);
    });
  }

  /** Calls that have a card. */
  calls(): Iterable<string> {
    return this.#entries.keys();
  }

  /** Calls with the card of this customer. */
  *callsOf(customerId: string): Generator<string> {
    for (const { callId, card } of this.#entries.values())
      if (card.customer?.id === customerId) yield callId;
  }

  /** Calls whose card fits. */
  *callsWith(fits: (card: Card) => boolean): Generator<string> {
    for (const { callId, card } of this.#entries.values()) if (fits(card)) yield callId;
  }

  /** `from` became part of `into`: what an operator chose there is not lost. */
  merge(from: string, into: string): void {
    const source = this.#entries.get(from);
    const target = this.#entries.get(into);
    if (source === undefined || target === undefined) return;
    const chosen = source.parts.chosen;
    if (chosen !== null && target.parts.chosen === null) this.choose(into, chosen);
  }

  /** Forgets a card and everything still under way for it. */
  drop(callId: string): void {
    const entry = this.#entries.get(callId);
    if (entry === undefined) return;
    entry.dropped = true;
    const customer = entry.card.customer;
    if (customer !== null) this.#lastCustomers.set(callId, customer.id);
    entry.generation += 1;
    for (const timer of entry.timers) clearTimeout(timer);
    this.#entries.delete(callId);
  }

  /** Forgets everything. */
  close(): void {
    for (const callId of this.#entries.keys()) this.drop(callId);
  }

  #identify(entry: Entry): void {
    const startedAtMs = this.#now();
    const current = this.#current(entry);
    this.#timer(entry, this.#deadlines.identifyMs, () => {
      if (current() && entry.parts.identification.state === "awaited")
        this.#update(entry, { identification: { state: "late" } });
    });
    void this.#lookUp(entry.callId, entry.parts.rawNumber).then((identification) =>
      current() ? this.#identified(entry, startedAtMs, identification) : undefined,
    );
  }

  async #lookUp(callId: string, raw: string): Promise<Identification> {
    const { directory } = this.#sources;
    try {
      const found = await directory.identify(raw);
      return await whomItIsFor(found, this.#purposeOf(callId)?.customerId ?? null, directory);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { outcome: "failed", raw, reason };
    }
  }

  #identified(entry: Entry, startedAtMs: number, identification: Identification): void {
    if (identification.outcome === "failed" || "fromMemory" in identification)
      this.#retry(entry, () => this.#identify(entry));
    if (identification.outcome !== "failed" && entry.times.identifiedAtMs === null) {
      const nowMs = this.#now();
      entry.times = { ...entry.times, identifiedAtMs: nowMs, identifyMs: nowMs - startedAtMs };
    }
    const last = entry.parts.identification;
    // Asked again and again while PostgreSQL is away: the screen is told only what changed.
    if (entry.composed && last.state === "here" && isDeepStrictEqual(last.value, identification))
      return;
    const before = customerOf(entry.parts)?.id;
    entry.parts = { ...entry.parts, identification: { state: "here", value: identification } };
    const after = customerOf(entry.parts)?.id;
    if (after !== before || after === undefined) this.#gather(entry);
    this.#settle(entry);
  }

  /** Asks for everything that hangs on the customer or the number, at once. */
  #gather(entry: Entry): void {
    const asked: ("orders" | "calls" | "notes")[] = [];
    if (customerOf(entry.parts) !== null) asked.push("orders", "notes");
    if (customerOf(entry.parts) !== null || phoneOf(entry.parts) !== null) asked.push("calls");
    for (const part of asked) this.#ask(entry, part);
    if (customerOf(entry.parts) !== null) this.#askWork(entry);
    if (asked.length === 0) return;
    const current = this.#current(entry);
    this.#timer(entry, this.#deadlines.partsMs, () => {
      if (!current()) return;
      const late: { -readonly [K in keyof CardParts]?: CardParts[K] } = {};
      for (const part of asked)
        if (entry.parts[part].state === "awaited")
          Object.assign(late, this.#without(entry, part, "late"));
      if (entry.parts.work.state === "awaited") late.work = { state: "late" };
      if (Object.keys(late).length > 0) this.#update(entry, late);
    });
  }

  #ask(entry: Entry, part: "orders" | "calls" | "notes"): void {
    const customerId = customerOf(entry.parts)?.id ?? null;
    const current = this.#current(entry);
    const answered = (update: Partial<CardParts>) => {
      if (current()) this.#update(entry, update);
    };
    const failed = () => {
      if (!current()) return;
      // What is on the card already stays there when only a refresh failed.
      if (entry.parts[part].state !== "here")
        this.#update(entry, this.#without(entry, part, "down"));
      this.#retry(entry, () => this.#ask(entry, part));
    };
    const here = <T>(value: T): Part<T> => ({ state: "here", value });
    const whose = whoseParts(entry.parts);
    if (part === "calls") {
      const e164 = phoneOf(entry.parts)?.e164 ?? null;
      this.#sources
        .pastCalls({ customerId, e164 }, entry.callId, CARD_LIMITS.calls)
        .then((calls) => {
          this.#memory.keep(whose, "calls", calls);
          return answered({ calls: here(calls) });
        }, failed);
      return;
    }
    if (customerId === null) return;
    if (part === "notes") {
      this.#sources.notes(customerId, CARD_LIMITS.notes).then((notes) => {
        this.#memory.keep(whose, "notes", notes);
        return answered({ notes: here(notes) });
      }, failed);
      return;
    }
    const about = this.#purposeOf(entry.callId)?.orderIds ?? [];
    Promise.all([
      this.#sources.orders.ofCustomer(customerId, CARD_LIMITS.orders + (about.length > 0 ? 25 : 0)),
      this.#sources.orders.totals(customerId),
    ]).then(([list, totals]: [readonly OrderSummary[], NonNullable<Card["totals"]>]) => {
      const orders = { list: inView(list, about, CARD_LIMITS.orders), totals };
      this.#memory.keep(whose, "orders", orders);
      return answered({ orders: here(orders) });
    }, failed);
  }

  /** A part that is not to be had now: as it was last seen, else missing. */
  #without(entry: Entry, part: Remembered, state: "late" | "down"): Partial<CardParts> {
    return { [part]: this.#memory.recall(whoseParts(entry.parts), part) ?? { state } };
  }

  #askWork(entry: Entry): void {
    const source = this.#sources.work;
    const customerId = customerOf(entry.parts)?.id;
    if (source === undefined || customerId === undefined) return;
    const { work } = entry.parts;
    // What is shown stays while it is asked for again; another customer's does not.
    const shown = work.state === "here" && work.value !== null && entry.workOf === customerId;
    entry.workOf = customerId;
    if (!shown) entry.parts = { ...entry.parts, work: { state: "awaited" } };
    const current = this.#current(entry);
    const asked = ++entry.workAsked;
    const question = {
      customerId,
      phone: phoneOf(entry.parts)?.e164 ?? null,
      about: this.#purposeOf(entry.callId)?.orderIds ?? [],
    };
    const answered = (found: FoundWork): undefined => {
      // A later question knows more.
      if (!current() || asked !== entry.workAsked) return;
      const before = entry.parts.work;
      const news = before.state !== "here" || !isDeepStrictEqual(before.value, found);
      // Asked again and again while a part is down: the screen is told only what changed.
      if (news) this.#update(entry, { work: { state: "here", value: found } });
      if (!found.whole) this.#retry(entry, () => this.#askWork(entry));
    };
    void source(question).then(answered);
  }

  #update(entry: Entry, parts: Partial<CardParts>): void {
    entry.parts = { ...entry.parts, ...parts };
    this.#settle(entry);
  }

  /** Makes the card new and tells, when nothing is awaited: half a card would say "no orders" of somebody who has some. */
  #settle(entry: Entry): void {
    if (!isComposed(entry.parts)) return;
    entry.card = cardOf(entry.parts);
    entry.composed = true;
    if (entry.times.composedAtMs === null)
      entry.times = { ...entry.times, composedAtMs: this.#now() };
    this.#changed(entry.callId);
  }

  #retry(entry: Entry, again: () => void): void {
    const pauseMs = this.#deadlines.retryMs * Math.min(8, 2 ** entry.retries);
    entry.retries += 1;
    const current = this.#current(entry);
    this.#timer(entry, pauseMs, () => {
      if (current()) again();
    });
  }

  #current(entry: Entry): () => boolean {
    const { generation } = entry;
    return () => !entry.dropped && entry.generation === generation;
  }

  #timer(entry: Entry, delayMs: number, run: () => void): void {
    const timer = setTimeout(() => {
      entry.timers.delete(timer);
      run();
    }, delayMs);
    timer.unref();
    entry.timers.add(timer);
  }
}

/** Whose orders, calls and notes a card shows: a customer's, or those of a number. */
function whoseParts(parts: CardParts): string {
  return customerOf(parts)?.id ?? phoneOf(parts)?.e164 ?? "";
}
