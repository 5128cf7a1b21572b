/** Recorded days out of a real PostgreSQL, played again: under plain order they come out as they were. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Call, QueueVisit } from "../../../server/calls/model.ts";
import { recordOf } from "../../../server/calls/record.ts";
import { saveCalls } from "../../../server/calls/store.ts";
import { openStandings } from "../../../server/customers/standing.ts";
import { compare } from "../../../server/priority/simulation/compare.ts";
import type { RecordedDays } from "../../../server/priority/simulation/model.ts";
import { NoRecordError, loadRecorded } from "../../../server/priority/simulation/recorded.ts";
import { simulate } from "../../../server/priority/simulation/simulate.ts";
import { Simulations } from "../../../server/priority/simulation/simulations.ts";
import { standingsOf } from "../../../server/priority/simulation/standings.ts";
import type { Workload } from "../../../server/priority/simulation/workload.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { type Office, officeDay } from "./office.ts";
import { plainPolicy, tierPolicy } from "./sample.ts";

const timeZone = "Europe/Moscow";
/** 9:00 in Moscow. */
const startAtMs = Date.UTC(2026, 10, 16, 6);
const extensions = (from: number, count: number) =>
  Array.from({ length: count }, (_, at) => String(from + at));

const sales: Office = {
  queue: "sales",
  extensions: extensions(100, 12),
  startAtMs,
  hours: 9,
  callersPerHour: 190,
  handlingSeconds: 180,
  patienceSeconds: 240,
  ringSeconds: 4,
  afterWorkSeconds: 20,
  seed: 7,
  numberOf: (caller) => (caller % 5 === 0 ? "+79130000001" : "+79130000002"),
};
const service: Office = {
  ...sales,
  queue: "service",
  extensions: extensions(200, 4),
  callersPerHour: 60,
  seed: 8,
};

let database: TestDatabase;
let goldId: string;
let salesCalls: readonly Call[];
let serviceCalls: readonly Call[];

beforeAll(async () => {
  database = await testDatabase();
  const gold = await database.db
    .insertInto("customers")
    .values({ source: "shop", source_id: "1", name: "Ольга", tier: "gold", vip: true })
    .returning("id")
    .executeTakeFirstOrThrow();
  goldId = gold.id;
  salesCalls = officeDay(sales);
  serviceCalls = officeDay(service);
  await save([...salesCalls, ...serviceCalls]);
});
afterAll(() => database.drop());

async function save(calls: readonly Call[]) {
  const records = calls.map((call) =>
    recordOf(call, call.party.number || null, call.party.number === "+79130000001" ? goldId : null),
  );
  for (let at = 0; at < records.length; at += 500)
    await saveCalls(database.db, records.slice(at, at + 500));
}

const load = (parts: Partial<RecordedDays> = {}): Promise<Workload> =>
  loadRecorded(
    database,
    { kind: "recorded", from: "2026-11-16", to: "2026-11-16", queues: [], ...parts },
    { timeZone, standings: (ids) => standingsOf(database, ids, "") },
  );

/** What the record itself says. */
function truthOf(calls: readonly Call[]) {
  const waits = calls
    .map(({ visits: [visit] }) => visit!.leftAtMs! - visit!.joinedAtMs)
    .sort((a, b) => a - b);
  return {
    calls: calls.length,
    meanSeconds: waits.reduce((sum, ms) => sum + ms, 0) / waits.length / 1000,
    p95Seconds: waits[Math.ceil(waits.length * 0.95) - 1]! / 1000,
    lost: calls.filter(({ endedHow }) => endedHow === "abandoned").length / calls.length,
  };
}

