import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decode, eventKind } from "../../server/asterisk/events.ts";
import { AmiText } from "../../server/asterisk/library.ts";
import type { RawMessage } from "../../server/asterisk/library.ts";
import { message } from "../support/ami-server.ts";
import type { Headers } from "../support/ami-server.ts";

/** A message as it comes out of asterisk-manager. */
function raw(headers: Headers): RawMessage {
  const messages: RawMessage[] = [];
  new AmiText(
    () => {},
    (one) => messages.push(one),
  ).feed(message(headers));
  return messages[0] ?? {};
}

const channel = {
  Channel: "PJSIP/101-0000002a",
  ChannelState: 5,
  CallerIDNum: "79130000001",
  CallerIDName: "Иван <b>",
  ConnectedLineNum: "<unknown>",
  ConnectedLineName: "<unknown>",
  Context: "from-trunk",
  Exten: "100",
  Uniqueid: "1.2",
  Linkedid: "1.1",
};

test("A channel is read with what Asterisk does not know left empty", () => {
  expect(decode(raw({ Event: "Newstate", ...channel }))).toEqual({
    type: "channelState",
    channel: {
      id: "1.2",
      name: "PJSIP/101-0000002a",
      linkedId: "1.1",
      state: "ringing",
      callerNumber: "79130000001",
      callerName: "Иван <b>",
      connectedNumber: "",
      connectedName: "",
      context: "from-trunk",
      exten: "100",
    },
  });
});

test("Seconds become milliseconds, but AgentRingNoAnswer counts in milliseconds already", () => {
  const queue = { ...channel, Queue: "sales", Interface: "PJSIP/101", MemberName: "Anna" };
  const connect = { Event: "AgentConnect", ...queue, HoldTime: 12, RingTime: 3 };
  expect(decode(raw(connect))).toMatchObject({ holdMs: 12_000, ringMs: 3000 });
  const missed = { Event: "AgentRingNoAnswer", ...queue, RingTime: 15_000 };
  expect(decode(raw(missed))).toMatchObject({ ringMs: 15_000 });
  const abandon = { Event: "QueueCallerAbandon", ...queue, HoldTime: 7, OriginalPosition: 2 };
  expect(decode(raw(abandon))).toMatchObject({ holdMs: 7000, originalPosition: 2 });
});

test("AgentComplete without the caller's keys keeps the member and says null for the caller", () => {
  const event = decode(
    raw({
      Event: "AgentComplete",
      DestUniqueid: "1.3",
      DestChannel: "PJSIP/101-1",
      Queue: "sales",
      Interface: "PJSIP/101",
      MemberName: "Anna",
      TalkTime: 20,
      Reason: "agent",
    }),
  );
  expect(event).toMatchObject({
    type: "agentCompleted",
    channel: null,
    agent: { id: "1.3" },
    talkMs: 20_000,
    holdMs: 0,
    reason: "agent",
  });
});

test("DialBegin of an Originate has no caller", () => {
  const event = decode(
    raw({ Event: "DialBegin", DestUniqueid: "a-1", DestChannel: "PJSIP/101-1" }),
  );
  expect(event).toMatchObject({ type: "dialBegan", caller: null, callee: { id: "a-1" } });
});

test("OriginateResponse is told with our id, and a failed one without a channel has none", () => {
  const response = { Event: "OriginateResponse", ActionID: "x-1", Response: "Failure", Reason: 3 };
  expect(decode(raw({ ...response, Uniqueid: "<null>" }))).toEqual({
    type: "originateEnded",
    actionId: "x-1",
    channelId: "",
    success: false,
    reason: 3,
  });
});

test("A member is read alike from a live event and from QueueStatus", () => {
  const shared = {
    Queue: "sales",
    StateInterface: "hint:101@ext-local",
    Penalty: 2,
    CallsTaken: 5,
    LastCall: 1763800000,
    InCall: 1,
    Status: 2,
    Paused: 1,
    PausedReason: "lunch",
    Wrapuptime: 10,
  };
  const live = { ...shared, MemberName: "Anna", Interface: "Local/101@from-queue/n" };
  expect(decode(raw({ Event: "QueueMemberPause", ...live }))).toEqual({
    type: "memberChanged",
    member: {
      queue: "sales",
      interface: "Local/101@from-queue/n",
      stateInterface: "hint:101@ext-local",
      name: "Anna",
      penalty: 2,
      paused: true,
      pausedReason: "lunch",
      status: "inUse",
      inCall: true,
      callsTaken: 5,
      lastCallAtSeconds: 1763800000,
      wrapUpSeconds: 10,
    },
  });
});

