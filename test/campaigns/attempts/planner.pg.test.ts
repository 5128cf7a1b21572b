import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openAttempts, type OpenedAttempts } from "../../../server/campaigns/attempts/open.ts";
import { planContacts, NOTHING_SAID } from "../../../server/campaigns/attempts/plan.ts";
import { readOrders } from "../../../server/campaigns/attempts/orders-reader.ts";
import type { AttemptState } from "../../../server/campaigns/attempts/model.ts";
import { Planner } from "../../../server/campaigns/attempts/planner.ts";
import type { CallFact } from "../../../server/calls/model.ts";
import { localBus } from "../../../server/storage/bus.ts";
import { type Database, openStorage } from "../../../server/storage/database.ts";
import { leaseDouble } from "../../support/lease-double.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { everyDay } from "../samples.ts";
import {
  HOUR_MS,
  MINUTE_MS,
  NOON_MS,
  WHOLE,
  addCustomer,
  addOrder,
  addPerson,
  attemptRow,
  brokenInvariants,
  contactRow,
  makeCampaign,
  nextPhone,
  setStage,
} from "./house.ts";

const bus = localBus((error) => {
  throw error;
});
const rules = { timeZone: "Europe/Moscow", regionOfNumber: () => "" };
const faults: unknown[] = [];
let database: TestDatabase;
let opened: OpenedAttempts;
let nowMs = NOON_MS;
let tellFact: (fact: CallFact) => void = () => undefined;
const withdrawn: string[] = [];
beforeAll(async () => {
  database = await testDatabase();
  opened = openAttempts({
    ...{ db: database.db, bus, clock: () => nowMs, lookMs: 3_600_000 },
    ...{ timeZone: rules.timeZone, regionOfNumber: rules.regionOfNumber },
    e164Of: (number) => (number.startsWith("+") ? number : null),
    calls: {
      onFact(listener) {
        tellFact = listener;
        return () => undefined;
      },
    },
    log: { info() {}, warn() {}, error: (fields) => void faults.push(fields) },
  });
  opened.store.onWithdrawn((id) => withdrawn.push(id));
});
afterAll(async () => {
  await opened.close();
  await database.drop();
});
beforeEach(async () => {
  nowMs = NOON_MS;
  // A look of its own, or one that a hint woke, must be over before the tables are emptied under it.
  await look();
  withdrawn.length = 0;
  faults.length = 0;
  await database.pool.query("truncate campaigns, customers, do_not_call, calls, users cascade");
});
afterEach(async () => {
  expect(faults).toEqual([]);
  expect(await brokenInvariants(database.db)).toEqual(WHOLE);
});

const look = () => opened.planner.look();

async function contacts(campaignId: string) {
  return database.db
    .selectFrom("contacts as c")
    .leftJoin("contact_orders as co", "co.contact_id", "c.id")
    .leftJoin("attempts as a", "a.contact_id", "c.id")
    .select(["c.id", "c.phone", "c.state", "c.result", "c.time_zones", "c.zone_basis"])
    .select(["co.order_id", "a.id as attempt_id", "a.due_at", "a.state as attempt_state"])
    .where("c.campaign_id", "=", campaignId)
    .orderBy("c.id")
    .orderBy("co.order_id")
    .execute();
}

