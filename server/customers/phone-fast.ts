/**
 * The short way for the millions: numbers of the shop's own neighbourhood, written in digits and ordinary punctuation,
 * become E.164 without the phone library. Everything else is left to `phone.ts`.
 *
 * The patterns are narrower than or equal to those of libphonenumber (general description and type); a test proves with
 * random numbers that what is said here the library never denies.
 */
import type { CountryCode } from "libphonenumber-js/max";

/** National significant numbers of the +7 plan that are surely valid, mobile and fixed. */
const RU =
  /^(?:9[0-24-9]\d|3(?:0[12]|4[1-35-79]|5[1-3]|65|8[1-58]|9[0145])|4(?:01|1[1356]|2[13467]|7[1-5]|8[1-7]|9[1-689])|8(?:1[1-8]|2[01]|3[13-6]|4[0-8]|5[15]|6[1-35-79]|7[1-37-9]))\d{7}$/;
const KZ = /^7(?:0[0-25-8]|47|6[0-4]|7[15-8]|85)\d{7}$/;
const UA = /^(?:39|50|6[36-8]|7[1-357]|9[1-9]|3[1-8]|4[13-8]|5[1-7]|6[12459])\d{7}$/;
const BY = /^(?:25[5-79]|29[1-9]|33\d|44\d|17\d)\d{6}$/;

const DIGIT_0 = 48;
const DIGIT_9 = 57;
const PLUS = 43;
/** Space, no-break space, `(`, `)`, `-`, `.`, non-breaking hyphen, en dash. */
const PUNCTUATION = new Set([32, 160, 40, 41, 45, 46, 0x2011, 0x2013]);

/**
 * E.164 of a number in digits and ordinary punctuation, read as somebody in `region` wrote it; null when this short way
 * is not sure (which says nothing about the number).
 */
export function fastE164(text: string, region: CountryCode): string | null {
  let digits = "";
  let plus = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= DIGIT_0 && code <= DIGIT_9) digits += text[at];
    else if (code === PLUS && digits === "" && !plus) plus = true;
    else if (!PUNCTUATION.has(code)) return null;
  }
  if (plus) return international(digits);
  return national[region]?.(digits) ?? null;
}

/** What people dial at home, by country. */
const national: Partial<Record<CountryCode, (digits: string) => string | null>> = {
  RU: trunk8,
  KZ: trunk8,
  UA: (digits) =>
    digits.length === 10 && digits[0] === "0" && UA.test(digits.slice(1))
      ? `+380${digits.slice(1)}`
      : null,
  BY: (digits) =>
    digits.length === 11 && digits.startsWith("80") && BY.test(digits.slice(2))
      ? `+375${digits.slice(2)}`
      : null,
};

function trunk8(digits: string): string | null {
  if (digits.length === 10) return plus7(digits);
  if (digits.length === 11 && (digits[0] === "8" || digits[0] === "7"))
    return plus7(digits.slice(1));
  return null;
}

function international(digits: string): string | null {
  if (digits.length === 11 && digits[0] === "7") return plus7(digits.slice(1));
  if (digits.length !== 12) return null;
  const national = digits.slice(3);
  if (digits.startsWith("380")) return UA.test(national) ? `+${digits}` : null;
  if (digits.startsWith("375")) return BY.test(national) ? `+${digits}` : null;
  return null;
}

function plus7(national: string): string | null {
  return RU.test(national) || KZ.test(national) ? `+7${national}` : null;
}
