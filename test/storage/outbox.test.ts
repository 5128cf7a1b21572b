import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Outbox } from "../../server/storage/outbox.ts";

type Row = { readonly key: string; readonly value: number };

const away = () => Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
const poison = () => Object.assign(new Error("bad row"), { code: "22021" });

let batches: Row[][];
let fail: ((rows: readonly Row[]) => Error | null) | null;
let errors: string[];

const outbox = (more: { limit?: number; batchSize?: number } = {}) => {
  const made = new Outbox<Row>({
    name: "rows",
    gatherMs: 200,
    ...more,
    log: { info: () => {}, warn: () => {}, error: (_, message) => errors.push(message) },
    write: async (rows) => {
      const error = fail?.(rows) ?? null;
      if (error !== null) throw error;
      batches.push([...rows]);
    },
  });
  return { made, put: (key: string, value = 0) => made.put(key, { key, value }) };
};

beforeEach(() => {
  vi.useFakeTimers();
  batches = [];
  errors = [];
  fail = null;
});
afterEach(() => vi.useRealTimers());

describe("an outbox", () => {
  test("gathers rows and writes the newest version of each, in the order they came", async () => {
    const { made, put } = outbox();
    put("a", 1);
    put("b", 1);
    put("a", 2);
    await vi.advanceTimersByTimeAsync(199);
    expect(batches).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(batches).toEqual([
      [
        { key: "a", value: 2 },
        { key: "b", value: 1 },
      ],
    ]);
    expect(made.waiting).toBe(0);
  });

  test("loses nothing while PostgreSQL is away for a minute", async () => {
    const { made, put } = outbox({ batchSize: 10 });
    fail = away;
    for (let i = 0; i < 100; i++) {
      put(`${i}`);
      await vi.advanceTimersByTimeAsync(600);
    }
    expect(made.waiting).toBe(100);
    fail = null;
    await vi.advanceTimersByTimeAsync(2100);
    expect(batches.flat().map(({ key }) => Number(key))).toEqual([...Array(100).keys()]);
    expect(made.lost).toBe(0);
  });

  test("keeps a newer version that came while the older was being written", async () => {
    const { made, put } = outbox();
    fail = () => {
      put("a", 2);
      fail = null;
      return null;
    };
    put("a", 1);
    await vi.advanceTimersByTimeAsync(400);
    expect(batches.map(([row]) => row?.value)).toEqual([1, 2]);
    expect(made.waiting).toBe(0);
  });

  test("gives up only the row that PostgreSQL refuses", async () => {
    const { made, put } = outbox();
    fail = (rows) => (rows.some(({ key }) => key === "bad") ? poison() : null);
    for (const key of ["a", "bad", "b"]) put(key);
    await vi.advanceTimersByTimeAsync(400);
    expect(batches.flat().map(({ key }) => key)).toEqual(["a", "b"]);
    expect(made.lost).toBe(1);
    expect(errors).toHaveLength(1);
  });

  test("is bounded: the oldest rows go first and are counted", () => {
    const { made, put } = outbox({ limit: 3 });
    for (const key of ["a", "b", "c", "d", "a"]) put(key);
    expect(made.waiting).toBe(3);
    expect(made.lost).toBe(2);
  });

  test("writes what is left when it is closed, and gives up after its limit", async () => {
    const first = outbox();
    first.put("a");
    expect(await first.made.close(1000)).toBe(0);
    expect(batches.flat()).toHaveLength(1);
    const second = outbox();
    fail = away;
    second.put("b");
    const closed = second.made.close(1000);
    await vi.advanceTimersByTimeAsync(1001);
    expect(await closed).toBe(1);
  });
});
