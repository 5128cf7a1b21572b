/**
 * Days of a campaign's operators, played event by event: lines ring, people answer and wait two seconds for an operator, operators talk and
 * write up. A pacer is asked every second and whenever an operator is done, as the dialler asks.
 */
import type { AbandonmentRule } from "../../../server/campaigns/model.ts";
import {
  NOTHING_LEARNED,
  answered,
  dialled,
  judged,
  talked,
  wrappedUp,
} from "../../../server/campaigns/pacing/learn.ts";
import type {
  Learned,
  PacedOperator,
  PacingState,
  RingingLine,
} from "../../../server/campaigns/pacing/model.ts";
import { Events } from "./events.ts";
import { Random } from "./random.ts";

/** What the world is like at a moment of the day. */
export type Conditions = {
  readonly operators: number;
  readonly answerChance: number;
  /** Mean until answered, of those answered before the limit and after. */
  readonly ringMs: number;
  /** Mean of a talk with its wrap-up. */
  readonly handlingMs: number;
};

export type Days = {
  readonly seed: number;
  readonly days: number;
  readonly dayMs: number;
  /** Called rarely: conditions are looked at every second. */
  readonly conditions: (msOfDay: number) => Conditions;
  /** The part of handling that is a wrap-up whose start is seen; 0: only the end of both is. */
  readonly wrapUpPart: number;
  readonly rule: AbandonmentRule;
  /** What is known at the first day's start. */
  readonly learned?: Learned;
};

/** How many lines to dial now. @param ends when each operator will be free: for the bound, which knows the future. */
export type Pacer = {
  readonly learns: boolean;
  readonly lines: (state: PacingState, ends: readonly number[]) => number;
};

export type DayResult = {
  readonly busyShare: number;
  readonly answered: number;
  readonly abandoned: number;
  readonly dials: number;
};

const RING_CV = 0.4;
const HANDLING_CV = 0.8;
export const RING_LIMIT_MS = 25_000;
const MOST_LINES_PER_OPERATOR = 5;

const TICK = 0;
const ANSWER = 1;
const GIVE_UP = 2;
const TALK_END = 3;
const WRAP_UP_END = 4;
const PATIENCE_END = 5;
const KINDS = 8;

/** Plays the days one after the other; what was learned goes from each to the next. */
export function playDays(options: Days, pacer: Pacer): readonly DayResult[] {
  const random = new Random(options.seed);
  const days: DayResult[] = [];
  let learned = options.learned ?? NOTHING_LEARNED;
  for (let day = 0; day < options.days; day += 1) {
    const shift = new Shift(options, pacer, random, learned);
    days.push(shift.play());
    learned = shift.learned;
  }
  return days;
}

class Shift {
  readonly #options: Days;
  readonly #pacer: Pacer;
  readonly #random: Random;
  readonly #events = new Events();
  #learned: Learned;
  #now: Conditions;
  #nowMs = 0;
  #operators: PacedOperator[] = [];
  /** Of each operator: until when they talk and write up. */
  #ends: number[] = [];
  #ringing: RingingLine[] = [];
  /** Of each line slot: where it stands in `#ringing`. */
  #slots: { at: number; line: RingingLine }[] = [];
  #spareSlots: number[] = [];
  #waiting: number[] = [];
  #people = 0;
  #answered = 0;
  #abandoned = 0;
  #dials = 0;
  #busyMs = 0;
  #presentMs = 0;

  constructor(options: Days, pacer: Pacer, random: Random, learned: Learned) {
    this.#options = options;
    this.#pacer = pacer;
    this.#random = random;
    this.#learned = learned;
    this.#now = options.conditions(0);
  }

  get learned(): Learned {
    return this.#learned;
  }

  play(): DayResult {
    const { dayMs } = this.#options;
    this.#events.add(0, TICK);
    while (this.#events.nextMs < dayMs) {
      this.#nowMs = this.#events.nextMs;
      const what = this.#events.take();
      this.#happen(what % KINDS, Math.floor(what / KINDS));
    }
    return {
      busyShare: this.#busyMs / this.#presentMs,
      answered: this.#answered,
      abandoned: this.#abandoned,
      dials: this.#dials,
    };
  }

