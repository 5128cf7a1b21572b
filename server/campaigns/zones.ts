/**
 * By whose clock a person is called: what they said themselves, else the address orders go to, else when they talked to us, else their
 * number, else the shop. Where that leaves several clocks, all of them count: calling hours must hold in each. Pure.
 */
import { placeOfNumber } from "../customers/phone-places.ts";
import type { OrderDelivery } from "../orders/model.ts";
import type { ZoneBasis, Zones } from "./model.ts";
import { postalZones, regionZones, townZones } from "./region-zones.ts";
import { DAY_MS, clockOf, localDayAt, stretchAt } from "./zone-days.ts";

/** What is known of where a person lives. "" and empty lists for what is not. */
export type ZoneFacts = {
  /** IANA zone: the customer's own setting, or what a list or an event said of this contact. */
  readonly timeZone: string;
  /** Where the orders go that the contact is about; all of them count. */
  readonly deliveries: readonly OrderDelivery[];
  /** Where the directory says that the customer lives; asked when no delivery tells. */
  readonly home: { readonly region: string; readonly city: string };
  /** When the person called us or answered, newest or oldest first; epoch ms. A hundred are plenty. */
  readonly talkedAtMs: readonly number[];
  /** Region of the number by the regulator's ranges, as that spells it. */
  readonly numberRegion: string;
  /** ISO 3166 alpha-2 of the number. */
  readonly country: string;
  /** Zones that are possible for the number (`describePhone`). */
  readonly numberZones: readonly string[];
  /** The shop's own IANA zone. */
  readonly shopTimeZone: string;
};

/** The zones a person may be in, at least one. */
export function zonesOf(facts: ZoneFacts): Zones {
  if (clockOf(facts.timeZone) !== null) return zones([facts.timeZone], "customer");

  const possible = possibleByNumber(facts);
  const addresses = facts.deliveries.map((one) => addressZones(one, facts.country));
  const home = addressZones(facts.home, facts.country);
  const delivery = addresses.some((one) => one.length > 0) ? addresses : [home];
  // Orders to two places: nobody knows at which of them the person is. One that tells nothing is a third.
  if (delivery.every((one) => one.length > 0)) return zones(delivery.flat(), "delivery");

  const awake = zonesAwake(possible.names, facts.talkedAtMs);
  return awake.length < possible.names.length ? zones(awake, "answeredHours") : possible;
}

/** Clocks of a country, one for each that differs; none for a country that nobody knows. @param country ISO 3166 alpha-2. */
export function countryZones(country: string): readonly string[] {
  const known = placeOfNumber("", country).timeZones;
  return known.length > 0 ? known : zonesByIntl(country);
}

function possibleByNumber(facts: ZoneFacts): Zones {
  const range = facts.country === "RU" ? rangeZones(facts.numberRegion) : [];
  if (range.length > 0) return zones(range, "numberRange");
  const known = facts.numberZones.filter((name) => clockOf(name) !== null);
  const names = known.length > 0 ? known : countryZones(facts.country);
  if (names.length === 1) return zones(names, "number");
  if (names.length > 1) return zones(names, "unknown");
  return zones([facts.shopTimeZone], "shop");
}

/** One range may be of several regions: `г. Москва|Московская область`; one that is not known leaves all possible. */
function rangeZones(region: string): readonly string[] {
  const parts = region.split(/[|*;]/).map(regionZones);
  return parts.every((names) => names.length > 0) ? parts.flat() : [];
}

/**
 * Zones of an address, none when it tells no more than the number. What is surest decides; what comes after it may only narrow it.
 * @param country of the number, for an address without one.
 */
