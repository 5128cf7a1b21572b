/**
 * What calls do to call backs: who waited in vain gets one, who was talked to needs none any more, who did not answer is tried again later.
 * Every process hears every call; the holder of the PBX's lease writes, and who takes over may write it again: that changes nothing.
 */
import { sql } from "kysely";
import type { Call, CallFact } from "../../calls/model.ts";
import { tellWithdrawn } from "../../campaigns/attempts/withdraw.ts";
import { nextOpening } from "../../campaigns/windows.ts";
import type { Bus } from "../../storage/bus.ts";
import type { Database } from "../../storage/database.ts";
import { HeldOutbox } from "../../storage/held-outbox.ts";
import type { Leases } from "../../storage/leases.ts";
import type { OutboxLog } from "../../storage/outbox.ts";
import { takeBack } from "./campaigns.ts";
import { lockPhone } from "./keep.ts";
import {
  type MissedFacts,
  type MissedVerdict,
  REACHED_TALK_MS,
  decideMissed,
  talkedMs,
} from "./missed.ts";
import type { CallBackSettings } from "./settings.ts";
import { forgetWaiting, noteWaiting, outOfSight, readWaiting } from "./waiting.ts";

/** What the following needs. */
export type FollowCallsOptions = {
  readonly db: Database;
  readonly bus: Pick<Bus, "publish">;
  readonly calls: { onFact(listener: (fact: CallFact) => void): () => void };
  /** The customer a call is with, as far as is known. */
  readonly customerOf: (callId: string) => string | null;
  /** The party's number as E.164; null when it is none. Must not throw. */
  readonly e164Of: (number: string) => string | null;
  /** Null: no other process hears of these calls. */
  readonly leases: Pick<Leases, "of"> | null;
  readonly settings: () => Promise<CallBackSettings>;
  /** The shop's own IANA zone. */
  readonly timeZone: string;
  readonly log: OutboxLog;
  /** Told of each that was made, moved or ended. */
  readonly changed: (id: string) => void;
  /** Counts what became of calls: `made`, `reached`, ... */
  readonly count: (what: FollowedWhat) => void;
};

export type FollowedWhat = "missed" | "lost" | "hastened" | "reached" | "tried" | "notReached";

/** Something that a call did, to be written. */
type News =
  | { readonly kind: "ended"; readonly call: Call; readonly customerId: string | null }
  | {
      readonly kind: "talked";
      readonly call: Call;
      readonly customerId: string | null;
      readonly atMs: number;
    }
  | {
      readonly kind: "waits";
      readonly call: Call;
      readonly customerId: string | null;
      readonly atMs: number;
    }
  | { readonly kind: "unanswered"; readonly call: Call };

/** A caller who is said to wait for so long is looked for: what came a moment ago may still be on its way to be written. */
const UNSEEN_AFTER_MS = 30_000;
const KEEP_MS = 60_000;
const MOST_UNSEEN = 200;
const LONGEST_UNSEEN_MS = 3 * 86_400_000;
/** A promise counts as kept by a talk so long before its time, or later; an earlier talk was about something else. */
const KEPT_EARLY_MS = 30 * 60_000;

/** Follows calls from its making to {@link FollowCalls.close}; while PostgreSQL is away, what they did waits. */
export class FollowCalls {
  readonly #options: FollowCallsOptions;
  readonly #outbox: HeldOutbox<News>;
  readonly #stopListening: () => void;

