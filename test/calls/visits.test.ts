import { describe, expect, test } from "vitest";
import type { ChannelInfo, PbxInput, QueueMember } from "../../server/asterisk/model.ts";
import { member as memberOf } from "../desk/scripted-pbx.ts";
import { expectSound, folded } from "./facts.ts";

const caller: ChannelInfo = {
  id: "1800000000.1",
  name: "PJSIP/trunk-00000001",
  linkedId: "1800000000.1",
  state: "up",
  callerNumber: "+79130000001",
  callerName: "",
  connectedNumber: "",
  connectedName: "",
  context: "from-trunk",
  exten: "600",
};
const queue = { channel: caller, queue: "600", position: 1 };
const arrives: PbxInput = { type: "channelCreated", channel: caller };
const joins: PbxInput = { type: "queueJoined", ...queue, waiting: 1 };
const abandons: PbxInput = { type: "queueAbandoned", ...queue, originalPosition: 1, holdMs: 4000 };
const leaves: PbxInput = { type: "queueLeft", ...queue, waiting: 0 };
const hangsUp: PbxInput = { type: "channelHungUp", channel: caller, cause: 16 };
const asks = (soft: boolean): PbxInput => ({
  type: "hangupRequested",
  channel: caller,
  cause: 0,
  soft,
});
const member = (parts: Partial<QueueMember>): PbxInput => ({
  type: "memberChanged",
  member: memberOf("101", { queue: "600", name: "Anna", ...parts }),
});

/** How the caller left queue 600 and how the call ended; each input `stepMs` after the one before. */
function told(inputs: readonly PbxInput[], stepMs = 1) {
  const { facts } = folded(inputs.map((input, index) => ({ input, atMs: 1000 + index * stepMs })));
  expectSound(facts);
  const [visit] = facts.at(-1)?.call.visits ?? [];
  return `${visit?.how}, ${facts.at(-1)?.call.endedHow}`;
}

describe("a caller who leaves a queue unanswered", () => {
  test("abandoned it when their own side hung up", () => {
    expect(told([arrives, joins, asks(false), abandons, leaves, asks(true), hangsUp])).toBe(
      "abandoned, abandoned",
    );
  });

  test("ran out of time when only the PBX ended the call", () => {
    expect(told([arrives, joins, abandons, leaves, asks(true), hangsUp])).toBe(
      "timeout, unanswered",
    );
  });

  test("found it empty when no member could take a call", () => {
    const paused = [member({ paused: true }), member({ interface: "x", status: "unavailable" })];
    expect(told([...paused, arrives, joins, abandons, leaves, asks(true), hangsUp])).toBe(
      "empty, unanswered",
    );
  });

  test("pressed a key when app_queue says nothing but that they left", () => {
    expect(told([arrives, joins, leaves, asks(true), hangsUp])).toBe("exitKey, unanswered");
  });

  test("overflowed when they join the next queue", () => {
    const next: PbxInput = { ...joins, queue: "601" };
    expect(told([arrives, joins, abandons, leaves, next, asks(false), hangsUp])).toBe(
      "timeout, abandoned",
    );
  });

  test("was withdrawn when the dialplan says so", () => {
    const status: PbxInput = {
      type: "userEvent",
      name: "CallcardQueueStatus",
      channelId: caller.id,
      fields: { queue: "600", status: "WITHDRAW" },
    };
    const other = { ...caller, id: "1800000000.9", linkedId: "1800000000.9" };
    const before: readonly PbxInput[] = [
      { type: "channelCreated", channel: other },
      { type: "hangupRequested", channel: other, cause: 16, soft: false },
      { type: "channelHungUp", channel: other, cause: 16 },
    ];
    const call = [arrives, joins, abandons, leaves, status, asks(true), hangsUp];
    expect(told(call)).toBe("withdrawn, unanswered");
    expect(told([...before, ...call])).toBe("withdrawn, unanswered");
  });
});

describe("on a PBX that never says who asked to hang up", () => {
  test("a hang-up right behind the leaving is the caller's", () => {
    expect(told([arrives, joins, abandons, leaves, hangsUp])).toBe("abandoned, abandoned");
  });

  test("a hang-up later is not: the call went on for a while", () => {
    expect(told([arrives, joins, abandons, leaves, hangsUp], 2000)).toBe("timeout, unanswered");
  });
});
