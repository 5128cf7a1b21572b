import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type Bus, localBus, sharedBus } from "../../server/storage/bus.ts";
import { LONGEST_BYTES, openWire } from "../../server/storage/wire.ts";
import { redisOfFile, until } from "../support/redis.ts";

const redis = redisOfFile();

/** A process of its own as far as redis can tell. */
function oneProcess(prefix: string): { bus: Bus; heard: unknown[]; faults: unknown[] } {
  const faults: unknown[] = [];
  const onError = (error: unknown) => faults.push(error);
  const wire = openWire(redis.open(prefix, onError), onError);
  const bus = sharedBus(wire, onError);
  redis.closing(wire, bus);
  const heard: unknown[] = [];
  bus.on("sessionsEnded", ({ userId }) => heard.push(userId));
  bus.on("hintsLost", () => heard.push("lost"));
  return { bus, heard, faults };
}

let prefix = "";
async function processes(many: number): Promise<ReturnType<typeof oneProcess>[]> {
  prefix = redis.newPrefix();
  const all = Array.from({ length: many }, () => oneProcess(prefix));
  await until(() => all.every(({ bus }) => bus.health().ok));
  // What comes at the start is told; it is not what is looked at here.
  await until(() => all.every(({ heard }) => heard.includes("lost")));
  for (const { heard } of all) heard.length = 0;
  return all;
}

