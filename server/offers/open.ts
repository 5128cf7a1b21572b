/**
 * Everything that decides what to offer, wired on one page.
 *
 *     rules (book) --+
 *     hints ---------+--> engine --> the operator's card, POST /api/v1/offers
 *     standings -----+
 */
import type pg from "pg";
import type { CountryCode } from "libphonenumber-js/max";
import type { App } from "../http/app.ts";
import type { Bus } from "../storage/bus.ts";
import { type Storage, openStorage } from "../storage/database.ts";
import { type RunningEngine, openOfferEngine } from "./engine.ts";
import type { HintSource, OfferLoop } from "./model.ts";
import { offerRoutes } from "./offer-routes.ts";
import { type OffersReader, openReader } from "./reader.ts";
import { RuleBook } from "./rule-book.ts";
import { ruleRoutes } from "./rule-routes.ts";
import { StandingsKeeper } from "./standings/keeper.ts";
import { standingsRoutes } from "./standings/routes.ts";
import { openOfferVocabulary } from "./vocabulary.ts";

/** What the rest of the server gives. */
export type OffersOptions = {
  readonly storage: Pick<Storage, "db" | "pool">;
  readonly bus: Pick<Bus, "publish" | "on">;
  /** Questions for offers have connections of their own, whose statements are planned once. */
  readonly databaseUrl: string;
  /** What was learned from orders, read over those connections; null: nothing. */
  readonly hints: ((reader: OffersReader) => HintSource) | null;
  /** The shop's own IANA zone. */
  readonly timeZone: string;
  /** Pino fits. */
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  /** How long names of the vocabulary and what was learned are kept; default 30 s and a minute. */
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

/** One answers some hundred questions a second; more at a time would only take turns on PostgreSQL's processors. */
const CONNECTIONS = 8;
const KEPT_CONNECTIONS = 2;
/** No site waits for an answer that long. */
const STATEMENT_TIMEOUT_MS = 3000;

/**
 * Loads the rules; standings are judged behind it. What was open already is closed when a part cannot be.
 * @throws when PostgreSQL does not answer.
 */
export async function openOffers(options: OffersOptions): Promise<OpenedOffers> {
  const { storage, bus, hints, log } = options;
  const clock = options.clock ?? Date.now;
  const timeZone = () => options.timeZone;
  const fault = (error: unknown) => log.error({ err: error }, "offers");
  await using opening = new AsyncDisposableStack();

  const vocabulary = openOfferVocabulary(storage, {
    ...{ timeZone, bus },
    ...(options.freshMs === undefined ? {} : { freshMs: options.freshMs }),
  });
  opening.defer(() => vocabulary.close());
  const book = new RuleBook({
    ...{ storage, bus, clock, onError: fault },
    vocabulary: (oldestMs) => vocabulary.read(oldestMs),
  });
  opening.defer(() => book.close());
  await book.load();
  const asked = openStorage(options.databaseUrl, {
    maxConnections: CONNECTIONS,
    keptConnections: KEPT_CONNECTIONS,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    onConnect: readyForOffers,
  });
  opening.defer(() => asked.close());
  const { freshMs } = options;
  const reader = openReader(asked, freshMs === undefined ? {} : { learnedMs: freshMs });
  const engine = await openOfferEngine({
    ...{ storage: asked, reader, book, timeZone, onError: fault },
    hints: hints === null ? null : hints(reader),
  });
  opening.defer(() => engine.close());
  const standings = new StandingsKeeper({ storage, bus, log, clock });
  opening.defer(() => standings.close());
  standings.work().catch(fault);
  // For questions that name none; asked of the newest orders.
  let currency = "";
  const readCurrency = () =>
    void vocabulary.read().then((read) => (currency = read.currency), fault);
  readCurrency();
  const timer = setInterval(readCurrency, 60_000).unref();
  opening.defer(() => clearInterval(timer));
  const parts = opening.move();

  return {
    ...{ engine, book, standings },
    routes(app, { loop, region }) {
      offerRoutes(app, { engine, loop, region, clock, currency: () => currency });
      ruleRoutes(app, { book, storage });
      standingsRoutes(app, standings);
    },
    close: () => parts.disposeAsync(),
  };
}

/** PostgreSQL would plan these statements anew for every question, which takes longer than to answer it. */
export async function readyForOffers(client: pg.ClientBase): Promise<void> {
  await client.query(
    "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set jit = off",
  );
}
