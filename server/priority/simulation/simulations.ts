/**
 * Simulations as the console asks for them: each in a thread of its own, few at a time, their results kept for an hour. A thread that
 * crashes, hangs or needs too much memory is one failed simulation and nothing else.
 */
import { randomUUID } from "node:crypto";
import { Worker } from "node:worker_threads";
import type { SimulationInput, SimulationResult, SimulationState } from "./model.ts";

/** What a worker is given. */
export type SimulationTask = {
  readonly input: SimulationInput;
  readonly databaseUrl: string;
  /** Of sums in rules, "" while it is not known. */
  readonly currency: string;
};
/** What a worker tells. */
export type SimulationMessage =
  | { readonly type: "progress"; readonly share: number }
  | { readonly type: "done"; readonly result: SimulationResult }
  /** It cannot be played, and the person can mend that. */
  | { readonly type: "refused"; readonly message: string };

export type SimulationsOptions = {
  /** Where a worker reads recorded calls, over connections of its own. */
  readonly databaseUrl: string;
  /** The shop's, ISO 4217, for rules about sums; default not known. */
  readonly currency?: () => string;
  /** Told what a crashed worker threw; the person is told only that it failed. */
  readonly onFailure: (error: unknown) => void;
  /** How long a finished simulation can be read; default an hour. */
  readonly keepMs?: number;
  /** How long one may take; default 5 minutes. */
  readonly limitMs?: number;
  /** How much memory one may take; default 1.5 GB. */
  readonly memoryMb?: number;
  /** Monotonic, ms. */
  readonly now?: () => number;
  /** The worker's file; tests have bad ones. */
  readonly worker?: URL;
};

/** Why a simulation was not started. */
export class SimulationBusyError extends Error {
  /** `yours`: this person's last one still runs; `server`: as many as may run at once do. */
  readonly code: "yours" | "server";
  constructor(code: "yours" | "server") {
    super(
      code === "yours"
        ? "Your last simulation is still running; wait for it or cancel it"
        : "Other people's simulations are running; try again in a moment",
    );
    this.name = "SimulationBusyError";
    this.code = code;
  }
}

const MOST_AT_ONCE = 2;
const MOST_KEPT = 100;
const MOST_MEMORY_MB = 1536;

type Entry = {
  readonly owner: string;
  readonly worker: Worker;
  state: SimulationState;
  endedAtMs: number | null;
};

/** Closed by {@link close}, which ends what still runs. */
export class Simulations {
  readonly #options: SimulationsOptions;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #limits = new Map<string, NodeJS.Timeout>();
  #isClosed = false;

  constructor(options: SimulationsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** @throws SimulationBusyError when the owner or the server has enough to do. */
  start(input: SimulationInput, owner: string): SimulationState {
    if (this.#isClosed) throw new Error("the simulations are closed");
    this.#forget();
    const running = [...this.#entries.values()].filter(({ endedAtMs }) => endedAtMs === null);
    if (running.some((entry) => entry.owner === owner)) throw new SimulationBusyError("yours");
    if (running.length >= MOST_AT_ONCE) throw new SimulationBusyError("server");

    const id = randomUUID();
    const worker = new Worker(this.#options.worker ?? new URL("worker.ts", import.meta.url), {
      workerData: {
        input,
        databaseUrl: this.#options.databaseUrl,
        currency: this.#options.currency?.() ?? "",
      } satisfies SimulationTask,
      resourceLimits: { maxOldGenerationSizeMb: this.#options.memoryMb ?? MOST_MEMORY_MB },
      name: "simulation",
    });
    const entry: Entry = {
      owner,
      worker,
      state: { id, state: "running", progress: 0, error: "", result: null },
      endedAtMs: null,
    };
    this.#entries.set(id, entry);
    worker.on("message", (message: SimulationMessage) => this.#heard(entry, message));
    worker.on("error", (error) => this.#failed(entry, error));
    worker.on("exit", (code) => this.#failed(entry, new Error(`the worker ended with ${code}`)));
    const limit = setTimeout(
      () => this.#failed(entry, new Error("the simulation took too long")),
      this.#options.limitMs ?? 300_000,
    );
    limit.unref();
    this.#limits.set(id, limit);
    return entry.state;
  }

  /** Null for none of this id, none of this owner's, or one that ended too long ago. */
  find(id: string, owner: string): SimulationState | null {
    this.#forget();
    const entry = this.#entries.get(id);
    return entry?.owner === owner ? entry.state : null;
  }

  /** Ends one that runs; one that ended stays as it is. Null as in {@link find}. */
  cancel(id: string, owner: string): SimulationState | null {
    const entry = this.find(id, owner) === null ? undefined : this.#entries.get(id);
    if (entry === undefined) return null;
    this.#end(entry, { state: "cancelled" });
    return entry.state;
  }

  /** Ends everything that runs. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const entries = [...this.#entries.values()];
    for (const entry of entries) this.#end(entry, { state: "cancelled" });
    await Promise.all(entries.map(({ worker }) => worker.terminate()));
  }

  #heard(entry: Entry, message: SimulationMessage): void {
    if (entry.endedAtMs !== null) return;
    switch (message.type) {
      case "progress":
        entry.state = { ...entry.state, progress: Math.min(1, message.share) };
        return;
      case "done":
        this.#end(entry, { state: "done", progress: 1, result: message.result });
        return;
      case "refused":
        this.#end(entry, { state: "failed", error: message.message });
    }
  }

  #failed(entry: Entry, error: unknown): void {
    if (entry.endedAtMs !== null) return;
    this.#options.onFailure(error);
    this.#end(entry, {
      state: "failed",
      error: "The simulation failed; the server's log says why",
    });
  }

  #end(entry: Entry, change: Partial<SimulationState>): void {
    if (entry.endedAtMs !== null) return;
    entry.endedAtMs = this.#now();
    entry.state = { ...entry.state, ...change };
    const { id } = entry.state;
    clearTimeout(this.#limits.get(id));
    this.#limits.delete(id);
    void entry.worker.terminate();
  }

  #forget(): void {
    const { keepMs = 3_600_000 } = this.#options;
    const ended = [...this.#entries].filter(([, { endedAtMs }]) => endedAtMs !== null);
    for (const [at, [id, { endedAtMs }]] of ended.entries())
      if (this.#now() - endedAtMs! >= keepMs || at < ended.length - MOST_KEPT)
        this.#entries.delete(id);
  }
}
