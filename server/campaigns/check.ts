/**
 * Are these a campaign's settings, and would the campaign do what its author means? Problems refuse it, warnings are told; each names
 * its place (JSON pointer) and what would be right. Pure.
 */
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { problem } from "../priority/problems.ts";
import type { Problem } from "../priority/rest.ts";
import { fieldsOf, fits, isRecord, items, lastOf, loose } from "../priority/shape.ts";
import { checkMeaning } from "./meaning.ts";
import type { CampaignSettings } from "./model.ts";
import type { CampaignCheck } from "./rest.ts";
import {
  CAMPAIGN_LIMITS,
  CallingHoursSchema,
  CampaignSettingsSchema,
  DispositionSchema,
  RETRIED_OUTCOMES,
  RetriesSchema,
  RetryAfterSchema,
  SpanSchema,
  TRIGGER_SCHEMAS,
} from "./settings-schema.ts";

/** What a campaign can name in this installation. */
export type CampaignVocabulary = {
  readonly pbxs: readonly {
    readonly name: string;
    /** As the PBX tells them; none while it is away. */
    readonly queues: readonly string[];
    readonly trunks: readonly { readonly name: string; readonly enabled: boolean }[];
  }[];
  /** Sources of orders so far. */
  readonly sources: readonly string[];
  /** Where most customers live, ISO 3166 alpha-2; "" when nobody said. */
  readonly country: string;
  /** The shop's own IANA zone. */
  readonly timeZone: string;
  readonly nowMs: number;
};

/** @returns `settings` is null when there are problems: then they must not be used. */
export function checkCampaign(
  value: unknown,
  vocabulary: CampaignVocabulary,
): { readonly settings: CampaignSettings | null } & CampaignCheck {
  const shape: Problem[] = [];
  shapeOf(value, shape);
  if (shape.length > 0) return { settings: null, problems: shape, warnings: [] };
  const settings = value as CampaignSettings;
  const { problems, warnings } = checkMeaning(settings, vocabulary);
  return { settings: problems.length === 0 ? settings : null, problems, warnings };
}

// Parts are checked by the schema of what was meant, so that one wrong field is told once and hides nothing of the next.
const settingsShape = loose(CampaignSettingsSchema, "trigger", "hours", "retries", "dispositions");
const triggerShapes = new Map(
  Object.entries(TRIGGER_SCHEMAS).map(([type, schema]) => [type, Compile(schema as TSchema)]),
);
const DAYS = ["weekdays", "saturday", "sunday", "onHolidays"] as const;
const hoursShape = loose(CallingHoursSchema, ...DAYS);
const spanShape = Compile(SpanSchema);
const retriesShape = loose(RetriesSchema, ...RETRIED_OUTCOMES);
const retryAfterShape = Compile(RetryAfterSchema);
const dispositionShape = Compile(DispositionSchema);

function shapeOf(value: unknown, problems: Problem[]): void {
  fits(settingsShape, value, "", problems);
  const { trigger, hours, retries, dispositions } = fieldsOf(value);
  if (trigger !== undefined) triggerFits(trigger, problems);
  if (hours !== undefined) hoursFit(hours, problems);
  if (retries !== undefined) retriesFit(retries, problems);
  if (dispositions === undefined) return;
  const most = CAMPAIGN_LIMITS.dispositions;
  for (const [path, one] of items(dispositions, "/dispositions", most, problems))
    fits(dispositionShape, one, path, problems);
}

function triggerFits(trigger: unknown, problems: Problem[]): void {
  const { type } = fieldsOf(trigger);
  const shape = typeof type === "string" ? triggerShapes.get(type) : undefined;
  if (shape !== undefined) {
    fits(shape, trigger, "/trigger", problems);
  } else if (!isRecord(trigger)) {
    problems.push(noObject("/trigger"));
  } else if (type === undefined) {
    problems.push(problem("/trigger/type", "missing", { field: "type" }, "type is missing"));
  } else {
    const allowed = [...triggerShapes.keys()].join(", ");
    const words = `must be one of ${allowed}`;
    problems.push(problem("/trigger/type", "notAllowed", { field: "type", allowed }, words));
  }
}

/** Tells what is wrong with the shape of calling hours at `/hours`. */
export function hoursFit(hours: unknown, problems: Problem[]): void {
  fits(hoursShape, hours, "/hours", problems);
  const fields = fieldsOf(hours);
  for (const day of DAYS) {
    const span = fields[day];
    if (span !== undefined && span !== null) fits(spanShape, span, `/hours/${day}`, problems);
  }
}

function retriesFit(retries: unknown, problems: Problem[]): void {
  fits(retriesShape, retries, "/retries", problems);
  const fields = fieldsOf(retries);
  for (const outcome of RETRIED_OUTCOMES) {
    const steps = fields[outcome];
    if (steps === undefined) continue;
    const most = CAMPAIGN_LIMITS.retrySteps;
    for (const [path, step] of items(steps, `/retries/${outcome}`, most, problems)) {
      if (step === "otherHalfOfNextDay") continue;
      if (isRecord(step)) fits(retryAfterShape, step, path, problems);
      else problems.push(noStep(path));
    }
  }
}

function noObject(path: string): Problem {
  return problem(
    path,
    "wrongType",
    { field: lastOf(path), expected: "object" },
    "must be an object",
  );
}

function noStep(path: string): Problem {
  const allowed = '{ "afterMinutes": 60 }, otherHalfOfNextDay';
  return problem(path, "notAllowed", { field: lastOf(path), allowed }, `must be one of ${allowed}`);
}
