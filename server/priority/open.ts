/**
 * Everything that puts callers in order, wired on one page.
 *
 *     caller waits --> Verdicts (policy, standing) --> Steward --> Asterisk
 *                          |                             |
 *                          +--> card, console, record <--+
 *     dialplan asks --> /pbx/v1/caller (the same policy, before the queue)
 */
import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type * as prom from "prom-client";
import type { Server as SocketServer } from "socket.io";
import type { PbxLink } from "../asterisk/link.ts";
import type { Pbxs } from "../asterisk/pbxs.ts";
import type { LiveCalls } from "../calls/live.ts";
import type { PbxConfig } from "../config.ts";
import type { CampaignWatch } from "../console/campaigns.ts";
import { Console } from "../console/console.ts";
import { consoleRoutes } from "../console/routes.ts";
import { openConsoleSockets } from "../console/socket.ts";
import { openCallers } from "../customers/callers.ts";
import type { PgCustomerDirectory } from "../customers/directory.ts";
import { openStandings } from "../customers/standing.ts";
import type { CallPriority } from "../desk/protocol.ts";
import type { App } from "../http/app.ts";
import type { Metrics } from "../http/metrics.ts";
import type { Authenticator } from "../people/model.ts";
import type { Asks } from "../storage/asks.ts";
import type { Bus } from "../storage/bus.ts";
import type { Leases } from "../storage/leases.ts";
import type { Storage } from "../storage/database.ts";
import { callerRoute } from "./caller-route.ts";
import { checkPolicy } from "./check.ts";
import { decide } from "./decide.ts";
import { pgByHand } from "./by-hand.ts";
import type { Move } from "./model.ts";
import { Policies } from "./policies.ts";
import { PreferredOperators } from "./preferred.ts";
import type { Sitting } from "./preferred-plan.ts";
import { PriorityRecord } from "./record.ts";
import { priorityRoutes } from "./routes.ts";
import { simulationRoutes } from "./simulation/routes.ts";
import { Simulations } from "./simulation/simulations.ts";
import { Steward } from "./steward.ts";
import { Verdicts } from "./verdicts.ts";
import { openVocabulary } from "./vocabulary.ts";

/** What the rest of the server gives. */
export type PriorityOptions = {
  readonly storage: Storage;
  /** Connections of their own for what must be written. */
  readonly record: Storage;
  readonly databaseUrl: string;
  readonly bus: Bus;
  readonly asks: Asks;
  readonly leases: Pick<Leases, "of">;
  readonly calls: LiveCalls;
  readonly pbxs: Pbxs<PbxLink>;
  /** Settings of the PBXs there are now; the same list until they change. */
  readonly pbxConfigs: () => readonly PbxConfig[];
  readonly directory: PgCustomerDirectory;
  /** Whom an operator said a call is with; null when nobody said. */
  readonly customerOf: (callId: string) => string | null;
  /** Who sits where. */
  readonly sitting: () => Iterable<Sitting>;
  /** What {@link Priority.ofCall} says of this call changed. */
  readonly changed: (callId: string) => void;
  readonly log: Logger;
};

/** Queue priority, running. */
export type Priority = {
  /** What an operator's card says of it; null when no rule applied. */
  ofCall(callId: string, queue: string): CallPriority | null;
  /** An operator said who this is, at a screen of any process: this process's desk hears of all of them. */
  customerChosen(callId: string, customerId: string): void;
  /** Somebody sat down or stood up. */
  seatsChanged(): void;
  /** Registers everything that is asked over HTTP. */
  routes(app: App, metrics: Metrics): Promise<void>;
  /** Opens the supervisors' namespace, which also shows campaigns. @returns how to close it. */
  sockets(
    io: SocketServer,
    authenticator: Authenticator,
    registry: prom.Registry,
    campaigns: CampaignWatch,
  ): () => void;
  /** Begins what acts on the PBXs. */
  open(): void;
  /** Stops acting, then writes what is left. Nobody's place changes. */
  close(): Promise<void>;
};

const REMEMBERED_CALLS = 5000;

