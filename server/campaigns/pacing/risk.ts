/** How many more lines the outlook bears. */
import { normalShare } from "./lognormal.ts";
import type { Outlook } from "./outlook.ts";

/** What may be risked. */
export type Allowance = {
  /** Expected abandoned calls that one more line may add. */
  readonly perLine: number;
  /** Live-answered calls that may still be abandoned before the share stands at its cap, as of now. */
  readonly abandoned: number;
  /** What each answer to come adds to that: the cap. */
  readonly perAnswer: number;
};

export type Borne = {
  readonly lines: number;
  /** The risk of the last line that is dialled, or of the first that is not when there is none. */
  readonly risk: number;
  readonly because: "risk" | "cap" | "most";
};

/** Lines, at most `most`, whose risk is within what is allowed. */
export function linesBorne(outlook: Outlook, allowance: Allowance, most: number): Borne {
  const { seconds, answers, answersOfNew, doubt } = outlook;
  const mean = outlook.mean.slice();
  const variance = outlook.variance.slice();
  const called = outlook.called.slice();
  const expected = answers.slice();
  // Each person by themselves, and all lines together by as much as the chance may be off.
  const spread = (at: number) => variance[at]! + (called[at]! * doubt) ** 2;
  let pending = 0;
  let answersToCome = 0;
  for (let at = 0; at < seconds; at += 1) {
    pending += expected[at]! * missing(mean[at]!, spread(at), 0);
    answersToCome += expected[at]!;
  }
  let last = 0;
  for (let lines = 0; lines < most; lines += 1) {
    let own = 0;
    let others = 0;
    let before = 0;
    for (let at = 0; at < seconds; at += 1) {
      const share = answersOfNew[at]!;
      const ahead = before + share / 2;
      const none = missing(mean[at]!, spread(at), 0);
      own += share * none;
      others += expected[at]! * ahead * (missing(mean[at]!, spread(at), 1) - none);
      before += share;
    }
    const risk = own + others;
    pending += risk;
    answersToCome += before;
    const overCap = pending > allowance.abandoned + allowance.perAnswer * answersToCome;
    if (overCap || risk > allowance.perLine)
      return { lines, risk: lines === 0 ? risk : last, because: overCap ? "cap" : "risk" };
    last = risk;
    let by = 0;
    for (let at = 0; at < seconds; at += 1) {
      const share = answersOfNew[at]!;
      const ahead = by + share / 2;
      mean[at]! -= ahead;
      called[at]! += ahead;
      variance[at]! += ahead * (1 - ahead);
      expected[at]! += share;
      by += share;
    }
  }
  return { lines: most, risk: last, because: "most" };
}

/** The chance that at most `rest` operators are left: whole numbers, so with half of one more, as normal. */
export function missing(mean: number, variance: number, rest: number): number {
  const over = rest + 0.5 - mean;
  return variance < 1e-6 ? (over > 0 ? 1 : 0) : normalShare(over / Math.sqrt(variance));
}
