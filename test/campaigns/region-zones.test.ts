import { expect, test } from "vitest";
import { postalZones, regionZones, townZones } from "../../server/campaigns/region-zones.ts";
import { REGIONS, TOWNS } from "../../server/campaigns/russian-places.ts";
import { placeOfNumber } from "../../server/customers/phone-places.ts";
import { wallOf } from "./samples.ts";

const SUMMER_MS = Date.parse("2026-07-01T12:00:00Z");
const clocks = (zones: readonly string[]) =>
  [...new Set(zones.map((zone) => wallOf(zone, SUMMER_MS).time))].toSorted();

test("regions of the plan of numbers have the same clock here", () => {
  const seen = new Set<string>();
  for (let area = 300; area < 900; area++) {
    const { region, timeZones } = placeOfNumber(`+7${area}1234567`, "RU");
    if (region === "") continue;
    seen.add(region);
    expect([region, clocks(regionZones(region))]).toEqual([region, clocks(timeZones)]);
  }
  expect(seen.size).toBeGreaterThan(80);
});

test("indices tell what their regions tell", () => {
  const pairs = [
    ["119991", "Москва"],
    ["350000", "Краснодарский край"],
    ["414000", "Астраханская область"],
    ["450000", "Башкортостан"],
    ["614000", "Пермский край"],
    ["628400", "ХМАО"],
    ["633010", "Новосибирская область"],
    ["634050", "Томская область"],
    ["649000", "Республика Алтай"],
    ["655000", "Хакасия"],
    ["660000", "Красноярский край"],
    ["670000", "Бурятия"],
    ["675000", "Амурская область"],
    ["678960", "Якутия"],
    ["680000", "Хабаровский край"],
    ["693000", "Сахалинская область"],
    ["295000", "Республика Крым"],
  ] as const;
  for (const [index, region] of pairs) {
    expect(regionZones(region)).not.toEqual([]);
    expect([index, postalZones(index)]).toEqual([index, regionZones(region)]);
  }
  for (const index of ["", "12345", "1234567", "000000", "217000", "63009A"])
    expect([index, postalZones(index)]).toEqual([index, []]);
});

test("no name and no index belongs to two regions, and towns stand under regions that exist", () => {
  const names = REGIONS.flatMap((region) => region.names);
  expect(new Set(names).size).toBe(names.length);
  const prefixes = REGIONS.flatMap(({ postal }) =>
    postal.split(" ").flatMap((part) => {
      const [first = 0, last = first] = part.split("-").map(Number);
      return part === "" ? [] : Array.from({ length: last - first + 1 }, (_, at) => first + at);
    }),
  );
  expect(new Set(prefixes).size).toBe(prefixes.length);
  expect(prefixes.every((prefix) => prefix >= 101 && prefix <= 694)).toBe(true);
  const codes = REGIONS.map(({ iso }) => iso);
  expect(new Set(codes).size).toBe(89);
  expect(Object.keys(TOWNS).filter((iso) => !codes.includes(iso))).toEqual([]);
});

test("every region, index and town has a clock that this runtime knows", () => {
  for (const { iso, names, zones } of REGIONS) {
    for (const name of [iso, `RU-${iso}`, ...names])
      expect([name, regionZones(name)]).toEqual([name, zones]);
    for (const zone of zones) expect(() => wallOf(zone, SUMMER_MS)).not.toThrow();
  }
  for (const town of Object.values(TOWNS).flatMap((towns) => towns.split(" ")))
    expect([town, townZones(town).length > 0]).toEqual([town, true]);
});

test("a town of several words is found however its words are joined", () => {
  for (const town of ["Ростов-на-Дону", "ростов на дону", "г.Ростов-на-Дону"])
    expect(townZones(town)).toEqual(["Europe/Moscow"]);
  expect(townZones("Орёл")).toEqual(townZones("Орел"));
  expect(townZones("Нижний Тагил")).toEqual(["Asia/Yekaterinburg"]);
  expect(townZones("Нижний Новгород")).toEqual(["Europe/Moscow"]);
  expect(townZones("Нижний")).toEqual([]);
});

test("a name with an old property's name is nothing", () => {
  for (const name of ["__proto__", "constructor", "toString"])
    expect([regionZones(name), townZones(name)]).toEqual([[], []]);
});
