import { describe, expect, test } from "vitest";
import type { Customer, Identification } from "../../server/customers/model.ts";
import { inView, whomItIsFor } from "../../server/desk/purpose.ts";
import { sampleCustomer, sampleOrders } from "../support/desk-samples.ts";

const phone = { e164: "+79130000001", display: "", country: "RU" as const, timeZones: [] };
const anna = sampleCustomer({ id: "1" });
const oleg = sampleCustomer({ id: "2" });
const directory = (known: readonly Customer[]) => ({
  customer: (id: string) => Promise.resolve(known.find((one) => one.id === id) ?? null),
});

describe("a call for a customer we know", () => {
  const candidate = (customer: Customer) =>
    ({ customer, reason: "other", lastOrderAt: "" }) as const;
  test.each<[string, Identification]>([
    ["several people's", { outcome: "several", phone, candidates: [oleg, anna].map(candidate) }],
    ["somebody else's", { outcome: "one", phone, customer: oleg, verified: true }],
    ["nobody's", { outcome: "none", phone }],
  ])("is theirs though the number is %s", async (_, found) => {
    expect(await whomItIsFor(found, "1", directory([anna, oleg]))).toEqual({
      ...{ outcome: "one", phone, customer: anna, verified: true },
    });
  });

  test("stays as it was found when the number is theirs, unconfirmed as it is", async () => {
    const found: Identification = { outcome: "one", phone, customer: anna, verified: false };
    expect(await whomItIsFor(found, "1", directory([anna]))).toBe(found);
  });

  test("is as the number says when nobody is known, or has left, or there is no number", async () => {
    const found: Identification = { outcome: "none", phone };
    expect(await whomItIsFor(found, null, directory([anna]))).toBe(found);
    expect(await whomItIsFor(found, "1", directory([]))).toBe(found);
    const failed: Identification = { outcome: "failed", raw: "", reason: "directoryDown" };
    expect(await whomItIsFor(failed, "1", directory([anna]))).toBe(failed);
  });
});

test("a card shows what it is about first, then as many others as always", () => {
  const orders = sampleOrders(0);
  const ids = (about: readonly string[], others: number) =>
    inView(orders, about, others).map(({ id }) => id);
  expect(ids([], 2)).toEqual(["104512", "103877"]);
  expect(ids(["98316", "gone"], 2)).toEqual(["98316", "104512", "103877"]);
});
