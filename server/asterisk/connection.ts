/**
 * One connection to one Asterisk, from the first byte to the last: greeting, login, actions and their answers, events, ping.
 * It is never used again after it closed; link.ts opens the next.
 */
import { connect as connectPlain, isIP } from "node:net";
import type { Socket } from "node:net";
import { StringDecoder } from "node:string_decoder";
import { connect as connectTls } from "node:tls";
import type { Clock, TimerHandle } from "./clock.ts";
import { Intake } from "./intake.ts";
import type { IntakeLimits } from "./intake.ts";
import { AmiText } from "./library.ts";
import type { RawMessage } from "./library.ts";
import { AmiError } from "./model.ts";
import type { AmiAnswer } from "./model.ts";
import { PendingActions } from "./pending.ts";
import type { ActionOutcome } from "./pending.ts";
import { toRequest } from "./request.ts";
import type { ActionFields } from "./request.ts";
import { Sieve } from "./sieve.ts";

/** Where an Asterisk is and how to log in. */
export type AmiEndpoint = {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly secret: string;
  readonly tls:
    | false
    | {
        /** PEM text of the authorities to trust instead of the system's. */
        readonly ca?: string;
        /** False accepts any certificate, self-signed too: no protection against somebody in between. */
        readonly rejectUnauthorized: boolean;
        /** The name the certificate must carry when it is not `host`. */
        readonly servername?: string;
      };
};

/** The limits of a connection. */
export type ConnectionLimits = IntakeLimits & {
  /** For the socket, the TLS handshake and the greeting together. */
  readonly connectDeadlineMs: number;
  readonly loginDeadlineMs: number;
  /** For an action that does not say otherwise. */
  readonly actionDeadlineMs: number;
  /** For an action with a list for an answer. */
  readonly listDeadlineMs: number;
  readonly pingMs: number;
  /** A ping not answered within this closes the connection, unless messages still come: then it is late, not dead. */
  readonly pingLimitMs: number;
  /** Characters one message may have; more closes the connection. */
  readonly maxMessageChars: number;
  /** Items one list may have; more closes the connection. */
  readonly maxListItems: number;
};

/** What a connection tells its owner. All are called within the read path and must return at once. */
export type ConnectionHooks = {
  /** An event that is not part of an answer; `atMs` is when its bytes came. */
  readonly onEvent: (raw: RawMessage, atMs: number) => void;
  /** Whether events of this name are dropped before they are taken to pieces. */
  readonly isNoise: (name: string) => boolean;
  readonly onNoise: (name: string) => void;
  /** An event was dropped between {@link AmiConnection.shed} and {@link AmiConnection.readAll}. */
  readonly onShed: () => void;
  /** More comes than can be read, for too long. */
  readonly onTooMuch: () => void;
  /** A message came torn or as garbage and was dropped: what it said is lost. */
  readonly onDamage: () => void;
  readonly onAction: (name: string, outcome: ActionOutcome) => void;
  readonly onRoundTrip: (roundTripMs: number) => void;
  /** An answer to nothing that waits, or an item of a list that was given up. */
  readonly onStray: () => void;
  /** Called once, whoever closed. */
  readonly onClosed: (reason: string) => void;
};

/** So many pings in a row may be late behind a backlog of events before the connection counts as dead all the same. */
const maxLatePings = 5;
const greetingStart = "Asterisk Call Manager";
const maxGreetingChars = 256;

/** Events that carry the ActionID of the action that caused them but are no part of its answer. */
const echoes: ReadonlySet<string> = new Set([
  "OriginateResponse",
  "UserEvent",
  "AsyncAGIStart",
  "AsyncAGIExec",
  "AsyncAGIEnd",
]);

