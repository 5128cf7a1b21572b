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

/** What a new row has and what a known one becomes: `i` is the record, `k` the known row, `o` what was found of others. */
type Column = { readonly name: string; readonly fresh: string; readonly changed: string };

/** What a record carries on the way. */
type Carried<Row> = {
  readonly name: string;
  readonly type: string;
  readonly value: (row: Row) => CopyValue;
};

/** Of a field that must be there. */
function given(name: string): Column {
  return { name, fresh: `i.${name}`, changed: `i.${name}` };
}

/** Of a text that may be left out: keeps what it had. */
function told(name: string): Column {
  return { name, fresh: `coalesce(i.${name}, '')`, changed: `coalesce(i.${name}, k.${name})` };
}

/** Of a time that may be left out (keeps what it had) or empty (none). */
function time(name: string): Column {
  const fresh = `nullif(i.${name}, '')::timestamptz`;
  return { name, fresh, changed: `case when i.${name} is null then k.${name} else ${fresh} end` };
}

type Kind<Row> = {
  readonly table: "claims" | "carts";
  readonly carried: readonly Carried<Row>[];
  readonly columns: readonly Column[];
  /** The order it names, as column `order_id`; null: it names none. */
  readonly hasOrder: boolean;
};

const text = <Row>(name: string, value: Carried<Row>["value"]) => ({ name, type: "text", value });
const ENDED = "('solved', 'rejected')";
const CLAIMS: Kind<ClaimRow> = {
  ...{ table: "claims", hasOrder: true },
  carried: [
    text("subject", (row) => row.subject),
    { name: "opened_at", type: "timestamptz", value: (row) => row.openedAt },
    text("closed_at", (row) => row.closedAt),
    text("number", (row) => row.number),
    text("kind", (row) => row.kind),
    text("wish", (row) => row.wish),
    text("text", (row) => row.text),
    text("order_source", (row) => row.orderSource),
    text("order_source_id", (row) => row.orderSourceId),
    text("status", (row) => row.status),
    text("deadline_at", (row) => row.deadlineAt),
    text("answer", (row) => row.answer),
  ],
  columns: [
    ...[told("subject"), given("opened_at"), told("kind"), told("wish"), told("text")],
    ...[told("answer"), time("deadline_at")],
    {
      name: "number",
      fresh: "coalesce(i.number, i.source_id)",
      changed: "coalesce(i.number, k.number)",
    },
    {
      name: "order_id",
      fresh: "o.order_id",
      changed: "case when i.order_source_id is null then k.order_id else o.order_id end",
    },
    // Some tell only that it is closed, others only its status: either follows the other.
    {
      name: "status",
      fresh: `coalesce(i.status, case when nullif(i.closed_at, '') is null then 'open' else 'solved' end)`,
      changed: `case when i.status is not null then i.status when i.closed_at is null then k.status
        when (i.closed_at = '') = (k.status not in ${ENDED}) then k.status
        when i.closed_at = '' then 'open' else 'solved' end`,
    },
    {
      name: "closed_at",
      fresh: `coalesce(nullif(i.closed_at, '')::timestamptz, case when i.status in ${ENDED} then now() end)`,
      changed: `case when i.closed_at is not null then nullif(i.closed_at, '')::timestamptz
        when i.status is null then k.closed_at
        when i.status in ${ENDED} then coalesce(k.closed_at, now()) end`,
    },
  ],
};
const CARTS: Kind<CartRow> = {
  ...{ table: "carts", hasOrder: false },
  carried: [
    { name: "total_minor", type: "bigint", value: (row) => row.totalMinor },
    text("currency", (row) => row.currency),
    { name: "left_at", type: "timestamptz", value: (row) => row.leftAt },
    text("ordered_at", (row) => row.orderedAt),
  ],
  columns: [given("total_minor"), given("currency"), given("left_at"), time("ordered_at")],
};

/** Told of claims that came or changed, once they are in the database. */
export type ClaimLoadOptions = LoadOptions & {
  readonly claimsChanged?: (
    claims: readonly { readonly claimId: string; readonly customerId: string }[],
  ) => void;
};

/**
 * Reads and merges a batch of claims in one transaction. A claim whose customer is not known yet is refused, and so is one of an order that
 * is not known as this customer's.
 */
export function importClaims(
  storage: Pick<Storage, "pool">,
  records: readonly unknown[],
  options: ClaimLoadOptions,
): Promise<LoadResult> {
  return load(storage, CLAIMS, records, options, readClaim);
}

/** Reads and merges a batch of carts in one transaction. A cart whose customer is not known yet is refused. */
export function importCarts(
  storage: Pick<Storage, "pool">,
  records: readonly unknown[],
  options: LoadOptions,
): Promise<LoadResult> {
  return load(storage, CARTS, records, options, readCart);
}

