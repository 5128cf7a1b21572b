/** Wall clocks of IANA zones, fast enough to ask for every caller: the offset is asked of Intl once a quarter of an hour. */

/** A moment on the wall of a zone. */
export type WallTime = {
  /** 0 to 1439. */
  readonly minuteOfDay: number;
  /** 1 is Monday, 7 is Sunday. */
  readonly weekday: number;
};

// Clocks are only ever changed at a whole quarter of an hour in UTC.
const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;
// Policies name a handful of zones; more than that is somebody trying.
const MOST_ZONES = 200;

type Zone = {
  readonly format: Intl.DateTimeFormat;
  quarter: number;
  offsetMs: number;
};

const zones = new Map<string, Zone>();

/** The wall clock of `timeZone` at a moment. @throws RangeError for a zone this runtime does not know. */
export function wallTime(timeZone: string, nowMs: number): WallTime {
  const localMs = nowMs + offsetMs(timeZone, nowMs);
  const day = Math.floor(localMs / DAY_MS);
  return {
    minuteOfDay: Math.floor((localMs - day * DAY_MS) / 60_000),
    // 1970-01-01 was a Thursday.
    weekday: ((((day + 3) % 7) + 7) % 7) + 1,
  };
}

/**
 * The next moment at which the wall of `timeZone` comes to one of these minutes of the day (0 to 1440), or its clock is changed:
 * between now and then the wall runs on without passing any of them. Infinity without minutes.
 */
export function nextWallMs(timeZone: string, nowMs: number, minutes: Iterable<number>): number {
  const zone = zoneOf(timeZone);
  const offset = offsetMs(timeZone, nowMs);
  const dayMs = Math.floor((nowMs + offset) / DAY_MS) * DAY_MS - offset;
  let soonest = Infinity;
  for (const minute of minutes) {
    const todayMs = dayMs + minute * 60_000;
    soonest = Math.min(soonest, todayMs > nowMs ? todayMs : todayMs + DAY_MS);
  }
  if (soonest === Infinity) return soonest;
  // No clock is changed twice within a day, so the offset is one until the change and another from it on.
  let same = Math.floor(nowMs / QUARTER_MS);
  let other = Math.floor(soonest / QUARTER_MS);
  if (offsetOf(zone, other) === offset) return soonest;
  while (other - same > 1) {
    const between = Math.floor((same + other) / 2);
    if (offsetOf(zone, between) === offset) same = between;
    else other = between;
  }
  return other * QUARTER_MS;
}

/** Whether this runtime knows the zone. An offset such as `+03:00` is none: it has no summer time. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    zoneOf(name);
    return true;
  } catch {
    return false;
  }
}

function offsetMs(timeZone: string, nowMs: number): number {
  const zone = zoneOf(timeZone);
  const quarter = Math.floor(nowMs / QUARTER_MS);
  if (zone.quarter !== quarter) {
    zone.offsetMs = offsetOf(zone, quarter);
    zone.quarter = quarter;
  }
  return zone.offsetMs;
}

function offsetOf(zone: Zone, quarter: number): number {
  const atMs = quarter * QUARTER_MS;
  const parts: Record<string, number> = {};
  for (const { type, value } of zone.format.formatToParts(atMs)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - atMs;
}

function zoneOf(timeZone: string): Zone {
  let zone = zones.get(timeZone);
  if (zone === undefined) {
    const format = new Intl.DateTimeFormat("en-US", {
      ...{ timeZone, calendar: "gregory", numberingSystem: "latn", hourCycle: "h23" },
      ...{ year: "numeric", month: "numeric", day: "numeric" },
      ...{ hour: "numeric", minute: "numeric", second: "numeric" },
    });
    zone = { format, quarter: Number.NaN, offsetMs: 0 };
    if (zones.size >= MOST_ZONES) zones.clear();
    zones.set(timeZone, zone);
  }
  return zone;
}
