/** What tells by whose clock people are called, read for many at once. */
import { sql } from "kysely";
import { describePhone } from "../../customers/phone.ts";
import type { OrderDelivery } from "../../orders/model.ts";
import type { Database } from "../../storage/database.ts";
import type { Zones } from "../model.ts";
import { zonesOf } from "../zones.ts";

/** Where a shop is and what it knows of numbers. */
export type ZoneRules = {
  /** The shop's own IANA zone. */
  readonly timeZone: string;
  /** The region a number was given out in, as the regulator spells it; "" when nobody knows. */
  readonly regionOfNumber: (e164: string) => string;
};

/** Whose clock. */
export type Located = {
  readonly phone: string;
  readonly customerId: string | null;
  readonly orderIds: readonly string[];
  /** Said of this contact alone; "" for nothing. */
  readonly timeZone: string;
};

/** Older talks say no more. */
const TALKS = 50;

type Row = {
  n: number;
  time_zone: string | null;
  region: string | null;
  city: string | null;
  deliveries: OrderDelivery[];
  talked: string[];
};

/** @returns the zones of each, in their order. */
export async function readZones(
  db: Database,
  rules: ZoneRules,
  people: readonly Located[],
): Promise<readonly Zones[]> {
  if (people.length === 0) return [];
  const { rows } = await sql<Row>`
    select x.n::int as n, u.time_zone, u.region, u.city,
      coalesce((
        select jsonb_agg(o.delivery) from orders o
        where o.id = any(string_to_array(nullif(x.orders, ''), ',')::bigint[]) and o.delivery <> '{}'
      ), '[]') as deliveries,
      array(
        select (extract(epoch from started_at) * 1000)::bigint::text from calls
        where party_e164 = x.phone and extensions <> '{}' order by started_at desc limit ${TALKS}
      ) as talked
    from unnest(
      ${people.map((one) => one.phone)}::text[],
      ${people.map((one) => one.customerId)}::bigint[],
      ${people.map((one) => one.orderIds.join(","))}::text[]
    ) with ordinality as x (phone, customer_id, orders, n)
    left join customers u on u.id = x.customer_id
    order by x.n`.execute(db);
  return rows.map((row, at) => {
    const one = people[at]!;
    const { country, timeZones } = describePhone(one.phone);
    return zonesOf({
      timeZone: one.timeZone || (row.time_zone ?? ""),
      deliveries: row.deliveries,
      home: { region: row.region ?? "", city: row.city ?? "" },
      talkedAtMs: row.talked.map(Number),
      numberRegion: rules.regionOfNumber(one.phone),
      ...{ country, numberZones: timeZones, shopTimeZone: rules.timeZone },
    });
  });
}
