import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  canRing,
  deviceStatus,
  isTurn,
  joinIndex,
  leadingInteger,
  movedByPriority,
  ringOrder,
  type MemberView,
} from "../../../server/demo/pbx/queue-rules.ts";

const member = (order: number, more: Partial<MemberView> = {}): MemberView => ({
  penalty: 0,
  paused: false,
  status: deviceStatus.notInUse,
  pending: false,
  lastCallAtMs: 0,
  order,
  ...more,
});
const orders = (groups: readonly (readonly MemberView[])[]): number[][] =>
  groups.map((group) => group.map((each) => each.order));
const fresh = { byQueue: -1, byCaller: -1 };

describe("who is rung", () => {
  const queue = { ringInUse: false, wrapUpSeconds: 10 };

  test("not the paused, the busy, the pending, the unreachable, nor one still wrapping up", () => {
    expect(canRing(member(0), queue, 100_000)).toBe(true);
    expect(canRing(member(0, { status: deviceStatus.unknown }), queue, 100_000)).toBe(true);
    const not: Partial<MemberView>[] = [
      { paused: true },
      { pending: true },
      { status: deviceStatus.inUse },
      { status: deviceStatus.ringing },
      { status: deviceStatus.onHold },
      { status: deviceStatus.unavailable },
      { status: deviceStatus.invalid },
      { lastCallAtMs: 90_001 },
    ];
    for (const each of not) expect(canRing(member(0, each), queue, 100_000)).toBe(false);
    expect(canRing(member(0, { lastCallAtMs: 90_000 }), queue, 100_000)).toBe(true);
  });

  test("with ringinuse also those who talk, but never the unreachable", () => {
    const willing = { ...queue, ringInUse: true };
    expect(canRing(member(0, { status: deviceStatus.inUse }), willing, 0)).toBe(true);
    expect(canRing(member(0, { status: deviceStatus.unavailable }), willing, 0)).toBe(false);
  });

  test("ringall rings the lowest penalty together, then the next", () => {
    const members = [member(0, { penalty: 1 }), member(1), member(2), member(3, { penalty: 1 })];
    expect(orders(ringOrder(members, "ringall", fresh))).toEqual([
      [1, 2],
      [0, 3],
    ]);
  });

  test("leastrecent begins with who rested longest", () => {
    const members = [member(0, { lastCallAtMs: 30 }), member(1, { lastCallAtMs: 10 }), member(2)];
    expect(orders(ringOrder(members, "leastrecent", fresh))).toEqual([[2], [1], [0]]);
  });

  test("rrmemory goes on after the member the queue rang last, linear after the caller's", () => {
    const members = [member(0), member(1), member(2)];
    const last = { byQueue: 0, byCaller: 1 };
    expect(orders(ringOrder(members, "rrmemory", last))).toEqual([[1], [2], [0]]);
    expect(orders(ringOrder(members, "linear", last))).toEqual([[2], [0], [1]]);
    expect(orders(ringOrder(members, "linear", fresh))).toEqual([[0], [1], [2]]);
  });

  test("a lower penalty comes first whatever the strategy", () => {
    const members = [
      member(0, { penalty: 2 }),
      member(1, { penalty: 1, lastCallAtMs: 99 }),
      member(2),
    ];
    for (const strategy of ["linear", "leastrecent", "rrmemory"] as const)
      expect(orders(ringOrder(members, strategy, fresh))).toEqual([[2], [1], [0]]);
  });
});

describe("whose turn it is", () => {
  test("autofill serves as many callers as members are free, ringall one", () => {
    const fill = { strategy: "linear", autofill: true } as const;
    expect(isTurn(1, 1, 2, fill)).toBe(true);
    expect(isTurn(2, 2, 2, fill)).toBe(false);
    expect(isTurn(0, 0, 0, fill)).toBe(false);
    expect(isTurn(1, 1, 5, { strategy: "ringall", autofill: true })).toBe(false);
  });

  test("without autofill only the first in line is served", () => {
    const queue = { strategy: "linear", autofill: false } as const;
    expect(isTurn(0, 0, 3, queue)).toBe(true);
    expect(isTurn(1, 0, 3, queue)).toBe(false);
  });
});

describe("the line", () => {
  test("stays sorted by priority and fair among equals, whoever joins", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 40 }), (priorities) => {
        let line: { priority: number; order: number }[] = [];
        priorities.forEach((priority, order) => {
          line.splice(joinIndex(line, priority), 0, { priority, order });
        });
        const expected = priorities
          .map((priority, order) => ({ priority, order }))
          .sort((a, b) => b.priority - a.priority || a.order - b.order);
        expect(line).toEqual(expected);
        line = [];
      }),
    );
  });

  test("an immediate change moves one caller and keeps the others' order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 20 }),
        fc.nat(),
        fc.integer({ min: -1, max: 4 }),
        (priorities, pick, priority) => {
          const line = priorities
            .toSorted((a, b) => b - a)
            .map((each, order) => ({ priority: each, order }));
          const caller = line[pick % line.length]!;
          const moved = movedByPriority(line, caller, priority, true);
          expect(moved.filter((each) => each !== caller)).toEqual(
            line.filter((each) => each !== caller),
          );
          const index = moved.indexOf(caller);
          expect(moved.slice(0, index).every((each) => each.priority >= priority)).toBe(true);
          expect(moved.slice(index + 1).every((each) => each.priority < priority)).toBe(true);
        },
      ),
    );
  });

  test("reads integers as sscanf does", () => {
    expect(["7x", " -3", "+4", "x7", "", "1e3"].map(leadingInteger)).toEqual([
      7,
      -3,
      4,
      null,
      null,
      1,
    ]);
  });
});
