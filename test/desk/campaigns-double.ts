/** The campaigns' side of the desk, in memory: says what a test gives it, and notes what it is told in the wrap-up's own transaction. */
import type { DeskCampaigns, Preview, SaidOfCall } from "../../server/desk/ports.ts";
import type { DeskCampaign, SkipReason } from "../../server/desk/protocol.ts";
import type { Refusal } from "../../server/desk/replies.ts";
import type { Database } from "../../server/storage/database.ts";

const words = (word: string) => ({ ru: word, uk: word, en: word });

/** A campaign that confirms orders. */
export function sampleCampaign(change: Partial<DeskCampaign> = {}): DeskCampaign {
  return {
    campaignId: "7",
    name: "Подтверждение",
    attemptId: "cc-00000000-0000-4000-8000-000000000001",
    reason: "orderPlaced",
    orderIds: [],
    script: "Здравствуйте!",
    data: {},
    dispositions: [
      { code: "confirmed", labels: words("Подтвердил"), effect: "done" },
      { code: "later", labels: words("Перезвонить"), effect: "callBack" },
    ],
    attempt: 1,
    promised: false,
    ...change,
  };
}

export class CampaignsDouble implements DeskCampaigns {
  readonly calls = new Map<string, DeskCampaign>();
  readonly asked: unknown[][] = [];
  /** What the next wrap-ups are refused with, after something was written. */
  refusal: Refusal | null = null;
  readonly #onCall = new Set<(callId: string) => void>();
  readonly #onPreview = new Set<(userId: string, preview: Preview | null) => void>();

  ofCall(callId: string): DeskCampaign | null {
    return this.calls.get(callId) ?? null;
  }

  onCall(listener: (callId: string) => void): () => void {
    this.#onCall.add(listener);
    return () => this.#onCall.delete(listener);
  }

  onPreview(listener: (userId: string, preview: Preview | null) => void): () => void {
    this.#onPreview.add(listener);
    return () => this.#onPreview.delete(listener);
  }

  /** This call is a campaign's from now on, or another one's. */
  set(callId: string, campaign: DeskCampaign): void {
    this.calls.set(callId, campaign);
    for (const listener of this.#onCall) listener(callId);
  }

  offer(userId: string, preview: Preview | null): void {
    for (const listener of this.#onPreview) listener(userId, preview);
  }

  call(userId: string, attemptId: string): Promise<void> {
    this.asked.push(["call", userId, attemptId]);
    return this.refusal === null ? Promise.resolve() : Promise.reject(this.refusal);
  }

  skip(userId: string, attemptId: string, reason: SkipReason): Promise<void> {
    this.asked.push(["skip", userId, attemptId, reason]);
    return Promise.resolve();
  }

  /** Leaves a row in `audit`, which must be kept or lost together with the wrap-up. */
  async wrapUp(trx: Database, said: SaidOfCall): Promise<void> {
    await trx
      .insertInto("audit")
      .values({ actor: "campaigns", action: "said", detail: JSON.stringify(said) })
      .execute();
    if (this.refusal !== null) throw this.refusal;
  }
}
