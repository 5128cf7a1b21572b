/**
 * Is this an offer rule, and would it do what its author means? Problems refuse it, warnings are told; each names its place (JSON pointer) and what
 * would be right. Pure.
 */
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { problem } from "../priority/problems.ts";
import type { Problem } from "../priority/rest.ts";
import { fieldsOf, fits, isRecord, items, lastOf, loose } from "../priority/shape.ts";
import type { CatalogueProduct } from "./facts.ts";
import { checkMeaning } from "./meaning.ts";
import type { OfferRuleCheck, OfferVocabularyBody } from "./rest.ts";
import {
  GIVE_SCHEMAS,
  OFFER_CONDITION_SCHEMAS,
  type OfferRule,
  OfferRuleSchema,
  type OfferRuleSettings,
  RULE_LIMITS,
} from "./rules.ts";

/** What a rule can name here, and what it stands beside. */
export type OfferVocabulary = OfferVocabularyBody & {
  /** Those the rule names, by our ids. */
  readonly products: ReadonlyMap<string, CatalogueProduct>;
  /** The other rules of the book, those that are off left out. */
  readonly rules: readonly Pick<OfferRule, "id" | "settings">[];
  readonly nowMs: number;
};

/** @returns `settings` is null when there are problems: then they must not be used. */
export function checkOfferRule(
  value: unknown,
  vocabulary: OfferVocabulary,
): { readonly settings: OfferRuleSettings | null } & OfferRuleCheck {
  const read = readOfferRule(value);
  if (read.settings === null) return { ...read, warnings: [] };
  const { problems, warnings } = checkMeaning(read.settings, vocabulary);
  return { settings: problems.length === 0 ? read.settings : null, problems, warnings };
}

/** Whether this has the shape of a rule; its values may still be wrong. */
export function readOfferRule(value: unknown): {
  readonly settings: OfferRuleSettings | null;
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  shapeOf(value, problems);
  return { settings: problems.length === 0 ? (value as OfferRuleSettings) : null, problems };
}

// Each part is checked by the schema of what was meant, so that one wrong field is told once and hides nothing of the next.
const ruleShape = loose(OfferRuleSchema, "give", "when");
const giveShapes = shapesOf(GIVE_SCHEMAS);
const conditionShapes = shapesOf(OFFER_CONDITION_SCHEMAS);

function shapesOf(schemas: Readonly<Record<string, TSchema>>) {
  return new Map(Object.entries(schemas).map(([name, schema]) => [name, Compile(schema)]));
}

function shapeOf(value: unknown, problems: Problem[]): void {
  fits(ruleShape, value, "", problems);
  const { give, when } = fieldsOf(value);
  if (give !== undefined) oneFits(give, "/give", "kind", giveShapes, problems);
  if (when === undefined) return;
  for (const [path, one] of items(when, "/when", RULE_LIMITS.conditions, problems))
    oneFits(one, path, "fact", conditionShapes, problems);
}

/** Checks a value by the schema that its `tag` names. */
function oneFits(
  value: unknown,
  at: string,
  tag: "kind" | "fact",
  shapes: typeof giveShapes,
  problems: Problem[],
): void {
  const name = fieldsOf(value)[tag];
  const shape = typeof name === "string" ? shapes.get(name) : undefined;
  if (shape !== undefined) {
    fits(shape, value, at, problems);
  } else if (!isRecord(value)) {
    const values = { field: lastOf(at), expected: "object" };
    problems.push(problem(at, "wrongType", values, "must be an object"));
  } else if (name === undefined) {
    problems.push(problem(`${at}/${tag}`, "missing", { field: tag }, `${tag} is missing`));
  } else {
    const allowed = [...shapes.keys()].join(", ");
    const words = `must be one of ${allowed}`;
    problems.push(problem(`${at}/${tag}`, "notAllowed", { field: tag, allowed }, words));
  }
}
