import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { recordOf } from "../../../server/calls/record.ts";
import { saveCalls } from "../../../server/calls/store.ts";
import { PLAIN_CALL_BACKS } from "../../../server/followups/call-backs/settings.ts";
import { saveSettings } from "../../../server/followups/call-backs/stored-settings.ts";
import { localBus } from "../../../server/storage/bus.ts";
import { addCustomer, addPerson, makeCampaign, nextPhone } from "../../campaigns/attempts/house.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import {
  HOUR_MS,
  MINUTE_MS,
  MOSCOW,
  NOON_MS,
  addUser,
  answeredCall,
  lostCall,
  openHouse,
  outboundCall,
} from "./house.ts";

let database: TestDatabase;
let house: ReturnType<typeof openHouse>;
let anna: string;
let nowMs = NOON_MS;
const customers = new Map<string, string>();
const options = { customerOf: (id: string) => customers.get(id) ?? null, nowMs: () => nowMs };
beforeAll(async () => {
  database = await testDatabase();
  anna = await addUser(database.db, "anna");
});
afterAll(() => database.drop());
beforeEach(async () => {
  nowMs = NOON_MS;
  customers.clear();
  await database.pool.query(
    "truncate call_backs, waiting_calls, campaigns, customers, do_not_call, calls, installation cascade",
  );
  house = openHouse(database.db, options);
});
afterEach(() => house.callBacks.close());

async function ended(call: ReturnType<typeof lostCall>): Promise<void> {
  house.calls.tell("callEnded", call, call.endedAtMs!);
  await house.callBacks.flush();
}
async function answered(call: ReturnType<typeof lostCall>): Promise<void> {
  house.calls.tell("talkStarted", call, call.talks[0]!.startedAtMs);
  await house.callBacks.flush();
}
const rows = () => database.db.selectFrom("call_backs").selectAll().orderBy("id").execute();

describe("a lost call", () => {
  test("becomes one call back, however often they call, and is closed when they call again and are answered", async () => {
    const phone = nextPhone();
    await ended(lostCall(phone));
    await ended(lostCall(phone, { endedAtMs: NOON_MS + 2 * MINUTE_MS }));
    expect(await rows()).toMatchObject([
      { phone, origin: "lost", queue: "600", state: "open", due_at: new Date(NOON_MS) },
    ]);
    await answered(answeredCall(phone, NOON_MS + 5 * MINUTE_MS));
    expect(await rows()).toMatchObject([{ state: "closed", closed_because: "reached" }]);
    // The next time they are lost they are called back again.
    await ended(lostCall(phone, { endedAtMs: NOON_MS + HOUR_MS }));
    expect(await rows()).toMatchObject([{ state: "closed" }, { state: "open" }]);
  });

  test("seen by four processes at once, and late by one of them, becomes one", async () => {
    const bus = localBus((error) => {
      throw error;
    });
    const houses = Array.from({ length: 4 }, () => openHouse(database.db, { ...options, bus }));
    const call = lostCall(nextPhone());
    for (const { calls } of houses.slice(1)) calls.tell("callEnded", call, call.endedAtMs!);
    await Promise.all(houses.map(({ callBacks }) => callBacks.flush()));
    expect(await rows()).toHaveLength(1);
    const again = answeredCall(call.party.number, NOON_MS + MINUTE_MS);
    houses[1]!.calls.tell("talkStarted", again, NOON_MS + MINUTE_MS);
    await houses[1]!.callBacks.flush();
    houses[0]!.calls.tell("callEnded", call, call.endedAtMs!);
    await houses[0]!.callBacks.flush();
    expect(await rows()).toMatchObject([{ state: "closed", closed_because: "reached" }]);
    for (const { callBacks } of houses) await callBacks.close();
  });

  test("of a customer from another phone is theirs all the same; an answer on either phone closes it", async () => {
    const [phone, other] = [nextPhone(), nextPhone()];
    const customerId = await addCustomer(database.db, phone);
    const calls = [lostCall(phone), lostCall(other, { endedAtMs: NOON_MS + MINUTE_MS })];
    for (const call of calls) {
      customers.set(call.id, customerId);
      await ended(call);
    }
    expect(await rows()).toMatchObject([{ phone, customer_id: customerId }]);
    const again = answeredCall(other, NOON_MS + 5 * MINUTE_MS);
    customers.set(again.id, customerId);
    await answered(again);
    expect(await rows()).toMatchObject([{ state: "closed", closed_because: "reached" }]);
  });

  test("of nobody's number, of who is not to be called, and of who is in a campaign's hands makes none", async () => {
    await ended(lostCall("anonymous"));
    const phone = nextPhone();
    await database.db.insertInto("do_not_call").values({ phone, added_by: "test" }).execute();
    await ended(lostCall(phone));
    const campaign = await makeCampaign(database.db);
    const person = await addPerson(database.db, campaign.id);
    await ended(lostCall(person.phone));
    expect(await rows()).toEqual([]);
  });

  test("by what an admin says: only of named queues, and not at all when switched off", async () => {
    const { missed } = PLAIN_CALL_BACKS;
    const at = { timeZone: MOSCOW, nowMs };
    const save = (own: object, revision: number) =>
      saveSettings(
        database.db,
        { settings: { ...PLAIN_CALL_BACKS, missed: { ...missed, ...own } }, revision, by: "admin" },
        at,
      );
    await save({ queues: ["601"] }, 0);
    await ended(lostCall(nextPhone()));
    await save({ enabled: false }, 1);
    await ended(lostCall(nextPhone()));
    expect(await rows()).toEqual([]);
    await save({ queues: ["600"] }, 2);
    await ended(lostCall(nextPhone()));
    expect(await rows()).toHaveLength(1);
  });
});

