/** Whole shifts, seeded: the share of abandoned calls stays under its cap whatever was learned wrongly and whatever changes. */
import { describe, expect, test } from "vitest";
import { decideLines } from "../../../server/campaigns/pacing/pace.ts";
import type { PacingReason } from "../../../server/campaigns/pacing/model.ts";
import {
  type Conditions,
  type DayResult,
  type Days,
  type Pacer,
  playDays,
} from "../../bench/pacing/shift.ts";
import { fixedRatio, ours, progressive } from "../../bench/pacing/pacers.ts";
import { learned, rule } from "./samples.ts";

const HOUR_MS = 3_600_000;
const usual: Conditions = {
  operators: 10,
  answerChance: 0.35,
  ringMs: 15_000,
  handlingMs: 180_000,
};
const played = (more: Partial<Days>, pacer: Pacer = ours()) =>
  playDays(
    {
      seed: 1,
      days: 1,
      dayMs: 5 * HOUR_MS,
      conditions: () => usual,
      wrapUpPart: 0,
      rule,
      ...more,
    },
    pacer,
  );
const first = (days: readonly DayResult[]) => days[0]!;
/** What is allowed of so many answers: the cap, or of few answers the target and what chance does, and calls that were under way. */
const allowed = ({ answered }: DayResult, underWay = 1) =>
  underWay + Math.max(rule.mostShare * answered, rule.targetShare * answered + 4);

describe("the simulated shift", () => {
  test("agrees with the exact share of one line for each free operator", () => {
    // Of each answered call: 0.65/0.35 unanswered rings of 25 s, then 13.97 s (the mean of those under 25 s), then 180 s of handling.
    const exact = 180 / (180 + (0.65 / 0.35) * 25 + 13.97);
    const days = played({ days: 20, dayMs: 10 * HOUR_MS }, progressive());
    const mean = days.reduce((sum, day) => sum + day.busyShare, 0) / days.length;
    expect(mean).toBeGreaterThan(exact - 0.007);
    expect(mean).toBeLessThan(exact + 0.003);
    expect(days.every(({ abandoned }) => abandoned === 0)).toBe(true);
  });

  test("lets a careless ratio abandon, so that the cap is no property of the simulation", () => {
    const { answered, abandoned } = first(played({}, fixedRatio(2.5)));
    expect(abandoned / answered).toBeGreaterThan(0.06);
  });

  test("is the same with the same seed, another with another", () => {
    const one = played({ dayMs: HOUR_MS });
    expect(played({ dayMs: HOUR_MS })).toEqual(one);
    expect(played({ dayMs: HOUR_MS, seed: 2 })).not.toEqual(one);
  });
});

const everyHalfHour = (ms: number, first: number, second: number) =>
  Math.floor(ms / (HOUR_MS / 2)) % 2 === 0 ? first : second;

