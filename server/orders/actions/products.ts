/** Products to add to an order, found by the beginnings of their words or of the article number. */
import type pg from "pg";
import type { FoundProduct } from "./model.ts";

/** So many that fit are looked at before the best are chosen: a single letter fits half of a shop. */
const LOOKED_AT = 500;
const MOST_WORDS = 8;

const FIND = `
  select p.id, p.source_id, p.sku, p.name, p.price_minor, p.currency, p.stock
  from (
    select id, min(rank) as rank from (
      (
        select case when lower(sku) = $2 then 0 else 1 end as rank, id from products
        where source = $1 and sku <> '' and $2 <> ''
          and lower(sku) collate "C" >= $2 and lower(sku) collate "C" < $3
        order by lower(sku) collate "C" limit ${LOOKED_AT}
      ) union all (
        select 2, id from products
        where source = $1 and $4 <> '' and to_tsvector('simple', translate(name, 'ёЁ', 'еЕ')) @@ $4::tsquery
        limit ${LOOKED_AT}
      )
    ) hit group by id
  ) hit
  join products p on p.id = hit.id
  order by hit.rank, (p.stock is not null and p.stock <= 0), p.name, p.id
  limit $5`;

/** Best first: the article number itself, its beginning, the name; what is in stock before what is not. */
export async function findProducts(
  pool: pg.Pool,
  source: string,
  text: string,
  limit: number,
): Promise<readonly FoundProduct[]> {
  const sku = text.trim().toLowerCase().slice(0, 128).replaceAll("\0", "");
  const words = text
    .normalize("NFC")
    .toLowerCase()
    .replaceAll("ё", "е")
    .match(/[\p{L}\p{N}]+/gu);
  if (sku === "" || limit < 1) return [];
  const query = (words ?? [])
    .slice(0, MOST_WORDS)
    .map((word) => `'${word.slice(0, 60)}':*`)
    .join(" & ");
  const found = await pool.query<{
    id: string;
    source_id: string;
    sku: string;
    name: string;
    price_minor: string;
    currency: string;
    stock: number | null;
  }>({
    name: "products_to_add",
    text: FIND,
    values: [source, sku, `${sku}\u{10FFFF}`, query, Math.min(limit, 100)],
  });
  return found.rows.map((row) => ({
    productId: row.id,
    sourceProductId: row.source_id,
    sku: row.sku,
    name: row.name,
    priceMinor: Number(row.price_minor),
    currency: row.currency,
    stock: row.stock,
  }));
}
