/**
 * Calls that people make: a customer calls in, an operator calls out. Each is a short script with a handle to follow it by.
 */
import type { Channel } from "./exchange.ts";
import { contexts, type SimulatedExchange } from "./pbx.ts";
import { channelState } from "./text.ts";
import { attendedTransfer, blindTransfer, conversationOf } from "./transfers.ts";

/** One thing that happens in a conversation; `afterMs` counts from the previous step, the first from the answer. */
export type CallStep = { readonly afterMs: number } & (
  | { readonly do: "hold" }
  | { readonly do: "resume" }
  | { readonly do: "blindTransfer"; readonly to: string }
  /** Consults `to` and joins both `consultMs` after it answered. */
  | { readonly do: "attendedTransfer"; readonly to: string; readonly consultMs: number }
  /** Calls `to` and hands over while it still rings. */
  | { readonly do: "blondeTransfer"; readonly to: string; readonly ringMs: number }
  | { readonly do: "hangUp"; readonly by: "caller" | "operator" }
);

/** A call from outside. */
export type IncomingCall = {
  /** Caller id as the trunk gives it, "" when withheld. */
  readonly number: string;
  readonly name?: string;
  /** Where it goes: a queue or an extension. */
  readonly to: string;
  /** The shop's number that was dialled [`to`]. */
  readonly dialled?: string;
  /** QUEUE_PRIO [0]. */
  readonly priority?: number;
  /** The caller hangs up when nobody answered for so long; waits for ever when left out. */
  readonly patienceMs?: number;
  /** The caller hangs up so long after the answer; left out, the operator's phone decides. */
  readonly talkMs?: number;
  /** The queue gives up after this; 0 or left out: never. */
  readonly queueTimeoutSeconds?: number;
  /** Queue for a call that the first one gave up; hung up when left out. */
  readonly overflowQueue?: string;
  /** The caller presses a key in the first queue, which leads to another queue or an extension. */
  readonly key?: { readonly afterMs: number; readonly leadsTo: string };
  readonly steps?: readonly CallStep[];
};

/** A call that somebody at a phone dials. */
export type OutgoingCall = {
  readonly from: string;
  /** An extension, a queue or a number outside. */
  readonly to: string;
  /** Hangs up when nobody answered for so long. */
  readonly patienceMs?: number;
  /** Hangs up so long after the answer. */
  readonly talkMs?: number;
};

export type CallState = "waiting" | "ringing" | "talking" | "ended";

/** A call as whoever placed it sees it. */
export interface CallHandle {
  /** Uniqueid of the caller's channel. */
  readonly id: string;
  readonly channelName: string;
  readonly state: CallState;
  /** Interfaces (queue calls) or extensions that were rung so far, in order. */
  readonly rung: readonly string[];
  /** Interface of the member that answered in a queue, "" before. */
  readonly answeredBy: string;
  /** The caller hangs up now. */
  hangUp(): void;
  /** Settles when the caller's channel is gone. */
  readonly ended: Promise<void>;
}

/** From a call's arrival to its application, as a short dialplan takes. */
const dialplanMs = 5;

/** The caller's side of a call: its channel, its timers, and what is known of it. */
class PlacedCall implements CallHandle {
  readonly channel: Channel;
  readonly ended: Promise<void>;
  readonly rung: string[] = [];
  state: CallState = "waiting";
  answeredBy = "";
  readonly #pbx: SimulatedExchange;
  readonly #cancels: (() => void)[] = [];

