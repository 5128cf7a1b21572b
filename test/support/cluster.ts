/** Several processes of the server, as users run them behind a balancer; each can be killed, held still, and started again. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { freePort } from "../../asterisk-config/lab/ports.ts";
import { openBalancer } from "./balancer.ts";

const root = join(import.meta.dirname, "../..");

/** One process. */
export type Member = {
  readonly url: string;
  /** 0 while it does not run. */
  pid(): number;
  /** Everything it logged, over all its lives. */
  log(): string;
  /** Starts it; resolves when it serves. @throws with its last words when it ends first. */
  start(): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Ends it as `systemctl stop` would; resolves when it has ended. */
  stop(): Promise<void>;
  /** Holds it still: it runs no code, and its connections stay open. */
  pause(): void;
  resume(): void;
};

/** All of them. */
export type Cluster = {
  /** Of the balancer. */
  readonly url: string;
  readonly members: readonly Member[];
  /** The last words of processes that ended though nobody told them to. */
  readonly crashes: readonly string[];
  close(): Promise<void>;
};

/** Starts as many processes as there are environments; `PORT` is added to each. All end with this process, whatever happens to it. */
export async function openCluster(
  environments: readonly Readonly<Record<string, string>>[],
): Promise<Cluster> {
  await using parts = new AsyncDisposableStack();
  const ports: number[] = [];
  for (const _ of environments) ports.push(await freePort());
  const crashes: string[] = [];
  const members = environments.map((env, at) =>
    member(env, ports[at]!, (lastWords) => crashes.push(lastWords)),
  );
  parts.defer(async () => void (await Promise.all(members.map((each) => each.stop()))));
  // One after the other: the first brings the database to its schema.
  for (const each of members) await each.start();
  const balancer = await openBalancer(ports);
  parts.defer(() => balancer.close());
  const opened = parts.move();
  return {
    ...{ url: `http://127.0.0.1:${balancer.port}`, members, crashes },
    close: () => opened.disposeAsync(),
  };
}

function member(
  own: Readonly<Record<string, string>>,
  port: number,
  crashed: (lastWords: string) => void,
): Member {
  const env = { PATH: process.env["PATH"], ...own, PORT: String(port) };
  const [, words = ""] = /node (\S.*) server\/main\.ts/.exec(manifest.scripts.start) ?? [];
  const flags = words.split(" ").filter((word) => word.startsWith("--"));
  let child: ChildProcess | null = null;
  let logged = "";
  const isOver = (one: ChildProcess) => one.exitCode !== null || one.signalCode !== null;
  /** Those that end because they are told to. */
  const told = new WeakSet<ChildProcess>();
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const dying = child;
    if (dying === null || isOver(dying)) return;
    told.add(dying);
    const exit = once(dying, "exit");
    dying.kill("SIGCONT");
    dying.kill(signal);
    await exit;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    pid: () => (child === null || isOver(child) ? 0 : child.pid!),
    log: () => logged,
    async start() {
      const fresh = fork(join(root, "server/main.ts"), {
        ...{ env, cwd: root, execPath: "setpriv" },
        execArgv: ["--pdeathsig", "KILL", "--", process.execPath, ...flags],
        stdio: ["ignore", "pipe", "pipe", "ipc"],
      });
      child = fresh;
      for (const stream of [fresh.stdout, fresh.stderr])
        stream?.setEncoding("utf8").on("data", (text: string) => (logged += text));
      // After its last words were read.
      fresh.once("close", (code, signal) => {
        if (!told.has(fresh)) crashed(`ended with ${code ?? signal}: ${logged.slice(-5000)}`);
      });
      const ended = once(fresh, "exit").then(() => {
        throw new Error(`the server ended: ${logged.slice(-2000)}`);
      });
      await Promise.race([once(fresh, "message"), ended]);
      ended.catch(() => undefined);
    },
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
    pause: () => void child?.kill("SIGSTOP"),
    resume: () => void child?.kill("SIGCONT"),
  };
}
