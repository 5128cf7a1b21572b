import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openDirectory } from "../../server/customers/directory.ts";
import { importCustomers } from "../../server/customers/import.ts";
import { importOrders } from "../../server/orders/import.ts";
import { localBus } from "../../server/storage/bus.ts";
import { openStorage } from "../../server/storage/database.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

const rules = { defaultRegion: "RU", extensionPattern: /^[0-9]{2,4}$/ } as const;
const options = { defaultRegion: "RU", source: "crm" } as const;

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query("truncate customers, audit, users restart identity cascade");
  await database.pool.query(
    "insert into users (login, name, role, password_hash) values ('maria', 'Maria', 'operator', '')",
  );
});

const customers = (...records: unknown[]) => importCustomers(database, records, options);
const order = (customerSourceId: string, placedAt: string, stage: string, number = placedAt) => ({
  ...{ sourceId: `${customerSourceId}-${placedAt}`, customerSourceId, number, stage, placedAt },
  ...{ total: "10.00", currency: "RUB" },
});
const audit = async () =>
  (await database.pool.query("select actor, action, detail from audit order by id"))
    .rows as object[];

describe("who is calling", () => {
  test("one customer, by any spelling of the number", async () => {
    await customers({ sourceId: "1", name: "Мария", phones: ["8 913 000-00-01"], tier: "gold" });
    const directory = openDirectory(database, rules);
    for (const spelling of ["+79130000001", "8(913)0000001", "9130000001", "sip:79130000001@pbx"]) {
      expect(await directory.identify(spelling)).toMatchObject({
        outcome: "one",
        verified: true,
        phone: { e164: "+79130000001", display: "+7 913 000-00-01" },
        customer: { id: "1", name: "Мария", tier: "gold", tierSince: "", vip: false },
      });
    }
  });

  test("nobody, a withheld number, an extension, something unreadable", async () => {
    const directory = openDirectory(database, rules);
    expect(await directory.identify("+79130000001")).toMatchObject({
      outcome: "none",
      phone: { e164: "+79130000001" },
    });
    expect(await directory.identify("anonymous")).toEqual({ outcome: "withheld" });
    expect(await directory.identify("101")).toEqual({ outcome: "internal", extension: "101" });
    expect(await directory.identify("'; --")).toEqual({ outcome: "unreadable", raw: "'; --" });
  });

  test("several customers are ranked with the reason, none is picked", async () => {
    const phones = ["+79130000001"];
    await customers(
      { sourceId: "1", name: "No orders", phones },
      { sourceId: "2", name: "Long ago", phones },
      { sourceId: "3", name: "Open", phones },
      { sourceId: "4", name: "Lately", phones },
    );
    await importOrders(
      database,
      [
        order("2", "2020-01-01T00:00:00Z", "completed"),
        order("3", "2019-01-01T00:00:00Z", "shipped"),
        order("4", "2026-01-01T00:00:00Z", "completed"),
      ],
      options,
    );
    const found = await openDirectory(database, rules).identify("+79130000001");
    expect(found.outcome === "several" && found.candidates).toMatchObject([
      { customer: { name: "Open" }, reason: "openOrder", lastOrderAt: "2019-01-01T00:00:00.000Z" },
      { customer: { name: "Lately" }, reason: "lastOrder" },
      { customer: { name: "Long ago" }, reason: "lastOrder" },
      { customer: { name: "No orders" }, reason: "other", lastOrderAt: "" },
    ]);
  });

  test("a number shared by very many gives twenty, the chosen one first", async () => {
    const many = Array.from({ length: 500 }, (_, n) => ({
      ...{ sourceId: String(n), name: `N${n}`, phones: ["+70000000000"] },
    }));
    await customers(...many);
    const directory = openDirectory(database, { ...rules, freshMs: 0 });
    await directory.choose("+70000000000", "444", "1");
    const found = await directory.identify("+7 000 000-00-00");
    if (found.outcome !== "several") throw new Error(`outcome ${found.outcome}`);
    expect(found.candidates).toHaveLength(20);
    expect(found.candidates[0]).toMatchObject({ customer: { id: "444" }, reason: "chosenBefore" });
  });
});

