/**
 * Which calls are on whose screen. Facts go in, changes of screens and stages of the pop ledger come out.
 *
 * A call is shown to an operator only from the moment their own phone rings, dials or talks on it, and stays until it is over
 * for them and wrapped up.
 */
import { isDeepStrictEqual } from "node:util";
import { LRUCache } from "lru-cache";
import type { Call, CallFact, Ring } from "../calls/model.ts";
import type { Cards } from "./cards.ts";
import { type Device, type Floor, type Operator, type ShownCall, sameDevice } from "./floor.ts";
import type { Ledger } from "./ledger.ts";
import type { Clock } from "./ports.ts";
import type { CallPriority, Card, DeskCall, DeskCampaign } from "./protocol.ts";
import { type CallView, isLive, viewOf } from "./view.ts";
import type { WrapUpDraft } from "./work-protocol.ts";

/** How long a call that is over, and needs nothing more, stays on the screen. */
const LINGER_MS = 15_000;
/** A wrap-up that nobody writes leaves the screen after this; it can still be saved. */
export const WRAP_UP_KEPT_MS = 12 * 3_600_000;
/** Unsaved wrap-ups on one screen; the oldest leave it. */
export const MOST_CALLS = 50;
const SWEEP_MS = 60_000;
/** Wrap-ups that are remembered beyond their call's time on the screen. */
const MOST_SAVED = 10_000;

/** What the policy did for a caller of a queue; null when nothing. Answers at once. */
export type PriorityOf = (callId: string, queue: string) => CallPriority | null;

/** What a board needs. */
export type BoardOptions = {
  readonly floor: Floor;
  readonly cards: Cards;
  readonly ledger: Ledger;
  readonly now: Clock;
  readonly priorityOf: PriorityOf;
  /** The campaign that made a call, null for all others. Answers at once. */
  readonly campaignOf: (callId: string) => DeskCampaign | null;
  /** What an operator typed of a call and did not save. Answers at once. */
  readonly draftOf: (userId: string, callId: string) => WrapUpDraft | null;
  /** An operator's part in a queue call ended and its wrap-up is due. */
  readonly wrapUpDue: (operator: Operator, callId: string) => void;
};

/** The board of one process. */
export class Board {
  readonly #options: BoardOptions;
  readonly #live = new Map<string, Call>();
  readonly #watchers = new Map<string, Set<Operator>>();
  /** Numbers of calls that operators asked for, until the call says it itself. */
  readonly #asked = new Map<string, string>();
  /** Wrap-ups in PostgreSQL: a call may be seen here later than it was wrapped up elsewhere. */
  readonly #saved = new LRUCache<string, true>({ max: MOST_SAVED });
  readonly #sweeper: NodeJS.Timeout;

  constructor(options: BoardOptions) {
    this.#options = options;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#sweeper.unref();
  }

