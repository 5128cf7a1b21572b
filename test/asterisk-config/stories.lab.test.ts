/** Every story, played live by sipp phones on a real PBX and heard by the product's own wire and call model. */
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { stories } from "../../asterisk-config/lab/record.ts";
import type { CallTruth } from "../../asterisk-config/lab/stories.ts";
import { PbxLink } from "../../server/asterisk/link.ts";
import { createCallState, fold, size } from "../../server/calls/fold.ts";
import type { CallFact } from "../../server/calls/model.ts";
import { outcomesOf } from "../calls/traces.ts";
import { type Lab, LabAmi, labStartMs, startLab } from "../support/lab.ts";

/**
 * AMI reports a withdrawn caller as it does one whom an empty queue let go (nobody is logged in at the queue of that story);
 * only who withdrew them knows, or a dialplan that says so.
 */
function asFarAsToldByAmi(truth: CallTruth): CallTruth {
  const visits = truth.visits.map((visit) =>
    visit.how === "withdrawn" ? { ...visit, how: "empty" as const } : visit,
  );
  return { ...truth, visits };
}

describe.each([22, 16] as const)("on Asterisk %i the call model tells the truth", (version) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ version });
  }, labStartMs);
  afterEach(() => lab.hangUpAll());

  const playable = stories.filter((story) => story.versions?.includes(version) ?? true);

  test.each(playable.map((story) => [story.name, story] as const))("%s", async (_, story) => {
    await story.before?.(lab);
    const link = new PbxLink({
      name: "lab",
      host: lab.host,
      port: lab.amiPort,
      username: lab.username,
      secret: lab.secret,
      tls: false,
    });
    const listener = await LabAmi.open(lab.amiPort, lab.username, lab.secret);
    const state = createCallState("lab", /^\d{2,6}$/);
    const facts: CallFact[] = [];
    link.listen((input, atMs) => facts.push(...fold(state, input, atMs)));
    try {
      link.start();
      await expect.poll(() => link.status().state, { timeout: 10_000 }).toBe("up");
      await story.play(lab, listener);
      await lab.noChannels();
      // An answer comes after all events before it.
      await link.action("Ping");
      expect(outcomesOf(facts)).toEqual(story.truth.map(asFarAsToldByAmi));
      expect(size(state)).toBe(0);
    } finally {
      link.stop();
      await listener.close();
    }
  });
});
