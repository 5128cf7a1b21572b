/** How the people waiting now would stand under another policy. Pure. */
import type { LiveQueueView } from "../calls/live.ts";
import { decide, isOrdered } from "../priority/decide.ts";
import type { Policy, Subject, Verdict } from "../priority/model.ts";
import { type History, wantedOrder } from "../priority/order.ts";
import type { Person } from "../priority/look-up.ts";
import { waitingOf } from "./picture.ts";
import type { PreviewQueue } from "./protocol.ts";

/** What is known of a caller. */
export type PreviewKnown = {
  /** Null while nobody knows who it is: plain order. */
  readonly subject: Subject | null;
  readonly person: Person | null;
  readonly ringing: boolean;
};

/** One queue under `policy`. Nobody who was placed by hand loses that place. */
export function previewOf(
  pbx: string,
  queue: LiveQueueView,
  policy: Policy,
  nowMs: number,
  history: History,
  known: (callId: string) => PreviewKnown,
): PreviewQueue {
  const verdicts = new Map<string, Verdict | null>();
  for (const { callId } of queue.callers) {
    const { subject } = known(callId);
    verdicts.set(callId, subject === null ? null : decide(policy, subject, nowMs));
  }
  const then = new Map<string, number>();
  if (isOrdered(policy, queue.name)) {
    const waiting = waitingOf(queue, (callId) => ({
      verdict: verdicts.get(callId) ?? null,
      ringing: known(callId).ringing,
    }));
    for (const { caller, position } of wantedOrder(waiting, policy.guard, nowMs, history))
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
      ruleThen: verdicts.get(callId)?.rule ?? null,
    })),
  };
}
