/** Customers, orders, calls, pops, people: what the card before the call needs. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table customers (
      id bigint generated always as identity primary key,
      source text not null,
      source_id text not null,
      name text not null,
      email text not null default '',
      tier text not null default '',
      tier_since date,
      vip boolean not null default false,
      language text not null default '',
      city text not null default '',
      region text not null default '',
      time_zone text not null default '',
      external_url text not null default '',
      personal_manager text not null default '',
      customer_since date,
      updated_at timestamptz not null default now(),
      unique (source, source_id)
    )`.execute(db);
  // Search by the beginning of any word of the name, and of the e-mail.
  await sql`
    create index customers_name on customers
      using gin (to_tsvector('simple', translate(name, 'ёЁ', 'еЕ')))`.execute(db);
  await sql`
    create index customers_email on customers (lower(email) collate "C") where email <> ''`.execute(
    db,
  );

  // The look-up by number is the hot path: one index-only probe on e164, then customers by key.
  await sql`
    create table customer_phones (
      e164 text collate "C" not null,
      customer_id bigint not null references customers on delete cascade,
      verified boolean not null default true,
      primary key (e164, customer_id) include (verified)
    )`.execute(db);
  await sql`create index customer_phones_customer on customer_phones (customer_id)`.execute(db);
  // Search by the last digits.
  await sql`
    create index customer_phones_tail on customer_phones (reverse(e164) collate "C")`.execute(db);

  await sql`
    create table users (
      id bigint generated always as identity primary key,
      login text not null unique check (login = lower(login)),
      name text not null,
      role text not null check (role in ('operator', 'supervisor', 'admin')),
      language text not null default '',
      password_hash text not null,
      active boolean not null default true,
      created_at timestamptz not null default now()
    )`.execute(db);

  // Which of several customers an operator said a phone is: ranks first the next time, stays unverified.
  await sql`
    create table phone_choices (
      e164 text collate "C" primary key,
      customer_id bigint not null references customers on delete cascade,
      chosen_by bigint references users on delete set null,
      chosen_at timestamptz not null default now()
    )`.execute(db);

  await sql`
    create table products (
      id bigint generated always as identity primary key,
      source text not null,
      source_id text not null,
      sku text not null default '',
      name text not null,
      category text not null default '',
      price_minor bigint not null default 0,
      currency text not null default '',
      stock integer,
      updated_at timestamptz not null default now(),
      unique (source, source_id)
    )`.execute(db);

  await sql`
    create table orders (
      id bigint generated always as identity primary key,
      source text not null,
      source_id text not null,
      customer_id bigint not null references customers on delete cascade,
      number text not null,
      stage text not null,
      status text not null default '',
      total_minor bigint not null,
      currency text not null,
      placed_at timestamptz not null,
      updated_at timestamptz not null default now(),
      lines jsonb not null default '[]',
      unique (source, source_id)
    )`.execute(db);
  await sql`create index orders_customer on orders (customer_id, placed_at desc)`.execute(db);
  await sql`create index orders_number on orders (number)`.execute(db);

  await sql`
    create table sessions (
      token_hash bytea primary key,
      id uuid not null unique default gen_random_uuid(),
      user_id bigint not null references users on delete cascade,
      created_at timestamptz not null default now(),
      last_seen_at timestamptz not null default now(),
      expires_at timestamptz not null,
      user_agent text not null default ''
    )`.execute(db);
  await sql`create index sessions_user on sessions (user_id)`.execute(db);

  await sql`
    create table api_tokens (
      id bigint generated always as identity primary key,
      name text not null,
      role text not null check (role in ('operator', 'supervisor', 'admin', 'integrator')),
      token_hash bytea not null unique,
      created_by bigint references users on delete set null,
      created_at timestamptz not null default now(),
      last_used_at timestamptz,
      revoked_at timestamptz
    )`.execute(db);

  await sql`
    create table audit (
      id bigint generated always as identity primary key,
      at timestamptz not null default now(),
      actor text not null,
      action text not null,
      detail jsonb not null default '{}'
    )`.execute(db);

  // One operator has one device; one device has one operator.
  await sql`
    create table operator_devices (
      user_id bigint primary key references users on delete cascade,
      pbx text not null,
      extension text not null,
      chosen_at timestamptz not null default now(),
      unique (pbx, extension)
    )`.execute(db);

  await sql`
    create table calls (
      id text primary key,
      pbx text not null,
      direction text not null,
      party_number text not null,
      party_name text not null default '',
      -- E.164 of the outside party where it could be read, for history by number.
      party_e164 text collate "C",
      customer_id bigint references customers on delete set null,
      dialled text not null default '',
      from_extension text not null default '',
      queue text not null default '',
      started_at timestamptz not null,
      answered_at timestamptz,
      ended_at timestamptz not null,
      ended_how text not null,
      wait_ms integer,
      talk_ms integer not null default 0,
      -- Extensions that talked, in order.
      extensions text[] not null default '{}',
      -- The whole call as the model saw it: visits, rings, talks, transfers.
      detail jsonb not null
    )`.execute(db);
  await sql`create index calls_started on calls (started_at desc, id desc)`.execute(db);
  await sql`create index calls_e164 on calls (party_e164, started_at desc)`.execute(db);
  await sql`create index calls_customer on calls (customer_id, started_at desc)`.execute(db);
  await sql`create index calls_extensions on calls using gin (extensions)`.execute(db);

  // The pop ledger: one row for each ringing of each operator's phone.
  await sql`
    create table pops (
      ring_id text primary key,
      call_id text not null,
      pbx text not null,
      extension text not null,
      user_id bigint references users on delete set null,
      queue text not null default '',
      told_by text not null,
      joined_at timestamptz,
      identified_at timestamptz,
      identify_ms real,
      outcome text not null default '',
      composed_at timestamptz,
      rang_at timestamptz not null,
      sent_at timestamptz,
      received_at timestamptz,
      painted_at timestamptz,
      -- Why no card was painted; '' when one was.
      missed text not null default ''
    )`.execute(db);
  await sql`create index pops_call on pops (call_id)`.execute(db);
  await sql`create index pops_rang on pops (rang_at desc)`.execute(db);

  await sql`
    create table dispositions (
      code text primary key,
      label_ru text not null,
      label_uk text not null,
      label_en text not null,
      position integer not null,
      active boolean not null default true
    )`.execute(db);
  await sql`
    insert into dispositions (code, label_ru, label_uk, label_en, position) values
      ('order', 'Оформлен заказ', 'Оформлено замовлення', 'Order placed', 10),
      ('order_changed', 'Изменён заказ', 'Змінено замовлення', 'Order changed', 20),
      ('question', 'Ответили на вопрос', 'Відповіли на запитання', 'Question answered', 30),
      ('delivery', 'Вопрос о доставке', 'Питання про доставку', 'Delivery question', 40),
      ('claim', 'Жалоба или возврат', 'Скарга або повернення', 'Complaint or return', 50),
      ('call_back', 'Просили перезвонить', 'Просили передзвонити', 'Call back later', 60),
      ('wrong_number', 'Ошиблись номером', 'Помилилися номером', 'Wrong number', 70),
      ('dropped', 'Связь прервалась', 'Зв’язок перервався', 'Line dropped', 80),
      ('other', 'Другое', 'Інше', 'Other', 90)`.execute(db);

  // draft_id is made by the browser: saving the same wrap-up twice writes it once.
  await sql`
    create table wrap_ups (
      draft_id uuid primary key,
      call_id text not null,
      user_id bigint not null references users,
      disposition text not null references dispositions,
      note text not null default '',
      saved_at timestamptz not null default now(),
      unique (call_id, user_id)
    )`.execute(db);

  await sql`
    create table notes (
      id bigint generated always as identity primary key,
      customer_id bigint not null references customers on delete cascade,
      call_id text,
      author_id bigint references users on delete set null,
      text text not null,
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`create index notes_customer on notes (customer_id, created_at desc)`.execute(db);

  // Small facts about this installation, such as "the sample shop was loaded".
  await sql`create table installation (key text primary key, value jsonb not null)`.execute(db);
}
