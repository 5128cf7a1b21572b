/**
 * Is this a policy, and would it do what its author means? Problems refuse it, warnings are told; each names its place and what
 * would be right. Pure.
 */
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
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
import { problem } from "./problems.ts";
import type { Checked, Problem, Vocabulary } from "./rest.ts";
import { fieldsOf, fits, isRecord, items, lastOf, loose } from "./shape.ts";

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
const policyShape = loose(PolicySchema, "rules", "guard");
const ruleShape = loose(RuleSchema, "when", "then");
const effectShape = loose(EffectSchema, "preferred");
const preferredShape = Compile(PreferredSchema);
const guardShape = Compile(GuardSchema);
const conditionShapes = new Map(
  Object.entries(CONDITION_SCHEMAS).map(([fact, schema]) => [fact, Compile(schema as TSchema)]),
);

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
