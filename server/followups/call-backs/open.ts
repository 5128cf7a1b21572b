/**
 * Call backs, put together: promised on calls, asked for by the site, made of calls that nobody answered; kept by people or campaigns, told
 * to supervisors when late.
 *
 *     card, site ---promise--> call_backs <---missed, reached, tried--- calls
 *                      |          ^   |
 *                      +-> campaigns  +--> operators' lists, supervisors
 */
import { sql } from "kysely";
import type { CountryCode } from "libphonenumber-js/max";
import type { Call, CallFact } from "../../calls/model.ts";
import { nextOpening } from "../../campaigns/windows.ts";
import { Refusal } from "../../desk/replies.ts";
import type { App } from "../../http/app.ts";
import type { Metrics } from "../../http/metrics.ts";
import type { Bus } from "../../storage/bus.ts";
import type { Database } from "../../storage/database.ts";
import type { Leases } from "../../storage/leases.ts";
import type { OutboxLog } from "../../storage/outbox.ts";
import type { CallBackEntry, CallBacks, NewCallBack } from "../model.ts";
import type { PlanCallBack } from "./campaigns.ts";
import { type AsOf, ofOperator, readEntries, readEntry } from "./entries.ts";
import { FollowCalls, type FollowedWhat } from "./follow-calls.ts";
import { type HandsParts, settle, take } from "./hands.ts";
import { type Wanted, dueTime, keep } from "./keep.ts";
import type { CallBackBody } from "./rest.ts";
import { callBackRoutes } from "./routes.ts";
import { readSettings } from "./stored-settings.ts";
import { sweep } from "./sweep.ts";

/** What call backs need of the rest. */
export type CallBacksOptions = {
  readonly db: Database;
  /** The same database over connections that answer what cards ask together; default `db`. */
  readonly reads?: Database;
  readonly bus: Pick<Bus, "publish" | "on">;
  readonly calls: {
    onFact(listener: (fact: CallFact) => void): () => void;
    call(id: string): Call | undefined;
    /** Since when all that lives on this PBX is known here; epoch ms, null while it is not. Absent: nothing is said of that. */
    followedSince?(pbx: string): number | null;
  };
  /** The customer a call is with, as far as is known. */
  readonly customerOf: (callId: string) => string | null;
  /** The party's number as E.164; null when it is none. Must not throw. */
  readonly e164Of: (number: string) => string | null;
  /** Hands a promise to campaigns, inside the transaction. */
  readonly planCallBack: PlanCallBack;
  /** The shop's own IANA zone. */
  readonly timeZone: string;
  /** Country of phones that come without one. */
  readonly region: CountryCode;
  readonly log: OutboxLog;
  /** Null (the default): no other process hears of these calls. */
  readonly leases?: Pick<Leases, "of"> | null;
  /** Epoch ms. */
  readonly clock?: () => number;
  /** How often it is looked for what became late; default 5 s. */
  readonly everyMs?: number;
};

/** Call backs, at work until they are closed. */
export type OpenedCallBacks = CallBacks & {
  /** Somebody asks for a call, at a time or as soon as the shop calls. @throws Refusal `invalid`. */
  ask(wanted: AskedCallBack, madeBy: string | null): Promise<CallBackBody>;
  /** Looks for what became late or was settled elsewhere; does so by itself every few seconds. */
  look(): Promise<void>;
  /** Resolves when what calls did so far is written. */
  flush(): Promise<void>;
  counters(): Readonly<Record<string, number | Readonly<Record<string, number>>>>;
  /** Registers `/api/v1/call-backs`, and the numbers. */
  routes(app: App, metrics: Metrics): Promise<void>;
  close(): Promise<void>;
};

/** What a site or an integrator asks. */
export type AskedCallBack = {
  /** E.164. */
  readonly phone: string;
  readonly customerId: string | null;
  readonly name: string;
  readonly queue: string;
  readonly reason: string;
  /** On the person's own clock; null: as soon as the shop calls. */
  readonly when: { readonly at: string; readonly timeZone: string } | null;
};

const EVERY_MS = 5000;
const FOUND_AGAIN_MS = 30_000;

