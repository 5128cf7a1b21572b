/**
 * How fast AMI text becomes typed events and facts: the wire alone and the whole listener, beside bare asterisk-manager and a bare
 * byte splitter, each fed over a loopback socket by another process.
 */
import { fork } from "node:child_process";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { join } from "node:path";
import { fixedPbxs } from "../../server/asterisk/pbxs.ts";
import { defaultExtensionPattern } from "../../server/asterisk/devices.ts";
import { PbxLink } from "../../server/asterisk/link.ts";
import type { Pbx } from "../../server/asterisk/model.ts";
import { LiveCalls } from "../../server/calls/live.ts";
import type { Figure } from "./run.ts";
import { traffic } from "./traffic.ts";

/** What one reader took for the same events. */
export type IngestRow = {
  readonly reader: string;
  readonly events: number;
  readonly eventsPerSecond: number;
  readonly wallSeconds: number;
  /** User and system time of this process alone. */
  readonly cpuSeconds: number;
  /** What one core could do: events per CPU second. */
  readonly eventsPerCpuSecond: number;
};

export type IngestOptions = {
  /** At least this many events are sent to each reader. Default 200,000. */
  readonly events?: number;
  /** Each reader runs this often, in turns; the median counts. Default 3. */
  readonly rounds?: number;
  /** Puts what stands behind the wire on it and returns how to take it off; a new one for each round. Default: the call model. */
  readonly behind?: (pbx: Pbx) => () => void;
};

/** Reads everything from a sender at `port`; `started` is called when the flow begins. */
type Reader = (port: number, started: () => void) => Promise<void>;

const readWithSplitter: Reader = (port, started) =>
  new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      started();
      socket.write("Action: Go\r\nActionID: 1\r\n\r\n");
    });
    let rest = "";
    let last = "";
    socket.setEncoding("utf8");
    socket.on("error", reject);
    socket.on("data", (chunk: string) => {
      rest += chunk;
      let from = 0;
      for (;;) {
        const end = rest.indexOf("\r\n\r\n", from);
        if (end < 0) break;
        last = rest.slice(from, end);
        from = end + 4;
      }
      rest = rest.slice(from);
      if (last.endsWith("BenchEnd")) {
        socket.destroy();
        resolve();
      }
    });
  });

type BareManager = {
  on(event: string, listener: (event: Record<string, unknown>) => void): void;
  login(done: (error?: unknown) => void): void;
  connect(port: number, host: string, done: () => void): void;
  action(action: Record<string, string>): void;
  disconnect(): void;
  options: { username: string; password: string };
};

const readWithBareManager: Reader = (port, started) =>
  new Promise((resolve, reject) => {
    const Manager = createRequire(import.meta.url)("asterisk-manager") as new () => BareManager;
    const manager = new Manager();
    manager.options.username = "callcard";
    manager.options.password = "secret";
    manager.on("managerevent", (event) => {
      if (event["userevent"] !== "BenchEnd") return;
      manager.disconnect();
      resolve();
    });
    manager.connect(port, "127.0.0.1", () => {
      manager.login((error) => {
        if (error) reject(error instanceof Error ? error : new Error("login refused"));
        started();
        manager.action({ action: "Go" });
      });
    });
  });

/** The call model with a listener that takes every fact. */
function callModel(pbx: Pbx): () => void {
  const calls = new LiveCalls({
    pbxs: fixedPbxs([pbx]),
    extensionPattern: defaultExtensionPattern,
  });
  let facts = 0;
  calls.onFact(() => {
    facts += 1;
  });
  calls.open();
  return () => {
    calls.close();
    if (facts === 0) throw new Error("The call model told nothing: there is nothing to measure");
  };
}

