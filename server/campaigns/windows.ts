/**
 * When somebody may be called: hours on the wall clock of every zone that person may be in, at once. Pure.
 *
 * A moment is open when the wall clocks of all zones show a time within the hours of the date they show. So an hour that the clock
 * jumps over is never open, and one that it goes through twice is open twice.
 */
import type { CallingHours, Hours, Zones } from "./model.ts";
import { type Clock, DAY_MS, clockOf, localDayAt, nextMidnightMs, stretchAt } from "./zone-days.ts";

/** A stretch in which calling is allowed; epoch ms, the end not included. */
export type Opening = { readonly opensAtMs: number; readonly closesAtMs: number };

/** How many days ahead an opening is looked for, and the longest one that is told of. */
export const HORIZON_DAYS = 60;
const HORIZON_MS = HORIZON_DAYS * DAY_MS;
const MINUTE_MS = 60_000;

/**
 * The first stretch from `fromMs` on in which calling is allowed in all zones.
 * @returns `opensAtMs` is `fromMs` when it is open then; null when it is never open within 60 days, and for no zone or an unknown one
 * (nobody is called who may be anywhere). `closesAtMs` is at most 60 days after `opensAtMs`.
 */
export function nextOpening(hours: CallingHours, zones: Zones, fromMs: number): Opening | null {
  const found = foundOf(hours, zones);
  return found === null ? null : openingFrom(found, fromMs);
}

/** The first moment at which the day of `fromMs` is over in every zone; null for no zone or an unknown one. */
export function nextDayMs(zones: Zones, fromMs: number): number | null {
  const clocks = clocksOf(zones);
  return clocks === null ? null : Math.max(...clocks.map((clock) => nextMidnightMs(clock, fromMs)));
}

/**
 * When the day of `atMs` began in the zone in which it began first, so that what is counted from there on holds everything of the day in
 * each of them; null for no zone or an unknown one.
 */
export function dayStartMs(zones: Zones, atMs: number): number | null {
  const clocks = clocksOf(zones);
  if (clocks === null) return null;
  return Math.min(
    ...clocks.map((clock) => {
      const today = localDayAt(clock, atMs);
      // Two days back is another day in any zone, also where a clock was set back.
      let startMs = atMs - 2 * DAY_MS;
      while (localDayAt(clock, startMs) < today) startMs = nextMidnightMs(clock, startMs);
      return startMs;
    }),
  );
}

/** Minutes since midnight of `"09:00"`; `"24:00"` is 1440. Null for anything else. */
export function minuteOfDay(text: string): number | null {
  const parts = /^(\d\d):(\d\d)$/.exec(text);
  if (parts === null) return null;
  const minutes = Number(parts[1]) * 60 + Number(parts[2]);
  return Number(parts[2]) < 60 && minutes <= 1440 ? minutes : null;
}

type Span = { readonly fromMs: number; readonly toMs: number } | null;

type Plan = {
  /** From Monday. */
  readonly week: readonly Span[];
  /** Days since 1970-01-01. */
  readonly dates: ReadonlySet<number>;
  /** Month times 100 plus day. */
  readonly yearly: ReadonlySet<number>;
  readonly onHolidays: Span;
};

/**
 * Openings found so far, so that a hundred thousand contacts cost one search for each of their few zones: every one between `baseMs` and
 * `searchedToMs`, in order. The last one may be `cut` where the search ended.
 */
type Found = {
  readonly plan: Plan;
  readonly clocks: readonly Clock[];
  baseMs: number;
  searchedToMs: number;
  opensMs: number[];
  closesMs: number[];
  cut: boolean;
};

const MOST_FOUND = 2000;
const MOST_ZONE_SETS = 1000;

// Settings are values that are replaced and never changed, so what was read of them stays right.
const finds = new WeakMap<CallingHours, { plan: Plan; byZones: Map<string, Found | null> }>();

function foundOf(hours: CallingHours, zones: Zones): Found | null {
  let known = finds.get(hours);
  if (known === undefined) {
    known = { plan: readPlan(hours), byZones: new Map() };
    finds.set(hours, known);
  }
  const key = zones.names.join();
  let found = known.byZones.get(key);
  if (found === undefined) {
    const clocks = clocksOf(zones);
    const nothing = { baseMs: 0, searchedToMs: 0, opensMs: [], closesMs: [], cut: false };
    found = clocks === null ? null : { plan: known.plan, clocks, ...nothing };
    if (known.byZones.size >= MOST_ZONE_SETS) known.byZones.clear();
    known.byZones.set(key, found);
  }
  return found;
}

function openingFrom(found: Found, fromMs: number): Opening | null {
  const far = fromMs < found.baseMs || fromMs > found.searchedToMs + HORIZON_MS;
  if (far || found.opensMs.length >= MOST_FOUND) {
    // Within the day before, so that somebody who asks for a little earlier next time is answered from what was found.
    found.baseMs = found.searchedToMs = (Math.floor(fromMs / DAY_MS) - 1) * DAY_MS;
    found.opensMs = [];
    found.closesMs = [];
    found.cut = false;
  }
  const untilMs = fromMs + HORIZON_MS;
  while ((found.closesMs.at(-1) ?? 0) <= fromMs && found.searchedToMs < untilMs) searchOn(found);
  const at = firstAfter(found.closesMs, fromMs);
  const opens = found.opensMs[at];
  if (opens === undefined || opens >= untilMs) return null;
  const opensAtMs = Math.max(fromMs, opens);
  const mostMs = opensAtMs + HORIZON_MS;
  while (found.cut && at === found.closesMs.length - 1 && found.closesMs[at]! < mostMs)
    searchOn(found);
  return { opensAtMs, closesAtMs: Math.min(found.closesMs[at]!, mostMs) };
}

