/** What operators do with their cards, over a real socket: parts answer, refuse and fail; drafts and promises are kept. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { User } from "../../server/people/model.ts";
import { DeskWorkDouble } from "../support/desk-work-double.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { type Client, House, addCustomer, addUsers } from "./desk-house.ts";
import { Caller } from "./scripted-pbx.ts";

let database: TestDatabase;
let users: Readonly<Record<string, User>>;
let house: House;
let work: DeskWorkDouble;
let customerId: string;

beforeAll(async () => {
  database = await testDatabase();
  users = await addUsers(database, { olga: "operator", ivan: "operator" });
  customerId = await addCustomer(database, "Анна", ["+79130000001"], 3);
});
afterAll(() => database?.drop());
beforeEach(async () => {
  work = new DeskWorkDouble();
  // The shop's own ids of the double are not those of this database: whatever is asked for is the sample order.
  const [first, old] = [...work.book.values()];
  const ids = await database.db
    .selectFrom("orders")
    .select("id")
    .orderBy("placed_at", "desc")
    .execute();
  for (const { id } of ids) work.book.set(id, { ...first!, id });
  work.talkedAbout = ids[0]!.id;
  work.book.set("77", { ...old!, id: "77" });
  house = await House.open({ storage: database, work });
});
afterEach(async () => {
  await house.close();
  for (const table of ["calls", "pops", "wrap_ups", "wrap_up_drafts"] as const)
    await database.db.deleteFrom(table).execute();
});

/** A call of Anna that Olga talks on. */
async function talking(olga: Client): Promise<{ callId: string; caller: Caller }> {
  const caller = new Caller(house.pbx, "+79130000001");
  caller.arrive();
  caller.ring("101");
  caller.answer("101");
  await olga.untilCall(
    caller.callId,
    ({ state, card }) => state === "talking" && card.work?.order !== null && card.work !== null,
  );
  return { callId: caller.callId, caller };
}

async function over(olga: Client): Promise<string> {
  const { callId, caller } = await talking(olga);
  caller.hangUp([], ["101"]);
  await olga.untilCall(callId, ({ state }) => state === "ended");
  return callId;
}

const uuid = (): string => crypto.randomUUID();

describe("an order", () => {
  test("is on the card, is acted on, and the card tells how it stands then", async () => {
    const olga = await house.seated("olga", "101");
    const { callId } = await talking(olga);
    const order = olga.call(callId)!.card.work!.order!;
    const id = uuid();
    const asked = { id, callId, orderId: order.id, request: { kind: "confirm" as const } };
    const reply = await olga.ask("actOnOrder", asked);
    expect(reply).toMatchObject({
      ok: true,
      action: { id, state: "done" },
      order: { stage: "confirmed" },
    });
    await olga.untilCall(callId, ({ card }) => card.work?.order?.stage === "confirmed");
    expect(work.asked["act"]).toEqual([
      {
        id,
        orderId: order.id,
        request: { kind: "confirm" },
        by: { userId: users["olga"]!.id, callId },
      },
    ]);
  });

  test("that the shop refuses is answered in the shop's words; one that waits is told when it ends", async () => {
    const olga = await house.seated("olga", "101");
    const { callId } = await talking(olga);
    const orderId = olga.call(callId)!.card.work!.order!.id;
    work.shop = "refuses";
    const request = { kind: "cancel", reason: "changedMind", text: "" } as const;
    const refused = await olga.ask("actOnOrder", { id: uuid(), callId, orderId, request });
    expect(refused).toMatchObject({ ok: true, action: { state: "refused", answer: work.refusal } });
    work.shop = "down";
    const waits = await olga.ask("actOnOrder", { id: uuid(), callId, orderId, request });
    expect(waits).toMatchObject({ ok: true, action: { state: "waiting" } });
    work.actionEnds(orderId, "givenBack");
    const call = await olga.untilCall(
      callId,
      ({ card }) => card.work?.order?.actions[0]?.state === "givenBack",
    );
    expect(call.card.work?.order?.actions.map(({ state }) => state)).toEqual([
      "givenBack",
      "refused",
    ]);
  });

  test("that ended in another process is read again by its hint", async () => {
    const olga = await house.seated("olga", "101");
    const { callId } = await talking(olga);
    const orderId = olga.call(callId)!.card.work!.order!.id;
    work.shop = "down";
    const id = uuid();
    await olga.ask("actOnOrder", { id, callId, orderId, request: { kind: "confirm" } });
    await olga.untilCall(callId, ({ card }) => card.work?.order?.actions.length === 1);
    const order = work.book.get(orderId)!;
    work.book.set(orderId, {
      ...order,
      stage: "confirmed",
      actions: [{ ...order.actions[0]!, state: "done" }],
    });
    house.bus.publish("orderActionEnded", { actionId: id });
    await olga.untilCall(callId, ({ card }) => card.work?.order?.stage === "confirmed");
  });

  test("however old is found on a page of all of them", async () => {
    const olga = await house.seated("olga", "101");
    const first = await olga.ask("orders", { customerId, after: "" });
    expect(first).toMatchObject({ ok: true, page: { next: "" } });
    expect(first.ok && first.page.orders).toHaveLength(3);
    const wrong = await olga.ask("orders", { customerId, after: "last week" });
    expect(wrong).toMatchObject({ ok: false, code: "invalid" });
  });

  test("is not acted on by somebody whose call it is not", async () => {
    const olga = await house.seated("olga", "101");
    const ivan = await house.seated("ivan", "102");
    const { callId } = await talking(olga);
    const request = { kind: "confirm" as const };
    expect(
      await ivan.ask("actOnOrder", { id: uuid(), callId, orderId: "77", request }),
    ).toMatchObject({ ok: false, code: "forbidden" });
    expect(work.asked["act"]).toBeUndefined();
    expect(await olga.ask("order", { orderId: "99999" })).toMatchObject({ code: "notFound" });
  });
});

