/**
 * Calls people for the running campaigns of one PBX, while this process has the PBX's lease.
 *
 *     operators free --> decideLines --> claim --> PostgreSQL has it --> PBX is asked --> what the PBX tells --> PostgreSQL
 *
 * A round goes over the campaigns by priority, every second and as soon as something changed. Whenever anything was lost (this process, the
 * lease, the connection, Asterisk, PostgreSQL), everything that is taken is settled before anything new is dialled.
 */
import { randomUUID } from "node:crypto";
import type { QueueMember } from "../../asterisk/model.ts";
import { Refusal } from "../../desk/replies.ts";
import type { SkipReason } from "../../desk/ports.ts";
import type { Lease } from "../../storage/lease.ts";
import type { Campaign } from "../model.ts";
import type { PacingDecision } from "../pacing/model.ts";
import { decideLines } from "../pacing/pace.ts";
import type { AttemptStore, CampaignBook, DiallerView, Telephone } from "../ports.ts";
import { type CallsInHandCounts, type CallsInHandOptions, CallsInHand } from "./calls-in-hand.ts";
import { Learning } from "./learning.ts";
import {
  type Seat,
  type SeenExtension,
  type SeenQueue,
  type WorkingOperator,
  operatorsOf,
  workingOperators,
} from "./operators.ts";
import { type Offer, Previews } from "./previews.ts";
import { type Lines, dialsOperatorFirst, isOpen, linesOf, pacingOf, viewOf } from "./round.ts";
import { type Work, takeWork } from "./take.ts";
import { TrunkLines } from "./trunk-lines.ts";
import { type DiallerLog, AttemptWriter, isAway } from "./writer.ts";

/** The live call model, as far as it is needed here. */
export interface DiallerCalls {
  queues(pbx: string): readonly SeenQueue[];
  extensions(pbx: string): readonly SeenExtension[];
  onQueues(listener: (pbx: string) => void): () => void;
  onFact(listener: (fact: { readonly call: { readonly pbx: string } }) => void): () => void;
}

export type DiallerOptions = {
  readonly telephone: Telephone;
  readonly calls: DiallerCalls;
  readonly campaigns: CampaignBook;
  readonly attempts: AttemptStore;
  readonly lease: Lease;
  /** Who sits where; the desk tells. */
  readonly seats: () => Iterable<Seat>;
  /** The channel that rings an operator's own phone. */
  readonly ownPhone: (extension: string, members: readonly QueueMember[]) => string;
  readonly prepare: CallsInHandOptions["prepare"];
  readonly doNotCall: CallsInHandOptions["doNotCall"];
  readonly log: DiallerLog;
  readonly now?: () => number;
  readonly tuning?: Partial<DiallerTuning>;
};

export type DiallerTuning = {
  readonly everyMs: number;
  /** Between two rounds at least. */
  readonly gapMs: number;
  /** Everything taken is looked at so often, should a word have been lost. */
  readonly settleEveryMs: number;
  /** What was dialled so recently may not show on the PBX yet. */
  readonly settleAfterMs: number;
  readonly saveEveryMs: number;
};

const TUNING: DiallerTuning = {
  everyMs: 1000,
  gapMs: 50,
  settleEveryMs: 30_000,
  settleAfterMs: 3000,
  saveEveryMs: 10_000,
};

/** The share of abandoned calls is asked for at most so often for each campaign. */
const WINDOW_KEPT_MS = 2000;
/** What could not be written is tried for so long when the server stops. */
const CLOSE_LIMIT_MS = 5000;