describe("orders", () => {
  test("a new order is planned for its own phone, by the clock of its address, within calling hours", async () => {
    const { id } = await makeCampaign(database.db);
    const customerId = await addCustomer(database.db, nextPhone());
    const phone = nextPhone();
    const orderId = await addOrder(database.db, customerId, {
      ...{ phone, delivery: { timeZone: "Asia/Kamchatka" } },
    });
    await look();
    // Noon in Moscow is nine in the evening in Kamchatka: the next morning it is.
    expect(await contacts(id)).toMatchObject([
      {
        ...{ phone, order_id: orderId, time_zones: ["Asia/Kamchatka"], zone_basis: "delivery" },
        ...{ attempt_state: "planned", due_at: new Date("2026-11-23T21:00:00Z") },
      },
    ]);
    await look();
    expect(await contacts(id)).toHaveLength(1);
  });

  test("several open orders of one person are one contact, by customer and by phone", async () => {
    const { id } = await makeCampaign(database.db);
    const phone = nextPhone();
    const customerId = await addCustomer(database.db, phone);
    const orders = [
      await addOrder(database.db, customerId),
      await addOrder(database.db, customerId),
    ];
    await look();
    orders.push(await addOrder(database.db, customerId, { phone: nextPhone() }));
    const other = await addCustomer(database.db, nextPhone());
    orders.push(await addOrder(database.db, other, { phone }));
    await look();
    const rows = await contacts(id);
    expect(new Set(rows.map((row) => row.id)).size).toBe(1);
    expect(rows.map((row) => row.order_id)).toEqual(orders);
  });

  test("the same order 1,000 times at one moment, from four processes, is one contact with one attempt", async () => {
    const campaign = await makeCampaign(database.db);
    const phone = nextPhone();
    const customerId = await addCustomer(database.db, phone);
    const orderId = await addOrder(database.db, customerId);
    const storages = Array.from({ length: 4 }, () =>
      openStorage(database.url, { maxConnections: 4, statementTimeoutMs: 60_000 }),
    );
    try {
      const person = {
        ...NOTHING_SAID,
        phone,
        customerId,
        orderIds: [orderId],
        notBeforeMs: nowMs,
      };
      const told: { added: number; merged: number }[] = [];
      // As many at one moment as there are connections, until it was told 1,000 times.
      const teller = async (db: Database) => {
        for (let n = 0; n < 1000 / 16; n++)
          told.push(
            await db
              .transaction()
              .execute((trx) => planContacts(trx, campaign, rules, [person], nowMs)),
          );
      };
      await Promise.all(
        storages.flatMap(({ db }) => [teller(db), teller(db), teller(db), teller(db)]),
      );
      expect(told.reduce((sum, one) => sum + one.added, 0)).toBe(1);
      expect(told.reduce((sum, one) => sum + one.merged, 0)).toBe(told.length - 1);
      expect(told.length).toBeGreaterThanOrEqual(1000);
    } finally {
      await Promise.all(storages.map((storage) => storage.close()));
    }
    expect(await contacts(campaign.id)).toHaveLength(1);
  }, 120_000);

  test("several planners that read the same orders plan each of them once", async () => {
    const { id } = await makeCampaign(database.db);
    for (let n = 0; n < 40; n++) {
      const customerId = await addCustomer(database.db, nextPhone());
      await addOrder(database.db, customerId);
    }
    await Promise.all(Array.from({ length: 8 }, () => readOrders(database.db, id, rules, nowMs)));
    expect(await contacts(id)).toHaveLength(40);
  });

  test("not called about: other sources, settled ones, history that was loaded, orders of nobody's phone", async () => {
    const { id } = await makeCampaign(database.db, {
      trigger: { type: "orderPlaced", sources: ["site"] },
    });
    const customer = async () => addCustomer(database.db, nextPhone());
    await addOrder(database.db, await customer(), { source: "app" });
    await addOrder(database.db, await customer(), { stage: "confirmed" });
    const old = await addOrder(database.db, await customer());
    await database.db
      .updateTable("orders")
      .set({ placed_at: new Date("2026-01-01") })
      .where("id", "=", old)
      .execute();
    const nobody = await customer();
    await database.pool.query("delete from customer_phones where customer_id = $1", [nobody]);
    await addOrder(database.db, nobody);
    const wanted = await addOrder(database.db, await customer());
    await look();
    expect((await contacts(id)).map((row) => row.order_id)).toEqual([wanted]);
  });

  test("an order that comes to a stage; and no longer when it has left it", async () => {
    const { id } = await makeCampaign(database.db, {
      ...{ trigger: { type: "orderStage", stages: ["shipped"], sources: [] }, settledStages: [] },
    });
    const [one, other] = [
      await addOrder(database.db, await addCustomer(database.db, nextPhone())),
      await addOrder(database.db, await addCustomer(database.db, nextPhone())),
    ];
    await look();
    expect(await contacts(id)).toEqual([]);
    await setStage(database.db, one, "shipped");
    await setStage(database.db, other, "shipped");
    await setStage(database.db, other, "delivered");
    await look();
    expect((await contacts(id)).map((row) => row.order_id)).toEqual([one]);
  });
});

const PATHS: Partial<Record<AttemptState, readonly AttemptState[]>> = {
  planned: [],
  claimed: ["claimed"],
  dialling: ["claimed", "dialling"],
  ringing: ["claimed", "dialling", "ringing"],
  answered: ["claimed", "dialling", "answered"],
  waiting: ["claimed", "dialling", "waiting"],
  unknown: ["claimed", "dialling", "unknown"],
};

