import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CALLER_QUERY } from "../../server/customers/callers.ts";
import type { Identification, PhoneNumber } from "../../server/customers/model.ts";
import { openStandings, subjectOf } from "../../server/customers/standing.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

const HOUR = 3_600_000;
const ago = (hours: number) => new Date(Math.round(Date.now()) - hours * HOUR);
const phone = "+79130000001";

describe("the standing of a customer", () => {
  beforeEach(async () => {
    await database.pool.query(
      "truncate customers, orders, calls, users, pops, wrap_ups, operator_devices, claims, carts restart identity cascade",
    );
    await database.pool.query(
      `insert into customers (source, source_id, name, language, tier, vip, segments, city, region, personal_manager)
       values ('s', '1', 'Мария', 'ru', 'gold', true, '{wholesale,newborn}', 'Омск', 'Омская область', 'Anna'), ('s', '2', 'B', '', '', false, '{}', '', '', '')`,
    );
    await database.pool.query(
      `insert into users (login, name, role, password_hash, active) values
         ('anna', 'A', 'operator', '', true), ('boris', 'B', 'operator', '', true), ('gone', 'G', 'operator', '', false)`,
    );
  });
  const standing = (currency?: string) =>
    openStandings(database, currency === undefined ? {} : { currency: () => currency }).of("1");

  let made = 0;
  async function order(stage: string, columns: Record<string, unknown> = {}): Promise<void> {
    const row = {
      ...{ source: "s", source_id: String((made += 1)), customer_id: "1", number: "1", stage },
      ...{ total_minor: 100, currency: "RUB", placed_at: ago(48), lines: "[]", ...columns },
    };
    await database.db.insertInto("orders").values(row).execute();
  }

  async function call(hoursAgo: number, columns: Record<string, unknown> = {}): Promise<string> {
    const id = `call-${(made += 1)}`;
    const row = {
      ...{ id, pbx: "main", direction: "inbound", party_number: phone, party_e164: phone },
      ...{ customer_id: "1", started_at: ago(hoursAgo), ended_at: ago(hoursAgo), wait_ms: 9000 },
      ...{ ended_how: "abandoned", extensions: [], detail: "{}", ...columns },
    };
    await database.db.insertInto("calls").values(row).execute();
    return id;
  }
  const talked = { ended_how: "completed", extensions: ["100", "101"] };

  test("is what the CRM said, and nothing more for a newcomer", async () => {
    expect(await standing()).toEqual({
      ...{ customerId: "1", name: "Мария", language: "ru", tier: "gold", vip: true },
      ...{ segments: ["wholesale", "newborn"], city: "Омск", region: "Омская область" },
      ...{ orderCount: 0, lifetimeMinor: 0, lastOrderAtMs: null, orderOnItsWay: false },
      ...{ orderLate: false, orderDueAtMs: null, openClaim: false },
      ...{ cartLeftAtMs: null, lostAtMs: null },
      ...{ personalManager: "anna", lastOperator: "" },
    });
    expect(await openStandings(database).of("999")).toBeNull();
    expect(await openStandings(database).of("1 or true")).toBeNull();
  });

  test("counts and sums orders that were not cancelled or returned, in the shop's currency", async () => {
    await order("completed", { placed_at: ago(99) });
    await order("cancelled");
    await order("returned", { placed_at: ago(1) });
    await order("completed", { currency: "KZT", total_minor: 7, placed_at: ago(0.5) });
    await order("new", { customer_id: "2" });
    expect(await standing("RUB")).toMatchObject({ orderCount: 2, lifetimeMinor: 100 });
    // While nobody knows the shop's currency, the newest order's counts, as on the card.
    expect(await standing()).toMatchObject({ lifetimeMinor: 7 });
    expect((await standing())?.lastOrderAtMs).toBeGreaterThan(Date.now() - HOUR);
  });

  test("says what is on its way, and what is late: promised before now and not there", async () => {
    await order("delivered", { promised_at: ago(5) });
    await order("cancelled", { promised_at: ago(5) });
    await order("cancelled", { promised_at: ago(-1) });
    const due = ago(-5);
    await order("shipped", { promised_at: due });
    await order("shipped", { promised_at: ago(-6) });
    expect(await standing()).toMatchObject({
      ...{ orderOnItsWay: true, orderLate: false },
      orderDueAtMs: due.getTime(),
    });
    await order("assembling", { promised_at: ago(1) });
    expect(await standing()).toMatchObject({ orderLate: true });
  });

  test("knows open claims and the cart that was left last without an order", async () => {
    const claim = { source: "s", customer_id: "1", opened_at: ago(9) };
    const cart = { source: "s", customer_id: "1", total_minor: 5, currency: "RUB" };
    await database.db
      .insertInto("claims")
      .values({ ...claim, source_id: "1", closed_at: ago(1) })
      .execute();
    await database.db
      .insertInto("carts")
      .values([
        { ...cart, source_id: "1", left_at: ago(1), ordered_at: ago(0.5) },
        { ...cart, source_id: "2", left_at: ago(30) },
        { ...cart, source_id: "3", left_at: ago(20) },
      ])
      .execute();
    const first = await standing();
    expect(first?.openClaim).toBe(false);
    expect((Date.now() - first!.cartLeftAtMs!) / HOUR).toBeCloseTo(20, 1);
    await database.db
      .insertInto("claims")
      .values({ ...claim, source_id: "2" })
      .execute();
    expect((await standing())?.openClaim).toBe(true);
  });

  test("knows when they called and got nobody, until they get through", async () => {
    await call(9, talked);
    await call(5);
    await call(3);
    // Not lost: outgoing, part of another call, one that nobody saw the end of, one that never waited.
    await call(2, { direction: "outbound", ended_how: "unanswered", wait_ms: null });
    await call(2, { ended_how: "merged" });
    await call(2, { ended_how: "lostSight" });
    await call(2, { wait_ms: null });
    expect((Date.now() - (await standing())!.lostAtMs!) / HOUR).toBeCloseTo(3, 1);
    await call(1, { ...talked, direction: "outbound", wait_ms: null });
    expect((await standing())?.lostAtMs).toBeNull();
  });

  test("knows who talked last: by the pop, by the wrap-up, by the device", async () => {
    await call(9, { ...talked, extensions: ["999"] });
    const id = await call(5, talked);
    await call(3);
    const lastOperator = async () => (await standing())?.lastOperator;
    expect(await lastOperator()).toBe("");
    const { db } = database;
    const device = { pbx: "main", chosen_at: ago(6) };
    await db
      .insertInto("operator_devices")
      .values([
        { ...device, user_id: "1", extension: "100" },
        { ...device, user_id: "2", extension: "101" },
      ])
      .execute();
    expect(await lastOperator()).toBe("boris");
    // The device is somebody's who took it only after that call.
    await db
      .updateTable("operator_devices")
      .set({ chosen_at: ago(4) })
      .execute();
    expect(await lastOperator()).toBe("");
    const wrapUp = { call_id: id, disposition: "order", user_id: "1" };
    await db
      .insertInto("wrap_ups")
      .values({ ...wrapUp, draft_id: crypto.randomUUID() })
      .execute();
    expect(await lastOperator()).toBe("anna");
    const pop = { call_id: id, pbx: "main", told_by: "agentCalled", rang_at: ago(5) };
    await db
      .insertInto("pops")
      .values([
        { ...pop, ring_id: "r1", extension: "100", user_id: "1" },
        { ...pop, ring_id: "r2", extension: "101", user_id: "2" },
      ])
      .execute();
    expect(await lastOperator()).toBe("boris");
    await db.updateTable("users").set({ active: false }).where("login", "=", "boris").execute();
    expect(await lastOperator()).toBe("anna");
  });

  test("names no manager who does not work here", async () => {
    await database.pool.query("update customers set personal_manager = 'gone' where id = 1");
    expect((await standing())?.personalManager).toBe("");
  });

  test("of a number that is nobody's: when it got lost", async () => {
    const standings = openStandings(database);
    const lostAtOf = (e164: string) => standings.lostAtOf(e164);
    expect(await lostAtOf(phone)).toBeNull();
    await call(2, { customer_id: null });
    expect((Date.now() - (await lostAtOf(phone))!) / HOUR).toBeCloseTo(2, 1);
    expect(await lostAtOf("+79130000002")).toBeNull();
    await call(1, { ...talked, customer_id: null });
    expect(await lostAtOf(phone)).toBeNull();
  });
});

