/**
 * Customers judged by their orders, many at a time, in SQL: recency, frequency, money, then tier and segments by the thresholds. Each row also
 * gets the moment at which a threshold of days will be crossed, so that nobody has to be looked at before it.
 */
import { type RawBuilder, sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import type { StandingSettings, Threshold } from "./settings.ts";

/** What of a customer the thresholds ask about, in SQL. */
const COLUMNS = {
  orders: sql`f.orders`,
  returned: sql`f.returned`,
  totalMinor: sql`f.total_minor`,
} as const;
const TIMES = { lastOrderDays: sql`f.last_at`, firstOrderDays: sql`f.first_at` } as const;

/**
 * Judges these customers anew; the caller holds their rows.
 * @returns those whose tier or segments are others now.
 */
export async function judgeThese(
  trx: Database,
  settings: StandingSettings,
  customerIds: readonly string[],
  nowMs: number,
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    with ${figures(settings, sql`select unnest(${customerIds}::bigint[]) as customer_id`)},
    judged as materialized (select f.*, ${verdict(settings, nowMs)} from figures f),
    other as materialized (
      select s.customer_id from customer_standing s join judged j using (customer_id)
      where (s.tier, s.segments) is distinct from (j.tier, j.segments)
    ), written as (
      update customer_standing s set
        orders = j.orders, returned = j.returned, total_minor = j.total_minor, currency = j.currency,
        in_currency = j.in_currency, in_currency_at = ${new Date(nowMs)},
        first_at = j.first_at, last_at = j.last_at, tier = j.tier, segments = j.segments,
        judge_at = j.judge_at, changed_at = ${new Date(nowMs)}
      from judged j where s.customer_id = j.customer_id
    )
    select customer_id as id from other`.execute(trx);
  return rows.map(({ id }) => id);
}

/**
 * Judges everybody with an id above `after` up to `upTo`. Whose orders changed meanwhile is marked, and left to who judges the marked; whom
 * somebody judged meanwhile is left as they are, by orders that are newer.
 * @returns how many have another tier or other segments now.
 */
export async function judgeRange(
  trx: Database,
  settings: StandingSettings,
  range: { readonly after: string; readonly upTo: string },
  nowMs: number,
): Promise<number> {
  const whom = sql`select id as customer_id from customers where id > ${range.after} and id <= ${range.upTo}`;
  const now = sql`${new Date(nowMs)}::timestamptz`;
  const { rows } = await sql<{ changed: number }>`
    with ${figures(settings, whom)},
    judged as materialized (select f.*, ${verdict(settings, nowMs)} from figures f),
    before as materialized (
      select j.customer_id, s.changed_at,
        (coalesce(s.tier, ''), coalesce(s.segments, '{}')) is distinct from (j.tier, j.segments) as other
      from judged j left join customer_standing s using (customer_id)
    ), other as materialized (select count(*)::int as changed from before where other),
    written as (
      insert into customer_standing as s
        (customer_id, orders, returned, total_minor, currency, in_currency, in_currency_at, first_at, last_at, tier,
          segments, judge_at, changed_at)
      select customer_id, orders, returned, total_minor, currency, in_currency, ${now}, first_at, last_at, tier,
        segments, judge_at, coalesce(changed_at, ${now})
      from judged join before using (customer_id) order by customer_id
      on conflict (customer_id) do update set
        orders = excluded.orders, returned = excluded.returned, total_minor = excluded.total_minor,
        currency = excluded.currency, in_currency = excluded.in_currency, in_currency_at = ${now},
        first_at = excluded.first_at, last_at = excluded.last_at,
        tier = excluded.tier, segments = excluded.segments, judge_at = excluded.judge_at,
        changed_at = ${now}
      where s.judge_at is distinct from '-infinity' and s.changed_at = excluded.changed_at
        and (s.orders, s.returned, s.total_minor, s.currency, s.in_currency, s.in_currency_at, s.first_at, s.last_at,
            s.tier, s.segments, s.judge_at)
          is distinct from (excluded.orders, excluded.returned, excluded.total_minor, excluded.currency,
            excluded.in_currency, s.changed_at, excluded.first_at, excluded.last_at, excluded.tier, excluded.segments,
            excluded.judge_at)
    )
    select changed from other`.execute(trx);
  return rows[0]?.changed ?? 0;
}

/** What `whom` (rows of `customer_id`) ordered: orders that were cancelled or came back are no purchases. */
function figures({ currency }: StandingSettings, whom: RawBuilder<unknown>) {
  return sql`whom as materialized (${whom}), mine as (
      select o.customer_id, o.stage not in ('cancelled', 'returned') as counts, o.stage = 'returned' as is_back,
        o.total_minor, o.currency, o.placed_at,
        coalesce(nullif(${currency}::text, ''),
          first_value(o.currency) over (partition by o.customer_id order by o.placed_at desc)) as wanted
      from whom join orders o using (customer_id)
    ), figures as materialized (
      select w.customer_id, count(*) filter (where m.counts)::int as orders,
        count(*) filter (where m.is_back)::int as returned,
        coalesce(sum(m.total_minor) filter (where m.counts and m.currency = m.wanted), 0)::bigint as total_minor,
        coalesce(max(m.wanted), '') as currency,
        count(*) filter (where m.counts and m.currency = m.wanted)::int as in_currency,
        min(m.placed_at) filter (where m.counts) as first_at,
        max(m.placed_at) filter (where m.counts) as last_at
      from whom w left join mine m using (customer_id)
      group by w.customer_id
    )`;
}

/** Tier, segments, and when to judge again, of a row `f` of figures. */
function verdict(settings: StandingSettings, nowMs: number): RawBuilder<unknown> {
  const { tiers, segments } = computed(settings);
  const now = sql`${new Date(nowMs)}::timestamptz`;
  const tier = tiers.map((one) => sql`when ${fits(one, now)} then ${one.name}::text`);
  const chosen = segments.map((one) => sql`case when ${fits(one, now)} then ${one.name}::text end`);
  const days = [...tiers, ...segments].flatMap((one) => crossings(one));
  const next = days.map((at) => sql`case when ${at} > ${now} then ${at} end`);
  return sql`${tier.length === 0 ? sql`''::text` : sql`case ${sql.join(tier, sql` `)} else '' end`} as tier,
    ${chosen.length === 0 ? sql`'{}'::text[]` : sql`array_remove(array[${sql.join(chosen)}], null)`} as segments,
    ${next.length === 0 ? sql`null::timestamptz` : sql`least(${sql.join(next)})`} as judge_at`;
}

/** The thresholds that are in force. */
export function computed(settings: StandingSettings): Pick<StandingSettings, "tiers" | "segments"> {
  return {
    tiers: settings.tiersFrom === "orders" ? settings.tiers : [],
    segments: settings.segmentsFrom === "orders" ? settings.segments : [],
  };
}

function fits(threshold: Threshold, now: RawBuilder<unknown>): RawBuilder<unknown> {
  const parts: RawBuilder<unknown>[] = [];
  for (const [field, column] of Object.entries(COLUMNS)) {
    const { atLeast, atMost } = threshold[field as keyof typeof COLUMNS];
    if (atLeast !== null) parts.push(sql`${column} >= ${atLeast}::bigint`);
    if (atMost !== null) parts.push(sql`${column} <= ${atMost}::bigint`);
  }
  for (const [field, at] of Object.entries(TIMES)) {
    const { atLeast, atMost } = threshold[field as keyof typeof TIMES];
    // Who never ordered did so neither lately nor long ago.
    if (atLeast !== null) parts.push(sql`coalesce(${at} + ${hours(atLeast)} <= ${now}, false)`);
    if (atMost !== null) parts.push(sql`coalesce(${at} + ${hours(atMost)} > ${now}, false)`);
  }
  return parts.length === 0 ? sql`true` : sql`(${sql.join(parts, sql` and `)})`;
}

/** When this threshold's days will be over. */
function crossings(threshold: Threshold): readonly RawBuilder<unknown>[] {
  return Object.entries(TIMES).flatMap(([field, at]) => {
    const { atLeast, atMost } = threshold[field as keyof typeof TIMES];
    return [atLeast, atMost].flatMap((days) =>
      days === null ? [] : [sql`${at} + ${hours(days)}`],
    );
  });
}

/** A day is 24 hours here, whatever a summer time makes of it. */
function hours(days: number): RawBuilder<unknown> {
  return sql`make_interval(hours => ${days * 24}::int)`;
}
