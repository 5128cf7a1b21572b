import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FailureCode } from "../../../widget/desk/connection.ts";
import { Previews } from "../../../widget/desk/previews.ts";
import { campaignCall, samplePreview } from "../../support/desk-samples.ts";

const NOW_MS = Date.UTC(2026, 10, 22, 10);
const preview = samplePreview(NOW_MS);
let answer: FailureCode | null;
let asked: string[];
let previews: Previews;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW_MS });
  answer = null;
  asked = [];
  previews = new Previews({
    call: (id) => {
      asked.push(`call ${id}`);
      return Promise.resolve(answer);
    },
    skip: (id, reason) => {
      asked.push(`skip ${id} ${reason}`);
      return Promise.resolve(answer);
    },
    changed: () => {},
  });
});
afterEach(() => {
  previews.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test("only somebody new is news, not the same offer with more on its card", () => {
  expect(previews.received(null, preview, NOW_MS)).toBe(true);
  expect(previews.received(preview, { ...preview }, NOW_MS)).toBe(false);
  expect(previews.received(preview, { ...preview, attemptId: "cc-2" }, NOW_MS)).toBe(true);
});

test("one decision is sent once, and can be taken again when the server did not do it", async () => {
  previews.received(null, preview, NOW_MS);
  answer = "pbxDown";
  const both = [previews.call(preview), previews.call(preview)];
  expect(previews.waits(preview)).toBe(true);
  await Promise.all(both);
  expect([previews.waits(preview), previews.problem]).toEqual([false, "pbxDown"]);
  answer = null;
  await previews.skip(preview, "notNow");
  expect([previews.waits(preview), previews.problem]).toEqual([true, null]);
  expect(asked).toEqual(["call cc-1", "skip cc-1 notNow"]);
});

test("an offer that ends by others' doing is told as gone for a while", async () => {
  previews.received(null, preview, NOW_MS);
  previews.received(preview, null, NOW_MS + 5000);
  expect(previews.goneWithout([]), "its call may still be on its way").toBeNull();
  await vi.advanceTimersByTimeAsync(1100);
  expect(previews.goneWithout([])).toBe(preview);
  const became = campaignCall(NOW_MS);
  expect(previews.goneWithout([became]), "it became this call").toBeNull();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(previews.goneWithout([])).toBeNull();
});

test("nothing is gone when the operator decided, or the time of the offer was over", async () => {
  previews.received(null, preview, NOW_MS);
  await previews.call(preview);
  previews.received(preview, null, NOW_MS + 5000);
  previews.received(null, preview, NOW_MS);
  previews.received(preview, null, preview.dialledAtMs!);
  await vi.advanceTimersByTimeAsync(5000);
  expect(previews.goneWithout([])).toBeNull();
});
