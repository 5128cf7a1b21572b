import { describe, expect, test } from "vitest";
import { type PersonFacts, limitReached, whyNotToCall } from "../../server/campaigns/eligible.ts";
import type { CampaignSettings } from "../../server/campaigns/model.ts";
import { campaign } from "./samples.ts";

const NOW = Date.parse("2026-11-23T09:00:00Z");
const HOUR_MS = 3_600_000;
const nobodyMinds: PersonFacts = {
  doNotCall: false,
  refused: false,
  orderStages: ["new"],
  cartOrdered: false,
  lastTalk: null,
  openClaim: false,
  consent: null,
  promised: false,
};
const strict = { talkedWithinHours: 2, openClaim: true, withoutConsent: true };
const why = (facts: Partial<PersonFacts>, own: Partial<CampaignSettings> = {}) =>
  whyNotToCall(campaign(own), { ...nobodyMinds, ...facts }, NOW);

test("who minds nothing is called", () => {
  expect(why({})).toBeNull();
  expect(why({ consent: true }, { exclude: strict })).toBeNull();
});

describe("nobody is called who", () => {
  test("stands on the do-not-call list or refused, not even when they were promised a call", () => {
    for (const promised of [false, true]) {
      expect(why({ doNotCall: true, refused: true, promised })).toBe("doNotCall");
      expect(why({ refused: true, promised })).toBe("refused");
    }
  });

  test("did not consent, where that is needed; for adverts it always is", () => {
    for (const consent of [null, false]) {
      expect(why({ consent })).toBeNull();
      expect(why({ consent }, { exclude: strict })).toBe("noConsent");
      expect(why({ consent }, { kind: "advert" })).toBe("noConsent");
      expect(why({ consent, promised: true }, { kind: "advert" })).toBe("noConsent");
    }
    expect(why({ consent: true }, { kind: "advert" })).toBeNull();
  });

  test.each([
    ["confirmed", "orderConfirmed"],
    ["paid", "orderPaid"],
    ["cancelled", "orderCancelled"],
    ["shipped", "orderSettled"],
  ] as const)("has only orders that are settled (%s: %s)", (stage, because) => {
    expect(why({ orderStages: [stage] })).toBe(because);
    expect(why({ orderStages: ["confirmed", stage] })).toBe(because);
    expect(why({ orderStages: [stage, "new"] })).toBeNull();
    expect(why({ orderStages: [stage] }, { settledStages: [] })).toBeNull();
    expect(why({ orderStages: [] })).toBeNull();
  });

  test("ordered what was in the cart", () => {
    const trigger = { type: "cartLeft", afterMinutes: 60 } as const;
    expect(why({ orderStages: [], cartOrdered: true }, { trigger })).toBe("cartOrdered");
  });

  test("talked to us lately, as long as the setting says", () => {
    const talked = (hours: number, inbound: boolean) =>
      why(
        { consent: true, lastTalk: { atMs: NOW - hours * HOUR_MS, inbound } },
        { exclude: strict },
      );
    expect(talked(1.99, true)).toBe("calledIn");
    expect(talked(1.99, false)).toBe("talked");
    expect(talked(2, true)).toBeNull();
    const lastTalk = { atMs: NOW, inbound: true };
    expect(
      why({ lastTalk }, { exclude: { ...strict, talkedWithinHours: null, withoutConsent: false } }),
    ).toBeNull();
  });

  test("has an open claim, where that is a setting", () => {
    expect(why({ openClaim: true })).toBeNull();
    expect(why({ openClaim: true, consent: true }, { exclude: strict })).toBe("openClaim");
  });

  test("would be called after the campaign's end", () => {
    const endsAt = "2026-11-23T09:00:00Z";
    expect(why({}, { endsAt })).toBe("campaignEnded");
    expect(why({}, { endsAt: "2026-11-23T09:00:01Z" })).toBeNull();
  });
});

test("a promised call is kept though the person talked to us or has a claim", () => {
  const lastTalk = { atMs: NOW - 1, inbound: true };
  const facts = { promised: true, lastTalk, openClaim: true, consent: true };
  expect(why(facts, { exclude: strict })).toBeNull();
});

test("limits are reached at their number, the longest one first", () => {
  const limits = { perContact: 6, perPhoneADay: 3, perCustomerADay: 4 };
  const counts = { contact: 5, phoneToday: 2, customerToday: 3 };
  expect(limitReached(limits, counts)).toBeNull();
  expect(limitReached(limits, { ...counts, customerToday: 4 })).toBe("customer");
  expect(limitReached(limits, { ...counts, phoneToday: 3, customerToday: 4 })).toBe("phone");
  expect(limitReached(limits, { contact: 6, phoneToday: 3, customerToday: 4 })).toBe("contact");
});
