/** Products for who writes a rule: by words of the name, by article number, by our id. */
import type pg from "pg";
import { PRODUCT_JSON, type ProductJson, productOf } from "./catalogue.ts";
import type { OfferedProduct } from "./model.ts";

/** Those that fit best first; every word must be somewhere in the name, or the text begin an article number. */
export async function findProducts(
  pool: Pick<pg.Pool, "query">,
  text: string,
  limit: number,
): Promise<readonly OfferedProduct[]> {
  const words = text
    .trim()
    .split(/\s+/)
    .filter((word) => word !== "")
    .slice(0, 8);
  const { rows } = await pool.query<{ product: ProductJson }>({
    name: "offers_find_products",
    text: `select ${PRODUCT_JSON} as product from products p
           where p.id::text = $1 or starts_with(lower(p.sku), lower($1)) or p.name ilike all ($2::text[])
           order by p.id::text = $1 desc, lower(p.sku) = lower($1) desc, p.stock is null or p.stock > 0 desc, p.name, p.id
           limit $3`,
    values: [text.trim(), words.map((word) => `%${word.replace(/[\\%_]/g, "\\$&")}%`), limit],
  });
  return rows.map(({ product }) => {
    const { costMinor: _cost, attributes: _attributes, ...plain } = productOf(product);
    return plain;
  });
}
