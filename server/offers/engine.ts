/**
 * What to say about a cart, for the operator's card and the shop's site alike: rules, products and what was learned out of memory, the customer as
 * PostgreSQL has them now. One round trip by index for most questions, shared with the others that come at the same time; see `reader.ts`
 * for how old an answer may be.
 */
import type { Storage } from "../storage/database.ts";
import { idsOf, productOf, PRODUCT_JSON, type ProductJson } from "./catalogue.ts";
import { obstaclesOf, openRules } from "./conditions.ts";
import { candidatesOf, decideOffers, type Decided } from "./decide.ts";
import type { CatalogueProduct, CustomerFacts, OfferFacts, RuleUses } from "./facts.ts";
import { hintedFor } from "./hinted.ts";
import { fold, folded } from "../priority/decide.ts";
import type { CartLine, HintSource, OfferEngine, OfferQuestion } from "./model.ts";
import type { CustomerKey, Known, KnownCustomer, OffersReader, ProductKey } from "./reader.ts";
import type { Pooled } from "./needs.ts";
import type { RuleBook } from "./rule-book.ts";
import type { OfferRule } from "./rules.ts";
import { readUses } from "./uses.ts";

/** What the engine works with. */
export type EngineOptions = {
  readonly storage: Pick<Storage, "pool">;
  readonly reader: OffersReader;
  readonly book: Pick<RuleBook, "rules" | "onChange">;
  /** Null: nothing was learned. */
  readonly hints: HintSource | null;
  /** The shop's own IANA zone. */
  readonly timeZone: () => string;
  /** How often products that rules of kind `needed` look through are read anew; default 30 s. */
  readonly lookMs?: number;
  /** A look that failed; hints that could not be had. */
  readonly onError: (error: unknown) => void;
};

/** A question in the asker's own words. */
export type Asking = {
  readonly customer: CustomerKey;
  readonly lines: readonly {
    readonly product: ProductKey;
    readonly quantity: number;
    /** Of one; null: as in the catalogue. */
    readonly priceMinor: number | null;
  }[];
  /** Whose ids and article numbers the lines have; "" when they have ours. */
  readonly source: string;
  readonly currency: string;
  readonly channel: OfferQuestion["channel"];
  readonly nowMs: number;
};

/** What came of a question. */
export type Answered = Decided & {
  readonly customerId: string | null;
  /** Lines that are of no known product, by their places. */
  readonly unknownLines: readonly number[];
};

/** The engine, and how others ask it. */
export type RunningEngine = OfferEngine & {
  answer(asking: Asking): Promise<Answered>;
  /** What was used is counted anew before the next question. */
  usesChanged(): void;
  close(): void;
};

/** Hints that are asked for: some are of products that rules offer. */
const HINTS = 12;
/** How old the counts of uses may be, ms. */
const USES_FRESH_MS = 1000;
const MOST_IN_CATEGORIES = 20_000;

type Prepared = {
  readonly rules: readonly OfferRule[];
  /** What somebody bought of them is asked for; folded. */
  readonly boughtCategories: ReadonlySet<string>;
  /** Rules with a limit for each customer. */
  readonly limitedByCustomer: readonly string[];
  /** Rules with a limit in all or of a day. */
  readonly limited: readonly string[];
  /** Rules that look through products. */
  readonly needed: readonly OfferRule[];
};

