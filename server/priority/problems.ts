/** What can be wrong with a policy or doubtful about it: the codes a screen translates, with the values its sentences need. */
import type { Problem } from "./rest.ts";

/** Values of each code. `field` is the last part of the path; `rule` is a rule's name. */
export type ProblemValues = {
  // The shape. A policy with one of these cannot even be kept as a draft.
  readonly missing: { readonly field: string };
  readonly unknownField: { readonly field: string };
  readonly wrongType: { readonly field: string; readonly expected: string };
  readonly notAllowed: { readonly field: string; readonly allowed: string };
  readonly unknownFact: { readonly value: string; readonly known: string };
  readonly tooMany: { readonly field: string; readonly most: number };
  readonly tooLong: { readonly field: string; readonly most: number };
  // Values. Kept in a draft, not published.
  readonly outOfRange: {
    readonly field: string;
    readonly value: number;
    readonly least: number;
    readonly most: number;
  };
  readonly notWhole: { readonly field: string; readonly value: number };
  readonly empty: { readonly field: string };
  readonly badId: { readonly value: string };
  readonly duplicateRule: { readonly value: string };
  readonly unknownTier: Unknown;
  readonly unknownSegment: Unknown;
  readonly unknownOperator: Unknown;
  readonly noLimits: Nothing;
  readonly limitsCross: { readonly atLeast: number; readonly atMost: number };
  readonly badTime: { readonly value: string };
  readonly badDay: { readonly value: number };
  readonly unknownTimeZone: { readonly value: string; readonly suggestion: string };
  readonly loginMissing: Nothing;
  /** Waiting for one person outlasts the guard: the caller would be sent to the same person again and again. */
  readonly preferredBeyondGuard: { readonly value: number; readonly guard: number };
  /** Zero, while rules move people. */
  readonly guardForbidsMoving: { readonly field: string };
  // Doubts. Published all the same.
  readonly unknownQueue: Unknown;
  readonly unknownRegion: Unknown;
  readonly loginNotUsed: { readonly value: string };
  readonly neverApplies: { readonly rule: string; readonly above: string };
  readonly cannotHold: { readonly rule: string };
  readonly favoursEverybody: { readonly rule: string };
  readonly noEffect: { readonly rule: string };
  readonly guardTight: { readonly field: string; readonly value: number };
  readonly noGuard: Nothing;
  /** A connected Asterisk cannot move who waits, and joining alone does not keep this promise. */
  readonly guardNotKept: {
    readonly field: string;
    readonly value: number;
    readonly pbx: string;
    readonly version: string;
  };
};

type Nothing = Readonly<Record<string, never>>;
/** `known` and `suggestion` are "" when there is nothing to name. */
type Unknown = { readonly value: string; readonly known: string; readonly suggestion: string };

export type ProblemCode = keyof ProblemValues;

/** One problem at a place. */
export function problem<Code extends ProblemCode>(
  path: string,
  code: Code,
  values: ProblemValues[Code],
  message: string,
): Problem {
  return { path, code, message, values };
}

const MOST_NAMED = 12;
/** A longer name is no slip of the finger. */
const LONGEST_MISSPELT = 40;

/** Words for a list of names: "gold, silver and 3 more"; "" for none. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED).join(", ");
  return names.length > MOST_NAMED ? `${shown} and ${names.length - MOST_NAMED} more` : shown;
}

/** The name that was probably meant; "" when none is near. */
export function nearest(word: string, names: readonly string[]): string {
  const wanted = word.trim().toLowerCase();
  if (wanted.length > LONGEST_MISSPELT) return "";
  const most = Math.max(1, Math.floor(wanted.length / 3));
  let best = "";
  let bestDistance = most + 1;
  for (const name of names) {
    const distance = editDistance(wanted, name.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** Letters to add, drop, change or swap with their neighbour; gives up at `limit`. */
function editDistance(one: string, other: string, limit: number): number {
  if (Math.abs(one.length - other.length) >= limit) return limit;
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1])
        cost = Math.min(cost, before[j - 2]! + 1);
      row.push(cost);
    }
    if (Math.min(...row) >= limit) return limit;
    before = last;
    last = row;
  }
  return last[other.length]!;
}
