/** A shop for tests of campaigns: the server in a process of its own as its users start it, programs that tell orders, and a receiver of results. */
import { type ChildProcess, execFile, fork } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ResultBody } from "../../server/campaigns/rest.ts";
import { freePort } from "../../asterisk-config/lab/ports.ts";

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);

/** The running server, seen from outside: by HTTP, and by what it logs. */
export type ServerProcess = {
  readonly url: string;
  /** Everything it logged, over all its lives. */
  log(): string;
  /** Ends it as a crash would, and starts it again on the same port and data once `beforeStart` is done. */
  crash(beforeStart?: () => Promise<void>): Promise<void>;
  /** Asks as a program with all rights. @throws with the answer when it is not 2xx. */
  ask<T = unknown>(method: string, path: string, body?: unknown): Promise<T>;
  /** As one that only tells orders. */
  tell<T = unknown>(path: string, body: unknown): Promise<T>;
  close(): Promise<void>;
};

/** Starts `server/main.ts` and makes its tokens with the command line. */
export async function startServer(of: {
  readonly databaseUrl: string;
  readonly ami: { readonly port: number; readonly username: string; readonly secret: string };
  readonly pbx: string;
}): Promise<ServerProcess> {
  const dataDir = await mkdtemp(join(tmpdir(), "callcard-shop-"));
  const port = await freePort();
  const env = {
    ...{ PATH: process.env["PATH"], DATA_DIR: dataDir, DATABASE_URL: of.databaseUrl },
    ...{ PORT: String(port), ADMIN_PASSWORD: "correct horse", PBX_NAME: of.pbx },
    ...{ AMI_HOST: "127.0.0.1", AMI_PORT: String(of.ami.port) },
    ...{ AMI_USERNAME: of.ami.username, AMI_SECRET: of.ami.secret },
    ...{ TIME_ZONE: "Asia/Novosibirsk", LOG_LEVEL: process.env["CALLCARD_LOG"] ?? "info" },
  };
  let child: ChildProcess | null = null;
  let logged = "";
  const start = async (): Promise<void> => {
    const fresh = fork(join(root, "server/main.ts"), {
      ...{ env, cwd: root },
      // Whatever happens to the test run, the server ends with it.
      ...{ execPath: "setpriv", execArgv: ["--pdeathsig", "KILL", "--", process.execPath] },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    child = fresh;
    for (const stream of [fresh.stdout, fresh.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => (logged += text));
    const up = once(fresh, "message");
    const ended = once(fresh, "exit").then(() => {
      throw new Error(`the server ended: ${logged.slice(-2000)}`);
    });
    await Promise.race([up, ended]);
    ended.catch(() => undefined);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const dying = child;
    if (dying === null || dying.exitCode !== null || dying.signalCode !== null) return;
    const exit = once(dying, "exit");
    dying.kill(signal);
    await exit;
  };
  const token = async (name: string, role: string): Promise<string> => {
    const command = [join(root, "server/cli/main.ts"), "token", "add", name, "--role", role];
    const { stdout } = await run(process.execPath, command, { env });
    return stdout.trim().split("\n").at(-1)!;
  };
  await start();
  const [admin, shop] = await Promise.all([token("tests", "admin"), token("site", "integrator")]);
  const url = `http://127.0.0.1:${port}`;
  const request = async <T>(
    bearer: string,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<T> => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${bearer}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    const type = answer.headers.get("content-type") ?? "";
    return (type.includes("json") ? JSON.parse(text) : text) as T;
  };
  return {
    url,
    log: () => logged,
    async crash(beforeStart) {
      await end("SIGKILL");
      await beforeStart?.();
      await start();
    },
    ask: (method, path, body) => request(admin, method, path, body),
    tell: (path, body) => request(shop, "POST", path, body),
    async close() {
      await end("SIGTERM");
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** The shop's end of results: takes each that is signed as was agreed. */
export type Receiver = {
  readonly url: string;
  readonly secret: string;
  /** Every result that was answered 200, in order of arrival. */
  readonly taken: readonly ResultBody[];
  /** The next so many results are not taken at their first try. */
  sendAway(results: number): void;
  /** Ids of those that were sent away once, with 503. */
  readonly sentAway: readonly string[];
  /** What was wrong with requests that no shop should believe. */
  readonly refused: readonly string[];
  close(): Promise<void>;
};

/** Starts one on a free port. */
export async function startReceiver(): Promise<Receiver> {
  let awayFor = 0;
  const secret = "a secret that nobody guesses";
  const taken: ResultBody[] = [];
  const sentAway: string[] = [];
  const refused: string[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const header = String(request.headers["x-callcard-signature"] ?? "");
      const [, t = "", v1 = ""] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? [];
      // Computed here by the words of the README, with nothing of the server's own.
      const mac = createHmac("sha256", secret)
        .update(`${t}.${body.toString("utf8")}`)
        .digest("hex");
      if (mac !== v1 || Math.abs(Date.now() / 1000 - Number(t)) > 300) {
        refused.push(header);
        response.writeHead(401).end();
        return;
      }
      const result = JSON.parse(body.toString("utf8")) as ResultBody;
      if (awayFor > 0 && !sentAway.includes(result.id)) {
        awayFor -= 1;
        sentAway.push(result.id);
        response.writeHead(503, { "retry-after": "1" }).end();
        return;
      }
      taken.push(result);
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    ...{ url: `http://127.0.0.1:${port}/results`, secret, taken, sentAway, refused },
    sendAway(results) {
      awayFor = results;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** An order of somebody with this number, as the shop tells it; its source id is the number's digits. */
export function orderOf(
  source: string,
  phone: string,
  own: { readonly stage?: string; readonly version?: number } = {},
) {
  const id = phone.slice(1);
  return {
    ...{ source, sourceId: id, number: `N-${id.slice(-7)}`, version: own.version ?? 1 },
    ...{ stage: own.stage ?? "new", total: "990", currency: "RUB" },
    placedAt: new Date().toISOString(),
    customer: { name: `Покупатель ${id.slice(-7)}`, phone },
  };
}
