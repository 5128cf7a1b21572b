import { afterEach, expect, test } from "vitest";
import type { LinkConfig, LinkTuning } from "../../server/asterisk/link.ts";
import { AmiServer } from "../support/ami-server.ts";
import type { AmiServerOptions } from "../support/ami-server.ts";
import { watchedLink } from "../support/link.ts";
import type { WatchedLink } from "../support/link.ts";

const closers: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function serve(options: AmiServerOptions = {}): Promise<AmiServer> {
  const server = await AmiServer.open(options);
  closers.push(() => server.close());
  return server;
}

function watch(
  server: AmiServer,
  tuning: LinkTuning = {},
  config: Partial<LinkConfig> = {},
): WatchedLink {
  const watched = watchedLink(server, tuning, config);
  closers.push(() => watched.link.stop());
  watched.link.start();
  return watched;
}

const callerInList = {
  Event: "CoreShowChannel",
  Channel: "PJSIP/trunk-00000001",
  Uniqueid: "1.1",
  Linkedid: "1.1",
  ChannelState: "6",
  CallerIDNum: "79130000001",
  CallerIDName: "<unknown>",
  Duration: "00:01:05",
  BridgeId: "b-1",
  Application: "Queue",
  ApplicationData: "sales",
};

test("After the login the listener gets a snapshot, then events in order, with the time they came", async () => {
  const server = await serve({
    answers: {
      coreshowchannels: (action, session) => session.list(action, [callerInList]),
    },
  });
  const before = Date.now();
  const watched = watch(server);
  await watched.untilState("up");
  const session = await server.session();
  session.event("Newchannel", { Uniqueid: "2.1", Channel: "PJSIP/101-1", ChannelState: 4 });
  session.event("Hangup", { Uniqueid: "2.1", Channel: "PJSIP/101-1", Cause: 16 });
  const last = await watched.until("channelHungUp");

  expect(watched.types()).toEqual(["snapshot", "channelCreated", "channelHungUp"]);
  expect(watched.seen[0]?.input).toMatchObject({
    snapshot: {
      channels: [{ id: "1.1", state: "up", callerName: "", ageMs: 65_000, bridgeId: "b-1" }],
      restarted: false,
    },
  });
  expect(last.input).toMatchObject({ channel: { id: "2.1" }, cause: 16 });
  expect(last.atMs).toBeGreaterThanOrEqual(before);
  expect(last.atMs).toBeLessThanOrEqual(Date.now() + 1);
  expect(watched.statuses.map((status) => status.state)).toEqual([
    "connecting",
    "synchronising",
    "up",
  ]);
  expect(watched.link.status().capabilities).toEqual({
    version: "22.10.1",
    immediatePriority: true,
    withdrawCaller: true,
    deviceStateList: true,
  });
});

test("A lost connection is told, and a new one begins with a new snapshot", async () => {
  const server = await serve();
  const watched = watch(server);
  await watched.untilState("up");
  (await server.session()).cut();
  await watched.until("snapshot", 2);
  expect(watched.types()).toEqual(["snapshot", "connectionLost", "snapshot"]);
  expect(watched.seen[2]?.input).toMatchObject({ snapshot: { restarted: false } });
});