/** Loads the published policy and makes the parts. @throws when PostgreSQL does not answer. */
export async function openPriority(options: PriorityOptions): Promise<Priority> {
  const { asks, bus, calls, directory, leases, pbxs, record, storage, changed } = options;
  const log = options.log.child({ part: "priority" });
  const fault = (error: unknown) => log.error({ err: error }, "priority");
  const vocabulary = openVocabulary(storage, {
    queues: () => pbxs.all().flatMap(({ name }) => calls.queues(name).map((queue) => queue.name)),
    cannotMove: () =>
      pbxs.all().flatMap((link) => {
        const { state, capabilities } = link.status();
        const cannot = state === "up" && !capabilities.immediatePriority;
        return cannot ? [{ name: link.name, version: capabilities.version }] : [];
      }),
    timeZone: () => policies.published().policy.timeZone,
    bus,
  });
  const policies = new Policies({
    ...{ db: storage.db, bus, onError: fault },
    vocabulary: () => vocabulary.read(),
  });
  await policies.load();
  const tokenless = pbxs.each(({ name }) => {
    const { token = "" } = options.pbxConfigs().find((one) => one.name === name) ?? {};
    if (token === "")
      log.info({ pbx: name }, "the dialplan of this PBX may not ask who calls: no PBX_TOKEN");
  });
  const currency = () => vocabulary.currency();
  const standings = openStandings(storage, { currency });
  const callers = openCallers({ databaseUrl: options.databaseUrl, directory, currency });
  // Sums are compared in the shop's currency, so it has to be known before the first caller; without an answer it follows later.
  vocabulary.read().catch(fault);

  const written = new PriorityRecord({ db: record.db, log });
  const places = new LRUCache<string, { from: number; to: number }>({ max: REMEMBERED_CALLS });
  const leaseOf = (pbx: string) => leases.of(pbx);
  const verdicts = new Verdicts({
    ...{ calls, directory, decide, policies, bus, log },
    standingOf: (customerId) => standings.of(customerId),
    lostAtOf: (e164) => standings.lostAtOf(e164),
    customerOf: options.customerOf,
  });
  verdicts.onVerdict((callId) => changed(callId));
  const releases = [
    // Told of the moves of whichever process moves.
    bus.on("callersMoved", ({ queue, moves }) => {
      for (const move of moves) remember(queue, move);
    }),
  ];
  const steward = new Steward({
    ...{ calls, pbxs, policies, record: written, log, leaseOf, bus },
    byHand: pgByHand(record.db, bus),
    verdictOf: (callId, queue) => verdicts.of(callId, queue),
    onVerdict: (listener) => verdicts.onVerdict(listener),
  });
  const preferred = new PreferredOperators({
    ...{ pbxs, calls, leaseOf, sitting: options.sitting, log },
  });
  releases.push(
    asks.answer(
      "moveByHand",
      ({ pbx }) => leaseOf(pbx).held(),
      async (move) => {
        await steward.moveByHand(move);
        return null;
      },
    ),
  );
  const simulations = new Simulations({
    databaseUrl: options.databaseUrl,
    currency,
    onFailure: fault,
  });
  const check = async (policy: unknown, moreTiers: readonly string[] = []) => {
    const known = await vocabulary.read();
    return checkPolicy(policy, { ...known, tiers: [...known.tiers, ...moreTiers] });
  };
  const console = new Console({
    ...{ calls, verdicts, policies, pbxs, db: storage.db },
    steward: {
      notMoved: (pbx, queue) => steward.notMoved(pbx, queue),
      wanted: (pbx, queue) => steward.wanted(pbx, queue),
      history: (pbx, queue) => steward.history(pbx, queue),
      why: (...of) => steward.why(...of),
      onChange: (listener) => steward.onChange(listener),
      // The one who acts on the PBX does it, whichever process it is.
      moveByHand: async (move) => {
        await asks.ask("moveByHand", move);
      },
    },
    checkPolicy: check,
    apart: () => !bus.health().ok,
  });

  /** The whole way from the first place to the last one, for the card. */
  function remember(
    queue: string,
    { callId, fromPosition, toPosition }: Pick<Move, "callId" | "fromPosition" | "toPosition">,
  ): void {
    if (toPosition === null) return;
    const key = keyOf(callId, queue);
    const from = places.get(key)?.from ?? fromPosition;
    places.set(key, { from, to: toPosition });
    changed(callId);
  }

  return {
    ofCall(callId, queue) {
      const verdict = verdicts.of(callId, queue);
      if (verdict === null || verdict.rule === null) return null;
      const place = places.get(keyOf(callId, queue));
      return {
        ruleName: verdict.rule.name,
        message: verdict.message,
        moved: place !== undefined && place.to < place.from ? place : null,
        skipQuestions: verdict.skipQuestions,
      };
    },
    customerChosen: (callId, customerId) => verdicts.customerChosen(callId, customerId),
    seatsChanged: () => preferred.seatsChanged(),
    async routes(app, metrics) {
      await priorityRoutes(app, { policies, vocabulary });
      await simulationRoutes(app, { simulations, check });
      await consoleRoutes(app, { console });
      const told = callerRoute(app, {
        ...{ pbxs: options.pbxConfigs, decide },
        callerOf: (number) => callers.of(number),
        policy: () => policies.published().policy,
        canMove: (pbx) => pbxs.get(pbx)?.status().capabilities.immediatePriority ?? true,
        waitingIn: (pbx, queue) => calls.queue(pbx, queue)?.callers ?? [],
        preferredSeatOf: (pbx, login) => preferred.seatOf(pbx, login),
      });
      metrics.exposeCounters("callcard_pbx_questions_", () => {
        const { running: _running, waiting: _waiting, ...counters } = told.counters();
        return counters;
      });
      metrics.exposeGauges("callcard_pbx_questions_", () => {
        const { running, waiting } = told.counters();
        return { running, waiting };
      });
      metrics.exposeCounters("callcard_priority_", () => ({ ...steward.counters() }));
      metrics.exposeCounters("callcard_verdicts_", () => ({ ...verdicts.counters() }));
      metrics.exposeCounters("callcard_console_pictures_", () => {
        const { composed, sent } = console.counters();
        return { composed, sent };
      });
      metrics.exposeGauges("callcard_priority_record_", () => ({
        waiting: written.counters().waiting,
      }));
    },
    sockets(io, authenticator, registry, campaigns) {
      const sockets = openConsoleSockets({
        ...{ io, console, campaigns, authenticator, bus, registry, log },
        db: storage.db,
      });
      return () => sockets.close();
    },
    open: () => preferred.open(),
    async close() {
      await tokenless();
      for (const release of releases) release();
      preferred.close();
      await steward.close();
      console.close();
      verdicts.close();
      vocabulary.close();
      policies.close();
      await simulations.close();
      await callers.close();
      await written.close();
    },
  };
}

function keyOf(callId: string, queue: string): string {
  return `${callId} ${queue}`;
}
