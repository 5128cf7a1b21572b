/**
 * Calls that people make: a customer calls in, an operator calls out. Each is a short script with a handle to follow it by.
 */
import { Conversation } from "./conversation.ts";
import type { Channel } from "./exchange.ts";
import type { LegCaller } from "./legs.ts";
import { contexts, type SimulatedExchange } from "./pbx.ts";
import { channelState, channelText, bridgeText } from "./text.ts";

/** One thing that happens in a conversation; `afterMs` counts from the previous step, the first from the answer. */
export type CallStep = { readonly afterMs: number } & (
  | { readonly do: "hold" }
  | { readonly do: "resume" }
  | { readonly do: "blindTransfer"; readonly to: string }
  /** Consults `to` and joins both `consultMs` after it answered. */
  | { readonly do: "attendedTransfer"; readonly to: string; readonly consultMs: number }
  | { readonly do: "hangUp"; readonly by: "caller" | "operator" }
);

/** A call from outside. */
export type IncomingCall = {
  /** Caller id as the trunk gives it, "" when withheld. */
  readonly number: string;
  readonly name?: string;
  readonly queue: string;
  /** The shop's number that was dialled. */
  readonly dialled?: string;
  readonly priority?: number;
  /** The caller hangs up when nobody answered for so long; waits for ever when left out. */
  readonly patienceMs?: number;
  /** The caller hangs up so long after the answer; left out, the operator's phone decides. */
  readonly talkMs?: number;
  /** The queue gives up after this; 0 or left out: never. */
  readonly queueTimeoutSeconds?: number;
  /** Where a call goes that the queue gave up; hung up when left out. */
  readonly overflowQueue?: string;
  readonly steps?: readonly CallStep[];
};

export type CallState = "waiting" | "ringing" | "talking" | "ended";

/** A call as whoever placed it sees it. */
export interface CallHandle {
  /** Uniqueid of the caller's channel. */
  readonly id: string;
  readonly channelName: string;
  readonly state: CallState;
  /** Interfaces of the members that were rung so far, in order. */
  readonly rung: readonly string[];
  /** Interface of the member that answered, "" before. */
  readonly answeredBy: string;
  /** The caller hangs up now. */
  hangUp(): void;
  /** Settles when the caller's channel is gone. */
  readonly ended: Promise<void>;
}

const defaultDialled = "78005550100";
/** From the call's arrival to Queue(), as a short dialplan takes. */
const dialplanMs = 5;

/** Lets a customer call in. */
export function placeIncoming(pbx: SimulatedExchange, call: IncomingCall): CallHandle {
  const { exchange } = pbx;
  const { clock } = exchange;
  const dialled = call.dialled ?? defaultDialled;
  const channel = exchange.create({
    name: exchange.newPjsipName("trunk"),
    state: channelState.ring,
    callerNumber: call.number,
    callerName: call.name ?? "",
    context: contexts.fromTrunk,
    exten: dialled,
  });
  const rung: string[] = [];
  let state: CallState = "waiting";
  let answeredBy = "";
  let settle: () => void = () => {};
  const ended = new Promise<void>((resolve) => (settle = resolve));
  const timers = new Set<() => void>();
  const later = (ms: number, run: () => void): void => {
    const cancel = clock.after(ms, () => {
      timers.delete(cancel);
      if (!channel.hungUp) run();
    });
    timers.add(cancel);
  };
  channel.onEnd = () => {
    state = "ended";
    for (const cancel of timers) cancel();
    settle();
  };
  const talk = (): void => {
    state = "talking";
    if (call.talkMs !== undefined) later(call.talkMs, () => exchange.partyHungUp(channel));
    let atMs = 0;
    for (const step of call.steps ?? []) {
      atMs += step.afterMs;
      later(atMs, () => runStep(pbx, channel, step));
    }
  };
  const join = (queue: string): void => {
    const shown: LegCaller = { number: call.number, name: call.name ?? "", queue };
    pbx.queues.join(queue, channel, shown, {
      priority: call.priority ?? 0,
      timeoutSeconds: call.queueTimeoutSeconds ?? 0,
      ringing: (member) => {
        state = "ringing";
        rung.push(member.interface);
      },
      answered: (member) => {
        answeredBy = member.interface;
        talk();
      },
      over: (result) => {
        if (
          result === "TIMEOUT" &&
          call.overflowQueue !== undefined &&
          queue !== call.overflowQueue
        )
          join(call.overflowQueue);
        else exchange.hangup(channel, 16);
      },
    });
  };
  if (call.patienceMs !== undefined) {
    later(call.patienceMs, () => {
      if (state !== "talking") exchange.partyHungUp(channel);
    });
  }
  later(dialplanMs, () => {
    exchange.setState(channel, channelState.up);
    join(call.queue);
  });
  return {
    id: channel.id,
    channelName: channel.name,
    get state() {
      return state;
    },
    rung,
    get answeredBy() {
      return answeredBy;
    },
    hangUp: () => exchange.partyHungUp(channel),
    ended,
  };
}

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

