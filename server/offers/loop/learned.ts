/** What people answered lately, counted in PostgreSQL now and then and kept in memory. */
import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import type { OfferKind } from "../model.ts";
import type { Answers, LearnedAnswers } from "./rank.ts";

/** An answer counts half after so many days. */
const HALF_LIFE_DAYS = 30;
const LOOKED_BACK_DAYS = 120;

type Row = {
  kind: OfferKind;
  offer_key: string | null;
  shown: number;
  accepted: number;
  expected: number;
};

/**
 * Counts what was shown and settled; what is still open says nothing yet. Offers that were tried out count for themselves and not for
 * their kind: they were shown because little was known of them.
 */
export async function readLearned(db: Database): Promise<LearnedAnswers> {
  const weight = sql`power(0.5::real, (extract(epoch from now() - shown_at) / ${HALF_LIFE_DAYS * 86_400})::real)`;
  const { rows } = await sql<Row>`
    select kind, offer_key,
      sum(weight)::float8 as shown,
      coalesce(sum(weight) filter (where answer = 'accepted'), 0)::float8 as accepted,
      sum(weight * confidence)::float8 as expected
    from (
      select kind, offer_key, answer, confidence, arm, ${weight} as weight
      from offer_showings
      where shown_at > now() - ${`${LOOKED_BACK_DAYS} days`}::interval
        and arm <> 'held' and answer <> ''
    ) settled
    group by grouping sets ((kind, offer_key), (kind, arm))
    having offer_key is not null or arm = 'usual'`.execute(db);
  const byKey = new Map<string, Answers>();
  const byKind = new Map<OfferKind, Answers>();
  for (const { kind, offer_key, shown, accepted, expected } of rows) {
    const answers = { shown, accepted, expected };
    if (offer_key === null) byKind.set(kind, answers);
    else byKey.set(offer_key, answers);
  }
  return { byKey, byKind };
}
