import { expect, test } from "vitest";
import { AmiError } from "../../server/asterisk/model.ts";
import { refusedBy } from "../../server/console/refusal.ts";
import { AskRefused, NobodyAnswers } from "../../server/storage/asks.ts";

test.each(["refused", "deadline", "disconnected", "login", "invalid"] as const)(
  "what Asterisk said to another process (%s) is refused as if it was said to this one",
  (code) => {
    const here = refusedBy(new AmiError(code, "QueueChangePriorityCaller", "no"));
    const there = refusedBy(new AskRefused(code, "no"));
    expect(there.reply.code).toBe(here.reply.code);
    expect(there.unexpected).toBe(false);
  },
);

test("a question that no process answers is nobody's fault", () => {
  expect(refusedBy(new NobodyAnswers("moveByHand"))).toMatchObject({
    reply: { code: "nobodyActs" },
    unexpected: false,
  });
});

test("a code that means nothing here belongs into the log", () => {
  for (const code of ["toString", "databaseOnFire"])
    expect(refusedBy(new AskRefused(code, "?"))).toMatchObject({ unexpected: true });
});
