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
import { type KnownRow, companionsOf, customerOf } from "./known-row.ts";
import { KNOWN, KNOWN_PRODUCTS, MOST_NEWS } from "./known-sql.ts";
import { type Companions, likeliest } from "./learn/candidates.ts";
import type { BoughtLines } from "./learn/purchases.ts";
import { ProductShelf, skuKeyOf, sourceKeyOf } from "./shelf.ts";

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
export type KnownCustomer = Omit<CustomerFacts, "boughtAtMs"> & {
  readonly bought: BoughtLines;
  /** What of that the catalogue still has. */
  readonly boughtProducts: ReadonlyMap<number, CatalogueProduct>;
};

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
  products(ids: Iterable<number>): Promise<ReadonlyMap<number, CatalogueProduct>>;
  /** The same in no order, the same array while nothing changes; for lists that are asked for again and again. */
  list(ids: readonly string[]): Promise<readonly CatalogueProduct[]>;
  /** What goes with each of these; with nothing: left out. */
  companions(ids: readonly number[]): Promise<ReadonlyMap<number, Companions>>;
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
const MOST_COMPANIONS = 40_000;
/** Of what goes with a cart so many are read ahead: twice the hints that are usually given, since some are out of stock. */
const MOST_LIKELY = 20;
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
  readonly companions: readonly number[];
};
type Answer = {
  readonly customer: Omit<KnownCustomer, "boughtProducts"> | null;
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
  const lists = new WeakMap<
    readonly string[],
    { readonly products: readonly CatalogueProduct[]; readonly changes: number }
  >();
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
      const { changes } = shelf;
      const shelved = sought.map(onShelf);
      const companions: number[] = [];
      for (const [index, one] of shelved.entries()) {
        // Also of what has to be read itself, when its id is known: no round trip of their own.
        const { by, key } = sought[index]!;
        const id = one === null ? NaN : Number(one?.id ?? (by === "id" && isId(key) ? key : NaN));
        if (id >= 0 && companionsNow(id) === undefined) companions.push(id);
      }
      const missing = sought.filter((_, index) => shelved[index] === undefined);
      const answer = await ask({ customer, sought: missing, companions });
      const found =
        shelf.changes === changes ? shelved : await foundAgain(sought, new Set(missing));
      const named = sought.map(
        ({ key }, index) => found[index] ?? answer.products.get(key) ?? null,
      );
      const { customer: who } = answer;
      return { customer: who === null ? null : await withProducts(who, named), products: named };
    },
    products,

    async list(ids) {
      const before = lists.get(ids);
      const { changes } = shelf;
      if (before?.changes === changes) return before.products;
      const now = [...(await products(ids.map(Number))).values()];
      if (shelf.changes === changes) lists.set(ids, { products: now, changes });
      return now;
    },

    async companions(ids) {
      const found = new Map<number, Companions>();
      const missing: number[] = [];
      for (const id of ids) {
        const companions = companionsNow(id);
        if (companions === undefined) missing.push(id);
        else if (companions.length > 0) found.set(id, companions);
      }
      if (missing.length === 0) return found;
      const answer = await ask({ customer: NOBODY, sought: [], companions: missing });
      for (const id of missing) {
        const companions = answer.companions.get(id) ?? NONE;
        if (companions.length > 0) found.set(id, companions);
      }
      return found;
    },

    usualDays: (category) => cycles.get(category) ?? null,
    setLimitedRules: (ids) => (limitedRules = ids),
  };

  async function products(ids: Iterable<number>): Promise<ReadonlyMap<number, CatalogueProduct>> {
    const found = new Map<number, CatalogueProduct>();
    const missing: Sought[] = [];
    for (const id of ids) {
      const product = shelf.get(id);
      if (product === undefined) missing.push(soughtOf({ id: String(id) }, ""));
      else if (product !== null) found.set(id, product);
    }
    if (missing.length === 0) return found;
    const answer = await ask({ customer: NOBODY, sought: missing, companions: [] });
    for (const { key } of missing) {
      const product = answer.products.get(key);
      if (product !== undefined) found.set(Number(key), product);
    }
    return found;
  }

  /** Null: there is none; undefined: it has to be read. */
  function onShelf({ by, key }: Sought): CatalogueProduct | null | undefined {
    return by === "id" ? shelf.get(Number(key)) : shelf.find(key);
  }

  /** Something on the shelf has changed just now: what was there and is not any more is read. `missing` has just been. */
  async function foundAgain(sought: readonly Sought[], missing: ReadonlySet<Sought>) {
    const found = sought.map(onShelf);
    const changed = sought.filter((one, index) => found[index] === undefined && !missing.has(one));
    if (changed.length === 0) return found;
    const again = await ask({ customer: NOBODY, sought: changed, companions: [] });
    return sought.map((one, index) => again.products.get(one.key) ?? found[index]);
  }

  /** What somebody bought, of the catalogue; when that has to be read, with what will be asked for next: what goes best with the cart. */
  async function withProducts(
    customer: NonNullable<Answer["customer"]>,
    cart: readonly (CatalogueProduct | null)[],
  ): Promise<KnownCustomer> {
    const bought = new Set(customer.bought.products);
    const ids = [...bought];
    if (ids.some((id) => shelf.get(id) === undefined)) {
      const companions = new Map<number, Companions>();
      for (const one of cart) {
        const goes = one === null ? undefined : companionsNow(Number(one.id));
        if (one !== null && goes !== undefined) companions.set(Number(one.id), goes);
      }
      const besides = new Set([...ids, ...companions.keys()]);
      ids.push(...likeliest(companions, besides, MOST_LIKELY));
    }
    const boughtProducts = new Map<number, CatalogueProduct>();
    for (const [id, product] of await products(ids))
      if (bought.has(id)) boughtProducts.set(id, product);
    return { ...customer, boughtProducts };
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
    const isShort = !wantsCycles && questions.every(isOfProductsAlone);
    const { rows } = await pool.query<KnownRow>(
      isShort
        ? {
            name: "offers_products",
            text: KNOWN_PRODUCTS,
            values: [snapshot, soughtIds(questions)],
          }
        : {
            ...{ name: "offers_known", text: KNOWN },
            values: [snapshot, ...valuesOf(questions, limitedRules), wantsCycles],
          },
    );
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
      for (const { by, key } of sought)
        if (by === "id" && !products.has(key)) shelf.putNone(Number(key));
    const customers = new Map<number, Answer["customer"]>();
    for (const json of row.customers ?? []) customers.set(json[0], customerOf(json));
    return questions.map((_, n) => ({ customer: customers.get(n) ?? null, products, companions }));
  }

  function hearNews(row: KnownRow): void {
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

/** Parameters 2 to 15 of {@link KNOWN}. */
function isOfProductsAlone({ customer, sought, companions }: Question): boolean {
  return (
    customer.by === "nobody" && companions.length === 0 && sought.every(({ by }) => by === "id")
  );
}

function soughtIds(questions: readonly Question[]): readonly unknown[] {
  return idsOf([...new Set(questions.flatMap(({ sought }) => sought.map(({ name }) => name)))]);
}

function valuesOf(
  questions: readonly Question[],
  limitedRules: readonly string[],
): readonly (readonly unknown[])[] {
  const ids: [n: number[], ids: string[]] = [[], []];
  const sources: [n: number[], sources: string[], ids: string[]] = [[], [], []];
  const phones: [n: number[], phones: string[]] = [[], []];
  const sought = new Map<string, Sought>();
  const companions = new Set<number>();
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
    [...companions],
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
