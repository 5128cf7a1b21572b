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
import { setTimeout as sleep } from "node:timers/promises";
import type { DestinationStream } from "pino";
import { PbxRegistry } from "./asterisk/pbx-registry.ts";
import { pbxRoutes } from "./asterisk/pbx-routes.ts";
import { watchPbx } from "./asterisk/watch.ts";
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
import { handOver } from "./http/leaving.ts";
import { createLog } from "./http/log.ts";
import { createMetrics, observeRequests } from "./http/metrics.ts";
import { openSocketServer } from "./http/socket-server.ts";
import { createUpgrades } from "./http/upgrades.ts";
import { screensVersion } from "./http/widget-files.ts";
import { openOrderBook } from "./orders/book.ts";
import { openResults } from "./orders/results.ts";
import { orderRoutes } from "./orders/routes.ts";
import { openCampaigns } from "./campaigns/open.ts";
import { PbxSettings } from "./pbx-settings.ts";
import { openPriority } from "./priority/open.ts";
import { ensureFirstAdmin } from "./people/first-admin.ts";
import { peopleRoutes } from "./people/routes.ts";
import { sessionRoutes } from "./people/session-routes.ts";
import { createSessions } from "./people/sessions.ts";
import { type Storage, openStorage } from "./storage/database.ts";
import { startEmbeddedPostgres } from "./storage/embedded.ts";
import { openLeases } from "./storage/leases.ts";
import { migrate } from "./storage/migrate.ts";
import { openProcesses } from "./storage/processes.ts";
import { openTogether } from "./storage/together.ts";
import { reasonOf, startAgain } from "./start-again.ts";
import { openSupervisor } from "./systemd.ts";
import { openWork } from "./work.ts";

/** So long a PBX that goes waits for what was heard there to be written. */
const LAST_WORDS_MS = 5000;
/** A busy PostgreSQL, or one that is being restarted, is waited for; whoever looks after the process hears of one that is gone. */
const START_AGAIN = { pauseMs: 1000, giveUpAfterMs: 60_000 };

/** A running server. */
export type Callcard = {
  /** Where it serves, `http://127.0.0.1:3000`. */
  readonly url: string;
  /** Logins that were made now and must be shown to the person once. */
  readonly newAdmin: { readonly login: string; readonly password: string } | null;
  /** The simulated PBX and its logins, when no PBX is configured. */
  readonly demo: RunningDemo | null;
  /** Reads the list of PBXs again; what cannot be used changes nothing and is said in the log, `/readyz` and the console. */
  readAgain(): Promise<void>;
  /** Hands over to other processes when there may be some, then stops in reverse of the start; may be called twice. */
  stop(): Promise<void>;
};

/**
 * Opens everything. When a part cannot be opened, what was already open is closed and the error thrown; a PBX that
 * cannot be reached is no such error: the server waits for it.
 */