describe("offers", () => {
  const lines = [{ productId: "501", quantity: 1, priceMinor: 1_049_000 }];

  test("are shown for whom the call is with, and what is added to the order is accepted", async () => {
    const olga = await house.seated("olga", "101");
    const { callId } = await talking(olga);
    const orderId = olga.call(callId)!.card.work!.order!.id;
    const reply = await olga.ask("offers", { callId, orderId, lines, currency: "RUB" });
    if (!reply.ok) throw new Error(reply.message);
    expect(reply.offers.map(({ kind }) => kind)).toEqual([
      "needed",
      "goesWith",
      "reorder",
      "discount",
    ]);
    expect(work.asked["offers"]).toMatchObject([{ customerId, channel: "operator", lines }]);
    const { showingId, product } = reply.offers[0]!;
    const line = { sourceProductId: "s503", name: product!.name, quantity: 1, priceMinor: 64_900 };
    const request = { kind: "changeLines" as const, lines: [{ ...line, showingId }] };
    await olga.ask("actOnOrder", { id: uuid(), callId, orderId, request });
    expect(work.showings.get(showingId)).toMatchObject({ answer: "accepted" });
    const again = await olga.ask("offers", { callId, orderId, lines, currency: "RUB" });
    expect(again.ok && again.offers[0]).toMatchObject({ showingId, answer: "accepted" });
  });

  test("on the whole order are asked of the shop, and accepted once it took them", async () => {
    const olga = await house.seated("olga", "101");
    const { callId } = await talking(olga);
    const orderId = olga.call(callId)!.card.work!.order!.id;
    const reply = await olga.ask("offers", { callId, orderId, lines, currency: "RUB" });
    if (!reply.ok) throw new Error(reply.message);
    const { showingId, amountMinor, saying } = reply.offers.find(
      ({ kind }) => kind === "discount",
    )!;
    const agreed = { showingId, kind: "discount", ruleId: "8", ruleName: "Осень" } as const;
    const request = { kind: "applyOffer" as const, offer: { ...agreed, amountMinor, saying } };
    const act = () => olga.ask("actOnOrder", { id: uuid(), callId, orderId, request });
    work.shop = "refuses";
    expect(await act()).toMatchObject({ ok: true, action: { answer: work.refusal } });
    expect(work.showings.get(showingId)).toMatchObject({ answer: "" });
    work.shop = "works";
    expect(await act()).toMatchObject({
      ok: true,
      order: { totalMinor: 1_249_000 + amountMinor },
    });
    expect(work.showings.get(showingId)).toMatchObject({ answer: "accepted" });
  });

  test("that the shop did not take into the order are not accepted; one refused keeps its reason", async () => {
    const olga = await house.seated("olga", "101");
    const { callId } = await talking(olga);
    const orderId = olga.call(callId)!.card.work!.order!.id;
    const reply = await olga.ask("offers", { callId, orderId, lines, currency: "RUB" });
    if (!reply.ok) throw new Error(reply.message);
    const [first, second] = reply.offers;
    work.shop = "refuses";
    const line = { sourceProductId: "s503", name: "", quantity: 1, priceMinor: 1 };
    const request = {
      kind: "changeLines" as const,
      lines: [{ ...line, showingId: first!.showingId }],
    };
    await olga.ask("actOnOrder", { id: uuid(), callId, orderId, request });
    expect(work.showings.get(first!.showingId)?.answer).toBe("");
    const said = { answer: "refused", reason: "tooExpensive" } as const;
    const answered = await olga.ask("answerOffer", { showingId: second!.showingId, ...said });
    expect(answered).toMatchObject({ ok: true, offer: { answerReason: "tooExpensive" } });
  });

  test("are none while a claim is open", async () => {
    const olga = await house.seated("olga", "101");
    const { callId } = await talking(olga);
    work.claimChanged({ status: "open" });
    const reply = await olga.ask("offers", { callId, orderId: null, lines, currency: "RUB" });
    expect(reply).toMatchObject({ ok: true, offers: [], silentBecause: "openClaim" });
    expect(work.showings.size).toBe(0);
  });
});

