/** Campaigns: what orders need for them, whom to call, every attempt, and what goes back to the source. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  // An order as a source tells it again and again: `version` is the source's own, older ones are harmless.
  await sql`
    alter table orders
      add column version bigint,
      add column phone text collate "C" not null default '',
      add column delivery jsonb not null default '{}',
      add column comment text not null default '',
      add column received_at timestamptz not null default now()`.execute(db);
  await sql`
    create table order_statuses (
      id bigint generated always as identity primary key,
      order_id bigint not null references orders on delete cascade,
      at timestamptz not null default now(),
      stage text not null,
      status text not null default '',
      version bigint,
      -- The order was new with this one.
      placed boolean not null default false
    )`.execute(db);
  await sql`create index order_statuses_order on order_statuses (order_id, id)`.execute(db);
  // May this person be called for an advertisement; null: nobody asked.
  await sql`alter table customers add column consent boolean`.execute(db);
  // When the person of a campaign's call wants to be called, as the operator entered it.
  await sql`alter table wrap_ups add column call_back jsonb`.execute(db);

  // How a source proves its webhooks and where it wants results.
  await sql`
    create table order_sources (
      source text primary key,
      hook_secret text not null default '',
      results_url text not null default '',
      results_secret text not null default '',
      changed_at timestamptz not null default now()
    )`.execute(db);

  await sql`
    create table trunks (
      pbx text not null,
      name text not null,
      dial text not null,
      format text not null,
      lines integer not null,
      calls_per_second real not null,
      enabled boolean not null default true,
      primary key (pbx, name)
    )`.execute(db);

  await sql`
    create table campaigns (
      id bigint generated always as identity primary key,
      settings jsonb not null,
      state text not null default 'draft',
      paused_because text not null default '',
      revision integer not null default 1,
      -- What pacing learned; see campaigns/pacing/model.ts.
      learned jsonb,
      -- How far order_statuses were read.
      orders_read bigint not null default 0,
      -- Up to which revision what is planned was given its times.
      timed_revision integer not null default 1,
      created_at timestamptz not null default now(),
      changed_at timestamptz not null default now()
    )`.execute(db);

  await sql`
    create table contact_lists (
      id bigint generated always as identity primary key,
      campaign_id bigint not null references campaigns on delete cascade,
      name text not null,
      uploaded_by text not null,
      uploaded_at timestamptz not null default now(),
      rows integer not null,
      refused integer not null
    )`.execute(db);

  await sql`
    create table contacts (
      id bigint generated always as identity primary key,
      campaign_id bigint not null references campaigns on delete cascade,
      customer_id bigint references customers on delete set null,
      phone text collate "C" not null,
      name text not null default '',
      list_id bigint references contact_lists on delete set null,
      -- What a list or an event said about it, for the card and for results.
      data jsonb not null default '{}',
      time_zones text[] not null default '{}',
      zone_basis text not null default 'unknown',
      state text not null default 'open' check (state in ('open', 'done', 'withdrawn')),
      -- The disposition of a contact that is done, why one was withdrawn.
      result text not null default '',
      -- This person does not want to be called by this campaign again.
      refused boolean not null default false,
      -- An operator promised it: to whom (null: to anybody).
      promised boolean not null default false,
      user_id bigint references users on delete set null,
      -- What an operator said of the last talk; see campaigns/attempts/said.ts.
      said jsonb,
      created_at timestamptz not null default now(),
      closed_at timestamptz
    )`.execute(db);
  // Several open orders of one person are one call, also when they come at the same moment.
  await sql`
    create unique index contacts_open_phone on contacts (campaign_id, phone) where state = 'open'`.execute(
    db,
  );
  await sql`
    create unique index contacts_open_customer on contacts (campaign_id, customer_id)
    where state = 'open' and customer_id is not null`.execute(db);
  await sql`create index contacts_customer on contacts (customer_id) where state = 'open'`.execute(
    db,
  );
  await sql`create index contacts_phone on contacts (phone) where state = 'open'`.execute(db);
  await sql`
    create index contacts_campaign_customer on contacts (campaign_id, customer_id, created_at)`.execute(
    db,
  );
  await sql`create index contacts_closed on contacts (closed_at) where state = 'done'`.execute(db);
  await sql`
    create index contacts_withdrawn on contacts (campaign_id, closed_at, id)
    where state = 'withdrawn'`.execute(db);
  await sql`
    create table contact_orders (
      contact_id bigint not null references contacts on delete cascade,
      order_id bigint not null references orders on delete cascade,
      primary key (contact_id, order_id)
    )`.execute(db);
  await sql`create index contact_orders_order on contact_orders (order_id)`.execute(db);

  await sql`
    create table attempts (
      id text collate "C" primary key,
      contact_id bigint not null references contacts on delete cascade,
      campaign_id bigint not null references campaigns on delete cascade,
      n integer not null,
      phone text collate "C" not null,
      customer_id bigint,
      state text not null default 'planned',
      -- The earliest that it may be, calling hours aside; due_at is within them.
      not_before timestamptz not null default now(),
      due_at timestamptz not null,
      window_ends_at timestamptz not null,
      promised boolean not null default false,
      pbx text not null default '',
      trunk text not null default '',
      claimed_by text not null default '',
      claimed_at timestamptz,
      dialled_at timestamptz,
      ringing_at timestamptz,
      answered_at timestamptz,
      greeting_ended_at timestamptz,
      waiting_at timestamptz,
      connected_at timestamptz,
      ended_at timestamptz,
      outcome text not null default '',
      cause integer not null default 0,
      withdrawn_because text not null default '',
      -- No operator came at all; and: none came within the rule's time.
      abandoned boolean not null default false,
      abandoned_by_rule boolean not null default false,
      user_id bigint references users on delete set null,
      extension text not null default '',
      call_id text not null default '',
      changed_at timestamptz not null default now(),
      unique (contact_id, n)
    )`.execute(db);
  // One attempt at a time for each contact, and one call at a time to each phone, whoever asks.
  await sql`
    create unique index attempts_open on attempts (contact_id) where state not in ('ended', 'withdrawn')`.execute(
    db,
  );
  await sql`
    create unique index attempts_in_flight on attempts (phone)
    where state in ('claimed', 'dialling', 'ringing', 'answered', 'waiting', 'connected')`.execute(
    db,
  );
  await sql`
    create index attempts_due on attempts (campaign_id, promised, due_at)
    where state = 'planned' and user_id is null`.execute(db);
  await sql`
    create index attempts_due_user on attempts (campaign_id, user_id, due_at)
    where state = 'planned' and user_id is not null`.execute(db);
  // Those whose calling hours passed, whichever campaign's they are.
  await sql`create index attempts_window on attempts (window_ends_at) where state = 'planned'`.execute(
    db,
  );
  await sql`create index attempts_ended on attempts (campaign_id, ended_at) where ended_at is not null`.execute(
    db,
  );
  await sql`
    create index attempts_taken on attempts (state)
    where state in ('claimed', 'dialling', 'ringing', 'answered', 'waiting', 'connected', 'unknown')`.execute(
    db,
  );
  await sql`create index attempts_phone on attempts (phone, dialled_at) where dialled_at is not null`.execute(
    db,
  );
  await sql`
    create index attempts_customer on attempts (customer_id, dialled_at) where dialled_at is not null`.execute(
    db,
  );
  await sql`create index attempts_claimed on attempts (customer_id) where state = 'claimed'`.execute(
    db,
  );
  await sql`
    create index attempts_answered on attempts (campaign_id, answered_at) where answered_at is not null`.execute(
    db,
  );

  // An attempt's whole story.
  await sql`
    create table attempt_steps (
      id bigint generated always as identity primary key,
      attempt_id text collate "C" not null references attempts on delete cascade,
      at timestamptz not null default now(),
      from_state text not null,
      to_state text not null,
      evidence jsonb not null default '{}'
    )`.execute(db);
  await sql`create index attempt_steps_attempt on attempt_steps (attempt_id, id)`.execute(db);

  await sql`
    create table do_not_call (
      phone text collate "C" primary key,
      reason text not null default '',
      added_by text not null,
      added_at timestamptz not null default now()
    )`.execute(db);

  // One row for each contact that ended and each source of its orders, until that has it; the job queue does the sending.
  await sql`
    create table results (
      id bigint generated always as identity primary key,
      contact_id bigint not null references contacts on delete cascade,
      source text not null default '',
      body jsonb not null,
      created_at timestamptz not null default now(),
      delivered_at timestamptz,
      tries integer not null default 0,
      last_error text not null default '',
      -- Where it stands for those who read results in turn; given once it can be seen, anew when it changed. See orders/result-list.ts.
      place bigint unique,
      -- Orders of several sources may be one contact: each source is told of its own.
      unique (contact_id, source)
    )`.execute(db);
  await sql`create sequence results_place`.execute(db);
  await sql`create index results_undelivered on results (id) where delivered_at is null`.execute(
    db,
  );
  await sql`create index results_unplaced on results (id) where place is null`.execute(db);
}
