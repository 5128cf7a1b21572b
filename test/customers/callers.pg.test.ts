import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type Callers, openCallers } from "../../server/customers/callers.ts";
import { type PgCustomerDirectory, openDirectory } from "../../server/customers/directory.ts";
import { importCustomers } from "../../server/customers/import.ts";
import { openStandings } from "../../server/customers/standing.ts";
import { importOrders } from "../../server/orders/import.ts";
import { cuttingProxy } from "../support/cutting-proxy.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

const rules = { defaultRegion: "RU", extensionPattern: /^[0-9]{2,4}$/ } as const;
const options = { defaultRegion: "RU", source: "crm" } as const;
const MARIA = "+79130000001";
const SHARED = "+79130000002";
const NOBODYS = "+79130000003";

let database: TestDatabase;
let directory: PgCustomerDirectory;
let callers: Callers;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query("truncate customers, calls, audit, users restart identity cascade");
  await importCustomers(
    database,
    [
      {
        sourceId: "1",
        name: "Мария",
        phones: [MARIA, SHARED],
        tier: "gold",
        tierSince: "2024-02-29",
      },
      { sourceId: "2", name: "Борис", phones: [SHARED] },
    ],
    options,
  );
  await order("a", "2026-01-02T03:04:05.678Z", "completed");
  await order("b", "2026-02-02T00:00:00Z", "shipped");
  await missed(MARIA, "1", "2026-03-01T10:00:00.123Z");
  await missed(SHARED, null, "2026-03-02T10:00:00.456Z");
  await missed(NOBODYS, null, "2026-03-03T10:00:00.789Z");
  directory = openDirectory(database, rules);
  callers = openCallers({ databaseUrl: database.url, directory, currency: () => "RUB" });
});
afterEach(() => callers.close());

async function order(number: string, placedAt: string, stage: string): Promise<void> {
  const money = { total: "10.50", currency: "RUB" };
  const record = { sourceId: number, customerSourceId: "1", number, stage, placedAt, ...money };
  await importOrders(database, [{ ...record, lines: [] }], options);
}

async function missed(e164: string, customerId: string | null, at: string): Promise<void> {
  const row = {
    ...{ id: `call-${e164}`, pbx: "main", direction: "inbound", party_number: e164 },
    ...{ party_e164: e164, customer_id: customerId, started_at: at, ended_at: at, wait_ms: 9000 },
    ...{ ended_how: "abandoned", extensions: [], detail: "{}" },
  };
  await database.db.insertInto("calls").values(row).execute();
}

test.each([
  ["one customer's", MARIA, "one"],
  ["several customers'", SHARED, "several"],
  ["nobody's", NOBODYS, "none"],
  ["an extension", "101", "internal"],
  ["withheld", "anonymous", "withheld"],
  ["unreadable", "'; --", "unreadable"],
])(
  "a number that is %s is answered as by the questions one after another",
  async (_, number, outcome) => {
    const other = openDirectory(database, rules);
    const standings = openStandings(database, { currency: () => "RUB" });
    const found = await other.identify(number);
    expect(found.outcome).toBe(outcome);
    const isOne = found.outcome === "one";
    expect(await callers.of(number)).toEqual({
      found,
      standing: isOne ? await standings.of(found.customer.id) : null,
      lostAtMs: isOne || !("phone" in found) ? null : await standings.lostAtOf(found.phone.e164),
    });
  },
);

test("a known customer comes with everything a rule may ask, a stranger with when they got lost", async () => {
  expect(await callers.of("8 913 000-00-01")).toMatchObject({
    found: { outcome: "one", customer: { id: "1", tierSince: "2024-02-29" } },
    standing: {
      ...{ customerId: "1", tier: "gold", orderCount: 2, lifetimeMinor: 2100 },
      ...{ orderOnItsWay: true, lastOrderAtMs: Date.parse("2026-02-02T00:00:00Z") },
      lostAtMs: Date.parse("2026-03-01T10:00:00.123Z"),
    },
  });
  expect(await callers.of(NOBODYS)).toMatchObject({
    found: { outcome: "none" },
    lostAtMs: Date.parse("2026-03-03T10:00:00.789Z"),
  });
});

test("what changed a moment ago is in the next answer, told of or not", async () => {
  expect((await callers.of(MARIA)).standing).toMatchObject({ tier: "gold", orderCount: 2 });
  await order("c", "2026-02-03T00:00:00Z", "new");
  await database.pool.query("update customers set tier = 'silver' where id = 1");
  expect(await callers.of(MARIA)).toMatchObject({
    found: { customer: { tier: "silver" } },
    standing: { tier: "silver", orderCount: 3 },
  });
});

test("the card that follows finds the answer in the directory, until the phone changes hands", async () => {
  await callers.of(MARIA);
  await database.pool.query("update customers set name = 'Другая' where id = 1");
  expect(await directory.identify(MARIA)).toMatchObject({ customer: { name: "Мария" } });
  directory.customersChanged();
  expect(await directory.identify(MARIA)).toMatchObject({ customer: { name: "Другая" } });
  const asking = callers.of(NOBODYS);
  await directory.attach(NOBODYS, "2", "1");
  await asking;
  expect(await directory.identify(NOBODYS)).toMatchObject({ customer: { id: "2" } });
});

test("no caller waits for a connection to open or a plan to be made, and a flood opens no more", async () => {
  const url = new URL(database.url);
  // PostgreSQL plans a question when its text is sent; afterwards only its name is.
  let texts = 0;
  const proxy = await cuttingProxy(Number(url.port), (chunk) => {
    if (chunk.includes("owner as materialized")) texts += 1;
  });
  url.port = String(proxy.port);
  const ready = openCallers({ databaseUrl: url.href, directory, currency: () => "RUB" });
  try {
    await expect.poll(() => texts).toBe(4);
    // Those that did the last of what makes them ready, and those that were asked since.
    const open = async () => {
      const { rows } = await database.pool.query<{ pid: number }>(
        `select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
         and (query = 'select 1' or query like '%owner as materialized%') order by pid`,
      );
      return rows.map(({ pid }) => pid);
    };
    // Four through the proxy, and the four that every test here has.
    await expect.poll(open).toHaveLength(8);
    const pids = await open();
    for (const number of [MARIA, SHARED]) {
      await Promise.all(Array.from({ length: 50 }, () => ready.of(number)));
      expect(await open()).toEqual(pids);
    }
    expect(texts, "planned while a caller waited").toBe(4);
  } finally {
    await ready.close();
    await proxy.close();
  }
});

test("a database that is not there fails the question, and the directory stays as it was", async () => {
  const url = new URL(database.url);
  url.port = "1";
  const gone = openCallers({ databaseUrl: url.href, directory });
  await expect(gone.of(MARIA)).rejects.toThrow();
  expect(await directory.identify(MARIA)).toMatchObject({ outcome: "one" });
  await gone.close();
});
