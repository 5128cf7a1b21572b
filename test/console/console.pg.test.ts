/** The live picture, why, preview and moves by hand, over the socket and over HTTP. */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { AmiError } from "../../server/asterisk/model.ts";
import { addCustomer, addUsers } from "../desk/desk-house.ts";
import { member } from "../desk/scripted-pbx.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { type ConsoleClient, ConsoleHouse, tierPolicy } from "./console-house.ts";

const GOLD = "+79130000001";
const PLAIN = "+79130000002";

let database: TestDatabase;
let house: ConsoleHouse;

beforeAll(async () => {
  database = await testDatabase();
  await addUsers(database, { olga: "operator", semyon: "supervisor", anna: "admin" });
  const gold = await addCustomer(database, "Голд", [GOLD]);
  await addCustomer(database, "Обычный", [PLAIN]);
  await database.db
    .updateTable("customers")
    .set({ tier: "gold", vip: true })
    .where("id", "=", gold)
    .execute();
  house = await ConsoleHouse.open(database);
});
afterEach(async () => {
  await house.leave();
  house.pbx.setUp(true);
});
afterAll(async () => {
  await house?.close();
  await database?.drop();
});

async function looking(login = "semyon"): Promise<ConsoleClient> {
  const client = house.client(login);
  await vi.waitFor(() => expect(client.pictures).not.toHaveLength(0));
  return client;
}

const callersOf = (client: ConsoleClient) => client.pictures.at(-1)!.queues[0]!.callers;

describe("the live picture", () => {
  test("shows who waits, in the PBX's order, with tier, rule and wanted place", async () => {
    const client = await looking();
    house.join(PLAIN);
    house.join("+74951234567");
    const gold = house.join(GOLD);
    await vi.waitFor(() => {
      expect(client.titles()).toEqual(["Обычный", "+7 495 123-45-67", "Голд"]);
      expect(callersOf(client).every(({ identified }) => identified)).toBe(true);
    });
    expect(callersOf(client)[2]).toMatchObject({
      callId: gold.callId,
      channelId: gold.id,
      position: 3,
      wantedPosition: 1,
      tier: "gold",
      vip: true,
      rate: 2,
      headStartMs: 14_000,
      rule: { id: "gold", name: "gold" },
      ringing: false,
      guard: "",
      movedBy: "",
    });
    expect(callersOf(client)[0]).toMatchObject({ wantedPosition: 2, rule: null, rate: 1 });
    expect(client.pictures.at(-1)).toMatchObject({
      policyVersion: house.policies.version,
      pbxs: [{ name: "main", up: true, version: "22.10.1", canMove: true, reason: "" }],
      queues: [{ pbx: "main", name: "sales", notMoved: "" }],
    });
  });

  test("follows ringing, leaving, members and the PBX itself", async () => {
    const client = await looking();
    const caller = house.join(PLAIN);
    caller.ring("101");
    await vi.waitFor(() => expect(callersOf(client)[0]?.ringing).toBe(true));
    caller.noAnswer("101");
    await vi.waitFor(() => expect(callersOf(client)[0]?.ringing).toBe(false));
    caller.hangUp();
    await vi.waitFor(() => expect(callersOf(client)).toEqual([]));
    house.empty([
      member("101"),
      member("102", { status: "inUse" }),
      member("103", { paused: true }),
      member("104", { status: "unavailable" }),
    ]);
    await vi.waitFor(() =>
      expect(client.pictures.at(-1)!.queues[0]!.members).toEqual({ ready: 1, busy: 1, paused: 1 }),
    );
    house.pbx.setUp(false);
    await vi.waitFor(() =>
      expect(client.pictures.at(-1)!.pbxs[0]).toEqual({
        name: "main",
        up: false,
        version: "22.10.1",
        canMove: false,
        reason: "connection refused",
      }),
    );
  });

  test("shows a published policy at once", async () => {
    const client = await looking();
    house.join(GOLD);
    await vi.waitFor(() => expect(callersOf(client)[0]?.rate).toBe(2));
    house.policies.publish(tierPolicy({ gold: [5, 0] }));
    await vi.waitFor(() => expect(callersOf(client)[0]?.rate).toBe(5));
    expect(client.pictures.at(-1)!.policyVersion).toBe(house.policies.version);
    house.policies.publish(tierPolicy({ gold: [2, 14] }));
  });

  test("comes at most four times a second however much happens, and ends with the last state", async () => {
    const client = await looking();
    await pause(300);
    const before = client.pictures.length;
    const startedMs = performance.now();
    while (performance.now() - startedMs < 1100) {
      house.join(PLAIN);
      await pause(5);
    }
    const waiting = house.calls.queues("main")[0]!.callers.length;
    await vi.waitFor(() => expect(client.titles()).toHaveLength(waiting));
    const took = (performance.now() - startedMs) / 1000;
    expect(waiting).toBeGreaterThan(20);
    expect(client.pictures.length - before).toBeLessThanOrEqual(Math.ceil(took * 4) + 1);
  });

  test("is not sent again while nothing changes, nor composed while nobody looks", async () => {
    const client = await looking();
    house.join(GOLD);
    await vi.waitFor(() => expect(client.titles()).toEqual(["Голд"]));
    const seen = client.pictures.length;
    await pause(1300);
    expect(client.pictures).toHaveLength(seen);
    client.close();
    await vi.waitFor(() => expect(house.console.counters().viewers).toBe(0));
    const { composed } = house.console.counters();
    const { asked } = house.steward;
    for (let n = 0; n < 20; n++) house.join(PLAIN);
    await pause(400);
    expect(house.console.counters().composed).toBe(composed);
    expect(house.steward.asked).toBe(asked);
    const late = await looking("anna");
    expect(late.titles()).toHaveLength(21);
  });

  test("is the same over HTTP, for supervisors, admins and programs", async () => {
    house.join(GOLD);
    const ask = (login: string) =>
      house.app.inject({
        url: "/api/v1/priority/queues",
        headers: { authorization: `Bearer ${login}` },
      });
    await vi.waitFor(async () =>
      expect((await ask("anna")).json().queues[0].callers[0]).toMatchObject({
        title: "Голд",
        position: 1,
        rule: { id: "gold" },
      }),
    );
    expect((await ask("cc_program")).statusCode).toBe(200);
    expect((await ask("olga")).statusCode).toBe(403);
  });
});

