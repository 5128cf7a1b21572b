/** What the simulated PBX answers to manager actions, worded as Asterisk 22 does. */
import { blindTransfer } from "./transfers.ts";
import type { Action, ListItem, Reply } from "./ami-server.ts";
import type { Channel } from "./exchange.ts";
import type { SimulatedExchange } from "./pbx.ts";
import type { Member, Queue } from "./queue-app.ts";
import { canRing, leadingInteger } from "./queue-rules.ts";
import { bridgeText, channelText, durationText } from "./text.ts";

/** The version the simulated PBX says it is. */
export const simulatedVersion = "22.10.1";

/** What actions need besides the exchange. */
export type ActionWorld = {
  readonly pbx: SimulatedExchange;
  readonly startedAtMs: number;
};

/** Answers one action. */
export function act(world: ActionWorld, action: Action, reply: Reply): void {
  const handler = handlers[action.name.toLowerCase()];
  if (handler === undefined) {
    reply.error(
      `Invalid/unknown command: ${action.name}. Use Action: ListCommands to show available commands.`,
    );
    return;
  }
  handler(world, action, reply);
}

type Handler = (world: ActionWorld, action: Action, reply: Reply) => void;

const isTrue = (text: string): boolean => /^(yes|true|y|t|1|on)$/i.test(text.trim());

const dateText = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const timeText = (ms: number): string => new Date(ms).toISOString().slice(11, 19);

