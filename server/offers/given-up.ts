/** Why a rule that is on gives nothing to this customer and cart: the codes a screen translates. */

/** What each code says beside the rule. */
export const GIVEN_UP_CODES = [
  /** A claim of the customer is open: nothing is offered. */
  "openClaim",
  "emptyCart",
  "notYet",
  "over",
  /** `condition` does not hold. */
  "condition",
  /** The cart is in another currency than the rule's sums. */
  "currency",
  /** Nothing in the cart needs anything, or all of it is there. */
  "nothingNeeded",
  /** Nothing it names is in the cart or can be offered. */
  "noProduct",
  "unknownProduct",
  "outOfStock",
  /** Less in stock than the rule keeps, or than is needed. */
  "stockBelow",
  "inCart",
  /** Returned or complained about by this customer before. */
  "unwanted",
  "otherCurrency",
  /** The cost is not known, so the floor cannot be kept. */
  "costUnknown",
  "marginFloor",
  "notCheaper",
  "noBonus",
  "usedUp",
  "usedUpToday",
  "usedByCustomer",
  "customerUnknown",
  /** `other`, of the same group, goes first. */
  "group",
  /** `other` offers the same product. */
  "sameProduct",
] as const;
export type GivenUpCode = (typeof GIVEN_UP_CODES)[number];

/** One rule that gives nothing, and why. */
export type GivenUp = {
  readonly ruleId: string;
  readonly rule: string;
  readonly because: GivenUpCode;
  /** With `condition`: its place in the rule, from 0; else null. */
  readonly condition: number | null;
  /** With `group` and `sameProduct`: the id of the rule that goes first; else "". */
  readonly other: string;
};
