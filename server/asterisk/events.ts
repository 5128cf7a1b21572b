/**
 * AMI events typed. Raw names, units and quirks of Asterisk 16 to 22 end here.
 */
import {
  channel,
  channelKeys,
  deviceState,
  flag,
  ownChannel,
  queueMember,
  secondsAsMs,
  text,
  textFields,
  whole,
} from "./fields.ts";
import type { RawMessage } from "./library.ts";
import type { DialStatus, PbxEvent } from "./model.ts";

const dest = channelKeys("dest");
const localOne = channelKeys("localone");
const localTwo = channelKeys("localtwo");
const transferer = channelKeys("transferer");
const transferee = channelKeys("transferee");
const originalTransferer = channelKeys("origtransferer");
const secondTransferer = channelKeys("secondtransferer");
const transferTarget = channelKeys("transfertarget");
const pickupTarget = channelKeys("target");

const dialStatuses: Readonly<Record<string, DialStatus>> = {
  ANSWER: "answer",
  BUSY: "busy",
  NOANSWER: "noAnswer",
  CANCEL: "cancel",
  CONGESTION: "congestion",
  CHANUNAVAIL: "unavailable",
  ABORT: "aborted",
  CONTINUE: "continue",
};

function dialStatus(word: string): DialStatus {
  if (word.startsWith("GOTO")) return "goto";
  return Object.hasOwn(dialStatuses, word) ? (dialStatuses[word] ?? "other") : "other";
}

type Destination = Extract<PbxEvent, { type: "attendedTransferred" }>["destination"];

const destinations: Readonly<Record<string, Destination>> = {
  Bridge: "bridge",
  App: "app",
  Link: "link",
  Threeway: "threeway",
  Fail: "fail",
};

/** How one event is read; null when what it is about is missing. */
type Reader = (raw: RawMessage) => PbxEvent | null;

const memberChanged: Reader = (raw) => {
  const member = queueMember(raw);
  return member && { type: "memberChanged", member };
};

const identity: Reader = (raw) => {
  const own = channel(raw, ownChannel);
  return own && { type: "channelIdentity", channel: own };
};

function hangupRequested(raw: RawMessage, soft: boolean): PbxEvent | null {
  const own = channel(raw, ownChannel);
  return own && { type: "hangupRequested", channel: own, cause: whole(raw, "cause"), soft };
}

