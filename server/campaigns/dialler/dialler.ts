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
import type { SkipReason } from "../../desk/ports.ts";
import type { Lease } from "../../storage/lease.ts";
import { leaseNameOf } from "../../storage/leases.ts";
import type { Fence } from "../attempts/fence.ts";
import type { ClaimedAttempt } from "../attempts/model.ts";
import type { Campaign } from "../model.ts";
import type { AttemptStore, CampaignBook, DiallerView, Telephone } from "../ports.ts";
import { type CallsInHandCounts, type CallsInHandOptions, CallsInHand } from "./calls-in-hand.ts";
import { Floor, type FloorOptions } from "./floor.ts";
import { Learning } from "./learning.ts";
import { LettingGo } from "./let-go.ts";
import { Offers } from "./offers.ts";
import { type WorkingOperator, operatorsOf } from "./operators.ts";
import type { Offer } from "./previews.ts";
import { type Lines, linesOf, viewOf } from "./round.ts";
import { Rounds } from "./rounds.ts";
import type { Work } from "./take.ts";
import { TrunkLines } from "./trunk-lines.ts";
import { Turns } from "./turns.ts";
import { type DiallerLog, AttemptWriter, isAway } from "./writer.ts";

/** The live call model, as far as it is needed here. */
export type DiallerCalls = FloorOptions["calls"] & {
  onQueues(listener: (pbx: string) => void): () => void;
  onFact(listener: (fact: { readonly call: { readonly pbx: string } }) => void): () => void;
};

