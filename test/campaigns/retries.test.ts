import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AttemptOutcome } from "../../server/campaigns/attempts/model.ts";
import { kindRules } from "../../server/campaigns/kinds.ts";
import type { CampaignSettings, RetryStep } from "../../server/campaigns/model.ts";
import {
  type PastAttempt,
  afterAttempt,
  countsAsAttempt,
  firstAttempt,
} from "../../server/campaigns/retries.ts";
import { RUSSIAN_ZONES } from "../../server/customers/phone-places.ts";
import { campaign, everyDay, inZones, isOpenOn, wallOf } from "./samples.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const ms = (iso: string) => Date.parse(iso);
const utc = (atMs: number) => new Date(atMs).toISOString().slice(0, 16);
const moscow = inZones("Europe/Moscow");
/** Nine to nine in Moscow is six to six in UTC. */
const hours = everyDay("09:00", "21:00");

const after = (
  settings: CampaignSettings,
  ...past: readonly (readonly [AttemptOutcome, string])[]
) => {
  const attempts = past.map(([outcome, at]) => ({ outcome, endedAtMs: ms(at) }));
  const next = afterAttempt(settings, attempts, moscow);
  return next.next === "retry" ? utc(next.dueAtMs) : `close ${next.because}`.trim();
};

describe("the first attempt", () => {
  const first = (own: Partial<CampaignSettings>, from: string) => {
    const planned = firstAttempt(campaign({ hours, ...own }), moscow, ms(from));
    return planned && [utc(planned.dueAtMs), utc(planned.windowEndsAtMs)];
  };

  test("is at once within hours, and may be dialled until a ring before they end", () => {
    const planned = firstAttempt(
      campaign({ hours, ringSeconds: 25 }),
      moscow,
      ms("2026-11-23T10:00Z"),
    );
    expect(planned).toEqual({
      dueAtMs: ms("2026-11-23T10:00Z"),
      windowEndsAtMs: ms("2026-11-23T18:00Z") - 25_000,
    });
  });

  test("waits for the morning, also when a phone would ring on after the hours", () => {
    const morning = ["2026-11-24T06:00", "2026-11-24T17:59"];
    expect(first({}, "2026-11-23T20:00Z")).toEqual(morning);
    expect(first({}, "2026-11-23T17:59:50Z")).toEqual(morning);
  });

  test("waits for the campaign's start, and is not after its end", () => {
    const startsAt = "2026-11-25T12:00:00+03:00";
    expect(first({ startsAt }, "2026-11-23T10:00Z")?.[0]).toBe("2026-11-25T09:00");
    const endsAt = "2026-11-23T15:00:00Z";
    expect(first({ endsAt }, "2026-11-23T10:00Z")).toEqual([
      "2026-11-23T10:00",
      "2026-11-23T15:00",
    ]);
    expect(first({ endsAt }, "2026-11-23T15:00Z")).toBeNull();
    expect(first({ endsAt: "2026-11-24T05:00:00Z" }, "2026-11-23T18:00Z")).toBeNull();
  });
});

