/** Preferred operators on real Asterisk 22 and 16: a caller gets the operator they know when that one is free in time, else anyone, and is never lost. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { CallHistory } from "../../server/calls/history.ts";
import type { LiveCalls } from "../../server/calls/live.ts";
import { listCalls, findCall } from "../../server/calls/store.ts";
import { viewOf } from "../../server/desk/view.ts";
import { labStartMs } from "../support/lab.ts";
import { testDatabase } from "../support/postgres.ts";
import { type BeforeQueue, type Given, openBeforeQueue } from "./before-queue-house.ts";

const PREFERRED = "callcard-preferred";
const returning = "+79130000002";
const ordinary = "+79130000001";
const prefersBoris = (waitSeconds: number): Given => ({
  headStartMs: 14_000,
  preferred: { login: "boris", waitSeconds },
});

describe.each([
  { version: 22, files: "vanilla" },
  { version: 16, files: "freepbx" },
] as const)("a preferred operator, on Asterisk $version with the $files files", (setup) => {
  let house: BeforeQueue;
  beforeAll(async () => {
    house = await openBeforeQueue(setup);
  }, labStartMs);
  afterEach(async () => {
    await house.reset();
    for (const extension of ["101", "102", "103"]) await pause(extension, false);
    await membersAre([]);
  });
  afterAll(() => house.close());

  const call = (from: string) => house.lab.call({ from, to: "650" });
  const joined = () => house.joined.map(({ queue, number }) => `${queue} ${number}`);
  /** Who waits for their preferred operator: the queue they called, and that operator's extension. */
  const preferring = (calls: Pick<LiveCalls, "queues"> = house.calls) =>
    calls
      .queues("lab")
      .flatMap(({ name, preferring: them }) =>
        them.map(({ preferredExtension }) => `${name} ${preferredExtension}`),
      );
  /** Members of the queue as Asterisk lists them: name, penalty, paused. */
  async function members(): Promise<string[]> {
    const listed = await house.lab.cli(`queue show ${PREFERRED}`);
    return listed
      .split("\n")
      .filter((line) => line.includes("(dynamic)"))
      .map((line) => {
        const name = line.trim().split(" ")[0];
        const penalty = /penalty (\d+)/.exec(line)?.[1] ?? "0";
        return `${name} ${penalty}${line.includes("(paused") ? " paused" : ""}`;
      })
      .toSorted();
  }
  const membersAre = (expected: readonly string[]) =>
    expect.poll(members, { interval: 50 }).toEqual(expected);
  /** What an operator's pause is: in every queue at once. */
  async function pause(extension: string, paused: boolean): Promise<void> {
    const local = `Local/${extension}@from-queue`;
    for (const device of [`PJSIP/${extension}`, local, `${local}/n`])
      await house.lab.ami().tryAction("QueuePause", { Interface: device, Paused: String(paused) });
  }
  async function seatAnnaAndBoris(): Promise<void> {
    house.sitting.push({ login: "anna", pbx: "lab", extension: "101" });
    house.sitting.push({ login: "boris", pbx: "lab", extension: "102" });
    await membersAre(["callcard:anna 1", "callcard:boris 2"]);
  }
  /** Until the dialplan would be told so. */
  const deviceIs = (extension: string, state: string) =>
    expect
      .poll(
        () =>
          house.calls.extensions("lab").find((one) => one.extension === extension)?.members[0]
            ?.status,
      )
      .toBe(state);

  test("a free one is rung although another has been idle for longer and is tried first in the queue", async () => {
    const anna = await house.lab.phone("101");
    const boris = await house.lab.phone("102", { answerAfterMs: 100 });
    await seatAnnaAndBoris();
    await deviceIs("102", "notInUse");
    house.customers.set(returning, prefersBoris(10));
    const caller = await call(returning);
    await boris.answered();
    expect(joined()).toEqual([`${PREFERRED} ${returning}`]);
    await caller.hangUp();
    await boris.saw("other side hung up");
    expect(anna.events).toEqual([]);
  });

  test("the operator's card and the history name the queue that was called, and count all the waiting", async () => {
    const database = await testDatabase();
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const history = new CallHistory({
      ...{ db: database.db, calls: house.calls, log },
      ...{ customerOf: () => null, e164Of: (number) => number },
    });
    const cards: string[] = [];
    const stop = house.calls.onFact((fact) => {
      if (fact.type !== "ringStarted") return;
      const card = viewOf(fact.call, fact.ring.extension, String)!;
      const waitedMs = fact.atMs - card.joinedAtMs!;
      cards.push(`${fact.ring.extension} ${card.queue} ${fact.ring.queue} ${waitedMs > 1900}`);
    });
    const anna = await house.lab.phone("101", { answerAfterMs: 300 });
    const boris = await house.lab.phone("102", { answerAfterMs: "never" });
    await seatAnnaAndBoris();
    await deviceIs("102", "notInUse");
    house.customers.set(returning, prefersBoris(2));
    const caller = await call(returning);
    await boris.ringing();
    await expect.poll(() => preferring()).toEqual(["600 102"]);
    await anna.answered();
    await expect.poll(() => preferring()).toEqual([]);
    await caller.hangUp();
    await anna.saw("other side hung up");
    await expect.poll(() => house.calls.calls()).toEqual([]);
    await history.flush();
    expect(cards).toEqual(["102 600 600 false", "101 600 600 true"]);
    const { calls } = await listCalls(database.db, { queue: "600" }, { limit: 10 });
    expect(calls).toMatchObject([{ partyE164: returning, queues: ["600"] }]);
    expect(calls[0]!.waitMs).toBeGreaterThan(1900);
    const { detail } = (await findCall(database.db, calls[0]!.id))!;
    expect(detail.visits).toMatchObject([
      { queue: "600", preferredExtension: "102", position: 0, how: "timeout" },
      { queue: "600", position: 1, how: "answered" },
    ]);
    expect(detail.talks).toMatchObject([{ extension: "101", queue: "600" }]);
    expect(JSON.stringify(detail)).not.toContain(PREFERRED);
    stop();
    await history.close();
    await database.drop();
  });

  test("who starts to listen while a caller waits there learns the queue that was called", async () => {
    await house.lab.phone("102", { answerAfterMs: "never" });
    house.sitting.push({ login: "boris", pbx: "lab", extension: "102" });
    await membersAre(["callcard:boris 1"]);
    await deviceIs("102", "notInUse");
    house.customers.set(returning, prefersBoris(30));
    const caller = await call(returning);
    await expect.poll(() => preferring()).toEqual(["600 102"]);
    const [later, end] = await house.another();
    expect(preferring(later)).toEqual(["600 102"]);
    expect(later.calls().map(({ rings }) => rings.map(({ queue }) => queue))).toEqual([["600"]]);
    end();
    await caller.hangUp();
  });

  test("a busy one is waited for, and gets the caller when free within the limit", async () => {
    await house.lab.phone("101", { answerAfterMs: "never" });
    const boris = await house.lab.phone("102", { answerAfterMs: 50 });
    await seatAnnaAndBoris();
    const talk = await house.lab.dial({ from: "102", to: "700" });
    await deviceIs("102", "inUse");
    house.customers.set(returning, prefersBoris(20));
    await call(returning);
    await expect.poll(joined).toEqual([`${PREFERRED} ${returning}`]);
    await talk.hangUp();
    await boris.answered();
    expect(joined()).toEqual([`${PREFERRED} ${returning}`]);
    expect(house.rung).toHaveLength(1);
  });

  test("when a busy one is not free in time anyone is rung; the caller keeps priority and place", async () => {
    const anna = await house.lab.phone("101", { answerAfterMs: "never" });
    await house.lab.phone("102", { answerAfterMs: "never" });
    await seatAnnaAndBoris();
    await house.lab.dial({ from: "102", to: "700" });
    await deviceIs("102", "inUse");
    house.customers.set(returning, prefersBoris(3));
    // Who waits before them stays before them; who comes meanwhile is after them.
    house.customers.set(ordinary, { headStartMs: 14_000 });
    await call(ordinary);
    await anna.ringing();
    await call(returning);
    await expect.poll(joined).toContain(`${PREFERRED} ${returning}`);
    house.customers.set("+79130000003", { headStartMs: 14_000 });
    await call("+79130000003");
    await expect.poll(joined).toContain("600 +79130000003");
    await expect.poll(joined).toContain(`600 ${returning}`);
    expect(await house.line("600")).toEqual([
      { number: ordinary, priority: 14 },
      { number: returning, priority: 14 },
      { number: "+79130000003", priority: 14 },
    ]);
    const { channel } = house.joined.find(({ number }) => number === returning)!;
    for (const name of ["QUEUE_MIN_PENALTY", "QUEUE_MAX_PENALTY"])
      expect(await house.variable(channel, name)).toBe("");
    expect(house.rung.filter((one) => one.startsWith(PREFERRED))).toEqual([]);
  });

  test("one who does not answer in time is not rung for ever: anyone is", async () => {
    const anna = await house.lab.phone("101", { answerAfterMs: 50 });
    const boris = await house.lab.phone("102", { answerAfterMs: "never" });
    await seatAnnaAndBoris();
    await deviceIs("102", "notInUse");
    const left: string[] = [];
    const stop = house.calls.onFact((fact) => {
      if (fact.type !== "queueLeft") return;
      const { queue, preferredExtension, how } = fact.visit;
      left.push(`${queue} ${preferredExtension ?? "line"} ${how}`);
    });
    house.customers.set(returning, prefersBoris(2));
    await call(returning);
    await boris.ringing();
    await anna.answered();
    expect(joined()).toEqual([`${PREFERRED} ${returning}`, `600 ${returning}`]);
    await expect.poll(() => left).toEqual(["600 102 timeout", "600 line answered"]);
    stop();
  });

  test("a paused one is not waited for, whether Callcard or Asterisk knows it first", async () => {
    await house.lab.phone("101");
    await house.lab.phone("102");
    await seatAnnaAndBoris();
    await pause("102", true);
    await membersAre(["callcard:anna 1", "callcard:boris 2 paused"]);
    house.customers.set(returning, prefersBoris(20));
    await call(returning);
    await expect.poll(joined).toEqual([`600 ${returning}`]);
    // Told of Boris all the same, as by a server that has not heard of the pause.
    house.double.mode = {
      kind: "body",
      body: "ok|priority=14|preferred=102|penalty=2|seconds=20|free=1|end\n",
    };
    await call(ordinary);
    await expect.poll(joined).toEqual([`600 ${returning}`, `600 ${ordinary}`]);
    expect(Math.max(...house.joined.map((one) => one.afterMs))).toBeLessThan(5000);
  });

  test("one who takes a pause while the caller waits for them lets the caller go on at once", async () => {
    await house.lab.phone("101", { answerAfterMs: "never" });
    await house.lab.phone("102", { answerAfterMs: "never" });
    await seatAnnaAndBoris();
    await house.lab.dial({ from: "102", to: "700" });
    await deviceIs("102", "inUse");
    house.customers.set(returning, prefersBoris(60));
    await call(returning);
    await expect.poll(joined).toEqual([`${PREFERRED} ${returning}`]);
    await pause("102", true);
    await expect.poll(joined).toEqual([`${PREFERRED} ${returning}`, `600 ${returning}`]);
  });

  test("a caller who hangs up meanwhile is one who got nobody", async () => {
    const lost: string[] = [];
    const stop = house.calls.onFact((fact) => {
      if (fact.type === "callEnded")
        lost.push(...fact.call.visits.map(({ queue, how }) => `${queue} ${how}`));
    });
    await house.lab.phone("102", { answerAfterMs: "never" });
    house.sitting.push({ login: "boris", pbx: "lab", extension: "102" });
    await membersAre(["callcard:boris 1"]);
    await deviceIs("102", "notInUse");
    house.customers.set(returning, prefersBoris(20));
    const caller = await call(returning);
    await expect.poll(() => house.rung).toEqual([`${PREFERRED} PJSIP/102`]);
    await caller.hangUp();
    await expect.poll(() => house.abandoned).toEqual([PREFERRED]);
    await expect.poll(() => lost).toEqual(["600 abandoned"]);
    stop();
    expect(joined()).toEqual([`${PREFERRED} ${returning}`]);
  });

  test("a caller who waits for a busy one does not stand before another whose operator is free", async () => {
    const anna = await house.lab.phone("101", { answerAfterMs: 50 });
    await house.lab.phone("102", { answerAfterMs: "never" });
    await seatAnnaAndBoris();
    await house.lab.dial({ from: "102", to: "700" });
    await deviceIs("102", "inUse");
    house.customers.set(returning, prefersBoris(30));
    await call(returning);
    await expect.poll(joined).toEqual([`${PREFERRED} ${returning}`]);
    house.customers.set(ordinary, { preferred: { login: "anna", waitSeconds: 10 } });
    await call(ordinary);
    await anna.answered();
    expect(joined()).toEqual([`${PREFERRED} ${returning}`, `${PREFERRED} ${ordinary}`]);
  });

  test("members follow who sits where and outlive a restart of Callcard; members of others are left alone", async () => {
    const ami = house.lab.ami();
    await ami.action("QueueAdd", {
      ...{ Queue: PREFERRED, Interface: "PJSIP/103", MemberName: "Somebody", Penalty: "1" },
    });
    house.sitting.push({ login: "anna", pbx: "lab", extension: "101" });
    await membersAre(["Somebody 1", "callcard:anna 2"]);
    house.sitting.push({ login: "boris", pbx: "lab", extension: "102" });
    await membersAre(["Somebody 1", "callcard:anna 2", "callcard:boris 3"]);
    house.restartKeeper();
    house.sitting.splice(0, 1);
    await membersAre(["Somebody 1", "callcard:boris 3"]);
    // A restarted PBX has forgotten its members.
    await house.lab.restart();
    await membersAre(["callcard:boris 1"]);
    await ami
      .tryAction("QueueRemove", { Queue: PREFERRED, Interface: "PJSIP/103" })
      .catch(() => []);
  });
});
