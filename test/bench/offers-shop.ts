/** A generated shop for offers, made by PostgreSQL itself: customers with orders, a catalogue with attributes, companions, a hundred rules. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Give, OfferRuleSettings } from "../../server/offers/rules.ts";
import { type Storage, openStorage } from "../../server/storage/database.ts";
import { migrate } from "../../server/storage/migrate.ts";
import { startLargePostgres } from "./large-postgres.ts";

/** Gone with the parts it was made for. */
export type OffersShop = { readonly storage: Storage; readonly databaseUrl: string };

const RULES = 100;
const CATEGORIES = 40;

/** Makes one: each customer has up to 10 orders of 3 lines, so on average 15 lines. */
export async function makeOffersShop(
  parts: AsyncDisposableStack,
  { customers, products }: { readonly customers: number; readonly products: number },
): Promise<OffersShop> {
  const directory = await mkdtemp(join(tmpdir(), "callcard-bench-"));
  parts.defer(() => rm(directory, { recursive: true, force: true }));
  const postgres = await startLargePostgres(join(directory, "postgres"));
  parts.defer(() => postgres.stop());
  const storage = openStorage(postgres.url, { maxConnections: 5, statementTimeoutMs: 600_000 });
  parts.defer(() => storage.close());
  await migrate(storage.db);
  const { pool } = storage;
  await pool.query(
    `insert into products (source, source_id, sku, name, category, price_minor, currency, stock, cost_minor, attributes)
     select 'bench', 'p-' || n, 'SKU-' || n, 'Product ' || n, 'Category ' || n % ${CATEGORIES}, 10000 + n % 90 * 1000, 'RUB',
       case when n % 17 = 0 then 0 else n % 50 + 5 end, 5000 + n % 90 * 600,
       case n % 8
         when 0 then jsonb_build_object('batteries', (array['AA', 'AAA', 'C'])[1 + n % 3], 'batteryCount', 1 + n % 4)
         when 1 then jsonb_build_object('size', (array['AA', 'AAA', 'C'])[1 + n % 3], 'packSize', 2 + n % 3)
         else '{}' end
     from generate_series(1, $1) n`,
    [products],
  );
  await pool.query(
    `insert into customers (source, source_id, name, language, tier, segments, city, bonus_minor)
     select 'bench', 'c-' || n, 'Customer ' || n, 'ru', (array['', 'silver', 'gold'])[1 + n % 3],
       case when n % 5 = 0 then '{newborn}'::text[] else '{}' end, 'City ' || n % 50, n % 7 * 1000
     from generate_series(1, $1) n`,
    [customers],
  );
  await pool.query(
    `insert into orders (source, source_id, customer_id, number, stage, total_minor, currency, placed_at, lines)
     select 'bench', 'o-' || c.id || '-' || n, c.id, c.id || '-' || n,
       case when (c.id + n) % 20 = 0 then 'returned' else 'completed' end, 30000 + (c.id + n) % 90 * 1000, 'RUB',
       now() - make_interval(days => ((c.id * 13 + n * 37) % 700)::int),
       (select jsonb_agg(jsonb_build_object('name', 'x', 'quantity', 1, 'priceMinor', 10000,
          'productId', 'p-' || 1 + (c.id * 7 + n * 131 + l * 17) % $1::bigint)) from generate_series(1, 3) l)
     from customers c, generate_series(1, (c.id % 10)::int) n`,
    [products],
  );
  // Companions as learning would leave them: thirty for each product.
  await pool.query(
    `insert into goes_with (product_id, other_id, together, baskets, score)
     select p.id, o.other, 10 + k, 120, 0.5 / k
     from products p, generate_series(1, 30) k,
       lateral (select 1 + (p.id * 31 + k * 97) % $1::bigint as other) o
     where o.other <> p.id on conflict do nothing`,
    [products],
  );
  for (let n = 0; n < RULES; n++)
    await pool.query("insert into offer_rules (settings, state) values ($1, 'on')", [
      JSON.stringify(ruleOf(n, products)),
    ]);
  await pool.query("vacuum analyze");
  // What was loaded is on the disk before anything is measured.
  await pool.query("checkpoint");
  return { storage, databaseUrl: postgres.url };
}

/** A book as a busy shop has it: of ten kinds, for some customers each, some dated, limited or with a floor. */
function ruleOf(n: number, products: number): OfferRuleSettings {
  const product = (step: number) => String(1 + ((n * 1009 + step * 499) % products));
  const category = (step: number) => `Category ${(n + step) % CATEGORIES}`;
  const none = { percent: null, sumMinor: null, mostMinor: null };
  const gives: readonly Give[] = [
    {
      kind: "needed",
      of: { products: [], categories: [], attribute: "batteries" },
      find: {
        ...{ products: [], categories: [category(0), category(1)] },
        match: [{ of: "batteries", found: "size" }],
      },
      count: { attribute: "batteryCount", each: 1 },
      ...{ pack: "packSize", unless: ["batteriesIncluded"] },
    },
    { kind: "promotion", products: [product(1), product(2)] },
    {
      ...{ kind: "personalPrice", products: [product(3)], categories: [category(2)] },
      ...{ percent: 7, priceMinor: null },
    },
    { kind: "gift", products: [product(4), product(5), product(6)] },
    { kind: "discount", ...none, percent: 3 + (n % 5) },
    { kind: "bonus", usePercent: 20, givePercent: null, giveMinor: null },
    { kind: "discount", ...none, sumMinor: 5000 },
    { kind: "promotion", products: [product(7)] },
    {
      kind: "personalPrice",
      products: [product(8)],
      categories: [],
      percent: 12,
      priceMinor: null,
    },
    { kind: "bonus", usePercent: null, givePercent: 5, giveMinor: null },
  ];
  // Most rules are for few: of what a shop has in its book, a handful holds for one customer and cart.
  const whens: readonly OfferRuleSettings["when"][] = [
    [
      { fact: "tier", in: ["gold"] },
      { fact: "region", in: [`City ${n % 50}`, `City ${(n + 7) % 50}`] },
    ],
    [
      { fact: "segment", in: ["newborn"] },
      { fact: "cartContains", products: [], categories: [category(0), category(6)] },
    ],
    [{ fact: "cartValue", fromMinor: 20_000 + n * 3000, toMinor: 30_000 + n * 3000 }],
    [
      { fact: "bought", categories: [category(3)], withinDays: 200 },
      { fact: "tier", in: ["silver", "gold"] },
    ],
    [
      { fact: "purchases", atLeast: n % 9, atMost: n % 9 },
      { fact: "channel", in: ["site", "app"] },
    ],
    [{ fact: "cartContains", products: [], categories: [category(4)] }],
    [{ fact: "region", in: [`City ${n % 50}`] }],
  ];
  return {
    name: `Rule ${n}`,
    give: gives[n % gives.length]!,
    // Batteries are for everybody who needs them.
    when: n % gives.length === 0 ? [] : whens[n % whens.length]!,
    ...{ from: "", until: n % 9 === 0 ? "2099-12-31" : "", priority: 1 + ((n * 7) % 100) },
    group: n % 3 === 0 ? `group ${n % 12}` : "",
    limits: {
      stockAtLeast: n % 4 === 0 ? 3 : 0,
      marginFloorPercent: n % 2 === 0 ? 10 : null,
      ...{ uses: n % 10 === 0 ? 1_000_000 : null, usesPerDay: n % 25 === 0 ? 100_000 : null },
      usesPerCustomer: n % 20 === 0 ? 3 : null,
    },
    currency: "RUB",
    saying: { ru: "{product} за {price}", uk: "", en: "{product} for {price}" },
  };
}
