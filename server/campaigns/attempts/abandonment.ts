/**
 * Who answered and how long they waited. A call counts as answered by a person from the answer on, unless a machine was heard; calls that are
 * still undecided count once they are.
 */
import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import type { AbandonmentRule } from "../model.ts";
import type { AbandonmentFigure } from "../rest.ts";
import { dayStartMs } from "../windows.ts";

const HOUR_MS = 3_600_000;
const SPAN_MS = { "24hours": 24 * HOUR_MS, "30days": 30 * 24 * HOUR_MS } as const;

/**
 * Live-answered calls: the same words in the figures and in the ledger, so that their sums are equal. Who only waits is counted once they
 * are connected or gone.
 */
export const LIVE_ANSWERED = sql`a.answered_at is not null and a.outcome <> 'machine'
  and (a.connected_at is not null or a.ended_at is not null)`;

/** When a window of the rule begins; epoch ms. @param timeZone the shop's own. */
export function windowStartMs(
  window: AbandonmentRule["window"],
  timeZone: string,
  nowMs: number,
): number {
  if (window !== "day") return nowMs - SPAN_MS[window];
  return dayStartMs({ names: [timeZone], basis: "shop" }, nowMs) ?? nowMs - SPAN_MS["24hours"];
}

/** Live-answered calls of a window, by when they were answered. */
export async function abandonmentOf(
  db: Database,
  of: {
    readonly campaignId: string;
    readonly window: AbandonmentRule["window"];
    readonly timeZone: string;
  },
  nowMs: number,
): Promise<AbandonmentFigure> {
  const since = new Date(windowStartMs(of.window, of.timeZone, nowMs)).toISOString();
  const { rows } = await sql<{ answered: number; truth: number; rule: number }>`
    select count(*)::int as answered,
      count(*) filter (where a.abandoned)::int as truth,
      count(*) filter (where a.abandoned_by_rule)::int as rule
    from attempts a
    where a.campaign_id = ${of.campaignId} and a.answered_at >= ${since} and ${LIVE_ANSWERED}`.execute(
    db,
  );
  const { answered, truth, rule } = rows[0]!;
  return { answered, abandonedInTruth: truth, abandonedByRule: rule };
}
