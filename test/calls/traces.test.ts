import { describe, expect, test } from "vitest";
import { createCallState, fold, size } from "../../server/calls/fold.ts";
import type { CallFact } from "../../server/calls/model.ts";
import { outcomesOf, readTrace, traceNames } from "./traces.ts";

describe("what really happened on a PBX is what the call model tells", () => {
  for (const name of traceNames()) {
    const trace = readTrace(name);
    test(`${name}: ${trace.title}`, () => {
      const state = createCallState("lab", /^\d{2,6}$/);
      const facts: CallFact[] = [];
      for (const { input, atMs } of trace.inputs) facts.push(...fold(state, input, atMs));
      expect(outcomesOf(facts)).toEqual(trace.truth);
      expect(size(state)).toBe(0);
      expect(Object.fromEntries(state.unplaced)).toEqual({});
    });
  }
});
