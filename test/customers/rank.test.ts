import { expect, test } from "vitest";
import type { Customer } from "../../server/customers/model.ts";
import { type PhoneOwner, rankOwners } from "../../server/customers/rank.ts";

function owner(id: string, signs: Partial<PhoneOwner> = {}): PhoneOwner {
  const customer = { id, name: `Customer ${id}` } as Customer;
  return {
    customer,
    verified: true,
    chosen: false,
    hasOpenOrder: false,
    lastOrderAt: "",
    ...signs,
  };
}

const ranked = (...owners: PhoneOwner[]) =>
  rankOwners(owners).map(({ customer, reason }) => `${customer.id} ${reason}`);

test("chosen before, then verified, then an open order, then the later last order", () => {
  expect(
    ranked(
      owner("1", { verified: false, lastOrderAt: "2026-11-01T00:00:00.000Z" }),
      owner("2", { lastOrderAt: "2026-01-01T00:00:00.000Z" }),
      owner("3", { verified: false, chosen: true }),
      owner("4", { hasOpenOrder: true }),
      owner("5", { verified: false, lastOrderAt: "2026-12-01T00:00:00.000Z" }),
    ),
  ).toEqual(["3 chosenBefore", "4 verifiedPhone", "2 verifiedPhone", "5 lastOrder", "1 lastOrder"]);
});

test("a sign that all of them share explains nothing", () => {
  expect(
    ranked(
      owner("1", { hasOpenOrder: true, lastOrderAt: "2026-01-01T00:00:00.000Z" }),
      owner("2", { lastOrderAt: "2026-02-01T00:00:00.000Z" }),
      owner("3"),
    ),
  ).toEqual(["1 openOrder", "2 lastOrder", "3 other"]);
});

test("equals stand in the order of their making", () => {
  expect(ranked(owner("10"), owner("9"))).toEqual(["9 other", "10 other"]);
});