describe("why", () => {
  test("is told for who waits", async () => {
    const client = await looking();
    house.join(GOLD);
    const second = house.join(PLAIN);
    await vi.waitFor(() => expect(client.titles()).toEqual(["Голд", "Обычный"]));
    const expected = {
      callId: second.callId,
      position: 2,
      rule: null,
      ahead: { title: "Голд" },
      passedOver: [{ ruleId: "r", ruleName: "R", failed: { fact: "tier", in: ["silver"] } }],
    };
    const asked = { callId: second.callId, queue: "sales" };
    expect(await client.ask("why", asked)).toMatchObject({ ok: true, why: expected });
    const overHttp = await house.app.inject({
      url: "/api/v1/priority/why",
      query: asked,
      headers: { authorization: "Bearer semyon" },
    });
    expect(overHttp.json().why).toMatchObject(expected);
  });

  test("says who is gone and who never was", async () => {
    const client = await looking();
    const caller = house.join(GOLD);
    expect(await client.ask("why", { callId: caller.callId, queue: "support" })).toMatchObject({
      ok: false,
      code: "gone",
    });
    expect(await client.ask("why", { callId: "main-0", queue: "sales" })).toMatchObject({
      ok: false,
      code: "notFound",
    });
    const answer = await house.app.inject({
      url: "/api/v1/priority/why?callId=main-0&queue=sales",
      headers: { authorization: "Bearer semyon" },
    });
    expect(answer.statusCode).toBe(404);
    expect(answer.json().error.code).toBe("notFound");
  });
});

