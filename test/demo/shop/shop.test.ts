import { parsePhoneNumberFromString } from "libphonenumber-js/max";
import { describe, expect, test } from "vitest";
import { readCustomer } from "../../../server/customers/record.ts";
import { readPhone } from "../../../server/customers/phone.ts";
import { demoLandline, demoMobile, writtenForms } from "../../../server/demo/shop/numbers.ts";
import { readCart, readClaim } from "../../../server/orders/unsettled-record.ts";
import { makeDemoShop } from "../../../server/demo/shop/shop.ts";

const nowMs = Date.parse("2026-11-22T12:00:00Z");
const shop = makeDemoShop({ nowMs });

test("the same seed and day give the same shop, another seed another one", () => {
  expect(makeDemoShop({ nowMs })).toEqual(shop);
  expect(makeDemoShop({ nowMs, seed: 8 }).customers[0]).not.toEqual(shop.customers[0]);
});

describe("customers", () => {
  const phones = shop.customers.flatMap((each) => each.phones);

  test("are as many as asked for, each with an id of their own and a phone", () => {
    expect(shop.customers).toHaveLength(2000);
    expect(new Set(shop.customers.map((each) => each.sourceId)).size).toBe(2000);
    expect(shop.customers.every((each) => each.phones.length > 0)).toBe(true);
  });

  test("have valid numbers of their country, on lines that nobody has", () => {
    for (const customer of shop.customers) {
      for (const phone of customer.phones) {
        const parsed = parsePhoneNumberFromString(phone);
        expect(parsed?.isValid()).toBe(true);
        expect(parsed?.country).toBe(customer.country);
        expect(phone).toMatch(/^\+7943000|^\+38079000|^\+7764000|^\+7\d{3}000|^\+380\d\d000/);
      }
    }
  });

  test("share phones within families, never across surnames of one name", () => {
    const owners = new Map<string, string[]>();
    for (const each of shop.customers)
      for (const phone of each.phones) owners.set(phone, [...(owners.get(phone) ?? []), each.city]);
    const shared = [...owners.values()].filter((each) => each.length > 1);
    expect(shared.length).toBeGreaterThan(100);
    for (const cities of shared) expect(new Set(cities).size).toBe(1);
  });

  test("are of every tier, with and without e-mail, in many cities and zones", () => {
    const count = (test: (each: (typeof shop.customers)[number]) => boolean): number =>
      shop.customers.filter(test).length;
    for (const tier of ["", "silver", "gold", "platinum"])
      expect(count((each) => each.tier === tier)).toBeGreaterThan(40);
    expect(count((each) => each.vip)).toBeGreaterThan(10);
    expect(count((each) => each.email === "")).toBeGreaterThan(100);
    expect(new Set(shop.customers.map((each) => each.timeZone)).size).toBeGreaterThan(8);
    for (const each of shop.customers) {
      expect(each.tier === "" ? each.tierSince === "" : each.tierSince >= each.customerSince).toBe(
        true,
      );
      expect(Date.parse(each.customerSince)).toBeLessThan(nowMs);
    }
    expect(new Set(phones).size).toBeLessThan(phones.length);
  });

  test("are records that a load takes", () => {
    for (const { country: _country, ...record } of shop.customers)
      readCustomer(record, { defaultRegion: "RU", source: "shop" });
  });
});

