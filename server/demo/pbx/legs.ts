/**
 * Dialling out: one leg towards a phone, an outside line or a Local channel, and Dial(), which rings one leg and bridges it.
 */
import { Conversation, type Over } from "./conversation.ts";
import type { Channel, ChannelOwner, Exchange } from "./exchange.ts";
import { react, type Phone } from "./phones.ts";
import { channelState, channelText } from "./text.ts";

/** DialStatus words. */
export type DialStatus = "ANSWER" | "BUSY" | "NOANSWER" | "CANCEL" | "CONGESTION" | "CHANUNAVAIL";

/** What a leg tells the application that dialled it. After `failed` the application hangs the leg's channel up. */
export type LegListener = {
  ringing(): void;
  answered(): void;
  failed(status: DialStatus, cause: number): void;
};

/** A leg that was created and not yet called. */
export interface Leg {
  readonly channel: Channel;
  /** What DialBegin shows. */
  readonly dialString: string;
  call(listener: LegListener): void;
}

/** Whom a leg shows as caller, and which queue it comes from. */
export type LegCaller = {
  readonly number: string;
  readonly name: string;
  readonly queue: string;
};

/** From INVITE to "ringing", as a phone in the same house takes. */
const signallingMs = 20;

/** Emits DialBegin, DialState or DialEnd of a pair; `caller` is null for an originated leg. */
export function tellDial(
  exchange: Exchange,
  name: "DialBegin" | "DialState" | "DialEnd",
  caller: Channel | null,
  callee: Channel,
  last: string,
): void {
  exchange.tell(
    name,
    "call",
    (caller === null ? "" : channelText("", caller)) +
      channelText("Dest", callee) +
      (name === "DialBegin" ? `DialString: ${last}\r\n` : `DialStatus: ${last}\r\n`),
  );
}

/** A leg to a phone or an outside line over PJSIP. */
export class PhoneLeg implements Leg, ChannelOwner {
  readonly channel: Channel;
  readonly dialString: string;
  readonly #exchange: Exchange;
  readonly #phone: Phone;
  readonly #caller: LegCaller;
  #cancelTimers: (() => void)[] = [];

  constructor(
    exchange: Exchange,
    phone: Phone,
    caller: LegCaller,
    input: {
      readonly endpoint: string;
      readonly dialString: string;
      readonly context: string;
      readonly linkedId?: string;
      readonly id?: string;
    },
  ) {
    this.#exchange = exchange;
    this.#phone = phone;
    this.#caller = caller;
    this.dialString = input.dialString;
    this.channel = exchange.create({
      name: exchange.newPjsipName(input.endpoint),
      state: channelState.down,
      context: input.context,
      ...(input.linkedId === undefined ? {} : { linkedId: input.linkedId }),
      ...(input.id === undefined ? {} : { id: input.id }),
    });
    this.channel.owner = this;
  }

  call(listener: LegListener): void {
    const reaction = react(this.#phone, {
      extension: this.#phone.extension,
      callerNumber: this.#caller.number,
      callerName: this.#caller.name,
      queue: this.#caller.queue,
    });
    const ringing = (): void => {
      this.#exchange.setState(this.channel, channelState.ringing);
      if (!this.channel.hungUp) listener.ringing();
    };
    if (!this.#phone.registered) return this.#after(0, () => listener.failed("CHANUNAVAIL", 20));
    switch (reaction.do) {
      case "busy":
        this.#after(signallingMs, () => listener.failed("BUSY", 17));
        return;
      case "ignore":
        this.#after(signallingMs, ringing);
        return;
      case "reject":
        this.#after(signallingMs, ringing);
        this.#after(signallingMs + reaction.afterMs, () => listener.failed("BUSY", 21));
        return;
      case "answer":
        this.#after(signallingMs, ringing);
        this.#after(signallingMs + reaction.afterMs, () => {
          this.#stopTimers();
          this.channel.owner = null;
          this.#exchange.setState(this.channel, channelState.up);
          if (reaction.talkMs !== undefined) {
            this.#exchange.clock.after(reaction.talkMs, () =>
              this.#exchange.partyHungUp(this.channel),
            );
          }
          listener.answered();
        });
    }
  }

  /** The dialling application lets go. */
  gone(channel: Channel, cause: number): void {
    this.#stopTimers();
    this.#exchange.hangup(channel, cause);
  }

  #after(delayMs: number, run: () => void): void {
    this.#cancelTimers.push(
      this.#exchange.clock.after(delayMs, () => {
        if (!this.channel.hungUp) run();
      }),
    );
  }

  #stopTimers(): void {
    for (const cancel of this.#cancelTimers) cancel();
    this.#cancelTimers = [];
  }
}

/** A leg through a Local channel: its far half runs the dialplan. */
export class LocalLeg implements Leg, ChannelOwner {
  readonly channel: Channel;
  readonly dialString: string;
  readonly #exchange: Exchange;
  readonly #run: (two: Channel, listener: LegListener) => void;
  readonly #optimizable: boolean;

