/**
 * Recorded calls made into what can be played again: who called when, how long they were helped, how patient they were, who was on
 * duty. What the record does not hold is estimated, the same way for every policy. Pure.
 */
import type { Subject } from "../model.ts";
import { MOST_PAUSE_MINUTES, type OperatorWork, type Span, afterWorkDraw, dutyOf } from "./duty.ts";
import { estimatePatience, hangsUpAfterMs } from "./patience.ts";
import { drawsOf } from "./random.ts";
import type { Who } from "./recorded-callers.ts";
import { type RecordedCalls, beginOf } from "./recorded-calls.ts";
import type { Pool, Workload } from "./workload.ts";

/** Stays in the queues of one pool as columns. Times are epoch ms. */
type Stays = {
  /** A number of the names of queues. */
  readonly queue: number[];
  readonly joinedAtMs: number[];
  readonly leftAtMs: number[];
  readonly answered: boolean[];
  readonly ringMs: number[];
  /** NaN for who was not answered, or whose conversation is not in the record. */
  readonly talkMs: number[];
  readonly who: Who[];
};

/** The same estimate for the same days. */
const SEED = 20_260_101;
/** The queue tells an answer and the conversation its start; they may be so far apart. */
const SAME_MOMENT_MS = 3000;
/** How a stay ended of which nobody knows what would have come of it. */
const UNPLAYABLE: ReadonlySet<string> = new Set(["", "unknown", "transferred"]);
const NONE = -1;

/**
 * @param who one for each call.
 * @param queues whose callers to play; empty means all.
 */
export function workloadOf(
  recorded: RecordedCalls,
  who: readonly Who[],
  queues: readonly string[],
): Workload {
  const named = new Set(queues);
  const wanted = recorded.queues.all.map(
    ({ name }) => name !== "" && (named.size === 0 || named.has(name)),
  );
  const poolOf = joinedQueues(recorded, wanted);
  const stays = staysByPool(recorded, who, wanted, poolOf);
  const work = workByPool(recorded, wanted, poolOf);
  const pools = [...stays].map(([pool, own]) =>
    poolFrom(own, recorded, [...(work.get(pool)?.values() ?? [])]),
  );
  return { pools, patienceGuessed: true, recorded: { gapMinutes: MOST_PAUSE_MINUTES } };
}

/** Stays that can be played: seen to their end, and nobody took the caller out of the queue. */
function staysByPool(
  recorded: RecordedCalls,
  who: readonly Who[],
  wanted: readonly boolean[],
  poolOf: readonly number[],
): ReadonlyMap<number, Stays> {
  const { visits, talks, calls } = recorded;
  const pools = new Map<number, Stays>();
  for (let call = 0; call < calls.startedAtMs.length; call += 1) {
    const end = calls.visitsEnd[call]!;
    for (let visit = beginOf(calls.visitsEnd, call); visit < end; visit += 1) {
      const queue = visits.queue[visit]!;
      const how = visits.how[visit]!;
      const leftAtMs = visits.leftAtMs[visit]!;
      if (!wanted[queue] || Number.isNaN(leftAtMs) || UNPLAYABLE.has(how)) continue;
      const joinedAtMs = visits.joinedAtMs[visit]!;
      const answered = how === "answered";
      const talk = answered ? talkAfter(recorded, call, queue, leftAtMs) : NONE;
      const rangAtMs = talk === NONE ? Number.NaN : talks.rangAtMs[talk]!;
      const ringFromMs = Math.max(joinedAtMs, Number.isNaN(rangAtMs) ? leftAtMs : rangAtMs);
      const pool = poolOf[queue]!;
      let stays = pools.get(pool);
      if (stays === undefined) pools.set(pool, (stays = noStays()));
      stays.queue.push(queue);
      stays.joinedAtMs.push(joinedAtMs);
      stays.leftAtMs.push(Math.max(joinedAtMs, leftAtMs));
      stays.answered.push(answered);
      stays.ringMs.push(Math.max(0, leftAtMs - ringFromMs));
      stays.talkMs.push(
        talk === NONE ? Number.NaN : talks.endedAtMs[talk]! - talks.startedAtMs[talk]!,
      );
      stays.who.push(who[call]!);
    }
  }
  return pools;
}

function noStays(): Stays {
  return {
    ...{ queue: [], joinedAtMs: [], leftAtMs: [], answered: [] },
    ...{ ringMs: [], talkMs: [], who: [] },
  };
}

/** The conversation of the call that began when its stay in this queue ended. */
function talkAfter(recorded: RecordedCalls, call: number, queue: number, leftAtMs: number): number {
  const { talks, calls } = recorded;
  const end = calls.talksEnd[call]!;
  for (let talk = beginOf(calls.talksEnd, call); talk < end; talk += 1)
    if (
      talks.queue[talk] === queue &&
      Math.abs(talks.startedAtMs[talk]! - leftAtMs) <= SAME_MOMENT_MS
    )
      return talk;
  return NONE;
}

