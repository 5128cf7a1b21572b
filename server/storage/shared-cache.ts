/**
 * What was read of systems outside, kept for all processes: one request in flight for each key among them, an old value told at once while a new
 * one is fetched, and nobody waits for another process longer than they would wait for the system itself. Without redis, or while it is away,
 * each process keeps its own. What is our own is not kept here: PostgreSQL answers as fast as redis does.
 */
import { createHash, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import type { Bus } from "./bus.ts";
import { type Redis, RedisAway } from "./redis.ts";

/** How a value is kept. `T` is plain JSON. */
export type KeepOptions<T> = {
  /** So long it is fresh, ms; 0 for a value that is not kept. May depend on the value. */
  readonly ttlMs: number | ((value: T) => number);
  /** So long after that it is told at once while it is read again, ms; default 0. */
  readonly staleMs?: number;
  /** Another process that reads the same is waited for so long; then it is read here. */
  readonly deadlineMs: number;
  /** What comes from redis is outside: false and it counts as not there. */
  readonly check: (value: unknown) => boolean;
};

/** Where a value came from: read now by this process, or kept. */
export type Got<T> = { readonly value: T; readonly from: "read" | "kept" };

/** Reads of systems outside. */
export interface SharedCache {
  /**
   * The value of a key within a group, out of memory, redis, or `load`. A `load` that fails is not kept and fails for those of this process who
   * wait for it. @throws what `load` throws.
   */
  get<T>(
    group: string,
    key: string,
    load: () => Promise<T>,
    options: KeepOptions<T>,
  ): Promise<Got<T>>;
  /** All of a group means nothing any more, in every process; what is being read of it now is not kept. */
  forget(group: string): void;
  close(): void;
}

/** A longer value, as JSON, is kept by the process that read it and by no other. */
export const LONGEST_CHARACTERS = 512 * 1024;
const MOST_CHARACTERS = 32 * 1024 * 1024;
const MOST_VALUES = 20_000;
/** redis is faster than any system outside, or it is not worth asking. */
const REDIS_WITHIN_MS = 150;
const LOOK_AGAIN_MS = 40;
/** The count of a group's endings lives longer than any value. */
const GROUP_MS = 7 * 24 * 3_600_000;

/** As it lies in redis; times are epoch ms by the clock of who wrote it. */
type Kept = {
  readonly value: unknown;
  /** How often its group had been forgotten by then; "" in a process alone. */
  readonly count: string;
  readonly freshUntilMs: number;
  readonly usableUntilMs: number;
};
type Held = Kept & { readonly characters: number };

/** Value, the group's count, and whether the lock was free and is the asker's now. */
const LOOK = `
local kept, count = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[3]) or '0'
local lock = 0
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then lock = 1 end
return {kept, count, lock}`;
/** Keeps a value if the group was not forgotten meanwhile; whoever holds the lock gives it back. */
const KEEP = `
if (redis.call('GET', KEYS[3]) or '0') == ARGV[2] and ARGV[3] ~= '' then
  redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
end
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
return 0`;

type Looked = { readonly kept: Kept | null; readonly count: string; readonly mine: boolean };

/** @param redis null with one process. */
export function openSharedCache(parts: {
  readonly redis: Redis | null;
  readonly bus: Pick<Bus, "on" | "publish">;
  /** Epoch ms. */
  readonly now?: () => number;
}): SharedCache {
  const { redis, bus, now = Date.now } = parts;
  const held = new LRUCache<string, Held>({
    max: MOST_VALUES,
    maxSize: MOST_CHARACTERS,
    sizeCalculation: ({ characters }) => characters,
  });
  const reading = new Map<string, Promise<Got<never>>>();
  /** Grows whenever something is forgotten: what was asked for before is not kept. */
  let forgotten = 0;
  /** Groups that redis could not be told of yet. */
  const untold = new Set<string>();

  const nameOf = (group: string, key: string) => JSON.stringify([group, key]);
  const keysOf = (group: string, key: string): string[] => {
    const { prefix } = redis!;
    const hash = createHash("sha256").update(nameOf(group, key)).digest("base64url").slice(0, 27);
    return [`${prefix}:read:${hash}`, `${prefix}:reading:${hash}`, groupKey(group)];
  };
  const groupKey = (group: string) => `${redis!.prefix}:reads:${group}`;

  function drop(group: string): void {
    forgotten += 1;
    const start = `${JSON.stringify([group]).slice(0, -1)},`;
    for (const name of [...held.keys()]) if (name.startsWith(start)) held.delete(name);
    // Who asks from now on does not get what was asked for before.
    for (const name of [...reading.keys()]) if (name.startsWith(start)) reading.delete(name);
  }

  async function tell(group: string): Promise<void> {
    if (redis === null) return;
    const isLate = untold.has(group);
    untold.add(group);
    try {
      await redis.run(REDIS_WITHIN_MS * 4, async (client) => {
        await client.incr(groupKey(group));
        await client.pExpire(groupKey(group), GROUP_MS);
      });
      untold.delete(group);
      // Somebody may have taken the old one from redis meanwhile.
      if (isLate) bus.publish("readsForgotten", { group });
    } catch {
      // Told when redis is back.
    }
  }

  const stops = [
    bus.on("readsForgotten", ({ group }) => drop(group)),
    bus.on("hintsLost", () => {
      forgotten += 1;
      held.clear();
      reading.clear();
    }),
    ...(redis === null ? [] : [redis.onLook(() => untold.forEach((group) => void tell(group)))]),
  ];

  /** Looks into redis, and takes the lock when nobody has it. @throws RedisAway */
  async function look(
    [value, lockKey, group]: string[],
    token: string,
    lockMs: number,
    check: (value: unknown) => boolean,
  ): Promise<Looked> {
    const answer = await redis!
      .run(REDIS_WITHIN_MS, (client) =>
        client.eval(LOOK, {
          keys: [value!, lockKey!, group!],
          arguments: [token, String(lockMs)],
        }),
      )
      // Whatever redis says is its own trouble, not the asker's.
      .catch((error: unknown) => {
        throw error instanceof RedisAway ? error : new RedisAway(String(error));
      });
    const [text, count, mine] = answer as [string | null, string, number];
    const kept = text === null ? null : readKept(text, check);
    return { kept: kept?.count === count ? kept : null, count, mine: mine === 1 };
  }

  /** Reads it from the system and keeps it. */
  async function load<T>(
    group: string,
    key: string,
    read: () => Promise<T>,
    options: KeepOptions<T>,
    locked: { readonly token: string; readonly count: string } | null,
  ): Promise<Got<T>> {
    const before = forgotten;
    let text = "";
    let keepMs = 0;
    try {
      const value = await read();
      const ttlMs = typeof options.ttlMs === "function" ? options.ttlMs(value) : options.ttlMs;
      if (ttlMs > 0 && before === forgotten) {
        const nowMs = now();
        keepMs = Math.ceil(ttlMs + (options.staleMs ?? 0));
        const kept = {
          ...{ value, count: locked?.count ?? "" },
          ...{ freshUntilMs: nowMs + ttlMs, usableUntilMs: nowMs + keepMs },
        };
        text = JSON.stringify(kept);
        if (text.length <= MOST_CHARACTERS / 8)
          held.set(nameOf(group, key), { ...kept, characters: text.length });
        if (text.length > LONGEST_CHARACTERS) text = "";
      }
      return { value, from: "read" };
    } finally {
      if (locked !== null) {
        const { token, count } = locked;
        redis!
          .run(REDIS_WITHIN_MS * 4, (client) =>
            client.eval(KEEP, {
              keys: keysOf(group, key),
              arguments: [token, count, text, String(Math.max(1, keepMs))],
            }),
          )
          .catch(() => undefined);
      }
    }
  }

  /** With redis: of several processes one reads, the others wait for what it keeps. */
  async function together<T>(
    group: string,
    key: string,
    read: () => Promise<T>,
    options: KeepOptions<T>,
  ): Promise<Got<T>> {
    const token = randomUUID();
    const keys = keysOf(group, key);
    const untilMs = performance.now() + options.deadlineMs;
    const before = forgotten;
    try {
      for (;;) {
        const looked = await look(keys, token, options.deadlineMs, options.check);
        const { kept } = looked;
        const nowMs = now();
        const isUsable = kept !== null && nowMs < kept.usableUntilMs && !untold.has(group);
        if (isUsable) {
          const isFresh = nowMs < kept.freshUntilMs;
          if (before === forgotten)
            held.set(nameOf(group, key), { ...kept, characters: JSON.stringify(kept).length });
          if (looked.mine) {
            const mine = { token, count: looked.count };
            if (isFresh) release(keys, mine);
            else load(group, key, read, options, mine).catch(() => undefined);
          }
          return { value: kept.value as T, from: "kept" };
        }
        if (looked.mine)
          return await load(group, key, read, options, { token, count: looked.count });
        if (performance.now() + LOOK_AGAIN_MS >= untilMs) break;
        await sleep(LOOK_AGAIN_MS);
      }
    } catch (error) {
      // Only redis' own trouble: what the system says is the asker's.
      if (!(error instanceof RedisAway)) throw error;
    }
    return await load(group, key, read, options, null);
  }

  function release(keys: string[], { token, count }: { token: string; count: string }): void {
    redis!
      .run(REDIS_WITHIN_MS, (client) =>
        client.eval(KEEP, { keys, arguments: [token, count, "", "1"] }),
      )
      .catch(() => undefined);
  }

  return {
    async get(group, key, read, options) {
      const name = nameOf(group, key);
      const known = held.get(name);
      const nowMs = now();
      if (known !== undefined && nowMs < known.freshUntilMs)
        return { value: known.value as never, from: "kept" };
      let asked = reading.get(name);
      if (asked === undefined) {
        const mine: Promise<Got<never>> = (
          redis === null
            ? load(group, key, read, options, null)
            : together(group, key, read, options)
        ).finally(() => {
          if (reading.get(name) === mine) reading.delete(name);
        }) as Promise<Got<never>>;
        reading.set(name, mine);
        asked = mine;
      }
      if (known !== undefined && nowMs < known.usableUntilMs) {
        asked.catch(() => undefined);
        return { value: known.value as never, from: "kept" };
      }
      return await asked;
    },
    forget(group) {
      drop(group);
      void tell(group);
      bus.publish("readsForgotten", { group });
    },
    close() {
      for (const stop of stops) stop();
      held.clear();
    },
  };
}

/** Of one process alone. @param now epoch ms. */
export function localCache(now: () => number = Date.now): SharedCache {
  return openSharedCache({
    ...{ redis: null, now },
    bus: { on: () => () => undefined, publish: () => undefined },
  });
}

function readKept(text: string, check: (value: unknown) => boolean): Kept | null {
  if (text.length > LONGEST_CHARACTERS) return null;
  try {
    const kept = JSON.parse(text) as Partial<Kept> | null;
    if (typeof kept?.freshUntilMs !== "number" || typeof kept.usableUntilMs !== "number")
      return null;
    return check(kept.value) ? (kept as Kept) : null;
  } catch {
    return null;
  }
}
