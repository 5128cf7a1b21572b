/** A console for tests: real PostgreSQL, real call model, verdicts, socket.io server and clients. The PBX is scripted, the steward only orders. */
import type { AddressInfo } from "node:net";
import { Registry } from "prom-client";
import { type Socket, io } from "socket.io-client";
import { fixedPbxs } from "../../server/asterisk/pbxs.ts";
import type { QueueMember } from "../../server/asterisk/model.ts";
import { LiveCalls } from "../../server/calls/live.ts";
import {
  Console,
  type ConsoleOptions,
  type ConsoleSteward,
  type MoveByHand,
} from "../../server/console/console.ts";
import { waitingOf } from "../../server/console/picture.ts";
import type {
  ConsolePicture,
  ConsoleReply,
  ConsoleToServer,
  ServerToConsole,
} from "../../server/console/protocol.ts";
import { consoleRoutes } from "../../server/console/routes.ts";
import { type ConsoleSockets, openConsoleSockets } from "../../server/console/socket.ts";
import { openDirectory } from "../../server/customers/directory.ts";
import type { App } from "../../server/http/app.ts";
import { type SocketServer, openSocketServer } from "../../server/http/socket-server.ts";
import type { Authenticator } from "../../server/people/model.ts";
import { decide } from "../../server/priority/decide.ts";
import { claimMs, type Policy, type Rule, type Standing } from "../../server/priority/model.ts";
import { NO_HISTORY, wantedOrder } from "../../server/priority/order.ts";
import { Verdicts } from "../../server/priority/verdicts.ts";
import { type Bus, localBus } from "../../server/storage/bus.ts";
import type { Storage } from "../../server/storage/database.ts";
import { Caller, ScriptedPbx, member } from "../desk/scripted-pbx.ts";
import { testApp } from "../http/support.ts";
import { nobody } from "../priority/samples.ts";
import { loginsOf } from "../support/logins.ts";

const quiet = { info: () => {}, warn: () => {}, error: () => {} };

const guard = { mostExtraWaitSeconds: null, neverPassedAfterSeconds: null };
const effect = { skipQuestions: false, preferred: null, message: "" };

/** Callers of a tier get this rate and head start; the rule is named after the tier. */
export function tierPolicy(
  tiers: Readonly<Record<string, readonly [rate: number, headStartSeconds: number]>>,
  more: Partial<Policy> = {},
): Policy {
  const rules = Object.entries(tiers).map(([tier, [rate, headStartSeconds]]): Rule => {
    const given = { ...effect, rate, headStartSeconds };
    return {
      id: tier,
      name: tier,
      on: true,
      when: [{ fact: "tier", in: [tier] }],
      ["then"]: given,
    };
  });
  return { rules, guard, queues: [], timeZone: "Europe/Moscow", ...more };
}

/** Orders by the published policy and notes what it is asked to move. */
export class OrderingSteward implements ConsoleSteward {
  readonly moved: (MoveByHand & { readonly by: string })[] = [];
  /** Thrown at the next move. */
  refusal: Error | null = null;
  asked = 0;
  readonly #listeners = new Set<() => void>();
  readonly #house: () => ConsoleHouse;

  constructor(house: () => ConsoleHouse) {
    this.#house = house;
  }

  #placed(pbx: string, queue: string) {
    const { calls, policies, verdicts } = this.#house();
    const found = calls.queues(pbx).find(({ name }) => name === queue)!;
    const waiting = waitingOf(found, (callId) => ({
      verdict: verdicts.of(callId, queue),
      ringing: false,
    }));
    return wantedOrder(waiting, policies.published().policy.guard, this.#house().now(), NO_HISTORY);
  }

  notMoved() {
    return "" as const;
  }