/** What each operator did, by pool: calls of the pool, and all other conversations meanwhile. */
function workByPool(
  { talks }: RecordedCalls,
  wanted: readonly boolean[],
  poolOf: readonly number[],
): ReadonlyMap<number, ReadonlyMap<number, OperatorWork>> {
  type Work = { readonly calls: Span[]; readonly other: Span[] };
  const work = new Map<number, Map<number, Work>>();
  const other = new Map<number, Span[]>();
  for (const [talk, operator] of talks.operator.entries()) {
    const toMs = talks.endedAtMs[talk]!;
    if (Number.isNaN(toMs)) continue;
    const queue = talks.queue[talk]!;
    const startedAtMs = talks.startedAtMs[talk]!;
    if (!wanted[queue]) {
      const spans = other.get(operator);
      if (spans === undefined) other.set(operator, [{ fromMs: startedAtMs, toMs }]);
      else spans.push({ fromMs: startedAtMs, toMs });
      continue;
    }
    const pool = poolOf[queue]!;
    let operators = work.get(pool);
    if (operators === undefined) work.set(pool, (operators = new Map<number, Work>()));
    let own = operators.get(operator);
    if (own === undefined) operators.set(operator, (own = { calls: [], other: [] }));
    const rangAtMs = talks.rangAtMs[talk]!;
    const fromMs = Number.isNaN(rangAtMs) ? startedAtMs : Math.min(rangAtMs, startedAtMs);
    own.calls.push({ fromMs, toMs });
  }
  for (const operators of work.values())
    for (const [operator, own] of operators)
      for (const span of other.get(operator) ?? []) own.other.push(span);
  return work;
}

function poolFrom(stays: Stays, recorded: RecordedCalls, operators: readonly OperatorWork[]): Pool {
  const { joinedAtMs, leftAtMs, answered, ringMs, talkMs } = stays;
  // Calls come in order of their start, which is not quite that of joining.
  const order = Uint32Array.from(joinedAtMs, (_, stay) => stay).sort(
    (a, b) => joinedAtMs[a]! - joinedAtMs[b]! || a - b,
  );
  const nameOf = (queue: number) => recorded.queues.all[queue]!.name;
  const queues = [...new Set(stays.queue)].map(nameOf).sort();
  const placeOf = recorded.queues.all.map(({ name }) => queues.indexOf(name));
  const unrung = {
    fromMs: Float64Array.from(order, (stay) => joinedAtMs[stay]!),
    toMs: Float64Array.from(order, (stay) => leftAtMs[stay]! - ringMs[stay]!),
  };
  const duty = dutyOf(operators, unrung);
  const afterWork = afterWorkDraw(duty.afterWorkMs, SEED);

  const talks: number[] = [];
  const rings: number[] = [];
  for (const stay of order) {
    if (!Number.isNaN(talkMs[stay])) talks.push(talkMs[stay]!);
    if (answered[stay]!) rings.push(ringMs[stay]!);
  }
  const picks = drawsOf(SEED, "handling");
  const anyOf = (values: readonly number[]) =>
    values[Math.floor(picks.uniform() * values.length)] ?? 0;
  const patience = estimatePatience(
    Float64Array.from(leftAtMs, (atMs, stay) => atMs - joinedAtMs[stay]!),
    Uint8Array.from(answered, (one) => (one ? 0 : 1)),
  );
  const longer = drawsOf(SEED, "patience");
  const each = (valueOf: (stay: number) => number) => Float64Array.from(order, valueOf);
  return {
    queues,
    joinedAtMs: each((stay) => joinedAtMs[stay]!),
    queue: Uint16Array.from(order, (stay) => placeOf[stays.queue[stay]!]!),
    ringMs: each((stay) => (answered[stay] ? ringMs[stay]! : anyOf(rings))),
    handlingMs: each(
      (stay) => (Number.isNaN(talkMs[stay]) ? anyOf(talks) : talkMs[stay]!) + afterWork(),
    ),
    patienceMs: each((stay) => {
      const waitMs = leftAtMs[stay]! - joinedAtMs[stay]!;
      return answered[stay] ? hangsUpAfterMs(patience, waitMs, longer.exponential(1)) : waitMs;
    }),
    duty: duty.changes,
    subjects: subjectsOf(stays, order, nameOf),
    tiers: Array.from(order, (stay) => stays.who[stay]!.standing?.tier ?? ""),
  };
}

/** One object for the same caller of the same queue. */
function subjectsOf(
  stays: Stays,
  order: Uint32Array,
  nameOf: (queue: number) => string,
): readonly Subject[] {
  const known = new Map<Who, Subject>();
  return Array.from(order, (stay) => {
    const who = stays.who[stay]!;
    const queue = nameOf(stays.queue[stay]!);
    let subject = known.get(who);
    if (subject?.queue !== queue) known.set(who, (subject = { queue, ...who }));
    return subject;
  });
}

/**
 * Queues that share an operator are one pool; it has the number of one of its queues. Queues of different PBXs never are.
 * @returns the pool of each queue.
 */
function joinedQueues(
  { queues, talks }: RecordedCalls,
  wanted: readonly boolean[],
): readonly number[] {
  const parent = queues.all.map((_, queue) => queue);
  const root = (queue: number): number => {
    let at = queue;
    while (parent[at] !== at) at = parent[at]!;
    return at;
  };
  const firstOf = new Map<number, number>();
  for (const [talk, operator] of talks.operator.entries()) {
    const queue = talks.queue[talk]!;
    if (!wanted[queue]) continue;
    const first = firstOf.get(operator);
    if (first === undefined) firstOf.set(operator, queue);
    else if (first !== queue) parent[root(queue)] = root(first);
  }
  return parent.map(root);
}
