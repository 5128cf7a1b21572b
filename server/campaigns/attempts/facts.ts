/**
 * What has to be known of contacts before they are called, for many at once and by index only.
 *
 * Of most contacts there is nothing to know: not on a list, never talked, nobody busy with them. So each question is asked once for all of
 * them and answered with what there is, instead of once for each of them.
 */
import { type RawBuilder, sql } from "kysely";
import type { OrderStage } from "../../orders/model.ts";
import { type Database, prepared } from "../../storage/database.ts";
import type { PersonFacts } from "../eligible.ts";
import { kindRules } from "../kinds.ts";
import type { CampaignSettings } from "../model.ts";
import { spacingReachMs } from "../spacing.ts";

/** Of whom to read, as far as they are known already. */
export type Asked = {
  readonly contactId: string;
  readonly phone: string;
  readonly customerId: string | null;
  /** Of the contact: see {@link PersonFacts}. */
  readonly refused: boolean;
  readonly promised: boolean;
  /** What limits ask about; null when they are of no interest: the counts are 0 then, and the phone is not busy. */
  readonly limits: {
    /** The number of the attempt that is to be made; before the first there was none. */
    readonly n: number;
    /** When the present day began on the person's own clock; epoch ms. */
    readonly dayStartMs: number;
  } | null;
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
  /**
   * When the person, by their phone or as a customer, was called for any campaign of this kind, oldest first; none for a kind without rules of
   * how far apart that must be. Epoch ms.
   */
  readonly ofKindAtMs: readonly number[];
};

/** One thing that is known; which of the columns it has is told by `what`. */
type Found = {
  what: keyof typeof KEYED_BY;
  phone: string | null;
  customer_id: string | null;
  contact_id: string | null;
  at: Date | null;
  words: string | null;
  number: number | null;
};

/** Whose each thing is. */
const KEYED_BY = {
  doNotCall: "phone",
  stages: "contact_id",
  cartOrdered: "contact_id",
  phoneTalk: "phone",
  customerTalk: "customer_id",
  openClaim: "customer_id",
  consent: "customer_id",
  ended: "contact_id",
  phoneDialled: "phone",
  customerDialled: "customer_id",
  customerClaimed: "customer_id",
  phoneBusy: "phone",
  phoneOfKind: "phone",
  customerOfKind: "customer_id",
} as const satisfies Record<string, "phone" | "customer_id" | "contact_id">;

const HOUR_MS = 3_600_000;

/** Attempts that dialled nobody; `countsAsAttempt` of retries.ts. */
const NOT_COUNTED = sql`('operatorGone', 'refusedByPbx')`;
/** Those that use up none of a contact's attempts; `usesUpTry` of retries.ts. */
const NOT_USED_UP = sql`('operatorGone', 'refusedByPbx', 'letGo')`;
const IN_HAND = sql`('claimed', 'dialling', 'ringing', 'answered', 'waiting', 'connected')`;

/** @returns facts by contact id. What the settings do not ask about is not looked up. */
export async function readFacts(
  db: Database,
  settings: CampaignSettings,
  asked: readonly Asked[],
  nowMs: number,
): Promise<ReadonlyMap<string, ContactFacts>> {
  if (asked.length === 0) return new Map();
  const questions = [
    ...personQuestions(settings, asked, nowMs),
    ...kindQuestions(settings, asked, nowMs),
    ...(asked.some(({ limits }) => limits !== null) ? limitQuestions(asked) : []),
  ];
  const { rows } = await sql<Found>`${prepared}
    ${sql.join(questions, sql` union all `)}`.execute(db);
  const found = new Map<string, Found[]>();
  for (const row of rows) {
    const key = `${row.what} ${row[KEYED_BY[row.what]]}`;
    const of = found.get(key);
    if (of === undefined) found.set(key, [row]);
    else of.push(row);
  }
  return new Map(asked.map((one) => [one.contactId, factsOf(one, found)]));
}

/** A question's answer in the columns of {@link Found}. */
function columns(
  what: Found["what"],
  has: Partial<Record<Exclude<keyof Found, "what">, RawBuilder<unknown>>>,
): RawBuilder<unknown> {
  const { phone, customer_id, contact_id, at, words, number } = has;
  const none = sql`null`;
  return sql`${sql.lit(what)}::text as what, (${phone ?? none})::text as phone,
    (${customer_id ?? none})::bigint as customer_id, (${contact_id ?? none})::bigint as contact_id,
    (${at ?? none})::timestamptz as at, (${words ?? none})::text as words, (${number ?? none})::int as number`;
}

