/** Would anybody ever be called, and never when they must not be? Pure. */
import type { Problem } from "../priority/rest.ts";
import type { CampaignVocabulary } from "./check.ts";
import { kindRules } from "./kinds.ts";
import type { CallingHours, CampaignSettings, Hours, Zones } from "./model.ts";
import { type Findings, tell } from "./problems.ts";
import { firstAttempt } from "./retries.ts";
import { minuteOfDay, nextOpening } from "./windows.ts";
import { DAY_MS } from "./zone-days.ts";
import { countryZones } from "./zones.ts";

/** Below this, the retries of a day have no room. */
const SHORTEST_MINUTES = 15;
/** An hour a day. */
const LITTLE_MINUTES_A_WEEK = 420;

const DAYS = ["weekdays", "saturday", "sunday", "onHolidays"] as const;

/** Checks calling hours, start and end. */
export function checkHours(
  settings: CampaignSettings,
  vocabulary: CampaignVocabulary,
  found: Findings,
): void {
  const before = found.problems.length;
  checkWeek(settings, found);
  momentChecks(settings, vocabulary.nowMs, found);
  if (found.problems.length > before) return;
  openingChecks(settings, vocabulary, found);
}

/** Checks the hours of each day by themselves, whatever they are for. */
export function checkWeek(
  settings: Pick<CampaignSettings, "hours" | "kind">,
  found: Findings,
): void {
  spanChecks(settings, found);
  holidayChecks(settings.hours, found.problems);
}

function spanChecks(
  { hours, kind }: Pick<CampaignSettings, "hours" | "kind">,
  found: Findings,
): void {
  const { widest } = kindRules(kind);
  for (const day of DAYS) {
    const span = hours[day];
    if (span === null || !isSpan(span, `/hours/${day}`, found.problems)) continue;
    const { from: earliest, to: latest } = day === "weekdays" ? widest.weekdays : widest.weekend;
    if (span.from >= earliest && span.to <= latest) continue;
    const values = { ...span, earliest, latest };
    const list = widest.binding ? found.problems : found.warnings;
    const code = widest.binding ? "hoursBeyondLaw" : "hoursBeyondUsual";
    const words = widest.binding
      ? `${span.from} to ${span.to} is more than the law allows: ${earliest} to ${latest}`
      : `${span.from} to ${span.to}: people do not like to be called before ${earliest} or after ${latest}`;
    tell(list, `/hours/${day}`, code, values, words);
  }
}

function isSpan({ from, to }: NonNullable<Hours>, at: string, problems: Problem[]): boolean {
  const minutes = [
    ["from", from],
    ["to", to],
  ] as const;
  const [start, end] = minutes.map(([field, value]) => {
    const minute = minuteOfDay(value);
    if (minute === null) {
      const words = `"${value}" is no time of day such as 09:00`;
      tell(problems, `${at}/${field}`, "badTime", { value }, words);
    }
    return minute;
  });
  if (typeof start !== "number" || typeof end !== "number") return false;
  if (start >= end) {
    tell(problems, at, "hoursCross", { from, to }, `${from} is not before ${to}`);
    return false;
  }
  if (end - start < SHORTEST_MINUTES) {
    const values = { from, to, least: SHORTEST_MINUTES };
    const words = `${from} to ${to} is shorter than ${SHORTEST_MINUTES} minutes`;
    tell(problems, at, "hoursShort", values, words);
    return false;
  }
  return true;
}

function holidayChecks({ holidays }: CallingHours, problems: Problem[]): void {
  for (const [index, value] of holidays.entries()) {
    if (isDate(value)) continue;
    const words = `"${value}" is no date such as 2027-01-01, nor 01-01 for every year`;
    tell(problems, `/hours/holidays/${index}`, "badDate", { value }, words);
  }
}

function isDate(text: string): boolean {
  // 02-29 comes in leap years.
  const full = /^\d\d-\d\d$/.test(text) ? `2028-${text}` : text;
  const date = /^\d{4}-\d\d-\d\d$/.test(full) ? new Date(`${full}T00:00:00Z`) : null;
  return date !== null && !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === full;
}

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/;

function momentChecks(
  { startsAt, endsAt }: CampaignSettings,
  nowMs: number,
  { problems, warnings }: Findings,
): void {
  const [startMs, endMs] = (["startsAt", "endsAt"] as const).map((field) => {
    const value = { startsAt, endsAt }[field];
    if (value === null) return null;
    const ms = MOMENT.test(value) ? Date.parse(value) : Number.NaN;
    if (!Number.isNaN(ms)) return ms;
    const words = `"${value}" is no time such as 2027-01-31T09:00:00+03:00`;
    tell(problems, `/${field}`, "badMoment", { value }, words);
    return null;
  });
  if (typeof endMs !== "number") return;
  if (typeof startMs === "number" && endMs <= startMs)
    tell(problems, "/endsAt", "endBeforeStart", {}, "The campaign ends before it starts");
  else if (endMs <= nowMs)
    tell(warnings, "/endsAt", "endPassed", {}, "The campaign's end has passed");
}

function openingChecks(
  settings: CampaignSettings,
  { timeZone, country, nowMs }: CampaignVocabulary,
  { problems, warnings }: Findings,
): void {
  const { hours, startsAt, endsAt } = settings;
  const fromMs = Math.max(nowMs, startsAt === null ? nowMs : Date.parse(startsAt));
  const shop: Zones = { names: [timeZone], basis: "shop" };
  const noDay = [hours.weekdays, hours.saturday, hours.sunday].every((day) => day === null);
  if (noDay || nextOpening(hours, shop, fromMs) === null) {
    const words = "There is no day of the week on which anybody is called";
    tell(problems, "/hours", "neverOpen", {}, words);
    return;
  }
  if (
    endsAt !== null &&
    Date.parse(endsAt) > nowMs &&
    firstAttempt(settings, shop, fromMs) === null
  ) {
    const words = `Between its start and its end there is no time at which anybody is called`;
    tell(problems, "/endsAt", "neverOpenBefore", { end: endsAt }, words);
    return;
  }
  const names = countryZones(country);
  if (names.length < 2) return;
  // An ordinary week is meant, whatever week it is now.
  const ordinary = { ...hours, holidays: [] };
  const minutes = minutesAWeek(ordinary, { names, basis: "unknown" }, fromMs);
  if (minutes === 0) {
    const words = `No time of day is within these hours in all ${names.length} time zones: who may live in any of them is never called`;
    tell(warnings, "/hours", "unknownZoneNeverOpen", { zones: names.length }, words);
  } else if (minutes < LITTLE_MINUTES_A_WEEK) {
    const values = { zones: names.length, minutes };
    const words = `Who may live in any of ${names.length} time zones can be called in ${minutes} minutes a week only`;
    tell(warnings, "/hours", "unknownZoneLittleOpen", values, words);
  }
}

function minutesAWeek(hours: CallingHours, zones: Zones, fromMs: number): number {
  const endMs = fromMs + 7 * DAY_MS;
  let openMs = 0;
  let atMs = fromMs;
  while (atMs < endMs) {
    const opening = nextOpening(hours, zones, atMs);
    if (opening === null || opening.opensAtMs >= endMs) break;
    openMs += Math.min(opening.closesAtMs, endMs) - opening.opensAtMs;
    atMs = opening.closesAtMs;
  }
  return Math.round(openMs / 60_000);
}
