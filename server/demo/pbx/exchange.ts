/**
 * Channels and bridges of the simulated PBX: their life, their identity, and the events that tell of it.
 *
 * Whatever runs on a channel (a queue, a dialling, a conversation) is its {@link Channel.owner}: the owner is asked when the
 * channel's party hangs up, so that it can unwind in the order in which Asterisk would.
 */
import type { Clock } from "./clock.ts";
import type { Random } from "../random.ts";
import {
  bridgeText,
  channelState,
  channelText,
  eventText,
  hangupCauses,
  type EventClass,
} from "./text.ts";

/** What runs on a channel. */
export interface ChannelOwner {
  /** The channel's party hung up; the owner unwinds and ends with {@link Exchange.hangup}. */
  gone(channel: Channel, cause: number): void;
}

export type Channel = {
  readonly id: string;
  readonly name: string;
  linkedId: string;
  state: number;
  callerNumber: string;
  callerName: string;
  connectedNumber: string;
  connectedName: string;
  readonly language: string;
  readonly accountCode: string;
  context: string;
  exten: string;
  priority: number;
  readonly createdAtMs: number;
  application: string;
  applicationData: string;
  bridge: Bridge | null;
  hungUp: boolean;
  owner: ChannelOwner | null;
  /** The other half of a Local channel. */
  other: Channel | null;
  /** `PJSIP/101`; what device states count by. */
  readonly device: string;
  /** True once music on hold was told, so that its stop is told too. */
  music: boolean;
  onHold: boolean;
  /** Called once, after its Hangup was told. */
  onEnd: (() => void) | null;
  readonly variables: Map<string, string>;
};

export type Bridge = {
  readonly id: string;
  readonly type: "basic";
  technology: string;
  readonly channels: Channel[];
};

/** What a new channel starts with; the rest is filled in. */
export type NewChannel = {
  readonly name: string;
  readonly device?: string;
  readonly state: number;
  readonly callerNumber?: string;
  readonly callerName?: string;
  readonly context: string;
  readonly exten?: string;
  readonly linkedId?: string;
  readonly id?: string;
};

/** Hears of every event as it would go to a manager session. */
export type Publish = (eventClass: EventClass, text: string, name: string) => void;

/** All channels and bridges of one PBX. */
export class Exchange {
  readonly clock: Clock;
  readonly random: Random;
  readonly #publish: Publish;
  readonly channels = new Map<string, Channel>();
  readonly byName = new Map<string, Channel>();
  readonly bridges = new Map<string, Bridge>();
  /** Called after anything that may change the state of the channel's device. */
  onDevice: (channel: Channel) => void = () => {};
  #uniqueNumber = 0;
  #pjsipNumber = 0;
  #localNumber = 0;
  /** Channels created so far. */
  created = 0;

  constructor(clock: Clock, random: Random, publish: Publish) {
    this.clock = clock;
    this.random = random;
    this.#publish = publish;
  }

  /** Sends one event to every session that may read its class. */
  tell(name: string, eventClass: EventClass, body: string): void {
    this.#publish(eventClass, eventText(name, eventClass, body), name);
  }

  tellOf(name: string, channel: Channel, more = "", eventClass: EventClass = "call"): void {
    this.tell(name, eventClass, channelText("", channel) + more);
  }

  /** The next Uniqueid. */
  newId(): string {
    return `${Math.floor(this.clock.now() / 1000)}.${this.#uniqueNumber++}`;
  }

  /** `PJSIP/101-0000002a`. */
  newPjsipName(endpoint: string): string {
    return `PJSIP/${endpoint}-${(this.#pjsipNumber++).toString(16).padStart(8, "0")}`;
  }

  /** `Local/101@from-queue-0000002a`, without the half. */
  newLocalName(target: string): string {
    return `Local/${target}-${(this.#localNumber++).toString(16).padStart(8, "0")}`;
  }

  create(input: NewChannel): Channel {
    const id = input.id ?? this.newId();
    const channel: Channel = {
      id,
      name: input.name,
      linkedId: input.linkedId ?? id,
      state: input.state,
      callerNumber: input.callerNumber ?? "",
      callerName: input.callerName ?? "",
      connectedNumber: "",
      connectedName: "",
      language: "en",
      accountCode: "",
      context: input.context,
      exten: input.exten ?? "s",
      priority: 1,
      createdAtMs: this.clock.now(),
      application: "",
      applicationData: "",
      bridge: null,
      hungUp: false,
      owner: null,
      other: null,
      device: input.device ?? input.name.slice(0, input.name.lastIndexOf("-")),
      music: false,
      onHold: false,
      onEnd: null,
      variables: new Map(),
    };
    this.created += 1;
    this.channels.set(id, channel);
    this.byName.set(channel.name, channel);
    this.tellOf("Newchannel", channel);
    this.onDevice(channel);
    return channel;
  }

