/**
 * What a rule may ask about a customer, in one round trip; asked when a caller joins a queue, so it reads by index only and
 * looks at the newest calls alone, however long a customer's history is.
 */
import type { Standing, Subject } from "../priority/model.ts";
import type { Storage } from "../storage/database.ts";
import type { Identification } from "./model.ts";
import { placeOfNumber } from "./phone-places.ts";
import { SEGMENTS, TIER } from "./tier.ts";

/** How standings are read. */
export type StandingOptions = {
  /**
   * The shop's currency, ISO 4217: sums in others cannot be compared with a rule's. "" while it is not known: then a customer's
   * sum is in the currency of their newest order, as the card shows it.
   */
  readonly currency?: () => string;
};

/** Standings of customers and numbers. Queries that fail are thrown. */
export interface Standings {
  /** Null when there is no such customer. */
  of(customerId: string): Promise<Standing | null>;
  /** When this number last called in and talked to nobody; null for never, or when it got through since. Epoch ms. */
  lostAtOf(e164: string): Promise<number | null>;
}

/** Opens nothing by itself; lives as long as `storage`. */
export function openStandings(
  storage: Pick<Storage, "pool">,
  options: StandingOptions = {},
): Standings {
  const { pool } = storage;
  return {
    async of(customerId) {
      if (!/^\d{1,18}$/.test(customerId)) return null;
      const found = await pool.query<StandingRow>({
        name: "standing_of_customer",
        text: STANDING_OF_CUSTOMER,
        values: [customerId, options.currency?.() ?? ""],
      });
      return found.rows[0] ? standingOf(found.rows[0]) : null;
    },
    async lostAtOf(e164) {
      const found = await pool.query<{ lost_at: Date | null }>({
        name: "lost_at_of_number",
        text: LOST_OF_NUMBER,
        values: [e164],
      });
      return found.rows[0]?.lost_at?.getTime() ?? null;
    },
  };
}

/**
 * Whom the policy is asked about. Several customers of one number are somebody we know, but nobody in particular.
 * @param lostAtMs of the number; only asked when there is no standing.
 */
export function subjectOf(
  identification: Identification,
  standing: Standing | null,
  queue: string,
  lostAtMs: number | null = null,
): Subject {
  return {
    ...{ queue, standing, lostAtMs },
    caller: standing === null ? callerOf(identification) : "customer",
    place: placeOf(identification),
  };
}

function callerOf({ outcome }: Identification): Subject["caller"] {
  switch (outcome) {
    case "one":
    case "several":
      return "customer";
    case "withheld":
    case "unreadable":
      return "withheld";
    case "none":
    case "internal":
    case "failed":
    default:
      return "unknown";
  }
}

function placeOf(identification: Identification): Subject["place"] {
  if (!("phone" in identification)) return { city: "", region: "", country: "" };
  const { e164, country } = identification.phone;
  return { city: "", region: placeOfNumber(e164, country).region, country };
}

/** Called in, waited, and got nobody. */
const LOST = `direction = 'inbound' and extensions = '{}' and wait_ms is not null
      and ended_how in ('abandoned', 'unanswered')`;
/** Newest calls that are looked at: a call before them is too old to matter. */
const CALLS_LOOKED_AT = 50;
/** From the newest calls of somebody: when they were lost last, unless they got through since. */
const LOST_AT = `
  case when max(started_at) filter (where ${LOST})
      > coalesce(max(started_at) filter (where extensions <> '{}'), '-infinity')
    then max(started_at) filter (where ${LOST}) end`;

/** `lost_at` of number `$1`, one row. */
export const LOST_OF_NUMBER = `
  select ${LOST_AT} as lost_at
  from (
    select direction, ended_how, wait_ms, extensions, started_at from calls
    where party_e164 = $1 order by started_at desc limit ${CALLS_LOOKED_AT}
  ) newest`;

