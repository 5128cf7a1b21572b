/**
 * How many attempts a second the whole server makes, orders waiting: chosen in PostgreSQL, written, asked of a simulated PBX over AMI,
 * followed until they are over and written again. Beside it, bare asterisk-manager on the same PBX and as many lines.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Storage, openStorage } from "../../server/storage/database.ts";
import { startEmbeddedPostgres } from "../../server/storage/embedded.ts";
import { migrate } from "../../server/storage/migrate.ts";
import { campaign, everyDay } from "../campaigns/samples.ts";
import { type Child, cpuMs, percentile, startChild, startServer } from "./children.ts";
import type { DiallingLoadAnswer } from "./dialling-load.ts";
import type { Bench, Figure } from "./run.ts";

const LINES = 100;
const PBX = "bench";
const QUEUE = "outbound";
const WARM_UP_MS = 5000;

type Asked = Extract<DiallingLoadAnswer, { told: "asked" }>;

/** One who dials, measured. */
type Run = {
  readonly perSecond: number;
  readonly cpuPerAttemptMs: number;
  readonly cpuShare: number;
  readonly rssBytes: number;
  readonly asked: Asked;
};

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Attempts a second, from claim to Originate, CPU and memory. */
export const dialling: Bench = async ({ quick }) => {
  const seconds = quick ? 5 : 30;
  await using parts = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "callcard-bench-"));
  parts.defer(() => rm(directory, { recursive: true, force: true }));
  const postgres = await startEmbeddedPostgres(join(directory, "postgres"), {
    endWithParent: true,
  });
  parts.defer(() => postgres.stop());
  const storage = openStorage(postgres.url, { maxConnections: 2, statementTimeoutMs: 0 });
  parts.defer(() => storage.close());
  await migrate(storage.db);
  const people = 200 * (seconds + WARM_UP_MS / 1000);
  await addOrders(storage, people);

  const load = startChild<DiallingLoadAnswer>(file("dialling-load.ts"));
  parts.defer(() => load.end());
  load.tell({
    ...{ do: "start", queue: QUEUE },
    operators: Array.from({ length: LINES }, (_, at) => String(1000 + at)),
  });
  const ami = await load.next();
  if (ami.told !== "started") throw new Error("the load did not start");

  const ours = await withServer();
  const bare = await withBare();
  const waits = await fromClaim(storage, ours.asked);
  const inAll = await outcomes(storage);
  return figures({ ours, bare, waits, inAll });

  async function withServer(): Promise<Run> {
    await using serving = new AsyncDisposableStack();
    const server = startServer({
      ...{ PORT: "0", LOG_LEVEL: "warn", DATA_DIR: process.env["DATA_DIR"] ?? "data" },
      ...{ DATABASE_URL: postgres.url, PBX_NAME: PBX, ADMIN_PASSWORD: "not used here" },
      ...{ AMI_HOST: "127.0.0.1", AMI_PORT: String(told("port")) },
      ...{ AMI_USERNAME: String(told("username")), AMI_SECRET: String(told("secret")) },
    });
    serving.defer(() => server.end());
    await server.next();
    return await measure(server, load, seconds);
  }

  async function withBare(): Promise<Run> {
    await using serving = new AsyncDisposableStack();
    const child = startChild<object>(file("dialling-bare.ts"), {
      args: [told("port"), told("username"), told("secret"), QUEUE, LINES].map(String),
    });
    serving.defer(() => child.end());
    await child.next();
    return await measure(child, load, seconds);
  }

  function told(key: "port" | "username" | "secret"): string | number {
    return ami.told === "started" ? ami[key] : "";
  }
};

/** People with an open order each, all due; made by PostgreSQL itself. */
async function addOrders({ db, pool }: Storage, count: number): Promise<void> {
  const settings = campaign({
    ...{ mode: "progressive", bridge: "customerFirst", pbx: PBX, queue: QUEUE },
    ...{ hours: everyDay("00:00", "24:00"), trunks: ["provider"], onMachine: "ignore" },
    exclude: { talkedWithinHours: 2, openClaim: true, withoutConsent: false },
  });
  const { id } = await db
    .insertInto("campaigns")
    .values({ settings: JSON.stringify(settings), state: "running" })
    .returning("id")
    .executeTakeFirstOrThrow();
  await db
    .insertInto("trunks")
    .values({
      ...{ pbx: PBX, name: "provider", dial: "PJSIP/{number}@trunk", format: "e164" },
      ...{ lines: LINES, calls_per_second: 1000 },
    })
    .execute();
  await pool.query(
    `insert into customers (source, source_id, name) select 'bench', n::text, 'Customer ' || n from generate_series(1, $1::int) n`,
    [count],
  );
  await pool.query(
    `insert into orders (source, source_id, customer_id, number, stage, total_minor, currency, placed_at)
     select 'bench', source_id, id, 'B-' || source_id, 'new', 100000, 'RUB', now() from customers`,
  );
  await pool.query(
    `insert into contacts (campaign_id, customer_id, phone, time_zones)
     select $1::bigint, id, '+7' || (9100000000 + source_id::bigint), '{Europe/Moscow}' from customers`,
    [id],
  );
  await pool.query(
    `insert into contact_orders (contact_id, order_id)
     select c.id, o.id from contacts c join orders o on o.customer_id = c.customer_id`,
  );
  await pool.query(
    `insert into attempts (id, contact_id, campaign_id, n, phone, customer_id, due_at, window_ends_at)
     select 'cc-' || gen_random_uuid(), id, campaign_id, 1, phone, customer_id,
       now() - random() * interval '1 hour', now() + interval '12 hours'
     from contacts`,
  );
  await pool.query("vacuum analyze");
}

