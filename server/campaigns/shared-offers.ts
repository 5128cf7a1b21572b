/**
 * Offers to operators among processes: the holder of a PBX's lease offers, and every process shows what is offered, so that operators see it
 * whichever process their screen is at. The holder says the whole list, so whatever was lost is right again with the next one.
 *
 *     dialler offers --> list (hint) --> other processes show it --> call, skip (asked of the holder)
 */
import type { SkipReason } from "../desk/ports.ts";
import { Refusal } from "../desk/replies.ts";
import { type Asks, AskRefused, NobodyAnswers } from "../storage/asks.ts";
import type { Bus, Hints } from "../storage/bus.ts";
import type { Lease } from "../storage/lease.ts";
import type { Dialler } from "./dialler/dialler.ts";

/** An offer as other processes hear of it. */
export type SharedOffer = Hints["previewsOffered"]["offers"][number];

/** What is asked of a dialler. */
export type OfferingDialler = Pick<
  Dialler,
  "pbx" | "offers" | "hasOffer" | "onPreview" | "call" | "skip"
>;

export type SharedOffersOptions = {
  readonly bus: Pick<Bus, "publish" | "on">;
  readonly asks: Pick<Asks, "answer" | "ask">;
  readonly leaseOf: (pbx: string) => Lease;
  /** An operator is offered something by another process, or (null) no longer. */
  readonly show: (pbx: string, userId: string, offer: SharedOffer | null) => void;
};

/** Changes of one moment are said together. */
const GATHER_MS = 30;
/** What stands is said again so often. */
const AGAIN_MS = 5000;
/** A list that was not said again for so long is of nobody any more. */
const STALE_MS = 3 * AGAIN_MS;

type Heard = {
  epoch: number;
  heardAtMs: number;
  /** By user. */
  offers: ReadonlyMap<string, SharedOffer>;
};

/** Of one process; works from its making until {@link close}. */
export class SharedOffers {
  readonly #options: SharedOffersOptions;
  readonly #diallers = new Set<OfferingDialler>();
  readonly #heard = new Map<string, Heard>();
  readonly #due = new Map<OfferingDialler, NodeJS.Timeout>();
  readonly #releases: (() => void)[];
  readonly #timer: NodeJS.Timeout;