export async function start(
  config: Config,
  options: {
    readonly logTo?: DestinationStream;
    /** Reads the configuration anew, for the list of PBXs; without it that list stays. */
    readonly readConfig?: () => Config;
  } = {},
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
  await migrate(storage.db, {
    onNewer: (migrations) =>
      log.warn(
        { migrations },
        "the database is newer than this program: it goes on without what was added",
      ),
  });
  const { db } = storage;
  // Connections of its own: however many look-ups wait in a flood of calls, the record is written.
  const record = openStorage(databaseUrl, { maxConnections: 10 });
  opening.defer(() => record.close());
  // What a card asks travels together, over connections that nothing slow is asked over.
  const reads = openTogether(databaseUrl);
  opening.defer(() => reads.close());
  const processes = await openProcesses({ ...config, db, onError: fault("processes") });
  opening.defer(() => processes.close());
  const { bus, asks } = processes;
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
  const pbxs = new PbxRegistry({ log, tuning: { onListenerError: fault("listener") } });
  const leases = openLeases(databaseUrl);
  // The first to begin with a PBX and the last to end: whatever is done there is done under it.
  opening.defer(pbxs.each((pbx) => leases.open(pbx.name, () => pbx.status().state === "up")));
  // The last words of a PBX that goes are written while its lease is still ours.
  pbxs.each(() => async () => {
    await Promise.race([history.flush(), sleep(LAST_WORDS_MS, undefined, { ref: false })]);
  });
  const calls = new LiveCalls({
    pbxs,
    extensionPattern,
    onFailure: (error, where) => fault(where)(error),
  });
  opening.defer(() => calls.close());

  const priority = await openPriority({
    ...{ storage, record, databaseUrl, bus, asks, leases, calls, pbxs, directory, log },
    pbxConfigs: () => pbxs.configs(),
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
    ...{ storage, record, databaseUrl, bus, asks, leases, calls, pbxs, log },
    ...{
      region: defaultRegion,
      numberRanges: config.numberRanges,
      dialContext: config.dialContext,
    },
    ...{ timeZone, seats: () => desk.seats() },
  });
  opening.defer(() => campaigns.close());
  const work = await openWork({
    ...{ storage, record, reads, jobs, databaseUrl, bus, leases, calls, campaigns, timeZone, log },
    ...{ processes },
    region: defaultRegion,
    customerOf: (callId) => desk.customerOf(callId),
    ...{ imap: config.imap, publicUrl: config.publicUrl },
  });
  opening.defer(() => work.close());
  const desk = new Desk({
    calls,
    pbxs,
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
    ...{ bus, several: config.redisUrl !== "", acts: (pbx) => leases.of(pbx).held() },
    leases,
    work: work.desk,
    log: log.child({ part: "desk" }),
    registry: metrics.registry,
  });
  opening.defer(() => desk.close());
  await desk.load();
  demo?.attendedBy(() => desk.attended(demo.pbx.name));
  const history = new CallHistory({
    ...{ db: record.db, calls, leases, log: log.child({ part: "history" }) },
    customerOf: (callId) => desk.customerOf(callId),
    e164Of: (number) => readPhone(number, defaultRegion)?.e164 ?? null,
  });
  opening.defer(() => history.close());

  const origins = { publicUrl: config.publicUrl, crmOrigins: config.crmOrigins };
  const widgetDirectory = join(config.dataDir, "widget");
  const app = await createApp({
    log,
    authenticator: sessions,
    ...origins,
    widgetDirectory,
    trustedProxies: config.trustedProxies,
  });
  opening.defer(() => app.close());
  observeRequests(app, metrics);
  await sessionRoutes(app, {
    ...{ db, sessions, secureCookie: config.publicUrl.startsWith("https:") },
    limit: processes.loginLimit,
  });
  const upgrades = createUpgrades(app.server, { isAllowedOrigin: originCheck(origins), log });
  const feed = createFeed({ upgrades, authenticator: sessions, calls, pops: desk, log });
  opening.defer(() => feed.close());
  await peopleRoutes(app, { db, sessions, bus, onTokenRevoked: () => void feed.recheck() });
  await customerRoutes(app, { storage, directory, defaultRegion, bus });
  await orderRoutes(app, { storage, defaultRegion, bus });
  await callRoutes(app, { db });
  await priority.routes(app, metrics);
  await campaigns.routes(app, metrics);
  await work.routes(app, metrics);
  await feedRoutes(app);
  await healthRoutes(app, { readiness, metrics, metricsAccess: "loopback" });
  const socketServer = openSocketServer({
    redis: processes.redis,
    ...{ server: app.server, origins, screens: screensVersion(widgetDirectory) },
    transports: config.socketTransports,
  });
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
  readiness.add("redis", () => bus.health(), { needed: false });
  const { letters } = work;
  if (letters !== null) readiness.add("mail", () => letters.state());
  pbxs.each((link) => watchPbx(link, { readiness, metrics, log }));
  const pbxSettings = new PbxSettings({
    ...{ config, read: options.readConfig ?? (() => config), log },
    apply: (list) => pbxs.set(list),
  });
  opening.defer(() => pbxSettings.close());
  if (config.configFile !== "")
    readiness.add("configuration", () => {
      const { needRestart, problem } = pbxSettings.state();
      if (problem !== "") return { ok: true, detail: `warning: not used: ${problem}` };
      if (needRestart.length === 0) return { ok: true, detail: "as in its file" };
      return { ok: true, detail: `warning: needs a restart: ${needRestart.join(", ")}` };
    });
  opening.defer(
    await pbxRoutes(app, {
      ...{ pbxs, leases, db, settings: () => pbxSettings.state() },
      addressOf(name) {
        const { host, port } = pbxs.configs().find((one) => one.name === name) ?? {};
        return `${host}:${port}`;
      },
    }),
  );
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
    const { waiting: _, kept: _kept, ...counters } = history.counters();
    return counters;
  });
  metrics.exposeGauges("callcard_history_", () => {
    const { waiting, kept } = history.counters();
    return { waiting, kept };
  });
  metrics.exposeCounters("callcard_upgrades_", () => upgrades.counters());

  await listen(app, config);
  calls.open();
  priority.open();
  await campaigns.open();
  work.open();
  opening.defer(() => pbxs.close());
  await pbxs.set(pbxConfigs);
  if (options.readConfig) pbxSettings.open();

  const { port } = app.server.address() as AddressInfo;
  const parts = opening.move();
  let stopping: Promise<void> | undefined;
  return {
    url:
      config.publicUrl || `http://${config.host === "0.0.0.0" ? "localhost" : config.host}:${port}`,
    newAdmin,
    demo,
    readAgain: () => pbxSettings.readAgain(),
    stop: () => (stopping ??= stop()),
  };

  async function stop(): Promise<void> {
    // One process has nobody to hand over to: its screens wait for its next start.
    if (config.redisUrl === "") readiness.leave();
    else
      await handOver({
        ...{ readiness, upgrades, sockets: socketServer },
        screens: () => socketServer.io.engine.clientsCount,
        write: () => Promise.all([history.flush(), desk.flush()]),
        giveUp: () => leases.giveUp(),
      });
    await parts.disposeAsync();
  }

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
    const allowed = `a PostgreSQL that answers (${reasonOf(error)})`;
    throw new ConfigError("DATABASE_URL", null, allowed, error);
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
  const supervisor = openSupervisor(process.env, (error) => console.error(error.message));
  const logLevel = quiet ? "warn" : config.logLevel;
  const callcard = await startAgain(
    () => start({ ...config, logLevel }, { readConfig: () => ({ ...loadConfig(), logLevel }) }),
    { ...START_AGAIN, say: (line) => console.error(line) },
  );
  console.log(welcome(callcard));
  // A process manager that started this with a channel is told when it may send people here.
  process.send?.({ url: callcard.url });
  supervisor.ready();
  let signals = 0;
  const stop = () => {
    signals += 1;
    // Somebody who asks twice does not want to wait any longer.
    if (signals > 1) process.exit(1);
    supervisor.stopping();
    setTimeout(() => {
      console.error(`Not everything came to its end within ${config.stopWithinSeconds} s.`);
      process.exit(1);
    }, config.stopWithinSeconds * 1000);
    callcard.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  // Without a file there is nothing to read again, and the signal ends the process as ever.
  if (config.configFile !== "") process.on("SIGHUP", () => void callcard.readAgain());
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
