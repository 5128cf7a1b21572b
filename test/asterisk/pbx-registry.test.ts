import { afterEach, expect, test } from "vitest";
import { PbxRegistry } from "../../server/asterisk/pbx-registry.ts";
import { watchPbx } from "../../server/asterisk/watch.ts";
import { LiveCalls } from "../../server/calls/live.ts";
import type { PbxConfig } from "../../server/config.ts";
import { createReadiness } from "../../server/http/health.ts";
import { createMetrics } from "../../server/http/metrics.ts";
import { AmiServer } from "../support/ami-server.ts";

const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const config = (name: string, more: Partial<PbxConfig> = {}): PbxConfig => ({
  ...{ name, host: "127.0.0.1", port: 1, username: "callcard", secret: "secret", tls: false },
  ...more,
});

function registry() {
  const errors: string[] = [];
  const made = new PbxRegistry({
    log: {
      info: () => undefined,
      error: (fields, message) =>
        errors.push(`${(fields as { pbx?: string }).pbx ?? ""}: ${message}`),
    },
  });
  closers.push(() => made.close());
  return { pbxs: made, errors };
}

test("each is told of those that are there and of those that come, in order, before they are connected", async () => {
  const { pbxs } = registry();
  await pbxs.set([config("a")]);
  const told: string[] = [];
  pbxs.each((pbx) => void told.push(`${pbx.name} ${pbx.status().state}`));
  await pbxs.set([config("b"), config("a"), config("c")]);
  expect(told).toEqual(["a connecting", "b stopped", "c stopped"]);
  expect(pbxs.all().map(({ name }) => name)).toEqual(["b", "a", "c"]);
  expect(pbxs.get("c")?.status().state).toBe("connecting");
});

test("what was begun is ended in reverse, one after the other, and a failure stops nothing", async () => {
  const { pbxs, errors } = registry();
  const told: string[] = [];
  for (const part of ["lease", "calls", "screens"])
    pbxs.each(({ name }) => {
      told.push(`${part} begins ${name}`);
      return async () => {
        await new Promise((resolve) => setImmediate(resolve));
        told.push(`${part} ends ${name}, listed: ${pbxs.get(name) !== undefined}`);
        if (part === "calls") throw new Error("on fire");
      };
    });
  pbxs.each(({ name }) => {
    if (name === "a") throw new Error("cannot begin");
  });
  await pbxs.set([config("a"), config("b")]);
  told.length = 0;
  const gone = pbxs.get("a")!;
  await pbxs.set([config("b")]);
  expect(told).toEqual([
    "screens ends a, listed: false",
    "calls ends a, listed: false",
    "lease ends a, listed: false",
  ]);
  expect(gone.status().state).toBe("stopped");
  expect(errors).toEqual([
    "a: a part could not begin with a PBX",
    "a: a part could not end with a PBX",
  ]);
});

test("another way to connect begins the PBX anew, another token does not", async () => {
  const { pbxs } = registry();
  const told: string[] = [];
  pbxs.each(({ name }) => {
    told.push(`begins ${name}`);
    return () => void told.push(`ends ${name}`);
  });
  await pbxs.set([config("a"), config("b", { token: "first" })]);
  told.length = 0;
  const before = pbxs.get("b");
  await pbxs.set([config("a"), config("b", { token: "second" })]);
  expect([told, pbxs.get("b"), pbxs.configs()[1]?.token]).toEqual([[], before, "second"]);
  await pbxs.set([config("a"), config("b", { secret: "changed" })]);
  expect(told).toEqual(["ends b", "begins b"]);
  expect(pbxs.get("b")).not.toBe(before);
});

test("changes that come at once are made one after the other, and the last one holds", async () => {
  const { pbxs } = registry();
  const there = new Set<string>();
  pbxs.each(({ name }) => {
    expect(there).not.toContain(name);
    there.add(name);
    return async () => {
      await new Promise((resolve) => setImmediate(resolve));
      there.delete(name);
    };
  });
  await Promise.all([
    pbxs.set([config("a")]),
    pbxs.set([]),
    pbxs.set([config("a", { port: 2 }), config("b")]),
  ]);
  expect([...there]).toEqual(["a", "b"]);
});

