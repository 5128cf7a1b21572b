import { expect, test } from "vitest";
import { Limit } from "../../../server/campaigns/attempts/limit.ts";

test("no more run at one time than may, in their order, and one that fails makes room too", async () => {
  const turns = new Limit(2);
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  const deeds = Array.from({ length: 9 }, (_, n) =>
    turns.take(async () => {
      begun.push(n);
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      if (n % 3 === 0) throw new Error(`${n} failed`);
      return n;
    }),
  );
  const ends = await Promise.allSettled(deeds);
  expect(most).toBe(2);
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(ends.map((end) => (end.status === "fulfilled" ? end.value : null))).toEqual([
    ...[null, 1, 2, null, 4, 5, null, 7, 8],
  ]);
  expect(await turns.take(async () => "free again")).toBe("free again");
});
