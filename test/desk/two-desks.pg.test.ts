/** Two processes over one PostgreSQL, one redis and the same PBX: whatever is done at a screen of one is so at the screens of the other. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type Processes, openProcesses } from "../../server/storage/processes.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { type TestRedis, startRedis } from "../support/redis.ts";
import {
  type Client,
  EXTENSIONS,
  House,
  type HouseOptions,
  addCustomer,
  addUsers,
} from "./desk-house.ts";
import { Caller, ScriptedPbx, member } from "./scripted-pbx.ts";

const PHONE = "+79130000001";

let database: TestDatabase;
let redis: TestRedis;
let pbx: ScriptedPbx;
const houses: House[] = [];
const shared: Processes[] = [];

beforeAll(async () => {
  [database, redis] = await Promise.all([testDatabase(), startRedis()]);
  await addUsers(database, { olga: "operator", ivan: "operator" });
});
afterAll(async () => {
  await redis?.kill();
  await database?.drop();
});
beforeEach(() => {
  pbx = new ScriptedPbx();
});
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close();
  for (const each of shared.splice(0)) await each.close();
  await database.pool.query(
    "truncate calls, pops, wrap_ups, wrap_up_drafts, operator_devices, call_customers, notes, customers cascade",
  );
});

async function desk(own: Partial<HouseOptions> = {}): Promise<House> {
  const processes = await openProcesses({
    ...{ redisUrl: redis.url, db: database.db, onError: () => undefined },
  });
  shared.push(processes);
  await vi.waitFor(() => expect(processes.bus.health().ok).toBe(true));
  const house = await House.open({ storage: database, pbx, bus: processes.bus, ...own });
  houses.push(house);
  return house;
}

/** Two of them that hear each other. */
async function desks(own: Partial<HouseOptions> = {}): Promise<readonly [House, House]> {
  const [one, two] = [await desk(own), await desk(own)];
  const heard = new Set<House>();
  for (const [from, to] of [
    [one, two],
    [two, one],
  ] as const)
    to.bus.on("policyPublished", ({ version }) => {
      if (version === houses.indexOf(from)) heard.add(to);
    });
  while (heard.size < 2) {
    one.bus.publish("policyPublished", { version: 0 });
    two.bus.publish("policyPublished", { version: 1 });
    await sleep(20);
  }
  return [one, two];
}

/** A call that 101 talks on. */
function talk(phone = PHONE): Caller {
  const caller = new Caller(pbx, phone);
  caller.arrive();
  caller.ring("101");
  caller.answer("101");
  return caller;
}

const wrapUp = (callId: string) => ({
  ...{ draftId: crypto.randomUUID() as string, callId, disposition: "question" },
  note: "спросила про чай",
});

async function talked(olga: Client): Promise<string> {
  const caller = talk();
  await olga.untilCall(caller.callId, ({ state }) => state === "talking");
  caller.hangUp([], ["101"]);
  await olga.untilCall(caller.callId, ({ state }) => state === "ended");
  return caller.callId;
}

const seatOf = (house: House, login: string) =>
  [...house.desk.sitting()].find((seat) => seat.login === login)?.extension ?? null;

describe("a device", () => {
  test("chosen at one process has its pops at the other, and is taken over from there", async () => {
    const [one, two] = await desks();
    const olga = await one.seated("olga", "101");
    const elsewhere = await two.browser("olga");
    await elsewhere.until(({ presence }) => presence.device?.extension === "101");
    const caller = new Caller(pbx, PHONE);
    caller.arrive();
    caller.ring("101");
    for (const screen of [olga, elsewhere])
      await screen.untilCall(caller.callId, ({ state }) => state === "ringing");

    expect(
      await (await two.browser("ivan")).ask("chooseDevice", { pbx: "main", extension: "101" }),
    ).toMatchObject({ ok: false, code: "deviceTaken", message: expect.stringContaining("OLGA") });
    const ivan = await two.seated("ivan", "101");
    await ivan.untilCall(caller.callId, ({ state }) => state === "ringing");
    for (const screen of [olga, elsewhere])
      await screen.until(({ presence, calls }) => presence.device === null && calls.length === 0);
    await vi.waitFor(() =>
      expect([seatOf(one, "olga"), seatOf(one, "ivan")]).toEqual([null, "101"]),
    );
  });

  test("is empty everywhere when its operator was deactivated, and whoever is renamed is called so", async () => {
    const [one, two] = await desks();
    await one.seated("olga", "101");
    const screen = await two.seated("ivan", "102");
    await vi.waitFor(() => expect(seatOf(two, "olga")).toBe("101"));
    const set = (login: string, change: object) =>
      database.db.updateTable("users").set(change).where("login", "=", login).returning("id");
    try {
      const { id } = await set("olga", { active: false }).executeTakeFirstOrThrow();
      one.bus.publish("sessionsEnded", { userId: id });
      await vi.waitFor(() =>
        expect([seatOf(one, "olga"), seatOf(two, "olga")]).toEqual([null, null]),
      );
      const ivan = await set("ivan", { name: "Иван Грозный" }).executeTakeFirstOrThrow();
      one.bus.publish("seatChanged", { userId: ivan.id });
      await screen.until(({ user }) => user.name === "Иван Грозный");
    } finally {
      await set("olga", { active: true }).execute();
      await set("ivan", { name: "IVAN" }).execute();
    }
  });
});

