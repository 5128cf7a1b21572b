import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { withdrawNow } from "../../../server/campaigns/attempts/withdraw.ts";
import type { NewCallBack } from "../../../server/followups/model.ts";
import { localBus } from "../../../server/storage/bus.ts";
import { addCustomer, addPerson, makeCampaign, nextPhone } from "../../campaigns/attempts/house.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { HOUR_MS, MINUTE_MS, MOSCOW, NOON_MS, addUser, answeredCall, openHouse } from "./house.ts";

let database: TestDatabase;
let house: ReturnType<typeof openHouse>;
let anna: string;
let boris: string;
let nowMs = NOON_MS;
beforeAll(async () => {
  database = await testDatabase();
  anna = await addUser(database.db, "anna");
  boris = await addUser(database.db, "boris");
});
afterAll(() => database.drop());
beforeEach(async () => {
  nowMs = NOON_MS;
  await database.pool.query(
    "truncate call_backs, campaigns, customers, do_not_call, calls, installation cascade",
  );
  house = openHouse(database.db, { nowMs: () => nowMs });
});
afterEach(() => house.callBacks.close());

const wanted = (own: Partial<NewCallBack> = {}): NewCallBack => ({
  ...{ phone: nextPhone(), customerId: null, name: "Olga", at: "2026-11-23T15:00" },
  ...{ timeZone: MOSCOW, toMe: false, reason: "the blue one" },
  ...own,
});
const promise = (own: Partial<NewCallBack> = {}, userId = anna) =>
  house.callBacks.promise(wanted(own), { userId, callId: "office-1.1" });

/** Monday noon in Moscow, when the shop calls. */
const NOON = new Date(NOON_MS).toISOString();

describe("a promise", () => {
  test("is kept on the person's own clock and shown with who promised it", async () => {
    const at = "2026-11-23T20:30";
    const made = await promise({ at, timeZone: "Asia/Vladivostok", toMe: true });
    expect(made).toMatchObject({
      ...{ dueAt: "2026-11-23T10:30:00.000Z", timeZone: "Asia/Vladivostok", origin: "promised" },
      ...{ userId: anna, userName: "Name of anna", state: "open", tries: 0, late: false },
      ...{ byCampaign: false, name: "Olga", reason: "the blue one" },
    });
    expect(await house.callBacks.ofPhone(made.phone)).toEqual(made);
  });

  test.each([
    // Clocks go forward in Berlin at 2 and in Kyiv at 3 of that night.
    ["a time that the clock jumps over", "2027-03-28T02:30", "Europe/Berlin", "2027-03-28T01:30"],
    ["the hour after the jump", "2027-03-28T03:30", "Europe/Berlin", "2027-03-28T01:30"],
    ["a time that comes twice", "2027-10-31T02:30", "Europe/Berlin", "2027-10-31T00:30"],
    ["the hour after the second", "2027-10-31T03:30", "Europe/Berlin", "2027-10-31T02:30"],
    [
      "noon of the day on which summer begins",
      "2027-03-28T12:00",
      "Europe/Kyiv",
      "2027-03-28T09:00",
    ],
    ["noon of the day before", "2027-03-27T12:00", "Europe/Kyiv", "2027-03-27T10:00"],
  ])("at %s", async (_, at, timeZone, utc) => {
    expect((await promise({ at, timeZone })).dueAt).toBe(`${utc}:00.000Z`);
  });

  test.each([
    ["in the past", { at: "2026-11-23T11:59" }, "at: lies in the past", "past", NOON],
    ["now", { at: "2026-11-23T12:00" }, "at: lies in the past", "past", NOON],
    [
      ...([
        "two years ahead",
        { at: "2028-11-23T12:00" },
        "at: is more than a year ahead",
      ] as const),
      ...(["tooFar", "2027-11-24T09:00:00.000Z"] as const),
    ],
    ["at no time", { at: "2026-11-31T99:00" }, "at: is no time", "noSuchTime", NOON],
    ["in no zone", { timeZone: "Moscow" }, "timeZone: is no time zone", "noSuchZone", null],
    ["in a zone without a name", { timeZone: "" }, "timeZone: is no time", "noSuchZone", null],
  ])(
    "%s is refused, saying why and what can be, and nothing is kept",
    async (_, own, words, reason, possibleAt) => {
      const refused = promise(own);
      await expect(refused).rejects.toMatchObject({ code: "invalid", why: { reason, possibleAt } });
      await expect(refused).rejects.toThrow(words);
      expect(await rows()).toEqual([]);
    },
  );

  test("to a phone that nobody calls is refused", async () => {
    const phone = nextPhone();
    await doNotCall(phone);
    await expect(promise({ phone })).rejects.toMatchObject({
      ...{ code: "invalid", why: { reason: "doNotCall", possibleAt: null } },
    });
    expect(await rows()).toEqual([]);
  });

  test("made again to the same phone moves the open one and begins anew, also out of somebody's hands", async () => {
    const first = await promise({ toMe: true });
    await house.callBacks.take(first.id, anna);
    const { phone } = first;
    const second = await promise({ phone, at: "2026-11-24T10:00", reason: "" }, boris);
    expect(second).toMatchObject({
      ...{ id: first.id, dueAt: "2026-11-24T07:00:00.000Z", reason: "the blue one" },
      ...{ userId: null, state: "open", takenByName: "" },
    });
    expect(await rows()).toHaveLength(1);
  });

  test("made by ten operators at one moment is one", async () => {
    const phone = nextPhone();
    const all = await Promise.all(Array.from({ length: 10 }, () => promise({ phone })));
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    expect(await rows()).toHaveLength(1);
  });

  test("knows the queue of the call it was made on", async () => {
    const call = answeredCall(nextPhone(), NOON_MS);
    house.calls.live.set(call.id, call);
    const by = { userId: anna, callId: call.id };
    expect(await house.callBacks.promise(wanted(), by)).toMatchObject({ queue: "600" });
  });

  test("is told to whoever listens, in every process", async () => {
    const bus = localBus((error) => {
      throw error;
    });
    const here = openHouse(database.db, { bus, nowMs: () => nowMs });
    const there = openHouse(database.db, { bus, nowMs: () => nowMs });
    const told: string[] = [];
    there.callBacks.onChange(({ id, state }) => told.push(`${id} ${state}`));
    const made = await here.callBacks.promise(wanted(), { userId: anna, callId: "" });
    await here.callBacks.take(made.id, boris);
    await expect.poll(() => told).toContain(`${made.id} taken`);
    await here.callBacks.close();
    await there.callBacks.close();
  });
});

