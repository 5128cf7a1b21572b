import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openBackground } from "../../server/customers/background.ts";
import { openDirectory } from "../../server/customers/directory.ts";
import { openStandings } from "../../server/customers/standing.ts";
import { standingsOf } from "../../server/priority/simulation/standings.ts";
import { openVocabulary } from "../../server/priority/vocabulary.ts";
import { openOrderBook } from "../../server/orders/book.ts";
import { checkStandings } from "../../server/offers/standings/check.ts";
import {
  PLAIN_STANDINGS,
  type StandingSettings,
  type Threshold,
} from "../../server/offers/standings/settings.ts";
import { judgeRange } from "../../server/offers/standings/judge.ts";
import { StandingsKeeper } from "../../server/offers/standings/keeper.ts";
import { lockWaits } from "../support/locks.ts";
import type { TestDatabase } from "../support/postgres.ts";
import { type OffersHouse, addCustomer, addOrder, openOffersHouse } from "./house.ts";
import { NOON_MS, percentOff, settings } from "./samples.ts";

let house: OffersHouse;
const changed: (readonly string[])[] = [];
beforeAll(async () => {
  house = await openOffersHouse();
  house.bus.on("standingsChanged", ({ customerIds }) => changed.push(customerIds));
});
afterAll(() => house.close());
beforeEach(async () => {
  house.nowMs = NOON_MS;
  await house.judged();
  const faults = house.faults.length;
  await house.database.pool.query(
    "truncate customers, products, orders, offer_rules, audit restart identity cascade",
  );
  await house.database.pool.query("delete from installation where key like 'standings%'");
  await house.judged();
  // All tables are locked at once, which may cost somebody's question in the background its answer: no fault of theirs.
  const since = house.faults.splice(faults);
  house.faults.push(...since.filter((fault) => !fault.includes("deadlock detected")));
  changed.length = 0;
});

const DAY_MS = 86_400_000;
const any = { atLeast: null, atMost: null };
const open = {
  ...{ orders: any, totalMinor: any, lastOrderDays: any },
  firstOrderDays: any,
  returned: any,
};
const threshold = (name: string, own: Partial<Threshold> = {}): Threshold => ({
  name,
  ...open,
  ...own,
});
const from = (atLeast: number) => ({ atLeast, atMost: null });
const upTo = (atMost: number) => ({ atLeast: null, atMost });
const SETTINGS: StandingSettings = {
  ...{ tiersFrom: "orders", segmentsFrom: "orders", currency: "RUB" },
  tiers: [
    threshold("gold", { totalMinor: from(10_000) }),
    threshold("silver", { orders: from(2) }),
  ],
  segments: [
    threshold("recent", { lastOrderDays: upTo(30) }),
    threshold("lapsed", { lastOrderDays: from(30) }),
    threshold("never", { orders: upTo(0) }),
    threshold("sends back", { returned: from(1) }),
  ],
};
/** How many judge everybody and stand in line for a row. */
const waitingForWriters = (pool: TestDatabase["pool"]) =>
  lockWaits(pool, "%with whom as materialized%");
const save = async (own: Partial<StandingSettings> = {}, revision = 0) => {
  await house.offers.standings.save({ settings: { ...SETTINGS, ...own }, revision, by: "test" });
  await house.judged();
};
const standingOf = async (id: string) => {
  const { rows } = await house.database.pool.query<{ tier: string; segments: string[] }>(
    "select tier, segments, orders, total_minor::int as total, returned, currency from customer_standing where customer_id = $1",
    [id],
  );
  return rows[0];
};

