/** The lines of orders as rows of their own, kept by triggers whoever writes the orders, and what is learned of them. */
import { type Kysely, sql } from "kysely";

/**
 * An order with more different products is no basket: it is wholesale, says nothing of what goes with what, and would make pairs by
 * the thousand (500 products: 124,750).
 */
const MOST_IN_BASKET = 60;

/** Of an aggregate over items: which count as bought, in one order. */
const COUNTS = "product_id is not null and fate = ''";
const BASKET = "array_agg(distinct product_id order by product_id)";
const IS_BASKET = `count(distinct product_id) <= ${MOST_IN_BASKET}`;
const fateOf = (stage: string) =>
  `case when ${stage} in ('cancelled', 'returned') then ${stage} else '' end`;

/** Items of the orders in `from`, and their baskets to be learned. The laterals keep every probe on its index, whatever was planned before. */
const addItems = (from: string) => `
  with added as (
    insert into order_items
      (order_id, n, customer_id, product_id, placed_at, price_minor, quantity, fate, source_product)
    select o.id, l.n - 1, o.customer_id, p.id, o.placed_at,
      case when jsonb_typeof(l.line -> 'priceMinor') = 'number' then (l.line -> 'priceMinor')::bigint else 0 end,
      case when jsonb_typeof(l.line -> 'quantity') = 'number' then (l.line -> 'quantity')::real else 1 end,
      ${fateOf("o.stage")}, coalesce(l.line ->> 'productId', '')
    from ${from} o
    cross join lateral jsonb_array_elements(
      case when jsonb_typeof(o.lines) = 'array' then o.lines else '[]' end
    ) with ordinality l (line, n)
    left join lateral (
      select id from products where source = o.source and source_id = l.line ->> 'productId' limit 1
    ) p on true
    returning order_id, product_id, fate
  )
  insert into basket_changes (order_id, sign, products)
  select order_id, 1, ${BASKET} from added where ${COUNTS} group by order_id having ${IS_BASKET}`;

/** Forgets the items of orders `ids`, and their baskets. */
const REMOVE_ITEMS = `
  with gone as (
    delete from order_items where order_id = any (ids) returning order_id, product_id, fate
  )
  insert into basket_changes (order_id, sign, products)
  select order_id, -1, ${BASKET} from gone where ${COUNTS} group by order_id having ${IS_BASKET}`;

/** Tells that the baskets of orders `ids` come or go, as they are now. */
const tellBaskets = (sign: 1 | -1) => `
  insert into basket_changes (order_id, sign, products)
  select order_id, ${sign}, ${BASKET} from order_items
  where order_id = any (ids) and ${COUNTS} group by order_id having ${IS_BASKET}`;

/** What of an order its items say. */
const SAID = `id, customer_id, placed_at, lines, source, ${fateOf("stage")}`;

export async function up(db: Kysely<unknown>): Promise<void> {
  // No foreign key: its check costs as much as the row, and none but the triggers writes here.
  await sql`
    create table order_items (
      order_id bigint not null,
      -- The place in the order, from 0.
      n smallint not null,
      customer_id bigint not null,
      -- Null until such a product is loaded from the order's source.
      product_id bigint,
      placed_at timestamptz not null,
      price_minor bigint not null,
      quantity real not null,
      -- '' while it counts as bought, else 'cancelled' or 'returned'.
      fate text not null default '',
      source_product text not null,
      primary key (order_id, n)
    )`.execute(db);
  // What somebody bought, read from the index alone: a customer's orders lie all over the table.
  await sql`
    create index order_items_customer on order_items (customer_id, product_id, placed_at desc)
      include (quantity, fate)`.execute(db);
  await sql`
    create index order_items_unknown on order_items (source_product)
      where product_id is null and source_product <> ''`.execute(db);

  // What is learned can be learned again: unlogged tables cost the orders' writers half, and are empty after a crash of PostgreSQL, all
  // together. learned_run is then empty too, which tells it.
  await sql`
    create unlogged table basket_changes (
      order_id bigint not null,
      -- 1: bought; -1: not any more.
      sign smallint not null,
      products bigint[] not null
    )`.execute(db);
  await sql`create unlogged table learned_run (run uuid not null)`.execute(db);
  await sql`
    create unlogged table product_pairs (
      -- The lesser id, and the other.
      a bigint not null,
      b bigint not null,
      -- Orders with both.
      together integer not null,
      primary key (a, b)
    )`.execute(db);
  // Most pairs met once or twice by chance; those are kept to go on counting, but nobody looks for them.
  await sql`
    create index product_pairs_a on product_pairs (a, b) include (together) where together >= 3`.execute(
    db,
  );
  await sql`
    create index product_pairs_b on product_pairs (b, a) include (together) where together >= 3`.execute(
    db,
  );
  await sql`
    create unlogged table product_baskets (
      product_id bigint primary key,
      -- Orders with it.
      baskets integer not null
    )`.execute(db);

  await sql`
    create table goes_with (
      product_id bigint not null,
      other_id bigint not null,
      -- Orders with both, of the orders with product_id.
      together integer not null,
      baskets integer not null,
      score real not null,
      primary key (product_id, other_id)
    )`.execute(db);
  // How often what kind of goods is bought again: customers with a product of it, those who bought that product on two days or more,
  // and the median of days that one piece lasted them.
  await sql`
    create table category_cycles (
      category text primary key,
      buyers bigint not null,
      repeaters bigint not null,
      unit_days real
    )`.execute(db);
  await sql`
    create table offer_learning (
      one boolean primary key default true check (one),
      -- Of the counters; another one in learned_run: they are not what they were.
      run uuid,
      asked_at timestamptz,
      asked_by text not null default '',
      doing text not null default '' check (doing in ('', 'rebuild', 'refresh')),
      step text not null default '',
      -- 0 to 1.
      progress real not null default 0,
      began_at timestamptz,
      rebuilt_at timestamptz,
      rebuild_ms integer,
      refreshed_at timestamptz,
      lines bigint not null default 0,
      -- Orders too large to be baskets.
      left_out integer not null default 0,
      last_error text not null default '',
      failed_at timestamptz
    )`.execute(db);
  await sql`insert into offer_learning default values`.execute(db);

  await keepItems(db);
  // As long as it takes: millions of orders, once.
  await sql`select set_config('statement_timeout', '0', true)`.execute(db);
  await sql.raw(addItems("orders")).execute(db);
  // Nothing was learned yet: the first learning reads the items themselves.
  await sql`truncate basket_changes`.execute(db);
}

