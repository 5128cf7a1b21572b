import { describe, expect, test } from "vitest";
import {
  NO_DURATIONS,
  normalShare,
  survivalOf,
  withDuration,
} from "../../../server/campaigns/pacing/lognormal.ts";
import { Random } from "../../bench/pacing/random.ts";

const fitted = (mean: number, cv: number, count: number, seed = 1) => {
  const random = new Random(seed);
  let fit = NO_DURATIONS;
  for (let talk = 0; talk < count; talk += 1) fit = withDuration(fit, random.logNormal(mean, cv));
  return fit;
};

describe("the normal share", () => {
  test.each([
    [-9, 0],
    [-3, 0.0013499],
    [-1, 0.1586553],
    [0, 0.5],
    [0.123456, 0.5491272],
    [1.96, 0.9750021],
    [9, 1],
  ])("below %d is %d", (z, share) => {
    expect(normalShare(z)).toBeCloseTo(share, 4);
  });
});

describe("a fit of durations", () => {
  test("comes to the durations' own mean and spread", () => {
    const fit = fitted(180_000, 0.8, 3000);
    const variance = Math.log(1 + 0.8 ** 2);
    expect(fit.meanLog).toBeCloseTo(Math.log(180_000) - variance / 2, 0);
    expect(fit.varianceLog).toBeGreaterThan(0.75 * variance);
    expect(fit.varianceLog).toBeLessThan(1.25 * variance);
    expect(fit.samples).toBeLessThanOrEqual(300);
  });

  test("follows talks that have become shorter", () => {
    const random = new Random(2);
    let fit = fitted(300_000, 0.5, 1000);
    for (let talk = 0; talk < 1000; talk += 1)
      fit = withDuration(fit, random.logNormal(60_000, 0.5));
    expect(Math.exp(fit.meanLog)).toBeLessThan(75_000);
  });

  test("takes a talk of no length for a second", () => {
    expect(withDuration(NO_DURATIONS, 0).meanLog).toBeCloseTo(Math.log(1000));
  });
});

describe("survival", () => {
  test("is the share of durations that last longer", () => {
    const random = new Random(3);
    const durations = Array.from({ length: 20_000 }, () => random.logNormal(180_000, 0.8));
    const { shares } = survivalOf(fitted(180_000, 0.8, 3000), 900);
    for (const second of [20, 60, 120, 180, 300, 600]) {
      const longer = durations.filter((ms) => ms > 1000 * second).length / durations.length;
      expect(Math.abs(shares[second]! - longer)).toBeLessThan(0.05);
    }
  });

  test("falls, and never to nothing, even of durations that are all alike", () => {
    let fit = NO_DURATIONS;
    for (let talk = 0; talk < 300; talk += 1) fit = withDuration(fit, 60_000);
    const { shares, last } = survivalOf(fit, 10_000);
    expect(last).toBe(3600);
    for (let second = 1; second <= last; second += 1) {
      expect(shares[second]!).toBeGreaterThan(0);
      expect(shares[second]!).toBeLessThanOrEqual(shares[second - 1]!);
    }
  });

  test("does not expect who talks ten times longer than usual to be done at every next second", () => {
    const { shares } = survivalOf(fitted(60_000, 0.3, 500), 700);
    expect(1 - shares[605]! / shares[600]!).toBeLessThan(0.05);
  });
});
