/** Where recorded days end and what is told of who was there: clocks that change, midnight, empty days, patience, duty; and a reading cut short. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Call } from "../../../server/calls/model.ts";
import { recordOf } from "../../../server/calls/record.ts";
import { saveCalls } from "../../../server/calls/store.ts";
import { NoRecordError, loadRecorded } from "../../../server/priority/simulation/recorded.ts";
import { Simulations } from "../../../server/priority/simulation/simulations.ts";
import type { Pool } from "../../../server/priority/simulation/workload.ts";
import { lockWaits } from "../../support/locks.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { plainPolicy } from "./sample.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
beforeEach(async () => {
  await database.pool.query("truncate calls cascade");
});
afterAll(() => database.drop());

/** Seconds after the call's start, but for the start itself. */
type Story = {
  readonly start: string;
  readonly pbx?: string;
  readonly queue?: string;
  readonly joined?: number;
  readonly rang?: number;
  /** Null for who hung up. */
  readonly answered: number | null;
  readonly ended: number;
  readonly extension?: string;
  readonly direction?: Call["direction"];
};

let calls = 0;
function callOf(story: Story): Call {
  const { queue = "sales", joined = 0, answered, ended, extension = "101" } = story;
  const { rang = answered ?? 0, direction = "inbound", pbx = "office" } = story;
  const startedAtMs = Date.parse(story.start);
  const at = (seconds: number) => startedAtMs + seconds * 1000;
  calls += 1;
  const id = `${pbx}-${calls}`;
  const endedAtMs = at(ended);
  const leftAtMs = at(answered ?? ended);
  return {
    ...{ id, pbx, direction, party: { number: "+79130000001", name: "" } },
    ...{ dialled: "", fromExtension: "", startedAtMs, endedAtMs, state: "ended" },
    answeredAtMs: answered === null ? null : leftAtMs,
    endedHow: answered === null ? "abandoned" : "completed",
    visits:
      direction === "inbound"
        ? [
            {
              ...{ queue, position: 1, joinedAtMs: at(joined), leftAtMs },
              how: answered === null ? "abandoned" : "answered",
            },
          ]
        : [],
    rings:
      answered === null
        ? []
        : // Another phone rang first: whose ring is told by its id, not by its place.
          [
            ...(["noAnswer", "answered"] as const).map((outcome) => ({
              ...{ id: `${id}.${outcome}`, queue, interface: `PJSIP/${extension}`, outcome },
              extension: outcome === "answered" ? extension : "199",
              startedAtMs: outcome === "answered" ? at(rang) : at(0),
              ...{ toldBy: "agentCalled" as const, endedAtMs: leftAtMs },
            })),
          ],
    talks:
      answered === null
        ? []
        : [
            {
              ...{ extension, queue: direction === "inbound" ? queue : "", heldMs: 0 },
              ringId: direction === "inbound" ? `${id}.answered` : "",
              ...{ startedAtMs: leftAtMs, endedAtMs, onHoldSinceMs: null },
            },
          ],
    ...{ transfers: [], partyChannel: "", seenFromMiddle: false },
  };
}

async function saved(...stories: readonly Story[]): Promise<void> {
  await saveCalls(
    database.db,
    stories.map((story) => recordOf(callOf(story), "+79130000001", null)),
  );
}

async function load(from: string, to = from, timeZone = "Europe/Kyiv", queues: string[] = []) {
  const progress: number[] = [];
  const { pools } = await loadRecorded(
    database,
    { kind: "recorded", from, to, queues },
    {
      timeZone,
      standings: async (ids) => {
        expect(ids).toEqual([]);
        return new Map();
      },
      onProgress: (share) => progress.push(share),
    },
  );
  // Told as it goes on, to the end, and never backwards.
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  expect(progress.at(-1)).toBe(1);
  return pools;
}
const joins = (pools: readonly Pool[]) =>
  pools.flatMap(({ joinedAtMs }) => [...joinedAtMs].map((ms) => new Date(ms).toISOString()));
/** When operators came and went, as `+09:00:00` of UTC. */
const dutyOf = (pool: Pool) =>
  pool.duty.map(
    ({ atMs, change }) => `${change > 0 ? "+" : "-"}${new Date(atMs).toISOString().slice(11, 19)}`,
  );

