/** Letters by IMAP, questions by message, names of sources, who waits in a queue, and what somebody bought, newest first. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table order_sources
      -- As people call it: "Интернет-магазин"; "" for as it calls itself.
      add column title text not null default ''`.execute(db);

  // How far the letters of mailboxes were taken.
  await sql`
    create table mailboxes (
      -- user@host:port/folder
      name text primary key,
      uid_validity bigint not null,
      -- Letters up to this one are done with.
      last_uid bigint not null,
      -- Of those that were there before us, up to this one, only the unread are taken.
      unread_until bigint not null,
      -- The server numbered its letters anew: older ones are done with.
      since timestamptz,
      -- The letter that is being read, and how often that was begun: one that ends the process must not do so for ever.
      trying_uid bigint not null default 0,
      tries integer not null default 0,
      taken_at timestamptz not null default now()
    )`.execute(db);

  await sql`
    alter table call_backs
      -- Nobody saw how the call ended that it came from: they may have been answered.
      add column unseen boolean not null default false`.execute(db);
  // Who waits in a queue now, with the call as it is in history.
  await sql`
    create table waiting_calls (
      call_id text primary key,
      pbx text not null,
      call jsonb not null,
      customer_id bigint,
      seen_at timestamptz not null
    )`.execute(db);
  await sql`create index waiting_calls_seen on waiting_calls (seen_at)`.execute(db);

  // Who was asked by message, so that no call is asked about twice, and nobody every day.
  await sql`
    create table rating_asks (
      call_id text primary key,
      phone text collate "C" not null,
      asked_at timestamptz not null
    )`.execute(db);
  await sql`create index rating_asks_phone on rating_asks (phone, asked_at desc)`.execute(db);

  // What somebody bought, newest first, read from the index alone: a customer's orders lie all over the table.
  await sql`drop index order_items_customer`.execute(db);
  await sql`
    create index order_items_customer on order_items (customer_id, placed_at desc)
      include (product_id, quantity, fate)`.execute(db);
}