describe("a bus of one process", () => {
  test("tells every listener of a hint, also after one that throws, until it stops listening", async () => {
    const bus = localBus(() => undefined);
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

describe("processes with one redis", () => {
  test("a hint is heard here at once, by the others once and in order, and does not come back", async () => {
    const [one, two, three] = await processes(3);
    for (const userId of ["1", "2", "3"]) one!.bus.publish("sessionsEnded", { userId });
    expect(one!.heard).toEqual(["1", "2", "3"]);
    await until(() => two!.heard.length >= 3 && three!.heard.length >= 3);
    await sleep(50);
    for (const { heard } of [one!, two!, three!]) expect(heard).toEqual(["1", "2", "3"]);
  });

  test("another installation on the same redis hears nothing", async () => {
    const [one, two] = await processes(2);
    const [stranger] = await processes(1);
    one!.bus.publish("sessionsEnded", { userId: "1" });
    await until(() => two!.heard.length > 0);
    await sleep(50);
    expect(stranger!.heard).toEqual([]);
  });

  test("what was said while a connection was cut is heard afterwards, and nothing counts as lost", async () => {
    const [one, two] = await processes(2);
    const client = await redis.client();
    await client.sendCommand(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    // As a third process would: nobody's connection but this one's is there now.
    const hint = { hint: "sessionsEnded", payload: { userId: "meanwhile" } };
    const entry = { from: "x", kind: "hint", body: JSON.stringify(hint) };
    await client.xAdd(`${prefix}:wire`, "*", entry);
    await until(() => one!.heard.length > 0 && two!.heard.length > 0);
    await sleep(1200);
    expect([one!.heard, two!.heard]).toEqual([["meanwhile"], ["meanwhile"]]);
  });

  test("an emptied redis is told to everybody as lost hints, and hints cross again", async () => {
    const all = await processes(2);
    await (await redis.client()).flushAll();
    await until(() => all.every(({ heard }) => heard.includes("lost")));
    await until(() => all.every(({ bus }) => bus.health().ok));
    all[0]!.bus.publish("sessionsEnded", { userId: "after" });
    await until(() => all[1]!.heard.includes("after"));
    for (const { heard } of all) expect(heard.filter((one) => one === "lost").length).toBe(1);
  });

  test("whose place was trimmed away is told of lost hints", async () => {
    const [one] = await processes(1);
    await (await redis.client()).xTrim(`${prefix}:wire`, "MAXLEN", 0);
    await until(() => one!.heard.includes("lost"));
  });

  test("a redis that crashed and came back empty: own listeners hear all the time, everybody is told, hints cross again", async () => {
    const [one, two] = await processes(2);
    await redis.server.kill();
    await until(() => !one!.bus.health().ok && !two!.bus.health().ok);
    await until(() => one!.bus.health().detail === "ECONNREFUSED");
    one!.bus.publish("sessionsEnded", { userId: "alone" });
    expect(one!.heard).toEqual(["alone"]);
    await redis.server.start();
    await until(() => two!.heard.includes("lost") && one!.heard.includes("lost"));
    await until(() => one!.bus.health().ok && two!.bus.health().ok);
    two!.bus.publish("sessionsEnded", { userId: "again" });
    await until(() => one!.heard.includes("again"));
    expect(two!.heard).not.toContain("alone");
    expect([...one!.faults, ...two!.faults].length).toBe(2);
  });

  test("a redis that stands still is told within seconds; what could not be said is told as lost when it goes on", async () => {
    const [one, two] = await processes(2);
    redis.server.pause();
    try {
      await until(() => !one!.bus.health().ok && !two!.bus.health().ok);
      expect(one!.bus.health().detail).toMatch(/no answer/);
      one!.bus.publish("sessionsEnded", { userId: "alone" });
      expect(one!.heard).toEqual(["alone"]);
      await sleep(500);
    } finally {
      redis.server.resume();
    }
    await until(() => one!.bus.health().ok && two!.bus.health().ok);
    await until(() => two!.heard.includes("lost"));
    // Nothing was lost to the one who could not say something.
    expect(one!.heard).toEqual(["alone"]);
  });

  test("a redis that stands still for longer than a connection lives is reached again", async () => {
    const [one, two] = await processes(2);
    redis.server.pause();
    try {
      await until(() => one!.bus.health().detail === "no answer");
    } finally {
      redis.server.resume();
    }
    await until(() => one!.bus.health().ok && two!.bus.health().ok);
    one!.bus.publish("sessionsEnded", { userId: "again" });
    await until(() => two!.heard.includes("again"));
  });

  test("a redis that takes nothing any more is told by its own word, and the others hear of a gap when it does", async () => {
    const [one, two] = await processes(2);
    const client = await redis.client();
    const limit = (bytes: string) => client.configSet("maxmemory", bytes);
    await limit("1");
    await until(() => !one!.bus.health().ok);
    expect(one!.bus.health().detail).toBe("OOM");
    one!.bus.publish("sessionsEnded", { userId: "alone" });
    await limit("0");
    await until(() => two!.heard.includes("lost"));
    expect(two!.heard).not.toContain("alone");
  });

  test("a hint that is too long for the others is told to them as lost", async () => {
    const [one, two] = await processes(2);
    const customerIds = Array.from({ length: LONGEST_BYTES / 10 }, () => "1234567890");
    one!.bus.publish("customersChanged", { customerIds, phones: [] });
    await until(() => two!.heard.includes("lost"));
    expect(one!.faults.length).toBe(1);
  });

  test("what is no hint is not heard, is told once in a while, and harms nobody", async () => {
    const [one] = await processes(1);
    const bodies = [
      "no json",
      JSON.stringify({ hint: "sessionsEnded", payload: { userId: 7 } }),
      JSON.stringify({ hint: "sessionsEnded", payload: null }),
      JSON.stringify({ hint: "hintsLost", payload: {} }),
      JSON.stringify({ hint: "constructor", payload: {} }),
      JSON.stringify({ hint: "ofALaterVersion", payload: { some: "thing" } }),
      JSON.stringify(["sessionsEnded"]),
      "x".repeat(LONGEST_BYTES + 1),
      JSON.stringify({ hint: "sessionsEnded", payload: { userId: "last", more: "later" } }),
    ];
    const client = await redis.client();
    for (const body of bodies)
      await client.xAdd(`${prefix}:wire`, "*", { from: "x", kind: "hint", body });
    await client.xAdd(`${prefix}:wire`, "*", { odd: "entry" });
    await until(() => one!.heard.length > 0);
    expect(one!.heard).toEqual(["last"]);
    // The first, the second and the fourth of five.
    expect(one!.faults.length).toBe(3);
  });

  test("leaves no connection and no timer behind", async () => {
    await processes(2);
    await redis.close();
    const client = await redis.client();
    await until(async () => (await client.clientList()).length === 1);
  });
});
