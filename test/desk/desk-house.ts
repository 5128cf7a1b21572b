/** A whole desk for tests: real PostgreSQL, real call model, real socket.io server and clients; only the PBX is scripted. */
import type { AddressInfo } from "node:net";
import { Registry } from "prom-client";
import { type Socket, io } from "socket.io-client";
import { fixedPbxs } from "../../server/asterisk/pbxs.ts";
import { CallHistory } from "../../server/calls/history.ts";
import { LiveCalls } from "../../server/calls/live.ts";
import { readPhone } from "../../server/customers/phone.ts";
import { openDirectory } from "../../server/customers/directory.ts";
import type { CustomerDirectory } from "../../server/customers/model.ts";
import { Desk } from "../../server/desk/desk.ts";
import type { DeskPriority, DeskSettings } from "../../server/desk/desk-options.ts";
import type { DeskCampaigns, DeskWork } from "../../server/desk/ports.ts";
import type {
  DeskCall,
  DeskChange,
  DeskState,
  DeskToServer,
  Reply,
  ServerToDesk,
} from "../../server/desk/protocol.ts";
import { type DeskSockets, openDeskSockets } from "../../server/desk/socket.ts";
import { applyChange } from "../../server/desk/screen.ts";
import type { App } from "../../server/http/app.ts";
import { openOrderBook } from "../../server/orders/book.ts";
import type { OrderBook } from "../../server/orders/model.ts";
import type { Authenticator, Role, User } from "../../server/people/model.ts";
import { type Bus, localBus } from "../../server/storage/bus.ts";
import type { Storage } from "../../server/storage/database.ts";
import { type SocketServer, openSocketServer } from "../../server/http/socket-server.ts";
import { testApp } from "../http/support.ts";
import { loginsOf } from "../support/logins.ts";
import { ScriptedPbx, member } from "./scripted-pbx.ts";

export const EXTENSIONS = ["101", "102", "103", "104"] as const;

const quiet = { info: () => {}, warn: () => {}, error: () => {} };

/** Options of a house. */
export type HouseOptions = {
  readonly storage: Pick<Storage, "db" | "pool">;
  readonly settings?: Partial<DeskSettings>;
  readonly directory?: (real: CustomerDirectory) => CustomerDirectory;
  readonly orders?: OrderBook;
  readonly priority?: DeskPriority;
  readonly campaigns?: DeskCampaigns;
  readonly work?: DeskWork;
  /** Another process listens to it too. */
  readonly pbx?: ScriptedPbx;
  /** Of several processes. */
  readonly bus?: Bus;
  readonly acts?: () => boolean;
  readonly log?: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
};

export class House {
  #offsetMs = 0;
  readonly now = () => performance.timeOrigin + performance.now() + this.#offsetMs;
  readonly pbx: ScriptedPbx;
  readonly registry = new Registry();
  readonly bus: Bus;
  readonly desk: Desk;
  /** Listens after the desk, as in the server. */
  readonly history: CallHistory;
  readonly calls: LiveCalls;
  readonly directory: CustomerDirectory;
  readonly storage: Pick<Storage, "db" | "pool">;
  readonly #app: App;
  readonly #socketServer: SocketServer;
  readonly #sockets: DeskSockets;
  readonly #clients: Client[] = [];

