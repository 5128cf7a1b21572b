/**
 * Recorded calls made into what can be played again: who called when, how long they were helped, how patient they were, who was on
 * duty. What the record does not hold is estimated, the same way for every policy. Pure.
 */
import type { QueueVisit, Talk } from "../../calls/model.ts";
import type { Subject } from "../model.ts";
import { MOST_PAUSE_MINUTES, type OperatorWork, type Span, afterWorkDraw, dutyOf } from "./duty.ts";
import { type Wait, estimatePatience, hangsUpAfterMs } from "./patience.ts";
import { drawsOf } from "./random.ts";
import type { Pool, Workload } from "./workload.ts";

/** An operator's part in a conversation. */
export type RecordedTalk = Pick<Talk, "extension" | "queue" | "startedAtMs" | "endedAtMs"> & {
  /** When the phone began to ring that was answered; null for who dialled. */
  readonly rangAtMs: number | null;
};

/** One call of the record: as little of it as is needed, since there are many. */
export type RecordedCall = {
  readonly pbx: string;
  readonly visits: readonly Omit<QueueVisit, "position">[];
  readonly talks: readonly RecordedTalk[];
  /** Whom the policy is asked about, but for the queue. */
  readonly who: Omit<Subject, "queue">;
};

/** One stay in a queue. */
type Visit = {
  readonly queue: string;
  readonly joinedAtMs: number;
  readonly leftAtMs: number;
  readonly answered: boolean;
  readonly ringMs: number;
  /** Null for who was not answered, or whose conversation is not in the record. */
  readonly talkMs: number | null;
  readonly who: RecordedCall["who"];
};

/** The same estimate for the same days. */
const SEED = 20_260_101;
/** The queue tells an answer and the conversation its start; they may be so far apart. */
const SAME_MOMENT_MS = 3000;

/** @param queues whose callers to play; empty means all. */
export function workloadOf(calls: readonly RecordedCall[], queues: readonly string[]): Workload {
  const wanted = new Set(queues);
  const isWanted = (queue: string) => queue !== "" && (wanted.size === 0 || wanted.has(queue));
  const poolOf = joinedQueues(calls, isWanted);
  const byPool = new Map<string, Visit[]>();
  for (const call of calls) {
    for (const one of call.visits) {
      const visit = isWanted(one.queue) ? visitOf(call, one) : null;
      if (visit === null) continue;
      const pool = poolOf(call.pbx, one.queue);
      const stays = byPool.get(pool);
      if (stays === undefined) byPool.set(pool, [visit]);
      else stays.push(visit);
    }
  }
  const work = workByPool(calls, isWanted, poolOf);
  const pools = [...byPool].map(([name, stays]) =>
    poolFrom(stays, [...(work.get(name)?.values() ?? [])]),
  );
  return { pools, patienceGuessed: true, recorded: { gapMinutes: MOST_PAUSE_MINUTES } };
}

/** Null for a stay that cannot be played: it was not seen to its end, or somebody took the caller out of the queue. */
function visitOf(call: RecordedCall, visit: RecordedCall["visits"][number]): Visit | null {
  const { queue, joinedAtMs, leftAtMs, how } = visit;
  if (leftAtMs === null || how === null || how === "unknown" || how === "transferred") return null;
  const answered = how === "answered";
  const talk = answered
    ? call.talks.find(
        (one) => one.queue === queue && Math.abs(one.startedAtMs - leftAtMs) <= SAME_MOMENT_MS,
      )
    : undefined;
  const ringFromMs = Math.max(joinedAtMs, talk?.rangAtMs ?? leftAtMs);
  return {
    queue,
    joinedAtMs,
    leftAtMs: Math.max(joinedAtMs, leftAtMs),
    answered,
    ringMs: Math.max(0, leftAtMs - ringFromMs),
    talkMs:
      talk === undefined || talk.endedAtMs === null ? null : talk.endedAtMs - talk.startedAtMs,
    who: call.who,
  };
}

