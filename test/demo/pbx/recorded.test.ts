import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { VirtualClock } from "../../../server/demo/pbx/clock.ts";
import { startSimulatedPbx } from "../../../server/demo/pbx/simulated-pbx.ts";
import { arrange, cutLikeRecorded, readMessages, storyEvents, type Message } from "./ami-text.ts";
import { RawClient } from "./client.ts";
import { labExtensions, labQueues, simulatedStories, type SimulatedStory } from "./stories.ts";

const recordings = join(import.meta.dirname, "../../traces/22");

async function play(story: SimulatedStory): Promise<readonly Message[]> {
  const clock = new VirtualClock();
  const pbx = await startSimulatedPbx({
    clock,
    queues: labQueues,
    extensions: labExtensions,
    trunk: "pstn",
    ...(story.outside === undefined ? {} : { outside: story.outside }),
  });
  for (const extension of Object.keys(labExtensions)) pbx.setRegistered(extension, false);
  clock.advance(10);
  const client = await RawClient.loggedIn(pbx);
  // As in the lab: phones come to the network when everybody already listens.
  for (const [extension, behaviour] of Object.entries(story.phones)) {
    pbx.setPhone(extension, behaviour);
    pbx.setRegistered(extension, true);
  }
  clock.advance(10);
  await story.play(pbx, clock, async (text) => {
    client.write(text);
    await client.settle();
  });
  clock.advance(60_000);
  await client.settle();
  expect(pbx.live()).toEqual({ channels: 0, bridges: 0, waiting: 0 });
  const events = storyEvents(client.messages());
  client.close();
  await pbx.stop();
  return events;
}

for (const story of simulatedStories) {
  test(`${story.name}: the simulator tells it as the recorded Asterisk 22 does`, async () => {
    const file = join(recordings, `${story.name}.ami`);
    expect(existsSync(file)).toBe(true);
    const recorded = arrange(storyEvents(readMessages(readFileSync(file, "utf8"))));
    const simulated = cutLikeRecorded(arrange(await play(story)), recorded);
    expect(Object.fromEntries(simulated)).toEqual(Object.fromEntries(recorded));
  });
}
