/**
 * How fast days are played: 100,000 calls under two policies in a worker, beside the same loop with a plain array for a line, and what the
 * thread that serves operators feels of it meanwhile.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Policy } from "../../server/priority/model.ts";
import { FinishTimes } from "../../server/priority/simulation/finish-times.ts";
import { generateDay } from "../../server/priority/simulation/generate.ts";
import type { GeneratedDay, SimulationState } from "../../server/priority/simulation/model.ts";
import { Simulations } from "../../server/priority/simulation/simulations.ts";
import type { Pool } from "../../server/priority/simulation/workload.ts";
import type { Bench } from "./run.ts";

const OPERATORS = 40;
const LOAD = 0.95;
const GOAL_SECONDS = 5;
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
  const simulations = new Simulations({
    databaseUrl: "",
    onFailure: (error) => {
      throw error;
    },
  });
  try {
    const idle = await delayWhile(() => sleep(2000));
    const rounds: { seconds: number; state: SimulationState }[] = [];
    const busy = await delayWhile(async () => {
      for (let round = 0; round < (quick ? 1 : 5); round += 1) {
        const startedMs = performance.now();
        const source = { ...day, seed: round + 1 };
        const { id } = simulations.start({ source, policies: twoPolicies }, "bench");
        let state = simulations.find(id, "bench")!;
        while (state.state === "running") {
          await sleep(5);
          state = simulations.find(id, "bench")!;
        }
        rounds.push({ seconds: (performance.now() - startedMs) / 1000, state });
      }
    });
    const middle = rounds.toSorted((a, b) => a.seconds - b.seconds)[rounds.length >> 1]!;
    const { result } = middle.state;
    if (result === null) throw new Error(`the simulation failed: ${middle.state.error}`);
    const [pool] = generateDay(day, { queue: "", startAtMs: Date.UTC(2026, 0, 5, 6) }).pools;
    firstCome(pool!);
    const floorStartedMs = performance.now();
    firstCome(pool!);
    firstCome(pool!);
    const floorSeconds = (performance.now() - floorStartedMs) / 1000;
    return [
      {
        what: `${result.calls.toLocaleString("en")} calls under 2 policies, from the request to the result`,
        value: middle.seconds,
        unit: "s",
        beside: `plain array for a line, nothing counted: ${floorSeconds.toFixed(2)} s`,
        goal: `at most ${GOAL_SECONDS} s for 100,000`,
        met: middle.seconds <= GOAL_SECONDS,
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
    ];
  } finally {
    await simulations.close();
  }
};

const twoPolicies = [
  { name: "plain", policy: plain },
  { name: "gentle", policy: gentle },
];

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
