import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { pastCalls } from "../../server/desk/store.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

const ANNA = "1";
const HER_PHONE = "+79130000001";
const OTHER_PHONE = "+79130000002";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await database.pool.query(
    "insert into customers (source, source_id, name) values ('crm', 'anna', 'Анна'), ('crm', 'boris', 'Борис')",
  );
});
afterAll(() => database.drop());
beforeEach(() => database.pool.query("truncate calls cascade"));

/** A call that began so many minutes after noon. */
const add = (id: string, minute: number, customerId: string | null, phone: string | null) =>
  database.pool.query(
    `insert into calls (id, pbx, direction, party_number, party_e164, customer_id, started_at, ended_at, ended_how, extensions, detail)
     values ($1, 'a', 'inbound', coalesce($4, ''), $4, $3, $5, $5, 'completed', '{101}', $2)`,
    [id, {}, customerId, phone, new Date(Date.UTC(2026, 10, 20, 12, minute))],
  );
const found = async (
  who: { readonly customerId: string | null; readonly e164: string | null },
  exceptCallId = "",
  limit = 3,
) => (await pastCalls(database.db, who, exceptCallId, limit)).map(({ callId }) => callId);

test("calls of the customer and of the number, each once, the newest first", async () => {
  await add("both-1", 1, ANNA, HER_PHONE);
  await add("hers-2", 2, ANNA, OTHER_PHONE);
  await add("unknown-3", 3, null, HER_PHONE);
  await add("boris-4", 4, "2", HER_PHONE);
  await add("both-5", 5, ANNA, HER_PHONE);
  await add("elsewhere-6", 6, "2", OTHER_PHONE);
  const both = { customerId: ANNA, e164: HER_PHONE };
  expect(await found(both)).toEqual(["both-5", "boris-4", "unknown-3"]);
  expect(await found(both, "", 10)).toEqual([
    ...["both-5", "boris-4", "unknown-3", "hers-2", "both-1"],
  ]);
  expect(await found(both, "both-5")).toEqual(["boris-4", "unknown-3", "hers-2"]);
  expect(await found({ customerId: ANNA, e164: null })).toEqual(["both-5", "hers-2", "both-1"]);
  expect(await found({ customerId: null, e164: HER_PHONE })).toEqual([
    ...["both-5", "boris-4", "unknown-3"],
  ]);
  expect(await found({ customerId: null, e164: null })).toEqual([]);
});

test("many calls of the customer hide none of the number, and the other way round", async () => {
  for (let minute = 0; minute < 10; minute++) {
    await add(`hers-${minute}`, minute * 2, ANNA, OTHER_PHONE);
    await add(`number-${minute}`, minute * 2 + 1, null, HER_PHONE);
  }
  expect(await found({ customerId: ANNA, e164: HER_PHONE }, "", 5)).toEqual([
    ...["number-9", "hers-9", "number-8", "hers-8", "number-7"],
  ]);
  await add("hers-late", 30, ANNA, OTHER_PHONE);
  expect(await found({ customerId: ANNA, e164: HER_PHONE }, "number-9", 2)).toEqual([
    ...["hers-late", "hers-9"],
  ]);
});
