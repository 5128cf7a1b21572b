import { expect, test } from "vitest";
import { parseDraft, type Draft } from "../../../widget/desk/drafts.ts";
import { openEntry, wrapUpEntries } from "../../../widget/desk/wrap-ups.ts";
import { ended, sampleCall, talking } from "../../support/desk-samples.ts";

const now = Date.UTC(2026, 10, 22, 10);
const draft: Draft = {
  draftId: "d1",
  callId: "old",
  disposition: "order",
  note: "текст",
  tags: [],
  title: "Мария",
  startedAtMs: now - 900_000,
  state: "pending",
  problem: "noReply",
  shared: false,
  callBack: null,
  terms: null,
};
const none = (): null => null;

test("a ringing call has no wrap-up, a talk and an ended call have", () => {
  const calls = [
    sampleCall(now, { callId: "ring" }),
    talking(sampleCall(now, { callId: "talk" }), now, 1000),
    ended(sampleCall(now, { callId: "over", startedAtMs: now - 500_000 }), now),
  ];
  expect(wrapUpEntries(calls, [], none, []).map((entry) => [entry.callId, entry.over])).toEqual([
    ["over", true],
    ["talk", false],
  ]);
});

test("a draft whose call the server forgot is still there and can be saved", () => {
  const [entry] = wrapUpEntries([], [draft], none, []);
  expect(entry).toMatchObject({ callId: "old", over: true, draft, call: null });
});

test("a confirmed save stays visible until something is typed again", () => {
  const saved = { callId: "old", title: "Мария", startedAtMs: 1, savedAtMs: now };
  expect(wrapUpEntries([], [], none, [saved])[0]?.saved).toEqual(saved);
  expect(wrapUpEntries([], [draft], () => saved, [saved])[0]).toMatchObject({
    saved: null,
    draft,
  });
});

test("the form that is typed in stays open whatever call is shown", () => {
  const calls = [
    ended(sampleCall(now, { callId: "a" }), now),
    talking(sampleCall(now, { callId: "b" }), now, 1000),
  ];
  const entries = wrapUpEntries(calls, [], none, []);
  expect(openEntry(entries, "a", "b", null, false)).toBe("a");
  expect(openEntry(entries, null, "b", "a", false)).toBe("b");
  expect(openEntry(entries, null, null, "b", false)).toBe("b");
  expect(openEntry(entries, null, "ringing", null, false)).toBe("a");
  expect(openEntry([], "a", "b", "c", false)).toBeNull();
});

test("on a narrow screen the form of a call opens by itself only when the call is over", () => {
  const talk = talking(sampleCall(now, { callId: "b" }), now, 1000);
  const during = wrapUpEntries([talk], [], none, []);
  expect(openEntry(during, null, "b", null, true)).toBeNull();
  expect(openEntry(during, null, "b", "b", true)).toBe("b");
  const after = wrapUpEntries([ended(talk, now)], [], none, []);
  expect(openEntry(after, null, "b", null, true)).toBe("b");
  expect(openEntry(after, null, "ringing", "b", true)).toBeNull();
  expect(openEntry(after, "b", "ringing", "b", true)).toBe("b");
  expect(openEntry(after, null, null, null, true)).toBe("b");
});

test("a stored draft is read back, anything else in its place is ignored", () => {
  expect(parseDraft(JSON.stringify(draft))).toEqual(draft);
  for (const text of [null, "", "null", "5", "{", "{}", "[]", '{"draftId":1}'])
    expect(parseDraft(text)).toBeNull();
  expect(parseDraft(JSON.stringify({ ...draft, state: "saved" }))).toBeNull();
});