describe("calling back", () => {
  const LATER_MS = NOON_MS + 10 * MINUTE_MS;

  test("and talking closes it; a machine that answers for three seconds does not", async () => {
    const phone = nextPhone();
    await ended(lostCall(phone));
    await ended(outboundCall(phone, LATER_MS, 3000));
    expect(await rows()).toMatchObject([{ state: "open", tries: 1 }]);
    await ended(outboundCall(phone, LATER_MS + HOUR_MS, 30_000));
    expect(await rows()).toMatchObject([{ state: "closed", closed_because: "reached" }]);
  });

  test("in vain is tried again an hour later, each call counted once, and closed after the third", async () => {
    const phone = nextPhone();
    await ended(lostCall(phone));
    const [{ id } = { id: "" }] = await rows();
    await house.callBacks.take(id, anna);
    const first = outboundCall(phone, LATER_MS, 0);
    await ended(first);
    await ended(first);
    expect(await rows()).toMatchObject([
      {
        ...{ state: "open", tries: 1, taken_by: null },
        due_at: new Date(LATER_MS + HOUR_MS),
      },
    ]);
    await ended(outboundCall(phone, LATER_MS + HOUR_MS, 0));
    await ended(outboundCall(phone, LATER_MS + 2 * HOUR_MS, 0));
    expect(await rows()).toMatchObject([
      { state: "closed", tries: 3, closed_because: "notReached" },
    ]);
  });

  test("in vain in the evening is tried again in the morning", async () => {
    const phone = nextPhone();
    await ended(lostCall(phone));
    await ended(outboundCall(phone, Date.parse("2026-11-23T18:30:00Z"), 0));
    expect((await rows())[0]!.due_at.toISOString()).toBe("2026-11-24T06:00:00.000Z");
  });

  test("when they call in first and are lost again it is due at once", async () => {
    const phone = nextPhone();
    await ended(lostCall(phone));
    await ended(outboundCall(phone, LATER_MS, 0));
    const endedAtMs = LATER_MS + 5 * MINUTE_MS;
    await ended(lostCall(phone, { endedAtMs }));
    expect(await rows()).toMatchObject([{ due_at: new Date(endedAtMs), tries: 1 }]);
  });

  test("as promised for later: a talk about something else leaves it, one at its time keeps it", async () => {
    const phone = nextPhone();
    const own = { phone, customerId: null, name: "", at: "2026-11-23T15:00", timeZone: MOSCOW };
    const by = { userId: anna, callId: "office-1.1" };
    await house.callBacks.promise({ ...own, toMe: true, reason: "" }, by);
    await answered(answeredCall(phone, NOON_MS + HOUR_MS));
    expect(await rows()).toMatchObject([{ state: "open" }]);
    await ended(outboundCall(phone, NOON_MS + 2.8 * HOUR_MS, 60_000));
    expect(await rows()).toMatchObject([{ state: "closed", closed_because: "reached" }]);
    const [{ id } = { id: "" }] = await rows();
    // Whose list still shows it may say so.
    await expect(house.callBacks.settle(id, anna, "done")).rejects.toMatchObject({ code: "gone" });
  });

  test("on the very call it was promised on does not count", async () => {
    const phone = nextPhone();
    const call = answeredCall(phone, NOON_MS - MINUTE_MS);
    const own = { phone, customerId: null, name: "", at: "2026-11-23T12:10", timeZone: MOSCOW };
    const by = { userId: anna, callId: call.id };
    await house.callBacks.promise({ ...own, toMe: false, reason: "" }, by);
    // A transfer: another operator talks to them in the same call.
    house.calls.tell("talkStarted", call, NOON_MS + 1000);
    await house.callBacks.flush();
    expect(await rows()).toMatchObject([{ state: "open" }]);
  });

  test("that a campaign promised, when they are answered at its time, keeps the campaign from calling too", async () => {
    await makeCampaign(database.db, { trigger: { type: "callbackPromised" } });
    const phone = nextPhone();
    const own = { phone, customerId: null, name: "", at: "2026-11-23T12:20", timeZone: MOSCOW };
    await house.callBacks.promise(
      { ...own, toMe: false, reason: "" },
      { userId: anna, callId: "" },
    );
    await answered(answeredCall(phone, NOON_MS + 5 * MINUTE_MS));
    expect(await rows()).toMatchObject([{ state: "closed", closed_because: "reached" }]);
    const attempts = await database.db.selectFrom("attempts").select("state").execute();
    expect(attempts).toEqual([{ state: "withdrawn" }]);
  });
});

