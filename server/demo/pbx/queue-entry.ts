/** One caller in one queue: waiting, attempts, the answer, and every way out, told in app_queue's events and order. */
import { Conversation, type Over } from "./conversation.ts";
import type { Channel, ChannelOwner, Exchange } from "./exchange.ts";
import { LocalLeg, tellDial, type Leg } from "./legs.ts";
import type { Member, Queue, QueueApp } from "./queue-app.ts";
import { canRing, isEmpty, isTurn, ringOrder } from "./queue-rules.ts";
import { channelState, channelText } from "./text.ts";

/**
 * Why a caller is out of a queue: QUEUESTATUS, as far as the simulator has it, and KEY for a caller who pressed one to get out.
 * CONTINUE: the member hung up and the caller goes on.
 */
export type QueueResult = "TIMEOUT" | "FULL" | "WITHDRAW" | "LEAVEEMPTY" | "CONTINUE" | "KEY";

/** What a caller's stay in a queue is told. */
export type QueueHooks = {
  readonly priority: number;
  /** 0 waits for ever. */
  readonly timeoutSeconds: number;
  readonly ringing?: (member: Member) => void;
  readonly answered?: (member: Member, conversation: Conversation) => void;
  readonly over: (result: QueueResult) => void;
};

type Attempt = {
  readonly startedAtMs: number;
  /** How long it may ring. */
  readonly allowedMs: number;
  readonly ringing: Map<Leg, Member>;
  /** Groups still to be tried in this attempt. */
  rest: readonly (readonly Member[])[];
  cancelTimeout: () => void;
};

/** Waiting callers look again this often whether it is their turn (app_queue's RECHECK). */
const recheckMs = 1000;
/** From both sides talking to Asterisk taking a Local channel out. */
const optimizationMs = 100;

export class QueueEntry implements ChannelOwner {
  readonly channel: Channel;
  readonly queue: Queue;
  priority: number;
  position = 0;
  readonly joinedAtMs: number;
  /** True after QueueWithdrawCaller, until the caller notices. */
  withdrawn = false;
  readonly #exchange: Exchange;
  readonly #app: QueueApp;
  readonly #hooks: QueueHooks;
  #originalPosition = 0;
  #attempt: Attempt | null = null;
  /** Configured place of the member this caller rang last. */
  #lastOrder = -1;
  #left = false;
  #cancelTimeout: () => void = () => {};
  #cancelRecheck: () => void = () => {};

  constructor(
    exchange: Exchange,
    app: QueueApp,
    queue: Queue,
    channel: Channel,
    hooks: QueueHooks,
  ) {
    this.#exchange = exchange;
    this.#app = app;
    this.#hooks = hooks;
    this.queue = queue;
    this.channel = channel;
    this.priority = hooks.priority;
    this.joinedAtMs = exchange.clock.now();
  }

  /** True while one of its attempts rings somebody. */
  get trying(): boolean {
    return this.#attempt !== null;
  }