describe("a pop", () => {
  test("painted at a process that died before it wrote so is written by the one its browser comes to", async () => {
    const [one, two] = await desks();
    const olga = await one.seated("olga", "101");
    olga.behaviour = "receives";
    await vi.waitFor(() => expect(seatOf(two, "olga")).toBe("101"));
    const caller = new Caller(pbx, PHONE);
    caller.arrive();
    for (const { desk } of [one, two])
      await vi.waitFor(() => expect(desk.isComposed(caller.callId)).toBe(true));
    caller.ring("101");
    const pop = { callId: caller.callId, ringId: caller.ringId("101"), visible: true };
    const row = async () => {
      const { rows } = await database.pool.query("select * from pops where ring_id = $1", [
        pop.ringId,
      ]);
      return rows[0] as Record<"sent_at" | "received_at" | "painted_at", Date> & { missed: string };
    };
    await olga.untilCall(caller.callId, ({ state }) => state === "ringing");
    caller.answer("101");
    await olga.untilCall(caller.callId, ({ state }) => state === "talking");
    await vi.waitFor(async () => expect((await row())?.received_at).toBeInstanceOf(Date));
    one.later(6000);
    await vi.waitFor(async () => expect((await row())?.missed).toBe("notPainted"));

    const elsewhere = await two.browser("olga");
    const painted = { ...pop, receivedToPaintedMs: 3 };
    // As if it had just been painted: the phone does not ring any more, so nothing was sent from here.
    elsewhere.socket.emit("popPainted", painted);
    await elsewhere.ask("searchCustomers", { text: "x" });
    await two.desk.flush();
    expect(await row()).toMatchObject({ missed: "notPainted", painted_at: null });
    // So long on its way that nothing more was expected of the pop there.
    two.later(60_000);
    await sleep(1500);

    await elsewhere.raw("popPainted", { ...painted, agoMs: 60_060 });
    const first = await row();
    expect(first).toMatchObject({ missed: "", painted_at: expect.any(Date) as Date });
    expect(first.sent_at <= first.painted_at).toBe(true);
    expect(Number(first.painted_at)).toBeLessThanOrEqual(Date.now() - 60);
    await elsewhere.raw("popPainted", { ...painted, agoMs: 60_005 });
    expect(await row()).toEqual(first);
  });
});

describe("a wrap-up", () => {
  test("saved at one process is asked for at no screen of the other, and holds nobody there", async () => {
    const [one, two] = await desks();
    const olga = await one.seated("olga", "101");
    const elsewhere = await two.browser("olga");
    await elsewhere.until(({ presence }) => presence.state === "ready");
    const callId = await talked(olga);
    await elsewhere.until(({ presence }) => presence.state === "wrapUp");
    expect([...two.desk.seats()]).toMatchObject([{ extension: "101", wrappingUp: true }]);
    expect((await olga.ask("saveWrapUp", wrapUp(callId))).ok).toBe(true);
    await elsewhere.untilCall(callId, ({ needsWrapUp }) => !needsWrapUp);
    await elsewhere.until(({ presence }) => presence.state === "ready");
    expect([...two.desk.seats()]).toMatchObject([{ extension: "101", wrappingUp: false }]);
  });

  test("sent again to the other process, as a browser does that got no answer, is one", async () => {
    const [one, two] = await desks();
    const olga = await one.seated("olga", "101");
    const elsewhere = await two.browser("olga");
    const callId = await talked(olga);
    await elsewhere.untilCall(callId, ({ state }) => state === "ended");
    const said = wrapUp(callId);
    const replies = await Promise.all(
      [olga, elsewhere, olga].map((screen) => screen.ask("saveWrapUp", said)),
    );
    expect(new Set(replies.map((reply) => reply.ok && reply.savedAt)).size).toBe(1);
    const { rows } = await database.pool.query("select 1 from wrap_ups where call_id = $1", [
      callId,
    ]);
    expect(rows).toHaveLength(1);
  });

  test("that was due before a process began is shown there, unless it was saved meanwhile", async () => {
    const one = await desk();
    const olga = await one.seated("olga", "101");
    const [saved, due] = [await talked(olga), await talked(olga)];
    await olga.ask("saveWrapUp", wrapUp(saved));
    await one.written();
    const two = await desk();
    const elsewhere = await two.browser("olga");
    expect(elsewhere.snapshots).toBe(1);
    expect(elsewhere.state?.calls.map(({ callId }) => callId)).toEqual([due]);
  });

  test("whose call ended before a process heard the PBX is in the first picture of a browser that comes", async () => {
    const one = await desk();
    const olga = await one.seated("olga", "101");
    const two = await desk();
    const callId = await talked(olga);
    await one.written();
    // What the other process knew of it is gone, as if it had begun a moment later.
    const three = await desk();
    await three.written();
    const elsewhere = await three.browser("olga");
    expect(elsewhere.call(callId)).toMatchObject({ needsWrapUp: true });
    await two.desk.flush();
  });
});

