/**
 * The whole product wired on one page: read the configuration, open the parts, serve; stop in reverse.
 *
 *     PBX --> LiveCalls --facts--> Desk --> screens
 *      ^                   |-----> Priority (policy, steward, console)
 *      +-- moves ------------------+
 *      +-- dials -- Campaigns <-- orders, lists
 *                          |-----> Work: orders' actions, offers, delivery, claims, call backs
 *                          |-----> History --> PostgreSQL
 *                          |-----> Feed --> wallboards, CRMs
 */
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { DestinationStream } from "pino";
import { PbxLink } from "./asterisk/link.ts";
import { CallHistory } from "./calls/history.ts";
import { LiveCalls } from "./calls/live.ts";
import { callRoutes } from "./calls/routes.ts";
import { type Config, ConfigError, type PbxConfig, loadConfig } from "./config.ts";
import { openDirectory } from "./customers/directory.ts";
import { readPhone } from "./customers/phone.ts";
import { customerRoutes } from "./customers/routes.ts";
import { type RunningDemo, closeDemoLogins, openDemo } from "./demo/demo.ts";
import { DEFAULT_PAUSE_REASONS, Desk } from "./desk/desk.ts";
import { openDeskSockets } from "./desk/socket.ts";
import { type App, createApp } from "./http/app.ts";
import { originCheck } from "./http/auth.ts";
import { feedRoutes } from "./http/feed-routes.ts";
import { createFeed } from "./http/feed.ts";
import { createReadiness, healthRoutes } from "./http/health.ts";
import { createLog } from "./http/log.ts";
import { createMetrics, observeRequests } from "./http/metrics.ts";
import { openSocketServer } from "./http/socket-server.ts";
import { createUpgrades } from "./http/upgrades.ts";
import { openOrderBook } from "./orders/book.ts";
import { openResults } from "./orders/results.ts";
import { orderRoutes } from "./orders/routes.ts";
import { openCampaigns } from "./campaigns/open.ts";
import { openPriority } from "./priority/open.ts";
import { ensureFirstAdmin } from "./people/first-admin.ts";
import { peopleRoutes } from "./people/routes.ts";
import { sessionRoutes } from "./people/session-routes.ts";
import { createSessions } from "./people/sessions.ts";
import { localBus, redisBus } from "./storage/bus.ts";
import { type Storage, openStorage } from "./storage/database.ts";
import { startEmbeddedPostgres } from "./storage/embedded.ts";
import { migrate } from "./storage/migrate.ts";
import { openTogether } from "./storage/together.ts";
import { openWork } from "./work.ts";

/** A running server. */
export type Callcard = {
  /** Where it serves, `http://127.0.0.1:3000`. */
  readonly url: string;
  /** Logins that were made now and must be shown to the person once. */
  readonly newAdmin: { readonly login: string; readonly password: string } | null;
  /** The simulated PBX and its logins, when no PBX is configured. */
  readonly demo: RunningDemo | null;
  /** Stops in reverse of the start; may be called twice. */
  stop(): Promise<void>;
};

/**
 * Opens everything. When a part cannot be opened, what was already open is closed and the error thrown; a PBX that
 * cannot be reached is no such error: the server waits for it.
 */
