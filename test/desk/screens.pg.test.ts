/** What stands on whose screen: the call follows its way, tabs agree, a lost connection is made good. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { AmiError } from "../../server/asterisk/model.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { type Client, EXTENSIONS, House, addCustomer, addUsers } from "./desk-house.ts";
import { Caller, member } from "./scripted-pbx.ts";

const ANNA = "+79130000001";

let database: TestDatabase;
let house: House;

beforeAll(async () => {
  database = await testDatabase();
  await addUsers(database, { olga: "operator", ivan: "operator", petr: "operator" });
  await addCustomer(database, "Анна", [ANNA]);
  house = await House.open({ storage: database });
});
afterEach(async () => {
  house.pbx.refusal = null;
  await house.leave();
});
afterAll(async () => {
  await house?.close();
  await database?.drop();
});

const ringing = async (client: Client, extension: string, number = ANNA) => {
  const caller = new Caller(house.pbx, number);
  caller.arrive();
  caller.ring(extension);
  await client.untilCall(
    caller.callId,
    ({ state, card }) => state === "ringing" && card.outcome !== "pending",
  );
  return caller;
};

describe("a call", () => {
  test("moves with its card and the chosen customer to the operator it is handed to", async () => {
    const olga = await house.seated("olga", "101");
    const ivan = await house.seated("ivan", "102");
    const boris = await addCustomer(database, "Борис", []);
    const caller = await ringing(olga, "101", "+79130000002");
    caller.answer("101");
    await olga.untilCall(caller.callId, ({ state }) => state === "talking");
    const { callId } = caller;
    expect(await olga.ask("chooseCustomer", { callId, customerId: boris })).toEqual({ ok: true });
    await olga.untilCall(callId, ({ card }) => card.customer?.name === "Борис");
    caller.blindTransfer("101", "102");
    const handed = await ivan.untilCall(callId, ({ state }) => state === "ringing");
    expect(handed).toMatchObject({
      fromName: "OLGA",
      card: { outcome: "one", customer: { name: "Борис" } },
    });
    const left = await olga.untilCall(callId, ({ left }) => left !== null);
    expect(left).toMatchObject({
      state: "elsewhere",
      left: { how: "transferred", byName: "IVAN" },
      needsWrapUp: true,
    });
    caller.answerDialled("102");
    await ivan.untilCall(callId, ({ state }) => state === "talking");
    caller.hangUp([], ["102"]);
    expect(await ivan.untilCall(callId, ({ state }) => state === "ended")).toMatchObject({
      needsWrapUp: true,
    });
    for (const one of [olga, ivan]) {
      await one.until(({ presence }) => presence.state === "wrapUp");
      const wrapUp = { draftId: crypto.randomUUID(), callId, disposition: "order", note: "" };
      expect(await one.ask("saveWrapUp", wrapUp)).toMatchObject({ ok: true });
      await one.until(({ presence }) => presence.state === "ready");
    }
  });

  test("that rang in vain rings again at the next, and nobody else sees it", async () => {
    const olga = await house.seated("olga", "101");
    const ivan = await house.seated("ivan", "102");
    const petr = await house.seated("petr", "103");
    const caller = await ringing(olga, "101");
    caller.noAnswer("101");
    await olga.untilCall(caller.callId, ({ left }) => left?.how === "noAnswer");
    caller.ring("102");
    await ivan.untilCall(caller.callId, ({ state }) => state === "ringing");
    caller.hangUp(["102"]);
    expect(await ivan.untilCall(caller.callId, ({ state }) => state === "ended")).toMatchObject({
      left: { how: "callerGone" },
      needsWrapUp: false,
    });
    expect(petr.call(caller.callId)).toBeUndefined();
  });

  test("is forgotten by the server when it is over for everybody", async () => {
    const before = house.desk.size;
    const caller = new Caller(house.pbx, ANNA);
    caller.arrive();
    caller.ring("104");
    expect(house.desk.size).toBeGreaterThan(before);
    caller.hangUp(["104"]);
    expect(house.desk.size).toBe(before);
  });
});

describe("a screen", () => {
  test("is the same in every tab", async () => {
    const one = await house.seated("olga", "101");
    const two = await house.browser("olga");
    const caller = await ringing(one, "101");
    await two.untilCall(caller.callId, ({ card }) => card.outcome === "one");
    caller.hangUp(["101"]);
    await Promise.all(
      [one, two].map((tab) => tab.untilCall(caller.callId, ({ state }) => state === "ended")),
    );
    await two.until(({ seq }) => seq === one.state?.seq);
    expect({ ...two.state, serverTimeMs: 0 }).toEqual({ ...one.state, serverTimeMs: 0 });
  });

  test("that lost its connection gets what it missed, not everything", async () => {
    const olga = await house.seated("olga", "101");
    const { snapshots } = olga;
    olga.socket.io.engine.close();
    const caller = await ringing(olga, "101");
    expect(olga.snapshots).toBe(snapshots);
    caller.hangUp(["101"]);
  });

  test("of an earlier server process gets everything anew", async () => {
    const olga = await house.seated("olga", "101");
    const { snapshots } = olga;
    const state = olga.state!;
    olga.state = { ...state, epoch: "of another process" };
    olga.socket.io.engine.close();
    await olga.until(({ epoch }) => epoch === state.epoch);
    expect(olga.snapshots).toBe(snapshots + 1);
  });

  test("says when the PBX is away and when it is back", async () => {
    const olga = await house.seated("olga", "101");
    house.pbx.setUp(false);
    const away = await olga.until(({ trouble }) => trouble.includes("pbxDown"));
    expect(away.pbxs).toEqual([{ name: "main", up: false, reason: "connection refused" }]);
    await olga.until(({ presence }) => presence.state === "offline");
    expect(await olga.ask("ready", {})).toMatchObject({ ok: false, code: "pbxDown" });
    house.pbx.setUp(true);
    await olga.until(({ presence, trouble }) => presence.state === "ready" && trouble.length === 0);
  });

  test("shows no ghosts when Asterisk restarted", async () => {
    const olga = await house.seated("olga", "101");
    const caller = await ringing(olga, "101");
    house.pbx.say({ type: "connectionLost", reason: "reset" });
    house.pbx.snapshot(
      EXTENSIONS.map((extension) => member(extension)),
      true,
    );
    await olga.untilCall(caller.callId, ({ state }) => state === "ended");
    await olga.until(({ presence }) => presence.state === "ready");
  });
});

describe("presence", () => {
  test("follows Asterisk: paused and ready act on the queues and show when the PBX says so", async () => {
    const olga = await house.seated("olga", "101");
    await olga.until(({ presence }) => presence.state === "ready");
    expect(await olga.ask("pause", { reason: "lunch" })).toEqual({ ok: true });
    expect(house.pbx.asked.at(-1)).toEqual({
      name: "QueuePause",
      fields: { Interface: "PJSIP/101", Paused: "true", Reason: "lunch" },
    });
    await olga.until(({ presence }) => presence.pausedReason === "lunch");
    expect(await olga.ask("ready", {})).toEqual({ ok: true });
    await olga.until(({ presence }) => presence.state === "ready");
    // The supervisor's deed in Asterisk shows as well.
    house.pbx.say({ type: "memberChanged", member: member("101", { paused: true }) });
    await olga.until(({ presence }) => presence.state === "paused");
    house.pbx.say({ type: "memberChanged", member: member("101") });
    await olga.until(({ presence }) => presence.state === "ready");
  });

  test("a refused action is told and changes nothing", async () => {
    const olga = await house.seated("olga", "101");
    house.pbx.refusal = new AmiError("refused", "QueuePause", "Permission denied");
    const reply = await olga.ask("pause", { reason: "lunch" });
    expect(reply).toEqual({ ok: false, code: "pbxRefused", message: "Permission denied" });
    house.pbx.refusal = new AmiError("deadline", "QueuePause", "no answer");
    expect(await olga.ask("pause", { reason: "lunch" })).toMatchObject({ code: "pbxDown" });
    expect(await olga.ask("pause", { reason: "golf" })).toMatchObject({ code: "invalid" });
    expect(olga.state?.presence.state).toBe("ready");
  });

  test("an operator who is in no queue is told so", async () => {
    const olga = await house.seated("olga", "199");
    await olga.until(({ presence }) => presence.state === "notInQueue");
    expect(await olga.ask("pause", { reason: "lunch" })).toMatchObject({ code: "notInQueue" });
  });

  test("one without a device can do nothing with it", async () => {
    const petr = await house.seated("petr", "103");
    await house.seated("ivan", "103");
    await petr.until(({ presence }) => presence.state === "noDevice");
    for (const reply of [
      await petr.ask("ready", {}),
      await petr.ask("pause", { reason: "lunch" }),
      await petr.ask("dial", { number: ANNA }),
    ])
      expect(reply).toMatchObject({ ok: false, code: "noDevice" });
  });
});

describe("a device", () => {
  test("that somebody has is refused, unless it is taken over; the other is told", async () => {
    const olga = await house.seated("olga", "101");
    const ivan = await house.browser("ivan");
    expect(await ivan.ask("chooseDevice", { pbx: "main", extension: "101" })).toMatchObject({
      ok: false,
      code: "deviceTaken",
    });
    expect(olga.state?.presence.device?.extension).toBe("101");
    const caller = await ringing(olga, "101");
    const taken = await ivan.ask("chooseDevice", {
      pbx: "main",
      extension: "101",
      takeOver: true,
    });
    expect(taken).toEqual({ ok: true });
    const gone = await olga.until(({ presence }) => presence.state === "noDevice");
    expect(gone.calls.some(({ callId }) => callId === caller.callId)).toBe(false);
    await ivan.untilCall(caller.callId, ({ state }) => state === "ringing");
    caller.hangUp(["101"]);
  });

  test("must be an extension of a PBX that exists", async () => {
    const olga = await house.browser("olga");
    expect(await olga.ask("chooseDevice", { pbx: "other", extension: "101" })).toMatchObject({
      code: "notFound",
    });
    expect(await olga.ask("chooseDevice", { pbx: "main", extension: "trunk" })).toMatchObject({
      code: "invalid",
    });
  });

  test("wanted by many at the same moment goes to one of them", async () => {
    await house.seated("olga", "101");
    const [ivan, petr] = await Promise.all([house.browser("ivan"), house.browser("petr")]);
    const replies = await Promise.all(
      [ivan, petr, ivan, petr].map((one) =>
        one.ask("chooseDevice", { pbx: "main", extension: "104" }),
      ),
    );
    expect(replies.filter(({ ok }) => ok)).toHaveLength(2);
    const rows = await database.db
      .selectFrom("operator_devices")
      .select("user_id")
      .where("extension", "=", "104")
      .execute();
    expect(rows).toHaveLength(1);
  });
});

describe("click-to-call", () => {
  test("rings the operator's own phone first, then the number, and knows the call's id", async () => {
    const olga = await house.seated("olga", "101");
    const reply = await olga.ask("dial", { number: "8 (913) 000-00-01" });
    const asked = house.pbx.asked.at(-1);
    expect(asked).toMatchObject({
      name: "Originate",
      fields: {
        Channel: "PJSIP/101",
        Context: "from-internal",
        Exten: "79130000001",
        Async: "true",
      },
    });
    expect(reply).toEqual({ ok: true, callId: `main-${String(asked?.fields["ChannelId"])}` });
  });

  test("shows the customer while the own phone still rings", async () => {
    const olga = await house.seated("olga", "101");
    const reply = await olga.ask("dial", { number: ANNA });
    const id = String(house.pbx.asked.at(-1)?.fields["ChannelId"]);
    const own = {
      ...new Caller(house.pbx, "").channel("down"),
      id,
      linkedId: id,
      name: "PJSIP/101-00000001",
      callerNumber: "101",
      context: "from-internal",
      exten: "79130000001",
    };
    house.pbx.say(
      { type: "channelCreated", channel: own },
      { type: "dialBegan", caller: null, callee: own, dialString: "101" },
      { type: "channelState", channel: { ...own, state: "ringing" } },
    );
    const callId = reply.ok ? reply.callId : "";
    const call = await olga.untilCall(callId, ({ card }) => card.outcome !== "pending");
    expect(call.card.customer?.name).toBe("Анна");
    house.pbx.say({ type: "channelHungUp", channel: own, cause: 16 });
    await olga.untilCall(callId, ({ state }) => state === "ended");
  });

  test.each(["abc", "+", "102\r\nAction: Command"])("refuses %j", async (number) => {
    const olga = await house.seated("olga", "101");
    expect(await olga.ask("dial", { number })).toMatchObject({ ok: false, code: "invalid" });
  });

  test("tells that the PBX refused, and forgets the call", async () => {
    const olga = await house.seated("olga", "101");
    const before = house.desk.size;
    house.pbx.refusal = new AmiError("refused", "Originate", "Extension does not exist.");
    expect(await olga.ask("dial", { number: ANNA })).toMatchObject({ code: "pbxRefused" });
    expect(house.desk.size).toBe(before);
  });
});
