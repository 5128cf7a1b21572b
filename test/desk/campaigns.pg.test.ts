/** Calls that campaigns make: their cards, the previews before them, and what is said of them afterwards. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Preview } from "../../server/desk/ports.ts";
import { Refusal } from "../../server/desk/replies.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { CampaignsDouble, sampleCampaign } from "./campaigns-double.ts";
import { type Client, House, addCustomer, addUsers } from "./desk-house.ts";
import { Caller } from "./scripted-pbx.ts";

const SHARED = "+79130000001";
const ATTEMPT = "cc-00000000-0000-4000-8000-000000000001";

let database: TestDatabase;
let house: House;
let campaigns: CampaignsDouble;
let olgaId: string;
let annaId: string;
let identified: string[];

beforeAll(async () => {
  database = await testDatabase();
  olgaId = (await addUsers(database, { olga: "operator", ivan: "operator" }))["olga"]!.id;
  annaId = await addCustomer(database, "Анна", [SHARED], 9);
  await addCustomer(database, "Олег", [SHARED], 1);
  await database.db
    .insertInto("dispositions")
    .values(
      ["confirmed", "later"].map((code, position) => ({
        code: `campaign-7-${code}`,
        ...{ label_ru: `ru ${code}`, label_uk: `uk ${code}`, label_en: `en ${code}` },
        position,
        active: false,
      })),
    )
    .execute();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  campaigns = new CampaignsDouble();
  identified = [];
  house = await House.open({
    storage: database,
    campaigns,
    directory: (real) => ({
      ...real,
      identify: (number) => {
        identified.push(number);
        return real.identify(number);
      },
    }),
  });
});
afterEach(async () => {
  await house.close();
  for (const table of ["calls", "pops", "wrap_ups", "audit", "campaigns"] as const)
    await database.db.deleteFrom(table).execute();
});

const oldestOrder = async (): Promise<string> => {
  const { id } = await database.db
    .selectFrom("orders")
    .select("id")
    .where("customer_id", "=", annaId)
    .orderBy("placed_at")
    .executeTakeFirstOrThrow();
  return id;
};
const saidSoFar = async () =>
  (await database.db.selectFrom("audit").select("detail").orderBy("id").execute()).map(
    ({ detail }) => detail,
  );
const savedOf = (callId: string) =>
  database.db.selectFrom("wrap_ups").selectAll().where("call_id", "=", callId).execute();
const draft = (callId: string, more: object = {}) => ({
  draftId: crypto.randomUUID() as string,
  callId,
  disposition: "later",
  note: "за рулём",
  callBack: { at: "2026-11-23T15:00", timeZone: "Asia/Novosibirsk", toMe: true },
  ...more,
});

/** A call of the campaign that Olga at 101 talked on, and that is over. */
async function talked(olga: Client, campaign = sampleCampaign()): Promise<string> {
  const caller = new Caller(house.pbx, SHARED);
  campaigns.set(caller.callId, campaign);
  caller.arrive();
  caller.ring("101");
  caller.answer("101");
  await olga.untilCall(caller.callId, ({ state }) => state === "talking");
  caller.hangUp([], ["101"]);
  await olga.untilCall(caller.callId, ({ state }) => state === "ended");
  return caller.callId;
}

describe("a campaign's call", () => {
  test("has its card before the operator's phone rings: whom it is for, and its orders first", async () => {
    const olga = await house.seated("olga", "101");
    const about = await oldestOrder();
    const caller = new Caller(house.pbx, SHARED);
    const campaign = sampleCampaign({ customerId: annaId, orderIds: [about] });
    campaigns.set(caller.callId, campaign);
    caller.start();
    await expect.poll(() => house.desk.isComposed(caller.callId)).toBe(true);
    caller.join();
    caller.ring("101");
    await olga.untilCall(caller.callId, ({ state }) => state === "ringing");
    const first = olga.changes.find((one) => one.kind === "call");
    expect(first?.kind === "call" && first.call).toMatchObject({
      campaign,
      card: { outcome: "one", customer: { id: annaId }, verified: true },
    });
    const orders = olga.call(caller.callId)!.card.orders;
    expect(orders.map(({ id }) => id).indexOf(about)).toBe(0);
    expect(orders).toHaveLength(6);
    expect(house.desk.customerOf(caller.callId)).toBe(annaId);
  });

  test("shows what becomes known of it later, and no other call shows any of it", async () => {
    const olga = await house.seated("olga", "101");
    const [ours, other] = [new Caller(house.pbx, SHARED), new Caller(house.pbx, "+79130000009")];
    for (const caller of [ours, other]) {
      caller.arrive();
      caller.ring("101");
    }
    await olga.untilCall(ours.callId, ({ campaign }) => campaign === null);
    campaigns.set(ours.callId, sampleCampaign({ attempt: 2 }));
    await olga.untilCall(ours.callId, ({ campaign }) => campaign?.attempt === 2);
    expect(olga.call(other.callId)?.campaign).toBeNull();
    for (const caller of [ours, other]) caller.hangUp(["101"]);
  });
});

