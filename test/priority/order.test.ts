import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Guard, type Waiting, claimMs } from "../../server/priority/model.ts";
import {
  type History,
  NO_HISTORY,
  nextChangeMs,
  overtakesAtMs,
  pickNext,
  wantedOrder,
} from "../../server/priority/order.ts";
import {
  type PlainOrder,
  createPlainOrder,
  noteAnswered,
  noteJoined,
  noteLeft,
  owedSinceMs,
  passedBy,
} from "../../server/priority/plain-order.ts";

const NONE: Guard = { mostExtraWaitSeconds: null, neverPassedAfterSeconds: null };

const waiting = (channelId: string, joinedAtMs: number, more: Partial<Waiting> = {}): Waiting => ({
  callId: `main-${channelId}`,
  channelId,
  channelName: `PJSIP/trunk-${channelId}`,
  joinedAtMs,
  rate: 1,
  headStartMs: 0,
  ringing: false,
  ...more,
});
const loyal = { rate: 2, headStartMs: 14_000 };
const order = (
  callers: readonly Waiting[],
  nowMs: number,
  guard = NONE,
  history: Partial<History> = {},
) =>
  wantedOrder(callers, guard, nowMs, { ...NO_HISTORY, ...history })
    .map(({ caller, guard: held }) => caller.channelId + (held && `:${held}`))
    .join(" ");

const someone = fc.record({
  joinedAtMs: fc.integer({ min: 0, max: 300_000 }),
  rate: fc.constantFrom(0.5, 1, 1, 1, 1.5, 2, 4),
  headStartMs: fc.constantFrom(0, 0, 0, 14_000, 60_000, -10_000),
  ringing: fc.constantFrom(false, false, false, false, true),
});
const people = fc
  .array(someone, { maxLength: 25 })
  .map((all) => all.map(({ joinedAtMs, ...more }, at) => waiting(`c${at}`, joinedAtMs, more)));
const seconds = fc.option(fc.integer({ min: 0, max: 240 }));
const guards: fc.Arbitrary<Guard> = fc.record({
  mostExtraWaitSeconds: seconds,
  neverPassedAfterSeconds: seconds,
});

