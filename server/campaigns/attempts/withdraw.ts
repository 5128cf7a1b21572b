/** Attempts whose reason went away: withdrawn wherever they stand, but not out of a talk. */
import { sql } from "kysely";
import type { Bus } from "../../storage/bus.ts";
import type { Database } from "../../storage/database.ts";
import { whyNotToCall } from "../eligible.ts";
import type { CampaignSettings, WithdrawnBecause } from "../model.ts";
import { closeWithdrawn } from "./close.ts";
import { readFacts } from "./facts.ts";
import { type AttemptState, NEXT } from "./model.ts";
import { writeSteps } from "./steps.ts";

/** What is to be withdrawn, and why. */
export type Withdrawal = { readonly contactId: string; readonly because: WithdrawnBecause };

/** What deeds of many rows need. */
export type Withdrawing = {
  readonly db: Database;
  readonly bus: Pick<Bus, "publish">;
};

/** Contacts in one transaction. */
export const BATCH = 500;

/**
 * Inside a transaction: withdraws the open attempts of these contacts and closes them.
 * @returns attempts that somebody has in hand; tell them on the bus once the transaction is over.
 */
export async function withdraw(
  trx: Database,
  withdrawals: readonly Withdrawal[],
  atMs: number,
): Promise<readonly string[]> {
  if (withdrawals.length === 0) return [];
  const becauseOf = new Map(withdrawals.map((one) => [one.contactId, one.because]));
  const { rows } = await sql<{
    id: string;
    contact_id: string;
    state: AttemptState;
    answered_at: Date | null;
  }>`
    select id, contact_id, state, answered_at from attempts
    where contact_id = any(${[...becauseOf.keys()]}::bigint[]) and state not in ('ended', 'withdrawn')
    order by id for update`.execute(trx);
  const open = rows
    .filter((row) => NEXT[row.state].includes("withdrawn"))
    .map((row) => ({ ...row, because: becauseOf.get(row.contact_id)! }));
  if (open.length === 0) return [];
  // Whoever answered and waits is left without an operator by this: it counts as what it is.
  await sql`
    update attempts a set state = 'withdrawn', ended_at = ${new Date(atMs)}, withdrawn_because = x.because,
      abandoned = a.abandoned or a.state in ('answered', 'waiting'),
      abandoned_by_rule = a.abandoned_by_rule or a.state in ('answered', 'waiting'),
      changed_at = now()
    from unnest(${open.map((one) => one.id)}::text[], ${open.map((one) => one.because)}::text[]) as x (id, because)
    where a.id = x.id`.execute(trx);
  await writeSteps(
    trx,
    open.map((one) => ({
      ...{ attemptId: one.id, from: one.state, to: "withdrawn" as const },
      evidence: { withdrawnBecause: one.because },
    })),
    atMs,
  );
  await closeWithdrawn(
    trx,
    open.map((one) => ({ contactId: one.contact_id, because: one.because })),
    atMs,
  );
  return open.filter((one) => one.state !== "planned").map((one) => one.id);
}

/** Withdraws in a transaction of its own and tells whoever has them in hand. */
export async function withdrawNow(
  { db, bus }: Withdrawing,
  withdrawals: readonly Withdrawal[],
  atMs: number,
): Promise<void> {
  const inHand = await db.transaction().execute((trx) => withdraw(trx, withdrawals, atMs));
  tellWithdrawn(bus, inHand);
}

/** Whoever has these in hand hangs up. */
export function tellWithdrawn(bus: Pick<Bus, "publish">, attemptIds: readonly string[]): void {
  if (attemptIds.length > 0) bus.publish("attemptsWithdrawn", { attemptIds });
}

type OpenRow = {
  contact_id: string;
  campaign_id: string;
  phone: string;
  customer_id: string | null;
  refused: boolean;
  promised: boolean;
};

/** Inside a transaction: which of these open contacts are not to be called any more. Nothing is changed. */
export async function noLongerToCall(
  trx: Database,
  contactIds: readonly string[],
  nowMs: number,
): Promise<readonly Withdrawal[]> {
  if (contactIds.length === 0) return [];
  const { rows } = await sql<OpenRow>`
    select id as contact_id, campaign_id, phone, customer_id, refused, promised from contacts
    where id = any(${contactIds}::bigint[]) and state = 'open'`.execute(trx);
  const withdrawals: Withdrawal[] = [];
  for (const [campaignId, of] of Map.groupBy(rows, (row) => row.campaign_id)) {
    const { settings } = await trx
      .selectFrom("campaigns")
      .select("settings")
      .where("id", "=", campaignId)
      .executeTakeFirstOrThrow();
    withdrawals.push(...(await ofCampaign(trx, settings, of, nowMs)));
  }
  return withdrawals;
}

async function ofCampaign(
  trx: Database,
  settings: CampaignSettings,
  rows: readonly OpenRow[],
  nowMs: number,
): Promise<readonly Withdrawal[]> {
  const asked = rows.map((row) => ({
    ...{ contactId: row.contact_id, phone: row.phone, customerId: row.customer_id },
    ...{ refused: row.refused, promised: row.promised, limits: null },
  }));
  const facts = await readFacts(trx, settings, asked, nowMs);
  return asked.flatMap(({ contactId }) => {
    const because = whyNotToCall(settings, facts.get(contactId)!.person, nowMs);
    return because === null ? [] : [{ contactId, because }];
  });
}

/** Looks at open contacts again and withdraws those who are not to be called any more. */
export async function recheck(
  withdrawing: Withdrawing,
  contactIds: readonly string[],
  nowMs: number,
): Promise<void> {
  for (let from = 0; from < contactIds.length; from += BATCH) {
    const some = contactIds.slice(from, from + BATCH);
    const inHand = await withdrawing.db
      .transaction()
      .execute(async (trx) => withdraw(trx, await noLongerToCall(trx, some, nowMs), nowMs));
    tellWithdrawn(withdrawing.bus, inHand);
  }
}

/** Open contacts of these customers, of all campaigns. */
export async function openOfCustomers(
  db: Database,
  customerIds: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from contacts where state = 'open' and customer_id = any(${customerIds}::bigint[])`.execute(
    db,
  );
  return rows.map(({ id }) => id);
}

/** Open contacts of these phones, of all campaigns. @param phones E.164. */
export async function openOfPhones(
  db: Database,
  phones: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from contacts where state = 'open' and phone = any(${phones}::text[])`.execute(db);
  return rows.map(({ id }) => id);
}
