import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

let database: TestDatabase;
const TABLES = ["acts", "fenced_acts"] as const;
beforeAll(async () => {
  database = await testDatabase();
  for (const table of TABLES)
    await database.pool.query(
      `create table ${table} (id bigserial primary key, who integer, epoch bigint)`,
    );
});
afterAll(() => database.drop());
const running: Child[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((child) => child.end("SIGKILL")));
});

type Child = {
  readonly pid: number;
  /** What it was told last of the lease. */
  last(): { readonly held: boolean; readonly epoch: number };
  ended(): boolean;
  end(how: "SIGKILL" | "stop"): Promise<void>;
};

function start(): Child {
  const child = fork(join(import.meta.dirname, "support/lease-child.ts"), {
    env: { ...process.env, CALLCARD_URL: database.url, CALLCARD_LEASE: "pbx main" },
    execArgv: [],
  });
  let last = { held: false, epoch: 0 };
  child.on("message", (message) => {
    last = message as typeof last;
  });
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  const started: Child = {
    ...{ pid: child.pid!, last: () => last, ended },
    async end(how) {
      if (ended()) return;
      const exit = once(child, "exit");
      if (how === "stop") child.send("stop");
      else child.kill("SIGKILL");
      await exit;
    },
  };
  running.push(started);
  return started;
}

const until = (said: () => boolean) =>
  vi.waitFor(() => expect(said()).toBe(true), { timeout: 30_000, interval: 5 });

async function actsOf(table: (typeof TABLES)[number]) {
  const { rows } = await database.pool.query<{ who: number; epoch: string }>(
    `select who, epoch from ${table} order by id`,
  );
  return rows.map(({ who, epoch }) => ({ who, epoch: Number(epoch) }));
}

/** Resolves when one of them has acted for a while from now on. */
async function acted(child: Child): Promise<void> {
  const from = (await actsOf("fenced_acts")).length;
  await vi.waitFor(
    async () => {
      const since = (await actsOf("fenced_acts")).slice(from);
      expect(since.filter(({ who }) => who === child.pid).length).toBeGreaterThan(10);
    },
    { timeout: 30_000, interval: 50 },
  );
}

/** Once somebody acted in a later epoch, nobody acts in an earlier one. */
function outOfTurn(acts: readonly { readonly epoch: number }[]) {
  let newest = 0;
  return acts.filter(({ epoch }) => {
    newest = Math.max(newest, epoch);
    return epoch < newest;
  });
}

test("of processes that are killed, paused and stopped, exactly one acts at any time, and the next one soon", async () => {
  const all = [start(), start(), start()];
  const holder = () => all.find((each) => !each.ended() && each.last().held);
  await until(() => holder() !== undefined);

  // Killed: the next one within 3 s.
  const killed = holder()!;
  await acted(killed);
  const killedAtMs = performance.now();
  await killed.end("SIGKILL");
  await until(() => holder() !== undefined);
  expect(performance.now() - killedAtMs).toBeLessThan(3000);

  // Paused: the other one takes it away; when it goes on it does nothing more, and learns that it lost.
  const paused = holder()!;
  await acted(paused);
  const other = all.find((each) => !each.ended() && each !== paused)!;
  process.kill(paused.pid, "SIGSTOP");
  try {
    await until(() => other.last().held);
    await acted(other);
  } finally {
    process.kill(paused.pid, "SIGCONT");
  }
  await until(() => !paused.last().held);
  await acted(other);
  expect(other.last().held).toBe(true);

  // Stopped: the next one at once.
  const stoppedAtMs = performance.now();
  await other.end("stop");
  await until(() => paused.last().held);
  expect(performance.now() - stoppedAtMs).toBeLessThan(2000);
  await acted(paused);

  expect(outOfTurn(await actsOf("fenced_acts"))).toEqual([]);
  // What had been looked at, but not yet sent, in the moment of the pause is done when it is over: only a fence keeps that back.
  expect(outOfTurn(await actsOf("acts")).length).toBeLessThanOrEqual(1);
  for (const table of TABLES) {
    // One holder for each epoch.
    const holders = Map.groupBy(await actsOf(table), ({ epoch }) => epoch);
    for (const of of holders.values()) expect(new Set(of.map(({ who }) => who)).size).toBe(1);
    expect(holders.size).toBeGreaterThanOrEqual(4);
  }
});
