/** What follows from somebody's orders, kept while they change, and what decisions about offers look for. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  // Recency, frequency, money, and what follows from the thresholds of the admin. Everybody has a row.
  await sql`
    create table customer_standing (
      customer_id bigint primary key references customers on delete cascade,
      -- Neither cancelled nor returned; times are of these too.
      orders integer not null default 0,
      returned integer not null default 0,
      total_minor bigint not null default 0,
      currency text not null default '',
      first_at timestamptz,
      last_at timestamptz,
      -- Computed; the CRM's own are in customers.
      segments text[] not null default '{}',
      tier text not null default '',
      changed_at timestamptz not null default now(),
      -- When it has to be judged again: -infinity as soon as can be, null not before something changes.
      judge_at timestamptz
    )`.execute(db);
  await sql`
    create index customer_standing_due on customer_standing (judge_at) where judge_at is not null`.execute(
    db,
  );

  // Whoever writes customers or orders, the mark is made in the same transaction: nobody is forgotten.
  const mark = (name: string, body: string) =>
    sql
      .raw(
        `create function ${name}() returns trigger language plpgsql as $$
       begin
         insert into customer_standing (customer_id, judge_at)
         select customer_id, '-infinity' from (${body}) changed
         -- One order of locking for all, and nobody who is being deleted.
         where exists (select from customers where id = customer_id)
         order by customer_id
         on conflict (customer_id) do update set judge_at = '-infinity'
           where customer_standing.judge_at is distinct from '-infinity';
         return null;
       end $$`,
      )
      .execute(db);
  const SAID = "id, customer_id, stage, total_minor, currency, placed_at";
  await mark("standing_of_added", "select distinct customer_id from new_orders");
  await mark(
    "standing_of_changed",
    `select distinct customer_id from (
       (select ${SAID} from new_orders except select ${SAID} from old_orders)
       union all (select ${SAID} from old_orders except select ${SAID} from new_orders)
     ) orders`,
  );
  await mark("standing_of_removed", "select distinct customer_id from old_orders");
  await mark("standing_of_customers", "select id as customer_id from new_customers");
  await sql`
    create trigger standing_of_added after insert on orders referencing new table as new_orders
      for each statement execute function standing_of_added()`.execute(db);
  await sql`
    create trigger standing_of_changed after update on orders
      referencing old table as old_orders new table as new_orders
      for each statement execute function standing_of_changed()`.execute(db);
  await sql`
    create trigger standing_of_removed after delete on orders referencing old table as old_orders
      for each statement execute function standing_of_removed()`.execute(db);
  await sql`
    create trigger standing_of_customers after insert on customers
      referencing new table as new_customers
      for each statement execute function standing_of_customers()`.execute(db);

  // How often what a rule gave was taken: of a day, and by one customer.
  await sql`
    create index offer_showings_taken on offer_showings (rule_id, answered_at)
      where answer = 'accepted' and rule_id is not null`.execute(db);
  await sql`
    create index offer_showings_taken_by on offer_showings (customer_id, rule_id)
      where answer = 'accepted' and rule_id is not null`.execute(db);
  await sql`
    create index order_items_returned on order_items (customer_id) include (product_id)
      where fate = 'returned'`.execute(db);
  await sql`create index products_category_folded on products (lower(category))`.execute(db);
}
