/**
 * A contact centre that runs on three processes: two real Asterisks with eleven operators each, a real PostgreSQL and a real redis that can be
 * taken away, and everybody's screens behind a balancer.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { importCustomers } from "../../server/customers/import.ts";
import { createToken } from "../../server/people/tokens.ts";
import { type Storage, openStorage } from "../../server/storage/database.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../server/storage/embedded.ts";
import { migrate } from "../../server/storage/migrate.ts";
import { policyOf, rule } from "../priority/samples.ts";
import { type Cluster, openCluster } from "../support/cluster.ts";
import { type CuttingProxy, cuttingProxy } from "../support/cutting-proxy.ts";
import { type Lab, type Phone, first, startLab } from "../support/lab.ts";
import { type SeatedOperator, seatOperators } from "../support/operators.ts";
import { type TestRedis, startRedis } from "../support/redis.ts";
import { eventually } from "./house.ts";

/** The crowd's extensions: the same on both PBXs, where they are different phones. */
export const CROWD = Array.from({ length: 11 }, (_, at) => String(120 + at));
/** Two operators for more callers than they can answer: here a line forms. */
export const LINE = "611";

/** An action that a process sent to a PBX. */
export type SentAction = { readonly atMs: number; readonly name: string };

/** One PBX. */
export type ClusterPbx = {
  readonly name: string;
  readonly lab: Lab;
  readonly operators: readonly SeatedOperator[];
  /** The crowd at their phones. */
  readonly crowd: Phone;
};

/** The whole of it. */
export type ClusterHouse = {
  readonly pbxs: readonly ClusterPbx[];
  readonly cluster: Cluster;
  readonly storage: Storage;
  readonly redis: TestRedis;
  /** Cuts a process' connection to a PBX. */
  cut(member: number, pbx: string): void;
  /** Everything a process asked of a PBX so far. */
  sent(member: number, pbx: string): readonly SentAction[];
  /** Ends PostgreSQL, does something, and starts it again. */
  withoutPostgres(deed: () => Promise<void>): Promise<void>;
  /** Asks as an admin, again and again until a process answers; of the balancer, unless told whom. */
  ask<T>(method: string, path: string, body?: unknown, url?: string): Promise<T>;
  /** Callers of the line as Asterisk has them. */
  line(pbx: ClusterPbx): Promise<readonly { readonly number: string }[]>;
  /** Which process acts on a PBX; -1 for none. */
  holder(pbx: string): Promise<number>;
  close(): Promise<void>;
};

/** Whether a caller is among those who come first, by their number's last digit but one. */
export function isGold(number: string): boolean {
  return Number(number.at(-2)) % 3 === 0;
}

/** How everybody's number begins who calls. */
export const CALLERS = "+7913100";

/** The number of the nth caller. */
export function callerNumber(n: number): string {
  return `${CALLERS}${String(n).padStart(4, "0")}`;
}

