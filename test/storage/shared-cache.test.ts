import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { localBus, sharedBus } from "../../server/storage/bus.ts";
import {
  type KeepOptions,
  LONGEST_CHARACTERS,
  type SharedCache,
  openSharedCache,
} from "../../server/storage/shared-cache.ts";
import { openWire } from "../../server/storage/wire.ts";
import { redisOfFile, until } from "../support/redis.ts";

const redis = redisOfFile();

const clock = { ms: Date.now() };
let prefix = "";
async function processes(many: number): Promise<SharedCache[]> {
  prefix = redis.newPrefix();
  const all = Array.from({ length: many }, () => {
    const connection = redis.open(prefix);
    const wire = openWire(connection, () => undefined);
    const bus = sharedBus(wire, () => undefined);
    const cache = openSharedCache({ redis: connection, bus, now: () => clock.ms });
    redis.closing(wire, bus, cache);
    return { cache, bus };
  });
  await until(() => all.every(({ bus }) => bus.health().ok));
  // What is said at the start makes everybody forget; it is not what is looked at here.
  await sleep(50);
  return all.map(({ cache }) => cache);
}

const isText = (value: unknown) => typeof value === "string";
const keep = (more: Partial<KeepOptions<string>> = {}): KeepOptions<string> => ({
  ...{ ttlMs: 60_000, deadlineMs: 2000, check: isText },
  ...more,
});

/** A system outside that counts how often it is asked. */
function system(takesMs = 30) {
  const asked: number[] = [];
  return {
    asked,
    read: async () => {
      const mine = asked.push(Date.now());
      await sleep(takesMs);
      return `answer ${mine}`;
    },
  };
}

describe.each([
  [
    "one process",
    async () => {
      const bus = localBus(() => undefined);
      const cache = openSharedCache({ redis: null, bus, now: () => clock.ms });
      redis.closing(bus, cache);
      return [cache];
    },
  ],
  ["three processes", () => processes(3)],
])("reads of %s", (_, open) => {
  test("one request answers everybody who asks meanwhile and as long as it is fresh", async () => {
    const caches = await open();
    const { asked, read } = system();
    const all = await Promise.all(
      [...caches, ...caches].map((cache) => cache.get("g", "k", read, keep())),
    );
    expect(all.map(({ value }) => value)).toEqual(all.map(() => "answer 1"));
    for (const cache of caches)
      expect(await cache.get("g", "k", read, keep())).toEqual({ value: "answer 1", from: "kept" });
    expect(asked.length).toBe(1);
    expect((await caches[0]!.get("g", "other", read, keep())).value).toBe("answer 2");
    expect((await caches[0]!.get("other", "k", read, keep())).value).toBe("answer 3");
  });

  test("an old value is told at once, and read again by one; one that is too old is not told", async () => {
    const caches = await open();
    const { asked, read } = system();
    const options = keep({ ttlMs: 1000, staleMs: 5000 });
    await caches[0]!.get("g", "k", read, options);
    clock.ms += 1500;
    for (const cache of caches)
      expect((await cache.get("g", "k", read, options)).value).toBe("answer 1");
    await until(() => asked.length === 2);
    await sleep(100);
    for (const cache of caches) {
      // Who told the old one learns of the new one by asking again.
      await cache.get("g", "k", read, options);
      await sleep(20);
      expect((await cache.get("g", "k", read, options)).value).toBe("answer 2");
    }
    expect(asked.length).toBe(2);
    clock.ms += 10_000;
    expect((await caches.at(-1)!.get("g", "k", read, options)).value).toBe("answer 3");
  });

  test("what is forgotten is read again everywhere, also what was being read meanwhile", async () => {
    const caches = await open();
    const { read } = system(150);
    const slow = caches[0]!.get("g", "k", read, keep());
    await sleep(50);
    caches.at(-1)!.forget("g");
    await sleep(50);
    expect((await slow).value).toBe("answer 1");
    for (const cache of caches)
      expect((await cache.get("g", "k", read, keep())).value).toBe("answer 2");
  });

  test("a failure reaches who asked and is not kept; a value may say that it is not kept", async () => {
    const caches = await open();
    const { asked, read } = system();
    const broken = async () => {
      throw new Error("down");
    };
    await expect(caches[0]!.get("g", "k", broken, keep())).rejects.toThrow("down");
    const never = keep({ ttlMs: () => 0 });
    for (const cache of caches) await cache.get("g", "k", read, never);
    expect(asked.length).toBe(caches.length);
  });
});

describe("reads of several processes", () => {
  test("whoever waits for a process that stands still reads by itself after the deadline", async () => {
    const [one, two] = await processes(2);
    const { read } = system();
    const stuck = one!.get("g", "k", () => sleep(2000, "late"), keep({ deadlineMs: 300 }));
    await sleep(50);
    const sinceMs = performance.now();
    const { value } = await two!.get("g", "k", read, keep({ deadlineMs: 300 }));
    expect(value).toBe("answer 1");
    expect(performance.now() - sinceMs).toBeLessThan(1500);
    await stuck;
  });

  test("what lies in redis and is no such value, or too long, counts as not there", async () => {
    const [one, two, three] = await processes(3);
    const client = await redis.client();
    const { read } = system();
    await one!.get("g", "k", read, keep());
    await sleep(50);
    const [key] = await client.keys(`${prefix}:read:*`);
    const kept = JSON.parse((await client.get(key!))!) as object;
    await client.set(key!, JSON.stringify({ ...kept, value: { not: "text" } }));
    expect((await two!.get("g", "k", read, keep())).value).toBe("answer 2");
    await client.set(key!, "no json");
    expect((await three!.get("g", "k", read, keep())).value).toBe("answer 3");
    const long = "x".repeat(LONGEST_CHARACTERS);
    await one!.get("g", "long", async () => long, keep());
    expect((await one!.get("g", "long", read, keep())).value).toBe(long);
    expect((await two!.get("g", "long", read, keep())).value).toBe("answer 4");
  });

  test("redis still, gone and back: everybody reads by themselves, and what was forgotten meanwhile stays forgotten", async () => {
    const [one, two] = await processes(2);
    const { read } = system();
    await one!.get("g", "k", read, keep());
    await sleep(50);
    redis.server.pause();
    try {
      const sinceMs = performance.now();
      expect((await two!.get("g", "k", read, keep())).value).toBe("answer 2");
      expect(performance.now() - sinceMs).toBeLessThan(1500);
      two!.forget("g");
    } finally {
      redis.server.resume();
    }
    // It is told when redis is back, and the others hear that something was lost.
    let value = "";
    while (value !== "answer 3") {
      await sleep(20);
      ({ value } = await one!.get("g", "k", read, keep()));
    }
    await redis.server.kill();
    expect((await two!.get("g", "else", read, keep())).value).toBe("answer 4");
    await redis.server.start();
  });
});
