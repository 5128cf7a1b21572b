import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CallingHours } from "../../../server/campaigns/model.ts";
import {
  callBackProblem,
  isOutside,
  momentOf,
  quickChoices,
  wallOf,
  zoneChoices,
} from "../../../widget/wrap-up/call-back.ts";

const at = (iso: string): number => Date.parse(iso);

describe("a time on the customer's clock", () => {
  test.each([
    ["2026-11-23T15:00", "Asia/Vladivostok", "2026-11-23T05:00:00Z"],
    ["2026-11-23T15:00", "Europe/Kaliningrad", "2026-11-23T13:00:00Z"],
    ["2026-01-15T09:00", "Europe/Kyiv", "2026-01-15T07:00:00Z"],
    ["2026-07-15T09:00", "Europe/Kyiv", "2026-07-15T06:00:00Z"],
    // The hour that is there twice: the clock shows it either way.
    ["2026-10-25T03:30", "Europe/Kyiv", "2026-10-25T01:30:00Z"],
  ])("%s in %s is %s", (wall, zone, iso) => {
    expect(momentOf(wall, zone)).toBe(at(iso));
  });

  test("is what the clock then shows, in every zone at every minute that is there", () => {
    fc.assert(
      fc.property(
        fc.integer({
          min: at("2026-01-01T00:00Z") / 60_000,
          max: at("2028-01-01T00:00Z") / 60_000,
        }),
        fc.constantFrom("Europe/Kyiv", "Europe/Lisbon", "Asia/Kamchatka", "America/St_Johns"),
        (minute, zone) => {
          const wall = wallOf(zone, minute * 60_000);
          expect(wallOf(zone, momentOf(wall, zone)!)).toBe(wall);
        },
      ),
    );
  });

  test("that is none, or of no zone, is nothing", () => {
    expect(momentOf("", "Europe/Kyiv")).toBeNull();
    expect(momentOf("2026-13-01T10:00", "Europe/Kyiv")).toBeNull();
    expect(momentOf("2026-11-23T15:00", "Mars/Olympus")).toBeNull();
    expect(wallOf("Mars/Olympus", 0)).toBe("");
  });
});

describe("what is offered", () => {
  const choices = (iso: string) => quickChoices("Asia/Novosibirsk", at(iso));
  test("counts on the customer's clock, to whole five minutes", () => {
    expect(choices("2026-11-22T07:02:00Z")).toEqual([
      { name: "inAnHour", at: "2026-11-22T15:05" },
      { name: "thisEvening", at: "2026-11-22T18:00" },
      { name: "tomorrowMorning", at: "2026-11-23T10:00" },
    ]);
  });
  test("has no evening when that is near or over, and knows the next month", () => {
    expect(choices("2026-11-30T10:30:00Z")).toEqual([
      { name: "inAnHour", at: "2026-11-30T18:30" },
      { name: "tomorrowMorning", at: "2026-12-01T10:00" },
    ]);
  });
});

test("of many possible zones only those are asked about whose clocks differ now", () => {
  const zones = ["Asia/Vladivostok", "Europe/Moscow", "Europe/Kirov", "nowhere"];
  expect(zoneChoices(zones, at("2026-11-22T10:00:00Z"))).toEqual([
    { zone: "Europe/Moscow", at: "2026-11-22T13:00" },
    { zone: "Asia/Vladivostok", at: "2026-11-22T20:00" },
  ]);
});

const hours: CallingHours = {
  weekdays: { from: "09:00", to: "20:00" },
  saturday: { from: "10:00", to: "18:00" },
  sunday: null,
  holidays: ["01-07", "2026-11-24"],
  onHolidays: { from: "12:00", to: "24:00" },
};

test.each([
  ["2026-11-23T09:00", false],
  ["2026-11-23T08:59", true],
  ["2026-11-23T20:00", true],
  ["2026-11-21T18:30", true],
  ["2026-11-22T12:00", true],
  ["2026-11-24T10:00", true],
  ["2026-11-24T23:59", false],
  ["2027-01-07T10:00", true],
])("at %s the campaign's hours are over: %s", (wall, outside) => {
  expect(isOutside(wall, hours)).toBe(outside);
});

test("a time to call back is missing, past or good", () => {
  const nowMs = at("2026-11-22T10:00:00Z");
  const choice = (wall: string, timeZone = "Asia/Novosibirsk") =>
    callBackProblem({ at: wall, timeZone, toMe: false }, nowMs);
  expect(callBackProblem(null, nowMs)).toBe("missing");
  expect(choice("2026-11-22T18:00", "")).toBe("missing");
  expect(choice("")).toBe("missing");
  expect(choice("2026-11-22T17:00")).toBe("past");
  expect(choice("2026-11-22T17:01")).toBeNull();
});
