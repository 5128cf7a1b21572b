import { describe, expect, test } from "vitest";
import {
  NOTHING_LEARNED,
  answered,
  dialled,
  dialsRemembered,
  judged,
  talked,
  wrappedUp,
} from "../../../server/campaigns/pacing/learn.ts";
import type { Learned } from "../../../server/campaigns/pacing/model.ts";
import { rule } from "./samples.ts";

const dial = (learned: Learned, times: number, answersEvery: number) => {
  for (let at = 1; at <= times; at += 1) {
    learned = dialled(learned);
    if (at % answersEvery === 0) learned = answered(learned, 12_400);
  }
  return learned;
};

test("the answer chance is followed within some hundred dials", () => {
  const poor = dial(NOTHING_LEARNED, 2000, 5);
  expect(poor.answers / poor.dials).toBeCloseTo(0.2, 1);
  const good = dial(poor, 900, 2);
  expect(good.answers / good.dials).toBeGreaterThan(0.47);
});

test("dials fade as dialsRemembered says", () => {
  expect(dial(NOTHING_LEARNED, 200, 3).dials).toBeCloseTo(dialsRemembered(200), 6);
  expect(dialsRemembered(100_000)).toBeCloseTo(300);
});

test("an answer is counted to its second of ringing, one after two minutes to the last", () => {
  expect(answered(NOTHING_LEARNED, 12_400).ringSeconds[12]).toBe(1);
  expect(answered(NOTHING_LEARNED, -5).ringSeconds).toEqual([1]);
  expect(answered(NOTHING_LEARNED, 3_600_000).ringSeconds).toHaveLength(120);
});

test("talk and wrap-up are learned apart", () => {
  const learned = wrappedUp(talked(NOTHING_LEARNED, 180_000), 20_000);
  expect(Math.exp(learned.talk.meanLog)).toBeCloseTo(180_000, 3);
  expect(Math.exp(learned.wrapUp.meanLog)).toBeCloseTo(20_000, 3);
});

describe("the allowed risk", () => {
  test("stays where the abandoned share is the target", () => {
    let learned = NOTHING_LEARNED;
    for (let call = 0; call < 1000; call += 1) learned = judged(learned, call % 37 === 0, rule);
    expect(learned.theta / NOTHING_LEARNED.theta).toBeCloseTo(1, 0);
  });

  test("falls with an abandoned call and rises with another", () => {
    expect(judged(NOTHING_LEARNED, true, rule).theta).toBeLessThan(NOTHING_LEARNED.theta * 0.9);
    expect(judged(NOTHING_LEARNED, false, rule).theta).toBeGreaterThan(NOTHING_LEARNED.theta);
  });

  test("never leaves its bounds", () => {
    let low = NOTHING_LEARNED;
    let high = NOTHING_LEARNED;
    for (let call = 0; call < 5000; call += 1) {
      low = judged(low, true, rule);
      high = judged(high, false, rule);
    }
    expect(low.theta).toBe(0.005);
    expect(high.theta).toBe(0.5);
  });
});

test("learning changes nothing that was learned before, and survives being written and read", () => {
  const before = JSON.stringify(dial(NOTHING_LEARNED, 50, 3));
  const learned = JSON.parse(before) as Learned;
  const freeze = (value: object) => {
    for (const inner of Object.values(value)) if (typeof inner === "object") freeze(inner);
    Object.freeze(value);
  };
  freeze(learned);
  const next = judged(
    wrappedUp(talked(answered(dialled(learned), 9000), 100_000), 9000),
    true,
    rule,
  );
  expect(JSON.stringify(learned)).toBe(before);
  expect(JSON.parse(JSON.stringify(next))).toEqual(next);
});
