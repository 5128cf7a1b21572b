/**
 * The operator's day: cards before the phone is answered, presence as in Asterisk, wrap-ups that are not lost. Composed of
 * the call model, the customer directory, the order book and the PBXs; the socket's edge is `socket.ts`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Pbx } from "../asterisk/model.ts";
import type { CallFact } from "../calls/model.ts";
import { readPhone } from "../customers/phone.ts";
import type { User } from "../people/model.ts";
import { Board } from "./board.ts";
import { CallBackLists } from "./call-back-lists.ts";
import { workSource } from "./card-work.ts";
import { Cards } from "./cards.ts";
import { clickToCall } from "./click-to-call.ts";
import { forgetOldCallCustomers } from "./call-customers.ts";
import { CampaignCalls } from "./campaign-calls.ts";
import { type CustomerDeeds, customerDeeds } from "./customer-deeds.ts";
import type { DeskOptions } from "./desk-options.ts";
import { Elsewhere } from "./elsewhere.ts";
import { Floor } from "./floor.ts";
import { Ledger, type PopListener } from "./ledger.ts";
import { Others } from "./others.ts";
import type { Clock } from "./ports.ts";
import { systemClock } from "./ports.ts";
import type { Disposition } from "./protocol.ts";
import { Readiness } from "./readiness.ts";
import { Refusal } from "./replies.ts";
import type { Message } from "./schemas.ts";
import type { Browser } from "./screen.ts";
import { isActive } from "./seat-rows.ts";
import { Seating } from "./seating.ts";
import { activeDispositions, notesOf, pastCalls } from "./store.ts";
import { closeLeftPops, upsertPops } from "./pop-rows.ts";
import { followWork } from "./work-changes.ts";
import { WorkRequests } from "./work-requests.ts";
import { WrapUpPauses } from "./wrap-up-pause.ts";
import { WrapUps } from "./wrap-ups.ts";

/** Reasons offered unless others are set. */
export const DEFAULT_PAUSE_REASONS = ["break", "lunch", "meeting", "training", "other"] as const;

/** How long orders, past calls and notes may take before the card opens without them. */
const PARTS_DEADLINE_MS = 200;
const RETRY_MS = 500;
const HEALTH_EVERY_MS = 2000;
/** How often pops are looked for whose process died. */
const LEFT_POPS_EVERY_MS = 60_000;
/** What ended while this process began is read then: its record takes a moment. */
const READ_AFTER_LOAD_MS = 15_000;
/** A browser that comes from another process is shown what is known here when PostgreSQL takes longer. */
const PREPARE_MS = 300;

