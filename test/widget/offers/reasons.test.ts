import { expect, test } from "vitest";
import { createLocale } from "../../../widget/shared/locale.ts";
import { reasonWords } from "../../../widget/offers/reasons.ts";

const now = Date.UTC(2026, 10, 22, 10);
const say = (lang: "ru" | "uk" | "en", reason: Parameters<typeof reasonWords>[0]): string =>
  reasonWords(reason, createLocale(lang), now);
const together = (count: number) =>
  ({ code: "boughtTogether", product: "A", together: count, of: 120 }) as const;

test.each([
  ["ru", 1, "1 из 120 купивших «A» взял и это"],
  ["ru", 43, "43 из 120 купивших «A» взяли и это"],
  ["uk", 21, "21 із 120 покупців «A» узяв і це"],
  ["uk", 25, "25 із 120 покупців «A» узяли й це"],
  ["en", 43, "43 of 120 who bought A took it too"],
] as const)("%s has the numbers in the forms of the language: %i", (lang, count, words) => {
  expect(say(lang, together(count))).toBe(words);
});

test("every kind of reason has words in every language, with nothing left to fill in", () => {
  const reasons = [
    together(5),
    { code: "boughtBefore", times: 3, lastDaysAgo: 12 },
    { code: "needs", product: "A", quantity: 2 },
    { code: "runsOut", everyDays: 30, lastDaysAgo: 31, by: "own" },
    { code: "runsOut", everyDays: 30, lastDaysAgo: 31, by: "category" },
    { code: "rule", rule: "B" },
  ] as const;
  for (const lang of ["ru", "uk", "en"] as const)
    for (const reason of reasons) expect(say(lang, reason)).not.toMatch(/[{}]|^$/);
});