  private constructor(options: HouseOptions, app: App, authenticator: Authenticator) {
    const { storage } = options;
    this.storage = storage;
    this.pbx = options.pbx ?? new ScriptedPbx("main", this.now);
    this.bus =
      options.bus ??
      localBus((error) => {
        throw error;
      });
    const rules = { defaultRegion: "RU" as const, extensionPattern: /^\d{2,6}$/ };
    this.calls = new LiveCalls({
      pbxs: fixedPbxs([this.pbx]),
      extensionPattern: /^\d{2,6}$/,
      now: this.now,
    });
    const directory = openDirectory(storage, { ...rules, freshMs: 0, bus: this.bus });
    this.directory = options.directory?.(directory) ?? directory;
    this.desk = new Desk({
      calls: this.calls,
      pbxs: fixedPbxs([this.pbx]),
      directory: this.directory,
      orders: options.orders ?? openOrderBook(storage),
      db: storage.db,
      record: storage.db,
      settings: {
        ...rules,
        dial: { context: "from-internal", format: "plain" },
        identifyDeadlineMs: 300,
        wrapUpPauseSeconds: 0,
        pauseReasons: ["break", "lunch"],
        demo: false,
        ...options.settings,
      },
      ...(options.priority === undefined ? {} : { priority: options.priority }),
      ...(options.campaigns === undefined ? {} : { campaigns: options.campaigns }),
      ...(options.work === undefined ? {} : { work: options.work }),
      bus: this.bus,
      several: options.bus !== undefined,
      ...(options.acts === undefined ? {} : { acts: options.acts }),
      log: options.log ?? quiet,
      registry: this.registry,
      now: this.now,
    });
    this.history = new CallHistory({
      db: storage.db,
      calls: this.calls,
      customerOf: (callId) => this.desk.customerOf(callId),
      e164Of: (number) => readPhone(number, "RU")?.e164 ?? null,
      log: quiet,
    });
    this.#app = app;
    const origins = { publicUrl: "", crmOrigins: ["https://crm.example"] };
    this.#socketServer = openSocketServer({ server: app.server, origins });
    this.#sockets = openDeskSockets({
      io: this.#socketServer.io,
      desk: this.desk,
      authenticator,
      bus: this.bus,
      log: options.log ?? quiet,
      registry: this.registry,
    });
  }

  /** Opens one; the PBX is up and queue `sales` has members 101 to 104. */
  static async open(options: HouseOptions): Promise<House> {
    const authenticator = loginsOf(options.storage);
    const house = new House(options, await testApp({ authenticator }), authenticator);
    await house.desk.load();
    house.calls.open();
    house.pbx.snapshot(EXTENSIONS.map((extension) => member(extension)));
    await house.#app.listen({ host: "127.0.0.1", port: 0 });
    return house;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#app.server.address() as AddressInfo).port}`;
  }

  /** A browser of this login, connected and with a state. */
  async browser(login: string): Promise<Client> {
    const client = this.client(login);
    await client.until((state) => state.user.login === login);
    return client;
  }

  /** A browser that may not get in. */
  client(token: string, extra: Record<string, unknown> = {}): Client {
    const client = new Client(this.url, token, extra);
    this.#clients.push(client);
    return client;
  }

  /** A browser whose operator sits at an extension. */
  async seated(login: string, extension: string): Promise<Client> {
    const client = await this.browser(login);
    const reply = await client.ask("chooseDevice", { pbx: "main", extension, takeOver: true });
    if (!reply.ok) throw new Error(reply.message);
    await client.until((state) => state.presence.device?.extension === extension);
    return client;
  }

  /** Every browser goes. */
  async leave(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.close();
    while (this.#sockets.connected() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** The clock jumps; timers do not. */
  later(ms: number): void {
    this.#offsetMs += ms;
  }

  /** Everything so far is in PostgreSQL. */
  async written(): Promise<void> {
    await this.desk.flush();
    await this.history.flush();
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    this.#sockets.close();
    this.#socketServer.close();
    this.calls.close();
    await this.history.close();
    await this.desk.close();
    await this.bus.close();
    await this.#app.close();
  }
}

type Requests = Omit<DeskToServer, "popReceived" | "popPainted">;
type Answer<K extends keyof Requests> = Parameters<Parameters<Requests[K]>[1]>[0];

/** A browser as the widget is one: applies, acknowledges, tells what it painted. */
export class Client {
  readonly socket: Socket<ServerToDesk, DeskToServer>;
  state: DeskState | null = null;
  readonly changes: DeskChange[] = [];
  snapshots = 0;
  refused = "";
  ended = "";
  /** What it does with a pop. */
  behaviour: "paints" | "hidden" | "receives" | "silent" = "paints";
  readonly #painted = new Set<string>();
  readonly #waiting = new Set<() => void>();

  constructor(url: string, token: string, extra: Record<string, unknown>) {
    this.socket = io(`${url}/desk`, {
      forceNew: true,
      transports: ["websocket"],
      reconnectionDelay: 20,
      reconnectionDelayMax: 50,
      auth: (give) =>
        give({
          ...(token === "" ? {} : { token }),
          ...(this.state === null ? {} : { epoch: this.state.epoch, seq: this.state.seq }),
        }),
      ...extra,
    });
    this.socket.on("snapshot", (state, ack) => {
      this.state = state;
      this.snapshots += 1;
      this.#heard(ack);
    });
    this.socket.on("change", (change, ack) => {
      this.changes.push(change);
      const { state } = this;
      if (state === null) return;
      if (change.seq > state.seq + 1) throw new Error(`gap: ${state.seq} to ${change.seq}`);
      if (change.seq === state.seq + 1) this.state = applyChange(state, change);
      this.#heard(ack);
    });
    this.socket.on("ended", (reason) => (this.ended = reason));
    this.socket.on("connect_error", (error) => {
      this.refused = error.message;
      this.#wake();
    });
    this.socket.on("disconnect", () => this.#wake());
  }

  call(callId: string): DeskCall | undefined {
    return this.state?.calls.find((one) => one.callId === callId);
  }

  async ask<K extends keyof Requests>(
    name: K,
    input: Parameters<Requests[K]>[0],
  ): Promise<Answer<K>> {
    return (await (this.socket.timeout(30_000) as never as AnySocket).emitWithAck(
      name,
      input,
    )) as Answer<K>;
  }

  /** Sends anything under any name. */
  raw(name: string, ...args: readonly unknown[]): Promise<Reply> {
    return (this.socket.timeout(30_000) as never as AnySocket).emitWithAck(
      name,
      ...args,
    ) as Promise<Reply>;
  }

  /** Resolves when the state is as wanted. */
  async until(wanted: (state: DeskState) => boolean, what = String(wanted)): Promise<DeskState> {
    const endsAtMs = performance.now() + 20_000;
    for (;;) {
      if (this.state !== null && wanted(this.state)) return this.state;
      if (performance.now() > endsAtMs)
        throw new Error(`never came: ${what}; state: ${JSON.stringify(this.state, null, 1)}`);
      await this.#next();
    }
  }

  /** Resolves when a call on the screen is as wanted. */
  async untilCall(callId: string, wanted: (call: DeskCall) => boolean): Promise<DeskCall> {
    const has = ({ calls }: DeskState) => calls.find((one) => one.callId === callId && wanted(one));
    return has(await this.until((state) => has(state) !== undefined, String(wanted)))!;
  }

  /** Resolves when the server said no. */
  async untilRefused(): Promise<string> {
    while (this.refused === "") await this.#next();
    return this.refused;
  }

  close(): void {
    this.socket.removeAllListeners();
    this.socket.disconnect();
  }

  #heard(ack: () => void): void {
    if (this.behaviour !== "silent") ack();
    if (this.behaviour === "paints" || this.behaviour === "hidden") {
      for (const { ringId, callId, state, card } of this.state?.calls ?? []) {
        if (state !== "ringing" || card.outcome === "pending" || this.#painted.has(ringId))
          continue;
        this.#painted.add(ringId);
        this.socket.emit("popPainted", {
          ringId,
          callId,
          receivedToPaintedMs: 3,
          visible: this.behaviour === "paints",
        });
      }
    }
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 50);
      this.#waiting.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

type AnySocket = { emitWithAck(name: string, ...args: readonly unknown[]): Promise<unknown> };

/** Makes users; every login is also the name in capitals. @returns users by login. */
export async function addUsers(
  storage: Pick<Storage, "db">,
  logins: Readonly<Record<string, Role>>,
): Promise<Readonly<Record<string, User>>> {
  const users: Record<string, User> = {};
  for (const [login, role] of Object.entries(logins)) {
    const { id } = await storage.db
      .insertInto("users")
      .values({
        login,
        name: login.toUpperCase(),
        role: role as "operator",
        password_hash: "x",
      })
      .returning("id")
      .executeTakeFirstOrThrow();
    users[login] = { id, login, name: login.toUpperCase(), role, language: "" };
  }
  return users;
}

/** A customer with phones and orders. @returns its id. */
export async function addCustomer(
  storage: Pick<Storage, "db">,
  name: string,
  phones: readonly string[],
  orders = 0,
): Promise<string> {
  const { id } = await storage.db
    .insertInto("customers")
    .values({ source: "test", source_id: name, name, tier_since: null, customer_since: null })
    .returning("id")
    .executeTakeFirstOrThrow();
  for (const e164 of phones)
    await storage.db
      .insertInto("customer_phones")
      .values({ e164, customer_id: id, verified: true })
      .execute();
  for (let number = 1; number <= orders; number++)
    await storage.db
      .insertInto("orders")
      .values({
        source: "test",
        source_id: `${name}-${number}`,
        customer_id: id,
        number: `${number}`,
        stage: "new",
        status: "Новый",
        total_minor: 10_000,
        currency: "RUB",
        placed_at: new Date(Date.now() - number * 86_400_000),
        lines: "[]",
      })
      .execute();
  return id;
}
