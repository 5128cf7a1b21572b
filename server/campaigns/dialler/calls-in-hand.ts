/**
 * Every call of one PBX that campaigns have under way: dialled only after PostgreSQL has it, followed by what the PBX tells, hung up when its
 * reason goes away, and settled after anything was lost.
 */
import { AmiError } from "../../asterisk/model.ts";
import type { Fence } from "../attempts/fence.ts";
import type { Attempt, AttemptFacts, AttemptState, ClaimedAttempt } from "../attempts/model.ts";
import type { Campaign, Trunk } from "../model.ts";
import { dialled } from "../pacing/learn.ts";
import type { AttemptStore, CampaignBook, Progress, Telephone } from "../ports.ts";
import { type Hand, follow, handOf, lateNow } from "./hand.ts";
import { HangUps } from "./hang-ups.ts";
import type { Learning } from "./learning.ts";
import { settleAll } from "./recovery.ts";
import { Strangers } from "./strangers.ts";
import type { TrunkLines } from "./trunk-lines.ts";
import { type AttemptWriter, type DiallerLog, NotNow } from "./writer.ts";

/** The operator whose own phone is called first. */
export type FirstOperator = {
  readonly extension: string;
  readonly userId: string | null;
  readonly ownPhone: string;
};

/** Everything only grows. */
export type CallsInHandCounts = {
  dialled: number;
  refusedByPbx: number;
  /** Given back: nothing was dialled. */
  givenBack: number;
  hungUp: number;
  /** Phones that rang for nobody, hung up. */
  letGo: number;
  /** Words of the PBX that PostgreSQL had no place for. */
  late: number;
  settledFollowed: number;
  settledBack: number;
  settledEnded: number;
  settledUnknown: number;
};

export type CallsInHandOptions = {
  readonly telephone: Telephone;
  readonly attempts: AttemptStore;
  readonly campaigns: Pick<CampaignBook, "get">;
  readonly lines: TrunkLines;
  readonly learning: Learning;
  readonly writer: AttemptWriter;
  /** The card knows of the call before anything rings. */
  readonly prepare: (attempt: ClaimedAttempt, campaign: Campaign) => Promise<void>;
  /** This person does not want to be called again. */
  readonly doNotCall: (phone: string, reason: string) => Promise<void>;
  readonly userIdOf: (extension: string) => string | null;
  /** Whether this process may still dial. */
  readonly mayDial: () => boolean;
  /** The lease under which this process writes and acts on the PBX; null while it may do neither. */
  readonly fence: () => Fence | null;
  /** In this process's hands otherwise: an offer to an operator. */
  readonly isOffered: (attemptId: string) => boolean;
  readonly changed: () => void;
  readonly log: DiallerLog;
  readonly now: () => number;
  readonly settleAfterMs: number;
};

/** For campaigns that are gone: their calls still end as something. */
const ANY_RULE = { clockFrom: "answer", connectWithinMs: 2000 } as const;

export class CallsInHand {
  readonly counts: CallsInHandCounts = {
    ...{ dialled: 0, refusedByPbx: 0, givenBack: 0, hungUp: 0, letGo: 0 },
    ...{ late: 0, settledFollowed: 0, settledBack: 0, settledEnded: 0, settledUnknown: 0 },
  };
  readonly #options: CallsInHandOptions;
  readonly #hands = new Map<string, Hand>();
  readonly #strangers = new Strangers();
  readonly #hangUps: HangUps;
  #settleAtMs = -Infinity;
  #isWhole = true;

