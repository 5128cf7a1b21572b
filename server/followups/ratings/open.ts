/** Satisfaction, put together: what callers press after the call, what comes by message, and the report. */
import type { Call, CallFact } from "../../calls/model.ts";
import type { App } from "../../http/app.ts";
import type { Metrics } from "../../http/metrics.ts";
import type { Database } from "../../storage/database.ts";
import { HeldOutbox } from "../../storage/held-outbox.ts";
import type { Leases } from "../../storage/leases.ts";
import type { OutboxLog } from "../../storage/outbox.ts";
import type { Redis } from "../../storage/redis.ts";
import { type EndedCall, askByMessage } from "./asking/ask.ts";
import { ratingRoutes } from "./routes.ts";
import { type Rating, saveRating } from "./store.ts";

/** What ratings need of the rest. */
export type RatingsOptions = {
  readonly db: Database;
  readonly calls: { onFact(listener: (fact: CallFact) => void): () => void };
  readonly customerOf: (callId: string) => string | null;
  /** The party's number as E.164; null when it is none. Must not throw. */
  readonly e164Of: (number: string) => string | null;
  /** The shop's own IANA zone: days of the report. */
  readonly timeZone: string;
  /** Where links of messages lead; "" (the default): nobody is asked by message. */
  readonly publicUrl?: string;
  readonly log: OutboxLog;
  /** Null (the default): this process alone answers the page of links. */
  readonly redis?: Redis | null;
  /** Null (the default): no other process hears of these calls. */
  readonly leases?: Pick<Leases, "of"> | null;
  /** Epoch ms. */
  readonly clock?: () => number;
};

/** Ratings, until they are closed. */
export type OpenedRatings = {
  /** Registers `/api/v1/ratings`, and the numbers. */
  routes(app: App, metrics: Metrics): Promise<void>;
  /** Resolves when what was pressed so far is written. */
  flush(): Promise<void>;
  close(): Promise<void>;
};

/** Begins to listen; while PostgreSQL is away, answers wait. Of several processes the holder of a PBX's lease writes and asks. */
export function openRatings(options: RatingsOptions): OpenedRatings {
  const { db, calls, customerOf, e164Of, timeZone, log, clock = Date.now } = options;
  const { publicUrl = "", redis = null, leases = null } = options;
  const counts = { phone: 0, sent: 0 };
  let asked = 0;
  const outbox = new HeldOutbox<Rating>({
    ...{ name: "ratings", log, leases, limit: 10_000 },
    async write(ratings) {
      for (const rating of ratings) if ((await saveRating(db, rating)) === true) counts.phone += 1;
    },
  });
  const asking = new HeldOutbox<EndedCall>({
    ...{ name: "ratings that are asked for", log, leases, limit: 10_000 },
    async write(ended) {
      // What was pressed on the call is written first: whoever rated it is not asked.
      await outbox.flush();
      for (const one of ended) if (await askByMessage(db, publicUrl, one, clock())) asked += 1;
    },
  });
  const stopListening = calls.onFact((fact) => {
    if (fact.type === "callEnded" && publicUrl !== "" && fact.call.talks.length > 0) {
      const { call } = fact;
      const phone = e164Of(call.party.number);
      asking.put(call.pbx, call.id, { call, phone, customerId: customerOf(call.id) });
      return;
    }
    if (fact.type !== "rated") return;
    const { call, score, atMs } = fact;
    const askedBy = "phone";
    const live = liveOf(call, e164Of(call.party.number), customerOf(call.id));
    outbox.put(call.pbx, call.id, { callId: call.id, score, comment: "", askedBy, atMs, live });
  });
  return {
    async routes(app, metrics) {
      const stored = () => (counts.sent += 1);
      await ratingRoutes(app, { db, redis, timeZone, clock, publicUrl, stored });
      metrics.exposeCounters("callcard_ratings_", () => ({ stored: { ...counts }, asked }));
    },
    flush: async () => {
      await outbox.flush();
      await asking.flush();
    },
    async close() {
      stopListening();
      const unasked = await asking.close(3000);
      if (unasked > 0) log.error({ calls: unasked }, "people were not asked before the stop");
      const waiting = await outbox.close(3000);
      if (waiting > 0) log.error({ ratings: waiting }, "ratings were not written before the stop");
    },
  };
}

/** Who is rated: whoever talked last, in the queue that call was answered from. */
function liveOf(call: Call, phone: string | null, customerId: string | null): Rating["live"] {
  const talk = call.talks.at(-1);
  return {
    ...{ pbx: call.pbx, extension: talk?.extension ?? "", customerId, phone: phone ?? "" },
    queue: talk?.queue || (call.visits.at(-1)?.queue ?? ""),
  };
}
