import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AsteriskTelephone } from "../../server/campaigns/dialler/telephone.ts";
import { type SimulatedPbx, startSimulatedPbx } from "../../server/demo/pbx/simulated-pbx.ts";
import { aDialling, campaign } from "../campaigns/samples.ts";
import {
  type StewardHouse,
  NO_GUARD,
  openStewardHouse,
  policyOf,
} from "../support/steward-house.ts";

let pbx: SimulatedPbx;
let house: StewardHouse;
/** Gold callers pass everybody plain; silver ones a little. */
const gold = { rate: 1, headStartMs: 600_000 };
const silver = { rate: 1, headStartMs: 300_000 };

beforeEach(async () => {
  pbx = await startSimulatedPbx({
    queues: ["sales", "support"].map((name) => ({
      name,
      strategy: "linear" as const,
      members: [{ interface: "PJSIP/101", name: "Anna" }],
    })),
    phones: { do: "answer", afterMs: 300, talkMs: 60_000 },
    outside: { do: "answer", afterMs: 20 },
  });
  pbx.setRegistered("101", false);
});
afterEach(async () => {
  await house.close();
  await pbx.stop();
});

const open = async (options: Partial<Parameters<typeof openStewardHouse>[0]> = {}) => {
  house = await openStewardHouse({
    endpoint: pbx,
    claims: new Map([
      ["71", gold],
      ["72", gold],
      ["81", silver],
      ["82", silver],
    ]),
    tuning: { readBackMs: 20, readBackGapMs: 50 },
    ...options,
  });
  return house;
};
const join = (number: string, priority = 0, to = "sales") =>
  pbx.placeCall({ number, to, priority });
const joinAll = (...numbers: readonly string[]) => numbers.map((number) => join(number));
/** All that the steward has to do is done. */
const settled = async (queue = "sales", callers = 0) => {
  await vi.waitFor(() => expect(house.calls.queue("main", queue)?.callers.length).toBe(callers));
  for (let made = -1; made !== house.steward.counters().moves; await sleep(120))
    made = house.steward.counters().moves;
};

