/**
 * Products kept in memory, no older than the last news of them: PostgreSQL tells with every batch of questions which products changed since
 * the batch before, and those are forgotten here.
 */
import { type ProductJson, productOf } from "./catalogue.ts";
import type { CatalogueProduct } from "./facts.ts";
import { Generations } from "./generations.ts";

/** A product in SQL's words, with whose it is. */
export type ShelvedJson = readonly [
  product: ProductJson,
  source: string,
  sourceId: string,
  /** It was found by its article number, as the newest that has it. */
  bySku: boolean,
];

/** A product that changed. */
export type ProductNews = readonly [id: string, source: string, sourceId: string, sku: string];

type Shelved = {
  /** Null: there is no such product. */
  readonly product: CatalogueProduct | null;
  readonly sourceKey: string;
  readonly skuKey: string;
};

/** About 1 KB each. */
const MOST_PRODUCTS = 50_000;

/** How `source` calls a product. */
export const sourceKeyOf = (source: string, sourceId: string) => `${sourceId}\0${source}`;
/** The article number in `source`; without regard to case. */
export const skuKeyOf = (source: string, sku: string) => `${sku.toLowerCase()}\0sku\0${source}`;

export class ProductShelf {
  readonly #products: Generations<number, Shelved>;
  readonly #ids: Generations<string, number>;
  /** Grows whenever something is forgotten: while it does not, what was found here may be used without another look. */
  changes = 0;

  constructor(most = MOST_PRODUCTS) {
    this.#products = new Generations(most);
    this.#ids = new Generations(most);
  }

  /** Null: there is no such product; undefined: it has to be read. */
  get(id: number): CatalogueProduct | null | undefined {
    return this.#products.get(id)?.product;
  }

  /** By {@link sourceKeyOf} or {@link skuKeyOf}; undefined: it has to be read. */
  find(key: string): CatalogueProduct | undefined {
    const id = this.#ids.get(key);
    const found = id === undefined ? undefined : this.#products.get(id);
    // It may go by another name now.
    if (found === undefined || (found.sourceKey !== key && found.skuKey !== key)) return undefined;
    return found.product ?? undefined;
  }

  put([json, source, sourceId, bySku]: ShelvedJson): CatalogueProduct {
    const product = productOf(json);
    const sourceKey = sourceKeyOf(source, sourceId);
    const skuKey = skuKeyOf(source, product.sku);
    const number = Number(product.id);
    this.#products.set(number, { product, sourceKey, skuKey });
    this.#ids.set(sourceKey, number);
    if (bySku) this.#ids.set(skuKey, number);
    return product;
  }

  putNone(id: number): void {
    this.#products.set(id, { product: null, sourceKey: "", skuKey: "" });
  }

  forget([id, source, sourceId, sku]: ProductNews): void {
    this.changes += 1;
    this.#products.delete(Number(id));
    this.#ids.delete(sourceKeyOf(source, sourceId));
    // A newer product may have taken the number over.
    this.#ids.delete(skuKeyOf(source, sku));
  }

  clear(): void {
    this.changes += 1;
    this.#products.clear();
    this.#ids.clear();
  }

  get size(): number {
    return this.#products.size;
  }
}
