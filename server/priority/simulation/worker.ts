/**
 * The thread a simulation runs in: reads the days, plays them, tells how far it is and what came of it. Whatever happens here, the
 * server's own thread only ever sees messages.
 */
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { openStorage } from "../../storage/database.ts";
import { standingsOf } from "./standings.ts";
import { wallTime } from "../zone-clock.ts";
import { compare } from "./compare.ts";
import { generateDay } from "./generate.ts";
import type { SimulationInput } from "./model.ts";
import type { SimulationMessage, SimulationTask } from "./simulations.ts";
import { NoRecordError, loadRecorded } from "./recorded.ts";
import type { Workload } from "./workload.ts";

/** How much of the whole the reading of recorded calls is, roughly. */
const READING = 0.7;
/** A smaller step is not worth a message. */
const STEP = 0.01;

let told = 0;
function tell(message: SimulationMessage): void {
  parentPort!.postMessage(message, []);
}
function progress(share: number): void {
  if (share < told + STEP) return;
  told = share;
  tell({ type: "progress", share });
}

// On Linux this is of the thread that asks alone: operators' cards go before a what-if. Elsewhere it may not be allowed.
try {
  if (process.platform === "linux") setPriority(0, 5);
} catch {
  // Then it competes like any other work.
}

const { input, databaseUrl, currency } = workerData as SimulationTask;
try {
  const isRecorded = input.source.kind === "recorded";
  const workload = await workloadOf(input, databaseUrl);
  const result = compare(workload, input.policies, (share) =>
    progress(isRecorded ? READING + share * (1 - READING) : share),
  );
  tell({ type: "done", result });
} catch (error) {
  if (!(error instanceof NoRecordError)) throw error;
  tell({ type: "refused", message: error.message });
}

async function workloadOf({ source, policies }: SimulationInput, url: string): Promise<Workload> {
  const { timeZone } = policies[0]!.policy;
  if (source.kind === "generated")
    return generateDay(source, {
      queue: queueOf(policies),
      startAtMs: mondayMorningMs(timeZone),
    });
  const storage = openStorage(url, {
    maxConnections: 2,
    statementTimeoutMs: 60_000,
    // A thread that is cancelled says goodbye to nobody: let PostgreSQL look whether anybody still listens. Not every system can.
    onConnect: async (client) => {
      await client.query("set client_connection_check_interval = '500ms'").catch(() => undefined);
    },
  });
  try {
    return await loadRecorded(storage, source, {
      timeZone,
      standings: (ids) => standingsOf(storage, ids, currency),
      onProgress: (share) => progress(share * READING),
    });
  } finally {
    await storage.close();
  }
}

/** A queue the policies speak of, so that their rules apply to a generated day too. */
function queueOf(policies: SimulationInput["policies"]): string {
  for (const { policy } of policies) {
    const [named] = policy.queues;
    if (named !== undefined) return named;
    for (const condition of policy.rules.flatMap(({ when }) => when))
      if (condition.fact === "queue" && condition.in[0] !== undefined) return condition.in[0];
  }
  return "";
}

/** 9:00 on Monday, 5 January 2026, on the zone's walls. */
function mondayMorningMs(timeZone: string): number {
  for (let atMs = Date.UTC(2026, 0, 4, 12); ; atMs += 900_000) {
    const { weekday, minuteOfDay } = wallTime(timeZone, atMs);
    if (weekday === 1 && minuteOfDay >= 540) return atMs;
  }
}
