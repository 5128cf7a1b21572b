import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * When a process started (kernel ticks since boot, as text), or null when there is none. Together with the pid it names one
 * process for certain: a pid alone may have been given to another since.
 */
export function processStartTime(pid: number): string | null {
  if (!Number.isInteger(pid) || pid <= 0) return null;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name stands in brackets and may hold spaces; field 22 is the 20th after it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

/** A child process and how it ended. */
export type Child = {
  readonly pid: number;
  readonly ended: Promise<void>;
  hasEnded(): boolean;
  /** Ends it by its pid: the signal, and SIGKILL when it is still there after `patienceMs`. */
  end(signal?: NodeJS.Signals, patienceMs?: number): Promise<void>;
};

/**
 * Starts a program that the kernel ends together with this process (parent-death signal), whatever happens to us.
 * @param output told each piece the program prints
 */
export function startChild(
  command: readonly string[],
  output: (text: string) => void = () => {},
): Child {
  const child: ChildProcess = spawn("setpriv", ["--pdeathsig", "KILL", "--", ...command], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, LC_ALL: "C", TERM: "dumb" },
  });
  let over = false;
  const ended = new Promise<void>((done) => {
    const finish = (): void => {
      over = true;
      done();
    };
    child.once("error", (error) => {
      output(error.message);
      finish();
    });
    child.once("exit", finish);
  });
  child.stdout?.setEncoding("utf8").on("data", output);
  child.stderr?.setEncoding("utf8").on("data", output);
  return {
    pid: child.pid ?? -1,
    ended,
    hasEnded: () => over,
    async end(signal = "SIGTERM", patienceMs = 5000) {
      if (over) return;
      child.kill(signal);
      const timer = setTimeout(() => child.kill("SIGKILL"), patienceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}
