/**
 * What is learned from each call, as it happens: every function returns a new {@link Learned}. It starts from nothing and forgets at
 * the pace at which it learns, so that a list that changes its character is followed within some hundred calls.
 */
import type { AbandonmentRule } from "../model.ts";
import { NO_DURATIONS, withDuration } from "./lognormal.ts";
import type { Learned } from "./model.ts";

/** Dials that the answer chance remembers. */
const DIALS_REMEMBERED = 300;
/** Answers that the times of ringing remember. */
const ANSWERS_REMEMBERED = 300;
/** Phones ring at most so long; later answers are counted to the last second. */
const LONGEST_RING_SECONDS = 120;
/** How strongly one live answer moves the allowed risk. */
const STEERING = 0.15;
/** While nothing is predicted nobody is abandoned and the allowed risk creeps up: not beyond what a good hour would have it at. */
const MOST_THETA = 0.5;
const LEAST_THETA = 0.005;

export const NOTHING_LEARNED: Learned = {
  dials: 0,
  answers: 0,
  ringSeconds: [],
  talk: NO_DURATIONS,
  wrapUp: NO_DURATIONS,
  theta: 0.06,
};

/** What `Learned.dials` has come to after so many dials from nothing: it fades as it grows. */
export function dialsRemembered(dials: number): number {
  return DIALS_REMEMBERED * (1 - (1 - 1 / DIALS_REMEMBERED) ** dials);
}

/** A line was dialled. */
export function dialled(learned: Learned): Learned {
  const kept = 1 - 1 / DIALS_REMEMBERED;
  return { ...learned, dials: learned.dials * kept + 1, answers: learned.answers * kept };
}

/** A line that was let go before anybody could answer tells nothing of how people answer: as if it had not been dialled. */
export function letGo(learned: Learned): Learned {
  return { ...learned, dials: Math.max(learned.answers, learned.dials - 1) };
}

/** A person answered after `ringMs` of ringing. */
export function answered(learned: Learned, ringMs: number): Learned {
  const second = Math.min(LONGEST_RING_SECONDS - 1, Math.max(0, Math.floor(ringMs / 1000)));
  const kept = 1 - 1 / ANSWERS_REMEMBERED;
  const ringSeconds = Array.from(
    { length: Math.max(learned.ringSeconds.length, second + 1) },
    (_, at) => (learned.ringSeconds[at] ?? 0) * kept,
  );
  ringSeconds[second]! += 1;
  return { ...learned, answers: learned.answers + 1, ringSeconds };
}

/** An operator talked so long with a person this campaign had called. */
export function talked(learned: Learned, ms: number): Learned {
  return { ...learned, talk: withDuration(learned.talk, ms) };
}

/** And wrote it up so long afterwards. */
export function wrappedUp(learned: Learned, ms: number): Learned {
  return { ...learned, wrapUp: withDuration(learned.wrapUp, ms) };
}

/**
 * A live-answered call was connected in time, or was not. The allowed risk falls with each abandoned call and creeps up with each other, so that
 * they balance where the share of abandoned calls is the target, however wrong the predictions are.
 */
export function judged(learned: Learned, abandoned: boolean, rule: AbandonmentRule): Learned {
  const theta = learned.theta * Math.exp(STEERING * (rule.targetShare - (abandoned ? 1 : 0)));
  return { ...learned, theta: Math.min(MOST_THETA, Math.max(LEAST_THETA, theta)) };
}
