/** How likely customers recommend the shop: the Net Promoter Score of some answers, and how sure it is. Pure. */

/** Answers counted: 9 and 10 promote, 7 and 8 are passive, 0 to 6 detract. */
export type Answers = {
  readonly promoters: number;
  readonly passives: number;
  readonly detractors: number;
};

/** A score, -100 to 100, with its 95 % interval; null for no answers. */
export type Nps = {
  readonly score: number;
  readonly from: number;
  readonly to: number;
};

/** Of a normal distribution, for 95 %. */
const Z = 1.959964;
/**
 * Answers that are added before the interval is reckoned, half of them passive (an adjusted Wald interval): three customers who all promote
 * would otherwise look certain.
 */
const ADDED = 3;

/** The score of these answers. */
export function npsOf({ promoters, passives, detractors }: Answers): Nps | null {
  const n = promoters + passives + detractors;
  if (n === 0) return null;
  const score = (promoters - detractors) / n;
  const most = n + ADDED;
  const up = (promoters + ADDED / 4) / most;
  const down = (detractors + ADDED / 4) / most;
  const middle = up - down;
  const reach = Z * Math.sqrt(Math.max(0, up + down - middle ** 2) / most);
  return {
    score: percent(score),
    // What was counted is always within.
    from: percent(Math.max(-1, Math.min(middle - reach, score))),
    to: percent(Math.min(1, Math.max(middle + reach, score))),
  };
}

/** To one place after the point. */
function percent(share: number): number {
  return Math.round(share * 1000) / 10;
}
