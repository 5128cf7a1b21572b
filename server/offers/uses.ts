/** How often what rules gave was taken: in all, and on the present day of the shop. */
import type pg from "pg";
import { clockOf, localDayAt, nextMidnightMs } from "../campaigns/zone-days.ts";
import type { RuleUses } from "./facts.ts";

export type UsedToday = ReadonlyMap<string, number>;

/** When the present day of a zone began, epoch ms; of an unknown zone the day in UTC. */
export function startOfDayMs(timeZone: string, nowMs: number): number {
  const clock = clockOf(timeZone) ?? clockOf("UTC")!;
  const today = localDayAt(clock, nowMs);
  // From so long ago the next midnights lead to today's: a day has 23 to 25 hours.
  let atMs = nowMs - 26 * 3_600_000;
  while (localDayAt(clock, atMs) < today) atMs = nextMidnightMs(clock, atMs);
  return atMs;
}

/** Of these rules; those nobody took today are left out. */
export async function readUsedToday(
  pool: Pick<pg.Pool, "query">,
  ids: readonly string[],
  timeZone: string,
  nowMs: number,
): Promise<UsedToday> {
  if (ids.length === 0) return new Map();
  const { rows } = await pool.query<{ id: string; today: number }>({
    name: "offers_used_today",
    text: `select rule_id as id, count(*)::int as today from offer_showings
           where rule_id = any ($1::bigint[]) and answer = 'accepted' and answered_at >= $2
           group by rule_id`,
    values: [ids, new Date(startOfDayMs(timeZone, nowMs))],
  });
  return new Map(rows.map(({ id, today }) => [id, today]));
}

/** Of these rules, both counts. */
export async function readUses(
  pool: Pick<pg.Pool, "query">,
  ids: readonly string[],
  timeZone: string,
  nowMs: number,
): Promise<ReadonlyMap<string, RuleUses>> {
  if (ids.length === 0) return new Map();
  const [{ rows }, today] = await Promise.all([
    pool.query<{ id: string; uses: number }>({
      name: "offers_uses",
      text: "select id, uses from offer_rules where id = any ($1::bigint[])",
      values: [ids],
    }),
    readUsedToday(pool, ids, timeZone, nowMs),
  ]);
  return new Map(rows.map(({ id, uses }) => [id, { all: uses, today: today.get(id) ?? 0 }]));
}
