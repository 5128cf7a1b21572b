/**
 * The operator's day: cards before the phone is answered, presence as in Asterisk, wrap-ups that are not lost. Composed of
 * the call model, the customer directory, the order book and the PBXs; the socket's edge is `socket.ts`.
 */
import { pauseMember, unpauseMember } from "../asterisk/actions.ts";
import type { Pbx } from "../asterisk/model.ts";
import type { CallFact } from "../calls/model.ts";
import { readPhone } from "../customers/phone.ts";
import type { User } from "../people/model.ts";
import { Board, WRAP_UP_KEPT_MS } from "./board.ts";
import { CallBackLists } from "./call-back-lists.ts";
import { workSource } from "./card-work.ts";
import { Cards } from "./cards.ts";
import { clickToCall } from "./click-to-call.ts";
import { CampaignCalls } from "./campaign-calls.ts";
import { type CustomerDeeds, customerDeeds } from "./customer-deeds.ts";
import { WrapUpDrafts } from "./drafts.ts";
import type { DeskOptions } from "./desk-options.ts";
import { Floor, type Operator } from "./floor.ts";
import { Ledger, type PopListener } from "./ledger.ts";
import type { Clock } from "./ports.ts";
import { systemClock } from "./ports.ts";
import type { CallBack, Disposition } from "./protocol.ts";
import { Refusal } from "./replies.ts";
import type { Message } from "./schemas.ts";
import type { Browser } from "./screen.ts";
import { interfacesOf } from "./seats.ts";
import {
  activeDispositions,
  isActive,
  notesOf,
  orderTalkedAbout,
  pastCalls,
  pendingWrapUps,
  seatedOperators,
  takeDevice,
  upsertPops,
} from "./store.ts";
import { savedCall } from "./saved-call.ts";
import { followWork } from "./work-changes.ts";
import { WorkRequests } from "./work-requests.ts";
import { mayWrapUp, saveWrapUp } from "./wrap-up.ts";
import { WrapUpPauses } from "./wrap-up-pause.ts";

/** Reasons offered unless others are set. */
export const DEFAULT_PAUSE_REASONS = ["break", "lunch", "meeting", "training", "other"] as const;

/** How long orders, past calls and notes may take before the card opens without them. */
const PARTS_DEADLINE_MS = 200;
const RETRY_MS = 500;
/** The order that is talked about is looked for among so many. */
const NEWEST_ORDERS = 100;
/** What is said of a call back, in characters. */
const MOST_REASON = 500;
const HEALTH_EVERY_MS = 2000;