  start(): void {
    this.#originalPosition = this.position;
    this.channel.owner = this;
    this.channel.application = "Queue";
    this.channel.applicationData = this.queue.name;
    this.#tell(
      "QueueCallerJoin",
      `Position: ${this.position}\r\nCount: ${this.queue.waiting.length}\r\n`,
    );
    this.#exchange.startMusic(this.channel);
    if (this.#hooks.timeoutSeconds > 0) {
      this.#cancelTimeout = this.#exchange.clock.after(this.#hooks.timeoutSeconds * 1000, () => {
        this.#ringNoAnswer();
        this.#leaveUnanswered("TIMEOUT");
      });
    }
    this.#consider();
  }

  withdraw(): void {
    this.withdrawn = true;
    // Asterisk's caller thread notices at its next look, not at once.
    this.#exchange.clock.after(0, () => {
      this.#cancelLegs(0);
      this.#leaveUnanswered("WITHDRAW");
    });
  }

  /** The caller pressed a key that leads out of the queue; neither an answer nor an abandon. */
  exit(): void {
    if (this.#left) return;
    this.#cancelLegs(0);
    this.#exchange.stopMusic(this.channel);
    this.#leave();
    this.channel.owner = null;
    this.#hooks.over("KEY");
  }

  gone(channel: Channel, cause: number): void {
    if (this.#left) return;
    this.#exchange.stopMusic(channel);
    this.#cancelLegs(0);
    this.#abandon();
    this.#leave();
    this.#exchange.hangup(channel, cause);
  }

  #leaveUnanswered(result: QueueResult): void {
    if (this.#left) return;
    this.#abandon();
    this.#exchange.stopMusic(this.channel);
    this.#leave();
    this.channel.owner = null;
    this.#hooks.over(result);
  }

  #tell(name: string, more: string): void {
    this.#exchange.tellOf(name, this.channel, `Queue: ${this.queue.name}\r\n${more}`, "agent");
  }

  #tellAgent(name: string, agent: Channel, member: Member, more: string): void {
    this.#exchange.tell(
      name,
      "agent",
      channelText("", this.channel) +
        channelText("Dest", agent) +
        `Queue: ${this.queue.name}\r\nInterface: ${member.interface}\r\nMemberName: ${member.name}\r\n` +
        more,
    );
  }

  #abandon(): void {
    this.queue.abandoned += 1;
    this.#tell(
      "QueueCallerAbandon",
      `Position: ${this.position}\r\nOriginalPosition: ${this.#originalPosition}\r\n` +
        `HoldTime: ${this.#holdSeconds()}\r\n`,
    );
  }

  #holdSeconds(): number {
    return Math.floor((this.#exchange.clock.now() - this.joinedAtMs) / 1000);
  }

  #leave(): void {
    const { position } = this;
    this.#left = true;
    this.#cancelTimeout();
    this.#cancelRecheck();
    this.#app.remove(this);
    this.#tell(
      "QueueCallerLeave",
      `Position: ${position}\r\nCount: ${this.queue.waiting.length}\r\n`,
    );
  }

  #lookAgain(delayMs: number): void {
    if (this.#left) return;
    this.#cancelRecheck();
    if (this.queue.leaveWhenEmpty && isEmpty(this.queue.members))
      return this.#leaveUnanswered("LEAVEEMPTY");
    this.#cancelRecheck = this.#exchange.clock.after(delayMs, () => this.#consider());
  }

  #consider(): void {
    if (this.#left || this.#attempt !== null) return;
    const { queue } = this;
    const index = queue.waiting.indexOf(this);
    const before = queue.waiting.slice(0, index).filter((each) => !each.trying).length;
    const free = this.#app.free(queue);
    if (!isTurn(index, before, free.length, queue)) return this.#lookAgain(recheckMs);
    const nowMs = this.#exchange.clock.now();
    const waitLeftMs =
      this.#hooks.timeoutSeconds > 0
        ? this.joinedAtMs + this.#hooks.timeoutSeconds * 1000 - nowMs
        : Number.POSITIVE_INFINITY;
    const attempt: Attempt = {
      startedAtMs: nowMs,
      allowedMs: Math.min(queue.ringTimeoutSeconds * 1000, waitLeftMs),
      ringing: new Map(),
      rest: ringOrder(free, queue.strategy, {
        byQueue: queue.lastOrder,
        byCaller: this.#lastOrder,
      }),
      cancelTimeout: this.#exchange.clock.after(queue.ringTimeoutSeconds * 1000, () => {
        this.#ringNoAnswer();
        this.#lookAgain(queue.retrySeconds * 1000);
      }),
    };
    this.#attempt = attempt;
    this.#ringNext(attempt);
  }

  /** Rings the next group of the attempt; when there is none and nobody rings, the attempt is over. */
  #ringNext(attempt: Attempt): void {
    const nowMs = this.#exchange.clock.now();
    while (attempt.ringing.size === 0) {
      const [group, ...rest] = attempt.rest;
      if (group === undefined) {
        attempt.cancelTimeout();
        this.#attempt = null;
        return this.#lookAgain(this.queue.retrySeconds * 1000);
      }
      attempt.rest = rest;
      for (const member of group) {
        if (canRing(member, this.queue, nowMs)) this.#ring(attempt, member);
      }
    }
  }

  #ring(attempt: Attempt, member: Member): void {
    const exchange = this.#exchange;
    const caller = this.channel;
    member.pending = true;
    this.queue.lastOrder = member.order;
    this.#lastOrder = member.order;
    const leg = this.#app.makeLeg(member, caller);
    attempt.ringing.set(leg, member);
    leg.prepare(caller, "queue");
    this.#tellAgent("AgentCalled", leg.channel, member, "");
    tellDial(exchange, "DialBegin", caller, leg.channel, member.interface);
    this.#hooks.ringing?.(member);
    const startedAtMs = exchange.clock.now();
    leg.call({
      ringing: () => tellDial(exchange, "DialState", caller, leg.channel, "RINGING"),
      answered: () => this.#answered(attempt, leg, member, startedAtMs),
      failed: (cause) => {
        if (!attempt.ringing.delete(leg)) return;
        member.pending = false;
        tellDial(exchange, "DialEnd", caller, leg.channel, "NOANSWER");
        // app_queue counts whole seconds here and tells them as milliseconds.
        const seconds = Math.floor((exchange.clock.now() - startedAtMs) / 1000);
        this.#tellAgent(
          "AgentRingNoAnswer",
          leg.channel,
          member,
          `RingTime: ${seconds * 1000}\r\n`,
        );
        exchange.hangup(leg.channel, cause);
        if (this.#attempt === attempt) this.#ringNext(attempt);
      },
    });
    // With ringall nobody knows yet whom the caller will talk to.
    if (this.queue.strategy !== "ringall" && attempt.ringing.has(leg))
      exchange.connectCaller(caller, leg.identity());
  }

  /** The attempt's time is over: everybody who rings did not answer. */
  #ringNoAnswer(): void {
    const attempt = this.#attempt;
    if (attempt === null) return;
    for (const [leg, member] of attempt.ringing) {
      this.#tellAgent(
        "AgentRingNoAnswer",
        leg.channel,
        member,
        `RingTime: ${Math.round(attempt.allowedMs)}\r\n`,
      );
      tellDial(this.#exchange, "DialEnd", this.channel, leg.channel, "NOANSWER");
    }
    this.#cancelLegs(0, true);
  }

  /**
   * Hangs up every leg that still rings and ends the attempt. app_queue tells each leg's end twice: when it gives up, and when
   * it hangs up; `told` leaves the first out.
   */
  #cancelLegs(cause: number, told = false, between: () => void = () => {}): void {
    const attempt = this.#attempt;
    if (attempt === null) return between();
    this.#attempt = null;
    attempt.cancelTimeout();
    const cancelled = (leg: Leg): void =>
      tellDial(this.#exchange, "DialEnd", this.channel, leg.channel, "CANCEL");
    if (!told) for (const leg of attempt.ringing.keys()) cancelled(leg);
    between();
    for (const [leg, member] of attempt.ringing) {
      member.pending = false;
      cancelled(leg);
      leg.cancel(cause);
    }
  }

  #answered(attempt: Attempt, leg: Leg, member: Member, ringStartedAtMs: number): void {
    if (!attempt.ringing.delete(leg)) return;
    const exchange = this.#exchange;
    const agent = leg.channel;
    member.pending = false;
    tellDial(exchange, "DialEnd", this.channel, agent, "ANSWER");
    this.#cancelLegs(26, false, () => exchange.connectCaller(this.channel, leg.identity()));
    exchange.stopMusic(this.channel);
    this.#leave();
    const nowMs = exchange.clock.now();
    const holdSeconds = this.#holdSeconds();
    if (holdSeconds <= this.queue.serviceLevelSeconds) this.queue.completedInLevel += 1;
    this.queue.holdSeconds = Math.round((this.queue.holdSeconds * 3 + holdSeconds) / 4);
    member.inCall = true;
    exchange.setState(this.channel, channelState.up);
    this.#tellAgent(
      "AgentConnect",
      agent,
      member,
      `HoldTime: ${holdSeconds}\r\nRingTime: ${Math.floor((nowMs - ringStartedAtMs) / 1000)}\r\n`,
    );
    const conversation = new Conversation(
      exchange,
      [
        { channel: this.channel, after: () => this.#hooks.over("CONTINUE") },
        { channel: agent, after: () => exchange.hangup(agent, 16) },
      ],
      (over) => this.#completed(over, conversation, agent, member, holdSeconds, nowMs),
    );
    if (leg instanceof LocalLeg && leg.optimizable) {
      exchange.clock.after(optimizationMs, () => conversation.optimize(agent));
    }
    this.#hooks.answered?.(member, conversation);
  }

  #completed(
    over: Over,
    conversation: Conversation,
    agent: Channel,
    member: Member,
    holdSeconds: number,
    talkFromMs: number,
  ): void {
    const nowMs = this.#exchange.clock.now();
    const talkSeconds = Math.floor((nowMs - talkFromMs) / 1000);
    const reason =
      over.kind === "transfer" ? "transfer" : over.by === this.channel ? "caller" : "agent";
    member.inCall = false;
    member.callsTaken += 1;
    member.lastCallAtMs = nowMs;
    this.queue.completed += 1;
    this.queue.talkSeconds = Math.round((this.queue.talkSeconds * 3 + talkSeconds) / 4);
    // A Local channel that was taken out is not the agent's any more; the phone itself is.
    const other = agent.hungUp ? conversation.peer(this.channel) : agent;
    this.#tellAgent(
      "AgentComplete",
      other ?? agent,
      member,
      `HoldTime: ${holdSeconds}\r\nTalkTime: ${talkSeconds}\r\nReason: ${reason}\r\n`,
    );
  }
}
