/** Simulations in threads of their own: what they tell, what a bad one does to the rest, and how many there may be. */
import { afterEach, expect, test } from "vitest";
import type {
  SimulationInput,
  SimulationState,
} from "../../../server/priority/simulation/model.ts";
import {
  SimulationBusyError,
  Simulations,
  type SimulationsOptions,
} from "../../../server/priority/simulation/simulations.ts";
import { fieldDay, gentlePolicy, plainPolicy } from "./sample.ts";

const policies = [
  { name: "plain", policy: plainPolicy },
  { name: "gentle", policy: gentlePolicy },
];
const input = (hours: number): SimulationInput => ({ source: fieldDay(0.95, { hours }), policies });
const script = (code: string) => new URL(`data:text/javascript,${encodeURIComponent(code)}`);
const hanging = script("for (;;) ;");

let opened: Simulations[] = [];
const failures: unknown[] = [];
function open(options: Partial<SimulationsOptions> = {}): Simulations {
  const simulations = new Simulations({
    databaseUrl: "",
    onFailure: (error) => failures.push(error),
    ...options,
  });
  opened.push(simulations);
  return simulations;
}
afterEach(async () => {
  await Promise.all(opened.map((simulations) => simulations.close()));
  opened = [];
  failures.length = 0;
});

/** Its end, with every progress that was seen on the way. */
async function ended(simulations: Simulations, id: string, owner: string) {
  const progress: number[] = [];
  let state: SimulationState | null = null;
  await expect
    .poll(
      () => {
        state = simulations.find(id, owner);
        if (state !== null && state.progress !== progress.at(-1)) progress.push(state.progress);
        return state?.state;
      },
      { interval: 5 },
    )
    .not.toBe("running");
  return { state: state!, progress };
}

test("a simulation tells how far it is, then its result; nobody else sees it", async () => {
  const simulations = open();
  const { id, state } = simulations.start(input(96), "anna");
  expect(state).toBe("running");
  const end = await ended(simulations, id, "anna");
  expect(end.state).toMatchObject({ id, state: "done", progress: 1, error: "" });
  expect(end.state.result!.policies.map(({ name }) => name)).toEqual(["plain", "gentle"]);
  expect(end.progress.length).toBeGreaterThan(3);
  expect(end.progress).toEqual(end.progress.toSorted((a, b) => a - b));
  expect(simulations.find(id, "boris")).toBeNull();
  expect(simulations.cancel(id, "boris")).toBeNull();
  expect(failures).toEqual([]);
});

test("cancelling ends the thread at once and makes room", async () => {
  const simulations = open({ worker: hanging });
  const { id } = simulations.start(input(1), "anna");
  expect(simulations.cancel(id, "anna")).toMatchObject({ state: "cancelled", result: null });
  // Once more changes nothing, and the thread's end is no failure.
  expect(simulations.cancel(id, "anna")).toMatchObject({ state: "cancelled" });
  const next = simulations.start(input(1), "anna");
  expect(next.state).toBe("running");
  await simulations.close();
  expect(failures).toEqual([]);
  expect(simulations.find(id, "anna")).toMatchObject({ state: "cancelled" });
});

test.each([
  ["throws", "throw new Error('boom')", "boom"],
  ["exits", "process.exit(3)", "ended with 3"],
  ["ends without a word", "0", "ended with 0"],
  ["rejects later", "setTimeout(() => Promise.reject(new Error('late')), 1)", "late"],
])(
  "a worker that %s is a failed simulation; the cause is told to the log alone",
  async (_, code, why) => {
    const simulations = open({ worker: script(code) });
    const { id } = simulations.start(input(1), "anna");
    const { state } = await ended(simulations, id, "anna");
    expect(state).toMatchObject({ state: "failed", result: null });
    expect(state.error).not.toContain(why);
    expect(failures).toHaveLength(1);
    expect(String(failures[0])).toContain(why);
  },
);

test("one that needs too much memory fails, and the server lives", async () => {
  const code = "const all = []; for (;;) all.push(new Array(1e5).fill(all.length));";
  const simulations = open({ worker: script(code), memoryMb: 32 });
  const { id } = simulations.start(input(1), "anna");
  expect((await ended(simulations, id, "anna")).state.state).toBe("failed");
  expect(String(failures[0])).toContain("memory");
});

test("one that takes too long is ended", async () => {
  const simulations = open({ worker: hanging, limitMs: 50 });
  const { id } = simulations.start(input(1), "anna");
  expect((await ended(simulations, id, "anna")).state.state).toBe("failed");
  expect(String(failures[0])).toContain("too long");
});

test("one at a time for each person, two in all", () => {
  const simulations = open({ worker: hanging });
  simulations.start(input(1), "anna");
  expect(() => simulations.start(input(1), "anna")).toThrow(new SimulationBusyError("yours"));
  const second = simulations.start(input(1), "boris");
  expect(() => simulations.start(input(1), "vera")).toThrow(new SimulationBusyError("server"));
  simulations.cancel(second.id, "boris");
  expect(simulations.start(input(1), "vera").state).toBe("running");
});

test("results are forgotten after an hour, and running ones are not", () => {
  let nowMs = 0;
  const simulations = open({ worker: hanging, now: () => nowMs });
  const gone = simulations.start(input(1), "anna");
  const running = simulations.start(input(1), "boris");
  simulations.cancel(gone.id, "anna");
  nowMs = 3_599_999;
  expect(simulations.find(gone.id, "anna")).not.toBeNull();
  nowMs = 3_600_000;
  expect(simulations.find(gone.id, "anna")).toBeNull();
  expect(simulations.find(running.id, "boris")).not.toBeNull();
});