describe("what is typed of a wrap-up", () => {
  test("is on the screens of the other process, and in the first picture of a browser that comes", async () => {
    const [one, two] = await desks();
    const olga = await one.seated("olga", "101");
    const elsewhere = await two.browser("olga");
    const callId = await talked(olga);
    await elsewhere.untilCall(callId, ({ needsWrapUp }) => needsWrapUp);
    const draft = { disposition: "order", note: "перезвонить", tags: ["чай"] };
    await olga.ask("saveDraft", { callId, draft });
    await elsewhere.untilCall(callId, (call) => call.draft?.note === "перезвонить");
    elsewhere.close();
    await olga.ask("saveDraft", { callId, draft: { ...draft, note: "перезвонить в среду" } });
    const again = await two.browser("olga");
    expect(again.snapshots).toBe(1);
    expect(again.call(callId)?.draft?.note).toBe("перезвонить в среду");
    await olga.ask("saveDraft", { callId, draft: { disposition: "", note: "", tags: [] } });
    await again.untilCall(callId, (call) => call.draft === null);
  });
});

describe("a draft that comes after its wrap-up", () => {
  test("is not kept, and its browser is told that it was saved, at whichever process and also when the call is forgotten", async () => {
    const [one, two] = await desks();
    const olga = await one.seated("olga", "101");
    const elsewhere = await two.browser("olga");
    const callId = await talked(olga);
    await elsewhere.untilCall(callId, ({ needsWrapUp }) => needsWrapUp);
    const late = { callId, draft: { disposition: "order", note: "поздно", tags: [] } };
    expect(await elsewhere.ask("saveDraft", late)).toEqual({ ok: true });
    await olga.ask("saveWrapUp", wrapUp(callId));
    await elsewhere.untilCall(callId, ({ needsWrapUp }) => !needsWrapUp);
    expect(await elsewhere.ask("saveDraft", late)).toEqual({ ok: true, saved: true });
    await one.written();
    const three = await (await desk()).browser("olga");
    expect(three.call(callId)).toBeUndefined();
    expect(await three.ask("saveDraft", late)).toEqual({ ok: true, saved: true });
    const { rows } = await database.pool.query("select 1 from wrap_up_drafts");
    expect(rows).toEqual([]);
  });
});

describe("whom a call is with", () => {
  test("chosen at one process is on the card of the other and in the call's record, whoever writes it", async () => {
    const [one, two] = await desks();
    const [anna, boris] = [
      await addCustomer(database, "Анна", [PHONE]),
      await addCustomer(database, "Борис", [PHONE]),
    ];
    const olga = await one.seated("olga", "101");
    const elsewhere = await two.browser("olga");
    const caller = talk();
    for (const screen of [olga, elsewhere])
      await screen.untilCall(caller.callId, ({ card }) => card.outcome === "several");
    await olga.ask("chooseCustomer", { callId: caller.callId, customerId: boris });
    await elsewhere.untilCall(caller.callId, ({ card }) => card.customer?.id === boris);
    expect(two.desk.customerOf(caller.callId)).toBe(boris);
    expect(anna).not.toBe(boris);

    await olga.ask("addNote", { callId: caller.callId, text: "любит чай" });
    await elsewhere.untilCall(caller.callId, ({ card }) => card.notes[0]?.text === "любит чай");
    caller.hangUp([], ["101"]);
    await two.written();
    const { rows } = await database.pool.query("select customer_id from calls where id = $1", [
      caller.callId,
    ]);
    expect(rows).toEqual([{ customer_id: boris }]);
  });

  test("is known to a process that begins in the middle of the call, also of a withheld number", async () => {
    const one = await desk();
    const boris = await addCustomer(database, "Борис", []);
    const olga = await one.seated("olga", "101");
    const caller = talk("anonymous");
    await olga.untilCall(caller.callId, ({ card }) => card.outcome === "withheld");
    await olga.ask("chooseCustomer", { callId: caller.callId, customerId: boris });
    await olga.untilCall(caller.callId, ({ card }) => card.customer?.id === boris);
    caller.hangUp([], ["101"]);
    await olga.untilCall(caller.callId, ({ state }) => state === "ended");
    await one.written();
    const elsewhere = await (await desk()).browser("olga");
    await elsewhere.untilCall(caller.callId, ({ card }) => card.customer?.id === boris);
  });
});

