/** Plays runs of days in as many workers as there are cores. */
import { availableParallelism } from "node:os";
import { Worker, isMainThread, parentPort } from "node:worker_threads";
import { type Run, play } from "./days.ts";
import type { DayResult } from "./shift.ts";

export type Players = {
  readonly play: (runs: readonly Run[]) => Promise<readonly (readonly DayResult[])[]>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

export function startPlayers(): Players {
  const workers = Array.from(
    { length: availableParallelism() },
    () => new Worker(new URL(import.meta.url)),
  );
  return {
    play: async (runs) => {
      const results: (readonly DayResult[])[] = [];
      let next = 0;
      await Promise.all(
        workers.map(async (worker) => {
          while (next < runs.length) {
            const at = next;
            next += 1;
            results[at] = await ask(worker, runs[at]!);
          }
        }),
      );
      return results;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function ask(worker: Worker, run: Run): Promise<readonly DayResult[]> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(error);
    worker.once("error", failed);
    worker.once("message", (days: readonly DayResult[]) => {
      worker.off("error", failed);
      resolve(days);
    });
    worker.postMessage(run, []);
  });
}

if (!isMainThread) parentPort!.on("message", (run: Run) => parentPort!.postMessage(play(run), []));
