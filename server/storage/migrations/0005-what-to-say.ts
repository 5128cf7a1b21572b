/** What to say: products in orders, offers and what came of them, delivery, what is asked of the shop, claims, call backs, ratings. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  // What rules, margins and parcels need of a product; null: not told.
  await sql`
    alter table products
      add column cost_minor bigint,
      add column weight_g integer,
      add column length_mm integer,
      add column width_mm integer,
      add column height_mm integer,
      -- Names with texts, numbers and truths, as the shop's catalogue has them: {"batteries": "AA", "batteryCount": 3}.
      add column attributes jsonb not null default '{}'`.execute(db);
  await sql`create index products_category on products (category)`.execute(db);
  // Bonus points of the shop's own programme, in minor units; null: it has none or did not tell.
  await sql`alter table customers add column bonus_minor bigint`.execute(db);

  await sql`
    create table offer_rules (
      id bigint generated always as identity primary key,
      settings jsonb not null,
      state text not null default 'draft' check (state in ('draft', 'on', 'off')),
      revision integer not null default 1,
      uses integer not null default 0,
      created_at timestamptz not null default now(),
      changed_at timestamptz not null default now()
    )`.execute(db);
  await sql`
    create table offer_rule_versions (
      rule_id bigint not null references offer_rules on delete cascade,
      revision integer not null,
      settings jsonb not null,
      changed_by text not null,
      changed_at timestamptz not null default now(),
      primary key (rule_id, revision)
    )`.execute(db);

  // Every offer that somebody saw, and what they said to it.
  await sql`
    create table offer_showings (
      id uuid primary key,
      -- What it is, the same whenever it is shown: kind, rule, product.
      offer_key text not null,
      kind text not null,
      rule_id bigint references offer_rules on delete set null,
      product_id bigint,
      customer_id bigint references customers on delete set null,
      channel text not null,
      -- The call or the visit; the same offer is shown once in it.
      occasion text not null,
      user_id bigint references users on delete set null,
      order_id bigint references orders on delete set null,
      place smallint not null,
      confidence real not null,
      -- usual, explored (shown to learn about it), held (not shown, to measure what showing adds).
      arm text not null default 'usual',
      reason jsonb not null,
      saying text not null default '',
      quantity real not null default 1,
      amount_minor bigint not null default 0,
      currency text not null default '',
      shown_at timestamptz not null default now(),
      answer text not null default '' check (answer in ('', 'accepted', 'refused', 'ignored')),
      answer_reason text not null default '',
      answered_at timestamptz,
      taken_minor bigint not null default 0,
      unique (occasion, offer_key)
    )`.execute(db);
  await sql`create index offer_showings_shown on offer_showings (shown_at)`.execute(db);
  await sql`
    create index offer_showings_customer on offer_showings (customer_id, shown_at desc)`.execute(
    db,
  );

  await sql`
    create table delivery_providers (
      name text primary key,
      kind text not null,
      settings jsonb not null,
      enabled boolean not null default true,
      changed_at timestamptz not null default now()
    )`.execute(db);

  // What was asked of the system an order comes from; the id is made by the screen and is the idempotency key there.
  await sql`
    alter table order_sources
      add column actions_url text not null default '',
      add column actions_secret text not null default '',
      -- Which kinds of actions it takes.
      add column actions text[] not null default '{}'`.execute(db);
  await sql`
    create table order_actions (
      id uuid primary key,
      -- Of one order they are asked in this order.
      n bigint generated always as identity,
      order_id bigint not null references orders on delete cascade,
      user_id bigint references users on delete set null,
      -- Of a program that asked, "" for a person.
      asked_by text not null default '',
      call_id text not null default '',
      action jsonb not null,
      state text not null default 'waiting' check (state in ('waiting', 'done', 'refused', 'givenBack')),
      -- What the shop said, in its own words.
      answer text not null default '',
      tries integer not null default 0,
      -- What kept it from being asked or its answer from being read, for people.
      last_error text not null default '',
      asked_at timestamptz not null default now(),
      next_at timestamptz not null default now(),
      -- Somebody asks it now, until then at the longest.
      asking_until timestamptz,
      -- Tried so long; from when a person said so, of one that is tried anew.
      tried_since timestamptz not null default now(),
      ended_at timestamptz
    )`.execute(db);
  await sql`create index order_actions_order on order_actions (order_id, n desc)`.execute(db);
  await sql`
    create index order_actions_unsettled on order_actions (n) where state in ('waiting', 'givenBack')`.execute(
    db,
  );

  // What a card asks of somebody's orders is answered by the index alone, however many there are.
  await sql`drop index orders_customer`.execute(db);
  await sql`
    create index orders_customer on orders (customer_id, placed_at desc)
      include (id, stage, total_minor, currency, promised_at)`.execute(db);
  await sql`create index orders_returned on orders (customer_id) where stage = 'returned'`.execute(
    db,
  );
  // How it is paid, as far as the source told: {"method": "card", "state": "paid", "paidMinor": 349000}.
  await sql`alter table orders add column payment jsonb not null default '{}'`.execute(db);
  // Whose the order is stands beside each change of it, so that a timeline is read in one place.
  await sql`alter table order_statuses add column customer_id bigint`.execute(db);
  await sql`
    update order_statuses s set customer_id = o.customer_id from orders o where o.id = s.order_id`.execute(
    db,
  );
  await sql`alter table order_statuses alter column customer_id set not null`.execute(db);
  await sql`
    create index order_statuses_customer on order_statuses (customer_id, at desc) where not placed`.execute(
    db,
  );
  await sql`
    create function callcard_statuses_follow() returns trigger language plpgsql as $$
    begin
      update order_statuses set customer_id = new.customer_id where order_id = new.id;
      return null;
    end
    $$`.execute(db);
  await sql`
    create trigger order_statuses_follow after update of customer_id on orders
      for each row when (new.customer_id <> old.customer_id) execute function callcard_statuses_follow()`.execute(
    db,
  );

  // Products are looked for by the beginnings of words and of the article number.
  await sql`
    create index products_name on products
      using gin (to_tsvector('simple', translate(name, 'ёЁ', 'еЕ')))`.execute(db);
  await sql`
    create index products_sku on products (source, lower(sku) collate "C") where sku <> ''`.execute(
    db,
  );

  await sql`
    alter table claims
      add column number text not null default '',
      add column order_id bigint references orders on delete set null,
      -- Which line of the order, from 0; null: all of it.
      add column line smallint,
      add column product_id bigint,
      add column kind text not null default '',
      add column wish text not null default '',
      add column text text not null default '',
      add column photos text[] not null default '{}',
      add column status text not null default 'open',
      add column deadline_at timestamptz,
      add column answer text not null default '',
      add column call_id text not null default '',
      add column made_by bigint references users on delete set null,
      add column version bigint`.execute(db);
  // Ours are unique; what others call theirs is their own affair.
  await sql`create unique index claims_own_number on claims (number) where source = 'callcard'`.execute(
    db,
  );
  await sql`
    update claims set number = source_id, status = case when closed_at is null then 'open' else 'solved' end`.execute(
    db,
  );
  await sql`create index claims_number on claims (number)`.execute(db);
  await sql`create index claims_deadline on claims (deadline_at, id) where closed_at is null`.execute(
    db,
  );
  await sql`create index claims_opened on claims (opened_at desc, id desc)`.execute(db);
  await sql`create sequence claim_numbers`.execute(db);
  await sql`create index claims_customer on claims (customer_id, opened_at desc)`.execute(db);
  await sql`
    create table claim_steps (
      id bigint generated always as identity primary key,
      claim_id bigint not null references claims on delete cascade,
      at timestamptz not null default now(),
      status text not null,
      told_by text not null,
      text text not null default ''
    )`.execute(db);
  await sql`create index claim_steps_claim on claim_steps (claim_id, id)`.execute(db);

  // Who wants to hear of what happens here, and what they have not heard yet.
  await sql`
    create table webhook_targets (
      id bigint generated always as identity primary key,
      name text not null unique,
      url text not null,
      secret text not null default '',
      events text[] not null,
      enabled boolean not null default true,
      -- One that does not answer is left alone with everything until then; how many times in a row it did not.
      resting_until timestamptz,
      failures integer not null default 0,
      changed_at timestamptz not null default now()
    )`.execute(db);
  await sql`
    create table webhook_deliveries (
      -- The receiver's idempotency key.
      id uuid primary key default gen_random_uuid(),
      target_id bigint not null references webhook_targets on delete cascade,
      event text not null,
      -- What it is about, claim/12: of one subject they are sent in order.
      subject text not null,
      body jsonb not null,
      created_at timestamptz not null default now(),
      delivered_at timestamptz,
      given_up_at timestamptz,
      tries integer not null default 0,
      last_error text not null default '',
      -- The order in which they were written.
      n bigint generated always as identity,
      next_at timestamptz not null default now(),
      -- Tried so long; from when a person said so, of one that is sent again.
      tried_since timestamptz not null default now()
    )`.execute(db);
  await sql`
    create index webhook_deliveries_waiting on webhook_deliveries (target_id, subject, n)
    where delivered_at is null and given_up_at is null`.execute(db);
  await sql`create index webhook_deliveries_written on webhook_deliveries (n)`.execute(db);

  // Letters and messages that passed between customer and shop.
  await sql`
    create table messages (
      id bigint generated always as identity primary key,
      source text not null,
      source_id text not null,
      direction text not null check (direction in ('in', 'out')),
      channel text not null,
      -- Address or number of the other side.
      party text not null,
      customer_id bigint references customers on delete set null,
      order_id bigint references orders on delete set null,
      claim_id bigint references claims on delete set null,
      subject text not null default '',
      text text not null default '',
      links text[] not null default '{}',
      at timestamptz not null,
      received_at timestamptz not null default now(),
      -- Somebody looked at it, or it needed nobody.
      settled_at timestamptz,
      -- Who did; "" for nobody.
      settled_by text not null default '',
      -- Why a person has to look at it.
      waits_because text not null default '',
      unique (source, source_id)
    )`.execute(db);
  await sql`create index messages_party on messages (party, received_at) where claim_id is not null`.execute(
    db,
  );
  await sql`create index customers_email_is on customers (lower(email)) where email <> ''`.execute(
    db,
  );
  // Services that hand letters over.
  await sql`
    create table mail_sources (
      name text primary key,
      kind text not null,
      secret text not null,
      enabled boolean not null default true,
      changed_at timestamptz not null default now()
    )`.execute(db);
  await sql`create index messages_customer on messages (customer_id, at desc)`.execute(db);
  await sql`create index messages_unsettled on messages (at) where settled_at is null`.execute(db);

  await sql`
    create table call_backs (
      id bigint generated always as identity primary key,
      phone text collate "C" not null,
      customer_id bigint references customers on delete set null,
      name text not null default '',
      origin text not null check (origin in ('promised', 'missed', 'lost', 'asked')),
      -- The call it came from.
      call_id text not null default '',
      queue text not null default '',
      reason text not null default '',
      due_at timestamptz not null,
      -- IANA zone in which the time was said; "" when it was not.
      time_zone text not null default '',
      -- By this operator alone; null: by anybody.
      user_id bigint references users on delete set null,
      state text not null default 'open' check (state in ('open', 'taken', 'done', 'closed')),
      taken_by bigint references users on delete set null,
      taken_at timestamptz,
      tries integer not null default 0,
      -- The calls that were such tries, so that each is counted once by however many processes.
      tried text[] not null default '{}',
      escalated_at timestamptz,
      -- The campaign that keeps it, when one does: nobody need call by hand.
      campaign_id bigint references campaigns on delete set null,
      closed_because text not null default '',
      closed_at timestamptz,
      made_by bigint references users on delete set null,
      made_at timestamptz not null default now()
    )`.execute(db);
  // One for each person, however often they were missed.
  await sql`create unique index call_backs_open on call_backs (phone) where state in ('open', 'taken')`.execute(
    db,
  );
  await sql`
    create index call_backs_due on call_backs (due_at) where state in ('open', 'taken')`.execute(
    db,
  );
  await sql`create index call_backs_customer on call_backs (customer_id, made_at desc)`.execute(db);

  await sql`alter table wrap_ups add column tags text[] not null default '{}'`.execute(db);
  await sql`
    create table wrap_up_drafts (
      call_id text not null,
      user_id bigint not null references users on delete cascade,
      draft jsonb not null,
      changed_at timestamptz not null default now(),
      primary key (call_id, user_id)
    )`.execute(db);

  // How likely the customer recommends the shop, 0 to 10, as they said after a call.
  await sql`
    create table ratings (
      call_id text primary key,
      score smallint not null check (score between 0 and 10),
      comment text not null default '',
      asked_by text not null,
      customer_id bigint references customers on delete set null,
      phone text collate "C" not null default '',
      queue text not null default '',
      user_id bigint references users on delete set null,
      at timestamptz not null default now()
    )`.execute(db);
  await sql`create index ratings_at on ratings (at)`.execute(db);
  await sql`create index ratings_customer on ratings (customer_id, at desc)`.execute(db);
}
