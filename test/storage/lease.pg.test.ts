import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { openStorage } from "../../server/storage/database.ts";
import { startEmbeddedPostgres } from "../../server/storage/embedded.ts";
import { type Lease, LeaseLost, type LeaseOptions, openLease } from "../../server/storage/lease.ts";
import { migrate } from "../../server/storage/migrate.ts";
import { cuttingProxy } from "../support/cutting-proxy.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

let database: TestDatabase;
const open: Lease[] = [];
const closing: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  database = await testDatabase();
  await database.pool.query("create table notes_of_leases (note text not null)");
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query("delete from leases; delete from notes_of_leases");
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((lease) => lease.close()));
  for (const close of closing.splice(0)) await close();
});

const NAME = "pbx main";
const QUICK = { renewEveryMs: 50, tryEveryMs: 50 };
const lease = (own: Partial<LeaseOptions> = {}) => {
  const opened = openLease({ databaseUrl: database.url, name: NAME, ...QUICK, ...own });
  open.push(opened);
  return opened;
};
const held = async (own: Partial<LeaseOptions> = {}) => {
  const opened = lease(own);
  await until(() => opened.held());
  return opened;
};
const until = (said: () => boolean) =>
  vi.waitFor(() => expect(said()).toBe(true), { interval: 10 });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** A network between a process and PostgreSQL. */
const network = async (onSent?: (chunk: Buffer) => void) => {
  const url = new URL(database.url);
  const proxy = await cuttingProxy(Number(url.port), onSent);
  url.port = String(proxy.port);
  closing.push(() => proxy.close());
  return { url: url.href, proxy };
};
const endConnections = () =>
  database.pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'callcard-lease' and datname = current_database()",
  );
const notes = async () =>
  (
    await database.pool.query<{ note: string }>("select note from notes_of_leases order by note")
  ).rows.map(({ note }) => note);
const note = (text: string) => sql`insert into notes_of_leases (note) values (${text})`;