describe("what takes the reason away", () => {
  test.each(Object.keys(PATHS) as AttemptState[])(
    "the order confirmed while %s: withdrawn, and whoever has it in hand is told",
    async (state) => {
      const { id } = await makeCampaign(database.db);
      const orderId = await addOrder(database.db, await addCustomer(database.db, nextPhone()));
      await look();
      const [row] = await contacts(id);
      for (const to of PATHS[state]!)
        await opened.store.advance(row!.attempt_id!, to, { atMs: nowMs, evidence: {} });
      await setStage(database.db, orderId, "confirmed");
      await look();
      const attempt = await attemptRow(database.db, row!.attempt_id!);
      expect(attempt).toMatchObject({ state: "withdrawn", withdrawn_because: "orderConfirmed" });
      expect(await contactRow(database.db, row!.id)).toMatchObject({ result: "orderConfirmed" });
      expect(withdrawn).toEqual(state === "planned" ? [] : [attempt.id]);
    },
  );

  test("who talks is not cut off when the order is confirmed meanwhile, and is not called again", async () => {
    const { id } = await makeCampaign(database.db);
    const orderId = await addOrder(database.db, await addCustomer(database.db, nextPhone()));
    await look();
    const [row] = await contacts(id);
    for (const to of ["claimed", "dialling", "connected"] as const)
      await opened.store.advance(row!.attempt_id!, to, { atMs: nowMs, evidence: {} });
    await setStage(database.db, orderId, "confirmed");
    await look();
    expect((await attemptRow(database.db, row!.attempt_id!)).state).toBe("connected");
    // The line broke: without the confirmation it would be tried again.
    const broke = { atMs: nowMs, outcome: "failed", evidence: {} } as const;
    await opened.store.advance(row!.attempt_id!, "ended", broke);
    expect(await contactRow(database.db, row!.id)).toMatchObject({
      ...{ state: "withdrawn", result: "orderConfirmed" },
    });
  });

  test("one of two orders confirmed is no reason; both are", async () => {
    const { id } = await makeCampaign(database.db);
    const customerId = await addCustomer(database.db, nextPhone());
    const [one, other] = [
      await addOrder(database.db, customerId),
      await addOrder(database.db, customerId),
    ];
    await look();
    await setStage(database.db, one, "confirmed");
    await look();
    expect((await contacts(id))[0]!.state).toBe("open");
    await setStage(database.db, other, "cancelled");
    await look();
    expect((await contacts(id))[0]).toMatchObject({ state: "withdrawn", result: "orderCancelled" });
  });

  test.each(["planned", "ringing", "waiting"] as const)(
    "the customer calls in while %s, by any of their phones",
    async (state) => {
      const { id } = await makeCampaign(database.db);
      const [phone, other] = [nextPhone(), nextPhone()];
      const customerId = await addCustomer(database.db, phone);
      await database.db
        .insertInto("customer_phones")
        .values({ e164: other, customer_id: customerId })
        .execute();
      const person = await addPerson(database.db, id, { phone, customerId });
      const bystander = await addPerson(database.db, id);
      const promised = await addPerson(database.db, id, { promised: true });
      for (const to of PATHS[state]!)
        await opened.store.advance(person.attemptId, to, { atMs: nowMs, evidence: {} });
      tellFact(inbound(other));
      tellFact(inbound(promised.phone));
      await expect
        .poll(async () => (await attemptRow(database.db, person.attemptId)).withdrawn_because)
        .toBe("calledIn");
      expect(withdrawn).toEqual(state === "planned" ? [] : [person.attemptId]);
      for (const { attemptId } of [bystander, promised])
        expect((await attemptRow(database.db, attemptId)).state).toBe("planned");
    },
  );

  test("a campaign's own call is nobody calling in", async () => {
    const { id } = await makeCampaign(database.db);
    const person = await addPerson(database.db, id);
    const own = inbound(person.phone);
    tellFact({ ...own, call: { ...own.call, id: `main-${person.attemptId}` } });
    tellFact(inbound((await addPerson(database.db, id)).phone));
    await expect
      .poll(async () => (await database.db.selectFrom("results").select("id").execute()).length)
      .toBe(1);
    expect((await attemptRow(database.db, person.attemptId)).state).toBe("planned");
  });

  test("an open claim while it rings, also when the hint was lost", async () => {
    const { id } = await makeCampaign(database.db, {
      exclude: { talkedWithinHours: null, openClaim: true, withoutConsent: false },
    });
    const phone = nextPhone();
    const customerId = await addCustomer(database.db, phone);
    const person = await addPerson(database.db, id, { phone, customerId });
    for (const to of PATHS.ringing!)
      await opened.store.advance(person.attemptId, to, { atMs: nowMs, evidence: {} });
    const claim = { source: "s", source_id: "1", customer_id: customerId, opened_at: new Date() };
    await database.db.insertInto("claims").values(claim).execute();
    await look();
    expect(withdrawn).toEqual([person.attemptId]);
  });

  test("the campaign's end withdraws everything but talks, in batches", async () => {
    const { id } = await makeCampaign(database.db, {
      endsAt: new Date(NOON_MS + HOUR_MS).toISOString(),
    });
    const people = [];
    for (let n = 0; n < 6; n++) people.push(await addPerson(database.db, id));
    const [talker] = people;
    for (const to of ["claimed", "dialling", "connected"] as const)
      await opened.store.advance(talker!.attemptId, to, { atMs: nowMs, evidence: {} });
    nowMs = NOON_MS + HOUR_MS;
    await look();
    const states = await Promise.all(
      people.map(async ({ contactId }) => (await contactRow(database.db, contactId)).result),
    );
    expect(states).toEqual(["", ...Array.from({ length: 5 }, () => "campaignEnded")]);
  });
});

