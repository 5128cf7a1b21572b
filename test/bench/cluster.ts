/**
 * Three processes with three PBXs and a thousand operators, beside one process with the same work; and how long a PBX is without a process that
 * acts on it when the one that did is killed.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createClient } from "redis";
import type { Storage } from "../../server/storage/database.ts";
import { type Cluster, openCluster } from "../support/cluster.ts";
import { type SeatedOperator, seatOperators } from "../support/operators.ts";
import { startRedis } from "../support/redis.ts";
import { cpuMsOf, memoryOf, percentile, startChild } from "./children.ts";
import type { ScreensAnswer } from "./cluster-screens.ts";
import { type Load, startLoad } from "./load.ts";
import type { Bench, Figure } from "./run.ts";
import { openShop } from "./shop.ts";

const PBXS = ["north", "south", "east"] as const;
const PROCESSES = 3;
const OPERATORS = 1000;
const MEGABYTE = 1024 * 1024;
const WARM_UP_SECONDS = 10;

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

type Pbx = { readonly name: string; readonly load: Load; readonly entry: string };

/** What one run came to. */
type Run = {
  readonly calls: number;
  /** From the bytes of the ringing to the card at the screen, ms. */
  readonly pops: readonly number[];
  /** Phones that rang. */
  readonly rang: number;
  /** Of each process: share of a core, and resident memory. */
  readonly cores: readonly number[];
  readonly megabytes: readonly number[];
  readonly redis: { readonly kilobytesPerSecond: number; readonly commandsPerSecond: number };
};