describe("the steward", () => {
  test("puts a favoured caller before those they pass", async () => {
    await open();
    joinAll("91", "92", "71", "93", "81");
    await house.stands("sales", "71 81 91 92 93");
  });

  test("moves nobody while nobody passes anybody", async () => {
    await open();
    joinAll("71", "81", "91", "92");
    await settled("sales", 4);
    expect(house.steward.counters().moves).toBe(0);
    expect(await house.order("sales")).toEqual(["71", "81", "91", "92"]);
  });

  test("moves when it becomes known who calls", async () => {
    await open();
    joinAll("91", "92", "93");
    await settled("sales", 3);
    house.claims.set("93", gold);
    house.judge("93");
    await house.stands("sales", "93 91 92");
  });

  test("moves when one claim overtakes another, though nothing happens", async () => {
    await open({
      claims: new Map([["77", { rate: 20, headStartMs: -1000 }]]),
      tuning: { overtakingMs: 20 },
    });
    joinAll("91", "77");
    await settled("sales", 2);
    await house.stands("sales", "77 91");
  });

  test("moves after another policy was published, and leaves alone what it leaves alone", async () => {
    await open({ policy: policyOf({ queues: ["support"] }) });
    joinAll("91", "71");
    join("91", 0, "support");
    join("72", 0, "support");
    await house.stands("support", "72 91");
    expect(await house.order("sales")).toEqual(["91", "71"]);
    expect(house.steward.notMoved("main", "sales")).toBe("notInPolicy");
    house.publish(policyOf());
    await house.stands("sales", "71 91");
    expect(house.steward.notMoved("main", "sales")).toBe("");
  });

  test("a queue the policy lets go of is first come, first served again, and then left alone", async () => {
    await open();
    joinAll("91", "71", "92", "72");
    await house.stands("sales", "71 72 91 92");
    house.publish(policyOf({ rules: [] }));
    await house.stands("sales", "91 71 92 72");
    await settled("sales", 4);
    const { moves } = house.steward.counters();
    join("81");
    await settled("sales", 5);
    expect(await house.order("sales")).toEqual(["91", "71", "92", "72", "81"]);
    expect(house.steward.counters().moves).toBe(moves);
  });

  test("does not touch priorities of others while no rule is on", async () => {
    await open({ policy: policyOf({ rules: [] }) });
    join("91");
    join("92", 5);
    join("71");
    await settled("sales", 3);
    expect(await house.order("sales")).toEqual(["92", "91", "71"]);
    expect(pbx.counters().actions).toBeLessThan(20);
    expect(house.steward.counters().moves).toBe(0);
  });

  test("starts from priorities that others gave", async () => {
    await open();
    join("91");
    join("92", 5);
    join("71", 2);
    join("93");
    await house.stands("sales", "71 91 92 93");
  });

  test("puts right what somebody changed on the console, once it reads it", async () => {
    await open();
    joinAll("91", "92", "71");
    await house.stands("sales", "71 91 92");
    await settled("sales", 3);
    const [, , last] = await house.line("sales");
    const action = { Queue: "sales", Caller: last!.channelName, Priority: "2000000000" };
    await house.link.action("QueueChangePriorityCaller", { ...action, Immediate: "true" });
    expect(await house.order("sales")).toEqual(["92", "71", "91"]);
    join("72");
    await house.stands("sales", "71 72 91 92");
  });

  test("does not move who rings", async () => {
    await open();
    pbx.setPhone("101", { do: "ignore" });
    pbx.setRegistered("101", true);
    joinAll("91", "92");
    await vi.waitFor(() =>
      expect(house.calls.calls().some((call) => call.state === "ringing")).toBe(true),
    );
    join("71");
    // 71 comes before 92; that they now also stand before the one whose phone rings changes nothing for that one.
    await vi.waitFor(() => expect(house.steward.counters().moves).toBe(1));
    const [ringing] = house.calls.calls().filter(({ party }) => party.number === "91");
    await settled("sales", 3);
    expect(house.moves.map(({ callId }) => callId)).not.toContain(ringing!.id);
    expect((await house.order("sales")).filter((number) => number !== "91")).toEqual(["71", "92"]);
  });

  test("leaves whom a campaign called before everybody else", async () => {
    await open();
    joinAll("91", "71", "92");
    await house.stands("sales", "71 91 92");
    const telephone = new AsteriskTelephone({ pbx: house.link, calls: house.calls, region: "RU" });
    telephone.open();
    try {
      // Whoever gets no operator in time hears a message; this one waits.
      const patient = { ...campaign().abandonment, connectWithinMs: 60_000 };
      const settings = campaign({ queue: "sales", ringSeconds: 15, abandonment: patient });
      await telephone.dial(aDialling("cc-a", "+79130000009", settings));
      await house.stands("sales", "+79130000009 71 91 92", 5000);
      join("72");
      await house.stands("sales", "+79130000009 71 72 91 92");
    } finally {
      telephone.close();
    }
  });

  test("bears callers that leave meanwhile", async () => {
    await open();
    const callers = joinAll(...Array.from({ length: 30 }, (_, at) => String(910 + at)));
    await settled("sales", 30);
    for (const number of ["910", "920", "929"]) house.claims.set(number, silver);
    for (const number of ["925", "928"]) house.claims.set(number, gold);
    for (const [at, caller] of callers.entries()) {
      if (at % 3 === 0) caller.hangUp();
      house.judge(String(910 + at));
    }
    const left = callers.flatMap((_, at) => (at % 3 === 0 ? [] : [String(910 + at)]));
    const claim = (number: string) => house.claims.get(number)?.headStartMs ?? 0;
    await house.stands("sales", left.toSorted((a, b) => claim(b) - claim(a)).join(" "));
    expect(house.steward.counters().failed).toEqual({});
  });

  test("keeps the promise of the guard", async () => {
    const guard = { ...NO_GUARD, neverPassedAfterSeconds: 1 };
    await open({ policy: policyOf({ guard }), tuning: { overtakingMs: 20 } });
    joinAll("91");
    await settled("sales", 1);
    join("71");
    await house.stands("sales", "71 91");
    await sleep(1000);
    await house.stands("sales", "91 71");
    expect(
      house.steward.wanted("main", "sales").get((await house.line("sales"))[0]!.channelId),
    ).toEqual({ position: 1, policyPosition: 1, guard: "passed", movedBy: "" });
  });

  test("records every move with the place read back, and why everybody stood where they stood", async () => {
    await open();
    joinAll("91", "92", "71");
    await house.stands("sales", "71 91 92");
    await vi.waitFor(() => expect(house.moves).toHaveLength(1));
    const [call] = house.calls.calls().filter(({ party }) => party.number === "71");
    expect(house.moves[0]).toMatchObject({
      ...{ callId: call!.id, pbx: "main", queue: "sales", by: "policy", policyVersion: 1 },
      ...{ fromPosition: 3, toPosition: 1, fromPriority: 0 },
    });
    const why = house.steward.why("main", "sales", call!.id, () => "x");
    expect(why).toMatchObject({ position: 1, rule: { id: "r1" }, ahead: null, guard: "" });
    expect(why?.moves).toMatchObject([{ by: "policy", fromPosition: 3, toPosition: 1 }]);
    pbx.setRegistered("101", true);
    await vi.waitFor(() =>
      expect(house.placements).toContainEqual(
        expect.objectContaining({ callId: call!.id, rate: 1, headStartMs: 600_000 }),
      ),
    );
  });
});