describe("a preview", () => {
  test("reorders the people waiting now, and changes nothing", async () => {
    const client = await looking();
    house.join(PLAIN);
    house.join("+79990000000");
    house.join(GOLD);
    await vi.waitFor(() => expect(callersOf(client)[2]?.identified).toBe(true));
    await vi.waitFor(() =>
      expect(client.titles()).toEqual(["Обычный", "+7 999 000-00-00", "Голд"]),
    );
    const show = async (policy: ReturnType<typeof tierPolicy>) => {
      const answer = await client.ask("preview", { policy });
      if (!answer.ok) throw new Error(answer.message);
      return answer.queues[0]!.callers.map(({ title, positionNow, positionThen, ruleThen }) => ({
        title,
        positionNow,
        positionThen,
        rule: ruleThen?.id ?? "",
      }));
    };
    expect(await show(tierPolicy({ gold: [1, 60] }))).toEqual([
      { title: "Обычный", positionNow: 1, positionThen: 2, rule: "" },
      { title: "+7 999 000-00-00", positionNow: 2, positionThen: 3, rule: "" },
      { title: "Голд", positionNow: 3, positionThen: 1, rule: "gold" },
    ]);
    const leftAlone = await show(tierPolicy({ gold: [1, 60] }, { queues: ["support"] }));
    expect(leftAlone.map(({ positionThen }) => positionThen)).toEqual([1, 2, 3]);
    expect(callersOf(client)[2]).toMatchObject({ wantedPosition: 1, headStartMs: 14_000 });
    expect(house.steward.moved).toEqual([]);
  });

  test("of what is no policy is refused with the place", async () => {
    const client = await looking();
    const answer = await client.raw("preview", { policy: { guard: {} } });
    expect(answer).toEqual({ ok: false, code: "invalid", message: "policy/rules: is missing" });
  });
});

describe("a move by hand", () => {
  const audited = () =>
    database.db
      .selectFrom("audit")
      .select(["actor", "detail"])
      .where("action", "=", "priority.moved")
      .execute();

  test("is made, and stands in the audit with who did it", async () => {
    const client = await looking();
    house.join(PLAIN);
    const gold = house.join(GOLD);
    await vi.waitFor(() => expect(callersOf(client)[1]?.identified).toBe(true));
    const move = { pbx: "main", queue: "sales", channelId: gold.id, position: 1 };
    expect(await client.ask("move", move)).toEqual({ ok: true });
    expect(house.steward.moved.at(-1)).toEqual({ ...move, by: "semyon" });
    const answer = await house.app.inject({
      method: "POST",
      url: "/api/v1/priority/move",
      headers: { authorization: "Bearer anna" },
      payload: { ...move, position: 0 },
    });
    expect(answer.statusCode).toBe(204);
    expect(house.steward.moved.at(-1)).toEqual({ ...move, position: 0, by: "anna" });
    const detail = { pbx: "main", queue: "sales", callId: gold.callId, from: 2 };
    expect(await audited()).toMatchObject([
      { actor: "semyon", detail: { ...detail, to: 1 } },
      { actor: "anna", detail: { ...detail, to: 0 } },
    ]);
  });

  test("that Asterisk refused is told, and not in the audit", async () => {
    const client = await looking();
    const caller = house.join(PLAIN);
    const before = await audited();
    house.steward.refusal = new AmiError("refused", "QueueChangePriorityCaller", "No such caller");
    const move = { pbx: "main", queue: "sales", channelId: caller.id, position: 1 };
    expect(await client.ask("move", move)).toMatchObject({ ok: false, code: "gone" });
    house.steward.refusal = new AmiError("deadline", "QueueChangePriorityCaller", "too late");
    expect(await client.ask("move", move)).toMatchObject({ ok: false, code: "pbxDown" });
    expect(await audited()).toEqual(before);
  });

  test.each([
    ["a PBX that is not there", { pbx: "other" }, "notFound", 404],
    ["a queue that is not there", { queue: "support" }, "notFound", 404],
    ["somebody who left", { channelId: "1.1" }, "gone", 410],
  ])("of %s is refused", async (_, wrong, code, status) => {
    const client = await looking();
    const caller = house.join(PLAIN);
    const moved = house.steward.moved.length;
    const move = { pbx: "main", queue: "sales", channelId: caller.id, position: 1, ...wrong };
    expect(await client.ask("move", move)).toMatchObject({ ok: false, code });
    const answer = await house.app.inject({
      method: "POST",
      url: "/api/v1/priority/move",
      headers: { authorization: "Bearer semyon" },
      payload: move,
    });
    expect(answer.statusCode).toBe(status);
    expect(answer.json().error.code).toBe(code);
    expect(house.steward.moved).toHaveLength(moved);
  });

  test("of somebody for whom a phone rings, or while the PBX is away, is refused", async () => {
    const client = await looking();
    const caller = house.join(PLAIN);
    caller.ring("101");
    const move = { pbx: "main", queue: "sales", channelId: caller.id, position: 1 };
    expect(await client.ask("move", move)).toMatchObject({ ok: false, code: "notPossible" });
    house.pbx.setUp(false);
    expect(await client.ask("move", move)).toMatchObject({ ok: false, code: "pbxDown" });
    caller.hangUp(["101"]);
  });
});
