/** The steward on real Asterisk: the order of service is the policy's, whatever breaks meanwhile. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { CallFact } from "../../server/calls/model.ts";
import { type Waiting, claimMs } from "../../server/priority/model.ts";
import { cuttingProxy } from "../support/cutting-proxy.ts";
import { type Caller, type Lab, labStartMs, startLab } from "../support/lab.ts";
import {
  type Claim,
  type StewardHouse,
  NO_GUARD,
  openStewardHouse,
  policyOf,
} from "../support/steward-house.ts";

const QUEUE = "600";
/** Three tiers by the number's last digit but two: 7 gold, 8 silver, 9 plain. Nearly equal claims would make the order a matter of luck. */
const tiers: Readonly<Record<string, Claim>> = {
  "7": { rate: 1, headStartMs: 600_000 },
  "8": { rate: 1, headStartMs: 300_000 },
  "9": { rate: 1, headStartMs: 0 },
};
const claimOf = (number: string): Claim => tiers[number.at(-3) ?? ""] ?? tiers["9"]!;
const number = (tier: number, at: number) => `+7913000${tier}${String(at).padStart(2, "0")}`;

const houses: StewardHouse[] = [];
const open = async (endpoint: { port: number; username: string; secret: string }, more = {}) => {
  const house = await openStewardHouse({ endpoint, claimOf, ...more });
  houses.push(house);
  return house;
};
const endpointOf = (lab: Lab, port = lab.amiPort) => ({
  ...{ port, username: lab.username, secret: lab.secret },
});

const MEMBERS = ["101", "102", "103"];

/** What happens in the queue, as the calls tell it: joinings in order, answers, and at every first ring how many phones were free for it. */
function watch(house: StewardHouse) {
  const joined = new Map<string, number>();
  const answered = new Map<string, number>();
  const served: { readonly from: string; readonly free: number }[] = [];
  const busy = new Set<string>();
  house.calls.onFact((fact: CallFact) => {
    const { number: from } = fact.call.party;
    if (fact.type === "queueJoined") joined.set(from, fact.visit.joinedAtMs);
    if (fact.type === "ringStarted") {
      if (!served.some((one) => one.from === from))
        served.push({ from, free: MEMBERS.length - busy.size });
      busy.add(fact.ring.extension);
    }
    if (fact.type === "talkStarted" && !answered.has(from)) answered.set(from, fact.atMs);
    if (fact.type === "ringEnded" && fact.ring.outcome !== "answered")
      busy.delete(fact.ring.extension);
    if (fact.type === "talkEnded") busy.delete(fact.talk.extension);
  });
  return { joined, answered, served };
}

/** Callers of mixed tiers, one after another; they are in the queue when this resolves. */
async function callIn(lab: Lab, house: StewardHouse, numbers: readonly string[]) {
  const callers: Caller[] = [];
  const before = house.calls.queue("main", QUEUE)?.callers.length ?? 0;
  for (const from of numbers) {
    callers.push(await lab.call({ from, to: QUEUE }));
    const due = before + callers.length;
    await vi.waitFor(
      () => expect(house.calls.queue("main", QUEUE)?.callers.length ?? 0).toBe(due),
      { interval: 10 },
    );
  }
  return callers;
}

/** The policy's order at a moment, from when everybody joined, apart from the steward. */
function policyOrder(joinedAtMs: ReadonlyMap<string, number>, nowMs: number): readonly string[] {
  const waiting = [...joinedAtMs].map(([from, at]): Waiting => ({
    ...{ callId: from, channelId: from, channelName: "", joinedAtMs: at, ringing: false },
    ...claimOf(from),
  }));
  return waiting
    .sort((a, b) => claimMs(b, nowMs) - claimMs(a, nowMs) || a.joinedAtMs - b.joinedAtMs)
    .map(({ callId }) => callId);
}

afterEach(async () => {
  await Promise.all(houses.splice(0).map((house) => house.close()));
});

