/** One language's words and its ways to write numbers, times and money. A new {@link Locale} means a new language. */
import { en } from "../texts/en.ts";
import { ru } from "../texts/ru.ts";
import { uk } from "../texts/uk.ts";

/** The languages there are words for. */
export const LANGUAGES = ["ru", "uk", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

/** A text that depends on a number: the forms that the language's plural rules ask for. */
export type Plural = { readonly other: string } & {
  readonly [F in Intl.LDMLPluralRule]?: string;
};

type KeysOf<T> = { [K in keyof typeof en]: (typeof en)[K] extends T ? K : never }[keyof typeof en];
/** Keys of plain texts. */
export type TextKey = KeysOf<string>;
/** Keys of texts with plural forms. */
export type PluralKey = Exclude<keyof typeof en, TextKey>;
/** What a dictionary must hold: English gives the keys. */
export type Words = { readonly [K in TextKey]: string } & { readonly [K in PluralKey]: Plural };

const DICTIONARIES: { readonly [L in Language]: Words } = { ru, uk, en };

/** Values for the `{name}` places of a text. */
export type Values = Readonly<Record<string, string | number>>;

export type Locale = {
  readonly lang: Language;
  readonly t: (key: TextKey, values?: Values) => string;
  /** A text with the number in its right form; `{count}` is the number, written as the language does. */
  readonly count: (key: PluralKey, count: number, values?: Values) => string;
  /** The dictionary's word for a code from outside (`stage_shipped`), or the code itself when there is none. */
  readonly word: (
    prefix: "stage_" | "tier_" | "pause_" | "code_" | "carrier_",
    code: string,
  ) => string;
  /** Minor units (kopecks, cents) with the currency's own sign; the fraction only when there is one. */
  readonly money: (minor: number, currency: string) => string;
  /** `12 марта`, with the year when it is not this one; "" for what is no date. */
  readonly date: (iso: string, nowMs: number) => string;
  /** `понедельник, 23 ноября` of a plain date. */
  readonly weekday: (iso: string) => string;
  /** `марта 2021`, in the form that follows "с" / "since". */
  readonly month: (iso: string) => string;
  /** `14:32` in the operator's own zone. */
  readonly time: (atMs: number) => string;
  /** `вчера, 14:32`, `12 марта, 14:32`. */
  readonly dayAndTime: (iso: string, nowMs: number) => string;
  /** `3 дня назад`. */
  readonly ago: (iso: string, nowMs: number) => string;
  /** `4 мин 10 с`. */
  readonly duration: (ms: number) => string;
  /** A country's name by its ISO code; the code itself when it is none. */
  readonly country: (code: string) => string;
};

/** Fills `{name}` places; a place without a value stays visible, so that it is found. */
export function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}

/** The first of the wishes (`uk-UA`, `ru`, ...) that there are words for, else English. */
export function pickLanguage(wishes: readonly (string | null | undefined)[]): Language {
  for (const wish of wishes) {
    const primary = wish?.toLowerCase().split("-")[0];
    const found = LANGUAGES.find((language) => language === primary);
    if (found) return found;
  }
  return "en";
}

