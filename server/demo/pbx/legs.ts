/**
 * Dialling out: one leg towards a phone, an outside line or a Local channel. What rings it (Dial, Queue, Originate) tells the
 * Dial events.
 */
import type { Channel, ChannelOwner, Exchange } from "./exchange.ts";
import { react, type Phone } from "./phones.ts";
import { channelState, channelText } from "./text.ts";

/** DialStatus words. */
export type DialStatus = "ANSWER" | "BUSY" | "NOANSWER" | "CANCEL" | "CONGESTION" | "CHANUNAVAIL";

/** A number and the name beside it. */
export type Identity = { readonly number: string; readonly name: string };

/** What a leg tells whoever dialled it. After `failed` the leg's channel is theirs to hang up. */
export type LegListener = {
  ringing(): void;
  answered(): void;
  failed(cause: number): void;
};

/** A leg whose channel exists and that was not yet called. */
export interface Leg {
  readonly channel: Channel;
  /** What Dial's DialBegin shows. */
  readonly dialString: string;
  /** Whom a caller is connected to while it rings. */
  identity(): Identity;
  /** Shows the caller on the leg; Dial tells it at once, Queue with the first ringing. */
  prepare(caller: Channel, by: "dial" | "queue"): void;
  call(listener: LegListener): void;
  /** Whoever dialled it lets go. */
  cancel(cause: number): void;
}

const attemptVariable = "CALLCARD_ATTEMPT";

/** A campaign's attempt is set as `__CALLCARD_ATTEMPT`: every channel that is called for its call has it too. */
function inheritAttempt(from: Channel, to: Channel): void {
  const id = from.variables.get(attemptVariable);
  if (id !== undefined) to.variables.set(attemptVariable, id);
}

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
  readonly #queue: string;
  readonly #timers: (() => void)[] = [];
  #listener: LegListener | null = null;

  constructor(
    exchange: Exchange,
    phone: Phone,
    input: {
      readonly endpoint: string;
      readonly dialString: string;
      readonly context: string;
      /** The queue it rings for, "" for none. */
      readonly queue: string;
      /** The phone's own caller id, "" for outside lines. */
      readonly identity: Identity;
      readonly linkedId?: string;
      readonly id?: string;
    },
  ) {
    this.#exchange = exchange;
    this.#phone = phone;
    this.#queue = input.queue;
    this.dialString = input.dialString;
    this.channel = exchange.create({
      name: exchange.newPjsipName(input.endpoint),
      state: channelState.down,
      context: input.context,
      callerNumber: input.identity.number,
      callerName: input.identity.name,
      ...(input.linkedId === undefined ? {} : { linkedId: input.linkedId }),
      ...(input.id === undefined ? {} : { id: input.id }),
    });
    this.channel.owner = this;
  }

  identity(): Identity {
    return { number: this.channel.callerNumber, name: this.channel.callerName };
  }

  prepare(caller: Channel, by: "dial" | "queue"): void {
    const { channel } = this;
    inheritAttempt(caller, channel);
    channel.exten = caller.exten;
    if (channel.callerNumber === "") this.#exchange.setCaller(channel, this.#phone.extension, "");
    this.#exchange.setConnected(channel, caller.callerNumber, caller.callerName);
    if (by === "dial") this.#exchange.publish(channel);
  }

  call(listener: LegListener): void {
    this.#listener = listener;
    const reaction = react(this.#phone, {
      extension: this.#phone.extension,
      callerNumber: this.channel.connectedNumber,
      callerName: this.channel.connectedName,
      queue: this.#queue,
      campaign: this.channel.variables.has(attemptVariable),
    });
    if (reaction.do !== "fail") {
      this.#after(signallingMs, () => {
        this.#exchange.setState(this.channel, channelState.ringing);
        listener.ringing();
      });
    }
    switch (reaction.do) {
      case "ignore":
        return;
      case "fail":
        return this.#after(signallingMs, () => this.#refuse(reaction.cause, reaction.sip));
      case "busy":
        return this.#after(signallingMs * 2, () => this.#refuse(17, "486"));
      case "reject":
        return this.#after(signallingMs + reaction.afterMs, () => this.#refuse(21, "603"));
      case "answer":
        return this.#after(signallingMs + reaction.afterMs, () => {
          this.#stop();
          this.channel.owner = null;
          this.channel.presses = reaction.presses ?? "";
          this.channel.isMachine = reaction.machine === true;
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

  cancel(cause: number): void {
    this.#stop();
    this.#exchange.hangup(this.channel, cause);
  }

  /** Hung up by a manager while it rings. */
  gone(_channel: Channel, cause: number): void {
    this.#stop();
    this.#listener?.failed(cause);
  }

  #refuse(cause: number, techCause: string): void {
    this.#stop();
    this.channel.techCause = techCause;
    this.#exchange.tellOf(
      "HangupRequest",
      this.channel,
      `Cause: ${cause}\r\nTechCause: ${techCause}\r\n`,
    );
    this.#listener?.failed(cause);
  }

  #after(delayMs: number, run: () => void): void {
    this.#timers.push(
      this.#exchange.clock.after(delayMs, () => {
        if (!this.channel.hungUp) run();
      }),
    );
  }

  #stop(): void {
    for (const cancel of this.#timers) cancel();
  }
}

