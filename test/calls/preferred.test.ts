import { afterEach, describe, expect, test } from "vitest";
import { fixedPbxs } from "../../server/asterisk/pbxs.ts";
import type {
  ChannelInfo,
  Pbx,
  PbxInput,
  PbxListener,
  QueueMember,
} from "../../server/asterisk/model.ts";
import { PREFERRED_QUEUE } from "../../server/asterisk/preferred-queue.ts";
import { LiveCalls } from "../../server/calls/live.ts";
import type { Call } from "../../server/calls/model.ts";
import { recordOf } from "../../server/calls/record.ts";
import { viewOf } from "../../server/desk/view.ts";
import { expectSound, extensionPattern, folded } from "./facts.ts";
import { readTrace } from "./traces.ts";

const channelNamed = (n: number, name = `PJSIP/trunk-0000000${n}`): ChannelInfo => ({
  ...{ id: `1800000000.${n}`, name, linkedId: "1800000000.1", state: "up" },
  ...{ callerNumber: "+79130000001", callerName: "", connectedNumber: "", connectedName: "" },
  ...{ context: "callcard-preferred", exten: "s" },
});
const caller = channelNamed(1);
const member = (queue: string, more: Partial<QueueMember> = {}): QueueMember => ({
  ...{ queue, interface: "PJSIP/102", stateInterface: "PJSIP/102", name: "Boris", penalty: 0 },
  ...{ paused: false, pausedReason: "", status: "notInUse", inCall: false, callsTaken: 0 },
  ...{ lastCallAtSeconds: 0, wrapUpSeconds: 0 },
  ...more,
});
const hasQueues = (...names: readonly string[]): readonly PbxInput[] =>
  names.map((name) => ({ type: "memberChanged", member: member(name) }));
const arrives: PbxInput = { type: "channelCreated", channel: caller };
const says = (fields: Readonly<Record<string, string>>, channelId = caller.id): PbxInput => ({
  ...{ type: "userEvent", name: "CallcardPreferred", channelId, fields },
});
const joins = (queue: string, channel = caller, position = 1): PbxInput => ({
  ...{ type: "queueJoined", channel, queue, position, waiting: position },
});
const leaves = (queue: string, channel = caller): PbxInput => ({
  ...{ type: "queueLeft", channel, queue, position: 1, waiting: 0 },
});
const gaveUp = (queue: string): readonly PbxInput[] => [
  { type: "queueAbandoned", channel: caller, queue, position: 1, originalPosition: 1, holdMs: 9 },
  leaves(queue),
  {
    type: "userEvent",
    name: "CallcardQueueStatus",
    channelId: caller.id,
    fields: { queue, status: "TIMEOUT" },
  },
];
const hangsUp: PbxInput = { type: "channelHungUp", channel: caller, cause: 16 };
const wish = { queue: "600", extension: "102" };

/** The stays of the first call after all inputs, a second between one and the next. */
function staysAfter(inputs: readonly PbxInput[]) {
  const { facts } = folded(inputs.map((input, index) => ({ input, atMs: index * 1000 })));
  expectSound(facts, false);
  return facts
    .findLast(({ call }) => call.id === `lab-${caller.id}`)!
    .call.visits.map(({ queue, preferredExtension, position }) =>
      preferredExtension === undefined
        ? `${queue} at ${position}`
        : `${queue} for ${preferredExtension} at ${position}`,
    );
}

