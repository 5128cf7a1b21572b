/** The console's edge: who gets in, and what a hostile or broken browser can do (nothing). */
import { request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { addUsers } from "../desk/desk-house.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { type ConsoleClient, ConsoleHouse } from "./console-house.ts";

let database: TestDatabase;
let house: ConsoleHouse;
const logged: string[] = [];

beforeAll(async () => {
  database = await testDatabase();
  await addUsers(database, { olga: "operator", semyon: "supervisor", anna: "admin" });
  const log = {
    info: () => {},
    warn: () => {},
    error: (_: object, text: string) => logged.push(text),
  };
  house = await ConsoleHouse.open(database, log as never);
});
afterEach(() => house.leave());
afterAll(async () => {
  await house?.close();
  await database?.drop();
});

async function looking(login = "semyon"): Promise<ConsoleClient> {
  const client = house.client(login);
  await vi.waitFor(() => expect(client.pictures).not.toHaveLength(0));
  return client;
}

describe("a browser gets in", () => {
  test("with a supervisor's or admin's token or session cookie", async () => {
    await looking("semyon");
    await looking("anna");
    const cookie = house.client("", { extraHeaders: { cookie: "callcard_session=semyon" } });
    await vi.waitFor(() => expect(cookie.pictures).toHaveLength(1));
  });

  test.each([
    ["nobody", "", {}, "notLoggedIn"],
    ["a token that is wrong", "nobody-knows", {}, "notLoggedIn"],
    ["an operator", "olga", {}, "forbidden"],
    ["a program's token", "cc_program", {}, "forbidden"],
    ["a handshake of another shape", "", { auth: { token: { $ne: 1 } } }, "invalid"],
  ])("not as %s", async (_, token, extra, code) => {
    const client = house.client(token, extra);
    await vi.waitFor(() => expect(client.refused).toBe(code));
    expect(client.pictures).toEqual([]);
  });

  test("not from a page of another site", async () => {
    const status = (origin: string) =>
      new Promise<number>((resolve, reject) => {
        const url = `${house.url}/socket.io/?EIO=4&transport=polling`;
        request(url, { headers: { origin } }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        })
          .on("error", reject)
          .end();
      });
    expect(await status(house.url)).toBe(200);
    expect(await status("https://evil.example")).toBe(403);
  });
});

describe("a browser that", () => {
  test("sends nonsense is answered with the field, and the server lives", async () => {
    const client = await looking();
    const nonsense: readonly unknown[] = [
      undefined,
      null,
      5,
      "x",
      [],
      { callId: {}, queue: "sales" },
      { pbx: "main", queue: "sales\r\nAction: Logoff", channelId: "1", position: 1 },
      { pbx: "main", queue: "sales", channelId: "1", position: -1 },
      { pbx: "main", queue: "sales", channelId: "1", position: 1.5 },
      { policy: {}, more: 1 },
    ];
    for (const name of ["why", "move", "preview"]) {
      const replies = await Promise.all(nonsense.map((value) => client.raw(name, value)));
      for (const reply of replies) expect(reply).toMatchObject({ ok: false, code: "invalid" });
      await pause(1300);
    }
    expect(logged).toEqual([]);
    expect(house.steward.moved).toEqual([]);
  });

  test("wants no reply, or sends a reply that is no function, hurts nobody", async () => {
    const client = await looking();
    const emit = client.socket.emit.bind(client.socket) as (...args: unknown[]) => void;
    emit("why");
    emit("why", { callId: "x", queue: "sales" }, "no function");
    emit("move", {});
    emit("unheardOf", {}, () => {});
    expect(await client.ask("why", { callId: "x", queue: "sales" })).toMatchObject({
      code: "notFound",
    });
  });

  test("asks too often is told to wait; others are not", async () => {
    const client = await looking();
    const asked = { callId: "x", queue: "sales" };
    const replies = await Promise.all(Array.from({ length: 60 }, () => client.ask("why", asked)));
    const refused = replies.filter((reply) => !reply.ok && /too many/.test(reply.message));
    expect(refused.length).toBeGreaterThan(20);
    const other = await looking("anna");
    expect(await other.ask("why", asked)).toMatchObject({ code: "notFound" });
  });

  test("whose login was ended, or who is no supervisor any more, is told and closed", async () => {
    const semyon = await looking("semyon");
    const anna = await looking("anna");
    const users = await database.db.selectFrom("users").select(["id", "login"]).execute();
    const idOf = (login: string) => users.find((user) => user.login === login)!.id;
    const become = (role: "operator" | "supervisor") =>
      database.db.updateTable("users").set({ role }).where("login", "=", "semyon").execute();
    await become("operator");
    house.bus.publish("sessionsEnded", { userId: idOf("semyon") });
    house.bus.publish("sessionsEnded", { userId: idOf("anna") });
    await vi.waitFor(() => expect(semyon.ended).toBe("deactivated"));
    expect(await anna.ask("why", { callId: "x", queue: "sales" })).toMatchObject({
      code: "notFound",
    });
    await become("supervisor");
  });

  test("has no websocket is told the same by polling", async () => {
    const client = house.client("semyon", { transports: ["polling"] });
    await vi.waitFor(() => expect(client.pictures).not.toHaveLength(0));
    for (let n = 1; n <= 3; n++) house.join("+79130000002");
    await vi.waitFor(() => expect(client.titles()).toHaveLength(3));
    expect(await client.ask("why", { callId: "x", queue: "sales" })).toMatchObject({
      code: "notFound",
    });
  });

  test("does not read is sent the last picture when it does, not all that it missed", async () => {
    const client = await looking();
    const { conn } = serverSocket();
    const { transport } = conn;
    transport.writable = false;
    const before = client.pictures.length;
    for (let n = 0; n < 5; n++) {
      house.join("+79130000002");
      await pause(260);
    }
    expect(client.pictures).toHaveLength(before);
    transport.writable = true;
    await vi.waitFor(() => expect(client.titles()).toHaveLength(5));
    expect(client.pictures.length - before).toBeLessThanOrEqual(2);
  });
});

test("a database that does not answer is told as such, and ends nobody", async () => {
  const client = await looking();
  const caller = house.join("+79130000002");
  house.steward.refusal = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
  const move = { pbx: "main", queue: "sales", channelId: caller.id, position: 1 };
  expect(await client.ask("move", move)).toMatchObject({
    ok: false,
    code: "failed",
    message: /database/,
  });
  expect(client.ended).toBe("");
});

function serverSocket() {
  const [socket] = house.serverSockets();
  if (socket === undefined) throw new Error("nobody is connected");
  return socket;
}
