import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { VirtualClock } from "../../server/demo/pbx/clock.ts";
import { makeDemoShop, type DemoShop } from "../../server/demo/shop/shop.ts";
import { startDemo, type Demo } from "../../server/demo/traffic.ts";
import { RawClient } from "./pbx/client.ts";

const shop: DemoShop = makeDemoShop({ nowMs: 1_790_000_000_000 });
let clock: VirtualClock;
let present: Set<string>;
let demo: Demo;

beforeEach(async () => {
  clock = new VirtualClock();
  present = new Set(["101"]);
  demo = await startDemo({ shop, clock, attended: () => present });
});

afterEach(() => demo.stop());

/** When an extension was ringing and when it was ready, in seconds, looked at every second. */
function watch(seconds: number, extension: string) {
  const rings: number[] = [];
  const waits: number[] = [];
  let readySince: number | null = null;
  let ringing = false;
  for (let second = 0; second < seconds; second += 1) {
    clock.advance(1000);
    const rang = demo.pbx
      .members()
      .some((each) => each.interface === `PJSIP/${extension}` && each.status === 6);
    if (rang && !ringing) {
      rings.push(second);
      if (readySince !== null) waits.push(second - readySince);
      readySince = null;
    } else if (!rang && readySince === null && demo.pbx.readyIn(extension).length > 0)
      readySince = second;
    ringing = rang;
  }
  return { rings, waits };
}

const joined = (): number => demo.pbx.counters().eventsByName.get("QueueCallerJoin") ?? 0;

describe("an operator who is ready", () => {
  test("gets a call within 15 seconds, and again about every half minute to a minute", () => {
    const { rings, waits } = watch(3600, "101");
    expect(Math.max(...waits)).toBeLessThanOrEqual(15);
    const gaps = rings.slice(1).map((at, i) => at - rings[i]!);
    const mean = gaps.reduce((a, b) => a + b, 0) / gaps.length;
    expect(mean).toBeGreaterThan(30);
    expect(mean).toBeLessThan(60);
  });

  test("is left alone for eight seconds after a call, whichever queue it came from", () => {
    let endedAt = -100;
    let talked = false;
    const pauses: number[] = [];
    for (let second = 0; second < 3600; second += 1) {
      clock.advance(1000);
      const status = demo.pbx.members().find((each) => each.interface === "PJSIP/101")!.status;
      if (talked && status === 1) endedAt = second;
      if (status === 6 && endedAt >= 0) {
        pauses.push(second - endedAt);
        endedAt = -100;
      }
      talked = status === 2;
    }
    expect(pauses.length).toBeGreaterThan(40);
    const short = pauses.filter((each) => each < 8).length;
    expect(short / pauses.length).toBeLessThan(0.05);
  });

  test("logs in at a phone that is nearly always free, and is called at once", () => {
    present = new Set();
    let free = 0;
    for (let minute = 0; minute < 60; minute += 1) {
      clock.advance(60_000);
      if (demo.pbx.readyIn("101").length > 0) free += 1;
    }
    expect(free).toBeGreaterThan(55);
    present = new Set(["101"]);
    expect(watch(15, "101").rings.length).toBeGreaterThan(0);
  });

  test("gets none while paused, and one within 15 seconds of coming back", async () => {
    const client = await RawClient.loggedIn(demo.pbx);
    const pause = async (paused: boolean): Promise<void> => {
      for (const each of ["PJSIP/101", "Local/101@from-queue/n"]) {
        const id = `${each} ${paused}`;
        await client.action(
          `Action: QueuePause\r\nActionID: ${id}\r\nInterface: ${each}\r\nPaused: ${paused}`,
          id,
        );
      }
    };
    watch(60, "101");
    await pause(true);
    watch(80, "101");
    expect(watch(600, "101").rings).toEqual([]);
    await pause(false);
    expect(watch(15, "101").rings.length).toBeGreaterThan(0);
    client.close();
  });

  test("on any extension, in whichever queues it is a member of", () => {
    present = new Set(["105"]);
    expect(watch(20, "105").rings.length).toBeGreaterThan(0);
    expect(Math.max(...watch(1800, "105").waits)).toBeLessThanOrEqual(15);
  });
});

