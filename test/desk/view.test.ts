import { describe, expect, test } from "vitest";
import type { Call, Ring, Talk } from "../../server/calls/model.ts";
import { viewOf } from "../../server/desk/view.ts";

const ring = (extension: string, more: Partial<Ring> = {}): Ring => ({
  id: `main-${extension}`,
  extension,
  queue: "sales",
  interface: `PJSIP/${extension}`,
  startedAtMs: 2000,
  toldBy: "agentCalled",
  endedAtMs: null,
  outcome: null,
  ...more,
});
const talk = (extension: string, more: Partial<Talk> = {}): Talk => ({
  extension,
  ringId: `main-${extension}`,
  queue: "sales",
  startedAtMs: 3000,
  endedAtMs: null,
  heldMs: 0,
  onHoldSinceMs: null,
  ...more,
});
const call = (more: Partial<Call> = {}): Call => ({
  id: "main-1",
  pbx: "main",
  direction: "inbound",
  party: { number: "89130000001", name: "" },
  dialled: "",
  fromExtension: "",
  startedAtMs: 1000,
  answeredAtMs: null,
  endedAtMs: null,
  endedHow: null,
  state: "ringing",
  visits: [{ queue: "sales", joinedAtMs: 1500, position: 1, leftAtMs: null, how: null }],
  rings: [],
  talks: [],
  transfers: [],
  partyChannel: "",
  seenFromMiddle: false,
  ...more,
});
const names: Record<string, string> = { "101": "Ольга", "102": "Иван" };
const view = (of: Partial<Call>, extension = "101") =>
  viewOf(call(of), extension, (one) => names[one] ?? one);
const rangOut = { endedAtMs: 2900, outcome: "noAnswer" } as const;
const answered = { endedAtMs: 3000, outcome: "answered" } as const;

describe("a call as one operator sees it", () => {
  test("is nothing to somebody who has no part in it", () => {
    expect(view({ rings: [ring("102")] })).toBeNull();
  });
  test.each<[string, Partial<Call>, object]>([
    ["rings", { rings: [ring("101")] }, { state: "ringing", ringId: "main-101", joinedAtMs: 1500 }],
    [
      "was answered and is not bridged yet",
      { rings: [ring("101", answered)] },
      { state: "ringing", left: null },
    ],
    [
      "is talked on",
      { rings: [ring("101", answered)], talks: [talk("101")] },
      { state: "talking", answeredAtMs: 3000 },
    ],
    [
      "is on hold",
      { rings: [ring("101", answered)], talks: [talk("101", { onHoldSinceMs: 4000 })] },
      { state: "onHold" },
    ],
    [
      "was taken by a colleague",
      {
        rings: [
          ring("101", { endedAtMs: 3000, outcome: "answeredElsewhere" }),
          ring("102", answered),
        ],
        talks: [talk("102")],
      },
      { state: "elsewhere", left: { how: "answeredElsewhere", byName: "Иван" }, endedAtMs: 3000 },
    ],
    [
      "rang in vain and goes on",
      { rings: [ring("101", rangOut)] },
      { state: "elsewhere", left: { how: "noAnswer", byName: "" } },
    ],
    [
      "rings again after it rang in vain",
      { rings: [ring("101", rangOut), ring("101", { id: "main-2", startedAtMs: 5000 })] },
      { state: "ringing", ringId: "main-2", ringingSinceMs: 5000 },
    ],
    [
      "was given up by the caller",
      {
        rings: [ring("101", { endedAtMs: 2900, outcome: "callerGone" })],
        endedAtMs: 2900,
        endedHow: "abandoned",
      },
      { state: "ended", left: { how: "callerGone", byName: "" } },
    ],
    [
      "is over",
      {
        rings: [ring("101", answered)],
        talks: [talk("101", { endedAtMs: 9000 })],
        endedAtMs: 9000,
        endedHow: "completed",
      },
      { state: "ended", left: { how: "completed", byName: "" }, endedAtMs: 9000 },
    ],
    [
      "was handed to a colleague",
      {
        rings: [ring("101", answered), ring("102", { startedAtMs: 6000 })],
        talks: [talk("101", { endedAtMs: 6000 })],
        transfers: [{ kind: "blind", fromExtension: "101", to: "102", atMs: 6000 }],
      },
      { state: "elsewhere", left: { how: "transferred", byName: "Иван" } },
    ],
    [
      "came back by a transfer",
      {
        rings: [ring("101", answered), ring("101", { id: "main-3", startedAtMs: 7000 })],
        talks: [talk("101", { endedAtMs: 5000 }), talk("102", { endedAtMs: 7000 })],
        transfers: [{ kind: "blind", fromExtension: "102", to: "101", atMs: 7000 }],
      },
      { state: "ringing", ringId: "main-3", fromName: "Иван" },
    ],
    [
      "is dialled by them",
      { direction: "outbound", fromExtension: "101", visits: [] },
      { state: "dialling", queue: "", joinedAtMs: null },
    ],
    [
      "was dialled in vain",
      {
        direction: "outbound",
        fromExtension: "101",
        visits: [],
        endedAtMs: 8000,
        endedHow: "unanswered",
      },
      { state: "ended", left: { how: "noAnswer", byName: "" } },
    ],
    [
      "was lost sight of",
      {
        rings: [ring("101", answered)],
        talks: [talk("101", { endedAtMs: 9000 })],
        endedAtMs: 9000,
        endedHow: "lostSight",
      },
      { state: "ended", left: { how: "unknown", byName: "" } },
    ],
  ])("when it %s", (_, of, expected) => {
    expect(view(of)).toMatchObject(expected);
  });

  test("tells the one it was handed to who handed it over", () => {
    const handed = {
      rings: [ring("101", answered), ring("102", { startedAtMs: 6000 })],
      talks: [talk("101", { endedAtMs: 6000 })],
      transfers: [{ kind: "blind", fromExtension: "101", to: "102", atMs: 6000 }] as const,
    };
    expect(view(handed, "102")).toMatchObject({ state: "ringing", fromName: "Ольга" });
  });
});
