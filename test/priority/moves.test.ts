import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { joinIndex, movedByPriority } from "../../server/demo/pbx/queue-rules.ts";
import { type InLine, type PlannedMove, moved, planMoves } from "../../server/priority/moves.ts";

/** `a5 b0 *c0`: keys with their priorities, first in line first; a star rings. */
const lineOf = (text: string): readonly InLine[] =>
  text.split(" ").map((word) => {
    const [, star, key, priority] = /^(\*?)([a-z]+)(-?\d+)$/.exec(word)!;
    return { key: key!, priority: Number(priority), ringing: star === "*" };
  });

/** The line after the moves, by app_queue's rule as the simulated PBX has it (itself held against the real one). */
function after(line: readonly InLine[], moves: readonly PlannedMove[]): readonly InLine[] {
  let now: readonly { key: string; priority: number; ringing: boolean }[] = line.map((one) => ({
    ...one,
  }));
  for (const { key, priority } of moves) {
    const caller = now.find((one) => one.key === key)!;
    expect(priority, `${key} got the value it had`).not.toBe(caller.priority);
    expect(priority).toBeGreaterThanOrEqual(0);
    expect(priority).toBeLessThan(2 ** 31);
    expect(caller.ringing, `${key} rings`).toBe(false);
    now = movedByPriority(now, caller, priority, true);
  }
  return now;
}

const keys = (line: readonly InLine[]) =>
  line.filter(({ ringing }) => !ringing).map(({ key }) => key);
const plan = (line: string, wanted: string) => planMoves(lineOf(line), wanted.split(" "));

const priorities = fc.oneof(
  fc.constantFrom(0, 0, 0, 1, 2, 5),
  fc.constantFrom(-3, 2 ** 31 - 2 ** 20, 2 ** 30, 2 ** 30 - 1, 2 ** 16),
);
const lines = (sorted: boolean, maxLength: number) =>
  fc
    .array(fc.tuple(priorities, fc.constantFrom(false, false, false, false, true)), { maxLength })
    .map((all) => {
      const callers = all.map(([priority, ringing], at) => ({ key: `c${at}`, priority, ringing }));
      return sorted ? callers.toSorted((a, b) => b.priority - a.priority) : callers;
    });
const shuffled = (line: readonly InLine[]) =>
  fc.shuffledSubarray(
    line.map(({ key }) => key),
    { minLength: line.length },
  );
const situations = (sorted: boolean, maxLength = 14) =>
  lines(sorted, maxLength).chain((line) => fc.tuple(fc.constant(line), shuffled(line)));

