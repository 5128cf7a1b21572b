import { expect, test } from "vitest";
import { recordOf } from "../../server/calls/record.ts";
import { finishedCall, noonMs } from "./sample.ts";

const [talk] = finishedCall().talks;
const [visit] = finishedCall().visits;

test("two who talk at the same time count once, a gap between talks does not count", () => {
  const call = finishedCall({
    talks: [
      { ...talk!, extension: "101", startedAtMs: noonMs, endedAtMs: noonMs + 30_000 },
      { ...talk!, extension: "102", startedAtMs: noonMs + 20_000, endedAtMs: noonMs + 40_000 },
      { ...talk!, extension: "101", startedAtMs: noonMs + 60_000, endedAtMs: noonMs + 61_000 },
    ],
  });
  const record = recordOf(call, null, null);
  expect(record.talkMs).toBe(41_000);
  expect(record.extensions).toEqual(["101", "102"]);
});

test("waiting is the sum over all queues, and nothing is not the same as no queue", () => {
  const second = {
    ...visit!,
    queue: "601",
    joinedAtMs: noonMs + 20_000,
    leftAtMs: noonMs + 25_000,
  };
  const record = recordOf(finishedCall({ visits: [visit!, second] }), null, null);
  expect(record.waitMs).toBe(15_000);
  expect(record.queues).toEqual(["600", "601"]);
  expect(recordOf(finishedCall({ visits: [] }), null, null).waitMs).toBeNull();
});
