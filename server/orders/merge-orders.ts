/**
 * Orders that were read, into PostgreSQL in one transaction: COPY into a temporary table, whose they are, then one merge that keeps
 * every change of stage and status.
 *
 * Runs after any other load that is under way ({@link inLoadTransaction}), so no other load changes what it looked at before it
 * writes, and ids of `order_statuses` become visible in their order. It may be run again, and begins anew then.
 */
import type pg from "pg";
import { inLoadTransaction } from "../customers/loading.ts";
import { copyInto, copyLine } from "../storage/copy.ts";
import { GUEST } from "./inline-customer.ts";
import type { OrderRow } from "./record.ts";

/** What became of one order; the last two are refusals. */
export type OrderOutcome = "added" | "changed" | "unchanged" | "unknownCustomer" | "noCustomer";

/** What became of a batch. */
export type MergedOrders = {
  /** One for each row, in their order. */
  readonly outcomes: readonly OrderOutcome[];
  /** Whose orders came or changed. */
  readonly concerned: readonly string[];
  /** Orders that came or changed. */
  readonly orderIds: readonly string[];
  /** Customers that were made or changed. */
  readonly customerIds: readonly string[];
  /** Phones that were given to a customer. */
  readonly phones: readonly string[];
};

const TEMPORARY = `
  create temporary table if not exists incoming_orders (
    n integer, source text, source_id text, customer_source text, customer_source_id text, made_source_id text,
    number text, stage text, status text, total_minor bigint, currency text, placed_at timestamptz, promised_at text,
    lines jsonb, version bigint, phone text collate "C", delivery jsonb, payment jsonb, comment text,
    person_phone text collate "C", person_name text, person_email text, person_city text, person_region text,
    person_time_zone text, person_language text, person_consent boolean, nameless text
  ) on commit delete rows;
  create temporary table if not exists resolved_orders (
    n integer, order_id bigint, customer_id bigint, is_own boolean, was_stage text, was_status text
  ) on commit delete rows`;

/**
 * Whose each order is: of the customer it names; else of whom it already was; else of the only one with that phone (nobody whom the
 * same source names otherwise); else of who was made of that phone before. `is_own`: the source speaks of its own customer.
 * Orders with an older version than known are left out, given as `stale`. The lateral limits keep each probe on its index.
 */
const RESOLVE = `
  with found as materialized (
    select i.n, k.id as order_id, coalesce(c.id, k.customer_id, p.id, g.id) as customer_id,
      i.customer_source = i.source and (
        c.id is not null or (k.id is null and (p.is_guest or (p.id is null and g.id is not null)))
      ) as is_own,
      i.version < k.version as is_stale,
      i.customer_source_id is not null and i.made_source_id = '' and c.id is null as is_unknown,
      i.made_source_id <> '' as can_make, k.stage, k.status
    from incoming_orders i
    left join lateral (
      select id from customers
      where source = i.customer_source and source_id = i.customer_source_id limit 1
    ) c on true
    left join lateral (
      select id, customer_id, version, stage, status from orders
      where source = i.source and source_id = i.source_id limit 1
    ) k on true
    left join lateral (
      select o.id, o.source = i.customer_source and starts_with(o.source_id, '${GUEST}') as is_guest
      from (
        select min(customer_id) as id from customer_phones where e164 = i.person_phone having count(*) = 1
      ) sole
      join customers o on o.id = sole.id
      where i.customer_source_id is null or o.source <> i.customer_source
        or starts_with(o.source_id, '${GUEST}')
    ) p on i.person_phone is not null
    left join lateral (
      select id from customers
      where i.customer_source_id is null and i.made_source_id <> ''
        and source = i.customer_source and source_id = i.made_source_id limit 1
    ) g on true
  ), kept as (
    insert into resolved_orders
    select n, order_id, customer_id, is_own, stage, status from found
    where is_stale is not true and not is_unknown and (customer_id is not null or can_make)
  )
  select array(select n from found where is_stale) as stale,
    array(select n from found where is_unknown and is_stale is not true) as unknown,
    array(select n from found
          where is_stale is not true and not is_unknown and customer_id is null and not can_make) as nobody,
    array(select n from found
          where order_id is null and not is_unknown and (customer_id is not null or can_make)) as fresh,
    (select count(*) from found where is_stale is not true and customer_id is null and can_make)::int as to_make`;

/** Makes the customers nobody has told us of; the last order that tells of one counts. */
const MAKE_CUSTOMERS = `
  with wanted as materialized (
    select distinct on (i.customer_source, i.made_source_id) i.*
    from resolved_orders r join incoming_orders i using (n)
    where r.customer_id is null
    order by i.customer_source, i.made_source_id, i.n desc
  ), made as (
    insert into customers (source, source_id, name, email, city, region, time_zone, language, consent)
    select customer_source, made_source_id, coalesce(person_name, nameless), coalesce(person_email, ''),
      coalesce(person_city, ''), coalesce(person_region, ''), coalesce(person_time_zone, ''),
      coalesce(person_language, ''), person_consent
    from wanted
    returning id, source, source_id
  ), owned as (
    update resolved_orders r set customer_id = m.id
    from incoming_orders i join made m on m.source = i.customer_source and m.source_id = i.made_source_id
    where i.n = r.n and r.customer_id is null
  ), phones as (
    insert into customer_phones (e164, customer_id, verified)
    select w.person_phone, m.id, true
    from wanted w join made m on m.source = w.customer_source and m.source_id = w.made_source_id
    where w.person_phone is not null
    returning e164
  )
  select array(select id::text from made) as ids, array(select e164 from phones) as phones`;

