/**
 * What the policy says of one caller, and why. Pure: the same policy, caller and moment give the same answer.
 *
 * Names of tiers, segments, regions and queues are compared without regard to case. A policy is prepared once, when it is
 * first asked; policies never change after they were made.
 */
import {
  type Condition,
  type Effect,
  PLAIN,
  type Policy,
  type PreferredRule,
  type Rule,
  type Standing,
  type Subject,
  type Verdict,
} from "./model.ts";
import { type WallTime, wallTime } from "./zone-clock.ts";

/** Rules are asked from the top; the first that is on and whose conditions all hold applies. */
export function decide(policy: Policy, subject: Subject, nowMs: number): Verdict {
  const prepared = preparedOf(policy);
  const asked: Asked = {
    subject,
    timeZone: policy.timeZone,
    nowMs,
    wall: null,
    tier: subject.standing === null ? "" : folded(subject.standing.tier),
    queue: folded(subject.queue),
  };
  const passedOver: { ruleId: string; failed: Condition | null }[] = [];
  for (const { rule, tests } of prepared.rules) {
    const failed = rule.on ? firstFailed(rule, tests, asked) : null;
    if (rule.on && failed === null)
      return verdictOf(prepared, subject, rule.then, rule, passedOver);
    passedOver.push({ ruleId: rule.id, failed });
  }
  return verdictOf(prepared, subject, PLAIN, null, passedOver);
}

/** Whether the policy puts this queue in order. "" is a queue nobody named yet: it may be one of them. */
export function isOrdered(policy: Policy, queue: string): boolean {
  return ordersQueue(preparedOf(policy), queue);
}

/** How names are compared: `Gold` is `gold`. */
export function fold(name: string): string {
  return name.normalize("NFC").trim().toLowerCase();
}

const sets = new WeakMap<readonly string[], ReadonlySet<string>>();

/** The names folded; made once for each list. */
export function foldedSet(names: readonly string[]): ReadonlySet<string> {
  let set = sets.get(names);
  if (set === undefined) {
    set = new Set(names.map(fold));
    sets.set(names, set);
  }
  return set;
}

