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
  /** What a hang-up request of its party carries; 0 before anything said so. */
  hangupCause: number;
  /** SIP's own number for the end, "" when the far end said none. */
  techCause: string;
  bridge: Bridge | null;
  hungUp: boolean;
  owner: ChannelOwner | null;
  /** The other half of a Local channel. */
  other: Channel | null;
  /** `PJSIP/101`; what device states count by. */
  readonly device: string;
  /** True for a channel that runs the dialplan by itself; Asterisk ends those with a SoftHangupRequest of their own. */
  hasDialplan: boolean;
  /** What managers were told last; the difference becomes NewCallerid and NewConnectedLine. */
  told: { state: number; caller: string; connected: string };
  /** True once music on hold was told, so that its stop is told too. */
  music: boolean;
  /** True while its party holds the other side. */
  holding: boolean;
  /** True while the other side holds it: this is what PJSIP's device state shows as on hold. */
  held: boolean;
  /** Its hang-up handler: called once, before its Hangup is told, with its cause. */
  atHangup: ((cause: number) => void) | null;
  /** Called once, after its Hangup was told. */
  onEnd: (() => void) | null;
  /** The key its person presses when a message asks for one, "" for none. */
  presses: string;
  /** Not a person but a machine answered. */
  isMachine: boolean;
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
  /** [false] */
  readonly hasDialplan?: boolean;
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
      hangupCause: 0,
      techCause: "",
      bridge: null,
      hungUp: false,
      owner: null,
      other: null,
      device: input.device ?? input.name.slice(0, input.name.lastIndexOf("-")),
      hasDialplan: input.hasDialplan ?? false,
      told: { state: input.state, caller: "\0", connected: "\0" },
      music: false,
      holding: false,
      held: false,
      atHangup: null,
      onEnd: null,
      presses: "",
      isMachine: false,
      variables: new Map(),
    };
    channel.told = {
      state: channel.state,
      caller: callerOf(channel),
      connected: connectedOf(channel),
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
    const half = (n: 1 | 2, id: string | undefined, link: string | undefined): Channel =>
      this.create({
        name: `${base};${n}`,
        device: `Local/${target}`,
        state: n === 1 ? channelState.down : channelState.ring,
        context,
        exten,
        hasDialplan: n === 2,
        ...(link === undefined ? {} : { linkedId: link }),
        ...(id === undefined ? {} : { id }),
      });
    const one = half(1, ids?.one, linkedId);
    const two = half(2, ids?.two, one.linkedId);
    one.other = two;
    two.other = one;
    return { one, two };
  }

  /** Changes the state and tells it, with everything else about the channel that was not told yet. */
  setState(channel: Channel, state: number): void {
    if (channel.state === state || channel.hungUp) return;
    channel.state = state;
    this.publish(channel);
    this.onDevice(channel);
  }

  /** Whom the channel is connected to; told by the next {@link publish}. */
  setConnected(channel: Channel, number: string, name: string): void {
    channel.connectedNumber = number;
    channel.connectedName = name;
  }

  /** The channel's own caller id; told by the next {@link publish}. */
  setCaller(channel: Channel, number: string, name: string): void {
    channel.callerNumber = number;
    channel.callerName = name;
  }

  /** Tells what changed since managers were told last, in Asterisk's order: state, caller id, connected line. */
  publish(channel: Channel): void {
    if (channel.hungUp) return;
    const { told } = channel;
    const caller = callerOf(channel);
    const connected = connectedOf(channel);
    if (told.state !== channel.state) this.tellOf("Newstate", channel);
    if (told.caller !== caller)
      this.tellOf(
        "NewCallerid",
        channel,
        "CID-CallingPres: 0 (Presentation Allowed, Not Screened)\r\n",
      );
    if (told.connected !== connected) this.tellOf("NewConnectedLine", channel);
    channel.told = { state: channel.state, caller, connected };
  }

  /**
   * Tells a caller's channel whom it is connected to now. What the far half of a Local channel learns reaches the channel that
   * talks to the near half.
   */
  connectCaller(channel: Channel, to: { readonly number: string; readonly name: string }): void {
    this.setConnected(channel, to.number, to.name);
    this.publish(channel);
    const near = channel.other;
    const beyond = near?.bridge?.channels.find((each) => each !== near);
    if (near === null || beyond === undefined) return;
    this.setCaller(near, to.number, to.name);
    this.connectCaller(beyond, to);
  }

  /** Tells of the near half of a Local channel what {@link connectCaller} changed on it. */
  publishNearHalf(channel: Channel): void {
    const { other } = channel;
    if (other !== null && other.bridge !== null) this.publish(other);
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

  /**
   * The party of a channel hung up: tells the request and lets the owner unwind. A callee's BYE carries a cause, a caller's
   * only after a Dial() that was answered, and a caller's CANCEL is "interworking".
   */
  partyHungUp(channel: Channel): void {
    if (channel.hungUp) return;
    const cancelled = channel.hasDialplan && channel.state !== channelState.up;
    if (cancelled) channel.techCause = "487";
    const cause = !channel.hasDialplan ? 16 : cancelled ? 127 : channel.hangupCause;
    this.tellOf("HangupRequest", channel, cause === 0 ? "" : causeText(cause, channel.techCause));
    this.softHangup(channel, cause);
  }

  /** Asks the channel's owner to let go of it; without an owner it is hung up at once. */
  softHangup(channel: Channel, cause: number): void {
    if (channel.hungUp) return;
    if (channel.owner === null) this.hangup(channel, cause);
    else channel.owner.gone(channel, cause);
  }

  /**
   * The end of a channel; the other half of a Local channel is asked to go too. `techCause` is what another leg's failure
   * lends to this one.
   */
  hangup(channel: Channel, cause: number, techCause = ""): void {
    if (channel.hungUp) return;
    if (channel.bridge !== null) this.leave(channel);
    this.stopMusic(channel);
    const { other } = channel;
    if (other !== null && !other.hungUp) this.tellOf("HangupRequest", other, causeText(cause, ""));
    if (channel.hasDialplan)
      this.tellOf("SoftHangupRequest", channel, causeText(16, channel.techCause));
    const { atHangup } = channel;
    channel.atHangup = null;
    atHangup?.(cause);
    channel.hungUp = true;
    channel.owner = null;
    this.channels.delete(channel.id);
    this.byName.delete(channel.name);
    this.tellOf(
      "Hangup",
      channel,
      `Cause: ${cause}\r\nCause-txt: ${hangupCauses[cause] ?? "Unknown"}\r\n` +
        techCauseText(channel.techCause === "" ? techCause : channel.techCause),
    );
    this.onDevice(channel);
    channel.onEnd?.();
    if (other !== null) this.softHangup(other, cause);
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

const callerOf = (c: Channel): string => `${c.callerNumber}\0${c.callerName}`;
const connectedOf = (c: Channel): string => `${c.connectedNumber}\0${c.connectedName}`;

const techCauseText = (techCause: string): string =>
  techCause === "" ? "" : `TechCause: ${techCause}\r\n`;
const causeText = (cause: number, techCause: string): string =>
  `Cause: ${cause}\r\n${techCauseText(techCause)}`;