/** Begins to follow calls and to look. */
export function openCallBacks(options: CallBacksOptions): OpenedCallBacks {
  const { db, bus, calls, planCallBack, timeZone, log, clock = Date.now } = options;
  const { reads = db } = options;
  const counts: Record<FollowedWhat | "promised" | "asked", number> = {
    ...{ promised: 0, asked: 0, missed: 0, lost: 0, hastened: 0 },
    ...{ reached: 0, tried: 0, notReached: 0 },
  };
  const swept = { doNotCall: 0, moved: 0, byCampaign: 0, givenBack: 0, escalated: 0 };
  const gauges = { open: 0, late: 0, escalated: 0 };
  let failures = 0;
  const listeners = new Set<(entry: CallBackEntry) => void>();
  const hands: HandsParts = { db, bus, planCallBack };
  const changed = (id: string) => bus.publish("callBacksChanged", { callBackId: id });

  const asOf = async (): Promise<AsOf> => ({
    nowMs: clock(),
    lateMinutes: (await readSettings(db)).settings.lateMinutes,
  });
  const entry = async (id: string): Promise<CallBackBody> => {
    const read = await readEntry(db, await asOf(), id);
    if (read === null) throw new Refusal("gone", "id: there is no such call back");
    return read;
  };
  const tell = async (callBackId: string): Promise<void> => {
    try {
      const one = await entry(callBackId);
      for (const listener of listeners) listener(one);
    } catch (error) {
      log.warn({ err: error, callBackId }, "a call back could not be read");
    }
  };
  /** One way for what changed here and elsewhere. */
  const stopHearing = bus.on("callBacksChanged", ({ callBackId }) => {
    if (listeners.size === 0) return;
    void tell(callBackId);
  });
  const following = new FollowCalls({
    ...{ db, bus, calls, timeZone, log, changed },
    ...{ customerOf: options.customerOf, e164Of: options.e164Of },
    leases: options.leases ?? null,
    settings: async () => (await readSettings(db)).settings,
    count: (what) => (counts[what] += 1),
  });

  /** Only of a PBX that is heard long enough that whoever still waits was found again. */
  const isGone = ({ id, pbx }: Call): boolean => {
    const since = calls.followedSince?.(pbx) ?? null;
    return since !== null && clock() - since >= FOUND_AGAIN_MS && calls.call(id) === undefined;
  };
  let looking: Promise<void> | null = null;
  const look = async (): Promise<void> => {
    const { settings } = await readSettings(db);
    await following.lookForUnseen(isGone, clock());
    const found = await sweep(db, settings, clock());
    for (const [what, ids] of Object.entries(found)) {
      swept[what as keyof typeof swept] += ids.length;
      for (const id of ids) changed(id);
    }
    const { rows } = await sql<typeof gauges>`
      select count(*)::int as open,
        count(*) filter (where due_at <= ${new Date(clock() - settings.lateMinutes * 60_000)})::int as late,
        count(*) filter (where escalated_at is not null)::int as escalated
      from call_backs where state in ('open', 'taken')`.execute(db);
    Object.assign(gauges, rows[0]);
  };
  const timer = setInterval(() => {
    looking ??= look()
      .catch((error: unknown) => {
        // Told once in a while: a database that is away for a night would fill the log.
        if (failures % 60 === 0) log.warn({ err: error }, "call backs are looked at later");
        failures += 1;
      })
      .finally(() => {
        looking = null;
      });
  }, options.everyMs ?? EVERY_MS);
  timer.unref();

  /** When the shop calls next; null: never. */
  const nextMs = async (): Promise<number | null> => {
    const { settings } = await readSettings(db);
    const shop = { names: [timeZone], basis: "shop" } as const;
    return nextOpening(settings.hours, shop, clock())?.opensAtMs ?? null;
  };
  const write = async (wanted: Wanted): Promise<CallBackBody> => {
    const id = await db.transaction().execute((trx) => keep(trx, planCallBack, wanted, clock()));
    counts[wanted.origin] += 1;
    changed(id);
    return entry(id);
  };

  const opened: OpenedCallBacks = {
    async promise(callBack: NewCallBack, by) {
      const dueAtMs = dueTime(callBack.at, callBack.timeZone, clock(), await nextMs());
      const { phone, customerId, name, reason, toMe } = callBack;
      const queue = await queueOf(db, calls, by.callId);
      return write({
        ...{ phone, customerId, name, reason, queue, dueAtMs, timeZone: callBack.timeZone },
        ...{ origin: "promised", callId: by.callId, madeBy: by.userId },
        userId: toMe ? by.userId : null,
      });
    },
    async ask({ phone, customerId, name, queue, reason, when }, madeBy) {
      const nowMs = clock();
      const next = await nextMs();
      const dueAtMs =
        when === null ? (next ?? nowMs) : dueTime(when.at, when.timeZone, nowMs, next);
      return write({
        ...{ phone, customerId, name, reason, queue, dueAtMs, timeZone: when?.timeZone ?? "" },
        ...{ origin: "asked", callId: "", madeBy, userId: null },
      });
    },
    forOperator: async (userId, queues) => ofOperator(db, await asOf(), userId, queues),
    ofPhone: async (phone) => {
      const where = sql`b.phone = ${phone} and b.state in ('open', 'taken')`;
      const [found] = await readEntries(reads, { nowMs: clock(), lateMinutes: 0 }, where);
      // Hardly anybody has one: only then it is asked what is late.
      return found === undefined ? null : readEntry(db, await asOf(), found.id);
    },
    async take(id, userId) {
      await take(hands, id, { userId, any: false }, clock());
      changed(id);
      return entry(id);
    },
    async settle(id, userId, how) {
      await settle(hands, id, { userId, any: false }, how, clock());
      changed(id);
      return entry(id);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    look,
    flush: () => following.flush(),
    counters: () => ({ made: { ...counts }, swept: { ...swept }, failedLooks: failures }),
    async routes(app, metrics) {
      await callBackRoutes(app, {
        ...{ db, hands, opened, asOf, changed, clock, timeZone, region: options.region },
      });
      metrics.exposeCounters("callcard_call_backs_", () => opened.counters());
      metrics.exposeGauges("callcard_call_backs_", () => ({
        ...gauges,
        waiting: following.waiting(),
      }));
    },
    async close() {
      clearInterval(timer);
      stopHearing();
      listeners.clear();
      await following.close();
      await looking;
    },
  };
  return opened;
}

/** The queue a call was for: from the call while it lives, else from history; "" when it was in none. */
async function queueOf(
  db: Database,
  calls: Pick<CallBacksOptions["calls"], "call">,
  callId: string,
): Promise<string> {
  const live = calls.call(callId);
  if (live !== undefined) return live.visits.at(-1)?.queue ?? "";
  const row = await db
    .selectFrom("calls")
    .select("queue")
    .where("id", "=", callId)
    .executeTakeFirst();
  return row?.queue ?? "";
}
