import { expect, test } from "vitest";
import type { PromiseRefusal } from "../../../server/followups/model.ts";
import { promiseRefusalWords } from "../../../widget/call-backs/refusal.ts";
import { LANGUAGES, createLocale } from "../../../widget/shared/locale.ts";

const now = Date.parse("2026-11-22T10:00:00Z");
const say = (
  reason: PromiseRefusal["reason"],
  possibleAt: string | null = "2026-11-25T05:00:00Z",
  zone = "Asia/Vladivostok",
  lang: (typeof LANGUAGES)[number] = "en",
) => promiseRefusalWords({ reason, possibleAt }, zone, createLocale(lang), now);

test.each(LANGUAGES)("every reason has words of its own: %s", (lang) => {
  const reasons = ["past", "tooFar", "noSuchTime", "noSuchZone", "doNotCall", "noNumber"] as const;
  const all = reasons.map((reason) => say(reason, undefined, undefined, lang));
  expect(new Set(all).size).toBe(reasons.length);
  for (const words of all) expect(words).not.toMatch(/[{}]|undefined/);
});

test("a time that can be promised is told on the person's own clock", () => {
  // Five in the morning of UTC is three in the afternoon there.
  expect(say("past")).toMatch(
    /^This time has passed\. The next possible one: .*(15:00|3:00 PM)\.$/,
  );
  expect(say("past", undefined, "Europe/Moscow")).toMatch(/0?8:00( AM)?\.$/);
});

test("where no time is possible none is named", () => {
  expect(say("past", null)).toBe("This time has passed.");
  expect(say("noSuchTime", null)).toBe("There is no such time.");
});