  constructor(options: FollowCallsOptions) {
    this.#options = options;
    this.#outbox = new HeldOutbox<News>({
      ...{ name: "call backs", log: options.log, leases: options.leases },
      // Each of them is several questions: who takes over has no more of them to ask again than needed.
      ...{ batchSize: 50, limit: 10_000, keepMs: KEEP_MS },
      write: (news) => this.#write(news),
    });
    this.#stopListening = options.calls.onFact((fact) => this.#hear(fact));
  }

  waiting(): number {
    return this.#outbox.waiting;
  }

  /** Resolves when all that happened by now is written. */
  flush(): Promise<void> {
    return this.#outbox.flush();
  }

  async close(): Promise<void> {
    this.#stopListening();
    const waiting = await this.#outbox.close(3000);
    if (waiting > 0)
      this.#options.log.error({ calls: waiting }, "calls were not looked at before the stop");
  }

  #hear({ type, call, atMs }: CallFact): void {
    const customerId = () => this.#options.customerOf(call.id);
    if (call.direction === "inbound") {
      if (type === "queueJoined")
        this.#put({ kind: "waits", call, customerId: customerId(), atMs });
      if (type === "talkStarted")
        this.#put({ kind: "talked", call, customerId: customerId(), atMs });
      if (type === "callEnded") this.#put({ kind: "ended", call, customerId: customerId() });
    } else if (call.direction === "outbound" && type === "callEnded") {
      if (call.endedHow === "merged" || call.endedHow === "lostSight") return;
      if (talkedMs(call) >= REACHED_TALK_MS)
        this.#put({ kind: "talked", call, customerId: customerId(), atMs });
      else this.#put({ kind: "unanswered", call });
    }
  }

  #put(news: News): void {
    const { id, pbx } = news.call;
    // Whoever does not wait any more need not be written as one who does.
    if (news.kind !== "waits") this.#outbox.forget(pbx, `waits ${id}`);
    this.#outbox.put(pbx, `${news.kind} ${id}`, news);
  }

  async #write(batch: readonly News[]): Promise<void> {
    const settings = await this.#options.settings();
    // One by one: each is right by itself, and none is done twice.
    for (const news of batch) {
      const { call } = news;
      if (news.kind === "waits")
        await noteWaiting(this.#options.db, call, news.customerId, news.atMs);
      else if (news.kind === "ended") {
        await this.#ended(call, news.customerId, settings);
        await forgetWaiting(this.#options.db, call.id);
      } else if (news.kind === "talked") {
        await forgetWaiting(this.#options.db, call.id);
        await this.#talked(call, news.customerId, news.atMs);
      } else await this.#unanswered(call, settings);
    }
  }

  /**
   * Those who waited when nobody looked: their calls are not there any more. When somebody wrote how one ended that is gone by, else it
   * counts as out of sight. @param isGone whether a call is known not to live any more.
   */
  async lookForUnseen(isGone: (call: Call) => boolean, nowMs: number): Promise<void> {
    const { db } = this.#options;
    const before = new Date(nowMs - UNSEEN_AFTER_MS);
    // Whoever waited days ago called elsewhere since; and a PBX that is gone is never heard again.
    await sql`delete from waiting_calls where seen_at < ${new Date(nowMs - LONGEST_UNSEEN_MS)}`.execute(
      db,
    );
    const waiting = await readWaiting(db, before, MOST_UNSEEN);
    if (waiting.length === 0) return;
    const settings = await this.#options.settings();
    for (const { call, customerId, seenAtMs, ended } of waiting) {
      if (!isGone(call)) continue;
      await this.#ended(ended ?? outOfSight(call, nowMs), customerId, settings, seenAtMs);
      await forgetWaiting(db, call.id);
    }
  }

  /** @param sinceMs a talk after it was with somebody of us; default the call's end. */
  async #ended(
    call: Call,
    customerId: string | null,
    settings: CallBackSettings,
    sinceMs = call.endedAtMs ?? call.startedAtMs,
  ): Promise<void> {
    const { db, e164Of, timeZone } = this.#options;
    const phone = e164Of(call.party.number);
    const nobody = { doNotCall: false, inCampaign: false, settledSince: false, open: null };
    // Most calls were answered: for them nothing is read.
    const guess = decideMissed(call, { ...nobody, phone, timeZone }, settings);
    if (guess.deed !== "make" || phone === null) return;
    const told = await db.transaction().execute(async (trx) => {
      await lockPhone(trx, phone);
      const facts = {
        ...(await readFacts(trx, call, phone, customerId, sinceMs)),
        phone,
        timeZone,
      };
      return actOn(trx, call, customerId, decideMissed(call, facts, settings));
    });
    if (told === null) return;
    this.#options.count(told.what);
    this.#options.changed(told.id);
  }

  async #talked(call: Call, customerId: string | null, atMs: number): Promise<void> {
    const { bus, changed, count, db, e164Of } = this.#options;
    const phone = e164Of(call.party.number);
    if (phone === null && customerId === null) return;
    const inbound = call.direction === "inbound";
    const dueBefore = new Date(atMs + KEPT_EARLY_MS);
    const isCampaigns = call.id.startsWith(`${call.pbx}-cc-`);
    const { rows } = await sql<{ id: string; campaign_id: string | null }>`
      select id, campaign_id from call_backs
      where state in ('open', 'taken') and (phone = ${phone} or customer_id = ${customerId})
        and call_id <> ${call.id} and made_at <= ${new Date(atMs)}
        -- Of a campaign's own call the campaign says what it came to.
        and (campaign_id is null or not ${isCampaigns}::boolean)
        -- Who named a time for something waits for that time.
        and (time_zone = '' or state = 'taken' or due_at <= ${dueBefore})`.execute(db);
    for (const { id, campaign_id } of rows) {
      const of = { phone: phone ?? "", customerId };
      const inHand = await db.transaction().execute(async (trx) => {
        const because = inbound ? "calledIn" : "talked";
        const taken = campaign_id === null ? [] : await takeBack(trx, of, because, atMs);
        if (taken === null) return null;
        const closed = await sql`
          update call_backs set state = 'closed', closed_because = 'reached', closed_at = ${new Date(atMs)}
          where id = ${id} and state in ('open', 'taken') and campaign_id is not distinct from ${campaign_id}
          returning id`.execute(trx);
        return closed.rows.length === 0 ? null : taken;
      });
      if (inHand === null) continue;
      tellWithdrawn(bus, inHand);
      count("reached");
      changed(id);
    }
  }

  async #unanswered(call: Call, settings: CallBackSettings): Promise<void> {
    const { changed, count, db, e164Of, timeZone } = this.#options;
    const phone = e164Of(call.party.number);
    if (phone === null) return;
    const endedAtMs = call.endedAtMs ?? call.startedAtMs;
    const againMs = endedAtMs + settings.retryMinutes * 60_000;
    const shop = { names: [timeZone], basis: "shop" } as const;
    const dueAtMs = nextOpening(settings.hours, shop, againMs)?.opensAtMs ?? againMs;
    const { rows } = await sql<{ id: string; state: string }>`
      update call_backs set tries = tries + 1, tried = array_append(tried, ${call.id}),
        state = case when tries + 1 >= ${settings.mostTries} then 'closed' else 'open' end,
        closed_because = case when tries + 1 >= ${settings.mostTries} then 'notReached' else '' end,
        closed_at = case when tries + 1 >= ${settings.mostTries} then ${new Date(endedAtMs)}::timestamptz end,
        taken_by = case when tries + 1 >= ${settings.mostTries} then taken_by end,
        taken_at = case when tries + 1 >= ${settings.mostTries} then taken_at end,
        due_at = greatest(due_at, ${new Date(dueAtMs)}::timestamptz)
      where phone = ${phone} and state in ('open', 'taken') and campaign_id is null
        and made_at <= ${new Date(call.startedAtMs)} and not ${call.id} = any(tried)
      returning id, state`.execute(db);
    for (const { id, state } of rows) {
      count(state === "closed" ? "notReached" : "tried");
      changed(id);
    }
  }
}

