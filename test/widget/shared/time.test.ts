import { expect, test } from "vitest";
import { localTime, runningTime } from "../../../widget/shared/time.ts";

const now = Date.UTC(2026, 10, 22, 20, 30);

test.each([
  [0, "0:00"],
  [999, "0:00"],
  [42_000, "0:42"],
  [725_000, "12:05"],
  [3_723_000, "1:02:03"],
  [-5000, "0:00"],
])("%i ms run as %s", (ms, text) => {
  expect(runningTime(ms)).toBe(text);
});

test("one zone gives one time", () => {
  expect(localTime(["Asia/Novosibirsk"], now)).toEqual({
    earliest: "03:30",
    latest: "03:30",
    hour: 3,
  });
});

test("several zones give the range, by the day and not by the letters of the clock", () => {
  expect(localTime(["Asia/Kamchatka", "Europe/Kaliningrad"], now)).toMatchObject({
    earliest: "22:30",
    latest: "08:30",
  });
});

test("zones of the same time are one time", () => {
  expect(localTime(["Europe/Moscow", "Europe/Simferopol"], now)).toMatchObject({
    earliest: "23:30",
    latest: "23:30",
  });
});

test("what is no zone is left out; without any there is no time", () => {
  expect(localTime(["Moon/Crater", "Europe/Kyiv"], now)?.earliest).toBe("22:30");
  expect(localTime(["Moon/Crater"], now)).toBeNull();
  expect(localTime([], now)).toBeNull();
});
