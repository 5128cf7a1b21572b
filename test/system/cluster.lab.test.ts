/**
 * Three processes, two real Asterisks, a real redis and PostgreSQL; whatever is killed, cut, emptied or restarted at random: every phone that
 * rang has its card or a reason, every call is in history once, callers stand in the policy's order, nobody is dialled twice.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "redis";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { CampaignSettings } from "../../server/campaigns/model.ts";
import type { CampaignTemplate } from "../../server/campaigns/rest.ts";
import { seededRandom } from "../../server/demo/random.ts";
import { SESSION_COOKIE } from "../../server/http/auth.ts";
import { everyDay } from "../campaigns/samples.ts";
import { openChromium, profile } from "../support/chromium.ts";
import { type Lab, type Phone, labStartMs } from "../support/lab.ts";
import {
  type ClusterHouse,
  type ClusterPbx,
  CALLERS,
  CROWD,
  LINE,
  callerNumber,
  openClusterHouse,
} from "./cluster-house.ts";
import { type FloorScreen, openFloorScreen } from "./cluster-floor.ts";
import { watchKept, watchOrder } from "./line-watch.ts";
import { callsOf } from "./floor.ts";
import { eventually } from "./house.ts";
import { orderOf } from "./shop.ts";

const STEPS = Number(process.env["CLUSTER_STEPS"] ?? 60);
const SEED = Number(process.env["CLUSTER_SEED"] ?? 7);
const PEOPLE = 30;
/** Long enough to come back to a screen whose process died when it began. */
const RING_MS = 2000;
/** Whatever else the machine does; what was measured is printed. */
const LONGEST_DISORDER_MS = 30_000;
/** A process on a busy machine may not have written within this what it sent to a screen. */
const UNWRITTEN_MS = 2000;
/** Who still waits in line when nobody calls any more is answered, one after the other. */
const LINE_ENDS_MS = 180_000;

type Step = "kill" | "stop" | "cut" | "redisRestart" | "redisFlush" | "postgres";
/** Of sixty. */
const SHARES: Readonly<Record<Step, number>> = {
  ...{ kill: 24, stop: 6, cut: 15, redisRestart: 5, redisFlush: 5, postgres: 5 },
};

let house: ClusterHouse;
let town: Phone;
let screens: readonly FloorScreen[];
let pages: readonly Page[];
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  house = await openClusterHouse({
    ...{ processes: 3, versions: [22, 16] },
    phones: { ringMs: RING_MS, talkMs: 3000 },
  });
  closing.push(() => house.close());
  town = await house.pbxs[0]!.lab.town([
    { numbers: "+79132", ringMs: 500, talkMs: 2500 },
    { numbers: "+", ringMs: 300, reject: 486 },
  ]);
  const { url } = house.cluster;
  const browser = await openChromium();
  closing.push(() => browser.close());
  pages = await Promise.all(
    house.pbxs.map(async ({ operators }) => {
      const context = await profile(browser, { locale: "ru-RU" });
      await context.addCookies([{ name: SESSION_COOKIE, value: operators[0]!.cookie, url }]);
      const page = await context.newPage();
      await page.goto(url);
      await page
        .getByRole("button", { name: /^(Пауза|На линию)/ })
        .first()
        .waitFor();
      return page;
    }),
  );
  screens = house.pbxs.flatMap(({ operators }) =>
    operators.slice(1).map((operator) => openFloorScreen(url, operator)),
  );
  closing.push(async () => screens.forEach((screen) => screen.close()));
  await eventually(async () => screens.every((screen) => screen.connected()));
}, labStartMs);
afterEach(() => {
  // Started again by the next fault, a process that crashed would leave no other trace.
  expect(house.cluster.crashes).toEqual([]);
});
afterAll(async () => {
  for (const close of closing.toReversed()) await close();
});