describe("after an attempt", () => {
  const settings = campaign({
    hours,
    limits: { perContact: 20, perPhoneADay: 20, perCustomerADay: 20 },
  });

  test("busy is tried in five minutes, then later; each outcome has its own steps", () => {
    expect(after(settings, ["busy", "2026-11-23T10:00Z"])).toBe("2026-11-23T10:05");
    expect(after(settings, ["busy", "2026-11-23T10:00Z"], ["busy", "2026-11-23T10:06Z"])).toBe(
      "2026-11-23T10:21",
    );
    const mixed = [
      ["busy", "2026-11-23T10:00Z"],
      ["noAnswer", "2026-11-23T10:06Z"],
      ["busy", "2026-11-23T11:10Z"],
    ] as const;
    expect(after(settings, ...mixed.slice(0, 2))).toBe("2026-11-23T11:06");
    expect(after(settings, ...mixed)).toBe("2026-11-23T11:25");
  });

  test("no answer: in an hour, in four, then in the other half of the next day", () => {
    const past: [AttemptOutcome, string][] = [["noAnswer", "2026-11-23T07:00Z"]];
    expect(after(settings, ...past)).toBe("2026-11-23T08:00");
    past.push(["noAnswer", "2026-11-23T08:01Z"]);
    expect(after(settings, ...past)).toBe("2026-11-23T12:01");
    // That was after three in the afternoon, Moscow's middle of nine to nine.
    past.push(["noAnswer", "2026-11-23T12:02Z"]);
    expect(after(settings, ...past)).toBe("2026-11-24T06:00");
    past.push(["noAnswer", "2026-11-24T06:01Z"]);
    expect(after(settings, ...past)).toBe("2026-11-25T12:00");
    past.push(["noAnswer", "2026-11-25T12:01Z"]);
    expect(after(settings, ...past)).toBe("close exhausted");
  });

  test("the other half of the next day is that of the next day on which anybody is called", () => {
    const busy: RetryStep[] = ["otherHalfOfNextDay"];
    const workdays = {
      ...hours,
      saturday: null,
      sunday: null,
      holidays: ["2026-11-30"],
      onHolidays: null,
    };
    const own = { ...settings, hours: workdays, retries: { ...settings.retries, busy } };
    expect(after(own, ["busy", "2026-11-27T16:00Z"])).toBe("2026-12-01T06:00");
    expect(after(own, ["busy", "2026-11-27T07:00Z"])).toBe("2026-12-01T12:00");
    const always = { ...own, hours: everyDay("00:00", "24:00") };
    expect(after(always, ["busy", "2026-11-27T07:00Z"])).toBe("2026-11-28T09:00");
    expect(after(always, ["busy", "2026-11-27T19:00Z"])).toBe("2026-11-27T21:00");
  });

  test("a retry that falls after the hours waits for the next ones", () => {
    expect(after(settings, ["noAnswer", "2026-11-23T17:30Z"])).toBe("2026-11-24T06:00");
  });

  test("a talk, a refusal and a number that cannot be called are the end", () => {
    expect(after(settings, ["talked", "2026-11-23T10:00Z"])).toBe("close");
    for (const outcome of ["rejected", "unallocated", "wrongTrunk"] as const)
      expect(after(settings, [outcome, "2026-11-23T10:00Z"])).toBe("close exhausted");
  });

  test("what nobody can explain is tried again as congestion is", () => {
    const failed = ["failed", "2026-11-23T10:00Z"] as const;
    expect(after(settings, failed)).toBe("2026-11-23T10:05");
    expect(after(settings, failed, ["congestion", "2026-11-23T10:06Z"])).toBe("2026-11-23T10:21");
  });

  test("attempts in which nobody was dialled cost nothing and come soon, then seldom", () => {
    const one = { ...settings, limits: { ...settings.limits, perContact: 1 } };
    expect(after(one, ["operatorGone", "2026-11-23T10:00Z"])).toBe("2026-11-23T10:01");
    const many = (n: number) =>
      Array.from({ length: n }, () => ["refusedByPbx", "2026-11-23T10:00Z"] as const);
    expect(after(one, ...many(2))).toBe("2026-11-23T10:02");
    expect(after(one, ...many(30))).toBe("2026-11-23T11:00");
    expect(after(one, ...many(51))).toBe("close exhausted");
    expect(after(one, ["busy", "2026-11-23T10:00Z"])).toBe("close exhausted");
  });

  test("what an operator put aside is shown again in an hour, and counts", () => {
    expect(after(settings, ["skipped", "2026-11-23T10:00Z"])).toBe("2026-11-23T11:00");
    const one = { ...settings, limits: { ...settings.limits, perContact: 1 } };
    expect(after(one, ["skipped", "2026-11-23T10:00Z"])).toBe("close exhausted");
  });

  test("a day's limit moves the next attempt to the next day on the person's own clock", () => {
    const limits = { perContact: 9, perPhoneADay: 2, perCustomerADay: 3 };
    const two = [
      ["noAnswer", "2026-11-23T07:00Z"],
      ["busy", "2026-11-23T08:00Z"],
    ] as const;
    expect(after({ ...settings, limits }, ...two)).toBe("2026-11-24T06:00");
    const perCustomerADay = 1;
    const one = { ...settings, limits: { ...limits, perCustomerADay } };
    expect(after(one, two[0])).toBe("2026-11-24T06:00");
  });

  test("a campaign's end is told as such", () => {
    const endsAt = "2026-11-23T10:30:00Z";
    expect(after({ ...settings, endsAt }, ["noAnswer", "2026-11-23T10:00Z"])).toBe(
      "close campaignEnded",
    );
    expect(after({ ...settings, endsAt }, ["busy", "2026-11-23T10:00Z"])).toBe("2026-11-23T10:05");
  });

  test("nobody is called twice a day, three times in a week or nine times in a month about a debt", () => {
    const { defaults } = kindRules("debt");
    const day: RetryStep[] = Array.from({ length: 19 }, () => ({ afterMinutes: 1 }));
    const debt = campaign({
      kind: "debt",
      hours: defaults.hours,
      limits: { perContact: 20, perPhoneADay: 1, perCustomerADay: 1 },
      retries: { ...defaults.retries, noAnswer: day },
    });
    const past: PastAttempt[] = [{ outcome: "noAnswer", endedAtMs: ms("2026-11-23T10:00Z") }];
    for (let n = 1; n < 20; n++) {
      const next = afterAttempt(debt, past, moscow);
      if (next.next === "close") break;
      past.push({ outcome: "noAnswer", endedAtMs: next.dueAtMs + MINUTE_MS });
    }
    expect(past).toHaveLength(20);
    const ends = past.map(({ endedAtMs }) => endedAtMs);
    const within = (days: number) =>
      Math.max(
        ...ends.map((at) => ends.filter((one) => one >= at && one < at + days * DAY_MS).length),
      );
    expect(new Set(ends.map((at) => wallOf("Europe/Moscow", at).date)).size).toBe(20);
    expect(within(7)).toBe(2);
    expect(within(31)).toBe(8);
  });
});

