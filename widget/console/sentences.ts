/** Policies as sentences: the same words for reading a rule, for editing it, and for telling what changed. */
import type { Condition, Guard, Policy, PreferredRule, Rule } from "../../server/priority/model.ts";
import { fill } from "../shared/locale.ts";
import type { ConsoleKey, ConsoleWords } from "./words.ts";

/** What the sentences need to know of the shop. */
export type Names = {
  readonly currency: string;
  readonly operators: readonly { readonly login: string; readonly name: string }[];
};

/** Which text says this condition. */
export function conditionKey(condition: Condition): ConsoleKey {
  const turned = condition.not ? "_not" : "";
  if (condition.fact !== "orderCount") return `cond_${condition.fact}${turned}`;
  if (condition.atLeast !== undefined && condition.atMost !== undefined)
    return `cond_orderCount_range${turned}`;
  return condition.atMost === undefined
    ? `cond_orderCount_least${turned}`
    : `cond_orderCount_most${turned}`;
}

/** `the customer’s tier is gold or silver`. */
export function conditionText(condition: Condition, words: ConsoleWords, names: Names): string {
  return fill(words.raw(conditionKey(condition)), conditionValues(condition, words, names));
}

function conditionValues(
  condition: Condition,
  words: ConsoleWords,
  names: Names,
): Record<string, string> {
  switch (condition.fact) {
    case "tier":
      return { in: list(condition.in.map(words.tier), words) };
    case "segment":
    case "queue":
    case "region":
      return { in: list(condition.in, words) };
    case "lifetimeValue":
      return { sum: words.locale.money(condition.atLeastMinor, names.currency) };
    case "orderCount":
      return {
        least: words.number(condition.atLeast ?? 0),
        most: words.number(condition.atMost ?? 0),
      };
    case "lastOrder":
      return { days: words.number(condition.withinDays) };
    case "cartLeft":
    case "gotLost":
      return { hours: words.number(condition.withinHours) };
    case "caller":
      return { is: words.t(`caller_${condition.is}`) };
    case "timeOfDay":
      return { from: condition.from, to: condition.to, days: daysText(condition.days, words) };
    case "orderOnItsWay":
    case "orderLate":
    case "openClaim":
    case "vip":
  }
  return {};
}

function list(values: readonly string[], words: ConsoleWords): string {
  return values.length > 0 ? words.either(values) : words.t("nothingChosen");
}

function daysText(days: readonly number[] | undefined, words: ConsoleWords): string {
  if (!days || days.length === 0) return words.t("everyDay");
  return days.map((day) => words.days[day - 1] ?? String(day)).join(", ");
}

/** Whom a returning customer should get. */
export function preferredName(preferred: PreferredRule, words: ConsoleWords, names: Names): string {
  if (preferred.who !== "operator") return words.t(`preferred_${preferred.who}`);
  const known = names.operators.find(({ login }) => login === preferred.login);
  return known?.name ?? preferred.login ?? "";
}

/** A whole rule in one sentence. */
export function ruleText(rule: Rule, words: ConsoleWords, names: Names): string {
  const { rate, headStartSeconds, skipQuestions, preferred, message } = rule.then;
  const when =
    rule.when.length === 0
      ? words.t("rule_always")
      : `${words.t("rule_when")} ${rule.when
          .map((condition) => conditionText(condition, words, names))
          .join(` ${words.t("and")} `)}`;
  const effects = [
    words.t("rule_effect", {
      rate: words.number(rate, 2),
      seconds: words.number(headStartSeconds),
    }),
    skipQuestions ? words.t("rule_skip") : "",
    preferred
      ? words.t("rule_preferred", {
          who: preferredName(preferred, words, names),
          seconds: preferred.waitSeconds,
        })
      : "",
    message ? words.t("rule_say", { text: message }) : "",
  ];
  return `${when}, ${effects.filter(Boolean).join("; ")}.`;
}

/** The two promises. */
export function guardTexts(guard: Guard, words: ConsoleWords): readonly string[] {
  const { mostExtraWaitSeconds: extra, neverPassedAfterSeconds: passed } = guard;
  return [
    extra === null ? words.t("guard_noExtra") : words.t("guard_extra", { seconds: extra }),
    passed === null ? words.t("guard_noPassed") : words.t("guard_passed", { seconds: passed }),
  ];
}

/** What one policy says otherwise than another, in sentences; empty when they say the same. */
export function policyChanges(
  before: Policy,
  after: Policy,
  words: ConsoleWords,
  names: Names,
): readonly string[] {
  const said: string[] = [];
  const was = new Map(before.rules.map((rule) => [rule.id, rule]));
  const is = new Set(after.rules.map(({ id }) => id));
  for (const rule of before.rules)
    if (!is.has(rule.id)) said.push(words.t("change_removed", { name: rule.name }));
  for (const rule of after.rules) {
    const old = was.get(rule.id);
    const text = ruleText(rule, words, names);
    if (!old) {
      said.push(words.t("change_added", { name: rule.name, text }));
      continue;
    }
    if (old.name !== rule.name)
      said.push(words.t("change_renamed", { before: old.name, name: rule.name }));
    if (ruleText(old, words, names) !== text)
      said.push(words.t("change_changed", { name: rule.name, text }));
    if (old.on !== rule.on)
      said.push(words.t(rule.on ? "change_on" : "change_off", { name: rule.name }));
  }
  const kept = (policy: Policy, other: ReadonlySet<string>): string[] =>
    policy.rules.map(({ id }) => id).filter((id) => other.has(id));
  if (kept(before, is).join("\n") !== kept(after, new Set(was.keys())).join("\n"))
    said.push(words.t("change_order", { names: after.rules.map(({ name }) => name).join(", ") }));
  const guardBefore = guardTexts(before.guard, words);
  said.push(...guardTexts(after.guard, words).filter((text) => !guardBefore.includes(text)));
  if (before.queues.join("\n") !== after.queues.join("\n"))
    said.push(words.t("change_queues", { names: after.queues.join(", ") || words.t("queuesAll") }));
  return said;
}
