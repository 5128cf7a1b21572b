import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { App } from "../../server/http/app.ts";
import { ensureFirstAdmin } from "../../server/people/first-admin.ts";
import { peopleRoutes } from "../../server/people/routes.ts";
import { sessionRoutes } from "../../server/people/session-routes.ts";
import { type Sessions, createSessions } from "../../server/people/sessions.ts";
import { changeUser } from "../../server/people/users.ts";
import { type Bus, localBus } from "../../server/storage/bus.ts";
import { logToMemory, testApp } from "../http/support.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let sessions: Sessions;
let bus: Bus;
let app: App;
let adminId: string;
let admin: string;
let log: ReturnType<typeof logToMemory>;
let revoked = 0;

beforeAll(async () => {
  database = await testDatabase();
  await ensureFirstAdmin(database.db, "first-admin-password");
});
afterAll(() => database.drop());

beforeEach(async () => {
  log = logToMemory();
  bus = localBus((error) => log.log.error(error));
  sessions = createSessions({ db: database.db, crmTokenSecret: "", bus });
  app = await testApp({ authenticator: sessions, log: log.log });
  await sessionRoutes(app, { db: database.db, sessions, secureCookie: true });
  await peopleRoutes(app, { db: database.db, sessions, onTokenRevoked: () => revoked++ });
  const { rows } = await database.pool.query("select * from users where login = 'admin'");
  adminId = rows[0].id;
  admin = (await sessions.start(rows[0], "test")).token;
});
afterEach(() => app.close());

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
async function as(cookie: string, method: Method, url: string, payload?: object) {
  const answer = await app.inject({
    method,
    url,
    headers: { "x-callcard": "1" },
    cookies: { callcard_session: cookie },
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: answer.statusCode, body: answer.body === "" ? null : answer.json(), answer };
}

let made = 0;
async function makeUser(more: object = {}) {
  const login = `person${++made}`;
  const input = { login, name: "Оля Ким", role: "operator", password: "long-enough", ...more };
  const { status, body } = await as(admin, "POST", "/api/v1/users", input);
  expect(status).toBe(201);
  return body.user as { id: string; login: string };
}
const audit = async (limit = 1) =>
  (await as(admin, "GET", `/api/v1/audit?limit=${limit}`)).body.entries;

describe("users", () => {
  test("are made, found, listed and changed by an admin, and every deed is in the audit", async () => {
    const user = await makeUser({ login: " Person.New@Shop ", language: "uk" });
    expect(user).toEqual({
      id: expect.any(String),
      login: "person.new@shop",
      name: "Оля Ким",
      role: "operator",
      language: "uk",
      active: true,
      createdAt: expect.any(String),
    });
    expect((await audit())[0]).toMatchObject({
      actor: "admin",
      action: "user.created",
      detail: { id: user.id, login: "person.new@shop", role: "operator" },
    });
    expect((await as(admin, "GET", `/api/v1/users/${user.id}`)).body.user).toEqual(user);
    const changed = await as(admin, "PATCH", `/api/v1/users/${user.id}`, { name: "Ольга" });
    expect(changed.body.user).toEqual({ ...user, name: "Ольга" });
    expect((await audit())[0]).toMatchObject({ action: "user.changed", detail: { name: "Ольга" } });
    const { body } = await as(admin, "GET", "/api/v1/users");
    expect(body.users.map((one: { login: string }) => one.login)).toContain("person.new@shop");
    expect(JSON.stringify(body)).not.toMatch(/scrypt|hash|password/);
  });

  test.each([
    [{ login: "" }, 400, "invalid", "body.login"],
    [{ login: "has space" }, 400, "invalid", "body.login"],
    [{ login: "<script>" }, 400, "invalid", "body.login"],
    [{ login: "ADMIN" }, 409, "loginTaken", "body.login"],
    [{ password: "short" }, 400, "invalid", "body.password"],
    [{ name: "   " }, 400, "invalid", "body.name"],
    [{ role: "integrator" }, 400, "invalid", "body.role"],
    [{ role: "root" }, 400, "invalid", "body.role"],
    [{ language: "de" }, 400, "invalid", "body.language"],
    [{ active: true }, 400, "invalid", "body.active"],
  ])("that do not fit are refused by the field's name: %j", async (more, status, code, field) => {
    const input = {
      login: "fits",
      name: "Fits",
      role: "operator",
      password: "long-enough",
      ...more,
    };
    const answer = await as(admin, "POST", "/api/v1/users", input);
    expect(answer.status).toBe(status);
    expect(answer.body.error).toMatchObject({ code, field });
  });

  test("who may be given work are named to supervisors, with their extensions and nothing else", async () => {
    const anna = await makeUser({ name: "Анна" });
    const gone = await makeUser({ name: "Ушла" });
    await as(admin, "DELETE", `/api/v1/users/${gone.id}`);
    await database.pool.query(
      "insert into operator_devices (user_id, pbx, extension) values ($1, 'office', '101')",
      [anna.id],
    );
    const vera = await makeUser({ role: "supervisor" });
    const { rows } = await database.pool.query("select * from users where id = $1", [vera.id]);
    const cookie = (await sessions.start(rows[0], "test")).token;
    expect((await as(cookie, "GET", "/api/v1/users")).status).toBe(403);
    const { body } = await as(cookie, "GET", "/api/v1/operators");
    const named = body.operators as readonly { id: string; role: string }[];
    expect(named.find(({ id }) => id === anna.id)).toEqual({
      ...{ id: anna.id, name: "Анна", role: "operator", extension: "101", pbx: "office" },
    });
    expect(named.some(({ id }) => id === gone.id)).toBe(false);
    const roles = named.map(({ role }) => role);
    expect(roles.lastIndexOf("operator")).toBeLessThan(roles.indexOf("supervisor"));
  });

  test("that are not there are a 404, whatever the id looks like", async () => {
    for (const id of ["999999", "0", "-1", "abc", "1;drop table users", "9".repeat(40)]) {
      for (const [method, url, body] of [
        ["GET", "", undefined],
        ["PATCH", "", { name: "x" }],
        ["DELETE", "", undefined],
        ["PUT", "/password", { password: "long-enough" }],
      ] as const) {
        const path = `/api/v1/users/${encodeURIComponent(id)}${url}`;
        expect((await as(admin, method, path, body)).status, `${method} ${id}`).toBe(404);
      }
    }
  });

  test("lose their sessions when they are deactivated, and get in again when brought back", async () => {
    const user = await makeUser();
    const logIn = () =>
      app.inject({
        method: "POST",
        url: "/api/v1/session",
        payload: { login: user.login, password: "long-enough" },
      });
    const cookie = (await logIn()).cookies[0]!;
    expect(cookie).toMatchObject({ secure: true, httpOnly: true });
    expect((await as(cookie.value, "GET", "/api/v1/session")).status).toBe(200);
    const told: unknown[] = [];
    bus.on("sessionsEnded", (hint) => told.push(hint));
    expect((await as(admin, "DELETE", `/api/v1/users/${user.id}`)).status).toBe(204);
    expect(told).toEqual([{ userId: user.id }]);
    expect((await as(cookie.value, "GET", "/api/v1/session")).status).toBe(401);
    expect((await logIn()).json().error.code).toBe("badLogin");
    expect((await audit(3)).map((one: { action: string }) => one.action)).toContain(
      "user.deactivated",
    );
    await as(admin, "PATCH", `/api/v1/users/${user.id}`, { active: true });
    expect((await logIn()).statusCode).toBe(200);
  });

  test("log in with a password an admin set, and their old sessions end", async () => {
    const user = await makeUser();
    const { token } = await sessions.start(user as never, "test");
    const url = `/api/v1/users/${user.id}/password`;
    expect((await as(admin, "PUT", url, { password: "short" })).body.error.field).toBe(
      "body.password",
    );
    expect((await as(admin, "PUT", url, { password: "set-by-admin" })).status).toBe(204);
    expect((await as(token, "GET", "/api/v1/session")).status).toBe(401);
    const payload = { login: user.login, password: "set-by-admin" };
    expect((await app.inject({ method: "POST", url: "/api/v1/session", payload })).statusCode).toBe(
      200,
    );
  });

  test("always include an admin, also when two try to step down at once", async () => {
    for (const change of [{ active: false }, { role: "operator" }]) {
      const refused = await as(admin, "PATCH", `/api/v1/users/${adminId}`, change);
      expect([refused.status, refused.body.error.code]).toEqual([409, "lastAdmin"]);
    }
    expect((await as(admin, "DELETE", `/api/v1/users/${adminId}`)).status).toBe(409);
    expect((await as(admin, "PATCH", `/api/v1/users/${adminId}`, { name: "Admin" })).status).toBe(
      200,
    );

    const second = await makeUser({ role: "admin" });
    const both = await Promise.allSettled(
      [adminId, second.id].map((id) => changeUser(database.db, id, { role: "operator" }, "test")),
    );
    expect(both.map((one) => one.status).sort()).toEqual(["fulfilled", "rejected"]);
    await database.pool.query("update users set role = 'admin' where login = 'admin'");
    await database.pool.query("update users set role = 'operator' where id = $1", [second.id]);
  });
});

describe("API tokens", () => {
  test("are shown once, work until revoked, and are kept only as a hash", async () => {
    const created = await as(admin, "POST", "/api/v1/tokens", { name: "CRM", role: "integrator" });
    expect(created.status).toBe(201);
    expect(created.answer.headers["cache-control"]).toBe("no-store");
    const { token, record } = created.body;
    expect(token).toMatch(/^cc_[\w-]{43}$/);
    const list = (await as(admin, "GET", "/api/v1/tokens")).body.tokens;
    expect(list[0]).toEqual(record);
    expect(JSON.stringify(list)).not.toContain(token);
    const { rows } = await database.pool.query("select * from api_tokens");
    expect(JSON.stringify(rows)).not.toContain(token);

    expect(await sessions.byApiToken(token)).toMatchObject({ kind: "token", role: "integrator" });
    const used = (await as(admin, "GET", "/api/v1/tokens")).body.tokens[0];
    expect(used.lastUsedAt).not.toBeNull();

    const url = `/api/v1/tokens/${record.id}`;
    const before = revoked;
    expect((await as(admin, "DELETE", url)).status).toBe(204);
    expect((await as(admin, "DELETE", url)).status).toBe(204);
    expect(revoked).toBeGreaterThan(before);
    expect(await sessions.byApiToken(token)).toBeNull();
    expect((await as(admin, "DELETE", "/api/v1/tokens/12345")).status).toBe(404);
    expect(log.text()).not.toContain(token.slice(3));
    const actions = (await audit(5)).map((one: { action: string }) => one.action);
    expect(actions.slice(0, 2)).toEqual(["token.revoked", "token.created"]);
  });

  test("of an integrator cannot administer people, one of an admin can without cookie or header", async () => {
    const make = async (role: string) =>
      (await as(admin, "POST", "/api/v1/tokens", { name: role, role })).body.token;
    const ask = async (token: string) =>
      (await app.inject({ url: "/api/v1/users", headers: { authorization: `Bearer ${token}` } }))
        .statusCode;
    expect(await ask(await make("integrator"))).toBe(403);
    expect(await ask(await make("supervisor"))).toBe(403);
    const token = await make("admin");
    expect(await ask(token)).toBe(200);
    const answer = await app.inject({
      method: "POST",
      url: "/api/v1/tokens",
      headers: { authorization: `Bearer ${token}` },
      payload: { name: "made by a token", role: "integrator" },
    });
    expect(answer.statusCode).toBe(201);
    expect((await audit())[0].actor).toBe("token:admin");
    // A token is nobody's session.
    const session = await app.inject({
      url: "/api/v1/session",
      headers: { authorization: `Bearer ${token}` },
    });
    expect(session.statusCode).toBe(403);
  });
});

describe("the audit", () => {
  test("is read page by page, newest first, and by actor or action", async () => {
    for (let n = 0; n < 5; n++) await makeUser();
    const first = await audit(3);
    const url = `/api/v1/audit?limit=3&before=${first.at(-1).id}&action=user.created`;
    const next = (await as(admin, "GET", url)).body.entries;
    const ids = [...first, ...next].map((one: { id: string }) => Number(one.id));
    expect(ids).toEqual([...ids].sort((a, b) => b - a));
    expect(new Set(ids).size).toBe(6);
    expect((await as(admin, "GET", "/api/v1/audit?actor=nobody")).body.entries).toEqual([]);
    expect((await as(admin, "GET", "/api/v1/audit?before=x")).body.error.field).toBe(
      "query.before",
    );
    expect((await as(admin, "GET", "/api/v1/audit?limit=9999")).body.error.field).toBe(
      "query.limit",
    );
  });
});

describe("the first start", () => {
  test("makes the admin once, with a password that is shown or the one that was set", async () => {
    expect(await ensureFirstAdmin(database.db, "")).toBeNull();
    const fresh = await testDatabase();
    try {
      await expect(ensureFirstAdmin(fresh.db, "short")).rejects.toThrow(
        "ADMIN_PASSWORD must have 8 to 200 characters",
      );
      const made = await ensureFirstAdmin(fresh.db, "");
      expect(made).toEqual({ login: "admin", password: expect.stringMatching(/^[a-z2-9-]{23}$/) });
      expect(await ensureFirstAdmin(fresh.db, "")).toBeNull();
    } finally {
      await fresh.drop();
    }
  });

  test("of two processes at once makes one admin", async () => {
    const fresh = await testDatabase();
    try {
      const made = await Promise.all([
        ensureFirstAdmin(fresh.db, ""),
        ensureFirstAdmin(fresh.db, ""),
      ]);
      expect(made.filter((one) => one !== null)).toHaveLength(1);
    } finally {
      await fresh.drop();
    }
  });
});

describe("hostile input", () => {
  const fields = {
    "POST /api/v1/users": ["login", "name", "password", "role", "language"],
    "PATCH /api/v1/users/1": ["name", "role", "language", "active"],
    "PUT /api/v1/users/1/password": ["password"],
    "POST /api/v1/tokens": ["name", "role"],
    "POST /api/v1/session": ["login", "password"],
    "POST /api/v1/session/password": ["oldPassword", "newPassword"],
  };
  const usual: Record<string, unknown> = {
    role: "operator",
    language: "ru",
    active: true,
    name: "Ольга",
    login: "olga",
    // Too short, so that the hundreds of bodies below do not cost a hash each.
    password: "short",
    newPassword: "short",
    oldPassword: "short",
  };

  test("any JSON body gets a clear answer, never a failure", async () => {
    const nasty = fc.oneof(
      fc.constantFrom("\0", "a\0b", "'; drop table users; --", "<img src=x onerror=1>", "\uD800"),
      fc.constantFrom("😀".repeat(50), "\r\nSet-Cookie: a=b", "İ", "__proto__", ""),
      fc.string({ maxLength: 300, unit: "binary" }),
      fc.jsonValue(),
    );
    const request = fc
      .constantFrom(...(Object.keys(fields) as (keyof typeof fields)[]))
      .chain((route) =>
        fc.record({
          route: fc.constant(route),
          body: fc.oneof(
            { weight: 1, arbitrary: fc.jsonValue() },
            {
              weight: 9,
              arbitrary: fc.record(
                Object.fromEntries(
                  fields[route].map((field) => [
                    field,
                    fc.oneof(nasty, fc.constant(usual[field] ?? "short")),
                  ]),
                ),
              ),
            },
          ),
        }),
      );
    await fc.assert(
      fc.asyncProperty(request, async ({ route, body }) => {
        const [method, url] = route.split(" ") as ["POST", string];
        const answer = await app.inject({
          method,
          url,
          payload: JSON.stringify(body) ?? "null",
          headers: { "x-callcard": "1", "content-type": "application/json" },
          cookies: { callcard_session: admin },
        });
        expect(answer.statusCode, answer.body).toBeLessThan(500);
        if (answer.statusCode >= 400) expect(answer.json().error.code).toBeTypeOf("string");
        expect(answer.headers["set-cookie"] ?? "").not.toContain("a=b");
      }),
      { numRuns: 200 },
    );
  });

  test("any bytes as body, query, path, cookie and authorization get a clear answer", async () => {
    const text = fc.string({ unit: "binary", maxLength: 200 });
    const header = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)),
    });
    await fc.assert(
      fc.asyncProperty(text, text, header, header, async (body, path, cookie, authorization) => {
        const answer = await app.inject({
          method: "POST",
          url: `/api/v1/users/${encodeURIComponent(path.toWellFormed())}/password?x=${encodeURIComponent(path.toWellFormed())}`,
          payload: Buffer.from(body),
          headers: { "content-type": "application/json", cookie, authorization },
        });
        expect(answer.statusCode).toBeLessThan(500);
        expect(answer.json().error.code).toBeTypeOf("string");
      }),
      { numRuns: 150 },
    );
  });
});
