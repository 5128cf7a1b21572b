/** Child processes of benchmarks: started with a message channel, ended by their ids whatever happens. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import manifest from "../../package.json" with { type: "json" };

/** A child that answers over its channel. */
export type Child<Answer> = {
  readonly process: ChildProcess;
  tell(command: object): void;
  /** The next answer. @throws when the child ends first. */
  next(): Promise<Answer>;
  end(): Promise<void>;
};

/** Starts `file` under the pinned Node with `env` added. */
export function startChild<Answer>(
  file: string,
  options: {
    readonly args?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    /** Flags of Node itself. */
    readonly flags?: readonly string[];
  } = {},
): Child<Answer> {
  const child = fork(file, [...(options.args ?? [])], {
    env: { ...process.env, ...options.env },
    execPath: process.execPath,
    execArgv: [...(options.flags ?? [])],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);
  return {
    process: child,
    tell: (command) => void child.send(command),
    async next() {
      const [answer] = (await Promise.race([
        once(child, "message"),
        once(child, "exit").then(() => {
          throw new Error(`${file} ended before it answered`);
        }),
      ])) as [Answer];
      return answer;
    },
    async end() {
      process.off("exit", kill);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      const limit = setTimeout(kill, 10_000);
      await gone;
      clearTimeout(limit);
    },
  };
}

/** The server as `npm start` runs it, with its flags of Node. */
export function startServer(env: Readonly<Record<string, string>>): Child<{ url: string }> {
  const [, words = ""] = /node (\S.*) server\/main\.ts/.exec(manifest.scripts.start) ?? [];
  const main = fileURLToPath(new URL("../../server/main.ts", import.meta.url));
  return startChild(main, { env, flags: words.split(" ").filter((word) => word.startsWith("--")) });
}

/** Linux counts a process' time in hundredths of a second, whatever the machine. */
const TICK_MS = 10;

/** CPU that a child took since its start, all its threads together, ms. */
export async function cpuMs(child: {
  readonly process: { readonly pid?: number | undefined };
}): Promise<number> {
  return cpuMsOf(child.process.pid!);
}

/** The same of any process, by its id. */
export async function cpuMsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The name stands in brackets and may hold anything; user and system time are 12th and 13th behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Resident memory of a process now, and the most it ever had, bytes. */
export async function memoryOf(pid: number): Promise<{ nowBytes: number; mostBytes: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const kilobytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
  return { nowBytes: kilobytes("VmRSS") * 1024, mostBytes: kilobytes("VmHWM") * 1024 };
}

/** Percentiles of a list of numbers. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
