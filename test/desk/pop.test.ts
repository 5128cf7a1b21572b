import { describe, expect, test } from "vitest";
import {
  BROWSER_DEADLINE_MS,
  type Missed,
  type Pop,
  isSettled,
  missedOf,
  paintedAt,
  stageDurations,
} from "../../server/desk/pop.ts";

const good: Pop = {
  ringId: "r",
  callId: "c",
  pbx: "main",
  extension: "101",
  userId: "1",
  queue: "sales",
  toldBy: "agentCalled",
  joinedAtMs: 1000,
  identifiedAtMs: 1005,
  identifyMs: 4,
  outcome: "one",
  composedAtMs: 1010,
  rangAtMs: 2000,
  ringEndedAtMs: 9000,
  sentAtMs: 2001,
  receivedAtMs: 2004,
  paintedAtMs: 2020,
  visible: true,
};
const long = 100_000;

describe("why a pop was missed", () => {
  test.each<[Missed, string, Partial<Pop>]>([
    ["", "a painted card", {}],
    [
      "",
      "a card composed while it rang, painted before it stopped",
      { composedAtMs: 2500, paintedAtMs: 2600 },
    ],
    ["noOperator", "nobody has that device", { userId: null, sentAtMs: null }],
    [
      "notConnected",
      "no browser was open",
      { sentAtMs: null, receivedAtMs: null, paintedAtMs: null },
    ],
    ["browserGone", "no acknowledgement", { receivedAtMs: null, paintedAtMs: null }],
    ["identificationFailed", "the directory was down", { outcome: "failed" }],
    [
      "cardLate",
      "the card was never composed",
      { outcome: "", composedAtMs: null, paintedAtMs: null },
    ],
    ["cardLate", "the card came after the ringing", { composedAtMs: 9001, paintedAtMs: 9020 }],
    [
      "cardLate",
      "the directory failed after the ringing",
      { composedAtMs: 9001, outcome: "failed" },
    ],
    ["notPainted", "acknowledged, never painted", { paintedAtMs: null, visible: false }],
    ["tabHidden", "painted in a hidden tab", { visible: false }],
  ])("%s: %s", (missed, _, more) => {
    expect(missedOf({ ...good, ...more }, long)).toBe(missed);
  });

  test("names the first broken link of the way", () => {
    const nothing = { sentAtMs: null, receivedAtMs: null, paintedAtMs: null, outcome: "failed" };
    expect(missedOf({ ...good, ...nothing, userId: null }, long)).toBe("noOperator");
    expect(missedOf({ ...good, ...nothing }, long)).toBe("notConnected");
  });

  test("is not said before the browser had its time", () => {
    const sent = { ...good, receivedAtMs: null, paintedAtMs: null, visible: false };
    expect(missedOf(sent, 2001 + BROWSER_DEADLINE_MS - 1)).toBe("");
    expect(missedOf(sent, 2001 + BROWSER_DEADLINE_MS)).toBe("browserGone");
    const received = { ...sent, receivedAtMs: 2004 };
    expect(missedOf(received, 2004 + BROWSER_DEADLINE_MS - 1)).toBe("");
    expect(missedOf(received, 2004 + BROWSER_DEADLINE_MS)).toBe("notPainted");
  });
});

describe("a pop", () => {
  test("is settled when it was painted and rings no more", () => {
    expect(isSettled(good, 9000)).toBe(true);
    expect(isSettled({ ...good, ringEndedAtMs: null }, long)).toBe(false);
  });
  test("waits for the browser after the ringing, but not for ever", () => {
    const open = { ...good, paintedAtMs: null };
    expect(isSettled(open, 9000)).toBe(false);
    expect(isSettled(open, 9000 + BROWSER_DEADLINE_MS)).toBe(true);
  });
  test("in a hidden tab may still be painted in a visible one", () => {
    expect(isSettled({ ...good, visible: false }, 9000)).toBe(false);
  });
  test("was painted the browser's duration after the server's receipt, never in the future nor before it was sent", () => {
    expect(paintedAt(good, 2004, 16, 3000)).toBe(2020);
    expect(paintedAt(good, 2004, 60_000, 3000)).toBe(3000);
    expect(paintedAt({ sentAtMs: 2001 }, 1990, 0, 3000)).toBe(2001);
  });
  test("has durations between its stages, none below zero, null where a stage is missing", () => {
    expect(stageDurations(good)).toEqual({
      joinedToIdentifiedMs: 5,
      identifiedToComposedMs: 5,
      rangToSentMs: 1,
      sentToReceivedMs: 3,
      receivedToPaintedMs: 16,
      rangToPaintedMs: 20,
    });
    expect(stageDurations({ ...good, joinedAtMs: 1500 }).joinedToIdentifiedMs).toBe(0);
    expect(stageDurations({ ...good, paintedAtMs: null }).rangToPaintedMs).toBeNull();
  });
});
