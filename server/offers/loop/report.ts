/** What offers brought: shown, taken, money, by whatever is asked; and what hints add, against the customers who were shown none. */
import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";

/** What rows are made of. */
export const REPORT_BY = [
  "kind",
  "rule",
  "product",
  "operator",
  "reason",
  "channel",
  "day",
] as const;
export type ReportBy = (typeof REPORT_BY)[number];

/** What was shown in a stretch of time. */
export type ReportQuestion = {
  /** Epoch ms; from, and up to but not with. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly by: ReportBy;
  /** IANA zone: whose days they are. */
  readonly timeZone: string;
};

/** One row of the report; of offers in several currencies there is one row for each. */
export type ReportRow = {
  /** A kind, rule's id, product's id, operator's id, reason's code, channel or date; "" for none. */
  readonly key: string;
  /** The rule's, product's or operator's name; "" when the key says it all. */
  readonly name: string;
  readonly shown: number;
  readonly accepted: number;
  readonly refused: number;
  readonly ignored: number;
  /** Not answered yet. */
  readonly open: number;
  /** Minor units: what was taken adds this to the orders. */
  readonly takenMinor: number;
  readonly currency: string;
};

const KEYS: Readonly<Record<ReportBy, { key: string; name: string; join: string }>> = {
  kind: { key: "s.kind", name: "''", join: "" },
  rule: {
    key: "coalesce(s.rule_id::text, '')",
    name: "coalesce(max(r.settings->>'name'), '')",
    join: "left join offer_rules r on r.id = s.rule_id",
  },
  product: {
    key: "coalesce(s.product_id::text, '')",
    name: "coalesce(max(p.name), '')",
    join: "left join products p on p.id = s.product_id",
  },
  operator: {
    key: "coalesce(s.user_id::text, '')",
    name: "coalesce(max(u.name), '')",
    join: "left join users u on u.id = s.user_id",
  },
  reason: { key: "s.answer_reason", name: "''", join: "" },
  channel: { key: "s.channel", name: "''", join: "" },
  day: { key: "", name: "''", join: "" },
};

/** Most money first; days in order. At most 1000 rows. */
export async function reportOf(
  db: Database,
  { fromMs, toMs, by, timeZone }: ReportQuestion,
): Promise<readonly ReportRow[]> {
  const { key, name, join } = KEYS[by];
  const keyed =
    by === "day" ? sql`to_char(s.shown_at at time zone ${timeZone}, 'YYYY-MM-DD')` : sql.raw(key);
  const { rows } = await sql<Omit<ReportRow, "takenMinor"> & { taken: string }>`
    select ${keyed} as key, ${sql.raw(name)} as name,
      count(*)::int as shown,
      count(*) filter (where answer = 'accepted')::int as accepted,
      count(*) filter (where answer = 'refused')::int as refused,
      count(*) filter (where answer = 'ignored')::int as ignored,
      count(*) filter (where answer = '')::int as open,
      coalesce(sum(taken_minor), 0)::bigint as taken,
      s.currency
    from offer_showings s ${sql.raw(join)}
    where s.shown_at >= ${new Date(fromMs)} and s.shown_at < ${new Date(toMs)} and s.arm <> 'held'
      ${by === "reason" ? sql`and s.answer = 'refused'` : sql``}
    group by 1, s.currency
    order by ${by === "day" ? sql`1` : sql`taken desc, shown desc, 1`}
    limit 1000`.execute(db);
  return rows.map(({ taken, ...row }) => ({ ...row, takenMinor: Number(taken) }));
}

/** What customers bought within {@link BOUGHT_WITHIN_DAYS} days of the first occasion on which hints were shown, or held back. */
export type HeldRow = {
  readonly currency: string;
  readonly arm: "shown" | "held";
  readonly customers: number;
  /** Minor units for each customer, cancelled and returned orders left out. */
  readonly meanMinor: number;
  /** Of the mean. */
  readonly standardErrorMinor: number;
};

/** What hints add, with how sure that is. */
export type HeldReport = {
  readonly rows: readonly HeldRow[];
  readonly added: readonly {
    readonly currency: string;
    /** For each customer, minor units. */
    readonly meanMinor: number;
    /** With 95 % certainty it is between these. */
    readonly betweenMinor: readonly [number, number];
  }[];
};

export const BOUGHT_WITHIN_DAYS = 7;

/** Of occasions in the stretch; customers, not occasions, are compared, because a customer is held back as a whole. */
export async function heldReport(
  db: Database,
  { fromMs, toMs }: Pick<ReportQuestion, "fromMs" | "toMs">,
): Promise<HeldReport> {
  const { rows } = await sql<{
    currency: string;
    arm: HeldRow["arm"];
    customers: number;
    mean: number;
    deviation: number | null;
  }>`
    with met as (
      select customer_id, currency, bool_or(arm = 'held') as held, min(shown_at) as at
      from offer_showings
      where shown_at >= ${new Date(fromMs)} and shown_at < ${new Date(toMs)}
        and customer_id is not null and kind in ('goesWith', 'reorder')
      group by customer_id, currency
    ), bought as (
      select met.currency, met.held, coalesce(sum(o.total_minor), 0)::float8 as total
      from met
      left join orders o on o.customer_id = met.customer_id and o.currency = met.currency
        and o.placed_at >= met.at - interval '1 hour'
        and o.placed_at < met.at + ${`${BOUGHT_WITHIN_DAYS} days`}::interval
        and o.stage not in ('cancelled', 'returned')
      group by met.customer_id, met.currency, met.held
    )
    select currency, case when held then 'held' else 'shown' end as arm, count(*)::int as customers,
      avg(total)::float8 as mean, stddev_samp(total)::float8 as deviation
    from bought group by currency, held order by currency, held`.execute(db);
  const list = rows.map(({ currency, arm, customers, mean, deviation }) => ({
    ...{ currency, arm, customers, meanMinor: Math.round(mean) },
    standardErrorMinor: Math.round((deviation ?? 0) / Math.sqrt(customers)),
  }));
  return { rows: list, added: addedOf(list) };
}

/** The difference of the means, by the normal approximation; nothing while either side has fewer than 30 customers. */
export function addedOf(rows: readonly HeldRow[]): HeldReport["added"] {
  return rows.flatMap((shown) => {
    if (shown.arm !== "shown" || shown.customers < 30) return [];
    const held = rows.find(({ arm, currency }) => arm === "held" && currency === shown.currency);
    if (held === undefined || held.customers < 30) return [];
    const meanMinor = shown.meanMinor - held.meanMinor;
    const off = 1.96 * Math.hypot(shown.standardErrorMinor, held.standardErrorMinor);
    const betweenMinor = [Math.round(meanMinor - off), Math.round(meanMinor + off)] as const;
    return [{ currency: shown.currency, meanMinor, betweenMinor }];
  });
}
