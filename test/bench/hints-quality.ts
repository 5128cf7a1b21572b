/**
 * How good the hints are: of a basket nobody learned from one product is hidden, and it is counted how often it is among the ten that are
 * named for the rest of it. Beside ours: what is bought most, plain lift, and what the shop's own rules know to be best.
 */
import { openHints } from "../../server/offers/learn/hints.ts";
import { openReader } from "../../server/offers/reader.ts";
import { Learner } from "../../server/offers/learn/learner.ts";
import type { Storage } from "../../server/storage/database.ts";
import {
  type Basket,
  type GeneratedShop,
  basketsOf,
  makeGeneratedShop,
  oracle,
} from "./generated-shop.ts";
import { customerId, loadLines, loadProducts, noonOf, productId } from "./hints-shop.ts";
import type { Figure } from "./run.ts";

const NAMED = 10;
/** What the product promises: so many times the hits of popularity. */
const LEAST_TIMES_POPULARITY = 2.5;

type Question = {
  readonly customer: number;
  readonly last: Basket;
  readonly cart: readonly number[];
  readonly hidden: number;
};
type Namer = (question: Question) => Promise<readonly number[]> | readonly number[];

/** Learns from all baskets but the last of each customer, then asks about those. @param storage of an empty database at `url`. */
export async function measureQuality(
  storage: Storage,
  url: string,
  { quick }: { readonly quick: boolean },
): Promise<readonly Figure[]> {
  const shop = makeGeneratedShop({
    ...{ seed: 20_261_122, products: quick ? 1500 : 5000, categories: 60 },
    ...{ days: 730, visits: 7 },
  });
  const customers = quick ? 3000 : 20_000;
  await loadProducts(storage, shop);
  const none = { lines: 0, orders: 0, customers: 0 };
  const learned = await loadLines(storage, shop, none, { customers }, (baskets) =>
    baskets.slice(0, -1),
  );
  const log = { info: () => undefined, error: (fields: object) => console.error(fields) };
  const learner = new Learner({ databaseUrl: url, rest: 0, log });
  await learner.learn();
  await learner.close();

  const questions = questionsOf(shop, customers, quick ? 500 : 3000);
  const hits = async (namer: Namer) => {
    let count = 0;
    for (const question of questions) {
      const named = await namer(question);
      if (named.slice(0, NAMED).includes(question.hidden)) count += 1;
    }
    return count / questions.length;
  };
  const popular = await hits(await popularity(storage));
  const lifted = await hits(await lift(storage, learned.orders));
  const best = await hits((question) => knowing(shop, question));
  const ours = await hits(hinting(storage, { personal: true }));
  const nobodys = await hits(hinting(storage, { personal: false }));
  const round = (share: number) => share.toFixed(3);
  const error = Math.sqrt((ours * (1 - ours)) / questions.length);
  return [
    {
      what: `hit rate at ${NAMED}, one hidden of ${questions.length.toLocaleString("en")} held-out baskets`,
      ...{ value: ours, unit: `(s.e. ${round(error)})` },
      beside: `popularity ${round(popular)}, plain lift ${round(lifted)}, the generator's own rules ${round(best)}`,
      goal: `at least ${LEAST_TIMES_POPULARITY} x popularity (${(ours / popular).toFixed(1)} x)`,
      met: ours >= LEAST_TIMES_POPULARITY * popular,
    },
    {
      what: "the same for a cart of nobody in particular",
      ...{ value: nobodys, unit: "", beside: `popularity ${round(popular)}` },
    },
  ];
}

/** Last baskets of two products or more, each with one hidden. */
function questionsOf(shop: GeneratedShop, customers: number, count: number): readonly Question[] {
  const questions: Question[] = [];
  for (let customer = 0; customer < customers && questions.length < count; customer++) {
    const last = basketsOf(shop, customer).at(-1)!;
    if (last.items.length < 2) continue;
    const hidden = last.items[customer % last.items.length]!.n;
    const cart = last.items.map(({ n }) => n).filter((n) => n !== hidden);
    questions.push({ customer, last, cart, hidden });
  }
  return questions;
}

function hinting(storage: Storage, { personal }: { readonly personal: boolean }): Namer {
  const hints = openHints(openReader(storage));
  return async ({ customer, last, cart }) => {
    const found = await hints.hintsFor(
      {
        customerId: personal ? customerId(customer) : null,
        lines: cart.map((n) => ({ productId: productId(n), quantity: 1, priceMinor: 10_000 })),
        ...{ currency: "RUB", channel: "operator", nowMs: noonOf(last.day) },
      },
      NAMED,
    );
    return found.map(({ product }) => Number(product.id) - 1);
  };
}

function knowing(shop: GeneratedShop, { customer, last, cart }: Question): readonly number[] {
  const owned = new Set<number>();
  for (const { items } of basketsOf(shop, customer).slice(0, -1))
    for (const { n } of items) if (shop.products[n]!.cycleDays === null) owned.add(n);
  return oracle(shop, cart, { day: last.day, due: last.due, owned }, NAMED);
}

async function popularity({ pool }: Storage): Promise<Namer> {
  const { rows } = await pool.query<{ id: string }>(
    "select product_id as id from product_baskets order by baskets desc limit 200",
  );
  const most = rows.map(({ id }) => Number(id) - 1);
  return ({ cart }) => most.filter((n) => !cart.includes(n));
}

/** How much more often than by chance, summed over the cart; of all pairs that ever were. */
async function lift({ pool }: Storage, orders: number): Promise<Namer> {
  const { rows } = await pool.query<{ a: string; b: string; lift: number }>(
    `select a, b, together * $1::float8 / (x.baskets::float8 * y.baskets) as lift from product_pairs
     join product_baskets x on x.product_id = a join product_baskets y on y.product_id = b`,
    [orders],
  );
  const of = new Map<number, [number, number][]>();
  const note = (one: number, other: number, how: number) => {
    const list = of.get(one);
    if (list === undefined) of.set(one, [[other, how]]);
    else list.push([other, how]);
  };
  for (const row of rows) {
    const [a, b] = [Number(row.a) - 1, Number(row.b) - 1];
    note(a, b, row.lift);
    note(b, a, row.lift);
  }
  return ({ cart }) => {
    const sums = new Map<number, number>();
    for (const one of cart)
      for (const [n, how] of of.get(one) ?? [])
        if (!cart.includes(n)) sums.set(n, (sums.get(n) ?? 0) + how);
    return [...sums]
      .toSorted((x, y) => y[1] - x[1])
      .slice(0, NAMED)
      .map(([n]) => n);
  };
}
