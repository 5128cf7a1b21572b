/**
 * Queues as the rest of the server sees them: both folds of one PBX put together, without the queue of preferred operators.
 */
import type { QueueMember } from "../asterisk/model.ts";
import { PREFERRED_QUEUE } from "../asterisk/preferred-queue.ts";
import { waitingSinceMs } from "./preferred.ts";
import {
  type QueueChange,
  type QueueState,
  type QueueView,
  type WaitingCaller,
  queueView,
} from "./queues.ts";
import type { CallState, LiveVisit } from "./state.ts";

/** Of one PBX. */
type Folds = { readonly calls: CallState; readonly queues: QueueState };

/** Somebody in line. `joinedAtMs` is since when they wait for this queue, with their preferred operator's seconds. */
export type LiveWaitingCaller = WaitingCaller & {
  /** "" for a caller whose channel is not known yet. */
  readonly callId: string;
  /** Since when they stand in this line; not before `joinedAtMs`. */
  readonly inLineSinceMs: number;
};

/** Somebody who waits for one operator alone before they stand in line; nobody can move them. */
export type PreferringCaller = {
  readonly channelId: string;
  readonly callId: string;
  readonly joinedAtMs: number;
  /** The operator's, "" when not told. */
  readonly preferredExtension: string;
};

/**
 * A queue with the calls its callers belong to. The queue of preferred operators is none of them: who waits there is told with the queue
 * they called for. Only while that one is not known (somebody used the helper queue by themselves) is it listed, for them alone.
 */
export type LiveQueueView = Omit<QueueView, "callers"> & {
  readonly callers: readonly LiveWaitingCaller[];
  /** In the order of their coming. */
  readonly preferring: readonly PreferringCaller[];
};

/** Who waits for their preferred operator, by the queue they called for. */
export function preferringIn({
  calls,
  queues,
}: Folds): ReadonlyMap<string, readonly PreferringCaller[]> {
  const found = new Map<string, PreferringCaller[]>();
  for (const { channelId, joinedAtMs } of queueView(queues, PREFERRED_QUEUE)?.callers ?? []) {
    const visit = visitOf(calls, channelId, PREFERRED_QUEUE);
    const queue = visit?.value.queue ?? PREFERRED_QUEUE;
    const caller: PreferringCaller = {
      ...{ channelId, joinedAtMs, callId: visit?.leg.call.id ?? "" },
      preferredExtension: visit?.value.preferredExtension ?? "",
    };
    found.set(queue, [...(found.get(queue) ?? []), caller]);
  }
  for (const callers of found.values()) callers.sort((a, b) => a.joinedAtMs - b.joinedAtMs);
  return found;
}

/** The stay that a channel has in a queue of Asterisk's. */
function visitOf(calls: CallState, channelId: string, queue: string): LiveVisit | undefined {
  const leg = calls.legs.get(channelId);
  return leg?.call.openVisits.find(
    (visit) => visit.leg === leg && visit.asteriskQueue === queue && visit.leftAtMs === null,
  );
}

/** What is told of a queue of Asterisk's; undefined when nothing is. */
export function liveQueue(
  { calls }: Folds,
  queue: QueueView,
  preferringByQueue: ReadonlyMap<string, readonly PreferringCaller[]>,
): LiveQueueView | undefined {
  const preferring = preferringByQueue.get(queue.name) ?? [];
  // Nobody's place there is for others to see or change.
  if (queue.name === PREFERRED_QUEUE)
    return preferring.length === 0 ? undefined : { ...queue, members: [], callers: [], preferring };
  const callers = queue.callers.map((caller): LiveWaitingCaller => {
    const visit = visitOf(calls, caller.channelId, queue.name);
    const inLineSinceMs = caller.joinedAtMs;
    const joinedAtMs = visit ? waitingSinceMs(visit.leg.call.visits, visit.value) : inLineSinceMs;
    return {
      ...{ ...caller, inLineSinceMs },
      joinedAtMs: Math.min(joinedAtMs, inLineSinceMs),
      callId: calls.legs.get(caller.channelId)?.call.id ?? "",
    };
  });
  return { ...queue, callers, preferring };
}

/** Members of the queue of preferred operators, whoever added them; null when this PBX has no such queue. */
export function preferredMembers({ queues }: Folds): readonly QueueMember[] | null {
  return queueView(queues, PREFERRED_QUEUE)?.members ?? null;
}

/** A change in the queue of preferred operators is one of the queues that were called for, `before` it or `after` it. */
export function queuesMeant(
  change: QueueChange,
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
): QueueChange {
  const queues = new Set([...change.queues, ...before, ...after]);
  // Named by itself only when it is listed by itself.
  if (!before.has(PREFERRED_QUEUE) && !after.has(PREFERRED_QUEUE)) queues.delete(PREFERRED_QUEUE);
  return { ...change, queues: [...queues] };
}
