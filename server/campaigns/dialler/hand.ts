/**
 * One attempt that this process has in hand, and what each word of the PBX makes of it: what is written, and what is learned. The PBX's
 * words may come late or in another order; what they cannot follow is left out.
 */
import { type Attempt, type AttemptFacts, type AttemptState, NEXT } from "../attempts/model.ts";
import type { AbandonmentRule, Campaign } from "../model.ts";
import { answered, judged, letGo, talked } from "../pacing/learn.ts";
import { isLateAt } from "../pacing/late.ts";
import type { Learned } from "../pacing/model.ts";
import type { CallEvidence, Progress } from "../ports.ts";
import { outcomeOf, outcomeOfLetGo } from "./outcome.ts";

/** An attempt's call as it stands. */
export type Hand = {
  readonly attempt: Attempt;
  readonly campaignId: string;
  /** Null for a campaign that is over: nothing is judged or learned then. */
  readonly campaign: Campaign | null;
  /** Operator first: whose own phone is called. */
  readonly operator: { readonly extension: string; readonly userId: string | null } | null;
  state: AttemptState;
  dialledAtMs: number;
  ringingAtMs: number | null;
  answeredAtMs: number | null;
  /** The same as answered where nobody listens for a greeting. */
  greetingEndedAtMs: number | null;
  connectedAtMs: number | null;
  /** The operator's, once connected. */
  extension: string;
  machine: boolean;
  /** This person asked not to be called again. */
  refused: boolean;
  /** Its answer was counted; whether it was abandoned was. */
  answerLearned: boolean;
  isJudged: boolean;
  lateByRule: boolean;
  /** The PBX is being asked for it. */
  asking: boolean;
  /** Not every word of it was heard: this process or the connection was away meanwhile. */
  hasGap: boolean;
  /** Its reason went away: it is hung up, whatever it takes. */
  withdrawn: boolean;
  /** It was hung up by us while it rang: nobody would have been there. */
  letGo: boolean;
};

/** What follows a word of the PBX. */
export type Step = {
  /** Null: nothing to write. */
  readonly to: AttemptState | null;
  readonly facts: AttemptFacts;
  readonly learn: readonly ((learned: Learned) => Learned)[];
};

/** For campaigns that are gone: their calls still end as something. */
const CONNECT_WITHIN_MS = 2000;

/** An attempt that is dialled now, or (after a start) was. */
export function handOf(
  attempt: Attempt,
  campaign: Campaign | null,
  operator: Hand["operator"],
  nowMs: number,
): Hand {
  return {
    ...{ attempt, campaign, operator, campaignId: attempt.campaignId },
    state: attempt.state,
    dialledAtMs: attempt.dialledAtMs ?? nowMs,
    ringingAtMs: attempt.ringingAtMs,
    answeredAtMs: attempt.answeredAtMs,
    greetingEndedAtMs: attempt.greetingEndedAtMs,
    connectedAtMs: attempt.connectedAtMs,
    extension: attempt.extension,
    machine: false,
    refused: false,
    // What was before this process is not learned twice.
    answerLearned: attempt.answeredAtMs !== null,
    isJudged: attempt.connectedAtMs !== null,
    lateByRule: false,
    asking: false,
    hasGap: false,
    withdrawn: false,
    letGo: false,
  };
}

/** Applies a word of the PBX to the call in hand. `userId` of who sits at a connected extension, null when nobody does. */
export function follow(
  hand: Hand,
  progress: Progress,
  userIdOf: (extension: string) => string | null,
): Step {
  const { atMs } = progress;
  switch (progress.type) {
    case "ringing":
      hand.ringingAtMs ??= atMs;
      return goTo(hand, "ringing", { atMs, evidence: {} });
    case "answered":
      hand.answeredAtMs ??= atMs;
      return goTo(hand, "answered", { atMs, evidence: {} });
    case "greetingEnded":
      hand.greetingEndedAtMs ??= atMs;
      return nothing(atMs);
    case "machine":
      hand.machine = true;
      return nothing(atMs);
    case "refused":
      hand.refused = true;
      return nothing(atMs);
    case "waiting":
      return waiting(hand, atMs);
    case "connected": {
      const { extension } = progress;
      hand.extension = extension;
      return connected(hand, atMs, userIdOf(extension));
    }
    case "over":
    default:
      return over(hand, progress);
  }
}

/**
 * Somebody waits longer than the rule allows: that counts at once, not when the call is over.
 * @returns what is learned, null when there is nothing new.
 */
export function lateNow(hand: Hand, nowMs: number): Step["learn"][number] | null {
  const rule = ruleOf(hand);
  if (rule === null || hand.isJudged || hand.machine || hand.state !== "waiting") return null;
  if (!isLate(hand, nowMs)) return null;
  hand.isJudged = true;
  hand.lateByRule = true;
  return (learned) => judged(learned, true, rule);
}