const handlers: Readonly<Record<string, Handler>> = {
  ping({ pbx }, _action, reply) {
    const nowMs = pbx.exchange.clock.now();
    reply.success("", `Ping: Pong\r\nTimestamp: ${(nowMs / 1000).toFixed(6)}\r\n`);
  },
  coresettings(_world, _action, reply) {
    reply.success(
      "",
      `AMIversion: 11.0.0\r\nAsteriskVersion: ${simulatedVersion}\r\nSystemName: \r\nCoreMaxCalls: 0\r\n` +
        "CoreMaxLoadAvg: 0.000000\r\nCoreRunUser: \r\nCoreRunGroup: \r\nCoreMaxFilehandles: 0\r\n" +
        "CoreRealTimeEnabled: No\r\nCoreCDRenabled: No\r\nCoreHTTPenabled: No\r\n",
    );
  },
  corestatus({ pbx, startedAtMs }, _action, reply) {
    reply.success(
      "",
      `CoreStartupDate: ${dateText(startedAtMs)}\r\nCoreStartupTime: ${timeText(startedAtMs)}\r\n` +
        `CoreReloadDate: ${dateText(startedAtMs)}\r\nCoreReloadTime: ${timeText(startedAtMs)}\r\n` +
        `CoreCurrentCalls: ${callCount(pbx)}\r\nCoreProcessedCalls: ${pbx.exchange.created}\r\n`,
    );
  },
  coreshowchannels({ pbx }, _action, reply) {
    const nowMs = pbx.exchange.clock.now();
    const items = [...pbx.exchange.channels.values()].map((c) => ({
      event: "CoreShowChannel",
      body:
        channelText("", c) +
        `Application: ${c.application}\r\nApplicationData: ${c.applicationData}\r\n` +
        `Duration: ${durationText(nowMs - c.createdAtMs)}\r\nBridgeId: ${c.bridge?.id ?? ""}\r\n`,
    }));
    reply.list("Channels will follow", items, "CoreShowChannelsComplete");
  },
  bridgelist({ pbx }, _action, reply) {
    const items = [...pbx.exchange.bridges.values()].map((b) => ({
      event: "BridgeListItem",
      body: bridgeText("", b),
    }));
    reply.list("Bridge listing will follow", items, "BridgeListComplete");
  },
  bridgeinfo({ pbx }, action, reply) {
    const id = action.get("BridgeUniqueid");
    if (id === "") return reply.error("BridgeUniqueid must be provided");
    const bridge = pbx.exchange.bridges.get(id);
    if (bridge === undefined) return reply.error("Specified BridgeUniqueid not found");
    const items = bridge.channels.map((c) => ({
      event: "BridgeInfoChannel",
      body: channelText("", c),
    }));
    reply.list(
      "Bridge channel listing will follow",
      items,
      "BridgeInfoComplete",
      bridgeText("", bridge),
    );
  },
  queuestatus({ pbx }, action, reply) {
    const nowMs = pbx.exchange.clock.now();
    const items: ListItem[] = [];
    for (const queue of wantedQueues(pbx, action)) {
      items.push({ event: "QueueParams", body: queueText(queue), idLast: true });
      for (const member of queue.members) {
        if (action.get("Member") !== "" && action.get("Member") !== member.interface) continue;
        items.push({ event: "QueueMember", body: memberItemText(member), idLast: true });
      }
      for (const entry of queue.waiting) {
        const c = entry.channel;
        items.push({
          event: "QueueEntry",
          body:
            `Queue: ${queue.name}\r\nPosition: ${entry.position}\r\nChannel: ${c.name}\r\nUniqueid: ${c.id}\r\n` +
            `CallerIDNum: ${c.callerNumber || "unknown"}\r\nCallerIDName: ${c.callerName || "unknown"}\r\n` +
            `ConnectedLineNum: ${c.connectedNumber || "unknown"}\r\nConnectedLineName: ${c.connectedName || "unknown"}\r\n` +
            `Wait: ${Math.floor((nowMs - entry.joinedAtMs) / 1000)}\r\nPriority: ${entry.priority}\r\n`,
          idLast: true,
        });
      }
    }
    reply.list("Queue status will follow", items, "QueueStatusComplete");
  },
  queuesummary({ pbx }, action, reply) {
    const nowMs = pbx.exchange.clock.now();
    const items = wantedQueues(pbx, action).map((queue) => {
      const free = queue.members.filter((m) => canRing(m, queue, nowMs)).length;
      const longest = Math.max(0, ...queue.waiting.map((each) => nowMs - each.joinedAtMs));
      return {
        event: "QueueSummary",
        body:
          `Queue: ${queue.name}\r\nLoggedIn: ${queue.members.length}\r\nAvailable: ${free}\r\n` +
          `Callers: ${queue.waiting.length}\r\nHoldTime: ${queue.holdSeconds}\r\nTalkTime: ${queue.talkSeconds}\r\n` +
          `LongestHoldTime: ${Math.floor(longest / 1000)}\r\n`,
        idLast: true,
      };
    });
    reply.list("Queue summary will follow", items, "QueueSummaryComplete");
  },
  queuepause({ pbx }, action, reply) {
    const interfaceName = action.get("Interface");
    const paused = action.get("Paused");
    if (interfaceName === "" || paused === "")
      return reply.error("Need 'Interface' and 'Paused' parameters.");
    const on = isTrue(paused);
    const met = pbx.queues.pause(action.get("Queue"), interfaceName, on, action.get("Reason"));
    if (met === 0) return reply.error("Interface not found");
    reply.success(on ? "Interface paused successfully" : "Interface unpaused successfully");
  },
  queuechangeprioritycaller({ pbx }, action, reply) {
    const queue = action.get("Queue");
    const caller = action.get("Caller");
    const priority = action.get("Priority");
    if (queue === "") return reply.error("'Queue' not specified.");
    if (caller === "") return reply.error("'Caller' not specified.");
    if (priority === "") return reply.error("'Priority' not specified.");
    const number = leadingInteger(priority);
    if (number === null) return reply.error("'Priority' need integer.");
    const complaint = pbx.queues.changePriority(
      queue,
      caller,
      number,
      isTrue(action.get("Immediate")),
    );
    if (complaint !== null)
      return reply.error(`Unable to change priority caller on queue: ${complaint}`);
    reply.success("Priority change for caller on queue");
  },
  queuewithdrawcaller({ pbx }, action, reply) {
    const queue = action.get("Queue");
    const caller = action.get("Caller");
    if (queue === "") return reply.error("'Queue' not specified.");
    if (caller === "") return reply.error("'Caller' not specified.");
    const complaint = pbx.queues.withdraw(queue, caller);
    if (complaint !== null)
      return reply.error(`Unable to request withdrawal from queue: ${complaint}`);
    reply.success("Withdraw requested successfully");
  },
  devicestatelist({ pbx }, _action, reply) {
    const items = pbx.devices.list().map(({ device, state }) => ({
      event: "DeviceStateChange",
      body: `Device: ${device}\r\nState: ${state}\r\n`,
    }));
    reply.list("Device State Changes will follow", items, "DeviceStateListComplete");
  },
  dbget({ pbx }, action, reply) {
    const family = action.get("Family");
    const key = action.get("Key");
    if (family === "") return reply.error("No family specified.");
    if (key === "") return reply.error("No key specified.");
    const value = pbx.database.get(`${family}/${key}`);
    if (value === undefined) return reply.error("Database entry not found");
    const body = `Family: ${family}\r\nKey: ${key}\r\nVal: ${value}\r\n`;
    reply.list(
      "Result will follow",
      [{ event: "DBGetResponse", body, idLast: true }],
      "DBGetComplete",
    );
  },
  originate,
  hangup({ pbx }, action, reply) {
    const name = action.get("Channel");
    if (name === "") return reply.error("No channel specified");
    const channel = pbx.exchange.byName.get(name) ?? pbx.exchange.channels.get(name);
    if (channel === undefined) return reply.error("No such channel");
    reply.success("Channel Hungup");
    const cause = leadingInteger(action.get("Cause")) ?? 16;
    pbx.exchange.tellOf("SoftHangupRequest", channel, `Cause: ${cause}\r\n`);
    pbx.exchange.softHangup(channel, cause);
  },
  redirect({ pbx }, action, reply) {
    const exten = action.get("Exten");
    const name = action.get("Channel");
    if (name === "") return reply.error("Channel not specified");
    const channel = pbx.exchange.byName.get(name);
    if (channel === undefined) return reply.error(`Channel does not exist: ${name}`);
    if (!pbx.knows(exten)) return reply.error("Redirect failed");
    if (!pbx.redirect(channel, exten)) return reply.error("Redirect failed");
    reply.success("Redirect successful");
  },
  blindtransfer({ pbx }, action, reply) {
    const name = action.get("Channel");
    if (name === "") return reply.error("No channel specified");
    const exten = action.get("Exten");
    if (exten === "") return reply.error("No extension specified");
    const channel = pbx.exchange.byName.get(name);
    if (channel === undefined) return reply.error("Channel specified does not exist");
    if (!pbx.knows(exten)) return reply.error("Extension specified does not exist");
    if (!blindTransfer(pbx, channel, exten)) return reply.error("Transfer failed");
    reply.success("Transfer succeeded");
  },
  setvar({ pbx }, action, reply) {
    const variable = action.get("Variable");
    if (variable === "") return reply.error("No variable specified");
    const name = action.get("Channel");
    const channel = name === "" ? undefined : pbx.exchange.byName.get(name);
    if (name !== "" && channel === undefined) return reply.error("No such channel");
    (channel?.variables ?? pbx.globals).set(variable, action.get("Value"));
    reply.success("Variable Set");
  },
  getvar({ pbx }, action, reply) {
    const variable = action.get("Variable");
    if (variable === "") return reply.error("No variable specified");
    const name = action.get("Channel");
    const channel = name === "" ? undefined : pbx.exchange.byName.get(name);
    if (name !== "" && channel === undefined) return reply.error("No such channel");
    const value = (channel?.variables ?? pbx.globals).get(variable) ?? "";
    reply.success("", `Variable: ${variable}\r\nValue: ${value}\r\n`);
  },
};