/** Pops, CPU, memory, redis and take-overs. */
export const cluster: Bench = async ({ quick }) => {
  const seconds = quick ? 10 : 120;
  const kills = quick ? 3 : 20;
  const rates = quick ? [20] : [20, 100];
  await using parts = new AsyncDisposableStack();
  const shop = await openShop(parts, { maxConnections: 300 });
  const operators: SeatedOperator[] = [];
  const pbxs: Pbx[] = [];
  for (const [at, name] of PBXS.entries()) {
    const count = Math.floor((OPERATORS * (at + 1)) / PBXS.length) - operators.length;
    const extensions = Array.from({ length: count }, (_, n) => String(1000 + n));
    const loginOf = (extension: string) => `${name}-${extension}`;
    operators.push(...(await seatOperators(shop.storage, name, extensions, loginOf)));
    pbxs.push(await startPbx(name, extensions));
  }
  const redis = await startRedis();
  parts.defer(() => redis.kill());
  const screens = startChild<ScreensAnswer>(file("cluster-screens.ts"));
  parts.defer(() => screens.end());

  const figures: Figure[] = [];
  const runs = new Map<string, Run>();
  for (const processes of [1, PROCESSES]) {
    await using serving = new AsyncDisposableStack();
    const servers = await start(processes, serving);
    screens.tell({ do: "open", urls: servers.members.map(({ url }) => url), operators });
    await screens.next();
    await run(servers, 20, WARM_UP_SECONDS);
    for (const rate of rates) {
      const measured = await run(servers, rate, seconds);
      runs.set(`${processes} ${rate}`, measured);
      // A run of many minutes that ends early has said what it found so far.
      const [p50 = 0, p99 = 0] = [0.5, 0.99].map((part) => percentile(measured.pops, part));
      console.log(
        `  ${processes} of it at ${rate} calls/s: ${measured.pops.length} of ${measured.rang} cards, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
      );
    }
    screens.tell({ do: "close" });
    await screens.next();
    if (processes > 1) figures.push(...(await takeOvers(servers, shop.storage, kills)));
  }
  return [
    ...rates.flatMap((rate) =>
      figuresOf(rate, runs.get(`${PROCESSES} ${rate}`)!, runs.get(`1 ${rate}`)!),
    ),
    ...figures,
  ];

  async function startPbx(name: string, extensions: readonly string[]): Promise<Pbx> {
    const load = await startLoad(parts, {
      ...{ operators: extensions, watched: [], numbers: shop.numbers },
      pace: { answerAfterMs: 1500, talkMs: 4000 },
    });
    const { ami } = load;
    const entry = `  - { name: ${name}, host: 127.0.0.1, port: ${ami.port}, username: ${ami.username}, secret: ${ami.secret} }`;
    return { name, load, entry };
  }

  async function start(processes: number, serving: AsyncDisposableStack): Promise<Cluster> {
    const config = join(shop.directory, "pbxs.yaml");
    await writeFile(config, `pbxs:\n${pbxs.map(({ entry }) => entry).join("\n")}\n`);
    const environments: Record<string, string>[] = [];
    for (let n = 0; n < processes; n += 1) {
      const dataDir = join(shop.directory, `data-${n}`);
      await mkdir(dataDir, { recursive: true });
      environments.push({
        ...{ CALLCARD_CONFIG: config, DATABASE_URL: shop.databaseUrl, LOG_LEVEL: "warn" },
        ...(processes > 1 ? { REDIS_URL: redis.url } : {}),
        ...{ ADMIN_PASSWORD: "not used here", DATA_DIR: resolve(dataDir) },
      });
    }
    const servers = await openCluster(environments);
    serving.defer(() => servers.close());
    return servers;
  }

  async function run(servers: Cluster, rate: number, forSeconds: number): Promise<Run> {
    const pids = servers.members.map((member) => member.pid());
    const cpuBefore = await Promise.all(pids.map(cpuMsOf));
    const redisBefore = await redisStats(redis.url);
    const beganMs = performance.now();
    const callsPerSecond = rate / pbxs.length;
    const answers = await Promise.all(
      pbxs.map(({ load }) =>
        load.run({ seconds: forSeconds, callsPerSecond, watchedPerSecond: 0 }),
      ),
    );
    const tookMs = performance.now() - beganMs;
    const cpuAfter = await Promise.all(pids.map(cpuMsOf));
    const redisAfter = await redisStats(redis.url);
    const memory = await Promise.all(pids.map(memoryOf));
    await sleep(1000);
    screens.tell({ do: "collect" });
    const told = await screens.next();
    const came = new Map(told.told === "cards" ? told.cards : []);
    const pops: number[] = [];
    let rang = 0;
    let calls = 0;
    for (const [at, answer] of answers.entries()) {
      calls += answer.calls;
      rang += answer.rang.size;
      for (const [leg, atMs] of answer.rang) {
        const cameMs = came.get(`${pbxs[at]!.name}-${leg}`);
        if (cameMs !== undefined) pops.push(cameMs - atMs);
      }
    }
    return {
      ...{ calls, pops, rang },
      cores: pids.map((_, at) => (cpuAfter[at]! - cpuBefore[at]!) / tookMs),
      megabytes: memory.map(({ nowBytes }) => nowBytes / MEGABYTE),
      redis: {
        kilobytesPerSecond: (redisAfter.bytes - redisBefore.bytes) / 1024 / (tookMs / 1000),
        commandsPerSecond: (redisAfter.commands - redisBefore.commands) / (tookMs / 1000),
      },
    };
  }
};

/** Kills whoever acts on a PBX, again and again; from the kill until another has the lease. */
async function takeOvers(
  { members }: Cluster,
  { pool }: Storage,
  kills: number,
): Promise<readonly Figure[]> {
  const holderOf = async (pbx: string) => {
    const { rows } = await pool.query<{ holder: string; epoch: string }>(
      "select holder, epoch from leases where name = $1",
      [`dialler ${pbx}`],
    );
    return { pid: Number(rows[0]?.holder.split(" ").at(-1)), epoch: Number(rows[0]?.epoch) };
  };
  const tookMs: number[] = [];
  for (let n = 0; n < kills; n += 1) {
    const pbx = PBXS[n % PBXS.length]!;
    const before = await holderOf(pbx);
    const member = members.find((each) => each.pid() === before.pid);
    if (member === undefined) throw new Error(`nobody holds ${pbx}`);
    const beganMs = performance.now();
    const gone = member.kill();
    while ((await holderOf(pbx)).epoch === before.epoch) await sleep(5);
    tookMs.push(performance.now() - beganMs);
    await gone;
    await member.start();
    await sleep(2000);
  }
  const most = Math.max(...tookMs);
  return [
    {
      ...{ what: "take-over after a kill, median", value: percentile(tookMs, 0.5), unit: "ms" },
      beside: `${kills} kills`,
    },
    {
      ...{ what: "take-over after a kill, longest", value: most, unit: "ms" },
      ...{ goal: "at most 3,000 ms", met: most <= 3000 },
    },
  ];
}

async function redisStats(url: string): Promise<{ bytes: number; commands: number }> {
  const client = createClient({ url });
  await client.connect();
  const stats = await client.info("stats");
  client.destroy();
  const value = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(stats)?.[1]);
  return {
    bytes: value("total_net_input_bytes") + value("total_net_output_bytes"),
    commands: value("total_commands_processed"),
  };
}

function figuresOf(rate: number, several: Run, one: Run): readonly Figure[] {
  const at = `${rate} calls/s`;
  const ms = (of: Run, share: number) => percentile(of.pops, share);
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const beside = (value: number, unit: string) => `one process ${value.toFixed(1)} ${unit}`;
  const share = (of: Run) => (100 * of.pops.length) / of.rang;
  return [
    {
      ...{ what: `${at}: cards that came`, value: share(several), unit: "%" },
      beside: `${several.rang} phones rang; one process ${share(one).toFixed(1)} % of ${one.rang}`,
    },
    ...([0.5, 0.99] as const).map((part) => ({
      ...{ what: `${at}: pop p${part * 100}`, value: ms(several, part), unit: "ms" },
      beside: beside(ms(one, part), "ms"),
    })),
    {
      ...{ what: `${at}: cores of each process`, value: mean(several.cores), unit: "" },
      beside: beside(mean(one.cores), ""),
    },
    {
      ...{ what: `${at}: memory of each process`, value: mean(several.megabytes), unit: "MB" },
      beside: beside(mean(one.megabytes), "MB"),
    },
    {
      ...{ what: `${at}: redis`, value: several.redis.kilobytesPerSecond, unit: "kB/s" },
      beside: `${several.redis.commandsPerSecond.toFixed(0)} commands/s`,
    },
  ];
}
