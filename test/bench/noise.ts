/**
 * What a PBX that talks does to the pops of another one: two PBXs on one server, one with operators and calls, the other first silent, then
 * sending 20,000 events a second that nobody has a use for, then as many that have to be looked at.
 */
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { seatOperators } from "../support/operators.ts";
import { cpuMs, memoryOf, percentile, startChild, startServer } from "./children.ts";
import type { ScreensAnswer } from "./cluster-screens.ts";
import { startLoad } from "./load.ts";
import type { NoiseAnswer, NoiseCommand } from "./noise-sender.ts";
import type { Bench, Figure } from "./run.ts";
import { openShop } from "./shop.ts";

const OPERATORS = 60;
const CALLS_PER_SECOND = 8;
const EVENTS_PER_SECOND = 20_000;
const PBX = "quiet";

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

type Round = {
  readonly latenciesMs: readonly number[];
  readonly sentPerSecond: number;
  readonly cpuShare: number;
};

/** p50 and p99 of pops of one PBX without and with a flood on another. */
export const noise: Bench = async ({ quick }) => {
  const seconds = quick ? 8 : 40;
  await using parts = new AsyncDisposableStack();
  const { storage, databaseUrl, numbers } = await openShop(parts);
  const extensions = Array.from({ length: OPERATORS }, (_, at) => String(1000 + at));
  const operators = await seatOperators(storage, PBX, extensions);
  const load = await startLoad(parts, {
    ...{ operators: extensions, watched: [], numbers },
    pace: { answerAfterMs: 1500, talkMs: 3000 },
  });
  const sender = startChild<NoiseAnswer>(file("noise-sender.ts"));
  parts.defer(() => sender.end());
  const noisy = await sender.next();
  if (!("port" in noisy)) throw new Error("the noise did not start");

  const list = join(tmpdir(), `callcard-noise-${process.pid}.yaml`);
  parts.defer(() => rm(list, { force: true }));
  const entry = (name: string, port: number, username: string, secret: string) =>
    `  - {name: ${name}, host: 127.0.0.1, port: ${port}, username: ${username}, secret: "${secret}"}\n`;
  await writeFile(
    list,
    `pbxs:\n${entry("noisy", noisy.port, "callcard", "secret")}${entry(PBX, load.ami.port, load.ami.username, load.ami.secret)}`,
  );
  const server = startServer({
    ...{ PORT: "0", LOG_LEVEL: "warn", DATA_DIR: process.env["DATA_DIR"] ?? "data" },
    ...{ DATABASE_URL: databaseUrl, CALLCARD_CONFIG: list, ADMIN_PASSWORD: "not used here" },
  });
  parts.defer(() => server.end());
  const { url } = await server.next();
  const screens = startChild<ScreensAnswer>(file("cluster-screens.ts"));
  parts.defer(() => screens.end());
  screens.tell({ do: "open", urls: [url], operators });
  await screens.next();

  await round({ events: 0, kind: "noise" }, quick ? 4 : 15);
  const silent = await round({ events: 0, kind: "noise" }, seconds);
  const noise = await round({ events: EVENTS_PER_SECOND, kind: "noise" }, seconds);
  const calls = await round({ events: EVENTS_PER_SECOND, kind: "calls" }, seconds);
  const { mostBytes } = await memoryOf(server.process.pid!);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const floods = /^callcard_ami_floods_total\{pbx="noisy"\} (\S+)/m.exec(metrics)?.[1];
  return [
    ...figuresOf("without noise", silent, null),
    ...figuresOf("with noise", noise, silent),
    ...figuresOf("with events of calls", calls, silent),
    { what: "memory of the server, most", value: mostBytes / 2 ** 20, unit: "MB" },
    { what: "times the noisy PBX was shed", value: Number(floods ?? Number.NaN), unit: "" },
  ];

  async function round(command: NoiseCommand, forSeconds: number): Promise<Round> {
    sender.tell(command);
    await sender.next();
    const cpuBefore = await cpuMs(server);
    const began = performance.now();
    const { rang } = await load.run({
      ...{ seconds: forSeconds, callsPerSecond: CALLS_PER_SECOND, watchedPerSecond: 0 },
    });
    const tookMs = performance.now() - began;
    const cpuShare = ((await cpuMs(server)) - cpuBefore) / tookMs;
    sender.tell({ events: 0, kind: "noise" });
    const told = await sender.next();
    screens.tell({ do: "collect" });
    const seen = await screens.next();
    if (seen.told !== "cards" || !("sent" in told))
      throw new Error("a child answered something else");
    const latenciesMs = seen.cards.flatMap(([ringId, cameMs]) => {
      const from = rang.get(ringId.slice(PBX.length + 1));
      return from === undefined ? [] : [cameMs - from];
    });
    return { latenciesMs, cpuShare, sentPerSecond: (told.sent / tookMs) * 1000 };
  }
};

function figuresOf(when: string, round: Round, silent: Round | null): readonly Figure[] {
  const { cpuShare, latenciesMs, sentPerSecond } = round;
  const p99 = percentile(latenciesMs, 0.99);
  const usual = silent && percentile(silent.latenciesMs, 0.99);
  return [
    {
      what: `pop to a socket p50 ${when}`,
      value: percentile(latenciesMs, 0.5),
      unit: "ms",
      beside: `${latenciesMs.length} pops, ${Math.round(sentPerSecond)} events/s, ${cpuShare.toFixed(2)} of a processor`,
    },
    {
      what: `pop to a socket p99 ${when}`,
      value: p99,
      unit: "ms",
      ...(usual === null
        ? {}
        : {
            beside: `${usual.toFixed(1)} ms without`,
            goal: "at most twice the usual",
            met: p99 <= 2 * usual,
          }),
    },
  ];
}
