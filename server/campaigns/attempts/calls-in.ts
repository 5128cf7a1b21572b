/** Who calls in, or is talked to otherwise, need not be called: told by the call model as it happens. */
import { sql } from "kysely";
import type { CallFact } from "../../calls/model.ts";
import type { CampaignSettings, WithdrawnBecause } from "../model.ts";
import { type Withdrawing, withdrawNow } from "./withdraw.ts";

/** What the watching needs besides the database. */
export type CallsInOptions = Withdrawing & {
  readonly calls: { onFact(listener: (fact: CallFact) => void): () => void };
  /** The party's number as E.164; null when it is none. Must not throw. */
  readonly e164Of: (number: string) => string | null;
  readonly clock: () => number;
  readonly onError: (error: unknown) => void;
};

/** Begins to watch. @returns how to stop. */
export function watchCalls(options: CallsInOptions): () => void {
  return options.calls.onFact((fact) => {
    const because = reasonOf(fact);
    if (because === null) return;
    const phone = options.e164Of(fact.call.party.number);
    if (phone === null) return;
    withdrawPhone(options, phone, because, options.clock()).catch(options.onError);
  });
}

/** What this fact is a reason for; null for none. */
function reasonOf({ type, call }: CallFact): "calledIn" | "talked" | null {
  // Calls that campaigns make are named after their attempts.
  if (call.direction === "internal" || call.id.startsWith(`${call.pbx}-cc-`)) return null;
  if (call.direction === "inbound")
    return type === "callStarted" || type === "queueJoined" || type === "partyChanged"
      ? "calledIn"
      : null;
  return type === "talkStarted" ? "talked" : null;
}

/**
 * Withdraws whoever this phone belongs to, of all campaigns. Promised calls stay: the person was told to wait for them. A talk that an
 * operator began counts where the campaign asks about talks.
 */
export async function withdrawPhone(
  withdrawing: Withdrawing,
  phone: string,
  because: "calledIn" | "talked",
  nowMs: number,
): Promise<void> {
  const { rows } = await sql<{ id: string; settings: CampaignSettings }>`
    select c.id, k.settings from contacts c join campaigns k on k.id = c.campaign_id
    where c.state = 'open' and not c.promised and c.id in (
      select id from contacts where state = 'open' and phone = ${phone}
      union
      select id from contacts where state = 'open' and customer_id = (
        -- A phone that several customers share does not tell who calls.
        select max(customer_id) from customer_phones where e164 = ${phone} having count(*) = 1
      )
    )`.execute(withdrawing.db);
  const withdrawals = rows
    .filter(({ settings }) => because === "calledIn" || settings.exclude.talkedWithinHours !== null)
    .map(({ id }) => ({ contactId: id, because: because as WithdrawnBecause }));
  if (withdrawals.length > 0) await withdrawNow(withdrawing, withdrawals, nowMs);
}
