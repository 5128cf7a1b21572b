/** Claims as they are read. */
import { type RawBuilder, sql } from "kysely";
import { isId } from "../../people/users.ts";
import { type Database, prepared } from "../../storage/database.ts";
import {
  CLAIM_KINDS,
  CLAIM_WISHES,
  type Claim,
  type ClaimKind,
  type ClaimStatus,
  type ClaimWish,
} from "../model.ts";

/** `source` of claims that were filed here. */
export const OWN_SOURCE = "callcard";

/** Something that happened to a claim. */
export type ClaimStep = {
  /** ISO date-time. */
  readonly at: string;
  readonly status: ClaimStatus;
  /** An operator's name, a login, `token:<name>`, a source. */
  readonly toldBy: string;
  readonly text: string;
};

export type ClaimRow = {
  id: string;
  source: string;
  source_id: string;
  number: string;
  customer_id: string;
  customer_name: string;
  order_id: string | null;
  order_number: string | null;
  line: number | null;
  line_name: string | null;
  kind: string;
  wish: string;
  subject: string;
  text: string;
  photos: string[];
  status: ClaimStatus;
  opened_at: Date;
  deadline_at: Date | null;
  closed_at: Date | null;
  answer: string;
  made_by_name: string | null;
  version: string | null;
};

/** Every claim as a {@link ClaimRow}; `k` is the claim. */
export const CLAIMS: RawBuilder<unknown> = sql`
  select k.id, k.source, k.source_id, k.number, k.customer_id, c.name as customer_name, k.order_id, o.number as order_number, k.line,
    case when k.line is not null then o.lines -> k.line ->> 'name' end as line_name, k.kind, k.wish, k.subject,
    k.text, k.photos, k.status, k.opened_at, k.deadline_at, k.closed_at, k.answer, u.name as made_by_name, k.version
  from claims k
  join customers c on c.id = k.customer_id
  left join orders o on o.id = k.order_id
  left join users u on u.id = k.made_by`;

export function claimOf(row: ClaimRow, nowMs: number): Claim {
  const isOpen = row.closed_at === null;
  return {
    ...{ id: row.id, source: row.source, customerId: row.customer_id },
    number: row.number === "" ? row.source_id : row.number,
    ...{ orderId: row.order_id, orderNumber: row.order_number ?? "" },
    ...{ line: row.line, lineName: row.line_name ?? "" },
    kind: (CLAIM_KINDS as readonly string[]).includes(row.kind) ? (row.kind as ClaimKind) : "",
    wish: (CLAIM_WISHES as readonly string[]).includes(row.wish) ? (row.wish as ClaimWish) : "",
    ...{ subject: row.subject, text: row.text, photos: row.photos },
    // One that came from outside may tell only that it is closed.
    status: !isOpen && row.status === "open" ? "solved" : row.status,
    openedAt: row.opened_at.toISOString(),
    deadlineAt: row.deadline_at?.toISOString() ?? null,
    closedAt: row.closed_at?.toISOString() ?? null,
    ...{ answer: row.answer, madeByName: row.made_by_name ?? "" },
    late: isOpen && row.deadline_at !== null && row.deadline_at.getTime() < nowMs,
  };
}

/** Null when there is none. */
export async function findClaim(db: Database, id: string): Promise<ClaimRow | null> {
  if (!isId(id)) return null;
  const { rows } = await sql<ClaimRow>`${CLAIMS} where k.id = ${id}::bigint`.execute(db);
  return rows[0] ?? null;
}

/** Everything of this number; more than one when sources happen to call theirs the same. @param source "" for any. */
export async function findByNumber(
  db: Database,
  number: string,
  source: string,
): Promise<readonly ClaimRow[]> {
  const { rows } = await sql<ClaimRow>`
    ${CLAIMS} where k.number = ${number} and (${source} = '' or k.source = ${source})
    order by k.id limit 2`.execute(db);
  return rows;
}

/** Open ones first, then newest first. */
export async function claimsOf(
  db: Database,
  customerId: string,
  limit: number,
): Promise<readonly ClaimRow[]> {
  if (!isId(customerId)) return [];
  const { rows } = await sql<ClaimRow>`${prepared}
    ${CLAIMS} where k.customer_id = ${customerId}::bigint
    order by k.closed_at is not null, k.opened_at desc, k.id desc limit ${limit}`.execute(db);
  return rows;
}

/** Oldest first. */
export async function stepsOf(db: Database, claimId: string): Promise<readonly ClaimStep[]> {
  const rows = await db
    .selectFrom("claim_steps")
    .select(["at", "status", "told_by", "text"])
    .where("claim_id", "=", claimId)
    .orderBy("id")
    .execute();
  return rows.map((row) => ({
    ...{ at: row.at.toISOString(), status: row.status as ClaimStatus },
    ...{ toldBy: row.told_by, text: row.text },
  }));
}
