/** When to call somebody back, by their own clock. Pure. */
import type { CallingHours, Hours } from "../../server/campaigns/model.ts";
import type { CallBack } from "../../server/desk/protocol.ts";
import { wallClock } from "../shared/time.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** What the clocks of a zone show, `2026-11-23T15:00`; "" for no zone. */
export function wallOf(zone: string, atMs: number): string {
  const wall = wallClock(zone, atMs);
  return wall === null ? "" : textOf(wall.wallMs);
}

/** When the clocks of a zone show this; null for no zone and no time. A time that a clock jumps over is taken as just before or after. */
export function momentOf(at: string, zone: string): number | null {
  const wantedMs = Date.parse(`${at}:00Z`);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(at) || Number.isNaN(wantedMs)) return null;
  let atMs = wantedMs;
  for (let step = 0; step < 3; step++) {
    const wall = wallClock(zone, atMs);
    if (wall === null) return null;
    atMs += wantedMs - wall.wallMs;
  }
  return atMs;
}

/** A time that is offered by a word. */
export type QuickChoice = {
  readonly name: "inAnHour" | "thisEvening" | "tomorrowMorning";
  readonly at: string;
};

/** What is offered at this moment: in an hour (to whole five minutes), at six today unless that is near, at ten tomorrow. */
export function quickChoices(zone: string, nowMs: number): readonly QuickChoice[] {
  const wall = wallClock(zone, nowMs);
  if (wall === null) return [];
  const step = 5 * MINUTE_MS;
  const inAnHour = Math.ceil((wall.wallMs + 60 * MINUTE_MS) / step) * step;
  const todayMs = Math.floor(wall.wallMs / DAY_MS) * DAY_MS;
  const evening = todayMs + 18 * 60 * MINUTE_MS;
  return [
    { name: "inAnHour", at: textOf(inAnHour) },
    ...(evening > inAnHour ? [{ name: "thisEvening" as const, at: textOf(evening) }] : []),
    { name: "tomorrowMorning", at: textOf(todayMs + DAY_MS + 10 * 60 * MINUTE_MS) },
  ];
}

/** Zones that differ on the clock now, earliest first. */
export function zoneChoices(
  zones: readonly string[],
  nowMs: number,
): readonly { readonly zone: string; readonly at: string }[] {
  const byTime = new Map<string, string>();
  for (const zone of zones) {
    const at = wallOf(zone, nowMs);
    if (at !== "" && !byTime.has(at)) byTime.set(at, zone);
  }
  return [...byTime].map(([at, zone]) => ({ zone, at })).toSorted((a, b) => (a.at < b.at ? -1 : 1));
}

/** True when the campaign does not call at this time of the person's own clock. */
export function isOutside(at: string, hours: CallingHours): boolean {
  const day = new Date(`${at.slice(0, 10)}T00:00:00Z`).getUTCDay();
  const holiday =
    hours.holidays.includes(at.slice(0, 10)) || hours.holidays.includes(at.slice(5, 10));
  const open: Hours = holiday
    ? hours.onHolidays
    : day === 0
      ? hours.sunday
      : day === 6
        ? hours.saturday
        : hours.weekdays;
  const time = at.slice(11);
  return open === null || time < open.from || time >= open.to;
}

/** What is wrong with a time to call back; null when it can be saved. */
export function callBackProblem(
  callBack: CallBack | null,
  nowMs: number,
): "missing" | "past" | null {
  const atMs = callBack && momentOf(callBack.at, callBack.timeZone);
  if (atMs === null) return "missing";
  return atMs <= nowMs ? "past" : null;
}

function textOf(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 16);
}
