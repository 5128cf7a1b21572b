import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextOpening } from "../../server/campaigns/windows.ts";
import { type ZoneFacts, countryZones, zonesOf } from "../../server/campaigns/zones.ts";
import { RUSSIAN_ZONES } from "../../server/customers/phone-places.ts";
import { describePhone } from "../../server/customers/phone.ts";
import type { OrderDelivery } from "../../server/orders/model.ts";
import { everyDay, isOpenOn, wallOf } from "./samples.ts";

const RU_MOBILE = "+79130000001";

function facts(phone: string, own: Partial<ZoneFacts> = {}): ZoneFacts {
  const { country, timeZones } = describePhone(phone);
  return {
    timeZone: "",
    deliveries: [],
    home: { region: "", city: "" },
    talkedAtMs: [],
    numberRegion: "",
    country,
    numberZones: timeZones,
    shopTimeZone: "Europe/Moscow",
    ...own,
  };
}
const to = (...deliveries: OrderDelivery[]) => ({ deliveries });
const told = (phone: string, own: Partial<ZoneFacts> = {}) => {
  const { names, basis } = zonesOf(facts(phone, own));
  return `${basis} ${names.join(" ")}`;
};

describe("Russia's eleven clocks", () => {
  // Region as shops write it, index, town, clock, hours from UTC.
  const places = [
    ["Калининградская область", "236022", "Калининград", "Europe/Kaliningrad", 2],
    ["г. Москва", "101000", "Москва", "Europe/Moscow", 3],
    ["Самарская обл.", "443001", "Тольятти", "Europe/Samara", 4],
    ["Свердловская обл", "620014", "г. Екатеринбург", "Asia/Yekaterinburg", 5],
    ["обл. Омская", "644024", "омск", "Asia/Omsk", 6],
    ["Новосибирская область", "630099", "Новосибирск", "Asia/Novosibirsk", 7],
    ["Иркутская область", "664003", "Братск", "Asia/Irkutsk", 8],
    ["Забайкальский край", "672000", "Чита", "Asia/Chita", 9],
    ["Приморский край", "690091", "Владивосток", "Asia/Vladivostok", 10],
    ["Магаданская область", "685000", "Магадан", "Asia/Magadan", 11],
    ["Камчатский край", "683000", "Петропавловск-Камчатский", "Asia/Kamchatka", 12],
  ] as const;

  test.each(places)("%s, index %s, %s are by %s", (region, postalCode, city, zone, hours) => {
    for (const address of [{ region }, { postalCode }, { city }, { region: city }])
      expect(told(RU_MOBILE, to(address))).toBe(`delivery ${zone}`);
    const noonMs = Date.parse("2026-11-23T12:00:00Z");
    expect(wallOf(zone, noonMs - hours * 3_600_000).time).toBe("12:00");
  });

  test("a mobile number without an address may be at any of them", () => {
    expect(told(RU_MOBILE)).toBe(`unknown ${RUSSIAN_ZONES.join(" ")}`);
    const nowhere = to({ region: "Тридевятая область", postalCode: "999999", city: "Китеж" });
    expect(told(RU_MOBILE, nowhere)).toBe(`unknown ${RUSSIAN_ZONES.join(" ")}`);
  });

  test("with an address people are called by their own clock, without by all eleven", () => {
    const hours = everyDay("09:00", "21:00");
    const from = Date.parse("2026-11-23T00:00:00Z");
    for (const [region, , , zone, offset] of places) {
      const zones = zonesOf(facts(RU_MOBILE, to({ region })));
      const { opensAtMs, closesAtMs } = nextOpening(hours, zones, from)!;
      const closes = Date.parse("2026-11-23T21:00:00Z") - offset * 3_600_000;
      // On the eastern edge it is past nine already.
      expect(opensAtMs).toBe(Math.max(from, closes - 12 * 3_600_000));
      expect(closesAtMs).toBe(closes);
      expect(isOpenOn(zone, hours, opensAtMs)).toBe(true);
    }
    const anywhere = nextOpening(hours, zonesOf(facts(RU_MOBILE)), from)!;
    expect(new Date(anywhere.opensAtMs).toISOString()).toBe("2026-11-23T07:00:00.000Z");
    expect(new Date(anywhere.closesAtMs).toISOString()).toBe("2026-11-23T09:00:00.000Z");
  });
});

