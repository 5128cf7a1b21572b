import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CallingHours, Hours } from "../../server/campaigns/model.ts";
import { dayStartMs, nextDayMs, nextOpening } from "../../server/campaigns/windows.ts";
import { RUSSIAN_ZONES } from "../../server/customers/phone-places.ts";
import { everyDay, inZones, isOpenOn, wallOf } from "./samples.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const ms = (iso: string) => Date.parse(iso);
const utc = (atMs: number | undefined) =>
  atMs === undefined ? undefined : new Date(atMs).toISOString().slice(0, 16);
const opening = (hours: CallingHours, zones: readonly string[], from: string) => {
  const found = nextOpening(hours, inZones(...zones), ms(from));
  return found === null ? null : [utc(found.opensAtMs), utc(found.closesAtMs)];
};
const working: CallingHours = {
  weekdays: { from: "09:00", to: "21:00" },
  saturday: { from: "10:00", to: "18:00" },
  sunday: null,
  holidays: ["01-01", "2026-11-25"],
  onHolidays: null,
};

describe("one zone", () => {
  test.each([
    ["an open moment opens at once", "2026-11-23T07:30", ["2026-11-23T07:30", "2026-11-23T18:00"]],
    ["the first moment is open", "2026-11-23T06:00", ["2026-11-23T06:00", "2026-11-23T18:00"]],
    ["before the hours", "2026-11-23T02:00", ["2026-11-23T06:00", "2026-11-23T18:00"]],
    ["the last moment is closed", "2026-11-23T18:00", ["2026-11-24T06:00", "2026-11-24T18:00"]],
    ["a date off", "2026-11-24T19:00", ["2026-11-26T06:00", "2026-11-26T18:00"]],
    ["a Saturday is shorter", "2026-11-28T01:00", ["2026-11-28T07:00", "2026-11-28T15:00"]],
    ["no Sunday", "2026-11-28T15:00", ["2026-11-30T06:00", "2026-11-30T18:00"]],
    ["a day off every year", "2031-12-31T20:00", ["2032-01-02T06:00", "2032-01-02T18:00"]],
  ])("in Moscow: %s", (_, from, expected) => {
    expect(opening(working, ["Europe/Moscow"], `${from}:00Z`)).toEqual(expected);
  });

  test("holidays may have hours of their own", () => {
    const hours = { ...working, onHolidays: { from: "12:00", to: "13:00" } };
    const expected = ["2026-11-25T09:00", "2026-11-25T10:00"];
    expect(opening(hours, ["Europe/Moscow"], "2026-11-24T19:00:00Z")).toEqual(expected);
  });

  test("hours around the clock go over midnight and are told of for sixty days", () => {
    const always = everyDay("00:00", "24:00");
    const found = nextOpening(always, inZones("Europe/Berlin"), ms("2026-10-01T10:00Z"))!;
    expect(found.closesAtMs - found.opensAtMs).toBe(60 * DAY_MS);
    const later = nextOpening(always, inZones("Europe/Berlin"), ms("2026-11-20T10:00Z"))!;
    expect(later.closesAtMs - later.opensAtMs).toBe(60 * DAY_MS);
    const weekdays = { ...always, saturday: null, sunday: null };
    expect(opening(weekdays, ["Europe/Berlin"], "2026-11-22T12:00:00Z")).toEqual([
      "2026-11-22T23:00",
      "2026-11-27T23:00",
    ]);
  });

  test("is never open when no day is, and when the only one is more than sixty days away", () => {
    const never = { ...working, weekdays: null, saturday: null };
    expect(opening(never, ["Europe/Moscow"], "2026-11-23T00:00:00Z")).toBeNull();
    const newYear = { ...never, onHolidays: { from: "12:00", to: "13:00" }, holidays: ["01-01"] };
    const from = ms("2027-01-01T09:00Z") - 60 * DAY_MS;
    const moscow = inZones("Europe/Moscow");
    expect(nextOpening(newYear, moscow, from)).toBeNull();
    expect(nextOpening(newYear, moscow, from + 1)?.opensAtMs).toBe(ms("2027-01-01T09:00Z"));
  });

  test("nobody is called in no zone, in one that nobody knows, or by a bare offset", () => {
    for (const zones of [[], ["Mars/Olympus"], ["Europe/Moscow", "nowhere"], ["+03:00"]])
      expect(opening(working, zones, "2026-11-23T07:30:00Z")).toBeNull();
  });
});