test("who stops being told ends what they began, once", async () => {
  const { pbxs } = registry();
  const told: string[] = [];
  const stop = pbxs.each(
    ({ name }) =>
      () =>
        void told.push(name),
  );
  await pbxs.set([config("a"), config("b")]);
  await stop();
  await pbxs.set([]);
  expect(told).toEqual(["b", "a"]);
});

test("after the close nothing comes and all are disconnected", async () => {
  const { pbxs } = registry();
  await pbxs.set([config("a")]);
  const [link] = pbxs.all();
  await pbxs.close();
  await pbxs.set([config("b")]);
  expect([link!.status().state, pbxs.all().length]).toEqual(["stopped", 1]);
});

test("a PBX that is removed takes its calls, queues, readiness and metrics along, and comes back fresh", async () => {
  const channel = { Channel: "PJSIP/trunk-1", ChannelState: 6, CallerIDNum: "79130000001" };
  const server = await AmiServer.open({
    answers: {
      coreshowchannels: (action, session) =>
        session.list(action, [
          { Event: "CoreShowChannel", Uniqueid: "1.1", Linkedid: "1.1", ...channel },
        ]),
      queuestatus: (action, session) =>
        session.list(action, [{ Event: "QueueParams", Queue: "sales", Strategy: "ringall" }]),
    },
  });
  closers.push(() => server.close());
  const { pbxs, errors } = registry();
  const calls = new LiveCalls({ pbxs, extensionPattern: /^\d{3}$/ });
  closers.push(() => calls.close());
  const facts: string[] = [];
  calls.onFact((fact) => facts.push(`${fact.type} ${fact.call.endedHow ?? ""}`.trim()));
  const readiness = createReadiness();
  const metrics = createMetrics();
  const log = { info: () => undefined };
  pbxs.each((link) => watchPbx(link, { readiness, metrics, log }));
  calls.open();
  const other = config("other");
  const main = config("main", { port: server.port });
  const up = async () => {
    while (pbxs.get("main")?.status().state !== "up")
      await new Promise((resolve) => setImmediate(resolve));
  };
  await pbxs.set([other, main]);
  await up();
  expect(calls.calls().map(({ id }) => id)).toEqual(["main-1.1"]);
  expect(calls.queues("main").map(({ name }) => name)).toEqual(["sales"]);
  const queueTold: string[] = [];
  calls.onQueues((pbx, { queues }) => queueTold.push(`${pbx} ${queues.join()}`.trim()));

  await pbxs.set([other]);
  expect(facts).toEqual(["callStarted", "callEnded lostSight"]);
  expect(queueTold).toEqual(["main sales", "main"]);
  expect([calls.calls(), calls.queues("main"), calls.followedSince("main")]).toEqual([
    [],
    [],
    null,
  ]);
  expect(calls.counters()).toMatchObject({ live: 0, remembered: 0 });
  expect((await readiness.report()).parts.map(({ name }) => name)).toEqual(["pbx other"]);
  expect(await metrics.text()).not.toContain('pbx="main"');

  await pbxs.set([other, main]);
  await up();
  expect(calls.calls().map(({ id }) => id)).toEqual(["main-1.1"]);
  expect(await metrics.text()).toContain('callcard_ami_logins_total{pbx="main"} 1');
  expect(errors).toEqual([]);
});

test("two hundred additions and removals leave nothing behind", async () => {
  const { pbxs, errors } = registry();
  const calls = new LiveCalls({ pbxs, extensionPattern: /^\d{3}$/ });
  closers.push(() => calls.close());
  calls.open();
  const readiness = createReadiness();
  const metrics = createMetrics();
  const log = { info: () => undefined };
  pbxs.each((link) => watchPbx(link, { readiness, metrics, log }));
  await pbxs.set([config("stays")]);
  const lines = async () =>
    (await metrics.text()).split("\n").filter((line) => line.includes('pbx="')).length;
  const before = await lines();
  for (let at = 0; at < 200; at += 1) {
    await pbxs.set([config("stays"), config(`p${at}`)]);
    if (at % 50 === 0) expect(await lines()).toBe(2 * before);
    await pbxs.set([config("stays")]);
  }
  expect(await lines()).toBe(before);
  expect((await readiness.report()).parts.length).toBe(1);
  expect(errors).toEqual([]);
});
