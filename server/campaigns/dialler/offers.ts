/** Previews: operators are shown whom to call, and call, skip, or let their time pass. */
import { Refusal } from "../../desk/replies.ts";
import type { SkipReason } from "../../desk/ports.ts";
import type { ClaimedAttempt } from "../attempts/model.ts";
import type { Campaign } from "../model.ts";
import type { CampaignBook } from "../ports.ts";
import type { CallsInHand } from "./calls-in-hand.ts";
import type { Floor } from "./floor.ts";
import type { WorkingOperator } from "./operators.ts";
import { type Offer, Previews } from "./previews.ts";
import { isOpen } from "./round.ts";

export type OffersOptions = {
  readonly campaigns: Pick<CampaignBook, "get">;
  readonly floor: Floor;
  readonly hands: Pick<CallsInHand, "giveBack" | "end">;
  /** Dials the operator's phone, then the person's. @returns whether the PBX was asked. */
  readonly dial: (
    attempt: ClaimedAttempt,
    campaign: Campaign,
    operator: WorkingOperator,
  ) => Promise<boolean>;
  /** This person does not want to be called again. */
  readonly doNotCall: (phone: string, reason: string) => Promise<void>;
  readonly changed: () => void;
  readonly now: () => number;
};

export class Offers {
  readonly #options: OffersOptions;
  readonly #previews: Previews;
  readonly #listeners = new Set<(userId: string, offer: Offer | null) => void>();

  constructor(options: OffersOptions) {
    this.#options = options;
    this.#previews = new Previews((userId, offer) => {
      for (const listener of this.#listeners) listener(userId, offer);
    });
  }

  /** Told of every offer and of its end (null). */
  onOffer(listener: (userId: string, offer: Offer | null) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  all(): readonly Offer[] {
    return this.#previews.all();
  }

  has(attemptId: string): boolean {
    return this.#previews.has(attemptId);
  }

  hasOne(userId: string, attemptId: string): boolean {
    return this.#previews.ofUser(userId)?.attempt.id === attemptId;
  }

  /** Shows an attempt to an operator who has a screen. */
  offer(
    attempt: ClaimedAttempt,
    campaign: Campaign,
    to: { readonly userId: string; readonly extension: string },
  ): void {
    const { userId, extension } = to;
    const offeredAtMs = this.#options.now();
    const { previewSeconds } = campaign.settings;
    this.#previews.offer({
      ...{ attempt, campaign, userId, extension, offeredAtMs },
      dialledAtMs: previewSeconds === null ? null : offeredAtMs + previewSeconds * 1000,
    });
  }

  /** It cannot be shown to the operator: somebody else may get it. */
  takeBack(userId: string, attemptId: string): void {
    if (this.#previews.take(userId, attemptId) !== null) this.#options.hands.giveBack(attemptId);
  }

  takeAllBack(): void {
    for (const { userId, attempt } of this.all()) this.takeBack(userId, attempt.id);
  }

  /** They are another process's: it gives them back. */
  forget(): void {
    for (const { userId, attempt } of this.all()) this.#previews.take(userId, attempt.id);
  }

  withdraw(attemptId: string): void {
    this.#previews.withdraw(attemptId);
  }

  /** The operator wants it dialled now. @throws {Refusal} `gone` when the offer is over, `pbxDown` when nothing can be dialled. */
  async call(userId: string, attemptId: string): Promise<void> {
    const offer = this.#previews.take(userId, attemptId);
    if (offer === null) throw gone();
    if (!(await this.#dial(offer)))
      throw new Refusal("pbxDown", "It cannot be dialled now; it will be offered again");
  }

  /** The operator puts it aside. @throws {Refusal} `gone` when the offer is over. */
  async skip(userId: string, attemptId: string, reason: SkipReason): Promise<void> {
    const { changed, doNotCall, hands, now } = this.#options;
    const offer = this.#previews.take(userId, attemptId);
    if (offer === null) throw gone();
    if (reason === "doNotCall") await doNotCall(offer.attempt.phone, `operator ${userId}`);
    const evidence = { skipped: reason };
    hands.end(attemptId, { atMs: now(), userId, outcome: "skipped", evidence });
    changed();
  }

  /** Offers whose time is over are dialled; those that cannot be dialled any more are given back. The floor was just looked at. */
  retire(): void {
    const { campaigns, floor, hands, now } = this.#options;
    const seats = floor.seats();
    for (const offer of this.all()) {
      const { attempt, campaign, dialledAtMs, extension, userId } = offer;
      const current = campaigns.get(campaign.id);
      const isFree = floor.working.get(extension)?.state === "free";
      const isThere = isFree && seats.get(extension)?.userId === userId;
      const nowMs = now();
      const holds = current !== null && isOpen(current, nowMs) && nowMs < attempt.windowEndsAtMs;
      if (holds && isThere && (dialledAtMs === null || nowMs < dialledAtMs)) continue;
      if (this.#previews.take(userId, attempt.id) === null) continue;
      if (holds && isThere) void this.#dial(offer);
      else hands.giveBack(attempt.id);
    }
  }

  async #dial({ attempt, campaign, extension }: Offer): Promise<boolean> {
    const { campaigns, dial, floor, hands, now } = this.#options;
    const operator = floor.look(now()).get(extension);
    const current = campaigns.get(campaign.id);
    if (current === null || !isOpen(current, now()) || operator === undefined) {
      hands.giveBack(attempt.id);
      return false;
    }
    return dial(attempt, current, operator);
  }
}

function gone(): Refusal {
  return new Refusal("gone", "attemptId: this offer is over");
}
