/** Carts that were left and not ordered become contacts, each leaving once. */
import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import { lockPlanning } from "./contacts.ts";
import { NOTHING_SAID, type Planned, planContacts } from "./plan.ts";
import type { ZoneRules } from "./zone-facts.ts";

const BATCH = 500;
/** A cart that was left longer ago is forgotten by its owner too. */
const OLDEST_MS = 2 * 86_400_000;
const MINUTE_MS = 60_000;

/** Plans calls about carts that have been left for long enough. @returns null when the campaign is not about carts or does not run. */
export async function readCarts(
  db: Database,
  campaignId: string,
  rules: ZoneRules,
  nowMs: number,
): Promise<Planned | null> {
  return db.transaction().execute(async (trx) => {
    await lockPlanning(trx, campaignId);
    const campaign = await trx
      .selectFrom("campaigns")
      .select(["settings", "state"])
      .where("id", "=", campaignId)
      .executeTakeFirst();
    const trigger = campaign?.settings.trigger;
    if (campaign?.state !== "running" || trigger?.type !== "cartLeft") return null;
    const leftBefore = new Date(nowMs - trigger.afterMinutes * MINUTE_MS);
    const { rows } = await sql<{ source_id: string; customer_id: string; phone: string }>`
      select k.source_id, k.customer_id, p.e164 as phone
      from carts k
      cross join lateral (
        select e164 from customer_phones p where p.customer_id = k.customer_id
        order by p.verified desc, p.e164 limit 1
      ) p
      where k.ordered_at is null and k.left_at <= ${leftBefore}
        and k.left_at > ${new Date(leftBefore.getTime() - OLDEST_MS)}
        and not exists (
          select from contacts c
          where c.campaign_id = ${campaignId} and c.customer_id = k.customer_id and c.created_at >= k.left_at
        )
        and not exists (
          select from orders o where o.customer_id = k.customer_id and o.placed_at >= k.left_at
        )
      order by k.left_at limit ${BATCH}`.execute(trx);
    const people = rows.map((row) => ({
      ...{ ...NOTHING_SAID, phone: row.phone, customerId: row.customer_id, notBeforeMs: nowMs },
      data: { cart: row.source_id },
    }));
    return planContacts(trx, { id: campaignId, settings: campaign.settings }, rules, people, nowMs);
  });
}
