/** Which of several customers who share a phone stands first, and why. A rule over data; no clock, no database. */
import type { Candidate, Customer } from "./model.ts";

/** What is known about one owner of a phone. */
export type PhoneOwner = {
  readonly customer: Customer;
  readonly verified: boolean;
  /** An operator chose this customer for this phone the last time. */
  readonly chosen: boolean;
  readonly hasOpenOrder: boolean;
  /** ISO date-time, "" for none. */
  readonly lastOrderAt: string;
};

/** Strongest first; each says whether `owner` has it. */
const signs: readonly {
  readonly reason: Exclude<Candidate["reason"], "lastOrder" | "other">;
  readonly has: (owner: PhoneOwner) => boolean;
}[] = [
  { reason: "chosenBefore", has: (owner) => owner.chosen },
  { reason: "verifiedPhone", has: (owner) => owner.verified },
  { reason: "openOrder", has: (owner) => owner.hasOpenOrder },
];

/**
 * Chosen before, then verified phone, then open order, then the later last order. The reason given is the strongest sign
 * that sets a customer apart: a sign that all of them share explains nothing.
 */
export function rankOwners(owners: readonly PhoneOwner[]): readonly Candidate[] {
  const telling = signs.filter((sign) => !owners.every(sign.has));
  return owners.toSorted(compareOwners).map((owner) => ({
    customer: owner.customer,
    reason:
      telling.find((sign) => sign.has(owner))?.reason ??
      (owner.lastOrderAt === "" ? "other" : "lastOrder"),
    lastOrderAt: owner.lastOrderAt,
  }));
}

function compareOwners(a: PhoneOwner, b: PhoneOwner): number {
  for (const sign of signs) {
    const difference = Number(sign.has(b)) - Number(sign.has(a));
    if (difference !== 0) return difference;
  }
  if (a.lastOrderAt !== b.lastOrderAt) return a.lastOrderAt > b.lastOrderAt ? -1 : 1;
  return Number(a.customer.id) - Number(b.customer.id);
}
