/** What a policy of the right shape says: wrong values, names nobody has, promises that cannot be kept. Pure. */
import { fold, foldedSet, minutesOf } from "./decide.ts";
import { cannotHold, ruleAbove } from "./implies.ts";
import type { Condition, Guard, Policy, PreferredRule, Rule } from "./model.ts";
import { POLICY_RANGES } from "./policy-schema.ts";
import { type ProblemCode, type ProblemValues, listed, nearest, problem } from "./problems.ts";
import { whole, within } from "./shape.ts";
import type { Checked, Problem, Vocabulary } from "./rest.ts";
import { isTimeZone } from "./zone-clock.ts";

/** Names a vocabulary lists at most; at the limit there may be more, and a name that is not listed is only doubted. */
export const MOST_LISTED = 500;

/** Nobody reads more names that are not known; looking for what was meant by each would take long. */
const MOST_FINDINGS = 100;

/** Below this a guard leaves the rules next to nothing: one call answered out of turn costs about as much. */
const TIGHT_SECONDS = 15;

type Findings = { readonly problems: Problem[]; readonly warnings: Problem[] };

/** Everything that is wrong or doubtful, in the order of the policy. */
export function checkMeaning(policy: Policy, vocabulary: Vocabulary): Checked {
  const found: Findings = { problems: [], warnings: [] };
  const ids = new Set<string>();
  for (const [index, rule] of policy.rules.entries()) {
    const at = `/rules/${index}`;
    checkRule(rule, at, vocabulary, policy.guard, found);
    if (ids.has(rule.id)) {
      const words = `Another rule above has the id "${rule.id}" too`;
      found.problems.push(problem(`${at}/id`, "duplicateRule", { value: rule.id }, words));
    }
    ids.add(rule.id);
  }
  checkGuard(policy, vocabulary, found);
  for (const [index, queue] of policy.queues.entries())
    knownName(`/queues/${index}`, "unknownQueue", queue, vocabulary.queues, found);
  if (!isTimeZone(policy.timeZone)) {
    const value = policy.timeZone;
    const suggestion = nearest(value, Intl.supportedValuesOf("timeZone"));
    const words = `"${value}" is not a time zone such as Europe/Moscow${didYouMean(suggestion)}`;
    const values = { value, suggestion };
    found.problems.push(problem("/timeZone", "unknownTimeZone", values, words));
  }
  checkOrderOfRules(policy.rules, found);
  return found;
}

function checkRule(
  rule: Rule,
  at: string,
  vocabulary: Vocabulary,
  guard: Guard,
  found: Findings,
): void {
  const { problems } = found;
  if (!/^[\w-]+$/.test(rule.id)) {
    const words = `An id has letters, digits, - and _; "${rule.id}" does not`;
    problems.push(problem(`${at}/id`, "badId", { value: rule.id }, words));
  }
  if (rule.name.trim() === "")
    problems.push(problem(`${at}/name`, "empty", { field: "name" }, "The rule has no name"));
  for (const [index, condition] of rule.when.entries())
    checkCondition(condition, `${at}/when/${index}`, vocabulary, found);
  const { rate, headStartSeconds, preferred } = rule.then;
  within(`${at}/then/rate`, rate, POLICY_RANGES.rate, problems);
  within(`${at}/then/headStartSeconds`, headStartSeconds, POLICY_RANGES.headStartSeconds, problems);
  if (preferred !== null)
    checkPreferred(preferred, `${at}/then/preferred`, vocabulary, guard, found);
}

function checkCondition(
  condition: Condition,
  at: string,
  vocabulary: Vocabulary,
  found: Findings,
): void {
  const { problems } = found;
  switch (condition.fact) {
    case "tier":
      return knownNames(at, "unknownTier", condition.in, vocabulary.tiers, found);
    case "segment":
      return knownNames(at, "unknownSegment", condition.in, vocabulary.segments, found);
    case "queue":
      return knownNames(at, "unknownQueue", condition.in, vocabulary.queues, found);
    case "region": {
      const names = condition.in.map((name) => (isCountry(name) ? null : name));
      return knownNames(at, "unknownRegion", names, vocabulary.regions, found);
    }
    case "lifetimeValue":
      return whole(
        `${at}/atLeastMinor`,
        condition.atLeastMinor,
        POLICY_RANGES.atLeastMinor,
        problems,
      );
    case "orderCount":
      return checkOrderCount(condition, at, problems);
    case "lastOrder":
      return within(`${at}/withinDays`, condition.withinDays, POLICY_RANGES.withinDays, problems);
    case "cartLeft":
    case "gotLost":
      return within(
        `${at}/withinHours`,
        condition.withinHours,
        POLICY_RANGES.withinHours,
        problems,
      );
    case "timeOfDay":
      return checkTimeOfDay(condition, at, problems);
    case "orderOnItsWay":
    case "orderLate":
    case "openClaim":
    case "vip":
    case "caller":
      return undefined;
  }
}

