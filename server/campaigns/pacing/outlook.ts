/** What the next seconds hold: how many operators will be there for those who will answer. */
import { dialsRemembered } from "./learn.ts";
import { survivalOf } from "./lognormal.ts";
import type { Learned, LogNormal, OtherCampaign, PacingState, RingingLine } from "./model.ts";

/** Weight, in dials, of the guess with which an unknown list starts. */
const GUESS_WEIGHT = 10;
/** Taken for the answer chance of a list nobody dialled yet: high, as it is answers that need operators. */
const GUESSED_CHANCE = 0.6;
/**
 * By so much, times the root of the chance, a list's answer chance is taken to change before it is noticed: 0.35 may be 0.25 or 0.45. It
 * keeps hundreds of lines from ringing at once on a poor list.
 */
const CHANGE = 0.17;
/** Weight, in answers, of the guess that people answer equally at every second. */
const RING_GUESS_WEIGHT = 5;

type RingingMargin = Pick<Outlook, "mean" | "variance" | "answers" | "called">;

/** Longer settings change nothing that can be foreseen. */
const LONGEST_RING_SECONDS = 120;
const LONGEST_PATIENCE_SECONDS = 60;

type Margin = { readonly mean: Float64Array; readonly variance: Float64Array };

/**
 * Second by second (index 0: within the first second from now) up to the ring limit. The margin is operators who will be there in time minus
 * people who need one, without the line that is thought about.
 */
export type Outlook = Margin & {
  readonly seconds: number;
  /** Expected answers of the lines that ring, by second. */
  readonly answers: Float64Array;
  /** The chance that a line dialled now is answered within this second. */
  readonly answersOfNew: Float64Array;
  /** Expected answers of the lines that ring before who answers at this second. */
  readonly called: Float64Array;
  /** How far the answer chance may be off, as a part of it: all lines are off together. */
  readonly doubt: number;
  /** The chance that a line dialled now is answered at all. */
  readonly chance: number;
};

/**
 * The outlook of a state.
 * @param finishing adds to the margin the operators who will be done in time; from what was learned, unless it is known better.
 */
export function outlookOf(
  state: PacingState,
  finishing: (
    state: PacingState,
    mean: Float64Array,
    variance: Float64Array,
  ) => void = addFinishing,
): Outlook {
  const seconds = ringSecondsOf(state.ringLimitMs);
  const mean = new Float64Array(seconds);
  const variance = new Float64Array(seconds);
  const answers = new Float64Array(seconds);
  const called = new Float64Array(seconds);
  const answersOfNew = new Float64Array(seconds);
  const free = state.operators.reduce((sum, { state }) => sum + (state === "free" ? 1 : 0), 0);
  const waiting = state.others.reduce((sum, { share, waiting }) => sum + share * waiting, 0);
  mean.fill(free - state.waiting - waiting);
  finishing(state, mean, variance);

  const answered = answeredBy(state.learned.ringSeconds, seconds);
  const chance = answerChance(state, answered);
  for (let at = 0; at < seconds; at += 1)
    answersOfNew[at] = chance * (answered[at + 1]! - answered[at]!);
  const margin = { mean, variance, answers, called };
  addAllRinging(state, 1, chance, answered, margin);
  for (const other of state.others) addOther(state.nowMs, other, margin);
  return {
    seconds,
    mean,
    variance,
    answers,
    called,
    answersOfNew,
    chance,
    doubt: doubtOf(chance, state),
  };
}

/** When a line that rings is answered, by the second from now on: a distribution up to a factor. */
export function answersOf(
  { nowMs, ringLimitMs, learned }: Pick<PacingState, "nowMs" | "ringLimitMs" | "learned">,
  { sinceMs }: RingingLine,
): Float64Array {
  const seconds = ringSecondsOf(ringLimitMs);
  const answered = answeredBy(learned.ringSeconds, seconds);
  const from = secondOf(nowMs, sinceMs, answered);
  const answers = new Float64Array(seconds);
  for (let at = 0; from + at < seconds; at += 1)
    answers[at] = answered[from + at + 1]! - answered[from + at]!;
  return answers;
}

