import { expect, test } from "vitest";
import type { DeskChange } from "../../../server/desk/protocol.ts";
import { receiveChange, receiveSnapshot, type Screen } from "../../../widget/desk/state.ts";
import { sampleCall, sampleState, talking } from "../../support/desk-samples.ts";

const now = Date.UTC(2026, 10, 22, 10);
const fresh = (): Screen => receiveSnapshot(null, sampleState(now, { seq: 7 }));
const apply = (screen: Screen, change: DeskChange): Screen => {
  const result = receiveChange(screen, change);
  expect(result.outcome).toBe("applied");
  return result.screen!;
};

test("a change is applied only when it is the next one", () => {
  const screen = fresh();
  const call = sampleCall(now);
  expect(receiveChange(screen, { seq: 8, kind: "call", call }).screen?.desk.calls).toEqual([call]);
  expect(receiveChange(screen, { seq: 7, kind: "call", call })).toEqual({ outcome: "old", screen });
  expect(receiveChange(screen, { seq: 9, kind: "call", call })).toEqual({ outcome: "gap", screen });
  expect(receiveChange(null, { seq: 1, kind: "call", call }).outcome).toBe("gap");
});

test("a call that is known is replaced in its place, another is added", () => {
  const one = sampleCall(now);
  const two = sampleCall(now, { callId: "two", ringId: "r2" });
  let screen = apply(fresh(), { seq: 8, kind: "call", call: one });
  screen = apply(screen, { seq: 9, kind: "call", call: two });
  screen = apply(screen, { seq: 10, kind: "call", call: talking(one, now, 1000) });
  expect(screen.desk.calls.map((call) => [call.callId, call.state])).toEqual([
    ["demo-1", "talking"],
    ["two", "ringing"],
  ]);
});

test("a call that is gone is remembered among the recent ones, as over", () => {
  let screen = apply(fresh(), { seq: 8, kind: "call", call: sampleCall(now) });
  screen = apply(screen, { seq: 9, kind: "callGone", callId: "demo-1" });
  expect(screen.desk.calls).toEqual([]);
  expect(screen.recent.map((call) => [call.callId, call.state])).toEqual([["demo-1", "ended"]]);
});

test("presence and troubles replace what was there", () => {
  const presence = { ...sampleState(now).presence, state: "paused" as const };
  let screen = apply(fresh(), { seq: 8, kind: "presence", presence });
  expect(screen.desk.presence.state).toBe("paused");
  const pbxs = [{ name: "office", up: false, reason: "refused" }];
  screen = apply(screen, { seq: 9, kind: "pbxs", pbxs, trouble: ["pbxDown"] });
  expect([screen.desk.pbxs, screen.desk.trouble]).toEqual([pbxs, ["pbxDown"]]);
});

test("a snapshot replaces everything; calls it does not know any more are recent", () => {
  const old = apply(fresh(), { seq: 8, kind: "call", call: sampleCall(now) });
  const screen = receiveSnapshot(old, sampleState(now, { seq: 3, epoch: "e2" }));
  expect(screen.desk.seq).toBe(3);
  expect(screen.desk.calls).toEqual([]);
  expect(screen.recent.map((call) => call.callId)).toEqual(["demo-1"]);
});

test("another person's snapshot shows nothing of the one before", () => {
  const old = apply(fresh(), { seq: 8, kind: "call", call: sampleCall(now) });
  const other = { ...sampleState(now), user: { ...sampleState(now).user, id: "u2" } };
  expect(receiveSnapshot(old, other).recent).toEqual([]);
});

test("the recent calls are bounded", () => {
  let screen = fresh();
  for (let seq = 8; seq < 208; seq += 2) {
    const callId = `call-${seq}`;
    screen = apply(screen, { seq, kind: "call", call: sampleCall(now, { callId }) });
    screen = apply(screen, { seq: seq + 1, kind: "callGone", callId });
  }
  expect(screen.recent).toHaveLength(30);
  expect(screen.recent[0]?.callId).toBe("call-206");
});
