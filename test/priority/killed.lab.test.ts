/** The server as it is started in production is killed while it moves twenty callers of a real Asterisk, and started again. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { importCustomers } from "../../server/customers/import.ts";
import { createToken } from "../../server/people/tokens.ts";
import { type Child, startServer } from "../bench/children.ts";
import { type CuttingProxy, cuttingProxy } from "../support/cutting-proxy.ts";
import { type Lab, first, labStartMs, startLab } from "../support/lab.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { policyOf, rule } from "./samples.ts";

const QUEUE = "600";
/** Far from one another, so that the order of all is known from their joining alone. */
const HEAD_STARTS = { gold: 3600, silver: 1800, "": 0 } as const;
type Tier = keyof typeof HEAD_STARTS;
const callers = Array.from({ length: 20 }, (_, at) => {
  const tier: Tier = at % 5 === 4 ? "gold" : at % 3 === 2 ? "silver" : "";
  return { number: `+7913000${String(1000 + at)}`, tier };
});
/** The policy's order, from the order of joining. */
const wanted = callers
  .toSorted((a, b) => HEAD_STARTS[b.tier] - HEAD_STARTS[a.tier])
  .map(({ number }) => number);
const rankOf = (number: string) => wanted.indexOf(number);

let lab: Lab;
let database: TestDatabase;
let proxy: CuttingProxy;
let server: Child<{ url: string }> | null = null;
let env: Readonly<Record<string, string>>;
let authorization: string;

beforeAll(async () => {
  lab = await startLab({ version: 22 });
  database = await testDatabase();
  const customers = callers.map(({ number, tier }, at) => ({
    ...{ sourceId: String(at), name: `Customer ${at}`, phones: [number], tier },
  }));
  await importCustomers(database, customers, { defaultRegion: "RU", source: "shop" });
  const admin = { name: "test", role: "admin" } as const;
  const { token } = await createToken(database.db, admin, { actor: "test", userId: null });
  authorization = `Bearer ${token}`;
  proxy = await cuttingProxy(lab.amiPort);
  env = {
    ...{
      DATABASE_URL: database.url,
      PORT: "0",
      LOG_LEVEL: "warn",
      ADMIN_PASSWORD: "correct horse",
    },
    ...{ PBX_NAME: "lab", AMI_HOST: "127.0.0.1", AMI_PORT: String(proxy.port) },
    ...{ AMI_USERNAME: lab.username, AMI_SECRET: lab.secret },
  };
}, labStartMs);
afterEach(async () => {
  await server?.end();
  await lab.hangUpAll();
  await database.pool.query(
    "truncate policy_versions, policy_draft, priority_moves, call_priorities",
  );
});
afterAll(async () => {
  await proxy?.close();
  await database?.drop();
});

type Stood = { readonly number: string; readonly priority: number };

/** Who stands where, asked of Asterisk itself. */
async function line(): Promise<readonly Stood[]> {
  const answer = await lab.ami().action("QueueStatus", { Queue: QUEUE });
  return answer
    .filter((message) => first(message, "Event") === "QueueEntry")
    .map((message) => ({
      number: first(message, "CallerIDNum"),
      priority: Number(first(message, "Priority")),
      position: Number(first(message, "Position")),
    }))
    .toSorted((a, b) => a.position - b.position);
}

/** For everybody, how many stand before them who should come after them. */
function wronglyAhead(stood: readonly Stood[]): ReadonlyMap<string, number> {
  return new Map(
    stood.map(({ number }, at) => [
      number,
      stood.slice(0, at).filter((one) => rankOf(one.number) > rankOf(number)).length,
    ]),
  );
}

async function api(url: string, method: string, path: string, body: object): Promise<void> {
  const headers = { authorization, "content-type": "application/json" };
  const answer = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
}

async function ready(url: string): Promise<void> {
  while (!(await fetch(`${url}/readyz`)).ok) await sleep(10);
}