function ringSecondsOf(ringLimitMs: number): number {
  return Math.min(LONGEST_RING_SECONDS, Math.max(1, Math.ceil(ringLimitMs / 1000)));
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

/** A chance is known from so many dials, and may have changed since. */
function doubtOf(chance: number, { learned }: PacingState): number {
  const counted = (1 - chance) / (learned.dials + GUESS_WEIGHT);
  return Math.sqrt((counted + CHANGE ** 2) / chance);
}

/**
 * Lines that still ring were dialled but could not all be answered yet: they count as far as they rang, each with what the fading memory
 * still holds of it. When a shift begins and a hundred lines are dialled at once, the chance must not seem to fall.
 */
function answerChance(
  {
    nowMs,
    ringing,
    learned: { dials, answers },
  }: Pick<PacingState, "nowMs" | "ringing" | "learned">,
  answered: Float64Array,
): number {
  let undecided = 0;
  for (const { sinceMs } of ringing) undecided += 1 - answered[secondOf(nowMs, sinceMs, answered)]!;
  const held = ringing.length === 0 ? 0 : dialsRemembered(ringing.length) / ringing.length;
  const decided = Math.max(answers, dials - undecided * held);
  return Math.min(1, (answers + GUESSED_CHANCE * GUESS_WEIGHT) / (decided + GUESS_WEIGHT));
}

function secondOf(nowMs: number, sinceMs: number, answered: Float64Array): number {
  return Math.max(0, Math.min(answered.length - 1, Math.round((nowMs - sinceMs) / 1000)));
}

/** People of another campaign need operators as much; how likely they answer, and when, is by what that one learned. */
function addOther(nowMs: number, other: OtherCampaign, to: RingingMargin): void {
  if (other.ringing.length === 0) return;
  const seconds = ringSecondsOf(other.ringLimitMs);
  const answered = answeredBy(other.learned.ringSeconds, seconds);
  const chance = answerChance({ ...other, nowMs }, answered);
  addAllRinging({ nowMs, ringing: other.ringing }, other.share, chance, answered, to);
}

/** Lines of one chance that have rung equally long are added together. @param share of each that counts. */
function addAllRinging(
  { nowMs, ringing }: Pick<PacingState, "nowMs" | "ringing">,
  share: number,
  chance: number,
  answered: Float64Array,
  to: RingingMargin,
): void {
  const last = answered.length - 1;
  const alike = new Float64Array(answered.length);
  for (const line of ringing) {
    const from = secondOf(nowMs, line.sinceMs, answered);
    if (line.chance === null) alike[from]! += share;
    else addRinging(share, from, line.chance, answered, to);
  }
  for (let from = 0; from < last; from += 1)
    if (alike[from]! > 0) addRinging(alike[from]!, from, chance, answered, to);
}

/** A line that has rung for long without an answer is less likely to be answered at all. */
function addRinging(
  lines: number,
  from: number,
  chance: number,
  answered: Float64Array,
  { mean, variance, answers, called }: RingingMargin,
): void {
  const before = answered[from]!;
  const still = chance / Math.max(1e-9, 1 - chance * before);
  const rest = answered.length - 1 - from;
  let by = 0;
  for (let at = 0; at < mean.length; at += 1) {
    const share = at < rest ? still * (answered[from + at + 1]! - before) : by;
    answers[at]! += lines * (share - by);
    // Half of this second's answers are before the one that is thought about.
    const ahead = (share + by) / 2;
    mean[at]! -= lines * ahead;
    called[at]! += lines * ahead;
    variance[at]! += lines * ahead * (1 - ahead);
    by = share;
  }
}

/** An operator counts at a second when they are done before who answers then has waited too long. */
function addFinishing(state: PacingState, mean: Float64Array, variance: Float64Array): void {
  const { learned, operators, nowMs } = state;
  const patience = Math.min(LONGEST_PATIENCE_SECONDS, state.rule.connectWithinMs / 1000);
  const talking: number[] = [];
  const wrappingUp: number[] = [];
  for (const { state, sinceMs } of operators) {
    const elapsed = Math.max(0, Math.round((nowMs - sinceMs) / 1000));
    if (state === "talking") talking.push(elapsed);
    else if (state === "wrappingUp") wrappingUp.push(elapsed);
  }
  const margin = { mean, variance };
  if (wrappingUp.length > 0) addDone(learned.wrapUp, wrappingUp, patience, margin);
  if (talking.length === 0) return;
  if (learned.wrapUp.samples === 0) addDone(learned.talk, talking, patience, margin);
  else addTalkedAndWrittenUp(learned, talking, patience, margin);
}

/** Those who are done with this one thing. */
function addDone(
  fit: LogNormal,
  elapsed: readonly number[],
  patience: number,
  { mean, variance }: Margin,
): void {
  const reach = mean.length + Math.ceil(patience) + 1;
  const { shares, last } = survivalOf(fit, Math.max(...elapsed) + reach);
  for (const since of elapsed) {
    const from = Math.min(since, last - reach);
    const ahead = Math.round(from + patience + 0.5);
    const now = 1 / shares[from]!;
    for (let at = 0; at < mean.length; at += 1) {
      const left = shares[ahead + at]! * now;
      mean[at]! += 1 - left;
      variance[at]! += left - left * left;
    }
  }
}

/** Those who talk must both end the talk and write it up. The sums of all of them are folded once with the wrap-up's times. */
function addTalkedAndWrittenUp(
  learned: Learned,
  talking: readonly number[],
  patience: number,
  { mean, variance }: Margin,
): void {
  const reach = mean.length + Math.ceil(patience) + 1;
  const { shares, last } = survivalOf(learned.talk, Math.max(...talking) + reach);
  const ends = new Float64Array(reach);
  for (const since of talking) {
    const from = Math.min(since, last - reach);
    const now = 1 / shares[from]!;
    for (let at = 0; at < reach; at += 1)
      ends[at]! += (shares[from + at]! - shares[from + at + 1]!) * now;
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
