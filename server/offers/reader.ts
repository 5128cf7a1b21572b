/**
 * What decisions about offers need to know. Customers are read from PostgreSQL for every question, many questions at a time by one statement;
 * products and what goes with them are kept in memory.
 *
 * How old an answer may be: customers, their purchases, claims and uses, products' prices and stocks: not at all, they are as PostgreSQL had
 * them after the question came, whichever process changed them. What was learned (what goes with what, how long things last): a minute. The
 * engine adds: which products could fit a need, 30 s; how often a rule was used by everybody, a second in other processes.
 */
import type pg from "pg";
import { PRODUCT_JSON, type ProductJson, idsOf, productOf } from "./catalogue.ts";
import type { CatalogueProduct, CustomerFacts } from "./facts.ts";
import { isAboutValues, openGather } from "./gather.ts";
import { Generations } from "./generations.ts";
import { KNOWN, MOST_NEWS } from "./known-sql.ts";
import { COMPANION_NUMBERS, type Companions } from "./learn/candidates.ts";
import type { BoughtLines } from "./learn/purchases.ts";
import {
  type ProductNews,
  ProductShelf,
  type ShelvedJson,
  skuKeyOf,
  sourceKeyOf,
} from "./shelf.ts";

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

/** A customer as a question found them. */
export type KnownCustomer = Omit<CustomerFacts, "boughtAtMs"> & { readonly bought: BoughtLines };

/** What was read for a question. */
export type Known = {
  readonly customer: KnownCustomer | null;
  /** One for each key, null where the catalogue has none. */
  readonly products: readonly (CatalogueProduct | null)[];
};

/** Reads for questions. Each begins with {@link read}; the rest is then as of that moment or newer. Queries that fail are thrown. */
export interface OffersReader {
  /** The customer and the products of a cart. `source`: whose ids and SKUs the keys are. */
  read(question: {
    readonly customer: CustomerKey;
    readonly products: readonly ProductKey[];
    readonly source: string;
  }): Promise<Known>;
  /** By our ids; those the catalogue does not have are left out. */
  products(ids: readonly string[]): Promise<ReadonlyMap<string, CatalogueProduct>>;
  /** What goes with each of these; with nothing: left out. */
  companions(ids: readonly string[]): Promise<ReadonlyMap<number, Companions>>;
  /** How many days one piece of a category's goods lasts most people; null: nobody knows. */
  usualDays(category: string): number | null;
  /** Rules with a limit for each customer: uses are read of these, from the next question on. */
  setLimitedRules(ids: readonly string[]): void;
}

/** How a reader is opened. */
export type ReaderOptions = {
  /** How long what was learned is kept; default a minute. */
  readonly learnedMs?: number;
  /** Products that are kept, and products whose companions are. */
  readonly mostProducts?: number;
};

const LEARNED_MS = 60_000;
/** Up to 2 KB each. */
const MOST_COMPANIONS = 20_000;
const NO_LINES: BoughtLines = { products: [], atMs: [], quantities: [], returned: [] };
const NONE: Companions = new Float64Array(0);

/** A product that is looked for. */
type Sought = {
  readonly by: "id" | "source" | "sku";
  readonly source: string;
  readonly name: string;
  /** Among the answers and on the shelf. */
  readonly key: string;
};

type Question = {
  readonly customer: CustomerKey;
  readonly sought: readonly Sought[];
  /** Ids of products whose companions are wanted. */
  readonly companions: readonly string[];
};
type Answer = {
  readonly customer: KnownCustomer | null;
  /** By {@link Sought.key}, of the whole batch. */
  readonly products: ReadonlyMap<string, CatalogueProduct>;
  readonly companions: ReadonlyMap<number, Companions>;
};

const NOBODY = { by: "nobody" } as const;