describe("lists", () => {
  test("an operator sees their own and anybody's of their queues, the earliest first", async () => {
    const { db } = database;
    const anybodys = await promise({ at: "2026-11-23T18:00" });
    const mine = await promise({ toMe: true, at: "2026-11-23T16:00" }, boris);
    const another = await promise({ toMe: true, at: "2026-11-23T13:00" }, anna);
    await db
      .updateTable("call_backs")
      .set({ queue: "601" })
      .where("id", "=", anybodys.id)
      .execute();
    const of = async (userId: string, queues: string[]) =>
      (await house.callBacks.forOperator(userId, queues)).map(({ id }) => id);
    expect(await of(boris, ["601"])).toEqual([mine.id, anybodys.id]);
    expect(await of(boris, ["600"])).toEqual([mine.id]);
    expect(await of(anna, [])).toEqual([another.id]);
    // Whoever took one keeps it on their list; others see it no more.
    await house.callBacks.take(anybodys.id, anna);
    expect(await of(boris, ["601"])).toEqual([mine.id]);
    expect(await of(anna, [])).toEqual([another.id, anybodys.id]);
  });
});

describe("taking", () => {
  test("of two operators at one moment one has it", async () => {
    const { id } = await promise();
    for (let time = 0; time < 5; time++) {
      const both = await Promise.allSettled([
        house.callBacks.take(id, anna),
        house.callBacks.take(id, boris),
      ]);
      expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
      const lost = both.find((one) => one.status === "rejected");
      expect(lost?.reason).toMatchObject({ code: "gone" });
      await house.callBacks.settle(id, both[0].status === "fulfilled" ? anna : boris, "giveBack");
    }
  });

  test("again by the same operator is no refusal; what somebody else promised is theirs until it is late", async () => {
    const { id } = await promise({ toMe: true }, anna);
    await house.callBacks.take(id, anna);
    expect(await house.callBacks.take(id, anna)).toMatchObject({ state: "taken" });
    await house.callBacks.settle(id, anna, "giveBack");
    await expect(house.callBacks.take(id, boris)).rejects.toMatchObject({ code: "forbidden" });
    nowMs += 4 * HOUR_MS;
    await house.callBacks.look();
    expect(await house.callBacks.take(id, boris)).toMatchObject({ takenByName: "Name of boris" });
  });

  test("settled once; by whoever has it; what is over stays over", async () => {
    const { id } = await promise();
    await house.callBacks.take(id, anna);
    await expect(house.callBacks.settle(id, boris, "done")).rejects.toMatchObject({
      code: "forbidden",
    });
    expect(await house.callBacks.settle(id, anna, "done")).toMatchObject({ state: "done" });
    // The screen may say so twice.
    expect(await house.callBacks.settle(id, anna, "done")).toMatchObject({ state: "done" });
    await expect(house.callBacks.settle(id, boris, "done")).rejects.toMatchObject({ code: "gone" });
    await expect(house.callBacks.take(id, boris)).rejects.toMatchObject({ code: "gone" });
    await expect(house.callBacks.take("999", boris)).rejects.toMatchObject({ code: "gone" });
    await expect(house.callBacks.take("x", boris)).rejects.toMatchObject({ code: "gone" });
  });

  test("and forgetting it: free again after half an hour", async () => {
    const { id, phone } = await promise();
    await house.callBacks.take(id, anna);
    nowMs += 29 * MINUTE_MS;
    await house.callBacks.look();
    expect(await house.callBacks.ofPhone(phone)).toMatchObject({ state: "taken" });
    nowMs += 2 * MINUTE_MS;
    await house.callBacks.look();
    expect(await house.callBacks.ofPhone(phone)).toMatchObject({ state: "open", takenByName: "" });
  });
});

