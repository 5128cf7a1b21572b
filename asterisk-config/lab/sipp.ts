import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePortRange, returnPorts } from "./ports.ts";
import { type Child, startChild } from "./processes.ts";
import { separator } from "./scenarios.ts";

/** What one sipp saw: an event of one call. `fields` are those the scenario names. */
export type SippEvent = {
  readonly atMs: number;
  readonly name: string;
  readonly callId: string;
  readonly fields: readonly string[];
};

/** A running sipp, seen through what its scenario logs. */
export type Sipp = {
  readonly port: number;
  /** Where it sends and echoes RTP. */
  readonly mediaPort: number;
  /** Settles when it can take calls. */
  readonly listening: Promise<void>;
  readonly events: readonly SippEvent[];
  /** The next event that fits, from those seen on or to come. */
  waitFor(
    fits: (event: SippEvent) => boolean,
    withinMs?: number,
    what?: string,
  ): Promise<SippEvent>;
  readonly ended: Promise<void>;
  hasEnded(): boolean;
  stop(): Promise<void>;
};

let started = 0;

/**
 * Starts one sipp on loopback.
 * @param options.directory where its scenario and log go
 * @param options.port where it listens; a free one without it
 * @param options.call the extension to call once; without it sipp waits for calls
 */
export async function startSipp(options: {
  readonly directory: string;
  readonly name: string;
  readonly scenario: string;
  readonly pbxPort: number;
  readonly port?: number;
  readonly call?: string;
}): Promise<Sipp> {
  // Its SIP port, then RTP and RTCP with room for the second pair sipp opens.
  const ports = await freePortRange(6);
  const port = options.port ?? ports;
  const base = join(options.directory, `${options.name}-${++started}`);
  const logFile = `${base}.log`;
  writeFileSync(`${base}.xml`, options.scenario);
  let printed = "";
  const child: Child = startChild(
    [
      "sipp",
      `127.0.0.1:${options.pbxPort}`,
      ...["-sf", `${base}.xml`, "-i", "127.0.0.1", "-p", String(port), "-t", "u1"],
      ...["-mi", "127.0.0.1", "-mp", String(ports + 2)],
      ...["-trace_logs", "-log_file", logFile, "-aa", "-nostdin", "-timer_resol", "10"],
      ...["-trace_err", "-error_file", `${base}.errors`],
      // Callers speak and phones echo. Were both to echo, every packet would go round for ever.
      ...(options.call === undefined ? ["-rtp_echo"] : ["-s", options.call, "-m", "1"]),
    ],
    (text) => (printed = (printed + text).slice(-2000)),
  );

  const events: SippEvent[] = [];
  const watchers = new Set<() => void>();
  let read = 0;
  const look = (): void => {
    const size = sizeOf(logFile);
    if (size <= read) return;
    const text = readFileSync(logFile).subarray(read).toString("utf8");
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    read += Buffer.byteLength(whole);
    for (const line of whole.split("\n")) {
      const [name, callId, ...fields] = line.split(separator);
      if (name !== undefined && callId !== undefined)
        events.push({ atMs: Date.now(), name: name.trim(), callId, fields });
    }
    for (const watcher of [...watchers]) watcher();
  };
  const timer = setInterval(look, 15);
  const tidy = async (): Promise<void> => {
    await child.ended;
    look();
    clearInterval(timer);
    returnPorts(ports, 6);
    for (const watcher of [...watchers]) watcher();
  };
  void tidy();

  return {
    port,
    mediaPort: ports + 2,
    listening: untilBound(port, child),
    events,
    ended: child.ended,
    hasEnded: () => child.hasEnded(),
    waitFor(fits, withinMs = 10_000, what = "event") {
      return new Promise((done, failed) => {
        const finish = (): void => {
          watchers.delete(check);
          clearTimeout(limit);
        };
        const fail = (why: string): void => {
          finish();
          const seen = events.map((event) => event.name).join(", ");
          failed(
            new Error(
              `${options.name}: no ${what} ${why}; seen: ${seen === "" ? "nothing" : seen}. ${errors(`${base}.errors`)}`,
            ),
          );
        };
        const check = (): void => {
          const found = events.find(fits);
          if (found !== undefined) {
            finish();
            done(found);
          } else if (child.hasEnded()) {
            fail(`before sipp ended: ${printed.trim().split("\n").at(-1) ?? ""}`);
          }
        };
        const limit = setTimeout(() => fail(`within ${withinMs} ms`), withinMs);
        watchers.add(check);
        check();
      });
    },
    async stop() {
      // sipp answers SIGTERM by waiting for its calls; nothing in it is worth waiting for.
      await child.end("SIGKILL");
    },
  };
}

/** Waits until the kernel lists the UDP port as bound; sipp says nothing when it is ready. */
async function untilBound(port: number, child: Child): Promise<void> {
  const row = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  for (let tries = 0; tries < 500 && !child.hasEnded(); tries++) {
    if (readFileSync("/proc/net/udp", "utf8").includes(row)) return;
    await sleep(10);
  }
  throw new Error(`sipp did not open UDP port ${port}`);
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

function errors(path: string): string {
  try {
    return readFileSync(path, "utf8").slice(-600);
  } catch {
    return "";
  }
}
