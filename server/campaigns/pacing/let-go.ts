/**
 * Which phones ring for nobody: operators left, or took other calls, while they rang, and who answered would hear nobody. They are better let
 * ring out on our side than answered into silence.
 */
import { missing } from "./risk.ts";
import type { Learned, LogNormal, PacingState, RingingLine } from "./model.ts";
import { answersOf, outlookOf } from "./outlook.ts";

/** A line is let go when nobody would be there for its person, should they answer, at least this surely. */
export const SURE = 0.9;
/** And when that has held for so long: a pause that is taken back, or a device that changes its state, is no reason. */
export const SURE_FOR_MS = 1500;

/** Taken for talks and their writing up until enough of them were heard: people's usual ones. */
const USUAL_TALK: LogNormal = { samples: 20, meanLog: Math.log(120_000), varianceLog: 0.6 };
const USUAL_WRAP_UP: LogNormal = { samples: 20, meanLog: Math.log(20_000), varianceLog: 0.6 };
const LEAST_TALKS = 5;

/**
 * The lines of this campaign that ring for nobody. The newest are looked at first: they disturbed least, and each that goes leaves more room for
 * those who have rung for longer.
 *
 * @param state `waiting` without those whose operator's phone rings already: neither that person nor that operator is to be had.
 */
export function hopelessLines<T extends RingingLine>(
  state: Omit<PacingState, "ringing">,
  lines: readonly T[],
): readonly T[] {
  const learned = knownOf(state.learned);
  const kept = lines.toSorted((a, b) => a.sinceMs - b.sinceMs);
  const hopeless: T[] = [];
  for (let line = kept.pop(); line !== undefined; line = kept.pop()) {
    if (alone({ ...state, learned, ringing: kept }, line) < SURE) break;
    hopeless.push(line);
  }
  return hopeless;
}

/** The chance that nobody is there for this person, given that they answer. */
function alone(state: PacingState, line: RingingLine): number {
  const { mean, variance, called, doubt } = outlookOf(state);
  const answers = answersOf(state, line);
  let answered = 0;
  let missed = 0;
  for (let at = 0; at < mean.length; at += 1) {
    answered += answers[at]!;
    const spread = variance[at]! + (called[at]! * doubt) ** 2;
    missed += answers[at]! * missing(mean[at]!, spread, 0);
  }
  // It has rung longer than phones do; what holds now is all there is to say.
  return answered > 0 ? missed / answered : missing(mean[0]!, variance[0]!, 0);
}

function knownOf(learned: Learned): Learned {
  return learned.talk.samples < LEAST_TALKS
    ? { ...learned, talk: USUAL_TALK, wrapUp: USUAL_WRAP_UP }
    : learned;
}
