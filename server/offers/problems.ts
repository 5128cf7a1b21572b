/** What can be wrong with an offer rule or doubtful about it: the codes a screen translates, with the values its sentences need. */
import type { Problem } from "../priority/rest.ts";

type Nothing = Readonly<Record<string, never>>;
/** `known` and `suggestion` are "" when there is nothing to name. */
type Unknown = { readonly value: string; readonly known: string; readonly suggestion: string };

/**
 * Values of each code. `field` is the last part of the path; `rule` and `other` are names of rules. Beside these there are the codes of a wrong
 * shape: `missing`, `unknownField`, `wrongType`, `notAllowed`, `tooMany`, `tooLong` (`priority/problems.ts`).
 */
export type OfferProblemValues = {
  // Refused.
  readonly empty: { readonly field: string };
  readonly outOfRange: {
    readonly field: string;
    readonly value: number;
    readonly least: number;
    readonly most: number;
  };
  readonly notWhole: { readonly field: string; readonly value: number };
  /** Line breaks or other control characters where one line is wanted. */
  readonly notOneLine: { readonly field: string };
  readonly duplicate: { readonly value: string };
  readonly unknownProduct: { readonly value: string };
  readonly unknownCategory: Unknown;
  readonly unknownTier: Unknown;
  readonly unknownSegment: Unknown;
  readonly noProducts: { readonly field: string };
  /** Not exactly one of `fields` is given. */
  readonly oneOf: { readonly fields: string };
  readonly noLimits: { readonly least: string; readonly most: string };
  /** `least` is above `most`: nothing fits both. */
  readonly limitsCross: { readonly least: number; readonly most: number };
  /** A limit that can never be reached, because `other` is reached first. */
  readonly limitBeyond: { readonly value: number; readonly other: string; readonly most: number };
  /** Two conditions about the same thing that nobody can fit both. */
  readonly cannotHold: { readonly fact: string };
  readonly badTime: { readonly value: string };
  readonly badDay: { readonly value: number };
  readonly badDate: { readonly value: string };
  readonly datesReversed: { readonly from: string; readonly until: string };
  readonly badCurrency: { readonly value: string };
  readonly currencyMissing: Nothing;
  /** The product's price is in another currency than the rule's sums. */
  readonly otherCurrency: {
    readonly value: string;
    readonly currency: string;
    readonly wanted: string;
  };
  /** A price that is none: not below what it costs everybody. */
  readonly priceNotLower: { readonly product: string; readonly price: number };
  /** Sure to break the rule's own floor. */
  readonly belowFloor: { readonly product: string; readonly floor: number };
  /** Another rule of the group has the same priority: which goes first is not said. */
  readonly samePriority: { readonly group: string; readonly other: string; readonly value: number };
  readonly unknownPlaceholder: { readonly value: string; readonly known: string };
  readonly neededItself: { readonly product: string };
  // Doubts.
  readonly unknownRegion: Unknown;
  readonly unknownAttribute: Unknown;
  readonly outOfStock: { readonly product: string };
  /** The catalogue does not tell its cost: with a floor it is never given. */
  readonly costUnknown: { readonly product: string };
  /** No floor, and a price below the cost is possible. */
  readonly belowCost: { readonly product: string };
  readonly noFloor: Nothing;
  readonly over: { readonly until: string };
  readonly givesEverybody: Nothing;
  readonly stacks: { readonly other: string };
  readonly overlaps: { readonly other: string };
  readonly noSaying: Nothing;
  readonly placeholderEmpty: { readonly value: string };
};

export type OfferProblemCode = keyof OfferProblemValues;

/** Problems refuse a rule, warnings are told to whoever saves it. */
export type Findings = { readonly problems: Problem[]; readonly warnings: Problem[] };

/** Adds one finding at a place. */
export function tell<Code extends OfferProblemCode>(
  found: Problem[],
  path: string,
  code: Code,
  values: OfferProblemValues[Code],
  message: string,
): void {
  found.push({ path, code, message, values });
}
