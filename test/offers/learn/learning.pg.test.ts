import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Learner } from "../../../server/offers/learn/learner.ts";
import { rebuild } from "../../../server/offers/learn/rebuild.ts";
import { learningRoutes } from "../../../server/offers/learn/routes.ts";
import { testApp } from "../../http/support.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { addOrders, eagerLearner, linesOf, makeShop } from "./small-shop.ts";

let database: TestDatabase;
let learner: Learner;
beforeAll(async () => {
  database = await testDatabase();
  learner = eagerLearner(database);
});
afterAll(async () => {
  await learner.close();
  await database.drop();
});

/** What is newer than a transaction that is still open, in whichever database of the server, waits for its end. */
const learnAll = async () => {
  do await learner.learn();
  while ((await learner.state()).waiting > 0);
};
const rows = async (query: string) => (await database.pool.query(query)).rows;
const counters = async () => ({
  pairs: await rows("select a, b, together from product_pairs order by a, b"),
  baskets: await rows("select * from product_baskets order by product_id"),
});
const companions = (more = "") =>
  rows(`select product_id, other_id, together, baskets ${more} from goes_with order by 1, 2`);
const times = (count: number, ...products: number[]) =>
  Array.from({ length: count }, () => ({ products }));

test("what was bought together three times is a companion, with its true numbers, best first", async () => {
  await makeShop(database, 5, 1);
  await addOrders(database, [
    ...times(4, 1, 2),
    ...times(3, 1, 2, 3),
    ...times(2, 1, 4),
    ...times(3, 5),
  ]);
  await learner.learn();
  const found = await rows(
    "select other_id, together, baskets, score from goes_with where product_id = 1 order by score desc",
  );
  expect(found).toEqual([
    // 7 / (sqrt(9 * 7) + 10), 3 / (sqrt(9 * 3) + 10)
    { other_id: "2", together: 7, baskets: 9, score: expect.closeTo(0.3902, 4) },
    { other_id: "3", together: 3, baskets: 9, score: expect.closeTo(0.1974, 4) },
  ]);
  expect(await counters()).toMatchObject({
    baskets: [
      { product_id: "1", baskets: 9 },
      { baskets: 7 },
      { baskets: 3 },
      { baskets: 2 },
      { baskets: 3 },
    ],
  });
});

test("no more than fifty companions are kept", async () => {
  await makeShop(database, 70, 1);
  const pairs = Array.from({ length: 69 }, (_, n) => times(3, 1, n + 2)).flat();
  await addOrders(database, pairs);
  await learner.learn();
  expect(await rows("select count(*)::int from goes_with where product_id = 1")).toEqual([
    { count: 50 },
  ]);
});

test("a wholesale order is left out, and that is told", async () => {
  await makeShop(database, 61, 1);
  const all = Array.from({ length: 61 }, (_, n) => n + 1);
  await addOrders(database, [...times(3, ...all), ...times(3, 1, 2)]);
  await learnAll();
  expect(await companions()).toEqual([
    { product_id: "1", other_id: "2", together: 3, baskets: 3 },
    { product_id: "2", other_id: "1", together: 3, baskets: 3 },
  ]);
  expect(await learner.state()).toMatchObject({
    leftOutOrders: 3,
    lines: 189,
    waiting: 0,
    doing: "",
    lastError: "",
  });
});