export async function start(
  config: Config,
  options: { readonly logTo?: DestinationStream } = {},
): Promise<Callcard> {
  await using opening = new AsyncDisposableStack();
  const log = createLog({
    level: config.logLevel,
    destination: options.logTo ?? process.stderr,
  });
  const fault = (where: string) => (error: unknown) => log.error({ err: error }, where);

  const databaseUrl = config.databaseUrl === "" ? await openEmbedded() : config.databaseUrl;
  const storage = openStorage(databaseUrl);
  opening.defer(() => storage.close());
  await answers(storage);
  await migrate(storage.db);
  const { db } = storage;
  // Connections of its own: however many look-ups wait in a flood of calls, the record is written.
  const record = openStorage(databaseUrl, { maxConnections: 10 });
  opening.defer(() => record.close());
  // What a card asks travels together, over connections that nothing slow is asked over.
  const reads = openTogether(databaseUrl);
  opening.defer(() => reads.close());
  const bus =
    config.redisUrl === "" ? localBus(fault("bus")) : redisBus(config.redisUrl, fault("bus"));
  opening.defer(() => bus.close());
  const metrics = createMetrics();
  const readiness = createReadiness();
  const newAdmin = await ensureFirstAdmin(db, config.adminPassword);

  const { defaultRegion, extensionPattern } = config;
  const sessions = createSessions({ db, crmTokenSecret: config.crmTokenSecret, bus });
  const directory = openDirectory(storage, {
    ...{ defaultRegion, extensionPattern, bus },
    deadlineMs: config.identifyDeadlineMs,
  });
  const orders = openOrderBook(reads);

  const demo = config.pbxs.length > 0 ? null : await openDemo(storage);
  if (demo === null) await closeDemoLogins(db);
  else opening.defer(() => demo.stop());
  const timeZone = demo?.timeZone ?? config.timeZone;
  const pbxConfigs: readonly PbxConfig[] =
    demo === null
      ? config.pbxs
      : [{ ...demo.pbx, ...(config.pbxToken === "" ? {} : { token: config.pbxToken }) }];
  const links = pbxConfigs.map((pbx) => new PbxLink(pbx, { onListenerError: fault("listener") }));
  const calls = new LiveCalls({
    pbxs: links,
    extensionPattern,
    onFailure: (error, where) => fault(where)(error),
  });
  opening.defer(() => calls.close());

  const priority = await openPriority({
    ...{ storage, record, databaseUrl, bus, calls, links, directory, log },
    pbxs: pbxConfigs,
    customerOf: (callId) => desk.customerOf(callId),
    sitting: () => desk.sitting(),
    changed: (callId) => desk.priorityChanged(callId),
  });
  opening.defer(() => priority.close());
  // Before the first campaign can end a contact: what it adds to the queue must find it ready.
  const jobs = openStorage(databaseUrl, { maxConnections: 8 });
  opening.defer(() => jobs.close());
  const results = await openResults({ storage: jobs, log: log.child({ part: "results" }) });
  opening.defer(() => results.close());
  const campaigns = await openCampaigns({
    ...{ storage, record, databaseUrl, bus, calls, links, log },
    ...{
      region: defaultRegion,
      numberRanges: config.numberRanges,
      dialContext: config.dialContext,
    },
    ...{ timeZone, seats: () => desk.seats() },
  });
  opening.defer(() => campaigns.close());
  const work = await openWork({
    ...{ storage, record, reads, jobs, databaseUrl, bus, calls, campaigns, timeZone, log },
    region: defaultRegion,
    customerOf: (callId) => desk.customerOf(callId),
    ...{ imap: config.imap, publicUrl: config.publicUrl },
  });
  opening.defer(() => work.close());
  const desk = new Desk({
    calls,
    pbxs: new Map(links.map((link) => [link.name, link])),
    directory,
    orders,
    db,
    record: record.db,
    reads: reads.db,
    settings: {
      ...{ defaultRegion, extensionPattern },
      dial: { context: config.dialContext, format: config.dialFormat },
      identifyDeadlineMs: config.identifyDeadlineMs,
      wrapUpPauseSeconds: config.wrapUpPauseSeconds,
      pauseReasons: DEFAULT_PAUSE_REASONS,
      demo: demo !== null,
    },
    priority,
    campaigns: campaigns.desk,
    bus,
    work: work.desk,
    log: log.child({ part: "desk" }),
    registry: metrics.registry,
  });
  opening.defer(() => desk.close());
  await desk.load();
  demo?.attendedBy(() => desk.attended(demo.pbx.name));
  const history = new CallHistory({
    ...{ db: record.db, calls, log: log.child({ part: "history" }) },
    customerOf: (callId) => desk.customerOf(callId),
    e164Of: (number) => readPhone(number, defaultRegion)?.e164 ?? null,
  });
  opening.defer(() => history.close());

  const origins = { publicUrl: config.publicUrl, crmOrigins: config.crmOrigins };
  const app = await createApp({
    log,
    authenticator: sessions,
    ...origins,
    widgetDirectory: join(config.dataDir, "widget"),
    trustedProxies: config.trustedProxies,
  });
  opening.defer(() => app.close());
  observeRequests(app, metrics);
  await sessionRoutes(app, { db, sessions, secureCookie: config.publicUrl.startsWith("https:") });
  const upgrades = createUpgrades(app.server, { isAllowedOrigin: originCheck(origins), log });
  const feed = createFeed({ upgrades, authenticator: sessions, calls, pops: desk, log });
  opening.defer(() => feed.close());
  await peopleRoutes(app, { db, sessions, onTokenRevoked: () => void feed.recheck() });
  await customerRoutes(app, { storage, directory, defaultRegion, bus });
  await orderRoutes(app, { storage, defaultRegion, bus });
  await callRoutes(app, { db });
  await priority.routes(app, metrics);
  await campaigns.routes(app, metrics);
  await work.routes(app, metrics);
  await feedRoutes(app);
  await healthRoutes(app, { readiness, metrics, metricsAccess: "loopback" });
  const socketServer = openSocketServer({ server: app.server, origins });
  opening.defer(() => socketServer.close());
  const sockets = openDeskSockets({
    ...{ io: socketServer.io, desk, authenticator: sessions, bus },
    ...{ log: log.child({ part: "sockets" }), registry: metrics.registry },
  });
  opening.defer(() => sockets.close());
  opening.defer(priority.sockets(socketServer.io, sessions, metrics.registry, campaigns.watch));
  upgrades.adopt("/socket.io");

  readiness.add("database", async () => {
    await storage.pool.query("select 1");
    return { ok: true, detail: "answers" };
  });
  readiness.add("redis", () => bus.health());
  const { letters } = work;
  if (letters !== null) readiness.add("mail", () => letters.state());
  for (const link of links) {
    readiness.add(`pbx ${link.name}`, () => {
      const { state, reason, capabilities } = link.status();
      return {
        ok: state === "up",
        detail: state === "up" ? `Asterisk ${capabilities.version}` : reason || state,
      };
    });
    metrics.exposeCounters(
      "callcard_ami_",
      () => {
        const { roundTripMs: _, ...counters } = link.counters();
        return counters;
      },
      { pbx: link.name },
    );
    metrics.exposeGauges("callcard_ami_", () => ({ roundTripMs: link.counters().roundTripMs }), {
      pbx: link.name,
    });
    link.onStatus((status) => log.info({ ...status, capabilities: undefined }, "pbx"));
  }
  metrics.exposeCounters("callcard_calls_", () => {
    const { live: _live, remembered: _remembered, ...counters } = calls.counters();
    return counters;
  });
  metrics.exposeGauges("callcard_calls_", () => {
    const { live, remembered } = calls.counters();
    return { live, remembered };
  });
  metrics.exposeCounters("callcard_feed_", () => feed.counters());
  metrics.exposeGauges("callcard_feed_", () => feed.gauges());
  metrics.exposeCounters("callcard_history_", () => {
    const { waiting: _, ...counters } = history.counters();
    return counters;
  });
  metrics.exposeGauges("callcard_history_", () => ({ waiting: history.counters().waiting }));
  metrics.exposeCounters("callcard_upgrades_", () => upgrades.counters());

  await listen(app, config);
  calls.open();
  priority.open();
  await campaigns.open();
  work.open();
  for (const link of links) {
    opening.defer(() => link.stop());
    link.start();
  }

  const { port } = app.server.address() as AddressInfo;
  const parts = opening.move();
  let stopping: Promise<void> | undefined;
  return {
    url:
      config.publicUrl || `http://${config.host === "0.0.0.0" ? "localhost" : config.host}:${port}`,
    newAdmin,
    demo,
    stop: () => (stopping ??= parts.disposeAsync()),
  };

  async function openEmbedded(): Promise<string> {
    const server = await startEmbeddedPostgres(join(config.dataDir, "postgres"));
    opening.defer(() => server.stop());
    return server.url;
  }
}

