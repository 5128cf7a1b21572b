/** What the next seconds hold: how many operators will be there for those who will answer. */
import { survivalOf } from "./lognormal.ts";
import type { Learned, LogNormal, PacedOperator, PacingState, RingingLine } from "./model.ts";

/** Weight, in dials, of the guess with which an unknown list starts. */
const GUESS_WEIGHT = 10;
/** Taken for the answer chance of a list nobody dialled yet: high, as it is answers that need operators. */
const GUESSED_CHANCE = 0.6;
/** Weight, in answers, of the guess that people answer equally at every second. */
const RING_GUESS_WEIGHT = 5;

/**
 * Second by second (index 0: within the first second from now) up to the ring limit. The margin is operators who will be there in time minus
 * people who need one, without the line that is being thought about.
 */
export type Outlook = {
  readonly seconds: number;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  /** Expected answers of the lines that ring, by second. */
  readonly answers: Float64Array;
  /** The chance that a line dialled now is answered within this second. */
  readonly answersOfNew: Float64Array;
  /** The chance that a line dialled now is answered at all. */
  readonly chance: number;
};

/** When busy operators will be done; the bench also asks with all ends known. */
export type Finishing = (mean: Float64Array, variance: Float64Array) => void;

/** The outlook of a state. @param finishing adds to the margin those who will be done in time; by default from what was learned. */
export function outlookOf(
  state: PacingState,
  finishing: Finishing = (mean, variance) => addFinishing(state, mean, variance),
): Outlook {
  const seconds = Math.max(1, Math.ceil(state.ringLimitMs / 1000));
  const mean = new Float64Array(seconds);
  const variance = new Float64Array(seconds);
  const answers = new Float64Array(seconds);
  const answersOfNew = new Float64Array(seconds);
  const free = state.operators.reduce((sum, { state }) => sum + (state === "free" ? 1 : 0), 0);
  mean.fill(free - state.waiting);
  finishing(mean, variance);

  const answered = answeredBy(state.learned.ringSeconds, seconds);
  const chance = answerChance(state, answered);
  for (let at = 0; at < seconds; at += 1)
    answersOfNew[at] = chance * (answered[at + 1]! - answered[at]!);
  for (const line of state.ringing)
    addRinging(state.nowMs, line, chance, answered, { mean, variance, answers });
  return { seconds, mean, variance, answers, answersOfNew, chance };
}

/** The last that was asked for: ring times change only with an answer, decisions are far more frequent. */
const shares = new WeakMap<readonly number[], Float64Array>();

/** By whole seconds of ringing, 0 to `seconds`: the share of answers that came by then. */
function answeredBy(ringSeconds: readonly number[], seconds: number): Float64Array {
  let known = shares.get(ringSeconds);
  if (known?.length !== seconds + 1) {
    known = answeredShares(ringSeconds, seconds);
    shares.set(ringSeconds, known);
  }
  return known;
}

function answeredShares(ringSeconds: readonly number[], seconds: number): Float64Array {
  const shares = new Float64Array(seconds + 1);
  let all = RING_GUESS_WEIGHT;
  for (const count of ringSeconds) all += count;
  let sum = 0;
  for (let at = 0; at < seconds; at += 1) {
    sum += ((ringSeconds[at] ?? 0) + RING_GUESS_WEIGHT / seconds) / all;
    shares[at + 1] = sum;
  }
  // Answers after the ring limit were of a time when phones rang longer.
  for (let at = 1; at <= seconds; at += 1) shares[at]! /= sum;
  return shares;
}

/** Lines that still ring were dialled but could not all be answered yet: they count as far as they rang. */
function answerChance(state: PacingState, answered: Float64Array): number {
  const { dials, answers } = state.learned;
  let undecided = 0;
  for (const line of state.ringing)
    undecided += 1 - answered[secondOf(state.nowMs, line, answered)]!;
  const decided = Math.max(answers, dials - undecided);
  return Math.min(1, (answers + GUESSED_CHANCE * GUESS_WEIGHT) / (decided + GUESS_WEIGHT));
}

