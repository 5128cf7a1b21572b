/**
 * Queue(): callers wait, members are rung by queue-rules.ts, and everything is told in app_queue's events.
 */
import { Conversation, type Over } from "./conversation.ts";
import type { Channel, ChannelOwner, Exchange } from "./exchange.ts";
import { tellDial, type DialStatus, type Leg, type LegCaller } from "./legs.ts";
import {
  canRing,
  isTurn,
  joinIndex,
  movedByPriority,
  ringOrder,
  type QueueConfig,
  type Strategy,
} from "./queue-rules.ts";
import { channelState, channelText } from "./text.ts";

/** A member as it stands. */
export type Member = {
  readonly queue: Queue;
  readonly interface: string;
  readonly stateInterface: string;
  readonly name: string;
  readonly order: number;
  penalty: number;
  paused: boolean;
  pausedReason: string;
  lastPauseAtMs: number;
  readonly loginAtMs: number;
  status: number;
  pending: boolean;
  callsTaken: number;
  lastCallAtMs: number;
  inCall: boolean;
};

export type Queue = {
  readonly name: string;
  readonly strategy: Strategy;
  readonly ringTimeoutSeconds: number;
  readonly retrySeconds: number;
  readonly wrapUpSeconds: number;
  readonly autofill: boolean;
  readonly ringInUse: boolean;
  readonly maxLength: number;
  readonly weight: number;
  readonly serviceLevelSeconds: number;
  readonly members: Member[];
  waiting: QueueEntry[];
  completed: number;
  completedInLevel: number;
  abandoned: number;
  holdSeconds: number;
  talkSeconds: number;
  /** Configured place of the member rrmemory rang last. */
  lastOrder: number;
};

/** QUEUESTATUS, as far as the simulator has it. CONTINUE: the member hung up and the caller goes on. */
export type QueueResult = "TIMEOUT" | "FULL" | "WITHDRAW" | "CONTINUE";

/** What a caller's stay in a queue is told. */
export type QueueHooks = {
  readonly priority: number;
  /** 0 waits for ever. */
  readonly timeoutSeconds: number;
  readonly ringing?: (member: Member, leg: Leg) => void;
  readonly answered?: (member: Member, conversation: Conversation) => void;
  readonly over: (result: QueueResult) => void;
};

/** Makes the leg to a member's interface. */
export type LegMaker = (member: Member, caller: Channel, shown: LegCaller) => Leg;

type Attempt = {
  readonly startedAtMs: number;
  readonly ringing: Map<Leg, Member>;
  /** Groups still to be tried in this attempt. */
  rest: readonly (readonly Member[])[];
  cancelTimeout: () => void;
};

/** All queues of one PBX. */
export class QueueApp {
  readonly queues = new Map<string, Queue>();
  readonly #exchange: Exchange;
  readonly #makeLeg: LegMaker;
  /** The status of a state interface, by device. */
  readonly #statusOf: (stateInterface: string) => number;

  constructor(
    exchange: Exchange,
    configs: readonly QueueConfig[],
    makeLeg: LegMaker,
    statusOf: (stateInterface: string) => number,
  ) {
    this.#exchange = exchange;
    this.#makeLeg = makeLeg;
    this.#statusOf = statusOf;
    const nowMs = exchange.clock.now();
    for (const config of configs) {
      const queue: Queue = {
        name: config.name,
        strategy: config.strategy ?? "ringall",
        ringTimeoutSeconds: config.ringTimeoutSeconds ?? 15,
        retrySeconds: config.retrySeconds ?? 5,
        wrapUpSeconds: config.wrapUpSeconds ?? 0,
        autofill: config.autofill ?? true,
        ringInUse: config.ringInUse ?? false,
        maxLength: config.maxLength ?? 0,
        weight: config.weight ?? 0,
        serviceLevelSeconds: config.serviceLevelSeconds ?? 0,
        members: [],
        waiting: [],
        completed: 0,
        completedInLevel: 0,
        abandoned: 0,
        holdSeconds: 0,
        talkSeconds: 0,
        lastOrder: -1,
      };
      config.members.forEach((member, order) => {
        const stateInterface = member.stateInterface ?? member.interface;
        queue.members.push({
          queue,
          interface: member.interface,
          stateInterface,
          name: member.name ?? member.interface,
          order,
          penalty: member.penalty ?? 0,
          paused: member.paused ?? false,
          pausedReason: "",
          lastPauseAtMs: 0,
          loginAtMs: nowMs,
          status: statusOf(stateInterface),
          pending: false,
          callsTaken: 0,
          lastCallAtMs: 0,
          inCall: false,
        });
      });
      this.queues.set(queue.name.toLowerCase(), queue);
    }
  }