/** Opens nothing by itself; lives as long as `pool`. */
export function openReader(
  { pool }: { readonly pool: Pick<pg.Pool, "query"> },
  options: ReaderOptions = {},
): OffersReader {
  const { learnedMs = LEARNED_MS, mostProducts } = options;
  const shelf = new ProductShelf(mostProducts);
  const learned = new Generations<
    number,
    { readonly companions: Companions; readonly atMs: number }
  >(Math.min(mostProducts ?? MOST_COMPANIONS, MOST_COMPANIONS));
  let cycles: ReadonlyMap<string, number> = new Map();
  let cyclesAtMs = -Infinity;
  /** When the last batch was asked, ms; every question is in one, and a clock costs more than a look into memory. */
  let askedAtMs = 0;
  let snapshot: string | null = null;
  let limitedRules: readonly string[] = [];
  const ask = openGather<Question, Answer>({ ask: askTogether, isOwn: isAboutValues });

  return {
    async read({ customer, products, source }) {
      const sought = products.map((key) => soughtOf(key, source));
      const missing = sought.filter((one) => onShelf(one) === undefined);
      const companions = sought.flatMap((one) => {
        const id = one.by === "id" ? one.name : onShelf(one)?.id;
        return id === undefined || companionsNow(Number(id)) !== undefined ? [] : [id];
      });
      const answer = await ask({ customer, sought: missing, companions });
      // Something on the shelf may have changed just now.
      const changed = sought.filter((one) => onShelf(one) === undefined && !missing.includes(one));
      const again =
        changed.length === 0
          ? null
          : await ask({ customer: NOBODY, sought: changed, companions: [] });
      const found = sought.map(
        (one) => answer.products.get(one.key) ?? again?.products.get(one.key) ?? onShelf(one),
      );
      return { customer: answer.customer, products: found.map((one) => one ?? null) };
    },

    async products(ids) {
      const found = new Map<string, CatalogueProduct>();
      const missing: Sought[] = [];
      for (const id of ids) {
        const product = shelf.get(id);
        if (product === undefined) missing.push(soughtOf({ id }, ""));
        else if (product !== null) found.set(id, product);
      }
      if (missing.length === 0) return found;
      const answer = await ask({ customer: NOBODY, sought: missing, companions: [] });
      for (const { key } of missing) {
        const product = answer.products.get(key);
        if (product !== undefined) found.set(key, product);
      }
      return found;
    },

    async companions(ids) {
      const found = new Map<number, Companions>();
      const missing: string[] = [];
      for (const id of ids) {
        const companions = companionsNow(Number(id));
        if (companions === undefined) missing.push(id);
        else if (companions.length > 0) found.set(Number(id), companions);
      }
      if (missing.length === 0) return found;
      const answer = await ask({ customer: NOBODY, sought: [], companions: missing });
      for (const id of missing) {
        const companions = answer.companions.get(Number(id)) ?? NONE;
        if (companions.length > 0) found.set(Number(id), companions);
      }
      return found;
    },

    usualDays: (category) => cycles.get(category) ?? null,
    setLimitedRules: (ids) => (limitedRules = ids),
  };

  /** Null: there is none; undefined: it has to be read. */
  function onShelf({ by, key }: Sought): CatalogueProduct | null | undefined {
    return by === "id" ? shelf.get(key) : shelf.find(key);
  }

  /** Undefined: they have to be read. */
  function companionsNow(id: number): Companions | undefined {
    const known = learned.get(id);
    return known !== undefined && askedAtMs - known.atMs < learnedMs ? known.companions : undefined;
  }

  async function askTogether(questions: readonly Question[]): Promise<readonly Answer[]> {
    askedAtMs = performance.now();
    const atMs = askedAtMs;
    const wantsCycles = atMs - cyclesAtMs >= learnedMs;
    const { rows } = await pool.query<Row>({
      name: "offers_known",
      text: KNOWN,
      values: [snapshot, ...valuesOf(questions, limitedRules), wantsCycles],
    });
    const row = rows[0]!;
    hearNews(row);
    if (wantsCycles) {
      cycles = new Map(Object.entries(row.cycles ?? {}));
      cyclesAtMs = atMs;
    }
    const products = new Map<string, CatalogueProduct>();
    for (const json of row.products ?? []) {
      const product = shelf.put(json);
      const [, source, sourceId, bySku] = json;
      products.set(product.id, product);
      products.set(sourceKeyOf(source, sourceId), product);
      if (bySku) products.set(skuKeyOf(source, product.sku), product);
    }
    const companions = new Map<number, Companions>();
    for (const [id, list] of row.companions ?? []) {
      const one = list === null ? NONE : companionsOf(list);
      companions.set(Number(id), one);
      learned.set(Number(id), { companions: one, atMs });
    }
    for (const { sought } of questions)
      for (const { by, key } of sought) if (by === "id" && !products.has(key)) shelf.putNone(key);
    const customers = new Map<number, KnownCustomer>();
    for (const json of row.customers ?? []) customers.set(json[0], customerOf(json));
    return questions.map((_, n) => ({ customer: customers.get(n) ?? null, products, companions }));
  }

  function hearNews(row: Row): void {
    const { news, gone } = row;
    // A restored database counts its transactions from elsewhere.
    const isElsewhere = snapshot !== null && newestOf(row.snapshot) < newestOf(snapshot);
    if (gone || isElsewhere || (news !== null && news.length > MOST_NEWS)) shelf.clear();
    else for (const one of news ?? []) shelf.forget(one);
    ({ snapshot } = row);
  }
}