describe("a customer's standing", () => {
  test("follows from orders that were neither cancelled nor returned, in the shop's currency", async () => {
    await save();
    const { id } = await addCustomer(house);
    await house.judged();
    expect(await standingOf(id)).toMatchObject({ tier: "", segments: ["never"], orders: 0 });
    await addOrder(house, id, { totalMinor: 9000 });
    await addOrder(house, id, { totalMinor: 90_000, stage: "cancelled" });
    await addOrder(house, id, { totalMinor: 90_000, currency: "KZT" });
    await addOrder(house, id, { totalMinor: 90_000, stage: "returned" });
    await house.judged();
    expect(await standingOf(id)).toEqual({
      ...{ tier: "silver", segments: ["recent", "sends back"], orders: 2, total: 9000 },
      ...{ returned: 1, currency: "RUB" },
    });
    await house.database.pool.query(
      "update orders set stage = 'completed' where stage = 'cancelled' and customer_id = $1",
      [id],
    );
    await house.judged();
    expect(await standingOf(id)).toMatchObject({ tier: "gold", total: 99_000 });
    await house.database.pool.query("delete from orders where customer_id = $1", [id]);
    await house.judged();
    expect(await standingOf(id)).toMatchObject({ tier: "", segments: ["never"], orders: 0 });
  });

  test("changes with the day on which a threshold is passed, though nothing else does", async () => {
    await save();
    const { id } = await addCustomer(house);
    await addOrder(house, id, { daysAgo: 29 });
    await house.judged();
    expect(await standingOf(id)).toMatchObject({ segments: ["recent"] });
    house.nowMs += DAY_MS - 1;
    await house.judged();
    expect(await standingOf(id)).toMatchObject({ segments: ["recent"] });
    changed.length = 0;
    house.nowMs += 1;
    await house.judged();
    expect(await standingOf(id)).toMatchObject({ segments: ["lapsed"] });
    // Who waits in a queue is judged anew.
    expect(changed).toEqual([[id]]);
  });

  test("orders that are hinted at are judged without waiting for the next look", async () => {
    await save();
    const { id } = await addCustomer(house);
    await addOrder(house, id, { totalMinor: 20_000 });
    house.bus.publish("ordersChanged", { orderIds: ["1"] });
    await expect.poll(() => standingOf(id)).toMatchObject({ tier: "gold" });
  });

  test("an order that comes while somebody is judged is not forgotten", async () => {
    await save();
    const { id } = await addCustomer(house);
    await house.judged();
    const { pool } = house.database;
    const client = await pool.connect();
    try {
      await client.query("begin");
      await client.query(
        `insert into orders (source, source_id, customer_id, number, stage, total_minor, currency, placed_at)
         values ('s', 'late', $1, '1', 'new', 50000, 'RUB', $2)`,
        [id, new Date(NOON_MS)],
      );
      // The order is not written yet, its customer is held by who writes it: others are judged meanwhile.
      const other = await addCustomer(house);
      await house.judged();
      expect(await standingOf(other.id)).toMatchObject({ segments: ["never"] });
      await client.query("commit");
    } finally {
      client.release();
    }
    await house.judged();
    expect(await standingOf(id)).toMatchObject({ tier: "gold" });
  });
});

describe("what the card says of somebody's orders", () => {
  /** Counted, whatever is kept. */
  const counted = async (id: string) => {
    const { rows } = await house.database.pool.query<{ stage: string; sum: number; code: string }>(
      `select stage, total_minor::int as sum, currency as code from orders where customer_id = $1
       order by placed_at desc`,
      [id],
    );
    const currency = rows[0]?.code ?? "";
    const own = rows.filter(
      ({ stage, code }) => code === currency && stage !== "cancelled" && stage !== "returned",
    );
    return {
      ...{ count: own.length, totalMinor: own.reduce((all, { sum }) => all + sum, 0), currency },
      returned: rows.filter(({ stage }) => stage === "returned").length,
    };
  };
  const said = async (id: string) => ({
    ...(await openOrderBook(house.database).totals(id)),
    returned: (await openBackground(house.database)(id)).returned,
  });

  test("is what was kept, and what is counted where an order changed since", async () => {
    const { pool } = house.database;
    const stages = ["completed", "returned", "new", "cancelled", "returned", "completed", "paid"];
    const ids: string[] = [];
    for (let n = 0; n < 6; n++) {
      const { id } = await addCustomer(house);
      ids.push(id);
      for (const [k, stage] of stages.slice(0, n + 1).entries()) {
        // The third speaks of tenge though most of the orders are in roubles, the fourth the other way round.
        const currency = (n === 3 && k === 0) || (n === 4 && k > 0) ? "KZT" : "RUB";
        await addOrder(house, id, { stage, currency, totalMinor: 100 + k, daysAgo: k + 1 });
      }
    }
    const same = async () => {
      for (const id of [...ids, "0"]) expect(await said(id)).toEqual(await counted(id));
    };
    await same();
    await house.judged();
    await same();
    await pool.query(
      "update orders set total_minor = total_minor + 7, stage = 'returned' where id % 3 = 0",
    );
    await same();
    await house.judged();
    await same();
    // A shop's currency that is not the newest order's.
    await save({ currency: "KZT" });
    await same();
    await pool.query("delete from orders where id % 4 = 0");
    await same();
    await save({ currency: "" }, 1);
    await same();
    await pool.query("update customer_standing set in_currency = 77, returned = 78");
    expect(await said(ids[5]!)).toMatchObject({ count: 77, returned: 78 });
    // An older version judged since, which knows nothing of the count.
    await pool.query("update customer_standing set changed_at = changed_at + interval '1 second'");
    expect((await said(ids[5]!)).count).toBe((await counted(ids[5]!)).count);
  });

  test("a slow turn of everybody's does not put back what somebody judged meanwhile", async () => {
    const [first, second] = [await addCustomer(house), await addCustomer(house)];
    await house.judged();
    const { db, pool } = house.database;
    const client = await pool.connect();
    let slow: Promise<number>;
    try {
      await client.query("begin");
      await client.query("select from customer_standing where customer_id = $1 for update", [
        first.id,
      ]);
      slow = db
        .transaction()
        .execute((trx) =>
          judgeRange(trx, SETTINGS, { after: "0", upTo: second.id }, NOON_MS + 1000),
        );
      await expect.poll(() => waitingForWriters(pool)).toBe(1);
      house.nowMs = NOON_MS + 2000;
      await addOrder(house, second.id, { totalMinor: 20_000 });
      await house.judged();
      await client.query("commit");
    } finally {
      client.release(true);
    }
    await slow;
    expect(await standingOf(first.id)).toMatchObject({ segments: ["never"] });
    expect(await standingOf(second.id)).toMatchObject({ total: 20_000, orders: 1 });
    expect(await said(second.id)).toEqual(await counted(second.id));
  });
});

