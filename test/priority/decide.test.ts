import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide, isOrdered } from "../../server/priority/decide.ts";
import type { Condition, Subject } from "../../server/priority/model.ts";
import { customer, policyOf, rule, stranger } from "./samples.ts";

const nowMs = Date.parse("2026-11-22T12:00:00Z");
const HOUR = 3_600_000;
const holds = (condition: Condition, subject: Subject, atMs = nowMs, timeZone = "Europe/Moscow") =>
  decide(policyOf([rule("a", [condition])], { timeZone }), subject, atMs).rule !== null;

describe("which rule applies", () => {
  const policy = policyOf([
    { ...rule("off", [], { rate: 9 }), on: false },
    rule("late", [{ fact: "tier", in: ["gold"] }, { fact: "orderLate" }], {
      ...{ rate: 3, headStartSeconds: 14, skipQuestions: true, message: "Order is late" },
    }),
    rule("gold", [{ fact: "tier", in: ["gold"] }]),
  ]);

  test("is the first that is on and whose conditions all hold", () => {
    expect(decide(policy, customer({ tier: "gold", orderLate: true }), nowMs)).toEqual({
      ...{ rate: 3, headStartMs: 14_000, skipQuestions: true, preferred: null },
      message: "Order is late",
      rule: { id: "late", name: "Rule late" },
      passedOver: [{ ruleId: "off", failed: null }],
    });
  });

  test("is told with the first condition that failed in every rule above it", () => {
    const { rule: applied, passedOver } = decide(policy, customer({ tier: "gold" }), nowMs);
    expect(applied?.id).toBe("gold");
    expect(passedOver).toEqual([
      { ruleId: "off", failed: null },
      { ruleId: "late", failed: { fact: "orderLate" } },
    ]);
  });

  test("is none for whom nothing holds: they wait as everybody does", () => {
    const verdict = decide(policy, stranger(), nowMs);
    expect(verdict).toMatchObject({ rate: 1, headStartMs: 0, skipQuestions: false, rule: null });
    expect(verdict.passedOver.map((one) => one.ruleId)).toEqual(["off", "late", "gold"]);
    expect(decide(policyOf([]), stranger(), nowMs).passedOver).toEqual([]);
  });
});

describe("a condition", () => {
  const day = 24 * HOUR;
  const cases: readonly (readonly [Condition, yes: Subject, no: Subject])[] = [
    [{ fact: "tier", in: ["Gold"] }, customer({ tier: "gOLD" }), customer({ tier: "golden" })],
    [{ fact: "segment", in: ["Опт"] }, customer({ segments: ["a", "ОПТ"] }), customer()],
    [
      { fact: "lifetimeValue", atLeastMinor: 100 },
      customer({ lifetimeMinor: 100 }),
      customer({ lifetimeMinor: 99 }),
    ],
    [
      { fact: "orderCount", atLeast: 2, atMost: 3 },
      customer({ orderCount: 3 }),
      customer({ orderCount: 4 }),
    ],
    [{ fact: "orderCount", atMost: 0 }, customer({ orderCount: 0 }), stranger()],
    [
      { fact: "lastOrder", withinDays: 2 },
      customer({ lastOrderAtMs: nowMs - 2 * day }),
      customer({ lastOrderAtMs: nowMs - 2 * day - 1 }),
    ],
    [{ fact: "orderOnItsWay" }, customer({ orderOnItsWay: true }), customer()],
    [{ fact: "orderLate" }, customer({ orderLate: true }), customer()],
    [{ fact: "openClaim" }, customer({ openClaim: true }), stranger()],
    [
      { fact: "cartLeft", withinHours: 3 },
      customer({ cartLeftAtMs: nowMs - HOUR }),
      customer({ cartLeftAtMs: nowMs - 4 * HOUR }),
    ],
    [
      { fact: "gotLost", withinHours: 1 },
      customer({ lostAtMs: nowMs - 5 }),
      customer({ lostAtMs: nowMs - 2 * HOUR }),
    ],
    // A customer who got through since from another phone is not lost, whatever this number says.
    [
      { fact: "gotLost", withinHours: 1 },
      stranger({ lostAtMs: nowMs - 5 }),
      customer({}, { lostAtMs: nowMs - 5 }),
    ],
    [{ fact: "vip" }, customer({ vip: true }), customer()],
    [{ fact: "caller", is: "withheld" }, stranger({ caller: "withheld" }), stranger()],
    [{ fact: "queue", in: ["SALES"] }, customer(), customer({}, { queue: "support" })],
    [{ fact: "region", in: ["москва"] }, customer({ city: "Москва" }), customer({ city: "Омск" })],
    [{ fact: "region", in: ["ru"] }, customer({ city: "Омск" }), stranger({ place: place("UA") })],
    [
      { fact: "region", in: ["Омская область"] },
      stranger({ place: place("RU", "Омская область") }),
      // The number may be of Omsk; the customer lives elsewhere.
      customer({ city: "Москва" }, { place: place("RU", "Омская область") }),
    ],
  ];
  test.each(cases)(
    "%j holds where it should, and turned round where it should not",
    (one, yes, no) => {
      expect([holds(one, yes), holds(one, no)]).toEqual([true, false]);
      const turned = { ...one, not: true } as Condition;
      expect([holds(turned, yes), holds(turned, no)]).toEqual([false, true]);
    },
  );

  function place(country: string, region = "") {
    return { city: "", region, country };
  }
});

