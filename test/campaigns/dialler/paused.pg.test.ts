/** Two processes that dial for one PBX under one lease: the holder stands still for a while, or dies. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { PhoneReaction } from "../../../server/demo/pbx/phones.ts";
import { type SimulatedPbx, startSimulatedPbx } from "../../../server/demo/pbx/simulated-pbx.ts";
import { cuttingProxy } from "../../support/cutting-proxy.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { HOUR_MS, WHOLE, addPerson, brokenInvariants, makeCampaign } from "../attempts/house.ts";
import { everyDay } from "../samples.ts";

const OPERATORS = Array.from({ length: 10 }, (_, n) => String(101 + n));
const PEOPLE = 400;

/** A process that dials, and what it asks of the PBX: everything it sends goes through here. */
type Worker = {
  readonly process: ChildProcess;
  /** Attempts it asked the PBX to call or to hang up, with the time. */
  readonly asked: { readonly action: string; readonly id: string; readonly atMs: number }[];
  end(): Promise<void>;
};

describe("the holder of a PBX's lease", () => {
  let database: TestDatabase;
  let pbx: SimulatedPbx;
  let workers: Worker[] = [];

  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    workers = [];
    pbx = await startSimulatedPbx({
      seed: 7,
      queues: [
        {
          ...{ name: "outbound", strategy: "rrmemory" as const },
          members: OPERATORS.map((extension) => ({ interface: `PJSIP/${extension}` })),
        },
      ],
      phones: { do: "answer", afterMs: 200 },
      outside: ({ extension }) => personReacts(extension),
    });
    const campaign = await makeCampaign(database.db, {
      ...{ mode: "progressive", bridge: "customerFirst", pbx: "main", queue: "outbound" },
      ...{ trigger: { type: "list" }, hours: everyDay("00:00", "24:00"), trunks: ["provider"] },
      ...{ ringSeconds: 15, onMachine: "ignore" },
    });
    await database.db
      .insertInto("trunks")
      .values({
        ...{ pbx: "main", name: "provider", dial: "PJSIP/{number}@trunk", format: "e164" },
        ...{ lines: 20, calls_per_second: 100 },
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const nowMs = Date.now();
    for (let n = 0; n < PEOPLE; n++)
      await addPerson(database.db, campaign.id, {
        ...{ dueAtMs: nowMs - 1000, windowEndsAtMs: nowMs + HOUR_MS },
      });
  });
  afterEach(async () => {
    for (const worker of workers) await worker.end();
    await pbx.stop();
    await database.pool.query("truncate campaigns, contacts, attempts cascade");
  });

  const startWorker = async (): Promise<Worker> => {
    const asked: Worker["asked"] = [];
    const tap = await cuttingProxy(pbx.port, (chunk) => {
      for (const [, action, rest] of chunk
        .toString()
        .matchAll(/Action: (Originate|Hangup)\r\n((?:.+\r\n)*)/gi))
        asked.push({
          ...{ action: action!.toLowerCase(), atMs: Date.now() },
          id: /^(?:ChannelId|Channel): (cc-[\w-]{36})/im.exec(rest!)?.[1] ?? "",
        });
    });
    const child = fork(join(import.meta.dirname, "support/child.ts"), {
      env: {
        ...{ PATH: process.env["PATH"], CALLCARD_LOG: process.env["CALLCARD_LOG"] },
        ...{ CALLCARD_URL: database.url, CALLCARD_SECRET: pbx.secret },
        CALLCARD_PBX: String(tap.port),
      },
      ...{ execPath: process.execPath, execArgv: [], stdio: ["ignore", 2, 2, "ipc"] },
    });
    const worker = {
      ...{ process: child, asked },
      async end() {
        if (child.exitCode === null && child.signalCode === null) {
          child.kill("SIGKILL");
          await once(child, "exit");
        }
        await tap.close();
      },
    };
    workers.push(worker);
    return worker;
  };
  /** Both at work; the holder first. */
  const startTwo = async () => {
    const holder = await startWorker();
    await vi.waitFor(() => expect(originates(holder).length).toBeGreaterThan(20));
    const other = await startWorker();
    await sleep(2500);
    expect(originates(other)).toEqual([]);
    return { holder, other };
  };
  /** Nobody was called twice, and nobody is lost. */
  const isWhole = async () => {
    const times = new Map<string, number>();
    for (const { attemptId } of pbx.dialledForAttempts())
      times.set(attemptId, (times.get(attemptId) ?? 0) + 1);
    expect([...times].filter(([, n]) => n > 1)).toEqual([]);
    const { rows } = await database.pool.query(
      `select attempt_id, from_state, to_state, count(*) as n from attempt_steps
       where to_state not in ('planned', 'claimed', 'dialling')
       group by 1, 2, 3 having count(*) > 1`,
    );
    expect(rows).toEqual([]);
    expect(await brokenInvariants(database.db)).toEqual(WHOLE);
  };

  test("stood still for 20 s while another went on: when it wakes it asks the PBX for nothing and writes nothing", async () => {
    const { holder, other } = await startTwo();
    holder.process.kill("SIGSTOP");
    const stoppedAtMs = Date.now();
    await vi.waitFor(() => expect(originates(other).length).toBeGreaterThan(0));
    await sleep(20_000 - (Date.now() - stoppedAtMs));
    const [until, steps] = [holder.asked.length, await stepsByNow(database)];
    holder.process.kill("SIGCONT");
    const wokeAtMs = Date.now();
    await sleep(4000);
    expect(holder.asked.slice(until)).toEqual([]);
    // Only the other one claims.
    const { rows } = await database.pool.query<{ process: string }>(
      `select distinct evidence ->> 'process' as process from attempt_steps
       where to_state = 'claimed' and at > $1`,
      [new Date(stoppedAtMs + 5000)],
    );
    expect(rows).toHaveLength(1);
    expect(await stepsByNow(database)).toBeGreaterThan(steps);
    const twice = originates(holder).filter(({ id }) =>
      originates(other).some((one) => one.id === id),
    );
    // What it had claimed and never dialled was given back, and is the other's now.
    for (const { id } of twice)
      expect(pbx.dialledForAttempts().filter(({ attemptId }) => attemptId === id)).toHaveLength(1);
    console.log({
      wokeAfterMs: wokeAtMs - stoppedAtMs,
      takenOverAfterMs: originates(other)[0]!.atMs - stoppedAtMs,
      dialled: [originates(holder).length, originates(other).length],
    });
    // Now it is the other's turn to die: the one that woke takes over from it.
    await other.end();
    const diedAtMs = Date.now();
    await vi.waitFor(() => expect(holder.asked.length).toBeGreaterThan(until));
    expect(holder.asked[until]!.atMs - diedAtMs).toBeLessThan(3000);
    await sleep(2000);
    await isWhole();
  }, 90_000);

  test("died: another dials within 3 s, and follows the calls that go on", async () => {
    const { holder, other } = await startTwo();
    await holder.end();
    const diedAtMs = Date.now();
    await vi.waitFor(() => expect(originates(other).length).toBeGreaterThan(0));
    expect(originates(other)[0]!.atMs - diedAtMs).toBeLessThan(3000);
    await sleep(5000);
    await isWhole();
    // Nothing that the dead one had in hand is in hand for ever.
    const { rows } = await database.pool.query(
      `select id from attempts where state in ('claimed', 'dialling', 'ringing', 'answered', 'waiting', 'connected')
         and claimed_at < $1`,
      [new Date(diedAtMs - 10_000)],
    );
    expect(rows).toEqual([]);
  }, 60_000);
});

function originates({ asked }: Worker) {
  return asked.filter(({ action }) => action === "originate");
}

async function stepsByNow({ pool }: TestDatabase): Promise<number> {
  const { rows } = await pool.query<{ n: string }>("select count(*) as n from attempt_steps");
  return Number(rows[0]!.n);
}

function personReacts(number: string): PhoneReaction {
  const person = Number(number.slice(-4));
  const fate = (person * 0.618034) % 1;
  const afterMs = 300 + ((person * 373) % 1200);
  if (fate < 0.15) return { do: "busy" };
  if (fate < 0.3) return { do: "reject", afterMs };
  return { do: "answer", afterMs, talkMs: 2000 + afterMs };
}