describe("thresholds", () => {
  test("when they change, everybody is judged anew, in batches, whoever began", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 7; n++) ids.push((await addCustomer(house)).id);
    await addOrder(house, ids[6]!, { totalMinor: 20_000 });
    await house.judged();
    const { database, bus } = house;
    const log = { info: () => undefined, warn: () => undefined };
    await house.offers.standings.save({ settings: SETTINGS, revision: 0, by: "test" });
    const other = new StandingsKeeper({
      ...{ storage: database, bus, log, clock: () => house.nowMs, rangeBatch: 2, everyMs: 60_000 },
    });
    await Promise.all([other.work(), house.judged()]);
    await other.close();
    const { body } = await house.ask("GET", "standings", undefined, "supervisor");
    expect(body).toMatchObject({
      ...{ revision: 1, waiting: 0, problems: [] },
      tiers: [
        { name: "gold", customers: 1 },
        { name: "silver", customers: 0 },
      ],
      segments: [
        { name: "recent", customers: 1 },
        { name: "lapsed", customers: 0 },
        { name: "never", customers: 6 },
        { name: "sends back", customers: 0 },
      ],
    });
    await save({ tiersFrom: "crm", segmentsFrom: "crm" }, 1);
    expect(await standingOf(ids[6]!)).toMatchObject({ tier: "", segments: [], total: 20_000 });
  });

  test("everybody's turn gives way to somebody who writes the orders of two of them, in whatever order", async () => {
    const [first, second] = [await addCustomer(house), await addCustomer(house)];
    await house.judged();
    const { pool } = house.database;
    const client = await pool.connect();
    const write = (id: string, sourceId: string) =>
      client.query(
        `insert into orders (source, source_id, customer_id, number, stage, total_minor, currency, placed_at)
         values ('s', $2::text, $1, '1', 'new', 20000, 'RUB', $3)`,
        [id, sourceId, new Date(NOON_MS)],
      );
    try {
      await client.query("begin");
      await write(second.id, "two");
      await house.offers.standings.save({ settings: SETTINGS, revision: 0, by: "test" });
      // It has the first by now and waits for the second; had it waited for over a second, PostgreSQL would end the later one of the two.
      await expect.poll(() => waitingForWriters(pool)).toBe(1);
      await setTimeout(1500);
      await write(first.id, "one");
      await client.query("commit");
    } finally {
      // Whatever became of it, nothing stays held.
      client.release(true);
    }
    await house.judged();
    expect([await standingOf(first.id), await standingOf(second.id)]).toMatchObject([
      { tier: "gold", total: 20_000 },
      { tier: "gold", total: 20_000 },
    ]);
  });

  test("over HTTP: read by supervisors, changed by admins, refused with the place, 409 for who is late", async () => {
    const { body } = await house.ask("GET", "standings", undefined, "supervisor");
    expect(body).toMatchObject({ revision: 0, settings: PLAIN_STANDINGS });
    const input = { settings: SETTINGS, revision: 0 };
    expect((await house.ask("PUT", "standings", input, "supervisor")).status).toBe(403);
    expect((await house.ask("GET", "standings", undefined, "operator")).status).toBe(403);
    expect(await house.ask("PUT", "standings", input)).toMatchObject({
      ...{ status: 200, body: { revision: 1, settings: SETTINGS } },
    });
    expect(await house.ask("PUT", "standings", input)).toMatchObject({
      ...{ status: 409, body: { error: { code: "standingsChanged" } } },
    });
    const crossed = { orders: { atLeast: 5, atMost: 2 } };
    const bad = { ...SETTINGS, segments: [threshold("a", crossed), threshold("A")] };
    const refused = await house.ask("PUT", "standings", { settings: bad, revision: 1 });
    expect(refused).toMatchObject({
      status: 422,
      body: {
        error: { code: "standingsRefused", field: "body.settings.segments.0.orders.atMost" },
        problems: [{ code: "limitsCross" }, { path: "/segments/1/name", code: "duplicate" }],
      },
    });
    const { rows } = await house.database.pool.query("select action from audit");
    expect(rows).toEqual([{ action: "standings.changed" }]);
  });

  test("that make no sense are told", () => {
    const check = (own: object) => {
      const { problems, warnings } = checkStandings({ ...SETTINGS, ...own });
      const told = ({ path, code }: { path: string; code: string }) => `${path} ${code}`;
      return { problems: problems.map(told), warnings: warnings.map(told) };
    };
    expect(check({})).toEqual({ problems: [], warnings: [] });
    expect(check({ currency: "rub" }).problems).toEqual(["/currency badCurrency"]);
    expect(check({ currency: "" }).warnings).toEqual(["/currency currencyOpen"]);
    expect(check({ tiers: [threshold(" ")] }).problems).toEqual(["/tiers/0/name empty"]);
    const tiers = [threshold("a", { orders: from(2) }), threshold("b", { orders: from(5) })];
    expect(check({ tiers }).warnings).toEqual(["/tiers/1 neverApplies"]);
    expect(check({ tiersFrom: "crm" }).warnings).toEqual(["/tiersFrom notUsed"]);
    expect(check({ tiers: [threshold("all")] }).warnings).toEqual(["/tiers/0 noLimits"]);
    expect(check({ tiersFrom: "orders?" }).problems).toEqual(["/tiersFrom notAllowed"]);
    expect(checkStandings(null).settings).toBeNull();
  });
});