async function load<Row extends Owned>(
  { pool }: Pick<Storage, "pool">,
  kind: Kind<Row>,
  records: readonly unknown[],
  options: ClaimLoadOptions,
  read: (value: unknown, options: LoadOptions) => Row,
): Promise<LoadResult> {
  const { good, refused } = readAll(records, (value) => read(value, options));
  if (good.length === 0) return { added: 0, changed: 0, unchanged: 0, refused };
  const rows = lastOfEach(good);
  const lines = rows.map(({ record }, n) =>
    copyLine([
      ...[n, record.source, record.sourceId, record.customerSource, record.customerSourceId],
      ...kind.carried.map(({ value }) => value(record)),
    ]),
  );
  const { temporary, merge } = statements(kind);
  const merged = await inLoadTransaction(pool, async (client) => {
    await client.query(temporary);
    await copyInto(client, `incoming_${kind.table}`, lines.join(""));
    const result = await client.query<{
      added: number;
      changed: number;
      ids: string[];
      owners: string[];
      ownerless: number[];
      orderless: number[];
    }>(merge);
    return result.rows[0]!;
  });
  const { ids, owners } = merged;
  if (owners.length > 0) options.concerned?.([...new Set(owners)]);
  if (owners.length > 0 && kind.table === "claims")
    options.claimsChanged?.(ids.map((claimId, at) => ({ claimId, customerId: owners[at]! })));
  const missing = [
    ...merged.ownerless.map((n): Refusal => {
      const { index, record } = rows[n]!;
      const reason = `no customer "${record.customerSourceId}" of source "${record.customerSource}"`;
      return { index, field: "customerSourceId", reason };
    }),
    ...merged.orderless.map((n): Refusal => {
      const { index, record } = rows[n]!;
      const { orderSource = "", orderSourceId = "" } = record as Partial<ClaimRow>;
      const reason = `no order "${orderSourceId}" of source "${orderSource}" of this customer`;
      return { index, field: "orderSourceId", reason };
    }),
  ];
  return {
    added: merged.added,
    changed: merged.changed,
    unchanged: good.length - missing.length - merged.added - merged.changed,
    refused: [...refused, ...missing].toSorted((a, b) => a.index - b.index),
  };
}

/** Gives the counts, and `n` of the records whose customer or order nobody has told us of. */
function statements<Row>({ table, carried, columns, hasOrder }: Kind<Row>) {
  const names = columns.map(({ name }) => name).join(", ");
  const list = (part: "fresh" | "changed") => columns.map((column) => column[part]).join(", ");
  const order = hasOrder
    ? `left join lateral (
          select id, customer_id from orders
          where source = i.order_source and source_id = i.order_source_id limit 1
        ) r on r.customer_id = c.id`
    : "";
  // A claim's story has every change of its status and answer, whoever told it.
  const story = `, stepped as (
        insert into claim_steps (claim_id, status, told_by, text)
        select id, status, source, answer from added
        union all
        select c.id, c.status, c.source, case when c.answer is distinct from b.answer then c.answer else '' end
        from changed c join claims b on b.id = c.id
        where (c.status, c.answer) is distinct from (b.status, b.answer)
      )`;
  const back = hasOrder ? "id, customer_id, source, status, answer" : "id, customer_id";
  return {
    temporary: `
      create temporary table if not exists incoming_${table} (
        n integer, source text, source_id text, customer_source text, customer_source_id text,
        ${carried.map(({ name, type }) => `${name} ${type}`).join(", ")}
      ) on commit delete rows`,
    merge: `
      with owned as materialized (
        select i.n, c.id as customer_id, k.id as known_id,
          ${hasOrder ? "r.id as order_id, i.order_source_id <> '' and c.id is not null and r.id is null" : "false"} as orderless
        from incoming_${table} i
        left join lateral (
          select id from customers
          where source = i.customer_source and source_id = i.customer_source_id limit 1
        ) c on true
        left join lateral (
          select id from ${table} where source = i.source and source_id = i.source_id limit 1
        ) k on true
        ${order}
      ), added as (
        insert into ${table} (source, source_id, customer_id, ${names})
        select i.source, i.source_id, o.customer_id, ${list("fresh")}
        from owned o join incoming_${table} i on i.n = o.n
        where o.customer_id is not null and o.orderless is not true and o.known_id is null
        returning ${back}
      ), changed as (
        update ${table} k set (customer_id, ${names}, updated_at) = row(o.customer_id, ${list("changed")}, now())
        from owned o join incoming_${table} i on i.n = o.n
        where k.id = o.known_id and o.customer_id is not null and o.orderless is not true
          and row(k.customer_id, ${columns.map(({ name }) => `k.${name}`).join(", ")})
            is distinct from row(o.customer_id, ${list("changed")})
        returning ${back
          .split(", ")
          .map((name) => `k.${name}`)
          .join(", ")}
      )${hasOrder ? story : ""}, concerned as materialized (
        select id, customer_id from added union all select id, customer_id from changed
      )
      select (select count(*) from added)::int as added, (select count(*) from changed)::int as changed,
        array(select id::text from concerned order by id) as ids,
        array(select customer_id::text from concerned order by id) as owners,
        array(select n from owned where customer_id is null) as ownerless,
        array(select n from owned where orderless) as orderless`,
  };
}
