/**
 * Device states: what every phone, Local channel and hint is doing, computed from the channels and told when it changes.
 */
import type { Channel, Exchange } from "./exchange.ts";
import type { Phone } from "./phones.ts";
import { deviceStatus } from "./queue-rules.ts";
import { channelState } from "./text.ts";

/** DeviceStateChange's words, by status number. */
export const deviceStateNames = [
  "UNKNOWN",
  "NOT_INUSE",
  "INUSE",
  "BUSY",
  "INVALID",
  "UNAVAILABLE",
  "RINGING",
  "RINGINUSE",
  "ONHOLD",
] as const;

/** ExtensionStatus numbers and words, by status number. */
const extensionStates: readonly (readonly [number, string])[] = [
  [0, "Idle"],
  [0, "Idle"],
  [1, "InUse"],
  [2, "Busy"],
  [4, "Unavailable"],
  [4, "Unavailable"],
  [8, "Ringing"],
  [9, "InUse&Ringing"],
  [16, "Hold"],
];

/** Keeps the state of every device; tells DeviceStateChange and, for phones with a hint, ExtensionStatus. */
export class Devices {
  readonly #exchange: Exchange;
  readonly #phones: ReadonlyMap<string, Phone>;
  readonly #hintContext: string;
  readonly #changed: (stateInterface: string) => void;
  readonly #states = new Map<string, number>();
  readonly #channels = new Map<string, Set<Channel>>();

  constructor(
    exchange: Exchange,
    phones: ReadonlyMap<string, Phone>,
    hintContext: string,
    changed: (stateInterface: string) => void,
  ) {
    this.#exchange = exchange;
    this.#phones = phones;
    this.#hintContext = hintContext;
    this.#changed = changed;
    for (const phone of phones.values()) {
      const device = `PJSIP/${phone.extension}`;
      this.#states.set(device, this.#compute(device));
    }
  }

  /** Counts a channel in or out of its device. */
  track(channel: Channel): void {
    let set = this.#channels.get(channel.device);
    if (set === undefined) this.#channels.set(channel.device, (set = new Set()));
    if (channel.hungUp) set.delete(channel);
    else set.add(channel);
    if (set.size === 0) this.#channels.delete(channel.device);
  }

  /** Looks at a device again and tells a change. */
  refresh(device: string): void {
    const state = this.#compute(device);
    if ((this.#states.get(device) ?? deviceStatus.unknown) === state) return;
    this.#states.set(device, state);
    this.#exchange.tell(
      "DeviceStateChange",
      "call",
      `Device: ${device}\r\nState: ${deviceStateNames[state]}\r\n`,
    );
    this.#changed(device);
    const extension = /^PJSIP\/(.+)$/.exec(device)?.[1];
    if (extension === undefined || !this.#phones.has(extension)) return;
    const [number, words] = extensionStates[state]!;
    this.#exchange.tell(
      "ExtensionStatus",
      "call",
      `Exten: ${extension}\r\nContext: ${this.#hintContext}\r\nHint: ${device}\r\nStatus: ${number}\r\nStatusText: ${words}\r\n`,
    );
    this.#changed(`hint:${extension}@${this.#hintContext}`);
  }

  /** The status of a state interface: a device, or `hint:101@ext-local`. */
  statusOf(stateInterface: string): number {
    const hint = /^hint:([^@]+)@/.exec(stateInterface);
    const device = hint === null ? stateInterface.replace(/\/n$/, "") : `PJSIP/${hint[1]}`;
    return this.#compute(device);
  }

  /** Every device with a state, for DeviceStateList. */
  list(): readonly { readonly device: string; readonly state: string }[] {
    return [...this.#states].map(([device, state]) => ({
      device,
      state: deviceStateNames[state]!,
    }));
  }

  #compute(device: string): number {
    const channels = this.#channels.get(device);
    const phone = /^PJSIP\/(.+)$/.exec(device)?.[1];
    const known = phone === undefined ? undefined : this.#phones.get(phone);
    if (known !== undefined && !known.registered) return deviceStatus.unavailable;
    let ringing = 0;
    let busy = 0;
    let held = 0;
    for (const channel of channels ?? []) {
      if (channel.state === channelState.ringing) ringing += 1;
      else if (channel.state !== channelState.down || device.startsWith("Local/")) busy += 1;
      if (channel.onHold) held += 1;
    }
    if (busy > 0 && held === busy && ringing === 0) return deviceStatus.onHold;
    if (busy > 0) return ringing > 0 ? deviceStatus.ringInUse : deviceStatus.inUse;
    return ringing > 0 ? deviceStatus.ringing : deviceStatus.notInUse;
  }
}
