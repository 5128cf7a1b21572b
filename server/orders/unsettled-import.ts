/** Claims and left carts from a source into PostgreSQL: COPY into a temporary table, then one merge; idempotent. */
import {
  type LoadOptions,
  type LoadResult,
  type Refusal,
  inLoadTransaction,
  lastOfEach,
  readAll,
} from "../customers/loading.ts";
import { type CopyValue, copyInto, copyLine } from "../storage/copy.ts";
import type { Storage } from "../storage/database.ts";
import { type CartRow, type ClaimRow, readCart, readClaim } from "./unsettled-record.ts";

type Owned = {
  readonly source: string;
  readonly sourceId: string;
  readonly customerSource: string;
  readonly customerSourceId: string;
};

/** A column: its type on the way, what a new row has, and what a known one becomes. `i` is the record, `k` the known row. */
type Column<Row> = {
  readonly name: string;
  readonly type: string;
  readonly value: (row: Row) => CopyValue;
  readonly fresh: string;
  readonly changed: string;
};

/** Of a field that must be there. */
function given<Row>(name: string, type: string, value: Column<Row>["value"]): Column<Row> {
  return { name, type, value, fresh: `i.${name}`, changed: `i.${name}` };
}

/** Of a time that may be left out (keeps what it had) or empty (none). */
function time<Row>(name: string, value: Column<Row>["value"]): Column<Row> {
  const fresh = `nullif(i.${name}, '')::timestamptz`;
  const changed = `case when i.${name} is null then k.${name} else ${fresh} end`;
  return { name, type: "text", value, fresh, changed };
}

const CLAIMS: readonly Column<ClaimRow>[] = [
  {
    ...{ name: "subject", type: "text", value: (row: ClaimRow) => row.subject },
    ...{ fresh: "coalesce(i.subject, '')", changed: "coalesce(i.subject, k.subject)" },
  },
  given("opened_at", "timestamptz", (row) => row.openedAt),
  time("closed_at", (row) => row.closedAt),
];
const CARTS: readonly Column<CartRow>[] = [
  given("total_minor", "bigint", (row) => row.totalMinor),
  given("currency", "text", (row) => row.currency),
  given("left_at", "timestamptz", (row) => row.leftAt),
  time("ordered_at", (row) => row.orderedAt),
];

/** Reads and merges a batch of claims in one transaction. A claim whose customer is not known yet is refused. */
export function importClaims(
  storage: Pick<Storage, "pool">,
  records: readonly unknown[],
  options: LoadOptions,
): Promise<LoadResult> {
  return load(storage, "claims", CLAIMS, records, options, readClaim);
}

/** Reads and merges a batch of carts in one transaction. A cart whose customer is not known yet is refused. */
export function importCarts(
  storage: Pick<Storage, "pool">,
  records: readonly unknown[],
  options: LoadOptions,
): Promise<LoadResult> {
  return load(storage, "carts", CARTS, records, options, readCart);
}

async function load<Row extends Owned>(
  { pool }: Pick<Storage, "pool">,
  table: "claims" | "carts",
  columns: readonly Column<Row>[],
  records: readonly unknown[],
  options: LoadOptions,
  read: (value: unknown, options: LoadOptions) => Row,
): Promise<LoadResult> {
  const { good, refused } = readAll(records, (value) => read(value, options));
  if (good.length === 0) return { added: 0, changed: 0, unchanged: 0, refused };
  const rows = lastOfEach(good);
  const lines = rows.map(({ record }, n) =>
    copyLine([
      ...[n, record.source, record.sourceId, record.customerSource, record.customerSourceId],
      ...columns.map(({ value }) => value(record)),
    ]),
  );
  const { temporary, merge } = statements(table, columns);
  const merged = await inLoadTransaction(pool, async (client) => {
    await client.query(temporary);
    await copyInto(client, `incoming_${table}`, lines.join(""));
    const result = await client.query<{
      added: number;
      changed: number;
      concerned: string[];
      ownerless: number[];
    }>(merge);
    return result.rows[0]!;
  });
  if (merged.concerned.length > 0) options.concerned?.(merged.concerned);
  const ownerless = merged.ownerless.map((n): Refusal => {
    const { index, record } = rows[n]!;
    const reason = `no customer "${record.customerSourceId}" of source "${record.customerSource}"`;
    return { index, field: "customerSourceId", reason };
  });
  return {
    added: merged.added,
    changed: merged.changed,
    unchanged: good.length - ownerless.length - merged.added - merged.changed,
    refused: [...refused, ...ownerless].toSorted((a, b) => a.index - b.index),
  };
}

/** Gives the counts, and `n` of the records whose customer nobody has told us of. */
function statements<Row>(table: "claims" | "carts", columns: readonly Column<Row>[]) {
  const names = columns.map(({ name }) => name).join(", ");
  const list = (part: "fresh" | "changed") => columns.map((column) => column[part]).join(", ");
  return {
    temporary: `
      create temporary table if not exists incoming_${table} (
        n integer, source text, source_id text, customer_source text, customer_source_id text,
        ${columns.map(({ name, type }) => `${name} ${type}`).join(", ")}
      ) on commit delete rows`,
    merge: `
      with owned as materialized (
        select i.n, c.id as customer_id, k.id as known_id
        from incoming_${table} i
        left join lateral (
          select id from customers
          where source = i.customer_source and source_id = i.customer_source_id limit 1
        ) c on true
        left join lateral (
          select id from ${table} where source = i.source and source_id = i.source_id limit 1
        ) k on true
      ), added as (
        insert into ${table} (source, source_id, customer_id, ${names})
        select i.source, i.source_id, o.customer_id, ${list("fresh")}
        from owned o join incoming_${table} i on i.n = o.n
        where o.customer_id is not null and o.known_id is null
        returning customer_id
      ), changed as (
        update ${table} k set (customer_id, ${names}, updated_at) = row(o.customer_id, ${list("changed")}, now())
        from owned o join incoming_${table} i on i.n = o.n
        where k.id = o.known_id and o.customer_id is not null
          and row(k.customer_id, ${columns.map(({ name }) => `k.${name}`).join(", ")})
            is distinct from row(o.customer_id, ${list("changed")})
        returning k.customer_id
      )
      select (select count(*) from added)::int as added, (select count(*) from changed)::int as changed,
        array(select customer_id::text from added union select customer_id::text from changed) as concerned,
        array(select n from owned where customer_id is null) as ownerless`,
  };
}
