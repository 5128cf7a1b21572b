/** Campaigns and people to call in a real database, for tests. */
import { type RawBuilder, sql } from "kysely";
import { newAttemptId } from "../../../server/campaigns/attempts/rows.ts";
import type { Campaign, CampaignSettings, CampaignState } from "../../../server/campaigns/model.ts";
import type { Database } from "../../../server/storage/database.ts";
import { campaign as settingsOf, everyDay } from "../samples.ts";

/** Noon of a Monday in Moscow. */
export const NOON_MS = Date.parse("2026-11-23T09:00:00Z");
export const HOUR_MS = 3_600_000;
export const MINUTE_MS = 60_000;

/** Open from 9 to 21 every day, nobody excluded for what they did before. */
export function plainSettings(own: Partial<CampaignSettings> = {}): CampaignSettings {
  return settingsOf({
    hours: everyDay("09:00", "21:00"),
    exclude: { talkedWithinHours: null, openClaim: false, withoutConsent: false },
    ...own,
  });
}

export async function makeCampaign(
  db: Database,
  own: Partial<CampaignSettings> = {},
  state: CampaignState = "running",
): Promise<Campaign> {
  const settings = plainSettings(own);
  const row = await db
    .insertInto("campaigns")
    .values({ settings: JSON.stringify(settings), state })
    .returningAll()
    .executeTakeFirstOrThrow();
  return {
    ...{ id: row.id, settings, state, pausedBecause: "", revision: row.revision },
    createdAt: row.created_at.toISOString(),
    changedAt: row.changed_at.toISOString(),
  };
}

export type Person = {
  readonly contactId: string;
  readonly attemptId: string;
  readonly phone: string;
};

/** Adds an open contact with its first attempt. Defaults: due a minute ago, until the evening, in Moscow. */
export async function addPerson(
  db: Database,
  campaignId: string,
  own: {
    phone?: string;
    customerId?: string | null;
    dueAtMs?: number;
    windowEndsAtMs?: number;
    zones?: readonly string[];
    promised?: boolean;
    userId?: string | null;
  } = {},
): Promise<Person> {
  const phone = own.phone ?? nextPhone();
  const customerId = own.customerId ?? null;
  const shared = { promised: own.promised ?? false, user_id: own.userId ?? null };
  const contact = await db
    .insertInto("contacts")
    .values({
      ...{ campaign_id: campaignId, phone, customer_id: customerId, ...shared },
      ...{ time_zones: [...(own.zones ?? ["Europe/Moscow"])], zone_basis: "number" },
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  const attemptId = newAttemptId();
  await db
    .insertInto("attempts")
    .values({
      ...{ id: attemptId, contact_id: contact.id, campaign_id: campaignId, n: 1 },
      ...{ phone, customer_id: customerId, ...shared },
      due_at: new Date(own.dueAtMs ?? NOON_MS - MINUTE_MS),
      window_ends_at: new Date(own.windowEndsAtMs ?? NOON_MS + 9 * HOUR_MS),
    })
    .execute();
  return { contactId: contact.id, attemptId, phone };
}

let phones = 0;
export function nextPhone(): string {
  phones += 1;
  return `+7903${String(phones).padStart(7, "0")}`;
}

export async function addCustomer(db: Database, phone: string, consent: boolean | null = null) {
  const row = await db
    .insertInto("customers")
    .values({ source: "shop", source_id: phone, name: `Owner of ${phone}`, consent })
    .returning("id")
    .executeTakeFirstOrThrow();
  await db.insertInto("customer_phones").values({ e164: phone, customer_id: row.id }).execute();
  return row.id;
}

/** An order of a customer, with the status row that its intake writes. */
export async function addOrder(
  db: Database,
  customerId: string,
  own: { stage?: string; source?: string; phone?: string; delivery?: object; number?: string } = {},
): Promise<string> {
  orders += 1;
  const { stage = "new", source = "site" } = own;
  const row = await db
    .insertInto("orders")
    .values({
      ...{ source, source_id: String(orders), customer_id: customerId, stage },
      ...{ number: own.number ?? `N${orders}`, total_minor: 100, currency: "RUB", lines: "[]" },
      ...{ placed_at: new Date(NOON_MS - HOUR_MS), phone: own.phone ?? "" },
      delivery: JSON.stringify(own.delivery ?? {}),
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  await db
    .insertInto("order_statuses")
    .values({ order_id: row.id, customer_id: customerId, stage, placed: true })
    .execute();
  return row.id;
}
let orders = 0;

/** The order comes to another stage. */
export async function setStage(db: Database, orderId: string, stage: string): Promise<void> {
  const { customer_id } = await db
    .updateTable("orders")
    .set({ stage })
    .where("id", "=", orderId)
    .returning("customer_id")
    .executeTakeFirstOrThrow();
  await db.insertInto("order_statuses").values({ order_id: orderId, customer_id, stage }).execute();
}

export async function contactRow(db: Database, id: string) {
  return db.selectFrom("contacts").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
}

export async function attemptRow(db: Database, id: string) {
  return db.selectFrom("attempts").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
}

/** What must always hold; each is a list of contacts that break it. */
export async function brokenInvariants(db: Database): Promise<Record<string, string[]>> {
  const ids = async (where: RawBuilder<unknown>) => {
    const { rows } = await sql<{ id: string }>`select c.id from contacts c where ${where}`.execute(
      db,
    );
    return rows.map(({ id }) => id);
  };
  const hasOpen = sql`exists (
    select from attempts a where a.contact_id = c.id and a.state not in ('ended', 'withdrawn'))`;
  const hasResult = sql`exists (select from results r where r.contact_id = c.id)`;
  return {
    openWithoutAttempt: await ids(sql`c.state = 'open' and not ${hasOpen}`),
    closedWithAttempt: await ids(sql`c.state <> 'open' and ${hasOpen}`),
    closedWithoutResult: await ids(sql`c.state <> 'open' and c.result <> '' and not ${hasResult}`),
    openWithResult: await ids(sql`c.state = 'open' and ${hasResult}`),
  };
}

/** Nothing is broken. */
export const WHOLE = {
  ...{ openWithoutAttempt: [], closedWithAttempt: [] },
  ...{ closedWithoutResult: [], openWithResult: [] },
};
