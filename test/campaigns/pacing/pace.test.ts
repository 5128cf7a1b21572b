import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NOTHING_LEARNED, dialsRemembered } from "../../../server/campaigns/pacing/learn.ts";
import type { PacedOperator, PacingState } from "../../../server/campaigns/pacing/model.ts";
import { decideLines } from "../../../server/campaigns/pacing/pace.ts";
import { anyState } from "./any-state.ts";
import { NOW, free, learned, ringing, rule, state, talking } from "./samples.ts";

const taken = ({ ringing, waiting, others }: PacingState) =>
  others.reduce(
    (sum, other) => sum + other.share * (other.ringing.length + other.waiting),
    ringing.length + waiting,
  );
const idle = ({ operators }: PacingState) => operators.filter((o) => o.state === "free").length;
const oneToOne = (state: PacingState) =>
  Math.max(
    0,
    Math.min(
      Math.floor(idle(state) - taken(state)),
      state.linesFree,
      Math.floor(state.mostLinesPerOperator * state.operators.length - taken(state)),
    ),
  );

describe("in every state", () => {
  test("the lines are a whole number from 0 to the free lines, and within the most for each operator", () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const { lines, values } = decideLines(state);
        expect(Number.isInteger(lines)).toBe(true);
        expect(lines).toBeGreaterThanOrEqual(0);
        expect(lines).toBeLessThanOrEqual(Math.max(0, state.linesFree));
        if (lines > 0)
          expect(lines + taken(state)).toBeLessThanOrEqual(
            state.mostLinesPerOperator * state.operators.length,
          );
        for (const value of Object.values(values)) expect(value).toBeTypeOf("number");
        expect(Object.values(values).some(Number.isNaN)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  test("whatever is not predictive dials one line for each free operator and no more", () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const { lines, reason } = decideLines(state);
        if (reason === "predictive") expect(lines).toBeGreaterThanOrEqual(oneToOne(state));
        else expect(lines).toBe(oneToOne(state));
        if (state.mode === "progressive" || state.mode === "preview")
          expect(reason).not.toBe("predictive");
      }),
      { numRuns: 1000 },
    );
  });

  test("under five operators nothing is predicted", () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const few = { ...state, operators: state.operators.slice(0, 4) };
        expect(decideLines(few).reason).not.toBe("predictive");
      }),
    );
  });

  test("within the first 200 dials no more than two lines stand for each free operator", () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const dials = Math.min(state.learned.dials, dialsRemembered(200) - 1);
        const first = { ...state, learned: { ...state.learned, dials } };
        const { lines } = decideLines(first);
        if (lines > 0) expect(lines + taken(first)).toBeLessThanOrEqual(2 * idle(first));
      }),
    );
  });

  test("the decision changes nothing and is the same when asked again", () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const before = structuredClone(state);
        expect(decideLines(state)).toEqual(decideLines(state));
        expect(state).toEqual(before);
      }),
    );
  });
});

describe("the reason", () => {
  const busy = talking(20, 80, 140, 200, 60, 110, 90, 30);
  test.each<[string, Partial<PacingState>, string, number]>([
    ["nobody works", {}, "nobodyFree", 0],
    ["nobody is free", { mode: "progressive", operators: busy }, "nobodyFree", 0],
    ["the trunks are full", { operators: free(9), linesFree: 0 }, "noLines", 0],
    [
      "as many ring as may",
      { operators: free(2), mostLinesPerOperator: 1.5, ringing: ringing(1, 2, 3) },
      "enoughRinging",
      0,
    ],
    [
      "the mode is progressive",
      { mode: "progressive", operators: [...free(3), ...busy], ringing: ringing(4) },
      "progressive",
      2,
    ],
    ["four operators work", { operators: free(4) }, "tooLittleKnown", 4],
    [
      "nothing was dialled yet",
      { operators: free(8), learned: NOTHING_LEARNED },
      "tooLittleKnown",
      8,
    ],
    [
      "the share stands at the cap",
      { operators: [...free(1), ...busy], window: { answered: 2000, abandoned: 60 } },
      "atCap",
      1,
    ],
  ])("when %s", (_, more, reason, lines) => {
    expect(decideLines(state(more))).toMatchObject({ reason, lines });
  });

  test("says the figures that it stands on", () => {
    expect(decideLines(state({ operators: free(4) })).values).toMatchObject({
      operators: 4,
      operatorsNeeded: 5,
    });
    const { values } = decideLines(
      state({ operators: [...free(1), ...busy], window: { answered: 2000, abandoned: 61 } }),
    );
    expect(values).toMatchObject({ abandoned: 61, answered: 2000, share: 0.0305, most: 0.03 });
  });
});

