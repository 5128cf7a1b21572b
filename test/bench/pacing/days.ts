/** Days as the bench plays them, described by what can be sent to a worker. */
import type { AbandonmentRule } from "../../../server/campaigns/model.ts";
import { adaptiveLevel, allEndsKnown, fixedRatio, ours, progressive } from "./pacers.ts";
import { type Conditions, type DayResult, type Pacer, playDays } from "./shift.ts";

export type Run = {
  readonly pacer: "progressive" | "ratio" | "adaptive" | "ours" | "bound";
  /** Of `ratio`. */
  readonly ratio: number;
  readonly operators: number;
  readonly seed: number;
  readonly days: number;
  readonly targetShare: number;
  readonly changing: boolean;
  readonly wrapUpPart: number;
};

const HOUR_MS = 3_600_000;
export const DAY_MS = 10 * HOUR_MS;
export const MOST_SHARE = 0.03;

export const ruleFor = (targetShare: number): AbandonmentRule => ({
  mostShare: MOST_SHARE,
  targetShare,
  window: "day",
  clockFrom: "answer",
  connectWithinMs: 2000,
});

const ANSWER_CHANCES = [0.35, 0.2, 0.5, 0.25, 0.4];
const HANDLING_MS = [180_000, 240_000, 140_000];

/** 35 % answer after 15 s, 180 s of handling; or both changing through the day. */
export function conditionsOf({
  operators,
  changing,
}: Pick<Run, "operators" | "changing">): (msOfDay: number) => Conditions {
  const usual = { operators, answerChance: 0.35, ringMs: 15_000, handlingMs: 180_000 };
  if (!changing) return () => usual;
  return (msOfDay) => {
    const part = Math.min(0.999_999, msOfDay / DAY_MS);
    return {
      ...usual,
      answerChance: ANSWER_CHANCES[Math.floor(part * ANSWER_CHANCES.length)]!,
      handlingMs: HANDLING_MS[Math.floor(part * HANDLING_MS.length)]!,
    };
  };
}

export function play(run: Run): readonly DayResult[] {
  return playDays(
    {
      seed: run.seed,
      days: run.days,
      dayMs: DAY_MS,
      conditions: conditionsOf(run),
      wrapUpPart: run.wrapUpPart,
      rule: ruleFor(run.targetShare),
    },
    PACERS[run.pacer](run.ratio),
  );
}

const PACERS: Readonly<Record<Run["pacer"], (ratio: number) => Pacer>> = {
  progressive,
  ratio: fixedRatio,
  adaptive: adaptiveLevel,
  ours,
  bound: allEndsKnown,
};
