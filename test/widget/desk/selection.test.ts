import { expect, test } from "vitest";
import { callsOnLine, selectCall } from "../../../widget/desk/selection.ts";
import { ended, sampleCall, talking } from "../../support/desk-samples.ts";

const now = Date.UTC(2026, 10, 22, 10);
const ringing = sampleCall(now, { callId: "ring", ringId: "r" });
const talk = talking(sampleCall(now, { callId: "talk", ringId: "t" }), now, 60_000);
const unsaved = ended(sampleCall(now, { callId: "unsaved", ringId: "u" }), now);

test("a call that starts to ring is shown at once", () => {
  expect(selectCall([], [ringing], null, false)).toBe("ring");
  expect(selectCall([unsaved], [unsaved, ringing], "unsaved", false)).toBe("ring");
});

test("a new ring does not move the screen while the operator types where it would", () => {
  expect(selectCall([talk], [talk, ringing], "talk", true)).toBe("talk");
});

test("a ring that was there before does not take the screen back", () => {
  expect(selectCall([talk, ringing], [talk, ringing], "talk", false)).toBe("talk");
});

test("an answered call is shown", () => {
  const answered = talking(ringing, now, 0);
  expect(selectCall([unsaved, ringing], [unsaved, answered], "unsaved", false)).toBe("ring");
});

test("when the shown call goes, the most urgent one follows", () => {
  expect(selectCall([unsaved, talk, ringing], [unsaved, talk], "ring", false)).toBe("talk");
  expect(selectCall([talk, unsaved], [unsaved], "talk", false)).toBe("unsaved");
  expect(selectCall([talk], [], "talk", false)).toBeNull();
});

test("a call that was written up leaves the line, an unanswered one stays until the next", () => {
  const written = { ...unsaved, needsWrapUp: false };
  const missed = { ...ringing, state: "ended" as const, needsWrapUp: false };
  const elsewhere = { ...ringing, callId: "else", state: "elsewhere" as const };
  expect(callsOnLine([written, missed, elsewhere]).map((call) => call.callId)).toEqual([
    "else",
    "ring",
  ]);
  expect(callsOnLine([missed, elsewhere, talk]).map((call) => call.callId)).toEqual(["talk"]);
});

test("calls keep their places: the oldest is first", () => {
  const older = { ...talk, startedAtMs: now - 900_000 };
  expect(callsOnLine([ringing, older]).map((call) => call.callId)).toEqual(["talk", "ring"]);
});
