/**
 * Calls that campaigns make, seen from operators' screens: whom one is asked to call (previews), and what a call is about.
 *
 * The card of a preview is kept under the id its call will have, so that it is there already when the call begins.
 */
import { isDeepStrictEqual } from "node:util";
import type { User } from "../people/model.ts";
import type { Board } from "./board.ts";
import type { Cards } from "./cards.ts";
import type { Floor, Operator } from "./floor.ts";
import type { DeskCampaigns, Preview } from "./ports.ts";
import type { DeskCampaign, DeskPreview } from "./protocol.ts";
import type { Purpose } from "./purpose.ts";
import { Refusal } from "./replies.ts";
import type { Message } from "./schemas.ts";

/** What the campaigns' side of the desk needs. */
export type CampaignCallsOptions = {
  /** Null: no campaigns here. */
  readonly campaigns: DeskCampaigns | null;
  readonly floor: Floor;
  readonly cards: Cards;
  readonly board: Pick<Board, "asked" | "notDialled" | "campaignChanged">;
};

/** How long the card of an offer that is over is kept for the call that may come of it. */
const KEPT_FOR_CALL_MS = 30_000;

type Offer = { readonly preview: Preview; readonly callId: string };

/** The campaigns' side of one process's desk. Listens from its making to {@link CampaignCalls.close}. */
export class CampaignCalls {
  readonly #options: CampaignCallsOptions;
  readonly #offers = new Map<string, Offer>();
  /** Whom calls are for, from the moment they were offered. */
  readonly #purposes = new Map<string, Purpose>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #releases: (() => void)[] = [];

  constructor(options: CampaignCallsOptions) {
    this.#options = options;
    const { campaigns, board, cards } = options;
    if (campaigns === null) return;
    this.#releases.push(
      campaigns.onPreview((userId, preview) => this.#offered(userId, preview)),
      campaigns.onCall((callId) => {
        cards.refreshOrders(callId);
        board.campaignChanged(callId);
      }),
    );
  }

  /** What the campaign says of a call, null for every other call. */
  of(callId: string): DeskCampaign | null {
    return this.#options.campaigns?.ofCall(callId) ?? null;
  }

  /** Whom a call is for and what it is about; null for calls of no campaign. */
  purposeOf(callId: string): Purpose | null {
    const offered = this.#purposes.get(callId);
    if (offered !== undefined) return offered;
    const campaign = this.of(callId);
    return campaign && { customerId: campaign.customerId ?? null, orderIds: campaign.orderIds };
  }

  /** A card became composed or changed: an offer shows it. */
  cardChanged(callId: string): void {
    for (const [userId, offer] of this.#offers)
      if (offer.callId === callId) this.#show(this.#options.floor.of(userId), offer);
  }

  /** An operator became known: what they were offered before is shown now. */
  admitted(operator: Operator): void {
    const offer = this.#offers.get(operator.user.id);
    if (offer !== undefined && operator.screen.state.preview === null) this.#show(operator, offer);
  }

  /** The operator wants the person of the preview called. @throws Refusal `gone` when the offer is over. */
  async call(user: User, { attemptId }: Message<"previewCall">): Promise<object> {
    await this.#offeredTo(user, attemptId).call(user.id, attemptId);
    return {};
  }

  /** The operator puts the preview aside. @throws Refusal `gone` when the offer is over. */
  async skip(user: User, { attemptId, reason }: Message<"previewSkip">): Promise<object> {
    await this.#offeredTo(user, attemptId).skip(user.id, attemptId, reason);
    return {};
  }

  /** What is kept in memory, to see that nothing grows. */
  get size(): number {
    return this.#offers.size + this.#purposes.size + this.#timers.size;
  }

  /** Stops listening and all timers. */
  close(): void {
    for (const release of this.#releases.splice(0)) release();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #offeredTo(user: User, attemptId: string): DeskCampaigns {
    const { campaigns } = this.#options;
    if (campaigns === null || this.#offers.get(user.id)?.preview.attemptId !== attemptId)
      throw new Refusal("gone", "attemptId: this person is not offered to you any more");
    return campaigns;
  }

  #offered(userId: string, preview: Preview | null): void {
    const { floor, board } = this.#options;
    const operator = floor.of(userId);
    const before = this.#offers.get(userId);
    if (before !== undefined && before.preview.attemptId !== preview?.attemptId) {
      this.#offers.delete(userId);
      this.#forgetLater(before.callId);
    }
    if (preview === null) {
      if (before !== undefined) operator?.screen.publish({ kind: "preview", preview: null });
      return;
    }
    const callId = before?.preview.attemptId === preview.attemptId ? before.callId : "";
    const offer = { preview, callId: callId || `${preview.pbx}-${preview.attemptId}` };
    this.#offers.set(userId, offer);
    this.#purposes.set(offer.callId, {
      customerId: preview.customerId,
      orderIds: preview.campaign.orderIds,
    });
    clearTimeout(this.#timers.get(offer.callId));
    this.#timers.delete(offer.callId);
    if (callId === "") board.asked(offer.callId, preview.phone);
    this.#show(operator, offer);
  }

  #show(operator: Operator | null, { preview, callId }: Offer): void {
    const card = this.#options.cards.card(callId);
    if (operator === null || card === null) return;
    const { attemptId, pbx, campaign, offeredAtMs, dialledAtMs } = preview;
    const shown: DeskPreview = { attemptId, pbx, campaign, card, offeredAtMs, dialledAtMs };
    if (!isDeepStrictEqual(operator.screen.state.preview, shown))
      operator.screen.publish({ kind: "preview", preview: shown });
  }

  /** The offer is over; the call that it may have become finds the card for a while. */
  #forgetLater(callId: string): void {
    clearTimeout(this.#timers.get(callId));
    const timer = setTimeout(() => {
      this.#timers.delete(callId);
      this.#purposes.delete(callId);
      this.#options.board.notDialled(callId);
    }, KEPT_FOR_CALL_MS);
    timer.unref();
    this.#timers.set(callId, timer);
  }
}