test(
  `every card, every call, every order of a queue and every attempt once, over ${STEPS} faults (seed ${SEED})`,
  // What went wrong among random faults is looked at, not tried again.
  { timeout: 1_500_000, retry: 0 },
  async () => {
    const random = seededRandom(SEED);
    const steps = Object.entries(SHARES)
      .flatMap(([step, of]) => Array.from({ length: of }, () => step as Step))
      .map((step) => ({ step, at: random.next() }))
      .toSorted((a, b) => a.at - b.at)
      .slice(0, STEPS);
    const campaignId = await beginCampaign();
    const people = Array.from(
      { length: PEOPLE },
      (_, n) => `+7913${n % 5 === 4 ? 3 : 2}${String(n).padStart(6, "0")}`,
    );
    const traffic = callers();
    const order = watchOrder(() => house.line(house.pbxs[0]!));

    await sleep(3000);
    for (const [at, { step }] of steps.entries()) {
      const told = (upTo: number) => Math.ceil((PEOPLE * upTo) / steps.length);
      await tellOrders(people.slice(told(at), told(at + 1)));
      await sleep(random.whole(300, 2500));
      await deeds[step](random.whole(0, 2), house.pbxs[random.whole(0, 1)]!);
    }
    await sleep(5000);
    const placed = await traffic.end();
    await order.end();
    for (const { lab } of house.pbxs) await lab.noChannels(LINE_ENDS_MS);

    const history = await expectHistory(placed);
    const cards = await expectCards();
    await expectWrapUps();
    await expectAttempts(people, campaignId);
    console.log({
      ...{ seed: SEED, steps: steps.length, placed: placed.length, history, cards },
      longestDisorderMs: Math.round(order.longestMs()),
      longestLine: order.longestLine(),
    });
    expect(order.longestLine()).toBeGreaterThan(4);
    expect(order.longestMs()).toBeLessThan(LONGEST_DISORDER_MS);
    for (const page of pages)
      await page
        .getByRole("button", { name: /^(Пауза|На линию)/ })
        .first()
        .waitFor();
  },
);

test(
  "a process that stands still for 20 s while it acts on a PBX does nothing more there that its successor did",
  { timeout: 300_000, retry: 0 },
  async () => {
    const [{ name }] = house.pbxs as readonly [ClusterPbx];
    const campaignId = await beginCampaign();
    const people = Array.from(
      { length: 20 },
      (_, n) => `+79132${String(500 + n).padStart(6, "0")}`,
    );
    const traffic = callers(5000);
    const before = await eventually(async () => {
      const holder = await house.holder(name);
      return holder >= 0 ? { holder } : null;
    });
    const still = house.cluster.members[before.holder]!;
    await tellOrders(people.slice(0, 10));
    // In the middle of dialling and moving.
    await sleep(700);
    still.pause();
    const pausedMs = performance.now();
    // No request may wait for the one that stands still.
    const others = house.cluster.members.filter((member) => member !== still);
    const another = await eventually(async () => {
      const holder = await house.holder(name);
      return holder >= 0 && holder !== before.holder ? { holder } : null;
    });
    const takenAfterMs = performance.now() - pausedMs;
    await tellOrders(people.slice(10), others[0]!.url);
    await sleep(Math.max(0, 20_000 - (performance.now() - pausedMs)));
    const resumedAtMs = Date.now();
    still.resume();
    await sleep(8000);
    // It has not been given the lease again: whatever it did, it did without.
    expect(await house.holder(name)).toBe(another.holder);
    const acts = ["Originate", "QueueChangePriorityCaller", "QueueAdd", "QueueRemove", "Hangup"];
    const did = house
      .sent(before.holder, name)
      .filter(({ atMs, name: action }) => atMs >= resumedAtMs && acts.includes(action));
    expect(did).toEqual([]);
    const placed = await traffic.end();
    for (const { lab } of house.pbxs) await lab.noChannels(LINE_ENDS_MS);
    await expectHistory(placed);
    await expectAttempts(people, campaignId);
    console.log({ takenAfterMs: Math.round(takenAfterMs) });
  },
);

