/** Who of a campaign's queue is free, talks or writes, from what the PBX and the desk say. Pure. */
import type { DeviceState, QueueMember } from "../../asterisk/model.ts";
import { WRAP_UP_REASON } from "../../desk/presence.ts";
import type { PacedOperator } from "../pacing/model.ts";

/** Begins the id of every attempt, and so of the first channel of its call. */
export const ATTEMPT_PREFIX = "cc-";

/** An extension as the PBX sees it. */
export type SeenExtension = {
  readonly extension: string;
  readonly device: DeviceState;
  readonly members: readonly QueueMember[];
  readonly ringingIn: readonly string[];
  readonly talkingIn: readonly string[];
};

/** A queue with who waits in it. */
export type SeenQueue = {
  readonly name: string;
  readonly callers: readonly { readonly channelId: string }[];
  /** Those who wait for one operator before they join the queue. */
  readonly preferring: readonly { readonly preferredExtension: string }[];
};

/** Somebody who sits at a device, as the desk knows. */
export type Seat = {
  readonly userId: string;
  readonly pbx: string;
  readonly extension: string;
  /** A call of theirs waits for its wrap-up. */
  readonly wrappingUp: boolean;
};

/** Everything it depends on. */
export type OperatorFacts = {
  readonly nowMs: number;
  readonly extensions: readonly SeenExtension[];
  readonly queues: readonly SeenQueue[];
  /** By extension; of this PBX. */
  readonly seats: ReadonlyMap<string, Seat>;
  /** Extensions whose own phone is being called, or talks, by a call that the operator's side came first in. */
  readonly taken: ReadonlySet<string>;
  /** What was said of them before: since when is told by it. */
  readonly before: ReadonlyMap<string, WorkingOperator>;
};

/** An operator who works, on this PBX. */
export type WorkingOperator = PacedOperator & {
  readonly extension: string;
  /** Null for somebody who has no screen. */
  readonly userId: string | null;
  readonly members: readonly QueueMember[];
  /** Queues in which they are not paused. */
  readonly queues: ReadonlySet<string>;
  /** Somebody who called us waits for them: no campaign gets them now. */
  readonly inboundWaits: boolean;
  /** Their phone rings for somebody who waits in a queue. */
  readonly isRung: boolean;
};

/** All operators who could talk for a campaign, by extension; each stands once, whatever the number of their queues. */
export function workingOperators(facts: OperatorFacts): ReadonlyMap<string, WorkingOperator> {
  const waited = new Set(
    facts.queues.filter(({ callers }) => callers.some(isInbound)).map(({ name }) => name),
  );
  const preferred = new Set(
    facts.queues.flatMap(({ preferring }) =>
      preferring.map(({ preferredExtension }) => preferredExtension),
    ),
  );
  const working = new Map<string, WorkingOperator>();
  for (const seen of facts.extensions) {
    const seat = facts.seats.get(seen.extension) ?? null;
    const open = seen.members.filter(
      (member) => !member.paused || member.pausedReason === WRAP_UP_REASON,
    );
    if (open.length === 0 || isAway(seen, open)) continue;
    const state = stateOf(seen, open, seat, facts);
    const before = facts.before.get(seen.extension);
    const sinceMs = before?.state === state ? before.sinceMs : facts.nowMs;
    working.set(seen.extension, {
      ...{ state, sinceMs, extension: seen.extension },
      isRung: !facts.taken.has(seen.extension) && seen.ringingIn.length > 0,
      userId: seat?.userId ?? null,
      members: seen.members,
      queues: new Set(open.map(({ queue }) => queue)),
      inboundWaits: preferred.has(seen.extension) || open.some(({ queue }) => waited.has(queue)),
    });
  }
  return working;
}

/** Those of them who answer a queue's people, sooner or later. */
export function membersOf(
  working: ReadonlyMap<string, WorkingOperator>,
  queue: string,
): readonly WorkingOperator[] {
  return [...working.values()].filter((operator) => operator.queues.has(queue));
}

/** Those whom a campaign may count on: of its queue, with nobody who called us waiting for them. */
export function operatorsOf(
  working: ReadonlyMap<string, WorkingOperator>,
  queue: string,
): readonly WorkingOperator[] {
  return membersOf(working, queue).filter(({ inboundWaits }) => !inboundWaits);
}

/** People who called us and wait for any of these operators. */
export function inboundWaiting(
  queues: readonly SeenQueue[],
  operators: readonly WorkingOperator[],
): number {
  const names = new Set(operators.flatMap(({ queues: of }) => [...of]));
  const extensions = new Set(operators.map(({ extension }) => extension));
  let waiting = 0;
  for (const { name, callers, preferring } of queues) {
    if (names.has(name)) waiting += callers.filter(isInbound).length;
    waiting += preferring.filter((each) => extensions.has(each.preferredExtension)).length;
  }
  return waiting;
}

function stateOf(
  seen: SeenExtension,
  open: readonly QueueMember[],
  seat: Seat | null,
  { nowMs, taken }: OperatorFacts,
): PacedOperator["state"] {
  const states = [seen.device, ...open.map(({ status }) => status)];
  const talks =
    taken.has(seen.extension) ||
    seen.ringingIn.length > 0 ||
    seen.talkingIn.length > 0 ||
    states.some((state) => BUSY.has(state));
  if (talks) return "talking";
  const writes =
    seat?.wrappingUp === true ||
    open.every((member) => member.paused) ||
    open.some((member) => wrapUpEndsAtMs(member) > nowMs);
  return writes ? "wrappingUp" : "free";
}

const BUSY: ReadonlySet<DeviceState> = new Set(["inUse", "busy", "ringing", "ringInUse", "onHold"]);
const AWAY: ReadonlySet<DeviceState> = new Set(["unavailable", "invalid", "unknown"]);

/** Whom no state tells to be there is not counted on: a line dialled for them would find nobody. */
function isAway(seen: SeenExtension, open: readonly QueueMember[]): boolean {
  return AWAY.has(seen.device) && open.every(({ status }) => AWAY.has(status));
}

/** app_queue counts whole seconds from the last call's end. */
function wrapUpEndsAtMs({ wrapUpSeconds, lastCallAtSeconds }: QueueMember): number {
  return wrapUpSeconds > 0 && lastCallAtSeconds > 0
    ? (lastCallAtSeconds + wrapUpSeconds) * 1000
    : 0;
}

/** Somebody who called us; a campaign's own calls bear the attempt's id. */
function isInbound({ channelId }: { readonly channelId: string }): boolean {
  return !channelId.startsWith(ATTEMPT_PREFIX);
}