/** Is there a reason not to call them at all? */
function personQuestions(
  { exclude, kind, trigger }: CampaignSettings,
  asked: readonly Asked[],
  nowMs: number,
): readonly RawBuilder<unknown>[] {
  const contactIds = asked.map((one) => one.contactId);
  const { phones, customerIds } = keysOf(asked);
  const questions = [
    sql`select ${columns("doNotCall", { phone: sql`phone` })} from do_not_call
      where phone = any(${phones}::text[])`,
    sql`select ${columns("stages", {
      contact_id: sql`co.contact_id`,
      words: sql`string_agg(o.stage, ' ' order by o.updated_at, o.id)`,
    })} from contact_orders co join orders o on o.id = co.order_id
      where co.contact_id = any(${contactIds}::bigint[]) group by co.contact_id`,
  ];
  if (trigger.type === "cartLeft")
    questions.push(sql`select ${columns("cartOrdered", { contact_id: sql`c.id` })}
      from unnest(${contactIds}::bigint[], ${asked.map((one) => one.customerId)}::bigint[])
        as x (contact_id, customer_id)
      join contacts c on c.id = x.contact_id
      where exists (
        select from orders o
        where o.customer_id = x.customer_id and o.placed_at >= (
          select max(left_at) from carts
          where customer_id = x.customer_id and left_at <= c.created_at
        )
      ) or not exists (
        select from carts where customer_id = x.customer_id and ordered_at is null
      )`);
  if (exclude.talkedWithinHours !== null) {
    const since = new Date(nowMs - exclude.talkedWithinHours * HOUR_MS).toISOString();
    const talks = (
      what: "phoneTalk" | "customerTalk",
      column: string,
      whose: RawBuilder<unknown>,
    ) =>
      // A campaign's talk has its attempt's id behind the PBX's name: each contact's own are told apart, they are no reason.
      sql`(select distinct on (t.${sql.raw(column)}, own.contact_id) ${columns(what, {
        [KEYED_BY[what]]: sql.raw(`t.${column}`),
        contact_id: sql`own.contact_id`,
        at: sql`t.started_at`,
        words: sql`t.direction`,
      })} from calls t
        left join attempts own on own.id = substr(t.id, length(t.pbx) + 2) and own.pbx = t.pbx
        where t.${sql.raw(column)} = any(${whose}) and t.started_at >= ${since} and t.extensions <> '{}'
        order by t.${sql.raw(column)}, own.contact_id, t.started_at desc)`;
    questions.push(
      talks("phoneTalk", "party_e164", sql`${phones}::text[]`),
      talks("customerTalk", "customer_id", sql`${customerIds}::bigint[]`),
    );
  }
  if (exclude.openClaim)
    questions.push(sql`select ${columns("openClaim", { customer_id: sql`customer_id` })} from claims
      where customer_id = any(${customerIds}::bigint[]) and closed_at is null`);
  if (exclude.withoutConsent || kindRules(kind).consentRequired)
    questions.push(
      sql`select ${columns("consent", {
        customer_id: sql`id`,
        number: sql`consent::int`,
      })} from customers where id = any(${customerIds}::bigint[]) and consent is not null`,
    );
  return questions;
}

/** When were they called for campaigns of this kind, where that must be some time apart? */
function kindQuestions(
  { kind }: CampaignSettings,
  asked: readonly Asked[],
  nowMs: number,
): readonly RawBuilder<unknown>[] {
  const reachMs = spacingReachMs(kind);
  if (reachMs === 0) return [];
  const { phones, customerIds } = keysOf(asked);
  const since = new Date(nowMs - reachMs).toISOString();
  const ofKind = sql`a.dialled_at >= ${since} and a.outcome not in ${NOT_COUNTED}
    and k.settings ->> 'kind' = ${kind}`;
  const found = { at: sql`a.dialled_at`, words: sql`a.id` };
  return [
    sql`select ${columns("phoneOfKind", { ...found, phone: sql`a.phone` })}
      from attempts a join campaigns k on k.id = a.campaign_id
      where a.phone = any(${phones}::text[]) and ${ofKind}`,
    sql`select ${columns("customerOfKind", { ...found, customer_id: sql`a.customer_id` })}
      from attempts a join campaigns k on k.id = a.campaign_id
      where a.customer_id = any(${customerIds}::bigint[]) and ${ofKind}`,
  ];
}

