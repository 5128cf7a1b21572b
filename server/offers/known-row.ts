/** The one row that the statement of `known-sql.ts` answers with, and what its columns say. */
import { COMPANION_NUMBERS, type Companions } from "./learn/candidates.ts";
import type { BoughtLines } from "./learn/purchases.ts";
import type { KnownCustomer } from "./reader.ts";
import type { ProductNews, ShelvedJson } from "./shelf.ts";

/** What the statement says in its one row. */
export type KnownRow = {
  readonly snapshot: string;
  readonly gone: boolean;
  readonly news: readonly ProductNews[] | null;
  readonly customers: readonly CustomerJson[] | null;
  readonly products: readonly ShelvedJson[] | null;
  readonly companions: readonly (readonly [id: string, list: CompanionsJson | null])[] | null;
  readonly cycles: Readonly<Record<string, number>> | null;
};

/** As columns. */
type CompanionsJson = readonly [
  others: readonly number[],
  together: readonly number[],
  baskets: readonly number[],
  scores: readonly number[],
];

type CustomerJson = readonly [
  n: number,
  id: string,
  name: string,
  language: string,
  vip: boolean,
  tier: string,
  segments: readonly string[],
  city: string,
  region: string,
  bonusMinor: number | null,
  orders: number,
  totalMinor: number,
  currency: string,
  lastOrderAtMs: number | null,
  claims: readonly [
    open: boolean | null,
    products: readonly (number | null)[] | null,
    /** Of lines and orders, ids with spaces between. */
    items: readonly (string | null)[] | null,
  ],
  bought: readonly [
    products: readonly number[] | null,
    atMs: readonly number[],
    quantities: readonly number[],
    returned: readonly boolean[],
  ],
  uses: readonly (readonly [rule: string, times: number])[] | null,
];

const NO_LINES: BoughtLines = { products: [], atMs: [], quantities: [], returned: [] };

/** A customer of {@link KnownRow}; the products they bought are read apart. */
export function customerOf(json: CustomerJson): Omit<KnownCustomer, "boughtProducts"> {
  const [, id, name, language, vip, tier, segments, city, region, bonusMinor, ...more] = json;
  const [orders, totalMinor, currency, lastOrderAtMs, claims, lines, uses] = more;
  const [open, products, items] = claims;
  const unwanted = new Set<string>();
  for (const one of products ?? []) if (one !== null) unwanted.add(String(one));
  for (const one of items ?? [])
    if (one !== null) for (const id of one.split(" ")) unwanted.add(id);
  const [bought, atMs, quantities, returned] = lines;
  if (bought !== null)
    for (const [index, product] of bought.entries())
      if (returned[index] === true) unwanted.add(String(product));
  return {
    ...{ id, name, language, vip, tier, segments, city, region, bonusMinor, orders, totalMinor },
    ...{ currency, lastOrderAtMs, openClaim: open === true, unwanted, uses: new Map(uses) },
    bought: bought === null ? NO_LINES : { products: bought, atMs, quantities, returned },
  };
}

/** What goes with a product, of {@link KnownRow}. */
export function companionsOf(columns: CompanionsJson): Companions {
  const numbers = new Float64Array(columns[0].length * COMPANION_NUMBERS);
  for (const [place, column] of columns.entries())
    for (let n = 0; n < column.length; n++) numbers[n * COMPANION_NUMBERS + place] = column[n]!;
  return numbers;
}
