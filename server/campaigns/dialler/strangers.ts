/** What the PBX tells of calls that are not in hand: kept until it is known whose they are. */
import type { Progress } from "../ports.ts";

/** Words for calls that are not known yet are kept for so many of them. */
const MOST_EARLY = 500;
/** The last calls that are over: later words of theirs mean nothing. */
const MOST_OVER = 2000;

export class Strangers {
  readonly #early = new Map<string, Progress[]>();
  readonly #over = new Set<string>();

  /** @returns false for a call that is over: its words mean nothing. */
  hear(progress: Progress): boolean {
    const { attemptId } = progress;
    if (this.#over.has(attemptId)) return false;
    const words = this.#early.get(attemptId);
    if (words !== undefined) words.push(progress);
    else if (this.#early.size < MOST_EARLY) this.#early.set(attemptId, [progress]);
    return true;
  }

  /** It is over, and was never for us. */
  forget(attemptId: string): void {
    this.#early.delete(attemptId);
  }

  /** Everything that was kept, by attempt; it is kept no longer. */
  take(): readonly (readonly [string, readonly Progress[]])[] {
    const early = [...this.#early];
    this.#early.clear();
    return early;
  }

  /** It was in hand, and is over. */
  over(attemptId: string): void {
    this.#over.add(attemptId);
    if (this.#over.size > MOST_OVER) this.#over.delete(this.#over.values().next().value!);
  }
}
