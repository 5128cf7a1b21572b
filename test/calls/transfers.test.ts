import { describe, expect, test } from "vitest";
import type { Call } from "../../server/calls/model.ts";
import { folded } from "./facts.ts";
import { type Timed, outcomesOf, readTrace, traceNames } from "./traces.ts";

const traces = traceNames().map(readTrace);

describe("a transfer whose event lost its target, which happens on a busy PBX", () => {
  const withTarget = traces.filter(({ inputs }) =>
    inputs.some(({ input }) => input.type === "attendedTransferred" && input.target),
  );

  test.each(withTarget.map((trace) => [trace.name, trace] as const))(
    "is the same transfer to the same person: %s",
    (_, { inputs }) => {
      const robbed = inputs.map(({ input, atMs }): Timed => ({
        input: input.type === "attendedTransferred" ? { ...input, target: null } : input,
        atMs,
      }));
      expect(outcomesOf(folded(robbed).facts)).toEqual(outcomesOf(folded(inputs).facts));
    },
  );

  test("is tried on attended and on blonde ones", () => {
    const kinds = new Set(withTarget.map(({ truth }) => truth[0]?.transfers[0]?.kind));
    expect(kinds).toEqual(new Set(["attended", "blonde"]));
  });
});

test.each(traces.filter(({ name }) => /\/pickup/.test(name)).map(({ name }) => name))(
  "who took a call from a ringing phone talks in answer to that ring, for its queue: %s",
  (name) => {
    const last = new Map<string, Call>();
    for (const { call } of folded(readTrace(name).inputs).facts) last.set(call.id, call);
    const [call] = [...last.values()];
    const ring = call?.rings[0];
    expect(ring?.extension).toBe("101");
    expect(call?.talks).toMatchObject([{ extension: "102", ringId: ring?.id, queue: ring?.queue }]);
  },
);
