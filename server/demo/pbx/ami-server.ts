/**
 * The manager interface of the simulated PBX: sessions over TCP on loopback, framing, login, and the answers' envelope.
 * What an action means is in actions.ts.
 */
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Clock } from "./clock.ts";
import type { EventClass } from "./text.ts";

/** One action as it came: keys lower-cased, the first of equal keys wins, repeated ones are all in `all`. */
export type Action = {
  readonly name: string;
  readonly id: string;
  get(key: string): string;
  all(key: string): readonly string[];
};

/** How an action is answered; every piece goes out in order and is never mixed with events. */
export interface Reply {
  success(message: string, more?: string): void;
  error(message: string): void;
  /** A list: the start, its items (each the whole event without ActionID), the end. */
  list(message: string, items: readonly ListItem[], completeEvent: string, more?: string): void;
  raw(text: string): void;
}

/** `body` already has its line ends. `idLast` puts ActionID after the body, as app_queue does. */
export type ListItem = { readonly event: string; readonly body: string; readonly idLast?: boolean };

export type AmiServerOptions = {
  readonly port: number;
  readonly host: string;
  readonly clock: Clock;
  readonly username: string;
  readonly secret: string;
  /** Classes the user may read. */
  readonly read: readonly EventClass[];
  readonly banner: string;
  readonly act: (action: Action, reply: Reply) => void;
  /** Text of the FullyBooted event sent right after a login. */
  readonly booted: () => string;
};

const maxLineBytes = 1024;
const maxHeaders = 128;
/** A reader that lets more than this pile up is cut off, as Asterisk does after its write timeout. */
const maxUnsentBytes = 16_000_000;
/** Asterisk waits this long before it answers a failed login. */
const failedLoginDelayMs = 1000;

/** Listens, keeps the sessions, and broadcasts. */
export class AmiServer {
  readonly #options: AmiServerOptions;
  readonly #server: Server;
  readonly #sessions = new Set<Session>();
  #bytesSent = 0;
  #accepted = 0;