describe("what was computed", () => {
  test.each([
    ["orders", "gold"],
    ["crm", ""],
  ] as const)(
    "is the same on the card, in the queue and for offers when tiers come from: %s",
    async (tiersFrom, computed) => {
      await save({ tiersFrom });
      const mine = await addCustomer(house);
      const crm = await addCustomer(house, { tier: "platinum" });
      const nobody = await addCustomer(house);
      for (const { id } of [mine, crm]) await addOrder(house, id, { totalMinor: 20_000 });
      await house.judged();
      const { database, offers } = house;
      const directory = openDirectory(database, {
        defaultRegion: "RU",
        extensionPattern: /^\d{3}$/,
      });
      const standings = openStandings(database);
      for (const [{ id }, tier] of [
        [mine, computed],
        [crm, "platinum"],
        [nobody, ""],
      ] as const) {
        const question = {
          customerId: id,
          lines: [],
          currency: "RUB",
          channel: "operator" as const,
        };
        const simulated = await standingsOf(database, [id], "RUB");
        expect({
          card: (await directory.customer(id))?.tier,
          queue: (await standings.of(id))?.tier,
          offers: (await offers.engine.offersFor({ ...question, nowMs: NOON_MS })).tier,
          simulation: simulated.get(id)?.tier,
        }).toEqual({ card: tier, queue: tier, offers: tier, simulation: tier });
      }
    },
  );

  test("is what policies see, and what they can name; the CRM's own tier holds where it gives one", async () => {
    await save();
    const mine = await addCustomer(house, { segments: ["wholesale"] });
    const crm = await addCustomer(house, { tier: "platinum" });
    for (const { id } of [mine, crm]) await addOrder(house, id, { totalMinor: 20_000 });
    await house.judged();
    const standings = openStandings(house.database);
    expect(await standings.of(mine.id)).toMatchObject({
      ...{ tier: "gold", segments: ["recent", "wholesale"] },
    });
    expect(await standings.of(crm.id)).toMatchObject({ tier: "platinum", segments: ["recent"] });
    const source = openVocabulary(house.database, { queues: () => [], timeZone: () => "UTC" });
    const vocabulary = await source.read();
    source.close();
    expect(vocabulary.tiers).toEqual(expect.arrayContaining(["platinum", "gold", "silver"]));
    expect(vocabulary.tierShares).toContainEqual({ tier: "gold", share: 0.5 });
    expect(vocabulary.segments).toEqual(expect.arrayContaining(["wholesale", "recent", "never"]));
  });

  test("is what offer rules go by", async () => {
    await save();
    const { id } = await addCustomer(house);
    await addOrder(house, id, { totalMinor: 20_000 });
    await house.judged();
    await house.database.pool.query(
      "insert into products (source, source_id, name, price_minor, currency) values ('s', '1', 'A', 1000, 'RUB')",
    );
    const when = [
      { fact: "tier", in: ["gold"] },
      { fact: "segment", in: ["recent"] },
    ] as const;
    await house.addRule(settings(percentOff(10), { when }));
    const { body } = await house.ask("POST", "offers", {
      ...{ currency: "RUB", customer: { id }, lines: [{ id: "1", quantity: 1 }] },
    });
    expect(body).toMatchObject({ tier: "gold", offers: [{ amountMinor: -100 }] });
  });
});
