/**
 * The words of priority: what a policy says, whom it is asked about, and what it answers.
 *
 * Place in a queue is by effective waiting, `headStart + rate x waited`: everybody's claim grows, so nobody can be starved.
 * Durations carry their unit in the name; times are epoch milliseconds.
 */

/** The rule applies when all its conditions hold. `not` turns one round. */
export type Condition = { readonly not?: boolean } & (
  | { readonly fact: "tier"; readonly in: readonly string[] }
  | { readonly fact: "segment"; readonly in: readonly string[] }
  /** Sum of all orders that were not cancelled or returned, minor units of the shop's currency. */
  | { readonly fact: "lifetimeValue"; readonly atLeastMinor: number }
  | { readonly fact: "orderCount"; readonly atLeast?: number; readonly atMost?: number }
  | { readonly fact: "lastOrder"; readonly withinDays: number }
  /** Shipped, not yet delivered. */
  | { readonly fact: "orderOnItsWay" }
  /** Not delivered although it was promised before now. */
  | { readonly fact: "orderLate" }
  | { readonly fact: "openClaim" }
  /** A cart was left without an order. */
  | { readonly fact: "cartLeft"; readonly withinHours: number }
  /** This number called, waited, and got nobody. */
  | { readonly fact: "gotLost"; readonly withinHours: number }
  | { readonly fact: "vip" }
  /** City, region or country (ISO 3166 alpha-2) of the customer's address, else of the number. */
  | { readonly fact: "region"; readonly in: readonly string[] }
  /** A customer we know; a readable number of nobody we know; no number at all. */
  | { readonly fact: "caller"; readonly is: "customer" | "unknown" | "withheld" }
  | { readonly fact: "queue"; readonly in: readonly string[] }
  /** Wall clock in the policy's time zone, `09:00` to `18:00`; may go over midnight. Days: 1 is Monday; none means all. */
  | {
      readonly fact: "timeOfDay";
      readonly from: string;
      readonly to: string;
      readonly days?: readonly number[];
    }
);

/** Whom a returning customer should get, when they are free within the limit. */
export type PreferredRule = {
  readonly who: "personalManager" | "lastOperator" | "operator";
  /** Only with `operator`. */
  readonly login?: string;
  readonly waitSeconds: number;
};

/** What a rule gives. */
export type Effect = {
  /** How fast waiting counts: 1 is plain, 2 twice. 0.1 to 20. */
  readonly rate: number;
  /** -3600 to 3600. */
  readonly headStartSeconds: number;
  /** The dialplan may leave out its survey. */
  readonly skipQuestions: boolean;
  readonly preferred: PreferredRule | null;
  /** Shown on the operator's card, "" for none. */
  readonly message: string;
};

/** Nothing special: first come, first served. */
export const PLAIN: Effect = {
  rate: 1,
  headStartSeconds: 0,
  skipQuestions: false,
  preferred: null,
  message: "",
};

export type Rule = {
  /** Unique in the policy; stays when the rule is moved or renamed. */
  readonly id: string;
  readonly name: string;
  readonly on: boolean;
  /** All must hold; none means everybody. */
  readonly when: readonly Condition[];
  readonly then: Effect;
};

/** Promises to everybody, whatever the rules say. Null: not promised. */
export type Guard = {
  /** Nobody waits longer than this beyond what plain order would have given them. */
  readonly mostExtraWaitSeconds: number | null;
  /** Who has waited as long is not passed any more. */
  readonly neverPassedAfterSeconds: number | null;
};

/** What an admin writes. The first rule that is on and holds applies; nobody's rule: {@link PLAIN}. */
export type Policy = {
  readonly rules: readonly Rule[];
  readonly guard: Guard;
  /** Queues that are put in order; empty means all. */
  readonly queues: readonly string[];
  /** IANA zone for times of day. */
  readonly timeZone: string;
};

/** Everything a rule can ask about a customer; loaded in one query by `server/customers/standing.ts`. */
export type Standing = {
  readonly customerId: string;
  readonly name: string;
  /** `ru`, `uk`, `en`, ...; "" when unknown. */
  readonly language: string;
  readonly tier: string;
  readonly vip: boolean;
  readonly segments: readonly string[];
  readonly city: string;
  readonly region: string;
  readonly orderCount: number;
  readonly lifetimeMinor: number;
  readonly lastOrderAtMs: number | null;
  readonly orderOnItsWay: boolean;
  readonly orderLate: boolean;
  /** When the next order not delivered yet will be late by its promise; left out of what is known of one moment of the past. */
  readonly orderDueAtMs?: number | null;
  readonly openClaim: boolean;
  readonly cartLeftAtMs: number | null;
  /** When this customer last called in and talked to nobody; null for never or when they got through since. */
  readonly lostAtMs: number | null;
  /** Login of the personal manager, "" for none. */
  readonly personalManager: string;
  /** Login of who talked with them last, "" for nobody. */
  readonly lastOperator: string;
};

/** Whom the policy is asked about. */
export type Subject = {
  readonly queue: string;
  readonly caller: "customer" | "unknown" | "withheld";
  /** Null unless exactly one customer is known. */
  readonly standing: Standing | null;
  /** Of the number, when there is no customer. */
  readonly place: { readonly city: string; readonly region: string; readonly country: string };
  /** As in {@link Standing}, by the number alone. */
  readonly lostAtMs: number | null;
};

/** What the policy says of one caller, and why. */
export type Verdict = {
  readonly rate: number;
  readonly headStartMs: number;
  readonly skipQuestions: boolean;
  /** Login and how long to wait for them; null when nobody is preferred. */
  readonly preferred: { readonly login: string; readonly waitSeconds: number } | null;
  readonly message: string;
  /** Null when no rule applied. */
  readonly rule: { readonly id: string; readonly name: string } | null;
  /** Rules above the one that applied (or all), with the first condition that did not hold. */
  readonly passedOver: readonly { readonly ruleId: string; readonly failed: Condition | null }[];
};

/** Somebody who waits in one queue, as the order needs them. */
export type Waiting = {
  readonly callId: string;
  readonly channelId: string;
  readonly channelName: string;
  readonly joinedAtMs: number;
  readonly rate: number;
  readonly headStartMs: number;
  /** A phone rings for them: their place is not touched. */
  readonly ringing: boolean;
};

/** Effective waiting at a moment: the claim by which places are given, ms. */
export function claimMs(waiting: Waiting, nowMs: number): number {
  return waiting.headStartMs + waiting.rate * Math.max(0, nowMs - waiting.joinedAtMs);
}

/** One move of one caller in one queue, kept with the call. */
export type Move = {
  readonly callId: string;
  readonly pbx: string;
  readonly queue: string;
  readonly atMs: number;
  /** `policy`, or the login of who moved them by hand. */
  readonly by: string;
  readonly fromPosition: number;
  /** As read back from Asterisk; null when it could not be. */
  readonly toPosition: number | null;
  readonly fromPriority: number;
  readonly toPriority: number;
  readonly policyVersion: number;
};
