import { expect, test } from "vitest";
import { describePhone } from "../../server/customers/phone.ts";
import { RUSSIAN_ZONES, placeOfNumber } from "../../server/customers/phone-places.ts";

test("a Russian mobile may be anywhere in the country", () => {
  expect(describePhone("+79240000001").timeZones).toEqual(RUSSIAN_ZONES);
  const offsets = RUSSIAN_ZONES.map((zone) => offsetHours(zone));
  expect(offsets).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

test.each([
  ["+74232345678", "Приморский край", [10]],
  ["+73432345678", "Свердловская область", [5]],
  ["+74012345678", "Калининградская область", [2]],
  ["+78462345678", "Самарская область", [4]],
  ["+74112345678", "Республика Саха (Якутия)", [9, 10, 11]],
  ["+74952345678", "Москва", [3]],
])("a fixed line tells its region: %s", (e164, region, hours) => {
  const place = placeOfNumber(e164, "RU");
  expect(place.region).toBe(region);
  expect(place.timeZones.map(offsetHours)).toEqual(hours);
});

test.each([
  ["+77011234567", [5]],
  ["+380671234567", [2]],
  ["+375291234567", [3]],
  ["+998901234567", [5]],
  ["+4915112345678", [1]],
])("countries with one zone tell it: %s", (e164, hours) => {
  expect(describePhone(e164).timeZones.map(offsetHours)).toEqual(hours);
});

test("a country with many zones tells none", () => {
  expect(describePhone("+12025550143").timeZones).toEqual([]);
});

/** Winter offset, as this runtime's zone data has it; throws for a zone that does not exist. */
function offsetHours(timeZone: string): number {
  const winter = new Date("2026-01-15T12:00:00Z");
  const name = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" })
    .formatToParts(winter)
    .find((part) => part.type === "timeZoneName")!.value;
  const [, sign, hours] = /^GMT([+-])(\d\d):00$/.exec(name) ?? [];
  return Number(`${sign}${hours}`);
}