/** By AMI name. A Map, so that no event name finds what every object inherits. */
const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  [
    "Newchannel",
    (raw) => {
      const own = channel(raw, ownChannel);
      return own && { type: "channelCreated", channel: own };
    },
  ],
  [
    "Newstate",
    (raw) => {
      const own = channel(raw, ownChannel);
      return own && { type: "channelState", channel: own };
    },
  ],
  ["NewCallerid", identity],
  ["NewConnectedLine", identity],
  [
    "Hangup",
    (raw) => {
      const own = channel(raw, ownChannel);
      return own && { type: "channelHungUp", channel: own, cause: whole(raw, "cause") };
    },
  ],
  ["HangupRequest", (raw) => hangupRequested(raw, false)],
  ["SoftHangupRequest", (raw) => hangupRequested(raw, true)],
  [
    "DialBegin",
    (raw) => {
      const callee = channel(raw, dest);
      return (
        callee && {
          type: "dialBegan",
          caller: channel(raw, ownChannel),
          callee,
          dialString: text(raw, "dialstring"),
        }
      );
    },
  ],
  [
    "DialEnd",
    (raw) => {
      const callee = channel(raw, dest);
      return (
        callee && {
          type: "dialEnded",
          caller: channel(raw, ownChannel),
          callee,
          status: dialStatus(text(raw, "dialstatus")),
        }
      );
    },
  ],
  [
    "BridgeEnter",
    (raw) => {
      const own = channel(raw, ownChannel);
      const bridgeId = text(raw, "bridgeuniqueid");
      if (!own || bridgeId === "") return null;
      return {
        type: "bridgeEntered",
        bridgeId,
        bridgeType: text(raw, "bridgetype"),
        channel: own,
        swapChannelId: text(raw, "swapuniqueid"),
      };
    },
  ],
  [
    "BridgeLeave",
    (raw) => {
      const own = channel(raw, ownChannel);
      const bridgeId = text(raw, "bridgeuniqueid");
      return own && bridgeId !== "" ? { type: "bridgeLeft", bridgeId, channel: own } : null;
    },
  ],
  [
    "BridgeDestroy",
    (raw) => {
      const bridgeId = text(raw, "bridgeuniqueid");
      return bridgeId === "" ? null : { type: "bridgeDestroyed", bridgeId };
    },
  ],
  [
    "BridgeMerge",
    (raw) => {
      const toBridgeId = text(raw, "tobridgeuniqueid");
      const fromBridgeId = text(raw, "frombridgeuniqueid");
      if (toBridgeId === "" || fromBridgeId === "") return null;
      return { type: "bridgeMerged", toBridgeId, fromBridgeId };
    },
  ],
  [
    "LocalBridge",
    (raw) => {
      const one = channel(raw, localOne);
      const two = channel(raw, localTwo);
      if (!one || !two) return null;
      return {
        type: "localBridged",
        one,
        two,
        context: text(raw, "context"),
        exten: text(raw, "exten"),
        optimizable: flag(raw, "localoptimization"),
      };
    },
  ],
  [
    "LocalOptimizationEnd",
    (raw) => {
      const one = channel(raw, localOne);
      const two = channel(raw, localTwo);
      return one && two ? { type: "localOptimized", one, two } : null;
    },
  ],
  [
    "BlindTransfer",
    (raw) => {
      const from = channel(raw, transferer);
      return (
        from && {
          type: "blindTransferred",
          transferer: from,
          transferee: channel(raw, transferee),
          context: text(raw, "context"),
          exten: text(raw, "extension"),
          success: text(raw, "result") === "Success",
        }
      );
    },
  ],
  [
    "AttendedTransfer",
    (raw) => {
      const first = channel(raw, originalTransferer);
      const second = channel(raw, secondTransferer);
      if (!first || !second) return null;
      const word = text(raw, "desttype");
      return {
        type: "attendedTransferred",
        originalTransferer: first,
        secondTransferer: second,
        transferee: channel(raw, transferee),
        target: channel(raw, transferTarget),
        destination: Object.hasOwn(destinations, word) ? (destinations[word] ?? "other") : "other",
        success: text(raw, "result") === "Success",
      };
    },
  ],
  [
    "Pickup",
    (raw) => {
      const own = channel(raw, ownChannel);
      const target = channel(raw, pickupTarget);
      return own && target ? { type: "pickedUp", channel: own, target } : null;
    },
  ],
  [
    "Hold",
    (raw) => {
      const own = channel(raw, ownChannel);
      return own && { type: "held", channel: own };
    },
  ],
  [
    "Unhold",
    (raw) => {
      const own = channel(raw, ownChannel);
      return own && { type: "resumed", channel: own };
    },
  ],
  [
    "QueueCallerJoin",
    (raw) => {
      const own = channel(raw, ownChannel);
      return (
        own && {
          type: "queueJoined",
          channel: own,
          queue: text(raw, "queue"),
          position: whole(raw, "position"),
          waiting: whole(raw, "count"),
        }
      );
    },
  ],
  [
    "QueueCallerLeave",
    (raw) => {
      const own = channel(raw, ownChannel);
      return (
        own && {
          type: "queueLeft",
          channel: own,
          queue: text(raw, "queue"),
          position: whole(raw, "position"),
          waiting: whole(raw, "count"),
        }
      );
    },
  ],
  [
    "QueueCallerAbandon",
    (raw) => {
      const own = channel(raw, ownChannel);
      return (
        own && {
          type: "queueAbandoned",
          channel: own,
          queue: text(raw, "queue"),
          position: whole(raw, "position"),
          originalPosition: whole(raw, "originalposition"),
          holdMs: secondsAsMs(raw, "holdtime"),
        }
      );
    },
  ],
  [
    "AgentCalled",
    (raw) => {
      const agent = channel(raw, dest);
      return (
        agent && {
          type: "agentCalled",
          channel: channel(raw, ownChannel),
          agent,
          queue: text(raw, "queue"),
          interface: text(raw, "interface"),
          memberName: text(raw, "membername"),
        }
      );
    },
  ],
  [
    "AgentRingNoAnswer",
    (raw) => ({
      type: "agentRingNoAnswer",
      channel: channel(raw, ownChannel),
      agent: channel(raw, dest),
      queue: text(raw, "queue"),
      interface: text(raw, "interface"),
      memberName: text(raw, "membername"),
      // The one duration of app_queue that is in milliseconds.
      ringMs: Math.max(0, whole(raw, "ringtime")),
    }),
  ],
  [
    "AgentConnect",
    (raw) => ({
      type: "agentConnected",
      channel: channel(raw, ownChannel),
      agent: channel(raw, dest),
      queue: text(raw, "queue"),
      interface: text(raw, "interface"),
      memberName: text(raw, "membername"),
      holdMs: secondsAsMs(raw, "holdtime"),
      ringMs: secondsAsMs(raw, "ringtime"),
    }),
  ],
  [
    "AgentComplete",
    (raw) => {
      const reason = text(raw, "reason");
      return {
        type: "agentCompleted",
        channel: channel(raw, ownChannel),
        agent: channel(raw, dest),
        queue: text(raw, "queue"),
        interface: text(raw, "interface"),
        memberName: text(raw, "membername"),
        holdMs: secondsAsMs(raw, "holdtime"),
        talkMs: secondsAsMs(raw, "talktime"),
        reason:
          reason === "caller" || reason === "agent" || reason === "transfer" ? reason : "other",
      };
    },
  ],
  ["QueueMemberAdded", memberChanged],
  ["QueueMemberStatus", memberChanged],
  ["QueueMemberPause", memberChanged],
  ["QueueMemberPenalty", memberChanged],
  ["QueueMemberRinginuse", memberChanged],
  [
    "QueueMemberRemoved",
    (raw) => {
      const member = queueMember(raw);
      return member && { type: "memberRemoved", queue: member.queue, interface: member.interface };
    },
  ],
  [
    "DeviceStateChange",
    (raw) => {
      const device = text(raw, "device");
      return device === "" ? null : { type: "deviceState", device, state: deviceState(raw) };
    },
  ],
  [
    "OriginateResponse",
    (raw) => ({
      type: "originateEnded",
      actionId: text(raw, "actionid"),
      channelId: text(raw, "uniqueid"),
      success: text(raw, "response") === "Success",
      reason: whole(raw, "reason"),
    }),
  ],
  [
    "UserEvent",
    (raw) => ({
      type: "userEvent",
      name: text(raw, "userevent"),
      channelId: text(raw, "uniqueid"),
      fields: textFields(raw),
    }),
  ],
]);

