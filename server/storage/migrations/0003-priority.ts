/** Queue priority: policies and their versions, what a rule may ask about a customer, and every move that was made. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table policy_versions (
      version integer primary key,
      policy jsonb not null,
      note text not null default '',
      published_by text not null,
      published_at timestamptz not null default now(),
      -- 0 is the plain order, which is no row.
      rolled_back_to integer
    )`.execute(db);
  // One draft for the whole installation.
  await sql`
    create table policy_draft (
      one boolean primary key default true check (one),
      policy jsonb not null,
      revision integer not null,
      base_version integer not null,
      updated_by text not null,
      updated_at timestamptz not null default now()
    )`.execute(db);
  // Why a caller stood where they stood; one row for each stay in a queue.
  await sql`
    create table call_priorities (
      call_id text not null,
      queue text not null,
      joined_at timestamptz not null,
      pbx text not null,
      policy_version integer not null,
      rule_id text not null default '',
      rule_name text not null default '',
      rate real not null,
      head_start_ms integer not null,
      primary key (call_id, queue, joined_at)
    )`.execute(db);
  await sql`
    create table priority_moves (
      id bigint generated always as identity primary key,
      call_id text not null,
      pbx text not null,
      queue text not null,
      at timestamptz not null,
      made_by text not null,
      from_position integer not null,
      to_position integer,
      from_priority integer not null,
      to_priority integer not null,
      policy_version integer not null
    )`.execute(db);
  await sql`create index priority_moves_call on priority_moves (call_id)`.execute(db);

  await sql`alter table customers add column segments text[] not null default '{}'`.execute(db);
  await sql`alter table orders add column promised_at timestamptz`.execute(db);
  await sql`
    create table claims (
      id bigint generated always as identity primary key,
      source text not null,
      source_id text not null,
      customer_id bigint not null references customers (id) on delete cascade,
      subject text not null default '',
      opened_at timestamptz not null,
      closed_at timestamptz,
      updated_at timestamptz not null default now(),
      unique (source, source_id)
    )`.execute(db);
  await sql`create index claims_open on claims (customer_id) where closed_at is null`.execute(db);
  await sql`
    create table carts (
      id bigint generated always as identity primary key,
      source text not null,
      source_id text not null,
      customer_id bigint not null references customers (id) on delete cascade,
      total_minor bigint not null,
      currency text not null,
      left_at timestamptz not null,
      ordered_at timestamptz,
      updated_at timestamptz not null default now(),
      unique (source, source_id)
    )`.execute(db);
  await sql`create index carts_left on carts (customer_id, left_at desc) where ordered_at is null`.execute(
    db,
  );
}
