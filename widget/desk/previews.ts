/** Whom this operator is asked to call: from the offer, through what they decide, to its end. */
import type { DeskCall, DeskPreview, SkipReason } from "../../server/desk/protocol.ts";
import type { FailureCode } from "./connection.ts";

export type PreviewsOptions = {
  readonly call: (attemptId: string) => Promise<FailureCode | null>;
  readonly skip: (attemptId: string, reason: SkipReason) => Promise<FailureCode | null>;
  readonly changed: () => void;
};

/** The call that a preview became may be told a moment after its end; until then nobody is told that it is gone. */
const CALL_LATEST_MS = 1000;
/** An offer that ends so near its own time was dialled by itself. */
const BY_ITSELF_MS = 2000;
const GONE_SHOWN_MS = 12_000;

export class Previews {
  readonly #options: PreviewsOptions;
  #decided = "";
  #problem: FailureCode | null = null;
  #gone: DeskPreview | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(options: PreviewsOptions) {
    this.#options = options;
  }

  /** True when the operator decided about this one and the server has not ended it yet. */
  waits(preview: DeskPreview): boolean {
    return this.#decided === preview.attemptId;
  }

  /** Why the server did not do what the operator decided. */
  get problem(): FailureCode | null {
    return this.#problem;
  }

  /** An offer that has ended without this operator's doing, for a while; null for none. */
  goneWithout(calls: readonly DeskCall[]): DeskPreview | null {
    const attemptId = this.#gone?.attemptId;
    return calls.some(({ campaign }) => campaign?.attemptId === attemptId) ? null : this.#gone;
  }

  /** Looks at the step from one offer to the next. @returns true when somebody new is offered. */
  received(before: DeskPreview | null, after: DeskPreview | null, nowMs: number): boolean {
    if (before?.attemptId === after?.attemptId) return false;
    if (before) this.#ended(before, nowMs);
    this.#problem = null;
    this.#decided = "";
    return after !== null;
  }

  async call({ attemptId }: DeskPreview): Promise<void> {
    await this.#decide(attemptId, () => this.#options.call(attemptId));
  }

  async skip({ attemptId }: DeskPreview, reason: SkipReason): Promise<void> {
    await this.#decide(attemptId, () => this.#options.skip(attemptId, reason));
  }

  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
  }

  async #decide(attemptId: string, ask: () => Promise<FailureCode | null>): Promise<void> {
    if (this.#decided === attemptId) return;
    this.#decided = attemptId;
    this.#problem = null;
    this.#options.changed();
    const problem = await ask();
    // Another one may be offered by now.
    if (this.#decided !== attemptId || problem === null) return;
    this.#decided = "";
    this.#problem = problem;
    this.#options.changed();
  }

  #ended(preview: DeskPreview, nowMs: number): void {
    const { attemptId, dialledAtMs } = preview;
    const byItself = dialledAtMs !== null && nowMs >= dialledAtMs - BY_ITSELF_MS;
    if (this.#decided === attemptId || byItself) return;
    this.#after(CALL_LATEST_MS, () => {
      this.#gone = preview;
      this.#options.changed();
      this.#after(GONE_SHOWN_MS, () => {
        this.#gone = null;
        this.#options.changed();
      });
    });
  }

  #after(ms: number, action: () => void): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(action, ms);
  }
}