test("the order is right within 3 s after it is up again; nobody is moved twice, nobody sent back", async () => {
  server = startServer(env);
  const { url } = await server.next();
  await ready(url);
  for (const [at, { number }] of callers.entries()) {
    await lab.call({ from: number, to: QUEUE });
    await vi.waitFor(async () => expect(await line()).toHaveLength(at + 1), { interval: 20 });
  }
  const policy = policyOf(
    (["gold", "silver"] as const).map((tier) =>
      rule(tier, [{ fact: "tier", in: [tier] }], {
        ...{ rate: 1, headStartSeconds: HEAD_STARTS[tier] },
      }),
    ),
    { guard: { mostExtraWaitSeconds: null, neverPassedAfterSeconds: null } },
  );
  await api(url, "PUT", "/api/v1/priority/draft", { policy, revision: 0 });
  // The answers to a few moves fit into this; then the network is gone too, so that it cannot be quicker than the kill.
  proxy.cutAfter(500);
  await api(url, "POST", "/api/v1/priority/publish", { revision: 1, note: "" });
  await vi.waitFor(
    async () =>
      expect((await line()).filter(({ priority }) => priority !== 0).length).toBeGreaterThan(1),
    { interval: 2 },
  );
  const gone = new Promise((resolve) => server!.process.once("exit", resolve));
  server.process.kill("SIGKILL");
  await gone;
  const killedAt = await line();
  const moved = new Map(
    killedAt.flatMap(({ number, priority }) => (priority === 0 ? [] : [[number, priority]])),
  );
  // Some were moved, and some who must be were not.
  expect(moved.size).toBeGreaterThan(1);
  expect(killedAt.map(({ number }) => number)).not.toEqual(wanted);

  const startedMs = performance.now();
  server = startServer(env);
  const up = { urlMs: Infinity, readyMs: Infinity };
  const comesUp = async (child: Child<{ url: string }>) => {
    const answer = await child.next();
    up.urlMs = performance.now();
    await ready(answer.url);
    up.readyMs = performance.now();
  };
  const readiness = comesUp(server);
  const seen = [killedAt];
  let rightMs = Infinity;
  while (performance.now() - startedMs < 30_000) {
    const now = await line();
    if (JSON.stringify(now) !== JSON.stringify(seen.at(-1))) seen.push(now);
    if (rightMs === Infinity && now.every(({ number }, at) => number === wanted[at]))
      rightMs = performance.now();
    // What it does when all is right is looked at too.
    if (performance.now() - Math.max(rightMs, up.readyMs) > 3000) break;
    await sleep(2);
  }
  await readiness;
  // From when it tells its process manager that it serves; that is before it has logged in to the PBX.
  expect(rightMs - up.urlMs).toBeLessThan(3000);
  expect(seen.at(-1)!.map(({ number }) => number)).toEqual(wanted);

  const priorities = new Map<string, Set<number>>();
  for (const { number, priority } of seen.flat())
    priorities.set(number, (priorities.get(number) ?? new Set()).add(priority));
  for (const { number } of callers) {
    const had = [...priorities.get(number)!];
    // Whom the first had moved, the second leaves where they are; anybody else gets one other priority at most.
    expect(had.length, `${number}: ${had.join(", ")}`).toBeLessThanOrEqual(
      moved.has(number) ? 1 : 2,
    );
  }
  for (const [at, now] of seen.slice(1).entries()) {
    const [before, after] = [wronglyAhead(seen[at]!), wronglyAhead(now)];
    for (const [number, count] of after)
      expect(count, `${number} in state ${at + 1}`).toBeLessThanOrEqual(before.get(number)!);
  }
  // The second's own record agrees with what Asterisk showed.
  const { rows } = await database.pool.query<{ moves: number }>(
    "select count(*)::int as moves from priority_moves where at > now() - interval '1 minute' group by call_id",
  );
  expect(rows.every(({ moves }) => moves === 1)).toBe(true);
  // Every stay has one reason, though two servers saw it begin at different times.
  const stays = await database.pool.query("select 1 from call_priorities");
  expect(stays.rowCount).toBe(20);
}, 120_000);