describe("late ones", () => {
  test("are late after five minutes and told to supervisors after fifteen, once", async () => {
    const { id, phone } = await promise({ at: "2026-11-23T13:00" });
    const told: string[] = [];
    house.bus.on("callBacksChanged", ({ callBackId }) => told.push(callBackId));
    nowMs = NOON_MS + HOUR_MS + 4 * MINUTE_MS;
    expect(await house.callBacks.ofPhone(phone)).toMatchObject({ late: false });
    nowMs += 2 * MINUTE_MS;
    expect(await house.callBacks.ofPhone(phone)).toMatchObject({ late: true, escalated: false });
    await house.callBacks.look();
    expect(told).toEqual([]);
    nowMs += 10 * MINUTE_MS;
    await Promise.all([house.callBacks.look(), house.callBacks.look()]);
    await house.callBacks.look();
    expect(told).toEqual([id]);
    expect(await house.callBacks.ofPhone(phone)).toMatchObject({ late: true, escalated: true });
  });

  test("to a phone that came onto the do-not-call list are closed", async () => {
    const { phone } = await promise();
    await doNotCall(phone);
    await house.callBacks.look();
    expect(await rows()).toMatchObject([{ state: "closed", closed_because: "doNotCall" }]);
  });
});

describe("a campaign that keeps promises", () => {
  const campaign = () => makeCampaign(database.db, { trigger: { type: "callbackPromised" } });

  test("calls by itself: nobody has to; another time moves its attempt", async () => {
    const { id: campaignId } = await campaign();
    const made = await promise({ toMe: true });
    expect(made).toMatchObject({ byCampaign: true });
    expect(await house.callBacks.forOperator(boris, ["600"])).toEqual([]);
    expect(await house.callBacks.forOperator(anna, [])).toMatchObject([{ id: made.id }]);
    await promise({ phone: made.phone, at: "2026-11-24T10:00" });
    const attempts = await database.db.selectFrom("attempts").selectAll().execute();
    expect(attempts).toMatchObject([{ campaign_id: campaignId, state: "planned", promised: true }]);
    expect(attempts[0]!.due_at.toISOString()).toBe("2026-11-24T07:00:00.000Z");
  });

  test("is asked no more when the promise is refused: both are kept or neither", async () => {
    await campaign();
    const phone = nextPhone();
    await doNotCall(phone);
    await expect(promise({ phone })).rejects.toMatchObject({ code: "invalid" });
    expect(await database.db.selectFrom("contacts").select("id").execute()).toEqual([]);
  });

  test("gives way to an operator who takes it, but not while it dials", async () => {
    await campaign();
    const { id } = await promise();
    await database.db.updateTable("attempts").set({ state: "dialling" }).execute();
    await expect(house.callBacks.take(id, anna)).rejects.toMatchObject({ code: "gone" });
    await database.db.updateTable("attempts").set({ state: "planned" }).execute();
    expect(await house.callBacks.take(id, anna)).toMatchObject({ byCampaign: false });
    expect(await contacts()).toMatchObject([{ state: "withdrawn", result: "byHand" }]);
  });

  test.each([
    ["talked", "done", "confirmed", true, { state: "done", closed_because: "byCampaign" }],
    [
      "never reached them",
      "done",
      "noAnswer",
      false,
      { state: "closed", closed_because: "notReached" },
    ],
    ["gave up", "withdrawn", "exhausted", false, { state: "closed", closed_because: "exhausted" }],
    ["ended", "withdrawn", "campaignEnded", false, { state: "open", campaign_id: null }],
  ] as const)("that %s settles it so", async (_, state, result, talked, expected) => {
    await campaign();
    await promise();
    const closed = { state, result, closed_at: new Date(nowMs) };
    await database.db.updateTable("contacts").set(closed).execute();
    const ended = { state: "ended" as const, connected_at: talked ? new Date(nowMs) : null };
    await database.db.updateTable("attempts").set(ended).execute();
    await house.callBacks.look();
    expect(await rows()).toMatchObject([expected]);
  });

  test("waits for what the operator says of the talk, and follows a new time said there", async () => {
    await campaign();
    await promise();
    const done = { state: "done" as const, result: "", closed_at: new Date(nowMs) };
    await database.db.updateTable("contacts").set(done).execute();
    await house.callBacks.look();
    expect(await rows()).toMatchObject([{ state: "open" }]);
    const again = { state: "open" as const, closed_at: null };
    await database.db
      .updateTable("contacts")
      .set(again as never)
      .execute();
    const later = new Date(NOON_MS + 30 * HOUR_MS);
    await database.db.updateTable("attempts").set({ not_before: later, due_at: later }).execute();
    await house.callBacks.look();
    expect(await rows()).toMatchObject([{ state: "open", due_at: later }]);
  });

  test("does not keep it in the hours of nobody: then people do", async () => {
    const closed = { from: "09:00", to: "21:00" };
    const hours = {
      weekdays: null,
      saturday: null,
      sunday: null,
      holidays: [],
      onHolidays: closed,
    };
    await makeCampaign(database.db, { trigger: { type: "callbackPromised" }, hours });
    expect(await promise()).toMatchObject({ byCampaign: false });
  });

  test("of another trigger keeps nothing", async () => {
    const other = await makeCampaign(database.db);
    const phone = nextPhone();
    const { contactId } = await addPerson(database.db, other.id, { phone });
    expect(await promise({ phone })).toMatchObject({ byCampaign: false });
    await withdrawNow(
      { db: database.db, bus: house.bus },
      [{ contactId, because: "byHand" }],
      nowMs,
    );
  });
});

describe("asked for", () => {
  test("as soon as the shop calls: at once by day, at the next opening by night", async () => {
    const ask = (phone: string) =>
      house.callBacks.ask(
        { phone, customerId: null, name: "", queue: "600", reason: "size", when: null },
        null,
      );
    expect(await ask(nextPhone())).toMatchObject({
      ...{ origin: "asked", dueAt: new Date(NOON_MS).toISOString(), queue: "600", timeZone: "" },
    });
    nowMs = Date.parse("2026-11-23T20:00:00Z");
    expect((await ask(nextPhone())).dueAt).toBe("2026-11-24T06:00:00.000Z");
  });

  test("by a customer whose name is known it bears that name", async () => {
    const phone = nextPhone();
    const customerId = await addCustomer(database.db, phone);
    const made = await promise({ phone, customerId, name: "" });
    expect(made).toMatchObject({ customerId, name: `Owner of ${phone}` });
  });
});

const rows = () => database.db.selectFrom("call_backs").selectAll().orderBy("id").execute();
const contacts = () => database.db.selectFrom("contacts").selectAll().execute();
const doNotCall = (phone: string) =>
  database.db.insertInto("do_not_call").values({ phone, added_by: "test" }).execute();