export class Dialler {
  readonly #options: DiallerOptions;
  readonly #tuning: DiallerTuning;
  readonly #now: () => number;
  readonly #process = randomUUID();
  readonly #lines: TrunkLines;
  readonly #learning: Learning;
  readonly #writer: AttemptWriter;
  readonly #hands: CallsInHand;
  readonly #previews: Previews;
  readonly #previewListeners = new Set<(userId: string, offer: Offer | null) => void>();
  readonly #releases: (() => void)[] = [];
  readonly #paces = new Map<string, PacingDecision>();
  readonly #windows = new Map<string, { atMs: number; answered: number; abandoned: number }>();
  /** Campaigns that had nothing more to dial when they were last asked. */
  readonly #dry = new Set<string>();
  readonly #askedFor = new Map<string, number>();
  readonly #states = new Map<string, Campaign["state"]>();
  #working: ReadonlyMap<string, WorkingOperator> = new Map();
  #timer: NodeJS.Timeout | null = null;
  #round: Promise<void> | null = null;
  #again = false;
  #settled = false;
  #settledAtMs = -Infinity;
  #savedAtMs = -Infinity;
  #troubled = false;
  #closed = true;
  #rounds = 0;
  #claimed = 0;
  #trunkPauses = 0;

  constructor(options: DiallerOptions) {
    const { attempts, campaigns, log, telephone } = options;
    this.#options = options;
    this.#tuning = { ...TUNING, ...options.tuning };
    this.#now = options.now ?? (() => performance.timeOrigin + performance.now());
    this.#lines = new TrunkLines(() => campaigns.trunks(telephone.pbx));
    this.#learning = new Learning(attempts);
    this.#writer = new AttemptWriter(log);
    this.#previews = new Previews((userId, offer) => {
      for (const listener of this.#previewListeners) listener(userId, offer);
    });
    this.#hands = new CallsInHand({
      ...{ telephone, attempts, campaigns, log },
      ...{ lines: this.#lines, learning: this.#learning, writer: this.#writer },
      ...{ prepare: options.prepare, doNotCall: options.doNotCall },
      userIdOf: (extension) => this.#seats().get(extension)?.userId ?? null,
      mayDial: () => this.#mayDial(),
      isOffered: (attemptId) => this.#previews.has(attemptId),
      changed: () => this.#wake(),
      now: this.#now,
      settleAfterMs: this.#tuning.settleAfterMs,
    });
  }

  get pbx(): string {
    return this.#options.telephone.pbx;
  }

  /** Begins to dial once the lease is held. */
  open(): void {
    if (!this.#closed) return;
    this.#closed = false;
    const { attempts, calls, campaigns, lease, telephone } = this.#options;
    const unsettle = () => {
      this.#settled = false;
      this.#wake();
    };
    this.#releases.push(
      calls.onQueues((pbx) => pbx === this.pbx && this.#wake()),
      calls.onFact(({ call }) => call.pbx === this.pbx && this.#wake()),
      campaigns.onChange(() => this.#wake()),
      attempts.onWithdrawn((attemptId) => this.#withdrawn(attemptId)),
      telephone.onProgress((progress) => this.#hands.progress(progress)),
      telephone.onSynchronised(() => {
        this.#hands.missed();
        unsettle();
      }),
      lease.onChange((held) => {
        if (held) this.#learning.forget();
        else this.#log("the lease of this PBX is lost; nothing is dialled");
        unsettle();
      }),
    );
    this.#wake();
  }

  /** Dials nothing more, gives back what was offered, and writes what is left. Calls that run go on. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const release of this.#releases) release();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#round;
    for (const { userId, attempt } of this.#previews.all())
      if (this.#previews.take(userId, attempt.id)) this.#hands.giveBack(attempt.id);
    await this.#writer.close(CLOSE_LIMIT_MS);
    if (this.#options.lease.held()) await this.#learning.save().catch(() => undefined);
  }

  /** Told of every offer and of its end (null). */
  onPreview(listener: (userId: string, offer: Offer | null) => void): () => void {
    this.#previewListeners.add(listener);
    return () => void this.#previewListeners.delete(listener);
  }

  /** Whether this operator has this offer here. */
  hasOffer(userId: string, attemptId: string): boolean {
    return this.#previews.ofUser(userId)?.attempt.id === attemptId;
  }

  /** It cannot be shown to the operator: somebody else may get it. */
  takeBack(userId: string, attemptId: string): void {
    if (this.#previews.take(userId, attemptId) !== null) this.#hands.giveBack(attemptId);
  }

  /** The operator wants it dialled now. @throws {Refusal} `gone` when the offer is over, `pbxDown` when nothing can be dialled. */
  async call(userId: string, attemptId: string): Promise<void> {
    const offer = this.#previews.take(userId, attemptId);
    if (offer === null) throw gone();
    if (!(await this.#dialOffer(offer)))
      throw new Refusal("pbxDown", "It cannot be dialled now; it will be offered again");
  }

  /** The operator puts it aside. @throws {Refusal} `gone` when the offer is over. */
  async skip(userId: string, attemptId: string, reason: SkipReason): Promise<void> {
    const offer = this.#previews.take(userId, attemptId);
    if (offer === null) throw gone();
    if (reason === "doNotCall")
      await this.#options.doNotCall(offer.attempt.phone, `operator ${userId}`);
    const evidence = { skipped: reason };
    this.#hands.end(attemptId, { atMs: this.#now(), userId, outcome: "skipped", evidence });
    this.#wake();
  }

  /** What the console shows of this PBX's campaigns that are not ended. */
  views(): readonly DiallerView[] {
    const counted = new Set<string>();
    return this.#campaigns().map((campaign) =>
      viewOf({
        campaign,
        lines: this.#linesOf(campaign),
        operators: operatorsOf(this.#working, campaign.settings.queue, counted),
        previews: this.#previews.all().filter((offer) => offer.campaign.id === campaign.id).length,
        pace: this.#paces.get(campaign.id) ?? null,
      }),
    );
  }

  /** What `/metrics` shows; only grows. */
  counters(): CallsInHandCounts & {
    rounds: number;
    claimed: number;
    trunkPauses: number;
    failed: number;
  } {
    return {
      ...this.#hands.counts,
      ...{ rounds: this.#rounds, claimed: this.#claimed, trunkPauses: this.#trunkPauses },
      failed: this.#writer.failed,
    };
  }

  /** What `/metrics` shows as it is now. */
  gauges(): { inHand: number; offered: number; unwritten: number; leading: number } {
    return {
      inHand: this.#hands.size,
      offered: this.#previews.all().length,
      unwritten: this.#writer.waiting,
      leading: this.#options.lease.held() ? 1 : 0,
    };
  }

  #wake(): void {
    if (this.#closed) return;
    if (this.#round !== null) {
      this.#again = true;
      return;
    }
    this.#plan(this.#tuning.gapMs);
  }

  #plan(afterMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#again = false;
      this.#round = this.#goRound().finally(() => {
        this.#round = null;
        if (!this.#closed) this.#plan(this.#again ? this.#tuning.gapMs : this.#tuning.everyMs);
      });
    }, afterMs);
    this.#timer.unref();
  }

  /** Never rejects: what failed is tried again by the next round. */
  async #goRound(): Promise<void> {
    this.#rounds += 1;
    const { lease, telephone } = this.#options;
    try {
      this.#hands.tick(this.#now());
      if (!lease.held() || !telephone.up()) {
        this.#settled = false;
        return;
      }
      await this.#settleIfDue();
      this.#retireOffers();
      for (const campaign of this.#campaigns()) this.#watchTrunks(campaign);
      const counted = new Set<string>();
      for (const campaign of this.#campaigns()) {
        if (!isOpen(campaign, this.#now()) || !this.#mayDial()) continue;
        await this.#pace(campaign, counted);
      }
      if (this.#now() - this.#savedAtMs > this.#tuning.saveEveryMs) {
        this.#savedAtMs = this.#now();
        await this.#learning.save();
      }
      if (this.#troubled) this.#options.log.info({ pbx: this.pbx }, "campaigns go on");
      this.#troubled = false;
    } catch (error) {
      // One line for an outage of any length.
      if (!this.#troubled || !isAway(error))
        this.#options.log.warn({ err: error, pbx: this.pbx }, "campaigns are held up");
      this.#troubled = true;
      this.#settled = false;
    }
  }

  async #settleIfDue(): Promise<void> {
    const nowMs = this.#now();
    const isDue =
      !this.#settled ||
      nowMs >= this.#hands.settleAtMs ||
      nowMs - this.#settledAtMs > this.#tuning.settleEveryMs;
    if (!isDue) return;
    this.#settled = true;
    this.#settledAtMs = nowMs;
    await this.#hands.settle();
  }

  async #pace(campaign: Campaign, counted: Set<string>): Promise<void> {
    const { settings } = campaign;
    const nowMs = this.#now();
    this.#look(nowMs);
    const operators = operatorsOf(this.#working, settings.queue, counted);
    const learned = await this.#learning.load(campaign.id);
    const offered = new Set(this.#previews.all().map(({ extension }) => extension));
    const lines = this.#linesOf(campaign);
    const decision = decideLines(
      pacingOf({
        ...{ campaign, operators, offered, lines, learned, nowMs },
        linesFree: this.#lines.free(settings.trunks, nowMs),
        window: await this.#window(campaign, nowMs),
      }),
    );
    this.#paces.set(campaign.id, decision);
    const free = operators
      .filter(({ state, extension }) => state === "free" && !offered.has(extension))
      .sort((a, b) => a.sinceMs - b.sinceMs);
    // Asked right before: a lease that was lost meanwhile dials nothing.
    if (decision.lines > 0 && (await this.#options.lease.confirm()) && this.#mayDial()) {
      const work = await takeWork(
        { campaign, lines: decision.lines, free, process: this.#process, nowMs: this.#now() },
        { attempts: this.#options.attempts, askedFor: this.#askedFor },
      );
      this.#claimed += work.length;
      for (const one of work) this.#begin(campaign, one);
      if (work.length < decision.lines) this.#dry.add(campaign.id);
      else this.#dry.delete(campaign.id);
    }
    // A campaign with work left has all its operators; one without needs those whom its open lines will reach.
    const open = this.#linesOf(campaign);
    const needed = this.#dry.has(campaign.id)
      ? free.slice(0, open.ringing.length + open.waiting + open.byOperator)
      : operators;
    for (const { extension } of needed) counted.add(extension);
  }

  /** A claimed attempt: offered, or dialled at once. */
  #begin(campaign: Campaign, { attempt, operator }: Work): void {
    const { settings } = campaign;
    if (settings.mode === "preview" && operator !== null && operator.userId !== null) {
      const offeredAtMs = this.#now();
      const { previewSeconds } = settings;
      this.#previews.offer({
        ...{ attempt, campaign, offeredAtMs },
        ...{ userId: operator.userId, extension: operator.extension },
        dialledAtMs: previewSeconds === null ? null : offeredAtMs + previewSeconds * 1000,
      });
      return;
    }
    void this.#dial(attempt, campaign, operator);
  }

  async #dialOffer(offer: Offer): Promise<boolean> {
    const { attempt, campaign, extension } = offer;
    this.#look(this.#now());
    const operator = this.#working.get(extension);
    const current = this.#options.campaigns.get(campaign.id);
    if (current === null || !isOpen(current, this.#now()) || operator === undefined) {
      this.#hands.giveBack(attempt.id);
      return false;
    }
    return this.#dial(attempt, current, operator);
  }

  async #dial(
    attempt: Offer["attempt"],
    campaign: Campaign,
    operator: WorkingOperator | null,
  ): Promise<boolean> {
    const nowMs = this.#now();
    const isOver = nowMs >= attempt.windowEndsAtMs;
    const trunk =
      isOver || !this.#mayDial()
        ? null
        : this.#lines.take(campaign.settings.trunks, attempt.id, nowMs);
    if (trunk === null) {
      this.#hands.giveBack(attempt.id);
      return false;
    }
    const first =
      operator === null
        ? null
        : {
            ...{ extension: operator.extension, userId: operator.userId },
            ownPhone: this.#options.ownPhone(operator.extension, operator.members),
          };
    return this.#hands.dial(attempt, campaign, trunk, first);
  }

  /** Offers whose time is over are dialled; those that cannot be dialled any more are given back. */
  #retireOffers(): void {
    this.#look(this.#now());
    for (const offer of this.#previews.all()) {
      const { attempt, campaign, dialledAtMs, extension, userId } = offer;
      const current = this.#options.campaigns.get(campaign.id);
      const seat = this.#seats().get(extension);
      const isThere = this.#working.get(extension)?.state === "free" && seat?.userId === userId;
      const nowMs = this.#now();
      const holds = current !== null && isOpen(current, nowMs) && nowMs < attempt.windowEndsAtMs;
      if (holds && isThere && (dialledAtMs === null || nowMs < dialledAtMs)) continue;
      if (this.#previews.take(userId, attempt.id) === null) continue;
      if (holds && isThere) void this.#dialOffer(offer);
      else this.#hands.giveBack(attempt.id);
    }
  }

  /** A campaign whose trunks all fail is paused, and tries them anew once a person started it again. */
  #watchTrunks({ id, state, settings }: Campaign): void {
    if (state === "running" && this.#states.get(id) === "paused")
      this.#lines.forgetTrouble(settings.trunks);
    this.#states.set(id, state);
    if (state !== "running" || !this.#lines.allInTrouble(settings.trunks, this.#now())) return;
    this.#trunkPauses += 1;
    this.#states.set(id, "paused");
    this.#options.log.error({ campaignId: id, trunks: settings.trunks }, "trunks carry no calls");
    this.#options.campaigns.pause(id, "trunkTrouble").catch((error: unknown) => {
      this.#options.log.error({ err: error, campaignId: id }, "a campaign could not be paused");
    });
  }

  #withdrawn(attemptId: string): void {
    this.#previews.withdraw(attemptId);
    if (this.#options.lease.held()) this.#hands.withdraw(attemptId);
  }

  #mayDial(): boolean {
    const { lease, telephone } = this.#options;
    return !this.#closed && this.#settled && lease.held() && telephone.up();
  }

  #look(nowMs: number): void {
    const { calls } = this.#options;
    const taken = new Set<string>();
    for (const { operator, connectedAtMs } of this.#hands.hands())
      if (operator !== null && connectedAtMs === null) taken.add(operator.extension);
    this.#working = workingOperators({
      ...{ nowMs, taken, before: this.#working, seats: this.#seats() },
      extensions: calls.extensions(this.pbx),
      queues: calls.queues(this.pbx),
    });
    this.#learning.look(this.#working, nowMs);
  }

  #seats(): ReadonlyMap<string, Seat> {
    const seats = new Map<string, Seat>();
    for (const seat of this.#options.seats())
      if (seat.pbx === this.pbx) seats.set(seat.extension, seat);
    return seats;
  }

  #linesOf({ id }: Campaign): Lines {
    return linesOf([...this.#hands.hands()].filter(({ campaignId }) => campaignId === id));
  }

  async #window(
    campaign: Campaign,
    nowMs: number,
  ): Promise<{ readonly answered: number; readonly abandoned: number }> {
    const { mode, abandonment: rule } = campaign.settings;
    // One line for each free operator abandons nobody: nothing to look up.
    if (mode === "preview" || mode === "progressive" || dialsOperatorFirst(campaign))
      return { answered: 0, abandoned: 0 };
    const known = this.#windows.get(campaign.id);
    if (known !== undefined && nowMs - known.atMs < WINDOW_KEPT_MS) return known;
    const read = await this.#options.attempts.abandonment(campaign.id, rule, nowMs);
    const kept = { ...read, atMs: nowMs };
    this.#windows.set(campaign.id, kept);
    return kept;
  }

  /** Of this PBX, the highest priority first. */
  #campaigns(): readonly Campaign[] {
    return this.#options.campaigns
      .all()
      .filter(({ settings }) => settings.pbx === this.pbx)
      .sort((a, b) => b.settings.priority - a.settings.priority || Number(a.id) - Number(b.id));
  }

  #log(message: string): void {
    if (!this.#closed) this.#options.log.warn({ pbx: this.pbx }, message);
  }
}

function gone(): Refusal {
  return new Refusal("gone", "attemptId: this offer is over");
}
