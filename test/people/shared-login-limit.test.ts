import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { LoginLimit } from "../../server/people/login-limit.ts";
import { sharedLoginLimit } from "../../server/people/shared-login-limit.ts";
import { openRateLimit } from "../../server/storage/rate-limit.ts";
import type { Redis } from "../../server/storage/redis.ts";
import { redisOfFile, until } from "../support/redis.ts";

const redis = redisOfFile();

let prefix = "";
async function connections(many: number): Promise<Redis[]> {
  prefix = redis.newPrefix();
  const all = Array.from({ length: many }, () => redis.open(prefix));
  await until(() => all.every((one) => one.state().ok));
  return all;
}

async function wrong(limit: LoginLimit, login: string, address = "10.0.0.1"): Promise<number> {
  const waitMs = await limit.take(login, address);
  if (waitMs === 0) limit.failed(address);
  return waitMs;
}

test("five tries are free on all processes together, then everybody waits a minute; other logins do not", async () => {
  const [one, two] = (await connections(2)).map(sharedLoginLimit);
  for (let n = 0; n < 5; n++) expect(await wrong(n % 2 === 0 ? one! : two!, "olga")).toBe(0);
  for (const limit of [one!, two!]) {
    const waitMs = await wrong(limit, "olga");
    expect(waitMs).toBeGreaterThan(50_000);
    expect(waitMs).toBeLessThanOrEqual(60_000);
  }
  expect(await wrong(two!, "ivan")).toBe(0);
});

test("who logs in on one process starts anew on all; an address that only guesses waits on all", async () => {
  const [one, two] = (await connections(2)).map(sharedLoginLimit);
  for (let n = 0; n < 4; n++) await wrong(one!, "olga");
  expect(await two!.take("olga", "10.0.0.2")).toBe(0);
  two!.succeeded("olga", "10.0.0.2");
  await sleep(50);
  for (let n = 0; n < 4; n++) expect(await wrong(one!, "olga")).toBe(0);
  // Twelve more of this address make twenty.
  for (let n = 0; n < 12; n++) expect(await wrong(two!, `guess${n}`)).toBe(0);
  await sleep(50);
  expect(await wrong(one!, "somebody")).toBeGreaterThan(50_000);
  expect(await one!.take("somebody", "10.0.0.3")).toBe(0);
});

test("a wait doubles each time, and what is kept in redis ends by itself and names nobody", async () => {
  const [one] = await connections(1);
  const limit = sharedLoginLimit(one!);
  const client = await redis.client();
  for (let n = 0; n < 4; n++) await wrong(limit, "olga");
  const keys = async () => client.keys(`${prefix}:[lf]*`);
  for (const key of await keys()) expect(await client.pTTL(key)).toBeLessThanOrEqual(300_000);
  await wrong(limit, "olga");
  const [login] = await client.keys(`${prefix}:login:*`);
  expect(login).not.toContain("olga");
  expect(await client.pTTL(login!)).toBeGreaterThan(86_000_000);
  // As if the minute was over.
  await client.hSet(login!, "until", "1");
  expect(await wrong(limit, "olga")).toBe(0);
  expect(await wrong(limit, "olga")).toBeGreaterThan(110_000);
});

test("redis away or still keeps nobody out and nobody waiting, and each process goes on with its own count", async () => {
  const [one] = (await connections(1)).map(sharedLoginLimit);
  for (let n = 0; n < 3; n++) await wrong(one!, "olga");
  redis.server.pause();
  try {
    const sinceMs = performance.now();
    expect(await wrong(one!, "olga")).toBe(0);
    expect(performance.now() - sinceMs).toBeLessThan(1000);
    expect(await wrong(one!, "olga")).toBe(0);
    expect(await wrong(one!, "olga")).toBeGreaterThan(50_000);
    expect(await wrong(one!, "ivan")).toBe(0);
  } finally {
    redis.server.resume();
  }
});

test("who may ask so and so often asks so often of all processes together, and of each alone without redis", async () => {
  const [one, two] = await connections(2);
  const rate = { burst: 6, perSecond: 0.01 };
  const limits = [openRateLimit(one!, "page", rate), openRateLimit(two!, "page", rate)];
  const taken: boolean[] = [];
  for (let n = 0; n < 5; n++) for (const take of limits) taken.push(await take("10.0.0.1"));
  expect(taken.filter(Boolean).length).toBe(6);
  expect(await limits[0]!("10.0.0.2")).toBe(true);
  await redis.close();
  for (let n = 0; n < 6; n++) expect(await limits[0]!("10.0.0.1")).toBe(true);
  expect(await limits[0]!("10.0.0.1")).toBe(false);
});