describe("clocks that are changed", () => {
  test("the hour that is jumped over in spring is not waited for", () => {
    // Berlin, 2027-03-28: 02:00 becomes 03:00.
    const hours = everyDay("02:30", "03:30");
    const expected = ["2027-03-28T01:00", "2027-03-28T01:30"];
    expect(opening(hours, ["Europe/Berlin"], "2027-03-28T00:10:00Z")).toEqual(expected);
    const within = everyDay("02:10", "02:50");
    expect(opening(within, ["Europe/Berlin"], "2027-03-28T00:10:00Z")).toEqual([
      "2027-03-29T00:10",
      "2027-03-29T00:50",
    ]);
  });

  test("the hour that comes twice in autumn is open twice", () => {
    // Berlin, 2026-10-25: 03:00 becomes 02:00.
    const hours = everyDay("02:15", "02:45");
    expect(opening(hours, ["Europe/Berlin"], "2026-10-24T23:00:00Z")).toEqual([
      "2026-10-25T00:15",
      "2026-10-25T00:45",
    ]);
    expect(opening(hours, ["Europe/Berlin"], "2026-10-25T00:45:00Z")).toEqual([
      "2026-10-25T01:15",
      "2026-10-25T01:45",
    ]);
    const day = ["2026-10-25T08:00", "2026-10-25T20:00"];
    const usual = everyDay("09:00", "21:00");
    expect(opening(usual, ["Europe/Berlin"], "2026-10-24T23:00:00Z")).toEqual(day);
    expect(opening(usual, ["Europe/Berlin"], "2026-10-24T10:00:00Z")?.[1]).toBe("2026-10-24T19:00");
  });

  test("a day may begin at one in the morning", () => {
    // Cairo, 2027-04-30: midnight becomes 01:00.
    const cairo = inZones("Africa/Cairo");
    const midnight = nextDayMs(cairo, ms("2027-04-29T20:00Z"))!;
    expect(wallOf("Africa/Cairo", midnight)).toMatchObject({ date: "2027-04-30", time: "01:00" });
    expect(wallOf("Africa/Cairo", midnight - 1)).toMatchObject({ date: "2027-04-29" });
    expect(dayStartMs(cairo, ms("2027-04-30T12:00Z"))).toBe(midnight);
  });
});

describe("several zones at once", () => {
  test("hours hold where all of them are awake", () => {
    const hours = everyDay("09:00", "22:00");
    expect(opening(hours, RUSSIAN_ZONES, "2026-11-23T00:00:00Z")).toEqual([
      "2026-11-23T07:00",
      "2026-11-23T10:00",
    ]);
    expect(opening(everyDay("10:00", "20:00"), RUSSIAN_ZONES, "2026-11-23T00:00:00Z")).toBeNull();
  });

  test("the shorter day decides where it is Saturday already", () => {
    expect(opening(working, ["Europe/Moscow", "Asia/Kamchatka"], "2026-11-27T11:00:00Z")).toEqual([
      "2026-11-30T06:00",
      "2026-11-30T09:00",
    ]);
  });
});

test("a day has begun where it began first, and is over where it ends last", () => {
  const zones = inZones("Europe/Kaliningrad", "Europe/Moscow", "Asia/Kamchatka");
  const atMs = ms("2026-11-23T09:00Z");
  expect(utc(dayStartMs(zones, atMs)!)).toBe("2026-11-22T12:00");
  expect(utc(nextDayMs(zones, atMs)!)).toBe("2026-11-23T22:00");
  // In Kamchatka it is the 24th already, and still the 23rd in Kaliningrad.
  expect(utc(dayStartMs(zones, ms("2026-11-23T21:30Z"))!)).toBe("2026-11-22T22:00");
  for (const none of [inZones(), inZones("Mars/Olympus")])
    expect([dayStartMs(none, atMs), nextDayMs(none, atMs)]).toEqual([null, null]);
});

