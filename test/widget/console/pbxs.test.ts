import { expect, test } from "vitest";
import { holderText } from "../../../widget/console/pbxs/holder.ts";
import { pbxReasonText } from "../../../widget/console/shared/pbx-reason.ts";
import { createWords } from "../../../widget/console/words.ts";
import { LANGUAGES } from "../../../widget/shared/locale.ts";

/** What the link to a PBX says when it is not up. */
const SAID = [
  "Nothing listens at pbx.example:5038",
  "The host name pbx.example is not known",
  "pbx.example:5038 reset the connection",
  "pbx.example:5038 has a self-signed certificate: give its CA file or allow self-signed certificates",
  'pbx.example:5038 is not an Asterisk manager: it greeted with "SSH-2.0"',
  "No greeting from pbx.example:5038 within 5000 ms",
  'Asterisk refused the login of "callcard": Login: Authentication failed',
  "Asterisk did not answer a ping within 3000 ms",
  "Asterisk closed the connection",
  "Asterisk closed the connection (it was shut down)",
  "It sends more than can be read",
];

test.each(LANGUAGES)("why a PBX is not connected is said in %s with its address", (lang) => {
  const words = createWords(lang);
  for (const said of SAID) {
    const text = pbxReasonText(said, words);
    expect(text, said).not.toBe(said);
    expect(text, said).not.toMatch(/\{\w+\}/);
    if (lang !== "en") expect(text, said).toMatch(/[а-яіїєґ]/i);
    for (const value of ["pbx.example:5038", "callcard"])
      if (said.includes(value)) expect(text, said).toContain(value);
  }
});

test("a reason nobody has words for is told as it came", () => {
  const said = "pbx.example:5038: write EPROTO";
  expect(pbxReasonText(said, createWords("ru"))).toBe(said);
});

test("who acts on a PBX is this process, another one by host and process id, or nobody", () => {
  const words = createWords("en");
  const since = "2026-11-22T08:00:00.000Z";
  const told = (name: string, here: boolean) =>
    holderText({ holder: { name, here, since }, state: "up" }, words);
  expect(told("web-1 4711", true)).toBe("This process acts on it.");
  expect(told("web-2 4712", false)).toBe("Process 4712 on web-2 acts on it.");
  expect(told("somebody", false)).toBe("somebody acts on it.");
  expect(holderText({ holder: null, state: "up" }, words)).toMatch(/cards come/);
  expect(holderText({ holder: null, state: "down" }, words)).toBe("Nobody acts on it.");
});