function originate({ pbx }: ActionWorld, action: Action, reply: Reply): void {
  const target = action.get("Channel");
  const exten = action.get("Exten");
  const timeoutText = action.get("Timeout");
  if (target === "") return reply.error("Channel not specified");
  if (!target.includes("/")) return reply.error("Invalid channel");
  const timeoutMs = timeoutText === "" ? 30_000 : leadingInteger(timeoutText);
  if (timeoutMs === null) return reply.error("Invalid timeout");
  if (action.get("Context") !== "" && !pbx.knows(exten, action.get("Context")))
    return reply.error("Extension does not exist.");
  if (!isTrue(action.get("Async"))) return reply.error("Originate failed");
  const caller = parseCallerId(action.get("CallerID"));
  const actionId = action.id === "" ? "" : `ActionID: ${action.id}\r\n`;
  const finished = (channel: Channel | null, success: boolean, reason: number): void => {
    pbx.exchange.tell(
      "OriginateResponse",
      "call",
      `${actionId}Response: ${success ? "Success" : "Failure"}\r\nChannel: ${success && channel !== null ? channel.name : target}\r\n` +
        `Context: ${action.get("Context")}\r\nExten: ${exten}\r\nReason: ${reason}\r\n` +
        `Uniqueid: ${channel?.id ?? "<unknown>"}\r\nCallerIDNum: ${caller.number || "<unknown>"}\r\n` +
        `CallerIDName: ${caller.name || "<unknown>"}\r\n`,
    );
  };
  reply.success("Originate successfully queued");
  pbx.exchange.clock.after(0, () =>
    pbx.originate(
      {
        target,
        context: action.get("Context"),
        exten,
        shown: caller,
        extension: variables(action).get("CALLCARD_EXTENSION") ?? "",
        timeoutMs,
        channelId: action.get("ChannelId"),
        otherChannelId: action.get("OtherChannelId"),
        variables: variables(action),
      },
      finished,
    ),
  );
}

