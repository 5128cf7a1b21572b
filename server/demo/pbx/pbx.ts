/**
 * The PBX behind the simulated manager interface: its phones, its dialplan, and the calls that people make through it.
 */
import type { Random } from "../random.ts";
import type { Clock } from "./clock.ts";
import { Conversation } from "./conversation.ts";
import { Devices } from "./devices.ts";
import { Exchange, type Channel, type Publish } from "./exchange.ts";
import {
  Dial,
  LocalLeg,
  PhoneLeg,
  tellDial,
  type Leg,
  type LegCaller,
  type LegListener,
} from "./legs.ts";
import type { Phone, PhoneBehaviour } from "./phones.ts";
import { QueueApp } from "./queue-app.ts";
import type { QueueConfig } from "./queue-rules.ts";
import { channelState } from "./text.ts";

/** Contexts of the simulated dialplan, named as on FreePBX. */
export const contexts = {
  fromTrunk: "from-trunk",
  fromInternal: "from-internal",
  fromQueue: "from-queue",
  hints: "ext-local",
} as const;

const trunk = "trunk";

export type PbxOptions = {
  readonly clock: Clock;
  readonly random: Random;
  readonly publish: Publish;
  readonly queues: readonly QueueConfig[];
  /** Extensions that have a phone. */
  readonly extensions: readonly string[];
  /** What phones do unless told otherwise. */
  readonly phoneBehaviour: PhoneBehaviour;
  /** What the outside world does when it is called. */
  readonly outsideBehaviour: PhoneBehaviour;
};

/** What runs a channel that has the dialplan to itself. `ended` is called when it reached its end. */
export type DialplanHooks = {
  readonly shown: LegCaller;
  readonly timeoutMs?: number;
  readonly listener?: LegListener;
  readonly talking?: (conversation: Conversation) => void;
};

/** Phones, queues, channels and the dialplan that joins them. */
export class SimulatedExchange {
  readonly exchange: Exchange;
  readonly phones = new Map<string, Phone>();
  readonly devices: Devices;
  readonly queues: QueueApp;
  /** Global variables. */
  readonly globals = new Map<string, string>();
  readonly #outside: PhoneBehaviour;

  constructor(options: PbxOptions) {
    this.exchange = new Exchange(options.clock, options.random, options.publish);
    for (const extension of options.extensions) {
      this.phones.set(extension, {
        extension,
        registered: true,
        behaviour: options.phoneBehaviour,
      });
    }
    this.#outside = options.outsideBehaviour;
    this.devices = new Devices(this.exchange, this.phones, contexts.hints, (stateInterface) =>
      this.queues.deviceChanged(stateInterface),
    );
    this.queues = new QueueApp(
      this.exchange,
      options.queues,
      (member, caller, shown) => this.legTo(member.interface, shown, caller.linkedId),
      (stateInterface) => this.devices.statusOf(stateInterface),
    );
    this.exchange.onDevice = (channel) => {
      this.devices.track(channel);
      this.devices.refresh(channel.device);
    };
  }

  /** A leg to an interface (`PJSIP/101`, `Local/101@from-queue/n`); throws on anything else. */
  legTo(
    interfaceName: string,
    shown: LegCaller,
    linkedId: string | undefined,
    ids: { readonly one?: string; readonly two?: string } = {},
  ): Leg {
    const link = linkedId === undefined ? {} : { linkedId };
    const local = /^Local\/([^/]+)(\/n)?$/.exec(interfaceName);
    if (local !== null) {
      return new LocalLeg(this.exchange, local[1]!, {
        ...link,
        ids,
        optimizable: local[2] === undefined,
        run: (two, listener) => this.runDialplan(two, two.exten, { shown, listener }),
      });
    }
    const id = ids.one === undefined ? {} : { id: ids.one };
    const endpoint = /^PJSIP\/([^/]+)$/.exec(interfaceName)?.[1];
    if (endpoint === undefined) throw new RangeError(`no such interface: ${interfaceName}`);
    const toTrunk = /^([^@]+)@(.+)$/.exec(endpoint);
    if (toTrunk !== null) return this.#outsideLeg(toTrunk[1]!, shown, { ...link, ...id });
    const phone = this.phones.get(endpoint);
    if (phone === undefined) throw new RangeError(`no such phone: ${endpoint}`);
    return new PhoneLeg(this.exchange, phone, shown, {
      endpoint,
      dialString: endpoint,
      context: contexts.fromInternal,
      ...link,
      ...id,
    });
  }