test.each([
  ["Республика Саха (Якутия)", "Asia/Yakutsk Asia/Vladivostok Asia/Srednekolymsk"],
  ["респ. Алтай", "Asia/Barnaul"],
  ["Алтайский край", "Asia/Barnaul"],
  ["Altai Krai", "Asia/Barnaul"],
  ["Чувашская Республика — Чувашия", "Europe/Moscow"],
  ["Ханты-Мансийский автономный округ - Югра", "Asia/Yekaterinburg"],
  ["ХМАО", "Asia/Yekaterinburg"],
  ["Ямало-Ненецкий АО", "Asia/Yekaterinburg"],
  ["Ненецкий автономный округ", "Europe/Moscow"],
  ["Кемеровская область - Кузбасс", "Asia/Novokuznetsk"],
  ["Северная Осетия — Алания Респ", "Europe/Moscow"],
  ["Еврейская автономная область", "Asia/Vladivostok"],
  ["Moscow Oblast", "Europe/Moscow"],
  ["Novosibirsk Oblast", "Asia/Novosibirsk"],
  ["Republic of Bashkortostan", "Asia/Yekaterinburg"],
  ["RU-SAK", "Asia/Sakhalin"],
  ["nvs", "Asia/Novosibirsk"],
  ["САНКТ-ПЕТЕРБУРГ Г", "Europe/Moscow"],
  ["Хабаровский край", "Asia/Vladivostok"],
  ["Чукотский автономный округ", "Asia/Anadyr"],
  ["Саратовская область", "Europe/Saratov"],
  ["Республика Саха /Якутия/", "Asia/Yakutsk Asia/Vladivostok Asia/Srednekolymsk"],
  ["Республика Татарстан (Татарстан)", "Europe/Moscow"],
  ["Тюменская область (за исключением ХМАО и ЯНАО)", "Asia/Yekaterinburg"],
  ["г. Санкт-Петербург и Ленинградская область", "Europe/Moscow"],
])("the region %s is by %s", (region, zones) => {
  expect(told(RU_MOBILE, to({ region }))).toBe(`delivery ${zones}`);
});

describe("the surest word counts", () => {
  const omsk: OrderDelivery = { region: "Омская область" };

  test("what a customer said comes before an address, an address before a number", () => {
    const own = { timeZone: "Asia/Vladivostok", ...to(omsk) };
    expect(told(RU_MOBILE, own)).toBe("customer Asia/Vladivostok");
    expect(told("+74951234567", to(omsk))).toBe("delivery Asia/Omsk");
    expect(told(RU_MOBILE, { timeZone: "Mars/Olympus", ...to(omsk) })).toBe("delivery Asia/Omsk");
  });

  test("of an address its zone comes first, then region, index and town", () => {
    const address = { ...omsk, postalCode: "690091", city: "Москва" };
    expect(told(RU_MOBILE, to(address))).toBe("delivery Asia/Omsk");
    const zone = { ...address, timeZone: "Asia/Tomsk" };
    expect(told(RU_MOBILE, to(zone))).toBe("delivery Asia/Tomsk");
    const index = { postalCode: "690 091", city: "Москва" };
    expect(told(RU_MOBILE, to(index))).toBe("delivery Asia/Vladivostok");
  });

  test("index and town tell which of a region's clocks it is", () => {
    const yakutia = { region: "Якутия" };
    expect(told(RU_MOBILE, to({ ...yakutia, postalCode: "677000" }))).toBe("delivery Asia/Yakutsk");
    expect(told(RU_MOBILE, to({ ...yakutia, city: "Нерюнгри" }))).toBe("delivery Asia/Yakutsk");
  });

  test("a town of two regions is by the clocks of both, until the region is told", () => {
    const town = { city: "Благовещенск" };
    expect(told(RU_MOBILE, to(town))).toBe("delivery Asia/Yakutsk Asia/Yekaterinburg");
    const amur = { ...town, region: "Амурская область" };
    expect(told(RU_MOBILE, to(amur))).toBe("delivery Asia/Yakutsk");
  });

  test("orders to two places count both; one that tells nothing leaves everything possible", () => {
    expect(told(RU_MOBILE, to(omsk, { city: "Казань" }))).toBe("delivery Asia/Omsk Europe/Moscow");
    expect(told(RU_MOBILE, to(omsk, { city: "Китеж" }))).toMatch(/^unknown Europe\/Kaliningrad/);
  });

  test("where a customer lives is asked when no order tells", () => {
    const home = { region: "Томская область", city: "" };
    expect(told(RU_MOBILE, { home })).toBe("delivery Asia/Tomsk");
    expect(told(RU_MOBILE, { home, ...to(omsk) })).toBe("delivery Asia/Omsk");
    expect(told(RU_MOBILE, { home, ...to({ address: "до двери" }) })).toBe("delivery Asia/Tomsk");
  });

  test("the regulator's ranges come before the plan of numbers", () => {
    const numberRegion = "Хабаровский край";
    expect(told(RU_MOBILE, { numberRegion })).toBe("numberRange Asia/Vladivostok");
    const two = { numberRegion: "Хабаровский край|Амурская обл." };
    expect(told(RU_MOBILE, two)).toBe("numberRange Asia/Vladivostok Asia/Yakutsk");
    const half = { numberRegion: "Хабаровский край|Лукоморье" };
    expect(told(RU_MOBILE, half)).toMatch(/^unknown Europe\/Kaliningrad/);
    expect(told("+74951234567")).toBe("number Europe/Moscow");
    expect(told("+74232345678")).toBe("number Asia/Vladivostok");
  });

  test("an address elsewhere is by the clocks of that country", () => {
    expect(told(RU_MOBILE, to({ country: "KZ", city: "Астана" }))).toBe("delivery Asia/Almaty");
    expect(told(RU_MOBILE, to({ country: "Беларусь" }))).toBe("delivery Europe/Minsk");
    expect(told("+77011234567", to({ country: "ru", region: "Омская область" }))).toBe(
      "delivery Asia/Omsk",
    );
    expect(told(RU_MOBILE, to({ country: "ES" }))).toBe("delivery Europe/Madrid Atlantic/Canary");
    // The number's own country tells nothing that the number does not.
    expect(told("+74951234567", to({ country: "RU" }))).toBe("number Europe/Moscow");
    expect(told("+74951234567", to({ country: "RU", region: "Лукоморье" }))).toBe(
      "number Europe/Moscow",
    );
    // Six digits of another country's post are no Russian index.
    expect(told("+77011234567", to({ postalCode: "236022" }))).toBe("number Asia/Almaty");
  });
});