describe("Asterisk 22", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ version: 22 });
  }, labStartMs);
  afterEach(async () => {
    await lab.hangUpAll();
  });

  const mixed = (count: number) =>
    Array.from({ length: count }, (_, at) => number(at % 5 === 4 ? 7 : at % 3 === 2 ? 8 : 9, at));

  test("thirty callers of three tiers are answered by three members in the policy's order", async () => {
    const house = await open(endpointOf(lab));
    const watched = watch(house);
    await callIn(lab, house, mixed(30));
    const wanted = policyOrder(watched.joined, Date.now());
    await house.stands(QUEUE, wanted.join(" "));
    for (const extension of MEMBERS) await lab.phone(extension, { answerAfterMs: 50, talkMs: 150 });
    await vi.waitFor(() => expect(watched.answered.size).toBe(30), {
      timeout: 90_000,
      interval: 200,
    });
    expect(watched.served).toHaveLength(30);
    // As many phones as are free at a moment go to as many callers from the head of the line; which of these asks first is Asterisk's to say.
    for (const [at, { from, free }] of watched.served.entries()) {
      const gone = new Set(watched.served.slice(0, at).map((one) => one.from));
      const ahead = wanted.slice(0, wanted.indexOf(from)).filter((one) => !gone.has(one));
      expect(ahead.length, `${from}, ${free} free, behind ${ahead.join(" ")}`).toBeLessThan(free);
    }
    expect(house.steward.counters()).toMatchObject({ failed: {} });
  }, 150_000);

  test("thirty callers of three tiers: nobody waits longer than plain order and the guard's seconds, though the policy alone would have them wait", async () => {
    const seconds = 6;
    const guard = { ...NO_GUARD, mostExtraWaitSeconds: seconds };
    const house = await open(endpointOf(lab), { policy: policyOf({ guard }) });
    const watched = watch(house);
    await callIn(lab, house, mixed(30));
    for (const extension of MEMBERS)
      await lab.phone(extension, { answerAfterMs: 50, talkMs: 1500 });
    await vi.waitFor(() => expect(watched.answered.size).toBe(30), {
      timeout: 120_000,
      interval: 200,
    });
    // Plain order answers at the same moments, whoever joined first of those who wait.
    const moments = [...watched.answered.values()].toSorted((a, b) => a - b);
    const plain = [...watched.joined.keys()];
    const longest = (atMs: (from: string) => number) =>
      Math.max(...plain.map((from, at) => (atMs(from) - moments[at]!) / 1000));
    const policys = policyOrder(watched.joined, Date.now());
    const really = longest((from) => watched.answered.get(from)!);
    expect(longest((from) => moments[policys.indexOf(from)]!)).toBeGreaterThan(seconds);
    expect(really).toBeLessThanOrEqual(seconds);
    // It is no plain order either: where the guard leaves room, loyal callers pass.
    expect(watched.served.map(({ from }) => from)).not.toEqual(plain);
  }, 240_000);

  test("nobody plain is passed after the time the guard promises", async () => {
    const guard = { ...NO_GUARD, neverPassedAfterSeconds: 4 };
    const house = await open(endpointOf(lab), { policy: policyOf({ guard }) });
    const plain = [number(9, 1), number(9, 2)];
    await callIn(lab, house, plain);
    await callIn(lab, house, [number(7, 3)]);
    await house.stands(QUEUE, [number(7, 3), ...plain].join(" "));
    await house.stands(QUEUE, [...plain, number(7, 3)].join(" "), 8000);
    await callIn(lab, house, [number(7, 4)]);
    await house.stands(QUEUE, [...plain, number(7, 3), number(7, 4)].join(" "));
  }, 60_000);

  test("a steward that dies without a word is followed by another: the order is right within 3 s", async () => {
    const proxy = await cuttingProxy(lab.amiPort);
    const first = await open(endpointOf(lab, proxy.port));
    const numbers = mixed(20);
    await callIn(lab, first, numbers.slice(0, 12));
    proxy.refuse(true);
    const other = await open(endpointOf(lab), { policy: policyOf({ rules: [] }) });
    await callIn(lab, other, numbers.slice(12));
    // Everybody stayed in line without anybody's care.
    expect(await other.line(QUEUE)).toHaveLength(20);
    const startedAtMs = Date.now();
    const second = await open(endpointOf(lab));
    const joined = new Map(numbers.map((from, at) => [from, at]));
    await second.stands(QUEUE, policyOrder(joined, 1000).join(" "), 3000);
    expect(Date.now() - startedAtMs).toBeLessThan(3000);
    await proxy.close();
  }, 90_000);

  test("AMI is cut in the middle of moving: afterwards all stand right, and nobody was moved twice", async () => {
    const proxy = await cuttingProxy(lab.amiPort);
    const house = await open(endpointOf(lab, proxy.port), { policy: policyOf({ rules: [] }) });
    const numbers = mixed(12);
    await callIn(lab, house, numbers);
    expect(house.steward.counters().moves).toBe(0);
    // The answers to a few moves fit into this, and the last is torn.
    proxy.cutAfter(500);
    house.publish(policyOf());
    await vi.waitFor(() => expect(house.link.status().state).not.toBe("up"));
    await vi.waitFor(() => expect(house.link.status().state).toBe("up"));
    const joined = new Map(numbers.map((from, at) => [from, at]));
    await house.stands(QUEUE, policyOrder(joined, 1000).join(" "), 5000);
    const changed = (await house.line(QUEUE)).filter(({ priority }) => priority !== 0).length;
    // Each whose priority is another was moved once; a move whose answer was lost is not counted and not made again.
    const { moves } = house.steward.counters();
    expect(moves).toBeGreaterThanOrEqual(changed - 1);
    expect(moves).toBeLessThanOrEqual(changed);
    await proxy.close();
  }, 90_000);

  test("a caller put to a place by hand stands there", async () => {
    const house = await open(endpointOf(lab));
    const numbers = [number(9, 1), number(9, 2), number(9, 3), number(7, 4)];
    await callIn(lab, house, numbers);
    await house.stands(QUEUE, [3, 0, 1, 2].map((at) => numbers[at]).join(" "));
    const { channelId } = (await house.line(QUEUE)).at(-1)!;
    await house.steward.moveByHand({
      ...{ pbx: "main", queue: QUEUE, by: "olga" },
      ...{ channelId, position: 2 },
    });
    expect(await house.order(QUEUE)).toEqual([3, 2, 0, 1].map((at) => numbers[at]));
  }, 60_000);
});

