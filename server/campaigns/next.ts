/** Who would be called next, why the others are not, and the whole story of an attempt. Looks only; nothing is changed. */
import { sql } from "kysely";
import { describePhone } from "../customers/phone.ts";
import type { Database } from "../storage/database.ts";
import { type ContactFacts, readFacts } from "./attempts/facts.ts";
import type { AttemptOutcome, AttemptState } from "./attempts/model.ts";
import { isAttemptId } from "./attempts/rows.ts";
import { limitReached, whyNotToCall } from "./eligible.ts";
import type { Campaign, WithdrawnBecause, Zones } from "./model.ts";
import { firstAttempt } from "./retries.ts";
import type {
  AttemptStory,
  ContactEnd,
  ContactFound,
  ContactLine,
  LaterBecause,
  NextBody,
  WithdrawnBody,
} from "./rest.ts";
import { spacedFromMs } from "./spacing.ts";
import { dayStartMs } from "./windows.ts";

type LineRow = {
  contact_id: string;
  attempt_id: string;
  customer_id: string | null;
  name: string;
  phone: string;
  orders: string[];
  attempts: number;
  due_at: Date;
  user_id: string | null;
  n: number;
  refused: boolean;
  promised: boolean;
  time_zones: string[];
  zone_basis: Zones["basis"];
};

/** What the operator said it came to; history keeps these words also when the settings do not. */
const LABELS = sql`(
    select jsonb_build_object('ru', d.label_ru, 'uk', d.label_uk, 'en', d.label_en) from dispositions d
    where c.state = 'done' and d.code = 'campaign-' || c.campaign_id || '-' || c.result
  ) as labels`;

const LINE = sql`c.id as contact_id, a.id as attempt_id, c.customer_id, c.phone, a.due_at, a.user_id, a.n,
  c.refused, c.promised, c.time_zones, c.zone_basis, coalesce(nullif(c.name, ''), u.name, '') as name,
  array(
    select o.number from contact_orders co join orders o on o.id = co.order_id
    where co.contact_id = c.id order by o.id
  ) as orders,
  (select count(*)::int from attempts t where t.contact_id = c.id and t.dialled_at is not null) as attempts`;

/** The next ones of a campaign in the order they would be called, each judged as a claim would. */
export async function nextOf(
  db: Database,
  campaign: Campaign,
  limit: number,
  nowMs: number,
): Promise<NextBody> {
  // By the same order as a claim; each arm is bounded, so that a million that wait cost nothing.
  const arm = (promised: boolean) => sql`
    (select id from attempts
      where campaign_id = ${campaign.id} and state = 'planned' and user_id is null and promised = ${promised}
      order by due_at limit ${limit})`;
  const { rows } = await sql<LineRow>`
    select ${LINE} from (
      (select id from attempts
        where campaign_id = ${campaign.id} and state = 'planned' and user_id is not null
        order by due_at limit ${limit})
      union all ${arm(true)} union all ${arm(false)}
    ) chosen
    join attempts a on a.id = chosen.id
    join contacts c on c.id = a.contact_id
    left join customers u on u.id = c.customer_id
    order by (a.due_at <= ${new Date(nowMs)}) desc, (a.user_id is not null) desc, a.promised desc, a.due_at
    limit ${limit}`.execute(db);
  const asked = rows.map((row) => ({
    ...{ contactId: row.contact_id, phone: row.phone, customerId: row.customer_id },
    ...{ refused: row.refused, promised: row.promised },
    limits: { n: row.n, dayStartMs: dayStartMs(zonesOf(row), nowMs) ?? nowMs },
  }));
  const facts = await readFacts(db, campaign.settings, asked, nowMs);
  const next: ContactLine[] = [];
  const later: (ContactLine & { because: LaterBecause })[] = [];
  const never: (ContactLine & { because: WithdrawnBecause })[] = [];
  for (const row of rows) {
    const of = facts.get(row.contact_id);
    if (of === undefined) continue;
    const line = lineOf(row);
    const reached = limitReached(campaign.settings.limits, of.counts);
    const because =
      whyNotToCall(campaign.settings, of.person, nowMs) ??
      (reached === "contact" ? "exhausted" : null);
    if (because !== null) {
      never.push({ ...line, because });
      continue;
    }
    const why = laterBecause(campaign, row, { ...of, reached }, nowMs);
    if (why === null) next.push(line);
    else later.push({ ...line, because: why });
  }
  return { next, later, never };
}

function laterBecause(
  campaign: Campaign,
  row: LineRow,
  of: ContactFacts & { readonly reached: ReturnType<typeof limitReached> },
  nowMs: number,
): LaterBecause | null {
  if (campaign.state !== "running") return "campaignNotRunning";
  const opening = firstAttempt(campaign.settings, zonesOf(row), nowMs);
  if (opening === null || opening.dueAtMs > nowMs) return "outsideHours";
  if (row.due_at.getTime() > nowMs) return "notDue";
  if (of.reached === "phone") return "phoneLimit";
  if (of.reached === "customer") return "customerLimit";
  if (spacedFromMs(campaign.settings.kind, of.ofKindAtMs, nowMs) > nowMs) return "spacing";
  if (of.phoneBusy) return "inFlight";
  return row.user_id === null ? null : "forOperator";
}