export class AmiConnection {
  readonly #endpoint: AmiEndpoint;
  readonly #limits: ConnectionLimits;
  readonly #clock: Clock;
  readonly #hooks: ConnectionHooks;
  readonly #text: AmiText;
  readonly #intake: Intake;
  readonly #sieve: Sieve;
  readonly #decoder = new StringDecoder("utf8");
  readonly #idPrefix: string;
  readonly #pending: PendingActions;
  #socket: Socket | null = null;
  #greeting = "";
  #onGreeting: (() => void) | null = null;
  #lastId = 0;
  #chunkAtMs = 0;
  #lastMessageAtMs = 0;
  #latePings = 0;
  #pingTimer: TimerHandle | null = null;
  #loggedIn = false;
  #closedBecause: string | null = null;

  constructor(
    endpoint: AmiEndpoint,
    limits: ConnectionLimits,
    clock: Clock,
    hooks: ConnectionHooks,
  ) {
    this.#endpoint = endpoint;
    this.#limits = limits;
    this.#clock = clock;
    this.#hooks = hooks;
    this.#pending = new PendingActions(clock, limits.maxListItems, hooks.onAction);
    // Unlike any event name and unlike the ids of other clients, whose UserEvents echo theirs to everybody.
    this.#idPrefix = `callcard-${Math.floor(clock.random() * 2 ** 48).toString(36)}-`;
    this.#text = new AmiText(
      (text) => this.#socket?.write(text),
      (message) => this.#onMessage(message),
    );
    this.#sieve = new Sieve(hooks.isNoise, {
      onText: (text) => this.#text.feed(text),
      onNoise: (name) => {
        this.#lastMessageAtMs = this.#chunkAtMs;
        hooks.onNoise(name);
      },
      onShed: () => {
        this.#lastMessageAtMs = this.#chunkAtMs;
        hooks.onShed();
      },
    });
    this.#intake = new Intake(limits, clock.nowMs, {
      onText: (text, atMs) => this.#read(text, atMs),
      pause: () => this.#socket?.pause(),
      resume: () => this.#socket?.resume(),
      onTooMuch: hooks.onTooMuch,
    });
  }

  /** How long the oldest text that nobody has read has been here; what Asterisk keeps back is not in it. */
  lagMs(): number {
    return this.#intake.lagMs();
  }

  /** From now on only answers are read, so that what comes is read as fast as it comes. */
  shed(): void {
    this.#sieve.answersOnly = true;
  }

  /** The end of {@link shed}. */
  readAll(): void {
    this.#sieve.answersOnly = false;
    this.#intake.calm();
  }

  /** The greeting's version, for example `11.0.0` (Asterisk 22); "" when it named none. */
  get protocolVersion(): string {
    return /\/(\d[\d.]*)/.exec(this.#greeting)?.[1] ?? "";
  }

  /**
   * Connects and logs in.
   *
   * @throws {AmiError} `login` with Asterisk's reason, `deadline` or `disconnected`. The connection is closed then.
   */
  async open(): Promise<void> {
    try {
      await this.#connect();
      await this.#request(
        "Login",
        { Username: this.#endpoint.username, Secret: this.#endpoint.secret, Events: "on" },
        { deadlineMs: this.#limits.loginDeadlineMs, list: false },
      );
    } catch (error) {
      const failure =
        error instanceof AmiError && error.code === "refused"
          ? new AmiError(
              "login",
              "Login",
              `Asterisk refused the login of ${JSON.stringify(this.#endpoint.username)}: ${error.message}`,
              { cause: error },
            )
          : error;
      this.close(failure instanceof Error ? failure.message : "Login failed");
      throw failure;
    }
    this.#loggedIn = true;
    this.#pingTimer = this.#clock.after(this.#limits.pingMs, () => void this.#ping());
  }

  /**
   * Sends an action. Fails by its deadline at the latest, and at once when the connection closes.
   *
   * @throws {AmiError}
   */
  action(
    name: string,
    fields: ActionFields = {},
    options: { readonly deadlineMs?: number; readonly list?: boolean } = {},
  ): Promise<AmiAnswer> {
    if (this.#closedBecause === null && !this.#loggedIn) {
      this.#hooks.onAction(name, "disconnected");
      return Promise.reject(new AmiError("disconnected", name, `${name}: not logged in yet`));
    }
    return this.#request(name, fields, options);
  }

  /** Closes at once; everything that waits fails with `disconnected` and this reason. */
  close(reason: string): void {
    if (this.#closedBecause !== null) return;
    this.#closedBecause = reason;
    this.#pingTimer?.cancel();
    this.#onGreeting = null;
    this.#intake.close();
    this.#socket?.destroy();
    this.#pending.failAll(reason);
    this.#hooks.onClosed(reason);
  }

  #connect(): Promise<void> {
    const { host, port, tls } = this.#endpoint;
    return new Promise((resolve, reject) => {
      const fail = (code: AmiError["code"], message: string): void => {
        deadline.cancel();
        reject(new AmiError(code, "", message));
        this.close(message);
      };
      const deadline = this.#clock.after(this.#limits.connectDeadlineMs, () => {
        fail(
          "deadline",
          `No greeting from ${host}:${port} within ${this.#limits.connectDeadlineMs} ms`,
        );
      });
      this.#onGreeting = () => {
        if (!this.#greeting.startsWith(greetingStart)) {
          const seen = JSON.stringify(this.#greeting.slice(0, 40));
          fail(
            "disconnected",
            `${host}:${port} is not an Asterisk manager: it greeted with ${seen}`,
          );
          return;
        }
        deadline.cancel();
        resolve();
      };
      const socket =
        tls === false
          ? connectPlain({ host, port })
          : connectTls({
              host,
              port,
              rejectUnauthorized: tls.rejectUnauthorized,
              ...(tls.ca === undefined ? {} : { ca: tls.ca }),
              servername: tls.servername ?? (isIP(host) ? "" : host),
            });
      this.#socket = socket;
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 30_000);
      socket.on("data", (chunk: Buffer) => this.#onChunk(chunk));
      socket.on("error", (error) => fail("disconnected", socketReason(error, host, port)));
      socket.on("end", () => fail("disconnected", "Asterisk closed the connection"));
      socket.on("close", () => fail("disconnected", "The connection was closed"));
    });
  }

  #onChunk(chunk: Buffer): void {
    if (this.#closedBecause !== null) return;
    this.#intake.take(this.#decoder.write(chunk), this.#clock.nowMs());
  }

  #read(text: string, atMs: number): void {
    this.#chunkAtMs = atMs;
    if (this.#onGreeting !== null) {
      this.#readGreeting(text);
      // Its line is no message: what follows it begins one.
      if (this.#closedBecause === null) this.#text.feed(text);
      return;
    }
    try {
      this.#sieve.take(text);
    } catch (error) {
      this.close(
        `The AMI parser failed: ${error instanceof Error ? error.message : String(error)}`,
      );
      return;
    }
    if (this.#sieve.unfinished > this.#limits.maxMessageChars) {
      this.close(`A message from Asterisk passed ${this.#limits.maxMessageChars} characters`);
    }
  }

  #readGreeting(text: string): void {
    this.#greeting += text.slice(0, maxGreetingChars);
    const end = this.#greeting.indexOf("\n");
    if (end < 0 && this.#greeting.length < maxGreetingChars) return;
    this.#greeting = this.#greeting.slice(0, end < 0 ? maxGreetingChars : end).trimEnd();
    const done = this.#onGreeting;
    this.#onGreeting = null;
    done?.();
  }

  #onMessage(raw: RawMessage): void {
    // A listener may have closed this connection in the middle of a chunk; the parser does not know.
    if (this.#closedBecause !== null) return;
    this.#lastMessageAtMs = this.#chunkAtMs;
    const event = raw["event"];
    const id = raw["actionid"];
    if (typeof event === "string") {
      if (isTorn(raw, event)) {
        this.#hooks.onDamage();
      } else if (typeof id === "string" && id.startsWith(this.#idPrefix) && !echoes.has(event)) {
        this.#onListItem(id, raw, event);
      } else {
        this.#hooks.onEvent(raw, this.#chunkAtMs);
      }
      return;
    }
    if (event === undefined && typeof raw["response"] === "string" && !Array.isArray(id)) {
      if (typeof id !== "string" || !this.#pending.takeResponse(id, raw)) this.#hooks.onStray();
      return;
    }
    // An extra blank line makes a message of nothing.
    if (Object.keys(raw).length > 0) this.#hooks.onDamage();
  }

  #onListItem(id: string, raw: RawMessage, event: string): void {
    const taken = this.#pending.takeItem(id, raw, event);
    if (taken === "stray") this.#hooks.onStray();
    if (taken === "tooMany") this.close(`A list passed ${this.#limits.maxListItems} items`);
  }

  #request(
    name: string,
    fields: ActionFields,
    options: { readonly deadlineMs?: number; readonly list?: boolean },
  ): Promise<AmiAnswer> {
    let request: Record<string, string>;
    try {
      request = toRequest(name, fields);
      if (this.#closedBecause !== null) {
        throw new AmiError("disconnected", name, `${name}: ${this.#closedBecause}`);
      }
    } catch (error) {
      if (error instanceof AmiError) this.#hooks.onAction(name, error.code);
      return Promise.reject(error);
    }
    this.#lastId += 1;
    const id = this.#idPrefix + this.#lastId;
    const deadlineMs =
      options.deadlineMs ??
      (options.list ? this.#limits.listDeadlineMs : this.#limits.actionDeadlineMs);
    const answer = this.#pending.wait(id, name, deadlineMs, options.list);
    this.#text.send(id, request);
    return answer;
  }

  async #ping(): Promise<void> {
    const sentAtMs = this.#clock.nowMs();
    try {
      await this.#request("Ping", {}, { deadlineMs: this.#limits.pingLimitMs, list: false });
      this.#latePings = 0;
    } catch (error) {
      // Refused is an answer too; disconnected has its own way.
      if (error instanceof AmiError && error.code === "deadline") {
        this.#latePings += 1;
        // Behind a backlog the answer waits for its turn; to connect anew then would only add to the work.
        if (this.#lastMessageAtMs <= sentAtMs || this.#latePings > maxLatePings) {
          this.close(`Asterisk did not answer a ping within ${this.#limits.pingLimitMs} ms`);
        }
      }
    }
    if (this.#closedBecause !== null) return;
    const roundTripMs = Math.max(0, this.#clock.nowMs() - sentAtMs);
    this.#hooks.onRoundTrip(roundTripMs);
    const pauseMs = Math.max(0, this.#limits.pingMs - roundTripMs);
    this.#pingTimer = this.#clock.after(pauseMs, () => void this.#ping());
  }
}

/**
 * Whether two messages run into each other: the first was cut off and the next one's lines became its own. Asterisk
 * writes each of these keys once; a UserEvent may repeat them, because anybody can put headers into it.
 */
function isTorn(raw: RawMessage, event: string): boolean {
  if (event.includes(": ")) return true;
  const second = secondKey(raw);
  // Cut within the word Privilege, the second line of every event: `PrivEvent: Hangup`.
  if (second !== "privilege" && /^p[rivleg]{0,8}:?(event|response)$/.test(second)) return true;
  if (event === "UserEvent") return false;
  return (
    Array.isArray(raw["privilege"]) ||
    Array.isArray(raw["uniqueid"]) ||
    Array.isArray(raw["actionid"]) ||
    (raw["response"] !== undefined && event !== "OriginateResponse")
  );
}

function secondKey(raw: RawMessage): string {
  let first = true;
  // Only the first two are looked at: collecting all keys of every event would cost more than decoding it.
  for (const key in raw) {
    if (!first) return key;
    first = false;
  }
  return "";
}

/** A socket's error in words for the person on call. */
function socketReason(error: NodeJS.ErrnoException, host: string, port: number): string {
  const at = `${host}:${port}`;
  switch (error.code) {
    case "ECONNREFUSED":
      return `Nothing listens at ${at}`;
    case "ENOTFOUND":
      return `The host name ${host} is not known`;
    case "ECONNRESET":
      return `${at} reset the connection`;
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
      return `${at} has a self-signed certificate: give its CA file or allow self-signed certificates`;
    case undefined:
    default:
      return `${at}: ${error.message}`;
  }
}
