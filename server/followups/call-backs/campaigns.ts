/** Campaigns that keep promises: handed over, looked for, taken back. Inside the caller's transaction, before a call back's own row is locked. */
import { sql } from "kysely";
import { withdraw } from "../../campaigns/attempts/withdraw.ts";
import type { CallBackPromise } from "../../campaigns/attempts/promise.ts";
import type { WithdrawnBecause } from "../../campaigns/model.ts";
import type { Database } from "../../storage/database.ts";

/** Hands a promise to campaigns; `server/campaigns/attempts/open.ts` has it. @returns how many will keep it. */
export type PlanCallBack = (trx: Database, promise: CallBackPromise) => Promise<number>;

/** @returns the campaign that will call by itself; null when nobody will but by hand. */
export async function handOver(
  trx: Database,
  planCallBack: PlanCallBack,
  promise: CallBackPromise,
): Promise<string | null> {
  if ((await planCallBack(trx, promise)) === 0) return null;
  // Taken is not kept: who may never be called by its hours has no open contact there.
  const { rows } = await sql<{ campaign_id: string }>`
    select c.campaign_id from contacts c join campaigns k on k.id = c.campaign_id
    where c.state = 'open' and c.promised and (c.phone = ${promise.phone} or c.customer_id = ${promise.customerId})
      and k.settings #>> '{trigger,type}' = 'callbackPromised'
    order by c.campaign_id limit 1`.execute(trx);
  return rows[0]?.campaign_id ?? null;
}

/**
 * Takes a person out of the campaigns that promised to call them.
 * @returns attempts that were in somebody's hands, to be told once the transaction is over; null when one of them is dialled already: nothing
 * was changed then.
 */
export async function takeBack(
  trx: Database,
  of: { readonly phone: string; readonly customerId: string | null },
  because: WithdrawnBecause,
  atMs: number,
): Promise<readonly string[] | null> {
  const { rows } = await sql<{ contact_id: string; state: string }>`
    select a.contact_id, a.state from attempts a join contacts c on c.id = a.contact_id
      join campaigns k on k.id = c.campaign_id
    where c.state = 'open' and c.promised and (c.phone = ${of.phone} or c.customer_id = ${of.customerId})
      and k.settings #>> '{trigger,type}' = 'callbackPromised' and a.state not in ('ended', 'withdrawn')
    order by a.id for update of a`.execute(trx);
  if (rows.some(({ state }) => state !== "planned" && state !== "claimed")) return null;
  return withdraw(
    trx,
    rows.map(({ contact_id }) => ({ contactId: contact_id, because })),
    atMs,
  );
}
