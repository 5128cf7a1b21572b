/**
 * How fast AMI text becomes typed events: the wire beside bare asterisk-manager and a bare byte splitter, each fed over a loopback
 * socket by another process.
 */
import { fork } from "node:child_process";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { join } from "node:path";
import { PbxLink } from "../../server/asterisk/link.ts";
import type { PbxListener } from "../../server/asterisk/model.ts";
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
  /** What stands behind the wire, a new one for each round (for example a call model). */
  readonly onInput?: () => PbxListener;
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

function readWithLink(onInput: PbxListener | undefined): Reader {
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
      if (onInput) link.listen(onInput);
      link.listen((input) => {
        if (input.type !== "userEvent" || input.name !== "BenchEnd") return;
        link.stop();
        resolve();
      });
      link.onStatus(({ state }) => {
        if (state !== "up") return;
        started();
        link.action("Go").catch(reject);
      });
      link.start();
    });
}

/**
 * Gives each reader the same events in turns and returns the median of what each took: the byte splitter, bare asterisk-manager,
 * the wire.
 */
export async function measureIngest(options: IngestOptions = {}): Promise<IngestRow[]> {
  const { events: wanted = 200_000, rounds = 3, onInput } = options;
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
      [onInput ? "wire, decode, fold" : "wire, decode", () => readWithLink(onInput?.())],
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

/** The benchmark of `npm run bench ingest`. `onInput` makes what stands behind the wire (the call model). */
export async function ingest(
  options: { readonly quick: boolean },
  onInput?: () => PbxListener,
): Promise<readonly Figure[]> {
  const rows = await measureIngest({
    events: options.quick ? 20_000 : 200_000,
    rounds: options.quick ? 1 : 3,
    ...(onInput ? { onInput } : {}),
  });
  const [splitter, bare, wire] = rows;
  if (!splitter || !bare || !wire) return [];
  const share = wire.eventsPerSecond / bare.eventsPerSecond;
  const rate = (row: IngestRow): string =>
    `${row.reader} ${Math.round(row.eventsPerSecond).toLocaleString("en")}/s`;
  const what = `AMI ingest, ${wire.events} ${traffic(1).recorded ? "recorded" : "made-up"} events`;
  return [
    {
      what: `${what} (${wire.reader})`,
      value: wire.eventsPerSecond,
      unit: "events/s",
      beside: `${rate(bare)}, ${rate(splitter)}`,
      goal: "at least 80 % of bare asterisk-manager",
      met: share >= 0.8,
    },
    {
      what: "the same per second of CPU time",
      value: wire.eventsPerCpuSecond,
      unit: "events/CPU s",
      beside: `${bare.reader} ${Math.round(bare.eventsPerCpuSecond).toLocaleString("en")}`,
      goal: "40,000/s on one core",
      met: wire.eventsPerCpuSecond >= 40_000,
    },
  ];
}
