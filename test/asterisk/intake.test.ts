import { afterEach, expect, test } from "vitest";
import { Intake } from "../../server/asterisk/intake.ts";

const opened: Intake[] = [];
afterEach(() => {
  for (const intake of opened.splice(0)) intake.close();
});

/** An intake whose reader takes as long as told; time stands still otherwise. */
function open(options: { readonly pieceMs: number; readonly maxWaitingChars?: number }) {
  const clock = { nowMs: 0 };
  const seen = { text: [] as string[], atMs: [] as number[], paused: false, tooMuch: 0 };
  const intake = new Intake(
    {
      sliceMs: 4,
      maxWaitingChars: options.maxWaitingChars ?? 1e6,
      tooMuchAfterMs: 1000,
    },
    () => clock.nowMs,
    {
      onText(text, atMs) {
        seen.text.push(text);
        seen.atMs.push(atMs);
        clock.nowMs += options.pieceMs;
      },
      pause: () => (seen.paused = true),
      resume: () => (seen.paused = false),
      onTooMuch: () => (seen.tooMuch += 1),
    },
  );
  opened.push(intake);
  return { clock, intake, seen };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const chunk = (letter: string) => letter.repeat(16 * 1024);

test("a little is read at once, with the time it came", () => {
  const { intake, seen } = open({ pieceMs: 0.1 });
  intake.take("one", 5);
  intake.take("two", 6);
  expect([seen.text, seen.atMs]).toEqual([
    ["one", "two"],
    [5, 6],
  ]);
});

test("much is read in order, a slice in each turn of the event loop", async () => {
  const { intake, seen } = open({ pieceMs: 2 });
  intake.take(chunk("a") + chunk("b") + chunk("c"), 1);
  intake.take(chunk("d") + chunk("e"), 2);
  // Two pieces are a slice of four milliseconds.
  expect(seen.text.map(([first]) => first).join("")).toBe("ab");
  await turn();
  expect(seen.text.map(([first]) => first).join("")).toBe("abcd");
  await turn();
  expect(seen.text.map(([first]) => first).join("")).toBe("abcde");
  expect(seen.atMs).toEqual([1, 1, 1, 2, 2]);
});

test("however much one sends, another's text waits for one slice of it at most", async () => {
  const noisy = open({ pieceMs: 2 });
  const order: string[] = [];
  const quiet = new Intake({ sliceMs: 4, maxWaitingChars: 1e6, tooMuchAfterMs: 1000 }, () => 0, {
    onText: (text) => order.push(`${text} after ${noisy.seen.text.length}`),
    pause: () => undefined,
    resume: () => undefined,
    onTooMuch: () => undefined,
  });
  opened.push(quiet);
  for (let at = 0; at < 100; at += 1) noisy.intake.take(chunk("n"), at);
  expect(noisy.seen.text.length).toBe(1);
  quiet.take("first", 0);
  await turn();
  quiet.take("second", 0);
  await turn();
  quiet.take("third", 0);
  expect(order).toEqual(["first after 1", "second after 3", "third after 5"]);
});

test("more than may wait stops the socket until half of it is read", async () => {
  const { intake, seen } = open({ pieceMs: 5, maxWaitingChars: 64 * 1024 });
  for (let at = 0; at < 4; at += 1) intake.take(chunk("a"), 0);
  expect(seen.paused).toBe(false);
  intake.take(chunk("a") + chunk("a"), 0);
  expect(seen.paused).toBe(true);
  const left = () => 6 - seen.text.length;
  while (seen.paused) await turn();
  expect(left()).toBe(2);
  while (left() > 0) await turn();
  expect(seen.tooMuch).toBe(0);
});

test("too much for too long is told once, and again only after it was calm", async () => {
  const { clock, intake, seen } = open({ pieceMs: 5, maxWaitingChars: 32 * 1024 });
  const pour = async () => {
    while (!seen.paused) intake.take(chunk("a"), clock.nowMs);
    await turn();
  };
  while (clock.nowMs < 900) await pour();
  expect(seen.tooMuch).toBe(0);
  while (clock.nowMs < 3000) await pour();
  expect(seen.tooMuch).toBe(1);
  intake.calm();
  const fromMs = clock.nowMs;
  while (clock.nowMs < fromMs + 900) await pour();
  expect(seen.tooMuch).toBe(1);
  while (clock.nowMs < fromMs + 2000) await pour();
  expect(seen.tooMuch).toBe(2);
});

test("who catches up in between is not too much", async () => {
  const { clock, intake, seen } = open({ pieceMs: 5, maxWaitingChars: 32 * 1024 });
  while (clock.nowMs < 5000) {
    while (!seen.paused) intake.take(chunk("a"), clock.nowMs);
    do await turn();
    while (intake.lagMs() > 0);
  }
  expect(seen.tooMuch).toBe(0);
});

test("nothing is read after the close, also when a reader closes it", async () => {
  const { intake, seen } = open({ pieceMs: 5 });
  intake.take(chunk("a") + chunk("b"), 0);
  intake.close();
  await turn();
  intake.take("c", 0);
  expect(seen.text.length).toBe(1);
});
