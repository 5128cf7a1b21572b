/** Recorded conversations of real PBXs (test/traces), read by the real parser into the stream the listener would hand on. */
import { readFileSync, readdirSync } from "node:fs";
import { decode } from "../../server/asterisk/events.ts";
import { AmiText, type RawMessage } from "../../server/asterisk/library.ts";
import type { PbxInput } from "../../server/asterisk/model.ts";
import { channelsOf, devicesOf, queuesOf } from "../../server/asterisk/snapshot.ts";
import type { Call, CallFact } from "../../server/calls/model.ts";

/** One call as a trace's `.json` tells it, and as {@link outcomeOf} sees a folded one. */
export type Outcome = {
  readonly direction: string;
  readonly party: string;
  readonly fromExtension: string;
  readonly visits: readonly { readonly queue: string; readonly how: string }[];
  readonly rings: readonly { readonly extension: string; readonly outcome: string }[];
  readonly talks: readonly string[];
  readonly transfers: readonly {
    readonly kind: string;
    readonly fromExtension: string;
    readonly to: string;
  }[];
  readonly held: boolean;
  readonly endedHow: string;
};

export type Timed = { readonly input: PbxInput; readonly atMs: number };

export type Trace = {
  readonly name: string;
  readonly title: string;
  /** The snapshot first, then every typed event. */
  readonly inputs: readonly Timed[];
  readonly truth: readonly Outcome[];
};

type TraceFile = {
  readonly title: string;
  readonly snapshot: Readonly<Record<string, string>>;
  readonly eventsFrom: number;
  readonly truth: readonly Outcome[];
  readonly arrivals: readonly (readonly [number, number])[];
};

const root = new URL("../traces/", import.meta.url);

/** Every trace there is, by `<version>/<story>`. */
export function traceNames(): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ami"))
    .map((file) => file.slice(0, -4))
    .sort();
}

/** Reads one trace. */
export function readTrace(name: string): Trace {
  const bytes = readFileSync(new URL(`${name}.ami`, root));
  const file = JSON.parse(readFileSync(new URL(`${name}.json`, root), "utf8")) as TraceFile;
  const lists = new Map<string, Record<string, string>[]>();
  const inputs: Timed[] = [];
  let atMs = 0;
  let listening = false;
  const parser = new AmiText(
    () => undefined,
    (raw: RawMessage) => {
      const list = file.snapshot[String(raw["actionid"])];
      if (list !== undefined && !listening) {
        lists.set(list, [...(lists.get(list) ?? []), raw as Record<string, string>]);
        return;
      }
      const input = listening ? decode(raw) : null;
      if (input) inputs.push({ input, atMs });
    },
  );
  parser.feed(bytes.toString("utf8", 0, file.eventsFrom));
  listening = true;
  for (const [index, [from, at]] of file.arrivals.entries()) {
    const to = file.arrivals[index + 1]?.[0] ?? bytes.length;
    atMs = startMs + at;
    if (to > file.eventsFrom)
      parser.feed(bytes.toString("utf8", Math.max(from, file.eventsFrom), to));
  }
  const snapshot = {
    channels: channelsOf(lists.get("CoreShowChannels") ?? []),
    queues: queuesOf(lists.get("QueueStatus") ?? []),
    devices: devicesOf(lists.get("DeviceStateList") ?? []),
    restarted: false,
  };
  return {
    name,
    title: file.title,
    inputs: [{ input: { type: "snapshot", snapshot }, atMs: startMs }, ...inputs],
    truth: file.truth,
  };
}

/** When every trace begins. */
export const startMs = 1_800_000_000_000;

/** A call in the words of the truth files. */
export function outcomeOf(call: Call): Outcome {
  return {
    direction: call.direction,
    party: call.party.number,
    fromExtension: call.fromExtension,
    visits: call.visits.map(({ queue, how }) => ({ queue, how: how ?? "open" })),
    rings: call.rings.map(({ extension, outcome }) => ({ extension, outcome: outcome ?? "open" })),
    talks: call.talks.map(({ extension }) => extension),
    transfers: call.transfers.map(({ kind, fromExtension, to }) => ({ kind, fromExtension, to })),
    held: call.talks.some((talk) => talk.heldMs > 0),
    endedHow: call.endedHow ?? "open",
  };
}

/** What became of every call, in the order they began. */
export function outcomesOf(facts: readonly CallFact[]): readonly Outcome[] {
  const last = new Map<string, Call>();
  for (const { call } of facts) last.set(call.id, call);
  return [...last.values()].map(outcomeOf);
}
