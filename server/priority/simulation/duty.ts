/**
 * Who was on duty when, and how long work after a call takes, told from the calls alone: the record knows no log-ins. Pure.
 *
 * An operator is there from their first call of the pool to their last, over pauses of up to half an hour. A pause in which callers waited
 * whom no phone rang for, longer than work after a call takes, was an absence all the same.
 */
import { drawsOf } from "./random.ts";

/** A longer pause between two calls is an absence. */
export const MOST_PAUSE_MINUTES = 30;
const MOST_PAUSE_MS = MOST_PAUSE_MINUTES * 60_000;
/** Callers may wait so long beside a free operator without it saying anything: Asterisk looks once a second and retries after some. */
const LET_WAIT_MS = 20_000;
/** Work after a call is not longer, and so many pauses have to be seen to believe in it. */
const MOST_AFTER_WORK_MS = 180_000;
const FEWEST_PAUSES = 10;
/** Somebody waited for nearly the whole of a pause: then its length is that of the work after the call. */
const NEARLY = 0.9;

/** A stretch of time. */
export type Span = { readonly fromMs: number; readonly toMs: number };

/** What one operator did: calls of the pool from the first ring on, and everything else they talked. */
export type OperatorWork = { readonly calls: readonly Span[]; readonly other: readonly Span[] };

/** What the record says of a pool's operators. */
export type Duty = {
  readonly changes: readonly { readonly atMs: number; readonly change: number }[];
  /** Work after a call, one for each that was seen; empty when too few were. */
  readonly afterWorkMs: readonly number[];
};

/** Stretches of time as columns, in order of their beginning; they may overlap, and one that ends before it begins is none. */
export type SpanColumns = { readonly fromMs: Float64Array; readonly toMs: Float64Array };

/** @param unrung when callers waited for whom no phone rang. */
export function dutyOf(operators: readonly OperatorWork[], unrung: SpanColumns): Duty {
  const waited = meter(unrung);
  const merged = operators.map(({ calls, other }) => ({
    calls: union(calls),
    other: union(other),
  }));
  const afterWorkMs: number[] = [];
  for (const { calls, other } of merged) {
    for (const { fromMs, toMs } of pauses(calls)) {
      const lengthMs = toMs - fromMs;
      if (lengthMs > MOST_AFTER_WORK_MS || other.some((span) => overlaps(span, { fromMs, toMs })))
        continue;
      if (waited(fromMs, toMs) >= NEARLY * lengthMs) afterWorkMs.push(lengthMs);
    }
  }
  const isKnown = afterWorkMs.length >= FEWEST_PAUSES;
  const usualMs = isKnown ? afterWorkMs.toSorted((a, b) => a - b)[afterWorkMs.length >> 1]! : 0;
  const changes = merged.flatMap(({ calls, other }) =>
    subtract(onDuty(calls, usualMs), other).flatMap(({ fromMs, toMs }) => [
      { atMs: fromMs, change: 1 },
      { atMs: toMs, change: -1 },
    ]),
  );
  // Who comes before who goes at the same moment, so that nobody is missing for no time.
  changes.sort((a, b) => a.atMs - b.atMs || b.change - a.change);
  return { changes, afterWorkMs: isKnown ? afterWorkMs : [] };

  function onDuty(calls: readonly Span[], afterMs: number): readonly Span[] {
    const spans: { fromMs: number; toMs: number }[] = [];
    for (const { fromMs, toMs } of calls) {
      const last = spans.at(-1);
      const endMs = toMs + afterMs;
      const pauseFromMs = last === undefined ? 0 : Math.min(last.toMs, fromMs);
      if (
        last !== undefined &&
        fromMs - last.toMs <= MOST_PAUSE_MS &&
        waited(pauseFromMs, fromMs) <= LET_WAIT_MS
      )
        last.toMs = Math.max(last.toMs, endMs);
      else spans.push({ fromMs: Math.max(fromMs, last?.toMs ?? -Infinity), toMs: endMs });
    }
    return spans;
  }
}

/** One of the works after a call that were seen, for each call. */
export function afterWorkDraw(seen: readonly number[], seed: number): () => number {
  const draws = drawsOf(seed, "afterWork");
  return () => seen[Math.floor(draws.uniform() * seen.length)] ?? 0;
}

/** The same time without overlaps, in order. */
export function union(spans: readonly Span[]): readonly Span[] {
  const merged: { fromMs: number; toMs: number }[] = [];
  for (const { fromMs, toMs } of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = merged.at(-1);
    if (last !== undefined && fromMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs);
    else merged.push({ fromMs, toMs });
  }
  return merged;
}

function pauses(merged: readonly Span[]): readonly Span[] {
  return merged.slice(1).map(({ fromMs }, at) => ({ fromMs: merged[at]!.toMs, toMs: fromMs }));
}

function overlaps(a: Span, b: Span): boolean {
  return a.fromMs < b.toMs && b.fromMs < a.toMs;
}

/** Both in order and without overlaps. */
function subtract(spans: readonly Span[], holes: readonly Span[]): readonly Span[] {
  const left: Span[] = [];
  for (const span of spans) {
    let { fromMs } = span;
    for (const hole of holes) {
      if (!overlaps(hole, { fromMs, toMs: span.toMs })) continue;
      if (hole.fromMs > fromMs) left.push({ fromMs, toMs: hole.fromMs });
      fromMs = Math.max(fromMs, hole.toMs);
    }
    if (fromMs < span.toMs) left.push({ fromMs, toMs: span.toMs });
  }
  return left;
}

/** How much of any stretch the spans cover. */
function meter(spans: SpanColumns): (fromMs: number, toMs: number) => number {
  // The same time without overlaps, and how much of it there is before each stretch.
  const fromMs: number[] = [];
  const toMs: number[] = [];
  const before: number[] = [];
  let sumMs = 0;
  for (let at = 0; at < spans.fromMs.length; at += 1) {
    const begin = Math.max(spans.fromMs[at]!, toMs.at(-1) ?? -Infinity);
    const end = spans.toMs[at]!;
    if (end <= begin) continue;
    fromMs.push(begin);
    toMs.push(end);
    before.push(sumMs);
    sumMs += end - begin;
  }
  const until = (ms: number): number => {
    let low = 0;
    let high = fromMs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (fromMs[middle]! < ms) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : before[low - 1]! + Math.min(ms, toMs[low - 1]!) - fromMs[low - 1]!;
  };
  return (from, to) => Math.max(0, until(to) - until(from));
}