/** Lets a phone dial; throws when it is unknown or not registered. */
export function dialFrom(pbx: SimulatedExchange, call: OutgoingCall): CallHandle {
  const { exchange } = pbx;
  const phone = pbx.phones.get(call.from);
  if (phone === undefined || !phone.registered)
    throw new RangeError(`no registered phone ${call.from}`);
  const channel = exchange.create({
    name: exchange.newPjsipName(call.from),
    state: channelState.ring,
    callerNumber: call.from,
    callerName: call.from,
    context: contexts.fromInternal,
    exten: call.to,
  });
  let state: CallState = "ringing";
  let settle: () => void = () => {};
  const ended = new Promise<void>((resolve) => (settle = resolve));
  const timers: (() => void)[] = [];
  channel.onEnd = () => {
    state = "ended";
    for (const cancel of timers) cancel();
    settle();
  };
  if (call.patienceMs !== undefined) {
    timers.push(
      exchange.clock.after(call.patienceMs, () => {
        if (state === "ringing") exchange.partyHungUp(channel);
      }),
    );
  }
  timers.push(
    exchange.clock.after(dialplanMs, () =>
      pbx.runDialplan(channel, call.to, {
        shown: { number: call.from, name: call.from, queue: "" },
        talking: () => {
          state = "talking";
          if (call.talkMs !== undefined)
            timers.push(exchange.clock.after(call.talkMs, () => exchange.partyHungUp(channel)));
        },
      }),
    ),
  );
  return {
    id: channel.id,
    channelName: channel.name,
    get state() {
      return state;
    },
    rung: [call.to],
    answeredBy: "",
    hangUp: () => exchange.partyHungUp(channel),
    ended,
  };
}

function runStep(pbx: SimulatedExchange, caller: Channel, step: CallStep): void {
  const phone = pbx.farPhone(caller);
  if (phone === null || phone.bridge === null) return;
  switch (step.do) {
    case "hold":
      return ownConversation(phone)?.hold(phone);
    case "resume":
      return ownConversation(phone)?.resume(phone);
    case "hangUp":
      return pbx.exchange.partyHungUp(step.by === "caller" ? caller : phone);
    case "blindTransfer":
      return blindTransfer(pbx, phone, step.to);
    case "attendedTransfer":
      return;
  }
}

function ownConversation(channel: Channel): Conversation | null {
  return channel.owner instanceof Conversation ? channel.owner : null;
}

/** The party at `phone` hands the other side over to an extension without asking. */
export function blindTransfer(pbx: SimulatedExchange, phone: Channel, to: string): void {
  const conversation = ownConversation(phone);
  if (conversation === null) return;
  const { exchange } = pbx;
  const other = conversation.handOver(phone, (transferee) => {
    exchange.tell(
      "BlindTransfer",
      "call",
      `Result: Success\r\n${channelText("Transferer", phone)}${channelText("Transferee", transferee)}` +
        `${bridgeText("", conversation.bridge)}IsExternal: Yes\r\n` +
        `Context: ${contexts.fromInternal}\r\nExtension: ${to}\r\n`,
    );
  });
  if (other === null) return;
  exchange.hangup(phone, 16);
  pbx.runDialplan(other, to, {
    shown: { number: other.callerNumber, name: other.callerName, queue: "" },
  });
}
