/** A generated day, for who has no history yet: Poisson arrivals, lognormal handling times, exponential patience. Pure. */
import type { Standing, Subject } from "../model.ts";
import type { GeneratedDay } from "./model.ts";
import { drawsOf } from "./random.ts";
import type { Workload } from "./workload.ts";

const HOUR_MS = 3_600_000;

/**
 * Shares of customers with something open, so that rules about problems have whom to put forward; independent of tier. Typical of a shop
 * that delivers, not measured at any one.
 */
const OPEN_CLAIM = 0.03;
const ORDER_LATE = 0.04;
const ORDER_ON_ITS_WAY = 0.2;
/** Who has a tier ordered so often, so that a shop whose rules ask for orders instead of tiers has regular customers on the day too. */
const ORDERS_OF_REGULARS = 5;
/** Of callers without a tier: numbers nobody knows. */
const UNKNOWN_NUMBER = 0.3;

/** @param options.queue what the callers' queue is called, for rules that ask; `startAtMs` when the day begins. */
export function generateDay(
  day: GeneratedDay,
  options: { readonly queue: string; readonly startAtMs: number },
): Workload {
  const arrivals = drawsOf(day.seed, "arrivals");
  const handling = drawsOf(day.seed, "handling");
  const patience = drawsOf(day.seed, "patience");
  const people = drawsOf(day.seed, "people");
  const { mean, cv } = day.handlingSeconds;
  const endMs = options.startAtMs + day.hours * HOUR_MS;
  const meanGapMs = HOUR_MS / day.callersPerHour;

  const joinedAtMs: number[] = [];
  const subjects: Subject[] = [];
  const tiers: string[] = [];
  const subjectOf = subjectMaker(options.queue, options.startAtMs);
  let atMs = options.startAtMs;
  for (;;) {
    atMs += arrivals.exponential(meanGapMs);
    if (atMs >= endMs) break;
    joinedAtMs.push(atMs);
    const tier = tierOf(day, people.uniform());
    const subject = subjectOf(tier, people.uniform(), people.uniform());
    tiers.push(tier);
    subjects.push(subject);
  }
  const each = (draw: () => number) => Float64Array.from(joinedAtMs, draw);
  return {
    pools: [
      {
        queues: [options.queue],
        joinedAtMs: Float64Array.from(joinedAtMs),
        queue: new Uint16Array(joinedAtMs.length),
        ringMs: new Float64Array(joinedAtMs.length),
        handlingMs: each(() => handling.lognormal(mean, cv) * 1000),
        patienceMs: each(() => patience.exponential(day.patienceSeconds) * 1000),
        // Nobody goes home while somebody waits: the last callers of the day are answered too.
        duty: [{ atMs: options.startAtMs, change: day.operators }],
        subjects,
        tiers,
      },
    ],
    patienceGuessed: false,
    recorded: null,
  };
}

function tierOf(day: GeneratedDay, draw: number): string {
  let share = 0;
  for (const one of day.tiers) {
    share += one.share;
    if (draw < share) return one.tier;
  }
  return "";
}

/** One object for all callers who are alike, so that a day of many callers stays small. */
function subjectMaker(
  queue: string,
  startAtMs: number,
): (tier: string, known: number, problem: number) => Subject {
  const made = new Map<string, Subject>();
  return (tier, known, problem) => {
    const isKnown = tier !== "" || known >= UNKNOWN_NUMBER;
    const kind = !isKnown
      ? "unknown"
      : problem < OPEN_CLAIM
        ? "claim"
        : problem < OPEN_CLAIM + ORDER_LATE
          ? "late"
          : problem < OPEN_CLAIM + ORDER_LATE + ORDER_ON_ITS_WAY
            ? "onItsWay"
            : "";
    const key = `${kind}/${tier}`;
    const alike = made.get(key);
    if (alike !== undefined) return alike;
    const subject: Subject = {
      queue,
      caller: isKnown ? "customer" : "unknown",
      standing: isKnown ? standingOf(tier, kind, startAtMs) : null,
      place: { city: "", region: "", country: "" },
      lostAtMs: null,
    };
    made.set(key, subject);
    return subject;
  };
}

function standingOf(tier: string, kind: string, startAtMs: number): Standing {
  const hasOrder = tier !== "" || kind !== "";
  return {
    customerId: "",
    name: "",
    language: "",
    tier,
    vip: false,
    segments: [],
    city: "",
    region: "",
    orderCount: tier !== "" ? ORDERS_OF_REGULARS : hasOrder ? 1 : 0,
    lifetimeMinor: 0,
    lastOrderAtMs: hasOrder ? startAtMs - 72 * HOUR_MS : null,
    orderOnItsWay: kind === "onItsWay" || kind === "late",
    orderLate: kind === "late",
    openClaim: kind === "claim",
    cartLeftAtMs: null,
    lostAtMs: null,
    personalManager: "",
    lastOperator: "",
  };
}
