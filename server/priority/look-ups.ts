/**
 * Who the waiting are, asked for as long as it takes: the newest question about somebody is the one whose answer counts, and one that
 * failed is asked again.
 */
import { type LookUpCaller, type LookUpSources, type LookedUp, lookUp } from "./look-up.ts";
import { LookUpLine } from "./look-up-line.ts";

/** How look-ups are made. */
export type LookUpTuning = {
  /** A look-up that takes longer is given up and tried again; default 1 s. */
  readonly deadlineMs?: number;
  /** First pause before a failed look-up is tried again, doubles up to eight times this; default 500. */
  readonly retryMs?: number;
  /** Look-ups at the same time; the rest wait their turn. Default 16. */
  readonly atOnce?: number;
};

export type LookUpsOptions<T> = LookUpSources &
  LookUpTuning & {
    /** Whether it is still worth while when the turn comes. */
    readonly isWanted: (one: T) => boolean;
    readonly found: (one: T, found: LookedUp) => void;
    readonly log: { warn(fields: object, message: string): void };
  };

/** Look-ups at the same time of those who are looked up again after a load. */
const AGAIN_AT_ONCE = 4;

type Asking = {
  /** Answers to questions of an earlier generation are thrown away. */
  generation: number;
  retries: number;
  /** Others who are new go first. */
  again: boolean;
  timer: NodeJS.Timeout | null;
};

/** Look-ups of callers that are told of and {@link forget forgotten}. */
export class LookUps<T extends LookUpCaller & { readonly callId: string }> {
  readonly #options: LookUpsOptions<T>;
  readonly #line: LookUpLine<T>;
  readonly #asking = new Map<T, Asking>();
  #lookedUp = 0;
  #failed = 0;

  constructor(options: LookUpsOptions<T>) {
    this.#options = options;
    const { atOnce = 16, isWanted } = options;
    this.#line = new LookUpLine({
      ...{ atOnce, againAtOnce: Math.min(AGAIN_AT_ONCE, atOnce), isWanted },
      lookUp: (one) => this.#ask(one),
    });
  }

  /** Asks as soon as there is a place. */
  ask(one: T): void {
    this.#anew(one, false);
    this.#line.enter(one);
  }

  /** Asks about many again, after those who are new. */
  askAgain(ones: readonly T[]): void {
    for (const one of ones) this.#anew(one, true);
    this.#line.enterAgain(ones);
  }

  /** Whether a question about them has yet to be put. */
  isDue(one: T): boolean {
    return this.#line.has(one) || (this.#asking.get(one)?.timer ?? null) !== null;
  }

  forget(one: T): void {
    const asking = this.#asking.get(one);
    if (asking?.timer) clearTimeout(asking.timer);
    this.#asking.delete(one);
    this.#line.leave(one);
  }

  counters(): { readonly lookedUp: number; readonly failed: number } {
    return { lookedUp: this.#lookedUp, failed: this.#failed };
  }

  /** What is being asked is not waited for any more. */
  #anew(one: T, again: boolean): void {
    const known = this.#asking.get(one);
    const asking = known ?? { generation: 0, retries: 0, again, timer: null };
    this.#asking.set(one, asking);
    asking.generation += 1;
    asking.retries = 0;
    asking.again = again;
    if (asking.timer !== null) clearTimeout(asking.timer);
    asking.timer = null;
  }

  async #ask(one: T): Promise<void> {
    const asking = this.#asking.get(one);
    if (asking === undefined) return;
    const { generation } = asking;
    const isOver = () => this.#asking.get(one) !== asking || asking.generation !== generation;
    const { deadlineMs = 1000, found, log } = this.#options;
    try {
      const answer = await lookUp(this.#options, one, deadlineMs);
      if (isOver()) return;
      this.#lookedUp += 1;
      asking.retries = 0;
      found(one, answer);
    } catch (error) {
      if (isOver()) return;
      this.#failed += 1;
      if (asking.retries === 0)
        log.warn(
          { err: error, callId: one.callId },
          "a waiting caller could not be looked up; they stand by what is known of them",
        );
      this.#later(one, asking);
    }
  }

  #later(one: T, asking: Asking): void {
    const pauseMs = (this.#options.retryMs ?? 500) * Math.min(8, 2 ** asking.retries);
    asking.retries += 1;
    asking.timer = setTimeout(() => {
      asking.timer = null;
      if (asking.again) this.#line.enterAgain([one]);
      else this.#line.enter(one);
    }, pauseMs);
    asking.timer.unref();
  }
}