describe("what a PBX told of a call that waited for its preferred operator", () => {
  const wordsOf = (call: Call) => ({
    visits: call.visits.map(({ queue, preferredExtension: whom }) => `${queue} ${whom ?? "line"}`),
    rings: call.rings.map(({ extension, queue }) => `${extension} ${queue}`),
    talks: call.talks.map(({ extension, queue }) => `${extension} ${queue}`),
  });
  const told = (name: string) => {
    const { facts } = folded(readTrace(name).inputs);
    return { facts, call: facts.at(-1)!.call };
  };

  test.each(["16", "22"])(
    "names the queue they called for wherever it is told, on %s",
    (version) => {
      const answered = told(`${version}/preferred-answered`);
      expect(wordsOf(answered.call)).toEqual({
        ...{ visits: ["600 102"], rings: ["102 600"], talks: ["102 600"] },
      });
      const late = told(`${version}/preferred-timeout`);
      expect(wordsOf(late.call)).toEqual({
        visits: ["600 102", "600 line"],
        ...{ rings: ["102 600", "101 600"], talks: ["101 600"] },
      });
      for (const { facts, call } of [answered, late]) {
        expect(recordOf(call, null, null).queues).toEqual(["600"]);
        expect(JSON.stringify(facts)).not.toContain(PREFERRED_QUEUE);
      }
    },
  );

  test("counts all their waiting, on the screen and in the history", () => {
    const { facts, call } = told("22/preferred-timeout");
    const ringing = facts.find(
      (fact) => fact.type === "ringStarted" && fact.ring.extension === "101",
    )!;
    const [first, second] = call.visits;
    expect(viewOf(ringing.call, "101", String)).toMatchObject({
      queue: "600",
      joinedAtMs: first!.joinedAtMs,
    });
    expect(second!.leftAtMs! - first!.joinedAtMs).toBeGreaterThan(4000);
    expect(recordOf(call, null, null).waitMs).toBeGreaterThan(4000);
  });
});

describe("what the dialplan says of the queue a call is for", () => {
  test("is believed for the next joining of that caller alone", () => {
    const told = [...hasQueues("600", "601"), arrives, says(wish), joins(PREFERRED_QUEUE)];
    expect(staysAfter(told)).toEqual(["600 for 102 at 0"]);
    const again = [...told, ...gaveUp(PREFERRED_QUEUE), joins(PREFERRED_QUEUE)];
    expect(staysAfter(again)).toEqual(["600 for 102 at 0", `${PREFERRED_QUEUE} at 1`]);
    const elsewhere = [says(wish), joins("601"), leaves("601"), joins(PREFERRED_QUEUE)];
    expect(staysAfter([...hasQueues("600", "601"), arrives, ...elsewhere])).toEqual([
      "601 at 1",
      `${PREFERRED_QUEUE} at 1`,
    ]);
  });

  test.each([
    ["a queue this PBX has not", says({ queue: "699", extension: "102" })],
    ["the helper queue itself", says({ queue: PREFERRED_QUEUE, extension: "102" })],
    ["no queue", says({ extension: "102" })],
    ["what every object inherits", says({ queue: "constructor", extension: "102" })],
    ["far too much", says({ queue: "6".repeat(5000), extension: "102" })],
    ["it of another channel", says(wish, "1800000000.7")],
    ["another thing", { ...says(wish), name: "CallcardWhatever" } as PbxInput],
  ])("is not believed when it names %s", (_what, event) => {
    const inputs = [...hasQueues("600", PREFERRED_QUEUE), arrives, event, joins(PREFERRED_QUEUE)];
    expect(staysAfter(inputs)).toEqual([`${PREFERRED_QUEUE} at 1`]);
  });

  test("does nothing without a joining, or when the caller waits already", () => {
    expect(staysAfter([...hasQueues("600"), arrives, says(wish), joins("600")])).toEqual([
      "600 at 1",
    ]);
    expect(staysAfter([...hasQueues("600"), arrives, joins("600"), says(wish)])).toEqual([
      "600 at 1",
    ]);
    expect(staysAfter([...hasQueues("600"), arrives, says(wish)])).toEqual([]);
  });

  test("is found in any letter case, and an extension that is none is left out", () => {
    const inputs = [says({ queue: "SALES", extension: "<b>102</b>" }), joins(PREFERRED_QUEUE)];
    expect(staysAfter([...hasQueues("Sales"), arrives, ...inputs])).toEqual(["Sales for  at 0"]);
  });
});