test(
  "PostgreSQL is away for a minute: cards come from memory, callers keep their order, nobody is dialled, and all is written once",
  { timeout: 600_000, retry: 0 },
  async () => {
    const since = new Date();
    const [first] = house.pbxs as readonly [ClusterPbx];
    // Nobody who called in one of the other tests; both PBXs know all of them from before.
    const known = Array.from({ length: 12 }, (_, n) => callerNumber(960 + n));
    const quick = { giveUpAfterMs: 20_000, talkMs: 2000 };
    const callAll = async (lab: Lab) => {
      for (const from of known) {
        await lab.call({ from, to: "610", ...quick });
        await sleep(1200);
      }
    };
    const quiet = async () => {
      for (const { lab } of house.pbxs) await lab.noChannels(LINE_ENDS_MS);
    };
    await Promise.all(house.pbxs.map(({ lab }) => callAll(lab)));
    await quiet();
    const campaignId = await beginCampaign();
    const people = Array.from(
      { length: 30 },
      (_, n) => `+79132${String(700 + n).padStart(6, "0")}`,
    );
    const savedCount = () => screens.reduce((sum, { saved }) => sum + saved.size, 0);
    const line: string[] = [];
    let away = { fromMs: 0, saved: 0, toMs: 0 };
    await tellOrders(people);
    await house.withoutPostgres(async () => {
      // What was under way when it went.
      await sleep(1500);
      away = { fromMs: Date.now(), saved: savedCount(), toMs: 0 };
      const kept = watchKept(() => house.line(first));
      const callLine = async () => {
        for (let n = 0; n < 20; n += 1) {
          const from = callerNumber(972 + n);
          line.push(from);
          await first.lab.call({ from, to: LINE, giveUpAfterMs: 20_000, talkMs: 60_000 });
          await sleep(1800);
        }
      };
      await Promise.all([callLine(), ...house.pbxs.map(({ lab }) => callAll(lab))]);
      await sleep(Math.max(0, away.fromMs + 60_000 - Date.now()));
      expect(await kept.end()).toEqual({ passedBy: [], longest: expect.any(Number) });
      away = { ...away, toMs: Date.now() };
      expect(savedCount(), "wrap-ups said to be saved meanwhile").toBe(away.saved);
      for (const { url } of house.cluster.members) {
        const { parts } = (await (await fetch(`${url}/readyz`)).json()) as {
          parts: readonly { name: string; ok: boolean }[];
        };
        expect(parts.filter(({ ok }) => !ok).map(({ name }) => name)).toContain("database");
      }
    });
    const acts = ["Originate", "QueueChangePriorityCaller"];
    const did = house.pbxs
      .flatMap(({ name }) => house.cluster.members.flatMap((_, at) => house.sent(at, name)))
      .filter(({ atMs, name }) => atMs > away.fromMs && atMs < away.toMs && acts.includes(name));
    expect(did).toEqual([]);
    // Who rang at a screen of ours then stood there by name, as from memory.
    const rang = house.pbxs.flatMap(({ name, crowd }) =>
      callsOf(crowd)
        .filter(({ atMs }) => atMs > away.fromMs && atMs < away.toMs)
        .filter(({ from, to }) => known.includes(from) && to !== CROWD[0])
        .map(({ from, to }) => `${name}-${to} ${from}`),
    );
    expect(rang.length).toBeGreaterThan(known.length);
    const shown = Map.groupBy(
      screens.flatMap(({ operator, cards }) =>
        [...cards.values()].map((card) => ({ ...card, login: operator.login })),
      ),
      ({ login, phone }) => `${login} ${phone?.e164}`,
    );
    const not = rang.filter(
      (ring) =>
        !shown
          .get(ring)
          ?.some(({ outcome, problems }) => outcome === "one" && problems.includes("fromMemory")),
    );
    expect(not.map((ring) => ({ ring, shown: shown.get(ring) }))).toEqual([]);

    await quiet();
    const rows = async () =>
      house.storage.db
        .selectFrom("calls")
        .select(["id", "party_number as number", "pbx"])
        .where("direction", "=", "inbound")
        .where("ended_how", "<>", "merged")
        .where("started_at", ">", since)
        .execute();
    const expected = [
      ...house.pbxs.flatMap(({ name }) => [...known, ...known].map((of) => `${name} ${of}`)),
      ...line.map((of) => `${first.name} ${of}`),
    ].toSorted();
    await expect
      .poll(async () => (await rows()).map(({ pbx, number }) => `${pbx} ${number}`).toSorted(), {
        ...{ timeout: 60_000, interval: 500 },
      })
      .toEqual(expected);
    await expect.poll(savedCount, { timeout: 60_000 }).toBeGreaterThan(away.saved);
    await expectCards();
    await expectWrapUps();
    await expectAttempts(people, campaignId);
    console.log({ fromMemory: rang.length });
  },
);

