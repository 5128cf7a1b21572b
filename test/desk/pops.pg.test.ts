/** The card before the call, from a queue event to the browser and into the ledger. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { House, addCustomer, addUsers } from "./desk-house.ts";
import { Caller } from "./scripted-pbx.ts";

let database: TestDatabase;
let house: House;

beforeAll(async () => {
  database = await testDatabase();
  await addUsers(database, { olga: "operator", ivan: "operator", petr: "operator" });
  await addCustomer(database, "Анна", ["+79130000001"], 3);
  house = await House.open({ storage: database });
});
afterAll(async () => {
  await house?.close();
  await database?.drop();
});

describe("a pop", () => {
  test("shows the customer's card when the operator's phone rings, and every stage is in the ledger", async () => {
    const olga = await house.seated("olga", "101");
    const caller = new Caller(house.pbx, "8 913 000-00-01");
    caller.arrive();
    await composed(caller);
    expect(olga.call(caller.callId), "not before the own phone rings").toBeUndefined();
    caller.ring("101");
    await olga.until(({ calls }) => calls.some(({ state }) => state === "ringing"));
    const call = olga.call(caller.callId);
    expect(call).toMatchObject({
      state: "ringing",
      queue: "sales",
      card: { outcome: "one", customer: { name: "Анна" }, totals: { count: 3 }, problems: [] },
    });
    expect(call?.card.orders).toHaveLength(3);
    caller.answer("101");
    await olga.until(({ calls }) => calls.some(({ state }) => state === "talking"));
    caller.hangUp([], ["101"]);
    await olga.until(({ calls }) => calls.some(({ state }) => state === "ended"));
    expect(olga.call(caller.callId)).toMatchObject({ needsWrapUp: true });

    const ringId = caller.ringId("101");
    await expect
      .poll(async () => {
        await house.desk.flush();
        const row = await popOf(ringId);
        return row?.painted_at;
      })
      .toBeInstanceOf(Date);
    const row = await popOf(ringId);
    expect(row).toMatchObject({ missed: "", outcome: "one", told_by: "agentCalled" });
    const times = [
      row?.joined_at,
      row?.identified_at,
      row?.composed_at,
      row?.rang_at,
      row?.sent_at,
      row?.received_at,
      row?.painted_at,
    ].map(Number);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });
});

/** Resolves when the caller's card is in memory. */
async function composed(caller: Caller): Promise<void> {
  await expect.poll(() => house.desk.isComposed(caller.callId), { interval: 2 }).toBe(true);
}

function popOf(ringId: string) {
  return database.db
    .selectFrom("pops")
    .selectAll()
    .where("ring_id", "=", ringId)
    .executeTakeFirst();
}
