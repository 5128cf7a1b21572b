/** Several processes plan the order of one PBX, and one of them moves: stewards with connections of their own to one simulated PBX. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type SimulatedPbx, startSimulatedPbx } from "../../server/demo/pbx/simulated-pbx.ts";
import type { ByHandStore, PlaceByHand } from "../../server/priority/by-hand.ts";
import { type Bus, localBus } from "../../server/storage/bus.ts";
import { TestLease } from "../support/lease.ts";
import { type StewardHouse, openStewardHouse, policyOf } from "../support/steward-house.ts";

const gold = { rate: 1, headStartMs: 600_000 };
const claims = new Map([
  ["71", gold],
  ["72", gold],
]);
const tuning = { readBackMs: 20, readBackGapMs: 50 };

/** What PostgreSQL is to all of them. */
function sharedPlaces(): ByHandStore & { readonly rows: Map<string, Map<string, PlaceByHand>> } {
  const rows = new Map<string, Map<string, PlaceByHand>>();
  const listeners = new Set<(pbx: string) => void>();
  return {
    rows,
    read: async () => new Map([...rows].map(([queue, of]) => [queue, new Map(of)])),
    write: async (pbx, queue, lease, placed) => {
      if (!lease.held()) throw new Error("not the holder");
      const of = placed.map(
        ({ channelId, position, by }) => [channelId, { position, by }] as const,
      );
      if (of.length === 0) rows.delete(queue);
      else rows.set(queue, new Map(of));
      for (const listener of listeners) listener(pbx);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

let pbx: SimulatedPbx;
let bus: Bus;
let places: ReturnType<typeof sharedPlaces>;
const houses: StewardHouse[] = [];

beforeEach(async () => {
  pbx = await startSimulatedPbx({
    queues: [{ name: "sales", strategy: "linear", members: [{ interface: "PJSIP/101" }] }],
    phones: { do: "answer", afterMs: 300, talkMs: 60_000 },
  });
  pbx.setRegistered("101", false);
  bus = localBus((error) => {
    throw error;
  });
  places = sharedPlaces();
});
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close();
  await pbx.stop();
});

const open = async (
  lease: TestLease,
  own: Partial<Parameters<typeof openStewardHouse>[0]> = {},
) => {
  const options = { endpoint: pbx, claims, tuning, bus, byHand: places, lease };
  const house = await openStewardHouse({ ...options, ...own });
  houses.push(house);
  return house;
};
const join = (number: string) => pbx.placeCall({ number, to: "sales" });
/** As this process believes they stand. */
const known = (house: StewardHouse) =>
  (house.calls.queue("main", "sales")?.callers ?? [])
    .map(({ callId }) => house.calls.call(callId)?.party.number ?? "?")
    .join(" ");
/** As this process wants them to stand. */
const wanted = (house: StewardHouse) => {
  const of = house.steward.wanted("main", "sales");
  return (house.calls.queue("main", "sales")?.callers ?? [])
    .map(({ callId, channelId }) => ({
      number: house.calls.call(callId)?.party.number ?? "?",
      place: of.get(channelId)?.position ?? 0,
    }))
    .sort((a, b) => a.place - b.place)
    .map(({ number }) => number)
    .join(" ");
};
const readBacks = (house: StewardHouse) => house.steward.counters().readBacks;

describe("several processes at one PBX", () => {
  test("only the holder moves and records; the others are told, know the same line, want the same, and ask nothing", async () => {
    const holder = await open(new TestLease());
    const other = await open(new TestLease(false));
    for (const number of ["91", "92", "71", "93"]) join(number);
    await holder.stands("sales", "71 91 92 93");
    await vi.waitFor(() => expect(known(other)).toBe("71 91 92 93"), { interval: 10 });
    expect(wanted(other)).toBe("71 91 92 93");
    const [first] = other.calls.queue("main", "sales")!.callers;
    const why = () => other.steward.why("main", "sales", first!.callId, () => "x");
    await vi.waitFor(() =>
      expect(why()?.moves).toMatchObject([{ by: "policy", fromPosition: 3, toPosition: 1 }]),
    );
    expect(other.steward.counters().moves).toBe(0);
    expect(readBacks(other)).toBe(0);
    expect(other.moves).toEqual([]);
    expect(other.placements).toEqual([]);
  });

  test("what nobody tells of is read, soon and then seldom", async () => {
    const holder = await open(new TestLease());
    const deaf = await open(new TestLease(false), { bus: localBus(() => undefined) });
    for (const number of ["91", "92", "71"]) join(number);
    await holder.stands("sales", "71 91 92");
    await vi.waitFor(() => expect(known(deaf)).toBe("71 91 92"), { interval: 20 });
    expect(readBacks(deaf)).toBe(1);
    await sleep(500);
    expect(readBacks(deaf)).toBe(1);
  });

  test("while nobody holds the lease nobody is moved, and a queue out of order is not asked about without end", async () => {
    const one = await open(new TestLease(false));
    for (const number of ["91", "71"]) join(number);
    await vi.waitFor(() => expect(wanted(one)).toBe("71 91"));
    await sleep(3000);
    expect(await one.order("sales")).toEqual(["91", "71"]);
    expect(readBacks(one)).toBeLessThanOrEqual(3);
  });

  test("who takes over reads how the other left it, and puts every queue in order at once; who lost it sends nothing more", async () => {
    const [first, second] = [new TestLease(), new TestLease(false)];
    // Not told of anything: the second believes what it heard from Asterisk alone.
    const a = await open(first);
    const b = await open(second, { bus: localBus(() => undefined) });
    for (const number of ["91", "71", "92"]) join(number);
    await a.stands("sales", "71 91 92");
    first.set(false);
    // Nobody holds it for a moment; somebody is better placed meanwhile, and the console of Asterisk is used.
    for (const house of [a, b]) house.claims.set("92", { rate: 1, headStartMs: 300_000 });
    const [, , last] = await a.line("sales");
    const action = { Queue: "sales", Caller: last!.channelName, Priority: "7" };
    await a.link.action("QueueChangePriorityCaller", { ...action, Immediate: "true" });
    const { moves } = a.steward.counters();
    const takenAtMs = performance.now();
    second.set(true);
    await b.stands("sales", "71 92 91");
    expect(performance.now() - takenAtMs).toBeLessThan(3000);
    for (const house of [a, b]) house.judge("92");
    join("72");
    await b.stands("sales", "71 72 92 91");
    await vi.waitFor(() => expect(known(a)).toBe("71 72 92 91"));
    expect(a.steward.counters().moves).toBe(moves);
    expect(b.placements.map(({ callId }) => b.calls.call(callId)?.party.number)).toContain("91");
  });

  test("a caller placed by hand stays there when another process takes over, and every process shows who did it", async () => {
    const [first, second] = [new TestLease(), new TestLease(false)];
    const a = await open(first);
    const b = await open(second);
    for (const number of ["91", "92", "93"]) join(number);
    await vi.waitFor(() => expect(known(a)).toBe("91 92 93"));
    const third = a.calls.queue("main", "sales")!.callers[2]!;
    const place = { pbx: "main", queue: "sales", channelId: third.channelId, by: "boss" };
    await expect(b.steward.moveByHand({ ...place, position: 1 })).rejects.toThrow(/does not move/);
    await a.steward.moveByHand({ ...place, position: 1 });
    await a.stands("sales", "93 91 92");
    const movedBy = () => b.steward.wanted("main", "sales").get(third.channelId)?.movedBy;
    await vi.waitFor(() => expect(movedBy()).toBe("boss"));
    first.set(false);
    second.set(true);
    join("94");
    await sleep(300);
    expect(await b.order("sales")).toEqual(["93", "91", "92", "94"]);
    expect(places.rows.size).toBe(1);
    // Their stay ends: nothing is left of it.
    pbx.setRegistered("101", true);
    await vi.waitFor(() => expect(places.rows.size).toBe(0));
  });

  test("a place by hand of somebody who left while nobody looked is swept by the next holder", async () => {
    places.rows.set("sales", new Map([["gone.1", { position: 1, by: "boss" }]]));
    places.rows.set("closed", new Map([["gone.2", { position: 1, by: "boss" }]]));
    await open(new TestLease());
    await vi.waitFor(() => expect([...places.rows.keys()]).toEqual([]));
  });

  test("a queue the policy leaves alone keeps its order through a take-over", async () => {
    const [first, second] = [new TestLease(), new TestLease(false)];
    const policy = policyOf({ queues: ["support"] });
    await open(first, { policy });
    const b = await open(second, { policy });
    for (const number of ["91", "71"]) join(number);
    await vi.waitFor(() => expect(known(b)).toBe("91 71"));
    first.set(false);
    second.set(true);
    await sleep(300);
    expect(await b.order("sales")).toEqual(["91", "71"]);
    expect(b.steward.counters().moves).toBe(0);
  });
});
