/** What is played: callers with everything that is theirs, whatever the policy, and how many operators are there. */
import type { Subject } from "../model.ts";

/** Operators who serve the same queues. Callers are parallel arrays in order of joining; times are epoch ms. */
export type Pool = {
  readonly queues: readonly string[];
  readonly joinedAtMs: Float64Array;
  /** Index into `queues`. */
  readonly queue: Uint16Array;
  /** From the choice of the caller to the operator's answer. */
  readonly ringMs: Float64Array;
  /** From the answer until the operator is free again. */
  readonly handlingMs: Float64Array;
  /** After how long of waiting they hang up. */
  readonly patienceMs: Float64Array;
  /** Operators who come (more than 0) or go (less), in order of time. */
  readonly duty: readonly { readonly atMs: number; readonly change: number }[];
  /** Whom the policy is asked about, one for each caller; may be the same object for many. */
  readonly subjects: readonly Subject[];
  /** "" for none. */
  readonly tiers: readonly string[];
};

/** A day, or several. */
export type Workload = {
  readonly pools: readonly Pool[];
  /** Patience of who was answered had to be guessed. */
  readonly patienceGuessed: boolean;
  /** How recorded days were read; null for a generated day. */
  readonly recorded: { readonly gapMinutes: number } | null;
};
