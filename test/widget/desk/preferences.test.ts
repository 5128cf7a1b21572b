import { expect, test } from "vitest";
import { DEFAULT_PREFERENCES, parsePreferences } from "../../../widget/desk/preferences.ts";

test("what was stored is read back", () => {
  const stored = {
    volume: 0.2,
    muted: true,
    language: "uk" as const,
    theme: "dark" as const,
    shortcuts: false,
    script: false,
  };
  expect(parsePreferences(JSON.stringify(stored))).toEqual(stored);
});

test.each([
  null,
  "",
  "{",
  "null",
  "[]",
  '{"volume":7,"muted":"yes","language":"fr","theme":"pink"}',
])("%j gives the defaults", (text) => {
  expect(parsePreferences(text)).toEqual(DEFAULT_PREFERENCES);
});