describe("plan of moves", () => {
  test("is empty when the order is right", () => {
    expect(plan("a0 b0 c0", "a b c")).toEqual([]);
    fc.assert(
      fc.property(lines(false, 20), (line) => {
        expect(planMoves(line, keys(line))).toEqual([]);
      }),
    );
  });

  test.each([
    ["a caller to the front", "a0 b0 g0", "g a b", 1],
    ["a caller between two who differ", "a9 b0 c0 g0", "a g b c", 1],
    ["a caller between two equals: who is before them is raised too", "a0 b0 c0 g0", "a b g c", 3],
    ["two places changed", "a0 b0", "b a", 1],
    ["who was raised before stays", "a900 b800 c0 g0", "a b g c", 1],
    ["nobody to the end of newcomers: the others before them", "a0 b0 c0", "b c a", 2],
    ["who rings stays, on whatever side of the others", "*r0 a0 b0", "b a", 1],
    ["who rings stays, wherever they are wanted", "a0 *r0 b0", "b r a", 1],
  ])("%s", (_, line, wanted, count) => {
    const moves = plan(line, wanted);
    expect(moves).toHaveLength(count);
    expect(keys(after(lineOf(line), moves))).toEqual(
      wanted.split(" ").filter((key) => key !== "r"),
    );
  });

  test.each([true, false])("ends in the wanted order (line in order of priority: %s)", (sorted) => {
    fc.assert(
      fc.property(situations(sorted), ([line, wanted]) => {
        const ringing = new Set(line.filter((one) => one.ringing).map(({ key }) => key));
        const end = after(line, planMoves(line, wanted));
        expect(keys(end)).toEqual(wanted.filter((key) => !ringing.has(key)));
      }),
      { numRuns: 2000 },
    );
  });

  test("moves nobody twice", () => {
    fc.assert(
      fc.property(situations(false), ([line, wanted]) => {
        const moves = planMoves(line, wanted).map(({ key }) => key);
        expect(new Set(moves).size).toBe(moves.length);
      }),
    );
  });

  test("may end after any move: the next plan is what was left of it", () => {
    fc.assert(
      fc.property(situations(true), ([line, wanted]) => {
        const moves = planMoves(line, wanted);
        for (const made of moves.keys()) {
          const left = planMoves(after(line, moves.slice(0, made)), wanted);
          expect(left.length).toBeLessThanOrEqual(moves.length - made);
        }
      }),
    );
  });

  test("makes the fewest moves there are that move nobody twice", () => {
    const few = fc
      .array(fc.tuple(fc.constantFrom(0, 0, 0, 1, 2), fc.constantFrom(false, false, false, true)), {
        maxLength: 5,
      })
      .map((all) =>
        all
          .map(([priority, ringing], at) => ({ key: `c${at}`, priority, ringing }))
          .toSorted((a, b) => b.priority - a.priority),
      );
    fc.assert(
      fc.property(
        few.chain((line) => fc.tuple(fc.constant(line), shuffled(line))),
        ([line, wanted]) => {
          expect(planMoves(line, wanted).length).toBe(fewest(line, wanted));
        },
      ),
      { numRuns: 300 },
    );
  });

  test("finds room for thousands who come one after another, renumbering almost never", () => {
    // The line never runs empty; every second is a loyal caller who goes before the last plain one.
    let line: readonly InLine[] = [];
    let wanted: readonly string[] = [];
    let made = 0;
    const joins = 20_000;
    for (let at = 0; at < joins; at += 1) {
      if (line.length >= 12) {
        const gone = line[0]!.key;
        line = line.slice(1);
        wanted = wanted.filter((key) => key !== gone);
      }
      const key = `c${at}`;
      const index = joinIndex(line, 0);
      line = [...line.slice(0, index), { key, priority: 0, ringing: false }, ...line.slice(index)];
      wanted = at % 2 === 0 ? [...wanted, key] : [...wanted.slice(0, -1), key, ...wanted.slice(-1)];
      const moves = planMoves(line, wanted);
      made += moves.length;
      line = moves.reduce(moved, line);
    }
    expect(keys(line)).toEqual(wanted);
    expect(made / joins).toBeLessThanOrEqual(1.01);
  });
});

/** The least number of moves, by trying everything: nobody twice, whole priorities from 0 to a little above the highest. */
function fewest(line: readonly InLine[], wanted: readonly string[]): number {
  const ringing = new Set(line.filter((one) => one.ringing).map(({ key }) => key));
  const aim = wanted.filter((key) => !ringing.has(key)).join(" ");
  const values = Array.from({ length: 3 + line.length }, (_, value) => value);
  type State = { readonly now: readonly InLine[]; readonly made: readonly string[] };
  const name = ({ now, made }: State) =>
    `${now.map((one) => one.key + one.priority).join(" ")}|${made.toSorted().join(" ")}`;
  const start: State = { now: line, made: [] };
  let states = new Map([[name(start), start]]);
  const seen = new Set(states.keys());
  for (let moves = 0; ; moves += 1) {
    for (const { now } of states.values()) if (keys(now).join(" ") === aim) return moves;
    const next = new Map<string, State>();
    for (const { now, made } of states.values()) {
      for (const { key, ringing: rings, priority: had } of now) {
        if (rings || made.includes(key)) continue;
        for (const priority of values) {
          if (priority === had) continue;
          const one = now.map((each) => ({ ...each }));
          const caller = one.find((each) => each.key === key)!;
          const then = { now: movedByPriority(one, caller, priority, true), made: [...made, key] };
          const id = name(then);
          if (seen.has(id)) continue;
          seen.add(id);
          next.set(id, then);
        }
      }
    }
    states = next;
  }
}
