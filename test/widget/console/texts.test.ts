import { expect, test } from "vitest";
import { en } from "../../../widget/console/texts/en.ts";
import { ru } from "../../../widget/console/texts/ru.ts";
import { uk } from "../../../widget/console/texts/uk.ts";

const places = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).toSorted();

test.each([
  ["ru", ru],
  ["uk", uk],
] as const)(
  "%s says the console's texts with the same places for values as English",
  (_, texts) => {
    expect(Object.keys(texts).toSorted()).toEqual(Object.keys(en).toSorted());
    for (const [key, text] of Object.entries(texts))
      expect([key, places(text)]).toEqual([key, places(en[key as keyof typeof en])]);
  },
);

test("Ukrainian is not Russian, and the other way round", () => {
  for (const text of Object.values(uk)) expect(text).not.toMatch(/[ыэёъ]/i);
  for (const text of Object.values(ru)) expect(text).not.toMatch(/[іїєґ]/i);
});
