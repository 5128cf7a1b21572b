/** Are these thresholds, and do they mean what their author wants? Problems refuse them, warnings are told. Pure. */
import { Compile } from "typebox/compile";
import { fold } from "../../priority/decide.ts";
import type { Problem } from "../../priority/rest.ts";
import { fieldsOf, fits, items, loose, whole } from "../../priority/shape.ts";
import type { OfferRuleCheck } from "../rest.ts";
import { judgesLess } from "./covers.ts";
import {
  STANDING_LIMITS,
  STANDING_RANGES as RANGES,
  type StandingSettings,
  StandingSettingsSchema,
  THRESHOLD_FIELDS,
  type Threshold,
  ThresholdSchema,
} from "./settings.ts";

/** Values of each code, beside those of a wrong shape. `field` is the last part of the path. */
export type StandingProblemValues = {
  readonly empty: { readonly field: string };
  readonly outOfRange: {
    readonly field: string;
    readonly value: number;
    readonly least: number;
    readonly most: number;
  };
  readonly notWhole: { readonly field: string; readonly value: number };
  readonly duplicate: { readonly value: string };
  readonly limitsCross: { readonly least: number; readonly most: number };
  readonly badCurrency: { readonly value: string };
  // Doubts.
  /** Everybody is it. */
  readonly noLimits: { readonly value: string };
  /** Whoever fits it fits the tier above. */
  readonly neverApplies: { readonly value: string; readonly above: string };
  /** Written and not used: it is left to the CRM. */
  readonly notUsed: { readonly field: string };
  /** Sums of customers with other currencies count as their newest order's. */
  readonly currencyOpen: Readonly<Record<string, never>>;
};
export type StandingProblemCode = keyof StandingProblemValues;

const settingsShape = loose(StandingSettingsSchema, "tiers", "segments");
const thresholdShape = Compile(ThresholdSchema);

/** @returns `settings` is null when there are problems: then they must not be used. */
export function checkStandings(
  value: unknown,
): { readonly settings: StandingSettings | null } & OfferRuleCheck {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  fits(settingsShape, value, "", problems);
  for (const list of ["tiers", "segments"] as const) {
    const given = fieldsOf(value)[list];
    if (given === undefined) continue;
    for (const [path, one] of items(given, `/${list}`, STANDING_LIMITS.names, problems))
      fits(thresholdShape, one, path, problems);
  }
  if (problems.length > 0) return { settings: null, problems, warnings };

  const settings = value as StandingSettings;
  if (settings.currency !== "" && !/^[A-Z]{3}$/.test(settings.currency)) {
    const words = `"${settings.currency}" is no currency code such as RUB`;
    tell(problems, "/currency", "badCurrency", { value: settings.currency }, words);
  }
  for (const list of ["tiers", "segments"] as const) checkList(settings, list, problems, warnings);
  const asksSums = [...settings.tiers, ...settings.segments].some(
    ({ totalMinor }) => totalMinor.atLeast !== null || totalMinor.atMost !== null,
  );
  if (asksSums && settings.currency === "") {
    const words = "Sums are compared whatever their currency is: say which one is meant";
    tell(warnings, "/currency", "currencyOpen", {}, words);
  }
  return { settings: problems.length === 0 ? settings : null, problems, warnings };
}

function checkList(
  settings: StandingSettings,
  list: "tiers" | "segments",
  problems: Problem[],
  warnings: Problem[],
): void {
  const all = settings[list];
  const from = list === "tiers" ? "tiersFrom" : "segmentsFrom";
  if (settings[from] === "crm" && all.length > 0) {
    const words = `These ${list} are not used: they are left to the CRM`;
    tell(warnings, `/${from}`, "notUsed", { field: list }, words);
  }
  for (const [index, one] of all.entries()) {
    const at = `/${list}/${index}`;
    const value = one.name;
    if (value.trim() === "")
      tell(problems, `${at}/name`, "empty", { field: "name" }, "It has no name");
    else if (all.slice(0, index).some(({ name }) => fold(name) === fold(value)))
      tell(problems, `${at}/name`, "duplicate", { value }, `There are two named "${value}"`);
    checkThreshold(one, at, problems);
    if (
      THRESHOLD_FIELDS.every((field) => one[field].atLeast === null && one[field].atMost === null)
    )
      tell(warnings, at, "noLimits", { value }, `Everybody is "${value}": give a threshold`);
    const above =
      list === "tiers" ? all.slice(0, index).find((other) => judgesLess(other, one)) : undefined;
    if (above !== undefined) {
      const words = `Nobody becomes "${value}": who fits it fits "${above.name}" above`;
      tell(warnings, at, "neverApplies", { value, above: above.name }, words);
    }
  }
}

function checkThreshold(threshold: Threshold, at: string, problems: Problem[]): void {
  for (const field of THRESHOLD_FIELDS) {
    const { atLeast, atMost } = threshold[field];
    const range =
      field === "totalMinor"
        ? RANGES.sumMinor
        : field === "orders" || field === "returned"
          ? RANGES.orders
          : RANGES.days;
    if (atLeast !== null) whole(`${at}/${field}/atLeast`, atLeast, range, problems);
    if (atMost !== null) whole(`${at}/${field}/atMost`, atMost, range, problems);
    if (atLeast === null || atMost === null || atLeast <= atMost) continue;
    const words = `At least ${atLeast} and at most ${atMost}: nobody fits both`;
    const values = { least: atLeast, most: atMost };
    tell(problems, `${at}/${field}/atMost`, "limitsCross", values, words);
  }
}

function tell<Code extends StandingProblemCode>(
  found: Problem[],
  path: string,
  code: Code,
  values: StandingProblemValues[Code],
  message: string,
): void {
  found.push({ path, code, message, values });
}