/** Asterisk's own events that carry nothing the product uses; any other name is unknown and worth counting by name. */
const unused: ReadonlySet<string> = new Set([
  ..."AGIExecStart AGIExecEnd AsyncAGIStart AsyncAGIExec AsyncAGIEnd".split(" "),
  ..."BridgeCreate BridgeInfoChannel BridgeVideoSourceUpdate CEL Cdr ChallengeResponseFailed".split(
    " ",
  ),
  ..."ChallengeSent ChannelTalkingStart ChannelTalkingStop ChanSpyStart ChanSpyStop ContactStatus".split(
    " ",
  ),
  ..."DAHDIChannel DNDState DTMFBegin DTMFEnd DeviceStateListComplete DialState ExtensionStatus".split(
    " ",
  ),
  ..."Flash FullyBooted HangupHandlerPop HangupHandlerPush HangupHandlerRun".split(" "),
  ..."InvalidAccountID InvalidPassword LoadAverageLimit LocalOptimizationBegin LogChannel".split(
    " ",
  ),
  ..."MWIGet MessageWaiting MixMonitorStart MixMonitorStop MixMonitorMute Load Unload".split(" "),
  ..."MusicOnHoldStart MusicOnHoldStop NewAccountCode Newexten PeerStatus PresenceStateChange".split(
    " ",
  ),
  ..."PresenceStatus QueueCallerPositionChange QueueEntry QueueParams Registry Reload Rename".split(
    " ",
  ),
  ..."RTCPReceived RTCPSent Shutdown Status SuccessfulAuth TestEvent VarSet Wink".split(" "),
]);

/** How {@link decode} stands to a name: it types it, knows it has no use for it, or never heard of it. */
export function eventKind(name: string): "typed" | "unused" | "unknown" {
  if (readers.has(name)) return "typed";
  return unused.has(name) ? "unused" : "unknown";
}

/** Names of no use in themselves that tell the link something. */
const heeded: ReadonlySet<string> = new Set(["FullyBooted", "Shutdown", "Reload"]);

/** Whether an event of this name, outside of an answer, tells nobody anything. */
export function isNoise(name: string): boolean {
  return !readers.has(name) && !heeded.has(name);
}

/**
 * Types one event. Null for an event that is of no use, is not known, or does not say what it is about (no Uniqueid, no queue).
 * Absent or senseless values become "", 0, false or null; it never throws.
 */
export function decode(raw: RawMessage): PbxEvent | null {
  const name = raw["event"];
  const reader = typeof name === "string" ? readers.get(name) : undefined;
  return reader ? reader(raw) : null;
}
