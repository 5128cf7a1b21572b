/**
 * Which products changed since a snapshot of PostgreSQL, told exactly: who keeps products in memory asks with every question, and is never
 * older than the question.
 */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  // The transaction that wrote the row last; it is news to every snapshot that does not see that one.
  await sql`alter table products add column changed_tx xid8 not null default pg_current_xact_id()`.execute(
    db,
  );
  await sql`create index products_changed on products (changed_tx)`.execute(db);
  await sql`
    create function products_changed() returns trigger language plpgsql as $$
    begin
      new.changed_tx := pg_current_xact_id();
      return new;
    end $$`.execute(db);
  await sql`
    create trigger products_changed before update on products
      for each row execute function products_changed()`.execute(db);

  // Products that are gone can tell nothing themselves.
  await sql`
    create table products_gone (
      one boolean primary key default true check (one),
      tx xid8 not null
    )`.execute(db);
  await sql`insert into products_gone (tx) values (pg_current_xact_id())`.execute(db);
  await sql`
    create function products_gone() returns trigger language plpgsql as $$
    begin
      update products_gone set tx = pg_current_xact_id();
      return null;
    end $$`.execute(db);
  await sql`
    create trigger products_gone after delete or truncate on products
      for each statement execute function products_gone()`.execute(db);
}
