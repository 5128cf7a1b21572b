/** A customer as a source hands it over: one shape for REST, for files and for the sample shop. */
import { Type, type Static } from "typebox";
import { Compile } from "typebox/compile";
import { type LoadOptions, RecordError } from "./loading.ts";
import { readPhone } from "./phone.ts";
import {
  day,
  email,
  filled,
  line,
  schemaRefusal,
  sourceOf,
  timeZone,
  webAddress,
} from "./record-fields.ts";

const text = (maxLength: number, description: string) =>
  Type.Optional(Type.String({ maxLength, description }));

/** Fields that are left out keep what they had; "" clears. */
export const CustomerRecord = Type.Object(
  {
    source: text(64, "System it comes from; the key is (source, sourceId)"),
    sourceId: Type.String({ minLength: 1, maxLength: 128, description: "Id in that system" }),
    name: Type.String({ minLength: 1, maxLength: 200 }),
    phones: Type.Optional(
      Type.Array(Type.String({ maxLength: 200 }), {
        maxItems: 50,
        description:
          "In any written form. Replaces the phones this source gave before; phones that operators added stay",
      }),
    ),
    email: text(254, "E-mail address"),
    tier: text(64, "Loyalty tier in the shop's own word"),
    tierSince: text(40, "Date"),
    segments: Type.Optional(
      Type.Array(Type.String({ maxLength: 64 }), {
        maxItems: 50,
        description:
          "Groups the customer belongs to, in the shop's own words; an empty list clears",
      }),
    ),
    vip: Type.Optional(Type.Boolean()),
    language: text(35, "Language tag, `ru`"),
    city: text(200, "City"),
    region: text(200, "Region"),
    timeZone: text(64, "IANA time zone"),
    externalUrl: text(2000, "Page of the customer in the CRM; http or https"),
    personalManager: text(64, "Login of the personal manager"),
    customerSince: text(40, "Date"),
    bonusMinor: Type.Optional(
      Type.Integer({
        minimum: -1e14,
        maximum: 1e14,
        description: "Points of the shop's bonus programme, in minor units of the shop's currency",
      }),
    ),
  },
  { additionalProperties: false },
);
export type CustomerRecord = Static<typeof CustomerRecord>;

/** A record that may go into the database: clean text, phones in E.164, null for what was left out. */
export type CustomerRow = {
  readonly source: string;
  readonly sourceId: string;
  readonly name: string;
  readonly phones: readonly string[] | null;
  readonly email: string | null;
  readonly tier: string | null;
  /** ISO date, "" for none. */
  readonly tierSince: string | null;
  readonly segments: readonly string[] | null;
  readonly vip: boolean | null;
  readonly language: string | null;
  readonly city: string | null;
  readonly region: string | null;
  readonly timeZone: string | null;
  readonly externalUrl: string | null;
  readonly personalManager: string | null;
  readonly customerSince: string | null;
  readonly bonusMinor: number | null;
};

const shape = Compile(CustomerRecord);

/** @throws RecordError naming the field. */
export function readCustomer(value: unknown, options: LoadOptions): CustomerRow {
  const record = withoutNulls(value);
  if (!shape.Check(record)) throw schemaRefusal(shape.Errors(record));
  const optional = (
    field: Exclude<keyof CustomerRecord, "phones" | "vip" | "segments" | "bonusMinor">,
    rule: (field: string, text: string) => string,
  ): string | null => {
    const given = record[field];
    return given === undefined ? null : rule(field, given);
  };
  return {
    source: sourceOf(record.source, options.source),
    sourceId: filled("sourceId", record.sourceId),
    name: filled("name", record.name),
    phones: record.phones === undefined ? null : readPhones(record.phones, options),
    email: optional("email", email),
    tier: optional("tier", line),
    tierSince: optional("tierSince", day),
    segments: record.segments === undefined ? null : readSegments(record.segments),
    vip: record.vip ?? null,
    language: optional("language", line),
    city: optional("city", line),
    region: optional("region", line),
    timeZone: optional("timeZone", timeZone),
    externalUrl: optional("externalUrl", webAddress),
    personalManager: optional("personalManager", line),
    customerSince: optional("customerSince", day),
    bonusMinor: record.bonusMinor ?? null,
  };
}

/** Spreadsheets turn long numbers into 7.913E+10 and lose the last digits for good. */
const RUINED = /^\s*[+-]?\d+(?:[.,]\d+)?e[+-]?\d+\s*$/i;

function readPhones(written: readonly string[], options: LoadOptions): readonly string[] {
  const phones: string[] = [];
  for (const [index, text] of written.entries()) {
    if (text.trim() === "") continue;
    const read = readPhone(text, options.defaultRegion);
    if (read === null) {
      throw new RecordError(
        `phones[${index}]`,
        RUINED.test(text)
          ? `"${text.trim()}" was ruined by a spreadsheet: format the column as text and export it again`
          : `"${text.trim().slice(0, 50)}" is not a phone number`,
      );
    }
    if (!phones.includes(read.e164)) phones.push(read.e164);
  }
  return phones;
}

/** In one order whatever order they came in, so that the same ones again are no change. */
function readSegments(written: readonly string[]): readonly string[] {
  const clean = written.map((text, index) => line(`segments[${index}]`, text));
  return [...new Set(clean)].filter((segment) => segment !== "").toSorted();
}

/** Many systems write null for what they do not know. */
export function withoutNulls(value: unknown): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  for (const key in value) {
    if ((value as Record<string, unknown>)[key] === null)
      return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== null));
  }
  return value;
}