describe("order by claim", () => {
  test("everybody plain is first come, first served", () => {
    expect(order([waiting("a", 0), waiting("b", 1000), waiting("c", 2000)], 9000)).toBe("a b c");
  });

  test("a loyal caller passes whom their head start and rate carry them past", () => {
    const line = [waiting("a", 0), waiting("b", 20_000), waiting("gold", 25_000, loyal)];
    expect(order(line, 26_000)).toBe("a gold b");
    expect(order(line, 40_000)).toBe("gold a b");
  });

  test("equal claims stand by joining", () => {
    expect(order([waiting("late", 10_000, { rate: 2 }), waiting("early", 0)], 20_000)).toBe(
      "early late",
    );
  });

  test("who rings keeps the place they have", () => {
    const line = [
      waiting("a", 0, { ringing: true }),
      waiting("b", 1, {}),
      waiting("gold", 2, loyal),
    ];
    expect(order(line, 1000)).toBe("a gold b");
    expect(order([line[1]!, line[0]!, line[2]!], 1000)).toBe("gold a b");
  });

  test("who was placed by hand stands there, the others around them", () => {
    const line = [waiting("a", 0), waiting("b", 1), waiting("c", 2), waiting("gold", 3, loyal)];
    expect(order(line, 1000, NONE, { byHand: new Map([["c", 1]]) })).toBe("c gold a b");
    expect(order(line, 1000, NONE, { byHand: new Map([["gold", 9]]) })).toBe("a b c gold");
    const both = new Map([
      ["a", 2],
      ["b", 2],
    ]);
    expect(order(line, 1000, NONE, { byHand: both })).toBe("gold a b c");
  });

  test("everybody has one place, whatever the circumstances", () => {
    fc.assert(
      fc.property(
        people,
        guards,
        fc.array(fc.tuple(fc.nat(24), fc.integer({ min: -2, max: 40 }))),
        fc.integer({ min: 0, max: 600_000 }),
        (line, guard, hands, nowMs) => {
          const byHand = new Map(hands.map(([at, place]) => [`c${at}`, place]));
          const placed = wantedOrder(line, guard, nowMs, { ...NO_HISTORY, byHand });
          expect(placed.map(({ position }) => position)).toEqual(line.map((_, at) => at + 1));
          expect(new Set(placed.map(({ caller }) => caller))).toEqual(new Set(line));
          for (const [at, { caller }] of placed.entries())
            if (caller.ringing) expect(line[at]).toBe(caller);
        },
      ),
    );
  });

  test("a loyal caller passes somebody who waited w only by coming in the first ((rate - 1) w + head start) / rate of it", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1.5, 2, 3, 4),
        fc.integer({ min: 0, max: 60_000 }),
        fc.integer({ min: 0, max: 300_000 }),
        fc.integer({ min: 0, max: 300_000 }),
        (rate, headStartMs, cameAfterMs, laterMs) => {
          const waitedMs = cameAfterMs + laterMs;
          const plain = waiting("a", 0);
          const gold = waiting("gold", cameAfterMs, { rate, headStartMs });
          const passes = order([plain, gold], waitedMs) === "gold a";
          expect(passes).toBe(rate * cameAfterMs < (rate - 1) * waitedMs + headStartMs);
        },
      ),
    );
  });

  test("the order stays as it is until the told moment", () => {
    fc.assert(
      fc.property(
        people,
        guards,
        fc.integer({ min: 300_000, max: 500_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (line, guard, nowMs, share) => {
          const placed = wantedOrder(line, guard, nowMs);
          const untilMs = nextChangeMs(placed, guard, nowMs);
          expect(untilMs).toBeGreaterThan(nowMs);
          const laterMs = Math.floor(
            nowMs + share * (Math.min(untilMs, nowMs + 900_000) - 1 - nowMs),
          );
          expect(order(line, laterMs, guard).replaceAll(/:\w+/g, "")).toBe(
            placed.map(({ caller }) => caller.channelId).join(" "),
          );
        },
      ),
    );
  });

  test("tells when one claim overtakes another", () => {
    const [a, gold] = [waiting("a", 0), waiting("gold", 100_000, loyal)];
    // 86 s behind at their joining, one second nearer every second.
    expect(overtakesAtMs(gold, a, 100_000)).toBe(186_001);
    expect(overtakesAtMs(a, gold, 300_000)).toBeNull();
    expect(nextChangeMs(wantedOrder([a, gold], NONE, 100_000), NONE, 100_000)).toBe(186_001);
    expect(order([a, gold], 186_000)).toBe("a gold");
    expect(order([a, gold], 186_001)).toBe("gold a");
  });
});

describe("the promise that nobody is passed after so many seconds", () => {
  const guard: Guard = { mostExtraWaitSeconds: null, neverPassedAfterSeconds: 60 };

  test("a greater claim of a later joiner does not pass who waited so long", () => {
    const line = [waiting("a", 0), waiting("gold", 30_000, loyal)];
    expect(order(line, 59_999, guard)).toBe("gold a");
    expect(order(line, 60_000, guard)).toBe("a:passed gold");
    expect(order(line, 200_000, guard)).toBe("a:passed gold");
  });

  test("holds in every line: who waited so long comes before every later joiner", () => {
    fc.assert(
      fc.property(people, guards, fc.integer({ min: 0, max: 600_000 }), (line, any, nowMs) => {
        const still = line.map((caller) => ({ ...caller, ringing: false }));
        const after = any.neverPassedAfterSeconds ?? 60;
        const placed = wantedOrder(still, { ...any, neverPassedAfterSeconds: after }, nowMs);
        for (const [at, { caller }] of placed.entries()) {
          const passers = placed
            .slice(0, at)
            .filter((ahead) => ahead.caller.joinedAtMs > caller.joinedAtMs);
          if (nowMs - caller.joinedAtMs >= after * 1000) expect(passers).toEqual([]);
        }
      }),
    );
  });
});

