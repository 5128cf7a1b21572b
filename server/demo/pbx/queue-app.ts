/**
 * Queue(): callers wait, members are rung by queue-rules.ts, and everything is told in app_queue's events.
 */
import type { Channel, Exchange } from "./exchange.ts";
import type { Leg } from "./legs.ts";
import { QueueEntry, type QueueHooks } from "./queue-entry.ts";
import {
  canRing,
  deviceStatus,
  joinIndex,
  movedByPriority,
  type QueueConfig,
  type Strategy,
} from "./queue-rules.ts";

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
  readonly leaveWhenEmpty: boolean;
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

/** Makes the leg to a member's interface. */
export type LegMaker = (member: Member, caller: Channel) => Leg;

/** All queues of one PBX. */
export class QueueApp {
  readonly queues = new Map<string, Queue>();
  readonly #byStateInterface = new Map<string, Member[]>();
  readonly #exchange: Exchange;
  readonly #makeLeg: LegMaker;
  /** The status of a state interface as it is now. */
  readonly #statusOf: (stateInterface: string) => number;
  readonly #isBeingCalled: (stateInterface: string) => boolean;
  readonly #setDevice: (device: string, status: number, quiet?: boolean) => void;

  constructor(
    exchange: Exchange,
    configs: readonly QueueConfig[],
    makeLeg: LegMaker,
    statusOf: (stateInterface: string) => number,
    isBeingCalled: (stateInterface: string) => boolean,
    setDevice: (device: string, status: number, quiet?: boolean) => void,
  ) {
    this.#exchange = exchange;
    this.#makeLeg = makeLeg;
    this.#statusOf = statusOf;
    this.#isBeingCalled = isBeingCalled;
    this.#setDevice = setDevice;
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
        leaveWhenEmpty: config.leaveWhenEmpty ?? false,
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
        const made: Member = {
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
        };
        queue.members.push(made);
        const readers = this.#byStateInterface.get(stateInterface);
        if (readers === undefined) this.#byStateInterface.set(stateInterface, [made]);
        else readers.push(made);
      });
      this.queues.set(queue.name.toLowerCase(), queue);
      setDevice(`Queue:${queue.name}_avail`, availability(queue), true);
      for (const member of queue.members) {
        const pauseDevice = `Queue:${queue.name}_pause_${member.interface}`;
        setDevice(pauseDevice, member.paused ? deviceStatus.inUse : deviceStatus.notInUse, true);
      }
    }
  }

  find(name: string): Queue | undefined {
    return this.queues.get(name.toLowerCase());
  }

  /** Puts a caller's channel into a queue. */
  join(queueName: string, channel: Channel, hooks: QueueHooks): void {
    const queue = this.find(queueName);
    if (queue === undefined) throw new RangeError(`no queue ${queueName}`);
    if (queue.maxLength > 0 && queue.waiting.length >= queue.maxLength) {
      hooks.over("FULL");
      return;
    }
    const entry = new QueueEntry(this.#exchange, this, queue, channel, hooks);
    queue.waiting.splice(joinIndex(queue.waiting, hooks.priority), 0, entry);
    renumber(queue);
    if (queue.waiting.length === 1) this.#setDevice(`Queue:${queue.name}`, deviceStatus.ringing);
    entry.start();
  }

  /** Takes a caller out of the waiting line, without telling. */
  remove(entry: QueueEntry): void {
    const { queue } = entry;
    queue.waiting = queue.waiting.filter((each) => each !== entry);
    renumber(queue);
    if (queue.waiting.length === 0) this.#setDevice(`Queue:${queue.name}`, deviceStatus.notInUse);
  }

  /** A device or hint changed: tells every member that reads it. */
  deviceChanged(stateInterface: string): void {
    for (const member of this.#byStateInterface.get(stateInterface) ?? []) {
      const status = this.#statusOf(stateInterface);
      if (status === member.status) continue;
      member.status = status;
      this.tellMember("QueueMemberStatus", member);
      // Asterisk looks at the queue's availability only when a device changed, not when a hint did.
      if (!stateInterface.startsWith("hint:")) this.#tellAvailability(member.queue);
    }
  }

  #tellAvailability(queue: Queue): void {
    this.#setDevice(`Queue:${queue.name}_avail`, availability(queue));
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
        this.#setDevice(
          `Queue:${queue.name}_pause_${member.interface}`,
          paused ? deviceStatus.inUse : deviceStatus.notInUse,
        );
        this.#tellAvailability(queue);
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

  /** A waiting caller pressed a key that leads out; nothing happens to a channel that does not wait. */
  exit(channel: Channel): void {
    for (const queue of this.queues.values())
      queue.waiting.find((each) => each.channel === channel)?.exit();
  }

  /** Members of a queue that may be rung now. */
  free(queue: Queue): readonly Member[] {
    const nowMs = this.#exchange.clock.now();
    // Two queues must not ring one phone in the moment before its state shows the first call.
    return queue.members.filter(
      (each) =>
        canRing(each, queue, nowMs, this.#statusOf(each.stateInterface)) &&
        !this.#isBeingCalled(each.stateInterface),
    );
  }

  makeLeg(member: Member, caller: Channel): Leg {
    return this.#makeLeg(member, caller);
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

/** What `Queue:name_avail` says: in use when no member could take a call. */
function availability(queue: Queue): number {
  const free = queue.members.some(
    (each) =>
      !each.paused &&
      (each.status === deviceStatus.notInUse || each.status === deviceStatus.unknown),
  );
  return free ? deviceStatus.notInUse : deviceStatus.inUse;
}
