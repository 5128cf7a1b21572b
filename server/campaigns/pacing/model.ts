/**
 * What pacing looks at and what it says. Pacing is a pure function of a described state to a number of lines and a reason
 * (`decideLines` in `pace.ts`); the dialler and the simulation ask the same one. Times are epoch milliseconds of one clock.
 */
import type { AbandonmentRule, Mode } from "../model.ts";

/** One operator of the campaign's queue who may be given a call. */
export type PacedOperator =
  | { readonly state: "free"; readonly sinceMs: number }
  | { readonly state: "talking"; readonly sinceMs: number }
  | { readonly state: "wrappingUp"; readonly sinceMs: number };

/** A line that was dialled and is not answered. */
export type RingingLine = {
  readonly sinceMs: number;
  /** The learned chance that this number is answered, when one is known of it; null: the campaign's. */
  readonly chance: number | null;
};

/** Everything a decision depends on. */
export type PacingState = {
  readonly nowMs: number;
  readonly mode: Mode;
  readonly rule: AbandonmentRule;
  readonly ringLimitMs: number;
  readonly mostLinesPerOperator: number;
  /** Without those who have inbound calls waiting for them (inbound first), paused, or away. */
  readonly operators: readonly PacedOperator[];
  readonly ringing: readonly RingingLine[];
  /** Answered people who wait for an operator. */
  readonly waiting: number;
  /** Other campaigns with people on the line whom the same operators will answer; see `share.ts`. */
  readonly others: readonly OtherCampaign[];
  /** Operators of its queue who are kept for campaigns that go first; they are not among `operators`. */
  readonly kept: number;
  /** Lines the trunks have free now. */
  readonly linesFree: number;
  /** What finished calls taught; see `learn.ts`. */
  readonly learned: Learned;
  /** Live-answered and abandoned calls in the rule's window. */
  readonly window: { readonly answered: number; readonly abandoned: number };
};

/** A campaign that shares operators with the one that is decided about. */
export type OtherCampaign = {
  /** How many of its people will come to the operators of this state, 0 to 1. */
  readonly share: number;
  readonly ringing: readonly RingingLine[];
  readonly waiting: number;
  readonly ringLimitMs: number;
  readonly rule: AbandonmentRule;
  readonly learned: Learned;
  readonly window: PacingState["window"];
};

/**
 * What finished calls taught: a value, changed only by `learn.ts`. Kept small, so that it can be written to PostgreSQL and read at the next
 * start.
 */
export type Learned = {
  /** Decaying counts of dials and of live answers; memory of about 300 dials. */
  readonly dials: number;
  readonly answers: number;
  /** Decaying share of answers by whole seconds of ringing; index is the second. */
  readonly ringSeconds: readonly number[];
  /** Of the last talks: count, mean and variance of the logarithm of their milliseconds. */
  readonly talk: LogNormal;
  readonly wrapUp: LogNormal;
  /** Risk that one more line is allowed, as a share of the answers it brings; steered after every live answer. */
  readonly theta: number;
};

/** A lognormal fit. `samples` decays. */
export type LogNormal = {
  readonly samples: number;
  readonly meanLog: number;
  readonly varianceLog: number;
};

/** What to do now, and why. */
export type PacingDecision = {
  /** Lines to dial now; 0 or more. */
  readonly lines: number;
  readonly reason: PacingReason;
  /** What the reason's sentence needs. */
  readonly values: Readonly<Record<string, number>>;
};

/** Codes for the screens' dictionary. */
export type PacingReason =
  /** One line for each free operator, by the campaign's mode. */
  | "progressive"
  /** The same, because there are too few operators or answers to predict from. */
  | "tooLittleKnown"
  /** The same, because the share of abandoned calls stands at its cap. */
  | "atCap"
  /** By the risk of one more line. */
  | "predictive"
  | "nobodyFree"
  /** All operators are kept for campaigns that go first: of higher priority, or of the same when it is their turn. */
  | "othersFirst"
  | "noLines"
  | "enoughRinging";
