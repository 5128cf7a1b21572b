/**
 * Everything that a card is worked on with, wired on one page: orders and what their sources do with them, what to offer, delivery, claims
 * and call backs.
 *
 *     orders --> learning --hints--> offers --> loop (what people answered)
 *     card --> orders' actions --> the shop's door;  claims --> webhooks;  promises --> call backs --> campaigns
 */
import type { CountryCode } from "libphonenumber-js/max";
import type { Logger } from "pino";
import type { Call, CallFact } from "./calls/model.ts";
import type { CampaignsPart } from "./campaigns/open.ts";
import { openBackground } from "./customers/background.ts";
import { readPhone } from "./customers/phone.ts";
import { openTimeline } from "./customers/timeline.ts";
import { openDelivery } from "./delivery/delivery.ts";
import { deliveryRoutes } from "./delivery/routes.ts";
import type { DeskWork } from "./desk/ports.ts";
import { openClaims } from "./followups/claims/open.ts";
import { claimRoutes } from "./followups/claims/routes.ts";
import { openCallBacks } from "./followups/call-backs/open.ts";
import { type Letters, openLetters } from "./followups/mail/imap/letters.ts";
import { mailRoutes } from "./followups/mail/routes.ts";
import { openRatings } from "./followups/ratings/open.ts";
import type { App } from "./http/app.ts";
import type { Metrics } from "./http/metrics.ts";
import type { ImapConfig } from "./imap-config.ts";
import { openHints } from "./offers/learn/hints.ts";
import { openLearning } from "./offers/learn/open.ts";
import { openOfferLoop } from "./offers/loop/loop.ts";
import { loopRoutes } from "./offers/loop/routes.ts";
import { openOffers } from "./offers/open.ts";
import { actionRoutes } from "./orders/actions/routes.ts";
import { openOrderWork } from "./orders/actions/work.ts";
import type { Bus } from "./storage/bus.ts";
import type { Leases } from "./storage/leases.ts";
import type { Processes } from "./storage/processes.ts";
import type { Storage } from "./storage/database.ts";
import type { Together } from "./storage/together.ts";
import { openWebhooks } from "./webhooks/open.ts";
import { webhookRoutes } from "./webhooks/routes.ts";

/** What the rest of the server gives. */
export type WorkOptions = {
  readonly storage: Storage;
  /** For what a card asks in one moment. */
  readonly reads: Together;
  /** For what must be written however many look-ups wait. */
  readonly record: Storage;
  /** For queues of jobs alone. */
  readonly jobs: Storage;
  readonly databaseUrl: string;
  readonly bus: Bus;
  readonly processes: Pick<Processes, "redis" | "reads">;
  readonly leases: Leases;
  readonly calls: {
    onFact(listener: (fact: CallFact) => void): () => void;
    call(id: string): Call | undefined;
    followedSince(pbx: string): number | null;
  };
  readonly campaigns: Pick<CampaignsPart, "planCallBack">;
  readonly customerOf: (callId: string) => string | null;
  readonly region: CountryCode;
  /** The shop's own IANA zone. */
  readonly timeZone: string;
  /** The mailbox whose letters become claims; null for none. */
  readonly imap: ImapConfig | null;
  /** Where people reach the server; "" when nobody told it. */
  readonly publicUrl: string;
  readonly log: Logger;
};

/** The parts, running. */
export type Work = {
  readonly desk: DeskWork;
  /** null without a mailbox. */
  readonly letters: Letters | null;
  /** Registers everything that is asked over HTTP. */
  routes(app: App, metrics: Metrics): Promise<void>;
  /** Begins what is done by itself. */
  open(): void;
  close(): Promise<void>;
};

/** Opens the parts; what was open already is closed when one cannot be. @throws when PostgreSQL does not answer. */
export async function openWork(options: WorkOptions): Promise<Work> {
  const { storage, record, reads, jobs, databaseUrl, bus, calls, campaigns, region, timeZone } =
    options;
  const { db } = storage;
  const log = (part: string) => options.log.child({ part });
  await using opening = new AsyncDisposableStack();

  const learning = openLearning({ storage, databaseUrl, log: options.log });
  opening.defer(() => learning.close());
  const offers = await openOffers({
    ...{ storage, databaseUrl, bus, hints: openHints, timeZone, log: log("offers") },
  });
  opening.defer(() => offers.close());
  const loop = openOfferLoop({ storage, log: log("offers") });
  opening.defer(() => loop.close());
  const delivery = await openDelivery({
    ...{ db, bus, reads: options.processes.reads, log: log("delivery") },
  });
  opening.defer(() => delivery.close());
  const orders = await openOrderWork({
    ...{ storage, reads, queueStorage: jobs, bus, defaultRegion: region, log: log("orders") },
  });
  opening.defer(() => orders.close());
  const webhooks = await openWebhooks({ storage: jobs, log: log("webhooks") });
  opening.defer(() => webhooks.close());
  const claims = openClaims({ storage: record, reads, bus, timeZone, log: log("claims") });
  opening.defer(() => claims.close());
  const letters =
    options.imap === null
      ? null
      : openLetters({
          ...{ db: record.db, claims, region, mailbox: options.imap, databaseUrl },
          log: log("letters"),
        });
  opening.defer(async () => letters?.close());
  const e164Of = (number: string) => readPhone(number, region)?.e164 ?? null;
  const { customerOf } = options;
  const callBacks = openCallBacks({
    ...{ db: record.db, reads: reads.db, bus, calls, customerOf, e164Of, timeZone, region },
    leases: options.leases,
    planCallBack: campaigns.planCallBack,
    log: log("call backs"),
  });
  opening.defer(() => callBacks.close());
  const ratings = openRatings({
    ...{ db: record.db, calls, customerOf, e164Of, timeZone, publicUrl: options.publicUrl },
    leases: options.leases,
    redis: options.processes.redis,
    log: log("ratings"),
  });
  opening.defer(() => ratings.close());

  const parts = opening.move();
  return {
    desk: {
      ...{ orders, loop, delivery, claims, callBacks, offers: offers.engine },
      timeline: openTimeline(storage),
      background: openBackground(reads),
    },
    async routes(app, metrics) {
      offers.routes(app, { loop, region });
      await learning.routes(app, metrics);
      await loopRoutes(app, { db, timeZone });
      await deliveryRoutes(app, delivery);
      actionRoutes(app, { storage, work: orders });
      await webhookRoutes(app, { db });
      await claimRoutes(app, { claims });
      await mailRoutes(app, { db, claims, region });
      letters?.expose(metrics);
      await callBacks.routes(app, metrics);
      await ratings.routes(app, metrics);
      metrics.exposeGauges("callcard_offers_", () => ({ unwritten: loop.counters().waiting }));
      metrics.exposeCounters("callcard_offers_", () => ({ lost: loop.counters().lost }));
    },
    letters,
    open: () => learning.open(),
    close: () => parts.disposeAsync(),
  };
}
