/** The list of phones that nobody calls, in any campaign. */
import type { CountryCode } from "libphonenumber-js/max";
import { sql } from "kysely";
import { type CsvProblem, csvRow } from "../cli/csv.ts";
import { readPhone } from "../customers/phone.ts";
import { recordAudit } from "../people/audit.ts";
import type { Database } from "../storage/database.ts";
import { openOfPhones, recheck, type Withdrawing } from "./attempts/withdraw.ts";
import type { DoNotCallLine, UploadBody } from "./rest.ts";
import type { Table } from "./upload.ts";
import {
  type RefusedRow,
  RowError,
  quotedHeads,
  rowError,
  uploadError,
} from "./upload-problems.ts";

/** A line as it came, or why it could not even be split. */
export type DoNotCallInput = { readonly line: number } & (
  | { readonly phone: unknown; readonly reason: unknown; readonly problem?: never }
  | { readonly problem: CsvProblem }
);

const BATCH = 1000;
const LONGEST_REASON = 500;
const PHONE_HEADS = new Set(["phone", "телефон", "номер", "telephone", "номер телефона"]);
const REASON_HEADS = new Set(["reason", "причина", "comment", "комментарий", "коментар"]);

/** Lines of an uploaded table. @throws UploadError when no column holds phones. */
export function linesOf(table: Table): readonly DoNotCallInput[] {
  const heads = table.heads.map((head) => head.toLowerCase());
  const phoneAt = heads.findIndex((head) => PHONE_HEADS.has(head));
  if (phoneAt === -1) throw uploadError("fileNoPhones", { heads: quotedHeads(table.heads) });
  const reasonAt = heads.findIndex((head) => REASON_HEADS.has(head));
  return table.rows.map(({ line, cells }) =>
    typeof cells === "string"
      ? { line, problem: cells }
      : { line, phone: cells[phoneAt] ?? "", reason: cells[reasonAt] ?? "" },
  );
}

/** Adds phones; whoever is to be called there is withdrawn, also while it rings. */
export async function addDoNotCall(
  withdrawing: Withdrawing,
  lines: readonly DoNotCallInput[],
  by: {
    readonly actor: string;
    readonly region: CountryCode;
    readonly nowMs: number;
  },
): Promise<UploadBody> {
  const refused: RefusedRow[] = [];
  const good = new Map<string, string>();
  let twice = 0;
  for (const line of lines) {
    try {
      const { phone, reason } = readLine(line, by.region);
      if (good.has(phone)) twice += 1;
      good.set(phone, reason);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      refused.push(error.at(line.line));
    }
  }
  const all = [...good];
  let added = 0;
  for (let from = 0; from < all.length; from += BATCH) {
    const some = all.slice(from, from + BATCH);
    const phones = some.map(([phone]) => phone);
    const { rows } = await sql`
      insert into do_not_call (phone, reason, added_by, added_at)
      select x.phone, x.reason, ${by.actor}, ${new Date(by.nowMs)}
      from unnest(${phones}::text[], ${some.map(([, reason]) => reason)}::text[]) as x (phone, reason)
      on conflict (phone) do nothing returning phone`.execute(withdrawing.db);
    added += rows.length;
    await recheck(withdrawing, await openOfPhones(withdrawing.db, phones), by.nowMs);
  }
  if (added > 0)
    await recordAudit(withdrawing.db, {
      ...{ actor: by.actor, action: "doNotCall.added" },
      detail: added === 1 ? { phone: all[0]![0] } : { count: added },
    });
  return { added, unchanged: all.length - added + twice, refused };
}

function readLine(line: DoNotCallInput, region: CountryCode) {
  if (line.problem !== undefined) throw rowError("", line.problem);
  const { phone, reason } = line;
  if (typeof phone !== "string" || phone.trim() === "") throw rowError("phone", "missing");
  const e164 = readPhone(phone, region)?.e164;
  if (e164 === undefined) throw rowError("phone", "badPhone");
  const why = reason ?? "";
  if (typeof why !== "string") throw rowError("reason", "notText");
  if (why.length > LONGEST_REASON) throw rowError("reason", "tooLong", { most: LONGEST_REASON });
  if (why.includes("\0")) throw rowError("reason", "nulCharacter");
  return { phone: e164, reason: why.trim() };
}

/** @returns false when it was not there. */
export async function removeDoNotCall(
  db: Database,
  phone: string,
  actor: string,
): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const gone = await trx
      .deleteFrom("do_not_call")
      .where("phone", "=", phone)
      .returning("phone")
      .execute();
    if (gone.length === 0) return false;
    await recordAudit(trx, { actor, action: "doNotCall.removed", detail: { phone } });
    return true;
  });
}

/** A page by phone. @param search a part of the number. */
export async function listDoNotCall(
  db: Database,
  page: { readonly after: string; readonly limit: number; readonly search: string },
): Promise<{ readonly lines: readonly DoNotCallLine[]; readonly next: string | null }> {
  let query = db
    .selectFrom("do_not_call")
    .selectAll()
    .where("phone", ">", page.after)
    .orderBy("phone")
    .limit(page.limit);
  const digits = page.search.replace(/\D/g, "");
  if (digits !== "") query = query.where("phone", "like", `%${digits}%`);
  const rows = await query.execute();
  return {
    lines: rows.map((row) => ({
      phone: row.phone,
      reason: row.reason,
      addedBy: row.added_by,
      addedAt: row.added_at.toISOString(),
    })),
    next: rows.length < page.limit ? null : rows.at(-1)!.phone,
  };
}

/** The whole list, page by page; can be uploaded again as it is. */
export async function* exportDoNotCall(db: Database): AsyncGenerator<string> {
  yield `${csvRow(["phone", "reason", "added_by", "added_at"], ",")}\r\n`;
  for (let after: string | null = ""; after !== null;) {
    const page = await listDoNotCall(db, { after, limit: 5000, search: "" });
    yield page.lines
      .map((one) => `${csvRow([one.phone, one.reason, one.addedBy, one.addedAt], ",")}\r\n`)
      .join("");
    after = page.next;
  }
}
