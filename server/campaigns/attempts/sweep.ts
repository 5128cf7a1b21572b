/** What nobody tells: campaigns that came to their end, talks that nobody wrapped up, hints that were lost. */
import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import type { CampaignSettings } from "../model.ts";
import { writeResults } from "./close.ts";
import { BATCH, type Withdrawing, recheck, withdraw, tellWithdrawn } from "./withdraw.ts";

/** So long the source waits for what an operator says of a talk; then it is told without. */
export const UNSAID_MS = 15 * 60_000;

/** Looks again at everybody whom somebody has in hand: few, and the ones for whom a lost hint matters. */
export async function recheckInHand(withdrawing: Withdrawing, nowMs: number): Promise<void> {
  const { rows } = await sql<{ contact_id: string }>`
    select contact_id from attempts
    where state in ('claimed', 'dialling', 'ringing', 'answered', 'waiting')`.execute(
    withdrawing.db,
  );
  const contactIds = rows.map((row) => row.contact_id);
  await recheck(withdrawing, contactIds, nowMs);
}

/** Ends campaigns whose end has come. @returns their ids. */
export async function endPassed(db: Database, nowMs: number): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    update campaigns set state = 'ended', changed_at = now(), revision = revision + 1
    where state in ('running', 'paused') and (settings ->> 'endsAt')::timestamptz <= ${new Date(nowMs)}
    returning id`.execute(db);
  return rows.map(({ id }) => id);
}

/** Withdraws everything that is open in campaigns that ended, in batches. Goes on where a crash left it. */
export async function withdrawEnded(withdrawing: Withdrawing, nowMs: number): Promise<void> {
  while ((await withdrawSome(withdrawing, nowMs)) === BATCH);
}

async function withdrawSome(withdrawing: Withdrawing, nowMs: number): Promise<number> {
  const { looked, inHand } = await withdrawing.db.transaction().execute(async (trx) => {
    const ended = sql`campaign_id in (select id from campaigns where state = 'ended')`;
    // Three arms, each by an index of its own: there may be a million that wait in other campaigns.
    const { rows } = await sql<{ contact_id: string }>`
      select contact_id from (
        (select contact_id from attempts where ${ended} and state = 'planned' and user_id is null limit ${BATCH})
        union all
        (select contact_id from attempts where ${ended} and state = 'planned' and user_id is not null limit ${BATCH})
        union all
        (select contact_id from attempts
          where ${ended} and state in ('claimed', 'dialling', 'ringing', 'answered', 'waiting', 'unknown')
          limit ${BATCH})
      ) open limit ${BATCH}`.execute(trx);
    const because = "campaignEnded" as const;
    const withdrawals = rows.map((row) => ({ contactId: row.contact_id, because }));
    return { looked: rows.length, inHand: await withdraw(trx, withdrawals, nowMs) };
  });
  tellWithdrawn(withdrawing.bus, inHand);
  return looked;
}

/** Tells sources of talks of which no operator said anything in time. */
export async function tellUnsaid(db: Database, nowMs: number): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    update contacts c set result = 'talked'
    where c.state = 'done' and c.result = '' and c.closed_at <= ${new Date(nowMs - UNSAID_MS)}
    returning c.id`.execute(db);
  // A crash between the two would keep it from the source: those are looked for as well.
  const { rows: untold } = await sql<{ id: string }>`
    select c.id from contacts c
    where c.state = 'done' and c.closed_at between ${new Date(nowMs - 86_400_000)} and ${new Date(nowMs - UNSAID_MS)}
      and not exists (select from results r where r.contact_id = c.id) limit ${BATCH}`.execute(db);
  await writeResults(
    db,
    [...rows, ...untold].map(({ id }) => id),
  );
}

/** Campaigns whose planned attempts still have the times of earlier settings. */
export async function untimed(
  db: Database,
): Promise<readonly { readonly id: string; readonly revision: number }[]> {
  const { rows } = await sql<{ id: string; revision: number; settings: CampaignSettings }>`
    select id, revision from campaigns where state in ('running', 'paused') and timed_revision < revision`.execute(
    db,
  );
  return rows;
}

/** The planned attempts of a campaign have the times of this revision. */
export async function markTimed(db: Database, id: string, revision: number): Promise<void> {
  await db
    .updateTable("campaigns")
    .set({ timed_revision: revision })
    .where("id", "=", id)
    .where("timed_revision", "<", revision)
    .execute();
}
