/** Why somebody stands where they stand, put together for the screens. Pure. */
import type { WhyPlaced } from "../console/protocol.ts";
import type { Guard, Move, Policy, Verdict } from "./model.ts";
import { type Placed, overtakesAtMs } from "./order.ts";

/** What is known of one queue at a moment. */
export type WhyInput = {
  readonly queue: string;
  readonly callId: string;
  /** As Asterisk has them now, first in line first. */
  readonly line: readonly Placed[];
  readonly nowMs: number;
  readonly policy: Policy;
  readonly verdict: Verdict | null;
  /** Every move of this caller in this queue, oldest first. */
  readonly moves: readonly Move[];
  /** How people call who is behind a call. */
  readonly titleOf: (callId: string) => string;
};

/** The reasons; null for somebody who does not wait there. `line` is in the order of Asterisk, each with their wanted place. */
export function whyPlaced(input: WhyInput): WhyPlaced | null {
  const { line, callId, nowMs, policy, verdict, titleOf } = input;
  const at = line.findIndex(({ caller }) => caller.callId === callId);
  const own = line[at];
  if (!own) return null;
  const names = new Map(policy.rules.map(({ id, name }) => [id, name]));
  const ahead = line[at - 1];
  const behind = line[at + 1];
  const inMs = (passer: Placed, passed: Placed): number | null =>
    passesInMs(passer, passed, policy.guard, nowMs);
  return {
    callId,
    queue: input.queue,
    position: at + 1,
    claimMs: Math.round(own.claimMs),
    rule: verdict?.rule ?? null,
    passedOver: (verdict?.passedOver ?? []).map(({ ruleId, failed }) => ({
      ruleId,
      ruleName: names.get(ruleId) ?? "",
      failed,
    })),
    guard: own.guard,
    ahead: ahead ? { title: titleOf(ahead.caller.callId), overtakenInMs: inMs(own, ahead) } : null,
    behind: behind
      ? { title: titleOf(behind.caller.callId), overtakesInMs: inMs(behind, own) }
      : null,
    moves: input.moves.map(({ atMs, by, fromPosition, toPosition }) => ({
      atMs: Math.round(atMs),
      by,
      fromPosition,
      toPosition,
    })),
  };
}

/** In how long `passer` comes before `passed` if nothing else happens; null for never. */
export function passesInMs(
  passer: Placed,
  passed: Placed,
  guard: Guard,
  nowMs: number,
): number | null {
  if ([passer, passed].some(({ caller, byHand }) => caller.ringing || byHand)) return null;
  const claimAtMs = overtakesAtMs(passer.caller, passed.caller, nowMs);
  const after = guard.neverPassedAfterSeconds;
  if (after === null) return claimAtMs === null ? null : Math.max(0, claimAtMs - nowMs);
  const heldAtMs = (placed: Placed) => placed.caller.joinedAtMs + after * 1000;
  // Who came earlier is before everybody who came later once they have waited so long, whatever the claims.
  if (passer.caller.joinedAtMs < passed.caller.joinedAtMs)
    return Math.max(0, Math.round(Math.min(claimAtMs ?? Infinity, heldAtMs(passer)) - nowMs));
  if (claimAtMs === null || claimAtMs >= heldAtMs(passed)) return null;
  return Math.max(0, claimAtMs - nowMs);
}
