/** Products as rules see them, read from PostgreSQL. */
import type { CatalogueProduct } from "./facts.ts";

/** A product `p` as a JSON array, in SQL: half as long as an object. */
export const PRODUCT_JSON = `json_build_array(p.id::text, p.sku, p.name, p.category, p.price_minor, p.currency, p.stock,
  p.cost_minor, p.attributes)`;

/** What {@link PRODUCT_JSON} gives. */
export type ProductJson = readonly [
  id: string,
  sku: string,
  name: string,
  category: string,
  priceMinor: number,
  currency: string,
  stock: number | null,
  costMinor: number | null,
  attributes: CatalogueProduct["attributes"],
];

export function productOf(json: ProductJson): CatalogueProduct {
  const [id, sku, name, category, priceMinor, currency, stock, costMinor, attributes] = json;
  return { id, sku, name, category, priceMinor, currency, stock, costMinor, attributes };
}

/** Of ids that are numbers; the others are nobody's. */
export function idsOf(ids: readonly string[]): readonly string[] {
  return ids.filter((id) => /^\d{1,18}$/.test(id));
}
