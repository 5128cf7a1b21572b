import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { importCustomers } from "../../server/customers/import.ts";
import { deadlocksOf, impatientPool, lockWaits } from "../support/locks.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query("truncate customers, products, audit, users restart identity cascade");
});

const options = { defaultRegion: "RU", source: "crm" } as const;
const load = (...records: unknown[]) => importCustomers(database, records, options);

async function customers() {
  const found = await database.pool.query(
    "select source, source_id, name, email, tier, tier_since, vip, city from customers order by id",
  );
  return found.rows as Record<string, unknown>[];
}

async function phones() {
  const found = await database.pool.query<{ phone: string }>(
    `select c.source_id || ' ' || p.e164 || case when p.verified then '' else ' unverified' end as phone
     from customer_phones p join customers c on c.id = p.customer_id order by 1`,
  );
  return found.rows.map((row) => row.phone);
}

describe("loading customers", () => {
  test("keeps the record with its phones in E.164, whatever form they came in", async () => {
    const result = await load({
      sourceId: "1",
      name: "  Мария\tПетрова ",
      phones: ["8 (913) 000-00-01", "+7 913 000 00 01", "00380671234567", ""],
      tier: "gold",
      tierSince: "31.05.2024",
      vip: true,
    });
    expect(result).toEqual({ added: 1, changed: 0, unchanged: 0, refused: [] });
    expect(await customers()).toEqual([
      {
        source: "crm",
        source_id: "1",
        name: "Мария Петрова",
        email: "",
        tier: "gold",
        tier_since: "2024-05-31",
        vip: true,
        city: "",
      },
    ]);
    expect(await phones()).toEqual(["1 +380671234567", "1 +79130000001"]);
  });

  test("a batch that PostgreSQL ends over a deadlock is written all the same, once", async () => {
    await load({ sourceId: "1", name: "A" });
    // PostgreSQL ends who waited first: the batch, however slow the machine is up to there.
    const pool = impatientPool(database.url);
    const other = await database.pool.connect();
    try {
      await other.query("begin");
      await other.query("set local deadlock_timeout = '60s'");
      await other.query(
        "insert into customer_phones (e164, customer_id, verified) values ('+79130000001', 1, false)",
      );
      const loading = importCustomers(
        { pool },
        [{ sourceId: "1", name: "B", phones: ["+79130000001"] }],
        options,
      );
      // It has the customer and wants the phone; the other has the phone and wants the customer.
      await expect.poll(() => lockWaits(database.pool)).toBe(1);
      await other.query("update customers set vip = true where id = 1");
      await other.query("commit");
      expect(await loading).toMatchObject({ changed: 1, refused: [] });
    } finally {
      other.release(true);
      await pool.end();
    }
    expect(await customers()).toMatchObject([{ name: "B", vip: true }]);
    expect(await phones()).toEqual(["1 +79130000001"]);
    await expect.poll(() => deadlocksOf(database.pool)).toBe(1);
  });

  test("is idempotent: the same batch again changes no row", async () => {
    const batch = [
      { sourceId: "1", name: "A", phones: ["+79130000001"], tierSince: "2024-01-01" },
      { sourceId: "2", name: "B", phones: [] },
    ];
    await load(...batch);
    const versions = () =>
      database.pool.query(
        "select xmin, id from customers union all select xmin, customer_id from customer_phones",
      );
    const before = (await versions()).rows;
    expect(await load(...batch)).toEqual({ added: 0, changed: 0, unchanged: 2, refused: [] });
    expect((await versions()).rows).toEqual(before);
  });

  test("keeps fields that are left out and clears those that are empty", async () => {
    await load({
      sourceId: "1",
      name: "A",
      city: "Томск",
      email: "a@b.ru",
      phones: ["+79130000001"],
      tierSince: "2024-01-01",
    });
    const result = await load({ sourceId: "1", name: "A", email: "", tierSince: null });
    expect(result).toMatchObject({ added: 0, changed: 1 });
    expect(await customers()).toMatchObject([
      { city: "Томск", email: "", tier_since: "2024-01-01" },
    ]);
    expect(await phones()).toEqual(["1 +79130000001"]);
    await load({ sourceId: "1", name: "A", tierSince: "", phones: [] });
    expect(await customers()).toMatchObject([{ tier_since: null }]);
    expect(await phones()).toEqual([]);
  });

  test("replaces phones as the source says, but not those an operator added", async () => {
    await load({ sourceId: "1", name: "A", phones: ["+79130000001", "+79130000002"] });
    await database.pool.query(
      "insert into customer_phones select '+79130000009', id, false from customers",
    );
    const result = await load({
      sourceId: "1",
      name: "A",
      phones: ["+79130000002", "+79130000003"],
    });
    expect(result).toMatchObject({ added: 0, changed: 1, unchanged: 0 });
    expect(await phones()).toEqual([
      "1 +79130000002",
      "1 +79130000003",
      "1 +79130000009 unverified",
    ]);
  });

  test("a phone that an operator added becomes verified when the source names it too", async () => {
    await load({ sourceId: "1", name: "A", phones: [] });
    await database.pool.query(
      "insert into customer_phones select '+79130000009', id, false from customers",
    );
    await load({ sourceId: "1", name: "A", phones: ["89130000009"] });
    expect(await phones()).toEqual(["1 +79130000009"]);
  });

  test("refuses bad records with field and reason and keeps the others", async () => {
    const result = await load(
      { sourceId: "1", name: "Good", phones: ["+79130000001"] },
      { name: "No id" },
      { sourceId: "3", name: "" },
      { sourceId: "4", name: "Excel", phones: ["7.9130000001E+10"] },
      { sourceId: "5", name: "Text", phones: ["+79130000001", "call me"] },
      { sourceId: "6", name: "Extra", colour: "red" },
      { sourceId: "7", name: "Link", externalUrl: "javascript:alert(1)" },
      { sourceId: "8", name: "Date", tierSince: "2024-02-30" },
      { sourceId: "9", name: "N\0L" },
      { sourceId: "10", name: "Zone", timeZone: "Mars/Base" },
      { sourceId: "11", name: "Mail", email: "nobody" },
      { sourceId: 12, name: "Number" },
      "text",
      null,
      ["list"],
      { sourceId: "16", name: "Last" },
    );
    expect(result).toMatchObject({ added: 2, changed: 0, unchanged: 0 });
    expect(result.refused.map(({ index, field }) => `${index} ${field}`)).toEqual([
      "1 sourceId",
      "2 name",
      "3 phones[0]",
      "4 phones[1]",
      "5 colour",
      "6 externalUrl",
      "7 tierSince",
      "8 name",
      "9 timeZone",
      "10 email",
      "11 sourceId",
      "12 record",
      "13 record",
      "14 record",
    ]);
    expect(result.refused[2]?.reason).toContain("spreadsheet");
    expect((await customers()).map((row) => row["name"])).toEqual(["Good", "Last"]);
  });

  test("keeps hostile names as the plain text they are", async () => {
    const names = [
      `<img src=x onerror="alert(1)">`,
      "Robert'); drop table customers;--",
      "back\\slash \\N \\. \\t",
      "👩‍💻 Ольга 🎁",
      'quote " comma , semicolon ; ',
      "\ud800 half",
    ];
    await load(...names.map((name, n) => ({ sourceId: `id\\${n}`, name })));
    expect((await customers()).map((row) => row["name"])).toEqual([
      ...names.slice(0, 4),
      'quote " comma , semicolon ;',
      "\ufffd half",
    ]);
    expect((await customers())[2]?.["source_id"]).toBe("id\\2");
  });

  test("when a batch names a customer twice the later one counts", async () => {
    const result = await load(
      { sourceId: "1", name: "Early", phones: ["+79130000001"] },
      { sourceId: "1", name: "Late", phones: ["+79130000002"] },
    );
    expect(result).toEqual({ added: 1, changed: 0, unchanged: 1, refused: [] });
    expect(await customers()).toMatchObject([{ name: "Late" }]);
    expect(await phones()).toEqual(["1 +79130000002"]);
  });

  test("loads of the same records at the same time all succeed", async () => {
    const batch = Array.from({ length: 200 }, (_, n) => ({
      sourceId: String(n),
      name: `N${n}`,
      phones: [`+7913000${String(n).padStart(4, "0")}`],
    }));
    const results = await Promise.all([
      load(...batch),
      load(...batch.toReversed()),
      load(...batch),
    ]);
    expect(results.map((one) => one.added).toSorted((a, b) => a - b)).toEqual([0, 0, 200]);
    expect(await phones()).toHaveLength(200);
  });
});
