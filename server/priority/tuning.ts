/** How quick the steward is, and what it counts. */

/** Times of the steward. */
export type StewardTuning = {
  /**
   * Claims that grow past one another are compared this often. A caller looks for their turn once a second, and one who overtakes several meanwhile
   * is moved once.
   */
  readonly overtakingMs: number;
  /** Positions are read back so long after a move, and not more often than {@link readBackGapMs}. */
  readonly readBackMs: number;
  readonly readBackGapMs: number;
  /** After a start, callers nobody has looked up yet keep everybody's place so long. */
  readonly holdMs: number;
  /** After an action got no answer or was refused without a reason we know. */
  readonly retryMs: number;
};

/** What fits production. */
export const DEFAULT_TUNING: StewardTuning = {
  overtakingMs: 2000,
  readBackMs: 150,
  readBackGapMs: 1000,
  holdMs: 1500,
  retryMs: 1000,
};

/** What all queues count together. */
export type StewardCounts = {
  moves: number;
  movesByHand: number;
  gone: number;
  failed: Record<string, number>;
  readBacks: number;
  corrected: number;
  plans: number;
};
