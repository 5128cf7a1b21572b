/**
 * The callers of one simulated queue and the choice of the next: `pickNext` of ../order.ts told anew in steps that cost next to nothing,
 * so that days of calls play in seconds. A test holds the two to each other.
 *
 * Within one (rate, head start) claims grow alike, so whoever joined first stays first there: only the heads of these classes are
 * compared, and a choice costs as many steps as the policy has effects in use. Callers who hung up are dropped when they reach a head.
 */
import type { Guard } from "../model.ts";

/** What a line reads of its callers, by their index; they joined in the order of their indices. */
export type LineCallers = {
  readonly joinedAtMs: Float64Array;
  /** When they hang up. */
  readonly deadlineMs: Float64Array;
  /** Which effect is theirs, an index into the line's effects. */
  readonly effect: Uint16Array;
};

/** How waiting counts for those who have this effect. */
export type LineEffect = { readonly rate: number; readonly headStartMs: number };

/** What the lines of a pool write of their callers, by index; made by {@link lineMemory}. */
export type LineMemory = {
  /** 1 for who was taken out of the line. */
  readonly taken: Uint8Array;
  /** Since when plain order would have them answered; NaN while it would not. */
  readonly owedSinceMs: Float64Array;
};

/** Nothing happened yet. */
export function lineMemory(callers: number): LineMemory {
  return {
    taken: new Uint8Array(callers),
    owedSinceMs: new Float64Array(callers).fill(Number.NaN),
  };
}

/** Told every time between two answerings while somebody waited; says how long one has to be expected to be. */
export type Gaps = { add(gapMs: number): void; expectedMs(): number };

const NONE = -1;

/** One queue. The clock never goes back. */
export class Line {
  readonly #callers: LineCallers;
  readonly #effects: readonly LineEffect[];
  readonly #memory: LineMemory;
  readonly #gaps: Gaps;
  readonly #mostExtraMs: number;
  readonly #veteranMs: number;
  /** Everybody who ever joined, in order. */
  readonly #joined: number[] = [];
  /** Place in `#joined` of the first who may still wait. */
  #oldest = 0;
  /** Place in `#joined` of whom plain order answers next. */
  #plainNext = 0;
  /** Whom plain order has answered and we may not have; in order of joining. */
  #owed: number[] = [];
  /** By effect: everybody who has it, in order of joining, and where those begin who may still wait. */
  readonly #classes: { readonly callers: number[]; head: number }[];
  #lastTakenMs = -Infinity;
  #busySinceMs = -Infinity;

  constructor(
    callers: LineCallers,
    effects: readonly LineEffect[],
    guard: Guard,
    memory: LineMemory,
    gaps: Gaps,
  ) {
    this.#callers = callers;
    this.#effects = effects;
    this.#memory = memory;
    this.#gaps = gaps;
    this.#mostExtraMs = (guard.mostExtraWaitSeconds ?? Infinity) * 1000;
    this.#veteranMs = (guard.neverPassedAfterSeconds ?? Infinity) * 1000;
    this.#classes = effects.map(() => ({ callers: [], head: 0 }));
  }

  join(caller: number): void {
    const atMs = this.#callers.joinedAtMs[caller]!;
    if (this.#oldestWaiting(atMs) === NONE) {
      // Nobody waits, so plain order's line ran empty too, see ../plain-order.ts.
      this.#plainNext = this.#joined.length;
      this.#owed = [];
      this.#busySinceMs = atMs;
    }
    this.#joined.push(caller);
    this.#classes[this.#callers.effect[caller]!]!.callers.push(caller);
  }

  /** When the first of those who wait joined; Infinity when nobody waits. */
  oldestJoinedAtMs(nowMs: number): number {
    const caller = this.#oldestWaiting(nowMs);
    return caller === NONE ? Infinity : this.#callers.joinedAtMs[caller]!;
  }