test("callers, their tiers, and the patience of who hung up come back as they were recorded", async () => {
  const { pools, patienceGuessed } = await load({ queues: ["sales"] });
  expect(patienceGuessed).toBe(true);
  expect(pools).toHaveLength(1);
  const [pool] = pools;
  expect(pool!.queues).toEqual(["sales"]);
  expect([...pool!.joinedAtMs]).toEqual(salesCalls.map(({ startedAtMs }) => startedAtMs));
  for (const [at, call] of salesCalls.entries()) {
    const [visit] = call.visits;
    const waitMs = visit!.leftAtMs! - visit!.joinedAtMs;
    if (visit!.how === "abandoned") expect(pool!.patienceMs[at]).toBe(waitMs);
    else expect(pool!.patienceMs[at]).toBeGreaterThanOrEqual(waitMs);
    const isGold = at % 5 === 0;
    expect(pool!.tiers[at]).toBe(isGold ? "gold" : "");
    expect(pool!.subjects[at]).toMatchObject({
      queue: "sales",
      caller: isGold ? "customer" : "unknown",
      standing: isGold ? { customerId: goldId, vip: true } : null,
    });
  }
  // The guess is about as patient as people were.
  const mean = pool!.patienceMs.reduce((sum, ms) => sum + ms, 0) / pool!.patienceMs.length;
  expect(mean / 240_000).toBeGreaterThan(0.7);
  expect(mean / 240_000).toBeLessThan(1.4);
  // Ring, then talk and the work after it that the record does not name.
  expect(pool!.ringMs.every((ms) => ms <= 4001)).toBe(true);
  const afterWork = salesCalls.map(({ talks: [talk] }, at) =>
    talk === undefined ? 0 : pool!.handlingMs[at]! - (talk.endedAtMs! - talk.startedAtMs),
  );
  const usual = afterWork.filter((ms) => ms > 0).toSorted((a, b) => a - b);
  expect(usual[usual.length >> 1]! / 20_000).toBeCloseTo(1, 1);
});

test("queues with operators of their own are pools of their own; those that share one are one pool", async () => {
  const apart = await load();
  expect(new Set(apart.pools.map(({ queues }) => queues.join(" ")))).toEqual(
    new Set(["sales", "service"]),
  );
  expect(mostOnDuty(apart, "sales")).toBe(12);
  expect(mostOnDuty(apart, "service")).toBe(4);
  const shared: Call = {
    ...officeDay({ ...service, extensions: ["100"], hours: 1, callersPerHour: 60 })[0]!,
    id: "office-shared",
  };
  await save([shared]);
  const together = await load();
  expect(together.pools.map(({ queues }) => queues)).toEqual([["sales", "service"]]);
  await database.db.deleteFrom("calls").where("id", "=", shared.id).execute();
});

describe("played again under plain order", () => {
  test.each([
    ["sales", () => salesCalls],
    ["service", () => serviceCalls],
  ])("the waits and losses of %s are like the record's", async (queue, calls) => {
    const workload = await load({ queues: [queue] });
    const { policies } = compare(workload, [{ name: "plain", policy: plainPolicy }]);
    const all = policies[0]!.tiers[0]!;
    const truth = truthOf(calls());
    expect(all.callers).toBe(truth.calls);
    // Enough waited that this says something.
    expect(truth.meanSeconds).toBeGreaterThan(15);
    expect(truth.lost).toBeGreaterThan(0.03);
    expect(all.meanWaitSeconds / truth.meanSeconds).toBeGreaterThan(0.75);
    expect(all.meanWaitSeconds / truth.meanSeconds).toBeLessThan(1.33);
    expect(all.p95WaitSeconds / truth.p95Seconds).toBeGreaterThan(0.75);
    expect(all.p95WaitSeconds / truth.p95Seconds).toBeLessThan(1.33);
    expect(Math.abs(all.lost - truth.lost)).toBeLessThan(0.25 * truth.lost + 0.01);
  });

  test("a policy for gold customers shortens their waiting", async () => {
    const workload = await load();
    const { policies, remarks } = compare(workload, [
      { name: "plain", policy: plainPolicy },
      { name: "gold", policy: tierPolicy(["gold"], { rate: 2, headStartSeconds: 14 }) },
    ]);
    const [plain, gold] = policies.map(({ tiers }) => tiers.find(({ tier }) => tier === "gold")!);
    expect(gold!.meanWaitSeconds).toBeLessThan(0.75 * plain!.meanWaitSeconds);
    expect(remarks.map(({ code }) => code)).toEqual(
      expect.arrayContaining(["patienceGuessed", "standingOfToday", "dutyEstimated"]),
    );
  });
});