test("delivery without a known weight is told, not guessed", async () => {
  const olga = await house.seated("olga", "101");
  const to = { country: "RU", postalCode: "", region: "", city: "Томск", address: "" };
  const rest = { to, declaredMinor: 1, currency: "RUB", cashOnDelivery: false };
  expect(await olga.ask("quote", { lines: [], ...rest })).toMatchObject({
    answer: { missing: "weight" },
  });
  const lines = [{ productId: "501", quantity: 1 }];
  const reply = await olga.ask("quote", { lines, ...rest });
  expect(reply.ok && reply.answer.quotes).toHaveLength(3);
  expect(await olga.ask("points", { provider: "cdek", to })).toMatchObject({ ok: true });
});

test("a claim is filed for whom the card is about, and is on the card at once", async () => {
  const olga = await house.seated("olga", "101");
  const { callId } = await talking(olga);
  const claim = {
    ...{ id: uuid(), callId, customerId, orderId: null, line: null },
    ...({ kind: "damaged", wish: "replace", text: "Разбито", photos: [] } as const),
  };
  const other = await olga.ask("fileClaim", { ...claim, customerId: "1234567" });
  expect(other).toMatchObject({ ok: false, code: "invalid", message: /^customerId/ as never });
  const filed = await olga.ask("fileClaim", claim);
  expect(filed).toMatchObject({ ok: true, claim: { number: "C-000124", status: "open" } });
  await olga.untilCall(callId, ({ card }) => card.work?.claims[0]?.number === "C-000124");
  work.claimChanged({ status: "inWork" });
  await olga.untilCall(callId, ({ card }) => card.work?.claims[0]?.status === "inWork");
});

