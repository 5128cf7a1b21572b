/**
 * AMI text for benches: the recorded traces, or calls of the same shape while there are none.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { message } from "../support/ami-server.ts";

const tracesDir = join(import.meta.dirname, "..", "traces");

/** What tells of Asterisk itself and makes a client read everything anew; once at each recording's beginning, not in traffic. */
const ofAsteriskItself = /^Event: (FullyBooted|Reload|Shutdown)\r?$/m;

/** Live events of recorded AMI text, each with its blank line; greetings, answers and items of lists are left out. */
export function eventsOf(trace: string): string[] {
  return trace
    .split(/\r?\n\r?\n/)
    .map((one) => one.trim())
    .filter(
      (one) => one.startsWith("Event: ") && !/^ActionID:/m.test(one) && !ofAsteriskItself.test(one),
    )
    .map((one) => one.replaceAll(/\r?\n/g, "\r\n") + "\r\n\r\n");
}

/** All recorded events, in the order they were recorded; empty while nothing is recorded. */
function recordedEvents(): string[] {
  if (!existsSync(tracesDir)) return [];
  return readdirSync(tracesDir, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ami"))
    .toSorted()
    .flatMap((file) => eventsOf(readFileSync(join(tracesDir, file), "utf8")));
}

function channelKeys(
  prefix: string,
  id: string,
  name: string,
  state: number,
): Record<string, string> {
  return {
    [`${prefix}Channel`]: name,
    [`${prefix}ChannelState`]: String(state),
    [`${prefix}ChannelStateDesc`]: state === 6 ? "Up" : "Ring",
    [`${prefix}CallerIDNum`]: "79130000001",
    [`${prefix}CallerIDName`]: "<unknown>",
    [`${prefix}ConnectedLineNum`]: "<unknown>",
    [`${prefix}ConnectedLineName`]: "<unknown>",
    [`${prefix}Language`]: "en",
    [`${prefix}AccountCode`]: "",
    [`${prefix}Context`]: "from-trunk",
    [`${prefix}Exten`]: "74950000000",
    [`${prefix}Priority`]: "3",
    [`${prefix}Uniqueid`]: id,
    [`${prefix}Linkedid`]: "1763800000.1",
  };
}

/** One queue call with a Local member, as events. */
function syntheticCall(): string[] {
  const caller = channelKeys("", "1763800000.1", "PJSIP/trunk-00000001", 6);
  const leg = "Local/101@from-queue-00000001;";
  const dest = channelKeys("Dest", "1763800000.4", "PJSIP/101-00000002", 5);
  const phone = channelKeys("", "1763800000.4", "PJSIP/101-00000002", 6);
  const queue = { Queue: "sales", Interface: "Local/101@from-queue/n", MemberName: "Anna" };
  const member = {
    ...queue,
    StateInterface: "hint:101@ext-local",
    Membership: "dynamic",
    Penalty: "0",
    CallsTaken: "3",
    LastCall: "1763799000",
    InCall: "0",
    Status: "6",
    Paused: "0",
    PausedReason: "",
    Ringinuse: "0",
    Wrapuptime: "0",
  };
  const local = {
    ...channelKeys("LocalOne", "1763800000.2", `${leg}1`, 4),
    ...channelKeys("LocalTwo", "1763800000.3", `${leg}2`, 4),
  };
  const bridge = { BridgeUniqueid: "b-1", BridgeType: "basic", BridgeTechnology: "simple_bridge" };
  const rows: [string, Record<string, string>][] = [
    ["Newchannel", caller],
    ["Newstate", caller],
    ["QueueCallerJoin", { ...caller, Queue: "sales", Position: "1", Count: "1" }],
    ["Newchannel", channelKeys("", "1763800000.2", `${leg}1`, 0)],
    ["Newchannel", channelKeys("", "1763800000.3", `${leg}2`, 4)],
    ["LocalBridge", { ...local, Context: "from-queue", Exten: "101", LocalOptimization: "No" }],
    ["AgentCalled", { ...caller, ...channelKeys("Dest", "1763800000.2", `${leg}1`, 0), ...queue }],
    ["DialBegin", { ...caller, ...dest, DialString: "101@from-queue/n" }],
    ["Newchannel", phone],
    ["NewConnectedLine", phone],
    ["DialBegin", { ...caller, ...dest, DialString: "101" }],
    ["Newstate", phone],
    ["QueueMemberStatus", member],
    ["DeviceStateChange", { Device: "PJSIP/101", State: "RINGING" }],
    ["DialState", { ...caller, ...dest, DialStatus: "RINGING" }],
    ["DialEnd", { ...caller, ...dest, DialStatus: "ANSWER" }],
    ["QueueCallerLeave", { ...caller, Queue: "sales", Position: "1", Count: "0" }],
    ["AgentConnect", { ...caller, ...dest, ...queue, HoldTime: "3", RingTime: "2" }],
    ["BridgeCreate", bridge],
    ["BridgeEnter", { ...bridge, ...phone }],
    ["BridgeEnter", { ...bridge, ...caller }],
    [
      "AgentComplete",
      { ...caller, ...dest, ...queue, HoldTime: "3", TalkTime: "20", Reason: "caller" },
    ],
    ["BridgeLeave", { ...bridge, ...caller }],
    ["BridgeLeave", { ...bridge, ...phone }],
    ["HangupRequest", phone],
    ["Hangup", { ...phone, Cause: "16", "Cause-txt": "Normal Clearing" }],
    ["Hangup", { ...caller, Cause: "16", "Cause-txt": "Normal Clearing" }],
    ["BridgeDestroy", bridge],
    ["QueueMemberStatus", member],
  ];
  return rows.map(([name, headers]) => message({ Event: name, Privilege: "call,all", ...headers }));
}

/** Uniqueids and linkedids, which are an epoch second and a number, moved on: each repetition has calls of its own. */
function movedOn(text: string, repetition: number): string {
  return text.replaceAll(
    /\b(1[78]\d{8})(?=\.\d)/g,
    (seconds) => `${Number(seconds) + repetition * 100_000}`,
  );
}

/** At least `count` events as one text. */
export function traffic(count: number): {
  readonly text: Buffer;
  readonly events: number;
  readonly recorded: boolean;
} {
  const recorded = recordedEvents();
  const events = recorded.length > 0 ? recorded : syntheticCall();
  const times = Math.ceil(count / events.length);
  const once = events.join("");
  return {
    text: Buffer.from(
      Array.from({ length: times }, (_, repetition) => movedOn(once, repetition)).join(""),
    ),
    events: events.length * times,
    recorded: recorded.length > 0,
  };
}
