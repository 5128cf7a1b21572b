/** What the server holds in memory: at rest, and after many calls with 200 operators at their screens. */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { openScreen, seatOperators } from "../support/operators.ts";
import { startServer } from "./children.ts";
import { startLoad } from "./load.ts";
import type { Bench } from "./run.ts";
import { openShop } from "./shop.ts";

const OPERATORS = 200;
const CALLS_PER_SECOND = 100;
const PBX = "bench";
const MEGABYTE = 1024 * 1024;
/** Growth between the tenth of the calls and all of them that is still called noise. */
const NOISE_MB = 30;

/** PostgreSQL shares the machine: what it could not take yet is given so long. */
const MOST_SETTLING_MS = 120_000;

/** Rows that wait for PostgreSQL by the server's own count. */
function rowsWaiting(metrics: string): number {
  const waits = metrics.matchAll(
    /^callcard_(?:history_waiting|pops_unwritten|priority_record_waiting) (\d+)/gm,
  );
  return [...waits].reduce((sum, [, rows]) => sum + Number(rows), 0);
}

/** Resident memory, and what lives on the heap, at three moments. */
export const memory: Bench = async ({ quick }) => {
  const calls = quick ? 4000 : 100_000;
  await using parts = new AsyncDisposableStack();
  const { storage, databaseUrl, numbers } = await openShop(parts);
  const extensions = Array.from({ length: OPERATORS }, (_, at) => String(1000 + at));
  const operators = await seatOperators(storage, PBX, extensions);

  const pace = { answerAfterMs: 30, talkMs: 60 };
  const load = await startLoad(parts, { operators: extensions, watched: [], numbers, pace });
  const { ami } = load;
  const server = startServer({
    ...{ PORT: "0", LOG_LEVEL: "warn", DATABASE_URL: databaseUrl, PBX_NAME: PBX },
    ...{ AMI_HOST: "127.0.0.1", AMI_PORT: String(ami.port), ADMIN_PASSWORD: "not used here" },
    ...{ AMI_USERNAME: ami.username, AMI_SECRET: ami.secret },
  });
  parts.defer(() => server.end());
  const { url } = await server.next();
  const screens = operators.map((operator) => openScreen(url, operator, { wrapUp: true }));
  parts.defer(async () => screens.forEach((screen) => screen.close()));

  const rest = await settled();
  let done = await run(calls / 10);
  const warm = await settled();
  done += await run(calls - done);
  const after = await settled();
  const { rows } = await storage.pool.query<{ calls: string; kept: string }>(
    "select count(*) as calls, count(*) filter (where ended_how = 'completed') as kept from calls",
  );
  const grown = after.rssMb - warm.rssMb;
  return [
    {
      what: "RSS at rest, 200 operators connected",
      value: rest.rssMb,
      unit: "MB",
      beside: `heap ${rest.heapMb.toFixed(0)} MB`,
    },
    {
      what: `RSS after ${(calls / 10).toLocaleString("en")} calls`,
      value: warm.rssMb,
      unit: "MB",
      beside: `heap ${warm.heapMb.toFixed(0)} MB`,
    },
    {
      what: `RSS after ${done.toLocaleString("en")} calls`,
      value: after.rssMb,
      unit: "MB",
      beside: `heap ${after.heapMb.toFixed(0)} MB`,
      goal: `no growth (under ${NOISE_MB} MB)`,
      met: grown < NOISE_MB,
    },
    {
      what: "calls in the history",
      value: Number(rows[0]!.calls),
      unit: "",
      beside: `${done} placed`,
    },
  ];

  async function run(count: number): Promise<number> {
    const { calls } = await load.run({
      seconds: count / CALLS_PER_SECOND,
      ...{ callsPerSecond: CALLS_PER_SECOND, watchedPerSecond: 0 },
    });
    return calls;
  }

  /** Memory once what was under way is written and collected. */
  async function settled(): Promise<{ rssMb: number; heapMb: number }> {
    const until = Date.now() + MOST_SETTLING_MS;
    let metrics = "";
    do {
      await sleep(quick ? 3000 : 15_000);
      metrics = await (await fetch(`${url}/metrics`)).text();
    } while (rowsWaiting(metrics) > 0 && Date.now() < until);
    const status = await readFile(`/proc/${server.process.pid}/status`, "utf8");
    const rssKb = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
    const heap = Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(metrics)?.[1]);
    return { rssMb: rssKb / 1024, heapMb: heap / MEGABYTE };
  }
};
