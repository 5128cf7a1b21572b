import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fixedPbxs } from "../../server/asterisk/pbxs.ts";
import {
  type AmiAnswer,
  AmiError,
  type ChannelInfo,
  type Pbx,
  type PbxInput,
  type PbxListener,
} from "../../server/asterisk/model.ts";
import { LiveCalls } from "../../server/calls/live.ts";
import type { CallFact } from "../../server/calls/model.ts";
import { extensionPattern } from "./facts.ts";
import { readTrace } from "./traces.ts";

const startMs = 1_800_000_000_000;

/** A PBX that says what the test says. */
function pbxNamed(name: string) {
  const listeners = new Set<PbxListener>();
  const pbx: Pbx & { list: () => Promise<AmiAnswer> } = {
    name,
    list: () => Promise.reject(new AmiError("refused", "CoreShowChannels", "not allowed")),
    status: () => ({
      pbx: name,
      state: "up",
      sinceMs: 0,
      reason: "",
      roundTripMs: 1,
      capabilities: {
        version: "22.10.1",
        immediatePriority: true,
        withdrawCaller: true,
        deviceStateList: true,
      },
    }),
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onStatus: () => () => undefined,
    action: () => pbx.list(),
  };
  const say = (input: PbxInput, atMs = Date.now()) => {
    for (const listener of listeners) listener(input, atMs);
  };
  return { pbx, say, listeners };
}

const caller: ChannelInfo = {
  id: "1800000000.1",
  name: "PJSIP/trunk-00000001",
  linkedId: "1800000000.1",
  state: "ring",
  callerNumber: "+79130000001",
  callerName: "",
  connectedNumber: "",
  connectedName: "",
  context: "from-trunk",
  exten: "600",
};
const arrives: PbxInput = { type: "channelCreated", channel: caller };
const joins: PbxInput = {
  type: "queueJoined",
  channel: caller,
  queue: "600",
  position: 1,
  waiting: 1,
};
const hangsUp: PbxInput = { type: "channelHungUp", channel: caller, cause: 16 };

beforeEach(() => {
  vi.useFakeTimers({ now: startMs });
});
afterEach(() => {
  vi.useRealTimers();
});

const opened: LiveCalls[] = [];
afterEach(() => {
  for (const calls of opened.splice(0)) calls.close();
});

function live(...pbxs: readonly Pbx[]) {
  const failures: unknown[] = [];
  const calls = new LiveCalls({
    pbxs: fixedPbxs(pbxs),
    extensionPattern,
    now: () => Date.now(),
    onFailure: (error) => failures.push(error),
  });
  calls.open();
  opened.push(calls);
  return { calls, failures };
}

describe("live calls", () => {
  test("are told in order to everybody, also when one listener throws", () => {
    const { pbx, say } = pbxNamed("office");
    const { calls, failures } = live(pbx);
    const told: string[] = [];
    calls.onFact((fact) => told.push(`one ${fact.type}`));
    calls.onFact(() => {
      throw new Error("screen on fire");
    });
    calls.onFact((fact) => told.push(`two ${fact.type}`));
    say(arrives);
    say(joins);
    expect(told).toEqual([
      "one callStarted",
      "two callStarted",
      "one queueJoined",
      "two queueJoined",
    ]);
    expect(calls.counters()).toMatchObject({ inputs: 2, facts: 2, listenerFailures: 2, live: 1 });
    expect(failures).toHaveLength(2);
  });

  test("are found while they live and forgotten when they end", () => {
    const { pbx, say } = pbxNamed("office");
    const { calls } = live(pbx);
    say(arrives);
    expect(calls.call("office-1800000000.1")?.party.number).toBe("+79130000001");
    expect(calls.calls()).toHaveLength(1);
    say(hangsUp);
    expect(calls.call("office-1800000000.1")).toBeUndefined();
    expect(calls.counters()).toMatchObject({ live: 0, remembered: 0 });
  });

  test("of two PBXs do not mix, even with the same Uniqueid", () => {
    const office = pbxNamed("office");
    const depot = pbxNamed("depot");
    const { calls } = live(office.pbx, depot.pbx);
    office.say(arrives);
    depot.say(arrives);
    depot.say(hangsUp);
    expect(calls.calls().map((call) => call.id)).toEqual(["office-1800000000.1"]);
  });

  test("are listened to once however often opened, and no more when closed", () => {
    const { pbx, say, listeners } = pbxNamed("office");
    const { calls } = live(pbx);
    calls.open();
    expect(listeners.size).toBe(1);
    calls.close();
    calls.close();
    expect(listeners.size).toBe(0);
    calls.open();
    say(arrives);
    expect(calls.calls()).toHaveLength(1);
  });

  test("stop being told to whom left", () => {
    const { pbx, say } = pbxNamed("office");
    const { calls } = live(pbx);
    const told: CallFact[] = [];
    const leave = calls.onFact((fact) => told.push(fact));
    say(arrives);
    leave();
    say(hangsUp);
    expect(told).toHaveLength(1);
  });

  test("count what belongs to nothing", () => {
    const { pbx, say } = pbxNamed("office");
    const { calls } = live(pbx);
    say(hangsUp);
    say(arrives);
    say(hangsUp);
    say(hangsUp);
    expect(calls.counters().unplaced).toEqual({
      "Hangup: channel never seen": 1,
      "Hangup: channel hung up before": 1,
    });
  });
});

