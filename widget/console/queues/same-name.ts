/** Queues of the same name on several PBXs are one to whoever plans by them; who waits stands in a line of each PBX. */
import type { ConsoleQueue } from "../../../server/console/protocol.ts";

/** How many wait in a queue and how many answer there. */
export type QueueCounts = ConsoleQueue["members"] & { readonly waiting: number };

/** Everything that bears one name; `queues` are one for each PBX that has it. */
export type NamedQueue = { readonly name: string; readonly queues: readonly ConsoleQueue[] };

/** Each name once, where it came first. */
export function queuesByName(queues: readonly ConsoleQueue[]): readonly NamedQueue[] {
  const byName = Map.groupBy(queues, ({ name }) => name);
  return [...byName].map(([name, own]) => ({ name, queues: own }));
}

/** Sums over queues. Who waits for one operator alone waits too. */
export function countsOf(queues: readonly ConsoleQueue[]): QueueCounts {
  const sum = (count: (queue: ConsoleQueue) => number): number =>
    queues.reduce((all, queue) => all + count(queue), 0);
  return {
    waiting: sum(({ callers, preferring }) => callers.length + preferring.length),
    ready: sum(({ members }) => members.ready),
    busy: sum(({ members }) => members.busy),
    paused: sum(({ members }) => members.paused),
  };
}
