import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { Compile } from "typebox/compile";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket, type ClientOptions } from "ws";
import { originCheck } from "../../server/http/auth.ts";
import { type Feed, type FeedOptions, createFeed } from "../../server/http/feed.ts";
import { FeedFrame, factFrame, popFrame } from "../../server/http/feed-frames.ts";
import { type Upgrades, createUpgrades } from "../../server/http/upgrades.ts";
import type { Call, CallFact } from "../../server/calls/model.ts";
import type { Authenticator } from "../../server/people/model.ts";
import { CRM, logToMemory, rolesAuthenticator } from "./support.ts";

type Frame = { seq: number; epoch: string; at: string; type: string; [key: string]: unknown };

let server: Server;
let upgrades: Upgrades;
let feed: Feed;
let log: ReturnType<typeof logToMemory>;
let base: string;
const clients: WebSocket[] = [];

async function openFeed(options: Partial<FeedOptions> = {}): Promise<void> {
  log = logToMemory();
  server = createServer((_request, response) => response.end("http"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const policy = { publicUrl: "", crmOrigins: [CRM] };
  upgrades = createUpgrades(server, { isAllowedOrigin: originCheck(policy), log: log.log });
  feed = createFeed({ upgrades, authenticator: rolesAuthenticator, log: log.log, ...options });
}

async function closeFeed(): Promise<void> {
  for (const client of clients.splice(0)) client.terminate();
  await feed.close();
  upgrades.close();
  await new Promise((resolve) => server.close(resolve));
}

beforeEach(() => openFeed());
afterEach(() => closeFeed());

/** A reader that keeps what it gets. */
class Reader {
  readonly frames: Frame[] = [];
  readonly socket: WebSocket;
  closed: { code: number; reason: string } | null = null;
  #waiting: (() => void)[] = [];

  constructor(query = "", options: ClientOptions = {}) {
    this.socket = new WebSocket(`ws://${base}/events${query}`, options);
    clients.push(this.socket);
    this.socket.on("message", (data) => {
      this.frames.push(JSON.parse((data as Buffer).toString("utf8")));
      this.#wake();
    });
    this.socket.on("close", (code, reason) => {
      this.closed = { code, reason: String(reason) };
      this.#wake();
    });
    this.socket.on("error", () => undefined);
  }

  /** Waits until something is true of it. */
  async until(isTrue: (reader: Reader) => boolean): Promise<this> {
    while (!isTrue(this)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this;
  }

  /** Types and numbers, in order. */
  get told(): string[] {
    return this.frames.map((frame) => `${frame.type} ${frame.seq}`);
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

const bearer = (role = "integrator") => ({ headers: { authorization: `Bearer cc_${role}` } });
const enter = (query = "", options: ClientOptions = bearer()) =>
  new Reader(query, options).until((reader) => reader.frames.length > 0 || reader.closed !== null);

/** The status an upgrade is refused with. */
async function refusal(path: string, options: ClientOptions = {}): Promise<number> {
  const socket = new WebSocket(`ws://${base}${path}`, options);
  clients.push(socket);
  socket.on("error", () => undefined);
  const [, response] = await once(socket, "unexpected-response");
  response.resume();
  return response.statusCode;
}

const call: Call = {
  id: "main-1.1",
  pbx: "main",
  direction: "inbound",
  party: { number: "+79130000001", name: "Ольга <b>" },
  dialled: "8800",
  fromExtension: "",
  startedAtMs: Date.UTC(2026, 10, 22, 8),
  answeredAtMs: null,
  endedAtMs: null,
  endedHow: null,
  state: "ringing",
  visits: [],
  rings: [],
  talks: [],
  transfers: [],
  partyChannel: "PJSIP/trunk-00000001",
  seenFromMiddle: false,
};
const ring = {
  id: "main-1.2",
  extension: "101",
  queue: "sales",
  interface: "Local/101@from-queue/n",
  startedAtMs: 0,
  toldBy: "agentCalled",
  endedAtMs: null,
  outcome: null,
} as const;

/** Publishes n frames; each about `bytes` long. */
function publish(n: number, bytes = 0): void {
  const padded = { ...call, party: { number: "1", name: "x".repeat(bytes) } };
  const payload = factFrame({ type: "callStarted", atMs: 0, call: padded });
  for (let i = 0; i < n; i++) feed.publish("callStarted", payload);
}

describe("who may read", () => {
  test("a token in the upgrade's header is let in at once", async () => {
    const reader = await enter();
    expect(reader.frames[0]).toMatchObject({ type: "welcome", seq: 0, epoch: feed.epoch });
  });

  test("a token in the first message is let in", async () => {
    const reader = new Reader();
    await once(reader.socket, "open");
    reader.socket.send(JSON.stringify({ type: "authorize", token: "cc_supervisor" }));
    await reader.until((one) => one.frames.length > 0);
    expect(reader.told).toEqual(["welcome 0"]);
  });

  test("operators are not, nor are unknown tokens", async () => {
    expect(await refusal("/events", bearer("operator"))).toBe(403);
    expect(await refusal("/events", bearer("nobody"))).toBe(401);
    expect(await refusal("/events", { headers: { authorization: "Basic abc" } })).toBe(401);
    for (const [token, code] of [
      ["cc_operator", 4003],
      ["cc_nobody", 4001],
      ["not-even-a-token", 4001],
    ] as const) {
      const reader = new Reader();
      await once(reader.socket, "open");
      reader.socket.send(JSON.stringify({ type: "authorize", token }));
      await reader.until((one) => one.closed !== null);
      expect(reader.closed!.code).toBe(code);
      expect(reader.frames).toEqual([]);
    }
  });

  test("a token in the address is refused, so that it does not end up in somebody's log", async () => {
    expect(await refusal("/events?token=cc_integrator")).toBe(400);
    expect(log.text()).not.toContain("cc_integrator");
  });

  test("who says nothing is closed, and sees nothing meanwhile", async () => {
    await closeFeed();
    await openFeed({ authorizeWithinMs: 30 });
    const reader = new Reader();
    await once(reader.socket, "open");
    publish(3);
    await reader.until((one) => one.closed !== null);
    expect(reader.closed).toEqual({ code: 4001, reason: "no authorize message within 0.03 s" });
    expect(reader.frames).toEqual([]);
  });

  test("foreign pages and unknown addresses are refused before the upgrade, the CRM's pages are not", async () => {
    const from = (origin: string) => ({ ...bearer(), origin });
    expect(await refusal("/events", from("https://evil.example"))).toBe(403);
    expect(await refusal("/nothing", bearer())).toBe(404);
    expect(await refusal("/events/more", bearer())).toBe(404);
    expect((await enter("", from(CRM))).told).toEqual(["welcome 0"]);
    expect((await enter("", from(`http://${base}`))).told).toEqual(["welcome 0"]);
    expect(upgrades.counters()).toEqual({ refused: { foreignOrigin: 1, notFound: 2, leaving: 0 } });
  });

  test("a token that is revoked ends its readers, a database that is away ends nobody", async () => {
    await closeFeed();
    let state: "valid" | "down" | "revoked" = "valid";
    const authenticator: Authenticator = {
      ...rolesAuthenticator,
      byApiToken: async (token) => {
        if (state === "down") throw new Error("connection lost");
        return state === "valid" ? rolesAuthenticator.byApiToken(token) : null;
      },
    };
    await openFeed({ authenticator });
    const reader = await enter();
    state = "down";
    await feed.recheck();
    expect(reader.socket.readyState).toBe(WebSocket.OPEN);
    state = "revoked";
    await feed.recheck();
    await reader.until((one) => one.closed !== null);
    expect(reader.closed!.code).toBe(4001);
  });

  test("no more readers than there is room for", async () => {
    await closeFeed();
    await openFeed({ maxReaders: 2 });
    await enter();
    await enter();
    expect(await refusal("/events", bearer())).toBe(503);
  });
});

describe("what is told", () => {
  test("frames come in order, numbered one by one, to everybody", async () => {
    const readers = [await enter(), await enter()];
    publish(100);
    for (const reader of readers) {
      await reader.until((one) => one.frames.length === 101);
      expect(reader.frames.slice(1).map((frame) => frame.seq)).toEqual(
        Array.from({ length: 100 }, (_, n) => n + 1),
      );
    }
  });

  test("a filter gives only what was asked for, and can be changed", async () => {
    const reader = await enter("?types=pop,callEnded");
    publish(2);
    feed.publish("callEnded", factFrame({ type: "callEnded", atMs: 0, call }));
    await reader.until((one) => one.frames.length === 2);
    expect(reader.told).toEqual(["welcome 0", "callEnded 3"]);
    reader.socket.send(JSON.stringify({ type: "subscribe", types: ["callStarted"] }));
    await reader.until((one) => one.frames.length === 3);
    expect(reader.frames[2]).toMatchObject({ type: "subscribed", types: ["callStarted"] });
    publish(1);
    await reader.until((one) => one.frames.length === 4);
    expect(reader.told[3]).toBe("callStarted 4");
  });

  test("every fact and pop fits the published schema and holds no internals", () => {
    const check = Compile(FeedFrame);
    const visit = { queue: "sales", joinedAtMs: 0, position: 1, leftAtMs: 5, how: null };
    const talk = {
      extension: "101",
      ringId: "r",
      queue: "sales",
      startedAtMs: 0,
      endedAtMs: null,
      heldMs: 3,
      onHoldSinceMs: null,
    };
    const base = { atMs: 0, call };
    const facts: CallFact[] = [
      { ...base, type: "callStarted" },
      { ...base, type: "partyChanged" },
      { ...base, type: "queueJoined", visit },
      { ...base, type: "queueLeft", visit, waitMs: 5 },
      { ...base, type: "queueJoined", visit: { ...visit, position: 0, preferredExtension: "101" } },
      { ...base, type: "queueLeft", visit: { ...visit, preferredExtension: "" }, waitMs: 5 },
      { ...base, type: "ringStarted", ring },
      { ...base, type: "ringEnded", ring, ringMs: 10 },
      { ...base, type: "talkStarted", talk },
      { ...base, type: "talkEnded", talk, talkMs: 10.5 },
      { ...base, type: "held", extension: "101" },
      { ...base, type: "resumed", extension: "101" },
      {
        ...base,
        type: "transferred",
        transfer: { kind: "blind", fromExtension: "101", to: "102", atMs: 0 },
      },
      { ...base, type: "merged", intoCallId: "main-2" },
      { ...base, type: "callEnded" },
    ];
    const pop = popFrame({
      ringId: "r",
      callId: "c",
      pbx: "main",
      extension: "101",
      userId: null,
      queue: "sales",
      toldBy: "agentCalled",
      joinedAtMs: 0,
      identifiedAtMs: null,
      identifyMs: null,
      outcome: "",
      composedAtMs: null,
      rangAtMs: 1,
      ringEndedAtMs: null,
      sentAtMs: null,
      receivedAtMs: null,
      paintedAtMs: null,
      visible: false,
      missed: "noOperator",
    });
    const frames = [
      ...facts.map((fact) => ({ type: fact.type, ...factFrame(fact) })),
      { type: "pop", ...pop },
    ];
    const types = new Set(frames.map((frame) => frame.type));
    expect(types.size).toBe(14);
    for (const frame of frames) {
      const whole = { seq: 1, epoch: "e", at: "2026-11-22T08:00:00.000Z", ...frame };
      expect(check.Check(whole), frame.type).toBe(true);
      const text = JSON.stringify(whole);
      expect(text).not.toMatch(/PJSIP|Local|interface|toldBy|agentCalled/);
    }
  });

  test("a payload that cannot be written harms nobody", async () => {
    const reader = await enter();
    const loop: Record<string, unknown> = {};
    loop["loop"] = loop;
    feed.publish("callStarted", loop as never);
    publish(1);
    await reader.until((one) => one.frames.length === 2);
    expect(reader.told).toEqual(["welcome 0", "callStarted 1"]);
    expect(feed.counters()).toMatchObject({ unpublishable: 1, published: 1 });
  });
});

describe("coming back", () => {
  test("what was missed is given, then it goes on live", async () => {
    publish(10);
    const reader = await enter(`?since=7&epoch=${feed.epoch}`);
    publish(2);
    await reader.until((one) => one.frames.length === 6);
    expect(reader.told).toEqual([
      "welcome 7",
      ...[8, 9, 10, 11, 12].map((seq) => `callStarted ${seq}`),
    ]);
  });

  test("the first message may say it too", async () => {
    publish(3);
    const reader = new Reader();
    await once(reader.socket, "open");
    const hello = { type: "authorize", token: "cc_admin", since: 2, epoch: feed.epoch };
    reader.socket.send(JSON.stringify(hello));
    await reader.until((one) => one.frames.length === 2);
    expect(reader.told).toEqual(["welcome 2", "callStarted 3"]);
  });

  test("what is not kept any more is told as a gap", async () => {
    await closeFeed();
    await openFeed({ keepFrames: 5 });
    publish(20);
    const reader = await enter(`?since=7&epoch=${feed.epoch}`);
    await reader.until((one) => one.frames.length === 7);
    expect(reader.frames[1]).toMatchObject({ type: "gap", reason: "tooOld", from: 8, to: 15 });
    expect(reader.told.slice(2)).toEqual([16, 17, 18, 19, 20].map((seq) => `callStarted ${seq}`));
  });

  test("a number of an earlier run of the server is told as a gap, and this run is given whole", async () => {
    publish(2);
    const reader = await enter("?since=700&epoch=earlier");
    await reader.until((one) => one.frames.length === 4);
    expect(reader.frames[1]).toMatchObject({ type: "gap", reason: "restarted", from: 1, to: 0 });
    expect(reader.told.slice(2)).toEqual(["callStarted 1", "callStarted 2"]);
  });

  test("the last number, and one from the future, miss nothing", async () => {
    publish(3);
    for (const since of [3, 9000]) {
      const reader = await enter(`?since=${since}&epoch=${feed.epoch}`);
      expect(reader.told).toEqual(["welcome 3"]);
    }
  });

  test("a number without its epoch, and nonsense, are refused", async () => {
    for (const query of [
      "?since=3",
      "?epoch=abc",
      "?since=-1&epoch=a",
      "?since=1e3&epoch=a",
      "?types=everything",
      "?more=1",
    ])
      expect(await refusal(`/events${query}`, bearer()), query).toBe(400);
  });
});

describe("readers that misbehave", () => {
  test("a slow one is dropped with a reason while a fast one gets everything", async () => {
    await closeFeed();
    await openFeed({ keepFrames: 100_000, keepBytes: 1024 * 1024 });
    const slow = await enter();
    const fast = await enter();
    slow.socket.pause();
    const total = 6000;
    for (let n = 0; n < total / 100; n++) {
      publish(100, 4000);
      // The fast one reads on its own; the slow one must not be waited for.
      await fast.until((one) => one.frames.length >= (n + 1) * 100 + 1);
    }
    expect(fast.frames.at(-1)!.seq).toBe(total);
    expect(feed.counters()["droppedSlow"]).toBe(1);
    slow.socket.resume();
    await slow.until((one) => one.closed !== null);
    expect(slow.closed!.code).toBe(4008);
    expect(slow.closed!.reason).toMatch(/^too slow: \d+ frames behind$/);
    expect(fast.closed).toBeNull();
    // What the slow one has got is whole: it can go on from its last number.
    const got = slow.frames.slice(1).map((frame) => frame.seq);
    expect(got).toEqual(got.map((_, n) => n + 1));
  });

  test("one that comes back far behind is brought up to date without being taken for slow", async () => {
    publish(2000, 4000);
    const reader = await enter(`?since=0&epoch=${feed.epoch}`);
    await reader.until((one) => one.frames.length === 2001);
    expect(feed.counters()["droppedSlow"]).toBe(0);
  });

  test("one that answers no ping is cut", async () => {
    await closeFeed();
    await openFeed({ heartbeatMs: 20 });
    const reader = await enter("", { ...bearer(), autoPong: false });
    await reader.until((one) => one.closed !== null);
    expect(reader.closed!.code).toBe(1006);
    expect(feed.counters()["droppedSilent"]).toBe(1);
  });

  test.each([
    ["no JSON", "{nonsense"],
    ["an unknown message", '{"type":"drop table"}'],
    ["unknown fields", '{"type":"subscribe","types":[],"x":1}'],
    ["unknown types", '{"type":"subscribe","types":["everything"]}'],
    ["a second token", '{"type":"authorize","token":"cc_admin"}'],
    ["null", "null"],
    ["deep nesting", "[".repeat(8000)],
  ])("one that sends %s is closed", async (_name, message) => {
    const reader = await enter();
    reader.socket.send(message);
    await reader.until((one) => one.closed !== null);
    expect(reader.closed!.code).toBe(4004);
  });

  test("one that sends bytes or too much is closed, the others go on", async () => {
    const other = await enter();
    const bytes = await enter();
    bytes.socket.send(Buffer.from([1, 2, 3]));
    await bytes.until((one) => one.closed !== null);
    expect(bytes.closed!.code).toBe(4004);
    const much = await enter();
    much.socket.send("x".repeat(20_000));
    await much.until((one) => one.closed !== null);
    expect(much.closed!.code).toBe(1009);
    publish(1);
    await other.until((one) => one.frames.length === 2);
  });

  test("tokens never get into the log", async () => {
    await enter();
    const reader = new Reader();
    await once(reader.socket, "open");
    const token = "cc_0123456789abcdefghijklmnopqrstuvwxyz";
    reader.socket.send(JSON.stringify({ type: "authorize", token }));
    await reader.until((one) => one.closed !== null);
    expect(log.text()).not.toContain("0123456789abc");
    expect(log.text()).not.toContain("cc_integrator");
  });
});

test("readers of a process that leaves are told at once, hear what happens meanwhile, and are closed within two seconds", async () => {
  const readers = [await enter(), await enter()];
  upgrades.leave(() => false);
  publish(1);
  for (const reader of readers) {
    await reader.until(({ frames }) => frames.length >= 3);
    expect(reader.told).toEqual(["welcome 0", "leaving 0", `${reader.frames[2]!.type} 1`]);
    expect(Compile(FeedFrame).Check(reader.frames[1])).toBe(true);
  }
  for (const reader of readers) await reader.until((one) => one.closed !== null);
  expect(readers[0]!.closed).toEqual({
    code: 1001,
    reason: "this process is about to end; connect again",
  });
  expect(await refusal("/events", bearer())).toBe(503);
});

test("closing tells the readers, refuses new ones and stops", async () => {
  const reader = await enter();
  await feed.close();
  await reader.until((one) => one.closed !== null);
  expect(reader.closed).toEqual({ code: 1001, reason: "the server is stopping" });
  expect(await refusal("/events", bearer())).toBe(503);
  publish(1);
  await feed.close();
});

test("socket.io and the feed share one HTTP server", async () => {
  const { Server: SocketServer } = await import("socket.io");
  const { io: connect } = await import("socket.io-client");
  const io = new SocketServer(server, { destroyUpgrade: false, serveClient: false });
  upgrades.adopt("/socket.io");
  io.on("connection", (socket) => socket.emit("hello", 1));
  const client = connect(`http://${base}`, { transports: ["websocket"], forceNew: true });
  try {
    await new Promise((resolve) => client.once("hello", resolve));
    expect((await enter()).told).toEqual(["welcome 0"]);
    const foreign = connect(`http://${base}`, {
      transports: ["websocket"],
      forceNew: true,
      reconnection: false,
      extraHeaders: { origin: "https://evil.example" },
    });
    await new Promise((resolve) => foreign.once("connect_error", resolve));
    expect(upgrades.counters().refused.foreignOrigin).toBe(1);
    foreign.close();
  } finally {
    client.close();
    io.disconnectSockets(true);
    io.engine.close();
  }
});
