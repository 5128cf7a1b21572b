import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Gate } from "../../server/priority/caller-gate.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A look-up that answers when it is told to. */
function slow() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const lookUp = vi.fn(() => promise);
  return { lookUp, resolve, reject };
}

test("so many look-ups run at a time, the others in the order they came", async () => {
  const gate = new Gate({ places: 2, deadlineMs: 300 });
  const calls = [slow(), slow(), slow()];
  const answers = calls.map(({ lookUp }) => gate.ask(lookUp));
  expect(calls.map(({ lookUp }) => lookUp.mock.calls.length)).toEqual([1, 1, 0]);
  expect(gate.counters()).toMatchObject({ running: 2, waiting: 1 });
  calls[0]!.resolve("first");
  expect(await answers[0]).toBe("first");
  expect(calls[2]!.lookUp).toHaveBeenCalledOnce();
  calls[1]!.resolve("second");
  calls[2]!.resolve("third");
  expect(await Promise.all(answers)).toEqual(["first", "second", "third"]);
  expect(gate.counters()).toMatchObject({ answered: 3, running: 0, waiting: 0 });
});

test("whoever waits for a place is answered by the deadline too, and is not looked up any more", async () => {
  const gate = new Gate({ places: 1, deadlineMs: 300 });
  const [one, two] = [slow(), slow()];
  const answers = [gate.ask(one.lookUp), gate.ask(two.lookUp)];
  await vi.advanceTimersByTimeAsync(300);
  expect(await Promise.all(answers)).toEqual([null, null]);
  one.resolve("too late");
  await vi.advanceTimersByTimeAsync(0);
  expect(two.lookUp).not.toHaveBeenCalled();
  expect(gate.counters()).toMatchObject({ late: 2, running: 0, waiting: 0 });
});

test("while every place is held by a late look-up others are refused at once, and again let in when one ends", async () => {
  const gate = new Gate({ places: 2, deadlineMs: 300 });
  const hanging = [slow(), slow()];
  for (const { lookUp } of hanging) void gate.ask(lookUp);
  await vi.advanceTimersByTimeAsync(300);
  const refused = slow();
  expect(await gate.ask(refused.lookUp)).toBeNull();
  expect(refused.lookUp).not.toHaveBeenCalled();
  expect(gate.counters()).toMatchObject({ late: 2, refused: 1 });
  hanging[0]!.resolve("at last");
  await vi.advanceTimersByTimeAsync(0);
  expect(await gate.ask(async () => "again")).toBe("again");
});

test("a look-up that fails, now or later, is no answer and gives its place back", async () => {
  const gate = new Gate({ places: 1, deadlineMs: 300 });
  const later = slow();
  const answer = gate.ask(later.lookUp);
  later.reject(new Error("database away"));
  expect(await answer).toBeNull();
  const thrown = await gate.ask(() => {
    throw new Error("a bug");
  });
  expect(thrown).toBeNull();
  expect(gate.counters()).toMatchObject({ failed: 2, running: 0 });
});
