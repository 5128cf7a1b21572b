/**
 * The campaigns' turns at their operators, one round after the other: each decides how many lines to dial, seeing those that the ones before it
 * have just dialled, and takes that many people. Who goes first is told by `pacing/share.ts`.
 */
import type { Lease } from "../../storage/lease.ts";
import type { Campaign } from "../model.ts";
import type { OtherCampaign, PacingDecision } from "../pacing/model.ts";
import { decideLines } from "../pacing/pace.ts";
import { inTurn } from "../pacing/share.ts";
import type { AttemptStore, CampaignBook } from "../ports.ts";
import { AbandonmentWindows } from "./abandonment-windows.ts";
import type { CallsInHand } from "./calls-in-hand.ts";
import { onTheLine, othersOf } from "./crew.ts";
import type { Floor } from "./floor.ts";
import type { Learning } from "./learning.ts";
import type { Offers } from "./offers.ts";
import { type WorkingOperator, operatorsOf } from "./operators.ts";
import { dialsOperatorFirst, isOpen, linesOf, pacingOf } from "./round.ts";
import { type Work, takeWork } from "./take.ts";
import type { TrunkLines } from "./trunk-lines.ts";

export type TurnsOptions = {
  readonly attempts: Pick<AttemptStore, "claim" | "hasDue" | "abandonment">;
  readonly campaigns: Pick<CampaignBook, "get">;
  readonly floor: Floor;
  readonly hands: Pick<CallsInHand, "hands">;
  readonly learning: Learning;
  readonly lease: Pick<Lease, "confirm" | "fenced">;
  readonly lines: TrunkLines;
  readonly offers: Offers;
  /** Offers a claimed attempt, or dials it: in hand at once, so that the next campaign counts it. */
  readonly begin: (campaign: Campaign, work: Work) => void;
  /** Whether this process may still dial. */
  readonly mayDial: () => boolean;
  /** Names this process in what it claims. */
  readonly process: string;
  readonly now: () => number;
};

const NO_WINDOW = { answered: 0, abandoned: 0 };

export class Turns {
  readonly #options: TurnsOptions;
  readonly #windows: AbandonmentWindows;
  readonly #paces = new Map<string, PacingDecision>();
  /** When each campaign last was given a line. */
  readonly #servedAtMs = new Map<string, number>();
  readonly #askedFor = new Map<string, number>();
  #claimed = 0;

  constructor(options: TurnsOptions) {
    this.#options = options;
    this.#windows = new AbandonmentWindows(options.attempts);
  }

  /** Attempts claimed so far. */
  get claimed(): number {
    return this.#claimed;
  }

  /** What a campaign decided last; null before its first turn. */
  paceOf(campaignId: string): PacingDecision | null {
    return this.#paces.get(campaignId) ?? null;
  }

  /** One turn for each that may dial. Fails when PostgreSQL does; what was claimed until then has begun. */
  async go(campaigns: readonly Campaign[]): Promise<void> {
    const turns = inTurn(
      campaigns.map((campaign) => ({
        ...{ campaign, id: campaign.id, priority: campaign.settings.priority },
        servedAtMs: this.#servedAtMs.get(campaign.id) ?? -Infinity,
      })),
    );
    /** Extensions kept for campaigns that went first. */
    const kept = new Set<string>();
    for (const [at, { campaign }] of turns.entries()) {
      if (!isOpen(campaign, this.#options.now()) || !this.#options.mayDial()) continue;
      const isLast = at === turns.length - 1;
      for (const extension of await this.#turn(campaign, kept, isLast)) kept.add(extension);
    }
  }

  /** @returns operators whom the campaign needs for more people who are due. */
  async #turn(
    campaign: Campaign,
    kept: ReadonlySet<string>,
    isLast: boolean,
  ): Promise<readonly string[]> {
    const { attempts, floor, hands, learning, lease, lines, mayDial, now, offers } = this.#options;
    const { settings } = campaign;
    const nowMs = now();
    const all = operatorsOf(floor.look(nowMs), settings.queue);
    const operators = all.filter(({ extension }) => !kept.has(extension));
    const own = [...hands.hands()].filter(({ campaignId }) => campaignId === campaign.id);
    const offered = new Set(offers.all().map(({ extension }) => extension));
    const decision = decideLines(
      pacingOf({
        ...{ campaign, operators, offered, nowMs, kept: all.length - operators.length },
        lines: linesOf(own),
        others: await this.#others(campaign, operators, nowMs),
        learned: await learning.load(campaign.id),
        linesFree: lines.free(settings.trunks, nowMs),
        window: await this.#window(campaign, campaign, nowMs),
      }),
    );
    this.#paces.set(campaign.id, decision);
    const free = operators
      .filter(({ state, extension }) => state === "free" && !offered.has(extension))
      .sort((a, b) => a.sinceMs - b.sinceMs);
    // Asked right before: a lease that was lost meanwhile dials nothing.
    if (decision.lines > 0 && (await lease.confirm()) && mayDial()) {
      const work = await takeWork(
        { campaign, lines: decision.lines, free, process: this.#options.process, nowMs: now() },
        { attempts, lease, askedFor: this.#askedFor },
      );
      this.#claimed += work.length;
      for (const one of work) this.#options.begin(campaign, one);
      if (work.length > 0) this.#servedAtMs.set(campaign.id, nowMs);
    }
    // What it cannot dial for want of lines need not keep anybody from the next one.
    if (isLast || operators.length === 0 || decision.reason === "noLines") return [];
    if (!(await attempts.hasDue(campaign.id, now()))) return [];
    // Nobody can be shown anything who has no screen.
    const needed = operators.filter(({ userId }) => settings.mode !== "preview" || userId !== null);
    return needed.map(({ extension }) => extension);
  }

  /** Campaigns with people on the line whom these operators will answer. */
  #others(
    campaign: Campaign,
    operators: readonly WorkingOperator[],
    nowMs: number,
  ): Promise<readonly OtherCampaign[]> {
    const { campaigns, floor, hands, learning } = this.#options;
    const all = onTheLine(hands.hands(), (id) => campaigns.get(id));
    return Promise.all(
      othersOf(all, campaign, floor.working, operators).map(async (other) => ({
        ...{ share: other.share, ringing: other.lines.ringing, waiting: other.lines.waiting },
        ringLimitMs: other.campaign.settings.ringSeconds * 1000,
        rule: other.campaign.settings.abandonment,
        learned: await learning.load(other.campaign.id),
        window: await this.#window(other.campaign, campaign, nowMs),
      })),
    );
  }

  /** One line for each free operator abandons nobody: there is nothing to look up when no more is to be decided. */
  async #window(of: Campaign, decided: Campaign, nowMs: number): Promise<typeof NO_WINDOW> {
    const { mode } = decided.settings;
    const predicts = mode === "predictive" || mode === "automatic";
    return predicts && !dialsOperatorFirst(decided) ? this.#windows.of(of, nowMs) : NO_WINDOW;
  }
}
