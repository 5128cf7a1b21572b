/**
 * Who calls in, or is talked to otherwise, need not be called: told by the call model as it happens. Every process hears it, the holder of
 * the PBX's lease withdraws: those of one moment together, one batch after the other, so that a flood of calls has one connection and no
 * more. Who takes over withdraws what may have been left; that changes nothing where it was done.
 */
import { sql } from "kysely";
import type { CallFact } from "../../calls/model.ts";
import { HeldOutbox } from "../../storage/held-outbox.ts";
import type { Leases } from "../../storage/leases.ts";
import type { OutboxLog } from "../../storage/outbox.ts";
import { BATCH, type Withdrawing, withdrawNow } from "./withdraw.ts";

/** What the watching needs besides the database. */
export type CallsInOptions = Withdrawing & {
  readonly calls: { onFact(listener: (fact: CallFact) => void): () => void };
  /** The party's number as E.164; null when it is none. Must not throw. */
  readonly e164Of: (number: string) => string | null;
  /** Epoch ms. */
  readonly clock: () => number;
  readonly log: OutboxLog;
  /** Null (the default): no other process hears of these calls. */
  readonly leases?: Pick<Leases, "of"> | null;
};

/** Calls, watched. */
export type CallsWatch = {
  /** Stops to watch and withdraws who waits for it, within a few seconds. */
  close(): Promise<void>;
};

/** A phone that was talked with. */
type Heard = {
  /** E.164. */
  readonly phone: string;
  readonly because: "calledIn" | "talked";
  /** By the monotonic clock of this process. */
  readonly atMs: number;
};

/** Somebody whose phone is ringing meanwhile must not wait for others to call in. */
const GATHER_MS = 30;
/** Phones that wait, or are kept in case the holder does not withdraw them; the oldest go first. */
const MOST_PHONES = 20_000;
/** Whoever has the lease has withdrawn them by then. */
const KEEP_MS = 60_000;
const CLOSE_WITHIN_MS = 3000;
/** A contact made so shortly after the call was heard may have been asked for before it. */
const SAME_MOMENT_MS = 1000;

/** Begins to watch. */
export function watchCalls(options: CallsInOptions): CallsWatch {
  const { calls, clock, e164Of, leases = null, log } = options;
  const outbox = new HeldOutbox<Heard>({
    ...{ name: "callers to withdraw", log, leases },
    ...{ gatherMs: GATHER_MS, batchSize: BATCH },
    ...{ limit: MOST_PHONES, keepLimit: MOST_PHONES, keepMs: KEEP_MS },
    write: (heard) => withdrawPhones(options, heard, clock()),
  });
  const stopListening = calls.onFact((fact) => {
    const because = reasonOf(fact);
    if (because === null) return;
    const { party, pbx } = fact.call;
    const phone = e164Of(party.number);
    if (phone === null) return;
    // The weaker reason must not take the stronger one's place.
    outbox.put(pbx, `${because} ${phone}`, { phone, because, atMs: performance.now() });
  });
  return {
    async close() {
      stopListening();
      const waiting = await outbox.close(CLOSE_WITHIN_MS);
      if (waiting > 0) log.error({ phones: waiting }, "callers were not withdrawn before the stop");
    },
  };
}

/** What this fact is a reason for; null for none. */
function reasonOf({ type, call }: CallFact): Heard["because"] | null {
  // Calls that campaigns make are named after their attempts.
  if (call.direction === "internal" || call.id.startsWith(`${call.pbx}-cc-`)) return null;
  if (call.direction === "inbound")
    return type === "callStarted" || type === "queueJoined" || type === "partyChanged"
      ? "calledIn"
      : null;
  return type === "talkStarted" ? "talked" : null;
}

/**
 * Withdraws whoever these phones belong to, of all campaigns: one question for all of them. Promised calls stay: the person was told to
 * wait for them. A talk that an operator began counts where the campaign asks about talks. Who is to be called for something that came
 * after the call stays too, so that it may be done again later.
 */
async function withdrawPhones(
  withdrawing: Withdrawing,
  heard: readonly Heard[],
  nowMs: number,
): Promise<void> {
  const hereMs = performance.now();
  const agoMs = heard.map(({ atMs }) => Math.max(0, hereMs - atMs - SAME_MOMENT_MS));
  const { rows } = await sql<{ id: string; because: Heard["because"] }>`
    with heard as materialized (
      select phone, because, now() - ago_ms * interval '1 ms' as at
      from unnest(${heard.map(({ phone }) => phone)}::text[],
        ${heard.map(({ because }) => because)}::text[], ${agoMs}::float8[]) as x (phone, because, ago_ms)
    ), owners as (
      -- A phone that several customers share does not tell who calls.
      select e164, max(customer_id) as customer_id from customer_phones
      where e164 = any(${heard.map(({ phone }) => phone)}::text[]) group by e164 having count(*) = 1
    ), found as (
      select c.id, h.because from heard h join contacts c on c.phone = h.phone
      where c.state = 'open' and c.created_at <= h.at
      union
      select c.id, h.because from heard h join owners o on o.e164 = h.phone
        join contacts c on c.customer_id = o.customer_id
      where c.state = 'open' and c.created_at <= h.at
    )
    -- Who called in and was talked to has called in.
    select c.id, min(f.because) as because
    from found f join contacts c on c.id = f.id join campaigns k on k.id = c.campaign_id
    where not c.promised
      and (f.because = 'calledIn' or k.settings #>> '{exclude,talkedWithinHours}' is not null)
    group by c.id`.execute(withdrawing.db);
  const withdrawals = rows.map(({ id, because }) => ({ contactId: id, because }));
  for (let n = 0; n < withdrawals.length; n += BATCH)
    await withdrawNow(withdrawing, withdrawals.slice(n, n + BATCH), nowMs);
}