/** Opens it with this policy: gold callers before all others. */
export async function openClusterHouse(of: {
  readonly processes: number;
  readonly versions: readonly (16 | 22)[];
  readonly phones: { readonly ringMs: number; readonly talkMs: number };
}): Promise<ClusterHouse> {
  await using parts = new AsyncDisposableStack();
  const labs: Lab[] = [];
  for (const version of of.versions) labs.push(await startLab({ version, crowd: CROWD }));
  const directory = await mkdtemp(join(tmpdir(), "callcard-cluster-"));
  parts.defer(() => rm(directory, { recursive: true, force: true }));

  let postgres: EmbeddedPostgres;
  const startPostgres = async (): Promise<number> => {
    postgres = await startEmbeddedPostgres(join(directory, "postgres"), {
      ...{ endWithParent: true, maxConnections: 200 },
    });
    return Number(new URL(postgres.url).port);
  };
  const toPostgres = await cuttingProxy(await startPostgres());
  parts.defer(() => postgres.stop());
  parts.defer(() => toPostgres.close());
  // Everybody sees one address, wherever PostgreSQL comes up again.
  const address = new URL(postgres!.url);
  address.port = String(toPostgres.port);
  const storage = openStorage(address.href, { maxConnections: 4 });
  storage.pool.on("error", () => undefined);
  parts.defer(() => storage.close());
  await migrate(storage.db);
  const redis = await startRedis();
  parts.defer(() => redis.kill());

  const customers = Array.from({ length: 1000 }, (_, n) => {
    const number = callerNumber(n);
    const tier = isGold(number) ? "gold" : "";
    return { sourceId: `c${n}`, name: `Покупатель ${n}`, phones: [number], tier };
  });
  await importCustomers(storage, customers, { source: "shop", defaultRegion: "RU" });
  const { token } = await createToken(
    storage.db,
    { name: "tests", role: "admin" },
    { actor: "tests", userId: null },
  );
  const pbxs: ClusterPbx[] = [];
  for (const lab of labs) {
    const name = `pbx${lab.version}`;
    pbxs.push({
      ...{ name, lab },
      operators: await seatOperators(storage, name, CROWD, (extension) => `${name}-${extension}`),
      crowd: await lab.crowd([{ numbers: "1", ...of.phones }]),
    });
  }

  const wires = new Map<string, { readonly proxy: CuttingProxy; readonly sent: SentAction[] }>();
  const environments: Record<string, string>[] = [];
  for (let member = 0; member < of.processes; member += 1) {
    const entries: string[] = [];
    for (const { name, lab } of pbxs) {
      const sent: SentAction[] = [];
      const proxy = await cuttingProxy(lab.amiPort, (chunk) => {
        for (const [, action = ""] of chunk.toString("latin1").matchAll(/^Action: (\w+)/gim))
          sent.push({ atMs: Date.now(), name: action });
      });
      parts.defer(() => proxy.close());
      wires.set(`${member} ${name}`, { proxy, sent });
      entries.push(
        `  - { name: ${name}, host: 127.0.0.1, port: ${proxy.port}, username: ${lab.username}, secret: ${lab.secret} }`,
      );
    }
    const config = join(directory, `${member}.yaml`);
    await writeFile(config, `pbxs:\n${entries.join("\n")}\n`);
    environments.push({
      ...{ CALLCARD_CONFIG: config, DATABASE_URL: address.href, REDIS_URL: redis.url },
      ...{ ADMIN_PASSWORD: "correct horse", TIME_ZONE: "Asia/Novosibirsk" },
      LOG_LEVEL: process.env["CALLCARD_LOG"] ?? "info",
      // Where the screens were built.
      DATA_DIR: resolve(import.meta.dirname, "../../data"),
    });
  }
  const cluster = await openCluster(environments);
  parts.defer(() => cluster.close());

  const ask = <T>(method: string, path: string, body?: unknown, url = cluster.url): Promise<T> =>
    eventually(async () => {
      try {
        const answer = await fetch(`${url}${path}`, {
          method,
          headers: {
            ...{ authorization: `Bearer ${token}`, connection: "close" },
            ...(body === undefined ? {} : { "content-type": "application/json" }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        if (answer.status >= 500) return null;
        const text = await answer.text();
        if (!answer.ok) throw new Refused(`${method} ${path}: ${answer.status} ${text}`);
        return (text === "" ? {} : JSON.parse(text)) as T;
      } catch (error) {
        if (error instanceof Refused) throw error;
        return null;
      }
    });

  const policy = policyOf(
    [rule("gold", [{ fact: "tier", in: ["gold"] }], { rate: 1, headStartSeconds: 3600 })],
    { guard: { mostExtraWaitSeconds: null, neverPassedAfterSeconds: null } },
  );
  await ask("PUT", "/api/v1/priority/draft", { policy, revision: 0 });
  await ask("POST", "/api/v1/priority/publish", { revision: 1, note: "" });
  const house: Omit<ClusterHouse, "close"> = {
    ...{ pbxs, cluster, storage, redis, ask },
    // Nothing of a message that is under way comes through.
    cut: (member, pbx) => wires.get(`${member} ${pbx}`)!.proxy.cutAfter(1),
    sent: (member, pbx) => wires.get(`${member} ${pbx}`)!.sent,
    async withoutPostgres(deed) {
      toPostgres.refuse(true);
      await postgres.stop();
      await deed();
      toPostgres.retarget(await startPostgres());
      toPostgres.refuse(false);
    },
    async line({ lab }) {
      const answer = await lab.ami().action("QueueStatus", { Queue: LINE });
      return answer
        .filter((message) => first(message, "Event") === "QueueEntry")
        .map((message) => ({
          number: first(message, "CallerIDNum"),
          position: Number(first(message, "Position")),
        }))
        .toSorted((a, b) => a.position - b.position);
    },
    async holder(pbx) {
      const { rows } = await storage.pool.query<{ holder: string }>(
        "select holder from leases where name = $1 and renewed_at > now() - interval '3 seconds'",
        [`dialler ${pbx}`],
      );
      const pid = Number(rows[0]?.holder.split(" ").at(-1));
      return cluster.members.findIndex((member) => member.pid() === pid);
    },
  };
  for (const { url: of } of cluster.members) await settled(of);
  const opened = parts.move();
  return { ...house, close: () => opened.disposeAsync() };
}

class Refused extends Error {}

/** Waits until a process is connected to everything. */
export async function settled(url: string): Promise<void> {
  await eventually(async () => {
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer === null) return false;
    const { parts } = (await answer.json()) as { parts: { name: string; ok: boolean }[] };
    return parts.length > 0 && parts.every(({ ok }) => ok);
  });
}
