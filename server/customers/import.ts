/**
 * Customers from a source into PostgreSQL: COPY into a temporary table, then one merge.
 *
 * Idempotent by (source, sourceId): the same batch again changes nothing, not even a row's version. What operators chose
 * (`verified = false`) outlives what the source says.
 */
import type pg from "pg";
import { copyInto, copyLine, textArray } from "../storage/copy.ts";
import type { Storage } from "../storage/database.ts";
import {
  type LoadOptions,
  type LoadResult,
  inLoadTransaction,
  lastOfEach,
  readAll,
} from "./loading.ts";
import { type CustomerRow, readCustomer } from "./record.ts";

const TEMPORARY = `
  create temporary table if not exists incoming_customers (
    n integer, source text, source_id text, name text, email text, tier text, tier_since text, segments text[], vip boolean,
    language text, city text, region text, time_zone text, external_url text, personal_manager text,
    customer_since text, has_phones boolean, bonus_minor bigint
  ) on commit delete rows;
  create temporary table if not exists incoming_phones (n integer, e164 text collate "C") on commit delete rows;
  create temporary table if not exists merged_customers (n integer, id bigint, fresh boolean) on commit delete rows`;

/** Fields as they will be: what was left out keeps what it had; a new customer has the column's default. */
const FIELDS: readonly (readonly [column: string, incoming: string, otherwise: string])[] = [
  ["name", "i.name", "''"],
  ["email", "i.email", "''"],
  ["tier", "i.tier", "''"],
  ["tier_since", "nullif(i.tier_since, '')::date", "null"],
  ["segments", "i.segments", "'{}'"],
  ["vip", "i.vip", "false"],
  ["language", "i.language", "''"],
  ["city", "i.city", "''"],
  ["region", "i.region", "''"],
  ["time_zone", "i.time_zone", "''"],
  ["external_url", "i.external_url", "''"],
  ["personal_manager", "i.personal_manager", "''"],
  ["customer_since", "nullif(i.customer_since, '')::date", "null"],
  ["bonus_minor", "i.bonus_minor", "null"],
];
const isDate = (column: string) => column.endsWith("_since");
const columns = FIELDS.map(([column]) => column).join(", ");
const fresh = FIELDS.map(([, incoming, otherwise]) =>
  otherwise === "null" ? incoming : `coalesce(${incoming}, ${otherwise})`,
).join(", ");
const updated = FIELDS.map(([column, incoming]) =>
  isDate(column)
    ? `case when i.${column} is null then c.${column} else ${incoming} end`
    : `coalesce(${incoming}, c.${column})`,
).join(", ");
const present = FIELDS.map(([column]) => `c.${column}`).join(", ");

// The lateral limit keeps the probe of each incoming row on the unique index, whatever the planner believes.
const MERGE_CUSTOMERS = `
  with known as materialized (
    select i.n, c.id
    from incoming_customers i
    cross join lateral (
      select id from customers where source = i.source and source_id = i.source_id limit 1
    ) c
  ), added as (
    insert into customers (source, source_id, ${columns})
    select i.source, i.source_id, ${fresh}
    from incoming_customers i
    where not exists (select from known where known.n = i.n)
    returning id, source, source_id
  ), changed as (
    update customers c set (${columns}, updated_at) = row(${updated}, now())
    from known k join incoming_customers i on i.n = k.n
    where c.id = k.id and row(${present}) is distinct from row(${updated})
    returning c.id
  ), merged as (
    insert into merged_customers (n, id, fresh)
    select n, id, false from known
    union all
    select i.n, a.id, true
    from added a join incoming_customers i on i.source = a.source and i.source_id = a.source_id
  )
  select (select count(*) from added)::int as added, array(select id from changed) as changed`;

/** Gives the customers that were known before and had a phone taken away. */
const DROP_PHONES = `
  delete from customer_phones p
  using merged_customers m, incoming_customers i
  where not m.fresh and i.n = m.n and i.has_phones and p.customer_id = m.id and p.verified
    and not exists (select from incoming_phones w where w.n = m.n and w.e164 = p.e164)
  returning p.customer_id as id`;

/** Gives the customers that were known before and got a phone, or had one verified. */
const MERGE_PHONES = `
  with given as (
    insert into customer_phones (e164, customer_id, verified)
    select w.e164, m.id, true
    from incoming_phones w join merged_customers m on m.n = w.n
    on conflict (e164, customer_id) do update set verified = true where not customer_phones.verified
    returning customer_id
  )
  select given.customer_id as id
  from given join merged_customers m on m.id = given.customer_id
  where not m.fresh`;

/** Reads and merges a batch of records in one transaction; a bad record is refused and the others are kept. */
export async function importCustomers(
  storage: Pick<Storage, "pool">,
  records: readonly unknown[],
  options: LoadOptions,
): Promise<LoadResult> {
  const { good, refused } = readAll(records, (value) => readCustomer(value, options));
  const counts = await mergeCustomers(
    storage.pool,
    lastOfEach(good).map(({ record }) => record),
  );
  return { ...counts, unchanged: good.length - counts.added - counts.changed, refused };
}

/** Merges rows that were read already; each (source, sourceId) once. */
export async function mergeCustomers(
  pool: pg.Pool,
  rows: readonly CustomerRow[],
): Promise<{ readonly added: number; readonly changed: number }> {
  if (rows.length === 0) return { added: 0, changed: 0 };
  let customers = "";
  let phones = "";
  for (const [n, row] of rows.entries()) {
    customers += copyLine([
      ...[n, row.source, row.sourceId, row.name, row.email, row.tier, row.tierSince],
      ...[row.segments === null ? null : textArray(row.segments), row.vip, row.language],
      ...[row.city, row.region, row.timeZone, row.externalUrl, row.personalManager],
      ...[row.customerSince, row.phones !== null, row.bonusMinor],
    ]);
    for (const e164 of row.phones ?? []) phones += copyLine([n, e164]);
  }
  return inLoadTransaction(pool, async (client) => {
    await client.query(TEMPORARY);
    await copyInto(client, "incoming_customers", customers);
    if (phones !== "") await copyInto(client, "incoming_phones", phones);
    const merged = await client.query<{ added: number; changed: string[] }>(MERGE_CUSTOMERS);
    const { added, changed } = merged.rows[0]!;
    const touched = new Set(changed);
    if (added < rows.length)
      for (const { id } of (await client.query<{ id: string }>(DROP_PHONES)).rows) touched.add(id);
    if (phones !== "")
      for (const { id } of (await client.query<{ id: string }>(MERGE_PHONES)).rows) touched.add(id);
    return { added, changed: touched.size };
  });
}
