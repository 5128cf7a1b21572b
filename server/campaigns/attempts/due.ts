/** Which attempts come next. */
import { sql } from "kysely";
import { type Database, prepared } from "../../storage/database.ts";
import type { Zones } from "../model.ts";
import type { ClaimedAttempt } from "./model.ts";

/** A planned attempt whose time has come, with what is judged of its contact. Whatever a planned one never has is not read. */
export type DueRow = {
  readonly id: string;
  readonly contact_id: string;
  readonly n: number;
  readonly phone: string;
  readonly customer_id: string | null;
  readonly due_at: Date;
  readonly window_ends_at: Date;
  readonly promised: boolean;
  readonly user_id: string | null;
  readonly time_zones: string[];
  readonly zone_basis: Zones["basis"];
  readonly contact_refused: boolean;
  readonly contact_promised: boolean;
  /** The contact's or the customer's, "" when nobody knows it. */
  readonly name: string;
};

const COLUMNS = sql.raw(
  ["id", "contact_id", "n", "phone", "customer_id"]
    .concat("due_at", "window_ends_at", "promised", "user_id")
    .map((name) => `a.${name}`)
    .join(", "),
);

/**
 * The most pressing due attempts that nobody else has in hand, locked: those for this operator, then promised ones, then the longest due.
 * The phone and the customer are locked too, so that limits hold between campaigns that claim at one moment.
 */
export async function chooseDue(
  trx: Database,
  campaignId: string,
  limit: number,
  userId: string | null,
  nowMs: number,
): Promise<readonly DueRow[]> {
  const now = new Date(nowMs).toISOString();
  const branch = (who: ReturnType<typeof sql>) => sql`
    select ${COLUMNS} from attempts a
    where a.campaign_id = ${campaignId} and a.state = 'planned' and a.due_at <= ${now} and ${who}
    order by a.due_at limit ${limit} for update skip locked`;
  // Each is read only as far as the ones before it left room.
  const { rows } = await sql<DueRow>`${prepared}
    with mine as (${userId === null ? sql`select ${COLUMNS} from attempts a where false` : branch(sql`a.user_id = ${userId}`)}),
      promised as (${branch(sql`a.user_id is null and a.promised`)}),
      others as (${branch(sql`a.user_id is null and not a.promised`)}),
      due as materialized (
        select * from (
          select * from mine union all select * from promised union all select * from others
        ) all_due limit ${limit}
      )
    select due.*, c.time_zones, c.zone_basis, c.refused as contact_refused,
      c.promised as contact_promised, coalesce(nullif(c.name, ''), u.name, '') as name
    from due
    join contacts c on c.id = due.contact_id
    left join customers u on u.id = due.customer_id
    where pg_try_advisory_xact_lock(hashtextextended('callcard.phone ' || due.phone, 0))
      and (due.customer_id is null
        or pg_try_advisory_xact_lock(hashtextextended('callcard.customer ' || due.customer_id, 0)))`.execute(
    trx,
  );
  return rows;
}

/** The attempt as it is once it was claimed. */
export function claimedFrom(
  row: DueRow,
  by: { readonly campaignId: string; readonly process: string; readonly pbx: string },
): ClaimedAttempt {
  return {
    id: row.id,
    contactId: row.contact_id,
    campaignId: by.campaignId,
    n: row.n,
    phone: row.phone,
    state: "claimed",
    dueAtMs: row.due_at.getTime(),
    windowEndsAtMs: row.window_ends_at.getTime(),
    pbx: by.pbx,
    trunk: "",
    claimedBy: by.process,
    dialledAtMs: null,
    ringingAtMs: null,
    answeredAtMs: null,
    greetingEndedAtMs: null,
    waitingAtMs: null,
    connectedAtMs: null,
    endedAtMs: null,
    outcome: null,
    cause: 0,
    userId: row.user_id,
    extension: "",
    customerId: row.customer_id,
    customerName: row.name,
    promised: row.promised,
  };
}
