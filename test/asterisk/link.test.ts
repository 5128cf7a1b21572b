import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import type { LinkConfig, LinkTuning } from "../../server/asterisk/link.ts";
import { AmiServer, message } from "../support/ami-server.ts";
import type { AmiServerOptions } from "../support/ami-server.ts";
import { watchedLink } from "../support/link.ts";
import type { WatchedLink } from "../support/link.ts";
import { wireClock } from "../support/wire-clock.ts";

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

/** Answers of {@link AmiServer} in which the channel list is held back until the test lets it go. */
function heldChannels(): {
  answers: AmiServerOptions["answers"];
  release: (items?: object[]) => void;
} {
  let release: (items?: object[]) => void = () => {};
  return {
    release: (items) => release(items),
    answers: {
      coreshowchannels: (action, session) => {
        release = (items = []) => session.list(action, items as Record<string, string>[]);
      },
    },
  };
}

test("Events that came while the snapshot was read follow it in the order they came", async () => {
  const held = heldChannels();
  const server = await serve({ answers: { ...held.answers } });
  const watched = watch(server);
  const session = await server.session();
  session.event("Newchannel", { Uniqueid: "0.1" });
  await session.seen("coreshowchannels");
  session.event("Newchannel", { Uniqueid: "2.1" });
  session.event("Hangup", { Uniqueid: "1.1", Cause: 16 });
  held.release([callerInList]);
  session.event("Hangup", { Uniqueid: "2.1", Cause: 16 });
  await watched.until("channelHungUp", 2);

  expect(
    watched.seen.map(({ input }) =>
      "channel" in input ? [input.type, input.channel?.id] : input.type,
    ),
  ).toEqual([
    "snapshot",
    ["channelCreated", "0.1"],
    ["channelCreated", "2.1"],
    ["channelHungUp", "1.1"],
    ["channelHungUp", "2.1"],
  ]);
  const times = watched.seen.map((one) => one.atMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

test("Events that came behind the lists in the same packet wait for the snapshot too", async () => {
  const server = await serve({
    answers: {
      devicestatelist: (action, session) => {
        session.list(action, []);
        session.event("Newchannel", { Uniqueid: "2.1" });
      },
    },
  });
  const watched = watch(server);
  await watched.until("channelCreated");
  expect(watched.types()).toEqual(["snapshot", "channelCreated"]);
});

test("The snapshot has channels, queues with members and callers, and devices", async () => {
  const server = await serve({
    answers: {
      coreshowchannels: (action, session) => session.list(action, [callerInList]),
      queuestatus: (action, session) =>
        session.list(action, [
          { Event: "QueueParams", Queue: "sales", Strategy: "ringall", Weight: 5 },
          { Event: "QueueMember", Queue: "sales", Name: "Anna", Location: "PJSIP/101", Status: 1 },
          {
            Event: "QueueEntry",
            Queue: "sales",
            Position: 1,
            Channel: "PJSIP/trunk-00000001",
            Uniqueid: "1.1",
            Wait: 12,
            Priority: 7,
          },
          { Event: "QueueParams", Queue: "empty", Strategy: "linear", Weight: 0 },
        ]),
      devicestatelist: (action, session) =>
        session.list(action, [
          { Event: "DeviceStateChange", Device: "PJSIP/101", State: "NOT_INUSE" },
          { Event: "DeviceStateChange", Device: "Custom:x", State: "nonsense" },
        ]),
    },
  });
  const { input } = await watch(server).until("snapshot");
  expect(input).toMatchObject({
    snapshot: {
      channels: [{ id: "1.1", application: "Queue", applicationData: "sales" }],
      queues: [
        {
          name: "sales",
          strategy: "ringall",
          weight: 5,
          members: [{ interface: "PJSIP/101", stateInterface: "PJSIP/101", status: "notInUse" }],
          callers: [{ channelId: "1.1", position: 1, waitMs: 12_000, priority: 7 }],
        },
        { name: "empty", members: [], callers: [] },
      ],
      devices: [
        { device: "PJSIP/101", state: "notInUse" },
        { device: "Custom:x", state: "unknown" },
      ],
    },
  });
});

test("Asterisk's own restart is told from a mere reconnect", async () => {
  const server = await serve();
  const watched = watch(server);
  await watched.untilState("up");
  (await server.session()).cut();
  await watched.until("snapshot", 2);
  server.startup = { date: "2026-11-22", time: "09:30:00" };
  (await server.session(2)).cut();
  const third = await watched.until("snapshot", 3);
  expect(watched.seen.filter((one) => one.input.type === "snapshot")[1]?.input).toMatchObject({
    snapshot: { restarted: false },
  });
  expect(third.input).toMatchObject({ snapshot: { restarted: true } });
  expect(watched.link.counters().restarts).toBe(1);
});

test("When CoreStatus is not granted the uptime tells a restart", async () => {
  const clock = wireClock();
  const server = await serve({
    answers: {
      corestatus: (action, session) => session.error(action, "Permission denied"),
      coresettings: (action, session) => session.error(action, "Permission denied"),
    },
  });
  const watched = watch(server, { clock });
  const reconnect = async (uptimeSeconds: number): Promise<void> => {
    server.sessions.at(-1)?.cut();
    await watched.untilState("down");
    server.uptimeSeconds = uptimeSeconds;
    clock.advance(clock.pending()[0] ?? 0);
    await watched.untilState("up");
  };
  await watched.untilState("up");
  expect(watched.link.status().capabilities.version).toBe("22");
  clock.advance(1000);
  await reconnect(102);
  await reconnect(3);
  expect(
    watched.seen.map(({ input }) => input.type === "snapshot" && input.snapshot.restarted),
  ).toEqual([false, false, false, false, true]);
});

test("The snapshot waits until Asterisk is fully booted", async () => {
  const server = await serve({ booted: false });
  const clock = wireClock();
  const watched = watch(server, { clock });
  const session = await server.session();
  await watched.untilState("synchronising");
  for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(session.actions.map((action) => action.name)).toEqual(["login"]);
  server.fullyBooted(session);
  await watched.untilState("up");
});

test("A user who is not told of the boot does not wait for ever, and a late boot brings a new snapshot", async () => {
  const server = await serve({ booted: false });
  const clock = wireClock();
  const watched = watch(server, { clock });
  await watched.untilState("synchronising");
  clock.advance(2000);
  await watched.untilState("up");
  server.fullyBooted(await server.session());
  await watched.until("snapshot", 2);
  expect(watched.types()).toEqual(["snapshot", "snapshot"]);
});

test("A reload of the configuration brings a new snapshot, because no event tells what it changed", async () => {
  const server = await serve();
  const clock = wireClock();
  const watched = watch(server, { clock });
  await watched.untilState("up");
  const session = await server.session();
  session.event("Reload", { Module: "app_queue.so", Status: 0 });
  session.event("Hangup", { Uniqueid: "1.1" });
  await watched.until("channelHungUp");
  clock.advance(10_000);
  await watched.until("snapshot", 2);
});

test("A torn message is counted and leads to one new snapshot, not to one for each", async () => {
  const server = await serve();
  const clock = wireClock();
  const watched = watch(server, { clock });
  await watched.untilState("up");
  const session = await server.session();
  const torn = "Event: Hangup\r\nPrivilege: call,all\r\nUniqueid: 1.1\r\n";
  for (let count = 0; count < 5; count += 1) {
    session.send(torn);
    session.event("Hangup", { Uniqueid: "1.2" });
  }
  session.event("Hangup", { Uniqueid: "1.3" });
  await watched.until("channelHungUp");
  expect(watched.link.counters().torn).toBe(5);
  expect(watched.types()).toEqual(["snapshot", "channelHungUp"]);
  clock.advance(10_000);
  await watched.until("snapshot", 2);
  await watched.untilState("up");
  clock.advance(9_000);
  expect(watched.types()).toEqual(["snapshot", "channelHungUp", "snapshot"]);
});

test("What is torn while a snapshot is read leads to another", async () => {
  const held = heldChannels();
  const server = await serve({ answers: { ...held.answers } });
  const clock = wireClock();
  const watched = watch(server, { clock, resyncGapMs: 1000 });
  const session = await server.session();
  await session.seen("coreshowchannels");
  session.send("Event: Hangup\r\nUniqueid: 1.1\r\n");
  session.event("Hangup", { Uniqueid: "1.2" });
  held.release();
  await watched.untilState("up");
  clock.advance(1000);
  await session.seen("coreshowchannels", 2);
  held.release();
  await watched.until("snapshot", 2);
});

test("A flood while the snapshot is read is dropped, counted, and the snapshot read again", async () => {
  const held = heldChannels();
  const server = await serve({ answers: { ...held.answers } });
  const clock = wireClock();
  const watched = watch(server, { clock, maxHeldEvents: 10, resyncGapMs: 1000 });
  const session = await server.session();
  await session.seen("coreshowchannels");
  for (let count = 0; count < 25; count += 1) session.event("Hangup", { Uniqueid: `1.${count}` });
  held.release();
  while (!clock.pending().includes(100)) await new Promise((resolve) => setImmediate(resolve));
  expect(watched.types()).toEqual([]);
  clock.advance(100);
  await session.seen("coreshowchannels", 2);
  session.event("Hangup", { Uniqueid: "2.1" });
  held.release();
  await watched.until("channelHungUp");
  expect(watched.types()).toEqual(["snapshot", "channelHungUp"]);
  expect(watched.link.counters().dropped).toBe(15);
});

test("A listener that throws harms neither those after it nor the stream, and is counted", async () => {
  const server = await serve();
  const errors: unknown[] = [];
  const watched = watchedLink(server, { onListenerError: (error) => void errors.push(error) });
  closers.push(() => watched.link.stop());
  const { link } = watched;
  const order: string[] = [];
  link.listen(() => {
    throw new Error("a listener's own fault");
  });
  link.onStatus(() => {
    throw new Error("another one's");
  });
  link.listen((input) => void order.push(input.type));
  link.start();
  await watched.untilState("up");
  (await server.session()).event("Hangup", { Uniqueid: "1.1" });
  await watched.until("channelHungUp");
  expect(order).toEqual(["snapshot", "channelHungUp"]);
  // Two inputs and three states.
  expect(link.counters().listenerErrors).toBe(5);
  expect(errors).toHaveLength(5);
});

test("A removed listener hears nothing more", async () => {
  const server = await serve();
  const watched = watch(server);
  let heard = 0;
  const listener = () => void (heard += 1);
  const removeOne = watched.link.listen(listener);
  const removeOther = watched.link.listen(listener);
  await watched.untilState("up");
  expect(heard).toBe(2);
  removeOne();
  removeOne();
  (await server.session()).event("Hangup", { Uniqueid: "1.1" });
  await watched.until("channelHungUp");
  expect(heard).toBe(3);
  removeOther();
});

test("Start and stop may be called twice, and a stopped link fails actions at once", async () => {
  const server = await serve();
  const watched = watch(server);
  watched.link.start();
  await watched.untilState("up");
  expect(server.sessions).toHaveLength(1);
  watched.link.stop();
  watched.link.stop();
  expect(watched.link.status()).toMatchObject({ state: "stopped", reason: "" });
  expect(watched.types()).toEqual(["snapshot", "connectionLost"]);
  await (
    await server.session()
  ).closed;
  await expect(watched.link.action("Ping")).rejects.toMatchObject({
    name: "AmiError",
    code: "disconnected",
    action: "Ping",
  });
  watched.link.start();
  await watched.untilState("up");
});

test("A link may be stopped at any moment, also by its own listener", async () => {
  const server = await serve();
  const clock = wireClock();
  const connecting = watch(server, { clock });
  connecting.link.stop();
  expect(connecting.link.status().state).toBe("stopped");
  while (clock.pending().length > 0) await new Promise((resolve) => setImmediate(resolve));

  const watched = watchedLink(server, { clock });
  watched.link.listen((input) => {
    if (input.type === "snapshot") watched.link.stop();
  });
  watched.link.start();
  await watched.until("connectionLost");
  expect(watched.link.status().state).toBe("stopped");
  expect(clock.pending()).toEqual([]);

  await server.close();
  const down = watch({ port: 9 } as AmiServer, { clock });
  await down.untilState("down");
  down.link.stop();
  expect(clock.pending()).toEqual([]);
});

test("A refused login says why, keeps the secret, and is tried again after a while", async () => {
  const server = await serve({ secret: "another" });
  const clock = wireClock(() => 0);
  const watched = watch(server, { clock }, { secret: "very-secret-indeed" });
  const { reason } = await watched.untilState("down");
  expect(reason).toBe('Asterisk refused the login of "callcard": Authentication failed');
  expect(watched.types()).toEqual([]);
  expect(JSON.stringify(watched.statuses)).not.toContain("very-secret");
  clock.advance(500);
  await server.session(2);
});

test("While Asterisk is away the attempts grow rarer; after a steady connection they begin anew", async () => {
  const server = await serve();
  const { port } = server;
  const clock = wireClock(() => 0.999_999);
  const watched = watch(server, { clock });
  await watched.untilState("up");
  clock.advance(60_000);
  await server.close();
  const waits: number[] = [];
  for (let attempt = 0; attempt < 6; attempt += 1) {
    const { reason } = await watched.untilState("down");
    if (attempt > 0) expect(reason).toBe(`Nothing listens at 127.0.0.1:${port}`);
    const [wait = 0] = clock.pending();
    waits.push(Math.round(wait));
    clock.advance(wait);
    expect(watched.link.status().state).toBe("connecting");
  }
  expect(waits).toEqual([1000, 2000, 4000, 8000, 15_000, 15_000]);
  await watched.untilState("down");
  const back = await AmiServer.open({}, port);
  closers.push(() => back.close());
  clock.advance(15_000);
  await watched.untilState("up");
  expect(watched.types()).toEqual(["snapshot", "connectionLost", "snapshot"]);
});

test("Without the right to list channels the link stays down and says what is missing", async () => {
  const server = await serve({
    answers: { coreshowchannels: (action, session) => session.error(action, "Permission denied") },
  });
  const watched = watch(server);
  const { reason } = await watched.untilState("down");
  expect(reason).toContain("CoreShowChannels");
  expect(reason).toContain("Permission denied");
  expect(reason).toContain("reporting");
});

test("Without device states or queues the rest still works", async () => {
  const server = await serve({
    answers: {
      devicestatelist: (action, session) => session.error(action, "Permission denied"),
      queuestatus: (action, session) => session.error(action, "Invalid/unknown command"),
    },
  });
  const watched = watch(server);
  const { input } = await watched.until("snapshot");
  expect(input).toMatchObject({ snapshot: { queues: [], devices: [] } });
  expect((await watched.untilState("up")).capabilities.deviceStateList).toBe(false);
});

test("A clean shutdown is named in the reason", async () => {
  const server = await serve();
  const watched = watch(server);
  await watched.untilState("up");
  const session = await server.session();
  session.event("Shutdown", { Shutdown: "Cleanly", Restart: "True" });
  session.socket.end();
  const lost = await watched.until("connectionLost");
  expect(lost.input).toMatchObject({ reason: "Asterisk closed the connection (it was shut down)" });
});

test("Events are counted by type, unknown ones by name, and made-up names do not fill the memory", async () => {
  const server = await serve();
  const watched = watch(server);
  await watched.untilState("up");
  const session = await server.session();
  for (let count = 0; count < 500; count += 1) session.event(`Invented${count}`);
  session.event("Invented0");
  session.event("VarSet", { Uniqueid: "1.1" });
  session.event("Newchannel", { Channel: "PJSIP/101-1" });
  session.event("Hangup", { Uniqueid: "1.1" });
  await watched.until("channelHungUp");
  const counters = watched.link.counters();
  expect(counters.eventsByType).toEqual({ channelHungUp: 1 });
  expect(Object.keys(counters.unknownByName)).toHaveLength(101);
  expect(counters.unknownByName["Invented0"]).toBe(2);
  expect(counters.unknownByName["other"]).toBe(400);
  expect(counters.unused).toBe(2);
  expect(counters.malformed).toBe(1);
  expect(counters.actionsByOutcome.answered).toBeGreaterThan(4);
});

test("The round trip of the last ping is part of the status, and gone with the connection", async () => {
  const server = await serve();
  const clock = wireClock();
  const watched = watch(server, { clock });
  await watched.untilState("up");
  expect(watched.link.status().roundTripMs).toBeNull();
  clock.advance(2000);
  while (watched.link.status().roundTripMs === null) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  (await server.session()).cut();
  await watched.untilState("down");
  expect(watched.link.status().roundTripMs).toBeNull();
});

test("Any bytes at all neither stop the stream nor make it lie about what comes after them", async () => {
  const server = await serve();
  const watched = watch(server, { resyncGapMs: 0, maxMessageChars: 16_384 });
  await watched.untilState("up");
  const session = await server.session();
  let number = 0;
  const line = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(
      "Event: Hangup",
      "Response: Success",
      "Uniqueid: 1.1",
      "ActionID: callcard-",
      "",
    ),
    fc.constantFrom(
      "Event:",
      "Privilege: call,all",
      ": ",
      "Variable: a",
      "__proto__: x",
      "\r",
      "\n",
    ),
    fc.constantFrom("EventList: Complete", "Asterisk Call Manager/1.0", "Event: UserEvent"),
  );
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.array(line, { maxLength: 12 }).map((lines) => Buffer.from(lines.join("\r\n"))),
  );
  await fc.assert(
    fc.asyncProperty(garbage, async (bytes) => {
      number += 1;
      const id = `fuzz-${number}`;
      session.send(bytes);
      session.send("\r\n\r\n");
      session.event("Hangup", { Uniqueid: id, Cause: 16 });
      for (;;) {
        const last = watched.seen.findLast((one) => one.input.type === "channelHungUp");
        if (last?.input.type === "channelHungUp" && last.input.channel.id === id) break;
        await new Promise((resolve) => setImmediate(resolve));
      }
      watched.seen.length = 0;
    }),
    { numRuns: 300 },
  );
  expect(server.sessions).toHaveLength(1);
});

test("A PBX that sends more than can be read is flooding: what it says is dropped, then its snapshot is read", async () => {
  const server = await serve();
  const clock = wireClock();
  // Every message takes its reader two milliseconds.
  const watched = watch(server, { clock, maxWaitingChars: 4096, tooMuchAfterMs: 1000 });
  watched.link.listen(({ type }) => {
    if (type === "channelCreated") clock.advance(2);
  });
  await watched.untilState("up");
  const session = await server.session();
  const one = (id: number) =>
    message({ Event: "Newchannel", Uniqueid: `${id}.1`, Channel: "PJSIP/101-1", ChannelState: 4 });
  const many = Array.from({ length: 100 }, (_, at) => one(at)).join("");
  for (let at = 0; at < 40; at += 1) session.send(many);
  await watched.untilState("flooding");
  expect(watched.link.status().reason).toBe("It sends more than can be read");
  expect(watched.types().at(-1)).toBe("connectionLost");
  while (watched.link.lagMs() > 0 || watched.link.counters().shed === 0)
    await new Promise((resolve) => setImmediate(resolve));
  const seen = watched.types().length;
  session.event("Hangup", { Uniqueid: "1.1", Channel: "PJSIP/101-1", Cause: 16 });
  const { shed } = watched.link.counters();
  while (watched.link.counters().shed === shed)
    await new Promise((resolve) => setImmediate(resolve));
  expect(watched.types().length).toBe(seen);
  clock.advance(1000);
  await watched.untilState("up");
  expect(watched.types().at(-1)).toBe("snapshot");
  expect(watched.link.counters()).toMatchObject({ floods: 1, snapshots: 2, logins: 1 });
  session.event("Hangup", { Uniqueid: "9.1", Channel: "PJSIP/101-1", Cause: 16 });
  await watched.until("channelHungUp");
});
