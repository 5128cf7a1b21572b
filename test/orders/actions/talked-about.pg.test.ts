import { afterAll, beforeAll, expect, test } from "vitest";
import { findOrder, findOrderTalkedAbout } from "../../../server/orders/actions/detail.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

/** A customer with orders of these stages, newest first. @returns the number of the order that is talked about. */
async function customerWith(...stages: readonly string[]) {
  const { rows } = await database.pool.query<{ id: string }>(
    "insert into customers (source, source_id, name) values ('shop', gen_random_uuid(), 'Анна') returning id",
  );
  const customer = rows[0]!.id;
  await database.pool.query(
    `insert into orders (source, source_id, customer_id, number, stage, total_minor, currency, placed_at)
     select 'shop', gen_random_uuid(), $1, n, stage, 1, 'RUB', timestamptz '2026-11-22' - n * interval '1 day'
     from unnest($2::text[]) with ordinality s (stage, n)`,
    [customer, stages],
  );
  return {
    async about(among = 100): Promise<string | null> {
      const order = await findOrderTalkedAbout(database.pool, customer, among);
      // It is the one that is read by its id.
      if (order !== null) expect(await findOrder(database.pool, order.id)).toEqual(order);
      return order?.number ?? null;
    },
  };
}

test("a call is about the newest order that is not settled, else about the newest", async () => {
  const of = async (...stages: readonly string[]) => (await customerWith(...stages)).about();
  expect(await of("completed", "shipped", "new", "cancelled")).toBe("2");
  expect(await of("new", "completed")).toBe("1");
  expect(await of("other", "returned", "cancelled", "completed", "delivered")).toBe("5");
  expect(await of("completed", "returned")).toBe("1");
  expect(await of()).toBeNull();
});

test("only the newest orders are looked at", async () => {
  const customer = await customerWith("completed", "completed", "new");
  expect(await customer.about(2)).toBe("1");
  expect(await customer.about(3)).toBe("3");
});