const deeds: Readonly<Record<Step, (member: number, pbx: ClusterPbx) => Promise<void>>> = {
  async kill(member) {
    await house.cluster.members[member]!.kill();
    await house.cluster.members[member]!.start();
  },
  async stop(member) {
    await house.cluster.members[member]!.stop();
    await house.cluster.members[member]!.start();
  },
  cut: async (member, { name }) => house.cut(member, name),
  async redisRestart() {
    await house.redis.kill();
    await sleep(1000);
    await house.redis.start();
  },
  async redisFlush() {
    const client = createClient({ url: house.redis.url });
    client.on("error", () => undefined);
    await client.connect();
    await client.flushAll();
    client.destroy();
  },
  postgres: () => house.withoutPostgres(() => sleep(500)),
};

/** People call both PBXs, each from a number of their own; two of three go to the line. */
function callers(first = 0): { end(): Promise<readonly { number: string; pbx: string }[]> } {
  const placed: { number: string; pbx: string }[] = [];
  const ending = new AbortController();
  const going = (async () => {
    for (let n = first; !ending.signal.aborted && n < first + 1000; n += 1) {
      const { lab, name } = house.pbxs[n % house.pbxs.length]!;
      const number = callerNumber(n);
      const to = Math.floor(n / 2) % 3 === 0 ? "610" : LINE;
      await lab.call({ from: number, to, giveUpAfterMs: 20_000, talkMs: 60_000 });
      placed.push({ number, pbx: name });
      await sleep(600);
    }
  })();
  return {
    async end() {
      ending.abort();
      await going;
      return placed;
    },
  };
}

/** Everybody who called is in history, once. @returns how many calls ended how. */
async function expectHistory(
  placed: readonly { number: string; pbx: string }[],
): Promise<Readonly<Record<string, number>>> {
  const rows = () =>
    house.storage.db
      .selectFrom("calls")
      .select(["id", "party_number", "pbx", "ended_how", "started_at", "ended_at"])
      .where("direction", "=", "inbound")
      .where("ended_how", "<>", "merged")
      .orderBy("id")
      .execute();
  const keyOf = (call: { readonly number: string; readonly pbx: string }) =>
    `${call.pbx} ${call.number}`;
  const found = async () =>
    Map.groupBy(await rows(), ({ party_number: number, pbx }) => keyOf({ number, pbx }));
  const missing = async () => {
    const there = await found();
    return placed.map(keyOf).filter((key) => !there.has(key));
  };
  await expect.poll(missing, { timeout: 60_000, interval: 500 }).toEqual([]);
  const there = await found();
  expect([...there.values()].filter((of) => of.length > 1)).toEqual([]);
  return countOf([...there.values()].flatMap((of) => of.map(({ ended_how }) => ended_how)));
}

/** Every phone that rang has its entry in the ledger: the card was painted, or why not. @returns how many of each. */
async function expectCards(): Promise<Readonly<Record<string, number>>> {
  const rows = async () =>
    house.storage.db
      .selectFrom("pops")
      .innerJoin("calls", "calls.id", "pops.call_id")
      .select(["pops.ring_id", "pops.pbx", "pops.extension", "pops.painted_at", "pops.missed"])
      .select(["calls.party_number"])
      .execute();
  const rings = house.pbxs.flatMap(({ name, crowd }) =>
    callsOf(crowd)
      .filter(({ from }) => from.startsWith(CALLERS))
      .map(({ to, from }) => `${name} ${to} ${from}`),
  );
  const key = (row: { pbx: string; extension: string; party_number: string }) =>
    `${row.pbx} ${row.extension} ${row.party_number}`;
  const without = async () => {
    const known = new Set((await rows()).map(key));
    return rings.filter((ring) => !known.has(ring));
  };
  await expect.poll(without, { timeout: 30_000, interval: 500 }).toEqual([]);
  // A process that died left some open; another gives them their reason after two minutes.
  const open = async () =>
    (await rows()).filter(({ painted_at, missed }) => painted_at === null && missed === "");
  await expect.poll(open, { timeout: 240_000, interval: 1000 }).toEqual([]);
  // What a screen had, the ledger does not call missed for want of a screen; unless the process that sent it died before it wrote anything.
  const had = new Set(
    screens.flatMap(({ cards, lostAtMs }) =>
      [...cards]
        .filter(([, { atMs }]) => !lostAtMs.some((ms) => ms >= atMs && ms < atMs + UNWRITTEN_MS))
        .map(([ringId]) => ringId),
    ),
  );
  const denied = async () =>
    (await rows()).filter(({ ring_id, missed }) => missed === "notConnected" && had.has(ring_id));
  await expect.poll(denied, { timeout: 60_000, interval: 500 }).toEqual([]);
  return countOf((await rows()).map(({ missed }) => missed || "painted"));
}

