/** The console's words in one language, beside the {@link Locale} that the whole product shares. */
import { createLocale, fill, type Language, type Locale, type Values } from "../shared/locale.ts";
import { en } from "./texts/en.ts";
import { ru } from "./texts/ru.ts";
import { uk } from "./texts/uk.ts";

export type ConsoleKey = keyof typeof en;
/** What a dictionary must hold: English gives the keys. */
export type ConsoleTexts = Readonly<Record<ConsoleKey, string>>;

const DICTIONARIES: Readonly<Record<Language, ConsoleTexts>> = { ru, uk, en };

export type ConsoleWords = {
  readonly locale: Locale;
  readonly t: (key: ConsoleKey, values?: Values) => string;
  /** The text before its places are filled; for sentences whose places are controls. */
  readonly raw: (key: ConsoleKey) => string;
  /** The text of a code from outside, null when there is none. */
  readonly coded: (prefix: string, code: string, values?: Values) => string | null;
  /** `золото, серебро или бронза`. */
  readonly either: (names: readonly string[]) => string;
  readonly all: (names: readonly string[]) => string;
  readonly tier: (code: string) => string;
  readonly number: (value: number, digits?: number) => string;
  /** As many digits after the comma in every row of a table. */
  readonly even: (value: number, digits: number) => string;
  /** A share 0 to 1 as per cent. */
  readonly percent: (share: number, digits?: number) => string;
  /** Short names of the days, Monday first. */
  readonly days: readonly string[];
};

/** Everything the console says in one language. */
export function createWords(lang: Language): ConsoleWords {
  const texts = DICTIONARIES[lang];
  const locale = createLocale(lang);
  const tag = lang === "en" ? "en-GB" : lang;
  const or = new Intl.ListFormat(tag, { type: "disjunction" });
  const and = new Intl.ListFormat(tag, { type: "conjunction" });
  const day = new Intl.DateTimeFormat(tag, { weekday: "short", timeZone: "UTC" });
  return {
    locale,
    t: (key, values = {}) => fill(texts[key], values),
    raw: (key) => texts[key],
    coded: (prefix, code, values = {}) => {
      const key = prefix + code;
      return Object.hasOwn(texts, key) ? fill(texts[key as ConsoleKey], values) : null;
    },
    either: (names) => or.format(names),
    all: (names) => and.format(names),
    tier: (code) => (code === "" ? texts.noTier : locale.word("tier_", code)),
    number: (value, digits = 1) =>
      new Intl.NumberFormat(tag, { maximumFractionDigits: digits }).format(value),
    even: (value, digits) =>
      new Intl.NumberFormat(tag, {
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      }).format(value),
    percent: (share, digits = 1) =>
      `${new Intl.NumberFormat(tag, { maximumFractionDigits: digits }).format(share * 100)} %`,
    // 5 January 1970 was a Monday.
    days: [5, 6, 7, 8, 9, 10, 11].map((date) => day.format(Date.UTC(1970, 0, date))),
  };
}