/** Products by our ids, as they are now, for who asks seldom. */
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

/** What the statement says in its one row. */
type Row = {
  readonly snapshot: string;
  readonly gone: boolean;
  readonly news: readonly ProductNews[] | null;
  readonly customers: readonly CustomerJson[] | null;
  readonly products: readonly ShelvedJson[] | null;
  readonly companions: readonly (readonly [id: string, list: CompanionsJson | null])[] | null;
  readonly cycles: Readonly<Record<string, number>> | null;
};

type CompanionsJson = readonly (readonly [
  other: number,
  together: number,
  baskets: number,
  score: number,
])[];

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

function customerOf(json: CustomerJson): KnownCustomer {
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

function companionsOf(list: CompanionsJson): Companions {
  const numbers = new Float64Array(list.length * COMPANION_NUMBERS);
  for (const [index, four] of list.entries()) numbers.set(four, index * COMPANION_NUMBERS);
  return numbers;
}

/** Parameters 2 to 15 of {@link KNOWN}. */
function valuesOf(
  questions: readonly Question[],
  limitedRules: readonly string[],
): readonly (readonly unknown[])[] {
  const ids: [n: number[], ids: string[]] = [[], []];
  const sources: [n: number[], sources: string[], ids: string[]] = [[], [], []];
  const phones: [n: number[], phones: string[]] = [[], []];
  const sought = new Map<string, Sought>();
  const companions = new Set<string>();
  for (const [n, question] of questions.entries()) {
    const { customer } = question;
    if (customer.by === "id" && isId(customer.id)) {
      ids[0].push(n);
      ids[1].push(customer.id);
    } else if (customer.by === "source") {
      sources[0].push(n);
      sources[1].push(customer.source);
      sources[2].push(customer.sourceId);
    } else if (customer.by === "phone") {
      phones[0].push(n);
      phones[1].push(customer.phone);
    }
    for (const one of question.sought) sought.set(one.key, one);
    for (const id of question.companions) companions.add(id);
  }
  const all = [...sought.values()];
  const [bySource, bySku] = [
    all.filter(({ by }) => by === "source"),
    all.filter(({ by }) => by === "sku"),
  ];
  return [
    ...ids,
    ...sources,
    ...phones,
    limitedRules,
    idsOf(all.flatMap(({ by, name }) => (by === "id" ? [name] : []))),
    ...[bySource.map(({ source }) => source), bySource.map(({ name }) => name)],
    ...[bySku.map(({ source }) => source), bySku.map(({ name }) => name)],
    idsOf([...companions]),
  ];
}

function soughtOf(key: ProductKey, source: string): Sought {
  if ("id" in key) return { by: "id", source: "", name: key.id, key: key.id };
  if ("sourceId" in key)
    return { by: "source", source, name: key.sourceId, key: sourceKeyOf(source, key.sourceId) };
  return { by: "sku", source, name: key.sku.toLowerCase(), key: skuKeyOf(source, key.sku) };
}

function isId(id: string): boolean {
  return idsOf([id]).length === 1;
}

/** The first transaction that a snapshot has not met: `xmin:xmax:list`. */
function newestOf(snapshot: string): bigint {
  return BigInt(snapshot.split(":", 2)[1] ?? "0");
}
