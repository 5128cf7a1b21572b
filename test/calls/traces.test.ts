import { describe, expect, test } from "vitest";
import { createCallState, fold, size } from "../../server/calls/fold.ts";
import type { CallFact } from "../../server/calls/model.ts";
import { type Outcome, type Trace, outcomesOf, readTrace, traceNames } from "./traces.ts";

/**
 * The stories tell what people did. Where AMI cannot tell that, or the model has its own way to say it, this is the difference; every
 * other word must be the same.
 */
function inTheModelsWords(trace: Trace): readonly Outcome[] {
  const story = trace.name.split("/")[1] ?? "";
  const [first, ...others] = trace.truth;
  if (!first) return [];
  if (/^(attended|blonde)-transfer-feature/.test(story)) {
    // A consultation by feature code is a part of the customer's call: the same channels, the same Linkedid. The customer hears music.
    const rings = trace.truth.flatMap((call) => call.rings);
    return [{ ...first, rings, held: true }];
  }
  if (story.startsWith("blind-transfer-feature")) {
    // While the number is being dialled the customer hears music.
    return [{ ...first, held: true }, ...others];
  }
  if (story.startsWith("blonde-transfer-refer")) {
    // The ring goes on in the customer's call, which is what the phone is answered for.
    const rings = trace.truth.flatMap((call) => call.rings);
    return [{ ...first, rings }, ...others.map((call) => ({ ...call, rings: [] }))];
  }
  if (story.startsWith("pickup")) {
    // Dialling the code is a call of its own until it takes the other one over.
    const dialling = { ...nothing, party: "102", fromExtension: "102" };
    return [first, dialling];
  }
  if (story === "queue-withdrawn") {
    // app_queue reports a withdrawn caller as an abandoned one; nobody was logged in at the queue.
    const visits = first.visits.map((visit) =>
      visit.how === "withdrawn" ? { ...visit, how: "empty" } : visit,
    );
    return [{ ...first, visits }];
  }
  if (story === "middle-talking") return [{ ...first, visits: [], rings: [] }];
  return trace.truth;
}

const nothing: Outcome = {
  direction: "internal",
  party: "",
  fromExtension: "",
  visits: [],
  rings: [],
  talks: [],
  transfers: [],
  held: false,
  endedHow: "merged",
};

describe("what really happened on a PBX is what the call model tells", () => {
  for (const name of traceNames()) {
    const trace = readTrace(name);
    test(`${name}: ${trace.title}`, () => {
      const state = createCallState("lab", /^\d{2,6}$/);
      const facts: CallFact[] = [];
      for (const { input, atMs } of trace.inputs) facts.push(...fold(state, input, atMs));
      expect(outcomesOf(facts)).toEqual(inTheModelsWords(trace));
      expect(size(state)).toBe(0);
      expect(Object.fromEntries(state.unplaced)).toEqual({});
    });
  }
});