  constructor(options: CallsInHandOptions) {
    this.#options = options;
    this.#hangUps = new HangUps({
      ...{ telephone: options.telephone, log: options.log },
      mayAct: () => options.fence() !== null,
      hungUp: () => (this.counts.hungUp += 1),
    });
  }

  /** As they stand; live objects. */
  hands(): IterableIterator<Hand> {
    return this.#hands.values();
  }

  get size(): number {
    return this.#hands.size;
  }

  /** The connection was away: of calls in hand something may not have been heard. */
  missed(): void {
    this.#isWhole = false;
  }

  /** Another process has the calls in hand: nothing is done about them here any more, and nothing is written. */
  forget(): void {
    const { lines, now, writer } = this.#options;
    for (const { attempt } of this.#hands.values()) lines.release(attempt.id, null, now());
    this.#hands.clear();
    this.#hangUps.forget();
    writer.forget();
  }

  /** Attempts that may have a call that is to be hung up, should they be withdrawn. */
  withdrawable(): readonly string[] {
    const ids = new Set(this.#options.telephone.heard());
    for (const { attempt, state, withdrawn } of this.#hands.values())
      if (state === "connected" || withdrawn) ids.delete(attempt.id);
      else ids.add(attempt.id);
    return [...ids];
  }

  /** When {@link settle} is due. */
  get settleAtMs(): number {
    return this.#settleAtMs;
  }

  /** Something may have been lost: look at everything that is taken. */
  settleSoon(atMs: number): void {
    this.#settleAtMs = Math.min(this.#settleAtMs, atMs);
  }

  /**
   * Dials an attempt whose line is taken: first PostgreSQL, then the PBX. In hand at once, so that it is counted; never rejects.
   * @returns whether the PBX was asked.
   */
  async dial(
    attempt: ClaimedAttempt,
    campaign: Campaign,
    trunk: Trunk,
    operator: FirstOperator | null,
  ): Promise<boolean> {
    const { attempts, fence, learning, log, now, prepare, telephone } = this.#options;
    const hand = handOf(attempt, campaign, operator, now());
    hand.asking = true;
    hand.dialledAtMs = now();
    this.#hands.set(attempt.id, hand);
    try {
      await prepare(attempt, campaign);
      const under = fence();
      if (under === null || !this.#isMine(hand)) {
        this.#drop(hand);
        return false;
      }
      const facts = {
        ...{ atMs: now(), trunk: trunk.name },
        ...(operator === null ? {} : { extension: operator.extension, userId: operator.userId }),
        evidence: {},
      };
      const written = await attempts.advance(attempt.id, "dialling", facts, under);
      // Written, and another process's to settle by now: it is not dialled here.
      if (written === null || fence()?.epoch !== under.epoch || !this.#isMine(hand)) {
        this.#drop(hand);
        return false;
      }
    } catch (error) {
      log.warn({ err: error, attemptId: attempt.id }, "not dialled: PostgreSQL does not have it");
      this.#drop(hand);
      this.settleSoon(now());
      return false;
    }
    hand.state = "dialling";
    hand.dialledAtMs = now();
    if (hand.withdrawn || !this.#options.mayDial()) {
      this.#drop(hand);
      this.giveBack(attempt.id);
      return false;
    }
    this.counts.dialled += 1;
    if (operator === null) learning.learn(campaign.id, [dialled]);
    try {
      await telephone.dial({ attempt, campaign, trunk, operator });
    } catch (error) {
      await this.#notDialled(hand, error);
      return false;
    } finally {
      hand.asking = false;
      if (hand.withdrawn) this.#hangUps.add(attempt.id);
      this.#options.changed();
    }
    return true;
  }

  /** A claimed attempt that is not dialled after all. */
  giveBack(attemptId: string): void {
    this.counts.givenBack += 1;
    this.#write(attemptId, "planned", { atMs: this.#options.now(), evidence: {} });
  }

  /** What an operator did with an offer. */
  end(attemptId: string, facts: AttemptFacts): void {
    this.#write(attemptId, "ended", facts);
  }

  /** Its reason went away. A talk that began meanwhile goes on; who pressed 1 hears the thanks, and the PBX hangs up then. */
  withdraw(attemptId: string): void {
    const hand = this.#hands.get(attemptId);
    if (hand?.state === "connected" || hand?.refused === true) return;
    if (hand !== undefined) hand.withdrawn = true;
    // The PBX may not have it yet; whoever asks for it hangs it up then.
    if (hand?.asking === true) return;
    this.#hangUps.add(attemptId);
  }

  /** Nobody would be there should its person answer: hung up, unless they have answered. */
  letGo(attemptId: string): void {
    const hand = this.#hands.get(attemptId);
    const rings = hand?.state === "dialling" || hand?.state === "ringing";
    if (hand === undefined || !rings || hand.asking || hand.letGo) return;
    hand.letGo = true;
    this.counts.letGo += 1;
    this.#hangUps.add(attemptId);
  }

  /** What the PBX tells. */
  progress(progress: Progress): void {
    const { attemptId } = progress;
    const hand = this.#hands.get(attemptId);
    if (progress.type === "refused") this.#refused(attemptId);
    if (hand === undefined) {
      if (progress.type === "refused") return;
      // In another process's hands.
      if (progress.type === "over" && this.#options.fence() === null)
        this.#strangers.forget(attemptId);
      else if (this.#strangers.hear(progress)) this.settleSoon(this.#options.now());
      return;
    }
    if (progress.type === "over" && hand.hasGap && mayHaveTalked(progress)) {
      hand.hasGap = false;
      void this.#askHowItEnded(progress);
      return;
    }
    const { learning, userIdOf } = this.#options;
    // Answered after all: they are not hung up on any more.
    if (hand.letGo && !hand.withdrawn && progress.type === "answered")
      this.#hangUps.drop(attemptId);
    const step = follow(hand, progress, userIdOf);
    learning.learn(hand.campaignId, step.learn);
    if (progress.type === "over") {
      this.#drop(hand, step.facts.outcome ?? null);
      learning.talkEnded(hand.campaignId, hand.extension, progress.atMs);
    }
    if (step.to !== null) this.#write(attemptId, step.to, step.facts);
    this.#options.changed();
  }

  /** What only time tells: who waits too long, and who is still to be hung up. */
  tick(nowMs: number): void {
    for (const hand of this.#hands.values()) {
      const learn = lateNow(hand, nowMs);
      if (learn !== null) this.#options.learning.learn(hand.campaignId, [learn]);
      if (hand.withdrawn && !hand.asking) this.#hangUps.add(hand.attempt.id);
    }
    this.#hangUps.again();
  }

  /**
   * Settles everything that is taken and not going on here. Nothing may be claimed while it runs. Fails when PostgreSQL or the PBX does; it is
   * due again then.
   */
  async settle(): Promise<void> {
    const { attempts, campaigns, fence, lines, now, settleAfterMs, telephone } = this.#options;
    const under = fence();
    if (under === null) return this.settleSoon(now());
    this.#settleAtMs = Infinity;
    try {
      const settled = await settleAll({
        ...{ attempts, telephone, now, settleAfterMs },
        ruleOf: (campaignId) => campaigns.get(campaignId)?.settings.abandonment ?? ANY_RULE,
        isBusy: (attemptId) => this.#isBusy(attemptId),
      });
      if (!this.#isWhole) for (const hand of this.#hands.values()) hand.hasGap = true;
      this.#isWhole = true;
      for (const { attempt, settlement } of settled) {
        if (fence()?.epoch !== under.epoch) return this.settleSoon(now());
        if (this.#isBusy(attempt.id)) {
          this.settleSoon(now() + settleAfterMs);
          continue;
        }
        const hand = this.#hands.get(attempt.id);
        switch (settlement.do) {
          case "wait":
            this.settleSoon(now() + settleAfterMs);
            break;
          case "follow":
            if (hand === undefined) this.#take(attempt);
            break;
          case "write":
          default:
            if (
              (await attempts.advance(attempt.id, settlement.to, settlement.facts, under)) === null
            )
              this.counts.late += 1;
            else {
              this.#count(settlement.to);
              if (settlement.to === "ended") telephone.settled(attempt.id);
            }
            if (hand === undefined) lines.release(attempt.id, null, now());
            else this.#drop(hand, settlement.facts.outcome ?? null);
        }
      }
      this.#hearEarly();
    } catch (error) {
      this.settleSoon(now() + 1000);
      throw error;
    }
  }

  /** A call that lives and was not in hand. */
  #take(attempt: Attempt): void {
    const { campaigns, lines, now } = this.#options;
    const { id, trunk, extension, userId } = attempt;
    const campaign = campaigns.get(attempt.campaignId);
    const dialledFor = extension !== "" && attempt.connectedAtMs === null;
    const operator = dialledFor ? { extension, userId } : null;
    const hand = handOf(attempt, campaign, operator, now());
    hand.hasGap = true;
    this.#hands.set(id, hand);
    lines.occupied(id, trunk);
    this.counts.settledFollowed += 1;
  }

  #hearEarly(): void {
    for (const [attemptId, words] of this.#strangers.take()) {
      if (this.#hands.has(attemptId)) for (const word of words) this.progress(word);
      // Nobody dials it (any more), and still it lives: a request that was given up arrived after all.
      else if (!this.#options.writer.has(attemptId) && words.at(-1)?.type !== "over")
        this.#hangUps.add(attemptId);
    }
  }

  /** Also told of a call that was over before anybody listened, when its record is read. */
  #refused(attemptId: string): void {
    const { attempts, doNotCall, writer } = this.#options;
    writer.put(attemptId, async () => {
      const attempt = await attempts.get(attemptId);
      if (attempt !== null) await doNotCall(attempt.phone, "pressed 1");
    });
  }

  /** The PBX refused, or nobody knows what it did. */
  async #notDialled(hand: Hand, error: unknown): Promise<void> {
    const { log, now, telephone } = this.#options;
    const { id } = hand.attempt;
    const said = error instanceof AmiError ? error.code : "failed";
    log.warn({ err: error, attemptId: id, said }, "the PBX did not take a call");
    const isSure = said === "refused" || said === "invalid";
    try {
      // A channel of that name may be there already: asked for before, and believed to be lost.
      if (
        isSure &&
        !(await telephone.record(id)).dialled &&
        !(await telephone.alive([id])).has(id)
      ) {
        this.counts.refusedByPbx += 1;
        this.#drop(hand, "refusedByPbx");
        const words = error instanceof Error ? error.message.slice(0, 200) : "";
        const evidence = { refused: words };
        this.#write(id, "ended", { atMs: now(), outcome: "refusedByPbx", evidence });
        return;
      }
    } catch (failure) {
      log.warn({ err: failure, attemptId: id }, "the PBX does not say what it dialled");
    }
    this.settleSoon(now() + this.#options.settleAfterMs);
  }

  /** The PBX wrote down whether an operator was there. */
  async #askHowItEnded(progress: Extract<Progress, { type: "over" }>): Promise<void> {
    const { log, telephone } = this.#options;
    const { attemptId } = progress;
    try {
      const record = await telephone.record(attemptId);
      const evidence = record.dialled && record.evidence !== null ? record.evidence : null;
      this.progress({ ...progress, evidence: evidence ?? progress.evidence });
    } catch (error) {
      log.warn({ err: error, attemptId }, "the PBX does not say how a call ended");
      // It is settled by its record as soon as the PBX can be asked.
      this.settleSoon(this.#options.now());
    }
  }

  #write(attemptId: string, to: AttemptState, facts: AttemptFacts): void {
    const { attempts, changed, fence, telephone, writer } = this.#options;
    writer.put(attemptId, async () => {
      const under = fence();
      if (under === null) throw new NotNow();
      const written = await attempts.advance(attemptId, to, facts, under);
      if (written === null) this.counts.late += 1;
      // Withdrawn while it rang, it is settled as that; given back, the PBX's record still has to keep it from being dialled twice.
      const state =
        written?.state ?? (to === "ended" ? (await attempts.get(attemptId))?.state : "");
      if (state === "ended" || state === "withdrawn") telephone.settled(attemptId);
      // A given-back or ended attempt may leave room for the next one.
      if (to === "ended" || to === "planned") changed();
    });
  }

  #isMine(hand: Hand): boolean {
    return this.#hands.get(hand.attempt.id) === hand;
  }

  #drop(hand: Hand, outcome: AttemptFacts["outcome"] | null = null): void {
    const { id } = hand.attempt;
    // Forgotten meanwhile, and perhaps in hand anew.
    if (!this.#isMine(hand)) return;
    this.#hands.delete(id);
    this.#hangUps.drop(id);
    this.#options.lines.release(id, outcome ?? null, this.#options.now());
    if (outcome !== null) this.#strangers.over(id);
  }

  #isBusy(attemptId: string): boolean {
    const { isOffered, writer } = this.#options;
    return (
      writer.has(attemptId) || isOffered(attemptId) || this.#hands.get(attemptId)?.asking === true
    );
  }

  #count(to: AttemptState): void {
    if (to === "planned") this.counts.settledBack += 1;
    else if (to === "unknown") this.counts.settledUnknown += 1;
    else this.counts.settledEnded += 1;
  }
}

function mayHaveTalked({ evidence }: Extract<Progress, { type: "over" }>): boolean {
  return evidence.answered && !evidence.connected && !evidence.machine;
}
