/**
 * Makes contacts with their first attempts. Whoever has an open contact in the campaign already gets no second one: what came is added to it,
 * also when it comes at the same moment by another process.
 */
import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import type { CampaignSettings, Zones } from "../model.ts";
import { firstAttempt } from "../retries.ts";
import { closeWithdrawn } from "./close.ts";
import { lockPlanning } from "./contacts.ts";
import { newAttemptId } from "./rows.ts";
import { writeSteps } from "./steps.ts";
import { type Located, type ZoneRules, readZones } from "./zone-facts.ts";

/** Somebody to call. */
export type ToCall = Located & {
  /** As it is written to them; "" takes the customer's. */
  readonly name: string;
  readonly data: Readonly<Record<string, string>>;
  readonly listId: string | null;
  /** Epoch ms; calling hours come on top. */
  readonly notBeforeMs: number;
  /** An operator promised it: this one (null: anybody). Undefined: nobody promised anything. */
  readonly promisedBy: { readonly userId: string | null } | undefined;
};

/** What became of them. */
export type Planned = {
  readonly added: number;
  /** Have an open contact already, which has what came now. */
  readonly merged: number;
};

/** Names of contacts' columns that nobody gave. */
export const NOTHING_SAID = {
  ...{ name: "", data: {}, listId: null, timeZone: "", orderIds: [] },
  promisedBy: undefined,
} as const satisfies Partial<ToCall>;

/** A contact that closes between two looks is looked for again. */
const MOST_LOOKS = 5;

/** Inside a transaction, after {@link lockPlanning}. For some hundred people at a time. */
export async function planContacts(
  trx: Database,
  campaign: { readonly id: string; readonly settings: CampaignSettings },
  rules: ZoneRules,
  people: readonly ToCall[],
  nowMs: number,
): Promise<Planned> {
  await lockPlanning(trx, campaign.id);
  const persons = together(people);
  let left: readonly ToCall[] = persons;
  let added = 0;
  let merged = 0;
  for (let look = 0; left.length > 0; look++) {
    if (look === MOST_LOOKS) throw new Error("contacts close as fast as they are looked for");
    const { fresh, known } = await apart(trx, campaign.id, left);
    await addFresh(trx, campaign, rules, fresh, nowMs);
    added += fresh.length;
    left = await mergeKnown(trx, campaign, known, nowMs);
    merged += known.length - left.length;
  }
  return { added, merged: merged + people.length - persons.length };
}

/** The same person named twice is one. */
function together(people: readonly ToCall[]): readonly ToCall[] {
  const byPhone = new Map<string, ToCall>();
  const phoneOf = new Map<string, string>();
  for (const one of people) {
    const phone = (one.customerId === null ? undefined : phoneOf.get(one.customerId)) ?? one.phone;
    const before = byPhone.get(phone);
    byPhone.set(phone, before === undefined ? one : both(before, one));
    if (one.customerId !== null) phoneOf.set(one.customerId, phone);
  }
  return [...byPhone.values()];
}

function both(one: ToCall, other: ToCall): ToCall {
  return {
    ...one,
    customerId: one.customerId ?? other.customerId,
    orderIds: [...new Set([...one.orderIds, ...other.orderIds])],
    data: { ...one.data, ...other.data },
    promisedBy: other.promisedBy ?? one.promisedBy,
    notBeforeMs: other.promisedBy === undefined ? one.notBeforeMs : other.notBeforeMs,
  };
}

type Known = { readonly person: ToCall; readonly contactId: string };

/** Who has an open contact, by the phone or as the customer. */
async function apart(
  trx: Database,
  campaignId: string,
  people: readonly ToCall[],
): Promise<{ readonly fresh: readonly ToCall[]; readonly known: readonly Known[] }> {
  const { rows } = await sql<{ id: string; phone: string; customer_id: string | null }>`
    select id, phone, customer_id from contacts
    where campaign_id = ${campaignId} and state = 'open' and phone = any(${people.map((one) => one.phone)}::text[])
    union
    select id, phone, customer_id from contacts
    where campaign_id = ${campaignId} and state = 'open'
      and customer_id = any(${people.flatMap((one) => one.customerId ?? [])}::bigint[])`.execute(
    trx,
  );
  const byPhone = new Map(rows.map((row) => [row.phone, row.id]));
  const byCustomer = new Map(rows.map((row) => [row.customer_id, row.id]));
  const fresh: ToCall[] = [];
  const known: Known[] = [];
  for (const person of people) {
    const id =
      byPhone.get(person.phone) ??
      (person.customerId === null ? undefined : byCustomer.get(person.customerId));
    if (id === undefined) fresh.push(person);
    else known.push({ person, contactId: id });
  }
  return { fresh, known };
}

