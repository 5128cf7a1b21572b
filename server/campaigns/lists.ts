/** People to call by a list or an event: read one by one, the good ones kept, the others named with the reason. */
import type { CountryCode } from "libphonenumber-js/max";
import { sql } from "kysely";
import { readPhone } from "../customers/phone.ts";
import type { Database } from "../storage/database.ts";
import { lockPlanning } from "./attempts/contacts.ts";
import { NOTHING_SAID, type ToCall, planContacts } from "./attempts/plan.ts";
import type { ZoneRules } from "./attempts/zone-facts.ts";
import type { ContactInput, UploadBody } from "./rest.ts";
import type { CsvProblem } from "../cli/csv.ts";
import type { Table } from "./upload.ts";
import {
  type RefusedRow,
  RowError,
  quotedHeads,
  rowError,
  uploadError,
} from "./upload-problems.ts";
import { clockOf } from "./zone-days.ts";

/** A line as it came, or why it could not even be split. */
export type ContactLineInput = { readonly line: number } & (
  { readonly value: unknown; readonly problem?: never } | { readonly problem: CsvProblem }
);

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

/** Lines of an uploaded table; columns that are no fields are data. @throws UploadError when no column holds phones. */
export function contactsOf(table: Table): readonly ContactLineInput[] {
  const fields = table.heads.map((head) => HEADS[head.toLowerCase().replace(/[\s_.-]+/g, "")]);
  if (!fields.includes("phone"))
    throw uploadError("fileNoPhones", { heads: quotedHeads(table.heads) });
  return table.rows.map(({ line, cells }) => {
    if (typeof cells === "string") return { line, problem: cells };
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
  const refused: RefusedRow[] = [];
  let added = 0;
  let unchanged = 0;
  for (let from = 0; from < lines.length; from += BATCH) {
    const good: { line: number; contact: ReadContact }[] = [];
    for (const one of lines.slice(from, from + BATCH)) {
      const { line } = one;
      try {
        if (one.problem !== undefined) throw rowError("", one.problem);
        good.push({ line, contact: readContact(one.value, options) });
      } catch (error) {
        if (!(error instanceof RowError)) throw error;
        refused.push(error.at(line));
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
    throw rowError("", "notAnObject");
  const input = value as Record<string, unknown>;
  for (const field of Object.keys(input))
    if (!FIELDS.has(field)) throw rowError(field.slice(0, 60), "unknownField");
  const written = text(input, "phone", 200);
  if (written === "") throw rowError("phone", "missing");
  const phone = readPhone(written, region)?.e164;
  if (phone === undefined) throw rowError("phone", "badPhone");
  const timeZone = text(input, "timeZone", 64);
  if (timeZone !== "" && clockOf(timeZone) === null) throw rowError("timeZone", "badZone");
  const notBefore = text(input, "notBefore", 64);
  const notBeforeMs = notBefore === "" ? nowMs : Date.parse(notBefore);
  if (Number.isNaN(notBeforeMs) || (notBefore !== "" && !/^\d{4}-\d\d-\d\d/.test(notBefore)))
    throw rowError("notBefore", "badMoment");
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
  if (typeof value !== "string") throw rowError(field, "notText");
  if (value.length > longest) throw rowError(field, "tooLong", { most: longest });
  if (value.includes("\0")) throw rowError(field, "nulCharacter");
  return value.trim();
}

function dataOf(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw rowError("data", "notTexts");
  const entries = Object.entries(value);
  if (entries.length > MOST_DATA) throw rowError("data", "tooManyFields", { most: MOST_DATA });
  for (const [key, one] of entries) {
    const field = `data.${key.slice(0, 60)}`;
    if (typeof one !== "string") throw rowError(field, "notText");
    if (one.length > LONGEST_VALUE || key.length > 100)
      throw rowError(field, "tooLong", { most: LONGEST_VALUE });
    if (one.includes("\0") || key.includes("\0")) throw rowError(field, "nulCharacter");
  }
  return value as Record<string, string>;
}

/** Whose phone it is: the customer that is named, else the only one who has it. */
async function withCustomers(
  db: Database,
  good: readonly { readonly line: number; readonly contact: ReadContact }[],
  listId: string | null,
  refused: RefusedRow[],
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
      const who = { id: customerSourceId, source: customerSource };
      refused.push(rowError("customerSourceId", "noSuchCustomer", who).at(line));
      return [];
    }
    return [{ ...NOTHING_SAID, ...rest, customerId: named ?? owner, listId }];
  });
}