describe("automatic", () => {
  const operators = [...free(2), ...talking(20, 80, 140, 200, 60, 110, 90, 30)];
  const known = (dials: number, talks: number) =>
    decideLines(
      state({
        mode: "automatic",
        operators,
        learned: {
          ...learned,
          dials: dialsRemembered(dials),
          talk: { ...learned.talk, samples: talks },
        },
      }),
    );

  test("waits for 200 dials and 30 talks and says how many there are", () => {
    expect(known(199, 100)).toMatchObject({ reason: "tooLittleKnown", lines: 2 });
    expect(known(400, 29)).toMatchObject({
      reason: "tooLittleKnown",
      values: { talks: 29, talksNeeded: 30 },
    });
    expect(known(200, 30).reason).toBe("predictive");
  });

  test("goes back to one line for each operator when people leave", () => {
    const left = decideLines(state({ mode: "automatic", operators: operators.slice(0, 4) }));
    expect(left).toMatchObject({ reason: "tooLittleKnown", values: { operators: 4 } });
  });
});

describe("predictive", () => {
  const busy = talking(20, 80, 140, 200, 60, 110, 90, 30);
  const lines = (more: Partial<PacingState>) => decideLines(state(more)).lines;

  test("dials more lines than operators are free, as most are not answered", () => {
    expect(lines({ operators: [...free(4), ...busy] })).toBeGreaterThan(4);
  });

  test("dials before anybody is free when enough will be soon", () => {
    const many = Array.from({ length: 5 }, () => [20, 80, 140, 200, 60, 110, 90, 30]).flat();
    expect(lines({ operators: talking(...many) })).toBeGreaterThan(0);
    expect(lines({ operators: talking(...many.map(() => 1)) })).toBe(0);
  });

  test("never dials more because risk, waiting people or ringing lines are more", () => {
    const operators = [...free(4), ...busy];
    let before = Infinity;
    for (const theta of [0.3, 0.15, 0.08, 0.04, 0.02, 0.005]) {
      const now = lines({ operators, learned: { ...learned, theta } });
      expect(now).toBeLessThanOrEqual(before);
      before = now;
    }
    for (const waiting of [0, 1, 2, 3])
      expect(lines({ operators, waiting: waiting + 1 })).toBeLessThanOrEqual(
        lines({ operators, waiting }),
      );
    const rings = [10, 12, 9, 11, 8, 10, 12];
    for (let count = 0; count < rings.length; count += 1)
      expect(
        lines({ operators, ringing: ringing(...rings.slice(0, count + 1)) }),
      ).toBeLessThanOrEqual(lines({ operators, ringing: ringing(...rings.slice(0, count)) }));
  });

  test("dials more of a list that is seldom answered, fewer where each ringing number is known to answer", () => {
    const operators = [...free(4), ...busy];
    expect(lines({ operators, learned: { ...learned, answers: 30 } })).toBeGreaterThan(
      lines({ operators, learned: { ...learned, answers: 200 } }),
    );
    const known = (chance: number) => ringing(5, 5, 5).map((line) => ({ ...line, chance }));
    expect(lines({ operators, ringing: known(0.95) })).toBeLessThan(
      lines({ operators, ringing: known(0.05) }),
    );
  });

  test("counts who writes up as sooner done than who only begins to talk", () => {
    const known = {
      ...learned,
      wrapUp: { samples: 100, meanLog: Math.log(15_000), varianceLog: 0.3 },
    };
    const writing: PacedOperator[] = Array.from({ length: 8 }, () => ({
      state: "wrappingUp",
      sinceMs: NOW - 5000,
    }));
    expect(lines({ operators: writing, learned: known })).toBeGreaterThan(
      lines({ operators: talking(5, 5, 5, 5, 5, 5, 5, 5), learned: known }),
    );
  });

  test("of few answers a few abandoned are taken for chance, of thousands none beyond the cap", () => {
    const operators = [...free(1), ...busy];
    const reason = (answered: number, abandoned: number) =>
      decideLines(state({ operators, window: { answered, abandoned } })).reason;
    expect(reason(30, 2)).toBe("predictive");
    expect(reason(30, 5)).toBe("atCap");
    expect(reason(2000, 57)).toBe("predictive");
    expect(reason(2000, 60)).toBe("atCap");
    expect(rule.mostShare).toBe(0.03);
  });
});
