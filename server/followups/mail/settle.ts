/** Somebody looked at a letter that could not be matched: whose it is, whether it is a claim, or that nothing is to be done. */
import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { invalidField } from "../../http/errors.ts";
import { recordAudit } from "../../people/audit.ts";
import type { Database } from "../../storage/database.ts";
import { MOST_PHOTOS, MOST_TEXT } from "../claims/file.ts";
import type { Claim, ClaimKind } from "../model.ts";
import type { TakeParts } from "./take.ts";

/** What somebody says of a letter; nothing at all: nothing is to be done. */
export type Settling = {
  readonly customerId?: string;
  /** As people write it; of that customer. */
  readonly orderNumber?: string;
  /** A claim of this kind is filed with the letter's words. */
  readonly claimKind?: ClaimKind;
};

type Settled = { readonly claim: Claim | null };

/** @returns null when there is no such letter or somebody settled it before. @throws ApiError naming the field. */
export async function settleLetter(
  { claims, db }: Pick<TakeParts, "claims" | "db">,
  id: string,
  wanted: Settling,
  by: { readonly name: string; readonly userId: string | null },
): Promise<Settled | null> {
  const { customerId } = wanted;
  for (const field of ["orderNumber", "claimKind"] as const)
    if (wanted[field] !== undefined && customerId === undefined)
      throw invalidField("customerId", `is missing: whose is the ${field}?`);
  const settled = await db.transaction().execute(async (trx): Promise<Settled | null> => {
    const letter = await trx
      .selectFrom("messages")
      .select(["subject", "text", "links", "customer_id", "order_id"])
      .where("id", "=", id)
      .where("settled_at", "is", null)
      .forUpdate()
      .executeTakeFirst();
    if (letter === undefined) return null;
    const named = customerId === undefined ? null : await orderOf(trx, customerId, wanted);
    // What was matched before stays, as long as it is the same person's.
    const orderId = named ?? (letter.customer_id === customerId ? letter.order_id : null);
    const claim =
      customerId === undefined || wanted.claimKind === undefined
        ? null
        : (
            await claims.fileIn(trx, {
              ...{ id: randomUUID(), customerId, orderId, line: null, kind: wanted.claimKind },
              ...{ wish: "", subject: letter.subject, text: letter.text.slice(0, MOST_TEXT) },
              photos: letter.links.slice(0, MOST_PHOTOS),
              ...{ userId: by.userId, callId: "", by: by.name },
            })
          ).claim;
    await trx
      .updateTable("messages")
      .set({
        ...{ settled_at: new Date(), settled_by: by.name },
        ...(customerId === undefined ? {} : { customer_id: customerId, order_id: orderId }),
        ...(claim === null ? {} : { claim_id: claim.id }),
      })
      .where("id", "=", id)
      .execute();
    const detail = { id, customerId: customerId ?? null, orderId, claim: claim?.number ?? "" };
    await recordAudit(trx, { actor: by.name, action: "message.settled", detail });
    return { claim };
  });
  if (settled?.claim) claims.changed(settled.claim);
  return settled;
}

/** The newest of the customer's orders with this number; null when none was named. */
async function orderOf(
  trx: Database,
  customerId: string,
  { orderNumber }: Settling,
): Promise<string | null> {
  const { rows: known } =
    await sql`select 1 from customers where id = ${customerId}::bigint`.execute(trx);
  if (known.length === 0) throw invalidField("customerId", "is nobody's");
  const number = (orderNumber ?? "").trim();
  if (number === "") return null;
  const { rows } = await sql<{ id: string }>`
    select id from orders where customer_id = ${customerId}::bigint and number = ${number}
    order by placed_at desc limit 1`.execute(trx);
  const order = rows[0];
  if (order === undefined) throw invalidField("orderNumber", "is no order of this customer");
  return order.id;
}