/**
 * What orders tell of customers who were known: a source may change its own, and everybody's consent; of another source's customers
 * (found by phone) it knows less than that source.
 */
const CHANGE_CUSTOMERS = `
  with told as materialized (
    select distinct on (r.customer_id) i.*, r.customer_id, r.is_own
    from resolved_orders r join incoming_orders i using (n)
    where i.made_source_id <> '' and r.customer_id is not null
    order by r.customer_id, i.n desc
  ), wanted as materialized (
    select t.customer_id,
      case when t.is_own then coalesce(t.person_name, c.name) else c.name end as name,
      case when t.is_own then coalesce(t.person_email, c.email) else c.email end as email,
      case when t.is_own then coalesce(t.person_city, c.city) else c.city end as city,
      case when t.is_own then coalesce(t.person_region, c.region) else c.region end as region,
      case when t.is_own then coalesce(t.person_time_zone, c.time_zone) else c.time_zone end as time_zone,
      case when t.is_own then coalesce(t.person_language, c.language) else c.language end as language,
      coalesce(t.person_consent, c.consent) as consent
    from told t join customers c on c.id = t.customer_id
  ), changed as (
    update customers c
    set (name, email, city, region, time_zone, language, consent, updated_at)
      = row(w.name, w.email, w.city, w.region, w.time_zone, w.language, w.consent, now())
    from wanted w
    where c.id = w.customer_id
      and row(c.name, c.email, c.city, c.region, c.time_zone, c.language, c.consent) is distinct from
        row(w.name, w.email, w.city, w.region, w.time_zone, w.language, w.consent)
    returning c.id
  ), phones as (
    insert into customer_phones (e164, customer_id, verified)
    select person_phone, customer_id, true from told where is_own and person_phone is not null
    on conflict do nothing
    returning e164, customer_id
  )
  select array(select id::text from changed union select customer_id::text from phones) as ids,
    array(select e164 from phones) as phones`;

/** Fields that were left out keep what they had. */
const FIELDS: readonly (readonly [column: string, fresh: string, changed: string])[] = [
  ["customer_id", "i.customer_id", "i.customer_id"],
  ["number", "i.number", "i.number"],
  ["stage", "i.stage", "i.stage"],
  ["status", "coalesce(i.status, '')", "coalesce(i.status, k.status)"],
  ["total_minor", "i.total_minor", "i.total_minor"],
  ["currency", "i.currency", "i.currency"],
  ["placed_at", "i.placed_at", "i.placed_at"],
  [
    "promised_at",
    "nullif(i.promised_at, '')::timestamptz",
    "case when i.promised_at is null then k.promised_at else nullif(i.promised_at, '')::timestamptz end",
  ],
  ["lines", "coalesce(i.lines, '[]')", "coalesce(i.lines, k.lines)"],
  ["version", "i.version", "coalesce(i.version, k.version)"],
  ["phone", "coalesce(i.phone, '')", "coalesce(i.phone, k.phone)"],
  ["delivery", "coalesce(i.delivery, '{}')", "coalesce(i.delivery, k.delivery)"],
  ["payment", "coalesce(i.payment, '{}')", "coalesce(i.payment, k.payment)"],
  ["comment", "coalesce(i.comment, '')", "coalesce(i.comment, k.comment)"],
];
const columns = FIELDS.map(([column]) => column).join(", ");
const freshValues = FIELDS.map(([, value]) => value).join(", ");
const changedValues = FIELDS.map(([, , value]) => value).join(", ");
const knownValues = FIELDS.map(([column]) => `k.${column}`).join(", ");

const MERGE_ORDERS = `
  with incoming as materialized (
    select i.*, r.order_id, r.customer_id, r.was_stage, r.was_status
    from resolved_orders r join incoming_orders i using (n)
  ), added as (
    insert into orders (source, source_id, ${columns})
    select i.source, i.source_id, ${freshValues} from incoming i where i.order_id is null
    returning id, customer_id, stage, status, version
  ), changed as (
    update orders k set (${columns}, updated_at) = row(${changedValues}, now())
    from incoming i
    where k.id = i.order_id and row(${knownValues}) is distinct from row(${changedValues})
    returning k.id, k.customer_id, k.stage, k.status, k.version, i.n, i.was_stage, i.was_status
  ), told as (
    insert into order_statuses (order_id, customer_id, stage, status, version, placed)
    select id, customer_id, stage, status, version, true from added
    union all
    select id, customer_id, stage, status, version, false from changed
    where stage <> was_stage or status <> was_status
  )
  select array(select n from changed) as changed,
    array(select customer_id::text from added union select customer_id::text from changed) as concerned,
    array(select id::text from added union all select id::text from changed) as ids`;

