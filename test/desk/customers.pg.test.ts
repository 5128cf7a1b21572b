/** Who is it? Several, none, another: what an operator says is remembered and the card follows. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { type Client, House, addCustomer, addUsers } from "./desk-house.ts";
import { Caller } from "./scripted-pbx.ts";

let database: TestDatabase;
let house: House;
let olga: Client;

beforeAll(async () => {
  database = await testDatabase();
  await addUsers(database, { olga: "operator", ivan: "operator" });
  house = await House.open({ storage: database });
});
afterEach(() => house.leave());
afterAll(async () => {
  await house?.close();
  await database?.drop();
});

async function callFrom(number: string): Promise<Caller> {
  olga = await house.seated("olga", "101");
  const caller = new Caller(house.pbx, number);
  caller.arrive();
  caller.ring("101");
  await olga.untilCall(caller.callId, ({ card }) => card.outcome !== "pending");
  return caller;
}

describe("an operator", () => {
  test("chooses one of several, and the next call from that phone knows it, as unverified", async () => {
    await addCustomer(database, "Мать", ["+79130000010"]);
    const son = await addCustomer(database, "Сын", ["+79130000010"], 2);
    const first = await callFrom("+79130000010");
    const { card } = olga.call(first.callId)!;
    expect(card.outcome).toBe("several");
    expect(card.candidates.map(({ customer }) => customer.name).sort()).toEqual(["Мать", "Сын"]);
    const choice = { callId: first.callId, customerId: son };
    expect(await olga.ask("chooseCustomer", choice)).toEqual({ ok: true });
    const chosen = await olga.untilCall(first.callId, ({ card }) => card.customer !== null);
    expect(chosen.card).toMatchObject({
      outcome: "one",
      customer: { name: "Сын" },
      verified: false,
      totals: { count: 2 },
    });
    first.hangUp(["101"]);
    const second = await callFrom("+79130000010");
    const again = olga.call(second.callId)!.card;
    const name = again.customer?.name ?? again.candidates[0]?.customer.name;
    expect(name).toBe("Сын");
    second.hangUp(["101"]);
  });

  test("creates a customer for an unknown number", async () => {
    const caller = await callFrom("8 913 000 00 20");
    expect(olga.call(caller.callId)?.card).toMatchObject({
      outcome: "none",
      phone: { e164: "+79130000020" },
    });
    const reply = await olga.ask("createCustomer", { callId: caller.callId, name: " Вера " });
    expect(reply.ok).toBe(true);
    const call = await olga.untilCall(caller.callId, ({ card }) => card.customer !== null);
    expect(call.card.customer).toMatchObject({
      id: reply.ok ? reply.customerId : "",
      name: "Вера",
    });
    caller.hangUp(["101"]);
    const again = await callFrom("+79130000020");
    expect(olga.call(again.callId)?.card.customer?.name).toBe("Вера");
    again.hangUp(["101"]);
  });

  test("finds a customer by name and attaches the unknown number to it", async () => {
    const customerId = await addCustomer(database, "Глеб Жуков", ["+79130000031"]);
    const caller = await callFrom("+79130000030");
    const found = await olga.ask("searchCustomers", { text: "глеб" });
    expect(found.ok && found.customers.map(({ id }) => id)).toContain(customerId);
    const { callId } = caller;
    expect(await olga.ask("chooseCustomer", { callId, customerId })).toEqual({ ok: true });
    await olga.untilCall(callId, ({ card }) => card.customer?.name === "Глеб Жуков");
    caller.hangUp(["101"]);
    const again = await callFrom("+79130000030");
    expect(olga.call(again.callId)?.card.customer?.name).toBe("Глеб Жуков");
    again.hangUp(["101"]);
  });

  test("says who a withheld number is, for this call only", async () => {
    const customerId = await addCustomer(database, "Дарья", []);
    const caller = await callFrom("anonymous");
    const { callId } = caller;
    expect(olga.call(callId)?.card.outcome).toBe("withheld");
    expect(await olga.ask("createCustomer", { callId, name: "Кто-то" })).toMatchObject({
      ok: false,
      code: "invalid",
    });
    expect(await olga.ask("chooseCustomer", { callId, customerId })).toEqual({ ok: true });
    await olga.untilCall(callId, ({ card }) => card.customer?.name === "Дарья");
    caller.hangUp(["101"]);
  });

  test("writes a note that is on the card at once and on the next one", async () => {
    await addCustomer(database, "Ева", ["+79130000040"]);
    const caller = await callFrom("+79130000040");
    const text = "Не звонить до 10 <b>утра</b> 🙂";
    const reply = await olga.ask("addNote", { callId: caller.callId, text });
    expect(reply.ok).toBe(true);
    const call = await olga.untilCall(caller.callId, ({ card }) => card.notes.length === 1);
    expect(call.card.notes[0]).toMatchObject({ text, authorName: "OLGA" });
    caller.hangUp(["101"]);
    const again = await callFrom("+79130000040");
    expect(olga.call(again.callId)?.card.notes).toHaveLength(1);
    again.hangUp(["101"]);
  });

  test("sees the earlier calls of the customer with who talked and how it ended", async () => {
    await addCustomer(database, "Жанна", ["+79130000050"]);
    const first = await callFrom("+79130000050");
    first.answer("101");
    await olga.untilCall(first.callId, ({ state }) => state === "talking");
    first.hangUp([], ["101"]);
    await olga.untilCall(first.callId, ({ state }) => state === "ended");
    const saved = await olga.ask("saveWrapUp", {
      draftId: crypto.randomUUID(),
      callId: first.callId,
      disposition: "order",
      note: "взяла чай",
    });
    expect(saved.ok).toBe(true);
    await house.written();
    const second = await callFrom("8 913 000-00-50");
    expect(olga.call(second.callId)?.card.calls).toMatchObject([
      {
        callId: first.callId,
        answered: true,
        operatorName: "OLGA",
        disposition: "order",
        note: "взяла чай",
      },
    ]);
    second.hangUp(["101"]);
  });

  test("cannot touch a call that is not on the own screen", async () => {
    const caller = await callFrom("+79130000010");
    const ivan = await house.seated("ivan", "102");
    const { callId } = caller;
    for (const reply of [
      await ivan.ask("chooseCustomer", { callId, customerId: "1" }),
      await ivan.ask("createCustomer", { callId, name: "X" }),
      await ivan.ask("addNote", { callId, text: "X" }),
    ])
      expect(reply).toMatchObject({ ok: false, code: "forbidden" });
    expect(await olga.ask("chooseCustomer", { callId, customerId: "999999" })).toMatchObject({
      ok: false,
      code: "notFound",
    });
    expect(await olga.ask("addNote", { callId, text: "X" })).toMatchObject({ code: "invalid" });
    caller.hangUp(["101"]);
  });
});