describe("a day of changed clocks", () => {
  // In Kyiv the clocks went from +02:00 to +03:00 on 29 March 2026 and back on 25 October.
  test.each([
    ["has 23 hours in spring", "2026-03-29", "2026-03-28T22:00:00Z", "2026-03-29T20:59:59Z"],
    ["has 25 hours in autumn", "2026-10-25", "2026-10-24T21:00:00Z", "2026-10-25T21:59:59Z"],
    ["has 24 hours where they stay", "2026-11-10", "2026-11-09T22:00:00Z", "2026-11-10T21:59:59Z"],
  ])("%s", async (_, day, first, last) => {
    const beside = (moment: string, seconds: number) =>
      new Date(Date.parse(moment) + seconds * 1000).toISOString();
    const hour = { answered: 5, ended: 60 };
    await saved(
      { start: beside(first, -1), ...hour },
      { start: first, ...hour },
      { start: last, ...hour },
      { start: beside(last, 1), ...hour },
    );
    const inside = [first, last].map((moment) => beside(moment, 0));
    expect(joins(await load(day))).toEqual(inside);
  });

  test("both calls of the hour that comes twice are played, an hour apart", async () => {
    await saved(
      { start: "2026-10-25T00:30:00Z", answered: 5, ended: 60 },
      { start: "2026-10-25T01:30:00Z", answered: 5, ended: 60 },
    );
    expect(joins(await load("2026-10-25"))).toEqual([
      "2026-10-25T00:30:00.000Z",
      "2026-10-25T01:30:00.000Z",
    ]);
  });
});

describe("a call over midnight", () => {
  test("belongs whole to the day it began on, and keeps its operator there until its end", async () => {
    await saved(
      { start: "2026-11-10T21:50:00Z", rang: 2, answered: 5, ended: 300 },
      // 23:59:30 in Kyiv, answered on the next day.
      { start: "2026-11-10T21:59:30Z", rang: 20, answered: 35, ended: 900 },
    );
    const [pool] = await load("2026-11-10");
    expect([...pool!.joinedAtMs]).toHaveLength(2);
    expect(pool!.handlingMs[1]).toBe(865_000);
    expect(pool!.ringMs[1]).toBe(15_000);
    expect(dutyOf(pool!)).toEqual(["+21:50:02", "-22:14:30"]);
    await expect(load("2026-11-11")).rejects.toThrow(NoRecordError);
  });

  test("whose caller reached the queue after it is played at that moment", async () => {
    await saved({ start: "2026-11-10T21:59:30Z", joined: 60, answered: 70, ended: 100 });
    expect(joins(await load("2026-11-10"))).toEqual(["2026-11-10T22:00:30.000Z"]);
  });
});

describe("days on which nobody called a queue", () => {
  test("alone cannot be played, though operators called out", async () => {
    await saved({ start: "2026-11-10T10:00:00Z", direction: "outbound", answered: 9, ended: 60 });
    await expect(load("2026-11-10")).rejects.toThrow(
      "Nobody called any queue on 2026-11-10, as far as is recorded",
    );
  });

  test("between others are no reason to stop", async () => {
    const call = { answered: 5, ended: 60 };
    await saved(
      { start: "2026-11-09T10:00:00Z", ...call },
      { start: "2026-11-12T10:00:00Z", ...call },
    );
    const pools = await load("2026-11-08", "2026-11-13");
    expect(joins(pools)).toEqual(["2026-11-09T10:00:00.000Z", "2026-11-12T10:00:00.000Z"]);
    // Nobody is on duty in the days between.
    expect(dutyOf(pools[0]!)).toEqual(["+10:00:05", "-10:01:00", "+10:00:05", "-10:01:00"]);
  });

  test("are told by the queues that were chosen", async () => {
    await saved({ start: "2026-11-10T10:00:00Z", queue: "service", answered: 5, ended: 60 });
    expect(await load("2026-11-10", "2026-11-10", "Europe/Kyiv", ["service"])).toHaveLength(1);
    await expect(load("2026-11-10", "2026-11-10", "Europe/Kyiv", ["sales"])).rejects.toThrow(
      "Nobody called the queue sales on 2026-11-10, as far as is recorded",
    );
  });
});

test("who hung up has the patience they showed; who was answered had more than they needed", async () => {
  await saved(
    ...[12, 40, 95].map((ended, at): Story => ({
      start: `2026-11-10T10:0${at}:00Z`,
      answered: null,
      ended,
    })),
    { start: "2026-11-10T10:05:00Z", rang: 30, answered: 34, ended: 100 },
  );
  const [pool] = await load("2026-11-10");
  expect([...pool!.patienceMs].slice(0, 3)).toEqual([12_000, 40_000, 95_000]);
  expect(pool!.patienceMs[3]).toBeGreaterThan(34_000);
  // Whom nobody answered would have been rung for and helped as others were.
  expect([...pool!.ringMs]).toEqual([4000, 4000, 4000, 4000]);
  expect([...pool!.handlingMs]).toEqual([66_000, 66_000, 66_000, 66_000]);
});

