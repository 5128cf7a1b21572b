/**
 * The plain websocket feed at `/events`: every fact and pop as JSON, numbered, resumable, for wallboards and CRMs. Readers
 * pull from one shared ring at their own speed; one that falls out of it is closed with a reason and never slows the rest.
 */
import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import { type RawData, WebSocketServer } from "ws";
import type { CallFact } from "../calls/model.ts";
import type { Pop } from "../desk/pop.ts";
import { type Authenticator, type Principal, type Role, roleAllows } from "../people/model.ts";
import { byBearer, byToken, nameOf, roleOf } from "./auth.ts";
import { isDatabaseDown } from "./errors.ts";
import { type FeedPayload, type FeedType, factFrame, feedTypes, popFrame } from "./feed-frames.ts";
import { type Wishes, parseMessage, wishesOf, wishesOfUrl } from "./feed-messages.ts";
import { CLOSE, FeedReader } from "./feed-reader.ts";
import { FeedRing } from "./feed-ring.ts";
import { type Upgrades, refuseUpgrade } from "./upgrades.ts";

/** Where facts and pops come from; `onPop` tells a pop each time a stage was added. */
export type FeedSources = {
  readonly calls?: { onFact(listener: (fact: CallFact) => void): () => void };
  readonly pops?: {
    onPop(listener: (pop: Pop & { readonly missed: string }) => void): () => void;
  };
};

/** What a feed needs; durations and bounds have defaults that suit a server. */
export type FeedOptions = FeedSources & {
  readonly authenticator: Authenticator;
  readonly log: Logger;
  /** Frames kept for readers that come back or are slow; default 20,000. */
  readonly keepFrames?: number;
  /** ... and their bytes; default 16 MiB. */
  readonly keepBytes?: number;
  /** Readers at once, those not yet authorised included; default 200. */
  readonly maxReaders?: number;
  /** How long a reader may take to authorise; default 5 s. */
  readonly authorizeWithinMs?: number;
  /** Between pings; default 15 s. A reader that answers none for two of them is cut. */
  readonly heartbeatMs?: number;
  /** Between looks whether the readers' tokens still hold; default 60 s. */
  readonly recheckMs?: number;
  readonly now?: () => number;
};

/** Who may read: operators see their own desk instead. */
const READERS: readonly Role[] = ["supervisor", "integrator"];
const MESSAGE_LIMIT_BYTES = 16 * 1024;
/** A reader that is told to go has so long to be connected elsewhere before it loses this connection. */
const LEAVE_FROM_MS = 1000;
const LEAVE_WITHIN_MS = 2000;
const LEAVING = "this process is about to end; connect again";

