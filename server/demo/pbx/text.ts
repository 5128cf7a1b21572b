/**
 * Asterisk's words on the wire: how channels, bridges, members and their events are written, key by key in the order of
 * Asterisk 22.
 */
import type { Bridge, Channel } from "./exchange.ts";

/** The event classes a manager user may read, as Asterisk names them in `Privilege`. */
export type EventClass = "call" | "agent" | "system" | "user";

/** Names of ChannelState 0 to 10. */
export const channelStateNames = [
  "Down",
  "Rsrvd",
  "OffHook",
  "Dialing",
  "Ring",
  "Ringing",
  "Up",
  "Busy",
  "Dialing Offhook",
  "Pre-ring",
  "Unknown",
] as const;

/** ChannelState numbers that the simulator uses. */
export const channelState = { down: 0, ring: 4, ringing: 5, up: 6 } as const;

/** Q.850 hang-up causes that the simulator uses, with Asterisk's words. */
export const hangupCauses: Readonly<Record<number, string>> = {
  0: "Unknown",
  1: "Unallocated (unassigned) number",
  16: "Normal Clearing",
  17: "User busy",
  18: "No user responding",
  19: "User alerting, no answer",
  20: "Subscriber absent",
  21: "Call Rejected",
  26: "Answered elsewhere",
  34: "Circuit/channel congestion",
  127: "Interworking, unspecified",
};

const orUnknown = (text: string): string => (text === "" ? "<unknown>" : text);

/** The fourteen keys of a channel, each with `prefix` before its name. */
export function channelText(prefix: string, c: Channel): string {
  return (
    `${prefix}Channel: ${c.name}\r\n` +
    `${prefix}ChannelState: ${c.state}\r\n` +
    `${prefix}ChannelStateDesc: ${channelStateNames[c.state] ?? "Unknown"}\r\n` +
    `${prefix}CallerIDNum: ${orUnknown(c.callerNumber)}\r\n` +
    `${prefix}CallerIDName: ${orUnknown(c.callerName)}\r\n` +
    `${prefix}ConnectedLineNum: ${orUnknown(c.connectedNumber)}\r\n` +
    `${prefix}ConnectedLineName: ${orUnknown(c.connectedName)}\r\n` +
    `${prefix}Language: ${c.language}\r\n` +
    `${prefix}AccountCode: ${c.accountCode}\r\n` +
    `${prefix}Context: ${c.context}\r\n` +
    `${prefix}Exten: ${c.exten}\r\n` +
    `${prefix}Priority: ${c.priority}\r\n` +
    `${prefix}Uniqueid: ${c.id}\r\n` +
    `${prefix}Linkedid: ${c.linkedId}\r\n`
  );
}

/** The keys of a bridge, each with `prefix` before its name. */
export function bridgeText(prefix: string, b: Bridge): string {
  return (
    `${prefix}BridgeUniqueid: ${b.id}\r\n` +
    `${prefix}BridgeType: ${b.type}\r\n` +
    `${prefix}BridgeTechnology: ${b.technology}\r\n` +
    `${prefix}BridgeCreator: <unknown>\r\n` +
    `${prefix}BridgeName: <unknown>\r\n` +
    `${prefix}BridgeNumChannels: ${b.channels.length}\r\n` +
    `${prefix}BridgeVideoSourceMode: none\r\n`
  );
}

/** A whole event: name, privilege, body, blank line. */
export function eventText(name: string, eventClass: EventClass, body: string): string {
  return `Event: ${name}\r\nPrivilege: ${eventClass},all\r\n${body}\r\n`;
}

/** Seconds as `HH:MM:SS`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
