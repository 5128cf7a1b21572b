/** People to call by a list or an event: read one by one, the good ones kept, the others named with the reason. */
import type { CountryCode } from "libphonenumber-js/max";
import { sql } from "kysely";
import { RecordError } from "../customers/loading.ts";
import { readPhone } from "../customers/phone.ts";
import type { Database } from "../storage/database.ts";
import { lockPlanning } from "./attempts/contacts.ts";
import { NOTHING_SAID, type ToCall, planContacts } from "./attempts/plan.ts";
import type { ZoneRules } from "./attempts/zone-facts.ts";
import type { ContactInput, UploadBody } from "./rest.ts";
import type { Table } from "./upload.ts";
import { clockOf } from "./zone-days.ts";

/** A line as it came; null when it could not even be split, with the reason. */
export type ContactLineInput = {
  readonly line: number;
  readonly value: unknown;
  readonly reason?: string;
};

/** How lines are read and planned. */
export type ListOptions = {
  readonly db: Database;
  readonly rules: ZoneRules;
  /** Country of phones without a country code. */
  readonly region: CountryCode;
  readonly nowMs: number;
};

const BATCH = 500;
const MOST_DATA = 50;
const LONGEST_VALUE = 1000;

/** Heads that mean a field without being its name, in lower case without spaces, `_` and `-`. */
const HEADS: Readonly<Record<string, keyof ContactInput>> = {
  ...{ phone: "phone", telephone: "phone", mobile: "phone", телефон: "phone", номер: "phone" },
  ...{ номертелефона: "phone", мобильный: "phone", мобільний: "phone", name: "name" },
  ...{ имя: "name", фио: "name", клиент: "name", "ім'я": "name", піб: "name", клієнт: "name" },
  ...{ customersource: "customerSource", customersourceid: "customerSourceId" },
  ...{ customerid: "customerSourceId", timezone: "timeZone", часовойпояс: "timeZone" },
  ...{ часовийпояс: "timeZone", notbefore: "notBefore", незвонитьраньше: "notBefore" },
};

/** Lines of an uploaded table; columns that are no fields are data. @throws RecordError when no column holds phones. */
export function contactsOf(table: Table): readonly ContactLineInput[] {
  const fields = table.heads.map((head) => HEADS[head.toLowerCase().replace(/[\s_.-]+/g, "")]);
  if (!fields.includes("phone"))
    throw new RecordError("phone", `no column is called phone; there are: ${listed(table.heads)}`);
  return table.rows.map(({ line, cells, reason }) => {
    if (cells === null) return { line, value: null, reason };
    const value: Record<string, unknown> = {};
    const data: Record<string, string> = {};
    for (const [column, head] of table.heads.entries()) {
      const cell = cells[column]?.trim() ?? "";
      if (cell === "") continue;
      const field = fields[column];
      if (field !== undefined) value[field] ??= cell;
      else if (head !== "") data[head] = cell;
    }
    return { line, value: { ...value, data } };
  });
}

/** Plans the good ones. What was planned stays planned when PostgreSQL goes away in the middle; sending all again changes nothing. */
export async function addContacts(
  options: ListOptions,
  campaignId: string,
  lines: readonly ContactLineInput[],
  listId: string | null,
): Promise<UploadBody> {
  const refused: { line: number; field: string; reason: string }[] = [];
  let added = 0;
  let unchanged = 0;
  for (let from = 0; from < lines.length; from += BATCH) {
    const good: { line: number; contact: ReadContact }[] = [];
    for (const { line, value, reason } of lines.slice(from, from + BATCH)) {
      try {
        if (value === null) throw new RecordError("", reason ?? "is empty");
        good.push({ line, contact: readContact(value, options) });
      } catch (error) {
        if (!(error instanceof RecordError)) throw error;
        refused.push({ line, field: error.field, reason: error.message });
      }
    }
    const people = await withCustomers(options.db, good, listId, refused);
    const planned = await options.db.transaction().execute(async (trx) => {
      await lockPlanning(trx, campaignId);
      const { settings } = await trx
        .selectFrom("campaigns")
        .select("settings")
        .where("id", "=", campaignId)
        .executeTakeFirstOrThrow();
      return planContacts(trx, { id: campaignId, settings }, options.rules, people, options.nowMs);
    });
    added += planned.added;
    unchanged += planned.merged;
  }
  return { added, unchanged, refused: refused.toSorted((a, b) => a.line - b.line) };
}

