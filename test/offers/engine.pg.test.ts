import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Give } from "../../server/offers/rules.ts";
import { type OffersHouse, addCustomer, addOrder, addProducts, openOffersHouse } from "./house.ts";
import { BATTERIES, NO_LIMITS, NOON_MS, percentOff, settings } from "./samples.ts";

let house: OffersHouse;
beforeAll(async () => {
  house = await openOffersHouse();
});
afterAll(() => house.close());
beforeEach(async () => {
  house.nowMs = NOON_MS;
  await house.judged();
  await house.database.pool.query(
    "truncate customers, products, orders, offer_rules, offer_showings, goes_with, claims restart identity cascade",
  );
  await house.offers.book.load();
});

const robot = {
  name: "robot",
  priceMinor: 300_000,
  attributes: { batteries: "AA", batteryCount: 3 },
};
const batteries = {
  ...{ name: "aa", category: "Batteries", priceMinor: 20_000 },
  attributes: { size: "AA", packSize: 4 },
};
const cart = (...ids: string[]) => ids.map((id) => ({ id, quantity: 1 }));
const ask = (body: object) => house.ask("POST", "offers", body, "integrator");
const promote = (...products: string[]): Give => ({ kind: "promotion", products });

describe("POST /api/v1/offers", () => {
  test("a toy without batteries gets batteries in the right number, as in the shop's own catalogue now", async () => {
    await addProducts(house, [robot, batteries]);
    await house.addRule(settings(BATTERIES));
    const { status, body } = await ask({
      source: "s",
      currency: "RUB",
      lines: [{ productId: "p-robot", quantity: 3 }],
    });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        ...{ customerId: null, unknownLines: [], silentBecause: null, tier: "" },
        offers: [
          {
            ...{ kind: "needed", quantity: 3, priceMinor: 20_000, amountMinor: 60_000 },
            product: { id: "2", sku: "SKU-aa", stock: 50 },
            reasons: [{ code: "needs", product: "robot", quantity: 9 }, { code: "rule" }],
          },
        ],
      },
    });
    // Sold out a moment ago.
    await house.database.pool.query("update products set stock = 2 where id = 2");
    expect((await ask({ currency: "RUB", lines: [{ id: "1", quantity: 3 }] })).body.offers).toEqual(
      [],
    );
  });

  test("customers and products can be named by our ids, the source's, article numbers, a phone", async () => {
    await addProducts(house, [robot, batteries]);
    const { id, sourceId, phone } = await addCustomer(house, { tier: "gold", bonusMinor: 900 });
    await house.addRule(settings(percentOff(10), { when: [{ fact: "tier", in: ["Gold"] }] }));
    const said = {
      customerId: id,
      tier: "gold",
      bonusMinor: 900,
      offers: [{ amountMinor: -30_000 }],
    };
    for (const customer of [{ id }, { sourceId }, { phone }])
      for (const line of [{ id: "1" }, { productId: "p-robot" }, { sku: "sku-ROBOT" }]) {
        const { body } = await ask({
          ...{ source: "s", currency: "RUB", customer, lines: [{ ...line, quantity: 1 }] },
        });
        expect(body).toMatchObject(said);
      }
    // A phone that two have is nobody's in particular.
    const other = await addCustomer(house);
    await house.database.db
      .insertInto("customer_phones")
      .values({ e164: phone, customer_id: other.id })
      .execute();
    const { body } = await ask({ currency: "RUB", customer: { phone }, lines: cart("1") });
    expect(body).toMatchObject({ customerId: null, offers: [] });
    const stranger = await ask({ currency: "RUB", customer: { id: "99" }, lines: cart("1") });
    expect(stranger.body).toMatchObject({ customerId: null });
  });

  test("lines nobody knows are told by their places and left out", async () => {
    await addProducts(house, [robot]);
    await house.addRule(settings(percentOff(10)));
    const lines = [
      { productId: "gone", quantity: 1, priceMinor: 500 },
      { productId: "p-robot", quantity: 1 },
      { id: "77", quantity: 1 },
    ];
    const { body } = await ask({ source: "s", currency: "RUB", lines });
    expect(body).toMatchObject({ unknownLines: [0, 2], offers: [{ amountMinor: -30_000 }] });
  });

  test("a question that cannot be understood says which field is wrong", async () => {
    const wrong = async (body: object) => {
      const { status, body: said } = await ask(body);
      expect(status).toBe(400);
      return (said as { error: { field: string } }).error.field;
    };
    const line = { id: "1", quantity: 1 };
    expect(await wrong({ lines: [{ id: "1" }] })).toBe("body.lines.0.quantity");
    expect(await wrong({ lines: [{ ...line, quantity: 0 }] })).toBe("body.lines.0.quantity");
    expect(await wrong({ lines: [{ quantity: 1 }] })).toBe("body.lines.0");
    expect(await wrong({ lines: [{ ...line, sku: "A" }] })).toBe("body.lines.0");
    expect(await wrong({ lines: [{ sku: "A", quantity: 1 }] })).toBe("body.source");
    expect(await wrong({ lines: [], customer: { sourceId: "1" } })).toBe("body.source");
    expect(await wrong({ lines: [], customer: { phone: "nobody" } })).toBe("body.customer.phone");
    expect(await wrong({ lines: [], customer: { id: "1", phone: "1" } })).toBe("body.customer");
    expect(await wrong({ lines: [], currency: "rub" })).toBe("body.currency");
    expect(await wrong({ lines: [], why: 1 })).toBe("body.why");
    // A site's token or an operator; nobody else.
    expect((await house.ask("POST", "offers", { lines: [] }, "nobody")).status).toBe(401);
    expect((await house.ask("POST", "offers", { lines: [] }, "operator")).status).toBe(200);
  });

  test("nothing while a claim is open, and never what they returned or complained about", async () => {
    await addProducts(
      house,
      ["a", "b", "c", "d"].map((name) => ({ name })),
    );
    const { id } = await addCustomer(house);
    await addOrder(house, id, { stage: "returned", products: ["p-b"] });
    await house.addRule(settings(promote("2")));
    await house.addRule(settings(promote("3")));
    await house.addRule(settings(promote("4")));
    const claim = { source: "s", customer_id: id, opened_at: new Date(NOON_MS) };
    const { db } = house.database;
    await db
      .insertInto("claims")
      .values({ ...claim, source_id: "1", product_id: "3", closed_at: new Date(NOON_MS) })
      .execute();
    const question = { currency: "RUB", customer: { id }, lines: cart("1") };
    const { body } = await house.ask("POST", "offers/explain", question, "operator");
    expect(body).toMatchObject({
      offers: [{ product: { id: "4" } }],
      givenUp: [{ because: "unwanted" }, { because: "unwanted" }],
    });
    await db
      .insertInto("claims")
      .values({ ...claim, source_id: "2" })
      .execute();
    expect((await ask(question)).body).toMatchObject({ offers: [], silentBecause: "openClaim" });
  });

  test("rules ask what somebody bought: how much, how often, of what", async () => {
    await addProducts(house, [robot, { ...batteries, name: "b" }]);
    const { id } = await addCustomer(house);
    await addOrder(house, id, { totalMinor: 5000, products: ["p-b"], daysAgo: 40 });
    await addOrder(house, id, { totalMinor: 9000, stage: "cancelled", products: ["p-robot"] });
    await house.judged();
    const bought = (categories: string[], own: object = {}) =>
      house.addRule(settings(percentOff(1), { when: [{ fact: "bought", categories, ...own }] }));
    const batteriesEver = await bought(["batteries"]);
    await bought(["Batteries"], { withinDays: 30 });
    const neverToys = await bought(["Toys"], { not: true });
    const once = await house.addRule(
      settings(percentOff(1), {
        when: [
          { fact: "purchases", atLeast: 1, atMost: 1 },
          { fact: "spent", atLeastMinor: 5000, atMostMinor: 5000 },
        ],
      }),
    );
    const { body } = await ask({ currency: "RUB", customer: { id }, lines: cart("1") });
    const rules = (body as { offers: { ruleId: string }[] }).offers.map(({ ruleId }) => ruleId);
    expect(rules).toEqual([batteriesEver, neverToys, once]);
  });

  test("what was learned is offered beside, at a rule's price where one holds", async () => {
    await addProducts(house, [
      ...[robot, { ...batteries, costMinor: 5000 }, { name: "c" }, { name: "d", stock: 0 }],
    ]);
    await house.database.pool.query(
      "insert into goes_with values (1, 2, 43, 120, 0.5), (1, 3, 20, 120, 0.3), (1, 4, 90, 120, 0.9)",
    );
    const give: Give = {
      ...{ kind: "personalPrice", products: [], categories: ["Batteries"] },
      ...{ percent: 25, priceMinor: null },
    };
    await house.addRule(settings(give, { limits: { ...NO_LIMITS, marginFloorPercent: 50 } }));
    const { body } = await ask({ currency: "RUB", lines: cart("1") });
    expect(body.offers).toMatchObject([
      {
        ...{ kind: "personalPrice", priceMinor: 15_000 },
        reasons: [{ code: "rule" }, { code: "boughtTogether", together: 43, of: 120 }],
      },
      { kind: "goesWith", product: { id: "3" } },
    ]);
  });
});