  #outsideLeg(
    number: string,
    shown: LegCaller,
    more: { readonly linkedId?: string; readonly id?: string },
  ): Leg {
    const line: Phone = { extension: number, registered: true, behaviour: this.#outside };
    return new PhoneLeg(this.exchange, line, shown, {
      endpoint: trunk,
      dialString: `${number}@${trunk}`,
      context: contexts.fromTrunk,
      ...more,
    });
  }

  /** True when the dialplan knows what to do with this extension. */
  knows(exten: string): boolean {
    return (
      this.phones.has(exten) || this.queues.find(exten) !== undefined || /^\+?\d{5,20}$/.test(exten)
    );
  }

  /** Sends a channel to an extension: a phone, a queue, or the outside world; hangs it up when that is over. */
  runDialplan(channel: Channel, exten: string, hooks: DialplanHooks): void {
    channel.owner = null;
    channel.exten = exten;
    const end = (cause: number): void => this.exchange.hangup(channel, cause);
    if (this.queues.find(exten) !== undefined) {
      this.exchange.setState(channel, channelState.up);
      hooks.listener?.answered();
      this.queues.join(exten, channel, hooks.shown, {
        priority: 0,
        timeoutSeconds: 0,
        over: () => end(16),
        ...(hooks.talking === undefined
          ? {}
          : { answered: (_member, conversation) => hooks.talking?.(conversation) }),
      });
      return;
    }
    if (!this.knows(exten)) {
      hooks.listener?.failed("CONGESTION", 1);
      return end(1);
    }
    const leg = this.phones.has(exten)
      ? this.legTo(`PJSIP/${exten}`, hooks.shown, channel.linkedId)
      : this.#outsideLeg(exten, hooks.shown, { linkedId: channel.linkedId });
    const { listener, talking, timeoutMs } = hooks;
    const dial = new Dial(this.exchange, channel, leg, {
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(listener === undefined
        ? {}
        : { ringing: () => listener.ringing(), answered: () => listener.answered() }),
      ...(talking === undefined ? {} : { talking }),
      over: ({ status, cause }) => {
        if (status !== "ANSWER") listener?.failed(status, cause);
        end(status === "ANSWER" ? 16 : cause === 0 ? 16 : cause);
      },
    });
    dial.start();
  }

  /** AMI Redirect of a channel that talks; false when it does not. */
  redirect(channel: Channel, exten: string): boolean {
    if (!(channel.owner instanceof Conversation) || !channel.owner.redirect(channel)) return false;
    this.runDialplan(channel, exten, {
      shown: { number: channel.callerNumber, name: channel.callerName, queue: "" },
    });
    return true;
  }

  /** AMI Originate: rings `target`, then sends it to an extension. `finished` says how it went, once. */
  originate(
    input: {
      readonly target: string;
      readonly exten: string;
      readonly shown: LegCaller;
      readonly timeoutMs: number;
      readonly channelId: string;
      readonly otherChannelId: string;
    },
    finished: (channel: Channel | null, success: boolean, reason: number) => void,
  ): void {
    const taken = (id: string): boolean => id !== "" && this.exchange.channels.has(id);
    let leg: Leg;
    try {
      if (taken(input.channelId) || taken(input.otherChannelId)) return finished(null, false, 0);
      leg = this.legTo(input.target, input.shown, undefined, {
        ...(input.channelId === "" ? {} : { one: input.channelId }),
        ...(input.otherChannelId === "" ? {} : { two: input.otherChannelId }),
      });
    } catch {
      return finished(null, false, 0);
    }
    const { channel } = leg;
    let settled = false;
    const settle = (success: boolean, reason: number): boolean => {
      if (settled) return false;
      settled = true;
      cancelTimeout();
      finished(channel, success, reason);
      return true;
    };
    const cancelTimeout = this.exchange.clock.after(input.timeoutMs, () => {
      if (settle(false, 3)) this.exchange.softHangup(channel, 16);
    });
    this.exchange.setCaller(channel, input.shown.number, input.shown.name);
    tellDial(this.exchange, "DialBegin", null, channel, leg.dialString);
    leg.call({
      ringing: () => tellDial(this.exchange, "DialState", null, channel, "RINGING"),
      answered: () => {
        if (!settle(true, 4)) return;
        tellDial(this.exchange, "DialEnd", null, channel, "ANSWER");
        this.runDialplan(channel, input.exten, { shown: input.shown });
      },
      failed: (status, cause) => {
        const reason = cause === 17 ? 5 : status === "CONGESTION" ? 8 : 0;
        if (!settle(false, reason)) return;
        tellDial(this.exchange, "DialEnd", null, channel, status);
        this.exchange.softHangup(channel, cause);
      },
    });
  }

  /** The phone of a person in a conversation with `channel`, looking through Local channels; null when nobody is there. */
  farPhone(channel: Channel): Channel | null {
    let here: Channel = channel;
    for (let hops = 0; hops < 8; hops += 1) {
      const there = here.bridge?.channels.find((each) => each !== here);
      if (there === undefined) return null;
      if (there.other === null) return there;
      here = there.other;
    }
    return null;
  }
}
