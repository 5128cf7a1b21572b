/**
 * Hangs up phones that ring for nobody: operators paused, left, or took other calls while the phones rang, and whoever answered would hear
 * nobody. Which ones is told by `pacing/let-go.ts`.
 */
import type { Campaign } from "../model.ts";
import { SURE_FOR_MS, hopelessLines } from "../pacing/let-go.ts";
import type { PacingState } from "../pacing/model.ts";
import type { CampaignBook } from "../ports.ts";
import type { CallsInHand } from "./calls-in-hand.ts";
import { onTheLine, othersOf } from "./crew.ts";
import type { Floor } from "./floor.ts";
import type { Learning } from "./learning.ts";
import { membersOf } from "./operators.ts";
import { type Lines, pacingOf } from "./round.ts";

export type LettingGoOptions = {
  readonly hands: Pick<CallsInHand, "hands" | "letGo">;
  readonly floor: Floor;
  readonly learning: Pick<Learning, "load">;
  readonly campaigns: Pick<CampaignBook, "get">;
};

/** The shares of abandoned calls do not matter here: a phone that rings for nobody is let go whatever they are. */
const NO_WINDOW = { answered: 0, abandoned: 0 };

export class LettingGo {
  readonly #options: LettingGoOptions;
  /** Since when a phone has rung for nobody, by attempt. */
  #since: ReadonlyMap<string, number> = new Map();

  constructor(options: LettingGoOptions) {
    this.#options = options;
  }

  /** The floor was just looked at. Fails when PostgreSQL does. */
  async look(nowMs: number): Promise<void> {
    const { campaigns, hands } = this.#options;
    const since = new Map<string, number>();
    // The lowest priority gives way first; what it lets go is no longer in the others' way.
    const ids = onTheLine(hands.hands(), (id) => campaigns.get(id))
      .filter(({ lines }) => lines.ringing.length > 0)
      .toSorted((a, b) => a.campaign.settings.priority - b.campaign.settings.priority)
      .map(({ campaign }) => campaign.id);
    for (const id of ids) {
      const all = onTheLine(hands.hands(), (each) => campaigns.get(each));
      const own = all.find(({ campaign }) => campaign.id === id);
      if (own === undefined) continue;
      const state = await this.#stateOf(own.campaign, own.lines, all, nowMs);
      for (const { attemptId } of hopelessLines(state, own.lines.ringing)) {
        const atMs = this.#since.get(attemptId) ?? nowMs;
        if (nowMs - atMs >= SURE_FOR_MS) hands.letGo(attemptId);
        else since.set(attemptId, atMs);
      }
    }
    this.#since = since;
  }

  async #stateOf(
    campaign: Campaign,
    lines: Lines,
    all: ReturnType<typeof onTheLine>,
    nowMs: number,
  ): Promise<PacingState> {
    const { floor, learning } = this.#options;
    // Somebody who called us takes one of them, not all.
    const operators = membersOf(floor.working, campaign.settings.queue);
    const others = othersOf(all, campaign, floor.working, operators);
    const waiting =
      lines.waiting +
      others.reduce((sum, other) => sum + other.share * other.lines.waiting, 0) +
      floor.inboundWaiting(operators);
    // Who waits and whose operator's phone rings are one pair, not two.
    const rung = operators.filter(({ isRung }) => isRung).length;
    const seen = await Promise.all(
      others.map(async (other) => ({
        ...{ share: other.share, ringing: other.lines.ringing, waiting: 0, window: NO_WINDOW },
        ringLimitMs: other.campaign.settings.ringSeconds * 1000,
        rule: other.campaign.settings.abandonment,
        learned: await learning.load(other.campaign.id),
      })),
    );
    return pacingOf({
      ...{ campaign, operators, nowMs, others: seen, kept: 0, linesFree: 0, window: NO_WINDOW },
      offered: new Set(),
      lines: { ...lines, waiting: Math.max(0, waiting - rung) },
      learned: await learning.load(campaign.id),
    });
  }
}