/** One process's desk. Begins to listen when made; {@link Desk.load} brings what was remembered. */
export class Desk {
  /** What operators do about the customers of their calls. */
  readonly customers: CustomerDeeds;
  /** What operators do about whom campaigns ask them to call. */
  readonly campaigns: CampaignCalls;
  /** What operators do with the cards of their calls. */
  readonly work: WorkRequests;
  /** Where operators sit. */
  readonly seating: Seating;
  /** Whether they are ready. */
  readonly readiness: Readiness;
  /** What they say of their calls. */
  readonly wrapUps: WrapUps;
  readonly #options: DeskOptions;
  readonly #now: Clock;
  readonly #floor: Floor;
  readonly #cards: Cards;
  readonly #ledger: Ledger;
  readonly #board: Board;
  readonly #pauses: WrapUpPauses;
  readonly #others: Others;
  readonly #elsewhere: Elsewhere;
  readonly #callBacks: CallBackLists | null;
  readonly #stopFollowing: () => void;
  readonly #call: ReturnType<typeof clickToCall>;
  readonly #stopListening: () => void;
  #dispositions: readonly Disposition[] = [];
  #health: NodeJS.Timeout | null = null;
  #leftPopsAtMs = -Infinity;
  #afterLoad: NodeJS.Timeout | null = null;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#now = options.now ?? systemClock;
    const { db, record, directory, orders, settings, log, registry, work = null } = options;
    const reads = options.reads ?? db;
    const others = new Others(options.bus ?? null);
    this.#others = others;
    this.#ledger = new Ledger({
      write: (rows) => upsertPops(record, rows),
      leases: options.leases ?? null,
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
              work: workSource(work),
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
      acts: ({ device }) => device !== null && (options.acts?.(device.pbx) ?? true),
      setPaused: (operator, paused, reason) => this.readiness.setPaused(operator, paused, reason),
      memberships: (operator) => this.#floor.memberships(operator.device),
      log,
    });
    const mine = { floor: this.#floor, others, now: this.#now, log };
    this.wrapUps = new WrapUps({
      ...{ ...mine, db, record, campaigns: options.campaigns ?? null },
      board: () => this.#board,
      pauses: () => this.#pauses,
      promise:
        work === null
          ? null
          : (userId, callId, when, reason) => this.work.promise(userId, callId, when, reason),
    });
    this.readiness = new Readiness({
      ...{ ...mine, record, pauseReasons: settings.pauseReasons },
      pauses: () => this.#pauses,
      pbx: (name) => this.#pbx(name),
    });
    this.#board = new Board({
      floor: this.#floor,
      cards: this.#cards,
      ledger: this.#ledger,
      now: this.#now,
      priorityOf: (callId, queue) => options.priority?.ofCall(callId, queue) ?? null,
      campaignOf: (callId) => this.campaigns.of(callId),
      draftOf: (userId, callId) => this.wrapUps.draftOf(userId, callId),
      wrapUpDue: (operator, callId) => this.#pauses.due(operator, callId),
    });
    this.campaigns = new CampaignCalls({
      campaigns: options.campaigns ?? null,
      ...{ floor: this.#floor, cards: this.#cards, board: this.#board },
    });
    const chosen = (callId: string, customerId: string) =>
      options.priority?.customerChosen(callId, customerId);
    this.customers = customerDeeds({
      cards: this.#cards,
      directory,
      record,
      isShown: (userId, callId) => this.#isShown(userId, callId),
      chosen: (callId, customerId) => {
        chosen(callId, customerId);
        others.tell("customerChosen", { callId, customerId });
      },
      noted: (customerId) => {
        for (const callId of [...this.#cards.callsOf(customerId)]) this.#cards.refreshNotes(callId);
        others.tell("notesChanged", { customerId });
      },
    });
    this.work = new WorkRequests({
      ...{ work, book: orders, log, cards: this.#cards, now: this.#now },
      isShown: (userId, callId) => this.#isShown(userId, callId),
      asked: (orderId) => others.tell("orderAsked", { orderId }),
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
      ...{ board: this.#board, others, now: this.#now },
    });
    this.seating = new Seating({
      ...{ ...mine, db, board: this.#board, extensionPattern },
      hasPbx: (pbx) => options.pbxs.get(pbx) !== undefined,
      changed: () => options.priority?.seatsChanged(),
    });
    this.#elsewhere = new Elsewhere({
      ...{ ...mine, db, board: this.#board, cards, directory, chosen },
      ...{ seating: this.seating, wrapUps: this.wrapUps },
      callBacksChanged: () => this.#callBacks?.changed(),
    });
    this.#stopListening = options.calls.onFact((fact) => this.#hear(fact));
  }

  /** Brings devices, dictionaries and pending wrap-ups from PostgreSQL. @throws when it does not answer. */
  async load(): Promise<void> {
    const { db, record, several = false } = this.#options;
    this.#dispositions = await activeDispositions(db);
    await this.wrapUps.open();
    await forgetOldCallCustomers(record);
    await this.#elsewhere.load();
    this.#floor.replaceCommon();
    this.#health = setInterval(() => void this.#checkHealth(), HEALTH_EVERY_MS);
    this.#health.unref();
    if (!several) return;
    this.#afterLoad = setTimeout(() => void this.#elsewhere.readSaid(), READ_AFTER_LOAD_MS);
    this.#afterLoad.unref();
  }

  /**
   * What this person did at other processes is read before a browser of theirs is shown anything, so that nothing jumps there. Never fails,
   * and takes a third of a second at most.
   */
  async prepare(user: User): Promise<void> {
    if (this.#options.several !== true) return;
    const late = sleep(PREPARE_MS, undefined, { ref: false });
    const reading = this.#elsewhere.readOf(user.id).catch((error: unknown) => {
      this.#options.log.warn({ err: error, userId: user.id }, "what was done elsewhere is unknown");
    });
    await Promise.race([reading, late]);
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
    if (this.#options.several !== true) void this.wrapUps.readDrafts(operator);
    return () => {
      leave();
      this.#floor.dismissIdle(operator);
    };
  }

  /** Rings the operator's own phone, then the number. @returns the id the call will have. */
  async dial(user: User, input: Message<"dial">): Promise<{ callId: string }> {
    const device = this.readiness.operator(user).device!;
    const pbx = this.#pbx(device.pbx);
    const members = this.#floor.memberships(device).map(({ member }) => member);
    return this.#call({ pbx, device, members, number: input.number });
  }

  /** A browser has the pop. */
  popReceived(user: User, input: Message<"popReceived">): void {
    if (!this.#isShown(user.id, input.callId)) return;
    this.#ledger.received(input.ringId, this.#now(), this.#cards.composed(input.callId));
  }

  /** A browser painted it. @param written called when PostgreSQL has it; never, when this process knows nothing of it. */
  popPainted(user: User, input: Message<"popPainted">, written?: () => void): void {
    this.#ledger.painted(input.ringId, { userId: user.id, ...input }, written);
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
    if (this.#afterLoad !== null) clearTimeout(this.#afterLoad);
    this.#others.close();
    this.#elsewhere.close();
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

  #pbx(name: string): Pbx {
    const pbx = this.#options.pbxs.get(name);
    if (pbx === undefined) throw new Refusal("pbxDown", `There is no PBX ${name} any more`);
    return pbx;
  }

  #isShown(userId: string, callId: string): boolean {
    const operator = this.#floor.of(userId);
    return operator !== null && this.#board.isShown(operator, callId);
  }

  #isSameNumber(one: string, other: string): boolean {
    const { defaultRegion } = this.#options.settings;
    const phone = readPhone(one, defaultRegion);
    return phone !== null && phone.e164 === readPhone(other, defaultRegion)?.e164;
  }

  async #closeLeftPops(): Promise<void> {
    const nowMs = this.#now();
    if (nowMs - this.#leftPopsAtMs < LEFT_POPS_EVERY_MS) return;
    this.#leftPopsAtMs = nowMs;
    await closeLeftPops(this.#options.record, nowMs);
  }

  async #checkHealth(): Promise<void> {
    try {
      const dispositions = await activeDispositions(this.#options.db);
      this.#floor.setDatabaseUp(true);
      await this.#closeLeftPops();
      if (!this.#others.heard) void this.#elsewhere.readSaid();
      if (JSON.stringify(dispositions) === JSON.stringify(this.#dispositions)) return;
      this.#dispositions = dispositions;
      this.#floor.replaceCommon();
    } catch {
      this.#floor.setDatabaseUp(false);
    }
  }
}
