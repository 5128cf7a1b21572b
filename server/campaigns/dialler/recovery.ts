/**
 * What became of attempts that were taken when something went away: this process, Asterisk, PostgreSQL, or the connection between any two.
 * The truth is Asterisk's list of channels and its own record of each attempt.
 */
import type { Attempt, AttemptFacts, AttemptState } from "../attempts/model.ts";
import type { AttemptStore, PbxRecord, Telephone } from "../ports.ts";
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
  readonly connectWithinMs: number;
  readonly nowMs: number;
  /** An attempt that was dialled so recently may not show yet. */
  readonly settleAfterMs: number;
};

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
  const outcome = outcomeOf(evidence, facts.connectWithinMs);
  return write("ended", {
    ...{ outcome, cause: evidence.cause },
    ...(outcome === "abandoned" ? { abandonedByRule: true } : {}),
    evidence: { settled: true, ...evidenceFacts(evidence) },
  });
}

/** How to settle all of a PBX. */
export type SettleOptions = {
  readonly attempts: Pick<AttemptStore, "taken">;
  readonly telephone: Pick<Telephone, "pbx" | "alive" | "record">;
  readonly connectWithinMs: (campaignId: string) => number;
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
        connectWithinMs: options.connectWithinMs(attempt.campaignId),
      };
      return { attempt, settlement: settle(facts) };
    });
    settled.push(...(await Promise.all(some)));
  }
  return settled;
}