export type DiallerOptions = {
  readonly telephone: Telephone;
  readonly calls: DiallerCalls;
  readonly campaigns: CampaignBook;
  readonly attempts: AttemptStore;
  readonly lease: Lease;
  /** Who sits where; the desk tells. */
  readonly seats: FloorOptions["seats"];
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

/** How often it is looked whether somebody was withdrawn whose call lives. */
const WITHDRAWN_EVERY_MS = 2000;

/** What could not be written is tried for so long when the server stops. */
const CLOSE_LIMIT_MS = 5000;

export class Dialler {
  readonly #options: DiallerOptions;
  readonly #tuning: DiallerTuning;
  readonly #now: () => number;
  readonly #lines: TrunkLines;
  readonly #learning: Learning;
  readonly #writer: AttemptWriter;
  readonly #hands: CallsInHand;
  readonly #floor: Floor;
  readonly #offers: Offers;
  readonly #lettingGo: LettingGo;
  readonly #turns: Turns;
  readonly #rounds: Rounds;
  readonly #releases: (() => void)[] = [];
  readonly #states = new Map<string, Campaign["state"]>();
  #settled = false;
  #settledAtMs = -Infinity;
  #lookedForWithdrawnAtMs = -Infinity;
  /** Of the lease when it was gained last. */
  #epoch = 0;
  #savedAtMs = -Infinity;
  #troubled = false;
  #closed = true;
  #roundsGone = 0;
  #trunkPauses = 0;

  constructor(options: DiallerOptions) {
    const { attempts, campaigns, log, telephone } = options;
    this.#options = options;
    this.#tuning = { ...TUNING, ...options.tuning };
    this.#now = options.now ?? (() => performance.timeOrigin + performance.now());
    this.#lines = new TrunkLines(() => campaigns.trunks(telephone.pbx));
    this.#learning = new Learning(attempts);
    this.#writer = new AttemptWriter(log);
    this.#hands = new CallsInHand({
      ...{ telephone, attempts, campaigns, log },
      ...{ lines: this.#lines, learning: this.#learning, writer: this.#writer },
      ...{ prepare: options.prepare, doNotCall: options.doNotCall },
      userIdOf: (extension) => this.#floor.seats().get(extension)?.userId ?? null,
      mayDial: () => this.#mayDial(),
      fence: () => this.#fence(),
      isOffered: (attemptId) => this.#offers.has(attemptId),
      changed: () => this.#rounds.wake(),
      now: this.#now,
      settleAfterMs: this.#tuning.settleAfterMs,
    });
    this.#floor = new Floor({
      ...{ pbx: telephone.pbx, calls: options.calls, seats: options.seats },
      hands: () => this.#hands.hands(),
    });
    this.#offers = new Offers({
      ...{ campaigns, floor: this.#floor, hands: this.#hands, now: this.#now },
      dial: (attempt, campaign, operator) => this.#dial(attempt, campaign, operator),
      doNotCall: options.doNotCall,
      changed: () => this.#rounds.wake(),
    });
    this.#turns = new Turns({
      ...{ attempts, campaigns, floor: this.#floor, hands: this.#hands, lease: options.lease },
      ...{ learning: this.#learning, lines: this.#lines, offers: this.#offers },
      begin: (campaign, work) => this.#begin(campaign, work),
      mayDial: () => this.#mayDial(),
      process: randomUUID(),
      now: this.#now,
    });
    this.#lettingGo = new LettingGo({
      ...{ campaigns, floor: this.#floor, hands: this.#hands, learning: this.#learning },
    });
    this.#rounds = new Rounds(() => this.#goRound(), this.#tuning);
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
      this.#rounds.wake();
    };
    this.#releases.push(
      calls.onQueues((pbx) => pbx === this.pbx && this.#rounds.wake()),
      calls.onFact(({ call }) => call.pbx === this.pbx && this.#rounds.wake()),
      campaigns.onChange(() => this.#rounds.wake()),
      attempts.onWithdrawn((attemptId) => this.#withdrawn(attemptId)),
      telephone.onProgress((progress) => this.#hands.progress(progress)),
      telephone.onSynchronised(() => {
        this.#hands.missed();
        unsettle();
      }),
      lease.onChange((held) => {
        if (held) this.#took();
        else this.#lost();
        unsettle();
      }),
    );
    if (lease.held()) this.#took();
    this.#rounds.open();
  }

  #took(): void {
    const epoch = this.#options.lease.epoch();
    this.#learning.forget();
    this.#lookedForWithdrawnAtMs = -Infinity;
    // Nobody had it in between: what was heard meanwhile is still to be written.
    if (epoch !== this.#epoch + 1) this.#hands.forget();
    this.#epoch = epoch;
  }

  /** Whoever has it next settles what was in hand: claims are given back, calls are followed or read up. */
  #lost(): void {
    this.#log("the lease of this PBX is lost; nothing is dialled");
    this.#offers.forget();
  }

  /** Dials nothing more, gives back what was offered, and writes what is left. Calls that run go on. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const release of this.#releases) release();
    await this.#rounds.close();
    if (this.#options.lease.held()) this.#offers.takeAllBack();
    else {
      this.#offers.forget();
      this.#hands.forget();
    }
    await this.#writer.close(CLOSE_LIMIT_MS);
    if (this.#options.lease.held()) await this.#learning.save().catch(() => undefined);
  }

  /** What is offered now. */
  offers(): readonly Offer[] {
    return this.#offers.all();
  }

  /** Told of every offer and of its end (null). */
  onPreview(listener: (userId: string, offer: Offer | null) => void): () => void {
    return this.#offers.onOffer(listener);
  }

  /** Whether this operator has this offer here. */
  hasOffer(userId: string, attemptId: string): boolean {
    return this.#offers.hasOne(userId, attemptId);
  }

  /** It cannot be shown to the operator: somebody else may get it. */
  takeBack(userId: string, attemptId: string): void {
    this.#offers.takeBack(userId, attemptId);
  }

  /** The operator wants it dialled now. @throws {Refusal} `gone` when the offer is over, `pbxDown` when nothing can be dialled. */
  call(userId: string, attemptId: string): Promise<void> {
    return this.#offers.call(userId, attemptId);
  }

  /** The operator puts it aside. @throws {Refusal} `gone` when the offer is over. */
  skip(userId: string, attemptId: string, reason: SkipReason): Promise<void> {
    return this.#offers.skip(userId, attemptId, reason);
  }

  /** What the console shows of this PBX's campaigns that are not ended. */
  views(): readonly DiallerView[] {
    return this.#campaigns().map((campaign) =>
      viewOf({
        campaign,
        lines: this.#linesOf(campaign),
        operators: operatorsOf(this.#floor.working, campaign.settings.queue),
        previews: this.#offers.all().filter((offer) => offer.campaign.id === campaign.id).length,
        pace: this.#turns.paceOf(campaign.id),
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
      ...{ rounds: this.#roundsGone, claimed: this.#turns.claimed, trunkPauses: this.#trunkPauses },
      failed: this.#writer.failed,
    };
  }

  /** What `/metrics` shows as it is now. */
  gauges(): { inHand: number; offered: number; unwritten: number; leading: number } {
    return {
      inHand: this.#hands.size,
      offered: this.#offers.all().length,
      unwritten: this.#writer.waiting,
      leading: this.#options.lease.held() ? 1 : 0,
    };
  }

  /** Never rejects: what failed is tried again by the next round. */
  async #goRound(): Promise<void> {
    this.#roundsGone += 1;
    const { lease, telephone } = this.#options;
    try {
      this.#hands.tick(this.#now());
      if (!lease.held() && lease.holder() === "elsewhere") this.#hands.forget();
      if (!lease.held() || !telephone.up()) {
        this.#settled = false;
        return;
      }
      await this.#settleIfDue();
      await this.#lookForWithdrawn();
      if (!lease.held()) return;
      this.#look();
      this.#offers.retire();
      await this.#lettingGo.look(this.#now());
      if (!lease.held()) return;
      for (const campaign of this.#campaigns()) this.#watchTrunks(campaign);
      await this.#turns.go(this.#campaigns());
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

  /** The word that somebody was withdrawn may have been lost, or was for a process that is gone. */
  async #lookForWithdrawn(): Promise<void> {
    const nowMs = this.#now();
    if (nowMs - this.#lookedForWithdrawnAtMs < WITHDRAWN_EVERY_MS) return;
    const ids = [
      ...this.#hands.withdrawable(),
      ...this.#offers.all().map(({ attempt }) => attempt.id),
    ];
    if (ids.length === 0) return;
    this.#lookedForWithdrawnAtMs = nowMs;
    for (const id of await this.#options.attempts.withdrawnAmong(ids)) this.#withdrawn(id);
  }

  /** A claimed attempt: offered, or dialled at once. */
  #begin(campaign: Campaign, { attempt, operator }: Work): void {
    const userId = operator?.userId ?? null;
    if (campaign.settings.mode === "preview" && operator !== null && userId !== null) {
      const { extension } = operator;
      this.#offers.offer(attempt, campaign, { userId, extension });
      return;
    }
    void this.#dial(attempt, campaign, operator);
  }

  async #dial(
    attempt: ClaimedAttempt,
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
    this.#offers.withdraw(attemptId);
    if (this.#options.lease.held()) this.#hands.withdraw(attemptId);
  }

  #fence(): Fence | null {
    const epoch = this.#options.lease.epoch();
    return epoch === 0 ? null : { name: leaseNameOf(this.pbx), epoch };
  }

  #mayDial(): boolean {
    const { lease, telephone } = this.#options;
    return !this.#closed && this.#settled && lease.held() && telephone.up();
  }

  #look(): void {
    const nowMs = this.#now();
    this.#learning.look(this.#floor.look(nowMs), nowMs);
  }

  #linesOf({ id }: Campaign): Lines {
    return linesOf([...this.#hands.hands()].filter(({ campaignId }) => campaignId === id));
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
