/**
 * How long people wait before they hang up, told from a record in which most were answered first: those say only that they would have
 * waited longer. Pure.
 *
 * The chance to hang up in the next second is taken as even within each stretch of waiting and may differ between stretches, as people
 * hang up more in the first seconds and after announcements (a piecewise exponential; within a stretch the maximum likelihood estimate is
 * those who hung up by the time everybody waited there).
 */

const STRETCHES_SECONDS = [0, 10, 20, 40, 60, 90, 120, 180, 300, 600] as const;
/** So many seconds of everybody's waiting at the overall chance are mixed into each stretch: few calls must not make a certainty. */
const PRIOR_HANG_UPS = 2;

/** Chance to hang up, per ms, from each of `fromMs` on. */
export type Patience = { readonly fromMs: readonly number[]; readonly perMs: readonly number[] };

/**
 * When nobody hung up at all, half a person is taken to have done so. No waits at all: nobody ever hangs up within an hour or so.
 * @param hungUp 1 for each wait that ended so.
 */
export function estimatePatience(waitMs: Float64Array, hungUp: Uint8Array): Patience {
  const fromMs = STRETCHES_SECONDS.map((seconds) => seconds * 1000);
  const hungUpIn = fromMs.map(() => 0);
  const exposedMs = fromMs.map(() => 0);
  for (let wait = 0; wait < waitMs.length; wait += 1) {
    const ms = waitMs[wait]!;
    for (let at = 0; at < fromMs.length; at += 1) {
      const from = fromMs[at]!;
      if (ms < from) break;
      const to = fromMs[at + 1] ?? Infinity;
      exposedMs[at]! += Math.min(ms, to) - from;
      if (ms < to) hungUpIn[at]! += hungUp[wait]!;
    }
  }
  const allMs = exposedMs.reduce((sum, ms) => sum + ms, 0);
  const all = hungUpIn.reduce((sum, count) => sum + count, 0);
  const overall = allMs > 0 ? Math.max(0.5, all) / allMs : 1 / 3_600_000;
  return {
    fromMs,
    perMs: fromMs.map(
      (_, at) => (hungUpIn[at]! + PRIOR_HANG_UPS) / (exposedMs[at]! + PRIOR_HANG_UPS / overall),
    ),
  };
}

/**
 * When somebody hangs up who has waited `waitedMs` already.
 * @param exponential one draw with mean 1.
 */
export function hangsUpAfterMs(patience: Patience, waitedMs: number, exponential: number): number {
  const { fromMs, perMs } = patience;
  let left = exponential;
  let nowMs = waitedMs;
  for (const [at, rate] of perMs.entries()) {
    const toMs = fromMs[at + 1] ?? Infinity;
    if (nowMs >= toMs) continue;
    if (left < (toMs - nowMs) * rate) return nowMs + left / rate;
    left -= (toMs - nowMs) * rate;
    nowMs = toMs;
  }
  return nowMs;
}