/** The contacts of a campaign, newest first. @param search a part of the name, the phone or an order's number. */
export async function findContacts(
  db: Database,
  campaignId: string,
  page: { readonly search: string; readonly unknown: boolean; readonly limit: number },
): Promise<readonly ContactFound[]> {
  const pattern = `%${page.search.trim().replace(/[\\%_]/g, "\\$&")}%`;
  const digits = page.search.replace(/\D/g, "");
  const { rows } = await sql<
    LineRow & {
      state: ContactEnd["state"];
      result: string;
      labels: ContactEnd["labels"];
      tries: { attemptId: string; at: string; state: AttemptState; outcome: string }[];
    }
  >`
    select ${LINE}, c.state, c.result, ${LABELS}, (
      select jsonb_agg(
        jsonb_build_object('attemptId', t.id, 'at', coalesce(t.dialled_at, t.due_at), 'state', t.state,
          'outcome', t.outcome) order by t.n desc)
      from attempts t where t.contact_id = c.id
    ) as tries
    from contacts c
    left join customers u on u.id = c.customer_id
    join lateral (select * from attempts t where t.contact_id = c.id order by t.n desc limit 1) a on true
    where c.campaign_id = ${campaignId}
      and (${page.search.trim() === ""} or c.name ilike ${pattern} or u.name ilike ${pattern}
        or (${digits !== ""} and c.phone like ${`%${digits}%`})
        or exists (
          select from contact_orders co join orders o on o.id = co.order_id
          where co.contact_id = c.id and o.number ilike ${pattern}
        ))
      and (${!page.unknown} or exists (
        select from attempts t where t.contact_id = c.id and t.state = 'unknown'
      ))
    order by c.id desc limit ${page.limit}`.execute(db);
  return rows.map((row) => ({
    ...lineOf(row),
    ...{ state: row.state, result: row.result, labels: row.labels },
    tries: row.tries.map(({ at, outcome, ...one }) => ({
      ...one,
      at: new Date(at).toISOString(),
      outcome: outcome === "" ? null : (outcome as AttemptOutcome),
    })),
  }));
}

/** Who was withdrawn from a campaign, newest first. @param page.after `next` of the page before, "" for the first. */
export async function withdrawnOf(
  db: Database,
  campaignId: string,
  page: { readonly after: string; readonly limit: number },
): Promise<WithdrawnBody> {
  const [atMs, id] = page.after.split("-");
  const before =
    id === undefined
      ? sql`true`
      : sql`(c.closed_at, c.id) < (${new Date(Number(atMs))}::timestamptz, ${id}::bigint)`;
  type Row = Omit<LineRow, "attempt_id" | "due_at"> & {
    attempt_id: string | null;
    due_at: Date | null;
    result: WithdrawnBecause;
    closed_at: Date;
  };
  const { rows } = await sql<Row>`
    select ${LINE}, c.result, c.closed_at
    from contacts c
    left join customers u on u.id = c.customer_id
    left join lateral (select * from attempts t where t.contact_id = c.id order by t.n desc limit 1) a on true
    where c.campaign_id = ${campaignId} and c.state = 'withdrawn' and ${before}
    order by c.closed_at desc, c.id desc limit ${page.limit}`.execute(db);
  const last = rows.length < page.limit ? undefined : rows.at(-1);
  return {
    contacts: rows.map((row) => ({
      // Whom the calling hours never let be called has no attempt.
      ...lineOf({ ...row, attempt_id: row.attempt_id ?? "", due_at: row.due_at ?? row.closed_at }),
      ...{ because: row.result, at: row.closed_at.toISOString() },
    })),
    next: last === undefined ? null : `${last.closed_at.getTime()}-${last.contact_id}`,
  };
}

/** The whole story, or null. */
export async function storyOf(db: Database, attemptId: string): Promise<AttemptStory | null> {
  if (!isAttemptId(attemptId)) return null;
  const { rows } = await sql<
    LineRow & {
      campaign_id: string;
      campaign_name: string;
      contact_state: ContactEnd["state"];
      result: string;
      labels: ContactEnd["labels"];
      state: AttemptState;
      outcome: AttemptOutcome | "";
      withdrawn_because: WithdrawnBecause | "";
      operator: string;
      call_id: string;
    }
  >`
    select ${LINE}, c.campaign_id, k.settings ->> 'name' as campaign_name, c.state as contact_state, c.result, ${LABELS},
      a.state, a.outcome, a.withdrawn_because, coalesce(p.name, a.extension) as operator, a.call_id
    from attempts a
    join contacts c on c.id = a.contact_id
    join campaigns k on k.id = a.campaign_id
    left join customers u on u.id = c.customer_id
    left join users p on p.id = a.user_id
    where a.id = ${attemptId}`.execute(db);
  const row = rows[0];
  if (row === undefined) return null;
  const steps = await db
    .selectFrom("attempt_steps")
    .select(["at", "from_state", "to_state", "evidence"])
    .where("attempt_id", "=", attemptId)
    .orderBy("id")
    .execute();
  return {
    id: attemptId,
    campaign: { id: row.campaign_id, name: row.campaign_name },
    contact: {
      ...lineOf(row),
      ...{ state: row.contact_state, result: row.result, labels: row.labels },
    },
    ...{ state: row.state, outcome: row.outcome === "" ? null : row.outcome },
    ...{ withdrawnBecause: row.withdrawn_because, operator: row.operator, callId: row.call_id },
    steps: steps.map((step) => ({
      ...{ at: step.at.toISOString(), from: step.from_state, to: step.to_state },
      evidence: step.evidence,
    })),
  };
}

function zonesOf(row: LineRow): Zones {
  return { names: row.time_zones, basis: row.zone_basis };
}

function lineOf(row: LineRow): ContactLine {
  const zones = zonesOf(row);
  return {
    ...{ contactId: row.contact_id, attemptId: row.attempt_id, name: row.name, zones },
    phone: describePhone(row.phone).display,
    ...{ orders: row.orders, attempts: row.attempts, dueAt: row.due_at.toISOString() },
    localTime: localTime(row.due_at, zones.names[0] ?? "UTC"),
  };
}

function localTime(at: Date, timeZone: string): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone, timeStyle: "short" }).format(at);
}