type Resolved = {
  readonly stale: readonly number[];
  readonly unknown: readonly number[];
  readonly nobody: readonly number[];
  readonly fresh: readonly number[];
  readonly to_make: number;
};
type People = { readonly ids: readonly string[]; readonly phones: readonly string[] };

/** Merges rows in their order, all or none. */
export async function mergeOrders(pool: pg.Pool, rows: readonly OrderRow[]): Promise<MergedOrders> {
  if (rows.length === 0)
    return { outcomes: [], concerned: [], orderIds: [], customerIds: [], phones: [] };
  return inLoadTransaction(pool, (client) => mergeOver(client, rows));
}

async function mergeOver(client: pg.PoolClient, rows: readonly OrderRow[]): Promise<MergedOrders> {
  const outcomes = rows.map((): OrderOutcome => "unchanged");
  const concerned = new Set<string>();
  const orderIds = new Set<string>();
  const customerIds = new Set<string>();
  const phones = new Set<string>();
  await client.query(TEMPORARY);
  const { rounds, repeats } = roundsOf(rows);
  for (const [at, round] of rounds.entries()) {
    if (at > 0) await client.query("truncate incoming_orders, resolved_orders");
    await mergeRound(round);
  }
  for (const [n, of] of repeats) if (isRefusal(outcomes[of]!)) outcomes[n] = outcomes[of]!;
  return {
    outcomes,
    concerned: [...concerned],
    orderIds: [...orderIds],
    customerIds: [...customerIds],
    phones: [...phones],
  };

  async function mergeRound(round: readonly number[]): Promise<void> {
    await copyInto(client, "incoming_orders", round.map((n) => lineOf(n, rows[n]!)).join(""));
    const resolved = (await client.query<Resolved>(RESOLVE)).rows[0]!;
    for (const n of resolved.unknown) outcomes[n] = "unknownCustomer";
    for (const n of resolved.nobody) outcomes[n] = "noCustomer";
    for (const n of resolved.fresh) outcomes[n] = "added";
    // Before others are made, so that only those who were known are looked at.
    if (round.some((n) => rows[n]!.person !== null)) await people(CHANGE_CUSTOMERS);
    if (resolved.to_make > 0) await people(MAKE_CUSTOMERS);
    const merged = await client.query<{ changed: number[]; concerned: string[]; ids: string[] }>(
      MERGE_ORDERS,
    );
    const { changed, concerned: owners, ids } = merged.rows[0]!;
    for (const n of changed) outcomes[n] = "changed";
    for (const id of owners) concerned.add(id);
    for (const id of ids) orderIds.add(id);
  }

  async function people(statement: string): Promise<void> {
    const told = (await client.query<People>(statement)).rows[0]!;
    for (const id of told.ids) customerIds.add(id);
    for (const phone of told.phones) phones.add(phone);
  }
}

/** Whether an order is not in the database. */
export function isRefusal(outcome: OrderOutcome): boolean {
  return outcome === "unknownCustomer" || outcome === "noCustomer";
}

/**
 * Places of rows by rounds: in each round an order comes once, so that every step of it is kept. The same row again right after itself
 * is in none, since it changes nothing; `repeats` tells of which one it is a repeat.
 */
function roundsOf(rows: readonly OrderRow[]): {
  readonly rounds: readonly (readonly number[])[];
  readonly repeats: ReadonlyMap<number, number>;
} {
  const last = new Map<string, { n: number; round: number }>();
  const rounds: number[][] = [];
  const repeats = new Map<number, number>();
  for (const [n, row] of rows.entries()) {
    const key = `${row.source}\0${row.sourceId}`;
    const before = last.get(key);
    if (before !== undefined && JSON.stringify(rows[before.n]) === JSON.stringify(row)) {
      repeats.set(n, before.n);
      continue;
    }
    const round = before === undefined ? 0 : before.round + 1;
    last.set(key, { n, round });
    (rounds[round] ??= []).push(n);
  }
  return { rounds, repeats };
}

function lineOf(n: number, row: OrderRow): string {
  const { person } = row;
  return copyLine([
    ...[n, row.source, row.sourceId, row.customerSource, row.customerSourceId, row.madeSourceId],
    ...[row.number, row.stage, row.status, row.totalMinor, row.currency, row.placedAt],
    ...[row.promisedAt, json(row.lines), row.version, row.phone, json(row.delivery)],
    ...[json(row.payment), row.comment],
    ...[person?.phone ?? null, person?.name ?? null, person?.email ?? null, person?.city ?? null],
    ...[person?.region ?? null, person?.timeZone ?? null, person?.language ?? null],
    ...[person?.consent ?? null, person?.nameless ?? null],
  ]);
}

function json(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}
