/**
 * A shop for the card's bench, made in PostgreSQL by arithmetic: most customers have two orders, a thousand have a thousand each. Orders
 * lie in the table in the order of time, as in a shop that lives: those of one customer are all over it.
 */
import type pg from "pg";
import { judgeRange } from "../../server/offers/standings/judge.ts";
import { PLAIN_STANDINGS } from "../../server/offers/standings/settings.ts";
import type { Storage } from "../../server/storage/database.ts";
import { readIntoMemory } from "./large-postgres.ts";

/** How large it is. */
export type CardShopSize = {
  readonly customers: number;
  /** Of them, spread over all; each has {@link HEAVY_ORDERS}. */
  readonly heavy: number;
  readonly products: number;
};

/** Orders of a heavy customer and of another. */
export const HEAVY_ORDERS = 1000;
const USUAL_ORDERS = 2;
/** Heavy customers whose orders changed their stage nine times each: 10,000 entries on a timeline. */
const LONG = 50;
/** Customers whose standing is found in one go. */
const JUDGED_AT_ONCE = 100_000;
/** Prime, and to everything here: what is multiplied by it looks scattered and never repeats. */
const SCATTER = 15_485_863;

/** The id of heavy customer `k`, from 0. */
export function heavyId(size: CardShopSize, k: number): number {
  return k * Math.floor(size.customers / size.heavy) + 1;
}

/** A heavy customer with 10,000 things on the timeline. */
export function longId(size: CardShopSize, k: number): number {
  return heavyId(size, k % Math.min(LONG, size.heavy));
}

/** The phone of a customer. */
export function phoneOf(id: number): string {
  return `+7913${String((id * 387_420_489) % 10_000_000).padStart(7, "0")}`;
}

/** Fills an empty, migrated database; as a superuser, since triggers rest meanwhile. @returns how many lines orders have. */
export async function fillCardShop(
  { pool, db }: Pick<Storage, "pool" | "db">,
  size: CardShopSize,
): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query("set session_replication_role = replica; set statement_timeout = 0");
    const { customers, products } = size;
    await client.query(
      `insert into products (source, source_id, sku, name, category, price_minor, currency, stock)
       select 'shop', 'p' || n, 'SKU-' || n,
         (array['Конструктор', 'Кукла', 'Пазл', 'Краски', 'Мяч', 'Плед', 'Кружка', 'Лото'])[1 + n % 8] || ' №' || n,
         'Категория ' || (n * 7919 % 400), 10000 + n % 90000, 'RUB', n % 50
       from generate_series(1, $1::int) n`,
      [products],
    );
    await client.query(
      `insert into customers (source, source_id, name, city, customer_since)
       select 'shop', 'c' || n, 'Покупатель ' || n, 'Томск', '2020-01-01' from generate_series(1, $1::int) n`,
      [customers],
    );
    await client.query(
      `insert into customer_phones (e164, customer_id)
       select '+7913' || lpad((n::bigint * 387420489 % 10000000)::text, 7, '0'), n from generate_series(1, $1::int) n
       on conflict do nothing`,
      [customers],
    );
    await withoutIndexes(client, ["orders", "order_items", "order_statuses"], async () => {
      await fillOrders(client, size);
      await fillItems(client);
      await client.query(
        `insert into order_statuses (order_id, customer_id, stage, at, placed)
         select id, customer_id, stage, placed_at, true from orders where id % 4 = 0`,
      );
      await client.query(
        `insert into order_statuses (order_id, customer_id, stage, at)
         select o.id, o.customer_id, 'shipped', o.placed_at + k * interval '7 hours'
         from orders o, generate_series(1, 9) k where o.customer_id = any($1)`,
        [Array.from({ length: LONG }, (_, k) => longId(size, k))],
      );
    });
    await fillPast(client, size);
    await client.query("set session_replication_role = origin");
    await client.query("vacuum analyze");
    for (let after = 0; after < customers; after += JUDGED_AT_ONCE) {
      const range = { after: String(after), upTo: String(after + JUDGED_AT_ONCE) };
      await judgeRange(db, PLAIN_STANDINGS, range, Date.now());
    }
    await client.query("vacuum analyze customer_standing");
    // What was loaded is on the disk before anything is measured.
    await client.query("checkpoint");
    await readIntoMemory(client);
    const lines = await client.query<{ lines: string }>(
      "select count(*) as lines from order_items",
    );
    return Number(lines.rows[0]!.lines);
  } finally {
    client.release(true);
  }
}

