import { readFileSync } from "node:fs";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { hangup, originate, pauseMember, unpauseMember } from "../../server/asterisk/actions.ts";
import type { LinkConfig, LinkTuning } from "../../server/asterisk/link.ts";
import type { PbxEvent, PbxSnapshot } from "../../server/asterisk/model.ts";
import { cuttingProxy } from "../support/cutting-proxy.ts";
import { labStartMs, startLab } from "../support/lab.ts";
import type { Lab } from "../support/lab.ts";
import { watchedLink } from "../support/link.ts";
import type { WatchedLink } from "../support/link.ts";

describe.each([22, 16] as const)("Asterisk %i", (version) => {
  let lab: Lab;
  const closers: (() => void | Promise<void>)[] = [];

  beforeAll(async () => {
    lab = await startLab({ version });
  }, labStartMs);

  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
    if (!lab.isRunning()) await lab.start();
    await lab.hangUpAll();
  });

  function watch(tuning: LinkTuning = {}, config: Partial<LinkConfig> = {}): WatchedLink {
    const watched = watchedLink({ port: lab.amiPort }, tuning, {
      username: lab.username,
      secret: lab.secret,
      ...config,
    });
    closers.push(() => watched.link.stop());
    watched.link.start();
    return watched;
  }

  /** Resolves with the first event of the stream that fits, also one that has come already. */
  async function event(
    watched: WatchedLink,
    fits: (event: PbxEvent) => boolean,
    fromIndex = 0,
  ): Promise<PbxEvent> {
    for (;;) {
      for (const { input } of watched.seen.slice(fromIndex)) {
        if (input.type !== "snapshot" && input.type !== "connectionLost" && fits(input)) {
          return input;
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  function snapshots(watched: WatchedLink): PbxSnapshot[] {
    return watched.seen.flatMap(({ input }) => (input.type === "snapshot" ? [input.snapshot] : []));
  }

  /** Channel names by Asterisk's own command line. */
  async function trueChannels(): Promise<string[]> {
    const text = await lab.cli("core show channels concise");
    return text
      .split("\n")
      .filter((line) => line.includes("!"))
      .map((line) => line.split("!")[0] ?? "")
      .toSorted();
  }

  async function talking(): Promise<void> {
    const phone = await lab.phone("101", { answerAfterMs: 100 });
    await lab.call({ from: "+79130000001", name: "Ёлка <b>", to: "600" });
    await phone.answered();
    while ((await trueChannels()).length < 2)
      await new Promise((resolve) => setTimeout(resolve, 20));
  }

  test("The shipped user's rights are enough to connect, and the version is found out", async () => {
    const watched = watch({ pingMs: 50 });
    const { capabilities } = await watched.untilState("up");
    expect(capabilities.version.startsWith(`${version}.`)).toBe(true);
    expect(capabilities).toMatchObject({
      immediatePriority: version === 22,
      withdrawCaller: true,
      deviceStateList: true,
    });
    expect(watched.link.counters().actionsByOutcome.refused).toBe(0);
    while (watched.link.status().roundTripMs === null) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });

  test("A snapshot taken in the middle of a call is the truth", async () => {
    await talking();
    const { input } = await watch().until("snapshot");
    if (input.type !== "snapshot") throw new Error("no snapshot");
    const { channels, queues, devices } = input.snapshot;
    expect(channels.map((channel) => channel.name).toSorted()).toEqual(await trueChannels());
    expect(new Set(channels.map((channel) => channel.bridgeId)).size).toBe(1);
    expect(channels[0]?.bridgeId).not.toBe("");
    expect(channels.every((channel) => channel.state === "up")).toBe(true);
    expect(channels.map((channel) => channel.callerNumber)).toContain("+79130000001");
    expect(channels.find((channel) => channel.application === "Queue")).toMatchObject({
      callerName: "Ёлка <b>",
    });
    const member = queues
      .find((queue) => queue.name === "600")
      ?.members.find((one) => one.interface === "PJSIP/101");
    expect(member).toMatchObject({ status: "inUse", paused: false, stateInterface: "PJSIP/101" });
    expect(devices).toContainEqual({ device: "PJSIP/101", state: "inUse" });
  });

  test("Events of a call come typed, in order, and nothing of them is torn or unknown", async () => {
    const watched = watch();
    await watched.untilState("up");
    await talking();
    await event(watched, (one) => one.type === "agentConnected");
    await lab.hangUpAll();
    await event(watched, (one) => one.type === "agentCompleted");
    const types = watched.types();
    const order = ["queueJoined", "agentCalled", "queueLeft", "agentConnected", "agentCompleted"];
    expect(types.filter((type) => order.includes(type))).toEqual(order);
    const counters = watched.link.counters();
    expect({ ...counters.unknownByName }).toEqual({});
    expect([counters.torn, counters.malformed, counters.stray]).toEqual([0, 0, 0]);
  });

  test("Asterisk killed in a call and started again: told as a restart, and nothing of the call is left", async () => {
    const watched = watch();
    await watched.untilState("up");
    await talking();
    await lab.kill();
    await watched.until("connectionLost");
    await lab.start();
    await watched.until("snapshot", 2);
    await watched.untilState("up");
    expect(snapshots(watched)[1]).toMatchObject({ channels: [], restarted: true });
    expect(watched.link.counters().restarts).toBe(1);
    // It works on: the next call is seen.
    const from = watched.seen.length;
    await talking();
    await event(watched, (one) => one.type === "agentCalled", from);
  });

  test("Asterisk stopped cleanly: the reason says so", async () => {
    const watched = watch();
    await watched.untilState("up");
    await lab.halt();
    const { input } = await watched.until("connectionLost");
    expect(input).toMatchObject({ reason: expect.stringContaining("shut down") });
  });

  test("The connection cut in the middle of a message, again and again: no restart, and the truth each time", async () => {
    const proxy = await cuttingProxy(lab.amiPort);
    closers.push(() => proxy.close());
    const watched = watch({}, { port: proxy.port });
    await watched.untilState("up");
    for (const [round, bytes] of [1, 57, 333, 1021].entries()) {
      const from = watched.seen.length;
      proxy.cutAfter(bytes);
      await talking();
      await watched.until("connectionLost", round + 1);
      await watched.until("snapshot", round + 2);
      await watched.untilState("up");
      const last = snapshots(watched).at(-1);
      expect(last?.restarted).toBe(false);
      expect(last?.channels.map((channel) => channel.name).toSorted()).toEqual(
        await trueChannels(),
      );
      await lab.hangUpAll();
      await event(watched, (one) => one.type === "channelHungUp", from);
    }
    const counters = watched.link.counters();
    expect([counters.torn, counters.malformed, counters.restarts]).toEqual([0, 0, 0]);
  });

  test("Links that come while Asterisk boots all end with the full snapshot", async () => {
    const before = watch();
    await before.untilState("up");
    const names = (watched: WatchedLink) =>
      snapshots(watched)
        .at(-1)
        ?.queues.map((queue) => queue.name)
        .toSorted();
    const queues = names(before);
    expect(queues).toContain("600");
    await lab.kill();
    const early: WatchedLink[] = [];
    const boot = { over: false };
    const started = lab.start().finally(() => {
      boot.over = true;
    });
    while (!boot.over) {
      early.push(watch());
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await started;
    for (const watched of [before, ...early]) {
      await watched.untilState("up");
      while (names(watched)?.join() !== queues?.join()) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  });

  test("A reload brings a new snapshot", async () => {
    const watched = watch({ resyncGapMs: 0 });
    await watched.untilState("up");
    await lab.cli("module reload app_queue.so");
    await watched.until("snapshot", 2);
    await watched.untilState("up");
  });

  test("A network that swallows everything is noticed by the ping", async () => {
    const proxy = await cuttingProxy(lab.amiPort);
    closers.push(() => proxy.close());
    const watched = watch({ pingMs: 50, pingLimitMs: 300 }, { port: proxy.port });
    await watched.untilState("up");
    proxy.swallow(true);
    const { input } = await watched.until("connectionLost");
    expect(input).toMatchObject({ reason: expect.stringContaining("ping") });
    proxy.swallow(false);
    await watched.untilState("up");
    expect(snapshots(watched)[1]?.restarted).toBe(false);
  });

  test("A wrong secret is reported in Asterisk's words", async () => {
    const watched = watch({}, { secret: "not-the-secret" });
    const { reason } = await watched.untilState("down");
    expect(reason).toContain("Authentication failed");
    expect(reason).not.toContain("not-the-secret");
  });

  test("Over TLS with the certificate's authority", async () => {
    const ca = readFileSync(lab.certificate, "utf8");
    const watched = watch({}, { port: lab.amiTlsPort, tls: { ca, rejectUnauthorized: true } });
    await watched.untilState("up");
    const refused = watch({}, { port: lab.amiTlsPort, tls: { rejectUnauthorized: true } });
    expect((await refused.untilState("down")).reason).toContain("self-signed");
  });

  test("A member is paused with a reason in all queues and comes back", async () => {
    const watched = watch();
    await watched.untilState("up");
    const paused = (queue: string, value: boolean) => (one: PbxEvent) =>
      one.type === "memberChanged" &&
      one.member.queue === queue &&
      one.member.interface === "PJSIP/101" &&
      one.member.paused === value;
    await pauseMember(watched.link, { interface: "PJSIP/101", reason: "обед" });
    closers.push(() => unpauseMember(watched.link, { interface: "PJSIP/101" }));
    expect(await event(watched, paused("600", true))).toMatchObject({
      member: { pausedReason: "обед" },
    });
    const from = watched.seen.length;
    await unpauseMember(watched.link, { interface: "PJSIP/101" });
    await event(watched, paused("600", false), from);
    await expect(pauseMember(watched.link, { interface: "PJSIP/999" })).rejects.toMatchObject({
      code: "refused",
    });
  });

  test("A call asked for is known by our id, and is hung up by its name", async () => {
    const watched = watch();
    await watched.untilState("up");
    const phone = await lab.phone("101", { answerAfterMs: 100 });
    await lab.phone("102", { answerAfterMs: "never" });
    const channelId = `attempt-${version}`;
    await originate(watched.link, {
      channel: "PJSIP/101",
      channelId,
      context: "from-internal",
      exten: "102",
      callerNumber: "102",
      callerName: "Вера",
      ringTimeoutMs: 10_000,
      variables: { __CALLCARD_ATTEMPT: "7" },
    });
    await phone.answered();
    const ended = await event(watched, (one) => one.type === "originateEnded");
    expect(ended).toMatchObject({ channelId, success: true, reason: 4 });
    const created = await event(
      watched,
      (one) => one.type === "channelCreated" && one.channel.id === channelId,
    );
    const name = created.type === "channelCreated" ? created.channel.name : "";
    expect(await hangup(watched.link, name)).toBe(true);
    await event(watched, (one) => one.type === "channelHungUp" && one.channel.id === channelId);
    expect(await hangup(watched.link, name)).toBe(false);
  });

  test("The longest line and the most headers that are let through are what Asterisk takes", async () => {
    const watched = watch();
    await watched.untilState("up");
    const long = "a".repeat(1024 - "Value: ".length - 2);
    await watched.link.action("Ping", { Value: long });
    await watched.link.action("Ping", {
      Variable: Array.from({ length: 126 }, (_, n) => `V=${n}`),
    });
  });
});
