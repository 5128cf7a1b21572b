/** The words of the simulator: what is played, under which policies, and what came of it. Shared with the console's screens. */
import type { Policy } from "../model.ts";

/** A generated day, for who has no history yet. */
export type GeneratedDay = {
  readonly kind: "generated";
  readonly callersPerHour: number;
  readonly hours: number;
  /** Lognormal. */
  readonly handlingSeconds: { readonly mean: number; readonly cv: number };
  /** Exponential: how long people wait before they hang up, on average. */
  readonly patienceSeconds: number;
  readonly operators: number;
  /** Share of callers by tier, 0 to 1; what is missing to 1 has no tier. */
  readonly tiers: readonly { readonly tier: string; readonly share: number }[];
  /** The same number gives the same day. */
  readonly seed: number;
};

/** Recorded calls of chosen days. */
export type RecordedDays = {
  readonly kind: "recorded";
  /** ISO dates, both included, in the policy's time zone. */
  readonly from: string;
  readonly to: string;
  /** Empty means all. */
  readonly queues: readonly string[];
};

export type SimulationInput = {
  readonly source: GeneratedDay | RecordedDays;
  /** Compared side by side, the first is what the others are compared with. 1 to 4. */
  readonly policies: readonly { readonly name: string; readonly policy: Policy }[];
};

/** One tier ("" for none, "*" for everybody) under one policy. Waits of all who were answered or lost, seconds. */
export type TierResult = {
  readonly tier: string;
  readonly callers: number;
  readonly meanWaitSeconds: number;
  readonly p90WaitSeconds: number;
  readonly p95WaitSeconds: number;
  readonly longestWaitSeconds: number;
  /** Shares 0 to 1. */
  readonly answeredWithin20s: number;
  readonly lost: number;
  /** Half the width of the 95 % interval of `lost`. */
  readonly lostPlusMinus: number;
  /** Most anybody waited beyond what plain order would have given them, seconds. */
  readonly mostExtraWaitSeconds: number;
};

export type PolicyResult = {
  readonly name: string;
  readonly tiers: readonly TierResult[];
  /**
   * Shares of callers whose wait is at most so many seconds, for the chart; the same seconds for all policies. Favoured are those whom
   * at least one of the compared policies puts forward, so that the same people are compared.
   */
  readonly distribution: {
    readonly seconds: readonly number[];
    readonly everybody: readonly number[];
    readonly favoured: readonly number[];
    readonly others: readonly number[];
  };
};

export type SimulationResult = {
  readonly calls: number;
  readonly tookMs: number;
  /** Operators busy on average under the first policy, 0 to 1. */
  readonly load: number;
  readonly policies: readonly PolicyResult[];
  /** What the admin should know before believing it. */
  readonly remarks: readonly (
    | { readonly code: "totalLossesUnchanged" }
    /** More callers are favoured than pays off (about 22 %). */
    | { readonly code: "tooManyFavoured"; readonly policy: string; readonly share: number }
    | { readonly code: "fewCalls"; readonly calls: number }
    /** Patience of people who were answered is not known and was guessed from those who hung up. */
    | { readonly code: "patienceGuessed" }
    /** Recorded calls: tier, orders and claims are those of today, not of the day of the call. */
    | { readonly code: "standingOfToday" }
    /** Recorded calls: who was on duty is told by their calls alone; a pause of up to so many minutes counts as being there. */
    | { readonly code: "dutyEstimated"; readonly minutes: number }
    /** Somebody waited so many seconds longer than promised, because no operator became free for longer than nearly ever before. */
    | { readonly code: "guardBroken"; readonly policy: string; readonly seconds: number }
  )[];
};

/** What `GET /api/v1/priority/simulations/:id` answers. */
export type SimulationState = {
  readonly id: string;
  readonly state: "running" | "done" | "failed" | "cancelled";
  /** 0 to 1. */
  readonly progress: number;
  readonly error: string;
  readonly result: SimulationResult | null;
};
