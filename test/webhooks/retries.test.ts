import { describe, expect, test } from "vitest";
import {
  PERMANENT_TRIES,
  TRIED_FOR_MS,
  type Try,
  afterTry,
  retryAfterMs,
} from "../../server/webhooks/retries.ts";

const refused = (status: number, asked: number | null = null): Try => ({
  ...{ type: "refused", status, retryAfterMs: asked },
});
const away: Try = { type: "unanswered", why: "no answer" };

/** Tries until it ends. @returns when each was, in ms from the first. */
function story(outcome: Try, luck = 0.5): readonly number[] {
  const at = [0];
  for (;;) {
    const nowMs = at.at(-1)!;
    const after = afterTry(outcome, at.length, 0, nowMs, luck);
    if (after.next !== "again") return at;
    at.push(nowMs + after.inMs);
  }
}

describe("a result that was not taken", () => {
  test("is sent again after 5 s, then twice that and so on up to 3 hours, for 3 days", () => {
    const at = story(away);
    const pauses = at.slice(1).map((one, n) => one - at[n]!);
    expect(pauses.slice(0, 4)).toEqual([5000, 10_000, 20_000, 40_000]);
    expect(pauses.at(-1)).toBe(3 * 3_600_000);
    expect(at.at(-1)).toBeLessThanOrEqual(TRIED_FOR_MS);
    expect(at.at(-1)! + pauses.at(-1)!).toBeGreaterThan(TRIED_FOR_MS);
    expect(story(refused(503))).toEqual(at);
  });

  test("is given up after five refusals that will not change, and not after those that may", () => {
    for (const status of [301, 302, 400, 401, 403, 404, 410, 422])
      expect(story(refused(status)), String(status)).toHaveLength(PERMANENT_TRIES);
    for (const status of [408, 425, 429, 500, 502, 503, 504])
      expect(story(refused(status)).length, String(status)).toBeGreaterThan(20);
  });

  test("waits as long as the receiver asks, a day at most, and never less than its own pause", () => {
    expect(afterTry(refused(503, 60_000), 1, 0, 0, 0.5)).toEqual({ next: "again", inMs: 60_000 });
    expect(afterTry(refused(429, 1000), 1, 0, 0, 0.5)).toEqual({ next: "again", inMs: 5000 });
    expect(afterTry(refused(429, 1e12), 1, 0, 0, 0.5)).toEqual({
      ...{ next: "again", inMs: 86_400_000 },
    });
  });

  test("does not come back at the same moment as the others", () => {
    const pause = (luck: number) => afterTry(away, 3, 0, 0, luck);
    expect(pause(0)).toEqual({ next: "again", inMs: 18_000 });
    expect(pause(1)).toEqual({ next: "again", inMs: 22_000 });
  });
});

test("one that was taken is done", () => {
  expect(afterTry({ type: "taken" }, 30, 0, TRIED_FOR_MS * 2, 0)).toEqual({ next: "done" });
});

test("Retry-After is read as seconds or as a date", () => {
  const nowMs = Date.parse("2026-11-22T10:00:00Z");
  expect(retryAfterMs("120", nowMs)).toBe(120_000);
  expect(retryAfterMs("Sun, 22 Nov 2026 10:00:30 GMT", nowMs)).toBe(30_000);
  expect(retryAfterMs("Sun, 22 Nov 2026 09:00:00 GMT", nowMs)).toBe(0);
  for (const none of [null, "", "soon", "-5"])
    expect(retryAfterMs(none, nowMs) ?? 0, String(none)).toBe(0);
});
