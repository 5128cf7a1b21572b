/** When somebody is called for the first time and again, and when it is enough. Pure. */
import type { AttemptOutcome } from "./attempts/model.ts";
import type {
  CampaignSettings,
  RetriedOutcome,
  RetryStep,
  WithdrawnBecause,
  Zones,
} from "./model.ts";
import { spacedFromMs } from "./spacing.ts";
import { DAY_MS, clockOf, localDayAt, nextMidnightMs } from "./zone-days.ts";
import { HORIZON_DAYS, type Opening, dayStartMs, nextDayMs, nextOpening } from "./windows.ts";

/** When an attempt is to be dialled: not before `dueAtMs`, and not from `windowEndsAtMs` on. Epoch ms. */
export type PlannedTime = { readonly dueAtMs: number; readonly windowEndsAtMs: number };

/** One attempt of a contact that is over. */
export type PastAttempt = { readonly outcome: AttemptOutcome; readonly endedAtMs: number };

const MINUTE_MS = 60_000;
const HORIZON_MS = HORIZON_DAYS * DAY_MS;

/**
 * When a contact is called for the first time; also when an attempt that may not be dialled now has to wait for the next calling hours.
 * The window ends the ring time before the hours do, so that no phone rings outside them, and when the campaign ends.
 * @returns null when there is no such time within 60 days or before the campaign's end.
 */
export function firstAttempt(
  settings: CampaignSettings,
  zones: Zones,
  notBeforeMs: number,
): PlannedTime | null {
  const startsAtMs = settings.startsAt === null ? -Infinity : Date.parse(settings.startsAt);
  return plannedFrom(settings, zones, Math.max(notBeforeMs, startsAtMs));
}

/**
 * What follows an attempt that is over.
 * @param past all attempts of the contact, the one that just ended last; at least one. For a talk whose disposition says `retry` its outcome is
 * to be given as `noAnswer`.
 * @param ofKindAtMs when the person was called for any campaign of this kind, oldest first, where a rule asks for it.
 * @returns `because` is "" when an operator's disposition says what the contact came to, else why there is nothing left to try.
 */
export function afterAttempt(
  settings: CampaignSettings,
  past: readonly PastAttempt[],
  zones: Zones,
  ofKindAtMs: readonly number[] = [],
):
  | ({ readonly next: "retry" } & PlannedTime)
  | { readonly next: "close"; readonly because: WithdrawnBecause | "" } {
  const last = past.at(-1);
  if (last === undefined) throw new RangeError("no attempt has ended");
  if (last.outcome === "talked") return { next: "close", because: "" };
  const called = past.filter(({ outcome }) => countsAsAttempt(outcome));
  if (past.filter(({ outcome }) => usesUpTry(outcome)).length >= settings.limits.perContact)
    return { next: "close", because: "exhausted" };
  const fromMs = retryFromMs(settings, past, zones);
  if (fromMs === null) return { next: "close", because: "exhausted" };
  const planned = withinLimits(settings, { called, ofKindAtMs }, zones, fromMs);
  if (planned !== null) return { next: "retry", ...planned };
  const ended = settings.endsAt !== null && nextOpening(settings.hours, zones, fromMs) !== null;
  return { next: "close", because: ended ? "campaignEnded" : "exhausted" };
}

/** Whether an attempt that ended so counts for the limits: the person's phone was dialled, or an operator decided about it. */
export function countsAsAttempt(outcome: AttemptOutcome): boolean {
  return outcome !== "operatorGone" && outcome !== "refusedByPbx";
}

/**
 * Whether it used up one of the contact's attempts. A phone that we let go while it rang counts for the day, as it disturbed, but it was
 * nothing the person did: they are called as often as if it had not been.
 */
export function usesUpTry(outcome: AttemptOutcome): boolean {
  return countsAsAttempt(outcome) && outcome !== "letGo";
}

/** Which of the admin's lists says what follows; the rest is answered here. */
const RETRIED_AS: Readonly<Partial<Record<AttemptOutcome, RetriedOutcome>>> = {
  busy: "busy",
  noAnswer: "noAnswer",
  machine: "machine",
  congestion: "congestion",
  abandoned: "abandoned",
  cutOff: "cutOff",
  // It did not come to the person, for a reason nobody knows: as little the person's doing as a full network.
  failed: "congestion",
};

/** Nobody was dialled: tried again soon, then ever more rarely, so that a broken phone or PBX is not hammered. */
const NOT_DIALLED_MINUTES = [1, 2, 5, 15, 30, 60] as const;
const MOST_NOT_DIALLED = 50;
/** Whose phone we let go is called again after this, not sooner: it has just rung for nothing. */
const LET_GO_MINUTES = 30;
const MOST_LET_GO = 20;
/** What an operator put aside is shown again after this. */
const SKIPPED_MINUTES = 60;

