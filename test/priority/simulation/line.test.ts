/** The simulator's quick line against the rule it stands for: the same caller is chosen at every answering of every history. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { createGaps, noteGap, upperGapMs } from "../../../server/priority/gaps.ts";
import type { Guard, Waiting } from "../../../server/priority/model.ts";
import { pickNext } from "../../../server/priority/order.ts";
import {
  createPlainOrder,
  noteAnswered,
  noteJoined,
  noteLeft,
} from "../../../server/priority/plain-order.ts";
import { SortedGaps } from "../../../server/priority/simulation/gaps.ts";
import { type LineEffect, Line, lineMemory } from "../../../server/priority/simulation/line.ts";

const effectArb: fc.Arbitrary<LineEffect> = fc.record({
  rate: fc.constantFrom(0.5, 1, 2, 4),
  headStartMs: fc.constantFrom(0, 14_000, 30_000, -20_000),
});

const storyArb = fc.record({
  effects: fc.array(effectArb, { minLength: 1, maxLength: 4 }),
  guard: fc.record({
    mostExtraWaitSeconds: fc.option(fc.integer({ min: 0, max: 90 })),
    neverPassedAfterSeconds: fc.option(fc.integer({ min: 0, max: 120 })),
  }),
  joinsOfTen: fc.integer({ min: 4, max: 7 }),
  gapMs: fc.constantFrom(0, 1000, 7000, 30_000),
  steps: fc.array(
    fc.record({
      afterMs: fc.integer({ min: 0, max: 12_000 }),
      // Below the story's share somebody joins, else somebody is answered.
      draw: fc.integer({ min: 0, max: 9 }),
      effect: fc.nat(3),
      patienceMs: fc.integer({ min: 1, max: 300_000 }),
    }),
    { minLength: 30, maxLength: 120, size: "max" },
  ),
});

test("at every answering the line takes whom the steward's rule names", () => {
  let answerings = 0;
  fc.assert(
    fc.property(storyArb, (story) => {
      answerings += play(story);
    }),
    { numRuns: 2000 },
  );
  expect(answerings).toBeGreaterThan(10_000);
});

test("a promise of no extra waiting is plain order, whatever the claims", () => {
  const effects = [
    { rate: 1, headStartMs: 0 },
    { rate: 20, headStartMs: 3_600_000 },
  ];
  const guard = { mostExtraWaitSeconds: 0, neverPassedAfterSeconds: null };
  expect(orderOf(effects, guard)).toEqual([0, 1, 2, 3]);
  expect(orderOf(effects, { ...guard, mostExtraWaitSeconds: null })).toEqual([1, 3, 0, 2]);
});

test("the gap to reckon with is the steward's", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 450, size: "max" }),
      (seconds) => {
        const quick = new SortedGaps();
        const gaps = createGaps();
        for (const one of seconds) {
          quick.add(one * 1000);
          noteGap(gaps, one * 1000);
          expect(quick.expectedMs()).toBe(upperGapMs(gaps));
        }
      },
    ),
  );
});

/** Four callers a second apart, every other with the second effect, answered once a second from then on. */
function orderOf(effects: readonly LineEffect[], guard: Guard): readonly number[] {
  const callers = {
    joinedAtMs: Float64Array.of(0, 1000, 2000, 3000),
    deadlineMs: new Float64Array(4).fill(Infinity),
    effect: Uint16Array.of(0, 1, 0, 1),
  };
  const line = new Line(callers, effects, guard, lineMemory(4), steadyGaps(1000));
  for (const caller of [0, 1, 2, 3]) line.join(caller);
  return [4000, 5000, 6000, 7000].map((atMs) => line.take(atMs));
}

function steadyGaps(gapMs: number) {
  return { add: () => undefined, expectedMs: () => gapMs };
}

type Story = typeof storyArb extends fc.Arbitrary<infer S> ? S : never;

/** Plays a story through both; the number of answerings that were compared. */
function play({ effects, guard, gapMs, joinsOfTen, steps }: Story): number {
  const joins: { atMs: number; effect: number; deadlineMs: number }[] = [];
  let nowMs = 0;
  for (const { afterMs, draw, effect, patienceMs } of steps) {
    nowMs += afterMs;
    if (draw < joinsOfTen)
      joins.push({ atMs: nowMs, effect: effect % effects.length, deadlineMs: nowMs + patienceMs });
  }
  const memory = lineMemory(joins.length);
  const line = new Line(
    {
      joinedAtMs: Float64Array.from(joins, ({ atMs }) => atMs),
      deadlineMs: Float64Array.from(joins, ({ deadlineMs }) => deadlineMs),
      effect: Uint16Array.from(joins, ({ effect }) => effect),
    },
    effects,
    guard,
    memory,
    steadyGaps(gapMs),
  );
  const plain = createPlainOrder();
  let waiting: (Waiting & { readonly deadlineMs: number })[] = [];
  const hangUp = () => {
    for (const one of waiting) if (one.deadlineMs <= nowMs) noteLeft(plain, one.channelId);
    waiting = waiting.filter((one) => one.deadlineMs > nowMs);
  };
  let compared = 0;
  let joined = 0;
  nowMs = 0;
  for (const { afterMs, draw } of steps) {
    nowMs += afterMs;
    hangUp();
    if (draw < joinsOfTen) {
      const { atMs, effect, deadlineMs } = joins[joined]!;
      const channelId = String(joined);
      const names = { callId: channelId, channelId, channelName: channelId, ringing: false };
      waiting.push({ ...names, joinedAtMs: atMs, ...effects[effect]!, deadlineMs });
      noteJoined(plain, channelId, atMs);
      line.join(joined);
      joined += 1;
      continue;
    }
    const index = pickNext(waiting, guard, nowMs, { plain, gapMs });
    const caller = line.take(nowMs);
    expect(caller).toBe(index < 0 ? -1 : Number(waiting[index]!.channelId));
    if (index < 0) continue;
    compared += 1;
    const { extraMs } = noteAnswered(plain, waiting[index]!.channelId, nowMs)!;
    const owedSinceMs = memory.owedSinceMs[caller]!;
    expect(Number.isNaN(owedSinceMs) ? 0 : nowMs - owedSinceMs).toBe(extraMs);
    waiting.splice(index, 1);
  }
  return compared;
}