describe("a caller who left a queue", () => {
  test("is told to have left a second later, though nothing else happens on the PBX", () => {
    const { pbx, say } = pbxNamed("office");
    const { calls } = live(pbx);
    const told: CallFact[] = [];
    calls.onFact((fact) => told.push(fact));
    say(arrives);
    say(joins);
    vi.advanceTimersByTime(5000);
    say({ type: "queueLeft", channel: caller, queue: "600", position: 1, waiting: 0 });
    expect(told.at(-1)?.type).toBe("queueJoined");
    vi.advanceTimersByTime(3000);
    expect(told.at(-1)).toMatchObject({
      type: "queueLeft",
      waitMs: 5000,
      visit: { how: "exitKey", leftAtMs: startMs + 5000 },
    });
  });
});

describe("when an end was missed", () => {
  const listing = (...ids: readonly string[]) =>
    Promise.resolve({ message: "", fields: {}, items: ids.map((uniqueid) => ({ uniqueid })) });

  test("the call ends as lost from sight once Asterisk does not list its channels any more", async () => {
    const { pbx, say } = pbxNamed("office");
    const { calls } = live(pbx);
    const told: CallFact[] = [];
    calls.onFact((fact) => told.push(fact));
    say(arrives);
    say(joins);
    pbx.list = () => listing("1800000000.1");
    await vi.advanceTimersByTimeAsync(130_000);
    expect(calls.calls()).toHaveLength(1);
    pbx.list = () => listing();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told.at(-1)).toMatchObject({ type: "callEnded", call: { endedHow: "lostSight" } });
    expect(told.at(-2)).toMatchObject({ type: "queueLeft", visit: { how: "unknown" } });
    expect(calls.counters()).toMatchObject({ lostEnds: 1, remembered: 0 });
  });

  test("a channel heard of lately is left alone: its Hangup may be on the way", async () => {
    const { pbx, say } = pbxNamed("office");
    const { calls } = live(pbx);
    pbx.list = () => listing();
    await vi.advanceTimersByTimeAsync(50_000);
    say(arrives);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(calls.calls()).toHaveLength(1);
  });

  test("a list that is refused ends nothing", async () => {
    const { pbx, say } = pbxNamed("office");
    const { calls, failures } = live(pbx);
    say(arrives);
    await vi.advanceTimersByTimeAsync(200_000);
    expect(calls.calls()).toHaveLength(1);
    expect(failures).toEqual([]);
  });
});

describe("after a lost connection", () => {
  const empty = { channels: [], queues: [], devices: [], restarted: false };

  test("calls that live go on, calls that are gone end as lost from sight", () => {
    const { pbx, say } = pbxNamed("office");
    const { calls } = live(pbx);
    const told: CallFact[] = [];
    calls.onFact((fact) => told.push(fact));
    const other = { ...caller, id: "1800000000.2", linkedId: "1800000000.2" };
    say(arrives);
    say({ type: "channelCreated", channel: other });
    say({ type: "connectionLost", reason: "reset" });
    expect(calls.calls()).toHaveLength(2);
    const listed = {
      ...other,
      ageMs: 60_000,
      bridgeId: "",
      application: "Queue",
      applicationData: "600",
    };
    say({ type: "snapshot", snapshot: { ...empty, channels: [listed] } });
    expect(told.map((fact) => `${fact.type} ${fact.call.id} ${fact.call.endedHow ?? ""}`)).toEqual([
      "callStarted office-1800000000.1 ",
      "callStarted office-1800000000.2 ",
      "callEnded office-1800000000.1 lostSight",
    ]);
  });

  test("and a restart of Asterisk, everything ends, whatever is listed", () => {
    const { pbx, say } = pbxNamed("office");
    const { calls } = live(pbx);
    say(arrives);
    say({
      type: "snapshot",
      snapshot: {
        ...empty,
        restarted: true,
        channels: [
          { ...caller, ageMs: 10, bridgeId: "", application: "Queue", applicationData: "600" },
        ],
      },
    });
    // The number is used again by a new channel: a new call.
    const [call] = calls.calls();
    expect(call?.seenFromMiddle).toBe(true);
    expect(call?.id).not.toBe("office-1800000000.1");
  });
});

describe("queues", () => {
  test("say which call each caller belongs to, and tell when they change", () => {
    const { pbx, say } = pbxNamed("office");
    const { calls } = live(pbx);
    const changes: string[] = [];
    calls.onQueues((name, change) => changes.push(`${name} ${change.queues.join()}`));
    say(arrives);
    say(joins);
    expect(calls.queues("office")[0]?.callers[0]).toMatchObject({
      callId: "office-1800000000.1",
      channelName: "PJSIP/trunk-00000001",
      position: 1,
    });
    expect(changes).toEqual(["office 600"]);
    expect(calls.queues("elsewhere")).toEqual([]);
  });

  test("and extensions follow a whole recorded conversation", () => {
    const { pbx, say } = pbxNamed("lab");
    const { calls } = live(pbx);
    const trace = readTrace("22/queue-answered-local-n");
    const seen: string[] = [];
    for (const { input, atMs } of trace.inputs) {
      say(input, atMs);
      const own = calls.extensions("lab").find(({ extension }) => extension === "101");
      seen.push(`${own?.device}, rings ${own?.ringingIn.length}, talks ${own?.talkingIn.length}`);
    }
    expect(seen).toContain("ringing, rings 1, talks 0");
    expect(seen).toContain("inUse, rings 0, talks 1");
    expect(seen.at(-1)).toBe("notInUse, rings 0, talks 0");
    expect(calls.queues("lab").every((queue) => queue.callers.length === 0)).toBe(true);
  });
});