describe("by hand", () => {
  const channel = async (number: string) => {
    const at = (await house.order("sales")).indexOf(number);
    return (await house.line("sales"))[at]!.channelId;
  };
  const put = async (number: string, position: number) =>
    house.steward.moveByHand({
      ...{ pbx: "main", queue: "sales", by: "olga" },
      ...{ channelId: await channel(number), position },
    });

  test("a caller stands where they were put until given back", async () => {
    await open();
    joinAll("91", "92", "93", "71");
    await house.stands("sales", "71 91 92 93");
    await put("93", 2);
    expect(await house.order("sales")).toEqual(["71", "93", "91", "92"]);
    join("72");
    await house.stands("sales", "71 93 72 91 92");
    const id = await channel("93");
    const placed = house.steward.wanted("main", "sales").get(id);
    expect(placed).toMatchObject({ movedBy: "olga", position: 2, policyPosition: 5 });
    await put("93", 0);
    expect(await house.order("sales")).toEqual(["71", "72", "91", "92", "93"]);
    await vi.waitFor(() => expect(house.moves.map(({ by }) => by)).toContain("olga"));
  });

  test("works in a queue the policy leaves alone", async () => {
    await open({ policy: policyOf({ rules: [] }) });
    joinAll("91", "92", "71");
    await settled("sales", 3);
    await put("71", 2);
    expect(await house.order("sales")).toEqual(["91", "71", "92"]);
    joinAll("72");
    await settled("sales", 4);
    expect(await house.order("sales")).toEqual(["91", "71", "92", "72"]);
    const placed = house.steward.wanted("main", "sales").get(await channel("71"));
    expect(placed).toMatchObject({ position: 2, policyPosition: 3 });
    await put("71", 0);
    expect(await house.order("sales")).toEqual(["91", "92", "71", "72"]);
  });

  test("moves up as those before them are gone", async () => {
    await open();
    const [first] = joinAll("91", "92", "93");
    await settled("sales", 3);
    await put("93", 2);
    first!.hangUp();
    await settled("sales", 2);
    joinAll("71", "72");
    await house.stands("sales", "93 71 72 92");
  });

  test("is refused for who is not there", async () => {
    await open();
    joinAll("91");
    await settled("sales", 1);
    const move = { pbx: "main", queue: "sales", channelId: "1.1", position: 1, by: "olga" };
    await expect(house.steward.moveByHand(move)).rejects.toMatchObject({ code: "refused" });
    await expect(house.steward.moveByHand({ ...move, pbx: "x" })).rejects.toMatchObject({
      code: "disconnected",
    });
  });
});

describe("after a break", () => {
  test("a new steward finds everybody where they are and moves whom it must", async () => {
    await open();
    joinAll("91", "92", "71");
    await house.stands("sales", "71 91 92");
    await house.close();
    joinAll("93", "81");
    await open();
    await house.stands("sales", "71 81 91 92 93");
    expect(house.steward.counters().moves).toBeLessThanOrEqual(2);
  });

  test("nobody is moved before it is known who those found waiting are", async () => {
    joinAll("91", "71", "92");
    await sleep(700);
    await open({ claims: new Map([["71", null]]), tuning: { holdMs: 400 } });
    await sleep(200);
    expect(house.steward.counters().moves).toBe(0);
    house.claims.set("71", gold);
    house.judge("71");
    await house.stands("sales", "71 91 92");
    expect(house.steward.counters().moves).toBe(1);
  });

  test("goes on when the connection comes back, moving nobody twice", async () => {
    await open();
    joinAll("91", "92", "71");
    await house.stands("sales", "71 91 92");
    pbx.cutConnections();
    joinAll("93", "81");
    await vi.waitFor(() => expect(house.link.status().state).not.toBe("up"));
    expect(house.steward.notMoved("main", "sales")).toBe("pbxDown");
    while (house.link.status().state !== "up") await sleep(20);
    await house.stands("sales", "71 81 91 92 93");
    await vi.waitFor(() => expect(house.moves.map(({ callId }) => callId)).toHaveLength(2));
    expect(new Set(house.moves.map(({ callId }) => callId)).size).toBe(2);
  });
});