test("a day begins and ends in the policy's zone", async () => {
  const at = (iso: string, id: string): Call => {
    const ms = Date.parse(iso);
    const [call] = officeDay({ ...sales, startAtMs: ms, hours: 1, callersPerHour: 1000 });
    return { ...call!, id, startedAtMs: ms };
  };
  await save([
    at("2026-11-18T20:59:59+00:00", "office-late"),
    at("2026-11-18T21:00:00+00:00", "office-early"),
  ]);
  const callers = async (day: string) =>
    (await load({ from: day, to: day })).pools.reduce(
      (sum, pool) => sum + pool.joinedAtMs.length,
      0,
    );
  expect(await callers("2026-11-18")).toBe(1);
  expect(await callers("2026-11-19")).toBe(1);
  await expect(load({ from: "2026-11-20", to: "2026-11-21" })).rejects.toThrow(
    new NoRecordError(
      "Nobody called any queue from 2026-11-20 to 2026-11-21, as far as is recorded",
    ),
  );
  await expect(load({ queues: ["nobody's"] })).rejects.toThrow(
    new NoRecordError("Nobody called the queue nobody's on 2026-11-16, as far as is recorded"),
  );
});

test("who got nobody is told as it was at each call, not as it is today", async () => {
  const day = { ...sales, startAtMs: Date.UTC(2026, 10, 23, 6), hours: 1, callersPerHour: 100 };
  const [call] = officeDay(day);
  const story = (id: string, hour: number, isLost: boolean): Call => {
    const startedAtMs = day.startAtMs + hour * 3_600_000;
    const leftAtMs = startedAtMs + 30_000;
    return {
      ...call!,
      ...{
        id,
        startedAtMs,
        endedAtMs: leftAtMs,
        endedHow: isLost ? "abandoned" : "completed",
        party: { number: "+79130000009", name: "" },
      },
      visits: [
        {
          ...call!.visits[0]!,
          joinedAtMs: startedAtMs,
          leftAtMs,
          how: isLost ? "abandoned" : "answered",
        },
      ],
      talks: isLost
        ? []
        : [{ ...call!.talks[0]!, startedAtMs: leftAtMs, endedAtMs: leftAtMs + 1000 }],
      rings: [],
    };
  };
  await save([
    // The day before.
    story("office-s0", -20, true),
    story("office-s1", 0, true),
    story("office-s2", 1, false),
    story("office-s3", 2, true),
  ]);
  const { pools } = await load({ from: "2026-11-23", to: "2026-11-23" });
  const lostHoursBefore = pools[0]!.subjects.map(({ lostAtMs }, at) =>
    lostAtMs === null ? null : Math.round((pools[0]!.joinedAtMs[at]! - lostAtMs) / 3_600_000),
  );
  expect(lostHoursBefore).toEqual([20, 1, null]);
});

test("who waited for their preferred operator and then in the queue waited once, and did not hang up in between", async () => {
  const startAtMs = Date.UTC(2026, 10, 24, 6);
  const [call] = officeDay({ ...sales, startAtMs, hours: 1, callersPerHour: 100 });
  const stay = (fromMs: number, toMs: number, how: QueueVisit["how"]): QueueVisit => ({
    ...{ ...call!.visits[0]!, joinedAtMs: startAtMs + fromMs, leftAtMs: startAtMs + toMs, how },
  });
  const preferring = { position: 0, preferredExtension: "102" };
  const story = (id: string, visits: readonly QueueVisit[]): Call => {
    const { how, leftAtMs } = visits.at(-1)!;
    const talk = { ...call!.talks[0]!, startedAtMs: leftAtMs!, endedAtMs: leftAtMs! + 60_000 };
    const talks = how === "answered" ? [talk] : [];
    return { ...call!, id, startedAtMs: startAtMs, visits, talks, rings: [] };
  };
  await save([
    story("office-p1", [
      { ...stay(0, 10_000, "timeout"), ...preferring },
      stay(11_000, 40_000, "answered"),
    ]),
    story("office-p2", [{ ...stay(0, 5000, "answered"), ...preferring }]),
    // Talked with their operator and came back: another waiting.
    story("office-p3", [
      { ...stay(0, 6000, "answered"), ...preferring },
      stay(90_000, 97_000, "answered"),
    ]),
  ]);
  const { pools } = await load({ from: "2026-11-24", to: "2026-11-24" });
  const joinings = pools.flatMap(({ joinedAtMs }) => [...joinedAtMs]);
  expect(joinings.map((atMs) => atMs - startAtMs)).toEqual([0, 0, 0, 90_000]);
  // Played again, nobody is less patient than they were.
  const patience = pools.flatMap(({ patienceMs }) => [...patienceMs]);
  expect(patience[0]).toBeGreaterThanOrEqual(40_000);
});

