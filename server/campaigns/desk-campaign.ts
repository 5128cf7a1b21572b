/** What an operator must know of a campaign's call, read from PostgreSQL by the attempt's id. */
import { sql } from "kysely";
import type { DeskCampaign } from "../desk/protocol.ts";
import type { Database } from "../storage/database.ts";
import type { CampaignSettings } from "./model.ts";

type Row = {
  readonly id: string;
  readonly call_id: string;
  readonly n: number;
  readonly promised: boolean;
  readonly promised_by: string;
  readonly campaign_id: string;
  readonly settings: CampaignSettings;
  readonly customer_id: string | null;
  readonly name: string;
  readonly data: Readonly<Record<string, string>>;
  readonly orders: readonly { readonly id: string; readonly number: string }[];
};

/** As many wrap-ups may be waiting after a restart; the newest calls first. */
const MOST_RECENT = 5000;

/** Of these attempts, by attempt id; unknown ids are left out. Fails when PostgreSQL does. */
export async function readDeskCampaigns(
  db: Database,
  attemptIds: readonly string[],
): Promise<ReadonlyMap<string, DeskCampaign>> {
  if (attemptIds.length === 0) return new Map();
  const { rows } = await sql<Row>`
    select a.id, a.call_id, a.n, a.promised, a.campaign_id, k.settings, a.customer_id,
      coalesce(nullif(c.name, ''), u.name, '') as name, c.data,
      case when a.promised then coalesce(p.name, '') else '' end as promised_by,
      coalesce((
        select jsonb_agg(jsonb_build_object('id', o.id::text, 'number', o.number) order by o.id)
        from contact_orders co join orders o on o.id = co.order_id where co.contact_id = c.id
      ), '[]') as orders
    from attempts a
    join contacts c on c.id = a.contact_id
    join campaigns k on k.id = a.campaign_id
    left join customers u on u.id = a.customer_id
    left join users p on p.id = c.user_id
    where a.id = any(${attemptIds}::text[])`.execute(db);
  return new Map(rows.map((row) => [row.id, deskCampaignOf(row)]));
}

/** Attempts whose call may still have to be wrapped up, the newest first: dialled since then, and under way or talked. */
export async function recentAttempts(db: Database, sinceMs: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom("attempts")
    .select("id")
    .where("dialled_at", ">=", new Date(sinceMs))
    .where((eb) => eb.or([eb("connected_at", "is not", null), eb("ended_at", "is", null)]))
    .orderBy("dialled_at", "desc")
    .limit(MOST_RECENT)
    .execute();
  return rows.map(({ id }) => id);
}

function deskCampaignOf(row: Row): DeskCampaign {
  const { settings, orders, data, promised } = row;
  return {
    ...{ campaignId: row.campaign_id, name: settings.name, attemptId: row.id },
    reason: settings.trigger.type,
    orderIds: orders.map(({ id }) => id),
    script: scriptOf(settings, row),
    ...{ data, promised, attempt: row.n, customerId: row.customer_id, hours: settings.hours },
    dispositions: settings.dispositions,
    ...(row.promised_by === "" ? {} : { promisedBy: row.promised_by }),
  };
}

/** The script with its placeholders filled in. The shop goes by the name that the called person sees. */
function scriptOf(
  { script, callerId }: CampaignSettings,
  { name, orders }: Pick<Row, "name" | "orders">,
): string {
  const words: Readonly<Record<string, string>> = {
    customer: name,
    orders: orders.map(({ number }) => number).join(", "),
    shop: callerId.name,
  };
  return script.replace(/\{(customer|orders|shop)\}/g, (_, word: string) => words[word] ?? "");
}