  find(name: string): Queue | undefined {
    return this.queues.get(name.toLowerCase());
  }

  /** Puts a caller's channel into a queue. */
  join(queueName: string, channel: Channel, caller: LegCaller, hooks: QueueHooks): void {
    const queue = this.find(queueName);
    if (queue === undefined) throw new RangeError(`no queue ${queueName}`);
    if (queue.maxLength > 0 && queue.waiting.length >= queue.maxLength) {
      hooks.over("FULL");
      return;
    }
    const entry = new QueueEntry(this.#exchange, this, queue, channel, caller, hooks);
    queue.waiting.splice(joinIndex(queue.waiting, hooks.priority), 0, entry);
    renumber(queue);
    entry.start();
  }

  /** A device changed: tells every member that reads it. */
  deviceChanged(stateInterface: string): void {
    for (const queue of this.queues.values()) {
      for (const member of queue.members) {
        if (member.stateInterface !== stateInterface) continue;
        const status = this.#statusOf(stateInterface);
        if (status === member.status) continue;
        member.status = status;
        this.tellMember("QueueMemberStatus", member);
      }
    }
  }

  /** Pauses or unpauses an interface in one queue, or in all when `queueName` is "". Returns how many memberships it met. */
  pause(queueName: string, interfaceName: string, paused: boolean, reason: string): number {
    let met = 0;
    for (const queue of this.queues.values()) {
      if (queueName !== "" && queue.name.toLowerCase() !== queueName.toLowerCase()) continue;
      for (const member of queue.members) {
        if (member.interface !== interfaceName) continue;
        met += 1;
        member.paused = paused;
        member.pausedReason = paused ? reason : "";
        if (paused) member.lastPauseAtMs = this.#exchange.clock.now();
        this.tellMember("QueueMemberPause", member, reason);
      }
    }
    return met;
  }

  /** Changes a member's penalty everywhere and tells it. */
  setPenalty(interfaceName: string, penalty: number): void {
    for (const queue of this.queues.values()) {
      for (const member of queue.members) {
        if (member.interface !== interfaceName || member.penalty === penalty) continue;
        member.penalty = penalty;
        this.tellMember("QueueMemberPenalty", member);
      }
    }
  }

  /** QueueChangePriorityCaller; returns Asterisk's complaint or null. */
  changePriority(
    queueName: string,
    channelName: string,
    priority: number,
    immediate: boolean,
  ): "No such queue" | "No such caller" | null {
    const queue = this.find(queueName);
    if (queue === undefined) return "No such queue";
    const entry = queue.waiting.find((each) => each.channel.name === channelName);
    if (entry === undefined) return "No such caller";
    queue.waiting = [...movedByPriority(queue.waiting, entry, priority, immediate)];
    renumber(queue);
    return null;
  }

  /** QueueWithdrawCaller; returns Asterisk's complaint or null. */
  withdraw(
    queueName: string,
    channelName: string,
  ): "No such queue" | "No such caller" | "Caller has already requested withdrawal" | null {
    const queue = this.find(queueName);
    if (queue === undefined) return "No such queue";
    const entry = queue.waiting.find((each) => each.channel.name === channelName);
    if (entry === undefined) return "No such caller";
    if (entry.withdrawn) return "Caller has already requested withdrawal";
    entry.withdraw();
    return null;
  }

  /** Members of a queue that may be rung now. */
  free(queue: Queue): readonly Member[] {
    const nowMs = this.#exchange.clock.now();
    return queue.members.filter((each) => canRing(each, queue, nowMs));
  }

  makeLeg(member: Member, caller: Channel, shown: LegCaller): Leg {
    return this.#makeLeg(member, caller, shown);
  }

  /** A QueueMember… event of one member. */
  tellMember(name: string, member: Member, reason?: string): void {
    this.#exchange.tell(name, "agent", memberText(member, reason));
  }
}

/** The keys of a member in live events. */
export function memberText(m: Member, reason = m.pausedReason): string {
  return (
    `Queue: ${m.queue.name}\r\nMemberName: ${m.name}\r\nInterface: ${m.interface}\r\n` +
    `StateInterface: ${m.stateInterface}\r\nMembership: static\r\nPenalty: ${m.penalty}\r\n` +
    `CallsTaken: ${m.callsTaken}\r\nLastCall: ${Math.floor(m.lastCallAtMs / 1000)}\r\n` +
    `LastPause: ${Math.floor(m.lastPauseAtMs / 1000)}\r\nLoginTime: ${Math.floor(m.loginAtMs / 1000)}\r\n` +
    `InCall: ${m.inCall ? 1 : 0}\r\nStatus: ${m.status}\r\nPaused: ${m.paused ? 1 : 0}\r\n` +
    `PausedReason: ${reason}\r\nRinginuse: ${m.queue.ringInUse ? 1 : 0}\r\nWrapuptime: 0\r\n`
  );
}

function renumber(queue: Queue): void {
  queue.waiting.forEach((each, index) => {
    each.position = index + 1;
  });
}

/** Waiting callers look again this often whether it is their turn (app_queue's RECHECK). */
const recheckMs = 1000;

/** One caller in one queue. */
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
  readonly #caller: LegCaller;
  readonly #hooks: QueueHooks;
  #originalPosition = 0;
  #attempt: Attempt | null = null;
  #left = false;
  #cancelTimeout: () => void = () => {};
  #cancelRecheck: () => void = () => {};

