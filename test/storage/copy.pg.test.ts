/** COPY both ways through a real PostgreSQL: what a value holds never changes how it is read. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { copyInto, copyLine, copyOut } from "../../server/storage/copy.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await database.pool.query("create table kept (n int, word text)");
});
afterAll(() => database.drop());

const words = [
  ...["", "\\N", "\\", "a\tb", "a\nb", "a\r\nb", "back\\slash n: \\n", "\b\f\v", "Олена 🌻", "\\."],
  null,
];

test("every value comes back as it went in, in batches, and the client can be used again", async () => {
  const client = await database.pool.connect();
  // Enough that letters of several bytes lie across the borders of what is read at once.
  const sent = Array.from({ length: 20_000 }, (_, n) => words[n % words.length]!);
  await copyInto(client, "kept (n, word)", sent.map((word, n) => copyLine([n, word])).join(""));
  const read: (readonly (string | null)[])[] = [];
  let batches = 0;
  for await (const rows of copyOut(client, "select n, word from kept order by n")) {
    batches += 1;
    for (const row of rows) read.push(row);
  }
  expect(batches).toBeGreaterThan(1);
  expect(read).toEqual(sent.map((word, n) => [String(n), word]));
  expect((await client.query<{ n: number }>("select 1 as n")).rows).toEqual([{ n: 1 }]);
  client.release();
});

test("a query that fails says so", async () => {
  const client = await database.pool.connect();
  const reading = async () => {
    for await (const rows of copyOut(client, "select 1 / (n - 50) from generate_series(1, 99) n"))
      expect(rows).not.toEqual([]);
  };
  await expect(reading()).rejects.toThrow("division by zero");
  client.release(true);
});
