/**
 * A loopback AMI server that says what a test tells it to. It answers what a link asks at connect; a test replaces single answers.
 */
import { createServer as createPlainServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

/** A header of a message, in order; a key may come twice. */
export type Headers =
  Readonly<Record<string, string | number>> | readonly (readonly [string, string])[];

/** An action as it came over the wire. */
export type SeenAction = {
  readonly name: string;
  readonly id: string;
  /** Header lines exactly as sent, without line ends. */
  readonly lines: readonly string[];
  /** Value of a header by lower-case name, "" when absent. */
  readonly get: (key: string) => string;
};

export type Answer = (action: SeenAction, session: AmiSession) => void;

export type AmiServerOptions = {
  readonly greeting?: string;
  readonly secret?: string;
  readonly version?: string;
  /** Replaced or added answers by lower-case action name. */
  readonly answers?: Readonly<Record<string, Answer>>;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** False keeps FullyBooted back after the login. */
  readonly booted?: boolean;
};

/** A message as Asterisk writes it. */
export function message(headers: Headers): string {
  const entries = Array.isArray(headers) ? headers : Object.entries(headers);
  return entries.map(([key, value]) => `${key}: ${value}\r\n`).join("") + "\r\n";
}

/** One client's connection. */
export class AmiSession {
  readonly socket: Socket;
  readonly actions: SeenAction[] = [];
  readonly closed: Promise<void>;
  #text = "";

  constructor(socket: Socket, onAction: (action: SeenAction, session: AmiSession) => void) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      this.#text += chunk.toString("utf8");
      for (;;) {
        const end = this.#text.indexOf("\r\n\r\n");
        if (end < 0) return;
        const lines = this.#text.slice(0, end).split("\r\n");
        this.#text = this.#text.slice(end + 4);
        const values = new Map(
          lines.map((line) => {
            const colon = line.indexOf(":");
            return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
          }),
        );
        const action: SeenAction = {
          name: (values.get("action") ?? "").toLowerCase(),
          id: values.get("actionid") ?? "",
          lines,
          get: (key) => values.get(key.toLowerCase()) ?? "",
        };
        this.actions.push(action);
        onAction(action, this);
      }
    });
  }

  send(text: string | Buffer): void {
    if (!this.socket.destroyed) this.socket.write(text);
  }

  event(name: string, headers: Readonly<Record<string, string | number>> = {}): void {
    this.send(message({ Event: name, Privilege: "call,all", ...headers }));
  }

  success(action: SeenAction, headers: Readonly<Record<string, string | number>> = {}): void {
    this.send(message({ Response: "Success", ActionID: action.id, ...headers }));
  }

  error(action: SeenAction, reason: string): void {
    this.send(message({ Response: "Error", ActionID: action.id, Message: reason }));
  }

  /** A list answer: start, items with the action's id, completion. */
  list(action: SeenAction, items: readonly Readonly<Record<string, string | number>>[]): void {
    this.send(
      message({
        Response: "Success",
        ActionID: action.id,
        EventList: "start",
        Message: "List will follow",
      }) +
        items
          .map(({ Event, ...rest }) =>
            message({ Event: Event ?? "Item", ActionID: action.id, ...rest }),
          )
          .join("") +
        message({
          Event: "ListComplete",
          ActionID: action.id,
          EventList: "Complete",
          ListItems: items.length,
        }),
    );
  }

  /** Cuts the connection without a word. */
  cut(): void {
    this.socket.destroy();
  }

  /** Resolves when an action of that name has come (also one that already has). */
  async seen(name: string, count = 1): Promise<SeenAction> {
    for (;;) {
      const found = this.actions.filter((action) => action.name === name.toLowerCase())[count - 1];
      if (found) return found;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

export class AmiServer {
  readonly sessions: AmiSession[] = [];
  /** May be changed between connections. */
  options: AmiServerOptions;
  startup = { date: "2026-11-22", time: "08:00:00" };
  uptimeSeconds = 100;
  readonly #server: Server;

  private constructor(options: AmiServerOptions) {
    this.options = options;
    const onSocket = (socket: Socket): void => {
      const session = new AmiSession(socket, (action) => this.#answer(action, session));
      this.sessions.push(session);
      session.send(`${this.options.greeting ?? "Asterisk Call Manager/11.0.0"}\r\n`);
    };
    this.#server = options.tls
      ? createTlsServer({ key: options.tls.key, cert: options.tls.cert }, onSocket)
      : createPlainServer(onSocket);
    this.#server.on("tlsClientError", () => {});
  }

  static async open(options: AmiServerOptions = {}, port = 0): Promise<AmiServer> {
    const server = new AmiServer(options);
    await new Promise<void>((resolve, reject) => {
      server.#server.once("error", reject);
      server.#server.listen(port, "127.0.0.1", resolve);
    });
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The n-th session counted from 1, as soon as it exists. */
  async session(number = 1): Promise<AmiSession> {
    for (;;) {
      const session = this.sessions[number - 1];
      if (session) return session;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async close(): Promise<void> {
    for (const session of this.sessions) session.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(action: SeenAction, session: AmiSession): void {
    const own = this.options.answers?.[action.name];
    if (own) {
      own(action, session);
      return;
    }
    switch (action.name) {
      case "login":
        if (action.get("secret") !== (this.options.secret ?? "secret")) {
          session.error(action, "Authentication failed");
          session.socket.end();
          return;
        }
        session.success(action, { Message: "Authentication accepted" });
        if (this.options.booted !== false) this.fullyBooted(session);
        return;
      case "ping":
        session.success(action, { Ping: "Pong", Timestamp: "1.000000" });
        return;
      case "coresettings":
        session.success(action, { AsteriskVersion: this.options.version ?? "22.10.1" });
        return;
      case "corestatus":
        session.success(action, {
          CoreStartupDate: this.startup.date,
          CoreStartupTime: this.startup.time,
        });
        return;
      case "coreshowchannels":
      case "queuestatus":
      case "devicestatelist":
        session.list(action, []);
        return;
      default:
        session.error(action, "Invalid/unknown command");
    }
  }

  /** The FullyBooted that Asterisk sends to one session after its login. */
  fullyBooted(session: AmiSession): void {
    session.send(
      message({
        Event: "FullyBooted",
        Privilege: "system,all",
        Uptime: this.uptimeSeconds,
        LastReload: this.uptimeSeconds,
        Status: "Fully Booted",
      }),
    );
  }
}
