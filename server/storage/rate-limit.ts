/** How often somebody outside may ask, counted over all processes. While redis is away or slow each process counts by itself. */
import { LRUCache } from "lru-cache";
import { TokenBucket } from "../desk/token-bucket.ts";
import type { Redis } from "./redis.ts";

/** Bursts up to a size, then a steady rate. */
export type Rate = { readonly burst: number; readonly perSecond: number };

/** Takes one of what `key` may; false when there is none left. Never fails. */
export type RateLimit = (key: string) => Promise<boolean>;

const KEYS = 20_000;
const REDIS_WITHIN_MS = 100;

/** The bucket of {@link TokenBucket} by the clock of redis; when it would be full again it is forgotten. */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local burst, perSecond = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = burst
if kept[1] then
  tokens = math.min(burst, tonumber(kept[1]) + (now - tonumber(kept[2])) / 1000 * perSecond)
end
local taken = 0
if tokens >= 1 then tokens = tokens - 1; taken = 1 end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil((burst - tokens) / perSecond * 1000))
return taken`;

/** @param name the same in every process. @param redis null with one process. */
export function openRateLimit(redis: Redis | null, name: string, rate: Rate): RateLimit {
  const { burst, perSecond } = rate;
  const buckets = new LRUCache<string, TokenBucket>({ max: KEYS });
  const local = (key: string): boolean => {
    const bucket = buckets.get(key) ?? new TokenBucket(burst, perSecond);
    buckets.set(key, bucket);
    return bucket.take();
  };
  if (redis === null) return async (key) => local(key);
  return async (key) => {
    try {
      const taken = await redis.run(REDIS_WITHIN_MS, (client) =>
        client.eval(TAKE, {
          keys: [`${redis.prefix}:rate:${name}:${key}`],
          arguments: [String(burst), String(perSecond)],
        }),
      );
      return taken === 1;
    } catch {
      return local(key);
    }
  };
}
