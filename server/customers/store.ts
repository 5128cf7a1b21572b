/** The directory's SQL: owners of a phone, one customer, search, and the three things an operator may write. */
import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import type pg from "pg";
import type { Database } from "../storage/database.ts";
import type { Customer } from "./model.ts";
import type { PhoneOwner } from "./rank.ts";
import type { SearchTerms } from "./search.ts";
import { TIER_OF } from "./tier.ts";

/** More owners of one phone than anybody can choose from: a switchboard, or a number typed to please a form. */
const MOST_OWNERS = 20;
/** `source` of customers that operators made. */
export const OWN_SOURCE = "callcard";

/** The CRM's own: nobody counts since when somebody would have had a computed one. */
const TIER_SINCE = "case when c.tier <> '' then c.tier_since end";
const CUSTOMER_COLUMNS = `c.id, c.name, c.email, ${TIER_OF} as tier, ${TIER_SINCE} as tier_since, c.vip, c.language, c.city, c.region,
  c.time_zone, c.external_url, c.personal_manager, c.customer_since`;

type CustomerRow = {
  id: string;
  name: string;
  email: string;
  tier: string;
  tier_since: string | null;
  vip: boolean;
  language: string;
  city: string;
  region: string;
  time_zone: string;
  external_url: string;
  personal_manager: string;
  customer_since: string | null;
};

function customerOf(row: CustomerRow): Customer {
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    tier: row.tier,
    tierSince: row.tier_since ?? "",
    vip: row.vip,
    language: row.language,
    city: row.city,
    region: row.region,
    timeZone: row.time_zone,
    externalUrl: row.external_url,
    personalManager: row.personal_manager,
    customerSince: row.customer_since ?? "",
  };
}

// The inner limit comes before orders are looked at, so that a number shared by thousands costs no more than by twenty.
/** Everybody number `$1` belongs to, up to 20, as {@link OwnerRow}s in no order. */
export const OWNERS_OF = `
  select ${CUSTOMER_COLUMNS}, p.verified, p.chosen, o.last_at, o.open
  from (
    select p.customer_id, p.verified, h.customer_id is not null as chosen
    from customer_phones p
    left join phone_choices h on h.e164 = p.e164 and h.customer_id = p.customer_id
    where p.e164 = $1
    order by chosen desc, p.verified desc, p.customer_id
    limit ${MOST_OWNERS}
  ) p
  join customers c on c.id = p.customer_id
  cross join lateral (
    select max(placed_at) as last_at,
      coalesce(bool_or(stage in ('new', 'confirmed', 'paid', 'assembling', 'shipped')), false) as open
    from (
      select placed_at, stage from orders where customer_id = c.id order by placed_at desc limit 20
    ) newest
  ) o`;

/** What {@link OWNERS_OF} gives. */
export type OwnerRow = CustomerRow & {
  verified: boolean;
  chosen: boolean;
  last_at: Date | null;
  open: boolean;
};

/** A row as it is ranked. */
export function ownerOf(row: OwnerRow): PhoneOwner {
  return {
    customer: customerOf(row),
    verified: row.verified,
    chosen: row.chosen,
    hasOpenOrder: row.open,
    lastOrderAt: row.last_at?.toISOString() ?? "",
  };
}

/** Everybody the phone belongs to, up to 20, in no order; one prepared statement, one round trip. */
export async function findOwners(pool: pg.Pool, e164: string): Promise<readonly PhoneOwner[]> {
  const query = { name: "customers_owners_of", text: OWNERS_OF, values: [e164] };
  const found = await pool.query<OwnerRow>(query);
  return found.rows.map(ownerOf);
}

/** One customer by our id, or null; a text that is no id is nobody's. */
export async function findCustomer(pool: pg.Pool, id: string): Promise<Customer | null> {
  if (!isId(id)) return null;
  const found = await pool.query<CustomerRow>({
    name: "customers_one",
    text: `select ${CUSTOMER_COLUMNS} from customers c where c.id = $1`,
    values: [id],
  });
  return found.rows[0] ? customerOf(found.rows[0]) : null;
}

/** E.164 numbers of a customer, verified ones first. */
export async function findPhones(pool: pg.Pool, id: string): Promise<readonly string[]> {
  if (!isId(id)) return [];
  const found = await pool.query<{ e164: string }>({
    name: "customers_phones",
    text: "select e164 from customer_phones where customer_id = $1 order by verified desc, e164 limit 100",
    values: [id],
  });
  return found.rows.map((row) => row.e164);
}