describe("what plain order would have done", () => {
  test("a caller who was passed is owed an answer from when plain order would have given it", () => {
    const plain = createPlainOrder();
    for (const [at, key] of ["a", "b", "gold"].entries()) noteJoined(plain, key, at * 1000);
    expect(noteAnswered(plain, "gold", 10_000)).toEqual({ extraMs: 0, passedBy: 0, gapMs: 10_000 });
    expect([owedSinceMs(plain, "a"), owedSinceMs(plain, "b")]).toEqual([10_000, null]);
    expect([passedBy(plain, "a"), passedBy(plain, "b")]).toEqual([1, 1]);
    expect(noteAnswered(plain, "b", 15_000)).toMatchObject({ extraMs: 0, gapMs: 5000 });
    expect(noteAnswered(plain, "a", 22_000)).toEqual({ extraMs: 12_000, passedBy: 2, gapMs: 7000 });
  });

  test("who hung up is out of plain order's line", () => {
    const plain = createPlainOrder();
    for (const [at, key] of ["a", "b", "c"].entries()) noteJoined(plain, key, at);
    noteLeft(plain, "a");
    noteAnswered(plain, "c", 10);
    expect(owedSinceMs(plain, "b")).toBe(10);
  });

  test("an empty queue begins anew", () => {
    const plain = createPlainOrder();
    noteJoined(plain, "a", 0);
    noteJoined(plain, "b", 1);
    noteAnswered(plain, "b", 10);
    noteLeft(plain, "a");
    noteJoined(plain, "c", 60_000);
    noteJoined(plain, "d", 60_001);
    expect(noteAnswered(plain, "d", 60_500)).toMatchObject({ gapMs: 500 });
    expect(owedSinceMs(plain, "c")).toBe(60_500);
  });
});

/** One thing that happens in a queue; times between are chosen so that no gap between answerings exceeds the assumed one. */
const deeds = fc.array(
  fc.record({
    kind: fc.constantFrom("join", "join", "join", "join", "answer", "answer", "leave"),
    afterMs: fc.integer({ min: 0, max: 9000 }),
    who: fc.nat(),
    rate: fc.constantFrom(1, 1, 1, 2, 4, 20),
    headStartMs: fc.constantFrom(0, 0, 14_000, 3_600_000),
  }),
  { maxLength: 120, size: "max" },
);

type Played = { readonly worstExtraMs: number; readonly servedInJoinOrder: boolean };

/** Plays a history, answering whom `pick` names, and tells the most anybody waited beyond plain order; reckoned apart from the fold. */
function play(
  history: readonly {
    kind: string;
    afterMs: number;
    who: number;
    rate: number;
    headStartMs: number;
  }[],
  gapMs: number,
  pick: (line: readonly Waiting[], nowMs: number, plain: PlainOrder) => number,
): Played {
  const plain = createPlainOrder();
  let line: Waiting[] = [];
  let nowMs = 0;
  let gapFromMs = 0;
  let next = 0;
  // Plain order's own line, kept apart: who has not been reached yet, and when others were.
  let virtual: string[] = [];
  const reachedMs = new Map<string, number>();
  let worstExtraMs = 0;
  let servedInJoinOrder = true;
  const answer = () => {
    const at = pick(line, nowMs, plain);
    const caller = line[at]!;
    servedInJoinOrder &&= at === 0;
    const reached = virtual.shift();
    if (reached !== undefined) reachedMs.set(reached, nowMs);
    const owedMs = reachedMs.get(caller.channelId) ?? nowMs;
    worstExtraMs = Math.max(worstExtraMs, nowMs - owedMs);
    expect(noteAnswered(plain, caller.channelId, nowMs)?.extraMs).toBe(nowMs - owedMs);
    line = line.filter((one) => one !== caller);
    gapFromMs = nowMs;
  };
  for (const { kind, afterMs, who, rate, headStartMs } of [
    ...history,
    ...history.map((deed) => ({ ...deed, kind: "answer" })),
  ]) {
    nowMs += afterMs;
    while (line.length > 0 && nowMs > gapFromMs + gapMs) {
      // The premise: within the gap somebody is answered.
      const laterMs = nowMs;
      nowMs = gapFromMs + gapMs;
      answer();
      nowMs = laterMs;
    }
    if (kind === "join") {
      const caller = waiting(`c${next++}`, nowMs, { rate, headStartMs });
      if (line.length === 0) {
        gapFromMs = nowMs;
        virtual = [];
      }
      line = [...line, caller];
      virtual.push(caller.channelId);
      noteJoined(plain, caller.channelId, nowMs);
    } else if (line.length > 0 && kind === "answer") answer();
    else if (line.length > 0) {
      const { channelId } = line[who % line.length]!;
      line = line.filter((one) => one.channelId !== channelId);
      virtual = virtual.filter((one) => one !== channelId);
      noteLeft(plain, channelId);
    }
  }
  return { worstExtraMs, servedInJoinOrder };
}

