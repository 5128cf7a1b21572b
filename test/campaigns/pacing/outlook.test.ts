import { describe, expect, test } from "vitest";
import { dialled } from "../../../server/campaigns/pacing/learn.ts";
import { NO_DURATIONS, withDuration } from "../../../server/campaigns/pacing/lognormal.ts";
import type { LogNormal, PacedOperator } from "../../../server/campaigns/pacing/model.ts";
import { outlookOf } from "../../../server/campaigns/pacing/outlook.ts";
import { linesBorne } from "../../../server/campaigns/pacing/risk.ts";
import { Random } from "../../bench/pacing/random.ts";
import { NOW, free, learned, ringing, state, talking } from "./samples.ts";

const sum = (values: Iterable<number>) => [...values].reduce((all, value) => all + value, 0);

describe("lines that ring", () => {
  test("take an operator each when they are sure to be answered", () => {
    const sure = ringing(0, 0).map((line) => ({ ...line, chance: 1 }));
    const { mean, variance, answers } = outlookOf(state({ operators: free(3), ringing: sure }));
    expect(mean[0]).toBeCloseTo(3, 1);
    expect(mean[24]).toBeCloseTo(1, 1);
    expect(variance[24]).toBeCloseTo(0, 1);
    expect(sum(answers)).toBeCloseTo(2);
  });

  test("are expected to be answered less the longer they rang for nothing", () => {
    const expected = [0, 8, 14, 20, 24].map((since) =>
      sum(outlookOf(state({ operators: free(3), ringing: ringing(since) })).answers),
    );
    expect(expected[0]).toBeCloseTo(0.35, 1);
    expect(expected).toEqual(expected.toSorted((a, b) => b - a));
    expect(expected[4]).toBeLessThan(0.02);
  });

  test("do not lower the answer chance when two hundred are dialled at once as a shift begins", () => {
    let burst = learned;
    for (let line = 0; line < 200; line += 1) burst = dialled(burst);
    const young = outlookOf(state({ learned: burst, ringing: ringing(...Array(200).fill(1)) }));
    expect(young.chance).toBeCloseTo(0.36, 1);
    expect(young.chance).toBeGreaterThan(0.33);
    const unanswered = outlookOf(
      state({ learned: burst, ringing: ringing(...Array(200).fill(24)) }),
    );
    expect(unanswered.chance).toBeLessThan(0.25);
  });
});

describe("operators who are busy", () => {
  const random = new Random(7);
  const durations = (mean: number) =>
    Array.from({ length: 40_000 }, () => random.logNormal(mean, 0.8));
  const fitOf = (samples: readonly number[]): LogNormal =>
    samples.slice(0, 3000).reduce(withDuration, NO_DURATIONS);
  const talks = durations(150_000);
  const wrapUps = durations(12_000);
  const known = { ...learned, talk: fitOf(talks) };
  const wrapUp = fitOf(wrapUps);

  test.each([5, 60, 180, 400])("after %d s of talk are done as soon as such talks are", (since) => {
    const { mean } = outlookOf(state({ operators: talking(since), learned: known }));
    const still = talks.filter((ms) => ms > 1000 * since);
    for (const second of [3, 12, 22]) {
      // Half a second into it, and the two seconds that people wait.
      const by = 1000 * (since + second + 2.5);
      const done = still.filter((ms) => ms <= by).length / still.length;
      expect(Math.abs(mean[second]! - done)).toBeLessThan(0.03);
    }
  });

  test("must write up what they talked about", () => {
    const { mean } = outlookOf(state({ operators: talking(150), learned: { ...known, wrapUp } }));
    const still = talks
      .map((ms, at) => ({ ms, total: ms + wrapUps[at]! }))
      .filter(({ ms }) => ms > 150_000);
    for (const second of [3, 12, 22]) {
      const by = 150_000 + 1000 * (second + 2.5);
      const done = still.filter(({ total }) => total <= by).length / still.length;
      expect(Math.abs(mean[second]! - done)).toBeLessThan(0.03);
    }
  });

  test("are done sooner when they write up already", () => {
    const writing: PacedOperator = { state: "wrappingUp", sinceMs: NOW - 10_000 };
    const all = { ...known, wrapUp };
    const later = outlookOf(state({ operators: talking(10), learned: all })).mean[20]!;
    expect(outlookOf(state({ operators: [writing], learned: all })).mean[20]!).toBeGreaterThan(
      later + 0.3,
    );
  });
});

describe("the risk of one more line", () => {
  const allowance = { perLine: 0.02, abandoned: 1000, perAnswer: 0.03 };

  test("is nothing while more operators are free than lines ring", () => {
    const { risk } = linesBorne(outlookOf(state({ operators: free(20) })), allowance, 1);
    expect(risk).toBeLessThan(1e-6);
  });

  test("is nearly the whole answer chance when nobody is there nor soon will be", () => {
    const outlook = outlookOf(state({ operators: talking(1), waiting: 2 }));
    const { lines, risk, because } = linesBorne(outlook, allowance, 5);
    expect({ lines, because }).toEqual({ lines: 0, because: "risk" });
    expect(risk).toBeGreaterThan(0.9 * outlook.chance);
  });

  test("is not borne when no call may be abandoned any more", () => {
    const outlook = outlookOf(state({ operators: [...free(2), ...talking(30, 60, 90, 120)] }));
    expect(linesBorne(outlook, { ...allowance, abandoned: -3 }, 9)).toMatchObject({
      lines: 0,
      because: "cap",
    });
    expect(linesBorne(outlook, allowance, 9).lines).toBeGreaterThan(0);
  });

  test("leaves the outlook as it was", () => {
    const outlook = outlookOf(state({ operators: free(6), ringing: ringing(3, 9) }));
    const before = structuredClone(outlook);
    linesBorne(outlook, allowance, 9);
    expect(outlook).toEqual(before);
  });
});
