import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChannelInfo, PbxInput } from "../../server/asterisk/model.ts";
import { createCallState, fold, settle, size } from "../../server/calls/fold.ts";
import type { CallFact } from "../../server/calls/model.ts";
import {
  createQueueState,
  extensionViews,
  foldQueues,
  queueViews,
} from "../../server/calls/queues.ts";
import { expectSound, extensionPattern } from "./facts.ts";

// Few ids, so that senseless events meet each other.
const id = fc.constantFrom("1.1", "1.2", "1.3", "1.4", "1.5", "", "__proto__", "constructor");
const name = fc.constantFrom(
  "PJSIP/101-0001",
  "PJSIP/102-0002",
  "PJSIP/pstn-0003",
  "Local/101@from-queue-0004;1",
  "Local/101@from-queue-0004;2",
  "Local/x@y-0005;1",
  "Snoop/1.1-0006",
  "",
  ";1",
  "Local/;2",
);
const text = fc.constantFrom(
  "",
  "101",
  "102",
  "600",
  "+79130000001",
  "anonymous",
  "s",
  "__proto__",
);
const state = fc.constantFrom(
  ..."down reserved offHook dialing ring ringing up busy dialingOffHook preRing unknown".split(" "),
);
const channel = fc.record({
  id,
  name,
  linkedId: id,
  state,
  callerNumber: text,
  callerName: text,
  connectedNumber: text,
  connectedName: text,
  context: text,
  exten: text,
}) as fc.Arbitrary<ChannelInfo>;
const maybe = fc.option(channel, { nil: null });
const number = fc.oneof(fc.integer(), fc.constantFrom(0, -1, NaN, Infinity, 17, 26));
const bridgeId = fc.constantFrom("b1", "b2", "");
const member = fc.record({
  queue: text,
  interface: name,
  stateInterface: name,
  name: text,
  penalty: number,
  paused: fc.boolean(),
  pausedReason: text,
  status: fc.constantFrom("unknown", "notInUse", "unavailable", "ringing"),
  inCall: fc.boolean(),
  callsTaken: number,
  lastCallAtSeconds: number,
  wrapUpSeconds: number,
});
const of = (type: string, parts: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record({ type: fc.constant(type), ...parts }) as unknown as fc.Arbitrary<PbxInput>;
const agent = { channel: maybe, agent: maybe, queue: text, interface: name, memberName: text };

const input: fc.Arbitrary<PbxInput> = fc.oneof(
  of("channelCreated", { channel }),
  of("channelState", { channel }),
  of("channelIdentity", { channel }),
  of("channelHungUp", { channel, cause: number }),
  of("hangupRequested", { channel, cause: number, soft: fc.boolean() }),
  of("dialBegan", { caller: maybe, callee: channel, dialString: text }),
  of("dialEnded", {
    caller: maybe,
    callee: channel,
    status: fc.constantFrom(
      ..."answer busy noAnswer cancel congestion unavailable aborted continue goto other".split(
        " ",
      ),
    ),
  }),
  of("bridgeEntered", {
    bridgeId,
    bridgeType: fc.constantFrom("basic", "base", "parking", ""),
    channel,
    swapChannelId: id,
  }),
  of("bridgeLeft", { bridgeId, channel }),
  of("bridgeDestroyed", { bridgeId }),
  of("bridgeMerged", { toBridgeId: bridgeId, fromBridgeId: bridgeId }),
  of("localBridged", {
    one: channel,
    two: channel,
    context: text,
    exten: text,
    optimizable: fc.boolean(),
  }),
  of("localOptimized", { one: channel, two: channel }),
  of("blindTransferred", {
    transferer: channel,
    transferee: maybe,
    context: text,
    exten: text,
    success: fc.boolean(),
  }),
  of("attendedTransferred", {
    originalTransferer: channel,
    secondTransferer: channel,
    transferee: maybe,
    target: maybe,
    destination: fc.constantFrom("bridge", "app", "link", "threeway", "fail", "other"),
    success: fc.boolean(),
  }),
  of("pickedUp", { channel, target: channel }),
  of("held", { channel }),
  of("resumed", { channel }),
  of("queueJoined", { channel, queue: text, position: number, waiting: number }),
  of("queueLeft", { channel, queue: text, position: number, waiting: number }),
  of("queueAbandoned", {
    channel,
    queue: text,
    position: number,
    originalPosition: number,
    holdMs: number,
  }),
  of("agentCalled", { ...agent, agent: channel }),
  of("agentRingNoAnswer", { ...agent, ringMs: number }),
  of("agentConnected", { ...agent, holdMs: number, ringMs: number }),
  of("agentCompleted", {
    ...agent,
    holdMs: number,
    talkMs: number,
    reason: fc.constantFrom("caller", "agent", "transfer", "other"),
  }),
  of("memberChanged", { member }),
  of("memberRemoved", { queue: text, interface: name }),
  of("deviceState", { device: name, state: fc.constant("ringing") }),
  of("originateEnded", { actionId: text, channelId: id, success: fc.boolean(), reason: number }),
  of("userEvent", {
    name: fc.constantFrom("CallcardQueueStatus", "x"),
    channelId: id,
    fields: fc.constantFrom({}, { queue: "600", status: "TIMEOUT" }, { status: "__proto__" }),
  }),
  of("connectionLost", { reason: text }),
  of("nonsense", {}),
  of("snapshot", {
    snapshot: fc.record({
      channels: fc.array(
        channel.chain((info) =>
          fc
            .record({
              ageMs: number,
              bridgeId,
              application: fc.constantFrom("", "Dial", "AppDial", "AppDial2", "AppQueue", "Queue"),
              applicationData: text,
            })
            .map((rest) => ({ ...info, ...rest })),
        ),
        { maxLength: 4 },
      ),
      queues: fc.array(
        fc.record({
          name: text,
          strategy: text,
          weight: number,
          members: fc.array(member, { maxLength: 2 }),
          callers: fc.array(
            fc.record({
              channelId: id,
              channelName: name,
              position: number,
              waitMs: number,
              priority: number,
            }),
            { maxLength: 2 },
          ),
        }),
        { maxLength: 2 },
      ),
      devices: fc.array(fc.record({ device: name, state: fc.constant("inUse") }), { maxLength: 2 }),
      // After a restart no Uniqueid comes again, which these few would.
      restarted: fc.constant(false),
    }),
  }),
);

// Within the half minute for which the names of ended calls are remembered.
const time = fc.integer({ min: 1_800_000_000_000, max: 1_800_000_029_000 });

const dealt = fc
  .array(fc.tuple(input, time), { maxLength: 120 })
  .map((list) => list.sort((a, b) => a[1] - b[1]));

test("Whatever is said in whatever order, nothing throws, calls begin and end once, and nothing stays behind", () => {
  fc.assert(
    fc.property(dealt, fc.boolean(), (inputs, restarts) => {
      const calls = createCallState("lab", extensionPattern);
      const facts: CallFact[] = [];
      for (const [said, atMs] of inputs) facts.push(...fold(calls, said, atMs));
      expectSound(facts, false);
      const told = JSON.stringify(facts);
      const count = facts.length;
      const nowMs = 1_800_000_029_500;
      facts.push(...settle(calls, nowMs));
      if (restarts) {
        const nothing = { channels: [], queues: [], devices: [], restarted: true };
        facts.push(...fold(calls, { type: "snapshot", snapshot: nothing }, nowMs));
      }
      for (const leg of [...calls.legs.values()]) {
        const last = { ...blank, id: leg.id, name: leg.name, linkedId: leg.linkedId };
        facts.push(...fold(calls, { type: "channelHungUp", channel: last, cause: 16 }, nowMs));
      }
      expectSound(facts);
      expect(size(calls)).toBe(0);
      // What was handed out has not changed since.
      expect(JSON.stringify(facts.slice(0, count))).toBe(told);
    }),
    { numRuns: 2000 },
  );
});

test("Whatever is said of queues, nothing throws, everybody stands in line once and in order", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(input, time), { maxLength: 120 }), (inputs) => {
      const queues = createQueueState(extensionPattern);
      for (const [said, atMs] of inputs) {
        foldQueues(queues, said, atMs);
        for (const { callers } of queueViews(queues)) {
          expect(callers.map((caller) => caller.position)).toEqual(
            callers.map((_, index) => index + 1),
          );
        }
        extensionViews(queues);
      }
      for (const queue of queueViews(queues)) {
        const ids = queue.callers.map((caller) => caller.channelId);
        expect(new Set(ids).size).toBe(ids.length);
      }
    }),
    { numRuns: 1000 },
  );
});

const blank: ChannelInfo = {
  id: "",
  name: "",
  linkedId: "",
  state: "up",
  callerNumber: "",
  callerName: "",
  connectedNumber: "",
  connectedName: "",
  context: "",
  exten: "",
};