  wanted(pbx: string, queue: string) {
    this.asked += 1;
    return new Map(
      this.#placed(pbx, queue).map(({ caller, guard, position }) => [
        caller.channelId,
        { position, policyPosition: position, guard, movedBy: "" },
      ]),
    );
  }

  history() {
    return NO_HISTORY;
  }

  why(pbx: string, queue: string, callId: string, titleOf: (callId: string) => string) {
    const placed = this.#placed(pbx, queue);
    const index = placed.findIndex(({ caller }) => caller.callId === callId);
    const here = placed[index];
    if (here === undefined) return null;
    const before = placed[index - 1]?.caller;
    return {
      callId,
      queue,
      position: index + 1,
      claimMs: claimMs(here.caller, this.#house().now()),
      rule: this.#house().verdicts.of(callId, queue)?.rule ?? null,
      passedOver: [
        { ruleId: "r", ruleName: "R", failed: { fact: "tier" as const, in: ["silver"] } },
      ],
      guard: here.guard,
      ahead: before === undefined ? null : { title: titleOf(before.callId), overtakenInMs: null },
      behind: null,
      moves: [],
    };
  }

  async moveByHand(move: MoveByHand & { readonly by: string }): Promise<void> {
    const { refusal } = this;
    this.refusal = null;
    if (refusal !== null) throw refusal;
    this.moved.push(move);
  }

  onChange(listener: () => void) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** The published policy; a test publishes another. */
export class Publisher {
  version = 1;
  policy: Policy;
  readonly #listeners = new Set<() => void>();
  constructor(policy: Policy) {
    this.policy = policy;
  }
  published() {
    return { version: this.version, policy: this.policy };
  }
  onPublished(listener: () => void) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  publish(policy: Policy) {
    this.policy = policy;
    this.version += 1;
    for (const listener of this.#listeners) listener();
  }
}

export class ConsoleHouse {
  #offsetMs = 0;
  readonly now = () => performance.timeOrigin + performance.now() + this.#offsetMs;
  readonly pbx = new ScriptedPbx("main", this.now);
  readonly registry = new Registry();
  readonly bus: Bus = localBus((error) => {
    throw error;
  });
  readonly calls: LiveCalls;
  readonly policies = new Publisher(tierPolicy({ gold: [2, 14] }));
  readonly verdicts: Verdicts;
  readonly steward = new OrderingSteward(() => this);
  readonly console: Console;
  readonly app: App;
  readonly #socketServer: SocketServer;
  readonly #sockets: ConsoleSockets;
  readonly #clients: ConsoleClient[] = [];

  private constructor(
    storage: Pick<Storage, "db" | "pool">,
    app: App,
    authenticator: Authenticator,
    log: typeof quiet,
  ) {
    const rules = { defaultRegion: "RU" as const, extensionPattern: /^\d{2,6}$/ };
    this.app = app;
    this.calls = new LiveCalls({
      pbxs: fixedPbxs([this.pbx]),
      extensionPattern: rules.extensionPattern,
      now: this.now,
    });
    const directory = openDirectory(storage, { ...rules, freshMs: 0, bus: this.bus });
    this.verdicts = new Verdicts({
      calls: this.calls,
      directory,
      standingOf: async (id) => {
        const customer = await directory.customer(id);
        return customer === null ? null : standingOf(customer);
      },
      lostAtOf: async () => null,
      decide,
      policies: this.policies,
      bus: this.bus,
      log,
      now: this.now,
    });
    this.console = new Console({
      calls: this.calls,
      pbxs: fixedPbxs([this.pbx]),
      verdicts: this.verdicts,
      steward: this.steward,
      policies: this.policies,
      checkPolicy,
      db: storage.db,
      now: this.now,
    });
    const origins = { publicUrl: "", crmOrigins: ["https://crm.example"] };
    this.#socketServer = openSocketServer({ server: app.server, origins });
    this.#sockets = openConsoleSockets({
      io: this.#socketServer.io,
      console: this.console,
      authenticator,
      db: storage.db,
      bus: this.bus,
      log,
      registry: this.registry,
    });
  }

  /** Opens one; the PBX is up and `sales` has members 101 and 102. */
  static async open(
    storage: Pick<Storage, "db" | "pool">,
    log: typeof quiet = quiet,
  ): Promise<ConsoleHouse> {
    const authenticator = loginsOf(storage);
    const app = await testApp({ authenticator });
    const house = new ConsoleHouse(storage, app, authenticator, log);
    await consoleRoutes(app, { console: house.console });
    house.calls.open();
    house.empty();
    await app.listen({ host: "127.0.0.1", port: 0 });
    return house;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.app.server.address() as AddressInfo).port}`;
  }

  /** Nobody waits, and the members are these. */
  empty(members: readonly QueueMember[] = [member("101"), member("102")]): void {
    this.pbx.snapshot(members);
  }

  /** Somebody joins `sales` at its end. */
  join(number: string): Caller {
    const caller = new Caller(this.pbx, number);
    caller.start();
    const waiting = this.calls.queues("main")[0]!.callers.length + 1;
    this.pbx.say({
      type: "queueJoined",
      channel: caller.channel(),
      queue: "sales",
      position: waiting,
      waiting,
    });
    return caller;
  }

  /** The server's side of every browser. */
  serverSockets() {
    return [...this.#socketServer.io.of("/console").sockets.values()];
  }

  /** The clock jumps; timers do not. */
  later(ms: number): void {
    this.#offsetMs += ms;
  }

  /** A browser; the token is a login. */
  client(token: string, extra: Record<string, unknown> = {}): ConsoleClient {
    const client = new ConsoleClient(this.url, token, extra);
    this.#clients.push(client);
    return client;
  }

  /** Every browser goes, and everybody who waits. */
  async leave(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.close();
    while (this.#sockets.connected() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    this.empty();
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    this.#sockets.close();
    this.#socketServer.close();
    this.console.close();
    this.verdicts.close();
    this.calls.close();
    await this.bus.close();
    await this.app.close();
  }
}

const checkPolicy: ConsoleOptions["checkPolicy"] = async (policy) => {
  const looksLikeOne = typeof policy === "object" && policy !== null && "rules" in policy;
  return looksLikeOne
    ? { problems: [], warnings: [], policy: policy as Policy }
    : {
        problems: [{ path: "/rules", code: "missing", message: "is missing", values: {} }],
        warnings: [],
        policy: null,
      };
};

function standingOf(customer: {
  readonly id: string;
  readonly name: string;
  readonly tier: string;
  readonly vip: boolean;
}): Standing {
  const { id: customerId, name, tier, vip } = customer;
  return { ...nobody, customerId, name, tier, vip, language: "" };
}

type Answer<K extends keyof ConsoleToServer> = Parameters<Parameters<ConsoleToServer[K]>[1]>[0];
type AnySocket = { emitWithAck(name: string, ...args: readonly unknown[]): Promise<unknown> };

/** A supervisor's browser. */
export class ConsoleClient {
  readonly socket: Socket<ServerToConsole, ConsoleToServer>;
  readonly pictures: ConsolePicture[] = [];
  readonly atMs: number[] = [];
  refused = "";
  ended = "";

  constructor(url: string, token: string, extra: Record<string, unknown>) {
    this.socket = io(`${url}/console`, {
      forceNew: true,
      transports: ["websocket"],
      reconnectionDelay: 20,
      reconnectionDelayMax: 50,
      auth: token === "" ? {} : { token },
      ...extra,
    });
    this.socket.on("picture", (picture) => {
      this.pictures.push(picture);
      this.atMs.push(performance.now());
    });
    this.socket.on("ended", (reason) => (this.ended = reason));
    this.socket.on("connect_error", (error) => (this.refused = error.message));
  }

  /** Names of who waits in a queue, as the last picture shows it. */
  titles(queue = "sales"): readonly string[] {
    const found = this.pictures.at(-1)?.queues.find(({ name }) => name === queue);
    return found?.callers.map(({ title }) => title) ?? [];
  }

  async ask<K extends keyof ConsoleToServer>(
    name: K,
    input: Parameters<ConsoleToServer[K]>[0],
  ): Promise<Answer<K>> {
    return this.raw(name, input);
  }

  /** Sends anything under any name. */
  raw(name: string, ...args: readonly unknown[]): Promise<ConsoleReply> {
    return (this.socket.timeout(9000) as never as AnySocket).emitWithAck(
      name,
      ...args,
    ) as Promise<ConsoleReply>;
  }

  close(): void {
    this.socket.removeAllListeners();
    this.socket.disconnect();
  }
}