describe("the promise that nobody waits much longer than in plain order", () => {
  const gapMs = 10_000;
  const byOrder =
    (guard: Guard, assumedMs = gapMs) =>
    (line: readonly Waiting[], nowMs: number, plain: PlainOrder) => {
      const [first] = wantedOrder(line, guard, nowMs, { ...NO_HISTORY, plain, gapMs: assumedMs });
      return line.indexOf(first!.caller);
    };

  test("is kept in every history whose gaps are not longer than assumed", () => {
    fc.assert(
      fc.property(deeds, guards, (history, guard) => {
        const { worstExtraMs } = play(history, gapMs, byOrder(guard));
        if (guard.mostExtraWaitSeconds !== null)
          expect(worstExtraMs).toBeLessThanOrEqual(guard.mostExtraWaitSeconds * 1000);
      }),
      { numRuns: 400 },
    );
  });

  test("would be broken by claims alone", () => {
    const broken = fc.check(
      fc.property(deeds, (history) => play(history, gapMs, byOrder(NONE)).worstExtraMs <= 30_000),
      { numRuns: 400 },
    );
    expect(broken.failed).toBe(true);
  });

  test("means plain order when it is shorter than one gap", () => {
    fc.assert(
      fc.property(deeds, (history) => {
        const guard = { mostExtraWaitSeconds: 9, neverPassedAfterSeconds: null };
        expect(play(history, gapMs, byOrder(guard)).servedInJoinOrder).toBe(true);
      }),
    );
  });

  test("leaves the claims alone while there is room", () => {
    const line = Array.from({ length: 5 }, (_, at) => waiting(`a${at}`, at));
    const gold = waiting("gold", 10, { rate: 20, headStartMs: 60_000 });
    const plain = createPlainOrder();
    for (const { channelId, joinedAtMs } of [...line, gold])
      noteJoined(plain, channelId, joinedAtMs);
    const at = (mostExtraWaitSeconds: number) =>
      order([...line, gold], 1000, { ...NONE, mostExtraWaitSeconds }, { plain, gapMs });
    expect(at(10)).toBe("gold a0 a1 a2 a3 a4");
    expect(at(9)).toBe("a0:extra a1:extra a2:extra a3:extra a4:extra gold");
  });

  test("who is late already comes first, by joining", () => {
    const plain = createPlainOrder();
    const line = [
      waiting("a", 0),
      waiting("b", 1),
      waiting("g1", 2, loyal),
      waiting("g2", 3, loyal),
    ];
    for (const { channelId, joinedAtMs } of line) noteJoined(plain, channelId, joinedAtMs);
    noteAnswered(plain, "g1", 1000);
    const rest = line.filter(({ channelId }) => channelId !== "g1");
    const guard = { ...NONE, mostExtraWaitSeconds: 20 };
    expect(order(rest, 2000, guard, { plain, gapMs })).toBe("g2 a b");
    // Nobody was answered for far longer than assumed.
    expect(order(rest, 60_000, guard, { plain, gapMs })).toBe("a:extra g2 b");
  });

  test("the quick pick names the first of the order", () => {
    fc.assert(
      fc.property(deeds, guards, fc.integer({ min: 1, max: 20_000 }), (history, guard, assumed) => {
        play(history, gapMs, (line, nowMs, plain) => {
          const quick = pickNext(line, guard, nowMs, { plain, gapMs: assumed });
          expect(quick).toBe(byOrder(guard, assumed)(line, nowMs, plain));
          return quick;
        });
      }),
    );
  });

  test("a greatest claim is refused only for a promise's sake", () => {
    fc.assert(
      fc.property(people, fc.integer({ min: 300_000, max: 400_000 }), (line, nowMs) => {
        const still = line.map((caller) => ({ ...caller, ringing: false }));
        const claims = wantedOrder(still, NONE, nowMs).map(({ caller }) => claimMs(caller, nowMs));
        expect(claims).toEqual(claims.toSorted((a, b) => b - a));
      }),
    );
  });
});