/** What a screen was told is saved is there, once. */
async function expectWrapUps(): Promise<void> {
  const rows = await house.storage.db
    .selectFrom("wrap_ups")
    .select(["call_id", "user_id"])
    .execute();
  const keys = rows.map(({ call_id, user_id }) => `${user_id} ${call_id}`);
  expect(new Set(keys).size).toBe(keys.length);
  const there = new Set(keys);
  const told = screens.flatMap(({ operator, saved }) =>
    [...saved].map((callId) => `${operator.userId} ${callId}`),
  );
  expect(told.filter((one) => !there.has(one))).toEqual([]);
  expect(told.length).toBeGreaterThan(0);
}

async function beginCampaign(): Promise<string> {
  const [pbx] = house.pbxs;
  await house.ask("PUT", `/api/v1/trunks/${pbx!.name}/city`, {
    ...{ dial: "PJSIP/{number}@pstn", format: "e164", enabled: true },
    ...{ lines: 10, callsPerSecond: 10 },
  });
  const { templates } = await house.ask<{ templates: CampaignTemplate[] }>(
    "GET",
    "/api/v1/campaigns/templates?language=ru",
  );
  const settings: CampaignSettings = {
    ...templates.find(({ id }) => id === "confirmOrders")!.settings,
    ...{ name: "Заказы", pbx: pbx!.name, trunks: ["city"], mode: "progressive", queue: "610" },
    trigger: { type: "orderPlaced", sources: ["site"] },
    callerId: { number: "+73830000600", name: "Магазин" },
    ...{ ringSeconds: 15, hours: everyDay("00:00", "24:00") },
    exclude: { talkedWithinHours: null, openClaim: false, withoutConsent: false },
  };
  const { id } = await house.ask<{ id: string }>("POST", "/api/v1/campaigns", { settings });
  await house.ask("POST", `/api/v1/campaigns/${id}/start`);
  return id;
}

async function tellOrders(phones: readonly string[], url = house.cluster.url): Promise<void> {
  if (phones.length === 0) return;
  await house.ask(
    "POST",
    "/api/v1/orders",
    phones.map((phone) => orderOf("site", phone)),
    url,
  );
}

/** Attempts that are still under way. */
async function unsettledAttempts(): Promise<readonly object[]> {
  const { rows } = await house.storage.pool.query<{ state: string; n: string }>(
    `select case when state = 'planned' and due_at < now() then 'due' else state end as state, count(*) as n
     from attempts group by 1`,
  );
  return rows.filter(({ state }) => !["planned", "ended", "unknown"].includes(state));
}

/** By the city line's own log nobody was dialled more often than there are attempts. */
async function expectAttempts(people: readonly string[], campaignId: string): Promise<void> {
  const tried = async () =>
    house.storage.db
      .selectFrom("attempts")
      .select(["id", "state", "outcome", "phone"])
      .where("state", "<>", "planned")
      .execute();
  const forgotten = async () => {
    const phones = new Set((await tried()).map(({ phone }) => phone));
    return people.filter((phone) => !phones.has(phone));
  };
  await expect.poll(forgotten, { timeout: 180_000, interval: 500 }).toEqual([]);
  await expect.poll(() => unsettledAttempts(), { timeout: 180_000, interval: 500 }).toEqual([]);
  const attempts = await tried();
  const invites = Map.groupBy(callsOf(town), ({ to }) => to);
  for (const phone of people)
    expect(invites.get(phone)?.length ?? 0, `${phone} was dialled`).toBeLessThanOrEqual(
      attempts.filter((one) => one.phone === phone).length,
    );
  const { contacts } = await house.ask<{ contacts: readonly { phone: string }[] }>(
    "GET",
    `/api/v1/campaigns/${campaignId}/contacts?limit=200`,
  );
  expect(contacts).toHaveLength(people.length);
  // Asterisk stood all the time: what became of a call can always be known.
  expect(attempts.filter(({ state }) => state === "unknown")).toEqual([]);
}

function countOf(words: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    [...Map.groupBy(words, (word) => word)].map(([word, of]) => [word, of.length]),
  );
}