/** Reads what rules look through; `book` must be loaded. */
export async function openOfferEngine(options: EngineOptions): Promise<RunningEngine> {
  const { book, hints, onError, reader } = options;
  const { pool } = options.storage;
  let prepared = prepare(book.rules());
  reader.setLimitedRules(prepared.limitedByCustomer);
  let pools: ReadonlyMap<string, readonly Pooled[]> = new Map();
  let uses: {
    readonly atMs: number;
    readonly read: Promise<ReadonlyMap<string, RuleUses>>;
  } | null = null;

  const look = async () => {
    const { needed } = prepared;
    const read = await Promise.all(
      needed.map(async (rule) => [rule.id, await readPool(pool, rule)] as const),
    );
    pools = new Map(read);
  };
  const lookSoon = () => void look().catch(onError);
  const stopHearing = book.onChange(() => {
    prepared = prepare(book.rules());
    reader.setLimitedRules(prepared.limitedByCustomer);
    uses = null;
    lookSoon();
  });
  const timer = setInterval(lookSoon, options.lookMs ?? 30_000).unref();
  await look();

  return {
    async offersFor(question) {
      const { answer: said } = await answer({
        customer:
          question.customerId === null ? { by: "nobody" } : { by: "id", id: question.customerId },
        lines: question.lines.map(({ productId, quantity, priceMinor }) => ({
          ...{ product: { id: productId }, quantity, priceMinor },
        })),
        source: "",
        ...{ currency: question.currency, channel: question.channel, nowMs: question.nowMs },
      });
      return said;
    },
    answer,
    usesChanged: () => (uses = null),
    close() {
      clearInterval(timer);
      stopHearing();
    },
  };

  async function answer(asking: Asking): Promise<Answered> {
    const { rules, limited } = prepared;
    const keys = asking.lines.map(({ product }) => product);
    const [known, used] = await Promise.all([
      reader.read({ customer: asking.customer, products: keys, source: asking.source }),
      limited.length === 0 ? NO_USES : usesNow(asking.nowMs),
    ]);
    const question = questionOf(asking, known);
    const learning = hintsFor(question, known.customer);
    const products = new Map<string, CatalogueProduct>();
    for (const one of known.products) if (one !== null) products.set(one.id, one);
    const plain: OfferFacts = {
      ...{ question, rules, uses: used, hints: [] },
      customer: known.customer === null ? null : customerOf(known.customer),
      products,
      pools: new Map(),
      timeZone: options.timeZone(),
    };
    const cart = { ...plain, obstacles: obstaclesOf(plain) };
    const wanted = candidatesOf(cart, ({ id }) => pools.get(id) ?? NO_POOL);
    const [found, looked, learned] = await Promise.all([
      reader.products(wanted.ids.map(Number)),
      poolsNow(wanted.pools),
      learning,
    ]);
    for (const one of found.values()) products.set(one.id, one);
    const facts: OfferFacts = { ...cart, pools: looked, hints: learned };
    const costs = costsOf(facts);
    if (costs.length > 0)
      for (const one of (await reader.products(costs)).values()) products.set(one.id, one);
    return {
      ...decideOffers(facts),
      customerId: known.customer?.id ?? null,
      unknownLines: known.products.flatMap((one, index) => (one === null ? [index] : [])),
    };
  }

  async function poolsNow(ids: ReadonlyMap<string, readonly string[]>) {
    const now = new Map<string, readonly CatalogueProduct[]>();
    for (const [ruleId, pool] of ids) now.set(ruleId, await reader.list(pool));
    return now;
  }

  /** As rules ask about them: when they bought something of a category. */
  function customerOf({ bought, boughtProducts, ...customer }: KnownCustomer): CustomerFacts {
    const { boughtCategories } = prepared;
    const boughtAtMs = new Map<string, number>();
    if (boughtCategories.size > 0)
      for (const [index, id] of bought.products.entries()) {
        if (bought.returned[index] === true) continue;
        const category = folded(boughtProducts.get(id)?.category ?? "");
        if (!boughtCategories.has(category)) continue;
        const atMs = bought.atMs[index]!;
        if (atMs > (boughtAtMs.get(category) ?? -Infinity)) boughtAtMs.set(category, atMs);
      }
    return { ...customer, boughtAtMs };
  }

  /** Without hints there are still rules: what could not be learned is no reason to say nothing. */
  async function hintsFor(question: OfferQuestion, customer: KnownCustomer | null) {
    if (hints === null || customer?.openClaim === true) return [];
    try {
      return await hints.hintsFor(question, HINTS, customer);
    } catch (error) {
      onError(error);
      return [];
    }
  }

  function usesNow(nowMs: number): Promise<ReadonlyMap<string, RuleUses>> {
    const atMs = performance.now();
    if (uses === null || atMs - uses.atMs >= USES_FRESH_MS) {
      const read = readUses(pool, prepared.limited, options.timeZone(), nowMs);
      const mine = { atMs, read };
      uses = mine;
      read.catch(() => {
        if (uses === mine) uses = null;
      });
    }
    return uses.read;
  }
}

const NO_POOL: readonly Pooled[] = [];
const NO_USES: ReadonlyMap<string, RuleUses> = new Map();

function prepare(rules: readonly OfferRule[]): Prepared {
  const categories = new Set<string>();
  for (const { settings } of rules)
    for (const one of settings.when)
      if (one.fact === "bought") for (const name of one.categories) categories.add(fold(name));
  return {
    rules,
    boughtCategories: categories,
    limitedByCustomer: rules
      .filter(({ settings }) => settings.limits.usesPerCustomer !== null)
      .map(({ id }) => id),
    limited: rules
      .filter(({ settings: { limits } }) => limits.uses !== null || limits.usesPerDay !== null)
      .map(({ id }) => id),
    needed: rules.filter(({ settings }) => settings.give.kind === "needed"),
  };
}

/** Lines of no known product are left out: nothing is known of them but a price. */
function questionOf(asking: Asking, known: Known): OfferQuestion {
  const { currency, channel, nowMs } = asking;
  const lines = asking.lines.flatMap(({ quantity, priceMinor }, index): CartLine[] => {
    const product = known.products[index] ?? null;
    if (product === null) return [];
    return [{ productId: product.id, quantity, priceMinor: priceMinor ?? product.priceMinor }];
  });
  return { customerId: known.customer?.id ?? null, lines, currency, channel, nowMs };
}

/** Hinted products that a rule would sell for less, while it promises a floor: their costs must be known. */
function costsOf(facts: OfferFacts): readonly number[] {
  if (facts.hints.length === 0) return [];
  const ids = new Set<number>();
  for (const { settings } of openRules(facts)) {
    const { give, limits } = settings;
    if (give.kind !== "personalPrice" || limits.marginFloorPercent === null) continue;
    for (const { product } of hintedFor(give, facts))
      if (!facts.products.has(product.id)) ids.add(Number(product.id));
  }
  return [...ids];
}

/** Products that could be what this rule looks for; their stock is read when somebody needs them. */
async function readPool(
  pool: EngineOptions["storage"]["pool"],
  { settings }: OfferRule,
): Promise<readonly Pooled[]> {
  const { give } = settings;
  if (give.kind !== "needed") return [];
  const { products, categories } = give.find;
  const { rows } = await pool.query<{ product: ProductJson }>({
    name: "offers_pool",
    text: `select ${PRODUCT_JSON} as product from products p
           where p.id = any ($1::bigint[]) or lower(p.category) = any ($2::text[])
           order by p.id limit ${MOST_IN_CATEGORIES}`,
    values: [idsOf(products), categories.map(fold)],
  });
  const found = rows.map(({ product }) => productOf(product));
  // Those the rule names itself first, in its order.
  const place = (id: string) => (products.includes(id) ? products.indexOf(id) : Infinity);
  return found
    .toSorted((a, b) => {
      const [one, other] = [place(a.id), place(b.id)];
      return one === other ? 0 : one - other;
    })
    .map(({ id, attributes }) => ({ id, attributes }));
}
