import { afterAll, beforeAll, expect, test } from "vitest";
import { openStandings } from "../../server/customers/standing.ts";
import { type RunningDemo, openDemo } from "../../server/demo/demo.ts";
import type { Standing } from "../../server/priority/model.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let demo: RunningDemo;
beforeAll(async () => {
  database = await testDatabase();
  demo = await openDemo(database);
});
afterAll(async () => {
  await demo.stop();
  await database.drop();
});

test("the sample shop, as it is loaded, has somebody for every rule to meet", async () => {
  const standings = openStandings(database);
  const found = await database.pool.query<{ id: string }>("select id from customers order by id");
  const all: Standing[] = [];
  for (const { id } of found.rows) all.push((await standings.of(id))!);
  const share = (test: (one: Standing) => boolean) => all.filter(test).length / all.length;
  expect(all).toHaveLength(2000);
  expect(share((one) => one.orderLate)).toBeGreaterThan(0.005);
  expect(share((one) => one.orderOnItsWay)).toBeGreaterThan(0.01);
  expect(share((one) => one.openClaim)).toBeGreaterThan(0.002);
  expect(share((one) => one.cartLeftAtMs !== null)).toBeGreaterThan(0.03);
  expect(share((one) => one.segments.length > 0)).toBeGreaterThan(0.1);
  expect(share((one) => one.lostAtMs !== null)).toBeGreaterThan(0.005);
  expect(share((one) => one.personalManager !== "")).toBeGreaterThan(0.005);
  // Problems are rarer than not: who is favoured for one is still special.
  expect(share((one) => one.orderLate || one.openClaim)).toBeLessThan(0.15);
});
