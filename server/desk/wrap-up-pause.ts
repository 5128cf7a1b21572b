/**
 * Keeps an operator from being rung while they write: after a queue call Callcard pauses their member, until the wrap-up is
 * saved or its time is over. Off unless a time is set. A pause of their own is never touched.
 *
 * Every process counts, one acts: whoever acts on the PBX. A pause that it does not end is ended by every process a little later, so that
 * nobody stays paused because a process died; ending it twice does no harm.
 */
import type { Operator } from "./floor.ts";
import type { DeskLog } from "./ports.ts";
import { type Membership, WRAP_UP_REASON } from "./presence.ts";

/** What is needed to hold operators. */
export type WrapUpPauseOptions = {
  /** 0 = never. */
  readonly seconds: number;
  /** Whether this process acts on the PBX of this operator now. */
  readonly acts: (operator: Operator) => boolean;
  /** Pauses or unpauses all of the operator's queue members. */
  readonly setPaused: (operator: Operator, paused: boolean, reason: string) => Promise<void>;
  readonly memberships: (operator: Operator) => readonly Membership[];
  readonly log: DeskLog;
  /** How long the one who acts has to end a pause before everybody does; default 5000. */
  readonly graceMs?: number;
};

type Held = {
  readonly calls: Set<string>;
  timer: NodeJS.Timeout;
  /** Asterisk said that they are paused by us. */
  seen: boolean;
};

const GRACE_MS = 5000;

/** The operators held now. */
export class WrapUpPauses {
  readonly #options: WrapUpPauseOptions;
  readonly #held = new Map<Operator, Held>();
  /** Those whose pause is over and is to be ended by another process, or was just now by this one. */
  readonly #ending = new Map<Operator, NodeJS.Timeout>();

  constructor(options: WrapUpPauseOptions) {
    this.#options = options;
  }

  /** A queue call of theirs ended and is not wrapped up. */
  due(operator: Operator, callId: string): void {
    const { acts, seconds, memberships } = this.#options;
    if (seconds === 0) return;
    const held = this.#held.get(operator);
    if (held !== undefined) {
      held.calls.add(callId);
      held.timer.refresh();
      return;
    }
    const members = memberships(operator);
    if (members.length === 0 || members.some(({ member }) => member.paused)) return;
    this.#hold(operator, callId, false);
    if (acts(operator)) this.#set(operator, true);
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
    clearTimeout(this.#held.get(operator)?.timer);
    clearTimeout(this.#ending.get(operator));
    this.#held.delete(operator);
    this.#ending.delete(operator);
  }

  /** Found paused by us with nobody counting the time: another process did it. The time starts anew. */
  seen(operator: Operator, memberships: readonly Membership[]): void {
    const held = this.#held.get(operator);
    const ours = memberships.some(({ member }) => isOurs(member));
    if (held === undefined) {
      if (ours && !this.#ending.has(operator)) this.#hold(operator, "restored", true);
    } else if (ours) held.seen = true;
    // Ended at another process, by themselves, or on Asterisk's console.
    else if (held.seen) this.overruled(operator);
  }

  close(): void {
    for (const { timer } of this.#held.values()) clearTimeout(timer);
    for (const timer of this.#ending.values()) clearTimeout(timer);
    this.#held.clear();
    this.#ending.clear();
  }

  #hold(operator: Operator, callId: string, seen: boolean): void {
    // A setting that was switched off meanwhile still has to let go of whom it held.
    const ms = Math.max(1, this.#options.seconds) * 1000;
    const timer = setTimeout(() => this.#release(operator), ms).unref();
    clearTimeout(this.#ending.get(operator));
    this.#ending.delete(operator);
    this.#held.set(operator, { calls: new Set([callId]), timer, seen });
  }

  #release(operator: Operator): void {
    const { acts, graceMs = GRACE_MS } = this.#options;
    // What was just asked for may not have been heard yet.
    const unheard = this.#held.get(operator)?.seen === false;
    this.overruled(operator);
    if (acts(operator)) this.#end(operator, unheard);
    const again = setTimeout(() => {
      this.#ending.delete(operator);
      this.#end(operator, false);
    }, graceMs).unref();
    this.#ending.set(operator, again);
  }

  #end(operator: Operator, unheard: boolean): void {
    const paused = this.#options.memberships(operator).filter(({ member }) => member.paused);
    // They paused themselves meanwhile, or nothing is to be ended.
    if ((paused.length === 0 && !unheard) || paused.some(({ member }) => !isOurs(member))) return;
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