test("with 100,000 customers nothing is read but by index, whoever is asked for", async () => {
  const { pool } = database;
  await pool.query(`
    set statement_timeout = 0;
    truncate customers, orders, calls, claims, carts restart identity cascade;
    insert into customers (source, source_id, name)
      select 'big', n, 'Customer ' || n from generate_series(1, 100000) n;
    insert into orders (source, source_id, customer_id, number, stage, total_minor, currency, placed_at)
      select 'big', n, 1 + n % 100000, n, 'completed', 100, 'RUB', now() - n * interval '1 minute'
      from generate_series(1, 150000) n;
    insert into calls (id, pbx, direction, party_number, party_e164, customer_id, started_at, ended_at, ended_how, wait_ms, detail)
      select 'big-' || n, 'main', 'inbound', '', '+7913' || lpad((n % 90000)::text, 7, '0'), 1 + n % 90000,
        now() - n * interval '1 minute', now(), 'abandoned', 9000, '{}'
      from generate_series(1, 150000) n;
    insert into claims (source, source_id, customer_id, opened_at)
      select 'big', n, n, now() from generate_series(1, 20000) n;
    insert into carts (source, source_id, customer_id, total_minor, currency, left_at)
      select 'big', n, n, 100, 'RUB', now() from generate_series(1, 20000) n;
    insert into customer_phones (customer_id, e164, verified)
      select n, '+7913' || lpad(n::text, 7, '0'), true from generate_series(1, 100000) n;
    analyze customers, customer_phones, orders, calls, claims, carts;
    reset statement_timeout`);
  const asked: { text: string; values: string[] }[] = [];
  const recording = {
    query(query: { text: string; values: string[] }) {
      asked.push(query);
      return pool.query(query);
    },
  } as unknown as typeof pool;
  const standings = openStandings({ pool: recording });
  expect(await standings.of("500")).toMatchObject({ openClaim: true, orderCount: 2 });
  expect(await standings.lostAtOf("+79130000500")).not.toBeNull();
  expect(asked).toHaveLength(2);
  asked.push({ text: CALLER_QUERY.text, values: ["+79130000500", "RUB"] });

  const client = await pool.connect();
  try {
    // What a prepared statement becomes after some calls: a plan that knows no values.
    await client.query("set plan_cache_mode = force_generic_plan");
    for (const [n, { text, values }] of asked.entries()) {
      await client.query(`prepare asked_${n} as ${text}`);
      const list = values.map((value) => `'${value}'`).join(", ");
      const plan = await client.query<{ "QUERY PLAN": unknown }>(
        `explain (format json) execute asked_${n}(${list})`,
      );
      const scans = JSON.stringify(plan.rows[0]!["QUERY PLAN"]).matchAll(
        /"Node Type":"Seq Scan"[^{}]*?"Relation Name":"(\w+)"/g,
      );
      const big = ["customers", "customer_phones", "orders", "calls", "claims", "carts"];
      expect([...scans].map((scan) => scan[1]).filter((name) => big.includes(name!))).toEqual([]);
      expect(JSON.stringify(plan.rows)).toContain("Index");
    }
  } finally {
    client.release(true);
  }
});

describe("whom the policy is asked about", () => {
  const number: PhoneNumber = {
    ...{ e164: "+73832000001", display: "", country: "RU", timeZones: [] },
  };
  const subject = (identification: Identification) => subjectOf(identification, null, "sales", 5);
  const place = { city: "", region: "Новосибирская область", country: "RU" };

  test("is a customer, somebody unknown, or somebody who hides", () => {
    expect(subject({ outcome: "none", phone: number })).toEqual({
      ...{ queue: "sales", standing: null, lostAtMs: 5, caller: "unknown", place },
    });
    expect(subject({ outcome: "several", phone: number, candidates: [] })).toMatchObject({
      ...{ caller: "customer", place },
    });
    expect(subject({ outcome: "withheld" }).caller).toBe("withheld");
    expect(subject({ outcome: "unreadable", raw: "x" }).caller).toBe("withheld");
    expect(subject({ outcome: "failed", raw: "x", reason: "" }).caller).toBe("unknown");
    expect(subject({ outcome: "internal", extension: "101" }).place.country).toBe("");
  });
});
