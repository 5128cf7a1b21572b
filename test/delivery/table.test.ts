import fc from "fast-check";
import { expect, test } from "vitest";
import { roundedUp } from "../../server/delivery/ask.ts";
import { parcelOf } from "../../server/delivery/parcel.ts";
import { quoteByTable } from "../../server/delivery/providers/table.ts";
import {
  ProviderSettings,
  keepingSecrets,
  withoutSecrets,
  wrongIn,
} from "../../server/delivery/settings.ts";
import { Value } from "typebox/value";
import { place, question, table } from "./samples.ts";

const price = (asked: Parameters<typeof question>[0], settings = table()) =>
  quoteByTable("own", settings, question({ declaredMinor: 0, ...asked }), 0)[0]!.priceMinor;
const moscow = place({ city: "г. Москва" });

test.each([
  ["the lightest band", { to: moscow, parcels: [{ grams: 900, size: null }] }, 30_000],
  ["the next band", { to: moscow, parcels: [{ grams: 1001, size: null }] }, 45_000],
  [
    "kilograms over it, begun ones whole",
    { to: moscow, parcels: [{ grams: 6100, size: null }] },
    55_000,
  ],
  [
    "volume that weighs more",
    { to: moscow, parcels: [{ grams: 500, size: [400, 300, 200] }] },
    45_000,
  ],
  [
    "two parcels",
    {
      to: moscow,
      parcels: [
        { grams: 900, size: null },
        { grams: 900, size: null },
      ],
    },
    60_000,
  ],
  [
    "insurance of the value",
    { to: moscow, declaredMinor: 100_000, parcels: [{ grams: 1, size: null }] },
    30_500,
  ],
  [
    "and the money on delivery",
    {
      to: moscow,
      declaredMinor: 100_000,
      cashOnDelivery: true,
      parcels: [{ grams: 1, size: null }],
    },
    32_500,
  ],
  ["another zone by its postal code", { parcels: [{ grams: 900, size: null }] }, 60_000],
] as const)("a table reckons %s", (_, asked, expected) => {
  expect(price(asked as Parameters<typeof question>[0])).toBe(expected);
});

test.each([
  ["another country", { to: place({ country: "KZ", city: "Москва" }) }, "notServed"],
  ["a town of no zone", { to: place({ city: "Тверь", postalCode: "170000" }) }, "notServed"],
  ["another currency", { currency: "UAH" }, "notServed"],
  [
    "too heavy without a price for kilograms",
    { parcels: [{ grams: 2100, size: null }] },
    "tooLarge",
  ],
] as const)("a table says no to %s", (_, asked, why) => {
  expect(() => price(asked as Parameters<typeof question>[0])).toThrow(why);
});

test("a heavier parcel never costs less, and every price is an estimate", () => {
  fc.assert(
    fc.property(fc.nat({ max: 30_000 }), fc.nat({ max: 30_000 }), (a, b) => {
      const [light, heavy] = [Math.min(a, b) + 1, Math.max(a, b) + 1];
      const of = (grams: number) => price({ to: moscow, parcels: [{ grams, size: null }] });
      expect(of(heavy)).toBeGreaterThanOrEqual(of(light));
    }),
  );
  expect(quoteByTable("own", table(), question(), 0)[0]).toMatchObject({ told: "estimate" });
});

test("parcels that differ by grams are one question, and never a lighter one", () => {
  const asked = roundedUp(question({ parcels: [{ grams: 1201, size: [301, 200, 99] }] }));
  expect(asked.parcels).toEqual([{ grams: 1300, size: [310, 200, 100] }]);
});

test("the parcel of some goods holds their weight and their volume", () => {
  const goods = [
    { quantity: 2, grams: 300, size: [100, 200, 50] as const },
    { quantity: 1, grams: 100, size: [10, 20, 30] as const },
  ];
  const parcel = parcelOf(goods, null)!;
  expect(parcel.grams).toBe(700);
  const [l, w, h] = parcel.size!;
  expect([l, w]).toEqual([200, 100]);
  expect(l * w * h).toBeGreaterThanOrEqual(2 * 100 * 200 * 50 + 10 * 20 * 30);
  expect(parcelOf([{ quantity: 1, grams: null, size: null }], null)).toBeNull();
  expect(parcelOf([{ quantity: 3, grams: null, size: null }], 500)).toEqual({
    grams: 1500,
    size: null,
  });
});

test("a table that cannot be meant is refused with the place", () => {
  const [service] = table().services;
  const [city, siberia] = service!.zones;
  const withZones = (...zones: (typeof city)[]) =>
    wrongIn(table({ services: [{ ...service!, zones: zones as never }] }));
  expect(withZones({ ...city!, days: [3, 1] })).toEqual({
    field: "services.0.zones.0.days",
    why: "at least is more than at most",
  });
  expect(withZones({ ...city!, bands: city!.bands.toReversed() })?.field).toBe(
    "services.0.zones.0.bands.1.upToGrams",
  );
  expect(withZones({ ...city!, where: {} }, siberia)?.why).toContain("never reached");
  expect(wrongIn(table({ services: [service!, service!] }))?.field).toBe("services.1.name");
  expect(wrongIn(table())).toBeNull();
  expect(Value.Check(ProviderSettings, table())).toBe(true);
  expect(Value.Check(ProviderSettings, { ...table(), kind: "dhl" })).toBe(false);
});

test("secrets never come out, stay when they are left out, and go with the carrier's kind", () => {
  const before = { kind: "cdek", account: "shop", password: "s3cret" } as const;
  const shown = withoutSecrets(before);
  expect(JSON.stringify(shown)).not.toContain("s3cret");
  expect(shown.hasSecrets).toEqual(["password"]);
  expect(keepingSecrets({ kind: "cdek", account: "other" }, before)).toEqual({
    ...{ kind: "cdek", account: "other", password: "s3cret" },
  });
  expect(keepingSecrets({ kind: "novaPoshta" }, before)).toEqual({ kind: "novaPoshta" });
});
