import { describe, expect, test } from "vitest";
import { NOTHING_LEARNED, letGo } from "../../../server/campaigns/pacing/learn.ts";
import { hopelessLines } from "../../../server/campaigns/pacing/let-go.ts";
import type { PacingState } from "../../../server/campaigns/pacing/model.ts";
import { decideLines } from "../../../server/campaigns/pacing/pace.ts";
import { NOW, free, learned, ringing, state, talking } from "./samples.ts";

const hopeless = (of: Partial<PacingState>, ...seconds: number[]) =>
  hopelessLines(state(of), ringing(...seconds)).map(({ sinceMs }) => (NOW - sinceMs) / 1000);

describe("phones that ring for nobody", () => {
  test("all of them when nobody works any more", () => {
    expect(hopeless({ operators: [] }, 3, 9, 20).toSorted((a, b) => a - b)).toEqual([3, 9, 20]);
  });

  test("none while an operator is free for each", () => {
    expect(hopeless({ operators: free(3) }, 3, 9, 20)).toEqual([]);
  });

  test("the one operator took another call just now: the talk will outlast the ringing", () => {
    expect(hopeless({ operators: talking(1) }, 5)).toEqual([5]);
  });

  test("so too when nothing was learned of talks yet", () => {
    expect(hopeless({ operators: talking(1), learned: NOTHING_LEARNED }, 5)).toEqual([5]);
    expect(hopeless({ operators: free(1), learned: NOTHING_LEARNED }, 5)).toEqual([]);
  });

  test("many talk: somebody will be done, so the first lines stay, and of too many the newest go", () => {
    const operators = talking(...Array.from({ length: 20 }, (_, at) => 20 + 10 * at));
    expect(hopeless({ operators }, 5, 10)).toEqual([]);
    const seconds = Array.from({ length: 60 }, (_, at) => at / 3);
    const gone = hopeless({ operators }, ...seconds);
    expect(gone.length).toBeGreaterThan(3);
    expect(gone.length).toBeLessThan(55);
    expect(gone.map(Math.round)).toEqual(seconds.slice(0, gone.length).map(Math.round));
  });

  test("people who wait come first", () => {
    expect(hopeless({ operators: free(1), waiting: 1 }, 5)).toEqual([5]);
  });

  test("so do another campaign's people, and its lines count as they may be answered", () => {
    const { ringLimitMs, rule, window } = state();
    const other = { share: 1, ringLimitMs, rule, window, learned, ringing: [], waiting: 1 };
    expect(hopeless({ operators: free(1), others: [other] }, 5)).toEqual([5]);
    const many = {
      ...other,
      waiting: 0,
      ringing: ringing(...Array.from({ length: 12 }, () => 12)),
    };
    expect(hopeless({ operators: free(1), others: [many] }, 5)).toEqual([5]);
  });

  test("what predictive dialling has just decided to dial is never let go", () => {
    for (const count of [5, 10, 20, 40]) {
      const operators = [
        ...free(Math.ceil(count / 8)),
        ...talking(...Array.from({ length: count }, (_, at) => 15 + 11 * at)),
      ];
      const { lines } = decideLines(state({ operators }));
      expect(lines).toBeGreaterThan(0);
      expect(hopeless({ operators }, ...Array.from({ length: lines }, () => 0))).toEqual([]);
    }
  });

  test("a line that has rung beyond its limit is judged by who is there now", () => {
    expect(hopeless({ operators: talking(1) }, 40)).toEqual([40]);
    expect(hopeless({ operators: free(1) }, 40)).toEqual([]);
  });
});

test("a line let go does not make the list seem poorer", () => {
  expect(letGo({ ...learned, dials: 200, answers: 60 })).toMatchObject({ dials: 199, answers: 60 });
  expect(letGo({ ...learned, dials: 60, answers: 60 }).dials).toBe(60);
});
