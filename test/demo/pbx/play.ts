import { expect } from "vitest";
import { VirtualClock } from "../../../server/demo/pbx/clock.ts";
import { startSimulatedPbx } from "../../../server/demo/pbx/simulated-pbx.ts";
import { RawClient } from "./client.ts";
import { labExtensions, labQueues, type SimulatedStory } from "./stories.ts";

/** Plays a story in virtual time; everything a manager read, from the banner on. */
export async function play(story: SimulatedStory): Promise<string> {
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
  const phonesCome = (): void => {
    for (const [extension, behaviour] of Object.entries(story.phones)) {
      pbx.setPhone(extension, behaviour);
      pbx.setRegistered(extension, true);
    }
    clock.advance(10);
  };
  if (story.lateMs !== undefined) {
    phonesCome();
    await story.play(pbx, clock, () => Promise.reject(new Error("nobody is logged in yet")));
    clock.advance(story.lateMs);
  }
  const client = await RawClient.loggedIn(pbx);
  if (story.lateMs === undefined) {
    // As in the lab: phones come to the network when everybody already listens.
    phonesCome();
    await story.play(pbx, clock, async (text) => {
      client.write(text);
      await client.settle();
    });
  }
  clock.advance(60_000);
  await client.settle();
  expect(pbx.live()).toEqual({ channels: 0, bridges: 0, waiting: 0 });
  const { text } = client;
  client.close();
  await pbx.stop();
  return text;
}