  constructor(
    exchange: Exchange,
    app: QueueApp,
    queue: Queue,
    channel: Channel,
    caller: LegCaller,
    hooks: QueueHooks,
  ) {
    this.#exchange = exchange;
    this.#app = app;
    this.#caller = caller;
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
    this.#exchange.tellOf(
      "QueueCallerJoin",
      this.channel,
      `Queue: ${this.queue.name}\r\nPosition: ${this.position}\r\nCount: ${this.queue.waiting.length}\r\n`,
      "agent",
    );
    this.#exchange.startMusic(this.channel);
    if (this.#hooks.timeoutSeconds > 0) {
      this.#cancelTimeout = this.#exchange.clock.after(this.#hooks.timeoutSeconds * 1000, () =>
        this.#giveUp("TIMEOUT"),
      );
    }
    this.#consider();
  }

  withdraw(): void {
    this.withdrawn = true;
    // Asterisk's caller thread notices at its next look, not at once.
    this.#exchange.clock.after(0, () => {
      if (!this.#left) this.#giveUp("WITHDRAW");
    });
  }

  gone(channel: Channel, cause: number): void {
    if (this.#left) return;
    this.#cancelLegs("CANCEL", 16);
    this.#abandon();
    this.#leave();
    this.#exchange.hangup(channel, cause);
  }

  #giveUp(result: QueueResult): void {
    if (this.#left) return;
    this.#cancelLegs("NOANSWER", 16);
    this.#abandon();
    this.#leave();
    this.#exchange.stopMusic(this.channel);
    this.channel.owner = null;
    this.#hooks.over(result);
  }

  #abandon(): void {
    this.queue.abandoned += 1;
    this.#exchange.tellOf(
      "QueueCallerAbandon",
      this.channel,
      `Queue: ${this.queue.name}\r\nPosition: ${this.position}\r\n` +
        `OriginalPosition: ${this.#originalPosition}\r\nHoldTime: ${this.#holdSeconds()}\r\n`,
      "agent",
    );
  }

  #holdSeconds(): number {
    return Math.floor((this.#exchange.clock.now() - this.joinedAtMs) / 1000);
  }

  #leave(): void {
    this.#left = true;
    this.#cancelTimeout();
    this.#cancelRecheck();
    this.queue.waiting = this.queue.waiting.filter((each) => each !== this);
    this.#exchange.tellOf(
      "QueueCallerLeave",
      this.channel,
      `Queue: ${this.queue.name}\r\nCount: ${this.queue.waiting.length}\r\nPosition: ${this.position}\r\n`,
      "agent",
    );
    renumber(this.queue);
  }

  #lookAgain(delayMs: number): void {
    this.#cancelRecheck();
    this.#cancelRecheck = this.#exchange.clock.after(delayMs, () => this.#consider());
  }

  #consider(): void {
    if (this.#left || this.#attempt !== null) return;
    const index = this.queue.waiting.indexOf(this);
    const before = this.queue.waiting.slice(0, index).filter((each) => !each.trying).length;
    const free = this.#app.free(this.queue);
    if (!isTurn(index, before, free.length, this.queue)) {
      this.#lookAgain(recheckMs);
      return;
    }
    const groups = ringOrder(free, this.queue.strategy, this.queue.lastOrder);
    const attempt: Attempt = {
      startedAtMs: this.#exchange.clock.now(),
      ringing: new Map(),
      rest: groups,
      cancelTimeout: this.#exchange.clock.after(this.queue.ringTimeoutSeconds * 1000, () =>
        this.#nobodyAnswered(attempt),
      ),
    };
    this.#attempt = attempt;
    this.#ringNext(attempt);
  }

  /** Rings the next group of the attempt; when there is none and nobody rings, the attempt is over. */
  #ringNext(attempt: Attempt): void {
    const nowMs = this.#exchange.clock.now();
    while (attempt.ringing.size === 0) {
      const [group, ...rest] = attempt.rest;
      if (group === undefined) return this.#attemptOver(attempt);
      attempt.rest = rest;
      for (const member of group) {
        if (canRing(member, this.queue, nowMs)) this.#ring(attempt, member);
      }
    }
  }

  #ring(attempt: Attempt, member: Member): void {
    member.pending = true;
    this.queue.lastOrder = member.order;
    const leg = this.#app.makeLeg(member, this.channel, this.#caller);
    attempt.ringing.set(leg, member);
    this.#exchange.connect(leg.channel, this.channel.callerNumber, this.channel.callerName);
    this.#tellAgent("AgentCalled", leg, member, "");
    tellDial(this.#exchange, "DialBegin", this.channel, leg.channel, leg.dialString);
    this.#hooks.ringing?.(member, leg);
    const startedAtMs = this.#exchange.clock.now();
    leg.call({
      ringing: () => tellDial(this.#exchange, "DialState", this.channel, leg.channel, "RINGING"),
      answered: () => this.#answered(attempt, leg, member, startedAtMs),
      failed: (status, cause) => {
        if (!attempt.ringing.delete(leg)) return;
        member.pending = false;
        tellDial(this.#exchange, "DialEnd", this.channel, leg.channel, status);
        this.#tellAgent(
          "AgentRingNoAnswer",
          leg,
          member,
          `RingTime: ${Math.round(this.#exchange.clock.now() - startedAtMs)}\r\n`,
        );
        this.#exchange.softHangup(leg.channel, cause);
        if (this.#attempt === attempt) this.#ringNext(attempt);
      },
    });
  }

  #tellAgent(name: string, leg: Leg, member: Member, more: string): void {
    this.#exchange.tell(
      name,
      "agent",
      channelText("", this.channel) +
        channelText("Dest", leg.channel) +
        `Queue: ${this.queue.name}\r\nInterface: ${member.interface}\r\nMemberName: ${member.name}\r\n` +
        more,
    );
  }

  #attemptOver(attempt: Attempt): void {
    attempt.cancelTimeout();
    this.#attempt = null;
    this.#lookAgain(this.queue.retrySeconds * 1000);
  }

  #nobodyAnswered(attempt: Attempt): void {
    if (this.#attempt !== attempt) return;
    const ringMs = Math.round(this.#exchange.clock.now() - attempt.startedAtMs);
    for (const [leg, member] of attempt.ringing) {
      this.#tellAgent("AgentRingNoAnswer", leg, member, `RingTime: ${ringMs}\r\n`);
      tellDial(this.#exchange, "DialEnd", this.channel, leg.channel, "NOANSWER");
    }
    this.#cancelLegs("CANCEL", 16);
    this.#lookAgain(this.queue.retrySeconds * 1000);
  }

  /** Hangs up every leg that still rings and ends the attempt. */
  #cancelLegs(status: DialStatus, cause: number): void {
    const attempt = this.#attempt;
    if (attempt === null) return;
    this.#attempt = null;
    attempt.cancelTimeout();
    for (const [leg, member] of attempt.ringing) {
      member.pending = false;
      tellDial(this.#exchange, "DialEnd", this.channel, leg.channel, status);
      this.#exchange.softHangup(leg.channel, cause);
    }
  }

  #answered(attempt: Attempt, leg: Leg, member: Member, ringStartedAtMs: number): void {
    if (!attempt.ringing.delete(leg)) return;
    member.pending = false;
    tellDial(this.#exchange, "DialEnd", this.channel, leg.channel, "ANSWER");
    this.#cancelLegs("CANCEL", 26);
    this.#leave();
    this.#exchange.stopMusic(this.channel);
    const nowMs = this.#exchange.clock.now();
    const holdSeconds = this.#holdSeconds();
    if (holdSeconds <= this.queue.serviceLevelSeconds) this.queue.completedInLevel += 1;
    this.queue.holdSeconds = Math.round((this.queue.holdSeconds * 3 + holdSeconds) / 4);
    member.inCall = true;
    this.#exchange.setState(this.channel, channelState.up);
    this.#exchange.connect(this.channel, leg.channel.callerNumber, leg.channel.callerName);
    this.#tellAgent(
      "AgentConnect",
      leg,
      member,
      `HoldTime: ${holdSeconds}\r\nRingTime: ${Math.floor((nowMs - ringStartedAtMs) / 1000)}\r\n`,
    );
    const agent = leg.channel;
    const conversation = new Conversation(
      this.#exchange,
      [
        { channel: this.channel, after: () => this.#hooks.over("CONTINUE") },
        { channel: agent, after: () => this.#exchange.hangup(agent, 16) },
      ],
      (over) => this.#completed(over, leg, member, holdSeconds, nowMs),
    );
    this.#hooks.answered?.(member, conversation);
  }

  #completed(over: Over, leg: Leg, member: Member, holdSeconds: number, talkFromMs: number): void {
    const nowMs = this.#exchange.clock.now();
    const talkSeconds = Math.floor((nowMs - talkFromMs) / 1000);
    const reason =
      over.kind === "transfer" ? "transfer" : over.by === this.channel ? "caller" : "agent";
    member.inCall = false;
    member.callsTaken += 1;
    member.lastCallAtMs = nowMs;
    this.queue.completed += 1;
    this.queue.talkSeconds = Math.round((this.queue.talkSeconds * 3 + talkSeconds) / 4);
    this.#tellAgent(
      "AgentComplete",
      leg,
      member,
      `HoldTime: ${holdSeconds}\r\nTalkTime: ${talkSeconds}\r\nReason: ${reason}\r\n`,
    );
  }
}