/** Minutes of a time such as `09:30`; `24:00` is the end of the day. Null for anything else. */
export function minutesOf(time: string): number | null {
  const parts = /^(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/.exec(time);
  if (parts === null) return null;
  return parts[1] === undefined ? 1440 : Number(parts[1]) * 60 + Number(parts[2]);
}

type Asked = {
  readonly subject: Subject;
  readonly timeZone: string;
  readonly nowMs: number;
  /** Folded. */
  readonly tier: string;
  readonly queue: string;
  /** Read by the first condition that asks. */
  wall: WallTime | null;
};
type Test = (asked: Asked) => boolean;
type Prepared = {
  /** Folded; null means all. */
  readonly queues: ReadonlySet<string> | null;
  readonly rules: readonly { readonly rule: Rule; readonly tests: readonly Test[] }[];
};

const known = new WeakMap<Policy, Prepared>();

function preparedOf(policy: Policy): Prepared {
  let prepared = known.get(policy);
  if (prepared === undefined) {
    prepared = {
      queues: policy.queues.length === 0 ? null : foldedSet(policy.queues),
      rules: policy.rules.map((rule) => ({
        rule,
        tests: rule.when.map((condition) => testOf(condition)),
      })),
    };
    known.set(policy, prepared);
  }
  return prepared;
}

function ordersQueue({ queues }: Prepared, queue: string): boolean {
  return queues === null || queue === "" || queues.has(folded(queue));
}

function firstFailed(rule: Rule, tests: readonly Test[], asked: Asked): Condition | null {
  for (let at = 0; at < tests.length; at++) {
    const condition = rule.when[at]!;
    if (tests[at]!(asked) === (condition.not === true)) return condition;
  }
  return null;
}

function verdictOf(
  prepared: Prepared,
  subject: Subject,
  effect: Effect,
  rule: Rule | null,
  passedOver: Verdict["passedOver"],
): Verdict {
  // In a queue the policy leaves alone nobody's waiting counts for more, whoever asks.
  const ordered = ordersQueue(prepared, subject.queue);
  return {
    rate: ordered ? effect.rate : PLAIN.rate,
    headStartMs: ordered ? effect.headStartSeconds * 1000 : 0,
    skipQuestions: effect.skipQuestions,
    preferred: effect.preferred === null ? null : preferredOf(effect.preferred, subject.standing),
    message: effect.message,
    rule: rule === null ? null : { id: rule.id, name: rule.name },
    passedOver,
  };
}

function preferredOf(rule: PreferredRule, standing: Standing | null): Verdict["preferred"] {
  const login =
    rule.who === "operator"
      ? rule.login
      : rule.who === "personalManager"
        ? standing?.personalManager
        : standing?.lastOperator;
  return login ? { login, waitSeconds: rule.waitSeconds } : null;
}

const HOUR_MS = 3_600_000;

/** The condition without its `not`. What is not known of a caller does not hold. */
function testOf(condition: Condition): Test {
  switch (condition.fact) {
    case "tier": {
      const names = foldedSet(condition.in);
      return ({ subject, tier }) => subject.standing !== null && names.has(tier);
    }
    case "segment": {
      const names = foldedSet(condition.in);
      return of((standing) => standing.segments.some((segment) => names.has(folded(segment))));
    }
    case "lifetimeValue":
      return of((standing) => standing.lifetimeMinor >= condition.atLeastMinor);
    case "orderCount": {
      const { atLeast = 0, atMost = Infinity } = condition;
      return of(({ orderCount }) => orderCount >= atLeast && orderCount <= atMost);
    }
    case "lastOrder":
      return since((standing) => standing.lastOrderAtMs, condition.withinDays * 24 * HOUR_MS);
    case "orderOnItsWay":
      return of((standing) => standing.orderOnItsWay);
    case "orderLate":
      // A promise may run out while its customer waits.
      return ({ subject: { standing }, nowMs }) =>
        standing !== null && (standing.orderLate || nowMs > (standing.orderDueAtMs ?? Infinity));
    case "openClaim":
      return of((standing) => standing.openClaim);
    case "cartLeft":
      return since((standing) => standing.cartLeftAtMs, condition.withinHours * HOUR_MS);
    case "gotLost":
      return ({ subject, nowMs }) => {
        const atMs = subject.standing === null ? subject.lostAtMs : subject.standing.lostAtMs;
        return atMs !== null && nowMs - atMs <= condition.withinHours * HOUR_MS;
      };
    case "vip":
      return of((standing) => standing.vip);
    case "region":
      return inRegion(foldedSet(condition.in));
    case "caller":
      return ({ subject }) => subject.caller === condition.is;
    case "queue": {
      const names = foldedSet(condition.in);
      return ({ queue }) => names.has(queue);
    }
    case "timeOfDay":
    default:
      return atTimeOfDay(condition);
  }
}

function of(test: (standing: Standing) => boolean): Test {
  return ({ subject: { standing } }) => standing !== null && test(standing);
}

function since(atMs: (standing: Standing) => number | null, withinMs: number): Test {
  return ({ subject: { standing }, nowMs }) => {
    const happenedMs = standing === null ? null : atMs(standing);
    return happenedMs !== null && nowMs - happenedMs <= withinMs;
  };
}

/** City and region of the address where there is one, else of the number; an address names no country, the number does. */
function inRegion(names: ReadonlySet<string>): Test {
  return ({ subject: { standing, place } }) => {
    const { city, region } =
      standing !== null && (standing.city !== "" || standing.region !== "") ? standing : place;
    return (
      (city !== "" && names.has(folded(city))) ||
      (region !== "" && names.has(folded(region))) ||
      (place.country !== "" && names.has(folded(place.country)))
    );
  };
}

function atTimeOfDay(condition: Extract<Condition, { fact: "timeOfDay" }>): Test {
  const from = minutesOf(condition.from) ?? 0;
  const to = minutesOf(condition.to) ?? 1440;
  const days = condition.days === undefined || condition.days.length === 0 ? null : condition.days;
  return (asked) => {
    const { minuteOfDay, weekday } = (asked.wall ??= wallTime(asked.timeZone, asked.nowMs));
    if (from < to)
      return minuteOfDay >= from && minuteOfDay < to && (days === null || days.includes(weekday));
    // Over midnight: the hours after it belong to the day the span began on. From and to alike is a whole day.
    if (minuteOfDay >= from) return days === null || days.includes(weekday);
    const dayBefore = weekday === 1 ? 7 : weekday - 1;
    return minuteOfDay < to && (days === null || days.includes(dayBefore));
  };
}

// Callers come from few tiers, cities and queues; folding the same names again costs more than the rest of a decision.
const MOST_FOLDED = 5000;
const foldedNames = new Map<string, string>();

/** {@link fold}, remembered: a question compares the same few names with every rule. */
export function folded(name: string): string {
  let text = foldedNames.get(name);
  if (text === undefined) {
    text = fold(name);
    if (foldedNames.size >= MOST_FOLDED) foldedNames.clear();
    foldedNames.set(name, text);
  }
  return text;
}
