/** Dial(): rings one leg for a caller's channel and bridges both when it answers. */
import { Conversation } from "./conversation.ts";
import type { Channel, ChannelOwner, Exchange } from "./exchange.ts";
import { tellDial, type DialStatus, type Leg } from "./legs.ts";
import { channelState } from "./text.ts";

/** What whoever called {@link Dial} hears. */
export type DialHooks = {
  /** Gives up after this. */
  readonly timeoutMs: number;
  readonly ringing?: () => void;
  readonly answered?: () => void;
  readonly talking?: (conversation: Conversation) => void;
  /** Called once: it failed, or the conversation is over and the caller's channel goes on in the dialplan. */
  readonly over: (result: {
    readonly status: DialStatus;
    readonly cause: number;
    /** SIP's number for why it failed, "" for none. */
    readonly techCause: string;
    /** The channel it was for in the end. */
    readonly caller: Channel;
  }) => void;
};

/** One dialling. */
export class Dial implements ChannelOwner {
  readonly #exchange: Exchange;
  #caller: Channel;
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
    const leg = this.#leg;
    const caller = this.#caller;
    caller.owner = this;
    caller.application = "Dial";
    caller.applicationData = `PJSIP/${leg.dialString}`;
    leg.prepare(caller, "dial");
    tellDial(exchange, "DialBegin", caller, leg.channel, leg.dialString);
    exchange.connectCaller(caller, leg.identity());
    this.#cancelTimeout = exchange.clock.after(this.#hooks.timeoutMs, () => {
      if (!this.#settle()) return;
      tellDial(exchange, "DialEnd", this.#caller, leg.channel, "NOANSWER");
      leg.cancel(16);
      this.#end("NOANSWER", 16);
    });
    leg.call({
      ringing: () => {
        tellDial(exchange, "DialState", this.#caller, leg.channel, "RINGING");
        this.#hooks.ringing?.();
      },
      answered: () => this.#answered(),
      failed: (cause) => {
        if (!this.#settle()) return;
        const status = statusOfCause(cause);
        tellDial(exchange, "DialEnd", this.#caller, leg.channel, status);
        const { techCause } = leg.channel;
        exchange.hangup(leg.channel, cause);
        this.#end(status, cause, techCause);
      },
    });
  }

  /** Another channel takes the caller's place while it rings; false when it does not ring any more. */
  takeOver(caller: Channel): boolean {
    if (this.#settled) return false;
    this.#caller.owner = null;
    this.#caller = caller;
    caller.owner = this;
    caller.exten = this.#leg.channel.exten;
    this.#exchange.connectCaller(caller, this.#leg.identity());
    this.#exchange.setConnected(this.#leg.channel, caller.callerNumber, caller.callerName);
    this.#exchange.publish(this.#leg.channel);
    return true;
  }

  /** The caller hung up while it rings. */
  gone(channel: Channel, cause: number): void {
    if (!this.#settle()) return;
    tellDial(this.#exchange, "DialEnd", channel, this.#leg.channel, "CANCEL");
    this.#leg.channel.techCause = channel.techCause;
    this.#leg.cancel(cause === 0 ? 16 : cause);
    this.#exchange.hangup(channel, cause);
  }

  #answered(): void {
    if (!this.#settle()) return;
    const caller = this.#caller;
    const callee = this.#leg.channel;
    tellDial(this.#exchange, "DialEnd", caller, callee, "ANSWER");
    this.#exchange.setState(caller, channelState.up);
    caller.hangupCause = 16;
    callee.exten = "";
    const conversation = new Conversation(
      this.#exchange,
      [
        { channel: caller, after: () => this.#end("ANSWER", 16) },
        { channel: callee, after: () => this.#exchange.hangup(callee, 16) },
      ],
      () => {},
    );
    this.#exchange.publishNearHalf(caller);
    this.#hooks.answered?.();
    this.#hooks.talking?.(conversation);
  }

  #end(status: DialStatus, cause: number, techCause = ""): void {
    this.#caller.owner = null;
    this.#hooks.over({ status, cause, techCause, caller: this.#caller });
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#cancelTimeout();
    return true;
  }
}

/** How Dial names the hang-up cause of a leg that did not answer. */
function statusOfCause(cause: number): DialStatus {
  switch (cause) {
    case 17:
      return "BUSY";
    case 34:
      return "CONGESTION";
    case 3:
    case 20:
      return "CHANUNAVAIL";
    default:
      return "NOANSWER";
  }
}
