import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type CallerAnswer,
  ORDINARY,
  answerOf,
  guardedPriority,
  lineOf,
  priorityOf,
} from "../../server/priority/caller-answer.ts";
import type { Standing, Verdict } from "../../server/priority/model.ts";

const maria: CallerAnswer = {
  priority: 44,
  tier: "gold",
  name: "Мария Кузнецова",
  language: "ru",
  skipQuestions: true,
  preferred: { extension: "101", penalty: 3, free: true, waitSeconds: 12 },
};
const plain: Verdict = {
  rate: 1,
  headStartMs: 0,
  skipQuestions: false,
  preferred: null,
  message: "",
  rule: null,
  passedOver: [],
};

test("a known customer is told in one line, an ordinary caller in the same fields", () => {
  expect(lineOf(maria)).toBe(
    "ok|priority=44|tier=gold|name=Мария Кузнецова|language=ru|skip=1|preferred=101|penalty=3|seconds=12|free=1|end\n",
  );
  expect(lineOf(ORDINARY)).toBe(
    "ok|priority=0|tier=|name=|language=|skip=0|preferred=|penalty=0|seconds=0|free=0|end\n",
  );
});

test.each([
  ["Мар'яна О’Коннор", "Марʼяна ОʼКоннор"],
  ['Bobby"); System(rm -rf /);--', "Bobby System rm -rf --"],
  ["${SHELL(id)}$[1+1]", "SHELL id 1 1"],
  ["a|priority=999|end\r\nok|x", "a priority 999 end ok x"],
  ["  a,b;c&d:e?f\\g\0h  ", "a b c d e f g h"],
  ["ᐊᓄᕌᒃ 李小龙", "ᐊᓄᕌᒃ 李小龙"],
])("a name such as %j is told as %j", (name, told) => {
  expect(lineOf({ ...maria, name })).toContain(`|name=${told}|`);
});

test.each([
  ["uk", "uk"],
  ["pt-br", "pt_BR"],
  ["RU", "ru"],
  ["../../etc", ""],
  ["russian", ""],
])("the language %j is told as %j", (language, told) => {
  expect(lineOf({ ...maria, language })).toContain(`|language=${told}|`);
});

test("whatever a customer's record holds, the line has the same fields and nothing a dialplan reads as more than text", () => {
  const text = fc.string({ unit: "binary", maxLength: 300 });
  fc.assert(
    fc.property(text, text, text, text, (name, tier, language, extension) => {
      const preferred = { extension, penalty: 3, free: true, waitSeconds: 12 };
      const line = lineOf({ ...maria, name, tier, language, preferred });
      expect(line.endsWith("|end\n")).toBe(true);
      expect(line.slice(0, -1).split("|")).toHaveLength(11);
      for (const pair of line.slice(0, -1).split("|").slice(1, -1))
        expect(pair).toMatch(/^[a-z]+=[\p{L}\p{M}0-9 ._ʼ-]*$/u);
      expect(Buffer.byteLength(line)).toBeLessThan(1000);
    }),
  );
});

test("the priority is the head start and what the rate is worth in 30 seconds; 0 is ordinary", () => {
  expect(priorityOf(plain)).toBe(0);
  expect(priorityOf({ rate: 2, headStartMs: 14_000 })).toBe(44);
  expect(priorityOf({ rate: 1, headStartMs: 14_400 })).toBe(14);
  expect(priorityOf({ rate: 0.5, headStartMs: 0 })).toBe(-15);
  expect(priorityOf({ rate: 20, headStartMs: 3_600_000 })).toBe(4170);
});

test("more rate or more head start is never a lower priority", () => {
  const verdict = fc.record({
    rate: fc.double({ min: 0.1, max: 20, noNaN: true }),
    headStartMs: fc.integer({ min: -3_600_000, max: 3_600_000 }),
  });
  fc.assert(
    fc.property(verdict, verdict, (one, other) => {
      if (one.rate <= other.rate && one.headStartMs <= other.headStartMs)
        expect(priorityOf(one)).toBeLessThanOrEqual(priorityOf(other));
      expect(Number.isSafeInteger(priorityOf(one))).toBe(true);
      expect(Object.is(priorityOf(one), -0)).toBe(false);
    }),
  );
});

test("an operator who is preferred for no time, or cannot be rung, is not told", () => {
  const seat = { extension: "101", penalty: 3, free: true };
  const prefers = (waitSeconds: number) => ({
    ...plain,
    preferred: { login: "anna", waitSeconds },
  });
  const nobody: Standing | null = null;
  expect(answerOf(prefers(0), nobody, seat).preferred).toBeNull();
  expect(answerOf(prefers(12), nobody, null).preferred).toBeNull();
  expect(answerOf(prefers(12), nobody, seat).preferred).toEqual({ ...seat, waitSeconds: 12 });
  expect(answerOf(prefers(900), nobody, seat).preferred?.waitSeconds).toBe(60);
});

test("where nobody can be moved, a caller joins with no higher priority than who may not be passed any more", () => {
  const waiting = [
    { waitedMs: 10_000, priority: -15 },
    { waitedMs: 120_000, priority: 14 },
    { waitedMs: 119_999, priority: 0 },
  ];
  expect(guardedPriority(44, { neverPassedAfterSeconds: 120 }, waiting)).toBe(14);
  expect(guardedPriority(44, { neverPassedAfterSeconds: 119 }, waiting)).toBe(0);
  expect(guardedPriority(7, { neverPassedAfterSeconds: 120 }, waiting)).toBe(7);
  expect(guardedPriority(44, { neverPassedAfterSeconds: null }, waiting)).toBe(44);
  expect(guardedPriority(44, { neverPassedAfterSeconds: 120 }, [])).toBe(44);
});
