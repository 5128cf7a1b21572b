/** The card before the call, from a queue event to the browser and into the ledger. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Missed, missedReasons } from "../../server/desk/pop.ts";
import type { PopRow } from "../../server/desk/pop-rows.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { House, addCustomer, addUsers } from "./desk-house.ts";
import { Caller } from "./scripted-pbx.ts";

const DOWN = "+79130000666";
const NEVER = "+79130000777";

let database: TestDatabase;
let house: House;

beforeAll(async () => {
  database = await testDatabase();
  await addUsers(database, { olga: "operator", ivan: "operator", petr: "operator" });
  await addCustomer(database, "Анна", ["+79130000001"], 3);
  house = await House.open({
    storage: database,
    directory: (real) => ({
      ...real,
      identify: async (number) => {
        if (number === DOWN) throw new Error("the directory is down");
        if (number === NEVER) return new Promise(() => {});
        return real.identify(number);
      },
    }),
  });
});
afterEach(() => house.leave());
afterAll(async () => {
  await house?.close();
  await database?.drop();
});

describe("a pop", () => {
  test("shows the customer's card when the operator's phone rings, and every stage is in the ledger", async () => {
    const olga = await house.seated("olga", "101");
    const heard: PopRow[] = [];
    const stop = house.desk.onPop((pop) => void heard.push(pop));
    const caller = new Caller(house.pbx, "8 913 000-00-01");
    caller.arrive();
    await composed(caller);
    expect(olga.call(caller.callId), "not before the own phone rings").toBeUndefined();
    caller.ring("101");
    const call = await olga.untilCall(
      caller.callId,
      ({ state, card }) => state === "ringing" && card.problems.length === 0,
    );
    expect(call).toMatchObject({
      state: "ringing",
      queue: "sales",
      card: { outcome: "one", customer: { name: "Анна" }, totals: { count: 3 }, problems: [] },
    });
    expect(call.card.orders).toHaveLength(3);
    caller.answer("101");
    await olga.untilCall(caller.callId, ({ state }) => state === "talking");
    caller.hangUp([], ["101"]);
    await olga.untilCall(caller.callId, ({ state }) => state === "ended");
    expect(olga.call(caller.callId)).toMatchObject({ needsWrapUp: true });

    const row = await popWhen(caller.ringId("101"), ({ painted_at }) => painted_at !== null);
    expect(row).toMatchObject({ missed: "", outcome: "one", told_by: "agentCalled" });
    const times = [
      row.joined_at,
      row.identified_at,
      row.composed_at,
      row.rang_at,
      row.sent_at,
      row.received_at,
      row.painted_at,
    ].map(Number);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(heard.at(-1)).toMatchObject({ ringId: caller.ringId("101"), missed: "" });
    stop();
  });

  test("of a phone that rings before the card is ready is sent at once, and the card follows", async () => {
    const olga = await house.seated("olga", "101");
    const caller = new Caller(house.pbx, "+79130000001");
    caller.arrive();
    caller.ring("101");
    await olga.untilCall(caller.callId, ({ card }) => card.customer?.name === "Анна");
    const outcomes = olga.changes.flatMap((change) =>
      change.kind === "call" && change.call.callId === caller.callId
        ? [change.call.card.outcome]
        : [],
    );
    expect(outcomes).toEqual(["pending", "one"]);
    const row = await popWhen(caller.ringId("101"), ({ painted_at }) => painted_at !== null);
    expect(row.missed).toBe("");
    expect(Number(row.sent_at)).toBeLessThanOrEqual(Number(row.composed_at));
    expect(Number(row.painted_at)).toBeGreaterThanOrEqual(Number(row.composed_at));
    caller.hangUp(["101"]);
  });

  test("goes to every phone of a ringall and to nobody else", async () => {
    const [olga, ivan, petr] = await Promise.all([
      house.seated("olga", "101"),
      house.seated("ivan", "102"),
      house.seated("petr", "103"),
    ]);
    const caller = new Caller(house.pbx, "+79130000001");
    caller.arrive();
    caller.ring("101");
    caller.ring("102");
    await Promise.all(
      [olga, ivan].map((one) => one.until(({ presence }) => presence.state === "ringing")),
    );
    caller.answer("102", ["101"]);
    await olga.untilCall(caller.callId, ({ state }) => state === "elsewhere");
    expect(olga.call(caller.callId)?.left).toEqual({ how: "answeredElsewhere", byName: "IVAN" });
    await ivan.until(({ presence }) => presence.state === "talking");
    caller.hangUp([], ["102"]);
    await ivan.untilCall(caller.callId, ({ state }) => state === "ended");
    expect(petr.changes.some((change) => change.kind === "call")).toBe(false);
  });
});

describe("a missed pop has its reason:", () => {
  /** One caller who rings one phone for a moment. @returns what the ledger says in the end. */
  async function missedWhen(extension: string, number: string, wait = true): Promise<string> {
    const caller = new Caller(house.pbx, number);
    caller.arrive();
    if (wait) await composed(caller);
    caller.ring(extension);
    // What is sent now must have had its chance to be acknowledged and painted.
    await new Promise((resolve) => setTimeout(resolve, wait ? 100 : 0));
    caller.hangUp([extension]);
    house.later(6000);
    const row = await popWhen(caller.ringId(extension), ({ missed }) => missed !== "");
    return row.missed;
  }

  test("noOperator: nobody has that device", async () => {
    expect(await missedWhen("104", "+79130000001")).toBe("noOperator" satisfies Missed);
  });

  test("notConnected: the operator has no screen open", async () => {
    const olga = await house.seated("olga", "101");
    expect(olga.state?.presence.device?.extension).toBe("101");
    await house.leave();
    expect(await missedWhen("101", "+79130000001")).toBe("notConnected");
  });

  test("identificationFailed: the directory did not answer", async () => {
    await house.seated("olga", "101");
    expect(await missedWhen("101", DOWN)).toBe("identificationFailed");
  });

  test("cardLate: it rang no more when the card came", async () => {
    const olga = await house.seated("olga", "101");
    const caller = new Caller(house.pbx, NEVER);
    caller.arrive();
    caller.ring("101");
    await olga.untilCall(caller.callId, ({ state }) => state === "ringing");
    expect(olga.call(caller.callId)?.card.outcome).toBe("pending");
    caller.hangUp(["101"]);
    const row = await popWhen(caller.ringId("101"), ({ missed }) => missed !== "");
    expect(row.missed).toBe("cardLate");
  });

  test.each([
    ["browserGone", "silent"],
    ["notPainted", "receives"],
    ["tabHidden", "hidden"],
  ] as const)("%s: the browser is %s", async (missed, behaviour) => {
    const olga = await house.seated("olga", "101");
    olga.behaviour = behaviour;
    expect(await missedWhen("101", "+79130000001")).toBe(missed);
  });

  test("and is counted by it, beside the histograms of the stages", async () => {
    await expect
      .poll(async () => {
        const text = await house.registry.metrics();
        return missedReasons.filter(
          (reason) =>
            !new RegExp(`callcard_pops_missed_total{reason="${reason}"} [1-9]`).test(text),
        );
      })
      .toEqual([]);
    const text = await house.registry.metrics();
    for (const stage of [
      "joined_to_identified",
      "identified_to_composed",
      "rang_to_sent",
      "sent_to_received",
      "received_to_painted",
      "rang_to_painted",
    ])
      expect(text).toMatch(new RegExp(`callcard_pop_${stage}_seconds_count [1-9]`));
  });
});

/** Resolves when the caller's card is in memory. */
async function composed(caller: Caller): Promise<void> {
  await expect.poll(() => house.desk.isComposed(caller.callId), { interval: 2 }).toBe(true);
}

/** The ledger's row once it is as wanted. */
async function popWhen(ringId: string, wanted: (row: Row) => boolean): Promise<Row> {
  const endsAtMs = Date.now() + 15_000;
  for (;;) {
    await house.written();
    const row = await database.db
      .selectFrom("pops")
      .selectAll()
      .where("ring_id", "=", ringId)
      .executeTakeFirst();
    if (row !== undefined && wanted(row)) return row;
    if (Date.now() > endsAtMs) throw new Error(`never came: ${JSON.stringify(row)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
type Row = {
  missed: string;
  outcome: string;
  told_by: string;
  joined_at: Date | null;
  identified_at: Date | null;
  composed_at: Date | null;
  rang_at: Date;
  sent_at: Date | null;
  received_at: Date | null;
  painted_at: Date | null;
};