describe("the same question gets the same answer", () => {
  test("from the card and from the endpoint", async () => {
    await addProducts(house, [robot, batteries, { name: "c" }]);
    const { id, phone } = await addCustomer(house, { segments: ["newborn"] });
    await house.database.pool.query("insert into goes_with values (1, 3, 20, 120, 0.3)");
    await house.addRule(settings(BATTERIES));
    const newborn = [{ fact: "segment", in: ["newborn"] }] as const;
    await house.addRule(settings(percentOff(5), { when: newborn }));
    const card = await house.offers.engine.offersFor({
      ...{ customerId: id, currency: "RUB", channel: "operator", nowMs: house.nowMs },
      lines: [{ productId: "1", quantity: 2, priceMinor: 300_000 }],
    });
    expect(card.offers.map(({ kind }) => kind)).toEqual(["needed", "discount", "goesWith"]);
    const { body } = await ask({
      ...{ source: "s", customer: { phone }, currency: "RUB", channel: "site" },
      lines: [{ productId: "p-robot", quantity: 2 }],
    });
    expect(body).toEqual({ ...card, customerId: id, unknownLines: [] });
  });
});

describe("what was shown and answered", () => {
  test("a visit's offers keep their ids; taken ones count against the limits at once", async () => {
    await addProducts(house, [robot]);
    const { id } = await addCustomer(house);
    const limits = { ...NO_LIMITS, uses: 2, usesPerCustomer: 1 };
    const rule = await house.addRule(settings(percentOff(10), { limits }));
    const question = { currency: "RUB", customer: { id }, lines: cart("1"), visit: "v1" };
    const first = (await ask(question)).body.offers[0];
    expect(first).toMatchObject({ ruleId: rule, answer: "" });
    expect((await ask(question)).body.offers[0]).toMatchObject({ showingId: first.showingId });
    const said = { showingId: first.showingId, answer: "accepted" };
    const { status, body } = await house.ask("POST", "offers/answers", said, "integrator");
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { offer: { answer: "accepted" } },
    });
    const { body: explained } = await house.ask("POST", "offers/explain", question);
    expect(explained).toMatchObject({ offers: [], givenUp: [{ because: "usedByCustomer" }] });

    const other = await addCustomer(house);
    const again = { ...question, customer: { id: other.id }, visit: "v2" };
    const second = (await ask(again)).body.offers[0];
    await house.ask("POST", "offers/answers", { ...said, showingId: second.showingId });
    const third = await addCustomer(house);
    const late = { ...question, customer: { id: third.id }, visit: "v3" };
    expect((await house.ask("POST", "offers/explain", late)).body.givenUp).toMatchObject([
      { because: "usedUp" },
    ]);
    expect((await house.ask("GET", `offers/rules/${rule}`)).body).toMatchObject({ uses: 2 });
    const nothing = { ...said, showingId: "00000000-0000-4000-8000-000000000000" };
    expect((await house.ask("POST", "offers/answers", nothing)).status).toBe(404);
    expect((await house.ask("POST", "offers/answers", { ...said, answer: "no" })).status).toBe(400);
  });

  test("a limit of a day is over with the shop's day", async () => {
    await addProducts(house, [robot]);
    const limits = { ...NO_LIMITS, usesPerDay: 1 };
    const rule = await house.addRule(settings(percentOff(10), { limits }));
    const midnightMs = Date.parse("2026-11-21T21:00:00Z");
    const taken = async (atMs: number) =>
      house.database.pool.query(
        `insert into offer_showings (id, offer_key, kind, rule_id, channel, occasion, place, confidence, reason, answer, answered_at)
         values (gen_random_uuid(), 'rule:' || $1::text, 'discount', $1::bigint, 'site', $2::text, 0, 1, '[]', 'accepted', $3)`,
        [rule, String(atMs), new Date(atMs)],
      );
    const question = { currency: "RUB", lines: cart("1") };
    const given = async () => {
      house.offers.engine.usesChanged();
      return (await ask(question)).body.offers.length;
    };
    await taken(midnightMs - 1);
    expect(await given()).toBe(1);
    await taken(midnightMs);
    expect(await given()).toBe(0);
    house.nowMs += 12 * 3_600_000;
    expect(await given()).toBe(1);
  });
});
