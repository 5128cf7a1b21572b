/**
 * How long a dialplan waits for "who calls?": 200 questions a second, each over a connection of its own as CURL() makes them, to the whole server
 * over the sample shop in a real PostgreSQL with a published policy; beside a bare fastify route that gives one fixed line.
 */
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { readyPolicies } from "../../server/priority/ready-policies.ts";
import { insertVersion } from "../../server/priority/policy-store.ts";
import { openVocabulary } from "../../server/priority/vocabulary.ts";
import type { Storage } from "../../server/storage/database.ts";
import type { AskOrder, Asked } from "./caller-asker.ts";
import { type Child, cpuMs, percentile, startChild, startServer } from "./children.ts";
import type { Bench, Figure } from "./run.ts";
import { openShop } from "./shop.ts";

const PER_SECOND = 200;
/** One question in so many is of a number nobody knows. */
const UNKNOWN_EVERY = 5;
const TOKEN = "token-of-the-bench-0123456789";
const TIME_ZONE = "Asia/Novosibirsk";
/** The promise of the product. */
const MOST_P99_MS = 10;

/** p50 and p99 of the answer, and what one costs the server. */
export const caller: Bench = async ({ quick }) => {
  await using parts = new AsyncDisposableStack();
  const { storage, databaseUrl, directory, numbers: known } = await openShop(parts);
  await storage.pool.query("vacuum analyze");
  await publishGentle(storage);
  // A small young generation: this one's pauses for its own garbage are short, and not taken for the server's.
  const asker = startChild<unknown>(fileOf("caller-asker.ts"), {
    flags: ["--max-semi-space-size=1"],
  });
  parts.defer(() => asker.end());
  await asker.next();

  const server = startServer({
    ...{ DATABASE_URL: databaseUrl, DATA_DIR: directory, PORT: "0", ADMIN_PASSWORD: "benchmark" },
    ...{ LOG_LEVEL: "warn", AMI_HOST: "127.0.0.1", AMI_PORT: String(await closedPort()) },
    ...{ AMI_SECRET: "none", PBX_TOKEN: TOKEN },
  });
  parts.defer(() => server.end());
  const ours = await measure(server);
  await server.end();
  const bare = startChild<{ url: string }>(fileOf("caller-bare.ts"));
  parts.defer(() => bare.end());
  return figures(ours, await measure(bare));

  async function measure(answering: Child<{ url: string }>): Promise<Measured> {
    const { url } = await answering.next();
    await ask(url, quick ? 3 : 15);
    const seconds = quick ? 5 : 60;
    const beforeMs = await cpuMs(answering);
    const asked = await ask(url, seconds);
    const perQuestion = ((await cpuMs(answering)) - beforeMs) / (seconds * PER_SECOND);
    return { ...asked, cpuMs: perQuestion };
  }

  async function ask(url: string, seconds: number): Promise<Asked> {
    const port = Number(new URL(url).port);
    const order: AskOrder = {
      ...{ port, seconds, known },
      ...{ token: TOKEN, perSecond: PER_SECOND, unknownEvery: UNKNOWN_EVERY },
    };
    asker.tell(order);
    const asked = (await asker.next()) as Asked;
    if (asked.refusal !== "") throw new Error(`no answer but ${asked.refusal}`);
    return asked;
  }
};

/** CPU of the answering process, ms for each question. */
type Measured = Asked & { readonly cpuMs: number };

function figures(ours: Measured, floor: Measured): readonly Figure[] {
  const beside = (value: number, unit = "ms") => `bare fastify route ${value.toFixed(2)} ${unit}`;
  const p99 = percentile(ours.ms, 0.99);
  const favoured = ours.lines
    .filter(([line]) => !line.includes("|priority=0|"))
    .reduce((sum, [, count]) => sum + count, 0);
  return [
    {
      what: `answer to a dialplan at ${PER_SECOND}/s: p50`,
      value: percentile(ours.ms, 0.5),
      unit: "ms",
      beside: beside(percentile(floor.ms, 0.5)),
    },
    {
      what: "p99",
      value: p99,
      unit: "ms",
      beside: beside(percentile(floor.ms, 0.99)),
      goal: `at most ${MOST_P99_MS} ms`,
      met: p99 <= MOST_P99_MS,
    },
    {
      what: "longest",
      value: Math.max(...ours.ms),
      unit: "ms",
      beside: beside(Math.max(...floor.ms)),
    },
    {
      what: "the server's CPU per question",
      value: ours.cpuMs,
      unit: "ms",
      beside: beside(floor.cpuMs),
    },
    {
      what: "questions put late by the asking process: p99",
      value: percentile(ours.lateMs, 0.99),
      unit: "ms",
      beside: beside(percentile(floor.lateMs, 0.99)),
    },
    {
      what: "of the callers were given a priority",
      value: (100 * favoured) / ours.ms.length,
      unit: "%",
      beside: `${ours.ms.length} questions, ${ours.lines.length} different answers`,
    },
    {
      what: "not answered",
      value: ours.unanswered,
      unit: "",
      beside: `bare fastify route ${floor.unanswered}`,
    },
  ];
}

function fileOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
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