test("many standings at once say what is said of one, but for who got nobody and who talked last", async () => {
  const { db } = database;
  const order = { source: "shop", customer_id: goldId, currency: "RUB", lines: "[]" };
  const cart = { source: "shop", customer_id: goldId, currency: "RUB", total_minor: 100 };
  const days = (count: number) => new Date(Date.now() - count * 86_400_000);
  await db
    .insertInto("orders")
    .values([
      {
        ...order,
        source_id: "1",
        number: "1",
        stage: "completed",
        total_minor: 500,
        placed_at: days(30),
        updated_at: days(9),
      },
      {
        ...order,
        source_id: "2",
        number: "2",
        stage: "shipped",
        total_minor: 700,
        placed_at: days(5),
        promised_at: days(1),
      },
      {
        ...order,
        source_id: "3",
        number: "3",
        stage: "cancelled",
        total_minor: 900,
        placed_at: days(1),
      },
      {
        ...order,
        source_id: "4",
        number: "4",
        currency: "EUR",
        stage: "paid",
        total_minor: 40,
        placed_at: days(20),
      },
    ])
    .execute();
  await db
    .insertInto("claims")
    .values({ source: "shop", source_id: "1", customer_id: goldId, opened_at: days(2) })
    .execute();
  await db
    .insertInto("carts")
    .values({ ...cart, source_id: "1", left_at: days(2) })
    .execute();
  for (const currency of ["", "RUB", "EUR"]) {
    const many = await standingsOf(database, [goldId, "999999"], currency);
    expect([...many.keys()]).toEqual([goldId]);
    const one = await openStandings(database, { currency: () => currency }).of(goldId);
    expect(many.get(goldId)).toEqual({
      ...one,
      ...{ lostAtMs: null, personalManager: "", lastOperator: "" },
      // What becomes late from today on is not late on any day that can be played.
      orderDueAtMs: undefined,
    });
    expect(one).toMatchObject({ orderCount: 3, orderLate: true, openClaim: true });
  }
});

test("the worker reads the record over a connection of its own; days with no calls fail with words for the person", async () => {
  const failures: unknown[] = [];
  const simulations = new Simulations({
    databaseUrl: database.url,
    onFailure: (error) => failures.push(error),
  });
  const run = async (from: string) => {
    const source = { kind: "recorded", from, to: from, queues: [] } as const;
    const policies = [{ name: "plain", policy: plainPolicy }];
    const { id } = simulations.start({ source, policies }, "anna");
    await expect.poll(() => simulations.find(id, "anna")!.state).not.toBe("running");
    return simulations.find(id, "anna")!;
  };
  const played = await run("2026-11-16");
  expect(played).toMatchObject({ state: "done", error: "" });
  expect(played.result!.calls).toBe(salesCalls.length + serviceCalls.length);
  const refused = await run("2026-01-01");
  expect(refused).toMatchObject({ state: "failed", result: null });
  expect(refused.error).toBe("Nobody called any queue on 2026-01-01, as far as is recorded");
  expect(failures).toEqual([]);
  await simulations.close();
});

function mostOnDuty({ pools }: Workload, queue: string): number {
  const pool = pools.find(({ queues }) => queues.includes(queue))!;
  let now = 0;
  let most = 0;
  for (const { change } of pool.duty) {
    now += change;
    most = Math.max(most, now);
  }
  expect(now).toBe(0);
  return most;
}

test("everybody is answered or lost, whatever the estimate", async () => {
  for (const pool of (await load()).pools) {
    const callers = pool.joinedAtMs.length;
    const treatment = {
      effects: [{ rate: 1, headStartMs: 0 }],
      effect: new Uint16Array(callers),
      guards: pool.queues.map(() => plainPolicy.guard),
    };
    const { waitMs, lost } = simulate(pool, treatment);
    expect(waitMs.every((ms) => ms >= 0 && Number.isFinite(ms))).toBe(true);
    expect(lost.filter((one) => one === 0).length).toBeGreaterThan(callers / 2);
  }
});