/** A leg through a Local channel: its far half runs the dialplan. */
export class LocalLeg implements Leg, ChannelOwner {
  readonly channel: Channel;
  readonly dialString: string;
  readonly #exchange: Exchange;
  readonly #run: (two: Channel, listener: LegListener) => void;
  readonly #optimizable: boolean;
  #listener: LegListener | null = null;

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

  /** Whoever the far half reached. */
  identity(): Identity {
    const two = this.channel.other!;
    return { number: two.connectedNumber, name: two.connectedName };
  }

  prepare(caller: Channel): void {
    const one = this.channel;
    const two = one.other!;
    inheritAttempt(caller, one);
    inheritAttempt(caller, two);
    // Like app_queue: the near half shows what the caller is connected to, or else what was dialled.
    if (caller.connectedNumber === "") this.#exchange.setCaller(one, caller.exten, "");
    else this.#exchange.setCaller(one, caller.connectedNumber, caller.connectedName);
    this.#exchange.publish(one);
    this.#exchange.setCaller(two, caller.callerNumber, caller.callerName);
    this.#exchange.setConnected(two, one.callerNumber, one.callerName);
    this.#exchange.publish(two);
    this.#tellBridge();
    one.exten = caller.exten;
    this.#exchange.setConnected(one, caller.callerNumber, caller.callerName);
  }

  call(listener: LegListener): void {
    const one = this.channel;
    this.#listener = listener;
    const showFar = (): void => {
      const { number, name } = this.identity();
      if (number !== "") this.#exchange.setCaller(one, number, name);
    };
    this.#run(one.other!, {
      ringing: () => {
        if (one.hungUp) return;
        showFar();
        this.#exchange.setState(one, channelState.ringing);
        listener.ringing();
      },
      answered: () => {
        if (one.hungUp) return;
        this.#listener = null;
        one.owner = null;
        showFar();
        this.#exchange.setState(one, channelState.up);
        listener.answered();
      },
      // The far half hangs up then, and with it this one: see gone().
      failed: () => {},
    });
  }

  cancel(cause: number): void {
    this.#listener = null;
    this.#exchange.hangup(this.channel, cause);
  }

  /** The far half ended without an answer. */
  gone(channel: Channel, cause: number): void {
    const listener = this.#listener;
    this.#listener = null;
    if (listener === null) this.#exchange.hangup(channel, cause);
    else listener.failed(cause);
  }

  /** Asterisk itself calls it (Originate): there is no caller to show. */
  prepareOriginated(): void {
    const one = this.channel;
    const two = one.other!;
    this.#exchange.setCaller(two, one.callerNumber, one.callerName);
    this.#exchange.setConnected(two, one.callerNumber, one.callerName);
    this.#exchange.publish(two);
    this.#tellBridge();
  }

  #tellBridge(): void {
    const one = this.channel;
    const two = one.other!;
    this.#exchange.tell(
      "LocalBridge",
      "call",
      channelText("LocalOne", one) +
        channelText("LocalTwo", two) +
        `Context: ${two.context}\r\nExten: ${two.exten}\r\n` +
        `LocalOptimization: ${this.#optimizable ? "Yes" : "No"}\r\n`,
    );
  }

  /** True for a Local channel without `/n`: Asterisk takes it out once both sides talk. */
  get optimizable(): boolean {
    return this.#optimizable;
  }
}
