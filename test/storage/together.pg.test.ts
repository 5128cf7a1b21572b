import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
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
