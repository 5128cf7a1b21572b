/**
 * How many typed events the folds take in a second of one core: recorded calls (test/traces) played over and over on channels of their
 * own. `node test/bench/fold.ts [seconds]` prints one line; the whole listener is measured by ingest.ts.
 */
import type { PbxInput } from "../../server/asterisk/model.ts";
import { createCallState, fold, size } from "../../server/calls/fold.ts";
import { createQueueState, foldQueues } from "../../server/calls/queues.ts";
import { readTrace, traceNames } from "../calls/traces.ts";

const extensionPattern = /^[0-9]{2,6}$/;

/** Every recorded call, `times` times, each time with ids that were not seen before. */
function traffic(times: number): readonly PbxInput[] {
  const calls = traceNames()
    .filter((name) => name.startsWith("22/") && !name.includes("middle"))
    .map((name) =>
      JSON.stringify(
        readTrace(name)
          .inputs.slice(1)
          .map(({ input }) => input),
      ),
    );
  return Array.from({ length: times }, (_, round) =>
    calls.map(
      (text) =>
        JSON.parse(
          text
            .replaceAll(/"(\d{10})\.(\d+)"/g, `"$1.${round}$2"`)
            .replaceAll("callcard-story", `story-${round}`),
        ) as PbxInput[],
    ),
  ).flat(2);
}

const seconds = Number(process.argv[2] ?? 5);
const inputs = traffic(20);
const calls = createCallState("bench", extensionPattern);
const queues = createQueueState(extensionPattern);
let events = 0;
let facts = 0;
let atMs = 0;
const startedMs = performance.now();
const startedCpu = process.cpuUsage();
while (performance.now() - startedMs < seconds * 1000) {
  for (const input of inputs) {
    atMs += 0.02;
    facts += fold(calls, input, atMs).length;
    foldQueues(queues, input, atMs);
  }
  events += inputs.length;
  // The same ids come again: what was buried a round ago must not count as late.
  atMs += 120_000;
}
// Of this process alone, so that a busy machine does not count.
const { user, system } = process.cpuUsage(startedCpu);
const took = (user + system) / 1_000_000;
console.log(
  JSON.stringify({
    eventsPerCpuSecond: Math.round(events / took),
    factsPerCpuSecond: Math.round(facts / took),
    remembered: size(calls),
    unplaced: Object.fromEntries(calls.unplaced),
  }),
);
