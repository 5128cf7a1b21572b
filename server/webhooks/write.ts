/** What happened is written for everybody who wants to hear of it, in the transaction of the deed. */
import { randomUUID } from "node:crypto";
import type { Database } from "../storage/database.ts";
import type { WebhookBody, WebhookEvent } from "./model.ts";

/** Something that happened. */
export type Happened = {
  readonly event: WebhookEvent;
  /** `claim/12`. */
  readonly subject: string;
  readonly data: object;
  readonly atMs: number;
  /** Ids of the targets that are told; left out, or when none of them wants this event: all that want it. */
  readonly only?: readonly string[];
};

/** @param trx the transaction of the deed: both are kept or neither. @returns how many are told. */
export async function writeWebhooks(trx: Database, happened: Happened): Promise<number> {
  const { event, subject, data, atMs, only = [] } = happened;
  const wanting = await trx
    .selectFrom("webhook_targets")
    .select("id")
    .where("enabled", "=", true)
    .where((where) => where(where.val<string>(event), "=", where.fn.any("events")))
    // Whoever writes for several targets makes their jobs in this order, so that two do not wait for each other.
    .orderBy("id")
    .execute();
  const named = wanting.filter(({ id }) => only.includes(id));
  const told = named.length > 0 ? named : wanting;
  if (told.length === 0) return 0;
  const rows = told.map(({ id: target_id }) => {
    const id = randomUUID();
    const body: WebhookBody = { id, event, at: new Date(atMs).toISOString(), data };
    return { id, target_id, event, subject, body: JSON.stringify(body) };
  });
  await trx.insertInto("webhook_deliveries").values(rows).execute();
  return told.length;
}
