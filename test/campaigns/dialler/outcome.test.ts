import fc from "fast-check";
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { CallEvidence } from "../../../server/campaigns/ports.ts";
import { EvidenceBook } from "../../../server/campaigns/dialler/evidence.ts";
import { lastWordOf } from "../../../server/campaigns/dialler/last-word.ts";
import { outcomeOf } from "../../../server/campaigns/dialler/outcome.ts";
import { noEvidence } from "../../../server/campaigns/dialler/watch.ts";
import { readTrace, traceNames } from "../../calls/traces.ts";

const withinMs = 2000;
const judged = (parts: Partial<CallEvidence>) => outcomeOf({ ...noEvidence, ...parts }, withinMs);

describe("how an attempt ended", () => {
  test.each([
    ["busy", { dialStatus: "BUSY", cause: 17 }],
    ["busy", { originateReason: 5 }],
    ["noAnswer", { dialStatus: "NOANSWER", cause: 16, rang: true }],
    ["noAnswer", { dialStatus: "NOANSWER", cause: 19 }],
    ["noAnswer", { dialStatus: "CANCEL", cause: 16, rang: true }],
    ["noAnswer", { cause: 18, dialStatus: "CHANUNAVAIL", rang: true }],
    // 603 is CHANUNAVAIL to Dial() and no reason at all to Originate.
    ["rejected", { dialStatus: "CHANUNAVAIL", cause: 21, rang: true, originateReason: 0 }],
    ["rejected", { dialStatus: "BUSY", cause: 21 }],
    ["unallocated", { dialStatus: "CHANUNAVAIL", cause: 1, originateReason: 0 }],
    ["unallocated", { dialStatus: "CHANUNAVAIL", cause: 28 }],
    ["congestion", { dialStatus: "CONGESTION", cause: 34 }],
    ["congestion", { dialStatus: "CHANUNAVAIL", cause: 38 }],
    ["congestion", { dialStatus: "NOANSWER", cause: 102 }],
    ["congestion", { cause: 18, dialStatus: "CHANUNAVAIL" }],
    ["congestion", { originateReason: 8 }],
    ["wrongTrunk", { dialStatus: "CHANUNAVAIL", cause: 3 }],
    ["wrongTrunk", { dialStatus: "CHANUNAVAIL", cause: 57 }],
    ["wrongTrunk", { dialStatus: "CHANUNAVAIL", cause: 20 }],
    ["talked", { answered: true, connected: true, dialStatus: "ANSWER", answeredForMs: 9000 }],
    ["talked", { answered: true, operatorAnswered: true, dialStatus: "ANSWER" }],
    ["cutOff", { answered: true, dialStatus: "ANSWER", cause: 16, answeredForMs: 1999 }],
    ["abandoned", { answered: true, dialStatus: "ANSWER", cause: 16, answeredForMs: 2000 }],
    ["machine", { answered: true, machine: true, answeredForMs: 4000 }],
    ["talked", { answered: true, machine: true, connected: true }],
    ["operatorGone", { operatorAnswered: false, originateReason: 3, cause: 19 }],
    ["operatorGone", { operatorAnswered: true, originateReason: 4, cause: 16 }],
    ["busy", { operatorAnswered: true, originateReason: 4, dialStatus: "BUSY", cause: 17 }],
    ["refusedByPbx", { originateReason: 0 }],
    ["failed", {}],
  ] as const)("%s, told by %j", (outcome, parts) => {
    expect(judged(parts)).toBe(outcome);
  });

  test("a trunk that refuses the caller is not a person who declines, and one that says nothing is not a person away", () => {
    expect(lastWordOf("CHANUNAVAIL", "21", "603", "0").cause).toBe(21);
    expect(lastWordOf("CHANUNAVAIL", "21", "403", "0").cause).toBe(57);
    expect(lastWordOf("NOANSWER", "16", "none", "0000")).toMatchObject({ cause: 102, rang: false });
    expect(lastWordOf("NOANSWER", "16", "180", "0000")).toMatchObject({ cause: 16, rang: true });
    expect(lastWordOf("<b>", "1e9", "", "-5")).toEqual({
      ...{ status: "", cause: 0, rang: false, answeredMs: 0 },
    });
  });
});

/** What each recorded story came to. */
const stories: Readonly<Record<string, { readonly id: string; readonly outcome: string }>> = {
  "campaign-answered": { id: "cc-story-1", outcome: "talked" },
  "campaign-no-answer": { id: "cc-story-2", outcome: "noAnswer" },
  "campaign-busy": { id: "cc-story-3", outcome: "busy" },
  "campaign-rejected": { id: "cc-story-4", outcome: "rejected" },
  "campaign-gone-waiting": { id: "cc-story-5", outcome: "cutOff" },
  "campaign-late-operator": { id: "cc-story-6", outcome: "talked" },
  "campaign-operator-first": { id: "cc-story-7", outcome: "talked" },
  "campaign-withdrawn": { id: "cc-story-8", outcome: "noAnswer" },
};

describe("the evidence of calls recorded on Asterisk", () => {
  const traces = traceNames()
    .filter((name) => name.includes("/campaign-"))
    .map((name) => ({ trace: readTrace(name), story: stories[name.split("/")[1] ?? ""]! }));

  /** Everything of a trace but its snapshot, in this order. */
  function judgedIn(
    { trace, story }: (typeof traces)[number],
    order: readonly number[],
  ): readonly [string, CallEvidence] {
    const book = new EvidenceBook("cc-");
    book.expect(story.id, story.id === "cc-story-7");
    const inputs = trace.inputs.slice(1);
    for (const index of order) {
      const { input, atMs } = inputs[index]!;
      book.hear(input, atMs);
    }
    // The call model tells who talks with whom.
    if (trace.truth[0]?.talks.length === 1) book.hearConnected(story.id, "101", 0);
    const evidence = book.evidence(story.id);
    return [outcomeOf(evidence, withinMs), evidence];
  }

  test("tells every story's outcome, on both versions", () => {
    expect(traces).toHaveLength(16);
    for (const each of traces) {
      const order = each.trace.inputs.slice(1).map((_, index) => index);
      expect([each.trace.name, judgedIn(each, order)[0]]).toEqual([
        each.trace.name,
        each.story.outcome,
      ]);
    }
  });

  test("is the same in whatever order it came", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...traces).chain((each) => {
          const order = each.trace.inputs.slice(1).map((_, index) => index);
          return fc.tuple(
            fc.constant(each),
            fc.shuffledSubarray(order, { minLength: order.length }),
          );
        }),
        ([each, order]) => {
          const inOrder = judgedIn(
            each,
            [...order].sort((a, b) => a - b),
          );
          expect(judgedIn(each, order)).toEqual(inOrder);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("is over when the last channel is gone, not before", () => {
    for (const { trace, story } of traces) {
      const book = new EvidenceBook("cc-");
      const over: number[] = [];
      for (const [index, { input, atMs }] of trace.inputs.slice(1).entries()) {
        book.hear(input, atMs);
        if (book.isOver(story.id)) over.push(index);
      }
      const last = trace.inputs
        .slice(1)
        .findLastIndex(({ input }) => input.type === "channelHungUp");
      expect(over[0]).toBe(last);
      expect(book.isComplete(story.id)).toBe(true);
    }
  });
});

test("no recorded story is left out", () => {
  const recorded = readdirSync(new URL("../../traces/22/", import.meta.url));
  expect(
    recorded.filter((file) => file.startsWith("campaign-") && file.endsWith(".ami")),
  ).toHaveLength(Object.keys(stories).length);
});