  /** Takes one fact. Runs in the read path of the PBX: a pop is on its way before anything else is done. */
  fact(fact: CallFact): void {
    const { call } = fact;
    if (call.endedAtMs === null) this.#live.set(call.id, call);
    switch (fact.type) {
      case "ringStarted":
        this.#rang(call, fact.ring);
        break;
      case "ringEnded":
        this.#options.ledger.ringEnded(fact.ring.id, fact.atMs);
        break;
      case "callStarted":
      case "queueJoined":
      case "partyChanged":
        this.#openCard(call);
        break;
      case "merged":
        this.#options.cards.merge(call.id, fact.intoCallId);
        // After the facts that show the call it went into, so that the screen is never empty between the two.
        setImmediate(() => this.#removeEverywhere(call.id));
        break;
      case "callEnded":
        this.#live.delete(call.id);
        this.#asked.delete(call.id);
        this.#options.ledger.callEnded(call.id, fact.atMs);
        break;
      case "queueLeft":
      case "talkStarted":
      case "talkEnded":
      case "held":
      case "resumed":
      case "transferred":
      case "rated":
        break;
    }
    this.#follow(call);
    if (fact.type === "callEnded") this.#forgetIfOver(call.id);
  }

  /** The call's card became composed or changed. */
  cardChanged(callId: string): void {
    const { cards, ledger } = this.#options;
    for (const operator of this.#watchers.get(callId) ?? []) {
      const shown = operator.calls.get(callId);
      if (shown !== undefined) this.#publish(operator, shown);
    }
    ledger.card(callId, cards.times(callId), cards.card(callId)?.outcome ?? "");
  }

  /**
   * What the policy says of the call may have changed; only whom it still helps is told, and only what is news to them: a
   * policy judges everybody who waits anew, and seldom says anything else of somebody.
   */
  priorityChanged(callId: string): void {
    for (const operator of this.#watchers.get(callId) ?? []) {
      const shown = operator.calls.get(callId);
      if (shown === undefined || !isLive(shown.view.state)) continue;
      const told = operator.screen.state.calls.find((one) => one.callId === callId)?.priority;
      if (!isDeepStrictEqual(told, this.#priorityOf(shown))) this.#publish(operator, shown);
    }
  }

  /** What an operator typed of a call changed: their screens are told, but not the only one when it was typed `here`: it knows. */
  draftChanged(operator: Operator, callId: string, here: boolean): void {
    const shown = operator.calls.get(callId);
    if (shown === undefined) return;
    const call = this.#callOf(operator, shown);
    if (!here || operator.screen.browsers > 1) this.#publish(operator, shown);
    else if (call !== null) operator.screen.amend(call);
  }

  /** What the campaign says of its call changed. */
  campaignChanged(callId: string): void {
    for (const operator of this.#watchers.get(callId) ?? []) {
      const shown = operator.calls.get(callId);
      if (shown !== undefined) this.#publish(operator, shown);
    }
  }

  /** An operator asked for this call to `number`, or is asked to make it; its card can be composed before the PBX says anything. */
  asked(callId: string, number: string): void {
    this.#asked.set(callId, number);
    this.#options.cards.open(callId, { number, name: "" });
  }

  /** True from the first that the PBX says of a call until its end. */
  lives(callId: string): boolean {
    return this.#live.has(callId);
  }

  /** A call that was asked for did not come to be. */
  notDialled(callId: string): void {
    this.#asked.delete(callId);
    this.#forgetIfOver(callId);
  }

  /** An operator sat down at their device (or stood up): live calls of the phone come, those of another one go. */
  seated(operator: Operator): void {
    for (const shown of [...operator.calls.values()]) {
      if (isLive(shown.view.state) && !sameDevice(shown.device, operator.device))
        this.#remove(operator, shown.callId);
    }
    if (operator.device === null) return;
    for (const call of this.#live.values()) {
      if (call.pbx === operator.device.pbx && this.#show(operator, call)) this.#noteSent(operator);
    }
  }

  /** A browser came: the ringing calls it was sent are pops too. @returns what to call when it has them. */
  browserCame(operator: Operator): () => void {
    const ringIds = this.#noteSent(operator);
    return () => {
      for (const { ringId, composed } of ringIds)
        this.#options.ledger.received(ringId, this.#options.now(), composed);
    };
  }

  /** True when this call is or was on the operator's screen, as far as memory goes. */
  isShown(operator: Operator, callId: string): boolean {
    return operator.calls.has(callId);
  }

  /** A call that ended while this process did not look, whose wrap-up is due; not one that was pushed off a full screen. */
  restore(operator: Operator, call: Call): void {
    if (operator.device === null || operator.calls.has(call.id)) return;
    if (this.#saved.has(savedKey(operator, call.id)) || operator.calls.size >= MOST_CALLS) return;
    const view = this.#viewOf(call, operator.device);
    if (view === null || view.endedAtMs === null) return;
    const shown: ShownCall = {
      callId: call.id,
      device: operator.device,
      view,
      duty: true,
      saved: false,
      removal: null,
    };
    this.#options.cards.open(call.id, call.party, call.direction === "internal");
    this.#add(operator, shown);
    this.#publish(operator, shown);
    this.#options.floor.touch(operator);
  }

  /** Calls whose wrap-up is due, as far as is known here. */
  *unsaved(
    of: Iterable<Operator>,
  ): Generator<{ readonly userId: string; readonly callId: string }> {
    for (const { user, calls } of of)
      for (const { callId, duty, saved } of calls.values())
        if (duty && !saved) yield { userId: user.id, callId };
  }

  /** A wrap-up is in PostgreSQL. */
  wrappedUp(operator: Operator, callId: string): void {
    this.#saved.set(savedKey(operator, callId), true);
    const shown = operator.calls.get(callId);
    if (shown === undefined || shown.saved) return;
    shown.saved = true;
    this.#publish(operator, shown);
    this.#lingerIfDone(operator, shown);
    this.#options.floor.touch(operator);
  }

  /** How many calls are kept, for metrics and leaks. */
  get size(): number {
    return this.#live.size + this.#watchers.size + this.#asked.size;
  }

  close(): void {
    clearInterval(this.#sweeper);
  }

  #openCard(call: Call): void {
    const { cards } = this.#options;
    const number = call.party.number || (this.#asked.get(call.id) ?? "");
    const internal = call.direction === "internal" && !this.#asked.has(call.id);
    // Nobody is asked about a call between two of us before one of us is to see it.
    if (internal && cards.card(call.id) === null) return;
    if (call.direction === "outbound" && number === "") return;
    cards.open(call.id, { number, name: call.party.name }, internal);
  }

  #rang(call: Call, ring: Ring): void {
    const { cards, floor, ledger, now } = this.#options;
    if (cards.card(call.id) === null)
      cards.open(call.id, call.party, call.direction === "internal");
    const operator = floor.at(call.pbx, ring.extension);
    const browsers = operator !== null && this.#show(operator, call) ? operator.screen.browsers : 0;
    const sentAtMs = now();
    const visit = call.visits.findLast(({ queue }) => queue === ring.queue);
    ledger.rang({
      ringId: ring.id,
      callId: call.id,
      pbx: call.pbx,
      extension: ring.extension,
      userId: operator?.user.id ?? null,
      queue: ring.queue,
      toldBy: ring.toldBy,
      joinedAtMs: visit?.joinedAtMs ?? null,
      ...cards.times(call.id),
      outcome: cards.composed(call.id) ? (cards.card(call.id)?.outcome ?? "") : "",
      rangAtMs: ring.startedAtMs,
      ringEndedAtMs: ring.endedAtMs,
      sentAtMs: null,
      receivedAtMs: null,
      paintedAtMs: null,
      visible: false,
    });
    if (operator !== null && browsers > 0) ledger.sent(ring.id, operator.user.id, sentAtMs);
  }

  /** Shows the call, as it is now, to everybody who has a part in it. */
  #follow(call: Call): void {
    const { floor } = this.#options;
    const extensions = new Set<string>();
    for (const { extension } of call.rings) extensions.add(extension);
    for (const { extension } of call.talks) extensions.add(extension);
    if (call.fromExtension !== "") extensions.add(call.fromExtension);
    for (const extension of extensions) {
      const operator = floor.at(call.pbx, extension);
      if (operator !== null) this.#show(operator, call);
    }
  }

  /** @returns true when something was sent. */
  #show(operator: Operator, call: Call): boolean {
    const { device } = operator;
    if (device === null) return false;
    const view = this.#viewOf(call, device);
    if (view === null) return false;
    const live = isLive(view.state);
    let shown = operator.calls.get(call.id);
    if (shown === undefined) {
      // What happened at this phone before this operator had it is not theirs to see.
      if (!live) return false;
      if (this.#options.cards.card(call.id) === null)
        this.#options.cards.open(call.id, call.party, call.direction === "internal");
      const saved = this.#saved.has(savedKey(operator, call.id));
      shown = { callId: call.id, device, view, duty: false, saved, removal: null };
      this.#add(operator, shown);
    } else if (sameView(shown.view, view)) return false;
    const wasLive = isLive(shown.view.state);
    shown.view = view;
    const talks = view.state === "talking" || view.state === "onHold";
    if (talks && call.direction !== "internal") shown.duty = true;
    if (live && shown.removal !== null) {
      clearTimeout(shown.removal);
      shown.removal = null;
    }
    this.#publish(operator, shown);
    this.#options.floor.touch(operator);
    if (!live) this.#lingerIfDone(operator, shown);
    if (wasLive && !live && shown.duty && !shown.saved && view.queue !== "")
      this.#options.wrapUpDue(operator, call.id);
    return true;
  }

  #viewOf(call: Call, device: Device): CallView | null {
    const { floor } = this.#options;
    return viewOf(call, device.extension, (extension) => floor.nameAt(device.pbx, extension));
  }

  /** The call as this operator sees it now; null when its card is forgotten. */
  #callOf(operator: Operator, shown: ShownCall): DeskCall | null {
    const { view, callId } = shown;
    const found = this.#options.cards.card(callId);
    if (found === null) return null;
    return {
      ...view,
      card: view.direction === "internal" ? this.#internalCard(found, shown) : found,
      priority: this.#priorityOf(shown),
      campaign: this.#options.campaignOf(callId),
      needsWrapUp: shown.duty && !shown.saved,
      draft: this.#options.draftOf(operator.user.id, callId),
    };
  }

  #publish(operator: Operator, shown: ShownCall): void {
    const { cards, ledger, now } = this.#options;
    const { view, callId } = shown;
    const call = this.#callOf(operator, shown);
    if (call === null) return;
    if (view.state !== "ringing" || view.ringId === "") {
      operator.screen.publish({ kind: "call", call });
      return;
    }
    const composed = cards.composed(callId);
    const sent = operator.screen.publish({ kind: "call", call }, () =>
      ledger.received(view.ringId, now(), composed),
    );
    if (sent > 0) ledger.sent(view.ringId, operator.user.id, now());
  }

  #priorityOf({ view, callId }: ShownCall): CallPriority | null {
    return view.queue === "" ? null : this.#options.priorityOf(callId, view.queue);
  }