/** Everything said in one language. */
export function createLocale(lang: Language): Locale {
  const words = DICTIONARIES[lang];
  const tag = lang === "en" ? "en-GB" : lang;
  const plurals = new Intl.PluralRules(tag);
  const numbers = new Intl.NumberFormat(tag);
  const relative = new Intl.RelativeTimeFormat(tag, { numeric: "auto" });
  const counted = new Intl.RelativeTimeFormat(tag, { numeric: "always" });
  const timeFormat = new Intl.DateTimeFormat(tag, { hour: "2-digit", minute: "2-digit" });
  const dayFormat = new Intl.DateTimeFormat(tag, { day: "numeric", month: "long" });
  const weekdayFormat = new Intl.DateTimeFormat(tag, {
    weekday: "long",
    day: "numeric",
    month: "long",
  });
  const yearFormat = new Intl.DateTimeFormat(tag, {
    day: "numeric",
    month: "short",
    year: "numeric",
  });
  const monthFormat = new Intl.DateTimeFormat(tag, {
    day: "numeric",
    month: "long",
    year: "numeric",
  });
  const regions = new Intl.DisplayNames(tag, { type: "region", fallback: "code" });
  const moneyFormats = new Map<string, Intl.NumberFormat>();

  /** A page that was opened before an update is told codes it has no words for: it shows the code and goes on. */
  const known = (key: TextKey): string =>
    Object.hasOwn(words, key) ? words[key] : key.slice(key.indexOf("_") + 1);
  const t = (key: TextKey, values: Values = {}): string => fill(known(key), values);
  const count = (key: PluralKey, value: number, values: Values = {}): string => {
    const forms = words[key];
    const text = forms[plurals.select(value)] ?? forms.other;
    return fill(text, { ...values, count: numbers.format(value) });
  };
  const date = (iso: string, nowMs: number): string => {
    const at = parse(iso);
    if (!at) return "";
    const thisYear = at.getFullYear() === new Date(nowMs).getFullYear();
    return (thisYear ? dayFormat : yearFormat).format(at).replace(/\s*г\.$|\s*р\.$/, "");
  };
  const time = (atMs: number): string => timeFormat.format(atMs);

  return {
    lang,
    t,
    count,
    word: (prefix, code) => {
      const key = prefix + code.toLowerCase();
      return Object.hasOwn(words, key) ? words[key as TextKey] : code;
    },
    money: (minor, currency) => {
      let format = moneyFormats.get(currency);
      if (!format) {
        format = moneyFormat(tag, currency);
        moneyFormats.set(currency, format);
      }
      const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
      const text = format.format(minor / 10 ** digits);
      // Round sums read faster without ",00"; the fraction's separator is the language's own.
      return minor % 10 ** digits === 0 ? text.replace(/[.,]0+(?=\D*$)/, "") : text;
    },
    date,
    weekday: (iso) => {
      const at = parse(iso);
      return at ? weekdayFormat.format(at) : "";
    },
    month: (iso) => {
      const at = parse(iso);
      if (!at) return "";
      // Beside a day the month stands in the case that "since" wants (марта, березня); the day itself is left out.
      const parts = monthFormat.formatToParts(at);
      const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? "";
      return `${part("month")} ${part("year")}`;
    },
    time,
    dayAndTime: (iso, nowMs) => {
      const at = parse(iso);
      if (!at) return "";
      const days = daysBetween(at, new Date(nowMs));
      const day = days <= 1 && days >= 0 ? relative.format(-days, "day") : date(iso, nowMs);
      return `${day}, ${time(at.getTime())}`;
    },
    ago: (iso, nowMs) => {
      const at = parse(iso);
      if (!at) return "";
      const minutes = Math.round((nowMs - at.getTime()) / 60_000);
      if (minutes < 60) return relative.format(-Math.max(0, minutes), "minute");
      const days = daysBetween(at, new Date(nowMs));
      if (days < 1) return relative.format(-Math.round(minutes / 60), "hour");
      if (days < 30) return relative.format(-days, "day");
      // Counted, not "last month": that would mean the calendar's.
      if (days < 365) return counted.format(-Math.floor(days / 30.4), "month");
      return counted.format(-Math.floor(days / 365.25), "year");
    },
    duration: (ms) => {
      const seconds = Math.max(0, Math.round(ms / 1000));
      const minutes = Math.floor(seconds / 60);
      if (minutes === 0) return t("seconds", { seconds });
      if (minutes >= 60)
        return t("hoursMinutes", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
      return seconds % 60 === 0
        ? t("minutes", { minutes })
        : t("minutesSeconds", { minutes, seconds: seconds % 60 });
    },
    country: (code) => {
      if (!/^[A-Za-z]{2}$/.test(code)) return code;
      return regions.of(code.toUpperCase()) ?? code;
    },
  };
}

function parse(iso: string): Date | null {
  if (!iso) return null;
  // A plain date is a day of the calendar, not midnight in London.
  const at = new Date(/^\d{4}-\d\d-\d\d$/.test(iso) ? `${iso}T00:00:00` : iso);
  return Number.isNaN(at.getTime()) ? null : at;
}

function daysBetween(from: Date, to: Date): number {
  const day = (at: Date): number => Date.UTC(at.getFullYear(), at.getMonth(), at.getDate());
  return Math.round((day(to) - day(from)) / 86_400_000);
}

function moneyFormat(tag: string, currency: string): Intl.NumberFormat {
  try {
    return new Intl.NumberFormat(tag, {
      style: "currency",
      currency,
      currencyDisplay: "narrowSymbol",
    });
  } catch {
    // No ISO code: the sum is still worth more than an error.
    return new Intl.NumberFormat(tag, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  }
}
