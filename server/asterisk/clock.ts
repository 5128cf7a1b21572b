/**
 * Time as the wire needs it, given from outside so that tests can drive it.
 */

/** What a timer is known by, to whoever set it. */
export type TimerHandle = { readonly cancel: () => void };

/** The clock, the timers and the dice of the wire. */
export type Clock = {
  /** Epoch milliseconds, with a fraction. */
  readonly nowMs: () => number;
  /** Calls `run` once after `delayMs`. */
  readonly after: (delayMs: number, run: () => void) => TimerHandle;
  /** At least 0, less than 1. */
  readonly random: () => number;
};

// performance.now() is fine-grained but knows nothing of a corrected wall clock: beyond this distance the wall clock wins.
const allowedDriftMs = 20;

/** The machine's own clock. */
export function systemClock(): Clock {
  let originMs = performance.timeOrigin;
  return {
    nowMs: () => {
      const fineMs = originMs + performance.now();
      const wallMs = Date.now();
      if (Math.abs(fineMs - wallMs) <= allowedDriftMs) return fineMs;
      originMs += wallMs - fineMs;
      return wallMs;
    },
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs);
      return { cancel: () => clearTimeout(timer) };
    },
    random: Math.random,
  };
}
