/**
 * Reading single values of a raw message: whatever came, a value of the right type leaves. Nothing here throws.
 */
import { detached } from "./detached.ts";
import type { ChannelInfo, ChannelState, DeviceState, QueueMember } from "./model.ts";
import type { RawMessage } from "./library.ts";

/** The text under a key; the first when the key came twice; "" when absent or one of Asterisk's words for nothing. */
export function text(raw: RawMessage, key: string): string {
  let value = raw[key];
  if (typeof value !== "string") {
    if (!Array.isArray(value)) return "";
    value = value.find((one) => typeof one === "string");
    if (typeof value !== "string") return "";
  }
  if (value === "<unknown>" || value === "<null>" || value === "(null)") return "";
  return detached(value);
}

/** The text values of a message, for handing on as they are; lines of a repeated key are joined by line feeds. */
export function textFields(raw: RawMessage): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const key of Object.keys(raw)) {
    const value = raw[key];
    if (typeof value === "string") fields[key] = detached(value);
    else if (Array.isArray(value)) {
      fields[key] = value.filter((one) => typeof one === "string").join("\n");
    }
  }
  return fields;
}

/** A whole number; 0 when absent, not a number, or beyond what a number can hold exactly. */
export function whole(raw: RawMessage, key: string): number {
  const value = Number(text(raw, key));
  return Number.isSafeInteger(value) ? value : 0;
}

/** A duration Asterisk gives in seconds, as milliseconds; never negative. */
export function secondsAsMs(raw: RawMessage, key: string): number {
  return Math.max(0, whole(raw, key) * 1000);
}

/** A duration Asterisk gives as `HH:MM:SS` (hours may pass 99), as milliseconds. */
export function clockAsMs(raw: RawMessage, key: string): number {
  const parts = /^(\d{1,6}):(\d{2}):(\d{2})$/.exec(text(raw, key));
  if (!parts) return 0;
  return ((Number(parts[1]) * 60 + Number(parts[2])) * 60 + Number(parts[3])) * 1000;
}

/** Asterisk's several ways of saying yes. */
export function flag(raw: RawMessage, key: string): boolean {
  const value = text(raw, key).toLowerCase();
  return value === "1" || value === "yes" || value === "true";
}

const channelStates: readonly ChannelState[] = [
  "down",
  "reserved",
  "offHook",
  "dialing",
  "ring",
  "ringing",
  "up",
  "busy",
  "dialingOffHook",
  "preRing",
  "unknown",
];

/** Names of one channel's keys; a message with several channels puts a word before each. */
export type ChannelKeys = { readonly [Key in keyof ChannelInfo]: string };

/** The keys of the channel whose keys begin with `prefix` (lower case, "" for the message's own channel). */
export function channelKeys(prefix: string): ChannelKeys {
  return {
    id: `${prefix}uniqueid`,
    name: `${prefix}channel`,
    linkedId: `${prefix}linkedid`,
    state: `${prefix}channelstate`,
    callerNumber: `${prefix}calleridnum`,
    callerName: `${prefix}calleridname`,
    connectedNumber: `${prefix}connectedlinenum`,
    connectedName: `${prefix}connectedlinename`,
    context: `${prefix}context`,
    exten: `${prefix}exten`,
  };
}

/** The message's own channel. */
export const ownChannel = channelKeys("");

/** A channel of a message; null when the message does not say which (no Uniqueid). */
export function channel(raw: RawMessage, keys: ChannelKeys): ChannelInfo | null {
  const id = text(raw, keys.id);
  if (id === "") return null;
  const state = text(raw, keys.state);
  return {
    id,
    name: text(raw, keys.name),
    linkedId: text(raw, keys.linkedId),
    state: (state === "" ? undefined : channelStates[Number(state)]) ?? "unknown",
    callerNumber: text(raw, keys.callerNumber),
    callerName: text(raw, keys.callerName),
    connectedNumber: text(raw, keys.connectedNumber),
    connectedName: text(raw, keys.connectedName),
    context: text(raw, keys.context),
    exten: text(raw, keys.exten),
  };
}

const deviceStatesByNumber: readonly DeviceState[] = [
  "unknown",
  "notInUse",
  "inUse",
  "busy",
  "invalid",
  "unavailable",
  "ringing",
  "ringInUse",
  "onHold",
];

const deviceStatesByWord: Readonly<Record<string, DeviceState>> = {
  UNKNOWN: "unknown",
  NOT_INUSE: "notInUse",
  INUSE: "inUse",
  BUSY: "busy",
  INVALID: "invalid",
  UNAVAILABLE: "unavailable",
  RINGING: "ringing",
  RINGINUSE: "ringInUse",
  ONHOLD: "onHold",
};

/** `State` of DeviceStateChange. */
export function deviceState(raw: RawMessage): DeviceState {
  const word = text(raw, "state");
  return Object.hasOwn(deviceStatesByWord, word)
    ? (deviceStatesByWord[word] ?? "unknown")
    : "unknown";
}

/**
 * A queue member. Live events name it `Interface` and `MemberName`, the items of QueueStatus `Location` and `Name`.
 * Null without queue or interface.
 */
export function queueMember(raw: RawMessage): QueueMember | null {
  const queue = text(raw, "queue");
  const device = text(raw, "interface") || text(raw, "location");
  if (queue === "" || device === "") return null;
  return {
    queue,
    interface: device,
    stateInterface: text(raw, "stateinterface") || device,
    name: text(raw, "membername") || text(raw, "name"),
    penalty: whole(raw, "penalty"),
    paused: flag(raw, "paused"),
    // `Reason` before 18; PausedReason beside it since 16.8.
    pausedReason: text(raw, "pausedreason") || text(raw, "reason"),
    status: deviceStatesByNumber[whole(raw, "status")] ?? "unknown",
    inCall: flag(raw, "incall"),
    callsTaken: whole(raw, "callstaken"),
    lastCallAtSeconds: whole(raw, "lastcall"),
    wrapUpSeconds: whole(raw, "wrapuptime"),
  };
}
