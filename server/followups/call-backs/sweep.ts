/** What nobody tells: campaigns that called, times that passed, phones that nobody may call any more. Any number of processes look together. */
import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import type { CallBackSettings } from "./settings.ts";

/** What a look found, by id. */
export type Swept = {
  readonly doNotCall: readonly string[];
  readonly moved: readonly string[];
  readonly byCampaign: readonly string[];
  readonly givenBack: readonly string[];
  readonly escalated: readonly string[];
};

/** Looks once. */
export async function sweep(
  db: Database,
  { lateMinutes, takenMinutes }: Pick<CallBackSettings, "lateMinutes" | "takenMinutes">,
  nowMs: number,
): Promise<Swept> {
  const now = new Date(nowMs);
  const doNotCall = await idsOf(
    db,
    sql`update call_backs b set state = 'closed', closed_because = 'doNotCall', closed_at = ${now}
      where b.state in ('open', 'taken') and exists (select from do_not_call d where d.phone = b.phone)
      returning b.id`,
  );
  // Another time was said on the campaign's own call, or it tries again later: due then.
  const moved = await idsOf(
    db,
    sql`update call_backs b set due_at = a.not_before
      from contacts c join attempts a on a.contact_id = c.id
      where b.state in ('open', 'taken') and c.campaign_id = b.campaign_id
        and (c.phone = b.phone or c.customer_id = b.customer_id)
        and c.state = 'open' and a.state = 'planned' and a.not_before > b.due_at
      returning b.id`,
  );
  // The campaign has no open contact of this person any more: what it came to is what becomes of the call back. One that ended before
  // it called anybody leaves the promise to people; what an operator said of a talk is waited for.
  const byCampaign = await idsOf(
    db,
    sql`with of as (
        select o.id, c.closed_at, case
            when c.id is null or c.result = 'campaignEnded' then ''
            when c.state = 'withdrawn' and c.result in ('calledIn', 'talked') then 'reached'
            when c.state = 'withdrawn' then c.result
            when exists (select from attempts a where a.contact_id = c.id and a.connected_at is not null) then 'byCampaign'
            else 'notReached'
          end as because
        from call_backs o
        left join lateral (
          select id, state, result, closed_at from contacts
          where campaign_id = o.campaign_id and (phone = o.phone or customer_id = o.customer_id)
          order by (state = 'open') desc, closed_at desc nulls last limit 1
        ) c on true
        where o.state in ('open', 'taken') and o.campaign_id is not null
          and c.state is distinct from 'open' and not (coalesce(c.state, '') = 'done' and c.result = '')
      )
      update call_backs b set closed_because = of.because,
        campaign_id = case when of.because = '' then null else b.campaign_id end,
        state = case of.because when '' then 'open' when 'byCampaign' then 'done' else 'closed' end,
        closed_at = case when of.because <> '' then coalesce(of.closed_at, ${now}) end
      from of where b.id = of.id and b.state in ('open', 'taken') and b.campaign_id is not null
      returning b.id`,
  );
  const givenBack = await idsOf(
    db,
    sql`update call_backs set state = 'open', taken_by = null, taken_at = null
      where state = 'taken' and taken_at <= ${new Date(nowMs - takenMinutes * 60_000)}
      returning id`,
  );
  const escalated = await idsOf(
    db,
    sql`update call_backs set escalated_at = ${now}
      where state in ('open', 'taken') and escalated_at is null and due_at <= ${new Date(nowMs - lateMinutes * 60_000)}
      returning id`,
  );
  return { doNotCall, moved, byCampaign, givenBack, escalated };
}

async function idsOf(db: Database, statement: ReturnType<typeof sql>): Promise<readonly string[]> {
  const { rows } = await statement.execute(db);
  return (rows as readonly { readonly id: string }[]).map(({ id }) => id);
}
