/**
 * The simulated PBX: a manager interface over TCP on loopback with a telephone exchange behind it, so that everything from
 * the wire on runs as it would against Asterisk. Used by the demo, by tests and by load.
 */
import { seededRandom } from "../random.ts";
import { act, simulatedVersion } from "./actions.ts";
import { AmiServer } from "./ami-server.ts";
import {
  dialFrom,
  placeIncoming,
  type CallHandle,
  type IncomingCall,
  type OutgoingCall,
} from "./calls.ts";
import type { DialledNumber } from "./campaign-calls.ts";
import { realClock, type Clock } from "./clock.ts";
import { SimulatedExchange } from "./pbx.ts";
import { answering, type Phone, type PhoneBehaviour } from "./phones.ts";
import type { Member } from "./queue-app.ts";
import type { QueueConfig } from "./queue-rules.ts";
import type { EventClass } from "./text.ts";

/** How to start one; everything has a default but the queues. */
export type SimulatedPbxOptions = {
  /** 0 takes a free one [0]. */
  readonly port?: number;
  /** [127.0.0.1] */
  readonly host?: string;
  /** [callcard] */
  readonly username?: string;
  /** [made from the seed] */
  readonly secret?: string;
  /** Same seed, same identifiers and reactions [1]. */
  readonly seed?: number;
  /** [the machine's clock] */
  readonly clock?: Clock;
  readonly queues: readonly QueueConfig[];
  /** Extensions with a phone, and the name each shows [those of the members' interfaces, with the members' names]. */
  readonly extensions?: Readonly<Record<string, string>>;
  /** Endpoint of the line to the outside world [trunk]. */
  readonly trunk?: string;
  /** What phones do [answer after 4 to 8 s and never hang up first]. */
  readonly phones?: PhoneBehaviour;
  /** What the outside world does when called [answers after 3 to 6 s]. */
  readonly outside?: PhoneBehaviour;
  /** Classes the manager user may read [call, agent, system, user]. */
  readonly read?: readonly EventClass[];
};

/** What has gone through so far. */
export type SimulatedPbxCounters = {
  readonly events: number;
  readonly eventsByName: ReadonlyMap<string, number>;
  readonly channelsCreated: number;
  readonly bytes: number;
  readonly actions: number;
  readonly sessionsAccepted: number;
};

/** A running simulated PBX. */
export interface SimulatedPbx {
  readonly port: number;
  readonly host: string;
  readonly username: string;
  readonly secret: string;
  /** A customer calls in; throws when there is no such queue or extension. */
  placeCall(call: IncomingCall): CallHandle;
  /** Somebody at a phone dials an extension, a queue or a number outside. */
  dial(call: OutgoingCall): CallHandle;
  /** Changes what a phone does from its next ring on; throws when there is no such phone. */
  setPhone(extension: string, behaviour: PhoneBehaviour): void;
  /** Takes a phone off the network or puts it back. */
  setRegistered(extension: string, registered: boolean): void;
  /** Changes a member's penalty in every queue. */
  setPenalty(interfaceName: string, penalty: number): void;
  /** Queues that could ring this extension now. */
  readyIn(extension: string): readonly string[];
  /** Memberships of an extension's interfaces, as they stand. */
  members(): readonly Member[];
  /** What is there now: nothing of a finished call stays. */
  live(): { readonly channels: number; readonly bridges: number; readonly waiting: number };
  /** Callers for whom nobody rings right now, in these queues [all]. */
  unserved(queues?: readonly string[]): number;
  /** Cuts every manager connection, after `tail` when given (to break a message in the middle). Calls go on. */
  cutConnections(tail?: string): void;
  /** As if Asterisk was killed and started again: connections and all calls are gone, uptime begins anew. AstDB is kept. */
  restart(): void;
  /** Every number that was dialled for a campaign's attempt, in order; restarts do not forget. */
  dialledForAttempts(): readonly DialledNumber[];
  /** Sends bytes as they are to every manager connection. */
  inject(bytes: Uint8Array | string): void;
  counters(): SimulatedPbxCounters;
  /** Ends everything; safe to call twice. */
  stop(): Promise<void>;
}

