/**
 * How many lines to dial now, and why.
 *
 * Predictive dialling asks of one more line what it risks: that its person, or somebody whose phone rings already, answers when no
 * operator is there in time. Lines are dialled while that risk, as a share of the answers a line brings, is within `learned.theta`, which
 * follows the outcomes (`learn.ts`). Where there is too little to predict from, and where the share of abandoned calls stands at its cap,
 * one line is dialled for each free operator: that abandons nobody.
 *
 * Campaigns that share operators share them by these rules: the phones that ring and the people who wait of all of them count, whichever is
 * decided about; the risk of one more line is what it does to any of them; and what is allowed is what the strictest of them allows. So
 * together they never dial more than one of them would.
 */
import { dialsRemembered } from "./learn.ts";
import type { OtherCampaign, PacingDecision, PacingReason, PacingState } from "./model.ts";
import { outlookOf } from "./outlook.ts";
import { linesBorne } from "./risk.ts";

/** With fewer operators one call more or less is too much of everything to predict. */
const LEAST_OPERATORS = 5;
/** Known before anything is predicted, by mode: predictive dialling was asked for, automatic waits until it predicts well. */
const LEAST_KNOWN = {
  predictive: { dials: 60, talks: 10 },
  automatic: { dials: 200, talks: 30 },
} as const;
/**
 * A list may answer quite otherwise than its first numbers did: within the first dials no more than two lines for each free operator. The more
 * operators, the more is dialled before the first answers tell.
 */
const FIRST_DIALS = 200;
const FIRST_DIALS_PER_OPERATOR = 5;
const MOST_FIRST_DIALS = 1500;
const FIRST_LINES_PER_FREE_OPERATOR = 2;
/**
 * Abandoned calls come by chance, a few more or fewer than the target's share. So many more are taken for chance; where the cap allows more
 * than that, it is the cap that counts. A few hundred calls of a window so never take the pace away, and a thousand are held strictly.
 */
const CHANCE_ABANDONED = 4;

/** What to dial in this state. Pure: the same state gives the same decision. */
export function decideLines(state: PacingState): PacingDecision {
  const operators = state.operators.length;
  const free = state.operators.reduce((sum, { state }) => sum + (state === "free" ? 1 : 0), 0);
  const busy = state.others.filter(
    ({ share, ringing, waiting }) => share * (ringing.length + waiting) > 0,
  );
  const sum = (of: (other: OtherCampaign) => number) =>
    busy.reduce((all, other) => all + other.share * of(other), 0);
  const ringing = state.ringing.length + sum((other) => other.ringing.length);
  const waiting = state.waiting + sum((other) => other.waiting);
  const taken = ringing + waiting;
  const others = taken - state.ringing.length - state.waiting;
  const seen = {
    ...{ operators, free, kept: state.kept },
    ...{ ringing: Math.round(ringing), waiting: Math.round(waiting), others: Math.ceil(others) },
  };
  const decided = (lines: number, reason: PacingReason, values = {}): PacingDecision => ({
    lines,
    reason,
    values: { ...seen, ...values },
  });

  const room = Math.floor(state.mostLinesPerOperator * operators - taken);
  const most = Math.max(0, Math.min(Math.floor(state.linesFree), room));
  const progressive = Math.max(0, Math.min(most, Math.floor(free - taken)));
  if (operators === 0) return decided(0, state.kept > 0 ? "othersFirst" : "nobodyFree");
  if (state.linesFree < 1) return decided(0, "noLines");
  if (room < 1) return decided(0, "enoughRinging", { most: state.mostLinesPerOperator });
  if (state.mode === "preview" || state.mode === "progressive")
    return decided(progressive, free === 0 ? "nobodyFree" : "progressive");

  const { learned } = state;
  const least = LEAST_KNOWN[state.mode];
  if (
    operators < LEAST_OPERATORS ||
    learned.dials < dialsRemembered(least.dials) ||
    learned.talk.samples < least.talks
  )
    return decided(progressive, "tooLittleKnown", {
      operatorsNeeded: LEAST_OPERATORS,
      dials: Math.floor(learned.dials),
      dialsNeeded: Math.ceil(dialsRemembered(least.dials)),
      talks: Math.floor(learned.talk.samples),
      talksNeeded: least.talks,
    });

  const strictest = [state, ...busy].reduce((one, two) => (leftOf(two) < leftOf(one) ? two : one));
  const firstDials = Math.min(
    MOST_FIRST_DIALS,
    Math.max(FIRST_DIALS, FIRST_DIALS_PER_OPERATOR * operators),
  );
  const doubtful = learned.dials < dialsRemembered(firstDials);
  const bounded = doubtful
    ? Math.min(most, Math.max(0, FIRST_LINES_PER_FREE_OPERATOR * free - taken))
    : most;
  const outlook = outlookOf(state);
  const theta = Math.min(learned.theta, ...busy.map((other) => other.learned.theta));
  const perLine = theta * outlook.chance;
  const perAnswer = Math.min(state.rule.mostShare, ...busy.map(({ rule }) => rule.mostShare));
  const allowed = { perLine, perAnswer, abandoned: leftOf(strictest) };
  const borne = linesBorne(outlook, allowed, bounded);
  const { rule, window } = strictest;
  if (borne.because === "cap" && borne.lines <= progressive)
    return decided(progressive, "atCap", {
      answered: window.answered,
      abandoned: window.abandoned,
      share: window.answered === 0 ? 0 : window.abandoned / window.answered,
      most: rule.mostShare,
    });
  return decided(Math.max(progressive, borne.lines), "predictive", {
    chance: outlook.chance,
    risk: borne.risk,
    allowed: perLine,
  });
}

/** Calls that may still be abandoned before a campaign's share stands at its cap. */
function leftOf({
  rule,
  waiting,
  window,
}: Pick<PacingState, "rule" | "waiting" | "window">): number {
  const cap = Math.max(
    rule.mostShare * window.answered,
    Math.min(rule.targetShare, rule.mostShare) * window.answered + CHANCE_ABANDONED,
  );
  // Who waits now may be lost yet.
  return cap - window.abandoned - waiting;
}
