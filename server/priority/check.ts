/**
 * Is this a policy, and would it do what its author means? Problems refuse it, warnings are told; each names its place and what
 * would be right. Pure.
 */
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { TLocalizedValidationError } from "typebox/error";
import { checkMeaning } from "./meaning.ts";
import type { Policy } from "./model.ts";
import {
  CONDITION_SCHEMAS,
  EffectSchema,
  GuardSchema,
  POLICY_LIMITS,
  type PolicyJson,
  PolicySchema,
  PreferredSchema,
  RuleSchema,
} from "./policy-schema.ts";
import { listed, problem } from "./problems.ts";
import type { Checked, Problem, Vocabulary } from "./rest.ts";

/** @returns `policy` is null when there are problems: then it must not be used. */
export function checkPolicy(
  policy: unknown,
  vocabulary: Vocabulary,
): Checked & { readonly policy: Policy | null } {
  const read = readPolicy(policy);
  if (read.policy === null) return { problems: read.problems, warnings: [], policy: null };
  const { problems, warnings } = checkMeaning(read.policy, vocabulary);
  return { problems, warnings, policy: problems.length === 0 ? read.policy : null };
}

/** Whether this has the shape of a policy, so that it can be kept as a draft; its values may still be wrong. */
export function readPolicy(value: unknown): {
  readonly problems: readonly Problem[];
  readonly policy: Policy | null;
} {
  const problems: Problem[] = [];
  shapeOf(value, problems);
  return { problems, policy: problems.length === 0 ? (value as PolicyJson) : null };
}

// Each part is checked by its own schema with its parts left out, so that one wrong condition hides nothing of the next.
const loose = (schema: TSchema, ...parts: string[]) => {
  const { properties, required, ...rest } = schema as TSchema & {
    properties: Record<string, TSchema>;
    required?: string[];
  };
  const open = Object.fromEntries(
    Object.entries(properties).map(([name, one]) => [name, parts.includes(name) ? {} : one]),
  );
  return Compile({ ...rest, ...(required ? { required } : {}), properties: open } as TSchema);
};
const policyShape = loose(PolicySchema, "rules", "guard");
const ruleShape = loose(RuleSchema, "when", "then");
const effectShape = loose(EffectSchema, "preferred");
const preferredShape = Compile(PreferredSchema);
const guardShape = Compile(GuardSchema);
const conditionShapes = new Map(
  Object.entries(CONDITION_SCHEMAS).map(([fact, schema]) => [fact, Compile(schema as TSchema)]),
);

type Shape = {
  Check(value: unknown): boolean;
  Errors(value: unknown): readonly TLocalizedValidationError[];
};

function shapeOf(value: unknown, problems: Problem[]): void {
  fits(policyShape, value, "", problems);
  const { rules, guard } = fieldsOf(value);
  if (guard !== undefined) guardFits(guard, problems);
  if (rules === undefined) return;
  for (const [at, rule] of items(rules, "/rules", POLICY_LIMITS.rules, problems))
    ruleFits(rule, at, problems);
}

function ruleFits(rule: unknown, at: string, problems: Problem[]): void {
  fits(ruleShape, rule, at, problems);
  const { when, then } = fieldsOf(rule);
  const most = POLICY_LIMITS.conditions;
  for (const [path, one] of when === undefined ? [] : items(when, `${at}/when`, most, problems))
    conditionFits(one, path, problems);
  if (then === undefined) return;
  fits(effectShape, then, `${at}/then`, problems);
  const { preferred } = fieldsOf(then);
  if (preferred !== undefined && preferred !== null)
    fits(preferredShape, preferred, `${at}/then/preferred`, problems);
}

function conditionFits(condition: unknown, at: string, problems: Problem[]): void {
  const { fact } = fieldsOf(condition);
  const shape = typeof fact === "string" ? conditionShapes.get(fact) : undefined;
  if (shape !== undefined) {
    fits(shape, condition, at, problems);
    return;
  }
  if (fact === undefined) {
    const wrong = isRecord(condition)
      ? problem(`${at}/fact`, "missing", { field: "fact" }, "fact is missing")
      : problem(at, "wrongType", { field: lastOf(at), expected: "object" }, "must be an object");
    problems.push(wrong);
    return;
  }
  const known = [...conditionShapes.keys()].join(", ");
  const value = (typeof fact === "string" ? fact : (JSON.stringify(fact) ?? "")).slice(0, 60);
  const words = `"${value}" is nothing a rule can ask about; it can ask about ${known}`;
  problems.push(problem(`${at}/fact`, "unknownFact", { value, known }, words));
}

/** Null promises nothing and is right; the union's own words would not help. */
function guardFits(guard: unknown, problems: Problem[]): void {
  const filled = isRecord(guard)
    ? Object.fromEntries(Object.entries(guard).map(([name, one]) => [name, one === null ? 0 : one]))
    : guard;
  fits(guardShape, filled, "/guard", problems);
}

function* items(
  list: unknown,
  at: string,
  most: number,
  problems: Problem[],
): Generator<[path: string, item: unknown]> {
  const field = lastOf(at);
  if (!Array.isArray(list)) {
    const values = { field, expected: "array" };
    problems.push(problem(at, "wrongType", values, `${field} must be a list`));
    return;
  }
  if (list.length > most) {
    problems.push(tooMany(at, most));
    return;
  }
  for (const [index, item] of list.entries()) yield [`${at}/${index}`, item];
}

function fits(shape: Shape, value: unknown, at: string, problems: Problem[]): void {
  if (shape.Check(value)) return;
  const told = new Set<string>();
  for (const error of shape.Errors(value)) {
    for (const one of problemsOf(error, at)) {
      // A union complains once for each of its branches.
      if (told.has(one.path)) continue;
      told.add(one.path);
      problems.push(one);
    }
  }
}

/** What the schema has against a value, in our words. */
function problemsOf(error: TLocalizedValidationError, at: string): readonly Problem[] {
  const path = at + error.instancePath;
  const field = lastOf(path);
  if (error.keyword === "required") {
    return error.params.requiredProperties.map((name) =>
      problem(`${path}/${escaped(name)}`, "missing", { field: name }, `${name} is missing`),
    );
  }
  if (error.keyword === "additionalProperties") {
    return error.params.additionalProperties.map((long) => {
      const name = long.slice(0, 60);
      const words = `${name} is not a known field`;
      return problem(`${path}/${escaped(name)}`, "unknownField", { field: name }, words);
    });
  }
  // Told beside `additionalProperties`.
  if (error.keyword === "boolean") return [];
  if (error.keyword === "maxItems") return [tooMany(path, error.params.limit)];
  if (error.keyword === "maxLength") {
    const most = error.params.limit;
    const words = `${field} is longer than ${most} characters`;
    return [problem(path, "tooLong", { field, most }, words)];
  }
  if (error.keyword === "enum") {
    const allowed = listed(error.params.allowedValues.map(String));
    return [problem(path, "notAllowed", { field, allowed }, `must be one of ${allowed}`)];
  }
  const expected = error.keyword === "type" ? [error.params.type].flat().join(" or ") : "";
  const words = expected === "" ? error.message : `must be of type ${expected}`;
  return [problem(path, "wrongType", { field, expected }, words)];
}

function tooMany(path: string, most: number): Problem {
  const field = lastOf(path);
  return problem(path, "tooMany", { field, most }, `${field} has more than ${most} items`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A name inside a JSON pointer (RFC 6901). */
function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
