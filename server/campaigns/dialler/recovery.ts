/**
 * What became of attempts that were taken when something went away: this process, Asterisk, PostgreSQL, or the connection between any two.
 * The truth is Asterisk's list of channels and its own record of each attempt.
 */
import type { Attempt, AttemptFacts, AttemptOutcome, AttemptState } from "../attempts/model.ts";
import type { AbandonmentRule } from "../model.ts";
import { isLateAt } from "../pacing/late.ts";
import type { AttemptStore, CallEvidence, PbxRecord, Telephone } from "../ports.ts";
import { evidenceFacts } from "./hand.ts";
import { outcomeOf } from "./outcome.ts";

/** What is done with a taken attempt. */
export type Settlement =
  /** Its call lives. */
  | { readonly do: "follow" }
  /** Too fresh to tell: Asterisk may have it before it shows it. */
  | { readonly do: "wait" }
  | { readonly do: "write"; readonly to: AttemptState; readonly facts: AttemptFacts };

/** What is known of a taken attempt. `record` null: not asked, because its call lives or it was never in flight. */
export type TakenFacts = {
  readonly attempt: Attempt;
  readonly alive: boolean;
  readonly record: PbxRecord | null;
  readonly rule: SettlingRule;
  readonly nowMs: number;
  /** An attempt that was dialled so recently may not show yet. */
  readonly settleAfterMs: number;
};

/** The campaign's rule, as far as a call that is over needs it. */
export type SettlingRule = Pick<AbandonmentRule, "clockFrom" | "connectWithinMs">;

/** Pure. */
export function settle(facts: TakenFacts): Settlement {
  const { attempt, record, nowMs } = facts;
  const write = (to: AttemptState, more: Partial<AttemptFacts>): Settlement => ({
    do: "write",
    to,
    facts: { atMs: nowMs, evidence: { settled: true }, ...more },
  });
  if (attempt.state === "claimed") return write("planned", {});
  if (facts.alive) return { do: "follow" };
  if (nowMs - (attempt.dialledAtMs ?? 0) < facts.settleAfterMs) return { do: "wait" };
  if (record === null) return { do: "wait" };
  // A talk that began is one, whatever the PBX has forgotten since.
  if (attempt.connectedAtMs !== null && !(record.dialled && record.evidence !== null))
    return write("ended", { outcome: "talked" });
  if (!record.dialled) {
    // Only what was never told to ring can be given back; a PBX that forgot what it did proves nothing.
    if (attempt.state === "dialling") return write("planned", {});
    return write("unknown", { evidence: { settled: true, pbxRecord: "none" } });
  }
  if (record.evidence === null)
    return write("unknown", { evidence: { settled: true, pbxRecord: "noEnd" } });
  const connected = record.evidence.connected || attempt.connectedAtMs !== null;
  const evidence = { ...record.evidence, connected };
  const outcome = outcomeOf(evidence, facts.rule.connectWithinMs);
  return write("ended", {
    ...{ outcome, cause: evidence.cause },
    ...whileNobodyListened(attempt, evidence, outcome, facts.rule),
    evidence: { settled: true, ...evidenceFacts(evidence) },
  });
}

/** What the PBX's record tells of an answer: when the greeting ended, and so whether the rule counts it as abandoned. */
function whileNobodyListened(
  { answeredAtMs }: Attempt,
  { answeredForMs, greetingEndedMs }: CallEvidence,
  outcome: AttemptOutcome,
  rule: SettlingRule,
): Partial<AttemptFacts> {
  const greetingEnded =
    answeredAtMs === null || greetingEndedMs === null
      ? {}
      : { greetingEndedAtMs: answeredAtMs + greetingEndedMs };
  if (outcome !== "abandoned") return greetingEnded;
  const from = { answeredAtMs: 0, greetingEndedAtMs: greetingEndedMs };
  // `abandoned` says that they waited at least the rule's time from the answer on.
  const late = rule.clockFrom === "answer" || isLateAt(rule, from, answeredForMs ?? 0);
  return { ...greetingEnded, abandonedByRule: late };
}

/** How to settle all of a PBX. */
export type SettleOptions = {
  readonly attempts: Pick<AttemptStore, "taken">;
  readonly telephone: Pick<Telephone, "pbx" | "alive" | "record">;
  readonly ruleOf: (campaignId: string) => SettlingRule;
  /** In hand here and going on, or not written yet: nothing to settle. */
  readonly isBusy: (attemptId: string) => boolean;
  readonly now: () => number;
  readonly settleAfterMs: number;
};

/** A PBX is asked about so many attempts at one time. */
const ASKED_AT_ONCE = 8;

/** Every taken attempt of the PBX with what to do about it. Fails when PostgreSQL or the PBX does. */
export async function settleAll(
  options: SettleOptions,
): Promise<readonly { readonly attempt: Attempt; readonly settlement: Settlement }[]> {
  const { attempts, telephone, now, isBusy } = options;
  const taken = (await attempts.taken(telephone.pbx)).filter(({ id }) => !isBusy(id));
  const inFlight = taken.filter(({ state }) => state !== "claimed").map(({ id }) => id);
  const alive: ReadonlySet<string> =
    inFlight.length === 0 ? new Set() : await telephone.alive(inFlight);
  const settled: { attempt: Attempt; settlement: Settlement }[] = [];
  for (let from = 0; from < taken.length; from += ASKED_AT_ONCE) {
    const some = taken.slice(from, from + ASKED_AT_ONCE).map(async (attempt) => {
      const ask = attempt.state !== "claimed" && !alive.has(attempt.id);
      const record = ask ? await telephone.record(attempt.id) : null;
      const facts = {
        ...{ attempt, record, nowMs: now(), settleAfterMs: options.settleAfterMs },
        alive: alive.has(attempt.id),
        rule: options.ruleOf(attempt.campaignId),
      };
      return { attempt, settlement: settle(facts) };
    });
    settled.push(...(await Promise.all(some)));
  }
  return settled;
}
