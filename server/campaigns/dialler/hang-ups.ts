/** Calls that are to be hung up, tried until they are gone or are wanted again. */
import type { Telephone } from "../ports.ts";
import type { DiallerLog } from "./writer.ts";

export type HangUpsOptions = {
  readonly telephone: Pick<Telephone, "hangUp" | "up">;
  /** Whether it is for this process to hang up; asked right before it does. */
  readonly mayAct: () => boolean;
  readonly log: DiallerLog;
  /** A call was there, and was hung up. */
  readonly hungUp: () => void;
};

export class HangUps {
  readonly #options: HangUpsOptions;
  /** Not known to be gone. */
  readonly #wanted = new Set<string>();

  constructor(options: HangUpsOptions) {
    this.#options = options;
  }

  /** Tried now, and by {@link again} while it fails. */
  add(attemptId: string): void {
    this.#wanted.add(attemptId);
    if (this.#options.telephone.up() && this.#options.mayAct()) void this.#try(attemptId);
  }

  /** Others see to them. */
  forget(): void {
    this.#wanted.clear();
  }

  /** It is over, or somebody talks. */
  drop(attemptId: string): void {
    this.#wanted.delete(attemptId);
  }

  again(): void {
    for (const attemptId of this.#wanted) this.add(attemptId);
  }

  async #try(attemptId: string): Promise<void> {
    const { hungUp, log, telephone } = this.#options;
    try {
      const was = await telephone.hangUp(attemptId);
      this.#wanted.delete(attemptId);
      if (was) hungUp();
    } catch (error) {
      log.warn({ err: error, attemptId }, "a call was not hung up; trying again");
    }
  }
}
