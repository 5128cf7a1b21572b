/** Every story, played live by sipp phones on a real PBX and heard by the product's own wire and call model. */
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { stories } from "../../asterisk-config/lab/record.ts";
import type { CallTruth, Story } from "../../asterisk-config/lab/stories.ts";
import { PbxLink } from "../../server/asterisk/link.ts";
import { type CallState, createCallState, fold, size } from "../../server/calls/fold.ts";
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

describe("on real Asterisk 22 and 16 the call model tells the truth", () => {
  let labs: readonly Lab[] = [];
  beforeAll(async () => {
    labs = [await startLab({ version: 22 }), await startLab({ version: 16 })];
  }, labStartMs);
  afterEach(async () => {
    for (const lab of labs) await lab.hangUpAll();
  });

  // Both at once: most of a story is waiting for phones.
  test.each(stories.map((story) => [story.name, story] as const))("%s", async (_, story) => {
    const playing = labs.filter((lab) => story.versions?.includes(lab.version) ?? true);
    const told = await Promise.all(playing.map((lab) => playHeard(lab, story)));
    const truth = story.truth.map(asFarAsToldByAmi);
    expect(told).toEqual(playing.map(({ version }) => ({ version, truth, left: 0 })));
  });
});

/**
 * Waits for the last events: they pass through a queue of Asterisk's own, so on a busy machine they come after the channels are gone
 * and after answers to later actions. What has not come in 10 s is missing in the outcome.
 */
async function allToldOf(story: Story, state: CallState, facts: readonly CallFact[]) {
  const untilMs = Date.now() + 10_000;
  const ended = () => facts.filter((fact) => fact.type === "callEnded").length;
  while ((size(state) > 0 || ended() < story.truth.length) && Date.now() < untilMs)
    await setTimeout(20);
}

/** Plays a story; gives what the call model made of it and how much it still remembers after the last hangup. */
async function playHeard(lab: Lab, story: Story): Promise<object> {
  await story.before?.(lab);
  const { version, host, amiPort: port, username, secret } = lab;
  const link = new PbxLink({ name: "lab", host, port, username, secret, tls: false });
  const listener = await LabAmi.open(port, username, secret);
  const state = createCallState("lab", /^\d{2,6}$/);
  const facts: CallFact[] = [];
  link.listen((input, atMs) => facts.push(...fold(state, input, atMs)));
  try {
    link.start();
    await expect.poll(() => link.status().state, { timeout: 10_000 }).toBe("up");
    await story.play(lab, listener);
    await lab.noChannels();
    await allToldOf(story, state, facts);
    return { version, truth: outcomesOf(facts), left: size(state) };
  } finally {
    link.stop();
    await listener.close();
  }
}
