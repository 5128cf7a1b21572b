/**
 * A server that speaks the desk's protocol from a script, for tests and pictures of the widget alone. It keeps one operator's
 * state, numbers its changes as the real server does, and can be made to lose, delay or refuse things.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Server as SocketServer, type Socket } from "socket.io";
import type {
  DeskCall,
  DeskChange,
  DeskHandshake,
  DeskState,
  DeskToServer,
  Reply,
  ServerToDesk,
} from "../../server/desk/protocol.ts";
import { replyOf } from "../../server/desk/replies.ts";
import { checkMessage } from "../../server/desk/schemas.ts";
import type { DeskWorkToServer, WrapUpDraft } from "../../server/desk/work-protocol.ts";
import { WorkRequests } from "../../server/desk/work-requests.ts";
import { DeskWorkDouble } from "./desk-work-double.ts";
import { sendBuiltFile } from "./built-file.ts";

type DeskSocket = Socket<DeskToServer, ServerToDesk>;
type ChangeBody = DeskChange extends infer C
  ? C extends DeskChange
    ? Omit<C, "seq">
    : never
  : never;
type AnySocket = {
  on(name: string, listener: (input: unknown, reply: (answer: object) => void) => void): void;
};
/** What the screens asked for, in order. */
export type Asked = { readonly name: keyof DeskToServer; readonly input: unknown };

type Saved = Pick<
  Parameters<DeskToServer["saveWrapUp"]>[0],
  "callId" | "disposition" | "note" | "tags" | "callBack"
>;

export class DeskDouble {
  /** The operator's password; login is any. */
  readonly password = "secret";
  readonly token = "crm-signed-token";
  readonly asked: Asked[] = [];
  /** Wrap-ups that "PostgreSQL has", by draftId. */
  readonly saved = new Map<string, Saved>();
  state: DeskState;
  /** What did not fit the server's schemas: a screen never says such a thing. */
  readonly misfits: string[] = [];
  /** While true a save is answered with `databaseDown`. */
  databaseDown = false;
  /** While false what is told of pops is heard and not said to be written. */
  writesPops = true;
  /** While true requests get no reply. */
  mute = false;
  /** The HTML of `/host`, a page of another product that embeds the widget. */
  hostPage = "";
  loginAttemptsLeft = Infinity;
  /** What cards are worked on with: the shop, the carriers, everything else. */
  readonly work = new DeskWorkDouble();
  /** Drafts that "PostgreSQL has", by call. */
  readonly drafts = new Map<string, WrapUpDraft>();
  readonly #deeds: WorkRequests;
  readonly #widgetFolder: string;
  readonly #http: Server;
  readonly #io: SocketServer<DeskToServer, ServerToDesk>;
  readonly #changes: DeskChange[] = [];
  #sockets = new Set<DeskSocket>();
  #version = "";

