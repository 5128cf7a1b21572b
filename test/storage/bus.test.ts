import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bus, localBus, redisBus } from "../../server/storage/bus.ts";

async function until(true_: () => boolean): Promise<void> {
  while (!true_()) await sleep(10);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

let redis: ChildProcess;
let port: number;

async function startRedis(): Promise<void> {
  redis = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", ""], {
    stdio: "ignore",
  });
  await once(redis, "spawn");
}

async function stopRedis(): Promise<void> {
  const gone = once(redis, "exit");
  redis.kill("SIGKILL");
  await gone;
}

beforeAll(async () => {
  port = await freePort();
  await startRedis();
});
afterAll(stopRedis);

const url = () => `redis://127.0.0.1:${port}`;

describe.each([
  ["one process", () => localBus(() => undefined)],
  ["redis", () => redisBus(url(), () => undefined)],
])("a bus of %s", (_, open) => {
  test("tells every listener of a hint, also after one that throws, until it stops listening", async () => {
    const bus = open();
    const heard: number[] = [];
    bus.on("policyPublished", () => {
      throw new Error("broken listener");
    });
    const stop = bus.on("policyPublished", ({ version }) => heard.push(version));
    bus.publish("policyPublished", { version: 1 });
    stop();
    bus.publish("policyPublished", { version: 2 });
    bus.publish("sessionsEnded", { userId: "3" });
    expect(heard).toEqual([1]);
    await bus.close();
  });
});

describe("two processes with one redis", () => {
  async function pair(): Promise<[Bus, Bus]> {
    const [one, two] = [redisBus(url(), () => undefined), redisBus(url(), () => undefined)];
    await until(() => one.health().ok && two.health().ok);
    return [one, two];
  }

  /** Publishes until the other side hears: a subscription is not announced to the publisher. */
  async function crosses(from: Bus, to: Bus): Promise<void> {
    const heard: string[] = [];
    const stop = to.on("policyPublished", () => heard.push("hint"));
    while (heard.length === 0) {
      from.publish("policyPublished", { version: 7 });
      await sleep(20);
    }
    stop();
  }

  test("a hint crosses once and does not come back to its sender", async () => {
    const [one, two] = await pair();
    await crosses(one, two);
    const heard: string[] = [];
    one.on("sessionsEnded", () => heard.push("one"));
    two.on("sessionsEnded", () => heard.push("two"));
    one.publish("sessionsEnded", { userId: "7" });
    await until(() => heard.includes("two"));
    expect(heard).toEqual(["one", "two"]);
    await Promise.all([one.close(), two.close()]);
  });

  test("redis away is told, its own listeners still hear, and hints cross again when it is back", async () => {
    const [one, two] = await pair();
    await stopRedis();
    await until(() => !one.health().ok && !two.health().ok);
    expect(one.health().detail).toContain("redis");
    const heard: string[] = [];
    one.on("sessionsEnded", ({ userId }) => heard.push(userId));
    one.publish("sessionsEnded", { userId: "8" });
    expect(heard).toEqual(["8"]);
    await startRedis();
    await until(() => one.health().ok && two.health().ok);
    await crosses(one, two);
    await Promise.all([one.close(), two.close()]);
  });
});