describe("members on duty", () => {
  test("are there from their first ring to their last word, over short pauses and not over long ones", async () => {
    const talk = { rang: 0, answered: 10, ended: 310 };
    await saved(
      { start: "2026-11-10T09:00:00Z", ...talk },
      // 25 minutes later: a quiet stretch.
      { start: "2026-11-10T09:30:10Z", ...talk },
      // 40 minutes later: lunch.
      { start: "2026-11-10T10:15:20Z", ...talk },
      { start: "2026-11-10T09:10:00Z", ...talk, extension: "102" },
    );
    const [pool] = await load("2026-11-10");
    expect(dutyOf(pool!)).toEqual([
      ...["+09:00:00", "+09:10:00", "-09:15:10", "-09:35:20"],
      ...["+10:15:20", "-10:20:30"],
    ]);
  });

  test("are away while they call out", async () => {
    const talk = { rang: 0, answered: 10, ended: 310 };
    await saved(
      { start: "2026-11-10T09:00:00Z", ...talk },
      { start: "2026-11-10T09:08:00Z", direction: "outbound", answered: 0, ended: 120 },
      { start: "2026-11-10T09:15:00Z", ...talk },
    );
    const [pool] = await load("2026-11-10");
    expect(dutyOf(pool!)).toEqual(["+09:00:00", "-09:08:00", "+09:10:00", "-09:20:10"]);
  });

  test("are not those who let callers wait", async () => {
    const talk = { rang: 0, answered: 10, ended: 310 };
    await saved(
      { start: "2026-11-10T09:00:00Z", ...talk },
      // Waited for three minutes of a pause of ten, and no phone rang.
      { start: "2026-11-10T09:07:00Z", answered: null, ended: 180 },
      { start: "2026-11-10T09:15:10Z", ...talk },
    );
    const [pool] = await load("2026-11-10");
    expect(dutyOf(pool!)).toEqual(["+09:00:00", "-09:05:10", "+09:15:10", "-09:20:20"]);
  });
});

test("a queue and an operator of another PBX are others, whatever they are called", async () => {
  const call = { start: "2026-11-10T10:00:00Z", answered: 5, ended: 60 };
  await saved(call, { ...call, pbx: "branch" });
  const pools = await load("2026-11-10");
  expect(pools.map(({ queues, joinedAtMs }) => [...queues, joinedAtMs.length])).toEqual([
    ["sales", 1],
    ["sales", 1],
  ]);
});

test("a call that went through two queues and was handed on is a stay in each and work for both operators", async () => {
  const call = callOf({ start: "2026-11-10T10:00:00Z", rang: 50, answered: 55, ended: 100 });
  const at = (seconds: number) => call.startedAtMs + seconds * 1000;
  const [visit] = call.visits;
  const [talk] = call.talks;
  await saveCalls(database.db, [
    recordOf(
      {
        ...call,
        visits: [
          { ...visit!, queue: "service", leftAtMs: at(30), how: "timeout" },
          { ...visit!, joinedAtMs: at(31) },
        ],
        talks: [
          talk!,
          // Handed on without a ring of the queue.
          { ...talk!, extension: "102", ringId: "", startedAtMs: at(100), endedAtMs: at(200) },
        ],
      },
      null,
      null,
    ),
  ]);
  const pools = await load("2026-11-10");
  const told = new Map(pools.map((pool) => [pool.queues.join(" "), pool]));
  expect([...told.keys()].sort()).toEqual(["sales", "service"]);
  // Sent on after half a minute: nobody knows whether they would have waited longer.
  expect([...told.get("service")!.patienceMs]).toEqual([30_000]);
  expect(told.get("service")!.duty).toEqual([]);
  const { ringMs, handlingMs } = told.get("sales")!;
  expect([[...ringMs], [...handlingMs]]).toEqual([[5000], [45_000]]);
  expect(dutyOf(told.get("sales")!)).toEqual(["+10:00:50", "+10:01:40", "-10:01:40", "-10:03:20"]);
});

test("cancelled while it reads: at once for the person, the next one can begin, and PostgreSQL is left alone", async () => {
  await saved({ start: "2026-11-10T10:00:00Z", answered: 5, ended: 60 });
  const failures: unknown[] = [];
  const simulations = new Simulations({
    databaseUrl: database.url,
    onFailure: (error) => failures.push(error),
  });
  const input = {
    source: { kind: "recorded", from: "2026-11-10", to: "2026-11-10", queues: [] },
    policies: [{ name: "plain", policy: plainPolicy }],
  } as const;
  const waiting = () => lockWaits(database.pool, "%from calls%");
  const blocker = await database.pool.connect();
  try {
    // So that it is in the middle of its reading for certain.
    await blocker.query("begin; lock table calls in access exclusive mode");
    const { id } = simulations.start(input, "anna");
    await expect.poll(waiting).toBe(1);
    expect(simulations.cancel(id, "anna")).toMatchObject({ state: "cancelled", result: null });
    // Given up although the table is still locked.
    await expect.poll(waiting).toBe(0);
    const next = simulations.start(input, "anna");
    await expect.poll(waiting).toBe(1);
    await blocker.query("rollback");
    await expect.poll(() => simulations.find(next.id, "anna")!.state).toBe("done");
    expect(simulations.find(next.id, "anna")!.result!.calls).toBe(1);
    expect(simulations.find(id, "anna")).toMatchObject({ state: "cancelled", result: null });
    expect(failures).toEqual([]);
  } finally {
    blocker.release(true);
    await simulations.close();
  }
});
