import fc from "fast-check";
import { expect, test } from "vitest";
import { reconnectDelayMs } from "../../server/asterisk/backoff.ts";

test("The wait before a reconnect grows from half a second to fifteen seconds", () => {
  const longest = [0, 1, 2, 3, 4, 5, 50].map((failures) => reconnectDelayMs(failures, 1));
  expect(longest).toEqual([1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
  expect(reconnectDelayMs(0, 0)).toBe(500);
  expect(reconnectDelayMs(50, 0)).toBe(500);
});

test("The wait is always between half a second and fifteen, and the dice reach the whole of it", () => {
  fc.assert(
    fc.property(fc.nat(), fc.double({ min: 0, max: 0.999, noNaN: true }), (failures, random) => {
      const delayMs = reconnectDelayMs(failures, random);
      expect(delayMs).toBeGreaterThanOrEqual(500);
      expect(delayMs).toBeLessThan(15_000);
    }),
  );
  expect(reconnectDelayMs(9, 0.5)).toBeCloseTo(7750);
});
