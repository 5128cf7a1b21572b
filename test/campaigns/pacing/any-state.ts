import fc from "fast-check";
import type { AbandonmentRule } from "../../../server/campaigns/model.ts";
import type {
  Learned,
  PacedOperator,
  PacingState,
} from "../../../server/campaigns/pacing/model.ts";
import { NOW } from "./samples.ts";

const share = fc.double({ min: 0, max: 1, noNaN: true });
const past = fc.integer({ min: -5000, max: 20_000_000 }).map((ms) => NOW - ms);
const fit = fc.record({
  samples: fc.double({ min: 0, max: 300, noNaN: true }),
  meanLog: fc.double({ min: 0, max: 18, noNaN: true }),
  varianceLog: fc.double({ min: 0, max: 9, noNaN: true }),
});
const anyRule: fc.Arbitrary<AbandonmentRule> = fc.record({
  mostShare: fc.double({ min: 0, max: 0.2, noNaN: true }),
  targetShare: fc.double({ min: 0, max: 0.2, noNaN: true }),
  window: fc.constantFrom("day", "24hours", "30days"),
  clockFrom: fc.constantFrom("answer", "greetingEnd"),
  connectWithinMs: fc.integer({ min: 0, max: 20_000 }),
});
const anyLines = fc.array(fc.record({ sinceMs: past, chance: fc.option(share) }), {
  maxLength: 40,
});
const anyLearned: fc.Arbitrary<Learned> = fc
  .record({
    dials: fc.double({ min: 0, max: 300, noNaN: true }),
    answered: share,
    ringSeconds: fc.array(fc.double({ min: 0, max: 30, noNaN: true }), { maxLength: 60 }),
    talk: fit,
    wrapUp: fit,
    theta: fc.double({ min: 0.005, max: 0.5, noNaN: true }),
  })
  .map(({ answered, ...rest }) => ({ ...rest, answers: answered * rest.dials }));
const anyWindow = fc
  .record({ answered: fc.integer({ min: 0, max: 5000 }), part: share })
  .map(({ answered, part }) => ({ answered, abandoned: Math.floor(answered * part * 0.1) }));

/** Any state at all, also such as no contact centre has. */
export const anyState: fc.Arbitrary<PacingState> = fc.record({
  nowMs: fc.constant(NOW),
  mode: fc.constantFrom("preview", "progressive", "predictive", "automatic"),
  rule: anyRule,
  ringLimitMs: fc.integer({ min: 0, max: 300_000 }),
  mostLinesPerOperator: fc.double({ min: 1, max: 10, noNaN: true }),
  operators: fc.array(
    fc.record({
      state: fc.constantFrom("free", "talking", "wrappingUp"),
      sinceMs: past,
    }) as fc.Arbitrary<PacedOperator>,
    { maxLength: 40 },
  ),
  ringing: anyLines,
  waiting: fc.integer({ min: 0, max: 10 }),
  others: fc.array(
    fc.record({
      share,
      ringing: anyLines,
      waiting: fc.integer({ min: 0, max: 10 }),
      ringLimitMs: fc.integer({ min: 0, max: 300_000 }),
      rule: anyRule,
      learned: anyLearned,
      window: anyWindow,
    }),
    { maxLength: 3 },
  ),
  kept: fc.integer({ min: 0, max: 5 }),
  linesFree: fc.integer({ min: -2, max: 60 }),
  learned: anyLearned,
  window: anyWindow,
});
