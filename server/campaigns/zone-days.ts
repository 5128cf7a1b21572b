/**
 * How far a zone's wall clock is from UTC, day by day: asked of Intl once for each zone and day, so that planning a hundred thousand
 * contacts costs arithmetic.
 */

export const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
// Names differ in their letters' case only when somebody writes them so; the bound is against that.
const MOST_ZONES = 1000;
const MOST_DAYS = 4000;

/** A zone with the days of it that were asked for. */
export type Clock = {
  readonly format: Intl.DateTimeFormat;
  readonly days: Map<number, ClockDay>;
};

/** One day in UTC: local time is UTC plus `offsetMs`, from `changesAtMs` on (Infinity: all day) plus `afterMs`. */
type ClockDay = {
  readonly offsetMs: number;
  readonly changesAtMs: number;
  readonly afterMs: number;
};

/** A stretch of time in which a clock runs on evenly. */
export type Stretch = {
  readonly offsetMs: number;
  /** The stretch holds before this moment; at most the end of the day in UTC. */
  readonly endsAtMs: number;
};

const clocks = new Map<string, Clock | null>();

/** The clock of an IANA zone; null for a name this runtime does not know, and for bare offsets (`+03:00`), which have no summer time. */
export function clockOf(timeZone: string): Clock | null {
  let clock = clocks.get(timeZone);
  if (clock === undefined) {
    clock = openClock(timeZone);
    if (clocks.size >= MOST_ZONES) clocks.clear();
    clocks.set(timeZone, clock);
  }
  return clock;
}

/** The even stretch that a moment lies in. */
export function stretchAt(clock: Clock, atMs: number): Stretch {
  const day = Math.floor(atMs / DAY_MS);
  const { offsetMs, changesAtMs, afterMs } = dayOf(clock, day);
  const endMs = (day + 1) * DAY_MS;
  return atMs >= changesAtMs
    ? { offsetMs: afterMs, endsAtMs: endMs }
    : { offsetMs, endsAtMs: Math.min(changesAtMs, endMs) };
}

/** Days since 1970-01-01 on the zone's own calendar. */
export function localDayAt(clock: Clock, atMs: number): number {
  return Math.floor((atMs + stretchAt(clock, atMs).offsetMs) / DAY_MS);
}

/** The first moment of the next day on the zone's own calendar: midnight, or where the clock jumps over it. */
export function nextMidnightMs(clock: Clock, fromMs: number): number {
  const today = localDayAt(clock, fromMs);
  let atMs = fromMs;
  for (;;) {
    const { offsetMs, endsAtMs } = stretchAt(clock, atMs);
    const midnightMs = (Math.floor((atMs + offsetMs) / DAY_MS) + 1) * DAY_MS - offsetMs;
    atMs = Math.min(midnightMs, endsAtMs);
    if (localDayAt(clock, atMs) > today) return atMs;
  }
}

function dayOf(clock: Clock, day: number): ClockDay {
  let known = clock.days.get(day);
  if (known === undefined) {
    known = readDay(clock.format, day * DAY_MS);
    if (clock.days.size >= MOST_DAYS) clock.days.clear();
    clock.days.set(day, known);
  }
  return known;
}

/** No clock is changed twice in a day, and none within a minute. */
function readDay(format: Intl.DateTimeFormat, startMs: number): ClockDay {
  const offsetMs = offsetAt(format, startMs);
  const afterMs = offsetAt(format, startMs + DAY_MS);
  if (offsetMs === afterMs) return { offsetMs, changesAtMs: Infinity, afterMs };
  let same = 0;
  let other = DAY_MS / MINUTE_MS;
  while (other - same > 1) {
    const between = Math.floor((same + other) / 2);
    if (offsetAt(format, startMs + between * MINUTE_MS) === offsetMs) same = between;
    else other = between;
  }
  return { offsetMs, changesAtMs: startMs + other * MINUTE_MS, afterMs };
}

function offsetAt(format: Intl.DateTimeFormat, atMs: number): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(atMs)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - atMs;
}

function openClock(timeZone: string): Clock | null {
  if (!/^[A-Za-z]/.test(timeZone)) return null;
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      ...{ timeZone, calendar: "gregory", numberingSystem: "latn", hourCycle: "h23" },
      ...{ year: "numeric", month: "numeric", day: "numeric" },
      ...{ hour: "numeric", minute: "numeric", second: "numeric" },
    });
    return { format, days: new Map() };
  } catch {
    return null;
  }
}
