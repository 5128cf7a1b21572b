/** What a JSON schema has against settings that a person made, in words for that person. Pure. */
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { TLocalizedValidationError } from "typebox/error";
import { listed, problem } from "./problems.ts";
import type { Problem } from "./rest.ts";

/** A compiled schema. */
export type Shape = {
  Check(value: unknown): boolean;
  Errors(value: unknown): readonly TLocalizedValidationError[];
};

/** An object's schema in which these parts may be anything: they are checked by their own. */
export function loose(schema: TSchema, ...parts: string[]): Shape {
  const { properties, required, ...rest } = schema as TSchema & {
    properties: Record<string, TSchema>;
    required?: string[];
  };
  const open = Object.fromEntries(
    Object.entries(properties).map(([name, one]) => [name, parts.includes(name) ? {} : one]),
  );
  return Compile({ ...rest, ...(required ? { required } : {}), properties: open } as TSchema);
}

/** The parts of a list, each with its path; a problem instead when it is no list or too long. */
export function* items(
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

/** Tells everything a schema has against a value at `at`, one problem for each place. */
export function fits(shape: Shape, value: unknown, at: string, problems: Problem[]): void {
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

/** Whether this is a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Its fields; none when it is no JSON object. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

/** Tells a number at `path` that is not from `least` to `most`. */
export function within(
  path: string,
  value: number,
  [least, most]: readonly [least: number, most: number],
  problems: Problem[],
): void {
  if (value >= least && value <= most) return;
  const field = lastOf(path);
  const words = `${field} is ${value}; it must be from ${least} to ${most}`;
  problems.push(problem(path, "outOfRange", { field, value, least, most }, words));
}

/** The same of a number that has to be whole. */
export function whole(
  path: string,
  value: number,
  range: readonly [least: number, most: number],
  problems: Problem[],
): void {
  if (Number.isInteger(value)) return within(path, value, range, problems);
  const field = lastOf(path);
  const words = `${field} is ${value}, not a whole number`;
  problems.push(problem(path, "notWhole", { field, value }, words));
}

/** The last part of a JSON pointer. */
export function lastOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A name inside a JSON pointer (RFC 6901). */
function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