describe("a caller who waited when every process went away", () => {
  const waiting = async (phone: string) => {
    const call = house.calls.waits(lostCall(phone), NOON_MS);
    await house.callBacks.flush();
    return call;
  };
  /** All of them die, and one comes again; what was in memory is gone. */
  const restart = async () => {
    await house.callBacks.close();
    house = openHouse(database.db, options);
  };
  const noted = async () =>
    (await database.db.selectFrom("waiting_calls").select("call_id").execute()).length;

  test("and is not there any more is called back once, as somebody whose end nobody saw", async () => {
    const phone = nextPhone();
    const call = await waiting(phone);
    await restart();
    // The PBX is not heard yet, or only just: whoever still waits has to be found first.
    nowMs = NOON_MS + 10 * MINUTE_MS;
    await house.callBacks.look();
    house.calls.heardSinceMs = nowMs - 10_000;
    await house.callBacks.look();
    expect(await rows()).toEqual([]);
    house.calls.heardSinceMs = nowMs - MINUTE_MS;
    await Promise.all([house.callBacks.look(), house.callBacks.look()]);
    expect(await rows()).toMatchObject([
      {
        ...{ phone, origin: "missed", queue: "600", call_id: call.id, unseen: true },
        due_at: new Date(nowMs),
      },
    ]);
    expect(await house.callBacks.ofPhone(phone)).toMatchObject({ unseen: true });
    expect(await noted()).toBe(0);
    // Done with by a person, it does not come again.
    await house.callBacks.take((await rows())[0]!.id, anna);
    await house.callBacks.settle((await rows())[0]!.id, anna, "notNeeded");
    await house.callBacks.look();
    expect(await rows()).toMatchObject([{ state: "closed" }]);
  });

  test("and waits still, was answered, or hung up while somebody looked is not", async () => {
    const still = await waiting(nextPhone());
    const answeredOne = answeredCall(nextPhone(), NOON_MS);
    house.calls.waits(answeredOne, NOON_MS - 5000);
    await answered(answeredOne);
    const hungUp = lostCall(nextPhone(), { endedAtMs: NOON_MS + 2000 });
    house.calls.waits(hungUp, NOON_MS);
    await ended(hungUp);
    expect(await noted()).toBe(1);
    await restart();
    nowMs = NOON_MS + 5 * MINUTE_MS;
    house.calls.heardSinceMs = nowMs - MINUTE_MS;
    house.calls.live.set(still.id, still);
    await house.callBacks.look();
    expect((await rows()).map(({ call_id, unseen }) => ({ call_id, unseen }))).toEqual([
      { call_id: hungUp.id, unseen: false },
    ]);
    expect(await noted()).toBe(1);
  });

  test("is judged by what was written of the call, when anything was", async () => {
    const phone = nextPhone();
    const call = lostCall(phone, { endedAtMs: NOON_MS + MINUTE_MS });
    house.calls.waits(call, NOON_MS);
    await house.callBacks.flush();
    // It ended and is in history; the process died before it looked at that.
    await saveCalls(database.db, [recordOf(call, phone, null)]);
    const other = answeredCall(nextPhone(), NOON_MS);
    house.calls.waits(other, NOON_MS - 5000);
    await house.callBacks.flush();
    await saveCalls(database.db, [recordOf(other, other.party.number, null)]);
    await restart();
    nowMs = NOON_MS + 5 * MINUTE_MS;
    house.calls.heardSinceMs = NOON_MS + 2 * MINUTE_MS;
    await house.callBacks.look();
    expect(await rows()).toMatchObject([{ phone, origin: "lost", unseen: false }]);
  });

  test("and was talked to since is not called; who waited days ago is not either", async () => {
    const phone = nextPhone();
    await waiting(phone);
    await waiting(nextPhone());
    await restart();
    const later = answeredCall(phone, NOON_MS + MINUTE_MS);
    await saveCalls(database.db, [recordOf(later, phone, null)]);
    nowMs = NOON_MS + 4 * 24 * HOUR_MS;
    house.calls.heardSinceMs = nowMs - MINUTE_MS;
    await house.callBacks.look();
    expect(await rows()).toEqual([]);
    await waiting(phone);
    nowMs = NOON_MS + MINUTE_MS;
    house.calls.heardSinceMs = NOON_MS;
    await house.callBacks.look();
    expect(await rows()).toEqual([]);
  });
});
