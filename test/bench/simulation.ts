/**
 * How fast days are played: 100,000 calls under two policies in a worker, beside the same loop with a plain array for a line, and what the
 * thread that serves operators feels of it meanwhile.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { recordOf } from "../../server/calls/record.ts";
import { saveCalls } from "../../server/calls/store.ts";
import type { Policy } from "../../server/priority/model.ts";
import { FinishTimes } from "../../server/priority/simulation/finish-times.ts";
import { generateDay } from "../../server/priority/simulation/generate.ts";
import type {
  GeneratedDay,
  SimulationInput,
  SimulationState,
} from "../../server/priority/simulation/model.ts";
import { Simulations } from "../../server/priority/simulation/simulations.ts";
import type { Pool } from "../../server/priority/simulation/workload.ts";
import { openStorage } from "../../server/storage/database.ts";
import { startEmbeddedPostgres } from "../../server/storage/embedded.ts";
import { migrate } from "../../server/storage/migrate.ts";
import { officeDay } from "../priority/simulation/office.ts";
import type { Bench } from "./run.ts";

const OPERATORS = 40;
const LOAD = 0.95;
const GOAL_SECONDS = 5;
const RECORDED_DAYS = 14;
const guard = { mostExtraWaitSeconds: 60, neverPassedAfterSeconds: 300 };
const plain: Policy = {
  rules: [],
  guard: { mostExtraWaitSeconds: null, neverPassedAfterSeconds: null },
  queues: [],
  timeZone: "Europe/Moscow",
};
const nothingElse = { skipQuestions: false, preferred: null, message: "" };
const gentle: Policy = {
  ...plain,
  guard,
  rules: [
    {
      id: "loyal",
      name: "Regular customers first",
      on: true,
      when: [{ fact: "tier", in: ["loyal"] }],
      then: { rate: 2, headStartSeconds: 14, ...nothingElse },
    },
  ],
};

/** The worker's whole way (start, day, two policies, statistics), its bare play, and the floor. */
export const simulation: Bench = async ({ quick }) => {
  const calls = quick ? 10_000 : 100_000;
  const callersPerHour = (LOAD * OPERATORS * 3600) / 180;
  const day: GeneratedDay = {
    kind: "generated",
    callersPerHour,
    hours: Math.min(336, calls / callersPerHour),
    handlingSeconds: { mean: 180, cv: 1.1 },
    patienceSeconds: 180,
    operators: OPERATORS,
    tiers: [{ tier: "loyal", share: 0.2 }],
    seed: 1,
  };
  await using parts = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "callcard-bench-"));
  parts.defer(() => rm(directory, { recursive: true, force: true }));
  const postgres = await startEmbeddedPostgres(join(directory, "postgres"));
  parts.defer(() => postgres.stop());
  const recordedDays = await record(postgres.url, quick ? 1 : RECORDED_DAYS);
  const simulations = new Simulations({
    databaseUrl: postgres.url,
    onFailure: (error) => {
      throw error;
    },
  });
  parts.defer(() => simulations.close());
  const idle = await delayWhile(() => sleep(2000));
  const rounds: Played[] = [];
  const busy = await delayWhile(async () => {
    for (let round = 0; round < (quick ? 1 : 5); round += 1)
      rounds.push(await play(simulations, { ...day, seed: round + 1 }));
  });
  const { seconds, result } = middleOf(rounds);
  const again: Played[] = [];
  for (let round = 0; round < 3; round += 1) again.push(await play(simulations, recordedDays));
  const recorded = middleOf(again);
  const [pool] = generateDay(day, { queue: "", startAtMs: Date.UTC(2026, 0, 5, 6) }).pools;
  firstCome(pool!);
  const floorStartedMs = performance.now();
  firstCome(pool!);
  firstCome(pool!);
  const floorSeconds = (performance.now() - floorStartedMs) / 1000;
  return [
    {
      what: `${result.calls.toLocaleString("en")} calls under 2 policies, from the request to the result`,
      value: seconds,
      unit: "s",
      beside: `plain array for a line, nothing counted: ${floorSeconds.toFixed(2)} s`,
      goal: `at most ${GOAL_SECONDS} s for 100,000`,
      met: seconds <= GOAL_SECONDS,
    },
    {
      what: "of it: asking the policies, playing, counting",
      value: result.tookMs / 1000,
      unit: "s",
      beside: `${Math.round((2 * result.calls) / (result.tookMs / 1000)).toLocaleString("en")} calls/s`,
    },
    {
      what: "event loop delay of the server's thread meanwhile, p99",
      value: busy.p99Ms,
      unit: "ms",
      beside: `at rest ${idle.p99Ms.toFixed(2)} ms`,
    },
    {
      what: "the longest",
      value: busy.longestMs,
      unit: "ms",
      beside: `at rest ${idle.longestMs.toFixed(2)} ms`,
    },
    {
      what: `${recorded.result.calls.toLocaleString("en")} recorded calls read from PostgreSQL and played under 2 policies`,
      value: recorded.seconds,
      unit: "s",
      beside: `of it playing: ${(recorded.result.tookMs / 1000).toFixed(2)} s`,
      goal: `at most ${GOAL_SECONDS} s for 100,000`,
      met: recorded.seconds <= GOAL_SECONDS,
    },
  ];
};

