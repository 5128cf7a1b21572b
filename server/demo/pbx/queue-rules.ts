/**
 * app_queue's rules as plain functions: who stands where, who may be rung, who is rung next.
 * Each follows Asterisk 22's app_queue.c (join_queue, change_priority_caller_on_queue, calc_metric, num_available_members).
 */

export type Strategy = "ringall" | "linear" | "leastrecent" | "rrmemory";

/** One interface in one queue, as configured. */
export type MemberConfig = {
  /** `PJSIP/101`, or `Local/101@from-queue/n`. */
  readonly interface: string;
  /** Where its state is read; the interface itself unless given (`hint:101@ext-local`). */
  readonly stateInterface?: string;
  /** Shown as MemberName; the interface unless given. */
  readonly name?: string;
  readonly penalty?: number;
  readonly paused?: boolean;
};

/** A queue as configured; what is left out has the value in brackets. */
export type QueueConfig = {
  readonly name: string;
  /** [ringall] */
  readonly strategy?: Strategy;
  /** How long one attempt rings [15 s]. */
  readonly ringTimeoutSeconds?: number;
  /** Pause between attempts [5 s]. */
  readonly retrySeconds?: number;
  /** Rest of a member after a call [0 s]. */
  readonly wrapUpSeconds?: number;
  /** Serve several waiting callers at once [true]. */
  readonly autofill?: boolean;
  /** Ring members that already talk [false]. */
  readonly ringInUse?: boolean;
  /** Waiting callers leave when every member is paused or cannot be reached [false]. */
  readonly leaveWhenEmpty?: boolean;
  /** Most waiting callers, 0 for no limit [0]. */
  readonly maxLength?: number;
  /** [0] */
  readonly weight?: number;
  /** A call answered within this counts for the service level [0 s, off]. */
  readonly serviceLevelSeconds?: number;
  readonly members: readonly MemberConfig[];
};

/** Status numbers of QueueMemberStatus. */
export const deviceStatus = {
  unknown: 0,
  notInUse: 1,
  inUse: 2,
  busy: 3,
  invalid: 4,
  unavailable: 5,
  ringing: 6,
  ringInUse: 7,
  onHold: 8,
} as const;

/** What the rules need to know of a member. */
export type MemberView = {
  readonly penalty: number;
  readonly paused: boolean;
  readonly status: number;
  /** True while an attempt of any caller rings it. */
  readonly pending: boolean;
  /** End of its last call, epoch ms, 0 for none. */
  readonly lastCallAtMs: number;
  /** Place in the configuration. */
  readonly order: number;
};

/** Where a caller with this priority goes: before the first strictly lower one. */
export function joinIndex(
  waiting: readonly { readonly priority: number }[],
  priority: number,
): number {
  const index = waiting.findIndex((each) => each.priority < priority);
  return index === -1 ? waiting.length : index;
}

/**
 * The queue after QueueChangePriorityCaller. Without `immediate` nobody moves, only the number changes. With it the caller is
 * taken out and put in again by the join rule, even when the number is the same (so it falls behind its equals).
 */
export function movedByPriority<T extends { priority: number }>(
  waiting: readonly T[],
  caller: T,
  priority: number,
  immediate: boolean,
): readonly T[] {
  caller.priority = priority;
  if (!immediate) return waiting;
  const others = waiting.filter((each) => each !== caller);
  const index = joinIndex(others, priority);
  return [...others.slice(0, index), caller, ...others.slice(index)];
}

/** The integer at the start of a text, as C's sscanf("%30d") reads it; null when there is none. */
export function leadingInteger(text: string): number | null {
  const match = /^\s*([+-]?\d{1,30})/.exec(text);
  return match === null ? null : Number.parseInt(match[1]!, 10);
}

/** True when this member may be rung now; `status` is its device's state where that is known to be newer than the member's. */
export function canRing(
  member: MemberView,
  queue: { readonly ringInUse: boolean; readonly wrapUpSeconds: number },
  nowMs: number,
  status: number = member.status,
): boolean {
  if (member.paused || member.pending) return false;
  const free = status === deviceStatus.notInUse || status === deviceStatus.unknown;
  const busyButWilling =
    queue.ringInUse &&
    (status === deviceStatus.inUse ||
      status === deviceStatus.ringing ||
      status === deviceStatus.ringInUse ||
      status === deviceStatus.onHold);
  if (!free && !busyButWilling) return false;
  return member.lastCallAtMs === 0 || nowMs - member.lastCallAtMs >= queue.wrapUpSeconds * 1000;
}

/** True when nobody in the queue could answer sooner or later: all paused, or not to be reached. */
export function isEmpty(members: readonly MemberView[]): boolean {
  return members.every(
    ({ paused, status }) =>
      paused ||
      status === deviceStatus.unavailable ||
      status === deviceStatus.invalid ||
      status === deviceStatus.unknown,
  );
}

/**
 * Members in the order in which an attempt tries them. For ringall the first of the result's groups rings together; the other
 * strategies ring one after another. `last` is the configured place of the member rung last, -1 for none: by the queue for
 * rrmemory, by this caller for linear.
 */
export function ringOrder<T extends MemberView>(
  members: readonly T[],
  strategy: Strategy,
  last: { readonly byQueue: number; readonly byCaller: number },
): readonly (readonly T[])[] {
  const rank = ranks[strategy](last);
  const sorted = [...members].sort(
    (a, b) => a.penalty - b.penalty || rank(a) - rank(b) || a.order - b.order,
  );
  if (strategy !== "ringall") return sorted.map((each) => [each]);
  const groups: T[][] = [];
  for (const each of sorted) {
    const group = groups.at(-1);
    if (group?.[0]?.penalty === each.penalty) group.push(each);
    else groups.push([each]);
  }
  return groups;
}

/** Places after the last one come first, then it starts over. */
const after = (last: number) => (member: MemberView) =>
  member.order > last ? member.order : member.order + 1_000_000;

const ranks: Readonly<
  Record<
    Strategy,
    (last: { readonly byQueue: number; readonly byCaller: number }) => (m: MemberView) => number
  >
> = {
  ringall: () => () => 0,
  linear: (last) => after(last.byCaller),
  leastrecent: () => (member) => member.lastCallAtMs,
  rrmemory: (last) => after(last.byQueue),
};

/** True when it is this caller's turn: no more callers wait before it than members are free (ringall serves one at a time). */
export function isTurn(
  index: number,
  waitingBefore: number,
  freeMembers: number,
  queue: { readonly strategy: Strategy; readonly autofill: boolean },
): boolean {
  if (freeMembers === 0) return false;
  if (!queue.autofill) return index === 0;
  return waitingBefore < (queue.strategy === "ringall" ? 1 : freeMembers);
}
