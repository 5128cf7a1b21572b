import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type Lease, type LeaseOptions, openLease } from "../../server/storage/lease.ts";
import { cuttingProxy } from "../support/cutting-proxy.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

describe("a lease", () => {
  let database: TestDatabase;
  const open: Lease[] = [];
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.drop());
  afterEach(async () => {
    await Promise.all(open.splice(0).map((lease) => lease.close()));
  });
  const lease = (own: Partial<LeaseOptions> = {}) => {
    const opened = openLease({ databaseUrl: database.url, name: "pbx main", everyMs: 50, ...own });
    open.push(opened);
    return opened;
  };
  const until = (said: () => boolean) =>
    vi.waitFor(() => expect(said()).toBe(true), { timeout: 5000, interval: 10 });

  test("one of several processes has it, and another as soon as that one gives it up", async () => {
    const leases = [lease(), lease(), lease()];
    await until(() => leases.some((each) => each.held()));
    await Promise.all(leases.map((each) => each.confirm()));
    const holders = leases.filter((each) => each.held());
    expect(holders).toHaveLength(1);
    await holders[0]!.close();
    expect(holders[0]!.held()).toBe(false);
    await until(() => leases.some((each) => each.held()));
  });

  test("leases of other names are others'", async () => {
    const [one, other] = [lease(), lease({ name: "pbx other" })];
    await until(() => one.held() && other.held());
  });

  test("a connection that PostgreSQL ends is noticed by the next question, told, and taken again", async () => {
    const held = lease({ everyMs: 60_000 });
    await until(() => held.held());
    const told: boolean[] = [];
    held.onChange((now) => told.push(now));
    await database.pool.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'callcard-lease' and datname = current_database()",
    );
    expect(await held.confirm()).toBe(false);
    expect(held.held()).toBe(false);
    expect(told).toEqual([false]);
    const again = lease();
    await until(() => again.held());
  });

  test("a server that does not answer is a lost lease", async () => {
    const url = new URL(database.url);
    const proxy = await cuttingProxy(Number(url.port));
    url.port = String(proxy.port);
    const held = lease({ databaseUrl: url.href, deadlineMs: 300, everyMs: 60_000 });
    try {
      await until(() => held.held());
      proxy.swallow(true);
      expect(await held.confirm()).toBe(false);
      expect(held.held()).toBe(false);
    } finally {
      await held.close();
      await proxy.close();
    }
  });
});