describe("what operators say", () => {
  test("a choice is remembered for the phone and seen by the next look-up at once", async () => {
    const phones = ["+79130000001"];
    await customers({ sourceId: "1", name: "A", phones }, { sourceId: "2", name: "B", phones });
    const directory = openDirectory(database, rules);
    await directory.identify("+79130000001");
    await directory.choose("8 913 000 00 01", "2", "1");
    expect(await directory.identify("+79130000001")).toMatchObject({
      outcome: "several",
      candidates: [
        { customer: { name: "B" }, reason: "chosenBefore" },
        { customer: { name: "A" } },
      ],
    });
    expect(await audit()).toEqual([
      {
        actor: "maria",
        action: "customer.phoneChosen",
        detail: { customerId: "2", phone: "+79130000001" },
      },
    ]);
  });

  test("a phone that was nobody's is attached unverified", async () => {
    await customers({ sourceId: "1", name: "A", phones: ["+79130000001"] });
    const directory = openDirectory(database, rules);
    expect(await directory.identify("+79130000002")).toMatchObject({ outcome: "none" });
    await directory.attach("+79130000002", "1", "1");
    expect(await directory.identify("+79130000002")).toMatchObject({
      outcome: "one",
      verified: false,
      customer: { name: "A" },
    });
    expect(await directory.identify("+79130000001")).toMatchObject({ verified: true });
    expect(await audit()).toMatchObject([{ actor: "maria", action: "customer.phoneAttached" }]);
  });

  test("attaching a verified phone again does not make it unverified", async () => {
    await customers({ sourceId: "1", name: "A", phones: ["+79130000001"] });
    const directory = openDirectory(database, rules);
    await directory.attach("+79130000001", "1", "1");
    expect(await directory.identify("+79130000001")).toMatchObject({ verified: true });
  });

  test("a new customer is known by its phone at once", async () => {
    const directory = openDirectory(database, rules);
    await directory.identify("+79130000005");
    const made = await directory.create(
      { name: " Новый\nКлиент ", phone: "8 913 000-00-05", city: "Томск" },
      "1",
    );
    expect(made).toMatchObject({ name: "Новый Клиент", city: "Томск" });
    expect(await directory.customer(made.id)).toEqual(made);
    expect(await directory.identify("+79130000005")).toMatchObject({
      outcome: "one",
      customer: made,
      verified: false,
    });
    expect(await audit()).toMatchObject([{ actor: "maria", action: "customer.created" }]);
  });

  test("what cannot be is refused by name and leaves nothing behind", async () => {
    const directory = openDirectory(database, rules);
    await expect(directory.choose("+79130000001", "99", "1")).rejects.toMatchObject({
      code: "noSuchCustomer",
    });
    await expect(directory.attach("call me", "1", "1")).rejects.toMatchObject({ code: "badPhone" });
    await expect(directory.create({ name: " ", phone: "+79130000001" }, "1")).rejects.toMatchObject(
      { code: "badName" },
    );
    await expect(directory.attach("+79130000001", "1; drop table", "1")).rejects.toMatchObject({
      code: "noSuchCustomer",
    });
    expect(await audit()).toEqual([]);
    expect(await directory.identify("+79130000001")).toMatchObject({ outcome: "none" });
  });

  test("a choice made in one process is seen by the others", async () => {
    const phones = ["+79130000001"];
    await customers({ sourceId: "1", name: "A", phones });
    const bus = localBus((error) => {
      throw error;
    });
    const here = openDirectory(database, { ...rules, bus });
    const there = openDirectory(database, { ...rules, bus });
    expect(await there.identify("+79130000002")).toMatchObject({ outcome: "none" });
    await here.attach("+79130000002", "1", "1");
    expect(await there.identify("+79130000002")).toMatchObject({ outcome: "one" });
  });

  test("a choice whose hint was lost is seen once that is told", async () => {
    await customers({ sourceId: "1", name: "A", phones: ["+79130000001"] });
    const bus = localBus((error) => {
      throw error;
    });
    const here = openDirectory(database, rules);
    const there = openDirectory(database, { ...rules, bus, freshMs: 3_600_000 });
    expect(await there.identify("+79130000002")).toMatchObject({ outcome: "none" });
    await here.attach("+79130000002", "1", "1");
    expect(await there.identify("+79130000002")).toMatchObject({ outcome: "none" });
    bus.publish("hintsLost", {});
    expect(await there.identify("+79130000002")).toMatchObject({ outcome: "one" });
  });
});

