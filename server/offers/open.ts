/**
 * Everything that decides what to offer, wired on one page.
 *
 *     rules (book) --+
 *     hints ---------+--> engine --> the operator's card, POST /api/v1/offers
 *     standings -----+
 */
import type { CountryCode } from "libphonenumber-js/max";
import type { App } from "../http/app.ts";
import type { Bus } from "../storage/bus.ts";
import type { Storage } from "../storage/database.ts";
import { type RunningEngine, openOfferEngine } from "./engine.ts";
import type { HintSource, OfferLoop } from "./model.ts";
import { offerRoutes } from "./offer-routes.ts";
import { RuleBook } from "./rule-book.ts";
import { ruleRoutes } from "./rule-routes.ts";
import { StandingsKeeper } from "./standings/keeper.ts";
import { standingsRoutes } from "./standings/routes.ts";
import { openOfferVocabulary } from "./vocabulary.ts";

/** What the rest of the server gives. */
export type OffersOptions = {
  readonly storage: Pick<Storage, "db" | "pool">;
  readonly bus: Pick<Bus, "publish" | "on">;
  /** What was learned from orders; null: nothing. */
  readonly hints: HintSource | null;
  /** The shop's own IANA zone. */
  readonly timeZone: string;
  /** Pino fits. */
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  /** How long names of the vocabulary are kept; default 30 s. */
  readonly freshMs?: number;
  /** Epoch ms; default the clock. */
  readonly clock?: () => number;
};

/** Offers, running. */
export type OpenedOffers = {
  readonly engine: RunningEngine;
  readonly book: RuleBook;
  readonly standings: StandingsKeeper;
  /** Registers `/api/v1/offers/...` but what the loop and the learning have, and `/api/v1/standings`. */
  routes(app: App, parts: { readonly loop: OfferLoop | null; readonly region: CountryCode }): void;
  close(): Promise<void>;
};

/** Loads the rules; standings are judged behind it. @throws when PostgreSQL does not answer. */
export async function openOffers(options: OffersOptions): Promise<OpenedOffers> {
  const { storage, bus, hints, log } = options;
  const clock = options.clock ?? Date.now;
  const timeZone = () => options.timeZone;
  const fault = (error: unknown) => log.error({ err: error }, "offers");
  const vocabulary = openOfferVocabulary(storage, {
    ...{ timeZone, bus },
    ...(options.freshMs === undefined ? {} : { freshMs: options.freshMs }),
  });
  const book = new RuleBook({
    ...{ storage, bus, clock, onError: fault },
    vocabulary: () => vocabulary.read(),
  });
  await book.load();
  const engine = await openOfferEngine({ storage, book, hints, timeZone, onError: fault });
  const standings = new StandingsKeeper({ storage, bus, log, clock });
  standings.work().catch(fault);
  // For questions that name none; asked of the newest orders.
  let currency = "";
  const readCurrency = () =>
    void vocabulary.read().then((read) => (currency = read.currency), fault);
  readCurrency();
  const timer = setInterval(readCurrency, 60_000).unref();

  return {
    ...{ engine, book, standings },
    routes(app, { loop, region }) {
      offerRoutes(app, { engine, loop, region, clock, currency: () => currency });
      ruleRoutes(app, { book, storage });
      standingsRoutes(app, standings);
    },
    async close() {
      clearInterval(timer);
      engine.close();
      book.close();
      vocabulary.close();
      await standings.close();
    },
  };
}
