/** Showings in PostgreSQL: written once for each offer and occasion, answered, and settled when nobody answered. */
import { sql } from "kysely";
import type pg from "pg";
import type { Database } from "../../storage/database.ts";
import type { Occasion, Offer, RefusalReason, ShownOffer } from "../model.ts";

/** One offer on one occasion as it is written. */
export type Showing = {
  readonly id: string;
  readonly offer: Offer;
  readonly occasion: Occasion;
  /** From 0. */
  readonly place: number;
  readonly arm: "usual" | "explored" | "held";
  readonly shownAtMs: number;
};

/** What is known of an occasion before it is shown. */
export type Known = {
  /** By offer key: what was shown in it already. */
  readonly shown: ReadonlyMap<string, Pick<ShownOffer, "showingId" | "answer" | "answerReason">>;
  /** Keys that this customer refused lately on other occasions. */
  readonly refused: ReadonlySet<string>;
};

/** A customer who said no is not asked the same again for so long. */
const REFUSED_FOR_DAYS = 30;

type KnownRow = {
  /** The place of the occasion. */
  n: number;
  mine: boolean;
  offer_key: string;
  id: string;
  answer: ShownOffer["answer"];
  answer_reason: string;
};

const KNOWN = `
  select q.n::int - 1 as n, s.*
  from unnest($1::text[], $2::bigint[]) with ordinality q (occasion, customer_id, n)
  cross join lateral (
    select true as mine, offer_key, id, answer, answer_reason from offer_showings where occasion = q.occasion
    union all
    select false, offer_key, id, answer, answer_reason from offer_showings
    where customer_id = q.customer_id and shown_at > now() - interval '${REFUSED_FOR_DAYS} days'
      and answer = 'refused' and occasion <> q.occasion
  ) s`;

/** Of each occasion; one round trip by two indexes. */
export async function readKnown(
  pool: Pick<pg.Pool, "query">,
  occasions: readonly Occasion[],
): Promise<readonly Known[]> {
  const { rows } = await pool.query<KnownRow>({
    name: "offers_shown",
    text: KNOWN,
    values: [occasions.map(({ id }) => id), occasions.map(({ customerId }) => customerId)],
  });
  const known = occasions.map(() => ({
    shown: new Map<string, Pick<ShownOffer, "showingId" | "answer" | "answerReason">>(),
    refused: new Set<string>(),
  }));
  for (const { n, mine, offer_key, id, answer, answer_reason } of rows)
    if (mine)
      known[n]!.shown.set(offer_key, { showingId: id, answer, answerReason: answer_reason });
    else known[n]!.refused.add(offer_key);
  return known;
}

/** The same showing again changes nothing. What was deleted meanwhile (a rule, an order) is left out, not refused. */
export async function writeShowings(db: Database, showings: readonly Showing[]): Promise<void> {
  if (showings.length === 0) return;
  // One literal: thousands of these are made in a second.
  const rows = showings.map(({ id, offer, occasion, place, arm, shownAtMs }) => ({
    id,
    place,
    arm,
    offer_key: offer.key,
    kind: offer.kind,
    rule_id: offer.ruleId,
    product_id: offer.product?.id ?? null,
    customer_id: occasion.customerId,
    channel: occasion.channel,
    occasion: occasion.id,
    user_id: occasion.userId,
    order_id: occasion.orderId,
    confidence: offer.confidence,
    reason: offer.reasons,
    saying: offer.saying,
    quantity: offer.quantity,
    amount_minor: offer.amountMinor,
    currency: offer.currency,
    shown_at: new Date(shownAtMs).toISOString(),
  }));
  await sql`
    insert into offer_showings (id, offer_key, kind, rule_id, product_id, customer_id, channel, occasion, user_id,
      order_id, place, confidence, arm, reason, saying, quantity, amount_minor, currency, shown_at)
    select s.id, s.offer_key, s.kind, r.id, s.product_id, c.id, s.channel, s.occasion, u.id,
      o.id, s.place, s.confidence, s.arm, s.reason, s.saying, s.quantity, s.amount_minor, s.currency, s.shown_at
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as s (
      id uuid, offer_key text, kind text, rule_id bigint, product_id bigint, customer_id bigint, channel text,
      occasion text, user_id bigint, order_id bigint, place smallint, confidence real, arm text, reason jsonb, saying text,
      quantity real, amount_minor bigint, currency text, shown_at timestamptz
    )
    left join offer_rules r on r.id = s.rule_id
    left join customers c on c.id = s.customer_id
    left join users u on u.id = s.user_id
    left join orders o on o.id = s.order_id
    on conflict (occasion, offer_key) do nothing`.execute(db);
}