test("with nobody logged in it stays modest, about a call every twenty seconds, and all are served", async () => {
  await demo.stop();
  clock = new VirtualClock();
  present = new Set();
  demo = await startDemo({ shop, clock, attended: () => present, crowd: false });
  clock.advance(1_800_000);
  expect(joined()).toBeGreaterThan(70);
  expect(joined()).toBeLessThan(125);
  const { eventsByName } = demo.pbx.counters();
  expect(eventsByName.get("AgentConnect")! / joined()).toBeGreaterThan(0.7);
  expect(demo.pbx.live().waiting).toBeLessThan(4);
});

test("in delivery callers wait within two minutes and from then on, of every tier, never more than a screen shows", async () => {
  const client = await RawClient.loggedIn(demo.pbx);
  clock.advance(120_000);
  const seen: number[] = [];
  for (let n = 0; n < 360; n += 1) {
    clock.advance(10_000);
    seen.push(demo.pbx.unserved(["delivery"]));
  }
  expect(Math.max(...seen)).toBeLessThanOrEqual(10);
  expect(seen.filter((waiting) => waiting >= 2).length / seen.length).toBeGreaterThan(0.9);
  expect(new Set(seen).size).toBeGreaterThan(4);
  await client.settle();
  const tierOf = new Map(
    shop.customers.flatMap(({ phones, tier }) => phones.map((one) => [one.slice(-9), tier])),
  );
  const tiers = client
    .messages()
    .filter((each) => each.get("Event") === "QueueCallerJoin" && each.get("Queue") === "delivery")
    .map((each) => tierOf.get(each.get("CallerIDNum").replace(/\D/g, "").slice(-9)) ?? "");
  client.close();
  const share = (...names: string[]) =>
    tiers.filter((tier) => names.includes(tier)).length / tiers.length;
  expect(share("silver")).toBeGreaterThan(0.05);
  expect(share("gold", "platinum")).toBeGreaterThan(0.08);
  expect(share("gold", "platinum")).toBeLessThan(0.25);
});

test("an hour shows answers, abandons, no answers, holds and transfers", () => {
  clock.advance(3_600_000);
  const { eventsByName } = demo.pbx.counters();
  for (const name of [
    "AgentConnect",
    "AgentRingNoAnswer",
    "QueueCallerAbandon",
    "Hold",
    "BlindTransfer",
    "AttendedTransfer",
    "LocalBridge",
  ])
    expect.soft(eventsByName.get(name) ?? 0, name).toBeGreaterThan(0);
});

test("callers are known, unknown, withheld, and share phones, in every written form", async () => {
  const client = await RawClient.loggedIn(demo.pbx);
  clock.advance(3_600_000);
  await client.settle();
  const numbers = client
    .messages()
    .filter((each) => each.get("Event") === "QueueCallerJoin")
    .map((each) => each.get("CallerIDNum"));
  client.close();
  const known = new Map<string, number>();
  for (const each of shop.customers)
    for (const phone of each.phones)
      known.set(phone.slice(-9), (known.get(phone.slice(-9)) ?? 0) + 1);
  const owners = numbers.map((each) => known.get(each.replace(/\D/g, "").slice(-9)) ?? 0);
  expect(owners.filter((each) => each === 1).length).toBeGreaterThan(numbers.length / 2);
  expect(owners.filter((each) => each > 1).length).toBeGreaterThan(0);
  expect(owners.filter((each) => each === 0).length).toBeGreaterThan(0);
  expect(numbers).toContain("<unknown>");
  expect(numbers).toContain("anonymous");
  for (const form of [/^\+/, /^8\d{10}$/, /^\d{10}$/, /^00/, /^\+7 \(/])
    expect(numbers.some((each) => form.test(each))).toBe(true);
});

test("a minute of traffic leaves no channel, bridge or waiting caller behind", () => {
  clock.advance(60_000);
  expect(demo.pbx.counters().channelsCreated).toBeGreaterThan(0);
  demo.quiet();
  clock.advance(600_000);
  expect(demo.pbx.live()).toEqual({ channels: 0, bridges: 0, waiting: 0 });
  expect(clock.pending()).toBe(0);
});

test("stop leaves no timer and no port, and may be called twice", async () => {
  clock.advance(60_000);
  await Promise.all([demo.stop(), demo.stop()]);
  expect(clock.pending()).toBe(0);
  await expect(RawClient.connect(demo.pbx.port)).rejects.toThrow();
});