/** Order `n` of all is of customer `n * SCATTER mod ...`: the heavy ones have a share of every stretch of time. */
async function fillOrders(client: pg.ClientBase, size: CardShopSize): Promise<void> {
  const { customers, heavy } = size;
  const orders = customers * USUAL_ORDERS + heavy * HEAVY_ORDERS;
  const every = Math.floor(customers / heavy);
  // Written as text: a subquery for each of millions takes ten times as long.
  const line = (l: number) =>
    `'{"name":"Товар ' || (n * 31 + ${l}) % $5::bigint || '","quantity":${1 + (l % 2)},"priceMinor":10000,"productId":"p'
      || 1 + (n * 104729 + ${l * 7919}) % $5::bigint || '"}'`;
  await client.query(
    `insert into orders (source, source_id, customer_id, number, stage, status, total_minor, currency, placed_at, lines)
     select 'shop', 'o' || n, customer, 'N-' || n,
       case when n % 23 = 0 then 'returned' when n % 19 = 0 then 'cancelled'
         when n > $1::bigint - $1::bigint / 200 then 'shipped' else 'completed' end,
       'Статус', 10000 + n % 500000, 'RUB', timestamptz '2023-01-01' + n * ($4::float8 / $1) * interval '1 second',
       ('[' || ${line(1)} || case when n % 4 > 0 then ',' || ${line(2)} else '' end
         || case when n % 4 > 1 then ',' || ${line(3)} else '' end
         || case when n % 4 > 2 then ',' || ${line(4)} else '' end || ']')::jsonb
     from (
       select n, case when place <= $2::bigint then 1 + (place % $3::bigint) * $6::bigint
         else 1 + (place - $2::bigint) % $7::bigint end as customer
       from (select n, 1 + (n * ${SCATTER}) % $1::bigint as place from generate_series(1, $1::bigint) n) scattered
     ) whose`,
    [...[orders, heavy * HEAVY_ORDERS, heavy, 1400 * 86_400, size.products], ...[every, customers]],
  );
}

/** As the triggers would. */
async function fillItems(client: pg.ClientBase): Promise<void> {
  await client.query(
    `insert into order_items (order_id, n, customer_id, product_id, placed_at, price_minor, quantity, fate, source_product)
     select o.id, l.n - 1, o.customer_id, substr(l.line->>'productId', 2)::bigint, o.placed_at, 10000,
       (l.line->>'quantity')::real, case when o.stage in ('returned', 'cancelled') then o.stage else '' end,
       l.line->>'productId'
     from orders o cross join lateral jsonb_array_elements(o.lines) with ordinality l(line, n)`,
  );
}

/** Calls, notes and claims; of the heavy customers as many as of people who call often. */
async function fillPast(client: pg.ClientBase, size: CardShopSize): Promise<void> {
  const heavy = Array.from({ length: size.heavy }, (_, k) => heavyId(size, k));
  await client.query(
    "insert into users (login, name, role, password_hash) values ('bench', 'Анна', 'operator', '')",
  );
  const calls = `insert into calls (id, pbx, direction, party_number, party_e164, customer_id, started_at, answered_at,
      ended_at, ended_how, extensions, detail)
    select c || '-' || k, 'a', 'inbound', p.e164, p.e164, c, at, at, at, 'completed', '{101}', '{}'
    from unnest($1::bigint[]) c join customer_phones p on p.customer_id = c,
      generate_series(1, $2::int) k, lateral (select now() - k * interval '5 days' - c * interval '1 second' as at) t`;
  await client.query(calls, [heavy, 50]);
  const others = Array.from({ length: Math.floor(size.customers / 10) }, (_, n) => n * 10 + 3);
  await client.query(calls, [others, 2]);
  await client.query(
    `insert into wrap_ups (draft_id, call_id, user_id, disposition, note)
     select gen_random_uuid(), id, (select max(id) from users), 'question', 'Про доставку' from calls`,
  );
  await client.query(
    `insert into notes (customer_id, author_id, text, created_at)
     select c, (select max(id) from users), 'Просит звонить после 18:00', now() - k * interval '9 days'
     from unnest($1::bigint[]) c, generate_series(1, 20) k`,
    [heavy],
  );
  await client.query(
    `insert into claims (source, source_id, customer_id, subject, opened_at, closed_at, order_id)
     select 'shop', c || '-' || k, c, 'Брак', now() - k * interval '30 days',
       case when k > 2 then now() - k * interval '29 days' end, (select max(id) from orders where customer_id = c)
     from unnest($1::bigint[]) c, generate_series(1, 12) k`,
    [heavy],
  );
}

/** Fills tables whose indexes are built after: row by row it would take hours. */
async function withoutIndexes(
  client: pg.ClientBase,
  tables: readonly string[],
  fill: () => Promise<void>,
): Promise<void> {
  const found = await client.query<{ name: string; definition: string }>(
    `select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition
     from pg_index i where i.indrelid = any($1::regclass[])
       and not exists (select from pg_constraint c where c.conindid = i.indexrelid)`,
    [tables],
  );
  for (const { name } of found.rows) await client.query(`drop index ${name}`);
  await fill();
  for (const { definition } of found.rows) await client.query(definition);
}
