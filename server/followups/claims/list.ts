/** Claims for those who look after them: open ones by their deadlines, all by when they were opened. */
import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import type { ClaimKind, ClaimStatus } from "../model.ts";
import { CLAIMS, type ClaimRow } from "./store.ts";

export type ClaimFilter = {
  /** Open ones come by their deadlines, the earliest first; others newest first. */
  readonly state: "open" | "closed" | "all";
  readonly status: ClaimStatus | null;
  readonly kind: ClaimKind | null;
  readonly late: boolean;
  readonly customerId: string | null;
  readonly orderId: string | null;
  readonly source: string | null;
  /** Part of the number, the texts or the answer; "" for all. */
  readonly text: string;
  /** `next` of the page before; "" for the first. */
  readonly after: string;
  readonly limit: number;
};

/** @returns `next` "" at the end; null for an `after` that is none. */
export async function listClaims(
  db: Database,
  filter: ClaimFilter,
  nowMs: number,
): Promise<{ readonly rows: readonly ClaimRow[]; readonly next: string } | null> {
  const after = readCursor(filter.after);
  if (after === undefined) return null;
  const byDeadline = filter.state === "open" || filter.late;
  const key = byDeadline ? sql`coalesce(k.deadline_at, 'infinity')` : sql`k.opened_at`;
  const conditions = [sql`true`];
  if (byDeadline) conditions.push(sql`k.closed_at is null`);
  if (filter.state === "closed") conditions.push(sql`k.closed_at is not null`);
  if (filter.status !== null) conditions.push(sql`k.status = ${filter.status}`);
  if (filter.kind !== null) conditions.push(sql`k.kind = ${filter.kind}`);
  if (filter.late) conditions.push(sql`k.deadline_at < ${new Date(nowMs)}`);
  if (filter.customerId !== null)
    conditions.push(sql`k.customer_id = ${filter.customerId}::bigint`);
  if (filter.orderId !== null) conditions.push(sql`k.order_id = ${filter.orderId}::bigint`);
  if (filter.source !== null) conditions.push(sql`k.source = ${filter.source}`);
  const text = filter.text.trim().toLowerCase();
  if (text !== "")
    conditions.push(
      sql`strpos(lower(concat_ws(' ', k.number, k.subject, k.text, k.answer)), ${text}) > 0`,
    );
  if (after !== null)
    conditions.push(
      byDeadline
        ? sql`(${key}, k.id) > (${after.at}::timestamptz, ${after.id}::bigint)`
        : sql`(${key}, k.id) < (${after.at}::timestamptz, ${after.id}::bigint)`,
    );
  const direction = byDeadline ? sql`asc` : sql`desc`;
  const { rows } = await sql<ClaimRow & { key: string }>`
    select c.*, x.key from (${CLAIMS}) c
    join (
      select k.id, (${key})::text as key, row_number() over (order by ${key} ${direction}, k.id ${direction}) as place
      from claims k where ${sql.join(conditions, sql` and `)}
      order by ${key} ${direction}, k.id ${direction} limit ${filter.limit + 1}
    ) x on x.id = c.id
    order by x.place`.execute(db);
  const page = rows.slice(0, filter.limit);
  const last = page.at(-1);
  const next =
    rows.length > filter.limit && last !== undefined
      ? Buffer.from(JSON.stringify([last.key, last.id])).toString("base64url")
      : "";
  return { rows: page, next };
}

/** Null for none, undefined for one that nobody gave out. */
function readCursor(text: string): { at: string; id: string } | null | undefined {
  if (text === "") return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    if (!Array.isArray(value)) return undefined;
    const [at, id] = value as unknown[];
    const isTime = typeof at === "string" && /^(infinity|\d{4}[\d :.+-]{6,40})$/.test(at);
    const isNumber = typeof id === "string" && /^[1-9]\d{0,17}$/.test(id);
    return isTime && isNumber ? { at, id } : undefined;
  } catch {
    return undefined;
  }
}