  /** Takes whose turn it is out of the line; -1 when nobody waits. */
  take(nowMs: number): number {
    const oldest = this.#oldestWaiting(nowMs);
    if (oldest === NONE) return NONE;
    const isVeteran = nowMs - this.#callers.joinedAtMs[oldest]! >= this.#veteranMs;
    const caller = isVeteran
      ? oldest
      : this.#largestClaim(this.#lastEligible(oldest, nowMs), nowMs);
    this.#memory.taken[caller] = 1;
    this.#gaps.add(nowMs - Math.max(this.#lastTakenMs, this.#busySinceMs));
    this.#lastTakenMs = nowMs;
    this.#answerPlain(caller, nowMs);
    return caller;
  }

  /**
   * The last, by joining, who may be taken now without breaking the promise of the most extra waiting to somebody before them; the oldest
   * when it is late already, Infinity when nothing is urgent.
   */
  #lastEligible(oldest: number, nowMs: number): number {
    if (this.#mostExtraMs === Infinity) return Infinity;
    const gap = Math.max(1, this.#gaps.expectedMs());
    const spare = Math.floor(this.#mostExtraMs / gap);
    const lastMs = this.#lastTakenMs === -Infinity ? nowMs : this.#lastTakenMs;
    const fromMs = Math.max(lastMs, nowMs - gap);
    // Who is owed an answer joined before everybody who is not.
    this.#owed = this.#owed.filter((caller) => this.#waits(caller, nowMs));
    const owed = this.#owed;
    for (const [at, caller] of owed.entries()) {
      const owedSinceMs = this.#memory.owedSinceMs[caller]!;
      const place = Math.floor((owedSinceMs + this.#mostExtraMs - fromMs) / gap);
      if (place <= at) return oldest;
      if (place === at + 1) return caller;
    }
    // Of the rest the first has the least to spare: so many places as were answered before plain order came to them.
    if (owed.length < spare) return Infinity;
    let answered = 0;
    for (let at = this.#plainNext; at < this.#joined.length; at += 1) {
      const caller = this.#joined[at]!;
      if (this.#waits(caller, nowMs)) {
        const toSpare = answered + spare - owed.length;
        return toSpare < 0 ? oldest : toSpare === 0 ? caller : Infinity;
      }
      if (this.#memory.taken[caller] === 1) answered += 1;
    }
    return Infinity;
  }

  /** Of those who joined no later than `last`. */
  #largestClaim(last: number, nowMs: number): number {
    let best = NONE;
    let bestClaim = -Infinity;
    for (const [at, effect] of this.#effects.entries()) {
      const caller = this.#classHead(at, nowMs);
      if (caller === NONE || caller > last) continue;
      const claim = effect.headStartMs + effect.rate * (nowMs - this.#callers.joinedAtMs[caller]!);
      if (claim > bestClaim || (claim === bestClaim && caller < best)) {
        best = caller;
        bestClaim = claim;
      }
    }
    return best;
  }

  /** Gives this turn to whom plain order gives it; `taken` got it really. */
  #answerPlain(taken: number, nowMs: number): void {
    for (; this.#plainNext < this.#joined.length; this.#plainNext += 1) {
      const caller = this.#joined[this.#plainNext]!;
      if (this.#memory.taken[caller] === 0 && !this.#waits(caller, nowMs)) continue;
      this.#plainNext += 1;
      if (this.#memory.taken[caller] === 0 || caller === taken) {
        this.#memory.owedSinceMs[caller] = nowMs;
        if (caller !== taken) this.#owed.push(caller);
      }
      return;
    }
  }

  #classHead(at: number, nowMs: number): number {
    const line = this.#classes[at]!;
    while (line.head < line.callers.length && !this.#waits(line.callers[line.head]!, nowMs))
      line.head += 1;
    return line.callers[line.head] ?? NONE;
  }

  #oldestWaiting(nowMs: number): number {
    while (this.#oldest < this.#joined.length && !this.#waits(this.#joined[this.#oldest]!, nowMs))
      this.#oldest += 1;
    return this.#joined[this.#oldest] ?? NONE;
  }

  #waits(caller: number, nowMs: number): boolean {
    return this.#memory.taken[caller] === 0 && this.#callers.deadlineMs[caller]! > nowMs;
  }
}
