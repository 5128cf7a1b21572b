/**
 * Everything that calls people, wired on one page.
 *
 *     orders, carts, lists --> Planner --> attempts (PostgreSQL) --> Dialler --> Asterisk
 *                                             ^                        |
 *     wrap-ups, calls in ---------------------+                        +--> card, preview, console
 *                                             +--> results --> the order's source
 */
import type { CountryCode } from "libphonenumber-js/max";
import type { Logger } from "pino";
import type { PbxLink } from "../asterisk/link.ts";
import type { Pbxs } from "../asterisk/pbxs.ts";
import type { LiveCalls } from "../calls/live.ts";
import { CampaignWatch } from "../console/campaigns.ts";
import { readPhone } from "../customers/phone.ts";
import type { DeskCampaigns } from "../desk/ports.ts";
import type { App } from "../http/app.ts";
import type { Metrics } from "../http/metrics.ts";
import type { Asks } from "../storage/asks.ts";
import type { Bus } from "../storage/bus.ts";
import type { Leases } from "../storage/leases.ts";
import type { Storage } from "../storage/database.ts";
import { type OpenedAttempts, openAttempts } from "./attempts/open.ts";
import { Campaigns } from "./campaigns.ts";
import type { CampaignVocabulary } from "./check.ts";
import { createDiallers } from "./dialler/open.ts";
import type { Seat } from "./dialler/operators.ts";
import { Figures } from "./figures.ts";
import { loadNumberRanges, regionOfNumber } from "./number-ranges.ts";
import { campaignRoutes } from "./routes.ts";

/** What the rest of the server gives. */
export type CampaignsOptions = {
  readonly storage: Storage;
  /** Connections of their own for what must be written. */
  readonly record: Storage;
  /** Leads to PostgreSQL itself: for a lease. */
  readonly databaseUrl: string;
  readonly bus: Bus;
  readonly asks: Asks;
  readonly leases: Leases;
  readonly calls: LiveCalls;
  readonly pbxs: Pbxs<PbxLink>;
  /** Who sits where. */
  readonly seats: () => Iterable<Seat>;
  /** Country of numbers that come without one. */
  readonly region: CountryCode;
  /** The shop's own IANA zone. */
  readonly timeZone: string;
  /** Files of number ranges; see number-ranges.ts. */
  readonly numberRanges: readonly string[];
  readonly dialContext: string;
  readonly log: Logger;
};

/** Campaigns, running. */
export type CampaignsPart = {
  /** What operators' screens see of them. */
  readonly desk: DeskCampaigns;
  /** What supervisors' screens see of them. */
  readonly watch: CampaignWatch;
  /** A call back promised in any queue, inside the caller's transaction. @returns how many campaigns will keep it. */
  readonly planCallBack: OpenedAttempts["planCallBack"];
  /** Registers everything that is asked over HTTP. */
  routes(app: App, metrics: Metrics): Promise<void>;
  /** Begins to plan and to dial; before the PBXs are connected. */
  open(): Promise<void>;
  /** Dials nothing more, then writes what is left; calls that run go on. */
  close(): Promise<void>;
};

/** Loads the campaigns and makes the parts. @throws when PostgreSQL does not answer or a file of ranges cannot be read. */
export async function openCampaigns(options: CampaignsOptions): Promise<CampaignsPart> {
  const { bus, calls, leases, pbxs, record, region, storage, timeZone } = options;
  const log = options.log.child({ part: "campaigns" });
  const onError = (error: unknown) => log.error({ err: error }, "campaigns");
  const { ranges, refused } = await loadNumberRanges(options.numberRanges);
  if (refused.length > 0)
    log.warn({ lines: refused.length, first: refused[0] }, "lines of number ranges not understood");

  const vocabulary = async (): Promise<CampaignVocabulary> => ({
    pbxs: pbxs.all().map(({ name }) => ({
      name,
      queues: calls.queues(name).map((queue) => queue.name),
      trunks: campaigns.trunks(name).map((trunk) => ({ name: trunk.name, enabled: trunk.enabled })),
    })),
    sources: await sourcesOf(storage),
    ...{ country: region, timeZone, nowMs: Date.now() },
  });
  const campaigns = new Campaigns({ db: storage.db, bus, vocabulary, onError });
  await campaigns.load();
  const attempts = openAttempts({
    ...{ db: record.db, databaseUrl: options.databaseUrl, bus, calls, leases, timeZone, log },
    regionOfNumber: (e164) => regionOfNumber(ranges, e164),
    e164Of: (number) => readPhone(number, region)?.e164 ?? null,
  });
  const diallers = createDiallers({
    ...{ pbxs, calls, campaigns, leases, bus, asks: options.asks, region, log },
    ...{ db: record.db, attempts: attempts.store },
    ...{ seats: options.seats, dialContext: options.dialContext },
  });
  const figures = new Figures({ db: storage.db, timeZone });
  const watch = new CampaignWatch({
    ...{ book: campaigns, log },
    look: () => diallers.look(),
    figures: () => Promise.all(campaigns.all().map(({ id, settings }) => figures.of(id, settings))),
  });

  return {
    ...{ desk: diallers.desk, watch },
    planCallBack: (trx, promise) => attempts.planCallBack(trx, promise),
    async routes(app, metrics) {
      await campaignRoutes(app, { campaigns, attempts, figures, region, db: storage.db });
      diallers.expose(metrics);
    },
    open: () => diallers.open(),
    async close() {
      watch.close();
      await diallers.close();
      await attempts.close();
      campaigns.close();
    },
  };
}

/** Sources of orders so far, by a walk over the index: there are few, whatever the number of orders. */
async function sourcesOf(storage: Storage): Promise<readonly string[]> {
  const { rows } = await storage.pool.query<{ source: string }>(`
    with recursive each as (
      (select source from orders order by source limit 1)
      union all
      select (select o.source from orders o where o.source > each.source order by o.source limit 1)
      from each where each.source is not null
    )
    select source from each where source is not null limit 100`);
  return rows.map(({ source }) => source);
}
