/** Rules for single fields of records from outside; each gives the clean value or a {@link RecordError}. */
import type { TLocalizedValidationError } from "typebox/error";
import { RecordError } from "./loading.ts";

/** The first thing a schema has against a record, in words for the person who made the file. */
export function schemaRefusal(errors: readonly TLocalizedValidationError[]): RecordError {
  const first = errors.find((error) => error.keyword !== "boolean") ?? errors[0];
  if (first === undefined) return new RecordError("record", "cannot be read");
  const path = fieldOf(first.instancePath);
  const at = (name: string) => (path === "" ? name : `${path}.${name}`);
  if (first.keyword === "required")
    return new RecordError(at(first.params.requiredProperties[0] ?? ""), "is missing");
  if (first.keyword === "additionalProperties")
    return new RecordError(at(first.params.additionalProperties[0] ?? ""), "is not a known field");
  return new RecordError(path === "" ? "record" : path, first.message);
}

/** `/phones/0` -> `phones[0]`. */
function fieldOf(pointer: string): string {
  return pointer
    .slice(1)
    .replace(/\/(\d+)/g, "[$1]")
    .replaceAll("/", ".");
}

const UNCLEAN = /[\p{Cc}\p{Cs}]|^\s|\s$|\s\s/u;

/**
 * One line of text: ends trimmed, control characters and runs of space become one space, halves of surrogate pairs are
 * replaced. NUL is refused: PostgreSQL cannot keep it, and it is never in honest data.
 */
export function line(field: string, text: string): string {
  if (!UNCLEAN.test(text)) return text;
  if (text.includes("\0")) throw new RecordError(field, "holds a NUL character");
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim();
}

/** As {@link line}, for fields that must say something. */
export function filled(field: string, text: string): string {
  const clean = line(field, text);
  if (clean === "") throw new RecordError(field, "is empty");
  return clean;
}

/** The record's own source, or the one of the whole load. */
export function sourceOf(own: string | undefined, fallback: string | undefined): string {
  const source = line("source", own ?? fallback ?? "");
  if (source === "") throw new RecordError("source", "is missing");
  return source;
}

const ISO_DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[T ].*)?$/;
const DOTTED_DATE = /^(\d{1,2})\.(\d{1,2})\.(\d{4})(?:\s.*)?$/;

/** `2024-05-31`, `31.05.2024` (a time behind it is cut) to an ISO date; "" stays "". */
export function day(field: string, text: string): string {
  const clean = text.trim();
  if (clean === "") return "";
  const iso = ISO_DATE.exec(clean);
  const dotted = DOTTED_DATE.exec(clean);
  const [year, month, date] = iso
    ? [iso[1], iso[2], iso[3]]
    : dotted
      ? [dotted[3], dotted[2]?.padStart(2, "0"), dotted[1]?.padStart(2, "0")]
      : [];
  const written = `${year}-${month}-${date}`;
  const parsed = new Date(`${written}T00:00:00Z`);
  if (Number.isNaN(parsed.getTime()) || parsed.toISOString().slice(0, 10) !== written)
    throw new RecordError(field, `"${clean}" is not a date such as 2024-05-31 or 31.05.2024`);
  return written;
}

const MOMENT =
  /^(\S+?)(?:[T\s]+(\d{1,2}:\d\d(?::\d\d(?:\.\d{1,9})?)?)\s*(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/** Date and time to ISO in UTC; without an offset it is UTC, without a time it is midnight. */
export function moment(field: string, text: string): string {
  const parts = MOMENT.exec(text.trim());
  const refusal = new RecordError(
    field,
    `"${text.trim()}" is not a time such as 2024-05-31T14:30:00+03:00`,
  );
  if (parts?.[1] === undefined) throw refusal;
  const date = day(field, parts[1]);
  const time = (parts[2] ?? "00:00").padStart(5, "0").replace(/^(\d):/, "0$1:");
  const offset = (parts[3] ?? "Z").toUpperCase();
  const zone = /^[+-]\d\d$/.test(offset)
    ? `${offset}:00`
    : offset.replace(/(\d\d)(\d\d)$/, "$1:$2");
  const parsed = new Date(`${date}T${time}${zone}`);
  if (date === "" || Number.isNaN(parsed.getTime())) throw refusal;
  return parsed.toISOString();
}

/** As {@link moment}; "" stays "". */
export function momentOrNone(field: string, text: string): string {
  return text.trim() === "" ? "" : moment(field, text);
}

const zones = new Map<string, boolean>();

/** An IANA zone this runtime knows, or "". */
export function timeZone(field: string, text: string): string {
  const clean = text.trim();
  if (clean === "") return "";
  let known = zones.get(clean);
  if (known === undefined) {
    known = isTimeZone(clean);
    if (zones.size < 1000) zones.set(clean, known);
  }
  if (!known) throw new RecordError(field, `"${clean}" is not a time zone such as Europe/Moscow`);
  return clean;
}

function isTimeZone(name: string): boolean {
  try {
    return /^[A-Za-z]/.test(name) && Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

/** An http or https address, or "". */
export function webAddress(field: string, text: string): string {
  const clean = text.trim();
  if (clean === "") return "";
  if (!URL.canParse(clean) || !/^https?:$/.test(new URL(clean).protocol))
    throw new RecordError(field, "is not an address that starts with https:// or http://");
  return clean;
}

/** Something with an @ and no spaces, or "". */
export function email(field: string, text: string): string {
  const clean = text.trim();
  if (clean === "" || /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(clean)) return clean;
  throw new RecordError(field, `"${clean}" is not an e-mail address`);
}

const currencies = new Set(Intl.supportedValuesOf("currency"));

/** ISO 4217. */
export function currency(field: string, text: string): string {
  const clean = text.trim().toUpperCase();
  if (!currencies.has(clean))
    throw new RecordError(field, `"${clean}" is not a currency code such as RUB, UAH, KZT`);
  return clean;
}

const minorDigits = new Map<string, number>();

/** Decimal sum in whole units (`1234.5`, `1 234,50`) to minor units, exactly. */
export function minorUnits(field: string, sum: string | number, currencyCode: string): number {
  const text = String(sum)
    .replace(/[\s\u00a0']/g, "")
    .replace(",", ".");
  let digits = minorDigits.get(currencyCode);
  if (digits === undefined) {
    digits =
      new Intl.NumberFormat("en", { style: "currency", currency: currencyCode }).resolvedOptions()
        .maximumFractionDigits ?? 2;
    minorDigits.set(currencyCode, digits);
  }
  const parts = /^(-?\d{1,13})(?:\.(\d*))?$/.exec(text);
  const fraction = (parts?.[2] ?? "").replace(/0+$/, "");
  if (parts === null || fraction.length > digits)
    throw new RecordError(field, `"${sum}" is not a sum of ${currencyCode}`);
  return Number(`${parts[1]}${fraction.padEnd(digits, "0")}`);
}
