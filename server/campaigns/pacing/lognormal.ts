/**
 * Durations of people's talks are close to lognormal: their logarithms are fitted, and from the fit comes what pacing asks, how likely
 * somebody who has talked so long is to be done soon.
 */
import type { LogNormal } from "./model.ts";

/** Durations that a fit remembers; older ones fade. */
const MEMORY = 300;
/** Shorter ones are counted as this: a logarithm of nearly nothing would drown the others. */
const SHORTEST_MS = 1000;
/** With few samples the spread is taken as wide as people's usually is (a coefficient of variation of about 0.9). */
const USUAL_VARIANCE = 0.6;
const USUAL_WEIGHT = 5;
/** Beyond this a duration is "very long": the chance that it ends does not change any more. Seconds. */
const LONGEST_SECONDS = 3600;
/**
 * This share of durations is taken to come from a much wider spread than the fit's. Without it somebody who talks for an hour where
 * three minutes are usual would be expected to be done at every next second.
 */
const STRAY_SHARE = 0.02;
const STRAY_SPREAD = 1;

/** A fit of no durations. */
export const NO_DURATIONS: LogNormal = { samples: 0, meanLog: 0, varianceLog: 0 };

/** The fit with one more duration. */
export function withDuration(fit: LogNormal, ms: number): LogNormal {
  const log = Math.log(Math.max(ms, SHORTEST_MS));
  const samples = fit.samples * (1 - 1 / MEMORY) + 1;
  const weight = 1 / samples;
  const off = log - fit.meanLog;
  return {
    samples,
    meanLog: fit.meanLog + weight * off,
    varianceLog: (1 - weight) * (fit.varianceLog + weight * off * off),
  };
}

/** What survives of durations by whole seconds: `at(s)` is the share that lasts longer than `s` seconds, never 0. */
export type Survival = { readonly shares: Float64Array; readonly last: number };

/** Fits differ little from one talk to the next: what follows from one is worked out for steps of a hundredth, and kept. */
const known = new Map<number, Survival>();
const MOST_KNOWN = 256;
const STEPS_OF_FIT = 100;

/** The fit's survival to at least `seconds` (at most an hour, which stands for anything longer). */
export function survivalOf(fit: LogNormal, seconds: number): Survival {
  const variance =
    (fit.varianceLog * fit.samples + USUAL_VARIANCE * USUAL_WEIGHT) / (fit.samples + USUAL_WEIGHT);
  const mean = Math.round(STEPS_OF_FIT * Math.min(25, Math.max(0, fit.meanLog)));
  const spread = Math.round(STEPS_OF_FIT * Math.min(9, Math.max(0.05, Math.sqrt(variance))));
  const key = mean * 1000 + spread;
  const last = Math.min(LONGEST_SECONDS, Math.ceil(seconds));
  const before = known.get(key);
  if (before !== undefined && before.last >= last) return before;
  if (known.size >= MOST_KNOWN) known.clear();
  const survival = survivalTo(
    mean / STEPS_OF_FIT,
    spread / STEPS_OF_FIT,
    Math.min(LONGEST_SECONDS, Math.max(900, last + 300)),
  );
  known.set(key, survival);
  return survival;
}

function survivalTo(meanLog: number, spread: number, last: number): Survival {
  const shares = new Float64Array(last + 1);
  shares[0] = 1;
  for (let second = 1; second <= last; second += 1) {
    const off = meanLog - LOG_MS[second]!;
    shares[second] = Math.max(
      1e-12,
      (1 - STRAY_SHARE) * normalShare(off / spread) +
        STRAY_SHARE * normalShare(off / (spread + STRAY_SPREAD)),
    );
  }
  return { shares, last };
}

const LOG_MS = Float64Array.from({ length: LONGEST_SECONDS + 1 }, (_, second) =>
  Math.log(second * 1000),
);

const STEPS = 128;
const FARTHEST = 8;
const NORMAL = Float64Array.from({ length: 2 * FARTHEST * STEPS + 2 }, (_, at) =>
  normalIntegral(at / STEPS - FARTHEST),
);

/** The share of a standard normal below `z`, within 2e-6. */
export function normalShare(z: number): number {
  if (z <= -FARTHEST) return 0;
  if (z >= FARTHEST) return 1;
  const place = (z + FARTHEST) * STEPS;
  const at = Math.floor(place);
  const low = NORMAL[at]!;
  return low + (place - at) * (NORMAL[at + 1]! - low);
}

/** Abramowitz and Stegun 26.2.17, within 7.5e-8. */
function normalIntegral(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const series =
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
  return z < 0 ? tail : 1 - tail;
}