describe("a wrap-up of a campaign's call", () => {
  test("is kept under the campaign's own disposition and handed on once, however often it is sent", async () => {
    const olga = await house.seated("olga", "101");
    const callId = await talked(olga);
    const wrapUp = draft(callId);
    const replies = await Promise.all([1, 2, 3].map(() => olga.ask("saveWrapUp", wrapUp)));
    expect(replies.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(new Set(replies.map((reply) => reply.ok && reply.savedAt)).size).toBe(1);
    expect(await savedOf(callId)).toMatchObject([
      { disposition: "campaign-7-later", call_back: wrapUp.callBack },
    ]);
    const { draftId, ...said } = wrapUp;
    expect(draftId).not.toBe("");
    expect(await saidSoFar()).toEqual([{ ...said, userId: olgaId }]);
  });

  test("is handed on again when only the time was changed, or the outcome", async () => {
    const olga = await house.seated("olga", "101");
    const callId = await talked(olga);
    const first = draft(callId);
    const later = { ...first, callBack: { ...first.callBack, at: "2026-11-24T10:00" } };
    const done = draft(callId, { disposition: "confirmed", callBack: null });
    for (const wrapUp of [first, later, later, done, done])
      expect(await olga.ask("saveWrapUp", wrapUp)).toMatchObject({ ok: true });
    expect(await saidSoFar()).toMatchObject([
      { disposition: "later", callBack: { at: "2026-11-23T15:00" } },
      { disposition: "later", callBack: { at: "2026-11-24T10:00" } },
      { disposition: "confirmed", callBack: null },
    ]);
  });

  test("is not kept when the campaign refuses it, nor anything the campaign wrote", async () => {
    const olga = await house.seated("olga", "101");
    const callId = await talked(olga);
    campaigns.refusal = new Refusal("invalid", "callBack.at: is in the past");
    const wrapUp = draft(callId);
    expect(await olga.ask("saveWrapUp", wrapUp)).toEqual({
      ...{ ok: false, code: "invalid" },
      message: "callBack.at: is in the past",
    });
    expect([await savedOf(callId), await saidSoFar()]).toEqual([[], []]);
    expect(olga.call(callId)?.needsWrapUp).toBe(true);
    campaigns.refusal = null;
    expect(await olga.ask("saveWrapUp", wrapUp)).toMatchObject({ ok: true });
    expect(await saidSoFar()).toHaveLength(1);
  });

  test("is handed on though memory has forgotten whose call it was", async () => {
    const { id: campaignId } = await database.db
      .insertInto("campaigns")
      .values({ settings: "{}" })
      .returning("id")
      .executeTakeFirstOrThrow();
    await database.db
      .insertInto("dispositions")
      .values({
        code: `campaign-${campaignId}-confirmed`,
        ...{ label_ru: "a", label_uk: "a", label_en: "a", position: 0, active: false },
      })
      .execute();
    const { id: contactId } = await database.db
      .insertInto("contacts")
      .values({ campaign_id: campaignId, phone: SHARED })
      .returning("id")
      .executeTakeFirstOrThrow();
    await database.db
      .insertInto("attempts")
      .values({
        ...{ id: ATTEMPT, contact_id: contactId, campaign_id: campaignId, n: 1, phone: SHARED },
        ...{ due_at: new Date(), window_ends_at: new Date() },
      })
      .execute();
    const callId = `main-${ATTEMPT}`;
    await database.db
      .insertInto("pops")
      .values({
        ...{ ring_id: "r", call_id: callId, pbx: "main", extension: "101", user_id: olgaId },
        ...{ rang_at: new Date(), queue: "", told_by: "dialBegan", outcome: "", missed: "" },
      })
      .execute();
    const olga = await house.seated("olga", "101");
    const wrapUp = draft(callId, { disposition: "confirmed", callBack: null });
    expect(await olga.ask("saveWrapUp", wrapUp)).toMatchObject({ ok: true });
    expect(await saidSoFar()).toMatchObject([{ callId, disposition: "confirmed" }]);
    expect(await savedOf(callId)).toMatchObject([
      { disposition: `campaign-${campaignId}-confirmed` },
    ]);
  });

  test.each([
    ["there is no such day", { at: "2026-02-31T15:00" }],
    ["there is no such zone", { timeZone: "Mars/Olympus" }],
  ])("with a time to call back of which %s names the field", async (words, change) => {
    const olga = await house.seated("olga", "101");
    const callId = await talked(olga);
    const wrapUp = draft(callId);
    const reply = await olga.ask("saveWrapUp", {
      ...wrapUp,
      callBack: { ...wrapUp.callBack, ...change },
    });
    expect(reply).toMatchObject({ ok: false, code: "invalid" });
    expect(!reply.ok && reply.message).toContain(words);
    expect(await savedOf(callId)).toEqual([]);
  });

  test("with a disposition of another campaign, and a time for a call of no campaign, is refused", async () => {
    const olga = await house.seated("olga", "101");
    const callId = await talked(olga, sampleCampaign({ campaignId: "8" }));
    expect(await olga.ask("saveWrapUp", draft(callId))).toMatchObject({
      ...{ ok: false, code: "invalid" },
      message: "disposition: unknown code",
    });
    campaigns.calls.clear();
    const plain = draft(callId, { disposition: "order" });
    expect(await olga.ask("saveWrapUp", plain)).toMatchObject({ ok: false, code: "invalid" });
    expect(await olga.ask("saveWrapUp", { ...plain, callBack: null })).toMatchObject({ ok: true });
    expect(await saidSoFar()).toEqual([]);
  });

  test("is told in words on later cards, though its disposition is in no list", async () => {
    const olga = await house.seated("olga", "101");
    const callId = await talked(olga, sampleCampaign({ customerId: annaId }));
    await olga.ask("saveWrapUp", draft(callId));
    await house.written();
    const again = new Caller(house.pbx, SHARED);
    campaigns.set(again.callId, sampleCampaign({ customerId: annaId }));
    again.arrive();
    again.ring("101");
    const { card } = await olga.untilCall(again.callId, (one) => one.card.calls.length > 0);
    expect(card.calls[0]).toMatchObject({
      disposition: "campaign-7-later",
      dispositionLabels: { ru: "ru later", uk: "uk later", en: "en later" },
    });
    expect(olga.state?.dispositions.map(({ code }) => code)).not.toContain("campaign-7-later");
    again.hangUp(["101"]);
  });
});

describe("a preview", () => {
  const preview = (change: Partial<Preview> = {}): Preview => ({
    attemptId: ATTEMPT,
    pbx: "main",
    campaign: sampleCampaign({ attemptId: ATTEMPT }),
    phone: SHARED,
    customerId: annaId,
    offeredAtMs: 1000,
    dialledAtMs: 31_000,
    ...change,
  });

  test("is on this operator's screens with the composed card, and on nobody else's", async () => {
    const olga = await house.seated("olga", "101");
    const ivan = await house.seated("ivan", "102");
    campaigns.offer(olgaId, preview());
    const shown = await olga.until((state) => state.preview?.card.outcome === "one");
    expect(shown.preview).toMatchObject({
      ...{ attemptId: ATTEMPT, pbx: "main", offeredAtMs: 1000, dialledAtMs: 31_000 },
      card: { customer: { id: annaId } },
    });
    const second = await house.browser("olga");
    expect(second.state?.preview?.card.outcome).toBe("one");
    expect(ivan.state?.preview).toBeNull();
    campaigns.offer(olgaId, null);
    await olga.until((state) => state.preview === null);
  });

  test("is called or put aside by its operator, and by nobody else", async () => {
    const olga = await house.seated("olga", "101");
    const ivan = await house.seated("ivan", "102");
    campaigns.offer(olgaId, preview());
    await olga.until((state) => state.preview !== null);
    expect(await ivan.ask("previewCall", { attemptId: ATTEMPT })).toMatchObject({ code: "gone" });
    expect(await olga.ask("previewCall", { attemptId: ATTEMPT })).toEqual({ ok: true });
    const skip = { attemptId: ATTEMPT, reason: "wrongPerson" } as const;
    expect(await olga.ask("previewSkip", skip)).toEqual({ ok: true });
    expect(campaigns.asked).toEqual([
      ["call", olgaId, ATTEMPT],
      ["skip", olgaId, ATTEMPT, "wrongPerson"],
    ]);
    campaigns.refusal = new Refusal("gone", "the order was confirmed");
    expect(await olga.ask("previewCall", { attemptId: ATTEMPT })).toMatchObject({ code: "gone" });
    campaigns.offer(olgaId, null);
    await olga.until((state) => state.preview === null);
    expect(await olga.ask("previewSkip", skip)).toMatchObject({ ok: false, code: "gone" });
    expect(campaigns.asked).toHaveLength(3);
  });

  test("gives its card to the call it becomes, which asks nobody anew", async () => {
    const olga = await house.seated("olga", "101");
    const caller = new Caller(house.pbx, SHARED);
    const attemptId = caller.id;
    campaigns.set(caller.callId, sampleCampaign({ attemptId }));
    campaigns.offer(olgaId, preview({ attemptId }));
    await olga.until((state) => state.preview?.card.outcome === "one");
    campaigns.offer(olgaId, null);
    caller.arrive();
    caller.ring("101");
    await olga.untilCall(caller.callId, ({ state }) => state === "ringing");
    const first = olga.changes.find((one) => one.kind === "call");
    expect(first?.kind === "call" && first.call.card.customer?.id).toBe(annaId);
    expect(identified).toEqual([SHARED]);
    caller.hangUp(["101"]);
  });

  test("that another one follows leaves nothing of the first behind", async () => {
    const olga = await house.seated("olga", "101");
    campaigns.offer(olgaId, preview());
    await olga.until((state) => state.preview?.attemptId === ATTEMPT);
    const other = ATTEMPT.replace(/1$/, "2");
    campaigns.offer(olgaId, preview({ attemptId: other, phone: "+79130000009", customerId: null }));
    const { preview: shown } = await olga.until(
      (state) => state.preview?.attemptId === other && state.preview.card.outcome === "none",
    );
    expect(shown?.card.customer).toBeNull();
  });
});