  constructor(
    exchange: Exchange,
    /** `101@from-queue`. */
    target: string,
    input: {
      readonly optimizable: boolean;
      readonly linkedId?: string;
      readonly ids?: { readonly one?: string; readonly two?: string };
      /** Runs the dialplan on the far half. */
      readonly run: (two: Channel, listener: LegListener) => void;
    },
  ) {
    const [exten = "", context = ""] = target.split("@");
    this.#exchange = exchange;
    this.#run = input.run;
    this.#optimizable = input.optimizable;
    this.dialString = `${target}${input.optimizable ? "" : "/n"}`;
    const { one } = exchange.createLocal(target, context, exten, input.linkedId, input.ids);
    this.channel = one;
    one.owner = this;
  }

  call(listener: LegListener): void {
    const one = this.channel;
    const two = one.other!;
    // The far half shows the caller that the near half is connected to.
    this.#exchange.setCaller(two, one.connectedNumber, one.connectedName);
    this.#exchange.tell(
      "LocalBridge",
      "call",
      channelText("LocalOne", one) +
        channelText("LocalTwo", two) +
        `Context: ${two.context}\r\nExten: ${two.exten}\r\n` +
        `LocalOptimization: ${this.#optimizable ? "Yes" : "No"}\r\n`,
    );
    this.#run(two, {
      ringing: () => {
        this.#exchange.setState(one, channelState.ringing);
        if (!one.hungUp) listener.ringing();
      },
      answered: () => {
        this.#exchange.setState(one, channelState.up);
        if (!one.hungUp) listener.answered();
      },
      failed: (status, cause) => {
        if (!one.hungUp) listener.failed(status, cause);
      },
    });
  }

  gone(channel: Channel, cause: number): void {
    this.#exchange.hangup(channel, cause);
  }
}

/** How a Dial() went. */
export type DialResult = {
  readonly status: DialStatus;
  readonly cause: number;
};

/**
 * Dial(): rings one leg for a caller's channel and bridges both when it answers. `over` is called once: with a failure, or
 * with ANSWER when the conversation is over and the caller's channel goes on in the dialplan.
 */
export class Dial implements ChannelOwner {
  readonly #exchange: Exchange;
  readonly #caller: Channel;
  readonly #leg: Leg;
  readonly #hooks: DialHooks;
  #cancelTimeout: () => void = () => {};
  #settled = false;

  constructor(exchange: Exchange, caller: Channel, leg: Leg, hooks: DialHooks) {
    this.#exchange = exchange;
    this.#caller = caller;
    this.#leg = leg;
    this.#hooks = hooks;
  }

  /** Begins to ring; call once. */
  start(): void {
    const exchange = this.#exchange;
    const caller = this.#caller;
    const leg = this.#leg;
    const hooks = this.#hooks;
    caller.owner = this;
    caller.application = "Dial";
    caller.applicationData = leg.channel.device;
    exchange.connect(leg.channel, caller.callerNumber, caller.callerName);
    tellDial(exchange, "DialBegin", caller, leg.channel, leg.dialString);
    if (hooks.timeoutMs !== undefined) {
      this.#cancelTimeout = exchange.clock.after(hooks.timeoutMs, () => {
        this.#fail("NOANSWER", 0, 16);
      });
    }
    leg.call({
      ringing: () => {
        tellDial(exchange, "DialState", caller, leg.channel, "RINGING");
        hooks.ringing?.();
      },
      answered: () => this.#answered(),
      failed: (status, cause) => this.#fail(status, cause, cause),
    });
  }

  gone(channel: Channel, cause: number): void {
    if (!this.#settle()) return;
    tellDial(this.#exchange, "DialEnd", this.#caller, this.#leg.channel, "CANCEL");
    this.#exchange.softHangup(this.#leg.channel, 16);
    this.#exchange.hangup(channel, cause);
  }

  #answered(): void {
    if (!this.#settle()) return;
    const callee = this.#leg.channel;
    tellDial(this.#exchange, "DialEnd", this.#caller, callee, "ANSWER");
    this.#exchange.setState(this.#caller, channelState.up);
    this.#hooks.answered?.();
    if (callee.hungUp || this.#caller.hungUp) return;
    const conversation = new Conversation(
      this.#exchange,
      [
        {
          channel: this.#caller,
          after: () => this.#hooks.over({ status: "ANSWER", cause: 16 }),
        },
        { channel: callee, after: () => this.#exchange.hangup(callee, 16) },
      ],
      (over) => this.#hooks.ended?.(over),
    );
    this.#hooks.talking?.(conversation);
  }

  #fail(status: DialStatus, cause: number, hangupCause: number): void {
    if (!this.#settle()) return;
    tellDial(this.#exchange, "DialEnd", this.#caller, this.#leg.channel, status);
    this.#exchange.softHangup(this.#leg.channel, hangupCause);
    this.#caller.owner = null;
    this.#hooks.over({ status, cause });
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#cancelTimeout();
    return true;
  }
}

/** What whoever called {@link Dial} hears. */
export type DialHooks = {
  readonly timeoutMs?: number;
  readonly ringing?: () => void;
  readonly answered?: () => void;
  readonly talking?: (conversation: Conversation) => void;
  /** The conversation is over, before its bridge is left. */
  readonly ended?: (over: Over) => void;
  readonly over: (result: DialResult) => void;
};
