/** The socket to the server: one object per login that connects, stays connected and asks again when something is missing. */
import { io, type Socket } from "socket.io-client";
import type {
  DeskChange,
  DeskHandshake,
  DeskState,
  DeskToServer,
  ErrorCode,
  Reply,
  ServerToDesk,
} from "../../server/desk/protocol.ts";
import { goSoon } from "../shared/moving.ts";
import type { Outcome } from "./state.ts";

/** Where the connection stands. `refused` means that the server does not accept who we say we are. */
export type Link =
  | { readonly state: "connecting" | "online" }
  | { readonly state: "offline"; readonly sinceMs: number };

/** Who listens to a connection. */
export interface ConnectionListener {
  snapshot(state: DeskState): void;
  /** Says whether the change fitted; `gap` makes the connection ask for what is missing. */
  change(change: DeskChange): Outcome;
  setLink(link: Link): void;
  /** Connected anew with what is on the screen, perhaps to another process. */
  resumed(): void;
  /** Which screens the server has. */
  screens(version: string): void;
  /** The server does not accept this login or token. */
  refused(): void;
  ended(reason: "loggedOut" | "deactivated"): void;
}

export type ConnectionOptions = {
  /** The server's base address, with a slash at its end. */
  readonly base: string;
  /** A CRM-signed token for every connect, null when the session's cookie says who. */
  readonly token: (() => Promise<string>) | null;
  readonly listener: ConnectionListener;
};

type Requests = Omit<DeskToServer, "popReceived" | "popPainted">;
type Input<K extends keyof Requests> = Parameters<Requests[K]>[0];
type Answer<K extends keyof Requests> = Parameters<Parameters<Requests[K]>[1]>[0];

/** A reply that never came: the request may or may not have been done. */
export type NoReply = { readonly ok: false; readonly code: "noReply"; readonly message: string };
export type Answered<K extends keyof Requests> = Answer<K> | NoReply;
/** Why a request failed, for the screen's dictionary. */
export type FailureCode = ErrorCode | "noReply";

/** What the server says when it does not accept who we are. */
const REFUSALS = ["notLoggedIn", "forbidden", "invalid"];
const REPLY_DEADLINE_MS = 8000;
/** A connect attempt that hangs longer is given up: on a network that has just returned a fresh one is faster. */
const CONNECT_DEADLINE_MS = 2000;
/** Every third attempt may take longer, for networks on which two seconds are too few. */
const PATIENT_CONNECT_DEADLINE_MS = 10_000;

export class DeskConnection {
  readonly #listener: ConnectionListener;
  readonly #socket: Socket<ServerToDesk, DeskToServer>;
  #position: { epoch: string; seq: number } | null = null;
  /** A resync is under way; a second gap before it ends asks for the whole state. */
  #resyncing = false;
  #link: Link = { state: "connecting" };
  /** On the way from a process that ends to another: nobody has to know unless it fails. */
  #moving = false;
  readonly #closing = new AbortController();