describe("times", () => {
  test("who was not called while it was allowed is planned for the next time, for anybody", async () => {
    const { id } = await makeCampaign(database.db);
    const user = { login: "ann", name: "Ann", role: "operator" as const, password_hash: "" };
    const { id: userId } = await database.db
      .insertInto("users")
      .values(user)
      .returning("id")
      .executeTakeFirstOrThrow();
    const person = await addPerson(database.db, id, { promised: true, userId });
    nowMs = NOON_MS + 12 * HOUR_MS;
    for (let n = 0; n < 6; n++) await look();
    expect(await attemptRow(database.db, person.attemptId)).toMatchObject({
      ...{ state: "planned", user_id: null, due_at: new Date("2026-11-24T06:00:00Z") },
    });
  });

  test("other hours act at once, on those who wait and on those who were put off", async () => {
    const campaign = await makeCampaign(database.db, { hours: everyDay("09:00", "11:00") });
    await addOrder(database.db, await addCustomer(database.db, nextPhone()), {
      delivery: { timeZone: "Europe/Moscow" },
    });
    await look();
    expect((await contacts(campaign.id))[0]!.due_at).toEqual(new Date("2026-11-24T06:00:00Z"));
    const setHours = (from: string, to: string) =>
      database.db
        .updateTable("campaigns")
        .set(({ eb }) => ({
          settings: JSON.stringify({ ...campaign.settings, hours: everyDay(from, to) }),
          revision: eb("revision", "+", 1),
        }))
        .execute();
    await setHours("09:00", "21:00");
    await look();
    expect((await contacts(campaign.id))[0]!.due_at).toEqual(new Date(NOON_MS));
    await setHours("15:00", "16:00");
    await look();
    expect((await contacts(campaign.id))[0]!.due_at).toEqual(new Date("2026-11-23T12:00:00Z"));
  });

  test("a cart that was left is called about once, and not when it was ordered meanwhile", async () => {
    const { id } = await makeCampaign(database.db, {
      ...{ trigger: { type: "cartLeft", afterMinutes: 60 }, settledStages: [] },
    });
    const cart = async (leftAtMs: number, source_id: string) => {
      const customerId = await addCustomer(database.db, nextPhone());
      const row = { source: "s", source_id, customer_id: customerId, total_minor: 1 };
      await database.db
        .insertInto("carts")
        .values({ ...row, currency: "RUB", left_at: new Date(leftAtMs) })
        .execute();
      return customerId;
    };
    await cart(NOON_MS - 61 * MINUTE_MS, "left");
    await cart(NOON_MS - 59 * MINUTE_MS, "fresh");
    await addOrder(database.db, await cart(NOON_MS - 2 * HOUR_MS, "ordered"));
    for (let n = 0; n < 12; n++) await look();
    const rows = await contacts(id);
    expect(rows).toHaveLength(1);
    expect((await contactRow(database.db, rows[0]!.id)).data).toEqual({ cart: "left" });
  });
});