/** How often were they called, and is anybody calling them now? */
function limitQuestions(asked: readonly Asked[]): readonly RawBuilder<unknown>[] {
  const limited = asked.filter(({ limits }) => limits !== null);
  const { phones, customerIds } = keysOf(limited);
  const again = limited.filter(({ limits }) => limits!.n > 1).map((one) => one.contactId);
  const since = new Date(Math.min(...limited.map(({ limits }) => limits!.dayStartMs)));
  const dialled = sql`a.dialled_at >= ${since.toISOString()} and a.outcome not in ${NOT_COUNTED}`;
  return [
    sql`select ${columns("ended", { contact_id: sql`a.contact_id`, number: sql`count(*)` })} from attempts a
      where a.contact_id = any(${again}::bigint[]) and a.state = 'ended'
        and a.outcome not in ${NOT_USED_UP} group by a.contact_id`,
    sql`select ${columns("phoneDialled", { phone: sql`a.phone`, at: sql`a.dialled_at` })} from attempts a
      where a.phone = any(${phones}::text[]) and ${dialled}`,
    sql`select ${columns("customerDialled", {
      customer_id: sql`a.customer_id`,
      at: sql`a.dialled_at`,
    })} from attempts a where a.customer_id = any(${customerIds}::bigint[]) and ${dialled}`,
    sql`select ${columns("customerClaimed", {
      customer_id: sql`a.customer_id`,
      contact_id: sql`a.contact_id`,
    })} from attempts a where a.customer_id = any(${customerIds}::bigint[]) and a.state = 'claimed'`,
    sql`select ${columns("phoneBusy", { phone: sql`a.phone`, contact_id: sql`a.contact_id` })} from attempts a
      where a.phone = any(${phones}::text[]) and a.state in ${IN_HAND}`,
  ];
}

function keysOf(asked: readonly Asked[]) {
  return {
    phones: asked.map((one) => one.phone),
    customerIds: asked.flatMap(({ customerId }) => customerId ?? []),
  };
}

function factsOf(asked: Asked, all: ReadonlyMap<string, readonly Found[]>): ContactFacts {
  const { contactId, customerId, limits, phone, promised, refused } = asked;
  const keys = { phone, customer_id: customerId, contact_id: contactId } as const;
  const found = (what: Found["what"]): readonly Found[] => {
    const key = keys[KEYED_BY[what]];
    return key === null ? [] : (all.get(`${what} ${key}`) ?? []);
  };
  const ofOthers = (what: Found["what"]) =>
    found(what).filter((row) => row.contact_id !== contactId);
  const today = (what: Found["what"]) =>
    found(what).filter(({ at }) => limits !== null && at!.getTime() >= limits.dayStartMs).length;
  const consent = found("consent")[0]?.number ?? null;
  return {
    person: {
      ...{ refused, promised },
      doNotCall: found("doNotCall").length > 0,
      orderStages: (found("stages")[0]?.words?.split(" ") ?? []) as OrderStage[],
      cartOrdered: found("cartOrdered").length > 0,
      lastTalk: lastOf([...ofOthers("phoneTalk"), ...ofOthers("customerTalk")]),
      openClaim: found("openClaim").length > 0,
      consent: consent === null ? null : consent === 1,
    },
    counts: {
      contact: found("ended")[0]?.number ?? 0,
      phoneToday: today("phoneDialled"),
      customerToday: today("customerDialled") + ofOthers("customerClaimed").length,
    },
    ofKindAtMs: timesOf([...found("phoneOfKind"), ...found("customerOfKind")]),
    phoneBusy: limits !== null && ofOthers("phoneBusy").length > 0,
  };
}

/** Each attempt once, whether it is known by the phone, the customer or both. */
function timesOf(rows: readonly Found[]): readonly number[] {
  const byAttempt = new Map(rows.map(({ words, at }) => [words, at!.getTime()]));
  return [...byAttempt.values()].sort((a, b) => a - b);
}

function lastOf(talks: readonly Found[]): PersonFacts["lastTalk"] {
  let last: PersonFacts["lastTalk"] = null;
  for (const { at, words } of talks) {
    const atMs = at!.getTime();
    if (last === null || atMs > last.atMs) last = { atMs, inbound: words === "inbound" };
  }
  return last;
}
