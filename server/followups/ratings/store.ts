/** Ratings in PostgreSQL: one for each call, and what they add up to. */
import { type RawBuilder, sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import { npsOf } from "./nps.ts";
import type { RatingReport, RatingRow, ReportKey } from "./rest.ts";

/** An answer about a call. */
export type Rating = {
  readonly callId: string;
  /** 0 to 10. */
  readonly score: number;
  readonly comment: string;
  /** `phone`: after the call; `link`: by a message; else who sent it. */
  readonly askedBy: string;
  readonly atMs: number;
  /** What is known of the call beside its row in `calls`, which may not be written yet. */
  readonly live: {
    readonly pbx: string;
    readonly extension: string;
    readonly queue: string;
    readonly phone: string;
    readonly customerId: string | null;
  } | null;
};

const LONGEST_COMMENT = 2000;

/**
 * Writes it. @returns false when the call was rated before: the first answer stays; null when nobody knows the call.
 */
export async function saveRating(db: Database, rating: Rating): Promise<boolean | null> {
  const { callId, live, score, askedBy, atMs } = rating;
  const comment = rating.comment
    .replaceAll("\0", "")
    .toWellFormed()
    .trim()
    .slice(0, LONGEST_COMMENT);
  const extension = live?.extension ?? null;
  const { rows } = await sql<{ known: boolean; stored: boolean }>`
    with call as (
      select c.pbx, c.extensions[array_length(c.extensions, 1)] as extension, c.queue,
        coalesce(c.party_e164, '') as phone, c.customer_id
      from calls c where c.id = ${callId}
      union all
      select ${live?.pbx ?? ""}::text, ${extension}::text, ${live?.queue ?? ""}::text, ${live?.phone ?? ""}::text,
        (select id from customers where id = ${live?.customerId ?? null}::bigint)
      where ${live !== null}::boolean and not exists (select from calls where id = ${callId})
    ), stored as (
      insert into ratings (call_id, score, comment, asked_by, customer_id, phone, queue, user_id, at)
      select ${callId}, ${score}::smallint, ${comment}, ${askedBy}, call.customer_id, call.phone, call.queue,
        -- Whose screen it was, else who sits at that phone.
        coalesce(
          (select p.user_id from pops p where p.call_id = ${callId} and p.extension = call.extension
            and p.user_id is not null order by p.rang_at desc limit 1),
          (select d.user_id from operator_devices d where d.pbx = call.pbx and d.extension = call.extension
            order by d.chosen_at desc limit 1)
        ), ${new Date(atMs)}
      from call
      on conflict (call_id) do nothing returning 1
    )
    select exists (select from call) as known, exists (select from stored) as stored`.execute(db);
  const { known, stored } = rows[0]!;
  if (known) return stored;
  // Told by the PBX once, and of a call whose row is not there any more.
  const rated = await db
    .selectFrom("ratings")
    .select("call_id")
    .where("call_id", "=", callId)
    .executeTakeFirst();
  return rated === undefined ? null : false;
}

/** The report of a span, its end not included. @param timeZone of days. */
export async function reportOf(
  db: Database,
  by: ReportKey,
  span: { readonly from: Date; readonly to: Date },
  timeZone: string,
): Promise<RatingReport> {
  const { key, name, labels, join } = COLUMNS[by](timeZone);
  const { rows } = await sql<CountedRow>`
    select ${key} as key, ${name} as name, ${labels} as labels, grouping(${key}) = 1 as whole, count(*)::int as n,
      count(*) filter (where r.score >= 9)::int as promoters,
      count(*) filter (where r.score between 7 and 8)::int as passives,
      count(*) filter (where r.score <= 6)::int as detractors
    from ratings r ${join}
    where r.at >= ${span.from} and r.at < ${span.to}
    group by grouping sets ((${key}, ${name}, ${labels}), ())`.execute(db);
  const all = rows.find(({ whole }) => whole);
  const parts = rows.filter(({ whole }) => !whole).map(rowOf);
  return {
    ...{ by, from: span.from.toISOString(), to: span.to.toISOString() },
    rows: parts.toSorted((one, other) =>
      by === "day"
        ? one.key.localeCompare(other.key)
        : other.n - one.n || one.key.localeCompare(other.key),
    ),
    all: rowOf({ ...NOTHING, ...all, key: "", name: "", labels: null }),
  };
}

type CountedRow = Omit<RatingRow, "nps"> & { readonly whole: boolean };
const NOTHING = { n: 0, promoters: 0, passives: 0, detractors: 0, whole: true };

function rowOf({ key, name, labels, n, promoters, passives, detractors }: CountedRow): RatingRow {
  const answers = { promoters, passives, detractors };
  return { key, name, labels, n, ...answers, nps: npsOf(answers) };
}

type Columns = {
  readonly key: RawBuilder<unknown>;
  readonly name: RawBuilder<unknown>;
  readonly labels: RawBuilder<unknown>;
  readonly join: RawBuilder<unknown>;
};

const NO_LABELS = sql`null::jsonb`;
const COLUMNS: Readonly<Record<ReportKey, (timeZone: string) => Columns>> = {
  queue: () => ({ key: sql`r.queue`, name: sql`r.queue`, labels: NO_LABELS, join: sql`` }),
  operator: () => ({
    key: sql`coalesce(r.user_id::text, '')`,
    name: sql`coalesce(u.name, '')`,
    labels: NO_LABELS,
    join: sql`left join users u on u.id = r.user_id`,
  }),
  // What the call was about is what was said last at its wrap-up.
  reason: () => ({
    key: sql`coalesce(w.disposition, '')`,
    name: sql`coalesce(d.label_en, w.disposition, '')`,
    labels: sql`case when d.code is null then null
      else jsonb_build_object('ru', d.label_ru, 'uk', d.label_uk, 'en', d.label_en) end`,
    join: sql`left join lateral (
        select disposition from wrap_ups where call_id = r.call_id order by saved_at desc limit 1
      ) w on true left join dispositions d on d.code = w.disposition`,
  }),
  day: (timeZone) => {
    // Written out, not a parameter: PostgreSQL takes each parameter for another expression.
    const day = sql`to_char(r.at at time zone ${sql.lit(timeZone)}, 'YYYY-MM-DD')`;
    return { key: day, name: day, labels: NO_LABELS, join: sql`` };
  },
};
