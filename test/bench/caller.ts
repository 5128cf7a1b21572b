/**
 * How long a dialplan waits for "who calls?": 200 questions a second, each over a connection of its own as CURL() makes them, to the whole server
 * over the sample shop in a real PostgreSQL with a published policy; beside a bare fastify route that gives one fixed line.
 */
import { request } from "node:http";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { readyPolicies } from "../../server/priority/ready-policies.ts";
import { insertVersion } from "../../server/priority/policy-store.ts";
import { openVocabulary } from "../../server/priority/vocabulary.ts";
import type { Storage } from "../../server/storage/database.ts";
import { percentile, startChild, startServer } from "./children.ts";
import type { Bench, Figure } from "./run.ts";
import { openShop } from "./shop.ts";

const PER_SECOND = 200;
/** One question in so many is of a number nobody knows. */
const UNKNOWN_EVERY = 5;
const TOKEN = "token-of-the-bench-0123456789";
const TIME_ZONE = "Asia/Novosibirsk";
/** The promise of the product. */
const MOST_P99_MS = 10;

/** p50 and p99 of the answer. */
export const caller: Bench = async ({ quick }) => {
  const seconds = quick ? 5 : 60;
  const warmUp = quick ? 3 : 15;
  await using parts = new AsyncDisposableStack();
  const { storage, databaseUrl, directory, numbers: known } = await openShop(parts);
  await storage.pool.query("vacuum analyze");
  await publishGentle(storage);

  const server = startServer({
    ...{ DATABASE_URL: databaseUrl, DATA_DIR: directory, PORT: "0", ADMIN_PASSWORD: "benchmark" },
    ...{ LOG_LEVEL: "warn", AMI_HOST: "127.0.0.1", AMI_PORT: String(await closedPort()) },
    ...{ AMI_SECRET: "none", PBX_TOKEN: TOKEN },
  });
  parts.defer(() => server.end());
  const { url } = await server.next();
  await ask(url, known, warmUp);
  const ours = await ask(url, known, seconds);
  await server.end();

  const bare = startChild<{ url: string }>(
    fileURLToPath(new URL("caller-bare.ts", import.meta.url)),
  );
  parts.defer(() => bare.end());
  const floorUrl = (await bare.next()).url;
  await ask(floorUrl, known, warmUp);
  const floor = await ask(floorUrl, known, seconds);
  return figures(ours, floor);
};

type Answers = {
  readonly ms: readonly number[];
  readonly lines: ReadonlyMap<string, number>;
  /** Connections that broke: the callers go on as ordinary ones. */
  readonly unanswered: number;
};

function figures(ours: Answers, floor: Answers): readonly Figure[] {
  const beside = (share: number) =>
    `bare fastify route ${percentile(floor.ms, share).toFixed(2)} ms`;
  const p99 = percentile(ours.ms, 0.99);
  const favoured = [...ours.lines]
    .filter(([line]) => !line.includes("|priority=0|"))
    .reduce((sum, [, count]) => sum + count, 0);
  return [
    {
      what: `answer to a dialplan at ${PER_SECOND}/s: p50`,
      value: percentile(ours.ms, 0.5),
      unit: "ms",
      beside: beside(0.5),
    },
    {
      what: "p99",
      value: p99,
      unit: "ms",
      beside: beside(0.99),
      goal: `at most ${MOST_P99_MS} ms`,
      met: p99 <= MOST_P99_MS,
    },
    { what: "longest", value: Math.max(...ours.ms), unit: "ms", beside: beside(1) },
    {
      what: "of the callers were given a priority",
      value: (100 * favoured) / ours.ms.length,
      unit: "%",
      beside: `${ours.ms.length} questions, ${ours.lines.size} different answers`,
    },
    {
      what: "not answered",
      value: ours.unanswered,
      unit: "",
      beside: `bare fastify route ${floor.unanswered}`,
    },
  ];
}

/** Asks at an even pace, whether or not earlier questions were answered. */
async function ask(url: string, known: readonly string[], seconds: number): Promise<Answers> {
  const ms: number[] = [];
  const lines = new Map<string, number>();
  const asked: Promise<void>[] = [];
  let unanswered = 0;
  const startedAtMs = performance.now();
  for (let n = 0; n < seconds * PER_SECOND; n++) {
    const dueMs = startedAtMs + (n * 1000) / PER_SECOND - performance.now();
    if (dueMs > 0) await sleep(dueMs);
    // A step prime to most lengths: every customer in turn, never one after their neighbour.
    const number =
      n % UNKNOWN_EVERY === 0
        ? `+7999${String(n).padStart(7, "0")}`
        : known[(n * 7919) % known.length]!;
    const query = new URLSearchParams({ number, queue: "sales", channel: `17.${n}` });
    asked.push(one(`${url}/pbx/v1/caller?${query}`));
  }
  await Promise.all(asked);
  return { ms, lines, unanswered };

  async function one(address: string): Promise<void> {
    const sentAtMs = performance.now();
    const line = await get(address);
    ms.push(performance.now() - sentAtMs);
    if (line === null) unanswered += 1;
    else lines.set(line, (lines.get(line) ?? 0) + 1);
  }
}

/** Null when the connection broke. @throws for an answer that is not one: a refusal is quick and would look good. */
function get(address: string): Promise<string | null> {
  return new Promise((answered, failed) => {
    const asking = request(address, { agent: false, auth: `pbx:${TOKEN}` }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () => {
        if (/^ok\|.*\|end\n$/.test(body)) answered(body);
        else failed(new Error(`no answer but ${response.statusCode} ${body.slice(0, 100)}`));
      });
    });
    asking.on("error", () => answered(null)).end();
  });
}

/** "Regular customers first, gentle", as a new admin publishes it. */
async function publishGentle(storage: Storage): Promise<void> {
  const source = openVocabulary(storage, { queues: () => ["sales"], timeZone: () => TIME_ZONE });
  const vocabulary = await source.read().finally(() => source.close());
  const gentle = readyPolicies(vocabulary, TIME_ZONE, vocabulary.tierShares).find(
    ({ id }) => id === "gentle",
  )!;
  const published = { version: 1, note: "", publishedBy: "bench", rolledBackTo: null };
  await insertVersion(storage.db, { ...published, policy: gentle.policy });
}

/** A port where no PBX is: its connection is tried again and again, as on a bad day. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