// Who talked last: whose phone that was when it rang, else who wrapped the call up, else who has had that device since before.
/** A {@link StandingRow} or none; both are SQL expressions: of our id and of the shop's currency. */
export const standingQuery = (customerId: string, currency: string) => `
  select c.id, c.name, c.language, ${TIER} as tier, c.vip, ${SEGMENTS} as segments, c.city, c.region,
    o.count, o.total, o.last_at, o.on_its_way, o.late, o.due_at,
    exists (select from claims where customer_id = c.id and closed_at is null) as open_claim,
    (
      select left_at from carts where customer_id = c.id and ordered_at is null
      order by left_at desc limit 1
    ) as cart_left_at,
    lost.lost_at, coalesce(manager.login, '') as manager, coalesce(operator.login, '') as operator
  from customers c
  left join customer_standing st on st.customer_id = c.id
  cross join lateral (
    select count(*) filter (where stage not in ('cancelled', 'returned'))::int as count,
      coalesce(sum(total_minor) filter (
        where stage not in ('cancelled', 'returned') and currency = coalesce(nullif(${currency}, ''), newest)
      ), 0)::bigint as total,
      max(placed_at) as last_at,
      coalesce(bool_or(stage = 'shipped'), false) as on_its_way,
      coalesce(bool_or(
        promised_at < now() and stage not in ('delivered', 'completed', 'cancelled', 'returned')
      ), false) as late,
      min(promised_at) filter (
        where promised_at >= now() and stage not in ('delivered', 'completed', 'cancelled', 'returned')
      ) as due_at
    from (
      select stage, total_minor, currency, placed_at, promised_at,
        first_value(currency) over (order by placed_at desc) as newest
      from orders where customer_id = c.id
    ) mine
  ) o
  cross join lateral (
    select ${LOST_AT} as lost_at
    from (
      select direction, ended_how, wait_ms, extensions, started_at from calls
      where customer_id = c.id order by started_at desc limit ${CALLS_LOOKED_AT}
    ) newest
  ) lost
  left join lateral (
    select id, pbx, started_at, extensions[cardinality(extensions)] as extension
    from (
      select id, pbx, started_at, extensions from calls
      where customer_id = c.id order by started_at desc limit ${CALLS_LOOKED_AT}
    ) newest
    where extensions <> '{}'
    order by started_at desc limit 1
  ) talk on true
  left join lateral (
    select login from (
      (
        select 1 as rank, p.user_id from pops p
        where p.call_id = talk.id and p.extension = talk.extension and p.user_id is not null limit 1
      ) union all (
        select 2, w.user_id from wrap_ups w
        where w.call_id = talk.id order by w.saved_at desc limit 1
      ) union all (
        select 3, d.user_id from operator_devices d
        where d.pbx = talk.pbx and d.extension = talk.extension and d.chosen_at <= talk.started_at
      )
    ) who join users on users.id = who.user_id and users.active
    order by rank limit 1
  ) operator on true
  left join users manager on manager.login = lower(c.personal_manager) and manager.active
  where c.id = ${customerId}`;

const STANDING_OF_CUSTOMER = standingQuery("$1", "$2");

/** What {@link standingQuery} gives. */
export type StandingRow = {
  id: string;
  name: string;
  language: string;
  tier: string;
  vip: boolean;
  segments: string[];
  city: string;
  region: string;
  count: number;
  total: string;
  last_at: Date | null;
  on_its_way: boolean;
  late: boolean;
  due_at: Date | null;
  open_claim: boolean;
  cart_left_at: Date | null;
  lost_at: Date | null;
  manager: string;
  operator: string;
};

/** A row as the rules know it. */
export function standingOf(row: StandingRow): Standing {
  return {
    customerId: row.id,
    name: row.name,
    language: row.language,
    tier: row.tier,
    vip: row.vip,
    segments: row.segments,
    city: row.city,
    region: row.region,
    orderCount: row.count,
    lifetimeMinor: Number(row.total),
    lastOrderAtMs: row.last_at?.getTime() ?? null,
    orderOnItsWay: row.on_its_way,
    orderLate: row.late,
    orderDueAtMs: row.due_at?.getTime() ?? null,
    openClaim: row.open_claim,
    cartLeftAtMs: row.cart_left_at?.getTime() ?? null,
    lostAtMs: row.lost_at?.getTime() ?? null,
    personalManager: row.manager,
    lastOperator: row.operator,
  };
}