const twoPolicies = [
  { name: "plain", policy: plain },
  { name: "gentle", policy: gentle },
];

type Played = { readonly seconds: number; readonly state: SimulationState };

async function play(simulations: Simulations, source: SimulationInput["source"]): Promise<Played> {
  const startedMs = performance.now();
  let state = simulations.start({ source, policies: twoPolicies }, "bench");
  while (state.state === "running") {
    await sleep(5);
    state = simulations.find(state.id, "bench")!;
  }
  return { seconds: (performance.now() - startedMs) / 1000, state };
}

function middleOf(rounds: readonly Played[]) {
  const { seconds, state } = rounds.toSorted((a, b) => a.seconds - b.seconds)[rounds.length >> 1]!;
  if (state.result === null) throw new Error(`the simulation failed: ${state.error}`);
  return { seconds, result: state.result };
}

/** Fills an empty database with days of 7,150 calls each, by 20,000 customers of whom a fifth are loyal. */
async function record(url: string, days: number): Promise<SimulationInput["source"]> {
  await using parts = new AsyncDisposableStack();
  const storage = openStorage(url, { maxConnections: 2 });
  parts.defer(() => storage.close());
  await migrate(storage.db);
  const { rows } = await storage.pool.query<{ id: string }>(`
    insert into customers (source, source_id, name, tier)
    select 'bench', n::text, 'n', case when n % 5 = 0 then 'loyal' else '' end
    from generate_series(1, 20000) n returning id`);
  let caller = 0;
  for (let day = 0; day < days; day += 1) {
    const records = officeDay({
      queue: "sales",
      extensions: Array.from({ length: OPERATORS }, (_, at) => String(100 + at)),
      startAtMs: Date.UTC(2026, 9, 1 + day, 6),
      ...{ hours: 10, callersPerHour: 715, handlingSeconds: 180, patienceSeconds: 240 },
      ...{ ringSeconds: 4, afterWorkSeconds: 10, seed: day },
    }).map((call) => {
      caller += 1;
      return recordOf(call, null, rows[(caller * 7919) % rows.length]!.id);
    });
    for (let at = 0; at < records.length; at += 500)
      await saveCalls(storage.db, records.slice(at, at + 500));
  }
  await storage.pool.query("analyze");
  const to = `2026-10-${String(days).padStart(2, "0")}`;
  return { kind: "recorded", from: "2026-10-01", to, queues: [] };
}

/** Beyond the timer's own 1 ms. */
async function delayWhile(deed: () => Promise<unknown>) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await deed();
  delay.disable();
  return { p99Ms: delay.percentile(99) / 1e6, longestMs: delay.max / 1e6 };
}

/** The floor: the same events and operators, but whoever came first is next and nothing is kept but who was lost. */
function firstCome(pool: Pool): number {
  const { joinedAtMs, handlingMs, patienceMs, duty } = pool;
  const operators = duty.reduce((sum, { change }) => sum + change, 0);
  const finish = new FinishTimes();
  const line: number[] = [];
  let head = 0;
  let lost = 0;
  let next = 0;
  for (;;) {
    const joinAt = next < joinedAtMs.length ? joinedAtMs[next]! : Infinity;
    const nowMs = Math.min(joinAt, finish.next());
    if (nowMs === Infinity) return lost;
    if (finish.next() === nowMs) finish.drop();
    else line.push(next++);
    while (finish.size < operators && head < line.length) {
      const caller = line[head]!;
      head += 1;
      if (joinedAtMs[caller]! + patienceMs[caller]! <= nowMs) lost += 1;
      else finish.add(nowMs + handlingMs[caller]!);
    }
  }
}