test("A doubled key counts once, the first", () => {
  const event = decode(
    raw([
      ...Object.entries({ Event: "Hangup", Uniqueid: "1.2" }),
      ["Cause", "16"],
      ["Cause", "17"],
    ]),
  );
  expect(event).toMatchObject({ cause: 16 });
});

test("An event that does not say which channel it is about is nothing", () => {
  for (const name of ["Newchannel", "Hangup", "BridgeEnter", "QueueCallerJoin", "LocalBridge"]) {
    expect(decode(raw({ Event: name, Channel: "PJSIP/101-1" }))).toBeNull();
    expect(eventKind(name)).toBe("typed");
  }
});

test("An event's name finds nothing that objects inherit", () => {
  for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty", ""]) {
    expect(decode(raw({ Event: name }))).toBeNull();
    expect(eventKind(name)).toBe("unknown");
  }
  expect(eventKind("VarSet")).toBe("unused");
});

test("A UserEvent is handed on with its fields", () => {
  const event = decode(raw({ Event: "UserEvent", UserEvent: "Score", Uniqueid: "1.2", Mark: "5" }));
  expect(event).toMatchObject({ name: "Score", channelId: "1.2", fields: { mark: "5" } });
});

test("What is kept of an event does not keep the whole packet it came in", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const kept: unknown[] = [];
  const ami = new AmiText(
    () => {},
    (one) => {
      const event = decode(one);
      if (event !== null) kept.push(event);
    },
  );
  const filler = message({ Event: "VarSet", Value: "x".repeat(500) }).repeat(120);
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let packet = 0; packet < 1000; packet += 1) {
    const id = `1763800000.${packet}`;
    const join = { Event: "QueueCallerJoin", Uniqueid: id, Channel: `PJSIP/trunk-main-${packet}` };
    ami.feed(
      message({ ...join, CallerIDName: `A rather long name ${packet}`, Queue: "sales" }) + filler,
    );
  }
  collect();
  expect(kept).toHaveLength(1000);
  // The packets are 60 MB together.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000);
});

const names = [
  "Newchannel Newstate NewCallerid Hangup DialBegin DialEnd BridgeEnter BridgeLeave BridgeMerge",
  "LocalBridge LocalOptimizationEnd BlindTransfer AttendedTransfer Pickup Hold QueueCallerJoin",
  "QueueCallerAbandon AgentCalled AgentRingNoAnswer AgentConnect AgentComplete QueueMemberAdded",
  "QueueMemberRemoved DeviceStateChange OriginateResponse UserEvent",
].flatMap((line) => line.split(" "));

test("Whatever stands in a message, it is typed or nothing, and never throws", () => {
  const keys = "uniqueid channel channelstate destuniqueid queue interface status holdtime reason"
    .split(" ")
    .concat("ringtime localoneuniqueid localtwouniqueid device state cause paused desttype result");
  const value = fc.oneof(
    fc.string(),
    fc.constantFrom("NaN", "-1", "1e999", "99999999999999999999", "toString", "__proto__"),
    fc.array(fc.anything()),
    fc.anything(),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.dictionary(fc.constantFrom(...keys), value),
      (name, fields) => {
        const event = decode({ ...fields, event: name });
        if (event === null) return;
        // Every number is a number and every text a text, all the way down.
        const check = (one: unknown): void => {
          if (typeof one === "number") expect(Number.isSafeInteger(one)).toBe(true);
          else if (typeof one === "object" && one !== null) Object.values(one).forEach(check);
          else expect(one === null || ["string", "boolean"].includes(typeof one)).toBe(true);
        };
        check(event);
      },
    ),
    { numRuns: 2000 },
  );
});
