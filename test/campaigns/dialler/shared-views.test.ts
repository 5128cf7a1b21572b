/** What is dialled, as supervisors see it on a process that does not dial: two processes over one bus. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SharedViews } from "../../../server/campaigns/dialler/shared-views.ts";
import { type Bus, localBus } from "../../../server/storage/bus.ts";
import { TestLease } from "../../support/lease.ts";
import { sampleDialler } from "../../support/console-campaign-samples.ts";

let bus: Bus;
let said: number;
const open = (lease: TestLease, ringing: () => number) =>
  new SharedViews({
    ...{ bus, leaseOf: () => lease },
    diallers: () => [{ pbx: "main", views: () => [sampleDialler("1", { ringing: ringing() })] }],
  });

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"],
  });
  bus = localBus((error) => {
    throw error;
  });
  said = 0;
  bus.on("dialling", () => (said += 1));
});
afterEach(() => vi.useRealTimers());

test("the holder's figures are shown everywhere, once a second and only while somebody looks", () => {
  let ringing = 3;
  const holder = open(new TestLease(), () => ringing);
  const other = open(new TestLease(false), () => 99);
  vi.advanceTimersByTime(5000);
  expect(said).toBe(0);
  other.look();
  expect(other.look().views).toMatchObject([{ campaignId: "1", ringing: 3 }]);
  ringing = 4;
  for (let at = 0; at < 20; at += 1) {
    vi.advanceTimersByTime(500);
    other.look();
  }
  expect(other.look().views).toMatchObject([{ ringing: 4 }]);
  expect(said).toBeLessThanOrEqual(12);
  const before = said;
  vi.advanceTimersByTime(60_000);
  expect(said - before).toBeLessThanOrEqual(6);
  expect(holder.look().views).toMatchObject([{ ringing: 4 }]);
  for (const each of [holder, other]) each.close();
});

test("one process that has every PBX for itself says nothing to anybody", () => {
  const alone = open(new TestLease(), () => 1);
  for (let at = 0; at < 20; at += 1) {
    vi.advanceTimersByTime(500);
    alone.look();
  }
  expect(said).toBe(0);
  alone.close();
});

test("figures of a holder that fell silent are shown no more, nor those of one that lost the lease; that nobody dials is told", () => {
  const lease = new TestLease(false);
  const other = open(lease, () => 99);
  const say = (epoch: number, ringing: number) =>
    bus.publish("dialling", { pbx: "main", epoch, views: [sampleDialler("1", { ringing })] });
  say(5, 1);
  say(4, 2);
  expect(other.look().views).toMatchObject([{ ringing: 1 }]);
  vi.advanceTimersByTime(4000);
  expect(other.look()).toEqual({ views: [], nobody: new Set() });
  lease.holder = () => "unknown" as never;
  expect(other.look()).toEqual({ views: [], nobody: new Set(["main"]) });
  other.close();
});