/** Adds the next opening, or makes the one that was cut longer. */
function searchOn(found: Found): void {
  const next = search(found.plan, found.clocks, found.searchedToMs);
  if (next === null) {
    found.searchedToMs += HORIZON_MS;
    found.cut = false;
    return;
  }
  const { opensMs, closesMs } = found;
  if (found.cut && next.opensAtMs === found.searchedToMs) closesMs.pop();
  else opensMs.push(next.opensAtMs);
  closesMs.push(next.closesAtMs);
  found.searchedToMs = next.closesAtMs;
  found.cut = next.closesAtMs - next.opensAtMs === HORIZON_MS;
}

/** Index of the first of rising numbers that is greater than `value`. */
function firstAfter(rising: readonly number[], value: number): number {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The first opening from a moment on; null when there is none within the horizon. */
function search(plan: Plan, clocks: readonly Clock[], fromMs: number): Opening | null {
  const horizonMs = fromMs + HORIZON_MS;
  let opensAtMs = fromMs;
  for (;;) {
    let latestMs = opensAtMs;
    for (const clock of clocks) latestMs = opensFrom(plan, clock, latestMs, horizonMs);
    if (latestMs >= horizonMs) return null;
    if (latestMs === opensAtMs) break;
    opensAtMs = latestMs;
  }
  let closesAtMs = opensAtMs + HORIZON_MS;
  for (const clock of clocks) closesAtMs = openUntil(plan, clock, opensAtMs, closesAtMs);
  return { opensAtMs, closesAtMs };
}

function readPlan(hours: CallingHours): Plan {
  const weekdays = spanOf(hours.weekdays);
  const week = [...Array<Span>(5).fill(weekdays), spanOf(hours.saturday), spanOf(hours.sunday)];
  const dates = new Set<number>();
  const yearly = new Set<number>();
  for (const holiday of hours.holidays) {
    const [day = 0, month = 0, year] = holiday.split("-").map(Number).toReversed();
    if (year === undefined) yearly.add(month * 100 + day);
    else dates.add(Date.UTC(year, month - 1, day) / DAY_MS);
  }
  return { week, dates, yearly, onHolidays: spanOf(hours.onHolidays) };
}

/** Times that cannot be read open nothing. */
function spanOf(hours: Hours): Span {
  const from = hours === null ? null : minuteOfDay(hours.from);
  const to = hours === null ? null : minuteOfDay(hours.to);
  if (from === null || to === null || from >= to) return null;
  return { fromMs: from * MINUTE_MS, toMs: to * MINUTE_MS };
}

/** The hours of a date, given in days since 1970-01-01. */
function spanOn(plan: Plan, day: number): Span {
  if (plan.dates.has(day)) return plan.onHolidays;
  if (plan.yearly.size > 0) {
    const date = new Date(day * DAY_MS);
    if (plan.yearly.has((date.getUTCMonth() + 1) * 100 + date.getUTCDate())) return plan.onHolidays;
  }
  // 1970-01-01 was a Thursday.
  return plan.week[(((day + 3) % 7) + 7) % 7] ?? null;
}

/** The first open moment of one clock from `fromMs` on; `untilMs` when there is none before it. */
function opensFrom(plan: Plan, clock: Clock, fromMs: number, untilMs: number): number {
  let atMs = fromMs;
  while (atMs < untilMs) {
    const { offsetMs, endsAtMs } = stretchAt(clock, atMs);
    const day = Math.floor((atMs + offsetMs) / DAY_MS);
    const midnightMs = day * DAY_MS - offsetMs;
    const span = spanOn(plan, day);
    const openMs = span === null ? Infinity : Math.max(atMs, midnightMs + span.fromMs);
    if (span !== null && openMs < midnightMs + span.toMs && openMs < endsAtMs)
      return Math.min(openMs, untilMs);
    atMs = Math.min(endsAtMs, midnightMs + DAY_MS);
  }
  return untilMs;
}

/** The first moment of one clock that is not open any more, from an open one on; at most `untilMs`. */
function openUntil(plan: Plan, clock: Clock, openMs: number, untilMs: number): number {
  let atMs = openMs;
  while (atMs < untilMs) {
    const { offsetMs, endsAtMs } = stretchAt(clock, atMs);
    const day = Math.floor((atMs + offsetMs) / DAY_MS);
    const midnightMs = day * DAY_MS - offsetMs;
    const span = spanOn(plan, day);
    if (span === null || atMs < midnightMs + span.fromMs) return atMs;
    const closesMs = midnightMs + span.toMs;
    if (atMs >= closesMs) return atMs;
    atMs = Math.min(closesMs, endsAtMs);
  }
  return untilMs;
}

function clocksOf(zones: Zones): readonly Clock[] | null {
  if (zones.names.length === 0) return null;
  const clocks: Clock[] = [];
  for (const name of zones.names) {
    const clock = clockOf(name);
    if (clock === null) return null;
    clocks.push(clock);
  }
  return clocks;
}