test("after whatever changes, what was refreshed is what would be counted anew", async () => {
  const product = fc.integer({ min: 1, max: 8 });
  const basket = fc.array(product, { maxLength: 5 });
  const deed = fc.oneof(
    { weight: 5, arbitrary: fc.record({ deed: fc.constant("order" as const), basket }) },
    {
      weight: 2,
      arbitrary: fc.record({ deed: fc.constant("change" as const), which: fc.nat(), basket }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        ...{ deed: fc.constant("stage" as const), which: fc.nat() },
        stage: fc.constantFrom("cancelled", "returned", "completed", "shipped"),
      }),
    },
    { weight: 1, arbitrary: fc.record({ deed: fc.constant("delete" as const), which: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ deed: fc.constant("load" as const), product }) },
    { weight: 2, arbitrary: fc.record({ deed: fc.constant("refresh" as const) }) },
  );
  await makeShop(database, 5, 2);
  await fc.assert(
    fc.asyncProperty(
      fc.array(basket, { maxLength: 12 }),
      fc.array(deed, { maxLength: 25 }),
      async (before, deeds) => {
        await database.pool.query("delete from orders");
        await database.pool.query("delete from products where id > 5");
        const ids = [
          ...(await addOrders(
            database,
            before.map((products) => ({ products })),
          )),
        ];
        await learner.ask("test");
        await learner.learn();
        for (const one of deeds) {
          const id = "which" in one ? ids[one.which % Math.max(1, ids.length)] : undefined;
          if (one.deed === "order")
            ids.push(...(await addOrders(database, [{ products: one.basket }])));
          else if (one.deed === "refresh") await learner.learn();
          else if (one.deed === "load")
            await database.pool.query(
              `insert into products (source, source_id, name) values ('shop', $1, $1) on conflict do nothing`,
              [`p${one.product}`],
            );
          else if (id === undefined) continue;
          else if (one.deed === "change")
            await database.pool.query("update orders set lines = $2 where id = $1", [
              id,
              JSON.stringify(linesOf(one.basket)),
            ]);
          else if (one.deed === "stage")
            await database.pool.query("update orders set stage = $2 where id = $1", [
              id,
              one.stage,
            ]);
          else {
            await database.pool.query("delete from orders where id = $1", [id]);
            ids.splice(ids.indexOf(id), 1);
          }
        }
        const rebuilds = learner.counters().rebuilds;
        await learnAll();
        expect(learner.counters().rebuilds).toBe(rebuilds);
        const refreshed = { ...(await counters()), companions: await companions() };
        await learner.ask("test");
        await learner.learn();
        expect(learner.counters().rebuilds).toBe(rebuilds + 1);
        expect(refreshed).toEqual({ ...(await counters()), companions: await companions() });
      },
    ),
    { numRuns: 25, endOnFailure: true },
  );
});

test("orders that come while everything is counted anew are counted once", async () => {
  await makeShop(database, 4, 1);
  await addOrders(database, times(200, 1, 2));
  await learner.ask("test");
  const learning = learner.learn();
  for (let n = 0; n < 40; n++) await addOrders(database, times(2, 1, 2, 3));
  await learning;
  await learner.learn();
  expect((await counters()).pairs).toEqual([
    { a: "1", b: "2", together: 280 },
    { a: "1", b: "3", together: 80 },
    { a: "2", b: "3", together: 80 },
  ]);
});

test("two processes do it once", async () => {
  await makeShop(database, 4, 1);
  await addOrders(database, times(300, 1, 2));
  const other = eagerLearner(database);
  await Promise.all([learner.learn(), other.learn()]);
  await Promise.all([learner.learn(), other.learn()]);
  expect((await counters()).pairs).toEqual([{ a: "1", b: "2", together: 300 }]);
  await other.close();
});

test("when PostgreSQL crashed and forgot the counters, everything is counted anew", async () => {
  await makeShop(database, 4, 1);
  await addOrders(database, times(3, 1, 2));
  await learner.learn();
  await addOrders(database, times(1, 1, 2));
  // What a crash does to unlogged tables.
  await database.pool.query("truncate product_pairs, product_baskets, basket_changes, learned_run");
  const { rebuilds } = learner.counters();
  await learner.learn();
  expect(learner.counters().rebuilds).toBe(rebuilds + 1);
  expect((await counters()).pairs).toEqual([{ a: "1", b: "2", together: 4 }]);
});