async function addFresh(
  trx: Database,
  campaign: { readonly id: string; readonly settings: CampaignSettings },
  rules: ZoneRules,
  people: readonly ToCall[],
  nowMs: number,
): Promise<void> {
  if (people.length === 0) return;
  const zones = await readZones(trx, rules, people);
  const { rows } = await sql<{ id: string; phone: string }>`
    insert into contacts (campaign_id, customer_id, phone, name, list_id, data, time_zones, zone_basis,
      promised, user_id, created_at)
    select ${campaign.id}, x.customer_id, x.phone, x.name, x.list_id, x.data,
      string_to_array(x.zones, ','), x.basis, x.promised, x.user_id, ${new Date(nowMs)}
    from unnest(
      ${people.map((one) => one.customerId)}::bigint[],
      ${people.map((one) => one.phone)}::text[],
      ${people.map((one) => one.name)}::text[],
      ${people.map((one) => one.listId)}::bigint[],
      ${people.map((one) => JSON.stringify(one.data))}::jsonb[],
      ${zones.map((one) => one.names.join(","))}::text[],
      ${zones.map((one) => one.basis)}::text[],
      ${people.map((one) => one.promisedBy !== undefined)}::boolean[],
      ${people.map((one) => one.promisedBy?.userId ?? null)}::bigint[]
    ) as x (customer_id, phone, name, list_id, data, zones, basis, promised, user_id)
    returning id, phone`.execute(trx);
  const idOf = new Map(rows.map((row) => [row.phone, row.id]));
  const made = people.map((person, at) => ({
    person,
    contactId: idOf.get(person.phone)!,
    attemptId: newAttemptId(),
    planned: firstAttempt(campaign.settings, zones[at]!, person.notBeforeMs),
  }));
  await linkOrders(trx, made);
  const callable = made.flatMap(({ planned, ...one }) =>
    planned === null ? [] : [{ ...one, planned }],
  );
  await sql`
    insert into attempts (id, contact_id, campaign_id, n, phone, customer_id, not_before, due_at,
      window_ends_at, promised, user_id)
    select x.id, x.contact_id, ${campaign.id}, 1, x.phone, x.customer_id, x.not_before, x.due_at,
      x.ends_at, x.promised, x.user_id
    from unnest(
      ${callable.map((one) => one.attemptId)}::text[],
      ${callable.map((one) => one.contactId)}::bigint[],
      ${callable.map((one) => one.person.phone)}::text[],
      ${callable.map((one) => one.person.customerId)}::bigint[],
      ${callable.map((one) => isoOf(one.person.notBeforeMs))}::timestamptz[],
      ${callable.map((one) => isoOf(one.planned.dueAtMs))}::timestamptz[],
      ${callable.map((one) => isoOf(one.planned.windowEndsAtMs))}::timestamptz[],
      ${callable.map((one) => one.person.promisedBy !== undefined)}::boolean[],
      ${callable.map((one) => one.person.promisedBy?.userId ?? null)}::bigint[]
    ) as x (id, contact_id, phone, customer_id, not_before, due_at, ends_at, promised, user_id)`.execute(
    trx,
  );
  const steps = callable.map(({ attemptId }) => ({
    ...{ attemptId, from: "" as const, to: "planned" as const },
    evidence: { why: campaign.settings.trigger.type },
  }));
  await writeSteps(trx, steps, nowMs);
  // Nobody may be called who may be anywhere, or whose calling hours never come: told, not forgotten.
  const never = made.filter(({ planned }) => planned === null);
  await closeWithdrawn(
    trx,
    never.map(({ contactId }) => ({ contactId, because: "exhausted" as const })),
    nowMs,
  );
}

/** @returns those whose contact was closed meanwhile. */
async function mergeKnown(
  trx: Database,
  campaign: { readonly settings: CampaignSettings },
  known: readonly Known[],
  nowMs: number,
): Promise<readonly ToCall[]> {
  if (known.length === 0) return [];
  // The open attempt's row guards its contact: it cannot close until this ends.
  const { rows } = await sql<{
    id: string;
    contact_id: string;
    state: string;
    time_zones: string[];
    zone_basis: Zones["basis"];
  }>`
    select a.id, a.contact_id, a.state, c.time_zones, c.zone_basis
    from attempts a join contacts c on c.id = a.contact_id
    where a.contact_id = any(${known.map((one) => one.contactId)}::bigint[])
      and a.state not in ('ended', 'withdrawn')
    order by a.id for update of a`.execute(trx);
  const openOf = new Map(rows.map((row) => [row.contact_id, row]));
  const held = known.filter(({ contactId }) => openOf.has(contactId));
  await linkOrders(trx, held);
  for (const { person, contactId } of held) {
    const open = openOf.get(contactId)!;
    if (Object.keys(person.data).length > 0)
      await sql`update contacts set data = data || ${JSON.stringify(person.data)}::jsonb where id = ${contactId}`.execute(
        trx,
      );
    if (person.promisedBy === undefined || open.state !== "planned") continue;
    // The person said when to call: that holds instead of what was planned.
    const zones = { names: open.time_zones, basis: open.zone_basis };
    const planned = firstAttempt(campaign.settings, zones, Math.max(person.notBeforeMs, nowMs));
    if (planned === null) continue;
    const { userId } = person.promisedBy;
    const promised = { promised: true, user_id: userId };
    await trx.updateTable("contacts").set(promised).where("id", "=", contactId).execute();
    await trx
      .updateTable("attempts")
      .set({
        ...promised,
        not_before: isoOf(person.notBeforeMs),
        due_at: isoOf(planned.dueAtMs),
        window_ends_at: isoOf(planned.windowEndsAtMs),
        changed_at: sql<Date>`now()`,
      })
      .where("id", "=", open.id)
      .execute();
    const step = { attemptId: open.id, from: "planned" as const, to: "planned" as const };
    await writeSteps(trx, [{ ...step, evidence: { callBack: true } }], nowMs);
  }
  return known.filter(({ contactId }) => !openOf.has(contactId)).map(({ person }) => person);
}

async function linkOrders(trx: Database, of: readonly Known[]): Promise<void> {
  const links = of.flatMap(({ person, contactId }) =>
    person.orderIds.map((orderId) => ({ contactId, orderId })),
  );
  if (links.length === 0) return;
  await sql`
    insert into contact_orders (contact_id, order_id)
    select * from unnest(${links.map((one) => one.contactId)}::bigint[], ${links.map((one) => one.orderId)}::bigint[])
    on conflict do nothing`.execute(trx);
}

function isoOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