type ReadContact = {
  readonly phone: string;
  readonly name: string;
  readonly customerSource: string;
  readonly customerSourceId: string;
  readonly timeZone: string;
  readonly notBeforeMs: number;
  readonly data: Readonly<Record<string, string>>;
};

function readContact(value: unknown, { region, nowMs }: ListOptions): ReadContact {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new RecordError("", "must be an object");
  const input = value as Record<string, unknown>;
  for (const field of Object.keys(input))
    if (!FIELDS.has(field)) throw new RecordError(field.slice(0, 60), "is not a known field");
  const written = text(input, "phone", 200);
  if (written === "") throw new RecordError("phone", "is missing");
  const phone = readPhone(written, region)?.e164;
  if (phone === undefined) throw new RecordError("phone", "is not a possible phone number");
  const timeZone = text(input, "timeZone", 64);
  if (timeZone !== "" && clockOf(timeZone) === null)
    throw new RecordError("timeZone", "must be an IANA zone such as Asia/Omsk");
  const notBefore = text(input, "notBefore", 64);
  const notBeforeMs = notBefore === "" ? nowMs : Date.parse(notBefore);
  if (Number.isNaN(notBeforeMs) || (notBefore !== "" && !/^\d{4}-\d\d-\d\d/.test(notBefore)))
    throw new RecordError("notBefore", "must be a date and time such as 2026-11-23T10:00:00Z");
  return {
    ...{ phone, timeZone, name: text(input, "name", 200) },
    customerSource: text(input, "customerSource", 64),
    customerSourceId: text(input, "customerSourceId", 128),
    notBeforeMs: Math.max(notBeforeMs, nowMs),
    data: dataOf(input["data"]),
  };
}

const FIELDS = new Set<string>([
  ...["phone", "name", "customerSource", "customerSourceId", "timeZone", "notBefore", "data"],
]);

function text(input: Record<string, unknown>, field: string, longest: number): string {
  const value = input[field];
  if (value === undefined || value === null) return "";
  if (typeof value !== "string") throw new RecordError(field, "must be text");
  if (value.length > longest) throw new RecordError(field, `is longer than ${longest} characters`);
  if (value.includes("\0")) throw new RecordError(field, "holds a NUL character");
  return value.trim();
}

function dataOf(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value))
    throw new RecordError("data", "must be an object of texts");
  const entries = Object.entries(value);
  if (entries.length > MOST_DATA)
    throw new RecordError("data", `has more than ${MOST_DATA} fields`);
  for (const [key, one] of entries) {
    const field = `data.${key.slice(0, 60)}`;
    if (typeof one !== "string") throw new RecordError(field, "must be text");
    if (one.length > LONGEST_VALUE || key.length > 100)
      throw new RecordError(field, `is longer than ${LONGEST_VALUE} characters`);
    if (one.includes("\0") || key.includes("\0"))
      throw new RecordError(field, "holds a NUL character");
  }
  return value as Record<string, string>;
}

/** Whose phone it is: the customer that is named, else the only one who has it. */
async function withCustomers(
  db: Database,
  good: readonly { readonly line: number; readonly contact: ReadContact }[],
  listId: string | null,
  refused: { line: number; field: string; reason: string }[],
): Promise<readonly ToCall[]> {
  if (good.length === 0) return [];
  const { rows } = await sql<{ named: string | null; owner: string | null }>`
    select u.id as named, (
      select max(customer_id)::text from customer_phones p where p.e164 = x.phone having count(*) = 1
    ) as owner
    from unnest(
      ${good.map(({ contact }) => contact.phone)}::text[],
      ${good.map(({ contact }) => contact.customerSource)}::text[],
      ${good.map(({ contact }) => contact.customerSourceId)}::text[]
    ) with ordinality as x (phone, source, source_id, n)
    left join customers u on x.source_id <> '' and u.source = x.source and u.source_id = x.source_id
    order by x.n`.execute(db);
  return good.flatMap(({ line, contact }, at) => {
    const { named, owner } = rows[at]!;
    const { customerSource, customerSourceId, ...rest } = contact;
    if (customerSourceId !== "" && named === null) {
      const reason = `no customer "${customerSourceId}" of source "${customerSource}"`;
      refused.push({ line, field: "customerSourceId", reason });
      return [];
    }
    return [{ ...NOTHING_SAID, ...rest, customerId: named ?? owner, listId }];
  });
}

function listed(heads: readonly string[]): string {
  return heads
    .slice(0, 20)
    .map((head) => `"${head.slice(0, 40)}"`)
    .join(", ");
}
