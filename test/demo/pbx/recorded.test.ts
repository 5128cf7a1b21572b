import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { decode } from "../../../server/asterisk/events.ts";
import { AmiText } from "../../../server/asterisk/library.ts";
import type { PbxInput } from "../../../server/asterisk/model.ts";
import { createCallState, fold, size } from "../../../server/calls/fold.ts";
import type { CallFact } from "../../../server/calls/model.ts";
import { outcomesOf, readTrace, startMs, type Timed } from "../../calls/traces.ts";
import { arrange, cutLikeRecorded, readMessages, storyEvents } from "./ami-text.ts";
import { play } from "./play.ts";
import { campaignStories, simulatedStories } from "./stories.ts";

const recordings = join(import.meta.dirname, "../../traces/22");

describe("the simulator tells a story as the recorded Asterisk 22 does", () => {
  for (const story of simulatedStories) {
    test(story.name, async () => {
      const text = readFileSync(join(recordings, `${story.name}.ami`), "utf8");
      const recorded = arrange(storyEvents(readMessages(text)));
      const simulated = cutLikeRecorded(
        arrange(storyEvents(readMessages(await play(story)))),
        recorded,
      );
      expect(Object.fromEntries(simulated)).toEqual(Object.fromEntries(recorded));
    });
  }
});

describe("the call model hears the same calls from the simulator as from Asterisk", () => {
  // A listener that comes late needs a snapshot: listening.test.ts.
  const heardWhole = simulatedStories.filter((each) => each.lateMs === undefined);
  for (const story of [...heardWhole, ...campaignStories]) {
    test(story.name, async () => {
      const trace = readTrace(`22/${story.name}`);
      // Both begin with what the lab's queues looked like.
      const heard: Timed[] = trace.inputs.slice(0, 1);
      const parser = new AmiText(
        () => undefined,
        (raw) => {
          const input: PbxInput | null = decode(raw);
          if (input !== null) heard.push({ input, atMs: startMs });
        },
      );
      parser.feed(await play(story));
      expect(calls(heard)).toEqual(calls(trace.inputs));
    });
  }
});

function calls(inputs: readonly Timed[]): unknown {
  const state = createCallState("lab", /^\d{2,6}$/);
  const facts: CallFact[] = [];
  for (const { input, atMs } of inputs) facts.push(...fold(state, input, atMs));
  expect(size(state)).toBe(0);
  expect(Object.fromEntries(state.unplaced)).toEqual({});
  // How long anything took is not compared: here everything happens at one moment.
  return outcomesOf(facts).map(({ held: _held, ...outcome }) => outcome);
}