  /** Between two of us the other side is a colleague: the caller sees who is called, the called who calls. */
  #internalCard(card: Card, { device, callId }: ShownCall): Card {
    const call = this.#live.get(callId);
    if (call === undefined || call.direction !== "internal") return card;
    const other = call.fromExtension === device.extension ? call.dialled : call.fromExtension;
    const name = this.#options.floor.nameAt(device.pbx, other);
    return { ...card, rawNumber: other, rawName: name === other ? card.rawName : name };
  }

  /** Stamps what is ringing on a screen as sent. */
  #noteSent(operator: Operator): readonly { ringId: string; composed: boolean }[] {
    const { cards, ledger, now } = this.#options;
    const rings: { ringId: string; composed: boolean }[] = [];
    if (operator.screen.browsers === 0) return rings;
    for (const { view, callId } of operator.calls.values()) {
      if (view.state !== "ringing" || view.ringId === "") continue;
      ledger.sent(view.ringId, operator.user.id, now());
      rings.push({ ringId: view.ringId, composed: cards.composed(callId) });
    }
    return rings;
  }

  #add(operator: Operator, shown: ShownCall): void {
    operator.calls.set(shown.callId, shown);
    const watchers = this.#watchers.get(shown.callId) ?? new Set();
    this.#watchers.set(shown.callId, watchers.add(operator));
    if (operator.calls.size <= MOST_CALLS) return;
    for (const { callId, view } of operator.calls.values()) {
      if (operator.calls.size <= MOST_CALLS) break;
      if (!isLive(view.state)) this.#remove(operator, callId);
    }
  }

  #lingerIfDone(operator: Operator, shown: ShownCall): void {
    if (isLive(shown.view.state) || (shown.duty && !shown.saved) || shown.removal !== null) return;
    shown.removal = setTimeout(() => this.#remove(operator, shown.callId), LINGER_MS);
    shown.removal.unref();
  }

  #remove(operator: Operator, callId: string): void {
    const shown = operator.calls.get(callId);
    if (shown === undefined) return;
    if (shown.removal !== null) clearTimeout(shown.removal);
    operator.calls.delete(callId);
    const watchers = this.#watchers.get(callId);
    watchers?.delete(operator);
    if (watchers?.size === 0) this.#watchers.delete(callId);
    operator.screen.publish({ kind: "callGone", callId });
    this.#options.floor.touch(operator);
    this.#forgetIfOver(callId);
  }

  #removeEverywhere(callId: string): void {
    for (const operator of [...(this.#watchers.get(callId) ?? [])]) this.#remove(operator, callId);
  }

  #forgetIfOver(callId: string): void {
    if (this.#live.has(callId) || this.#watchers.has(callId) || this.#asked.has(callId)) return;
    this.#options.cards.drop(callId);
  }

  #sweep(): void {
    const oldestMs = this.#options.now() - WRAP_UP_KEPT_MS;
    for (const operator of this.#options.floor.operators()) {
      for (const { callId, view } of [...operator.calls.values()]) {
        if (!isLive(view.state) && (view.endedAtMs ?? 0) < oldestMs) this.#remove(operator, callId);
      }
    }
  }
}

function savedKey({ user }: Operator, callId: string): string {
  return `${user.id} ${callId}`;
}

function sameView(one: CallView, other: CallView): boolean {
  for (const key of Object.keys(one) as (keyof CallView)[]) {
    if (key !== "left" && one[key] !== other[key]) return false;
  }
  return one.left?.how === other.left?.how && one.left?.byName === other.left?.byName;
}