/** One process's desk. Begins to listen when made; {@link Desk.load} brings what was remembered. */
export class Desk {
  /** What operators do about the customers of their calls. */
  readonly customers: CustomerDeeds;
  /** What operators do about whom campaigns ask them to call. */
  readonly campaigns: CampaignCalls;
  /** What operators do with the cards of their calls. */
  readonly work: WorkRequests;
  readonly #options: DeskOptions;
  readonly #now: Clock;
  readonly #floor: Floor;
  readonly #cards: Cards;
  readonly #ledger: Ledger;
  readonly #board: Board;
  readonly #pauses: WrapUpPauses;
  readonly #drafts: WrapUpDrafts;
  readonly #callBacks: CallBackLists | null;
  readonly #stopFollowing: () => void;
  readonly #call: ReturnType<typeof clickToCall>;
  readonly #stopListening: () => void;
  #dispositions: readonly Disposition[] = [];
  /** Devices are chosen one after the other, so that memory and PostgreSQL agree on who was last. */
  #choosing: Promise<unknown> = Promise.resolve();
  #health: NodeJS.Timeout | null = null;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#now = options.now ?? systemClock;
    const { db, record, directory, orders, settings, log, registry, work = null } = options;
    const reads = options.reads ?? db;
    this.#ledger = new Ledger({
      write: (rows) => upsertPops(record, rows),
      now: this.#now,
      log,
      registry,
    });
    this.#cards = new Cards({
      sources: {
        directory,
        orders,
        pastCalls: (who, exceptCallId, limit) => pastCalls(reads, who, exceptCallId, limit),
        notes: (customerId, limit) => notesOf(reads, customerId, limit),
        ...(work === null
          ? {}
          : {
              work: workSource(work, (customerId) =>
                orderTalkedAbout(reads, customerId, NEWEST_ORDERS),
              ),
            }),
      },
      deadlines: {
        identifyMs: settings.identifyDeadlineMs,
        partsMs: PARTS_DEADLINE_MS,
        retryMs: RETRY_MS,
      },
      sameNumber: (one, other) => this.#isSameNumber(one, other),
      purposeOf: (callId) => this.campaigns.purposeOf(callId),
      now: this.#now,
      changed: (callId) => {
        this.#board.cardChanged(callId);
        this.campaigns.cardChanged(callId);
      },
    });
    this.#floor = new Floor({
      calls: options.calls,
      pbxs: options.pbxs,
      now: this.#now,
      common: () => ({
        dispositions: this.#dispositions,
        pauseReasons: settings.pauseReasons,
        demo: settings.demo,
      }),
      presenceSeen: (operator, memberships) => {
        this.#pauses.seen(operator, memberships);
        this.#callBacks?.seen(operator);
      },
    });
    this.#pauses = new WrapUpPauses({
      seconds: settings.wrapUpPauseSeconds,
      setPaused: (operator, paused, reason) => this.#setPaused(operator, paused, reason),
      memberships: (operator) => this.#floor.memberships(operator.device),
      log,
    });
    this.#drafts = new WrapUpDrafts(record);
    this.#board = new Board({
      floor: this.#floor,
      cards: this.#cards,
      ledger: this.#ledger,
      now: this.#now,
      priorityOf: (callId, queue) => options.priority?.ofCall(callId, queue) ?? null,
      campaignOf: (callId) => this.campaigns.of(callId),
      draftOf: (userId, callId) => this.#drafts.of(userId, callId),
      wrapUpDue: (operator, callId) => this.#pauses.due(operator, callId),
    });
    this.campaigns = new CampaignCalls({
      campaigns: options.campaigns ?? null,
      ...{ floor: this.#floor, cards: this.#cards, board: this.#board },
    });
    this.customers = customerDeeds({
      cards: this.#cards,
      directory,
      record,
      isShown: (userId, callId) => this.#isShown(userId, callId),
      chosen: (callId, customerId) => options.priority?.customerChosen(callId, customerId),
    });
    this.work = new WorkRequests({
      ...{ work, book: orders, log, cards: this.#cards, now: this.#now },
      isShown: (userId, callId) => this.#isShown(userId, callId),
    });
    const { floor, cards } = { floor: this.#floor, cards: this.#cards };
    this.#callBacks =
      work === null ? null : new CallBackLists({ callBacks: work.callBacks, floor, log });
    this.#stopFollowing =
      work === null
        ? () => {}
        : followWork({
            ...{ work, cards, bus: options.bus ?? null },
            callBacksChanged: () => this.#callBacks?.changed(),
          });
    const { dial, defaultRegion, extensionPattern } = settings;
    this.#call = clickToCall({
      ...{ dial, defaultRegion, extensionPattern },
      board: this.#board,
      now: this.#now,
    });
    this.#stopListening = options.calls.onFact((fact) => this.#hear(fact));
  }

  /** Brings devices, dictionaries and pending wrap-ups from PostgreSQL. @throws when it does not answer. */
  async load(): Promise<void> {
    const { db, log } = this.#options;
    this.#dispositions = await activeDispositions(db);
    await this.#drafts.open();
    for (const { user, device } of await seatedOperators(db)) {
      const operator = this.#floor.admit(user);
      this.#floor.seat(operator, device);
      this.#board.seated(operator);
      await this.#drafts.read(user.id);
    }
    const since = new Date(this.#now() - WRAP_UP_KEPT_MS);
    for (const { userId, callId, detail } of await pendingWrapUps(db, since)) {
      const operator = this.#floor.of(userId);
      const call = savedCall(detail);
      if (operator === null) continue;
      if (call === null)
        log.warn({ callId }, "a saved call cannot be read; its wrap-up is not asked for");
      else this.#board.restore(operator, call);
    }
    this.#floor.replaceCommon();
    this.#health = setInterval(() => void this.#checkHealth(), HEALTH_EVERY_MS);
    this.#health.unref();
  }

  /** A browser of this user follows from now on. @returns how it leaves. */
  enter(
    user: User,
    browser: Browser,
    seen: { readonly epoch?: string | undefined; readonly seq?: number | undefined },
  ): () => void {
    const operator = this.#floor.admit(user);
    this.campaigns.admitted(operator);
    let has = () => {};
    const leave = operator.screen.attach(browser, seen, this.#now(), () => has());
    const resumed =
      seen.epoch === operator.screen.state.epoch && seen.seq === operator.screen.state.seq;
    has = this.#board.browserCame(operator);
    // It was sent nothing because it has everything: its number proves that it got what was not acknowledged.
    if (resumed) has();
    this.#callBacks?.look(operator);
    void this.#readDrafts(operator);
    return () => {
      leave();
      this.#floor.dismissIdle(operator);
    };
  }

  /** Remembers where this operator sits. @throws Refusal `deviceTaken`, `notFound`, `invalid`. */
  async chooseDevice(user: User, input: Message<"chooseDevice">): Promise<object> {
    const { db, pbxs, settings, log } = this.#options;
    const device = { pbx: input.pbx, extension: input.extension };
    if (!pbxs.has(device.pbx)) throw new Refusal("notFound", `pbx: there is no PBX ${device.pbx}`);
    if (device.extension.search(settings.extensionPattern) !== 0)
      throw new Refusal("invalid", "extension: is not an operator's extension");
    const choose = async () => {
      const taken = await takeDevice(db, user.id, device, input.takeOver ?? false);
      if (!taken.ok) {
        const holder = this.#floor.at(device.pbx, device.extension)?.user.name ?? "somebody else";
        throw new Refusal("deviceTaken", `extension: ${device.extension} is used by ${holder}`);
      }
      const operator = this.#floor.admit(user);
      const evicted = this.#floor.seat(operator, device);
      if (evicted !== null) {
        this.#board.seated(evicted);
        log.info({ from: evicted.user.login, to: user.login, ...device }, "device taken over");
      }
      this.#board.seated(operator);
      this.#options.priority?.seatsChanged();
    };
    const chosen = this.#choosing.then(choose);
    this.#choosing = chosen.catch(() => undefined);
    await chosen;
    return {};
  }

  /** Ready in all queues. The screen changes when Asterisk says so. */
  async ready(user: User): Promise<object> {
    const operator = this.#operator(user);
    await this.#setPaused(operator, false, "");
    this.#pauses.overruled(operator);
    operator.readyAtMs = this.#now();
    this.#floor.touch(operator);
    return {};
  }

  /** Paused in all queues. */
  async pause(user: User, input: Message<"pause">): Promise<object> {
    if (!this.#options.settings.pauseReasons.includes(input.reason))
      throw new Refusal("invalid", "reason: is not one of the offered reasons");
    const operator = this.#operator(user);
    await this.#setPaused(operator, true, input.reason);
    this.#pauses.overruled(operator);
    return {};
  }

  /** Saves a wrap-up; returns after PostgreSQL has it. */
  async saveWrapUp(user: User, input: Message<"saveWrapUp">): Promise<{ savedAt: string }> {
    const operator = this.#floor.of(user.id);
    const known = operator !== null && this.#board.isShown(operator, input.callId);
    const { record, campaigns = null, work = null } = this.#options;
    const promise = work === null ? null : this.#promiseOf(user, input);
    const savedAt = await saveWrapUp({ db: record, campaigns, promise }, user.id, input, known);
    await this.#drafts.forget(user.id, input.callId).catch((error: unknown) => {
      // It is given back with a call that is saved: the screen does not ask for its wrap-up any more.
      this.#options.log.warn({ err: error }, "the draft of a saved wrap-up is still there");
    });
    if (operator !== null) {
      this.#board.wrappedUp(operator, input.callId);
      this.#pauses.saved(operator, input.callId);
    }
    return { savedAt: savedAt.toISOString() };
  }

  /** Keeps what is typed of a wrap-up; returns after PostgreSQL has it. */
  async saveDraft(user: User, { callId, draft }: Message<"saveDraft">): Promise<object> {
    await mayWrapUp(this.#options.record, user.id, callId, this.#isShown(user.id, callId));
    const changed = await this.#drafts.save(user.id, callId, draft);
    const operator = this.#floor.of(user.id);
    if (changed && operator !== null) this.#board.draftChanged(operator, callId);
    return {};
  }

  /** Rings the operator's own phone, then the number. @returns the id the call will have. */
  async dial(user: User, input: Message<"dial">): Promise<{ callId: string }> {
    const { device } = this.#operator(user);
    if (device === null) throw new Refusal("noDevice", "Choose a device first");
    const pbx = this.#pbx(device.pbx);
    const members = this.#floor.memberships(device).map(({ member }) => member);
    return this.#call({ pbx, device, members, number: input.number });
  }

  /** A browser has the pop. */
  popReceived(user: User, input: Message<"popReceived">): void {
    if (!this.#isShown(user.id, input.callId)) return;
    this.#ledger.received(input.ringId, this.#now(), this.#cards.composed(input.callId));
  }

  /** A browser painted it. */
  popPainted(user: User, input: Message<"popPainted">): void {
    this.#ledger.painted(input.ringId, { userId: user.id, ...input });
  }

  /** False for somebody who may not log in any more. */
  async isActive(userId: string): Promise<boolean> {
    return isActive(this.#options.db, userId);
  }

  /** Who the customer of a call is by its card, for the call's record; null when nobody knows. */
  customerOf(callId: string): string | null {
    return this.#cards.customerOf(callId);
  }

  /** Who sits at which device. */
  *sitting(): Generator<{ login: string; pbx: string; extension: string }> {
    for (const { user, device } of this.#floor.operators())
      if (device !== null) yield { login: user.login, ...device };
  }

  /** The same for who dials: with whose wrap-up is still to be written. */
  *seats(): Generator<{ userId: string; pbx: string; extension: string; wrappingUp: boolean }> {
    for (const operator of this.#floor.operators()) {
      const { user, device } = operator;
      if (device !== null)
        yield {
          userId: user.id,
          ...device,
          wrappingUp: operator.screen.state.presence.state === "wrapUp",
        };
    }
  }

  /** What the policy says of this call became known or changed. */
  priorityChanged(callId: string): void {
    this.#board.priorityChanged(callId);
  }

  /** True once the call's card needs nothing more. */
  isComposed(callId: string): boolean {
    return this.#cards.composed(callId);
  }

  /** Adds a listener of pops, told at every new stage; returns how to remove it. */
  onPop(listener: PopListener): () => void {
    return this.#ledger.onPop(listener);
  }

  /** Extensions of a PBX whose operator has a screen open. */
  attended(pbx: string): ReadonlySet<string> {
    const extensions = new Set<string>();
    for (const { device, screen } of this.#floor.operators())
      if (device?.pbx === pbx && screen.browsers > 0) extensions.add(device.extension);
    return extensions;
  }

  /** What is kept in memory, to see that nothing grows. */
  get size(): number {
    return this.#board.size + this.#cards.size + this.campaigns.size;
  }

  /** Resolves when the pop ledger so far is in PostgreSQL. */
  flush(): Promise<void> {
    return this.#ledger.flush();
  }

  /** Stops listening, writes the ledger, ends all timers. */
  async close(): Promise<void> {
    this.#stopListening();
    if (this.#health !== null) clearInterval(this.#health);
    this.campaigns.close();
    this.#pauses.close();
    this.#stopFollowing();
    this.#callBacks?.close();
    this.#board.close();
    this.#floor.close();
    this.#cards.close();
    await this.#ledger.close();
  }

  #hear(fact: CallFact): void {
    try {
      this.#board.fact(fact);
    } catch (error) {
      this.#options.log.error(
        { err: error, callId: fact.call.id, fact: fact.type },
        "the desk could not take a fact",
      );
    }
  }

  #operator(user: User): Operator {
    const operator = this.#floor.of(user.id);
    if (operator === null || operator.device === null)
      throw new Refusal("noDevice", "Choose a device first");
    return operator;
  }

  #pbx(name: string): Pbx {
    const pbx = this.#options.pbxs.get(name);
    if (pbx === undefined) throw new Refusal("pbxDown", `There is no PBX ${name} any more`);
    return pbx;
  }

  #isShown(userId: string, callId: string): boolean {
    const operator = this.#floor.of(userId);
    return operator !== null && this.#board.isShown(operator, callId);
  }

  async #setPaused(operator: Operator, paused: boolean, reason: string): Promise<void> {
    const { device } = operator;
    if (device === null) throw new Refusal("noDevice", "Choose a device first");
    const pbx = this.#pbx(device.pbx);
    if (!this.#floor.isUp(device.pbx)) throw new Refusal("pbxDown", "The PBX is not connected");
    const interfaces = interfacesOf(this.#floor.memberships(device));
    if (interfaces.length === 0)
      throw new Refusal("notInQueue", `${device.extension} is not a member of any queue`);
    await Promise.all(
      interfaces.map((name) =>
        paused
          ? pauseMember(pbx, { interface: name, reason })
          : unpauseMember(pbx, { interface: name }),
      ),
    );
  }

  async #readDrafts(operator: Operator): Promise<void> {
    try {
      for (const callId of await this.#drafts.read(operator.user.id))
        this.#board.draftChanged(operator, callId);
    } catch (error) {
      this.#options.log.warn({ err: error }, "drafts could not be read; the screen has its own");
    }
  }

  /** How a wrap-up of a call that no campaign made promises to call back. */
  #promiseOf(user: User, { callId, note }: Message<"saveWrapUp">) {
    return async (when: CallBack) => {
      await this.work.promise(user.id, callId, when, note.slice(0, MOST_REASON));
    };
  }

  #isSameNumber(one: string, other: string): boolean {
    const { defaultRegion } = this.#options.settings;
    const phone = readPhone(one, defaultRegion);
    return phone !== null && phone.e164 === readPhone(other, defaultRegion)?.e164;
  }

  async #checkHealth(): Promise<void> {
    try {
      const dispositions = await activeDispositions(this.#options.db);
      this.#floor.setDatabaseUp(true);
      if (JSON.stringify(dispositions) === JSON.stringify(this.#dispositions)) return;
      this.#dispositions = dispositions;
      this.#floor.replaceCommon();
    } catch {
      this.#floor.setDatabaseUp(false);
    }
  }
}
