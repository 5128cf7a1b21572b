/** What has to be known of contacts before they are called, for many at once and by index only. */
import { sql } from "kysely";
import type { OrderStage } from "../../orders/model.ts";
import type { Database } from "../../storage/database.ts";
import type { PersonFacts } from "../eligible.ts";
import { kindRules } from "../kinds.ts";
import type { CampaignSettings } from "../model.ts";

/** Of whom to read. */
export type Asked = {
  readonly contactId: string;
  readonly phone: string;
  readonly customerId: string | null;
  /** When the present day began on the person's own clock; epoch ms. */
  readonly dayStartMs: number;
};

/** What was read of one contact. */
export type ContactFacts = {
  readonly person: PersonFacts;
  /** Attempts so far, over all campaigns but for `contact`. */
  readonly counts: {
    readonly contact: number;
    readonly phoneToday: number;
    readonly customerToday: number;
  };
  /** Somebody has an attempt to this phone in hand. */
  readonly phoneBusy: boolean;
};

type FactsRow = {
  contact_id: string;
  do_not_call: boolean;
  refused: boolean;
  promised: boolean;
  stages: OrderStage[];
  cart_ordered: boolean;
  talked_at: Date | null;
  talked_inbound: boolean | null;
  open_claim: boolean;
  consent: boolean | null;
  contact_count: number;
  phone_count: number;
  customer_count: number;
  phone_busy: boolean;
};

const HOUR_MS = 3_600_000;

/** Attempts that dialled nobody; `countsAsAttempt` of retries.ts. */
const NOT_COUNTED = sql`('operatorGone', 'refusedByPbx')`;
const IN_HAND = sql`('claimed', 'dialling', 'ringing', 'answered', 'waiting', 'connected')`;

/** @returns facts by contact id. What the settings do not ask about is not looked up. */
export async function readFacts(
  db: Database,
  settings: CampaignSettings,
  asked: readonly Asked[],
  nowMs: number,
): Promise<ReadonlyMap<string, ContactFacts>> {
  if (asked.length === 0) return new Map();
  const { exclude, trigger, kind } = settings;
  const within = exclude.talkedWithinHours;
  const talkedSince = new Date(nowMs - (within ?? 0) * HOUR_MS).toISOString();
  const askConsent = exclude.withoutConsent || kindRules(kind).consentRequired;
  const { rows } = await sql<FactsRow>`
    select c.id as contact_id, c.refused, c.promised,
      exists (select from do_not_call d where d.phone = x.phone) as do_not_call,
      array(
        select o.stage from contact_orders co join orders o on o.id = co.order_id
        where co.contact_id = c.id order by o.updated_at, o.id
      ) as stages,
      ${
        trigger.type === "cartLeft"
          ? sql`exists (
              select from orders o
              where o.customer_id = x.customer_id and o.placed_at >= (
                select max(left_at) from carts
                where customer_id = x.customer_id and left_at <= c.created_at
              )
            ) or not exists (
              select from carts where customer_id = x.customer_id and ordered_at is null
            )`
          : sql`false`
      } as cart_ordered,
      talk.started_at as talked_at, talk.inbound as talked_inbound,
      ${
        exclude.openClaim
          ? sql`exists (select from claims where customer_id = x.customer_id and closed_at is null)`
          : sql`false`
      } as open_claim,
      ${askConsent ? sql`(select consent from customers where id = x.customer_id)` : sql`null::boolean`} as consent,
      (
        select count(*)::int from attempts a
        where a.contact_id = c.id and a.state = 'ended' and a.outcome not in ${NOT_COUNTED}
      ) as contact_count,
      (
        select count(*)::int from attempts a
        where a.phone = x.phone and a.dialled_at >= x.day_start and a.outcome not in ${NOT_COUNTED}
      ) as phone_count,
      (
        select count(*)::int from attempts a
        where a.customer_id = x.customer_id and a.dialled_at >= x.day_start
          and a.outcome not in ${NOT_COUNTED}
      ) + (
        select count(*)::int from attempts a
        where a.customer_id = x.customer_id and a.state = 'claimed' and a.contact_id <> c.id
      ) as customer_count,
      exists (
        select from attempts a
        where a.phone = x.phone and a.state in ${IN_HAND} and a.contact_id <> c.id
      ) as phone_busy
    from unnest(
      ${asked.map((one) => one.contactId)}::bigint[],
      ${asked.map((one) => one.phone)}::text[],
      ${asked.map((one) => one.customerId)}::bigint[],
      ${asked.map((one) => new Date(one.dayStartMs).toISOString())}::timestamptz[]
    ) as x (contact_id, phone, customer_id, day_start)
    join contacts c on c.id = x.contact_id
    left join lateral (
      select t.started_at, t.inbound from (
        (
          select id, started_at, direction = 'inbound' as inbound from calls
          where party_e164 = x.phone and started_at >= ${talkedSince} and extensions <> '{}'
          order by started_at desc limit 10
        ) union (
          select id, started_at, direction = 'inbound' from calls
          where customer_id = x.customer_id and started_at >= ${talkedSince} and extensions <> '{}'
          order by started_at desc limit 10
        )
      ) t
      where not exists (
        select from attempts own where own.contact_id = c.id and t.id = own.pbx || '-' || own.id
      )
      order by t.started_at desc limit 1
    ) talk on ${within !== null}::boolean`.execute(db);
  return new Map(rows.map((row) => [row.contact_id, factsOf(row)]));
}

function factsOf(row: FactsRow): ContactFacts {
  const { talked_at: talkedAt, stages, refused, promised, consent } = row;
  return {
    person: {
      ...{ refused, promised, consent },
      doNotCall: row.do_not_call,
      orderStages: stages,
      cartOrdered: row.cart_ordered,
      lastTalk:
        talkedAt === null
          ? null
          : { atMs: talkedAt.getTime(), inbound: row.talked_inbound ?? false },
      openClaim: row.open_claim,
    },
    counts: {
      contact: row.contact_count,
      phoneToday: row.phone_count,
      customerToday: row.customer_count,
    },
    phoneBusy: row.phone_busy,
  };
}