/** @throws ConfigError when PostgreSQL cannot be used: the person who set it can mend that. */
async function answers(storage: Storage): Promise<void> {
  try {
    await storage.pool.query("select 1");
  } catch (error) {
    const why =
      error instanceof Error ? error.message || (error as NodeJS.ErrnoException).code : "";
    throw new ConfigError("DATABASE_URL", null, `a PostgreSQL that answers (${why})`);
  }
}

async function listen(app: App, { host, port }: Config): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE")
      throw new ConfigError("PORT", String(port), "a port that nobody else listens on");
    if (code === "EACCES")
      throw new ConfigError("PORT", String(port), "a port this user may listen on");
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
      throw new ConfigError("HOST", host, "an address of this machine");
    throw error;
  }
}

/** Runs until a signal; the block it prints is all a newcomer has to read. */
async function main(): Promise<void> {
  const config = loadConfig();
  // A person at a terminal wants the block below, not a line for every request.
  const quiet = process.stdout.isTTY && (process.env["LOG_LEVEL"] ?? "") === "";
  const callcard = await start(quiet ? { ...config, logLevel: "warn" } : config);
  console.log(welcome(callcard));
  // A process manager that started this with a channel is told when it may send people here.
  process.send?.({ url: callcard.url });
  let signals = 0;
  const stop = () => {
    signals += 1;
    // Somebody who asks twice does not want to wait any longer.
    if (signals > 1) process.exit(1);
    callcard.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
}

function welcome({ url, newAdmin, demo }: Callcard): string {
  const lines = ["", `  Callcard is at ${url}`, ""];
  if (demo !== null) {
    lines.push(
      "  The PBX and its calls are simulated, customers and orders are a sample (AMI_HOST is not set).",
      "",
    );
    for (const { login, password, about } of demo.logins) {
      lines.push(`  ${about.padEnd(12)} ${login} / ${password}`);
    }
  }
  if (newAdmin !== null) {
    lines.push(
      `  ${"admin".padEnd(12)} ${newAdmin.login} / ${newAdmin.password}   (made now, shown only once)`,
    );
  }
  return [...lines, ""].join("\n");
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    // A wrong setting is the person's to mend: one line, no stack.
    console.error(error instanceof ConfigError ? error.message : error);
    process.exit(1);
  }
}
