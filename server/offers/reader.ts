/**
 * What a decision needs to know of the customer and the cart, in one round trip by index, and of everything that could be offered, in another.
 * Prepared statements: the server plans them once for each connection.
 */
import type pg from "pg";
import { SEGMENTS, TIER } from "../customers/standing.ts";
import { PRODUCT_JSON, type ProductJson, idsOf, productOf } from "./catalogue.ts";
import type { CatalogueProduct, CustomerFacts } from "./facts.ts";

/** How somebody names the customer. */
export type CustomerKey =
  | { readonly by: "id"; readonly id: string }
  | { readonly by: "source"; readonly source: string; readonly sourceId: string }
  /** E.164; of a phone that several have nobody knows whose it is. */
  | { readonly by: "phone"; readonly phone: string }
  | { readonly by: "nobody" };

/** How somebody names a product: by our id, or as `source` does. */
export type ProductKey =
  { readonly id: string } | { readonly sourceId: string } | { readonly sku: string };

/** What rules ask about customers beside what everybody's row says. */
export type Asked = {
  /** Folded. */
  readonly boughtCategories: readonly string[];
  /** Rules with a limit for each customer. */
  readonly limitedRules: readonly string[];
};

/** What was read. */
export type Known = {
  readonly customer: CustomerFacts | null;
  /** One for each key, null where the catalogue has none. */
  readonly products: readonly (CatalogueProduct | null)[];
};

/** Reads the customer and the products of a cart. `source`: whose ids and SKUs the keys are. */
export async function readKnown(
  pool: Pick<pg.Pool, "query">,
  question: {
    readonly customer: CustomerKey;
    readonly products: readonly ProductKey[];
    readonly source: string;
  },
  asked: Asked,
): Promise<Known> {
  const { customer, products, source } = question;
  const ids = idsOf(products.flatMap((key) => ("id" in key ? [key.id] : [])));
  const sourceIds = products.flatMap((key) => ("sourceId" in key ? [key.sourceId] : []));
  const skus = products.flatMap((key) => ("sku" in key ? [key.sku.toLowerCase()] : []));
  const byId = sourceIds.length + skus.length === 0;
  const who = WHO[customer.by];
  const cart = byId ? BY_ID : BY_SOURCE;
  const { rows } = await pool.query<Row>({
    name: `offers_known_${customer.by}_${byId ? "id" : "source"}`,
    text: `with who as (${who}) ${KNOWN(cart)}`,
    values: [
      ...whoValues(customer),
      ...[asked.boughtCategories, asked.limitedRules, ids],
      ...(byId ? [] : [source, sourceIds, skus]),
    ],
  });
  const row = rows[0]!;
  const byKey = new Map<string, CatalogueProduct>();
  for (const [key, product] of row.products) byKey.set(key, productOf(product));
  return {
    customer: row.customer === null ? null : customerOf(row.customer),
    products: products.map((key) => byKey.get(keyOf(key)) ?? null),
  };
}

/** Products by our ids, as they are now. */
export async function readProducts(
  pool: Pick<pg.Pool, "query">,
  ids: readonly string[],
): Promise<readonly CatalogueProduct[]> {
  if (ids.length === 0) return [];
  const { rows } = await pool.query<{ products: readonly ProductJson[] }>({
    name: "offers_products",
    text: `select coalesce(json_agg(${PRODUCT_JSON}), '[]') as products from products p where p.id = any ($1::bigint[])`,
    values: [idsOf(ids)],
  });
  return rows[0]!.products.map(productOf);
}

const WHO: Readonly<Record<CustomerKey["by"], string>> = {
  id: "select $1::bigint as id, $2::text as unused",
  source: "select id from customers where source = $1 and source_id = $2",
  phone: `select min(customer_id) as id from customer_phones where e164 = $1 and $2::text is not null having count(*) = 1`,
  nobody: "select null::bigint as id where $1::text <> $2::text",
};

function whoValues(key: CustomerKey): readonly [string, string] {
  switch (key.by) {
    case "id":
      // A number that no customer has, when it is none.
      return [idsOf([key.id])[0] ?? "0", ""];
    case "source":
      return [key.source, key.sourceId];
    case "phone":
      return [key.phone, ""];
    case "nobody":
      return ["", ""];
    default:
      return key satisfies never;
  }
}