function checkOrderCount(
  { atLeast, atMost }: Extract<Condition, { fact: "orderCount" }>,
  at: string,
  problems: Problem[],
): void {
  if (atLeast === undefined && atMost === undefined) {
    const words = "Say how many orders: at least, at most, or both";
    problems.push(problem(at, "noLimits", {}, words));
  }
  if (atLeast !== undefined) whole(`${at}/atLeast`, atLeast, POLICY_RANGES.orders, problems);
  if (atMost !== undefined) whole(`${at}/atMost`, atMost, POLICY_RANGES.orders, problems);
  if (atLeast !== undefined && atMost !== undefined && atLeast > atMost) {
    const words = `Nobody has at least ${atLeast} and at most ${atMost} orders`;
    problems.push(problem(at, "limitsCross", { atLeast, atMost }, words));
  }
}

function checkTimeOfDay(
  { from, to, days }: Extract<Condition, { fact: "timeOfDay" }>,
  at: string,
  problems: Problem[],
): void {
  for (const [field, value] of Object.entries({ from, to })) {
    const isTime = minutesOf(value) !== null && (field === "to" || value !== "24:00");
    if (!isTime) {
      const words = `"${value}" is not a time of day such as 09:00`;
      problems.push(problem(`${at}/${field}`, "badTime", { value }, words));
    }
  }
  for (const [index, day] of (days ?? []).entries()) {
    if (Number.isInteger(day) && day >= 1 && day <= 7) continue;
    const words = `${day} is not a day of the week: Monday is 1, Sunday is 7`;
    problems.push(problem(`${at}/days/${index}`, "badDay", { value: day }, words));
  }
}

function checkPreferred(
  preferred: PreferredRule,
  at: string,
  vocabulary: Vocabulary,
  guard: Guard,
  { problems, warnings }: Findings,
): void {
  const { who, login = "", waitSeconds } = preferred;
  within(`${at}/waitSeconds`, waitSeconds, POLICY_RANGES.waitSeconds, problems);
  if (who === "operator" && login === "") {
    problems.push(problem(`${at}/login`, "loginMissing", {}, "Say which operator"));
  } else if (who === "operator") {
    const logins = vocabulary.operators.map((one) => one.login);
    if (!logins.includes(login)) {
      const values = unknown(login, logins);
      const words = `Nobody who takes calls has the login "${login}"${andKnown(values)}`;
      problems.push(problem(`${at}/login`, "unknownOperator", values, words));
    }
  } else if (login !== "") {
    const words = `The login "${login}" is not used: this rule asks for the caller's own operator`;
    warnings.push(problem(`${at}/login`, "loginNotUsed", { value: login }, words));
  }
  const promises = [guard.mostExtraWaitSeconds, guard.neverPassedAfterSeconds];
  const promised = Math.min(...promises.map((seconds) => seconds ?? Infinity));
  if (waitSeconds > promised) {
    const values = { value: waitSeconds, guard: promised };
    const words = `A caller who waits ${waitSeconds} s for one operator breaks the guard of ${promised} s: put back in turn, they would be sent to the same operator again, in a loop. Wait at most ${promised} s, or widen the guard`;
    problems.push(problem(`${at}/waitSeconds`, "preferredBeyondGuard", values, words));
  }
}

function checkGuard(
  { guard, rules }: Policy,
  { cannotMove = [] }: Vocabulary,
  { problems, warnings }: Findings,
): void {
  const movers = rules.filter((rule) => rule.on && movesPeople(rule));
  for (const field of ["mostExtraWaitSeconds", "neverPassedAfterSeconds"] as const) {
    const value = guard[field];
    const path = `/guard/${field}`;
    if (value === null) continue;
    within(path, value, POLICY_RANGES.guardSeconds, problems);
    if (movers.length === 0) continue;
    const first = movers[0]!.name;
    if (value === 0) {
      const words = `With 0 s nobody may be passed, ever, and "${first}" could not move anybody. Give some seconds, or no promise`;
      problems.push(problem(path, "guardForbidsMoving", { field }, words));
    } else if (value > 0 && value < TIGHT_SECONDS) {
      const words = `${value} s leaves the rules next to nothing: one call answered out of turn costs the next caller about as much`;
      warnings.push(problem(path, "guardTight", { field, value }, words));
    }
  }
  const { mostExtraWaitSeconds: value } = guard;
  // Who has waited so long is not passed by those who join there either; that is kept.
  for (const { name, version } of movers.length > 0 && value !== null ? cannotMove : []) {
    const field = "mostExtraWaitSeconds";
    const words = `${name} runs Asterisk ${version}, which cannot move callers who wait: this promise cannot be kept there. neverPassedAfterSeconds is kept at joining`;
    const values = { field, value: value!, pbx: name, version };
    warnings.push(problem(`/guard/${field}`, "guardNotKept", values, words));
  }
  if (
    movers.length > 0 &&
    guard.mostExtraWaitSeconds === null &&
    guard.neverPassedAfterSeconds === null
  ) {
    const words = "Nothing is promised to those who are passed: give a guard";
    warnings.push(problem("/guard", "noGuard", {}, words));
  }
}