/** A customer with the phones of it. */
export type CustomerWithPhones = Customer & { readonly phones: readonly string[] };

/** Customers that fit any of the terms; a whole phone or order number before parts, parts before names. */
export async function searchCustomers(
  pool: pg.Pool,
  terms: SearchTerms,
  limit: number,
): Promise<readonly CustomerWithPhones[]> {
  const values: unknown[] = [limit];
  const bind = (value: string) => `$${values.push(value)}`;
  const parts: string[] = [];
  const part = (rank: number, select: string) =>
    parts.push(`(select ${rank} as rank, ${select} limit $1)`);
  // Ranges instead of LIKE: nothing to escape, and the index serves them whatever the plan.
  const startsWith = (column: string, prefix: string) =>
    `${column} >= ${bind(prefix)} and ${column} < ${bind(`${prefix}\u{10FFFF}`)}`;
  if (terms.e164 !== "")
    part(1, `customer_id as id from customer_phones where e164 = ${bind(terms.e164)}`);
  if (terms.orderNumber !== "")
    part(2, `customer_id as id from orders where number = ${bind(terms.orderNumber)}`);
  for (const prefix of terms.phonePrefixes)
    part(3, `customer_id as id from customer_phones where ${startsWith("e164", prefix)}`);
  if (terms.phoneEnd !== "") {
    const reversed = terms.phoneEnd.split("").toReversed().join("");
    part(
      4,
      `customer_id as id from customer_phones where ${startsWith('(reverse(e164) collate "C")', reversed)}`,
    );
  }
  if (terms.email !== "") {
    part(
      5,
      `id from customers where email <> '' and ${startsWith('(lower(email) collate "C")', terms.email)}`,
    );
  }
  if (terms.nameWords.length > 0) {
    const query = terms.nameWords.map((word) => `'${word}':*`).join(" & ");
    part(
      6,
      `id from customers where to_tsvector('simple', translate(name, 'ёЁ', 'еЕ')) @@ ${bind(query)}::tsquery`,
    );
  }
  if (parts.length === 0) return [];
  const found = await pool.query<CustomerRow & { phones: string[] }>(
    `select ${CUSTOMER_COLUMNS},
       array(select e164 from customer_phones where customer_id = c.id order by verified desc, e164 limit 20) as phones
     from (
       select id, min(rank) as rank from (${parts.join(" union all ")}) hit group by id
     ) hit
     join customers c on c.id = hit.id
     order by hit.rank, c.name, c.id
     limit $1`,
    values,
  );
  return found.rows.map((row) => ({ ...customerOf(row), phones: row.phones }));
}

/** Gives the phone to the customer, unverified unless it is verified already. False when there is no such customer. */
export async function addPhone(db: Database, e164: string, customerId: string): Promise<boolean> {
  if (!isId(customerId)) return false;
  const found = await db
    .selectFrom("customers")
    .select("id")
    .where("id", "=", customerId)
    .forKeyShare()
    .executeTakeFirst();
  if (found === undefined) return false;
  await db
    .insertInto("customer_phones")
    .values({ e164, customer_id: customerId, verified: false })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return true;
}

/** Remembers whose phone an operator said it is. */
export async function rememberChoice(
  db: Database,
  e164: string,
  customerId: string,
  byUserId: string,
): Promise<void> {
  const choice = {
    customer_id: customerId,
    chosen_by: isId(byUserId) ? byUserId : null,
    chosen_at: sql<Date>`now()`,
  };
  await db
    .insertInto("phone_choices")
    .values({ e164, ...choice })
    .onConflict((conflict) => conflict.column("e164").doUpdateSet(choice))
    .execute();
}

/** A customer that no CRM knows yet. */
export async function insertCustomer(
  db: Database,
  input: { readonly name: string; readonly email: string; readonly city: string },
): Promise<Customer> {
  const row = await db
    .insertInto("customers")
    .values({
      source: OWN_SOURCE,
      source_id: randomUUID(),
      ...input,
      customer_since: sql<string>`current_date`,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return customerOf(row);
}

/** The login behind a user id, for the audit. */
export async function loginOf(db: Database, userId: string): Promise<string> {
  if (!isId(userId)) return "system";
  const user = await db
    .selectFrom("users")
    .select("login")
    .where("id", "=", userId)
    .executeTakeFirst();
  return user?.login ?? "system";
}

function isId(text: string): boolean {
  return /^\d{1,18}$/.test(text);
}
