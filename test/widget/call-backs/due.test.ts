import { expect, test } from "vitest";
import { dueWords, inOrder, isLate, theirTime } from "../../../widget/call-backs/due.ts";
import { createLocale } from "../../../widget/shared/locale.ts";
import { sampleCallBack, sampleCallBacks } from "../../support/desk-work-samples.ts";

const now = Date.UTC(2026, 10, 22, 10);
const en = createLocale("en");
const due = (minutes: number) =>
  sampleCallBack(now, { dueAt: new Date(now + minutes * 60_000).toISOString() });

test("late ones come first, those somebody else works on last", () => {
  expect(inOrder(sampleCallBacks(now).toReversed()).map(({ id }) => id)).toEqual([
    "70",
    "71",
    "72",
  ]);
});

test("a call back is late from its minute on, whatever the list said when it was read", () => {
  expect(isLate(due(1), now)).toBe(false);
  expect(isLate(due(-1), now)).toBe(true);
});

test("says how long it is till then or since", () => {
  expect(dueWords(due(40), en, now)).toBe("in 40 min");
  expect(dueWords(due(-25), en, now)).toBe("late by 25 min");
  expect(dueWords(due(3 * 24 * 60), en, now)).toMatch(/25 November/);
});

test("says what time it is there, and nothing when nobody knows where", () => {
  expect(theirTime(due(1), now)).toBe("17:00");
  expect(theirTime(sampleCallBack(now, { timeZone: "" }), now)).toBe("");
});
