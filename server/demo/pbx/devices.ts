/**
 * Device states: what every phone, Local channel, hint and queue is doing, computed from the channels and told when it changes.
 *
 * As in Asterisk they are told a moment after the channel's own event, so that several changes at once are told as one.
 */
import type { Channel, Exchange } from "./exchange.ts";
import type { Phone } from "./phones.ts";
import { deviceStatus } from "./queue-rules.ts";
import { channelState } from "./text.ts";

/** DeviceStateChange's words, by status number. */
const deviceStateNames = [
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

/** Keeps the state of every device; tells DeviceStateChange and, for phones, the ExtensionStatus of their hint. */
export class Devices {
  readonly #exchange: Exchange;
  readonly #phones: ReadonlyMap<string, Phone>;
  readonly #hintContext: string;
  readonly #changed: (stateInterface: string) => void;
  readonly #states = new Map<string, number>();
  readonly #channels = new Map<string, Set<Channel>>();
  readonly #dirty = new Set<string>();

  constructor(
    exchange: Exchange,
    phones: ReadonlyMap<string, Phone>,
    hintContext: string,
    /** Told after a device or a hint (`hint:101@ext-local`) changed. */
    changed: (stateInterface: string) => void,
  ) {
    this.#exchange = exchange;
    this.#phones = phones;
    this.#hintContext = hintContext;
    this.#changed = changed;
    for (const { extension } of phones.values()) {
      const device = `PJSIP/${extension}`;
      this.#states.set(device, this.statusOf(device));
    }
  }

  /** Counts a channel in or out of its device, and tells the device's state soon. */
  track(channel: Channel): void {
    let set = this.#channels.get(channel.device);
    if (set === undefined) this.#channels.set(channel.device, (set = new Set()));
    if (channel.hungUp) set.delete(channel);
    else set.add(channel);
    if (set.size === 0) this.#channels.delete(channel.device);
    this.refresh(channel.device);
  }

  /** Looks at a device again in a moment and tells a change. */
  refresh(device: string): void {
    if (this.#dirty.has(device)) return;
    this.#dirty.add(device);
    this.#exchange.clock.after(0, () => {
      this.#dirty.delete(device);
      this.#tell(device, this.statusOf(device));
    });
  }

  /** Sets the state of a device that is no channel, such as `Queue:sales`; `quiet` at start. */
  set(device: string, status: number, quiet = false): void {
    if (quiet) this.#states.set(device, status);
    else this.#tell(device, status);
  }

  /** The status of a state interface as it is now: a device, or `hint:101@ext-local`. */
  statusOf(stateInterface: string): number {
    const device = deviceOf(stateInterface);
    const extension = device.startsWith("PJSIP/") ? device.slice(6) : "";
    const channels = this.#channels.get(device);
    if (channels === undefined && this.#phones.get(extension)?.registered === false)
      return deviceStatus.unavailable;
    const isLocal = device.startsWith("Local/");
    let ringing = 0;
    let busy = 0;
    let held = 0;
    for (const channel of channels ?? []) {
      // A Local channel is in use from the moment it rings.
      if (channel.state === channelState.ringing && !isLocal) ringing += 1;
      else if (channel.state !== channelState.down) busy += 1;
      if (channel.held) held += 1;
    }
    if (busy > 0 && held === busy && ringing === 0) return deviceStatus.onHold;
    if (busy > 0) return ringing > 0 ? deviceStatus.ringInUse : deviceStatus.inUse;
    return ringing > 0 ? deviceStatus.ringing : deviceStatus.notInUse;
  }

  /** True while a call is on its way to the device and it does not ring yet, which no state shows. */
  isBeingCalled(stateInterface: string): boolean {
    for (const channel of this.#channels.get(deviceOf(stateInterface)) ?? [])
      if (channel.state === channelState.down) return true;
    return false;
  }

  /** Every device with a state, for DeviceStateList. */
  list(): readonly { readonly device: string; readonly state: string }[] {
    return [...this.#states].map(([device, status]) => ({
      device,
      state: deviceStateNames[status]!,
    }));
  }

  #tell(device: string, status: number): void {
    const before = this.#states.get(device) ?? deviceStatus.notInUse;
    this.#states.set(device, status);
    if (before === status) return;
    this.#exchange.tell(
      "DeviceStateChange",
      "call",
      `Device: ${device}\r\nState: ${deviceStateNames[status]}\r\n`,
    );
    const extension = device.startsWith("PJSIP/") ? device.slice(6) : "";
    if (this.#phones.has(extension)) {
      const [number, words] = extensionStates[status]!;
      this.#exchange.tell(
        "ExtensionStatus",
        "call",
        `Exten: ${extension}\r\nContext: ${this.#hintContext}\r\nHint: ${device}\r\nStatus: ${number}\r\nStatusText: ${words}\r\n`,
      );
      this.#changed(`hint:${extension}@${this.#hintContext}`);
    }
    this.#changed(device);
  }
}

/** The device behind a state interface. */
function deviceOf(stateInterface: string): string {
  const hint = /^hint:([^@]+)@/.exec(stateInterface);
  return hint === null ? stateInterface.replace(/\/n$/, "") : `PJSIP/${hint[1]}`;
}