async function measure(
  child: Pick<Child<unknown>, "process">,
  load: Child<DiallingLoadAnswer>,
  seconds: number,
): Promise<Run> {
  await pause(WARM_UP_MS);
  await askedOf(load);
  const cpuBeforeMs = await cpuMs(child);
  const beganAt = performance.now();
  await pause(seconds * 1000);
  const asked = await askedOf(load);
  const tookMs = performance.now() - beganAt;
  const cpuTookMs = (await cpuMs(child)) - cpuBeforeMs;
  return {
    perSecond: (asked.originates.length / tookMs) * 1000,
    cpuPerAttemptMs: cpuTookMs / asked.originates.length,
    cpuShare: cpuTookMs / tookMs,
    rssBytes: await rssBytes(child),
    asked,
  };
}

async function askedOf(load: Child<DiallingLoadAnswer>): Promise<Asked> {
  load.tell({ do: "asked" });
  const answer = await load.next();
  if (answer.told !== "asked") throw new Error("the load answered something else");
  return answer;
}

async function rssBytes(child: Pick<Child<unknown>, "process">): Promise<number> {
  const status = await readFile(`/proc/${child.process.pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

/** From the moment the next attempts were asked of PostgreSQL to the bytes of their Originate, ms. */
async function fromClaim({ pool }: Storage, asked: Asked): Promise<readonly number[]> {
  const { rows } = await pool.query<{ id: string; claimed_at: Date }>(
    "select id, claimed_at from attempts where id = any($1)",
    [asked.originates.map(([id]) => id)],
  );
  const claimed = new Map(rows.map((row) => [row.id, row.claimed_at.getTime()]));
  return asked.originates.map(([id, atMs]) => atMs - claimed.get(id)!);
}

/** Attempts by how they ended. */
async function outcomes({ pool }: Storage): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ outcome: string; count: number }>(
    `select coalesce(nullif(outcome, ''), state) as outcome, count(*)::int as count from attempts
     where state <> 'planned' group by 1`,
  );
  return new Map(rows.map(({ outcome, count }) => [outcome, count]));
}

function figures(of: {
  readonly ours: Run;
  readonly bare: Run;
  readonly waits: readonly number[];
  readonly inAll: ReadonlyMap<string, number>;
}): readonly Figure[] {
  const { ours, bare, waits, inAll } = of;
  const megabytes = (bytes: number) => bytes / 2 ** 20;
  const unknown = inAll.get("unknown") ?? 0;
  return [
    {
      what: `attempts a second, ${LINES} lines, every second one answered`,
      ...{ value: ours.perSecond, unit: "/s" },
      beside: `bare asterisk-manager ${bare.perSecond.toFixed(1)} /s`,
    },
    {
      what: "from claim to Originate: p50",
      ...{ value: percentile(waits, 0.5), unit: "ms", beside: `${waits.length} attempts` },
    },
    { what: "p99", value: percentile(waits, 0.99), unit: "ms" },
    {
      what: "CPU of the server for each attempt",
      ...{ value: ours.cpuPerAttemptMs, unit: "ms" },
      beside: `bare ${bare.cpuPerAttemptMs.toFixed(2)} ms`,
    },
    {
      what: "one core's share",
      ...{ value: ours.cpuShare * 100, unit: "%" },
      beside: `bare ${(bare.cpuShare * 100).toFixed(1)} %`,
    },
    {
      what: "memory",
      ...{ value: megabytes(ours.rssBytes), unit: "MB" },
      beside: `bare ${megabytes(bare.rssBytes).toFixed(0)} MB`,
    },
    {
      ...{ what: "dialled twice", value: ours.asked.twice, unit: "" },
      ...{ beside: `${ours.asked.dialled} dialled`, goal: "none", met: ours.asked.twice === 0 },
    },
    {
      ...{ what: "unknown at the end", value: unknown, unit: "" },
      beside: [...inAll].map(([outcome, count]) => `${outcome} ${count}`).join(", "),
      ...{ goal: "none", met: unknown === 0 },
    },
  ];
}