  constructor(options: SharedOffersOptions) {
    this.#options = options;
    const { asks, bus } = options;
    const offering = ({ userId, attemptId }: { userId: string; attemptId: string }) =>
      [...this.#diallers].find((dialler) => dialler.hasOffer(userId, attemptId));
    this.#releases = [
      bus.on("previewsOffered", (said) => this.#hear(said)),
      bus.on("previewsWanted", () => {
        for (const dialler of this.#diallers) this.#sayIfHeld(dialler);
      }),
      bus.on("hintsLost", () => bus.publish("previewsWanted", {})),
      asks.answer(
        "previewCall",
        (asked) => offering(asked) !== undefined,
        async (asked) => {
          await offering(asked)?.call(asked.userId, asked.attemptId);
          return null;
        },
      ),
      asks.answer(
        "previewSkip",
        (asked) => offering(asked) !== undefined,
        async (asked) => {
          const { userId, attemptId, reason } = asked;
          await offering(asked)?.skip(userId, attemptId, reason as SkipReason);
          return null;
        },
      ),
    ];
    this.#timer = setInterval(() => this.#lookAgain(), AGAIN_MS);
    this.#timer.unref();
    bus.publish("previewsWanted", {});
  }

  close(): void {
    for (const release of this.#releases.splice(0)) release();
    clearInterval(this.#timer);
    for (const timer of this.#due.values()) clearTimeout(timer);
  }

  /** Says what this dialler offers while it may dial. @returns how to end it. */
  follow(dialler: OfferingDialler): () => void {
    this.#diallers.add(dialler);
    const releases = [
      dialler.onPreview(() => this.#soon(dialler)),
      this.#options.leaseOf(dialler.pbx).onChange((held) => {
        // What the one before offered is over, and nobody else will say so.
        if (held) this.#forget(dialler.pbx);
        this.#soon(dialler);
      }),
    ];
    return () => {
      for (const release of releases) release();
      this.#diallers.delete(dialler);
      this.#forget(dialler.pbx);
    };
  }

  /** Whether another process offers this to this operator, as far as is known. */
  has(userId: string, attemptId: string): boolean {
    return [...this.#heard.values()].some(
      ({ offers }) => offers.get(userId)?.attemptId === attemptId,
    );
  }

  /** It could not be shown: the next list brings it again. */
  notShown(pbx: string, userId: string): void {
    const heard = this.#heard.get(pbx);
    if (heard === undefined) return;
    heard.offers = new Map([...heard.offers].filter(([other]) => other !== userId));
  }

  /** @throws Refusal as the process that offers it refuses, `gone` when none does, `pbxDown` when that one cannot be reached. */
  call(userId: string, attemptId: string): Promise<void> {
    return this.#ask(userId, attemptId, () =>
      this.#options.asks.ask("previewCall", { userId, attemptId }),
    );
  }

  /** @throws Refusal like {@link call}. */
  skip(userId: string, attemptId: string, reason: SkipReason): Promise<void> {
    return this.#ask(userId, attemptId, () =>
      this.#options.asks.ask("previewSkip", { userId, attemptId, reason }),
    );
  }

  async #ask(userId: string, attemptId: string, ask: () => Promise<null>): Promise<void> {
    if (!this.has(userId, attemptId)) throw new Refusal("gone", "attemptId: this offer is over");
    try {
      await ask();
    } catch (error) {
      if (error instanceof AskRefused)
        throw new Refusal(error.code as Refusal["code"], error.message);
      if (!(error instanceof NobodyAnswers)) throw error;
      throw new Refusal(
        "pbxDown",
        "The process that dials does not answer now; the offer stands until it does",
        { cause: error },
      );
    }
  }

  #soon(dialler: OfferingDialler): void {
    if (this.#due.has(dialler)) return;
    const timer = setTimeout(() => {
      this.#due.delete(dialler);
      this.#sayIfHeld(dialler);
    }, GATHER_MS);
    timer.unref();
    this.#due.set(dialler, timer);
  }

  /** Who lost the lease says nothing: the next one does. */
  #sayIfHeld(dialler: OfferingDialler): void {
    const { bus, leaseOf } = this.#options;
    const epoch = leaseOf(dialler.pbx).epoch();
    if (epoch === 0) return;
    const offers = dialler.offers().map(({ attempt, dialledAtMs, offeredAtMs, userId }) => ({
      ...{ userId, attemptId: attempt.id, phone: attempt.phone, customerId: attempt.customerId },
      ...{ offeredAtMs, dialledAtMs },
    }));
    bus.publish("previewsOffered", { pbx: dialler.pbx, epoch, offers });
  }

  #lookAgain(): void {
    for (const dialler of this.#diallers) if (dialler.offers().length > 0) this.#sayIfHeld(dialler);
    const nowMs = performance.now();
    for (const [pbx, { heardAtMs, offers }] of this.#heard)
      if (offers.size > 0 && nowMs - heardAtMs > STALE_MS) this.#show(pbx, new Map());
  }

  #hear({ pbx, epoch, offers }: Hints["previewsOffered"]): void {
    // Our own come back as well.
    if (this.#options.leaseOf(pbx).held()) return;
    const heard = this.#heard.get(pbx) ?? { epoch: 0, heardAtMs: 0, offers: new Map() };
    // Of a process that does not know yet that another one has the lease.
    if (epoch < heard.epoch) return;
    this.#heard.set(pbx, heard);
    heard.epoch = epoch;
    heard.heardAtMs = performance.now();
    this.#show(pbx, new Map(offers.map((offer) => [offer.userId, offer])));
  }

  #forget(pbx: string): void {
    if (this.#heard.has(pbx)) this.#show(pbx, new Map());
  }

  #show(pbx: string, offers: ReadonlyMap<string, SharedOffer>): void {
    const heard = this.#heard.get(pbx);
    if (heard === undefined) return;
    const before = heard.offers;
    heard.offers = offers;
    for (const [userId, { attemptId }] of before)
      if (offers.get(userId)?.attemptId !== attemptId) this.#options.show(pbx, userId, null);
    for (const [userId, offer] of offers)
      if (before.get(userId)?.attemptId !== offer.attemptId) this.#options.show(pbx, userId, offer);
  }
}
