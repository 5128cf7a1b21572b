/**
 * How long to wait before connecting again.
 */

const shortestMs = 500;
const longestMs = 15_000;

/**
 * The wait before attempt `failures + 1`: anything between half a second and a ceiling that doubles with each failure from one
 * second to fifteen, so that many processes that lost the same PBX do not come back in step. `random` is in [0, 1).
 */
export function reconnectDelayMs(failures: number, random: number): number {
  const ceilingMs = Math.min(longestMs, shortestMs * 2 ** Math.min(failures + 1, 10));
  return shortestMs + random * (ceilingMs - shortestMs);
}