describe("the cap holds", () => {
  const rare = { ...learned, answers: 3, dials: 300 };
  const quick = { ...learned, talk: { samples: 300, meanLog: Math.log(20_000), varianceLog: 0.1 } };
  test.each<[string, Partial<Days>]>([
    ["with nothing learned", {}],
    ["when one in a hundred was thought to answer", { learned: rare }],
    ["when talks were thought to last 20 s", { learned: quick }],
    ["when any risk was allowed", { learned: { ...learned, theta: 0.5 } }],
    [
      "when everything learned is wrong at once",
      { learned: { ...quick, answers: 3, theta: 0.5, ringSeconds: [300] } },
    ],
    ["with five operators", { conditions: () => ({ ...usual, operators: 5 }) }],
    ["when nearly everybody answers", { conditions: () => ({ ...usual, answerChance: 0.95 }) }],
    [
      "when the answer rate jumps from 15 to 60 % and back each half hour",
      {
        conditions: (ms) => ({
          ...usual,
          operators: 20,
          answerChance: everyHalfHour(ms, 0.15, 0.6),
        }),
      },
    ],
    [
      "when phones begin to ring for long",
      { conditions: (ms) => ({ ...usual, ringMs: ms < 2 * HOUR_MS ? 6000 : 23_000 }) },
    ],
    [
      "when talks become three times as long",
      { conditions: (ms) => ({ ...usual, handlingMs: ms < 2 * HOUR_MS ? 90_000 : 270_000 }) },
    ],
    [
      "when operators come and go each quarter of an hour",
      {
        conditions: (ms) => ({
          ...usual,
          operators: Math.floor(ms / (HOUR_MS / 4)) % 2 === 0 ? 16 : 6,
        }),
      },
    ],
    ["when wrap-ups are seen", { wrapUpPart: 0.3 }],
  ])("%s", (_, more) => {
    for (const seed of [1, 2]) {
      const day = first(played({ ...more, seed }));
      expect(day.answered).toBeGreaterThan(300);
      expect(day.abandoned).toBeLessThanOrEqual(allowed(day));
    }
  });

  test("when a list that one in twelve answers is at once answered by four of five, but for the lines that ring then", () => {
    const conditions = (ms: number) => ({
      ...usual,
      operators: 40,
      answerChance: everyHalfHour(ms, 0.08, 0.8),
    });
    for (const seed of [1, 2]) {
      const day = first(played({ seed, conditions }));
      expect(day.abandoned).toBeLessThanOrEqual(allowed(day, 20));
    }
  });

  test("when all operators leave at once, only calls that rang already are lost", () => {
    const lost = (seed: number) => {
      const leave = (ms: number) => ({ ...usual, operators: ms < 2 * HOUR_MS ? 10 : 0 });
      const before = first(played({ seed, dayMs: 2 * HOUR_MS }));
      const after = first(played({ seed, dayMs: 3 * HOUR_MS, conditions: leave }));
      return after.abandoned - before.abandoned;
    };
    for (const seed of [1, 2, 3]) expect(lost(seed)).toBeLessThanOrEqual(8);
  });
});

test("a hundred operators begin a doubtful list with one line each, then at most two for each who is free, until 200 dials", () => {
  let dials = 0;
  const bounded: Pacer = {
    learns: true,
    lines: (state) => {
      const { lines } = decideLines(state);
      const free = state.operators.filter((o) => o.state === "free").length;
      if (dials < 200) expect(lines).toBeLessThanOrEqual(2 * free);
      dials += lines;
      return lines;
    },
  };
  // The first seconds' numbers are dead, then nearly everybody answers.
  const conditions = (ms: number) => ({
    ...usual,
    operators: 100,
    answerChance: ms < 20_000 ? 0.02 : 0.9,
  });
  const day = first(played({ dayMs: HOUR_MS / 2, conditions }, bounded));
  expect(dials).toBeGreaterThan(500);
  expect(day.abandoned).toBeLessThanOrEqual(allowed(day));
});

test("what is learned in a shift makes the next one busier than one line for each operator would, from its first hour", () => {
  const days = played({ days: 3, dayMs: 3 * HOUR_MS });
  const plain = played({ days: 3, dayMs: 3 * HOUR_MS }, progressive());
  expect(days[2]!.busyShare).toBeGreaterThan(plain[2]!.busyShare + 0.05);
});

test("automatic begins with one line for each operator, predicts once it knows enough, and stops when people leave", () => {
  const reasons: PacingReason[] = [];
  const automatic: Pacer = {
    learns: true,
    lines: (state) => {
      const { lines, reason } = decideLines({ ...state, mode: "automatic" });
      if (state.operators.length > 0 && reasons.at(-1) !== reason) reasons.push(reason);
      return lines;
    },
  };
  const conditions = (ms: number) => ({ ...usual, operators: ms < 1.5 * HOUR_MS ? 10 : 4 });
  played({ dayMs: 2 * HOUR_MS, conditions }, automatic);
  expect(reasons[0]).toBe("tooLittleKnown");
  expect(reasons).toContain("predictive");
  expect(reasons.at(-1)).toBe("tooLittleKnown");
});