  /** Both halves of a Local channel, `;1` first. */
  createLocal(
    target: string,
    context: string,
    exten: string,
    linkedId: string | undefined,
    ids?: { readonly one?: string; readonly two?: string },
  ): { readonly one: Channel; readonly two: Channel } {
    const base = this.newLocalName(target);
    const half = (n: 1 | 2, id: string | undefined): Channel =>
      this.create({
        name: `${base};${n}`,
        device: `Local/${target}`,
        state: n === 1 ? channelState.down : channelState.ring,
        context,
        exten: n === 1 ? "s" : exten,
        ...(linkedId === undefined ? {} : { linkedId }),
        ...(id === undefined ? {} : { id }),
      });
    const one = half(1, ids?.one);
    const two = half(2, ids?.two);
    if (linkedId === undefined) two.linkedId = one.linkedId;
    one.other = two;
    two.other = one;
    return { one, two };
  }

  setState(channel: Channel, state: number): void {
    if (channel.state === state || channel.hungUp) return;
    channel.state = state;
    this.tellOf("Newstate", channel);
    this.onDevice(channel);
  }

  /** Changes whom the channel is connected to, and tells it when it is news. */
  connect(channel: Channel, number: string, name: string): void {
    if (channel.connectedNumber === number && channel.connectedName === name) return;
    channel.connectedNumber = number;
    channel.connectedName = name;
    this.tellOf("NewConnectedLine", channel);
  }

  /** Changes the channel's own caller id. */
  setCaller(channel: Channel, number: string, name: string): void {
    if (channel.callerNumber === number && channel.callerName === name) return;
    channel.callerNumber = number;
    channel.callerName = name;
    this.tellOf(
      "NewCallerid",
      channel,
      "CID-CallingPres: 0 (Presentation Allowed, Not Screened)\r\n",
    );
  }

  startMusic(channel: Channel): void {
    if (channel.music || channel.hungUp) return;
    channel.music = true;
    this.tellOf("MusicOnHoldStart", channel, "Class: default\r\n");
  }

  stopMusic(channel: Channel): void {
    if (!channel.music) return;
    channel.music = false;
    this.tellOf("MusicOnHoldStop", channel);
  }

  /** The party of a channel hung up: tells the request and lets the owner unwind. */
  partyHungUp(channel: Channel, cause = 16): void {
    if (channel.hungUp) return;
    this.tellOf("HangupRequest", channel, `Cause: ${cause}\r\n`);
    this.softHangup(channel, cause);
  }

  /** Asks the channel's owner to let go of it; without an owner it is hung up at once. */
  softHangup(channel: Channel, cause: number): void {
    if (channel.hungUp) return;
    if (channel.owner === null) this.hangup(channel, cause);
    else channel.owner.gone(channel, cause);
  }

  /** The end of a channel. */
  hangup(channel: Channel, cause: number): void {
    if (channel.hungUp) return;
    if (channel.bridge !== null) this.leave(channel);
    channel.hungUp = true;
    channel.owner = null;
    this.channels.delete(channel.id);
    this.byName.delete(channel.name);
    this.stopMusic(channel);
    this.tellOf(
      "Hangup",
      channel,
      `Cause: ${cause}\r\nCause-txt: ${hangupCauses[cause] ?? "Unknown"}\r\n`,
    );
    this.onDevice(channel);
    channel.onEnd?.();
    if (channel.other !== null) this.softHangup(channel.other, cause);
  }

  createBridge(): Bridge {
    const hex = (digits: number): string => {
      let text = "";
      while (text.length < digits) text += this.random.whole(0, 15).toString(16);
      return text;
    };
    const bridge: Bridge = {
      id: `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
      type: "basic",
      technology: "simple_bridge",
      channels: [],
    };
    this.bridges.set(bridge.id, bridge);
    this.tell("BridgeCreate", "call", bridgeText("", bridge));
    return bridge;
  }

  /** Puts a channel into a bridge; `swap` is the channel it replaces. Everybody there takes the oldest Linkedid. */
  enter(bridge: Bridge, channel: Channel, swap?: Channel): void {
    bridge.channels.push(channel);
    channel.bridge = bridge;
    const oldest = bridge.channels.map((c) => c.linkedId).reduce((a, b) => (older(b, a) ? b : a));
    for (const each of bridge.channels) each.linkedId = oldest;
    this.tell(
      "BridgeEnter",
      "call",
      bridgeText("", bridge) +
        channelText("", channel) +
        (swap === undefined ? "" : `SwapUniqueid: ${swap.id}\r\n`),
    );
  }

  /** Takes a channel out of its bridge. The bridge itself stays until {@link destroyBridge}. */
  leave(channel: Channel): void {
    const bridge = channel.bridge;
    if (bridge === null) return;
    bridge.channels.splice(bridge.channels.indexOf(channel), 1);
    channel.bridge = null;
    this.tell("BridgeLeave", "call", bridgeText("", bridge) + channelText("", channel));
  }

  destroyBridge(bridge: Bridge): void {
    if (!this.bridges.delete(bridge.id)) return;
    this.tell("BridgeDestroy", "call", bridgeText("", bridge));
  }
}

/** Compares two ids of the form `epoch.number` by age; other forms compare as text. */
function older(a: string, b: string): boolean {
  const [aSeconds, aNumber] = a.split(".").map(Number);
  const [bSeconds, bNumber] = b.split(".").map(Number);
  if (aSeconds === undefined || bSeconds === undefined) return a < b;
  if (aSeconds !== bSeconds) return aSeconds < bSeconds;
  return (aNumber ?? 0) < (bNumber ?? 0);
}