describe("orders", () => {
  const customers = new Map(shop.customers.map((each) => [each.sourceId, each]));
  const products = new Set(shop.products.map((each) => each.sourceId));

  test("belong to customers, name products, and add up", () => {
    expect(shop.orders).toHaveLength(8000);
    expect(shop.products.length).toBeGreaterThan(140);
    expect(new Set(shop.orders.map((each) => each.number)).size).toBe(8000);
    for (const order of shop.orders) {
      const customer = customers.get(order.customerSourceId)!;
      expect(order.currency).toBe({ RU: "RUB", UA: "UAH", KZ: "KZT" }[customer.country]);
      expect(order.lines.every((line) => products.has(line.productSourceId))).toBe(true);
      const sum = order.lines.reduce((total, line) => total + line.quantity * line.priceMinor, 0);
      expect(order.totalMinor).toBe(sum);
      expect(Number.isSafeInteger(sum) && sum > 0).toBe(true);
    }
  });

  test("reach over two years up to now; only young ones are open", () => {
    const ages = shop.orders.map((each) => (nowMs - Date.parse(each.placedAt)) / 86_400_000);
    expect(Math.min(...ages)).toBeGreaterThan(0);
    expect(Math.min(...ages)).toBeLessThan(1);
    expect(Math.max(...ages)).toBeGreaterThan(600);
    expect(Math.max(...ages)).toBeLessThanOrEqual(731);
    for (const each of shop.orders) {
      const closed = ["completed", "cancelled", "returned"].includes(each.stage);
      if (nowMs - Date.parse(each.placedAt) > 15 * 86_400_000) expect(closed).toBe(true);
      expect(each.updatedAt >= each.placedAt).toBe(true);
      expect(Date.parse(each.updatedAt)).toBeLessThanOrEqual(nowMs);
    }
    expect(new Set(shop.orders.map((each) => each.stage)).size).toBe(9);
  });

  test("of loyal customers are more than of others", () => {
    const mean = (tier: string): number => {
      const ids = shop.customers.filter((each) => each.tier === tier).map((each) => each.sourceId);
      return shop.orders.filter((each) => ids.includes(each.customerSourceId)).length / ids.length;
    };
    expect(mean("platinum")).toBeGreaterThan(mean("gold"));
    expect(mean("gold")).toBeGreaterThan(mean("silver"));
    expect(mean("silver")).toBeGreaterThan(mean(""));
  });
});

describe("numbers", () => {
  test("every written form means the same phone to the directory", () => {
    const samples = [
      demoMobile("RU", 42),
      demoMobile("UA", 42),
      demoMobile("KZ", 42),
      demoLandline("+7383", 7),
    ];
    for (const e164 of samples)
      for (const form of writtenForms(e164)) {
        const region = e164.startsWith("+380") ? "UA" : "RU";
        expect(`${form} is ${readPhone(form, region)?.e164}`).toBe(`${form} is ${e164}`);
      }
  });

  test("beyond the block are refused", () => {
    expect(() => demoMobile("RU", 10_000)).toThrow("demo number out of range");
  });
});

describe("what is not settled", () => {
  const open = shop.claims.filter((each) => each.closedAt === "");

  test("is enough of everything that a rule has somebody to meet", () => {
    const late = shop.orders.filter(
      ({ stage, promisedAt }) =>
        ["confirmed", "paid", "assembling", "shipped"].includes(stage) &&
        Date.parse(promisedAt) < nowMs,
    );
    expect(late.length).toBeGreaterThan(10);
    expect(open.length).toBeGreaterThan(5);
    expect(shop.claims.length).toBeGreaterThan(open.length);
    expect(shop.carts.filter((each) => each.orderedAt === "").length).toBeGreaterThan(50);
    for (const segment of ["wholesale", "parents", "gifts"])
      expect(
        shop.customers.filter((each) => each.segments.includes(segment)).length,
      ).toBeGreaterThan(40);
  });

  test("is in the past, of customers, and what a load takes", () => {
    const options = { defaultRegion: "RU", source: "shop" } as const;
    const ids = new Set(shop.customers.map((each) => each.sourceId));
    for (const claim of shop.claims) {
      const { customerSourceId, openedAt, closedAt } = readClaim(claim, options);
      expect(ids.has(customerSourceId)).toBe(true);
      expect(Date.parse(openedAt)).toBeLessThan(nowMs);
      if (closedAt !== "") expect(closedAt! > openedAt).toBe(true);
    }
    for (const cart of shop.carts) {
      const { leftAt, orderedAt, totalMinor } = readCart(cart, options);
      expect(Date.parse(leftAt)).toBeLessThan(nowMs);
      expect(totalMinor).toBeGreaterThan(0);
      if (orderedAt !== "") expect(Date.parse(orderedAt!)).toBeLessThanOrEqual(nowMs);
    }
  });
});
