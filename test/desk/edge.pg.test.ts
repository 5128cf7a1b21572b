/** The socket's edge: who gets in, and what a hostile or broken browser can do (nothing). */
import { request } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { House, addUsers } from "./desk-house.ts";
import { Caller } from "./scripted-pbx.ts";

let database: TestDatabase;
let house: House;
const logged: string[] = [];

beforeAll(async () => {
  database = await testDatabase();
  await addUsers(database, { olga: "operator", ivan: "operator", semyon: "supervisor" });
  house = await House.open({
    storage: database,
    log: { info: () => {}, warn: () => {}, error: (_, message) => logged.push(message) },
  });
});
afterEach(() => house.leave());
afterAll(async () => {
  await house?.close();
  await database?.drop();
});

/** What the server answers to the first request of a socket from a page of `origin`. */
function statusFor(headers: Record<string, string>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const url = `${house.url}/socket.io/?EIO=4&transport=polling`;
  request(url, { headers }, (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  })
    .on("error", reject)
    .end();
  return promise;
}

describe("a browser gets in", () => {
  test("with a CRM's token or the session cookie", async () => {
    await house.browser("olga");
    const cookie = house.client("", {
      extraHeaders: { cookie: "callcard_session=session-semyon" },
    });
    await cookie.until((state) => state.user.login === "semyon");
  });

  test.each([
    ["nobody", "", "notLoggedIn"],
    ["a token that is wrong", "nobody-knows", "notLoggedIn"],
    ["a program's token", "cc_program", "forbidden"],
  ])("not as %s", async (_, token, code) => {
    expect(await house.client(token).untilRefused()).toBe(code);
  });

  test("not with an empty token, even when it has a cookie", async () => {
    const client = house.client("", {
      auth: { token: "" },
      extraHeaders: { cookie: "callcard_session=session-olga" },
    });
    expect(await client.untilRefused()).toBe("notLoggedIn");
  });

  test("not with a handshake of another shape", async () => {
    expect(await house.client("", { auth: { token: { $ne: 1 } } }).untilRefused()).toBe("invalid");
  });

  test("not from a page of another site", async () => {
    expect(await statusFor({})).toBe(200);
    expect(await statusFor({ origin: house.url })).toBe(200);
    expect(await statusFor({ origin: "https://crm.example" })).toBe(200);
    expect(await statusFor({ origin: "https://evil.example" })).toBe(403);
    expect(await statusFor({ origin: "null" })).toBe(403);
  });
});

describe("a browser that", () => {
  test("sends nonsense is answered with the field, and the server lives", async () => {
    const olga = await house.browser("olga");
    const nonsense: readonly unknown[] = [
      null,
      5,
      "x",
      [],
      { callId: {} },
      { __proto__: { x: 1 }, constructor: 1 },
      { text: "x".repeat(5000) },
    ];
    for (const name of ["pause", "dial", "saveWrapUp", "addNote", "chooseCustomer"]) {
      const replies = await Promise.all(nonsense.map((value) => olga.raw(name, value)));
      for (const reply of replies) expect(reply).toMatchObject({ ok: false, code: "invalid" });
      // A fresh one each: what is asked too often is refused for that.
      olga.close();
      olga.socket.connect();
    }
    expect(logged).toEqual([]);
  });

  test("wants no reply, or sends a reply that is no function, hurts nobody", async () => {
    const olga = await house.browser("olga");
    const emit = olga.socket.emit.bind(olga.socket) as (...args: unknown[]) => void;
    emit("ready");
    emit("ready", {});
    emit("pause", { reason: "lunch" }, "no function");
    emit("saveWrapUp");
    emit("popPainted");
    emit("popPainted", { ringId: 1 });
    emit("unheardOf", {}, () => {});
    expect(await olga.ask("searchCustomers", { text: "x" })).toEqual({ ok: true, customers: [] });
  });

  test("asks too often is told to wait", async () => {
    const olga = await house.browser("olga");
    const replies = await Promise.all(
      Array.from({ length: 60 }, () => olga.ask("searchCustomers", { text: "" })),
    );
    const refused = replies.filter(({ ok }) => !ok);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]).toMatchObject({ code: "invalid", message: /too many/ });
    const ivan = await house.browser("ivan");
    expect(await ivan.ask("searchCustomers", { text: "" })).toMatchObject({ ok: true });
  });

  test("tells of pops that are not its own changes nothing in the ledger", async () => {
    await house.seated("olga", "101");
    const ivan = await house.seated("ivan", "102");
    const caller = new Caller(house.pbx, "+79130000001");
    caller.arrive();
    caller.ring("104");
    const ringId = caller.ringId("104");
    for (const name of ["popReceived", "popPainted"] as const) {
      const pop = { ringId, callId: caller.callId, receivedToPaintedMs: 1, visible: true };
      ivan.socket.emit(name as "popPainted", pop);
    }
    await ivan.ask("searchCustomers", { text: "" });
    caller.hangUp(["104"]);
    await house.written();
    const row = await database.db
      .selectFrom("pops")
      .selectAll()
      .where("ring_id", "=", ringId)
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({ received_at: null, painted_at: null, missed: "noOperator" });
  });

  test("does not acknowledge is closed, and right again when it returns", async () => {
    const olga = await house.seated("olga", "101");
    olga.behaviour = "silent";
    const disconnected = new Promise((resolve) => olga.socket.once("disconnect", resolve));
    for (let round = 0; round < 40; round++) {
      const caller = new Caller(house.pbx, "+79130000001");
      caller.arrive();
      caller.ring("101");
      caller.hangUp(["101"]);
    }
    expect(await disconnected).toBe("transport close");
    olga.behaviour = "paints";
    const other = await house.browser("olga");
    await olga.until(({ seq }) => seq === other.state?.seq);
    expect({ ...olga.state, serverTimeMs: 0 }).toEqual({ ...other.state, serverTimeMs: 0 });
  });

  test("whose login was ended is told and closed; the others stay", async () => {
    const olga = await house.browser("olga");
    const ivan = await house.browser("ivan");
    await database.db
      .updateTable("users")
      .set({ active: false })
      .where("login", "=", "olga")
      .execute();
    house.bus.publish("sessionsEnded", { userId: olga.state!.user.id });
    house.bus.publish("sessionsEnded", { userId: ivan.state!.user.id });
    await expect.poll(() => olga.ended).toBe("deactivated");
    expect(await ivan.ask("searchCustomers", { text: "" })).toMatchObject({ ok: true });
    await database.db.updateTable("users").set({ active: true }).execute();
  });
});

test("names with HTML, quotes, line ends and emoji arrive as they are", async () => {
  const olga = await house.seated("olga", "101");
  const name = `<img src=x onerror="alert('1')"> "O'Hara" 👩‍💻 \\u0000`;
  const caller = new Caller(house.pbx, "+79130000001");
  house.pbx.say({
    type: "channelCreated",
    channel: { ...caller.channel("ring"), callerName: name },
  });
  caller.ring("101");
  const call = await olga.untilCall(caller.callId, ({ card }) => card.outcome !== "pending");
  expect(call.card.rawName).toBe(name);
  caller.hangUp(["101"]);
});
