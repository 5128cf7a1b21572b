/** What receivers of webhooks read of a claim: every id as the systems outside know it. */
import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import { writeWebhooks } from "../../webhooks/write.ts";
import type { WebhookEvent } from "../../webhooks/model.ts";
import type { Claim, ClaimKind } from "../model.ts";
import { claimOf, findClaim } from "./store.ts";
import type { ClaimSettings } from "./settings.ts";

/** The claim as it is now, for everybody who wants to hear of it; in the transaction of the deed. */
export async function tellOfClaim(
  trx: Database,
  event: WebhookEvent,
  claimId: string,
  settings: ClaimSettings,
  nowMs: number,
): Promise<Claim> {
  const row = (await findClaim(trx, claimId))!;
  const claim = claimOf(row, nowMs);
  const { rows } = await sql<{
    customer_source: string;
    customer_source_id: string;
    customer_name: string;
    order_source: string | null;
    order_source_id: string | null;
    product_source_id: string | null;
  }>`
    select c.source as customer_source, c.source_id as customer_source_id, c.name as customer_name,
      o.source as order_source, o.source_id as order_source_id, p.source_id as product_source_id
    from claims k join customers c on c.id = k.customer_id
    left join orders o on o.id = k.order_id
    left join products p on p.id = k.product_id
    where k.id = ${claimId}::bigint`.execute(trx);
  const outside = rows[0]!;
  const only = claim.kind === "" ? [] : (settings.told[claim.kind satisfies ClaimKind] ?? []);
  await writeWebhooks(trx, {
    ...{ event, subject: `claim/${claimId}`, atMs: nowMs, only },
    data: {
      claim: {
        ...{ number: claim.number, source: row.source, sourceId: row.source_id },
        customer: {
          ...{ source: outside.customer_source, sourceId: outside.customer_source_id },
          name: outside.customer_name,
        },
        order:
          claim.orderId === null
            ? null
            : {
                source: outside.order_source ?? "",
                sourceId: outside.order_source_id ?? "",
                number: claim.orderNumber,
              },
        line:
          claim.line === null
            ? null
            : {
                index: claim.line,
                name: claim.lineName,
                productSourceId: outside.product_source_id ?? "",
              },
        ...{ kind: claim.kind, wish: claim.wish, subject: claim.subject, text: claim.text },
        ...{ photos: claim.photos, status: claim.status, answer: claim.answer },
        ...{ openedAt: claim.openedAt, deadlineAt: claim.deadlineAt, closedAt: claim.closedAt },
        ...{
          version: row.version === null ? null : Number(row.version),
          filedBy: claim.madeByName,
        },
      },
    },
  });
  return claim;
}
