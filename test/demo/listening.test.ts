import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { fixedPbxs } from "../../server/asterisk/pbxs.ts";
import { PbxLink } from "../../server/asterisk/link.ts";
import { LiveCalls } from "../../server/calls/live.ts";
import type { CallFact } from "../../server/calls/model.ts";
import { VirtualClock } from "../../server/demo/pbx/clock.ts";
import { makeDemoShop } from "../../server/demo/shop/shop.ts";
import { startDemo } from "../../server/demo/traffic.ts";

test("the listener follows two hours of the demo, with losses of the connection and a restart, and keeps nothing", async () => {
  const clock = new VirtualClock(Date.now());
  const shop = makeDemoShop({ nowMs: clock.now(), customers: 200, orders: 50 });
  const demo = await startDemo({ shop, clock });
  const { port, host, username, secret } = demo.pbx;
  const link = new PbxLink({ name: "demo", host, port, username, secret, tls: false });
  const calls = new LiveCalls({ pbxs: fixedPbxs([link]), extensionPattern: /^\d{2,6}$/ });
  const ended: CallFact[] = [];
  calls.onFact((fact) => {
    if (fact.type === "callEnded") ended.push(fact);
  });
  calls.open();
  link.start();
  const inStep = async (): Promise<void> => {
    while (link.status().state !== "up") await pause(5);
    await link.action("Ping");
  };
  await inStep();
  for (let minute = 0; minute < 120; minute += 1) {
    clock.advance(60_000);
    await inStep();
    if (minute === 40) demo.pbx.cutConnections("Event: Newstate\r\nChann");
    if (minute === 80) demo.pbx.restart();
    if (minute === 40 || minute === 80) {
      while (link.status().state === "up") await pause(5);
      await inStep();
    }
  }
  demo.quiet();
  clock.advance(600_000);
  await inStep();
  const { unplaced, foldFailures, live, remembered } = calls.counters();
  expect({ unplaced, foldFailures, live, remembered }).toEqual({
    unplaced: {},
    foldFailures: 0,
    live: 0,
    remembered: 0,
  });
  expect(ended.length).toBeGreaterThan(200);
  const how = new Set(ended.map((each) => each.call.endedHow));
  expect(how.has("completed") && how.has("abandoned")).toBe(true);
  calls.close();
  link.stop();
  await demo.stop();
}, 60_000);