  constructor(options: ConnectionOptions) {
    this.#listener = options.listener;
    const base = new URL(options.base);
    this.#socket = io(new URL("/desk", base).href, {
      path: `${base.pathname}socket.io`,
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      withCredentials: true,
      forceNew: true,
      autoConnect: false,
      reconnectionDelay: 200,
      reconnectionDelayMax: 600,
      timeout: CONNECT_DEADLINE_MS,
      auth: (give) => {
        void this.#handshake(options.token).then(give);
      },
    });
    this.#hear();
    const { signal } = this.#closing;
    window.addEventListener("online", () => this.#hurry(), { signal });
    document.addEventListener(
      "visibilitychange",
      () => {
        if (!document.hidden) this.#hurry();
      },
      { signal },
    );
    this.#socket.connect();
  }

  get online(): boolean {
    return this.#link.state === "online";
  }

  /** Sends a request; resolves with the server's reply, or `noReply` when none came in time. Never rejects. */
  async request<K extends keyof Requests>(name: K, input: Input<K>): Promise<Answered<K>> {
    if (!this.#socket.connected) return { ok: false, code: "noReply", message: "not connected" };
    try {
      // socket.io's types cannot follow a generic event name through `timeout`; the maps above do.
      const emit = this.#socket.timeout(REPLY_DEADLINE_MS) as unknown as {
        emitWithAck(name: K, input: Input<K>): Promise<Answer<K>>;
      };
      return await emit.emitWithAck(name, input);
    } catch (error) {
      return { ok: false, code: "noReply", message: String(error) };
    }
  }

  popReceived(pop: Parameters<DeskToServer["popReceived"]>[0]): void {
    this.#socket.emit("popReceived", pop);
  }

  /** Without a connection nothing is told: it would come late, and as if it had just been painted. */
  popPainted(pop: Parameters<DeskToServer["popPainted"]>[0], written: () => void): void {
    if (this.#socket.connected) this.#socket.emit("popPainted", pop, written);
  }

  close(): void {
    this.#closing.abort();
    this.#socket.io.removeAllListeners();
    this.#socket.removeAllListeners();
    this.#socket.disconnect();
  }

  /** The whole state arrived or is to be asked for again from the beginning. */
  #hear(): void {
    const socket = this.#socket;
    socket.on("snapshot", (state, ack) => {
      this.#position = { epoch: state.epoch, seq: state.seq };
      this.#resyncing = false;
      this.#listener.snapshot(state);
      this.#setLink({ state: "online" });
      ack();
    });
    socket.on("change", (change, ack) => {
      const outcome = this.#listener.change(change);
      if (outcome === "gap") {
        this.#resync();
        return;
      }
      if (outcome === "applied" && this.#position) {
        this.#position = { ...this.#position, seq: change.seq };
        this.#resyncing = false;
      }
      ack();
    });
    socket.io.on("reconnect_attempt", (attempt) => {
      const patient = attempt % 3 === 0;
      socket.io.timeout(patient ? PATIENT_CONNECT_DEADLINE_MS : CONNECT_DEADLINE_MS);
      // Where websockets hang instead of failing, plain requests still get through.
      socket.io.opts.transports = patient ? ["polling", "websocket"] : ["websocket", "polling"];
    });
    socket.on("ended", (reason) => this.#listener.ended(reason));
    socket.on("screens", (version) => this.#listener.screens(version));
    socket.on("leaving", () => {
      const stay = goSoon(() => this.#move());
      this.#closing.signal.addEventListener("abort", stay);
    });
    socket.on("connect", () => {
      this.#moving = false;
      // Without a position a snapshot follows and says that we are right; with one, being connected is enough:
      // what was missed follows as changes.
      if (!this.#position) return;
      this.#setLink({ state: "online" });
      this.#listener.resumed();
    });
    socket.on("disconnect", (reason) => {
      if (!this.#moving) this.#offline();
      // The server closed it (restart, session ended): socket.io does not come back by itself then.
      if (reason === "io server disconnect") this.#later(() => socket.connect());
    });
    socket.on("connect_error", (error) => {
      // An attempt that was given up for a fresher one may still report its failure.
      if (socket.connected) return;
      this.#moving = false;
      this.#offline();
      if (socket.active) return;
      // The server itself said no. Either it does not accept who we are, or it could not find out just now.
      if (REFUSALS.includes(error.message)) this.#listener.refused();
      else this.retry();
    });
  }

  /** Connects again after a refusal. */
  retry(): void {
    this.#later(() => this.#socket.connect());
  }

  async #handshake(token: (() => Promise<string>) | null): Promise<DeskHandshake> {
    const position = this.#position ?? {};
    if (!token) return position;
    try {
      return { ...position, token: await token() };
    } catch {
      // The server refuses an empty token, and the refusal is shown.
      return { ...position, token: "" };
    }
  }

  #resync(): void {
    if (this.#resyncing) this.#position = null;
    this.#resyncing = true;
    this.#socket.disconnect().connect();
  }

  /** Connects anew; a balancer in front sends it to another process. */
  #move(): void {
    // It has gone by itself meanwhile.
    if (!this.#socket.connected) return;
    this.#moving = true;
    this.#socket.disconnect().connect();
  }

  /** The network or the person came back: do not wait for the next attempt. */
  #hurry(): void {
    if (this.#socket.connected) return;
    this.#socket.disconnect().connect();
  }

  #later(action: () => void): void {
    const timer = setTimeout(action, 500);
    this.#closing.signal.addEventListener("abort", () => clearTimeout(timer));
  }

  #offline(): void {
    if (this.#link.state !== "offline") this.#setLink({ state: "offline", sinceMs: Date.now() });
  }

  #setLink(link: Link): void {
    if (link.state === this.#link.state) return;
    this.#link = link;
    this.#listener.setLink(link);
  }
}

/** A failed reply's code, null for a good one. */
export function failure(reply: Reply | NoReply): FailureCode | null {
  return reply.ok ? null : reply.code;
}