function checkOrderOfRules(rules: readonly Rule[], { warnings }: Findings): void {
  const on = rules.flatMap((rule, index) => (rule.on ? [{ rule, at: `/rules/${index}` }] : []));
  for (const [index, { rule, at }] of on.entries()) {
    if (cannotHold(rule)) {
      const words = `No caller fits all conditions of "${rule.name}"`;
      warnings.push(problem(`${at}/when`, "cannotHold", { rule: rule.name }, words));
      continue;
    }
    const above = ruleAbove(
      rule,
      on.slice(0, index).map((one) => one.rule),
    );
    if (above !== null) {
      const values = { rule: rule.name, above: above.name };
      const words = `"${rule.name}" never applies: "${above.name}" above it takes everybody it could take`;
      warnings.push(problem(at, "neverApplies", values, words));
      continue;
    }
    const { rate, headStartSeconds } = rule.then;
    if (rule.when.length === 0 && (rate > 1 || headStartSeconds > 0)) {
      const words = `"${rule.name}" favours everybody it meets: who is not favoured gains nothing by it`;
      warnings.push(problem(`${at}/then`, "favoursEverybody", { rule: rule.name }, words));
    }
    if (index === on.length - 1 && !doesAnything(rule)) {
      const words = `"${rule.name}" changes nothing`;
      warnings.push(problem(`${at}/then`, "noEffect", { rule: rule.name }, words));
    }
  }
}

function movesPeople({ then }: Rule): boolean {
  return then.rate !== 1 || then.headStartSeconds !== 0;
}

function doesAnything(rule: Rule): boolean {
  const { skipQuestions, preferred, message } = rule.then;
  return movesPeople(rule) || skipQuestions || preferred !== null || message !== "";
}

type NameCode = Extract<
  ProblemCode,
  "unknownTier" | "unknownSegment" | "unknownQueue" | "unknownRegion"
>;
const WORDS: Readonly<Record<NameCode, readonly [one: string, doubt: boolean]>> = {
  unknownTier: ["tier", false],
  unknownSegment: ["segment", false],
  // A PBX that is away does not tell its queues, and a number's region may be one that no customer lives in.
  unknownQueue: ["queue", true],
  unknownRegion: ["city, region or country", true],
};

/** @param names null for what is known otherwise. */
function knownNames(
  at: string,
  code: NameCode,
  names: readonly (string | null)[],
  known: readonly string[],
  found: Findings,
): void {
  if (names.length === 0) {
    const words = `Choose at least one ${WORDS[code][0]}`;
    found.problems.push(problem(`${at}/in`, "empty", { field: "in" }, words));
  }
  for (const [index, name] of names.entries())
    if (name !== null) knownName(`${at}/in/${index}`, code, name, known, found);
}

function knownName(
  path: string,
  code: NameCode,
  name: string,
  known: readonly string[],
  { problems, warnings }: Findings,
): void {
  const [word, doubt] = WORDS[code];
  if (foldedSet(known).has(fold(name))) return;
  const isDoubt = doubt || known.length >= MOST_LISTED;
  const findings = isDoubt ? warnings : problems;
  if (findings.length >= MOST_FINDINGS) return;
  const values = unknown(name, known);
  const words = `There is no ${word} "${name}"${andKnown(values)}`;
  findings.push(problem(path, code, values, words));
}

function unknown(value: string, known: readonly string[]): ProblemValues["unknownTier"] {
  return { value, known: listed(known), suggestion: nearest(value, known) };
}

function andKnown({ known, suggestion }: ProblemValues["unknownTier"]): string {
  return known === "" ? "; none is known yet" : `${didYouMean(suggestion)} Known: ${known}`;
}

function didYouMean(suggestion: string): string {
  return suggestion === "" ? "." : `. Did you mean "${suggestion}"?`;
}

const regions = new Intl.DisplayNames("en", { type: "region", fallback: "none" });

function isCountry(name: string): boolean {
  return /^[a-z]{2}$/i.test(name) && regions.of(name.toUpperCase()) !== undefined;
}