describe("search", () => {
  beforeEach(async () => {
    await customers(
      { sourceId: "1", name: "Фёдоров Иван", phones: ["+79130000001"], email: "Fedorov@shop.ru" },
      { sourceId: "2", name: "Иванова Анна", phones: ["+79130000002", "+79990001122"] },
      { sourceId: "3", name: "Петров-Водкин Кузьма", phones: ["+380671234567"] },
      { sourceId: "4", name: "O'Brien, Conan", phones: [] },
    );
    await importOrders(database, [order("3", "2026-01-01T00:00:00Z", "new", "A-1024")], options);
  });
  const search = async (text: string, limit = 10) =>
    (await openDirectory(database, rules).search(text, limit)).map((one) => one.name);

  test.each([
    ["иван", ["Иванова Анна", "Фёдоров Иван"]],
    ["федоров", ["Фёдоров Иван"]],
    ["анна иванова", ["Иванова Анна"]],
    ["водкин", ["Петров-Водкин Кузьма"]],
    ["Петров-В", ["Петров-Водкин Кузьма"]],
    ["o'br", ["O'Brien, Conan"]],
    ["8 913 000-00-02", ["Иванова Анна"]],
    ["913000", ["Иванова Анна", "Фёдоров Иван"]],
    ["1122", ["Иванова Анна"]],
    ["+38067", ["Петров-Водкин Кузьма"]],
    ["FEDOROV@", ["Фёдоров Иван"]],
    ["A-1024", ["Петров-Водкин Кузьма"]],
    ["никто", []],
    ["%", []],
    ["'", []],
    ["' & | ! ( ) :* \\ '", []],
  ])("%s finds %j", async (text, names) => {
    expect(await search(text)).toEqual(names);
  });

  test("gives the phones of each and no more than asked for", async () => {
    expect(await search("иван", 1)).toHaveLength(1);
    const [found] = await openDirectory(database, rules).search("анна", 10);
    expect(found?.phones).toEqual(["+79130000002", "+79990001122"]);
  });
});

describe("a database in trouble", () => {
  const opened: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of opened.splice(0)) await close();
  });
  function separateStorage(url = database.url) {
    const storage = openStorage(url, { maxConnections: 2 });
    opened.push(() => storage.close());
    return storage;
  }

  test("that is late gives a failed look-up within the deadline, not an exception", async () => {
    const storage = separateStorage();
    const locker = await database.pool.connect();
    try {
      await locker.query("begin; lock table customer_phones");
      const directory = openDirectory(storage, { ...rules, deadlineMs: 50 });
      expect(await directory.identify("+79130000001")).toEqual({
        outcome: "failed",
        raw: "+79130000001",
        reason: "directoryLate",
      });
    } finally {
      await locker.query("rollback");
      locker.release();
    }
  });

  test("that is away gives a failed look-up with its reason", async () => {
    const url = new URL(database.url);
    url.port = "1";
    const directory = openDirectory(separateStorage(url.href), { ...rules, deadlineMs: 2000 });
    expect(await directory.identify("+79130000001")).toMatchObject({
      outcome: "failed",
      reason: "directoryDown",
    });
  });

  test("that goes away still lets recent callers be recognised", async () => {
    await customers({ sourceId: "1", name: "A", phones: ["+79130000001"] });
    const storage = openStorage(database.url, { maxConnections: 2 });
    const directory = openDirectory(storage, { ...rules, freshMs: 0 });
    await directory.identify("+79130000001");
    await storage.close();
    expect(await directory.identify("+79130000001")).toMatchObject({
      outcome: "one",
      customer: { name: "A" },
      fromMemory: true,
    });
    expect(await directory.identify("+79130000002")).toMatchObject({ outcome: "failed" });
  });

  test("an answer is used again while it is fresh, and asked anew once customers changed", async () => {
    await customers({ sourceId: "1", name: "Before", phones: ["+79130000001"] });
    const directory = openDirectory(database, { ...rules, freshMs: 60_000 });
    await directory.identify("+79130000001");
    await customers({ sourceId: "1", name: "After" });
    expect(await directory.identify("+79130000001")).toMatchObject({
      customer: { name: "Before" },
    });
    directory.customersChanged();
    expect(await directory.identify("+79130000001")).toMatchObject({ customer: { name: "After" } });
  });

  test("a look-up under way when an operator writes is not what is remembered", async () => {
    await customers({ sourceId: "1", name: "A", phones: ["+79130000001"] });
    const directory = openDirectory(database, { ...rules, freshMs: 60_000, deadlineMs: 5000 });
    const early = directory.identify("+79130000002");
    const attached = directory.attach("+79130000002", "1", "1");
    await Promise.all([early, attached]);
    expect(await directory.identify("+79130000002")).toMatchObject({ outcome: "one" });
  });
});
