/** What queue priority says of a caller, on the screen of the operator whose phone rings. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CallPriority } from "../../server/desk/protocol.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { House, addCustomer, addUsers } from "./desk-house.ts";
import { Caller } from "./scripted-pbx.ts";

const ANNA = "+79130000001";
const GOLD: CallPriority = {
  ruleName: "Gold first",
  message: "Thank them",
  moved: null,
  skipQuestions: false,
};

let database: TestDatabase;
let house: House;
let priority: CallPriority | null = null;

beforeAll(async () => {
  database = await testDatabase();
  await addUsers(database, { olga: "operator" });
  await addCustomer(database, "Анна", [ANNA]);
  house = await House.open({
    storage: database,
    // As the policy keeps it: every answer is put together anew.
    priority: {
      ofCall: () => structuredClone(priority),
      customerChosen: () => {},
      seatsChanged: () => {},
    },
  });
});
afterAll(async () => {
  await house?.close();
  await database?.drop();
});

test("is told when it changed, and not when a new judgement says the same", async () => {
  priority = GOLD;
  const olga = await house.seated("olga", "101");
  const caller = new Caller(house.pbx, ANNA);
  caller.arrive();
  caller.ring("101");
  const { callId } = caller;
  const call = await olga.untilCall(
    callId,
    ({ card }) => card.outcome === "one" && card.problems.length === 0,
  );
  expect(call.priority).toEqual(GOLD);
  const changesOfCall = () =>
    olga.changes.filter((one) => one.kind === "call" && one.call.callId === callId).length;

  const before = changesOfCall();
  house.desk.priorityChanged(callId);
  house.desk.priorityChanged(callId);
  priority = { ...GOLD, moved: { from: 4, to: 1 } };
  house.desk.priorityChanged(callId);
  await olga.untilCall(callId, (one) => one.priority?.moved?.from === 4);
  expect(changesOfCall()).toBe(before + 1);

  priority = null;
  house.desk.priorityChanged(callId);
  await olga.untilCall(callId, (one) => one.priority === null);
  expect(changesOfCall()).toBe(before + 2);
  caller.hangUp(["101"]);
});
