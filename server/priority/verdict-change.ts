/**
 * When does what a policy says of a caller change by the clock alone? A tenth minute past nine, an hour after a cart was left, a
 * parcel's promised day: whoever keeps verdicts of people who wait asks again then. Pure.
 */
import { minutesOf } from "./decide.ts";
import type { Condition, Policy, Subject } from "./model.ts";
import { nextWallMs } from "./zone-clock.ts";

const HOUR_MS = 3_600_000;

/**
 * The next moment, to the millisecond, at which `decide` may say something else of the same subject; until then it says the same.
 * Infinity for never. Nothing can be said of what changes in the shop or on the phone: that is told, not reckoned.
 */
export function nextVerdictMs(policy: Policy, subject: Subject, nowMs: number): number {
  let soonest = Infinity;
  for (const rule of policy.rules) {
    if (!rule.on) continue;
    for (const condition of rule.when) {
      const changesMs = changesAtMs(condition, policy, subject, nowMs);
      if (changesMs > nowMs && changesMs < soonest) soonest = changesMs;
    }
  }
  return soonest;
}

function changesAtMs(
  condition: Condition,
  policy: Policy,
  subject: Subject,
  nowMs: number,
): number {
  const { standing } = subject;
  switch (condition.fact) {
    case "timeOfDay":
      return nextTimeOfDayMs(policy, nowMs);
    case "lastOrder":
      return after(standing?.lastOrderAtMs, condition.withinDays * 24 * HOUR_MS);
    case "cartLeft":
      return after(standing?.cartLeftAtMs, condition.withinHours * HOUR_MS);
    case "gotLost":
      return after(
        standing === null ? subject.lostAtMs : standing.lostAtMs,
        condition.withinHours * HOUR_MS,
      );
    case "orderLate":
      return after(standing?.orderDueAtMs, 0);
    case "tier":
    case "segment":
    case "lifetimeValue":
    case "orderCount":
    case "orderOnItsWay":
    case "openClaim":
    case "vip":
    case "region":
    case "caller":
    case "queue":
    default:
      return Infinity;
  }
}

/** The first millisecond more than `withinMs` after something happened. */
function after(happenedMs: number | null | undefined, withinMs: number): number {
  return typeof happenedMs === "number" ? Math.floor(happenedMs + withinMs) + 1 : Infinity;
}

/** Times of day are everybody's: one answer of a policy serves all who wait until it is over. */
type Span = { readonly fromMs: number; readonly untilMs: number };
const spans = new WeakMap<Policy, Span>();

function nextTimeOfDayMs(policy: Policy, nowMs: number): number {
  const known = spans.get(policy);
  if (known !== undefined && nowMs >= known.fromMs && nowMs < known.untilMs) return known.untilMs;
  const minutes = new Set<number>();
  for (const { on, when } of policy.rules) {
    for (const condition of on ? when : []) {
      if (condition.fact !== "timeOfDay") continue;
      minutes.add(minutesOf(condition.from) ?? 0).add(minutesOf(condition.to) ?? 1440);
    }
  }
  const untilMs = nextWallMs(policy.timeZone, nowMs, minutes);
  spans.set(policy, { fromMs: nowMs, untilMs });
  return untilMs;
}