describe("time of day", () => {
  const at = (time: string, condition: object, zone = "Europe/Moscow") =>
    holds({ fact: "timeOfDay", ...condition } as Condition, stranger(), Date.parse(time), zone);

  test("is read from the wall of the policy's zone, the end not included", () => {
    const office = { from: "09:00", to: "18:00" };
    expect(at("2026-11-23T06:00:00Z", office)).toBe(true);
    expect(at("2026-11-23T05:59:59Z", office)).toBe(false);
    expect(at("2026-11-23T15:00:00Z", office)).toBe(false);
    expect(at("2026-11-23T15:00:00Z", office, "Europe/London")).toBe(true);
    expect(at("2026-11-23T20:59:59Z", { from: "18:00", to: "24:00" })).toBe(true);
  });

  test("over midnight belongs to the day it began on", () => {
    const fridayNight = { from: "22:00", to: "06:00", days: [5] };
    expect(at("2026-11-20T19:30:00Z", fridayNight)).toBe(true);
    expect(at("2026-11-21T02:59:00Z", fridayNight)).toBe(true);
    expect(at("2026-11-21T03:00:00Z", fridayNight)).toBe(false);
    expect(at("2026-11-21T19:30:00Z", fridayNight)).toBe(false);
    expect(at("2026-11-20T02:00:00Z", fridayNight)).toBe(false);
    // Sunday's night ends on Monday.
    expect(at("2026-11-23T01:00:00Z", { ...fridayNight, days: [7] })).toBe(true);
  });

  test("follows the clock when it is changed", () => {
    const morning = { from: "09:00", to: "09:30" };
    const berlin = "Europe/Berlin";
    expect(at("2026-03-28T08:15:00Z", morning, berlin)).toBe(true);
    expect(at("2026-03-29T07:15:00Z", morning, berlin)).toBe(true);
    expect(at("2026-03-29T08:15:00Z", morning, berlin)).toBe(false);
    expect(at("2026-10-25T08:15:00Z", morning, berlin)).toBe(true);
    // 02:30 comes twice that night, and both times it is 02:30.
    const night = { from: "02:00", to: "03:00" };
    expect(at("2026-10-25T00:30:00Z", night, berlin)).toBe(true);
    expect(at("2026-10-25T01:30:00Z", night, berlin)).toBe(true);
  });

  test("agrees with Intl at any moment of any zone", () => {
    const zones = ["Europe/Moscow", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe"];
    const moment = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2040, 0) });
    fc.assert(
      fc.property(moment, fc.constantFrom(...zones), (atMs, timeZone) => {
        const clock = new Intl.DateTimeFormat("en-GB", {
          ...{ timeZone, hour: "2-digit", minute: "2-digit", weekday: "short" },
        }).format(atMs);
        const [weekday = "", time = ""] = clock.split(" ");
        const day = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].indexOf(weekday) + 1;
        const [hour = "", minute = ""] = time.split(":");
        const next = minute === "59" ? `${String(Number(hour) + 1).padStart(2, "0")}:00` : "";
        const to = next || `${hour}:${String(Number(minute) + 1).padStart(2, "0")}`;
        const span = { fact: "timeOfDay", from: time, to, days: [day] } as const;
        expect(holds(span, stranger(), atMs, timeZone)).toBe(true);
        expect(holds({ ...span, days: [(day % 7) + 1] }, stranger(), atMs, timeZone)).toBe(false);
      }),
    );
  });
});

describe("a preferred operator", () => {
  const preferred = (who: "personalManager" | "lastOperator" | "operator", subject: Subject) => {
    const then = {
      preferred: { who, waitSeconds: 20, ...(who === "operator" && { login: "boris" }) },
    };
    return decide(policyOf([rule("a", [], then)]), subject, nowMs).preferred;
  };

  test("is who the rule means for this caller", () => {
    const known = customer({ personalManager: "anna", lastOperator: "carl" });
    expect(preferred("personalManager", known)).toEqual({ login: "anna", waitSeconds: 20 });
    expect(preferred("lastOperator", known)).toEqual({ login: "carl", waitSeconds: 20 });
    expect(preferred("operator", stranger())).toEqual({ login: "boris", waitSeconds: 20 });
  });

  test("is nobody when there is no such person", () => {
    expect(preferred("personalManager", customer())).toBeNull();
    expect(preferred("lastOperator", stranger())).toBeNull();
  });
});

test("in a queue that the policy leaves alone nobody's waiting counts for more; the rest is as the rule says", () => {
  const then = { rate: 3, headStartSeconds: 30, skipQuestions: true, message: "Regular" };
  const policy = policyOf([rule("a", [], then)], { queues: ["Sales"] });
  expect(isOrdered(policy, "sales")).toBe(true);
  expect(isOrdered(policy, "support")).toBe(false);
  expect(decide(policy, customer(), nowMs)).toMatchObject({ rate: 3, headStartMs: 30_000 });
  expect(decide(policy, customer({}, { queue: "support" }), nowMs)).toMatchObject({
    ...{ rate: 1, headStartMs: 0, skipQuestions: true, message: "Regular" },
    rule: { id: "a" },
  });
});