function waiting(hand: Hand, atMs: number): Step {
  hand.answeredAtMs ??= atMs;
  greeted(hand);
  const learn = answerLearned(hand);
  return { ...goTo(hand, "waiting", { atMs, ...greeting(hand), evidence: {} }), learn };
}

function connected(hand: Hand, atMs: number, userId: string | null): Step {
  hand.answeredAtMs ??= atMs;
  greeted(hand);
  hand.connectedAtMs ??= atMs;
  const late = isLate(hand, atMs);
  const learn = [...answerLearned(hand), ...judgedNow(hand, late)];
  return {
    ...goTo(hand, "connected", {
      ...{ atMs, extension: hand.extension },
      ...(userId === null ? {} : { userId }),
      ...greeting(hand),
      ...(late ? { abandonedByRule: true } : {}),
      evidence: {},
    }),
    learn,
  };
}

function over(hand: Hand, { atMs, evidence: heard }: Extract<Progress, { type: "over" }>): Step {
  // A talk that began is one, whoever heard of its beginning.
  const evidence = { ...heard, connected: heard.connected || hand.connectedAtMs !== null };
  const rule = ruleOf(hand);
  const judge = hand.letGo ? outcomeOfLetGo : outcomeOf;
  const outcome = judge(evidence, rule?.connectWithinMs ?? CONNECT_WITHIN_MS);
  // Whom we hung up on as they answered was abandoned, however short they waited.
  const late = isLate(hand, atMs) || (hand.letGo && outcome === "abandoned");
  const learn: Step["learn"][number][] = [];
  if (outcome === "letGo" && hand.operator === null) learn.push(letGo);
  if (evidence.answered && outcome !== "machine")
    learn.push(...answerLearned(hand), ...judgedNow(hand, late));
  if (hand.connectedAtMs !== null) {
    const ms = atMs - hand.connectedAtMs;
    learn.push((learned) => talked(learned, ms));
  }
  return {
    ...goTo(hand, "ended", {
      ...{ atMs, outcome, cause: evidence.cause, ...greeting(hand) },
      // Who hung up while a greeting of theirs still ran is abandoned in truth and may not be by the rule.
      ...(outcome === "abandoned" || hand.lateByRule ? { abandonedByRule: late } : {}),
      evidence: { ...evidenceFacts(evidence), ...(hand.refused ? { pressedOne: true } : {}) },
    }),
    learn: hand.campaign === null ? [] : learn,
  };
}

/** What the PBX said, as an attempt's story keeps it. */
export function evidenceFacts(evidence: CallEvidence): AttemptFacts["evidence"] {
  const { answeredForMs, greetingEndedMs, operatorAnswered, originateReason, ...always } = evidence;
  return {
    ...always,
    ...(originateReason === null ? {} : { originateReason }),
    ...(operatorAnswered === null ? {} : { operatorAnswered }),
    ...(greetingEndedMs === null ? {} : { greetingEndedMs }),
    ...(answeredForMs === null ? {} : { answeredForMs }),
  };
}

/** Repeated and impossible words change nothing. */
function goTo(hand: Hand, to: AttemptState, facts: AttemptFacts): Step {
  if (!NEXT[hand.state].includes(to)) return { to: null, facts, learn: [] };
  hand.state = to;
  return { to, facts, learn: [] };
}

function nothing(atMs: number): Step {
  return { to: null, facts: { atMs, evidence: {} }, learn: [] };
}

/** A machine may still be looked for when the answer comes, so it counts once a person is known to be there. */
function answerLearned(hand: Hand): Step["learn"] {
  if (hand.answerLearned || hand.machine || hand.campaign === null) return [];
  hand.answerLearned = true;
  const ringMs = (hand.answeredAtMs ?? 0) - (hand.ringingAtMs ?? hand.dialledAtMs);
  return [(learned) => answered(learned, Math.max(0, ringMs))];
}

function judgedNow(hand: Hand, abandoned: boolean): Step["learn"] {
  const rule = ruleOf(hand);
  if (rule === null || hand.isJudged || hand.operator !== null) return [];
  hand.isJudged = true;
  return [(learned) => judged(learned, abandoned, rule)];
}

/** Who waits for an operator, or has one, has ended their greeting: with the answer where nobody listened for it. */
function greeted(hand: Hand): void {
  if (!hand.machine) hand.greetingEndedAtMs ??= hand.answeredAtMs;
}

function greeting({ greetingEndedAtMs }: Hand): Pick<AttemptFacts, "greetingEndedAtMs"> {
  return greetingEndedAtMs === null ? {} : { greetingEndedAtMs };
}

/** Whether, by the campaign's own clock, nobody was there in time. An operator who was called first is there from the beginning. */
function isLate(hand: Hand, atMs: number): boolean {
  const rule = ruleOf(hand);
  if (hand.lateByRule) return true;
  return rule !== null && hand.operator === null && isLateAt(rule, hand, atMs);
}

function ruleOf(hand: Hand): AbandonmentRule | null {
  return hand.campaign?.settings.abandonment ?? null;
}
