/** A claim is filed: checked, numbered, written and on its way to accounting and production, in one transaction. */
import { sql } from "kysely";
import { Refusal } from "../../desk/replies.ts";
import { isId } from "../../people/users.ts";
import type { Database } from "../../storage/database.ts";
import { CLAIM_KINDS, CLAIM_WISHES, type Claim, type NewClaim } from "../model.ts";
import { type ClaimSettings, deadlineOf } from "./settings.ts";
import { OWN_SOURCE, claimOf, findClaim } from "./store.ts";
import { tellOfClaim } from "./told.ts";

/** Bounds of what may be said. */
export const MOST_TEXT = 8000;
export const MOST_PHOTOS = 20;
const MOST_LINK = 2000;

/** A claim of whatever origin. */
export type Filing = Omit<NewClaim, "wish"> & {
  /** "": it was not said. */
  readonly wish: NewClaim["wish"] | "";
  readonly subject: string;
  /** Null: no operator. */
  readonly userId: string | null;
  readonly callId: string;
  /** Who filed it, for its story. */
  readonly by: string;
};

export type FileParts = {
  readonly settings: ClaimSettings;
  /** The shop's IANA zone. */
  readonly timeZone: string;
  readonly nowMs: number;
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Filed twice under one id it is filed once. @returns the claim, and whether it is new.
 * @throws Refusal `invalid` naming the field, `notFound` for a customer or order that is not there.
 */
export async function fileClaim(
  trx: Database,
  wanted: Filing,
  { settings, timeZone, nowMs }: FileParts,
): Promise<{ readonly claim: Claim; readonly isNew: boolean }> {
  const filing = checked(wanted);
  const { customerId } = filing;
  const known = await sameFiling(trx, filing, nowMs);
  if (known !== null) return { claim: known, isNew: false };
  const customer = isId(customerId)
    ? await trx.selectFrom("customers").select("id").where("id", "=", customerId).executeTakeFirst()
    : undefined;
  if (customer === undefined) throw new Refusal("notFound", "There is no such customer");
  const productId = await productOf(trx, filing);
  const deadlineAt = new Date(deadlineOf(settings, filing.kind, nowMs, timeZone));
  const openedAt = new Date(nowMs);
  const { rows } = await sql<{ id: string }>`
    insert into claims (source, source_id, number, customer_id, order_id, line, product_id, kind, wish,
      subject, text, photos, status, opened_at, deadline_at, call_id, made_by)
    values (${OWN_SOURCE}, ${filing.id}, 'C-' || lpad(nextval('claim_numbers')::text, 6, '0'), ${customerId}::bigint,
      ${filing.orderId}::bigint, ${filing.line}, ${productId}::bigint, ${filing.kind}, ${filing.wish},
      ${filing.subject}, ${filing.text}, ${filing.photos}, 'open', ${openedAt}, ${deadlineAt},
      ${filing.callId}, ${filing.userId}::bigint)
    on conflict (source, source_id) do nothing returning id`.execute(trx);
  const id = rows[0]?.id;
  // Filed at the same moment by somebody else, who was first.
  if (id === undefined) return { claim: (await sameFiling(trx, filing, nowMs))!, isNew: false };
  await trx
    .insertInto("claim_steps")
    .values({ claim_id: id, at: openedAt, status: "open", told_by: filing.by })
    .execute();
  return { claim: await tellOfClaim(trx, "claim.filed", id, settings, nowMs), isNew: true };
}

/** What was filed under this id before. @throws Refusal when that was something else. */
async function sameFiling(trx: Database, filing: Filing, nowMs: number): Promise<Claim | null> {
  const row = await trx
    .selectFrom("claims")
    .select("id")
    .where("source", "=", OWN_SOURCE)
    .where("source_id", "=", filing.id)
    .executeTakeFirst();
  if (row === undefined) return null;
  const claim = claimOf((await findClaim(trx, row.id))!, nowMs);
  if (claim.customerId !== filing.customerId || claim.orderId !== filing.orderId)
    throw new Refusal("invalid", "id: was used for another claim");
  return claim;
}

/** The product of the line. @throws Refusal when the order is not the customer's or has no such line. */
async function productOf(trx: Database, filing: Filing): Promise<string | null> {
  const { orderId, line, customerId } = filing;
  if (orderId === null) {
    if (line !== null) throw new Refusal("invalid", "line: which order is it of?");
    return null;
  }
  const { rows } = await sql<{ customer_id: string; lines: number; product_id: string | null }>`
    select o.customer_id,
      case when jsonb_typeof(o.lines) = 'array' then jsonb_array_length(o.lines) else 0 end as lines,
      (select i.product_id from order_items i where i.order_id = o.id and i.n = ${line ?? -1}) as product_id
    from orders o where o.id = ${isId(orderId) ? orderId : "0"}::bigint`.execute(trx);
  const order = rows[0];
  if (order === undefined) throw new Refusal("notFound", "There is no such order");
  if (order.customer_id !== customerId)
    throw new Refusal("invalid", "orderId: is not an order of this customer");
  if (line === null) return null;
  if (!Number.isInteger(line) || line < 0 || line >= order.lines)
    throw new Refusal("invalid", `line: the order has ${order.lines} lines, counted from 0`);
  return order.product_id;
}

function checked(wanted: Filing): Filing {
  const refuse = (field: string, why: string) => new Refusal("invalid", `${field}: ${why}`);
  if (!UUID.test(wanted.id)) throw refuse("id", "must be a UUID");
  if (!(CLAIM_KINDS as readonly string[]).includes(wanted.kind))
    throw refuse("kind", `must be one of ${CLAIM_KINDS.join(", ")}`);
  if (wanted.wish !== "" && !(CLAIM_WISHES as readonly string[]).includes(wanted.wish))
    throw refuse("wish", `must be one of ${CLAIM_WISHES.join(", ")}`);
  const text = wanted.text.toWellFormed().replaceAll("\0", "").trim();
  if (text.length > MOST_TEXT) throw refuse("text", `is longer than ${MOST_TEXT} characters`);
  if (wanted.photos.length > MOST_PHOTOS) throw refuse("photos", `are more than ${MOST_PHOTOS}`);
  const photos = wanted.photos.map((photo, at) => {
    const link = linkOf(photo);
    if (link === null)
      throw refuse(`photos.${at}`, "must be a link that starts with https:// or http://");
    return link;
  });
  return { ...wanted, id: wanted.id.toLowerCase(), text, photos };
}

/** A link that may be shown to people to open; null for anything else. */
export function linkOf(text: string): string | null {
  const clean = text.trim();
  if (clean.length > MOST_LINK || !URL.canParse(clean)) return null;
  const url = new URL(clean);
  // A name before the host is for deceiving who reads it.
  return /^https?:$/.test(url.protocol) && url.username === "" && url.password === ""
    ? url.href
    : null;
}
