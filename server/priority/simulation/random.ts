/** Randomness of a simulated day: the same seed gives the same day on every machine, and each kind of draw has a stream of its own. */

/** Draws of one stream. */
export type Draws = {
  /** At least 0, below 1. */
  uniform(): number;
  exponential(mean: number): number;
  /** @param cv standard deviation by mean; 0 gives the mean itself. */
  lognormal(mean: number, cv: number): number;
};

/**
 * A stream: sfc32, 128 bits of state. Streams with other names are independent, so changing, say, the tiers leaves arrivals and
 * handling times as they were.
 */
export function drawsOf(seed: number, stream: string): Draws {
  const state = stateOf(seed, stream);
  let [a, b, c, d] = state;
  const uniform = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4_294_967_296;
  };
  // The first numbers still show the seed.
  for (let round = 0; round < 20; round += 1) uniform();
  let spare = Number.NaN;
  // Marsaglia's polar method: two normal draws at a time.
  const normal = (): number => {
    if (!Number.isNaN(spare)) {
      const kept = spare;
      spare = Number.NaN;
      return kept;
    }
    for (;;) {
      const u = 2 * uniform() - 1;
      const v = 2 * uniform() - 1;
      const s = u * u + v * v;
      if (s <= 0 || s >= 1) continue;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      spare = v * factor;
      return u * factor;
    }
  };
  return {
    uniform,
    exponential: (mean) => -mean * Math.log1p(-uniform()),
    lognormal(mean, cv) {
      const variance = Math.log1p(cv * cv);
      return mean * Math.exp(Math.sqrt(variance) * normal() - variance / 2);
    },
  };
}

/** FNV-1a of the name, mixed with the seed's two halves by splitmix32. */
function stateOf(seed: number, stream: string): [number, number, number, number] {
  let hash = 0x811c9dc5;
  for (const letter of stream) hash = Math.imul(hash ^ letter.codePointAt(0)!, 0x01000193);
  let mixed = hash ^ (seed | 0) ^ Math.imul(Math.floor(seed / 4_294_967_296) | 0, 0x9e3779b1);
  const next = (): number => {
    mixed = (mixed + 0x9e3779b9) | 0;
    let t = mixed ^ (mixed >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return t ^ (t >>> 15);
  };
  return [next(), next(), next(), 1];
}
