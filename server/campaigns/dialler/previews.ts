/** People whom operators are asked to call: one for each operator at a time, until they call, skip, are busy otherwise, or time is over. */
import type { ClaimedAttempt } from "../attempts/model.ts";
import type { Campaign } from "../model.ts";

/** One offer. */
export type Offer = {
  readonly attempt: ClaimedAttempt;
  readonly campaign: Campaign;
  readonly userId: string;
  readonly extension: string;
  readonly offeredAtMs: number;
  /** When it is dialled by itself; null for never. */
  readonly dialledAtMs: number | null;
};

export class Previews {
  readonly #byUser = new Map<string, Offer>();
  readonly #tell: (userId: string, offer: Offer | null) => void;

  /** @param tell told of every offer and (null) of its end, whatever ended it. */
  constructor(tell: (userId: string, offer: Offer | null) => void) {
    this.#tell = tell;
  }

  all(): readonly Offer[] {
    return [...this.#byUser.values()];
  }

  ofUser(userId: string): Offer | null {
    return this.#byUser.get(userId) ?? null;
  }

  has(attemptId: string): boolean {
    return this.all().some(({ attempt }) => attempt.id === attemptId);
  }

  offer(offer: Offer): void {
    this.#byUser.set(offer.userId, offer);
    this.#tell(offer.userId, offer);
  }

  /** Ends it. @returns null when it was over already: whoever comes second does nothing. */
  take(userId: string, attemptId: string): Offer | null {
    const offer = this.#byUser.get(userId);
    if (offer?.attempt.id !== attemptId) return null;
    this.#byUser.delete(userId);
    this.#tell(userId, null);
    return offer;
  }

  /** An attempt was withdrawn. */
  withdraw(attemptId: string): void {
    for (const { userId, attempt } of this.all())
      if (attempt.id === attemptId) this.take(userId, attemptId);
  }
}
