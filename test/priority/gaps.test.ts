/** With which gap between two answerings a promise is reckoned. */
import { expect, test } from "vitest";
import { UNSEEN_GAP_MS, createGaps, noteGap, upperGapMs } from "../../server/priority/gaps.ts";

function upperOf(gapsMs: readonly number[]): number {
  const gaps = createGaps();
  for (const one of gapsMs) noteGap(gaps, one);
  return upperGapMs(gaps);
}
const times = (count: number, gapMs: number) => Array.from({ length: count }, () => gapMs);

test("a gap that one of fifty is as long as is reckoned with; one of two hundred is not", () => {
  expect(upperOf([...times(196, 4000), ...times(4, 20_000)])).toBe(20_000);
  expect(upperOf([...times(199, 4000), 20_000])).toBe(4000);
});

test("few gaps say only that it may take longer than usual", () => {
  expect(upperOf([])).toBe(UNSEEN_GAP_MS);
  expect(upperOf(times(9, 1000))).toBe(UNSEEN_GAP_MS);
  expect(upperOf([1000, 90_000])).toBe(90_000);
  expect(upperOf(times(10, 1000))).toBe(1000);
});

test("of many gaps the oldest are forgotten", () => {
  expect(upperOf([...times(200, 60_000), ...times(199, 1000)])).toBe(1000);
  expect(upperOf([...times(200, 60_000), ...times(196, 1000)])).toBe(60_000);
});
