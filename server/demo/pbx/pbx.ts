/**
 * The PBX behind the simulated manager interface: its phones, its dialplan, and what joins them.
 */
import type { Random } from "../random.ts";
import type { Clock } from "./clock.ts";
import { CampaignCalls, campaignContexts, type CampaignMemory } from "./campaign-calls.ts";
import { Conversation } from "./conversation.ts";
import { Devices } from "./devices.ts";
import { Dial } from "./dial.ts";
import { Exchange, type Channel, type Publish } from "./exchange.ts";
import { LocalLeg, PhoneLeg, tellDial, type Identity, type Leg, type LegListener } from "./legs.ts";
import type { Phone, PhoneBehaviour } from "./phones.ts";
import { QueueApp } from "./queue-app.ts";
import type { QueueConfig } from "./queue-rules.ts";
import { channelState } from "./text.ts";

/** Contexts of the simulated dialplan, named as on FreePBX where it has them. */
export const contexts = {
  fromTrunk: "from-trunk",
  fromInternal: "from-internal",
  queues: "queues",
  hints: "ext-local",
} as const;

export type PbxOptions = {
  readonly clock: Clock;
  readonly random: Random;
  readonly publish: Publish;
  readonly queues: readonly QueueConfig[];
  /** Extensions that have a phone, with the name it shows. */
  readonly extensions: ReadonlyMap<string, string>;
  /** Endpoint of the line to the outside world. */
  readonly trunk: string;
  /** What phones do unless told otherwise. */
  readonly phoneBehaviour: PhoneBehaviour;
  /** What the outside world does when it is called. */
  readonly outsideBehaviour: PhoneBehaviour;
  /** What campaigns' calls leave behind. */
  readonly campaigns: CampaignMemory;
};

/** What whoever sends a channel into the dialplan hears. */
export type DialplanHooks = {
  readonly listener?: LegListener;
  readonly talking?: (conversation: Conversation) => void;
};

/** An originated call. */
export type Origination = {
  /** `PJSIP/101`, or a Local channel. */
  readonly target: string;
  readonly context: string;
  readonly exten: string;
  readonly shown: Identity;
  /** Whom the dialplan shows to the called party instead (CALLCARD_EXTENSION), "" for nobody. */
  readonly extension: string;
  readonly timeoutMs: number;
  readonly channelId: string;
  readonly otherChannelId: string;
  /** Channel variables, without the underscores that say how far they are inherited. */
  readonly variables: ReadonlyMap<string, string>;
};

/** Phones, queues, channels and the dialplan that joins them. */
export class SimulatedExchange {
  readonly exchange: Exchange;
  readonly phones = new Map<string, Phone>();
  readonly devices: Devices;
  readonly queues: QueueApp;
  readonly trunk: string;
  /** Global variables. */
  readonly globals = new Map<string, string>();
  readonly #outside: PhoneBehaviour;
  readonly #campaigns: CampaignCalls;
  /** Of AstDB, by family and key. */
  readonly database: ReadonlyMap<string, string>;

  constructor(options: PbxOptions) {
    this.exchange = new Exchange(options.clock, options.random, options.publish);
    for (const [extension, name] of options.extensions) {
      this.phones.set(extension, {
        extension,
        name,
        registered: true,
        behaviour: options.phoneBehaviour,
      });
    }
    this.trunk = options.trunk;
    this.#outside = options.outsideBehaviour;
    this.#campaigns = new CampaignCalls(this, options.campaigns);
    this.database = options.campaigns.database;
    this.devices = new Devices(this.exchange, this.phones, contexts.hints, (stateInterface) =>
      this.queues.deviceChanged(stateInterface),
    );
    this.queues = new QueueApp(
      this.exchange,
      options.queues,
      (member, caller) =>
        this.legTo(member.interface, { linkedId: caller.linkedId, queue: member.queue.name }),
      (stateInterface) => this.devices.statusOf(stateInterface),
      (stateInterface) => this.devices.isBeingCalled(stateInterface),
      (device, status, quiet) => this.devices.set(device, status, quiet),
    );
    this.exchange.onDevice = (channel) => this.devices.track(channel);
  }