/** Starts a simulated PBX; rejects when the port is taken. */
export async function startSimulatedPbx(options: SimulatedPbxOptions): Promise<SimulatedPbx> {
  const clock = options.clock ?? realClock;
  const random = seededRandom(options.seed ?? 1);
  const username = options.username ?? "callcard";
  const secret = options.secret ?? `demo-${random.whole(0, 0x7fffffff).toString(36)}`;
  const host = options.host ?? "127.0.0.1";
  const eventsByName = new Map<string, number>();
  let events = 0;
  let actions = 0;
  let stopped = false;
  let startedAtMs = clock.now();
  let channelsBefore = 0;

  let life = new ClockLife(clock);
  const campaigns = { database: new Map<string, string>(), dialled: [] as DialledNumber[] };

  const newExchange = (): SimulatedExchange => {
    const own = life;
    return new SimulatedExchange({
      clock: own,
      random,
      queues: options.queues,
      extensions:
        options.extensions === undefined
          ? extensionsOf(options.queues)
          : new Map(Object.entries(options.extensions)),
      trunk: options.trunk ?? "trunk",
      phoneBehaviour: options.phones ?? answering(random, [4000, 8000], [20_000, 50_000]),
      outsideBehaviour: options.outside ?? { do: "answer", afterMs: 4000 },
      campaigns,
      publish(eventClass, text, name) {
        if (own.ended) return;
        events += 1;
        eventsByName.set(name, (eventsByName.get(name) ?? 0) + 1);
        server.broadcast(eventClass, text);
      },
    });
  };

  const server = new AmiServer({
    port: options.port ?? 0,
    host,
    clock,
    username,
    secret,
    read: options.read ?? ["call", "agent", "system", "user"],
    banner: "Asterisk Call Manager/11.0.0",
    act(action, reply) {
      actions += 1;
      act({ pbx: exchange, startedAtMs }, action, reply);
    },
    booted() {
      const uptime = Math.floor((clock.now() - startedAtMs) / 1000);
      return `Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: ${uptime}\r\nLastReload: ${uptime}\r\nStatus: Fully Booted\r\n\r\n`;
    },
  });
  let exchange = newExchange();
  const port = await server.listen();

  const phone = (extension: string): Phone => {
    const found = exchange.phones.get(extension);
    if (found === undefined) throw new RangeError(`no phone ${extension}`);
    return found;
  };

  return {
    port,
    host,
    username,
    secret,
    placeCall(call) {
      if (stopped) throw new Error("the simulated PBX is stopped");
      if (!exchange.knows(call.to)) throw new RangeError(`no queue or extension ${call.to}`);
      return placeIncoming(exchange, call);
    },
    dial: (call) => dialFrom(exchange, call),
    setPhone(extension, behaviour) {
      phone(extension).behaviour = behaviour;
    },
    setRegistered(extension, registered) {
      phone(extension).registered = registered;
      exchange.devices.refresh(`PJSIP/${extension}`);
    },
    setPenalty: (interfaceName, penalty) => exchange.queues.setPenalty(interfaceName, penalty),
    readyIn: (extension) =>
      [...exchange.queues.queues.values()]
        .filter((queue) =>
          exchange.queues.free(queue).some((member) => extensionOf(member.interface) === extension),
        )
        .map((queue) => queue.name),
    members: () => [...exchange.queues.queues.values()].flatMap((each) => each.members),
    live: () => ({
      channels: exchange.exchange.channels.size,
      bridges: exchange.exchange.bridges.size,
      waiting: [...exchange.queues.queues.values()].reduce((n, q) => n + q.waiting.length, 0),
    }),
    unserved: (queues) =>
      [...exchange.queues.queues.values()]
        .filter(({ name }) => queues === undefined || queues.includes(name))
        .reduce((n, queue) => n + queue.waiting.filter((each) => !each.trying).length, 0),
    cutConnections: (tail) => server.cut(tail),
    restart() {
      server.cut();
      life.end();
      channelsBefore += exchange.exchange.created;
      for (const channel of exchange.exchange.channels.values()) channel.onEnd?.();
      startedAtMs = clock.now();
      life = new ClockLife(clock);
      const behaviours = new Map(
        [...exchange.phones].map(([name, each]) => [name, each.behaviour]),
      );
      exchange = newExchange();
      for (const [name, behaviour] of behaviours) phone(name).behaviour = behaviour;
    },
    dialledForAttempts: () => [...campaigns.dialled],
    inject: (bytes) => server.inject(bytes),
    counters: () => ({
      events,
      eventsByName,
      channelsCreated: channelsBefore + exchange.exchange.created,
      bytes: server.counters().bytes,
      actions,
      sessionsAccepted: server.counters().accepted,
    }),
    async stop() {
      if (stopped) return;
      stopped = true;
      life.end();
      for (const channel of exchange.exchange.channels.values()) channel.onEnd?.();
      await server.close();
    },
  };
}

/** The version it says it is. */
export { simulatedVersion };

/** A clock whose timers all end together: a restarted or stopped exchange must not go on. */
class ClockLife implements Clock {
  readonly #clock: Clock;
  readonly #cancels = new Set<() => void>();
  ended = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  after(delayMs: number, run: () => void): () => void {
    if (this.ended) return () => {};
    const cancel = this.#clock.after(delayMs, () => {
      this.#cancels.delete(cancel);
      run();
    });
    this.#cancels.add(cancel);
    return () => {
      this.#cancels.delete(cancel);
      cancel();
    };
  }

  end(): void {
    this.ended = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }
}

/** `101` of `PJSIP/101` and `Local/101@from-queue/n`, "" for anything else. */
export function extensionOf(interfaceName: string): string {
  return /^(?:PJSIP|Local)\/([^@/]+)/.exec(interfaceName)?.[1] ?? "";
}

function extensionsOf(queues: readonly QueueConfig[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const queue of queues) {
    for (const member of queue.members) {
      const extension = extensionOf(member.interface);
      if (extension !== "") found.set(extension, member.name ?? extension);
    }
  }
  return found;
}