const BY_ID = `select json_agg(json_build_array('id:' || p.id, ${PRODUCT_JSON})) as list
  from products p where p.id = any ($5::bigint[])`;
const BY_SOURCE = `select json_agg(json_build_array(k.key, ${PRODUCT_JSON})) as list
  from (
    select 'id:' || id as key, id from products where id = any ($5::bigint[])
    union all
    select 'source:' || source_id, id from products where source = $6 and source_id = any ($7::text[])
    union all
    -- Two products with one article number: the newer one is meant.
    select * from (
      select distinct on (lower(sku)) 'sku:' || lower(sku), id from products
      where source = $6 and lower(sku) collate "C" = any ($8::text[]) and sku <> ''
      order by lower(sku), id desc
    ) by_sku
  ) k join products p on p.id = k.id`;

function keyOf(key: ProductKey): string {
  if ("id" in key) return `id:${key.id}`;
  return "sourceId" in key ? `source:${key.sourceId}` : `sku:${key.sku.toLowerCase()}`;
}

/** Categories `$3` (folded), rules `$4`. */
const KNOWN = (cart: string) => `
  select (
    select json_build_object(
      'id', c.id::text, 'name', c.name, 'language', c.language, 'vip', c.vip, 'tier', ${TIER}, 'segments', ${SEGMENTS},
      'city', c.city, 'region', c.region, 'bonus', c.bonus_minor,
      'orders', coalesce(st.orders, 0), 'total', coalesce(st.total_minor, 0), 'currency', coalesce(st.currency, ''),
      'last', extract(epoch from st.last_at) * 1000,
      'claim', exists (select from claims where customer_id = c.id and closed_at is null),
      'unwanted', array(
        select product_id::text from order_items
        where customer_id = c.id and fate = 'returned' and product_id is not null
        union
        select product_id::text from claims where customer_id = c.id and product_id is not null
        union
        -- A claim about a line or a whole order that does not name the product.
        select i.product_id::text from claims k
        cross join lateral (
          select product_id from order_items
          where order_id = k.order_id and (k.line is null or n = k.line) and product_id is not null offset 0
        ) i
        where k.customer_id = c.id and k.order_id is not null and (k.line is not null or k.product_id is null)
      ),
      'bought', case when cardinality($3::text[]) > 0 then array(
        -- Product by product, never category by category: somebody's purchases are few, a category's products are many.
        select json_build_array(p.category, extract(epoch from max(i.placed_at)) * 1000)
        from order_items i
        cross join lateral (
          select lower(category) as category from products where id = i.product_id offset 0
        ) p
        where i.customer_id = c.id and i.fate = '' and i.product_id is not null
          and p.category = any ($3::text[])
        group by p.category
      ) end,
      'uses', case when cardinality($4::bigint[]) > 0 then array(
        select json_build_array(rule_id::text, count(*)) from offer_showings
        where customer_id = c.id and rule_id = any ($4::bigint[]) and answer = 'accepted'
        group by rule_id
      ) end
    )
    from who join customers c on c.id = who.id
    left join customer_standing st on st.customer_id = c.id
  ) as customer,
  coalesce((${cart}), '[]') as products`;

type Row = {
  customer: CustomerJson | null;
  products: readonly (readonly [key: string, product: ProductJson])[];
};

type CustomerJson = Pick<
  CustomerFacts,
  | "id"
  | "name"
  | "language"
  | "vip"
  | "tier"
  | "segments"
  | "city"
  | "region"
  | "orders"
  | "currency"
> & {
  readonly bonus: number | null;
  readonly total: number;
  readonly last: number | null;
  readonly claim: boolean;
  readonly unwanted: readonly string[];
  readonly bought: readonly (readonly [category: string, atMs: number])[] | null;
  readonly uses: readonly (readonly [rule: string, times: number])[] | null;
};

function customerOf(json: CustomerJson): CustomerFacts {
  const { bonus, total, last, claim, unwanted, bought, uses, ...same } = json;
  return {
    ...same,
    bonusMinor: bonus,
    totalMinor: total,
    lastOrderAtMs: last,
    boughtAtMs: new Map(bought),
    unwanted: new Set(unwanted),
    openClaim: claim,
    uses: new Map(uses),
  };
}