describe("for any settings, zones and course of things", () => {
  const OUTCOMES: readonly AttemptOutcome[] = [
    ...([
      "talked",
      "busy",
      "noAnswer",
      "rejected",
      "unallocated",
      "congestion",
      "wrongTrunk",
    ] as const),
    ...([
      "machine",
      "abandoned",
      "cutOff",
      "operatorGone",
      "skipped",
      "refusedByPbx",
      "failed",
    ] as const),
  ];
  const step = fc.oneof(
    fc.constant<RetryStep>("otherHalfOfNextDay"),
    fc.record({ afterMinutes: fc.integer({ min: 1, max: 3000 }) }),
  );
  const steps = fc.array(step, { maxLength: 6 });
  const anyCase = fc.record({
    retries: fc.record({
      ...{ busy: steps, noAnswer: steps, machine: steps },
      ...{ congestion: steps, abandoned: steps, cutOff: steps },
    }),
    limits: fc.record({
      perContact: fc.integer({ min: 1, max: 12 }),
      perPhoneADay: fc.integer({ min: 1, max: 4 }),
      perCustomerADay: fc.integer({ min: 1, max: 4 }),
    }),
    hours: fc.constantFrom(
      everyDay("09:00", "21:00"),
      { ...everyDay("08:00", "22:00"), sunday: null },
      { ...everyDay("09:00", "22:00"), holidays: ["12-25", "01-01"], onHolidays: null },
      everyDay("00:00", "24:00"),
    ),
    zones: fc.constantFrom(
      RUSSIAN_ZONES,
      ...[["Europe/Berlin"], ["America/New_York", "America/Los_Angeles"], ["Asia/Almaty"]],
    ),
    kind: fc.constantFrom("service", "debt"),
    startMs: fc.integer({ min: ms("2026-01-01"), max: ms("2027-12-31") }),
    course: fc.array(
      fc.tuple(
        fc.oneof(
          { weight: 3, arbitrary: fc.constantFrom<AttemptOutcome>("busy", "noAnswer", "machine") },
          { weight: 1, arbitrary: fc.constantFrom(...OUTCOMES) },
        ),
        fc.integer({ min: 0, max: 7_200_000 }),
      ),
      { minLength: 20, maxLength: 40 },
    ),
  });

  test("time goes on, nobody is called outside hours or beyond a limit, and it comes to an end", () => {
    let calls = 0;
    fc.assert(
      fc.property(anyCase, ({ course, startMs, zones, ...own }) => {
        const settings = campaign(own);
        const where = inZones(...zones);
        const past: PastAttempt[] = [];
        let planned = firstAttempt(settings, where, startMs);
        for (const [outcome, lateMs] of course) {
          if (planned === null) break;
          calls++;
          const { dueAtMs, windowEndsAtMs } = planned;
          expect(dueAtMs).toBeGreaterThanOrEqual(past.at(-1)?.endedAtMs ?? startMs);
          expect(dueAtMs).toBeLessThan(windowEndsAtMs);
          // Dialled as late as that may be, it still rings within the hours.
          const dialledMs = Math.min(dueAtMs + lateMs, windowEndsAtMs - 1);
          const ringsUntilMs = dialledMs + settings.ringSeconds * 1000;
          for (const zone of zones)
            for (const atMs of [dueAtMs, dialledMs, ringsUntilMs])
              expect(isOpenOn(zone, settings.hours, atMs)).toBe(true);
          past.push({ outcome, endedAtMs: ringsUntilMs });
          const next = afterAttempt(settings, past, where);
          planned = next.next === "retry" ? next : null;
          const counted = past.filter((one) => countsAsAttempt(one.outcome));
          if (planned !== null) expect(counted.length).toBeLessThan(settings.limits.perContact);
          for (const zone of planned === null ? [] : zones) {
            const day = wallOf(zone, planned!.dueAtMs).date;
            const sameDay = counted.filter((one) => wallOf(zone, one.endedAtMs).date === day);
            const { perPhoneADay, perCustomerADay } = settings.limits;
            expect(sameDay.length).toBeLessThan(Math.min(perPhoneADay, perCustomerADay));
          }
        }
        expect(past.filter((one) => countsAsAttempt(one.outcome)).length).toBeLessThanOrEqual(
          settings.limits.perContact,
        );
      }),
      { numRuns: 150 },
    );
    // Else this looked at nothing.
    expect(calls).toBeGreaterThan(300);
  });
});
