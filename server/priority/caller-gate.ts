/**
 * Bounds what look-ups before the queue may take of the rest: so many at a time, each answered by its deadline, and none begun
 * while all places are held by ones that are late. A flood of calls or a database that hangs then costs the operators' screens nothing.
 */

/** What `/metrics` shows; everything but `running` and `waiting` only grows. */
export type GateCounters = {
  readonly answered: number;
  /** Deadline passed before the answer was there. */
  readonly late: number;
  /** Refused at once: every place is held by a look-up that is late already. */
  readonly refused: number;
  readonly failed: number;
  readonly running: number;
  readonly waiting: number;
};

export type GateOptions = {
  /** Look-ups under way at a time. */
  readonly places: number;
  /** From asking to answering, waiting for a place included. */
  readonly deadlineMs: number;
};

/** Lets look-ups through. */
export class Gate {
  readonly #options: GateOptions;
  readonly #waiting = new Set<() => Promise<void>>();
  #running = 0;
  #overdue = 0;
  #answered = 0;
  #late = 0;
  #refused = 0;
  #failed = 0;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** What `lookUp` found, or null when it is late, failed, or there is no place for it. Never throws. */
  ask<T>(lookUp: () => Promise<T>): Promise<T | null> {
    if (this.#overdue >= this.#options.places) {
      this.#refused += 1;
      return Promise.resolve(null);
    }
    return new Promise((answer) => {
      let over = false;
      let started = false;
      const start = async () => {
        started = true;
        this.#running += 1;
        const found = await run(lookUp);
        this.#running -= 1;
        if (over) this.#overdue -= 1;
        else {
          clearTimeout(timer);
          if (found === FAILED) this.#failed += 1;
          else this.#answered += 1;
          answer(found === FAILED ? null : found);
        }
        this.#next();
      };
      const timer = setTimeout(() => {
        over = true;
        this.#late += 1;
        if (started) this.#overdue += 1;
        this.#waiting.delete(start);
        answer(null);
      }, this.#options.deadlineMs);
      if (this.#running < this.#options.places) void start();
      else this.#waiting.add(start);
    });
  }

  counters(): GateCounters {
    return {
      answered: this.#answered,
      late: this.#late,
      refused: this.#refused,
      failed: this.#failed,
      running: this.#running,
      waiting: this.#waiting.size,
    };
  }

  #next(): void {
    const [start] = this.#waiting;
    if (start === undefined) return;
    this.#waiting.delete(start);
    void start();
  }
}

const FAILED = Symbol("failed");

async function run<T>(lookUp: () => Promise<T>): Promise<T | typeof FAILED> {
  try {
    return await lookUp();
  } catch {
    return FAILED;
  }
}
