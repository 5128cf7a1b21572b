/**
 * Reads what happened to orders, each campaign by its own cursor: who is to be called because of it, and who needs no call any more. The
 * cursor moves in the transaction that acts, so that each status acts once, whatever dies when.
 */
import { sql } from "kysely";
import type { OrderStage } from "../../orders/model.ts";
import type { Database } from "../../storage/database.ts";
import type { CampaignSettings } from "../model.ts";
import { lockPlanning } from "./contacts.ts";
import { NOTHING_SAID, type ToCall, planContacts } from "./plan.ts";
import { noLongerToCall, withdraw } from "./withdraw.ts";
import type { ZoneRules } from "./zone-facts.ts";

/** Statuses in one transaction. */
const BATCH = 500;
/** An order that was placed longer ago is history that was loaded, not somebody who waits for a call. */
const OLDEST_ORDER_MS = 7 * 86_400_000;

/** What one batch came to. */
export type OrdersRead = {
  readonly read: number;
  readonly added: number;
  readonly merged: number;
  /** Orders of nobody's phone: nobody can be called about them. */
  readonly withoutPhone: readonly string[];
  /** Withdrawn while somebody has them in hand. */
  readonly inHand: readonly string[];
};

const NOTHING_READ: OrdersRead = { read: 0, added: 0, merged: 0, withoutPhone: [], inHand: [] };

type StatusRow = {
  id: string;
  order_id: string;
  stage: OrderStage;
  placed: boolean;
  source: string;
  customer_id: string;
  now_stage: OrderStage;
  placed_at: Date;
  phone: string | null;
  /** Is or was a contact of this campaign already. */
  known: boolean;
};

/** Reads the next statuses for one campaign. */
export async function readOrders(
  db: Database,
  campaignId: string,
  rules: ZoneRules,
  nowMs: number,
): Promise<OrdersRead> {
  return db.transaction().execute(async (trx) => {
    await lockPlanning(trx, campaignId);
    const campaign = await trx
      .selectFrom("campaigns")
      .select(["state", "settings", "orders_read"])
      .where("id", "=", campaignId)
      .executeTakeFirst();
    if (campaign === undefined || campaign.state === "ended" || campaign.state === "draft")
      return NOTHING_READ;
    const rows = await nextStatuses(trx, campaignId, campaign.orders_read);
    const last = rows.at(-1);
    if (last === undefined) return NOTHING_READ;
    const { settings } = campaign;
    const wanted = rows.filter((row) => isTrigger(settings, row, nowMs));
    const people = new Map<string, ToCall>();
    const withoutPhone: string[] = [];
    for (const row of wanted) {
      if (row.phone === null) withoutPhone.push(row.order_id);
      else people.set(row.order_id, personOf(row, row.phone, nowMs));
    }
    const planned = await planContacts(
      trx,
      { id: campaignId, settings },
      rules,
      [...people.values()],
      nowMs,
    );
    const inHand = await withdrawSettled(trx, campaignId, rows, nowMs);
    await trx
      .updateTable("campaigns")
      .set({ orders_read: last.id })
      .where("id", "=", campaignId)
      .execute();
    return { read: rows.length, ...planned, withoutPhone, inHand };
  });
}

/** Where a campaign that is started begins: orders of before are not called about. */
export async function newestStatus(db: Database): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    select coalesce(max(id), 0)::bigint as id from order_statuses`.execute(db);
  return rows[0]!.id;
}

async function nextStatuses(
  trx: Database,
  campaignId: string,
  after: string,
): Promise<readonly StatusRow[]> {
  // Whoever loads orders does so one after the other: ids become visible in their order, none is stepped over.
  const { rows } = await sql<StatusRow>`
    select s.id, s.order_id, s.stage, s.placed, o.source, o.customer_id, o.stage as now_stage, o.placed_at,
      coalesce(nullif(o.phone, ''), (
        select p.e164 from customer_phones p where p.customer_id = o.customer_id
        order by p.verified desc, p.e164 limit 1
      )) as phone,
      exists (
        select from contact_orders co join contacts c on c.id = co.contact_id
        where co.order_id = o.id and c.campaign_id = ${campaignId}
      ) as known
    from (
      select * from order_statuses where id > ${after} order by id limit ${BATCH}
    ) s
    join orders o on o.id = s.order_id
    order by s.id`.execute(trx);
  return rows;
}

function isTrigger(settings: CampaignSettings, row: StatusRow, nowMs: number): boolean {
  const { trigger, settledStages } = settings;
  if (trigger.type !== "orderPlaced" && trigger.type !== "orderStage") return false;
  if (trigger.sources.length > 0 && !trigger.sources.includes(row.source)) return false;
  if (settledStages.includes(row.now_stage)) return false;
  const recent = nowMs - row.placed_at.getTime() < OLDEST_ORDER_MS;
  if (trigger.type === "orderPlaced") return row.placed && !row.known && recent;
  const reached = trigger.stages.includes(row.stage) && row.now_stage === row.stage;
  return reached && (recent || !row.placed);
}

function personOf(row: StatusRow, phone: string, nowMs: number): ToCall {
  return {
    ...{ ...NOTHING_SAID, phone, customerId: row.customer_id },
    ...{ orderIds: [row.order_id], notBeforeMs: nowMs },
  };
}

async function withdrawSettled(
  trx: Database,
  campaignId: string,
  rows: readonly StatusRow[],
  nowMs: number,
): Promise<readonly string[]> {
  const { rows: open } = await sql<{ id: string }>`
    select distinct c.id from contact_orders co join contacts c on c.id = co.contact_id
    where co.order_id = any(${rows.map((row) => row.order_id)}::bigint[])
      and c.campaign_id = ${campaignId} and c.state = 'open'`.execute(trx);
  const contactIds = open.map(({ id }) => id);
  return withdraw(trx, await noLongerToCall(trx, contactIds, nowMs), nowMs);
}
