/** What a person may mean by what they typed into the search: a phone, its end, an e-mail, an order, a name. */
import { type CountryCode, getCountryCallingCode } from "libphonenumber-js/max";
import { readPhone } from "./phone.ts";

/** "" or empty = not looked for. */
export type SearchTerms = {
  readonly e164: string;
  /** Beginnings of E.164 numbers. */
  readonly phonePrefixes: readonly string[];
  /** Last digits of a phone, at least four. */
  readonly phoneEnd: string;
  /** Beginning of an e-mail, in lower case. */
  readonly email: string;
  readonly orderNumber: string;
  /** Letters and digits only, in lower case, `ё` as `е`; each is the beginning of a word of the name. */
  readonly nameWords: readonly string[];
};

const LONGEST_TEXT = 100;
const MOST_WORDS = 5;

/** Reads the text as somebody in `region` typed it. A text of less than two letters or digits looks for nothing. */
export function searchTermsOf(typed: string, region: CountryCode): SearchTerms {
  const text = typed
    .normalize("NFC")
    .replace(/\p{Cc}/gu, " ")
    .trim()
    .slice(0, LONGEST_TEXT);
  const words =
    text
      .toLowerCase()
      .replaceAll("ё", "е")
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  const digits = text.replace(/\D/g, "");
  const phoneLike = digits.length >= 4 && /^[+\d\s()./-]*$/.test(text);
  const tooShort = words.join("").length < 2;
  return {
    e164: phoneLike ? (readPhone(text, region)?.e164 ?? "") : "",
    phonePrefixes: phoneLike ? phonePrefixesOf(text, digits, region) : [],
    phoneEnd: phoneLike && !text.startsWith("+") ? digits : "",
    email: /^\S*@\S*$/.test(text) && !tooShort ? text.toLowerCase() : "",
    orderNumber: /\d/.test(text) && text.length <= 64 ? text.replace(/^[#№]\s*/, "") : "",
    nameWords: phoneLike || text.includes("@") || tooShort ? [] : words.slice(0, MOST_WORDS),
  };
}

/** `+7913`, `8913` and `913` all begin the same numbers in Russia; `7913` may. */
function phonePrefixesOf(text: string, digits: string, region: CountryCode): readonly string[] {
  if (text.startsWith("+")) return [`+${digits}`];
  const code = getCountryCallingCode(region);
  const trunk = code === "7" ? /^8/ : /^0/;
  return [...new Set([`+${code}${digits.replace(trunk, "")}`, `+${digits}`])];
}