/** The channel variables an Originate sets, without the underscores that say how far they are inherited. */
function variables(action: Action): ReadonlyMap<string, string> {
  const set = new Map<string, string>();
  for (const header of action.all("Variable")) {
    // One header may set several; Asterisk parts them by commas.
    for (const each of header.split(",")) {
      const [name = "", ...value] = each.split("=");
      set.set(name.trim().replace(/^_{1,2}/, ""), value.join("=").trim());
    }
  }
  return set;
}

function parseCallerId(text: string): { readonly number: string; readonly name: string } {
  const match = /^\s*"?([^"<]*?)"?\s*<([^>]*)>\s*$/.exec(text);
  if (match !== null) return { name: match[1]!, number: match[2]! };
  return { name: "", number: text.trim() };
}

function wantedQueues(pbx: SimulatedExchange, action: Action): readonly Queue[] {
  const wanted = action.get("Queue").toLowerCase();
  return [...pbx.queues.queues.values()].filter(
    (each) => wanted === "" || each.name.toLowerCase() === wanted,
  );
}

function queueText(q: Queue): string {
  const level = q.completed === 0 ? 0 : (100 * q.completedInLevel) / q.completed;
  const all = q.completed + q.abandoned;
  const level2 = all === 0 ? 0 : (100 * q.completedInLevel) / all;
  return (
    `Queue: ${q.name}\r\nMax: ${q.maxLength}\r\nStrategy: ${q.strategy}\r\nCalls: ${q.waiting.length}\r\n` +
    `Holdtime: ${q.holdSeconds}\r\nTalkTime: ${q.talkSeconds}\r\nCompleted: ${q.completed}\r\n` +
    `Abandoned: ${q.abandoned}\r\nServiceLevel: ${q.serviceLevelSeconds}\r\n` +
    `ServicelevelPerf: ${level.toFixed(1)}\r\nServicelevelPerf2: ${level2.toFixed(1)}\r\nWeight: ${q.weight}\r\n`
  );
}

function memberItemText(m: Member): string {
  return (
    `Queue: ${m.queue.name}\r\nName: ${m.name}\r\nLocation: ${m.interface}\r\nStateInterface: ${m.stateInterface}\r\n` +
    `Membership: static\r\nPenalty: ${m.penalty}\r\nCallsTaken: ${m.callsTaken}\r\n` +
    `LastCall: ${Math.floor(m.lastCallAtMs / 1000)}\r\nLastPause: ${Math.floor(m.lastPauseAtMs / 1000)}\r\n` +
    `LoginTime: ${Math.floor(m.loginAtMs / 1000)}\r\nInCall: ${m.inCall ? 1 : 0}\r\nStatus: ${m.status}\r\n` +
    `Paused: ${m.paused ? 1 : 0}\r\nPausedReason: ${m.pausedReason}\r\nWrapuptime: 0\r\n`
  );
}

/** Calls with a dialplan of their own, as CoreCurrentCalls counts: every channel that is no callee. */
function callCount(pbx: SimulatedExchange): number {
  return new Set([...pbx.exchange.channels.values()].map((each) => each.linkedId)).size;
}
