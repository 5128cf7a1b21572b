import { describe, expect, test } from "vitest";
import { openGather } from "../../server/offers/gather.ts";

/** Answers when told to; `batches` is what was asked together. */
function openAsked(most?: number) {
  const batches: (readonly number[])[] = [];
  const waiting: (() => void)[] = [];
  let failing: ((batch: readonly number[]) => Error | null) | null = null;
  const ask = openGather<number, number>({
    async ask(questions) {
      batches.push(questions);
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      await promise;
      const error = failing?.(questions) ?? null;
      if (error !== null) throw error;
      return questions.map((n) => n * 10);
    },
    isOwn: (error) => error instanceof RangeError,
    ...(most === undefined ? {} : { most }),
  });
  return {
    ...{ ask, batches },
    fail: (when: typeof failing) => (failing = when),
    /** Answers what is asked, and what is asked then, until nothing is. */
    answerAll: async () => {
      for (let idle = 0; idle < 3;) {
        await new Promise((resolve) => void setImmediate(resolve));
        const next = waiting.shift();
        if (next === undefined) idle += 1;
        else next();
      }
    },
  };
}

describe("questions", () => {
  test("that come together are asked together, those that come meanwhile with the next ones", async () => {
    const { ask, batches, answerAll } = openAsked();
    const first = [ask(1), ask(2)];
    await new Promise((resolve) => void setImmediate(resolve));
    const later = [ask(3), ask(4), ask(5)];
    expect(batches).toEqual([[1, 2]]);
    await answerAll();
    expect(await Promise.all([...first, ...later])).toEqual([10, 20, 30, 40, 50]);
    expect(batches).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
    const alone = ask(6);
    await answerAll();
    expect(await alone).toBe(60);
  });

  test("are no more at a time than may be", async () => {
    const { ask, batches, answerAll } = openAsked(2);
    const all = Promise.all([1, 2, 3, 4, 5].map(ask));
    await answerAll();
    expect(await all).toEqual([10, 20, 30, 40, 50]);
    expect(batches.map((batch) => batch.length)).toEqual([2, 2, 1]);
  });

  test("fail alone when it is their own fault", async () => {
    const { ask, fail, answerAll } = openAsked();
    fail((batch) => (batch.includes(2) ? new RangeError("two") : null));
    const all = Promise.allSettled([1, 2, 3].map(ask));
    await answerAll();
    expect((await all).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  test("fail together, at once, when it is nobody's", async () => {
    const { ask, batches, fail, answerAll } = openAsked();
    fail(() => new Error("away"));
    const all = Promise.allSettled([1, 2, 3].map(ask));
    await answerAll();
    expect((await all).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(batches.length).toBe(1);
    fail(null);
    const again = ask(4);
    await answerAll();
    expect(await again).toBe(40);
  });
});
