import { afterAll, beforeAll, expect, test } from "vitest";
import { openBackground } from "../../server/customers/background.ts";
import { importCustomers } from "../../server/customers/import.ts";
import { importOrders, importProducts } from "../../server/orders/import.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

const load = { defaultRegion: "RU", source: "shop" } as const;
const idOf = async (sourceId: string) => {
  const { rows } = await database.pool.query<{ id: string }>(
    "select id from customers where source_id = $1",
    [sourceId],
  );
  return rows[0]!.id;
};

test("a background is how somebody came, what they like, what came back, and what they are", async () => {
  const background = openBackground(database);
  await importCustomers(
    database,
    [
      { sourceId: "1", name: "Ольга", segments: ["parents"] },
      { sourceId: "2", name: "Пётр" },
    ],
    load,
  );
  await importProducts(
    database,
    ["Куклы", "Лото", "Кухня", "Дом", ""].map((category, n) => ({
      ...{ sourceId: `p${n}`, name: `Товар ${n}`, category, price: 10, currency: "RUB" },
    })),
    load,
  );
  await database.pool.query(
    "insert into order_sources (source, title) values ('app', 'Приложение')",
  );
  let n = 0;
  const order = (products: readonly number[], stage = "completed", source = "shop") => ({
    ...{ source, sourceId: `${++n}`, customerSource: "shop", customerSourceId: "1", stage },
    ...{
      number: `${n}`,
      total: 10,
      currency: "RUB",
      placedAt: `2026-01-${String(n).padStart(2, "0")}`,
    },
    lines: products.map((p) => ({ name: "x", quantity: 1, price: 10, productId: `p${p}` })),
  });
  await importOrders(
    database,
    [
      // Of another source these are other products.
      order([0], "completed", "app"),
      order([0, 1, 4]),
      order([0, 2, 4]),
      order([0, 1, 4]),
      order([3]),
      ...[order([3, 2], "returned"), order([3, 2], "returned"), order([3, 2], "cancelled")],
    ],
    load,
  );
  await database.pool.query("update customers set bonus_minor = 0 where source_id = '2'");
  expect(await background(await idOf("1"))).toMatchObject({
    returned: 2,
    favouriteCategories: ["Куклы", "Лото", "Дом"],
    cameBy: "Приложение",
    firstOrderAt: "2026-01-01T00:00:00.000Z",
    segments: expect.arrayContaining(["parents"]),
    bonusMinor: null,
  });
  const nothing = { returned: 0, favouriteCategories: [], cameBy: "", firstOrderAt: "" };
  expect(await background(await idOf("2"))).toMatchObject({ ...nothing, bonusMinor: 0 });
  for (const nobody of ["999999", "", "'"])
    expect(await background(nobody)).toEqual({ ...nothing, segments: [], bonusMinor: null });
});
