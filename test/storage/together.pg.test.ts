import { sql } from "kysely";
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { prepared } from "../../server/storage/database.ts";
import { type Together, openTogether } from "../../server/storage/together.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let together: Together;
beforeAll(async () => {
  database = await testDatabase();
});
afterEach(() => together.close());
afterAll(() => database.drop());

/** Who answers, and since when it was asked: of one packet all are asked at once. */
const WHO = { name: "who", text: "select pg_backend_pid() as pid, $1::int as n" };
const ask = async (n: number) =>
  (await together.pool.query<{ pid: number; n: number }>({ ...WHO, values: [n] })).rows[0]!;

test("what is asked in one moment is answered by one connection, each with its own answer", async () => {
  together = openTogether(database.url, { connections: 3 });
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all([
      ...[1, 2, 3, 4].map((n) => ask(n)),
      // kysely takes its connection a few microtasks later: still the same moment.
      sql<{ pid: number; n: number }>`${prepared} select pg_backend_pid() as pid, ${5}::int as n`
        .execute(together.db)
        .then(({ rows }) => rows[0]!),
    ]);
    expect(answers.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(1);
  }
});

test("a statement's columns are asked for once, also when nothing was found or a value could not be taken at first", async () => {
  together = openTogether(database.url, { connections: 1 });
  const described = vi.spyOn(pg.Connection.prototype, "describe");
  onTestFinished(() => described.mockRestore());
  const few = {
    name: "few",
    text: "select n, null as none, array[n] as list, now() as at from generate_series(1, $1::int) n",
  };
  const found = async (n: unknown) => (await together.pool.query({ ...few, values: [n] })).rows;
  await expect(found("many")).rejects.toThrow("many");
  expect(await found(0)).toEqual([]);
  const times = described.mock.calls.length;
  const row = (n: number) => ({ n, none: null, list: [n], at: expect.any(Date) });
  expect(await Promise.all([found(2), found(0), found(1)])).toEqual([
    ...[[row(1), row(2)], [], [row(1)]],
  ]);
  const { fields, rowCount } = await together.pool.query({ ...few, values: [3] });
  expect({ rowCount, names: fields.map(({ name }) => name) }).toEqual({
    ...{ rowCount: 3, names: ["n", "none", "list", "at"] },
  });
  expect(described).toHaveBeenCalledTimes(times);
});

test("what is asked at another moment does not wait behind what is slow", async () => {
  together = openTogether(database.url, { connections: 2 });
  let slowIsOver = false;
  const slow = together.pool
    .query({ name: "slow", text: "select pg_sleep(1)" })
    .then(() => (slowIsOver = true));
  await new Promise(setImmediate);
  await ask(1);
  expect(slowIsOver).toBe(false);
  await slow;
});

test("one that fails leaves the others their answers", async () => {
  together = openTogether(database.url, { connections: 1 });
  const answers = await Promise.allSettled([
    ask(1),
    together.pool.query({ name: "wrong", text: "select 1 / $1::int", values: [0] }),
    together.pool.query({ name: "nonsense", text: "select nonsense" }),
    ask(2),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([
    ...["fulfilled", "rejected", "rejected", "fulfilled"],
  ]);
  // And again, of statements that could not be prepared.
  await expect(together.pool.query({ name: "nonsense", text: "select nonsense" })).rejects.toThrow(
    "nonsense",
  );
  expect(await ask(3)).toMatchObject({ n: 3 });
});

test("a value that cannot be sent fails its own question alone, also of a statement that is new", async () => {
  together = openTogether(database.url, { connections: 1 });
  const bad = {
    toPostgres() {
      throw new Error("cannot be written");
    },
  };
  const fresh = { name: "fresh", text: "select $1::int + 1 as n" };
  const [before, failed, after] = await Promise.allSettled([
    ask(1),
    together.pool.query({ ...fresh, values: [bad] }),
    together.pool.query<{ n: number }>({ ...fresh, values: [1] }),
  ]);
  expect(before).toMatchObject({ status: "fulfilled", value: { n: 1 } });
  expect(failed).toMatchObject({ status: "rejected", reason: { message: "cannot be written" } });
  expect(after).toMatchObject({ status: "fulfilled", value: { rows: [{ n: 2 }] } });
});

test("what comes while a packet is under way is asked after it, and answered before it is closed", async () => {
  together = openTogether(database.url, { connections: 1 });
  await ask(0);
  const slow = together.pool.query({ name: "slow", text: "select pg_sleep(0.2)" });
  await new Promise(setImmediate);
  const behind = Promise.all([ask(1), ask(2)]);
  await new Promise(setImmediate);
  await together.close();
  expect((await behind).map(({ n }) => n)).toEqual([1, 2]);
  expect((await slow).rows).toHaveLength(1);
});

test("a connection that was lost is made anew", async () => {
  together = openTogether(database.url, { connections: 1 });
  const { pid } = await ask(1);
  const asked = together.pool.query({ name: "slow", text: "select pg_sleep(20)" });
  const lost = expect(asked).rejects.toThrow();
  await database.pool.query("select pg_terminate_backend($1)", [pid]);
  await lost;
  expect((await ask(2)).pid).not.toBe(pid);
});

test("one that takes too long is ended", async () => {
  together = openTogether(database.url, { connections: 1, statementTimeoutMs: 100 });
  const slow = together.pool.query({ name: "slow", text: "select pg_sleep(20)" });
  const behind = ask(1);
  await expect(slow).rejects.toThrow("statement timeout");
  expect(await behind).toMatchObject({ n: 1 });
});

test("transactions and statements that are not prepared are refused", async () => {
  together = openTogether(database.url);
  await expect(together.pool.query("select 1")).rejects.toThrow("prepared");
  await expect(sql`select 1`.execute(together.db)).rejects.toThrow("prepared");
  await expect(
    together.db.transaction().execute((trx) => sql`${prepared} select 1`.execute(trx)),
  ).rejects.toThrow("prepared");
});

test("nothing is asked after it was closed; it is closed once", async () => {
  together = openTogether(database.url);
  const asked = ask(1);
  await asked;
  await Promise.all([together.close(), together.close()]);
  await expect(ask(2)).rejects.toThrow("closed");
});
