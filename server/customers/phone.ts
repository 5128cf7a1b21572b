/**
 * Phone numbers in every form people and PBXs write them, met in E.164.
 *
 * Two readers: {@link parseCaller} says what a caller id is (a phone, an extension, nothing, or something unreadable);
 * {@link readPhone} is for data that should be a phone (imports, searches, what an operator typed).
 */
import {
  type CountryCode,
  type PhoneNumber as LibraryNumber,
  parsePhoneNumberFromString,
} from "libphonenumber-js/max";
import type { CallerNumber, PhoneNumber } from "./model.ts";
import { fastE164 } from "./phone-fast.ts";
import { placeOfNumber } from "./phone-places.ts";

/** How this installation reads numbers. */
export type PhoneRules = {
  /** Country of numbers that come without a country code. */
  readonly defaultRegion: CountryCode;
  /** Matches a whole extension of the PBX. */
  readonly extensionPattern: RegExp;
};

/** A phone and what was written behind it ("доб. 123"), "" for none. */
export type ReadPhone = { readonly e164: string; readonly extension: string };

/** Nothing that long is a phone number; a longer text is not even looked at. */
const LONGEST_TEXT = 200;

/** What PBXs and trunks put in place of a number that was withheld. */
const WITHHELD =
  /^(?:anonymous|anonim\w*|unknown|private|restricted|unavailable|withheld|blocked|no ?number|not ?available|n\/a|asterisk|s|null|none|(?:номер )?(?:скрыт|аноним|неизвест|прихован)\p{L}*(?: номер)?|-*)$/iu;

/** An extension behind a number: `доб. 123`, `дод 5`, `вн.12`, `ext. 5`, `;ext=5`, `x5`, `#5`, `,,5`. */
const EXTENSION =
  /(?:[;,\s(]*(?:доб(?:авочный)?|дод(?:атковий)?|вн(?:утр(?:енний|ішній)?)?|тоновый|ext(?:ension)?|int|x|#)[\s.:=№#]*|,+\s*)(\d{1,7})[\s)]*$/iu;

/** Countries whose people dial 8, wait, 10 to go abroad. */
const DIALS_810 = new Set<CountryCode>(["RU", "KZ", "BY", "TJ", "TM", "UZ", "UA", "KG", "AZ"]);

/** What a caller id is. Never throws, whatever comes. */
export function parseCaller(raw: string, rules: PhoneRules): CallerNumber {
  if (raw.length > LONGEST_TEXT) return { kind: "unreadable", raw: raw.slice(0, LONGEST_TEXT) };
  const text = addressOf(plain(raw));
  if (WITHHELD.test(text)) return { kind: "withheld" };
  if (matchesWhole(rules.extensionPattern, text)) return { kind: "internal", extension: text };
  const read = readPhone(text, rules.defaultRegion);
  return read === null
    ? { kind: "unreadable", raw }
    : { kind: "external", phone: describePhone(read.e164) };
}

/**
 * The phone in a text that should hold one, as somebody in `region` wrote it; null when there is none.
 * A number written with its country code is believed when its length is possible; any other must be valid in `region`
 * or with its digits taken as an international number.
 */
export function readPhone(raw: string, region: CountryCode): ReadPhone | null {
  const fast = fastE164(raw, region);
  if (fast !== null) return { e164: fast, extension: "" };
  if (raw.length > LONGEST_TEXT) return null;
  const text = addressOf(plain(raw));
  const cut = EXTENSION.exec(text);
  if (cut !== null) {
    const e164 = readNumber(text.slice(0, cut.index), region);
    if (e164 !== null) return { e164, extension: cut[1] ?? "" };
  }
  const e164 = readNumber(text, region);
  return e164 === null ? null : { e164, extension: "" };
}

/** Screen form, country and possible time zones of an E.164 number. */
export function describePhone(e164: string): PhoneNumber {
  const parsed = parsePhoneNumberFromString(e164);
  const country = parsed?.country ?? "";
  return {
    e164,
    display: displayOf(e164, parsed),
    country,
    timeZones: placeOfNumber(e164, country).timeZones,
  };
}

/** The +7 plan is written in the same way from Kaliningrad to Almaty; the rest as the library knows it. */
function displayOf(e164: string, parsed: LibraryNumber | undefined): string {
  const seven = /^\+7(\d{3})(\d{3})(\d{2})(\d{2})$/.exec(e164);
  if (seven) return `+7 ${seven[1]} ${seven[2]}-${seven[3]}-${seven[4]}`;
  return parsed?.formatInternational() ?? e164;
}

/** Full-width and Arabic digits become ASCII; quotes, controls and marks of direction go; space is one space. */
function plain(raw: string): string {
  return raw
    .normalize("NFKC")
    .replace(/[\u0660-\u0669]/g, (digit) => String(digit.charCodeAt(0) - 0x660))
    .replace(/[\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) - 0x6f0))
    .replace(/[\p{Cc}\p{Cf}"'`«»“”„]/gu, "")
    .replace(/\s+/g, " ")
    .trim();
}

/** The number inside `Name <number>`, `sip:number@host;params`, `tel:number`. */
function addressOf(text: string): string {
  const angled = /<([^<>]*)>$/.exec(text);
  const inner = angled?.[1] === undefined ? text : angled[1].trim();
  const scheme = /^(sips?|tel|callto):/i.exec(inner);
  const bare = scheme === null ? inner : inner.slice(scheme[0].length);
  const host = bare.indexOf("@");
  return (host === -1 ? bare : bare.slice(0, host)).trim();
}

function readNumber(text: string, region: CountryCode): string | null {
  const digits = text.replace(/\D/g, "");
  if (digits.length < 4 || digits.length > 24) return null;
  const plus = /^[^\d]*\+\s*\(?\s*\d/.test(text);
  if (plus && !/^0|^810/.test(digits)) {
    const international = possible(`+${digits}`);
    if (international !== null) return international;
    // "+8 913 ..." is what people write who keep the trunk 8 and add the plus.
    return digits.startsWith("8") ? valid(digits, region) : null;
  }
  // No number of Japan begins with 0: "810" behind "00" or "+" is the way out of a country, written twice.
  if (digits.startsWith("00") && !digits.startsWith("00810")) {
    const international = possible(`+${digits.slice(2)}`);
    if (international !== null) return international;
  }
  if (digits.startsWith("810") && DIALS_810.has(region)) {
    const international = valid(`+${digits.slice(3)}`, region);
    if (international !== null) return international;
  }
  return (
    valid(digits, region) ??
    (digits.length >= 11 ? valid(`+${digits}`, region) : null) ??
    (/\p{L}/u.test(text) ? valid(text, region) : null)
  );
}

/** E.164 of a number the library calls valid. */
function valid(text: string, region: CountryCode): string | null {
  const parsed = parsePhoneNumberFromString(text, region);
  if (!parsed?.isValid()) return null;
  // The library takes a Belarusian trunk 8 off some numbers twice; what it does not read again the same way is no E.164.
  return parsePhoneNumberFromString(parsed.number)?.number === parsed.number ? parsed.number : null;
}

/**
 * E.164 of an international number whose length fits its country, though its range may be newer than our metadata. A trunk
 * digit kept behind the country code (`+49 (0)30 ...`) is only dropped from numbers that are valid without it.
 */
function possible(text: string): string | null {
  const parsed = parsePhoneNumberFromString(text);
  if (parsed === undefined) return null;
  return parsed.isValid() || (parsed.isPossible() && parsed.number === text) ? parsed.number : null;
}

function matchesWhole(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0;
  return pattern.exec(text)?.[0] === text;
}