describe("a call back", () => {
  const when = { at: "2026-11-30T15:00", timeZone: "Asia/Novosibirsk", toMe: true };

  test("is promised from the card, is in everybody's lists, is taken and settled", async () => {
    const olga = await house.seated("olga", "101");
    const ivan = await house.seated("ivan", "102");
    const { callId } = await talking(olga);
    const reply = await olga.ask("promiseCallBack", { callId, ...when, reason: " размер " });
    expect(reply).toMatchObject({ ok: true, callBack: { reason: "размер", name: "Анна" } });
    expect(work.asked["promise"]).toMatchObject([
      { promise: { phone: "+79130000001", customerId }, by: { callId } },
    ]);
    await olga.untilCall(callId, ({ card }) => card.work?.callBack !== null);
    for (const one of [olga, ivan])
      await one.until(({ callBacks }) => callBacks.length === 1, "its list");
    const id = olga.state!.callBacks[0]!.id;
    await ivan.ask("takeCallBack", { id });
    await olga.until(({ callBacks }) => callBacks[0]?.state === "taken");
    await ivan.ask("settleCallBack", { id, how: "done" });
    await olga.until(({ callBacks }) => callBacks.length === 0);
    expect(await olga.ask("takeCallBack", { id })).toMatchObject({ ok: false, code: "gone" });
  });

  test("goes with the wrap-up of an ordinary call, once however often it is sent", async () => {
    const olga = await house.seated("olga", "101");
    const callId = await over(olga);
    const draft = {
      ...{ draftId: uuid(), callId, disposition: "call_back", note: "про доставку" },
      callBack: when,
    };
    const replies = [await olga.ask("saveWrapUp", draft), await olga.ask("saveWrapUp", draft)];
    expect(replies.map(({ ok }) => ok)).toEqual([true, true]);
    expect(work.asked["promise"]).toMatchObject([
      { promise: { ...when, reason: "про доставку" }, by: { callId } },
    ]);
  });

  test("that is refused leaves the wrap-up unsaved, so that nothing is thought to be promised", async () => {
    const olga = await house.seated("olga", "101");
    const callId = await over(olga);
    const draft = { draftId: uuid(), callId, disposition: "call_back", note: "" };
    const late = { ...when, at: "2021-01-01T10:00" };
    expect(await olga.ask("saveWrapUp", { ...draft, callBack: late })).toMatchObject({
      ok: false,
      code: "invalid",
    });
    expect(await database.db.selectFrom("wrap_ups").select("call_id").execute()).toEqual([]);
  });
});

describe("a wrap-up", () => {
  test("keeps its tags, each once", async () => {
    const olga = await house.seated("olga", "101");
    const callId = await over(olga);
    const draft = { draftId: uuid(), callId, disposition: "order", note: "" };
    await olga.ask("saveWrapUp", { ...draft, tags: ["Подарок", " подарок ", "опт"] });
    const row = await database.db.selectFrom("wrap_ups").select("tags").executeTakeFirst();
    expect(row?.tags).toEqual(["Подарок", "опт"]);
  });

  test("that was only typed is given back on another screen, also after a restart, until it is saved", async () => {
    const olga = await house.seated("olga", "101");
    const callId = await over(olga);
    const draft = { disposition: "order", note: "начала писать", tags: ["опт"] };
    expect(await olga.ask("saveDraft", { callId, draft })).toEqual({ ok: true });
    const elsewhere = await house.browser("olga");
    expect(elsewhere.call(callId)?.draft).toEqual(draft);
    await olga.ask("saveDraft", { callId, draft: { ...draft, note: "дописала" } });
    await elsewhere.untilCall(callId, (call) => call.draft?.note === "дописала");

    await house.written();
    await house.close();
    house = await House.open({ storage: database, work });
    const later = await house.browser("olga");
    const back = await later.untilCall(callId, (call) => call.draft !== null);
    expect(back.draft?.note).toBe("дописала");
    const saved = { draftId: uuid(), callId, disposition: "order", note: "дописала" };
    expect((await later.ask("saveWrapUp", saved)).ok).toBe(true);
    await later.untilCall(callId, (call) => !call.needsWrapUp && call.draft === null);
    expect(await database.db.selectFrom("wrap_up_drafts").select("call_id").execute()).toEqual([]);
  });

  test("of somebody else's call is not kept", async () => {
    const olga = await house.seated("olga", "101");
    const ivan = await house.seated("ivan", "102");
    const callId = await over(olga);
    const draft = { disposition: "", note: "чужое", tags: [] };
    expect(await ivan.ask("saveDraft", { callId, draft })).toMatchObject({ code: "forbidden" });
  });
});

test("a part that fails costs its own place on the card alone, and comes by itself", async () => {
  work.broken.add("order");
  const olga = await house.seated("olga", "101");
  const caller = new Caller(house.pbx, "+79130000001");
  caller.arrive();
  caller.ring("101");
  const call = await olga.untilCall(caller.callId, ({ card }) =>
    card.problems.includes("workMissing"),
  );
  expect(call.card.work).toMatchObject({ order: null, claims: [{ number: "C-000123" }] });
  expect(call.card.orders).toHaveLength(3);
  work.broken.clear();
  await olga.untilCall(
    caller.callId,
    ({ card }) => card.work?.order !== null && card.problems.length === 0,
  );
});
