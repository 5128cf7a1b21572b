/** The program itself is started while PostgreSQL comes and goes. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { openCluster } from "./support/cluster.ts";
import { cuttingProxy } from "./support/cutting-proxy.ts";
import { testDatabase } from "./support/postgres.ts";

/** What is asked last before anybody is served. */
const LATE_QUESTION = "operator_devices";

test("a start that loses PostgreSQL half-way, and finds it away for a while, serves in the end and says what it waited for", async () => {
  await using parts = new AsyncDisposableStack();
  const database = await testDatabase();
  parts.defer(() => database.drop());
  const directory = await mkdtemp(join(tmpdir(), "callcard-start-"));
  parts.defer(() => rm(directory, { recursive: true, force: true }));
  let cuts = 0;
  const proxy = await cuttingProxy(Number(new URL(database.url).port), (chunk) => {
    if (cuts > 0 || !chunk.includes(LATE_QUESTION)) return;
    cuts += 1;
    proxy.refuse(true);
    void sleep(1500).then(() => proxy.refuse(false));
  });
  parts.defer(() => proxy.close());
  const url = new URL(database.url);
  url.port = String(proxy.port);
  const cluster = await openCluster([
    { DATABASE_URL: url.href, DATA_DIR: directory, ADMIN_PASSWORD: "correct horse" },
  ]);
  parts.defer(() => cluster.close());

  expect(cuts).toBe(1);
  const [member] = cluster.members;
  expect((await fetch(`${member!.url}/healthz`)).status).toBe(200);
  expect(member!.log()).toMatch(
    /DATABASE_URL: .* a PostgreSQL that answers \(.+\)\. PostgreSQL is waited for\./,
  );
}, 120_000);
