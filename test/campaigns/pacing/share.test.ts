import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { OtherCampaign, PacingState } from "../../../server/campaigns/pacing/model.ts";
import { decideLines } from "../../../server/campaigns/pacing/pace.ts";
import { inTurn, shareOf } from "../../../server/campaigns/pacing/share.ts";
import { anyState } from "./any-state.ts";
import { NOW, free, learned, ringing, rule, state, talking } from "./samples.ts";

/** A campaign as the others of its queue see it. */
const seenAs = ({ ringing, waiting, ringLimitMs, rule, learned, window }: PacingState) => ({
  ...{ share: 1, ringing, waiting, ringLimitMs, rule, learned, window },
});
/** The state after `lines` were dialled. */
const after = (before: PacingState, lines: number): PacingState => ({
  ...before,
  ringing: [
    ...before.ringing,
    ...Array.from({ length: lines }, () => ({ sinceMs: NOW, chance: null })),
  ],
});
/** A campaign of the same queue that dials alike and has nobody on the line. */
const alike = (one: PacingState, dialled: number): PacingState => ({
  ...{ ...one, ringing: [], waiting: 0, linesFree: one.linesFree - dialled },
  others: [...one.others, seenAs(after(one, dialled))],
});
const other = (own: Partial<OtherCampaign>): OtherCampaign => ({
  ...seenAs(state()),
  ...own,
});

describe("two campaigns of one queue", () => {
  test("together never dial more than one of them would alone", () => {
    fc.assert(
      fc.property(anyState, (one) => {
        const { lines } = decideLines(one);
        expect(decideLines(alike(one, lines)).lines).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });

  test("with one line for each free operator, however their lines are divided", () => {
    fc.assert(
      fc.property(anyState, fc.nat({ max: 40 }), (any, at) => {
        const all = { ...any, mode: "progressive" as const, waiting: 0, others: [] };
        const mine = { ...all, ringing: all.ringing.slice(at) };
        const theirs = { ...all, ringing: all.ringing.slice(0, at) };
        const first = decideLines({ ...mine, others: [seenAs(theirs)] }).lines;
        const second = decideLines({
          ...{ ...theirs, linesFree: all.linesFree - first },
          others: [seenAs(after(mine, first))],
        }).lines;
        expect(first + second).toBe(decideLines(all).lines);
      }),
      { numRuns: 500 },
    );
  });

  test("count each other's people: who rings and who waits needs an operator, whoever dialled", () => {
    const operators = [...free(6), ...talking(20, 80, 140, 60)];
    const alone = decideLines(state({ operators })).lines;
    const shared = decideLines(
      state({ operators, others: [other({ ringing: ringing(3, 5, 8, 12), waiting: 2 })] }),
    );
    expect(alone).toBeGreaterThan(6);
    expect(shared.lines).toBeLessThan(alone - 4);
    expect(shared.values).toMatchObject({ ringing: 4, waiting: 2, others: 6 });
  });

  test("a list that answers better needs more operators than one that answers worse", () => {
    const operators = [...free(4), ...talking(20, 80, 140, 60, 30, 100, 90, 50)];
    const beside = (answers: number) =>
      decideLines(
        state({
          operators,
          others: [other({ ringing: ringing(1, 1, 2, 2, 3, 3), learned: { ...learned, answers } })],
        }),
      ).lines;
    expect(beside(270)).toBeLessThan(beside(30));
  });

  test("the one that may risk less decides for both while its people are on the line", () => {
    const operators = [...free(5), ...talking(20, 80, 140, 60, 30, 100, 90, 50)];
    const strict = other({
      ...{ learned: { ...learned, theta: 0.005 } },
      ringing: ringing(4),
    });
    const bold = state({ operators, learned: { ...learned, theta: 0.4 } });
    const beside = (theirs: OtherCampaign) => decideLines({ ...bold, others: [theirs] });
    expect(beside(strict).lines).toBeLessThan(beside(other({ ringing: ringing(4) })).lines);
    expect(beside(strict).values["allowed"]).toBeLessThan(0.005);
  });

  test("at the cap of one of them neither predicts, and the figures shown are that one's", () => {
    const operators = [...free(5), ...talking(20, 80, 140, 60, 30, 100, 90, 50)];
    const atCap = other({ ringing: ringing(4), window: { answered: 4000, abandoned: 130 } });
    expect(decideLines(state({ operators, others: [atCap] }))).toMatchObject({
      ...{ lines: 4, reason: "atCap" },
      values: { answered: 4000, abandoned: 130, most: rule.mostShare },
    });
    const nobodyThere = { ...atCap, ringing: [] };
    expect(decideLines(state({ operators, others: [nobodyThere] })).reason).toBe("predictive");
  });
});

describe("who goes first", () => {
  const sharer = (id: string, priority: number, servedAtMs = -Infinity) => ({
    ...{ id, priority, servedAtMs },
  });
  const order = (...sharers: ReturnType<typeof sharer>[]) => inTurn(sharers).map(({ id }) => id);

  test("the higher priority, however long another one waits", () => {
    expect(order(sharer("1", 0, 5), sharer("2", 9, 900), sharer("3", -9))).toEqual(["2", "1", "3"]);
  });

  test("among equals the one that waited the longest, so that none waits for ever", () => {
    expect(order(sharer("1", 0, 500), sharer("2", 0, 400), sharer("3", 0))).toEqual([
      ...["3", "2", "1"],
    ]);
  });

  test("the reason says when all operators are kept for those that go first", () => {
    expect(decideLines(state({ kept: 4 }))).toMatchObject({
      ...{ lines: 0, reason: "othersFirst" },
      values: { kept: 4 },
    });
    expect(decideLines(state()).reason).toBe("nobodyFree");
  });
});

describe("queues with some of the same members", () => {
  const known = (state: "free" | "talking", ...extensions: string[]) =>
    extensions.map((extension) => ({ state, extension }));
  test.each([
    ["the same members: all people", known("talking", "1", "2"), ["1", "2"], 1],
    ["none of them: nobody", known("free", "1", "2"), ["3"], 0],
    ["one of four: a quarter", known("talking", "1", "2", "3", "4"), ["1", "9"], 0.25],
    [
      "the only free one of four: all people, they come to whoever is free",
      [...known("free", "1"), ...known("talking", "2", "3", "4")],
      ["1"],
      1,
    ],
    ["nobody works there: nobody", [], ["1"], 0],
  ] as const)("%s", (_name, theirs, ours, share) => {
    expect(shareOf(theirs, new Set(ours))).toBe(share);
  });

  test("half of a person counts as one where lines are as many as free operators", () => {
    const others = [other({ share: 0.5, ringing: ringing(3) })];
    expect(decideLines(state({ mode: "progressive", operators: free(2), others })).lines).toBe(1);
  });
});