function readWithLink(behind: (pbx: Pbx) => () => void): Reader {
  return (port, started) =>
    new Promise((resolve, reject) => {
      const link = new PbxLink({
        name: "bench",
        host: "127.0.0.1",
        port,
        username: "callcard",
        secret: "secret",
        tls: false,
      });
      const close = behind(link);
      link.listen((input) => {
        if (input.type !== "userEvent" || input.name !== "BenchEnd") return;
        link.stop();
        try {
          close();
          resolve();
        } catch (error) {
          reject(error);
        }
      });
      link.onStatus(({ state, reason }) => {
        // To come back would send everything again: such a measurement is none.
        if (state === "down") reject(new Error(reason));
        if (state !== "up") return;
        started();
        link.action("Go").catch(reject);
      });
      link.start();
    });
}

/**
 * Gives each reader the same events in turns and returns the median of what each took: the byte splitter, bare asterisk-manager,
 * the wire alone, the wire with what stands behind it.
 */
export async function measureIngest(options: IngestOptions = {}): Promise<IngestRow[]> {
  const { events: wanted = 200_000, rounds = 3, behind = callModel } = options;
  const { events } = traffic(wanted);
  const sender = fork(join(import.meta.dirname, "ami-sender.ts"), [String(wanted)]);
  try {
    const port = await new Promise<number>((resolve, reject) => {
      sender.once("message", (said: { port: number }) => resolve(said.port));
      sender.once("exit", () => reject(new Error("The sender ended")));
    });
    const readers: [string, () => Reader][] = [
      ["byte splitter", () => readWithSplitter],
      ["bare asterisk-manager", () => readWithBareManager],
      ["wire, decode", () => readWithLink(() => () => {})],
      ["wire, decode, fold, facts", () => readWithLink(behind)],
    ];
    const runs = new Map<string, IngestRow[]>();
    for (let round = 0; round < rounds; round += 1) {
      for (const [reader, make] of readers) {
        const row = await measure(reader, events, make(), port);
        runs.set(reader, [...(runs.get(reader) ?? []), row]);
      }
    }
    return [...runs.values()].flatMap((all) => {
      const sorted = all.toSorted((a, b) => a.cpuSeconds - b.cpuSeconds);
      return sorted[Math.floor(sorted.length / 2)] ?? [];
    });
  } finally {
    sender.disconnect();
  }
}

async function measure(
  reader: string,
  events: number,
  read: Reader,
  port: number,
): Promise<IngestRow> {
  let fromMs = 0;
  let fromCpu = process.cpuUsage();
  await read(port, () => {
    fromMs = performance.now();
    fromCpu = process.cpuUsage();
  });
  const cpu = process.cpuUsage(fromCpu);
  const wallSeconds = (performance.now() - fromMs) / 1000;
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  return {
    reader,
    events,
    eventsPerSecond: events / wallSeconds,
    wallSeconds,
    cpuSeconds,
    eventsPerCpuSecond: events / cpuSeconds,
  };
}

/** The benchmark of `npm run bench ingest`. */
export async function ingest(options: { readonly quick: boolean }): Promise<readonly Figure[]> {
  const rows = await measureIngest(options.quick ? { events: 20_000, rounds: 1 } : {});
  const [splitter, bare, wire, listener] = rows;
  if (!splitter || !bare || !wire || !listener) return [];
  const rate = (row: IngestRow): string =>
    `${row.reader} ${Math.round(row.eventsPerSecond).toLocaleString("en")}/s`;
  const perCpu = (row: IngestRow): string =>
    `${row.reader} ${Math.round(row.eventsPerCpuSecond).toLocaleString("en")}`;
  const kind = traffic(1).recorded ? "recorded" : "made-up";
  return [
    {
      what: `AMI ingest: ${listener.events} ${kind} events through ${listener.reader}`,
      value: listener.eventsPerSecond,
      unit: "events/s",
      beside: [wire, bare, splitter].map(rate).join(", "),
      goal: "at least 80 % of bare asterisk-manager",
      met: listener.eventsPerSecond >= 0.8 * bare.eventsPerSecond,
    },
    {
      what: "AMI ingest on one core",
      value: listener.eventsPerCpuSecond,
      unit: "events/CPU s",
      beside: [wire, bare, splitter].map(perCpu).join(", "),
      goal: "40,000/s",
      met: listener.eventsPerCpuSecond >= 40_000,
    },
  ];
}