function secondOf(nowMs: number, line: RingingLine, answered: Float64Array): number {
  return Math.max(0, Math.min(answered.length - 1, Math.round((nowMs - line.sinceMs) / 1000)));
}

/** A line that has rung for long without an answer is less likely to be answered at all. */
function addRinging(
  nowMs: number,
  line: RingingLine,
  chance: number,
  answered: Float64Array,
  to: Pick<Outlook, "mean" | "variance" | "answers">,
): void {
  const own = line.chance ?? chance;
  const from = secondOf(nowMs, line, answered);
  const before = answered[from]!;
  const still = Math.max(1e-9, 1 - own * before);
  const last = answered.length - 1;
  let by = 0;
  for (let at = 0; at < to.mean.length; at += 1) {
    const share = (own * (answered[Math.min(last, from + at + 1)]! - before)) / still;
    to.answers[at]! += share - by;
    // Half of this second's answers are before the one that is thought about.
    const ahead = (share + by) / 2;
    to.mean[at]! -= ahead;
    to.variance[at]! += ahead * (1 - ahead);
    by = share;
  }
}

/** An operator counts at a second when they are done before who answers then has waited too long. */
function addFinishing(state: PacingState, mean: Float64Array, variance: Float64Array): void {
  const { learned, nowMs, operators } = state;
  const patience = state.rule.connectWithinMs / 1000;
  const wrapUpKnown = learned.wrapUp.samples > 0;
  const talking: number[] = [];
  for (const operator of operators) {
    if (operator.state === "free") continue;
    const elapsed = elapsedSeconds(nowMs, operator);
    if (operator.state === "talking" && wrapUpKnown) talking.push(elapsed);
    else
      addDone(
        operator.state === "talking" ? learned.talk : learned.wrapUp,
        elapsed,
        patience,
        mean,
        variance,
      );
  }
  if (talking.length > 0) addTalkedAndWrittenUp(learned, talking, patience, mean, variance);
}

function elapsedSeconds(nowMs: number, operator: PacedOperator): number {
  return Math.max(0, (nowMs - operator.sinceMs) / 1000);
}

function addDone(
  fit: LogNormal,
  elapsed: number,
  patience: number,
  mean: Float64Array,
  variance: Float64Array,
): void {
  const { shares, last } = survivalOf(fit, elapsed + patience + mean.length + 1);
  const from = Math.min(
    Math.round(elapsed),
    Math.max(0, last - mean.length - Math.ceil(patience) - 1),
  );
  const ahead = Math.round(from + patience + 0.5);
  const now = 1 / shares[from]!;
  for (let at = 0; at < mean.length; at += 1) {
    const left = shares[Math.min(last, ahead + at)]! * now;
    mean[at]! += 1 - left;
    variance[at]! += left * (1 - left);
  }
}

/** Those who talk must both end the talk and write it up. The sums of all of them are folded once with the wrap-up's times. */
function addTalkedAndWrittenUp(
  learned: Learned,
  talking: readonly number[],
  patience: number,
  mean: Float64Array,
  variance: Float64Array,
): void {
  const reach = mean.length + Math.ceil(patience) + 1;
  const ends = new Float64Array(reach);
  for (const elapsed of talking) {
    const { shares, last } = survivalOf(learned.talk, elapsed + reach);
    const from = Math.min(Math.round(elapsed), Math.max(0, last - reach));
    const now = 1 / shares[from]!;
    for (let at = 0; at < reach; at += 1)
      ends[at]! +=
        (shares[Math.min(last, from + at)]! - shares[Math.min(last, from + at + 1)]!) * now;
  }
  const wrapUp = survivalOf(learned.wrapUp, reach).shares;
  for (let at = 0; at < mean.length; at += 1) {
    const by = Math.min(reach, Math.round(at + patience + 0.5));
    let done = 0;
    for (let end = 0; end < by; end += 1) done += ends[end]! * (1 - wrapUp[by - end - 1]!);
    mean[at]! += done;
    variance[at]! += done * (1 - done / talking.length);
  }
}
