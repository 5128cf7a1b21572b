/**
 * Keeps an operator from being rung while they write: after a queue call Callcard pauses their member, until the wrap-up is
 * saved or its time is over. Off unless a time is set. A pause of their own is never touched.
 */
import type { Operator } from "./floor.ts";
import type { DeskLog } from "./ports.ts";
import { type Membership, WRAP_UP_REASON } from "./presence.ts";

/** What is needed to hold operators. */
export type WrapUpPauseOptions = {
  /** 0 = never. */
  readonly seconds: number;
  /** Pauses or unpauses all of the operator's queue members. */
  readonly setPaused: (operator: Operator, paused: boolean, reason: string) => Promise<void>;
  readonly memberships: (operator: Operator) => readonly Membership[];
  readonly log: DeskLog;
};

/** The operators held now. */
export class WrapUpPauses {
  readonly #options: WrapUpPauseOptions;
  readonly #held = new Map<Operator, { readonly calls: Set<string>; timer: NodeJS.Timeout }>();

  constructor(options: WrapUpPauseOptions) {
    this.#options = options;
  }

  /** A queue call of theirs ended and is not wrapped up. */
  due(operator: Operator, callId: string): void {
    const { seconds, memberships } = this.#options;
    if (seconds === 0) return;
    const held = this.#held.get(operator);
    if (held !== undefined) {
      held.calls.add(callId);
      held.timer.refresh();
      return;
    }
    const members = memberships(operator);
    if (members.length === 0 || members.some(({ member }) => member.paused)) return;
    this.#hold(operator, new Set([callId]));
    this.#set(operator, true);
  }

  /** That wrap-up is saved. */
  saved(operator: Operator, callId: string): void {
    const held = this.#held.get(operator);
    if (held === undefined) return;
    held.calls.delete(callId);
    if (held.calls.size === 0) this.#release(operator);
  }

  /** They said themselves what they want to be. */
  overruled(operator: Operator): void {
    const held = this.#held.get(operator);
    if (held !== undefined) clearTimeout(held.timer);
    this.#held.delete(operator);
  }

  /** Found paused by us with nobody counting the time: an earlier process did it. The time starts anew. */
  seen(operator: Operator, memberships: readonly Membership[]): void {
    if (this.#held.has(operator)) return;
    if (!memberships.some(({ member }) => isOurs(member))) return;
    this.#hold(operator, new Set(["restored"]));
  }

  close(): void {
    for (const { timer } of this.#held.values()) clearTimeout(timer);
    this.#held.clear();
  }

  #hold(operator: Operator, calls: Set<string>): void {
    // A setting that was switched off meanwhile still has to let go of whom it held.
    const timer = setTimeout(
      () => this.#release(operator),
      Math.max(1, this.#options.seconds) * 1000,
    );
    timer.unref();
    this.#held.set(operator, { calls, timer });
  }

  #release(operator: Operator): void {
    this.overruled(operator);
    const paused = this.#options.memberships(operator).filter(({ member }) => member.paused);
    // They paused themselves meanwhile: that stays.
    if (paused.some(({ member }) => !isOurs(member))) return;
    this.#set(operator, false);
  }

  #set(operator: Operator, paused: boolean): void {
    this.#options
      .setPaused(operator, paused, paused ? WRAP_UP_REASON : "")
      .catch((error: unknown) => {
        this.#options.log.warn(
          { err: error, userId: operator.user.id, paused },
          "pause for the wrap-up failed",
        );
      });
  }
}

function isOurs(member: Membership["member"]): boolean {
  return member.paused && member.pausedReason === WRAP_UP_REASON;
}