/** The earliest moment of the next attempt, hours and limits aside; null when no step is left. */
function retryFromMs(
  settings: CampaignSettings,
  past: readonly PastAttempt[],
  zones: Zones,
): number | null {
  const { outcome, endedAtMs } = past.at(-1)!;
  if (!countsAsAttempt(outcome)) {
    const tries = past.filter((one) => !countsAsAttempt(one.outcome)).length;
    if (tries > MOST_NOT_DIALLED) return null;
    const minutes = NOT_DIALLED_MINUTES[tries - 1] ?? NOT_DIALLED_MINUTES.at(-1)!;
    return endedAtMs + minutes * MINUTE_MS;
  }
  if (outcome === "letGo") {
    const times = past.filter((one) => one.outcome === "letGo").length;
    return times > MOST_LET_GO ? null : endedAtMs + LET_GO_MINUTES * MINUTE_MS;
  }
  if (outcome === "skipped") return endedAtMs + SKIPPED_MINUTES * MINUTE_MS;
  const list = RETRIED_AS[outcome];
  // Refused, or a number that cannot be called: another try would only annoy or cost.
  if (list === undefined) return null;
  const n = past.filter((one) => RETRIED_AS[one.outcome] === list).length;
  const step: RetryStep | undefined = settings.retries[list][n - 1];
  if (step === undefined) return null;
  if (step === "otherHalfOfNextDay") return otherHalfMs(settings, zones, endedAtMs);
  return endedAtMs + step.afterMinutes * MINUTE_MS;
}

/**
 * The beginning of the other half of the next day on which calling is allowed: who did not answer in the first half of a day's hours is tried
 * in the second half, and the other way round.
 */
function otherHalfMs(settings: CampaignSettings, zones: Zones, endedAtMs: number): number | null {
  const startMs = dayStartMs(zones, endedAtMs);
  const tomorrowMs = nextDayMs(zones, endedAtMs);
  if (startMs === null || tomorrowMs === null) return null;
  const today = openingOfDay(settings, zones, startMs);
  const next = openingOfDay(settings, zones, tomorrowMs);
  if (next === null) return null;
  const wasFirstHalf = today === null || endedAtMs < middleMs(today);
  return wasFirstHalf ? middleMs(next) : next.opensAtMs;
}

/** The first opening from a day's beginning on, cut where its own day ends. */
function openingOfDay(settings: CampaignSettings, zones: Zones, fromMs: number): Opening | null {
  const opening = nextOpening(settings.hours, zones, fromMs);
  if (opening === null) return null;
  const dayEndsMs = nextDayMs(zones, opening.opensAtMs) ?? opening.closesAtMs;
  return { ...opening, closesAtMs: Math.min(opening.closesAtMs, dayEndsMs) };
}

function middleMs({ opensAtMs, closesAtMs }: Opening): number {
  return Math.floor((opensAtMs + closesAtMs) / 2 / MINUTE_MS) * MINUTE_MS;
}

/** What limits count: this contact's own attempts, and when the person was called for any campaign of the kind. */
type Counted = { readonly called: readonly PastAttempt[]; readonly ofKindAtMs: readonly number[] };

/** The first time from `fromMs` on that is within hours and breaks no limit of a day, week or month. */
function withinLimits(
  settings: CampaignSettings,
  counted: Counted,
  zones: Zones,
  fromMs: number,
): PlannedTime | null {
  let atMs = fromMs;
  while (atMs - fromMs < HORIZON_MS) {
    const planned = firstAttempt(settings, zones, atMs);
    if (planned === null) return null;
    const roomMs = roomFrom(settings, counted, zones, planned.dueAtMs);
    if (roomMs <= planned.dueAtMs) return planned;
    atMs = roomMs;
  }
  return null;
}

/** `atMs`, or the later moment at which a limit that is reached at `atMs` leaves room again. */
function roomFrom(
  settings: CampaignSettings,
  { called, ofKindAtMs }: Counted,
  zones: Zones,
  atMs: number,
): number {
  const { perPhoneADay, perCustomerADay } = settings.limits;
  const mostADay = Math.min(perPhoneADay, perCustomerADay);
  let roomMs = atMs;
  for (const name of zones.names) {
    const clock = clockOf(name);
    if (clock === null) continue;
    const day = localDayAt(clock, atMs);
    const today = called.filter((one) => localDayAt(clock, one.endedAtMs) === day).length;
    if (today >= mostADay) roomMs = Math.max(roomMs, nextMidnightMs(clock, atMs));
  }
  const own = called.map(({ endedAtMs }) => endedAtMs);
  roomMs = spacedFromMs(settings.kind, own, roomMs);
  return spacedFromMs(settings.kind, ofKindAtMs, roomMs);
}

function plannedFrom(settings: CampaignSettings, zones: Zones, fromMs: number): PlannedTime | null {
  const ringMs = settings.ringSeconds * 1000;
  const endsAtMs = settings.endsAt === null ? Infinity : Date.parse(settings.endsAt);
  let atMs = fromMs;
  while (atMs - fromMs < HORIZON_MS) {
    const opening = nextOpening(settings.hours, zones, atMs);
    if (opening === null || opening.opensAtMs >= endsAtMs) return null;
    const lastDialMs = opening.closesAtMs - ringMs;
    if (lastDialMs > opening.opensAtMs)
      return { dueAtMs: opening.opensAtMs, windowEndsAtMs: Math.min(lastDialMs, endsAtMs) };
    atMs = opening.closesAtMs;
  }
  return null;
}
