import { html, nothing, type ReactiveController } from "lit";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Answered } from "../../../widget/console/request.ts";
import { ShownList } from "../../../widget/console/shared/shown-list.ts";
import { createWords } from "../../../widget/console/words.ts";

type Page = { readonly rows: readonly string[]; readonly next: string };

const words = createWords("en");
let controllers: ReactiveController[];
let asked: { readonly after: string; answer(answer: Answered<Page>): void }[];
let busy: boolean;
let list: ShownList<string, Page>;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  vi.stubGlobal("document", { hidden: false });
  controllers = [];
  asked = [];
  busy = false;
  const host = {
    addController: (one: ReactiveController) => void controllers.push(one),
    removeController: () => undefined,
    requestUpdate: () => undefined,
    updateComplete: Promise.resolve(true),
  };
  list = new ShownList<string, Page>(host, {
    words: () => words,
    everyMs: 1000,
    read: (after) => {
      const { promise, resolve } = Promise.withResolvers<Answered<Page>>();
      asked.push({ after, answer: resolve });
      return promise;
    },
    rowsOf: ({ rows }) => rows,
    nextOf: ({ next }) => next,
    keyOf: (row) => row,
    mayChange: () => !busy,
  });
  for (const one of controllers) one.hostConnected?.();
});
afterEach(() => {
  for (const one of controllers) one.hostDisconnected?.();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const page = (next: string, ...rows: readonly string[]): Answered<Page> => ({
  ok: true,
  body: { rows, next },
});
const refused: Answered<Page> = {
  ok: false,
  ...{ status: 500, code: "", message: "broken", problems: [] },
};
const show = () => list.show({ label: "letters", none: "no letters", row: () => html`` });
const look = () => vi.advanceTimersByTime(1000);
async function answered(answer: Answered<Page>, at = asked.length - 1): Promise<void> {
  asked[at]!.answer(answer);
  await new Promise((done) => setImmediate(done));
}

describe("a list", () => {
  test("is loading, then has rows; what is wrong later is said beside the rows that are known", async () => {
    void list.load();
    expect(list.rows).toBeNull();
    expect(show()).not.toBe(nothing);
    await answered(page("", "a", "b"));
    expect(list.rows).toEqual(["a", "b"]);
    look();
    await answered(refused);
    expect([list.rows, list.problem]).toEqual([["a", "b"], expect.stringContaining("broken")]);
    look();
    await answered(page("", "b"));
    expect([list.rows, list.problem]).toEqual([["b"], ""]);
  });

  test("that could not be read is not loading any more, and is asked for again", async () => {
    void list.load();
    await answered(refused);
    expect(list.rows).toBeNull();
    expect(show()).toBe(nothing);
    look();
    await answered(page("", "a"));
    expect(list.rows).toEqual(["a"]);
  });

  test("does not change under pages that were asked for, nor under somebody's hands", async () => {
    void list.load();
    await answered(page("2", "a"));
    void list.loadMore();
    look();
    expect(asked).toHaveLength(2);
    await answered(page("", "b"));
    expect(asked.map(({ after }) => after)).toEqual(["", "2"]);
    expect([list.rows, list.first?.rows]).toEqual([["a", "b"], ["a"]]);
    look();
    expect(asked).toHaveLength(2);
    void list.loadAnew();
    expect(list.rows).toBeNull();
    await answered(page("2", "c"));
    busy = true;
    look();
    expect(asked).toHaveLength(3);
    list.amend((row) => `${row}!`);
    expect(list.rows).toEqual(["c!"]);
    busy = false;
    look();
    expect(asked).toHaveLength(4);
  });

  test("is what was asked for last, whichever answer comes last", async () => {
    void list.load();
    void list.loadAnew();
    await answered(page("", "new"), 1);
    await answered(page("", "old"), 0);
    expect(list.rows).toEqual(["new"]);
  });
});
