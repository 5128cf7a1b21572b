/** The clock alone changes a verdict at the moment told, and not before. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide } from "../../server/priority/decide.ts";
import type { Condition, Subject } from "../../server/priority/model.ts";
import { nextVerdictMs } from "../../server/priority/verdict-change.ts";
import { customer, policyOf, rule, stranger } from "./samples.ts";

const HOUR = 3_600_000;
const nowMs = Date.parse("2026-11-23T08:15:30Z");
const next = (one: Condition, subject: Subject, atMs = nowMs, timeZone = "Europe/Moscow") =>
  nextVerdictMs(policyOf([rule("a", [one])], { timeZone }), subject, atMs);
const time = (ms: number) => new Date(ms).toISOString();

describe("a verdict changes by the clock", () => {
  test("when a time of day begins and ends, in the policy's zone", () => {
    const office: Condition = { fact: "timeOfDay", from: "12:00", to: "18:00" };
    expect(time(next(office, stranger()))).toBe("2026-11-23T09:00:00.000Z");
    expect(time(next(office, stranger(), nowMs + HOUR))).toBe("2026-11-23T15:00:00.000Z");
    expect(time(next(office, stranger(), nowMs + 12 * HOUR))).toBe("2026-11-24T09:00:00.000Z");
    const evening: Condition = { fact: "timeOfDay", from: "18:00", to: "24:00" };
    expect(time(next(evening, stranger(), nowMs + 8 * HOUR))).toBe("2026-11-23T21:00:00.000Z");
  });

  test("when the clocks are changed before that", () => {
    const early: Condition = { fact: "timeOfDay", from: "06:00", to: "09:00" };
    const night = Date.parse("2026-03-28T23:30:00Z");
    expect(time(next(early, stranger(), night, "Europe/Berlin"))).toBe("2026-03-29T01:00:00.000Z");
    // From there on nothing is in the way.
    const changed = Date.parse("2026-03-29T01:00:00Z");
    expect(time(next(early, stranger(), changed, "Europe/Berlin"))).toBe(
      "2026-03-29T04:00:00.000Z",
    );
  });

  test("when something is longer ago than the rule asks", () => {
    const cart: Condition = { fact: "cartLeft", withinHours: 3 };
    expect(next(cart, customer({ cartLeftAtMs: nowMs - HOUR }))).toBe(nowMs + 2 * HOUR + 1);
    expect(next(cart, customer({ cartLeftAtMs: nowMs - 4 * HOUR }))).toBe(Infinity);
    expect(next(cart, customer())).toBe(Infinity);
    const lost: Condition = { fact: "gotLost", withinHours: 1 };
    expect(next(lost, stranger({ lostAtMs: nowMs - 60_000 }))).toBe(nowMs + HOUR - 60_000 + 1);
    const ordered: Condition = { fact: "lastOrder", withinDays: 2 };
    expect(next(ordered, customer({ lastOrderAtMs: nowMs }))).toBe(nowMs + 48 * HOUR + 1);
  });

  test("when a promised day is over", () => {
    const late: Condition = { fact: "orderLate" };
    const due = customer({ orderDueAtMs: nowMs + 5000 });
    expect(next(late, due)).toBe(nowMs + 5001);
    const policy = policyOf([rule("a", [late])]);
    expect(decide(policy, due, nowMs + 5000).rule).toBeNull();
    expect(decide(policy, due, nowMs + 5001).rule?.id).toBe("a");
  });

  test("never by rules that are off or ask nothing of it", () => {
    const off = { ...rule("a", [{ fact: "cartLeft", withinHours: 9 } as const]), on: false };
    const policy = policyOf([off, rule("b", [{ fact: "tier", in: ["gold"] }])]);
    expect(nextVerdictMs(policy, customer({ cartLeftAtMs: nowMs }), nowMs)).toBe(Infinity);
  });
});

describe("until the moment told", () => {
  const zones = ["Europe/Berlin", "Europe/Moscow", "Australia/Lord_Howe", "Asia/Kathmandu"];
  /** Around the days on which clocks are changed, and any other. */
  const moments = fc
    .tuple(
      fc.constantFrom("2026-03-29T00:00:00Z", "2026-10-25T00:00:00Z", "2026-04-04T15:00:00Z"),
      fc.integer({ min: -40 * HOUR, max: 40 * HOUR }),
    )
    .map(([day, more]) => Date.parse(day) + more);
  const clock = fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom(0, 1, 30, 59))
    .map(([hour, minute]) => `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`);
  const days = fc.option(fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { maxLength: 3 }), {
    nil: undefined,
  });
  const condition: fc.Arbitrary<Condition> = fc
    .tuple(
      fc.oneof(
        fc
          .tuple(clock, fc.oneof(clock, fc.constant("24:00")), days)
          .map(([from, to, of]): Condition => ({
            ...{ fact: "timeOfDay", from, to },
            ...(of === undefined ? {} : { days: of }),
          })),
        fc.constantFrom<Condition>(
          { fact: "lastOrder", withinDays: 1 },
          { fact: "cartLeft", withinHours: 2 },
          { fact: "gotLost", withinHours: 5 },
          { fact: "orderLate" },
        ),
      ),
      fc.boolean(),
    )
    .map(([one, not]) => (not ? { ...one, not } : one));
  const ago = fc.option(fc.integer({ min: -30 * HOUR, max: 30 * HOUR }));

  test("decide says the same of the same caller, at any moment of any zone", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(condition, { maxLength: 3 }), { minLength: 1, maxLength: 3 }),
        fc.constantFrom(...zones),
        moments,
        fc.tuple(ago, ago, ago, ago),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        (whens, timeZone, atMs, [order, cart, lost, due], share) => {
          const policy = policyOf(
            whens.map((when, at) => rule(`r${at}`, when)),
            { timeZone },
          );
          const since = (ms: number | null) => (ms === null ? null : atMs - ms);
          const subject = customer({
            ...{ lastOrderAtMs: since(order), cartLeftAtMs: since(cart) },
            ...{ lostAtMs: since(lost), orderDueAtMs: since(due) },
          });
          const untilMs = nextVerdictMs(policy, subject, atMs);
          expect(untilMs).toBeGreaterThan(atMs);
          const lastMs = Math.min(untilMs, atMs + 100 * HOUR) - 1;
          const before = decide(policy, subject, atMs);
          for (const later of [lastMs, Math.floor(atMs + share * (lastMs - atMs))])
            expect(decide(policy, subject, later)).toEqual(before);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
