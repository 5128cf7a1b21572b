/** A real redis for tests, on a port of its own that stays the same when it is started again. Nothing of it outlives the test. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll } from "vitest";
import { freePort } from "../../asterisk-config/lab/ports.ts";
import { type Redis, openRedis } from "../../server/storage/redis.ts";

export type TestRedis = {
  readonly url: string;
  readonly port: number;
  /** Starts it, empty; resolves when it takes connections. */
  start(): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Holds it still: connections stay open, nothing is answered. */
  pause(): void;
  resume(): void;
};

/** Starts one. */
export async function startRedis(): Promise<TestRedis> {
  const port = await freePort();
  let child: ChildProcess | null = null;
  const redis: TestRedis = {
    ...{ url: `redis://127.0.0.1:${port}`, port },
    async start() {
      const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", ""];
      child = spawn("setpriv", ["--pdeathsig", "KILL", "--", "redis-server", ...options], {
        stdio: "ignore",
      });
      while (!(await answers(port))) await sleep(20);
    },
    async kill() {
      const dying = child;
      if (dying === null || dying.exitCode !== null || dying.signalCode !== null) return;
      const gone = once(dying, "exit");
      dying.kill("SIGKILL");
      await gone;
    },
    pause: () => void child?.kill("SIGSTOP"),
    resume: () => void child?.kill("SIGCONT"),
  };
  await redis.start();
  return redis;
}

/** What {@link redisOfFile} gives. */
export type RedisOfFile = {
  /** Running, while tests run. */
  readonly server: TestRedis;
  /** A prefix that no test before had. */
  newPrefix(): string;
  /** A connection as a process has one. @param onError told its faults; by default nobody is. */
  open(prefix: string, onError?: (error: unknown) => void): Redis;
  /** A client that looks on, or breaks something. */
  client(): ReturnType<typeof connectClient>;
  /** These, too, are closed after the test; what was opened last is closed first. */
  closing(...closings: readonly Closing[]): void;
  /** Closes everything that is open so far. */
  close(): Promise<void>;
};

type Closing = { close(): unknown };

/** One for the tests of a file; called at its top. It lives as long as they run, what they open of it as long as a test. */
export function redisOfFile(): RedisOfFile {
  let server: TestRedis | null = null;
  let prefixes = 0;
  const open: Closing[] = [];
  const running = () => {
    if (server === null) throw new Error("redis is there from the first test on");
    return server;
  };
  const close = async () => {
    for (const each of open.splice(0).toReversed()) await each.close();
  };
  beforeAll(async () => {
    server = await startRedis();
  });
  afterEach(close);
  afterAll(() => server?.kill());
  return {
    get server() {
      return running();
    },
    newPrefix: () => `test${prefixes++}`,
    open(prefix, onError = () => undefined) {
      const redis = openRedis({ url: running().url, prefix, onError });
      open.push(redis);
      return redis;
    },
    async client() {
      const client = await connectClient(running().url);
      open.push({ close: () => client.destroy() });
      return client;
    },
    closing: (...closings) => void open.push(...closings),
    close,
  };
}

async function connectClient(url: string) {
  const client = createClient({ url });
  // Some tests kill the server under it.
  client.on("error", () => undefined);
  return client.connect();
}

/** Resolves once this is so. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(10);
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
  } finally {
    socket.destroy();
  }
}