describe("Asterisk 16", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ version: 16 });
  }, labStartMs);
  afterEach(async () => {
    await lab.hangUpAll();
  });

  test("cannot move a waiting caller: that is told, and nothing is sent", async () => {
    const sent: string[] = [];
    const house = await open(endpointOf(lab), {
      through: (link: StewardHouse["link"]) => ({
        name: link.name,
        status: () => link.status(),
        listen: link.listen.bind(link),
        onStatus: link.onStatus.bind(link),
        action(...action: Parameters<typeof link.action>) {
          sent.push(action[0]);
          return link.action(...action);
        },
      }),
    });
    const numbers = [number(9, 1), number(9, 2), number(7, 3)];
    await callIn(lab, house, numbers);
    await sleep(300);
    expect(house.steward.notMoved("main", QUEUE)).toBe("notPossible");
    expect(await house.order(QUEUE)).toEqual(numbers);
    // Where they should stand is told all the same.
    const { channelId } = (await house.line(QUEUE)).at(-1)!;
    expect(house.steward.wanted("main", QUEUE).get(channelId)?.position).toBe(1);
    await expect(
      house.steward.moveByHand({
        ...{ pbx: "main", queue: QUEUE, by: "olga" },
        ...{ channelId, position: 1 },
      }),
    ).rejects.toMatchObject({ code: "invalid" });
    expect(sent).toEqual([]);
  }, 60_000);
});