  /** A leg to an interface (`PJSIP/101`, `PJSIP/+79…@trunk`, `Local/101@from-queue/n`); throws when there is no such thing. */
  legTo(
    interfaceName: string,
    input: {
      readonly linkedId?: string;
      readonly queue?: string;
      readonly ids?: { readonly one?: string; readonly two?: string };
    } = {},
  ): Leg {
    const { queue = "", ids = {} } = input;
    const link = input.linkedId === undefined ? {} : { linkedId: input.linkedId };
    const local = /^Local\/([^/]+)(\/n)?$/.exec(interfaceName);
    if (local !== null) {
      return new LocalLeg(this.exchange, local[1]!, {
        ...link,
        ids,
        optimizable: local[2] === undefined,
        run: (two, listener) => {
          if (two.context === campaignContexts.out) this.#campaigns.dial(two, listener);
          else this.runDialplan(two, two.exten, { listener }, queue);
        },
      });
    }
    const endpoint = /^PJSIP\/(.+)$/.exec(interfaceName)?.[1] ?? "";
    const outside = /^([^@]+)@/.exec(endpoint)?.[1];
    const phone: Phone | undefined =
      outside === undefined
        ? this.phones.get(endpoint)
        : { extension: outside, name: "", registered: true, behaviour: this.#outside };
    if (phone?.registered !== true) throw new RangeError(`cannot be reached: ${interfaceName}`);
    return new PhoneLeg(this.exchange, phone, {
      endpoint: outside === undefined ? endpoint : this.trunk,
      dialString: endpoint,
      context: outside === undefined ? contexts.fromInternal : contexts.fromTrunk,
      queue,
      identity: outside === undefined ? { number: endpoint, name: phone.name } : nobody,
      ...link,
      ...(ids.one === undefined ? {} : { id: ids.one }),
    });
  }

  /** True when the dialplan knows what to do with this extension. */
  knows(exten: string, context = ""): boolean {
    if (context === campaignContexts.answered) return exten === "s";
    return (
      this.phones.has(exten) || this.queues.find(exten) !== undefined || /^\+?\d{5,20}$/.test(exten)
    );
  }

  /** Sends a channel to an extension: a phone, a queue, or the outside world; hangs it up when that is over. */
  runDialplan(channel: Channel, exten: string, hooks: DialplanHooks, queue = ""): void {
    channel.owner = null;
    channel.exten = exten;
    const end = (cause: number): void => this.exchange.hangup(channel, cause);
    if (this.queues.find(exten) !== undefined) {
      channel.context = contexts.queues;
      this.exchange.setState(channel, channelState.up);
      hooks.listener?.answered();
      this.queues.join(exten, channel, {
        priority: 0,
        timeoutSeconds: 0,
        over: () => end(16),
        answered: (_member, conversation) => hooks.talking?.(conversation),
      });
      return;
    }
    const phone = this.phones.get(exten);
    if (phone?.registered === false) return end(20);
    if (!this.knows(exten)) return end(1);
    const leg = this.legTo(
      phone === undefined ? `PJSIP/${exten}@${this.trunk}` : `PJSIP/${exten}`,
      {
        linkedId: channel.linkedId,
        queue,
      },
    );
    new Dial(this.exchange, channel, leg, {
      timeoutMs: dialTimeoutMs,
      ringing: () => hooks.listener?.ringing(),
      answered: () => hooks.listener?.answered(),
      talking: (conversation) => hooks.talking?.(conversation),
      over: ({ cause, techCause, caller }) => this.exchange.hangup(caller, cause, techCause),
    }).start();
  }

  /** AMI Redirect of a channel that talks; false when it does not. */
  redirect(channel: Channel, exten: string): boolean {
    if (!(channel.owner instanceof Conversation) || !channel.owner.redirect(channel)) return false;
    channel.hasDialplan = true;
    this.runDialplan(channel, exten, {});
    return true;
  }

  /**
   * AMI Originate: rings `target`, then sends it to an extension. `finished` says how it went, once: the channel (null when it
   * did not come to be or was not answered) and OriginateResponse's reason.
   */
  originate(
    input: Origination,
    finished: (channel: Channel | null, success: boolean, reason: number) => void,
  ): void {
    const { exchange } = this;
    const taken = (id: string): boolean => id !== "" && exchange.channels.has(id);
    if (taken(input.channelId) || taken(input.otherChannelId)) return finished(null, false, 0);
    let leg: Leg;
    try {
      leg = this.legTo(input.target, {
        ids: {
          ...(input.channelId === "" ? {} : { one: input.channelId }),
          ...(input.otherChannelId === "" ? {} : { two: input.otherChannelId }),
        },
      });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
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
    // A timeout raises no DialEnd at all.
    const cancelTimeout = exchange.clock.after(input.timeoutMs, () => {
      if (!settle(false, 3)) return;
      channel.techCause = "480";
      leg.cancel(19);
    });
    for (const [name, value] of input.variables) {
      channel.variables.set(name, value);
      channel.other?.variables.set(name, value);
    }
    exchange.setCaller(channel, input.shown.number, input.shown.name);
    exchange.setConnected(channel, input.shown.number, input.shown.name);
    exchange.publish(channel);
    if (leg instanceof LocalLeg) leg.prepareOriginated();
    tellDial(exchange, "DialBegin", null, channel, leg.dialString);
    leg.call({
      ringing: () => tellDial(exchange, "DialState", null, channel, "RINGING"),
      answered: () => {
        if (!settle(true, 4)) return;
        tellDial(exchange, "DialEnd", null, channel, "ANSWER");
        channel.hasDialplan = true;
        channel.context = input.context;
        channel.exten = input.exten;
        if (input.context === campaignContexts.answered) return this.#campaigns.answered(channel);
        if (input.context === campaignContexts.out) return this.#campaigns.dial(channel, undefined);
        if (input.extension !== "") {
          const name = this.phones.get(input.extension)?.name ?? "";
          exchange.setCaller(channel, input.extension, name);
          exchange.publish(channel);
        }
        channel.context = contexts.fromInternal;
        this.runDialplan(channel, input.exten, {});
      },
      failed: (cause) => {
        if (!settle(false, cause === 17 ? 5 : cause === 34 ? 8 : 0)) return;
        tellDial(exchange, "DialEnd", null, channel, cause === 17 ? "BUSY" : "NOANSWER");
        exchange.hangup(channel, cause);
      },
    });
  }

  /** The phone of the person in a conversation with `channel`, looking through Local channels; null when nobody is there. */
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

/** How long the dialplan's Dial() rings. */
const dialTimeoutMs = 45_000;

const nobody: Identity = { number: "", name: "" };
