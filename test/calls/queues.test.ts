import { describe, expect, test } from "vitest";
import type { ChannelInfo, PbxInput, QueueMember } from "../../server/asterisk/model.ts";
import {
  createQueueState,
  extensionViews,
  foldQueues,
  lineRead,
  moveCaller,
  queueViews,
} from "../../server/calls/queues.ts";
import { member as memberOf } from "../desk/scripted-pbx.ts";
import { extensionPattern } from "./facts.ts";

const channel = (n: number): ChannelInfo => ({
  id: `1.${n}`,
  name: `PJSIP/trunk-0000000${n}`,
  linkedId: `1.${n}`,
  state: "up",
  callerNumber: "",
  callerName: "",
  connectedNumber: "",
  connectedName: "",
  context: "",
  exten: "",
});
const joined = (n: number, position: number, queue = "600"): PbxInput => ({
  type: "queueJoined",
  channel: channel(n),
  queue,
  position,
  waiting: position,
});
const left = (n: number, queue = "600"): PbxInput => ({
  type: "queueLeft",
  channel: channel(n),
  queue,
  position: 1,
  waiting: 0,
});
const member = (parts: Partial<QueueMember> = {}): QueueMember =>
  memberOf("101", { queue: "600", name: "Anna", ...parts });

function after(...inputs: readonly PbxInput[]) {
  const state = createQueueState(extensionPattern);
  const changes = inputs.map((input, index) => foldQueues(state, input, 1000 * index));
  return { state, changes };
}
const line = (state: ReturnType<typeof createQueueState>, name = "600") =>
  queueViews(state)
    .find((queue) => queue.name === name)
    ?.callers.map((caller) => `${caller.position} ${caller.channelId}`);

describe("callers", () => {
  test("stand in line where app_queue put them, and move up when one leaves", () => {
    const { state } = after(joined(1, 1), joined(2, 2), joined(3, 1), left(1));
    expect(line(state)).toEqual(["1 1.3", "2 1.2"]);
  });

  test("stand in line once, whatever is repeated", () => {
    const { state, changes } = after(joined(1, 1), joined(1, 1), left(1), left(1));
    expect(changes.map((change) => change !== null)).toEqual([true, false, true, false]);
    expect(line(state)).toEqual([]);
  });

  test("who hung up are gone from every queue, even when their leaving was missed", () => {
    const hungUp: PbxInput = { type: "channelHungUp", channel: channel(1), cause: 16 };
    const { state, changes } = after(joined(1, 1), joined(1, 1, "601"), joined(2, 2), hungUp);
    expect(changes.at(-1)?.queues).toEqual(["600", "601"]);
    expect(line(state)).toEqual(["1 1.2"]);
    expect(state.waiting.size).toBe(1);
  });
});

describe("members", () => {
  test("repeated without a difference are no change, and a queue without one is the same value", () => {
    const changed = (parts: Partial<QueueMember>): PbxInput => ({
      type: "memberChanged",
      member: member(parts),
    });
    const { state, changes } = after(changed({}), changed({}), changed({ paused: true }));
    expect(changes).toEqual([
      { queues: ["600"], extensions: ["101"] },
      null,
      { queues: ["600"], extensions: ["101"] },
    ]);
    expect(queueViews(state)[0]).toBe(queueViews(state)[0]);
  });

  test("written as FreePBX does stand for the extension of their hint", () => {
    const freepbx = member({
      interface: "Local/101@from-queue/n",
      stateInterface: "hint:101@ext-local",
      status: "inUse",
    });
    const { state } = after({ type: "memberChanged", member: freepbx });
    expect(extensionViews(state)).toEqual([
      { extension: "101", device: "inUse", members: [freepbx] },
    ]);
  });

  test("who were removed are gone", () => {
    const { state } = after(
      { type: "memberChanged", member: member() },
      { type: "memberRemoved", queue: "600", interface: "PJSIP/101" },
    );
    expect(queueViews(state)[0]?.members).toEqual([]);
    expect(extensionViews(state)).toEqual([]);
  });
});

describe("devices", () => {
  test("a phone speaks for itself before its queues do; what is no phone does not", () => {
    const { state, changes } = after(
      { type: "memberChanged", member: member({ status: "notInUse" }) },
      { type: "deviceState", device: "PJSIP/101", state: "ringing" },
      { type: "deviceState", device: "Custom:DND101", state: "inUse" },
      { type: "deviceState", device: "Local/101@from-queue", state: "inUse" },
      { type: "deviceState", device: "PJSIP/101", state: "ringing" },
    );
    expect(extensionViews(state)[0]?.device).toBe("ringing");
    expect(changes.slice(1)).toEqual([{ queues: [], extensions: ["101"] }, null, null, null]);
  });
});

test("a snapshot replaces everything and names what it replaced", () => {
  const { state, changes } = after(
    joined(1, 1, "old"),
    {
      type: "memberChanged",
      member: member({ queue: "old", interface: "PJSIP/109", stateInterface: "PJSIP/109" }),
    },
    {
      type: "snapshot",
      snapshot: {
        channels: [],
        restarted: false,
        devices: [{ device: "PJSIP/102", state: "inUse" }],
        queues: [
          {
            name: "600",
            strategy: "linear",
            weight: 3,
            members: [member()],
            callers: [
              { channelId: "1.9", channelName: "b", position: 2, waitMs: 500, priority: 0 },
              { channelId: "1.8", channelName: "a", position: 1, waitMs: 1500, priority: 5 },
            ],
          },
        ],
      },
    },
  );
  expect(changes.at(-1)?.queues.toSorted()).toEqual(["600", "old"]);
  expect(changes.at(-1)?.extensions.toSorted()).toEqual(["101", "102", "109"].toSorted());
  expect(queueViews(state)).toHaveLength(1);
  expect(queueViews(state)[0]).toMatchObject({ strategy: "linear", weight: 3 });
  expect(queueViews(state)[0]?.callers[0]).toEqual({
    channelId: "1.8",
    channelName: "a",
    position: 1,
    joinedAtMs: 500,
    priority: 5,
  });
});

describe("what no event tells", () => {
  const callers = (state: ReturnType<typeof createQueueState>) =>
    queueViews(state)[0]!.callers.map(({ channelId, position, priority }) => [
      channelId,
      position,
      priority,
    ]);
  const listed = (n: number, position: number, priority: number) => ({
    ...{ channelId: `1.${n}`, channelName: "", waitMs: 0, position, priority },
  });

  test("a moved caller stands before the first of lower priority", () => {
    const { state } = after(joined(1, 1), joined(2, 2), joined(3, 3));
    expect(moveCaller(state, "600", "1.2", 9)).toEqual({ queues: ["600"], extensions: [] });
    moveCaller(state, "600", "1.3", 9);
    expect(callers(state)).toEqual([
      ["1.2", 1, 9],
      ["1.3", 2, 9],
      ["1.1", 3, 0],
    ]);
    expect(moveCaller(state, "600", "1.7", 9)).toBeNull();
  });

  test("a read list gives order and priorities; who just came or left waits for their event", () => {
    const { state } = after(joined(1, 1), joined(2, 2), joined(3, 3));
    expect(lineRead(state, "600", [listed(1, 1, 0), listed(2, 2, 0), listed(3, 3, 0)])).toBeNull();
    expect(lineRead(state, "600", [listed(4, 1, 7), listed(3, 2, 5), listed(1, 3, 0)])).toEqual({
      queues: ["600"],
      extensions: [],
    });
    expect(callers(state)).toEqual([
      ["1.3", 1, 5],
      ["1.1", 2, 0],
      ["1.2", 3, 0],
    ]);
  });
});