  constructor(options: AmiServerOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#accepted += 1;
      const session = new Session(socket, this.#options, () => this.#sessions.delete(session));
      this.#sessions.add(session);
    });
  }

  /** Opens the port; rejects when it is taken. */
  async listen(port = this.#options.port): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, this.#options.host, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    return (this.#server.address() as AddressInfo).port;
  }

  /** Sends an event to every session that is logged in and reads its class. */
  broadcast(eventClass: EventClass, text: string): void {
    if (this.#sessions.size === 0) return;
    this.#bytesSent += text.length;
    for (const session of this.#sessions) session.event(eventClass, text);
  }

  /** Sends bytes as they are to every session, logged in or not. */
  inject(bytes: Uint8Array | string): void {
    for (const session of this.#sessions) session.write(bytes);
  }

  /** Cuts every connection without a word; `afterBytes` first sends that much of `tail`, to break a message in the middle. */
  cut(tail = ""): void {
    for (const session of this.#sessions) session.cut(tail);
  }

  sessionCount(): number {
    return this.#sessions.size;
  }

  counters(): { readonly accepted: number; readonly bytes: number } {
    return { accepted: this.#accepted, bytes: this.#bytesSent };
  }

  /** Stops listening and closes every session; safe to call twice. */
  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

class Session {
  readonly #socket: Socket;
  readonly #options: AmiServerOptions;
  #unread: Buffer = Buffer.alloc(0);
  #lines: string[] = [];
  #tooMany = false;
  #outbox: (string | Uint8Array)[] = [];
  #flushSet = false;
  #loggedIn = false;
  #closing = false;
  #classes: ReadonlySet<string> = new Set();
  #cancelFailure: () => void = () => {};

  constructor(socket: Socket, options: AmiServerOptions, closed: () => void) {
    this.#socket = socket;
    this.#options = options;
    socket.on("data", (bytes) => this.#read(bytes));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#closing = true;
      this.#cancelFailure();
      closed();
    });
    this.write(`${options.banner}\r\n`);
  }

  event(eventClass: EventClass, text: string): void {
    if (this.#loggedIn && this.#classes.has(eventClass)) this.write(text);
  }

  write(text: string | Uint8Array): void {
    if (this.#closing) return;
    this.#outbox.push(text);
    if (this.#flushSet) return;
    this.#flushSet = true;
    setImmediate(() => this.#flush());
  }

  cut(tail: string): void {
    this.#flush();
    this.#closing = true;
    if (tail === "") this.#socket.destroy();
    else this.#socket.write(tail, () => this.#socket.destroy());
  }

  #flush(): void {
    this.#flushSet = false;
    if (this.#outbox.length === 0 || this.#socket.destroyed) return;
    const outbox = this.#outbox;
    this.#outbox = [];
    let text = "";
    for (const piece of outbox) {
      if (typeof piece === "string") {
        text += piece;
        continue;
      }
      if (text !== "") this.#socket.write(text);
      text = "";
      this.#socket.write(piece);
    }
    if (text !== "") this.#socket.write(text);
    if (this.#socket.writableLength > maxUnsentBytes) this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    let from = 0;
    while (!this.#closing) {
      const end = this.#unread.indexOf(10, from);
      if (end === -1) break;
      const lineEnd = end > from && this.#unread[end - 1] === 13 ? end - 1 : end;
      const tooLong = lineEnd - from > maxLineBytes;
      const line = this.#unread.toString("utf8", from, lineEnd);
      from = end + 1;
      if (tooLong) {
        this.#lines = [];
        this.write("Response: Error\r\nMessage: Failed to parse message: line too long\r\n\r\n");
      } else this.#line(line);
    }
    this.#unread = this.#unread.subarray(from);
    if (this.#unread.length > maxLineBytes * 64) this.#socket.destroy();
  }

  #line(line: string): void {
    if (line !== "") {
      if (this.#lines.length >= maxHeaders) this.#tooMany = true;
      else this.#lines.push(line);
      return;
    }
    const lines = this.#lines;
    const tooMany = this.#tooMany;
    this.#lines = [];
    this.#tooMany = false;
    if (lines.length === 0) return;
    const action = parseAction(lines);
    const reply = this.#reply(action);
    if (tooMany) reply.error("Too many lines in message or allocation failure");
    else this.#act(action, reply);
  }

  #reply(action: Action): Reply {
    const id = action.id === "" ? "" : `ActionID: ${action.id}\r\n`;
    return {
      success: (message, more = "") =>
        this.write(
          `Response: Success\r\n${id}${message === "" ? "" : `Message: ${message}\r\n`}${more}\r\n`,
        ),
      error: (message) => this.write(`Response: Error\r\n${id}Message: ${message}\r\n\r\n`),
      list: (message, items, completeEvent, more = "") => {
        let text = `Response: Success\r\n${id}EventList: start\r\nMessage: ${message}\r\n\r\n`;
        for (const item of items) {
          text +=
            item.idLast === true
              ? `Event: ${item.event}\r\n${item.body}${id}\r\n`
              : `Event: ${item.event}\r\n${id}${item.body}\r\n`;
        }
        text += `Event: ${completeEvent}\r\n${id}EventList: Complete\r\nListItems: ${items.length}\r\n${more}\r\n`;
        this.write(text);
      },
      raw: (text) => this.write(text.replace("{id}", id)),
    };
  }

  #act(action: Action, reply: Reply): void {
    const name = action.name.toLowerCase();
    if (name === "") return reply.error("Missing action in request");
    if (name === "login") return this.#login(action, reply);
    if (name === "logoff") {
      reply.raw(`Response: Goodbye\r\n{id}Message: Thanks for all the fish.\r\n\r\n`);
      this.#flush();
      this.#closing = true;
      this.#socket.end();
      return;
    }
    if (name === "challenge" && action.get("authtype").toLowerCase() !== "md5")
      return reply.error("Must specify AuthType");
    if (!this.#loggedIn) return reply.error("Permission denied");
    if (name === "events") {
      const mask = action.get("eventmask");
      this.#classes = readMask(mask, this.#options.read);
      return reply.raw(
        `Response: Success\r\n{id}Events: ${this.#classes.size > 0 ? "On" : "Off"}\r\n\r\n`,
      );
    }
    this.#options.act(action, reply);
  }

  #login(action: Action, reply: Reply): void {
    if (this.#loggedIn) return reply.error("Already logged in");
    const { username, secret } = this.#options;
    if (action.get("username") !== username || action.get("secret") !== secret) {
      this.#cancelFailure();
      this.#cancelFailure = this.#options.clock.after(failedLoginDelayMs, () => {
        reply.error("Authentication failed");
        this.#flush();
        this.#closing = true;
        this.#socket.end();
      });
      return;
    }
    this.#loggedIn = true;
    this.#classes = readMask(action.get("events"), this.#options.read);
    reply.success("Authentication accepted");
    if (this.#options.read.includes("system")) this.write(this.#options.booted());
  }
}

function readMask(mask: string, allowed: readonly EventClass[]): ReadonlySet<string> {
  const text = mask.trim().toLowerCase();
  if (text === "" || text === "on" || text === "all" || text === "yes" || text === "true")
    return new Set(allowed);
  if (text === "off" || text === "none" || text === "no" || text === "false") return new Set();
  const wanted = new Set(text.split(",").map((part) => part.trim()));
  return new Set(allowed.filter((each) => wanted.has(each)));
}

function parseAction(lines: readonly string[]): Action {
  const fields: [string, string][] = [];
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0)
      fields.push([line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trimStart()]);
  }
  const all = (key: string): string[] =>
    fields.filter(([name]) => name === key.toLowerCase()).map(([, value]) => value);
  const get = (key: string): string => all(key)[0] ?? "";
  return { name: get("action"), id: get("actionid"), get, all };
}
