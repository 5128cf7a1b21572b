/**
 * What systemd is told of this process (`Type=notify`): that it serves, that it is about to end, and again and again that it is alive. Node
 * has no datagram sockets of the file system, so systemd's own program `systemd-notify` says it; the unit needs `NotifyAccess=all`.
 */
import { spawn } from "node:child_process";

/** Says things to systemd. Outside of it nothing happens. Nothing here ever fails. */
export type Supervisor = {
  /** The process serves; begins to say that it is alive when systemd watches that. */
  ready(): void;
  /** It is about to end: how long that may take is the unit's `TimeoutStopSec`. */
  stopping(): void;
  /** Ends the signs of life. */
  close(): void;
};

/** Longest time between two signs of life. */
const ALIVE_EVERY_MS = 20_000;

/** @param env `NOTIFY_SOCKET` and `WATCHDOG_USEC` come from systemd. */
export function openSupervisor(
  env: NodeJS.ProcessEnv,
  onError: (error: Error) => void,
): Supervisor {
  if ((env["NOTIFY_SOCKET"] ?? "") === "") return { ready() {}, stopping() {}, close() {} };
  const watchdogMs = Number(env["WATCHDOG_USEC"] ?? "") / 1000;
  let alive: NodeJS.Timeout | undefined;
  const say = (...words: readonly string[]) => {
    const child = spawn("systemd-notify", words, {
      env,
      stdio: "ignore",
    });
    child.on("error", onError);
    child.unref();
  };
  return {
    ready() {
      say("--ready");
      if (!(watchdogMs > 0)) return;
      // Twice within the time, so that one may be late. A process that hangs says nothing: systemd starts it anew.
      alive = setInterval(() => say("WATCHDOG=1"), Math.min(ALIVE_EVERY_MS, watchdogMs / 2));
      alive.unref();
    },
    stopping: () => say("STOPPING=1"),
    close: () => clearInterval(alive),
  };
}
