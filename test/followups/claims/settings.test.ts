import { describe, expect, test } from "vitest";
import { USUAL, deadlineOf } from "../../../server/followups/claims/settings.ts";

const NOVOSIBIRSK = "Asia/Novosibirsk";
const due = (openedAt: string, more: Partial<typeof USUAL> = {}, timeZone = NOVOSIBIRSK) =>
  new Date(
    deadlineOf({ ...USUAL, ...more }, "defect", Date.parse(openedAt), timeZone),
  ).toISOString();

describe("a deadline", () => {
  // Thursday, 2026-11-19.
  const thursday = "2026-11-19T10:00:00+07:00";

  test("counts working days from the next one on, and ends with the shop's day", () => {
    expect(due(thursday, { otherDays: 1 })).toBe("2026-11-20T11:00:00.000Z");
    expect(due(thursday, { otherDays: 3 })).toBe("2026-11-24T11:00:00.000Z");
    expect(due(thursday, { days: { defect: 2 } })).toBe("2026-11-23T11:00:00.000Z");
  });

  test("passes over holidays, and over weekends wherever they are", () => {
    expect(due(thursday, { otherDays: 1, holidays: ["2026-11-20"] })).toBe(
      "2026-11-23T11:00:00.000Z",
    );
    expect(due(thursday, { otherDays: 1, weekend: [5, 6] })).toBe("2026-11-22T11:00:00.000Z");
  });

  test("of no days is the same day, or the next working one when that is over", () => {
    expect(due(thursday, { otherDays: 0 })).toBe("2026-11-19T11:00:00.000Z");
    expect(due("2026-11-20T19:00:00+07:00", { otherDays: 0 })).toBe("2026-11-23T11:00:00.000Z");
    expect(due("2026-11-21T12:00:00+07:00", { otherDays: 0 })).toBe("2026-11-23T11:00:00.000Z");
  });

  test("is by the shop's calendar, not by Greenwich's", () => {
    // Still Thursday in Greenwich, Friday in Novosibirsk.
    expect(due("2026-11-19T20:00:00Z", { otherDays: 1 })).toBe("2026-11-23T11:00:00.000Z");
    expect(due("2026-11-19T20:00:00Z", { otherDays: 1 }, "Europe/London")).toBe(
      "2026-11-20T18:00:00.000Z",
    );
  });

  test("keeps the hour over a change of clocks", () => {
    // Kyiv leaves summer time on Sunday, 2026-10-25.
    expect(due("2026-10-23T10:00:00Z", { otherDays: 1 }, "Europe/Kyiv")).toBe(
      "2026-10-26T16:00:00.000Z",
    );
  });
});
