/** One piece of work done again and again: at least so often, as soon as something changed, and never twice at a time. */
export class Rounds {
  readonly #go: () => Promise<void>;
  readonly #everyMs: number;
  readonly #gapMs: number;
  #timer: NodeJS.Timeout | null = null;
  #round: Promise<void> | null = null;
  #again = false;
  #isOpen = false;

  /** @param go must not reject. @param pace `gapMs`: between two rounds at least. */
  constructor(go: () => Promise<void>, pace: { readonly everyMs: number; readonly gapMs: number }) {
    this.#go = go;
    this.#everyMs = pace.everyMs;
    this.#gapMs = pace.gapMs;
  }

  open(): void {
    this.#isOpen = true;
    this.wake();
  }

  /** Something changed: the next round comes at once, or right after the one that runs. */
  wake(): void {
    if (!this.#isOpen) return;
    if (this.#round === null) this.#plan(this.#gapMs);
    else this.#again = true;
  }

  /** Begins no other; the one that runs is waited for. */
  async close(): Promise<void> {
    this.#isOpen = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#round;
  }

  #plan(afterMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#again = false;
      this.#round = this.#go().finally(() => {
        this.#round = null;
        if (this.#isOpen) this.#plan(this.#again ? this.#gapMs : this.#everyMs);
      });
    }, afterMs);
    this.#timer.unref();
  }
}
