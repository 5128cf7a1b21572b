/** The statements that answer a batch of questions for offers; what each parameter is stands beside them. */
import { SEGMENTS, TIER } from "../customers/tier.ts";
import { PRODUCT_JSON } from "./catalogue.ts";

/** Products that changed since the snapshot and are told one by one; of more everything is forgotten. */
export const MOST_NEWS = 2000;

// What somebody bought comes as columns, each an array: a tenth of the time that a JSON value for each line takes. So does what goes with
// a product.
const CUSTOMER = `
  json_build_array(w.n, c.id::text, c.name, c.language, c.vip, ${TIER}, ${SEGMENTS}, c.city, c.region, c.bonus_minor,
    coalesce(st.orders, 0), coalesce(st.total_minor, 0), coalesce(st.currency, ''), extract(epoch from st.last_at) * 1000,
    (
      select json_build_array(bool_or(k.closed_at is null), array_agg(k.product_id), array_agg(i.products))
      from claims k
      left join lateral (
        -- A claim about a line or a whole order that does not name the product.
        select array_to_string(array_agg(product_id), ' ') as products from order_items
        where order_id = k.order_id and (k.line is null or n = k.line) and product_id is not null
          and (k.line is not null or k.product_id is null)
      ) i on k.order_id is not null
      where k.customer_id = c.id
    ),
    (
      select json_build_array(array_agg(product_id), array_agg((date_part('epoch', placed_at) * 1000)::bigint),
        array_agg(quantity), array_agg(fate = 'returned'))
      from order_items
      where customer_id = c.id and product_id is not null and fate <> 'cancelled'
    ),
    case when cardinality($9::bigint[]) > 0 then (
      select json_agg(json_build_array(rule_id::text, times)) from (
        select rule_id, count(*) as times from offer_showings
        where customer_id = c.id and rule_id = any ($9::bigint[]) and answer = 'accepted'
        group by rule_id
      ) taken
    ) end
  )`;

/** How far PostgreSQL is, and which products changed since $1. */
const NEWS = `pg_current_snapshot()::text as snapshot,
    $1::pg_snapshot is not null and exists (
      select from products_gone where not pg_visible_in_snapshot(tx, $1::pg_snapshot)
    ) as gone,
    case when $1::pg_snapshot is not null then array(
      select json_build_array(id::text, source, source_id, sku) from (
        select id, source, source_id, sku from products
        where changed_tx >= pg_snapshot_xmin($1::pg_snapshot) and not pg_visible_in_snapshot(changed_tx, $1::pg_snapshot)
          -- In a restored database rows may be of transactions that are still to come.
          and changed_tx < pg_snapshot_xmax(pg_current_snapshot())
        order by changed_tx limit ${MOST_NEWS + 1}
      ) changed
    ) end as news`;

const SHELVED = (bySku: boolean) =>
  `json_build_array(${PRODUCT_JSON}, p.source, p.source_id, ${bySku})`;

/**
 * The laterals with "offset 0" keep every probe on its index: it is planned once, without knowing how much there is.
 *
 * $1 the snapshot that is known, null: none. Customers with their places in the batch: $2 places and $3 our ids; $4 places, $5 sources and
 * $6 their ids; $7 places and $8 phones. $9 rules with a limit for each customer. Products: $10 our ids; $11 sources and $12 their ids;
 * $13 sources and $14 article numbers, small. $15 products whose companions are wanted. $16 whether cycles of categories are.
 */
export const KNOWN = `
  with who as (
    select n, id from unnest($2::int[], $3::bigint[]) q (n, id)
    union all
    select q.n, c.id from unnest($4::int[], $5::text[], $6::text[]) q (n, source, source_id)
    cross join lateral (
      select id from customers where source = q.source and source_id = q.source_id offset 0
    ) c
    union all
    select q.n, c.id from unnest($7::int[], $8::text[]) q (n, phone)
    cross join lateral (
      -- Of a phone that several have nobody knows whose it is.
      select min(customer_id) as id from customer_phones where e164 = q.phone having count(*) = 1
    ) c
  )
  select ${NEWS},
    (
      select json_agg(${CUSTOMER})
      from who w
      cross join lateral (select * from customers where id = w.id offset 0) c
      left join lateral (select * from customer_standing where customer_id = c.id offset 0) st on true
    ) as customers,
    (
      select json_agg(shelved) from (
        select ${SHELVED(false)} as shelved from products p where p.id = any ($10::bigint[])
        union all
        select ${SHELVED(false)} from unnest($11::text[], $12::text[]) q (source, source_id)
        cross join lateral (
          select * from products where source = q.source and source_id = q.source_id offset 0
        ) p
        union all
        -- Two products with one article number: the newer one is meant.
        select ${SHELVED(true)} from unnest($13::text[], $14::text[]) q (source, sku)
        cross join lateral (
          select max(id) as id from (
            select id from products
            where source = q.source and lower(sku) collate "C" = q.sku and sku <> '' offset 0
          ) named
        ) newest
        join products p on p.id = newest.id
      ) found
    ) as products,
    (
      select json_agg(json_build_array(q.id::text, g.companions))
      from unnest($15::bigint[]) q (id)
      cross join lateral (
        select case when count(*) > 0 then
          json_build_array(array_agg(other_id), array_agg(together), array_agg(baskets), array_agg(score))
        end as companions
        from goes_with where product_id = q.id
      ) g
    ) as companions,
    case when $16::boolean then (
      select json_object_agg(category, unit_days) from category_cycles where unit_days is not null
    ) end as cycles`;

/** The same of products alone, $2 our ids: to begin {@link KNOWN} takes longer than this. */
export const KNOWN_PRODUCTS = `
  select ${NEWS}, null as customers,
    (select json_agg(${SHELVED(false)}) from products p where p.id = any ($2::bigint[])) as products,
    null as companions, null as cycles`;
