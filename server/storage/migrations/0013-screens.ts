/** What screens of several processes must agree on: who a call is with, and when an operator made themselves ready. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table operator_devices
      -- Wrap-ups of calls that ended before do not hold them any more.
      add column ready_at timestamptz`.execute(db);

  // Who a call is with, as an operator said: it stands above what its number says.
  await sql`
    create table call_customers (
      call_id text primary key,
      customer_id bigint not null references customers on delete cascade,
      chosen_by bigint references users on delete set null,
      chosen_at timestamptz not null default now()
    )`.execute(db);
  await sql`create index call_customers_age on call_customers (chosen_at)`.execute(db);
  await sql`create index call_customers_customer on call_customers (customer_id)`.execute(db);
}
