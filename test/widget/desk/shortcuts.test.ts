import { expect, test } from "vitest";
import { shortcut } from "../../../widget/desk/shortcuts.ts";

const press = (change: Partial<Parameters<typeof shortcut>[0]>): ReturnType<typeof shortcut> =>
  shortcut({
    key: "",
    code: "",
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    isComposing: false,
    ...change,
  });

test("a key means the same in every keyboard layout", () => {
  expect(press({ key: "r", code: "KeyR" })).toEqual({ deed: "ready" });
  expect(press({ key: "к", code: "KeyR" })).toEqual({ deed: "ready" });
  expect(press({ key: ".", code: "Slash" })).toEqual({ deed: "dial" });
});

test("the question mark is help wherever it is typed", () => {
  expect(press({ key: "?", code: "Slash" })).toEqual({ deed: "help" });
  expect(press({ key: "?", code: "Digit7" })).toEqual({ deed: "help" });
});

test("digits choose by the place in a list", () => {
  expect(press({ key: "1", code: "Digit1" })).toEqual({ deed: "digit", index: 0 });
  expect(press({ key: "9", code: "Numpad9" })).toEqual({ deed: "digit", index: 8 });
  expect(press({ key: "0", code: "Digit0" })).toBeNull();
});

test("with a modifier, or while a character is composed, a key belongs to somebody else", () => {
  for (const held of [
    { ctrlKey: true },
    { metaKey: true },
    { altKey: true },
    { isComposing: true },
  ])
    expect(press({ key: "r", code: "KeyR", ...held })).toBeNull();
});