const ZONES = [
  ...RUSSIAN_ZONES,
  ...["Europe/Berlin", "Europe/Kyiv", "Europe/Chisinau", "Asia/Almaty", "Asia/Kolkata"],
  ...["America/New_York", "America/St_Johns", "America/Havana", "Australia/Lord_Howe"],
  ...["Africa/Cairo", "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Apia", "Pacific/Chatham"],
  // Goes back from midnight to eleven in the evening.
  "America/Nuuk",
];
const timeOfDay = (minute: number) =>
  `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
const anyHours: fc.Arbitrary<Hours> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(null) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.integer({ min: 0, max: 1440 }), fc.integer({ min: 0, max: 1440 }))
      .filter(([from, to]) => from !== to)
      .map(([one, other]) => ({
        from: timeOfDay(Math.min(one, other)),
        to: timeOfDay(Math.max(one, other)),
      })),
  },
);
const callingHours: fc.Arbitrary<CallingHours> = fc.record({
  weekdays: anyHours,
  saturday: anyHours,
  sunday: anyHours,
  holidays: fc.subarray(["01-01", "10-25", "2027-03-28", "03-14", "2026-11-01", "12-25"]),
  onHolidays: anyHours,
});
// Around changes of clocks half of the time.
const CHANGES = ["2026-10-25", "2027-03-28", "2026-11-01", "2027-03-14", "2027-04-30"];
const moment = fc.oneof(
  fc.integer({ min: ms("2026-01-01"), max: ms("2028-01-01") }),
  fc
    .tuple(fc.constantFrom(...CHANGES), fc.integer({ min: -2 * DAY_MS, max: DAY_MS }))
    .map(([day, offset]) => ms(day) + offset),
);

describe("for any hours, zones and moment", () => {
  const anyCase = fc.record({
    hours: callingHours,
    zones: fc.uniqueArray(fc.constantFrom(...ZONES), { minLength: 1, maxLength: 4 }),
    fromMs: moment,
  });

  test("the opening is the first, every minute of it is open in every zone, and its end is closed in one", () => {
    let found = 0;
    fc.assert(
      fc.property(anyCase, ({ hours, zones, fromMs }) => {
        const isOpen = (atMs: number) => zones.every((zone) => isOpenOn(zone, hours, atMs));
        const answer = nextOpening(hours, inZones(...zones), fromMs);
        // Clocks of today differ from UTC by whole minutes, so nothing opens within one; a week is looked through.
        const firstMinute = Math.ceil(fromMs / MINUTE_MS) * MINUTE_MS;
        const lookMs = Math.min(answer?.opensAtMs ?? Infinity, fromMs + 7 * DAY_MS);
        if (answer?.opensAtMs !== fromMs) expect(isOpen(fromMs)).toBe(false);
        for (let atMs = firstMinute; atMs < lookMs; atMs += MINUTE_MS)
          if (isOpen(atMs)) expect.unreachable(`${utc(atMs)} is open and ${utc(lookMs)} was told`);
        if (answer === null) return;
        found++;
        const { opensAtMs, closesAtMs } = answer;
        expect(opensAtMs).toBeGreaterThanOrEqual(fromMs);
        expect(opensAtMs).toBeLessThan(fromMs + 60 * DAY_MS);
        const toMs = Math.min(closesAtMs, opensAtMs + 2 * DAY_MS);
        for (let atMs = opensAtMs; atMs < toMs; atMs += MINUTE_MS)
          if (!isOpen(atMs)) expect.unreachable(`${utc(atMs)} is closed`);
        if (closesAtMs - opensAtMs < 60 * DAY_MS) expect(isOpen(closesAtMs)).toBe(false);
        expect(isOpen(closesAtMs - 1)).toBe(true);
      }),
      { numRuns: 60 },
    );
    // Else this looked at nothing.
    expect(found).toBeGreaterThan(20);
  });

  test("the answer does not depend on what was asked before", () => {
    fc.assert(
      fc.property(
        anyCase,
        fc.array(moment, { maxLength: 6 }),
        ({ hours, zones, fromMs }, asked) => {
          for (const atMs of asked) nextOpening(hours, inZones(...zones), atMs);
          const fresh = structuredClone(hours);
          expect(nextOpening(hours, inZones(...zones), fromMs)).toEqual(
            nextOpening(fresh, inZones(...zones), fromMs),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  test("a day begins and ends where the wall says so", () => {
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), moment, (zone, atMs) => {
        const dateAt = (oneMs: number) => wallOf(zone, oneMs).date;
        const startMs = dayStartMs(inZones(zone), atMs)!;
        const nextMs = nextDayMs(inZones(zone), atMs)!;
        expect(startMs).toBeLessThanOrEqual(atMs);
        expect([dateAt(startMs), dateAt(startMs - 1) < dateAt(atMs)]).toEqual([dateAt(atMs), true]);
        expect([dateAt(nextMs - 1), dateAt(nextMs) > dateAt(atMs)]).toEqual([dateAt(atMs), true]);
      }),
      { numRuns: 500 },
    );
  });
});