async function readFacts(
  trx: Database,
  call: Call,
  phone: string,
  customerId: string | null,
  sinceMs: number,
): Promise<Omit<MissedFacts, "phone" | "timeZone">> {
  const endedAt = new Date(sinceMs);
  const { rows } = await sql<{
    do_not_call: boolean;
    in_campaign: boolean;
    settled: boolean;
    open: {
      origin: "promised" | "missed" | "lost" | "asked";
      due_ms: number;
      kept: boolean;
    } | null;
  }>`
    select exists (select from do_not_call where phone = ${phone}) as do_not_call,
      exists (
        select from contacts where state = 'open' and (phone = ${phone} or customer_id = ${customerId})
      ) as in_campaign,
      exists (
        select from call_backs
        where (phone = ${phone} or customer_id = ${customerId}) and closed_at >= ${endedAt}
      ) or exists (
        select from call_backs where call_id = ${call.id} and phone = ${phone} and state in ('done', 'closed')
      ) or exists (
        select from calls where party_e164 = ${phone} and started_at >= ${endedAt} and talk_ms > 0
          and direction <> 'internal'
      ) as settled,
      (
        select jsonb_build_object('origin', origin, 'due_ms', extract(epoch from due_at) * 1000,
          'kept', campaign_id is not null)
        from call_backs where state in ('open', 'taken') and (phone = ${phone} or customer_id = ${customerId})
        order by due_at limit 1
      ) as open`.execute(trx);
  const row = rows[0]!;
  return {
    doNotCall: row.do_not_call,
    inCampaign: row.in_campaign,
    settledSince: row.settled,
    open:
      row.open === null
        ? null
        : { origin: row.open.origin, dueAtMs: row.open.due_ms, byCampaign: row.open.kept },
  };
}

async function actOn(
  trx: Database,
  call: Call,
  customerId: string | null,
  verdict: MissedVerdict,
): Promise<{ readonly id: string; readonly what: "missed" | "lost" | "hastened" } | null> {
  if (verdict.deed === "nothing") return null;
  const { phone } = verdict;
  const dueAt = new Date(verdict.dueAtMs);
  if (verdict.deed === "hasten") {
    const { rows } = await sql<{ id: string }>`
      update call_backs set due_at = ${dueAt}
      where state in ('open', 'taken') and (phone = ${phone} or customer_id = ${customerId})
        and origin in ('missed', 'lost') and campaign_id is null and due_at > ${dueAt}
      returning id`.execute(trx);
    return rows[0] === undefined ? null : { id: rows[0].id, what: "hastened" };
  }
  const { rows } = await sql<{ id: string }>`
    insert into call_backs (phone, customer_id, name, origin, call_id, queue, due_at, made_at, unseen)
    values (${phone}, (select id from customers where id = ${customerId}::bigint),
      ${call.party.name
        .replaceAll(/\p{Cc}+/gu, " ")
        .toWellFormed()
        .trim()
        .slice(0, 200)}, ${verdict.origin}, ${call.id},
      ${verdict.queue}, ${dueAt}, ${new Date(call.endedAtMs ?? call.startedAtMs)}, ${call.endedHow === "lostSight"})
    on conflict (phone) where state in ('open', 'taken') do nothing
    returning id`.execute(trx);
  return rows[0] === undefined ? null : { id: rows[0].id, what: verdict.origin };
}