  #happen(kind: number, who: number): void {
    switch (kind) {
      case TICK:
        this.#tick();
        break;
      case ANSWER:
        this.#answer(who);
        break;
      case GIVE_UP:
        this.#release(who);
        break;
      case TALK_END:
        this.#endTalk(who);
        break;
      case WRAP_UP_END:
        this.#endHandling(who);
        break;
      default:
        this.#endPatience(who);
    }
  }

  #tick(): void {
    this.#now = this.#options.conditions(this.#nowMs);
    // Those who leave do so when they are not busy; the last ones first, so that places keep their numbers.
    while (this.#operators.length < this.#now.operators) {
      this.#operators.push({ state: "free", sinceMs: this.#nowMs });
      this.#ends.push(0);
      this.#serve();
    }
    while (
      this.#operators.length > this.#now.operators &&
      this.#operators.at(-1)!.state === "free"
    ) {
      this.#operators.pop();
      this.#ends.pop();
    }
    this.#presentMs += 1000 * this.#operators.length;
    this.#events.add(this.#nowMs + 1000, TICK);
    this.#dial();
  }

  #dial(): void {
    const lines = this.#pacer.lines(
      {
        nowMs: this.#nowMs,
        mode: "predictive",
        rule: this.#options.rule,
        ringLimitMs: RING_LIMIT_MS,
        mostLinesPerOperator: MOST_LINES_PER_OPERATOR,
        operators: this.#operators,
        ringing: this.#ringing,
        waiting: this.#waiting.length,
        linesFree: 1000,
        others: [],
        kept: 0,
        learned: this.#learned,
        window: { answered: this.#answered, abandoned: this.#abandoned },
      },
      this.#ends,
    );
    for (let line = 0; line < lines; line += 1) this.#ring();
  }

  #ring(): void {
    const line: RingingLine = { sinceMs: this.#nowMs, chance: null };
    const slot = this.#spareSlots.pop() ?? this.#slots.length;
    this.#slots[slot] = { at: this.#ringing.length, line };
    this.#ringing.push(line);
    this.#dials += 1;
    if (this.#pacer.learns) this.#learned = dialled(this.#learned);
    let ringMs = Infinity;
    if (this.#random.next() < this.#now.answerChance) {
      do ringMs = this.#random.logNormal(this.#now.ringMs, RING_CV);
      while (ringMs >= RING_LIMIT_MS);
    }
    if (ringMs < RING_LIMIT_MS) this.#events.add(this.#nowMs + ringMs, ANSWER + KINDS * slot);
    else this.#events.add(this.#nowMs + RING_LIMIT_MS, GIVE_UP + KINDS * slot);
  }

  #release(slot: number): void {
    const { at, line } = this.#slots[slot]!;
    const moved = this.#ringing.pop()!;
    if (moved !== line) {
      this.#ringing[at] = moved;
      this.#slots.find((other) => other.line === moved)!.at = at;
    }
    this.#spareSlots.push(slot);
  }

  #answer(slot: number): void {
    const ringMs = this.#nowMs - this.#slots[slot]!.line.sinceMs;
    this.#release(slot);
    if (this.#pacer.learns) this.#learned = answered(this.#learned, ringMs);
    const person = this.#people;
    this.#people += 1;
    this.#waiting.push(person);
    this.#serve();
    if (this.#waiting.at(-1) === person)
      this.#events.add(
        this.#nowMs + this.#options.rule.connectWithinMs,
        PATIENCE_END + KINDS * person,
      );
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const operator = this.#operators.findIndex((o) => o.state === "free");
      if (operator < 0) return;
      this.#waiting.shift();
      this.#judge(false);
      const handlingMs = this.#random.logNormal(this.#now.handlingMs, HANDLING_CV);
      const part = this.#options.wrapUpPart;
      const talkMs =
        part === 0
          ? handlingMs
          : this.#random.logNormal(this.#now.handlingMs * (1 - part), HANDLING_CV);
      const wrapUpMs =
        part === 0 ? 0 : this.#random.logNormal(this.#now.handlingMs * part, HANDLING_CV);
      this.#operators[operator] = { state: "talking", sinceMs: this.#nowMs };
      const endMs = this.#nowMs + talkMs + wrapUpMs;
      this.#ends[operator] = endMs;
      this.#busyMs += Math.min(endMs, this.#options.dayMs) - this.#nowMs;
      this.#events.add(this.#nowMs + talkMs, TALK_END + KINDS * operator);
    }
  }

  #endTalk(operator: number): void {
    if (this.#pacer.learns)
      this.#learned = talked(this.#learned, this.#nowMs - this.#operators[operator]!.sinceMs);
    const endMs = this.#ends[operator]!;
    if (endMs <= this.#nowMs) this.#endHandling(operator);
    else {
      this.#operators[operator] = { state: "wrappingUp", sinceMs: this.#nowMs };
      this.#events.add(endMs, WRAP_UP_END + KINDS * operator);
    }
  }

  #endHandling(operator: number): void {
    const { state, sinceMs } = this.#operators[operator]!;
    if (this.#pacer.learns && state === "wrappingUp")
      this.#learned = wrappedUp(this.#learned, this.#nowMs - sinceMs);
    this.#operators[operator] = { state: "free", sinceMs: this.#nowMs };
    this.#serve();
    this.#dial();
  }

  #endPatience(person: number): void {
    const place = this.#waiting.indexOf(person);
    if (place < 0) return;
    this.#waiting.splice(place, 1);
    this.#judge(true);
  }

  #judge(abandoned: boolean): void {
    this.#answered += 1;
    if (abandoned) this.#abandoned += 1;
    if (this.#pacer.learns) this.#learned = judged(this.#learned, abandoned, this.#options.rule);
  }
}
