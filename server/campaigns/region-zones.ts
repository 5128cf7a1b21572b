/**
 * The clocks of Russian places as people and shops write them: regions by name or by their codes of ISO 3166-2, towns, and the first three
 * digits of a postal index.
 */
import { REGIONS, TOWNS, YAKUT_TOWNS } from "./russian-places.ts";

const SORTS =
  /(?<!\p{L})(?:область|обл|край|республика|респ|автономный|автономная|авт|округ|окр|ао|город|федерального|значения|гор|г|oblast|krai|kray|republic|autonomous|ao|okrug|region|avtonomnyy|respublika|city|gorod|of|the)(?!\p{L})/gu;

/** Lower case, one kind of hyphen and of е, single spaces, nothing in brackets but their words. */
function plain(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll("ё", "е")
    .replace(/[^\p{L}\d]+/gu, " ")
    .trim();
}

/** Without the sort of region or place, of which everybody writes another form. */
function core(text: string): string {
  return plain(text).replace(SORTS, " ").replace(/\s+/g, " ").trim();
}

const byName = new Map<string, readonly string[]>();
const byIso = new Map<string, readonly string[]>();
const byPostal = new Map<string, readonly string[]>();
const byTown = new Map<string, readonly string[]>();

for (const { iso, names, zones, postal } of REGIONS) {
  byIso.set(iso, zones);
  for (const name of names) byName.set(name, zones);
  for (const part of postal.split(" ").filter((part) => part !== "")) {
    const [first = 0, last = first] = part.split("-").map(Number);
    for (let prefix = first; prefix <= last; prefix++) byPostal.set(String(prefix), zones);
  }
}
// Of Yakutia's own indices only those of its capital tell the clock.
byPostal.set("677", ["Asia/Yakutsk"]);
for (const [iso, towns] of Object.entries(TOWNS)) {
  for (const town of townsIn(towns)) addTown(town, byIso.get(iso) ?? []);
}
for (const town of townsIn(YAKUT_TOWNS)) addTown(town, ["Asia/Yakutsk"]);

/** Names stand apart by spaces, the words of one by hyphens. */
function townsIn(list: string): readonly string[] {
  return list.split(" ").map(plain);
}

function addTown(town: string, zones: readonly string[]): void {
  byTown.set(town, [...new Set([...(byTown.get(town) ?? []), ...zones])]);
}

const MOST_REMEMBERED = 5000;

/** The same few places stand in a hundred thousand orders. */
function remembered(
  read: (text: string) => readonly string[],
): (text: string) => readonly string[] {
  const known = new Map<string, readonly string[]>();
  return (text) => {
    let zones = known.get(text);
    if (zones === undefined) {
      zones = read(text);
      if (known.size >= MOST_REMEMBERED) known.clear();
      known.set(text, zones);
    }
    return zones;
  };
}

/**
 * Zones of a Russian region as somebody wrote it (`Новосибирская обл.`, `Novosibirsk Oblast`, `RU-NVS`, `респ. Саха (Якутия)`); none when it
 * is not known.
 */
export const regionZones = remembered((region: string) => {
  const iso = /^(?:RU-)?([A-Z]{2,3})$/.exec(region.trim().toUpperCase())?.[1];
  const words = plain(region);
  return (
    (iso === undefined ? undefined : byIso.get(iso)) ??
    byName.get(words) ??
    byName.get(core(region)) ??
    // What is in brackets says the same again, or what is left out.
    byName.get(core(region.replaceAll(/\([^)]*\)/g, " "))) ??
    []
  );
});

/** Zones of a Russian postal index of six digits; none when it is none, or its first digits do not tell. */
export function postalZones(postalCode: string): readonly string[] {
  const digits = postalCode.replace(/\s/g, "");
  return /^\d{6}$/.test(digits) ? (byPostal.get(digits.slice(0, 3)) ?? []) : [];
}

/** Zones of a larger Russian town, several when there are towns of that name in several; none when it is not known. */
export const townZones = remembered(
  (city: string) => byTown.get(plain(city)) ?? byTown.get(core(city)) ?? [],
);