/** What each operator did, by pool: calls of the pool, and all other conversations meanwhile. */
function workByPool(
  calls: readonly RecordedCall[],
  isWanted: (queue: string) => boolean,
  poolOf: (pbx: string, queue: string) => string,
): ReadonlyMap<string, ReadonlyMap<string, OperatorWork>> {
  type Work = { readonly calls: Span[]; readonly other: Span[] };
  const work = new Map<string, Map<string, Work>>();
  const other = new Map<string, Span[]>();
  for (const call of calls) {
    for (const talk of call.talks) {
      if (talk.endedAtMs === null) continue;
      const operator = within(call.pbx, talk.extension);
      if (!isWanted(talk.queue)) {
        const span = { fromMs: talk.startedAtMs, toMs: talk.endedAtMs };
        const spans = other.get(operator);
        if (spans === undefined) other.set(operator, [span]);
        else spans.push(span);
        continue;
      }
      const pool = poolOf(call.pbx, talk.queue);
      let operators = work.get(pool);
      if (operators === undefined) work.set(pool, (operators = new Map<string, Work>()));
      let own = operators.get(operator);
      if (own === undefined) operators.set(operator, (own = { calls: [], other: [] }));
      const fromMs = talk.rangAtMs ?? talk.startedAtMs;
      own.calls.push({ fromMs: Math.min(fromMs, talk.startedAtMs), toMs: talk.endedAtMs });
    }
  }
  for (const operators of work.values())
    for (const [operator, own] of operators) own.other.push(...(other.get(operator) ?? []));
  return work;
}

function poolFrom(stays: readonly Visit[], operators: readonly OperatorWork[]): Pool {
  const visits = stays.toSorted((a, b) => a.joinedAtMs - b.joinedAtMs);
  const queues = [...new Set(visits.map(({ queue }) => queue))].sort();
  const duty = dutyOf(operators, unrungSpans(visits));
  const afterWork = afterWorkDraw(duty.afterWorkMs, SEED);

  const talks = visits.flatMap(({ talkMs }) => (talkMs === null ? [] : [talkMs]));
  const rings = visits.flatMap(({ answered, ringMs }) => (answered ? [ringMs] : []));
  const picks = drawsOf(SEED, "handling");
  const anyOf = (values: readonly number[]) =>
    values[Math.floor(picks.uniform() * values.length)] ?? 0;

  const patience = estimatePatience(
    visits.map(({ joinedAtMs, leftAtMs, answered }): Wait => ({
      waitMs: leftAtMs - joinedAtMs,
      hungUp: !answered,
    })),
  );
  const longer = drawsOf(SEED, "patience");
  return {
    queues,
    joinedAtMs: Float64Array.from(visits, ({ joinedAtMs }) => joinedAtMs),
    queue: Uint16Array.from(visits, ({ queue }) => queues.indexOf(queue)),
    ringMs: Float64Array.from(visits, (visit) => (visit.answered ? visit.ringMs : anyOf(rings))),
    handlingMs: Float64Array.from(visits, ({ talkMs }) => (talkMs ?? anyOf(talks)) + afterWork()),
    patienceMs: Float64Array.from(visits, ({ joinedAtMs, leftAtMs, answered }) => {
      const waitMs = leftAtMs - joinedAtMs;
      return answered ? hangsUpAfterMs(patience, waitMs, longer.exponential(1)) : waitMs;
    }),
    duty: duty.changes,
    subjects: visits.map(({ who: { caller, standing, place, lostAtMs }, queue }) => ({
      queue,
      caller,
      standing,
      place,
      lostAtMs,
    })),
    tiers: visits.map(({ who }) => who.standing?.tier ?? ""),
  };
}

/** When callers waited before the ring that was answered. */
function unrungSpans(visits: readonly Visit[]): readonly Span[] {
  return visits.map(({ joinedAtMs, leftAtMs, ringMs }) => ({
    fromMs: joinedAtMs,
    toMs: leftAtMs - ringMs,
  }));
}

/** Names of different PBXs are never the same; none of them holds a line break. */
function within(pbx: string, name: string): string {
  return `${pbx}\n${name}`;
}

/**
 * Queues that share an operator are one pool; it is named for one of its queues. Queues of different PBXs never are.
 */
function joinedQueues(
  calls: readonly RecordedCall[],
  isWanted: (queue: string) => boolean,
): (pbx: string, queue: string) => string {
  const parent = new Map<string, string>();
  const root = (key: string): string => {
    let at = key;
    for (let up = parent.get(at); up !== undefined && up !== at; up = parent.get(at)) at = up;
    return at;
  };
  const firstOf = new Map<string, string>();
  for (const { pbx, talks } of calls) {
    for (const { extension, queue } of talks) {
      if (!isWanted(queue)) continue;
      const key = within(pbx, queue);
      const operator = within(pbx, extension);
      const first = firstOf.get(operator);
      if (first === undefined) firstOf.set(operator, key);
      else if (root(first) !== root(key)) parent.set(root(key), root(first));
    }
  }
  return (pbx, queue) => root(within(pbx, queue));
}