describe("ready", () => {
  test("said at one process, an operator with an unwritten wrap-up is held at none, also at one that begins later", async () => {
    const [one, two] = await desks();
    const olga = await one.seated("olga", "101");
    await vi.waitFor(() => expect(seatOf(two, "olga")).toBe("101"));
    const callId = await talked(olga);
    await vi.waitFor(() => expect([...two.desk.seats()]).toMatchObject([{ wrappingUp: true }]));
    expect((await olga.ask("ready", {})).ok).toBe(true);
    await vi.waitFor(() => expect([...two.desk.seats()]).toMatchObject([{ wrappingUp: false }]));
    await one.written();
    const elsewhere = await (await desk()).browser("olga");
    pbx.snapshot(EXTENSIONS.map((extension) => member(extension)));
    await elsewhere.until(({ presence }) => presence.state === "ready");
    expect(elsewhere.call(callId)).toMatchObject({ needsWrapUp: true });
  });
});

describe("the pause after a call", () => {
  const pauses = () =>
    pbx.asked.filter(({ name }) => name === "QueuePause").map(({ fields }) => fields["Paused"]);

  test("is made and ended by the process that acts on the PBX alone, wherever the wrap-up was saved", async () => {
    const settings = { wrapUpPauseSeconds: 60 };
    const [one] = [
      await desk({ settings, acts: () => true }),
      await desk({ settings, acts: () => false }),
    ];
    const two = houses[1]!;
    const olga = await two.seated("olga", "101");
    await vi.waitFor(() => expect(seatOf(one, "olga")).toBe("101"));
    const callId = await talked(olga);
    await vi.waitFor(() => expect(pauses()).toEqual(["true"]));
    expect((await olga.ask("saveWrapUp", wrapUp(callId))).ok).toBe(true);
    await vi.waitFor(() => expect(pauses()).toEqual(["true", "false"]));
    await sleep(200);
    expect(pauses()).toEqual(["true", "false"]);
  });

  test("whose process died is ended by one that does not act", async () => {
    const settings = { wrapUpPauseSeconds: 1 };
    const one = await desk({ settings, acts: () => true });
    const two = await desk({ settings, acts: () => false });
    const olga = await two.seated("olga", "101");
    await vi.waitFor(() => expect(seatOf(one, "olga")).toBe("101"));
    await talked(olga);
    await vi.waitFor(() => expect(pauses()).toEqual(["true"]));
    houses.splice(houses.indexOf(one), 1);
    await one.close();
    await vi.waitFor(() => expect(pauses()).toEqual(["true", "false"]));
  });
});

describe("while redis is away", () => {
  test("screens of both go on, and learn from PostgreSQL what the other did", async () => {
    const [one, two] = await desks();
    const olga = await one.seated("olga", "101");
    const elsewhere = await two.browser("olga");
    await elsewhere.until(({ presence }) => presence.state === "ready");
    await redis.kill();
    try {
      await vi.waitFor(() => expect(two.bus.health().ok).toBe(false));
      const callId = await talked(olga);
      await elsewhere.until(({ presence }) => presence.state === "wrapUp");
      await olga.ask("saveWrapUp", wrapUp(callId));
      await elsewhere.untilCall(callId, ({ needsWrapUp }) => !needsWrapUp);
      const ivan = await one.seated("ivan", "102");
      await vi.waitFor(() => expect(seatOf(two, "ivan")).toBe("102"));
      expect(ivan.state?.presence.device?.extension).toBe("102");
    } finally {
      await redis.start();
    }
  });

  test("drafts that were typed meanwhile come when it is back", async () => {
    const [one, two] = await desks();
    const olga = await one.seated("olga", "101");
    const elsewhere = await two.browser("olga");
    const callId = await talked(olga);
    await elsewhere.untilCall(callId, ({ needsWrapUp }) => needsWrapUp);
    await redis.kill();
    await vi.waitFor(() => expect(two.bus.health().ok).toBe(false));
    await olga.ask("saveDraft", {
      callId,
      draft: { disposition: "order", note: "без redis", tags: [] },
    });
    await redis.start();
    await elsewhere.untilCall(callId, (call) => call.draft?.note === "без redis");
  });
});