describe("a lease", () => {
  test("one of several processes has it, and another as soon as that one gives it up", async () => {
    const leases = [lease(), lease(), lease()];
    await until(() => leases.some((each) => each.held()));
    await Promise.all(leases.map((each) => each.confirm()));
    const holders = leases.filter((each) => each.held());
    expect(holders).toHaveLength(1);
    await until(() => leases.every((each) => each.held() || each.holder() === "elsewhere"));
    await holders[0]!.close();
    expect(holders[0]!.held()).toBe(false);
    await until(() => leases.some((each) => each.held()));
  });

  test("a holder that could not act leaves it to one that could, and keeps it while there is none", async () => {
    let isAble = true;
    const cut = await held({ able: () => isAble });
    const alsoCut = lease({ able: () => false });
    await until(() => alsoCut.holder() === "elsewhere");
    isAble = false;
    await pause(500);
    expect(cut.held()).toBe(true);
    const able = await held();
    expect(cut.held()).toBe(false);
    // Able again, it does not take it back.
    isAble = true;
    await pause(500);
    expect([cut.held(), alsoCut.held(), able.held()]).toEqual([false, false, true]);
  });

  test("what others say in the moment it begins to listen does no harm", async () => {
    const listening = Promise.withResolvers<void>();
    const { url, proxy } = await network((chunk) => {
      if (!chunk.includes("listen callcard_leases")) return;
      proxy.keepBack(true);
      listening.resolve();
    });
    const opened = lease({ databaseUrl: url });
    await listening.promise;
    // So that the answer and the words of others come in one piece.
    await pause(200);
    for (const words of [`${NAME} is wanted`, NAME])
      await database.pool.query("select pg_notify('callcard_leases', $1)", [words]);
    await pause(200);
    proxy.keepBack(false);
    await until(() => opened.held());
  });

  test("leases of other names are others'", async () => {
    const [one, other] = [lease(), lease({ name: "pbx other" })];
    await until(() => one.held() && other.held());
  });

  test("who waits is told when it is given up, and needs no turn of its own", async () => {
    const holder = await held();
    const next = lease({ tryEveryMs: 60_000 });
    await until(() => next.holder() === "elsewhere");
    const told: string[] = [];
    holder.onChange((now) => told.push(`holder ${now}`));
    next.onChange((now) => told.push(`next ${now}`));
    const before = holder.epoch();
    await holder.close();
    await until(() => next.held());
    expect(next.epoch()).toBe(before + 1);
    expect(told).toEqual(["holder false", "next true"]);
  });

  test("who has fewer leases gets the next one", async () => {
    const holder = await held();
    const busy = lease({ tryEveryMs: 60_000, patienceMs: () => 1000 });
    const free = lease({ tryEveryMs: 60_000, patienceMs: () => 0 });
    await until(() => busy.holder() === "elsewhere" && free.holder() === "elsewhere");
    await holder.close();
    await until(() => busy.held() || free.held());
    expect(free.held()).toBe(true);
  });

  test("a connection that PostgreSQL ends is noticed by the next question, told, and taken again", async () => {
    const holder = await held({ renewEveryMs: 60_000, tryEveryMs: 60_000 });
    const told: boolean[] = [];
    holder.onChange((now) => told.push(now));
    await endConnections();
    expect(await holder.confirm()).toBe(false);
    expect(holder.held()).toBe(false);
    expect(told).toEqual([false]);
    await held();
  });

  test("a server that does not answer is a lost lease", async () => {
    const { url, proxy } = await network();
    const holder = await held({ databaseUrl: url, deadlineMs: 300, renewEveryMs: 60_000 });
    proxy.swallow(true);
    expect(await holder.confirm()).toBe(false);
    expect(holder.held()).toBe(false);
    await until(() => holder.holder() === "unknown");
  });

  test("is believed in only so long after its last renewal, asked or not", async () => {
    const { url, proxy } = await network();
    const holder = await held({ databaseUrl: url, validMs: 1500, deadlineMs: 4000 });
    const told: boolean[] = [];
    holder.onChange((now) => told.push(now));
    await pause(4000);
    expect(holder.held()).toBe(true);
    expect(told).toEqual([]);
    const epoch = holder.epoch();
    proxy.swallow(true);
    await until(() => told.length > 0);
    expect(told).toEqual([false]);
    expect(holder.held()).toBe(false);
    expect(holder.epoch()).toBe(0);
    // Nobody took it; but what was begun before must not be taken for something of now.
    proxy.swallow(false);
    await until(() => holder.held());
    expect(holder.epoch()).toBeGreaterThan(epoch);
    expect(told).toEqual([false, true]);
  });

  test("somebody who does not renew it loses it though the connection stands, and never do two have it", async () => {
    const { url, proxy } = await network();
    const times = { validMs: 500, staleMs: 900 };
    const holder = await held({ databaseUrl: url, deadlineMs: 3000, ...times });
    const next = lease(times);
    await until(() => next.holder() === "elsewhere");
    const epoch = holder.epoch();
    proxy.swallow(true);
    let both = 0;
    await until(() => {
      if (holder.held() && next.held()) both += 1;
      return next.held();
    });
    expect(both).toBe(0);
    expect(next.epoch()).toBe(epoch + 1);
    // It is heard again, and waits like everybody.
    proxy.swallow(false);
    await until(() => holder.holder() === "elsewhere");
    expect([holder.held(), next.held()]).toEqual([false, true]);
  });

  test("a lock of an earlier version, which writes no row, is never taken away; nor is anybody else's connection ended", async () => {
    const earlier = new pg.Client({
      connectionString: database.url,
      application_name: "callcard-lease",
    });
    const bystander = new pg.Client({
      connectionString: database.url,
      application_name: "callcard-lease",
    });
    for (const client of [earlier, bystander]) {
      await client.connect();
      closing.push(() => client.end());
    }
    await earlier.query("select pg_advisory_lock(hashtextextended($1, 0))", [`callcard ${NAME}`]);
    const next = lease({ staleMs: 100, validMs: 50 });
    await pause(500);
    expect(next.held()).toBe(false);
    // A row of long ago, and PostgreSQL has given the number of its connection to somebody else since.
    const { rows } = await bystander.query<{ pid: number }>("select pg_backend_pid() as pid");
    await database.pool.query(
      `insert into leases (name, epoch, holder, holder_pid, taken_at, renewed_at)
       values ($1, 7, 'gone', $2, now(), now() - interval '1 hour')`,
      [NAME, rows[0]!.pid],
    );
    await pause(500);
    expect(next.held()).toBe(false);
    await earlier.query("select 1");
    await bystander.query("select 1");
    await earlier.query("select pg_advisory_unlock_all()");
    await until(() => next.held());
    expect(next.epoch()).toBe(8);
  });
});