  /** @param widgetFolder Where the built widget is. */
  constructor(widgetFolder: string, state: DeskState) {
    this.#widgetFolder = widgetFolder;
    this.state = state;
    this.#deeds = new WorkRequests({
      work: this.work,
      book: this.work.allOrders,
      cards: {
        card: (callId) => this.#cardOf(callId),
        refreshWork: (callId) => void this.refreshWork(callId),
      },
      isShown: (_userId, callId) => this.#cardOf(callId) !== null,
      asked: () => {},
      now: () => Date.now(),
      log: { info: () => {}, warn: () => {}, error: () => {} },
    });
    this.work.orders.onAction(() => this.#refreshAll());
    this.work.claims.onChange(() => this.#refreshAll());
    this.work.callBacks.onChange(() => {
      this.#refreshAll();
      this.change({ kind: "callBacks", callBacks: [...this.work.promised] });
    });
    this.#http = createServer((request, response) => void this.#serve(request, response));
    this.#io = new SocketServer(this.#http, {
      cors: { origin: true, credentials: true },
      pingInterval: 5000,
      pingTimeout: 5000,
    });
    const desk = this.#io.of("/desk");
    desk.use((socket, next) => {
      const { token } = socket.handshake.auth as DeskHandshake;
      const known = token === undefined ? hasSession(socket.request) : token === this.token;
      next(known ? undefined : new Error("notLoggedIn"));
    });
    desk.on("connection", (socket) => this.#join(socket));
  }

  /** Listens on a free loopback port (or the one it had) and returns the address. */
  async start(port = 0): Promise<string> {
    await new Promise<void>((done) => this.#http.listen(port, "127.0.0.1", done));
    return this.url;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  get screens(): number {
    return this.#sockets.size;
  }

  async stop(): Promise<void> {
    await this.#io.close();
    if (this.#http.listening) await new Promise((done) => this.#http.close(done));
  }

  /** Numbers a change, applies it, and sends it to every screen. */
  change(body: ChangeBody): void {
    this.#send(this.#apply(body));
  }

  /** A change that is lost on its way. */
  loseChange(body: ChangeBody): void {
    this.#apply(body);
  }

  call(call: DeskCall): void {
    this.change({ kind: "call", call });
  }

  /** The card's work as its parts tell it now. */
  async refreshWork(callId: string): Promise<void> {
    const call = this.state.calls.find((one) => one.callId === callId);
    const { work } = call?.card ?? {};
    if (!call || !work) return;
    const order = work.order && (await this.work.orders.order(work.order.id));
    const claims = await this.work.claims.ofCustomer("", 20);
    const callBack = await this.work.callBacks.ofPhone(call.card.phone?.e164 ?? "");
    const now = this.state.calls.find((one) => one.callId === callId) ?? call;
    this.call({ ...now, card: { ...now.card, work: { ...work, order, claims, callBack } } });
  }

  preview(preview: DeskState["preview"]): void {
    this.change({ kind: "preview", preview });
  }

  presence(change: Partial<DeskState["presence"]>): void {
    this.change({ kind: "presence", presence: { ...this.state.presence, ...change } });
  }

  /** Replaces the state as a restarted server would: another epoch, everything again. */
  restart(state: DeskState): void {
    this.state = state;
    this.#changes.length = 0;
    for (const socket of this.#sockets) this.#snapshot(socket);
  }

  /** The process dies, and another one, with numbers of its own, is where screens find it. */
  die(): void {
    this.state = { ...this.state, epoch: crypto.randomUUID(), seq: 0 };
    this.#changes.length = 0;
    this.drop();
  }

  /** Cuts every connection. */
  drop(): void {
    for (const socket of this.#sockets) socket.conn.close();
  }

  /** Says from now on that it has these screens. */
  update(version: string): void {
    this.#version = version;
    for (const socket of this.#sockets) socket.emit("screens", version);
  }

  /** Tells every screen to go to another process. */
  leave(): void {
    for (const socket of this.#sockets) socket.emit("leaving");
  }

  /** Ends every session, as logging out in another browser does. */
  end(reason: "loggedOut" | "deactivated"): void {
    for (const socket of this.#sockets) {
      socket.emit("ended", reason);
      socket.disconnect(true);
    }
  }

  requests<K extends keyof DeskToServer>(name: K): Parameters<DeskToServer[K]>[0][] {
    return this.asked
      .filter((asked) => asked.name === name)
      .map((asked) => asked.input as Parameters<DeskToServer[K]>[0]);
  }

  #refreshAll(): void {
    for (const { callId } of this.state.calls) void this.refreshWork(callId);
  }

  #cardOf(callId: string): DeskCall["card"] | null {
    return this.state.calls.find((one) => one.callId === callId)?.card ?? null;
  }

  #apply(body: ChangeBody): DeskChange {
    const change = { ...body, seq: this.state.seq + 1 } as DeskChange;
    this.#changes.push(change);
    const state = { ...this.state, seq: change.seq };
    switch (change.kind) {
      case "call": {
        const others = state.calls.filter((call) => call.callId !== change.call.callId);
        this.state = { ...state, calls: [...others, change.call] };
        break;
      }
      case "callGone":
        this.state = {
          ...state,
          calls: state.calls.filter((call) => call.callId !== change.callId),
        };
        break;
      case "preview":
        this.state = { ...state, preview: change.preview };
        break;
      case "callBacks":
        this.state = { ...state, callBacks: change.callBacks };
        break;
      case "presence":
        this.state = { ...state, presence: change.presence };
        break;
      case "pbxs":
        this.state = { ...state, pbxs: change.pbxs, trouble: change.trouble };
        break;
    }
    return change;
  }

  #send(change: DeskChange): void {
    for (const socket of this.#sockets) socket.emit("change", change, () => {});
  }

  #snapshot(socket: DeskSocket): void {
    socket.emit("snapshot", { ...this.state, serverTimeMs: Date.now() }, () => {});
  }

  #join(socket: DeskSocket): void {
    if (this.#version !== "") socket.emit("screens", this.#version);
    this.#sockets.add(socket);
    socket.on("disconnect", () => this.#sockets.delete(socket));
    const { epoch, seq } = socket.handshake.auth as DeskHandshake;
    const missed = this.#changes.filter((change) => seq !== undefined && change.seq > seq);
    if (epoch === this.state.epoch && seq !== undefined && seq + missed.length === this.state.seq) {
      for (const change of missed) socket.emit("change", change, () => {});
    } else {
      this.#snapshot(socket);
    }
    this.#answer(socket);
  }

  #answer(socket: DeskSocket): void {
    const ok: Reply = { ok: true };
    const hear = (name: keyof DeskToServer, input: unknown): boolean => {
      this.asked.push({ name, input });
      return !this.mute;
    };
    const deeds = this.#deeds;
    const user = this.state.user as Parameters<WorkRequests["actOnOrder"]>[0];
    const work: { [K in keyof DeskWorkToServer]: (input: never) => Promise<object> } = {
      order: (input) => deeds.order(input),
      orders: (input) => deeds.orders(input),
      actOnOrder: (input) => deeds.actOnOrder(user, input),
      findProducts: (input) => deeds.findProducts(input),
      timeline: (input) => deeds.timeline(input),
      offers: (input) => deeds.offers(user, input),
      answerOffer: (input) => deeds.answerOffer(user, input),
      quote: (input) => deeds.quote(input),
      points: (input) => deeds.points(input),
      fileClaim: (input) => deeds.fileClaim(user, input),
      promiseCallBack: (input) => deeds.promiseCallBack(user, input),
      takeCallBack: (input) => deeds.takeCallBack(user, input),
      settleCallBack: (input) => deeds.settleCallBack(user, input),
      saveDraft: async ({ callId, draft }: { callId: string; draft: WrapUpDraft }) => {
        this.drafts.set(callId, draft);
        return {};
      },
    };
    for (const name of Object.keys(work) as (keyof DeskWorkToServer)[])
      (socket as unknown as AnySocket).on(name, (input, reply) => {
        if (!hear(name, input)) return;
        const checked = checkMessage(name, input);
        if (!checked.ok) {
          this.misfits.push(`${name}: ${checked.message}`);
          reply({ ok: false, code: "invalid", message: checked.message });
          return;
        }
        work[name](checked.value as never).then(
          (value) => reply({ ok: true, ...value }),
          (error: unknown) => reply(replyOf(error).reply),
        );
      });
    socket.on("popReceived", (input) => void hear("popReceived", input));
    socket.on("popPainted", (input, written) => {
      if (hear("popPainted", input) && this.writesPops) written?.();
    });
    socket.on("ready", (input, reply) => {
      if (!hear("ready", input)) return;
      reply(ok);
      this.presence({ state: "ready", sinceMs: Date.now(), pausedReason: "" });
    });
    socket.on("pause", (input, reply) => {
      if (!hear("pause", input)) return;
      reply(ok);
      this.presence({ state: "paused", sinceMs: Date.now(), pausedReason: input.reason });
    });
    socket.on("chooseDevice", (input, reply) => {
      if (!hear("chooseDevice", input)) return;
      if (input.extension === "199" && !input.takeOver) {
        reply({ ok: false, code: "deviceTaken", message: "taken" });
        return;
      }
      reply(ok);
      const { pbx, extension } = input;
      this.presence({ state: "ready", sinceMs: Date.now(), device: { pbx, extension } });
    });
    socket.on("saveWrapUp", (input, reply) => {
      if (!hear("saveWrapUp", input)) return;
      if (this.databaseDown) {
        reply({ ok: false, code: "databaseDown", message: "down" });
        return;
      }
      const { draftId, callId, disposition, note, tags = [], callBack = null } = input;
      this.saved.set(draftId, { callId, disposition, note, tags, callBack });
      this.drafts.delete(callId);
      reply({ ok: true, savedAt: new Date().toISOString() });
      const call = this.state.calls.find((other) => other.callId === callId);
      if (call) this.call({ ...call, needsWrapUp: false });
    });
    socket.on("previewCall", (input, reply) => {
      if (!hear("previewCall", input)) return;
      if (this.state.preview?.attemptId === input.attemptId) reply(ok);
      else reply({ ok: false, code: "gone", message: "gone" });
    });
    socket.on("previewSkip", (input, reply) => {
      if (!hear("previewSkip", input)) return;
      reply(ok);
      this.preview(null);
    });
    socket.on("dial", (input, reply) => {
      if (!hear("dial", input)) return;
      if (input.number.length < 3) reply({ ok: false, code: "invalid", message: "short" });
      else reply({ ok: true, callId: "demo-out" });
    });
    socket.on("searchCustomers", (input, reply) => {
      if (!hear("searchCustomers", input)) return;
      const customers = this.state.calls
        .flatMap((call) => call.card.candidates.map((candidate) => candidate.customer))
        .concat(this.state.calls.flatMap((call) => call.card.customer ?? []))
        .filter((customer) => customer.name.toLowerCase().includes(input.text.toLowerCase()))
        .map((customer) => ({ ...customer, phones: ["+7 913 000-00-01"] }));
      reply({ ok: true, customers });
    });
    socket.on("chooseCustomer", (input, reply) => {
      if (!hear("chooseCustomer", input)) return;
      const call = this.state.calls.find((other) => other.callId === input.callId);
      const chosen = call?.card.candidates.find(({ customer }) => customer.id === input.customerId);
      reply(ok);
      if (call && chosen) {
        const { customer } = chosen;
        this.call({ ...call, card: { ...call.card, outcome: "one", customer, verified: false } });
      }
    });
    socket.on("createCustomer", (input, reply) => {
      if (hear("createCustomer", input)) reply({ ok: true, customerId: "new" });
    });
    socket.on("addNote", (input, reply) => {
      if (!hear("addNote", input)) return;
      reply({ ok: true, noteId: "n" });
      const call = this.state.calls.find((other) => other.callId === input.callId);
      if (!call) return;
      const note = {
        id: `n${call.card.notes.length}`,
        text: input.text,
        authorName: this.state.user.name,
        createdAt: new Date().toISOString(),
      };
      this.call({ ...call, card: { ...call.card, notes: [note, ...call.card.notes] } });
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", "http://double");
    const { origin } = request.headers;
    if (origin) {
      response.setHeader("Access-Control-Allow-Origin", origin);
      response.setHeader("Access-Control-Allow-Credentials", "true");
      response.setHeader("Access-Control-Allow-Headers", "X-Callcard, Content-Type");
      response.setHeader("Access-Control-Allow-Methods", "GET, POST, DELETE");
    }
    if (request.method === "OPTIONS") {
      response.writeHead(204).end();
      return;
    }
    if (pathname === "/api/v1/session") await this.#session(request, response);
    else if (pathname === "/host") {
      response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(this.hostPage);
    } else
      await sendBuiltFile(
        this.#widgetFolder,
        pathname === "/" ? "/widget/index.html" : pathname,
        response,
      );
  }

  async #session(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = (status: number, body: object, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { "Content-Type": "application/json", ...headers });
      response.end(JSON.stringify(body));
    };
    const { user } = this.state;
    if (request.method === "GET") {
      if (hasSession(request)) answer(200, { user });
      else answer(401, { error: { code: "unauthorised", message: "no session" } });
      return;
    }
    if (request.headers["x-callcard"] !== "1") {
      answer(403, { error: { code: "csrf", message: "X-Callcard is missing" } });
      return;
    }
    if (request.method === "DELETE") {
      answer(200, {}, { "Set-Cookie": "callcard_session=; Path=/; Max-Age=0" });
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { password } = JSON.parse(Buffer.concat(chunks).toString()) as { password: string };
    if (this.loginAttemptsLeft-- <= 0)
      answer(429, { error: { code: "tooManyAttempts", retryAfterSeconds: 42 } });
    else if (password === this.password)
      answer(
        200,
        { user },
        { "Set-Cookie": "callcard_session=good; Path=/; HttpOnly; SameSite=Lax" },
      );
    else answer(401, { error: { code: "badLogin", message: "no such login or password" } });
  }
}

function hasSession(request: IncomingMessage): boolean {
  return /(^|;\s*)callcard_session=good(;|$)/.test(request.headers.cookie ?? "");
}
