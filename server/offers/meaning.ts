/** What an offer rule of the right shape says: wrong values, names nobody has, limits that contradict, promises that cannot be kept. Pure. */
import { clockOf, localDayAt } from "../campaigns/zone-days.ts";
import { whole, within } from "../priority/shape.ts";
import type { OfferVocabulary } from "./check.ts";
import { checkConditions } from "./condition-check.ts";
import { dayOf } from "./conditions.ts";
import { checkGive } from "./give-check.ts";
import { checkNeighbours } from "./neighbours.ts";
import { type Findings, tell } from "./problems.ts";
import {
  type OfferRuleSettings,
  RULE_RANGES as RANGES,
  SAYING_LANGUAGES,
  SAYING_PLACEHOLDERS,
  hasSums,
} from "./rules.ts";
import { placeholdersIn } from "./saying.ts";

/** Everything there is to say about a rule, in the order of its fields. */
export function checkMeaning(settings: OfferRuleSettings, vocabulary: OfferVocabulary): Findings {
  const found: Findings = { problems: [], warnings: [] };
  filledLine(settings.name, "/name", found);
  checkGive(settings, vocabulary, found);
  checkConditions(settings.when, vocabulary, found);
  checkDates(settings, vocabulary, found);
  whole("/priority", settings.priority, RANGES.priority, found.problems);
  oneLine(settings.group, "/group", found);
  checkLimits(settings, found);
  checkCurrency(settings, found);
  checkSaying(settings, found);
  checkNeighbours(settings, vocabulary, found);
  return found;
}

function checkDates(
  { from, until }: OfferRuleSettings,
  { timeZone, nowMs }: OfferVocabulary,
  { problems, warnings }: Findings,
): void {
  for (const [field, value] of [["from", from] as const, ["until", until] as const]) {
    if (value === "" || !Number.isNaN(dayOf(value))) continue;
    const words = `"${value}" is not a day such as 2026-12-01`;
    tell(problems, `/${field}`, "badDate", { value }, words);
  }
  if (dayOf(from) > dayOf(until)) {
    const words = `The rule ends on ${until}, before it begins on ${from}`;
    tell(problems, "/until", "datesReversed", { from, until }, words);
    return;
  }
  const clock = clockOf(timeZone);
  if (clock !== null && dayOf(until) < localDayAt(clock, nowMs))
    tell(warnings, "/until", "over", { until }, `${until} is past: the rule gives nothing`);
}

function checkLimits({ limits }: OfferRuleSettings, { problems }: Findings): void {
  whole("/limits/stockAtLeast", limits.stockAtLeast, RANGES.stock, problems);
  const { marginFloorPercent } = limits;
  if (marginFloorPercent !== null) {
    const path = "/limits/marginFloorPercent";
    within(path, marginFloorPercent, RANGES.marginFloorPercent, problems);
  }
  const fields = ["uses", "usesPerDay", "usesPerCustomer"] as const;
  for (const field of fields) {
    const value = limits[field];
    if (value !== null) whole(`/limits/${field}`, value, RANGES.uses, problems);
  }
  for (const field of ["usesPerDay", "usesPerCustomer"] as const) {
    const value = limits[field];
    const { uses } = limits;
    if (value === null || uses === null || value <= uses) continue;
    const words = `${value} is never reached: after ${uses} in all the rule gives nothing`;
    tell(problems, `/limits/${field}`, "limitBeyond", { value, other: "uses", most: uses }, words);
  }
}

function checkCurrency(settings: OfferRuleSettings, { problems }: Findings): void {
  const { currency } = settings;
  if (currency === "") {
    if (!hasSums(settings)) return;
    const words = "The rule names a sum: say in which currency";
    tell(problems, "/currency", "currencyMissing", {}, words);
  } else if (!/^[A-Z]{3}$/.test(currency)) {
    const words = `"${currency}" is no currency code such as RUB`;
    tell(problems, "/currency", "badCurrency", { value: currency }, words);
  }
}

function checkSaying(settings: OfferRuleSettings, found: Findings): void {
  const { saying, give } = settings;
  for (const language of SAYING_LANGUAGES) {
    const at = `/saying/${language}`;
    oneLine(saying[language], at, found);
    for (const value of new Set(placeholdersIn(saying[language]))) {
      if ((SAYING_PLACEHOLDERS as readonly string[]).includes(value)) {
        if (value !== "for" || give.kind === "needed") continue;
        const words = "{for} is what needs it: only a rule of kind needed fills it";
        tell(found.warnings, at, "placeholderEmpty", { value }, words);
        continue;
      }
      const known = SAYING_PLACEHOLDERS.map((name) => `{${name}}`).join(", ");
      const words = `Nothing stands for {${value}}; there are ${known}`;
      tell(found.problems, at, "unknownPlaceholder", { value, known }, words);
    }
  }
  if (SAYING_LANGUAGES.every((language) => saying[language].trim() === ""))
    tell(found.warnings, "/saying", "noSaying", {}, "Nobody is told how to say it");
}

function filledLine(value: string, path: string, found: Findings): void {
  const field = path.slice(1);
  if (value.trim() === "") tell(found.problems, path, "empty", { field }, "The rule has no name");
  oneLine(value, path, found);
}

function oneLine(value: string, path: string, { problems }: Findings): void {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (!/[\u0000-\u001f\u007f\u2028\u2029]/.test(value)) return;
  const field = path.slice(path.lastIndexOf("/") + 1);
  tell(problems, path, "notOneLine", { field }, `${field} must be one line of plain text`);
}