describe("what is written under a lease", () => {
  test("is not written by who lost it without knowing", async () => {
    const holder = await held({ renewEveryMs: 60_000 });
    await holder.fenced(database.db, (trx) => note("in time").execute(trx));
    // Somebody took it, and the network brought no word of it.
    await database.pool.query("update leases set epoch = epoch + 1");
    expect(holder.held()).toBe(true);
    const writing = holder.fenced(database.db, (trx) => note("too late").execute(trx));
    await expect(writing).rejects.toThrow(LeaseLost);
    expect(await notes()).toEqual(["in time"]);
    expect(await holder.confirm()).toBe(false);
  });

  test("is waited for by who takes over", async () => {
    const holder = await held();
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const writing = holder.fenced(database.db, async (trx) => {
      begun.resolve();
      await goOn.promise;
      await note("begun in time").execute(trx);
    });
    await begun.promise;
    await holder.close();
    const next = lease();
    await pause(700);
    expect(next.held()).toBe(false);
    goOn.resolve();
    await writing;
    await until(() => next.held());
    expect(await notes()).toEqual(["begun in time"]);
  });

  test("does not keep the holder from renewing, however long it takes", async () => {
    const holder = await held({ validMs: 1500, staleMs: 3000 });
    const next = lease({ validMs: 1500, staleMs: 3000 });
    const told: boolean[] = [];
    holder.onChange((now) => told.push(now));
    await holder.fenced(database.db, async (trx) => {
      for (let n = 0; n < 10; n += 1) {
        await note(`${n}`).execute(trx);
        await pause(750);
      }
    });
    expect(told).toEqual([]);
    expect([holder.held(), next.held()]).toEqual([true, false]);
    expect(await notes()).toHaveLength(10);
  });

  test("is undone when it stands still, so that nobody waits for somebody who sleeps", async () => {
    const holder = await held();
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const writing = holder.fenced(database.db, async (trx) => {
      await note("half").execute(trx);
      begun.resolve();
      await goOn.promise;
      await note("whole").execute(trx);
    });
    await begun.promise;
    await holder.close();
    await held();
    goOn.resolve();
    await expect(writing).rejects.toThrow();
    expect(await notes()).toEqual([]);
  });

  test("needs the lease", async () => {
    await held();
    const other = lease();
    const writing = other.fenced(database.db, (trx) => note("nobody's").execute(trx));
    await expect(writing).rejects.toThrow(LeaseLost);
    expect(await notes()).toEqual([]);
  });
});

describe("a PostgreSQL that is started anew", () => {
  test("has one holder again", async () => {
    const directory = await mkdtemp(join(tmpdir(), "callcard-lease-"));
    let server = await startEmbeddedPostgres(directory, { endWithParent: true });
    const proxy = await cuttingProxy(Number(new URL(server.url).port));
    closing.push(
      () => proxy.close(),
      () => server.stop(),
      () => rm(directory, { recursive: true, force: true }),
    );
    const storage = openStorage(server.url);
    await migrate(storage.db);
    await storage.close();
    const url = new URL(server.url);
    url.port = String(proxy.port);
    const leases = [1, 2, 3].map(() => lease({ databaseUrl: url.href }));
    const holders = () => leases.filter((each) => each.held());
    await until(() => holders().length > 0);
    const epoch = holders()[0]!.epoch();
    await server.stop();
    await until(() => holders().length === 0);
    await until(() => leases.every((each) => each.holder() === "unknown"));
    server = await startEmbeddedPostgres(directory, { endWithParent: true });
    proxy.retarget(Number(new URL(server.url).port));
    let most = 0;
    await until(() => {
      most = Math.max(most, holders().length);
      return leases.every((each) => each.holder() !== "unknown");
    });
    expect(most).toBeLessThanOrEqual(1);
    expect(holders()).toHaveLength(1);
    expect(holders()[0]!.epoch()).toBeGreaterThan(epoch);
  });
});
