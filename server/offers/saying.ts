/** A rule's words, filled in for whom they are said to. Pure. */
import { SAYING_LANGUAGES, type OfferRuleSettings, type SAYING_PLACEHOLDERS } from "./rules.ts";

export type Placeholder = (typeof SAYING_PLACEHOLDERS)[number];
/** What stands for each placeholder; sums in minor units. What is missing or null leaves nothing in its place. */
export type Said = {
  readonly [Key in Exclude<Placeholder, "price" | "oldPrice" | "sum" | "bonus">]?:
    string | number | null;
} & {
  readonly price?: number | null;
  readonly oldPrice?: number | null;
  readonly sum?: number | null;
  readonly bonus?: number | null;
};

const MONEY = new Set<string>(["price", "oldPrice", "sum", "bonus"]);

/** In the customer's language when the rule has it, else in the first it has; "" when it has none. */
export function sayingOf(
  saying: OfferRuleSettings["saying"],
  said: Said,
  customer: { readonly language: string } | null,
  currency: string,
): string {
  const own = SAYING_LANGUAGES.find((one) => customer?.language.toLowerCase().startsWith(one));
  const language =
    own !== undefined && saying[own] !== ""
      ? own
      : SAYING_LANGUAGES.find((one) => saying[one] !== "");
  if (language === undefined) return "";
  let text = "";
  for (const [index, part] of partsOf(saying[language]).entries()) {
    const value = index % 2 === 0 ? part : (said[part as Placeholder] ?? "");
    if (typeof value === "string") text += value;
    else if (MONEY.has(part))
      text += moneyFormat(language, currency).format(value / minorUnits(currency));
    else text += numberFormat(language).format(value);
  }
  return text.replace(/ {2,}/g, " ").trim();
}

const split = new Map<string, readonly string[]>();

/** Words and, at every second place, names of placeholders; found out once for each text. */
function partsOf(text: string): readonly string[] {
  let parts = split.get(text);
  if (parts === undefined) {
    parts = text.split(/\{(\w+)\}/);
    // The texts of a book of rules are few; the bound is against somebody who checks many.
    if (split.size >= 2000) split.clear();
    split.set(text, parts);
  }
  return parts;
}

/** Names in braces that a text has. */
export function placeholdersIn(text: string): readonly string[] {
  return [...text.matchAll(/\{([^{}]*)\}/g)].map(([, name = ""]) => name);
}

const formats = new Map<string, Intl.NumberFormat>();

function moneyFormat(language: string, currency: string): Intl.NumberFormat {
  // Of an order that does not tell its currency.
  if (!/^[A-Z]{3}$/.test(currency))
    return formatOf(`${language} -`, language, { minimumFractionDigits: 2 });
  return formatOf(`${language} ${currency}`, language, {
    ...{ style: "currency", currency, trailingZeroDisplay: "stripIfInteger" },
    currencyDisplay: "narrowSymbol",
  });
}

function numberFormat(language: string): Intl.NumberFormat {
  return formatOf(language, language, { maximumFractionDigits: 3 });
}

function formatOf(
  key: string,
  language: string,
  options: Intl.NumberFormatOptions,
): Intl.NumberFormat {
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.NumberFormat(language, options);
    // Currencies are a few; the bound is against somebody who makes them up.
    if (formats.size >= 200) formats.clear();
    formats.set(key, format);
  }
  return format;
}

const units = new Map<string, number>();

/** Asked of Intl once for each currency: to ask costs as much as to format. */
function minorUnits(currency: string): number {
  let known = units.get(currency);
  if (known === undefined) {
    known = 10 ** (moneyFormat("en", currency).resolvedOptions().maximumFractionDigits ?? 2);
    if (units.size >= 200) units.clear();
    units.set(currency, known);
  }
  return known;
}