describe("of several processes", () => {
  test("one plans, and another goes on when it stops", async () => {
    const { id } = await makeCampaign(database.db);
    const open = () =>
      openAttempts({
        ...{ db: database.db, databaseUrl: database.url, clock: () => nowMs, lookMs: 3_600_000 },
        ...{ timeZone: rules.timeZone, regionOfNumber: rules.regionOfNumber },
        ...{ bus: localBus((error) => faults.push(error)), e164Of: () => null },
        calls: { onFact: () => () => undefined },
        log: { info() {}, warn() {}, error: (fields) => void faults.push(fields) },
      });
    const holder = async () => {
      const { rows } = await database.pool.query<{ epoch: string }>(
        "select epoch from leases where name = 'planner'",
      );
      return Number(rows[0]?.epoch ?? 0);
    };
    const one = open();
    await expect.poll(holder).toBe(1);
    const other = open();
    try {
      await addOrder(database.db, await addCustomer(database.db, nextPhone()));
      other.planner.wake();
      await sleep(100);
      expect(await contacts(id)).toEqual([]);
      await one.close();
      await expect.poll(async () => (await contacts(id)).length).toBe(1);
      expect(await holder()).toBe(2);
    } finally {
      await one.close();
      await other.close();
    }
  });

  test("the holder of the lease looks; who gains it looks at once, also at what is never urgent", async () => {
    const { id } = await makeCampaign(database.db, {
      ...{ trigger: { type: "cartLeft", afterMinutes: 60 }, settledStages: [] },
    });
    const customerId = await addCustomer(database.db, nextPhone());
    const cart = { source: "s", source_id: "1", customer_id: customerId, total_minor: 1 };
    await database.db
      .insertInto("carts")
      .values({ ...cart, currency: "RUB", left_at: new Date(NOON_MS - 2 * HOUR_MS) })
      .execute();
    const { asks, hints, lease, planner, close } = another({ lookMs: 5 });
    try {
      hints.publish("ordersChanged", { orderIds: [] });
      hints.publish("campaignsChanged", { campaignId: id });
      await sleep(50);
      expect(asks()).toBe(0);
      lease.is("here");
      await expect.poll(async () => (await contacts(id)).length).toBe(1);
      lease.is("elsewhere");
      await planner.look();
      const before = asks();
      await sleep(50);
      expect(asks()).toBe(before);
    } finally {
      await close();
    }
  });

  test("the holder alone asks again about customers of whom something changed; who gains the lease asks about those in hand", async () => {
    const { id } = await makeCampaign(database.db, {
      exclude: { talkedWithinHours: null, openClaim: true, withoutConsent: false },
    });
    const complainer = async () => {
      const phone = nextPhone();
      const customerId = await addCustomer(database.db, phone);
      const claim = { source: "s", source_id: phone, customer_id: customerId };
      await database.db
        .insertInto("claims")
        .values({ ...claim, opened_at: new Date() })
        .execute();
      return { customerId, ...(await addPerson(database.db, id, { phone, customerId })) };
    };
    const [ringing, planned] = [await complainer(), await complainer()];
    for (const to of PATHS.ringing!)
      await opened.store.advance(ringing.attemptId, to, { atMs: nowMs, evidence: {} });
    const because = async ({ attemptId }: { readonly attemptId: string }) =>
      (await attemptRow(database.db, attemptId)).withdrawn_because;
    const { asks, hints, lease, planner, close } = another({ lookMs: 3_600_000 });
    try {
      hints.publish("standingsChanged", { customerIds: [planned.customerId] });
      await sleep(50);
      expect(asks()).toBe(0);
      lease.is("here");
      await expect.poll(() => because(ringing)).toBe("openClaim");
      await planner.look();
      expect(await because(planned)).toBe("");
      hints.publish("standingsChanged", { customerIds: [planned.customerId] });
      await expect.poll(() => because(planned)).toBe("openClaim");
    } finally {
      await close();
    }
  });

  /** Another process's planner, whose lease is elsewhere. */
  function another({ lookMs }: { readonly lookMs: number }) {
    const storage = openStorage(database.url, { maxConnections: 2 });
    let asked = 0;
    storage.pool.on("acquire", () => (asked += 1));
    const hints = localBus((error) => faults.push(error));
    const lease = leaseDouble("elsewhere");
    const planner = new Planner({
      ...{ db: storage.db, bus: hints, rules, lease, lookMs, clock: () => nowMs },
      ...{ e164Of: () => null, calls: { onFact: () => () => undefined } },
      log: { info() {}, warn() {}, error: (fields) => void faults.push(fields) },
    });
    planner.open();
    return {
      ...{ hints, lease, planner, asks: () => asked },
      close: async () => {
        await planner.close();
        await storage.close();
      },
    };
  }
});

function inbound(phone: string): CallFact {
  return {
    ...{ atMs: nowMs, type: "callStarted" },
    call: {
      ...{ id: `main-${phone}`, pbx: "main", direction: "inbound", dialled: "100" },
      ...{ party: { number: phone, name: "" }, fromExtension: "", startedAtMs: nowMs },
      ...{ answeredAtMs: null, endedAtMs: null, endedHow: null, state: "new", visits: [] },
      ...{ rings: [], talks: [], transfers: [], partyChannel: "", seenFromMiddle: false },
    },
  };
}