/** What somebody said to an offer. */
export type Said = {
  readonly answer: "accepted" | "refused";
  readonly reason: RefusalReason | "";
  /** Null: as many as were offered. */
  readonly quantity: number | null;
  readonly userId: string | null;
};

type AnsweredRow = {
  id: string;
  offer_key: string;
  kind: Offer["kind"];
  rule_id: string | null;
  quantity: number;
  amount_minor: string;
  currency: string;
  reason: Offer["reasons"];
  saying: string;
  confidence: number;
  product: Offer["product"];
};

/**
 * The newest answer holds; a rule's uses are counted with it, in one transaction. @returns null when there is no such showing, or it was
 * held back and nobody saw it.
 */
export async function writeAnswer(
  db: Database,
  showingId: string,
  said: Said,
): Promise<ShownOffer | null> {
  return await db.transaction().execute(async (trx) => {
    const { rows } = await sql<AnsweredRow & { before: string }>`
      with before as (
        select id, answer from offer_showings where id = ${showingId}::uuid and arm <> 'held' for update
      )
      update offer_showings s set answer = ${said.answer}, answer_reason = ${said.reason},
        answered_at = case when s.answer = ${said.answer} then s.answered_at else now() end,
        user_id = coalesce(${said.userId}::bigint, s.user_id),
        taken_minor = case when ${said.answer} = 'accepted'
          then round(s.amount_minor * (coalesce(${said.quantity}::real, s.quantity) / s.quantity)::numeric) else 0 end
      from before where s.id = before.id
      returning s.*, before.answer as before, (
        select json_build_object('id', p.id::text, 'sku', p.sku, 'name', p.name, 'category', p.category,
          'priceMinor', p.price_minor, 'currency', p.currency, 'stock', p.stock)
        from products p where p.id = s.product_id
      ) as product`.execute(trx);
    const row = rows[0];
    if (row === undefined) return null;
    const more = Number(said.answer === "accepted") - Number(row.before === "accepted");
    if (row.rule_id !== null && more !== 0)
      await trx
        .updateTable("offer_rules")
        .set((eb) => ({ uses: eb("uses", "+", more) }))
        .where("id", "=", row.rule_id)
        .execute();
    return shownOf(row, said);
  });
}

function shownOf(row: AnsweredRow, said: Said): ShownOffer {
  const amountMinor = Number(row.amount_minor);
  return {
    ...{ key: row.offer_key, kind: row.kind, ruleId: row.rule_id, product: row.product },
    ...{ quantity: row.quantity, amountMinor, currency: row.currency, reasons: row.reason },
    priceMinor: row.product === null ? 0 : Math.round(amountMinor / row.quantity),
    ...{ saying: row.saying, confidence: row.confidence },
    ...{ showingId: row.id, answer: said.answer, answerReason: said.reason },
  };
}

/** What nobody answered for `afterMs` was ignored. @returns how many. */
export async function settleIgnored(db: Database, afterMs: number): Promise<number> {
  const { numAffectedRows } = await sql`
    update offer_showings set answer = 'ignored', answered_at = now()
    where answer = '' and arm <> 'held' and shown_at < now() - ${`${afterMs} milliseconds`}::interval`.execute(
    db,
  );
  return Number(numAffectedRows ?? 0n);
}