test.each([
  ["+380501234567", "number Europe/Kyiv"],
  ["+77011234567", "number Asia/Almaty"],
  ["+375291234567", "number Europe/Minsk"],
  ["+998901234567", "number Asia/Tashkent"],
  ["+37369123456", "number Europe/Chisinau"],
  ["+4915112345678", "number Europe/Berlin"],
  ["+34600000000", "unknown Europe/Madrid Atlantic/Canary"],
])("%s is by %s", (phone, expected) => {
  expect(told(phone)).toBe(expected);
});

test("a country with many zones has one of each clock", () => {
  const states = countryZones("US");
  expect(states.length).toBeGreaterThanOrEqual(7);
  expect(states.length).toBeLessThan(12);
  const noons = states.map((zone) => wallOf(zone, Date.parse("2026-07-01T18:00:00Z")).time);
  // Honolulu, Anchorage, Phoenix and Los Angeles, Denver, Chicago, New York.
  for (const time of ["08:00", "10:00", "11:00", "12:00", "13:00", "14:00"])
    expect(noons).toContain(time);
  expect(countryZones("XX")).toEqual([]);
  expect(countryZones("")).toEqual([]);
});

test("who has no number's country is called by the shop's clock", () => {
  expect(zonesOf({ ...facts(RU_MOBILE), country: "", numberZones: [] })).toEqual({
    names: ["Europe/Moscow"],
    basis: "shop",
  });
});

describe("hours at which somebody talked", () => {
  const talks = (...iso: string[]) => ({ talkedAtMs: iso.map((one) => Date.parse(one)) });

  test("rule out zones where that was in the night, twice", () => {
    // 20:00 in Moscow is 05:00 in Kamchatka and 04:00 in Magadan.
    const evenings = talks("2026-11-02T17:00Z", "2026-11-09T17:30Z", "2026-11-10T12:00Z");
    const { names, basis } = zonesOf(facts(RU_MOBILE, evenings));
    expect(basis).toBe("answeredHours");
    expect(names).toContain("Europe/Moscow");
    for (const zone of ["Asia/Irkutsk", "Asia/Vladivostok", "Asia/Kamchatka"])
      expect(names).not.toContain(zone);
  });

  test("once, in one night, or seldom they rule out nothing", () => {
    const once = talks("2026-11-02T17:00Z", "2026-11-09T09:30Z");
    const night = talks("2026-11-02T17:00Z", "2026-11-02T17:20Z");
    const noons = Array.from({ length: 20 }, (_, day) => `2026-10-${10 + day}T09:00Z`);
    const seldom = talks("2026-11-02T17:00Z", "2026-11-09T17:30Z", ...noons);
    for (const own of [once, night, seldom])
      expect(zonesOf(facts(RU_MOBILE, own)).names).toEqual(RUSSIAN_ZONES);
  });

  test("at all hours they tell nothing", () => {
    const hours = Array.from(
      { length: 48 },
      (_, n) => Date.parse("2026-11-02T00:00Z") + n * 3_600_000,
    );
    expect(zonesOf(facts(RU_MOBILE, { talkedAtMs: hours })).names).toEqual(RUSSIAN_ZONES);
  });
});

test("whatever is written in an address, there is always a zone, and only known ones", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 30 }),
    fc.constantFrom("RU", "США", "us", "область", "край г", "678000", "Москва", "__proto__"),
  );
  const address = fc.record(
    { country: text, region: text, postalCode: text, city: text, timeZone: text },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.array(address, { maxLength: 3 }),
      fc.array(fc.integer({ min: 0, max: 2e12 }), { maxLength: 5 }),
      text,
      (deliveries, talkedAtMs, numberRegion) => {
        const { names } = zonesOf(facts(RU_MOBILE, { deliveries, talkedAtMs, numberRegion }));
        expect(names.length).toBeGreaterThan(0);
        for (const name of names) expect(() => wallOf(name, 0)).not.toThrow();
      },
    ),
    { numRuns: 300 },
  );
});
