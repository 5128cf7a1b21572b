import type { AbandonmentRule } from "../../../server/campaigns/model.ts";
import { NOTHING_LEARNED } from "../../../server/campaigns/pacing/learn.ts";
import type {
  Learned,
  PacedOperator,
  PacingState,
} from "../../../server/campaigns/pacing/model.ts";

export const rule: AbandonmentRule = {
  mostShare: 0.03,
  targetShare: 0.027,
  window: "day",
  clockFrom: "answer",
  connectWithinMs: 2000,
};

export const NOW = 1_800_000_000_000;

/** As after a few hours: 35 % answer after 15 s, talks of 131 s in the middle. */
export const learned: Learned = {
  ...NOTHING_LEARNED,
  dials: 300,
  answers: 105,
  ringSeconds: Array.from({ length: 25 }, (_, s) => 30 * Math.exp(-(((s - 13) / 5) ** 2))),
  talk: { samples: 300, meanLog: Math.log(140_000), varianceLog: 0.5 },
  theta: 0.08,
};

export const free = (count: number): PacedOperator[] =>
  Array.from({ length: count }, () => ({ state: "free", sinceMs: NOW - 5000 }));

export const talking = (...seconds: number[]): PacedOperator[] =>
  seconds.map((since) => ({ state: "talking", sinceMs: NOW - 1000 * since }));

export const ringing = (...seconds: number[]) =>
  seconds.map((since) => ({ sinceMs: NOW - 1000 * since, chance: null }));

export const state = (more: Partial<PacingState> = {}): PacingState => ({
  nowMs: NOW,
  mode: "predictive",
  rule,
  ringLimitMs: 25_000,
  mostLinesPerOperator: 5,
  operators: [],
  ringing: [],
  waiting: 0,
  others: [],
  kept: 0,
  linesFree: 100,
  learned,
  window: { answered: 1000, abandoned: 20 },
  ...more,
});
