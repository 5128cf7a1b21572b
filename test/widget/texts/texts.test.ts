import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { en } from "../../../widget/texts/en.ts";
import { ru } from "../../../widget/texts/ru.ts";
import { uk } from "../../../widget/texts/uk.ts";

const dictionaries: readonly (readonly [string, object])[] = [
  ["ru", ru],
  ["uk", uk],
  ["en", en],
];
const forms = (text: unknown): string[] =>
  typeof text === "string" ? [text] : Object.values(text as Record<string, string>);
const places = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).toSorted();

test.each(dictionaries)("%s has every key and no other", (_, dictionary) => {
  expect(Object.keys(dictionary).toSorted()).toEqual(Object.keys(en).toSorted());
});

test.each(dictionaries)("%s has the same places for values as English", (_, dictionary) => {
  for (const [key, text] of Object.entries(dictionary)) {
    const [english] = forms(en[key as keyof typeof en]);
    for (const form of forms(text)) expect([key, places(form)]).toEqual([key, places(english!)]);
  }
});

test.each(dictionaries)("%s has all plural forms of its language", (language, dictionary) => {
  const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories.toSorted();
  for (const text of Object.values(dictionary)) {
    if (typeof text !== "string") expect(Object.keys(text as object).toSorted()).toEqual(wanted);
  }
});

test.each(dictionaries)("%s has no empty text and no straight quotes or double spaces", (_, d) => {
  for (const text of Object.values(d).flatMap(forms)) {
    expect(text.trim()).toBe(text);
    expect(text).not.toMatch(/^$|"| {2}|'/);
  }
});

test("Ukrainian is not Russian: no letter that only Russian has, and the other way round", () => {
  for (const text of Object.values(uk).flatMap(forms)) expect(text).not.toMatch(/[ыэёъ]/i);
  for (const text of Object.values(ru).flatMap(forms)) expect(text).not.toMatch(/[іїєґ]/i);
});

test("every text is used somewhere in the widget", async () => {
  const folder = join(import.meta.dirname, "../../../widget");
  const names = await readdir(folder, { recursive: true });
  const sources = names.filter((name) => name.endsWith(".ts") && !name.startsWith("texts"));
  const code = (
    await Promise.all(sources.map((name) => readFile(join(folder, name), "utf8")))
  ).join("\n");
  const unused = Object.keys(en).filter((key) => {
    const prefix = /^[a-zA-Z]+_/.exec(key)?.[0];
    const composed =
      prefix !== undefined && (code.includes(`\`${prefix}\${`) || code.includes(`"${prefix}"`));
    return !composed && !code.includes(`"${key}"`);
  });
  expect(unused).toEqual([]);
});