  constructor(pbx: SimulatedExchange, channel: Channel, patienceMs: number | undefined) {
    this.#pbx = pbx;
    this.channel = channel;
    this.ended = new Promise((resolve) => {
      channel.onEnd = () => {
        this.state = "ended";
        for (const cancel of this.#cancels) cancel();
        resolve();
      };
    });
    if (patienceMs !== undefined) {
      this.later(patienceMs, () => {
        if (this.state !== "talking") this.hangUp();
      });
    }
  }

  get id(): string {
    return this.channel.id;
  }

  get channelName(): string {
    return this.channel.name;
  }

  later(ms: number, run: () => void): void {
    this.#cancels.push(this.#pbx.exchange.clock.after(ms, run));
  }

  hangUp(): void {
    this.#pbx.exchange.partyHungUp(this.channel);
  }

  /** The conversation begins: from here on time counts for hanging up and for the steps. */
  talk(talkMs: number | undefined, steps: readonly CallStep[]): void {
    if (this.state === "talking") return;
    this.state = "talking";
    if (talkMs !== undefined) this.later(talkMs, () => this.hangUp());
    let atMs = 0;
    for (const step of steps) {
      atMs += step.afterMs;
      this.later(atMs, () => runStep(this.#pbx, this.channel, step));
    }
  }
}

/** Lets a customer call in. */
export function placeIncoming(pbx: SimulatedExchange, call: IncomingCall): CallHandle {
  const { exchange } = pbx;
  const channel = exchange.create({
    name: exchange.newPjsipName(pbx.trunk),
    state: channelState.ring,
    callerNumber: call.number,
    callerName: call.name ?? "",
    context: contexts.fromTrunk,
    exten: call.dialled ?? call.to,
    hasDialplan: true,
  });
  const placed = new PlacedCall(pbx, channel, call.patienceMs);
  const join = (queue: string): void => {
    channel.exten = queue;
    pbx.queues.join(queue, channel, {
      priority: call.priority ?? 0,
      timeoutSeconds: queue === call.to ? (call.queueTimeoutSeconds ?? 0) : 0,
      ringing(member) {
        placed.state = "ringing";
        placed.rung.push(member.interface);
      },
      answered(member) {
        placed.answeredBy = member.interface;
        placed.talk(call.talkMs, call.steps ?? []);
      },
      over(result) {
        const next = call.overflowQueue;
        if (result === "KEY" && call.key !== undefined) go(call.key.leadsTo);
        else if (result !== "CONTINUE" && next !== undefined && queue !== next) join(next);
        else exchange.hangup(channel, 16);
      },
    });
  };
  const go = (to: string): void => {
    if (pbx.queues.find(to) !== undefined) {
      channel.context = contexts.queues;
      channel.exten = to;
      exchange.setState(channel, channelState.up);
      join(to);
      return;
    }
    channel.context = contexts.fromInternal;
    placed.state = "ringing";
    placed.rung.push(to);
    pbx.runDialplan(channel, to, { talking: () => placed.talk(call.talkMs, call.steps ?? []) });
  };
  placed.later(dialplanMs, () => go(call.to));
  const { key } = call;
  if (key !== undefined) placed.later(key.afterMs, () => pbx.queues.exit(channel));
  return placed;
}

/** Lets a phone dial; throws when there is no such phone. */
export function dialFrom(pbx: SimulatedExchange, call: OutgoingCall): CallHandle {
  const { exchange } = pbx;
  const phone = pbx.phones.get(call.from);
  if (phone === undefined) throw new RangeError(`no phone ${call.from}`);
  const channel = exchange.create({
    name: exchange.newPjsipName(call.from),
    state: channelState.ring,
    callerNumber: call.from,
    callerName: phone.name,
    context: contexts.fromInternal,
    exten: call.to,
    hasDialplan: true,
  });
  const placed = new PlacedCall(pbx, channel, call.patienceMs);
  placed.state = "ringing";
  placed.rung.push(call.to);
  placed.later(dialplanMs, () =>
    pbx.runDialplan(channel, call.to, { talking: () => placed.talk(call.talkMs, []) }),
  );
  return placed;
}

function runStep(pbx: SimulatedExchange, caller: Channel, step: CallStep): void {
  const phone = pbx.farPhone(caller);
  if (phone === null) return;
  switch (step.do) {
    case "hold":
      conversationOf(phone)?.hold(phone);
      return;
    case "resume":
      conversationOf(phone)?.resume(phone);
      return;
    case "hangUp":
      pbx.exchange.partyHungUp(step.by === "caller" ? caller : phone);
      return;
    case "blindTransfer":
      blindTransfer(pbx, phone, step.to);
      return;
    case "attendedTransfer":
      attendedTransfer(pbx, phone, step.to, { joinAfterTalkMs: step.consultMs });
      return;
    case "blondeTransfer":
      attendedTransfer(pbx, phone, step.to, { handOverAfterMs: step.ringMs });
  }
}