export class Feed {
  /** Tells one run of the server from the next. */
  readonly epoch = randomBytes(9).toString("base64url");
  readonly #options: FeedOptions;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #ring: FeedRing;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_LIMIT_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
  });
  readonly #readers = new Set<FeedReader>();
  readonly #counters = {
    published: 0,
    unpublishable: 0,
    sent: 0,
    droppedSlow: 0,
    droppedSilent: 0,
    refused: 0,
    badMessages: 0,
  };
  readonly #timers: readonly NodeJS.Timeout[];
  /** How to stop hearing the sources. */
  readonly #leave: readonly ((() => void) | undefined)[];
  readonly #heartbeatMs: number;
  #isFlushDue = false;
  #isClosed = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#now = options.now ?? Date.now;
    this.#ring = new FeedRing(options.keepFrames ?? 20_000, options.keepBytes ?? 16 * 1024 * 1024);
    this.#heartbeatMs = options.heartbeatMs ?? 15_000;
    this.#leave = [
      options.calls?.onFact((fact) => this.publish(fact.type, factFrame(fact))),
      options.pops?.onPop((pop) => this.publish("pop", popFrame(pop))),
    ];
    this.#timers = [
      setInterval(() => this.#beat(), this.#heartbeatMs).unref(),
      setInterval(() => void this.recheck(), options.recheckMs ?? 60_000).unref(),
    ];
  }

  /** Gives a frame to all readers. Returns at once and never throws: it may be called from where events are read. */
  publish<T extends FeedType>(type: T, payload: FeedPayload<T>): void {
    if (this.#isClosed) return;
    const seq = this.#ring.lastSeq + 1;
    const at = new Date(this.#now()).toISOString();
    try {
      const text = JSON.stringify({ seq, epoch: this.epoch, at, type, ...payload });
      this.#ring.push({ seq, type, bytes: Buffer.from(text) });
    } catch (error) {
      this.#counters.unpublishable++;
      this.#log.error({ err: error, type }, "a frame of the feed could not be written");
      return;
    }
    this.#counters.published++;
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    setImmediate(() => this.#flush());
  }

  /** Takes an upgrade of `/events`; the origin was checked before. */
  readonly handleUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    this.#admit(request, socket, head).catch((error: unknown) => {
      this.#counters.refused++;
      refuseUpgrade(socket, 503);
      if (!isDatabaseDown(error))
        this.#log.error({ err: error }, "a feed reader failed to connect");
    });
  };

  /** Numbers for `/metrics`. */
  counters(): Readonly<Record<string, number>> {
    return { ...this.#counters };
  }

  /** Present values for `/metrics`. */
  gauges(): Readonly<Record<string, number>> {
    let mostLag = 0;
    for (const reader of this.#readers)
      mostLag = Math.max(mostLag, reader.isAuthorized ? reader.lag : 0);
    return { readers: this.#readers.size, mostLagFrames: mostLag, keptBytes: this.#ring.bytes };
  }

  /** Closes readers whose token no longer holds. A database that does not answer closes nobody. */
  async recheck(): Promise<void> {
    for (const reader of [...this.#readers]) {
      if (!reader.isAuthorized) continue;
      try {
        const principal = await byToken(reader.token, this.#options.authenticator);
        if (principal === null)
          reader.close(CLOSE.notAuthorized, "the token does not hold any more");
        else if (!mayRead(principal)) reader.close(CLOSE.forbidden, "the token's role was changed");
      } catch (error) {
        this.#log.warn({ err: error }, "a feed reader's token could not be checked again");
        return;
      }
    }
  }

  /**
   * This process is about to end and others go on: every reader is told so at once, and closed a moment later, each at its own, so that they do
   * not all ask another process together.
   */
  leave(): void {
    if (this.#isClosed) return;
    for (const reader of this.#readers) {
      if (reader.isAuthorized) reader.say({ ...this.#envelope(reader), type: "leaving" });
      const goes = setTimeout(
        () => reader.close(CLOSE.goingAway, LEAVING),
        LEAVE_FROM_MS + Math.random() * (LEAVE_WITHIN_MS - LEAVE_FROM_MS),
      );
      goes.unref();
      reader.socket.once("close", () => clearTimeout(goes));
    }
  }

  /** Ends the feed and all its readers; may be called twice. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const leave of this.#leave) leave?.();
    for (const timer of this.#timers) clearInterval(timer);
    const gone = [...this.#readers].map(
      (reader) =>
        new Promise<void>((resolve) => {
          reader.socket.once("close", () => resolve());
          reader.close(CLOSE.goingAway, "the server is stopping");
        }),
    );
    await Promise.all(gone);
  }

  async #admit(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const wishes = this.#isClosed ? null : wishesOfUrl(request.url ?? "");
    const { authorization } = request.headers;
    const principal =
      authorization === undefined || wishes === null
        ? null
        : await byBearer(authorization, this.#options.authenticator);
    const refusal = this.#refusalOf(wishes, authorization, principal);
    if (refusal !== null) {
      this.#counters.refused++;
      refuseUpgrade(socket, refusal);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (websocket) => {
      const reader = new FeedReader(websocket, this.#ring);
      this.#readers.add(reader);
      websocket.on("close", () => {
        this.#readers.delete(reader);
        this.#counters.sent += reader.sent;
      });
      // A broken frame or connection; "close" follows.
      websocket.on("error", () => this.#counters.badMessages++);
      websocket.on("pong", () => (reader.isAlive = true));
      websocket.on("message", (data, isBinary) => this.#hear(reader, data, isBinary, wishes!));
      if (principal !== null)
        this.#start(reader, authorization!.replace(/^\S+ +/, ""), principal, wishes!);
      else this.#awaitAuthorization(reader);
    });
  }

  #refusalOf(
    wishes: Wishes | null,
    authorization: string | undefined,
    principal: Principal | null,
  ): 400 | 401 | 403 | 503 | null {
    if (this.#isClosed || this.#readers.size >= (this.#options.maxReaders ?? 200)) return 503;
    if (wishes === null) return 400;
    if (authorization === undefined) return null;
    if (principal === null) return 401;
    return mayRead(principal) ? null : 403;
  }

  #awaitAuthorization(reader: FeedReader): void {
    const limitMs = this.#options.authorizeWithinMs ?? 5000;
    const late = setTimeout(() => {
      if (!reader.isAuthorized)
        reader.close(CLOSE.notAuthorized, `no authorize message within ${limitMs / 1000} s`);
    }, limitMs);
    late.unref();
    reader.socket.once("close", () => clearTimeout(late));
  }

  #hear(reader: FeedReader, data: RawData, isBinary: boolean, wishes: Wishes): void {
    const message = isBinary ? null : parseMessage(data);
    if (message === null) {
      this.#counters.badMessages++;
      reader.close(CLOSE.badMessage, "not a message of /events/schema");
      return;
    }
    if (message.type === "subscribe") {
      if (!reader.isAuthorized) {
        reader.close(CLOSE.notAuthorized, "authorize first");
        return;
      }
      reader.filter(message.types ?? null);
      reader.say({
        ...this.#envelope(reader),
        type: "subscribed",
        types: message.types ?? feedTypes,
      });
      return;
    }
    if (reader.token !== "") {
      reader.close(CLOSE.badMessage, "authorized already");
      return;
    }
    reader.token = message.token;
    const said = wishesOf(message.since, message.epoch, message.types);
    if (said === null) {
      reader.close(CLOSE.badMessage, "since and epoch belong together");
      return;
    }
    void this.#authorize(reader, message.token, {
      from: said.from ?? wishes.from,
      types: said.types ?? wishes.types,
    });
  }

  async #authorize(reader: FeedReader, token: string, wishes: Wishes): Promise<void> {
    try {
      const principal = await byToken(token, this.#options.authenticator);
      if (principal === null) {
        this.#counters.refused++;
        reader.close(CLOSE.notAuthorized, "the token is unknown, expired or revoked");
      } else if (!mayRead(principal)) {
        this.#counters.refused++;
        reader.close(CLOSE.forbidden, "the feed is for supervisors and integrators");
      } else this.#start(reader, token, principal, wishes);
    } catch (error) {
      this.#log.warn({ err: error }, "a feed reader could not be authorised");
      reader.close(1013, "try again later");
    }
  }

  #start(reader: FeedReader, token: string, principal: Principal, wishes: Wishes): void {
    if (this.#isClosed) {
      reader.close(CLOSE.goingAway, "the server is stopping");
      return;
    }
    reader.token = token;
    reader.isAuthorized = true;
    reader.filter(wishes.types);
    const gap = reader.begin(wishes.from, this.epoch);
    const heartbeatSeconds = Math.ceil(this.#heartbeatMs / 1000);
    reader.say({ ...this.#envelope(reader), type: "welcome", heartbeatSeconds });
    if (gap !== null) reader.say({ ...this.#envelope(reader), type: "gap", ...gap });
    this.#log.info({ who: nameOf(principal), from: wishes.from }, "a feed reader came");
    this.#pump(reader);
  }

  #envelope(reader: FeedReader) {
    return { seq: reader.afterSeq, epoch: this.epoch, at: new Date(this.#now()).toISOString() };
  }

  #flush(): void {
    this.#isFlushDue = false;
    for (const reader of this.#readers) this.#pump(reader);
  }

  #pump(reader: FeedReader): void {
    if (reader.pump()) return;
    this.#counters.droppedSlow++;
    const { lag } = reader;
    this.#log.warn({ lag }, "a feed reader is too slow and was dropped");
    reader.close(CLOSE.slow, `too slow: ${lag} frames behind`);
  }

  #beat(): void {
    for (const reader of this.#readers) {
      if (!reader.isAlive) {
        this.#counters.droppedSilent++;
        reader.socket.terminate();
        continue;
      }
      reader.isAlive = false;
      if (reader.socket.readyState === reader.socket.OPEN) reader.socket.ping();
    }
  }
}

/** Opens the feed at `/events` of a server's upgrades. */
export function createFeed(options: FeedOptions & { readonly upgrades: Upgrades }): Feed {
  const feed = new Feed(options);
  options.upgrades.add("/events", feed.handleUpgrade);
  options.upgrades.onLeave(() => feed.leave());
  return feed;
}

function mayRead(principal: Principal): boolean {
  return roleAllows(roleOf(principal), READERS);
}
