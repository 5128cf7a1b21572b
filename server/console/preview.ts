/** How the people waiting now would stand under another policy. Pure. */
import type { LiveQueueView } from "../calls/live.ts";
import { decide, isOrdered } from "../priority/decide.ts";
import type { Guard, Policy, Subject, Verdict } from "../priority/model.ts";
import { type History, wantedOrder } from "../priority/order.ts";
import type { Person } from "../priority/look-up.ts";
import { waitingOf } from "./picture.ts";
import type { PreviewQueue } from "./protocol.ts";

const NO_GUARD: Guard = { mostExtraWaitSeconds: null, neverPassedAfterSeconds: null };

/** What is known of a caller. */
export type PreviewKnown = {
  /** Null while nobody knows who it is: plain order. */
  readonly subject: Subject | null;
  readonly person: Person | null;
  readonly ringing: boolean;
};

/**
 * One queue under `policy`. Nobody who was placed by hand loses that place. `isOrderedNow`: the policy that holds puts it in order; when
 * another one leaves it alone, those who wait are put back by their joining.
 */
export function previewOf(
  pbx: string,
  queue: LiveQueueView,
  policy: Policy,
  nowMs: number,
  history: History,
  isOrderedNow: boolean,
  known: (callId: string) => PreviewKnown,
): PreviewQueue {
  const verdicts = new Map<string, Verdict | null>();
  const isOrderedThen = policy.rules.some(({ on }) => on) && isOrdered(policy, queue.name);
  for (const { callId } of queue.callers) {
    const { subject } = known(callId);
    verdicts.set(callId, subject === null ? null : decide(policy, subject, nowMs));
  }
  const then = new Map<string, number>();
  if (isOrderedThen || isOrderedNow) {
    const guard = isOrderedThen ? policy.guard : NO_GUARD;
    const waiting = waitingOf(queue, (callId) => ({
      verdict: isOrderedThen ? (verdicts.get(callId) ?? null) : null,
      ringing: known(callId).ringing,
    }));
    for (const { caller, position } of wantedOrder(waiting, guard, nowMs, history))
      then.set(caller.channelId, position);
  }
  return {
    pbx,
    name: queue.name,
    callers: queue.callers.map(({ callId, channelId, position }) => ({
      callId,
      title: known(callId).person?.title ?? "",
      tier: known(callId).person?.tier ?? "",
      positionNow: position,
      positionThen: then.get(channelId) ?? position,
      ruleThen: isOrderedThen ? (verdicts.get(callId)?.rule ?? null) : null,
    })),
  };
}