describe("the queues of a PBX while somebody waits for their preferred operator", () => {
  const opened: LiveCalls[] = [];
  afterEach(() => {
    for (const calls of opened.splice(0)) calls.close();
  });
  function liveCalls() {
    const listeners = new Set<PbxListener>();
    const listen = (listener: PbxListener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    };
    const calls = new LiveCalls({
      pbxs: fixedPbxs([{ name: "lab", listen } as unknown as Pbx]),
      ...{ extensionPattern, settleEveryMs: 1e6, auditEveryMs: 0 },
    });
    calls.open();
    opened.push(calls);
    const changes: string[] = [];
    calls.onQueues((_pbx, { queues }) => changes.push(queues.join(" ")));
    let atMs = 0;
    const say = (...inputs: readonly PbxInput[]) => {
      for (const input of inputs) for (const listener of listeners) listener(input, (atMs += 1000));
    };
    return { calls, say, changes };
  }
  const here = [...hasQueues("600", PREFERRED_QUEUE), arrives];

  test("they are told with the queue they called for, in no line, and the helper queue is not told of", () => {
    const { calls, say, changes } = liveCalls();
    say(...here, says(wish));
    changes.length = 0;
    say(joins(PREFERRED_QUEUE));
    expect(changes).toEqual(["600"]);
    expect(calls.queues("lab").map(({ name }) => name)).toEqual(["600"]);
    expect(calls.queue("lab", PREFERRED_QUEUE)).toBeUndefined();
    expect(calls.queue("lab", "600")).toMatchObject({
      callers: [],
      preferring: [
        {
          channelId: caller.id,
          callId: `lab-${caller.id}`,
          joinedAtMs: 5000,
          preferredExtension: "102",
        },
      ],
    });
    say(leaves(PREFERRED_QUEUE));
    expect(changes).toEqual(["600", "600"]);
    expect(calls.queue("lab", "600")?.preferring).toEqual([]);
  });

  test("its members are nobody's membership, and are there for who keeps them", () => {
    const { calls, say } = liveCalls();
    say(...here);
    const [extension] = calls.extensions("lab");
    expect(extension?.members.map(({ queue }) => queue)).toEqual(["600"]);
    expect(calls.preferredMembers("lab")?.map(({ queue }) => queue)).toEqual([PREFERRED_QUEUE]);
    expect(calls.preferredMembers("elsewhere")).toBeNull();
    expect(liveCalls().calls.preferredMembers("lab")).toBeNull();
  });

  test("in line they have waited since they began to wait for that queue, unless they were answered", () => {
    const { calls, say } = liveCalls();
    say(...here, says(wish), joins(PREFERRED_QUEUE), ...gaveUp(PREFERRED_QUEUE), joins("600"));
    const since = () =>
      calls
        .queue("lab", "600")
        ?.callers.map(({ joinedAtMs, inLineSinceMs }) => [joinedAtMs, inLineSinceMs]);
    expect(since()).toEqual([[5000, 9000]]);
    const agent = channelNamed(2, "PJSIP/102-00000002");
    const served: readonly PbxInput[] = [
      leaves("600"),
      says(wish),
      joins(PREFERRED_QUEUE),
      { type: "dialBegan", caller, callee: agent, dialString: "102" },
      { type: "dialEnded", caller, callee: agent, status: "answer" },
      leaves(PREFERRED_QUEUE),
      joins("600"),
    ];
    say(...served);
    expect(since()).toEqual([[16000, 16000]]);
  });

  test("somebody whose queue nobody knows is shown where they are, for nobody to move", () => {
    const { calls, say, changes } = liveCalls();
    say(...here, joins(PREFERRED_QUEUE));
    expect(changes.at(-1)).toBe(PREFERRED_QUEUE);
    expect(calls.queue("lab", PREFERRED_QUEUE)).toMatchObject({
      ...{ members: [], callers: [], preferring: [{ channelId: caller.id }] },
    });
    say(hangsUp);
    expect(changes.at(-1)).toBe(PREFERRED_QUEUE);
    expect(calls.queues("lab").map(({ name }) => name)).toEqual(["600"]);
  });
});