function addressZones(address: OrderDelivery, country: string): readonly string[] {
  const { timeZone = "", region = "", postalCode = "", city = "" } = address;
  if (clockOf(timeZone) !== null) return [timeZone];
  const written = (address.country ?? "").trim();
  const place = written === "" ? country : countryCode(written);
  if (place === "RU") {
    // Towns that are regions stand in either field.
    const hints = [
      firstOf(regionZones(region), townZones(region)),
      postalZones(postalCode),
      firstOf(townZones(city), regionZones(city)),
    ];
    const told = hints.reduce(narrowed, []);
    if (told.length > 0) return told;
  }
  if (written === "") return [];
  const names = countryZones(place);
  return names.length === 1 || place !== country ? names : [];
}

function firstOf(one: readonly string[], other: readonly string[]): readonly string[] {
  return one.length > 0 ? one : other;
}

function narrowed(sure: readonly string[], hint: readonly string[]): readonly string[] {
  if (sure.length === 0) return hint;
  const both = sure.filter((name) => hint.includes(name));
  return both.length > 0 ? both : sure;
}

const NIGHT_ENDS_HOUR = 6;
const LEAST_NIGHTS = 2;
const NIGHT_SHARE = 0.2;

/**
 * The zones in which these talks did not fall into nights. One talk at night proves nothing, and some people work at night: a zone is only
 * ruled out by talks in two nights or more, when they are a fifth of all; and not all zones are.
 */
function zonesAwake(names: readonly string[], talkedAtMs: readonly number[]): readonly string[] {
  if (talkedAtMs.length < LEAST_NIGHTS || names.length < 2) return names;
  const awake = names.filter((name) => {
    const clock = clockOf(name)!;
    const atNight = talkedAtMs.filter((atMs) => {
      const localMs = atMs + stretchAt(clock, atMs).offsetMs;
      return localMs - Math.floor(localMs / DAY_MS) * DAY_MS < NIGHT_ENDS_HOUR * 3_600_000;
    });
    const nights = new Set(atNight.map((atMs) => localDayAt(clock, atMs)));
    return nights.size < LEAST_NIGHTS || atNight.length < NIGHT_SHARE * talkedAtMs.length;
  });
  return awake.length > 0 ? awake : names;
}

/** One zone for each clock. */
function zones(names: readonly string[], basis: ZoneBasis): Zones {
  return { names: [...new Set(names)], basis };
}

const COUNTRY_NAMES = new Map(
  Object.entries({
    RU: "rus россия рф росія russia russian_federation российская_федерация",
    UA: "ukr украина україна ukraine",
    KZ: "kaz казахстан қазақстан kazakhstan",
    BY: "blr беларусь белоруссия білорусь belarus",
  }).flatMap(([code, names]) =>
    names.split(" ").map((name) => [name.replace("_", " "), code] as const),
  ),
);

/** ISO 3166 alpha-2 of what a source wrote as country, "" when it is not known. */
function countryCode(written: string): string {
  return (
    COUNTRY_NAMES.get(written.toLowerCase()) ??
    (/^[a-z]{2}$/i.test(written) ? written.toUpperCase() : "")
  );
}

// Offsets are compared in the middle of each month of these years: zones that agree then are one clock to us.
const COMPARED_MONTHS = Array.from({ length: 48 }, (_, month) => Date.UTC(2026, month, 15));
const byCountry = new Map<string, readonly string[]>();

function zonesByIntl(country: string): readonly string[] {
  if (!/^[A-Z]{2}$/.test(country)) return [];
  let names = byCountry.get(country);
  if (names === undefined) {
    // In V8 for long, and not yet in TypeScript's library.
    const locale = new Intl.Locale(`und-${country}`) as Intl.Locale & {
      getTimeZones?(): readonly string[] | undefined;
    };
    names = differentClocks(locale.getTimeZones?.() ?? []);
    byCountry.set(country, names);
  }
  return names;
}

function differentClocks(names: readonly string[]): readonly string[] {
  const clocks = new Map<string, string>();
  for (const name of names) {
    const clock = clockOf(name);
    if (clock === null) continue;
    const offsets = COMPARED_MONTHS.map((atMs) => stretchAt(clock, atMs).offsetMs).join();
    if (!clocks.has(offsets)) clocks.set(offsets, name);
  }
  return [...clocks.values()];
}