/** Statement-level triggers: a batch of thousands costs a few statements. */
async function keepItems(db: Kysely<unknown>): Promise<void> {
  const define = async (name: string, body: string, settings = "") =>
    sql
      .raw(
        `create function ${name}() returns trigger language plpgsql ${settings} as $$ ${body} $$`,
      )
      .execute(db);
  await define("order_items_added", `begin ${addItems("new_orders")}; return null; end`);
  await sql`
    create trigger order_items_added after insert on orders
      referencing new table as new_orders for each statement execute function order_items_added()`.execute(
    db,
  );
  // A plan made for one order would compare thousands with each other: it is made anew.
  const replanned = "set plan_cache_mode = force_custom_plan";
  await define(
    "order_items_changed",
    `declare ids bigint[];
    begin
      ids := array(
        select id from (select ${SAID} from new_orders except select ${SAID} from old_orders) changed
      );
      -- Most changes are of a status that says nothing of what was bought.
      if ids = '{}' then return null; end if;
      ${REMOVE_ITEMS};
      ${addItems("(select * from new_orders where id = any (ids))")};
      return null;
    end`,
    replanned,
  );
  await sql`
    create trigger order_items_changed after update on orders
      referencing old table as old_orders new table as new_orders
      for each statement execute function order_items_changed()`.execute(db);
  await define(
    "order_items_removed",
    `declare ids bigint[] := array(select id from old_orders);
    begin ${REMOVE_ITEMS}; return null; end`,
    replanned,
  );
  await sql`
    create trigger order_items_removed after delete on orders
      referencing old table as old_orders for each statement execute function order_items_removed()`.execute(
    db,
  );
  await define(
    "order_items_emptied",
    `begin
      -- Not emptied as orders are: whoever does that may empty these in the same breath, and PostgreSQL does it to a table once.
      delete from order_items;
      delete from basket_changes;
      update offer_learning set run = null;
      return null;
    end`,
  );
  await sql`
    create trigger order_items_emptied after truncate on orders
      for each statement execute function order_items_emptied()`.execute(db);
  // Orders may come before the products they name.
  await define(
    "order_items_resolved",
    `declare ids bigint[] := array(
      select distinct i.order_id from new_products p
      cross join lateral (
        select order_id from order_items
        where source_product = p.source_id and product_id is null and source_product <> '' offset 0
      ) i
      cross join lateral (
        select from orders where id = i.order_id and source = p.source offset 0
      ) o
    );
    begin
      if ids = '{}' then return null; end if;
      ${tellBaskets(-1)};
      update order_items i set product_id = p.id
      from new_products p, orders o
      where i.order_id = any (ids) and i.product_id is null and i.source_product = p.source_id
        and o.id = i.order_id and o.source = p.source;
      ${tellBaskets(1)};
      return null;
    end`,
    replanned,
  );
  await sql`
    create trigger order_items_resolved after insert on products
      referencing new table as new_products for each statement execute function order_items_resolved()`.execute(
    db,
  );
}