test("a learning that is ended half-way is told as nothing, and done by the next", async () => {
  await makeShop(database, 3, 1);
  await addOrders(database, times(5, 1, 2));
  const ended = new Learner({
    ...{ databaseUrl: database.url, rest: 10_000 },
    log: { info: () => undefined, error: () => undefined },
  });
  const learning = ended.learn();
  await expect.poll(async () => (await learner.state()).doing).toBe("rebuild");
  await ended.close();
  await learning;
  expect(await learner.state()).toMatchObject({ doing: "", step: "", lastError: "" });
  await learner.learn();
  expect((await counters()).pairs).toEqual([{ a: "1", b: "2", together: 5 }]);
});

test("wherever learning anew was interrupted, the next one ends with the same counters and indexes", async () => {
  await makeShop(database, 6, 1);
  await addOrders(database, [
    ...times(4, 1, 2),
    ...times(3, 1, 2, 3),
    ...times(3, 4, 5),
    ...times(1, 6),
  ]);
  const indexesOf = async (of: TestDatabase) =>
    (
      await of.pool
        .query(`select c.relname, pg_get_indexdef(i.indexrelid) as made, i.indisvalid, i.indisprimary
          from pg_index i join pg_class c on c.oid = i.indexrelid
          where i.indrelid = any ('{product_pairs,product_baskets}'::regclass[]) order by 1`)
    ).rows;
  const fresh = await testDatabase();
  const asMigrated = await indexesOf(fresh);
  await fresh.drop();
  await learner.learn();
  const learned = async () => ({
    ...(await counters()),
    companions: await companions(),
    indexes: await indexesOf(database),
  });
  const wanted = { ...(await learned()), indexes: asMigrated };
  let interrupted = 0;
  for (let at = 1; ; at++) {
    let steps = 0;
    const connection = await database.pool.connect();
    const ended = await rebuild(connection, async () => {
      steps += 1;
      if (steps === at) throw new Error("interrupted");
    }).then(
      () => true,
      () => false,
    );
    connection.release(true);
    if (ended) break;
    interrupted += 1;
  }
  // Orders, sums with three indexes, companions and cycles have one step each at least.
  expect(interrupted).toBeGreaterThanOrEqual(7);
  await learner.learn();
  expect(await learned()).toEqual(wanted);
});

test("a failure is told and not tried again at once, unless somebody asks", async () => {
  await makeShop(database, 3, 1);
  await addOrders(database, times(3, 1, 2));
  const failures: object[] = [];
  const failing = new Learner({
    ...{ databaseUrl: database.url, rest: 0 },
    log: { info: () => undefined, error: (fields) => void failures.push(fields) },
  });
  await database.pool.query("alter table category_cycles rename to elsewhere");
  await failing.learn();
  await failing.learn();
  expect(failures).toHaveLength(1);
  expect((await failing.state()).lastError).toContain("category_cycles");
  await database.pool.query("alter table elsewhere rename to category_cycles");
  await failing.ask("somebody");
  await failing.learn();
  expect(await failing.state()).toMatchObject({ lastError: "", asked: null });
  expect(failing.counters()).toMatchObject({ rebuilds: 1, failures: 1 });
  await failing.close();
});

test("supervisors see how far it is, an admin asks for everything anew and is written down", async () => {
  const app = await testApp();
  await learningRoutes(app, { db: database.db, learner });
  const ask = (role: string, method: "GET" | "POST", path = "") =>
    app.inject({
      method,
      url: `/api/v1/offers/learning${path}`,
      headers: { authorization: `Bearer cc_${role}` },
    });
  expect((await ask("operator", "GET")).statusCode).toBe(403);
  expect((await ask("supervisor", "POST", "/rebuild")).statusCode).toBe(403);
  const asked = await ask("admin", "POST", "/rebuild");
  expect(asked.statusCode).toBe(202);
  expect(asked.json()).toMatchObject({ asked: { by: "token:admin" } });
  expect(await rows("select actor, action from audit")).toEqual([
    { actor: "token:admin", action: "learning.asked" },
  ]);
  await learner.learn();
  const seen = await ask("supervisor", "GET");
  expect(seen.json()).toMatchObject({
    asked: null,
    doing: "",
    rebuiltAt: expect.any(String),
    rebuildMs: expect.any(Number),
  });
  await app.close();
});
