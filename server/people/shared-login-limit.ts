/**
 * The rules of {@link createLoginLimit} counted over all processes, by one script in redis and its clock. Each process counts its own tries
 * beside it: while redis is away or slow those decide, and nobody is kept out because redis cannot be asked.
 */
import { createHash } from "node:crypto";
import type { Redis } from "../storage/redis.ts";
import {
  FIRST_WAIT_MS,
  FORGIVEN_AFTER_MS,
  LONGEST_WAIT_MS,
  type LoginLimit,
  TRIES_PER_ADDRESS,
  TRIES_PER_LOGIN,
  createLoginLimit,
  sourceOf,
} from "./login-limit.ts";

/** Somebody who logs in does not wait longer for redis. */
const REDIS_WITHIN_MS = 100;

/** Keys: the login's tally, the address'. What the local rules keep as a tally is a hash here; without a wait nothing of it matters after its window. */
const RULES = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function number(key, field)
  return tonumber(redis.call('HGET', key, field) or '0')
end
local function count(key, tries, window)
  local from, tried, waits = number(key, 'from'), number(key, 'tries'), number(key, 'waits')
  local till = number(key, 'until')
  if now - from >= window then from = now; tried = 0 end
  tried = tried + 1
  if tried >= tries then
    till = now + math.min(${FIRST_WAIT_MS} * 2 ^ waits, ${LONGEST_WAIT_MS})
    waits = waits + 1
  end
  redis.call('HSET', key, 'from', from, 'tries', tried, 'waits', waits, 'until', till)
  local left = from + window
  if waits > 0 then left = math.max(from, till) + ${FORGIVEN_AFTER_MS} end
  redis.call('PEXPIREAT', key, left)
end
`;
const TAKE = `${RULES}
local wait = math.max(number(KEYS[1], 'until'), number(KEYS[2], 'until')) - now
if wait > 0 then return wait end
count(KEYS[1], ${TRIES_PER_LOGIN.tries}, ${TRIES_PER_LOGIN.windowMs})
return 0`;
const FAILED = `${RULES}
count(KEYS[1], ${TRIES_PER_ADDRESS.tries}, ${TRIES_PER_ADDRESS.windowMs})
return 0`;

/** Tries of all processes. */
export function sharedLoginLimit(redis: Redis): LoginLimit {
  const local = createLoginLimit();
  const loginKey = (login: string) => `${redis.prefix}:login:${hashOf(login)}`;
  const addressKey = (address: string) => `${redis.prefix}:from:${hashOf(sourceOf(address))}`;
  const script = (body: string, keys: string[]): Promise<number | null> =>
    redis.run(REDIS_WITHIN_MS, (client) => client.eval(body, { keys })).then(Number, () => null);

  return {
    async take(login, address) {
      const waitMs = await script(TAKE, [loginKey(login), addressKey(address)]);
      if (waitMs === null) return local.take(login, address);
      return waitMs > 0 ? waitMs : local.admit(login, address);
    },
    failed(address) {
      local.failed(address);
      void script(FAILED, [addressKey(address)]);
    },
    succeeded(login, address) {
      local.succeeded(login, address);
      redis.run(REDIS_WITHIN_MS, (client) => client.del(loginKey(login))).catch(() => undefined);
    },
    undecided: (address) => local.undecided(address),
  };
}

/** What people type may be anything, also somebody's password: it does not stand in redis. */
function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}
