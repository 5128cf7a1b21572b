/** Planned attempts that get another time: their hours passed, or the campaign's settings changed. In bounded batches. */
import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import { endedAt } from "../eligible.ts";
import type { CampaignSettings, Zones } from "../model.ts";
import { type PastAttempt, type PlannedTime, afterAttempt, firstAttempt } from "../retries.ts";
import { retime } from "./claim.ts";
import type { AttemptOutcome } from "./model.ts";
import { type Withdrawal, withdraw } from "./withdraw.ts";

const BATCH = 1000;

type PlannedRow = {
  id: string;
  contact_id: string;
  n: number;
  not_before: Date;
  due_at: Date;
  window_ends_at: Date;
  promised: boolean;
  time_zones: string[];
  zone_basis: Zones["basis"];
  settings: CampaignSettings;
  past: { outcome: AttemptOutcome; endedAtMs: number }[];
};

const COLUMNS = sql`a.id, a.contact_id, a.n, a.not_before, a.due_at, a.window_ends_at, a.promised,
  c.time_zones, c.zone_basis, k.settings`;

/**
 * Gives attempts whose calling hours passed their next ones. What was promised by one operator who did not call may be called by anybody now.
 * @returns how many it looked at.
 */
export async function replanPassed(db: Database, nowMs: number): Promise<number> {
  return db.transaction().execute(async (trx) => {
    const { rows } = await sql<Omit<PlannedRow, "past">>`
      select ${COLUMNS} from attempts a
      join contacts c on c.id = a.contact_id
      join campaigns k on k.id = a.campaign_id
      where a.state = 'planned' and a.window_ends_at <= ${new Date(nowMs)}
      order by a.window_ends_at limit ${BATCH} for update of a skip locked`.execute(trx);
    await write(
      trx,
      rows.map((row) => ({ row, planned: firstAttempt(row.settings, zonesOf(row), nowMs) })),
      nowMs,
    );
    await sql`
      update attempts set user_id = null
      where id = any(${rows.map(({ id }) => id)}::text[]) and user_id is not null`.execute(trx);
    return rows.length;
  });
}

/**
 * One batch of a campaign whose settings changed.
 * @param after the last id of the batch before, "" to begin.
 * @returns the last id of this one, null when all have their times.
 */
export async function retimeSome(
  db: Database,
  campaignId: string,
  after: string,
  nowMs: number,
): Promise<string | null> {
  return db.transaction().execute(async (trx) => {
    const { rows } = await sql<PlannedRow>`
      select ${COLUMNS}, case when a.n = 1 then '[]' else coalesce((
        select jsonb_agg(
          jsonb_build_object('outcome', p.outcome, 'endedAtMs', (extract(epoch from p.ended_at) * 1000)::bigint)
          order by p.n)
        from attempts p where p.contact_id = a.contact_id and p.state = 'ended'
      ), '[]') end as past
      from attempts a
      join contacts c on c.id = a.contact_id
      join campaigns k on k.id = a.campaign_id
      where a.campaign_id = ${campaignId} and a.state = 'planned' and a.id > ${after}
      order by a.id limit ${BATCH} for update of a`.execute(trx);
    const changed = rows
      .map((row) => ({ row, planned: plannedAnew(row, nowMs) }))
      .filter(
        ({ row, planned }) =>
          planned === null ||
          planned.dueAtMs !== row.due_at.getTime() ||
          planned.windowEndsAtMs !== row.window_ends_at.getTime(),
      );
    await write(trx, changed, nowMs);
    return rows.length < BATCH ? null : rows.at(-1)!.id;
  });
}

/** When it would be planned for if it were planned now; who is due already stays due. */
function plannedAnew(row: PlannedRow, nowMs: number): PlannedTime | null {
  const zones = zonesOf(row);
  const past: readonly PastAttempt[] = row.past;
  const last = past.at(-1);
  if (row.promised || last === undefined || last.outcome === "talked")
    return firstAttempt(row.settings, zones, startOf(row, nowMs));
  const then = afterAttempt(row.settings, past, zones);
  if (then.next === "close") return null;
  return then.windowEndsAtMs > nowMs ? then : firstAttempt(row.settings, zones, nowMs);
}

/** The place in line is by the due time: who has waited keeps it. */
function startOf(row: PlannedRow, nowMs: number): number {
  const notBeforeMs = row.not_before.getTime();
  const opening = firstAttempt(row.settings, zonesOf(row), notBeforeMs);
  return opening !== null && opening.windowEndsAtMs > nowMs ? notBeforeMs : nowMs;
}

async function write(
  trx: Database,
  rows: readonly {
    readonly row: Omit<PlannedRow, "past">;
    readonly planned: PlannedTime | null;
  }[],
  nowMs: number,
): Promise<void> {
  await retime(
    trx,
    rows.flatMap(({ row, planned }) => (planned === null ? [] : [{ id: row.id, planned }])),
  );
  const never = rows
    .filter(({ planned }) => planned === null)
    .map(({ row }): Withdrawal => {
      const because = endedAt(row.settings, nowMs) ? "campaignEnded" : "exhausted";
      return { contactId: row.contact_id, because };
    });
  await withdraw(trx, never, nowMs);
}

function zonesOf(row: Pick<PlannedRow, "time_zones" | "zone_basis">): Zones {
  return { names: row.time_zones, basis: row.zone_basis };
}
