import { SignJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { App } from "../../server/http/app.ts";
import { createLoginLimit } from "../../server/people/login-limit.ts";
import { peopleRoutes } from "../../server/people/routes.ts";
import { sessionRoutes } from "../../server/people/session-routes.ts";
import {
  SESSION_IDLE_MS,
  SESSION_MAX_MS,
  type Sessions,
  createSessions,
} from "../../server/people/sessions.ts";
import { createUser } from "../../server/people/users.ts";
import { logToMemory, testApp } from "../http/support.ts";
import { type Bus, localBus } from "../../server/storage/bus.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

const SECRET = "a-secret-shared-with-the-crm-0123456789";
const PASSWORD = "right-password-1";
const safe = { "x-callcard": "1" };

let database: TestDatabase;
let sessions: Sessions;
let bus: Bus;
let app: App;
let clock: { ms: number };
let log: ReturnType<typeof logToMemory>;
let olgaId: string;

beforeAll(async () => {
  database = await testDatabase();
  for (const role of ["operator", "supervisor", "admin"] as const) {
    const login = { operator: "olga", supervisor: "semyon", admin: "anna" }[role];
    const user = await createUser(
      database.db,
      { login, name: login, role, password: PASSWORD },
      "test",
    );
    if (login === "olga") olgaId = user.id;
  }
});
afterAll(() => database.drop());

beforeEach(async () => {
  clock = { ms: Date.UTC(2026, 10, 22, 8) };
  log = logToMemory();
  bus = localBus((error) => log.log.error(error));
  sessions = createSessions({ db: database.db, crmTokenSecret: SECRET, bus, now: () => clock.ms });
  await app?.close();
  app = await testApp({ authenticator: sessions, log: log.log });
  const limit = createLoginLimit(() => clock.ms);
  await app.register(async (scope) => {
    await sessionRoutes(scope, { db: database.db, sessions, secureCookie: false, limit });
    await peopleRoutes(scope, { db: database.db, sessions });
  });
});
afterAll(() => app.close());

const logIn = (login = "olga", password = PASSWORD, more: object = {}) =>
  app.inject({ method: "POST", url: "/api/v1/session", payload: { login, password }, ...more });

/** Logs in and returns the cookie's value. */
async function cookieOf(login = "olga", password = PASSWORD): Promise<string> {
  const answer = await logIn(login, password);
  expect(answer.statusCode).toBe(200);
  return answer.cookies[0]!.value;
}
const whoAmI = (token: string) =>
  app.inject({ url: "/api/v1/session", cookies: { callcard_session: token } });

describe("logging in", () => {
  test("gives the user and a cookie that scripts cannot read", async () => {
    const answer = await logIn(" Olga ");
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({
      user: { id: olgaId, login: "olga", name: "olga", role: "operator", language: "" },
    });
    const [cookie] = answer.cookies;
    expect(cookie).toMatchObject({
      name: "callcard_session",
      httpOnly: true,
      sameSite: "Lax",
      path: "/",
    });
    expect(Buffer.from(cookie!.value, "base64url")).toHaveLength(32);
    expect((await whoAmI(cookie!.value)).json().user.login).toBe("olga");
  });

  test("keeps only a hash of the session's token", async () => {
    const token = await cookieOf();
    const stored = await database.pool.query("select * from sessions");
    expect(JSON.stringify(stored.rows)).not.toContain(token);
    expect(stored.rows.every((row) => row.token_hash.length === 32)).toBe(true);
  });

  test("answers a wrong password and an unknown login alike", async () => {
    const wrong = await logIn("olga", "wrong-password");
    const unknown = await logIn("nobody", "wrong-password");
    expect(wrong.statusCode).toBe(401);
    expect(wrong.json().error.code).toBe("badLogin");
    expect(unknown.json()).toEqual(wrong.json());
    expect(wrong.cookies).toEqual([]);
  });

  test("is refused with the time to wait after five wrong tries, for unknown logins too", async () => {
    for (const login of ["semyon", "ghost"]) {
      for (let n = 0; n < 5; n++)
        expect((await logIn(login, "wrong-password")).statusCode).toBe(401);
      const answer = await logIn(login, PASSWORD);
      expect(answer.statusCode).toBe(429);
      expect(answer.json().error).toMatchObject({ code: "tooManyAttempts", retryAfterSeconds: 60 });
      expect(answer.headers["retry-after"]).toBe("60");
    }
    clock.ms += 60_000;
    expect((await logIn("semyon")).statusCode).toBe(200);
  });

  test("is written to the audit without what was typed", async () => {
    await logIn("my-password-typed-as-login", "wrong-password");
    const { rows } = await database.pool.query(
      "select actor, action, detail from audit order by id desc limit 1",
    );
    expect(rows[0]).toEqual({
      actor: "unknown",
      action: "login.refused",
      detail: { address: "127.0.0.1" },
    });
  });

  test("is refused from a foreign page", async () => {
    const answer = await logIn("olga", PASSWORD, { headers: { origin: "https://evil.example" } });
    expect(answer.statusCode).toBe(403);
    expect(answer.json().error.code).toBe("foreignOrigin");
  });

  test("redoes a hash that was made with weaker parameters", async () => {
    const { hashPassword } = await import("../../server/people/passwords.ts");
    const weak = await hashPassword(PASSWORD, { logN: 10, r: 8, p: 1 });
    await database.pool.query("update users set password_hash = $1 where login = 'semyon'", [weak]);
    await cookieOf("semyon");
    const { rows } = await database.pool.query(
      "select password_hash from users where login = 'semyon'",
    );
    expect(rows[0].password_hash).toMatch(/^scrypt\$15\$8\$3\$/);
    await cookieOf("semyon");
  });
});

describe("a session", () => {
  test("ends after twelve idle hours and lives on while it is used", async () => {
    const token = await cookieOf();
    clock.ms += SESSION_IDLE_MS - 1000;
    expect((await whoAmI(token)).statusCode).toBe(200);
    clock.ms += SESSION_IDLE_MS - 1000;
    expect((await whoAmI(token)).statusCode).toBe(200);
    clock.ms += SESSION_IDLE_MS;
    expect((await whoAmI(token)).statusCode).toBe(401);
    expect((await whoAmI(token)).json().error.code).toBe("notLoggedIn");
  });

  test("ends after thirty days however much it is used", async () => {
    const token = await cookieOf();
    const end = clock.ms + SESSION_MAX_MS;
    while (clock.ms + 6 * 3_600_000 < end) {
      clock.ms += 6 * 3_600_000;
      expect(await sessions.bySession(token)).not.toBeNull();
    }
    clock.ms = end;
    expect(await sessions.bySession(token)).toBeNull();
    expect(await sessions.sweep()).toBeGreaterThan(0);
  });

  test("ends at once on logging out, and listeners hear of it", async () => {
    const token = await cookieOf();
    const heard: unknown[] = [];
    bus.on("sessionsEnded", (ended) => heard.push(ended));
    const answer = await app.inject({
      method: "DELETE",
      url: "/api/v1/session",
      cookies: { callcard_session: token },
      headers: safe,
    });
    expect(answer.statusCode).toBe(204);
    expect(answer.cookies[0]).toMatchObject({ name: "callcard_session", value: "" });
    expect((await whoAmI(token)).statusCode).toBe(401);
    expect(heard).toEqual([{ userId: olgaId }]);
  });

  test("changes nothing without the header that other sites cannot send", async () => {
    const token = await cookieOf();
    const logOut = (headers: Record<string, string>) =>
      app.inject({
        method: "DELETE",
        url: "/api/v1/session",
        cookies: { callcard_session: token },
        headers,
      });
    expect((await logOut({})).json().error.code).toBe("csrf");
    expect((await logOut({ ...safe, origin: "https://evil.example" })).json().error.code).toBe(
      "foreignOrigin",
    );
    expect((await logOut({ ...safe, "sec-fetch-site": "cross-site" })).json().error.code).toBe(
      "foreignOrigin",
    );
    expect((await whoAmI(token)).statusCode).toBe(200);
    expect((await logOut({ ...safe, origin: "https://crm.shop.example" })).statusCode).toBe(204);
  });

  test("can be seen and ended from another one, but only by its own person", async () => {
    const here = await cookieOf();
    const there = await cookieOf();
    const others = await cookieOf("semyon");
    const list = await app.inject({
      url: "/api/v1/sessions",
      cookies: { callcard_session: here },
    });
    const mine = list.json().sessions;
    expect(mine.filter((one: { current: boolean }) => one.current)).toHaveLength(1);
    const principal = await sessions.bySession(there);
    const id = principal?.kind === "user" ? principal.sessionId : "";
    expect(mine.map((one: { id: string }) => one.id)).toContain(id);
    const end = (token: string) =>
      app.inject({
        method: "DELETE",
        url: `/api/v1/sessions/${id}`,
        cookies: { callcard_session: token },
        headers: safe,
      });
    expect((await end(others)).statusCode).toBe(404);
    expect((await end(here)).statusCode).toBe(204);
    expect((await whoAmI(there)).statusCode).toBe(401);
    expect((await whoAmI(here)).statusCode).toBe(200);
  });

  test("of others end when the person changes the password", async () => {
    const here = await cookieOf();
    const there = await cookieOf();
    const change = (oldPassword: string, newPassword: string) =>
      app.inject({
        method: "POST",
        url: "/api/v1/session/password",
        cookies: { callcard_session: here },
        headers: safe,
        payload: { oldPassword, newPassword },
      });
    expect((await change("wrong", "a-new-password")).json().error).toMatchObject({
      code: "wrongPassword",
      field: "body.oldPassword",
    });
    expect((await change(PASSWORD, "short")).json().error).toMatchObject({
      code: "invalid",
      field: "body.newPassword",
    });
    expect((await change(PASSWORD, "a-new-password")).statusCode).toBe(204);
    expect((await whoAmI(there)).statusCode).toBe(401);
    expect((await whoAmI(here)).statusCode).toBe(200);
    expect((await logIn("olga", PASSWORD)).statusCode).toBe(401);
    clock.ms += 3_600_000;
    expect((await change("a-new-password", PASSWORD)).statusCode).toBe(204);
  });
});

describe("a token signed by the CRM", () => {
  const nowSeconds = () => Math.floor(clock.ms / 1000);
  const sign = (claims: Record<string, unknown>, secret = SECRET, alg = "HS256") =>
    new SignJWT({
      sub: "olga",
      aud: "callcard",
      iat: nowSeconds(),
      exp: nowSeconds() + 3600,
      ...claims,
    })
      .setProtectedHeader({ alg })
      .sign(new TextEncoder().encode(secret));
  const ask = (token: string) =>
    app.inject({ url: "/api/v1/session", headers: { authorization: `Bearer ${token}` } });

  test("stands for the person it names", async () => {
    const answer = await ask(await sign({}));
    expect(answer.statusCode).toBe(200);
    expect(answer.json().user.login).toBe("olga");
  });

  test.each([
    ["another secret", {}, "another-secret-that-is-long-enough-1234", "HS256"],
    ["another algorithm", {}, SECRET.repeat(3), "HS512"],
    ["another audience", { aud: "crm" }, SECRET, "HS256"],
    ["nobody", { sub: "ghost" }, SECRET, "HS256"],
    ["no subject", { sub: undefined }, SECRET, "HS256"],
    ["no expiry", { exp: undefined }, SECRET, "HS256"],
    ["no issue time", { iat: undefined }, SECRET, "HS256"],
  ])("is refused with %s", async (_name, claims, secret, alg) => {
    const answer = await ask(await sign(claims, secret, alg));
    expect(answer.statusCode).toBe(401);
    expect(answer.json().error.code).toBe("badToken");
  });

  test("is refused when it has expired, lives too long, or comes from the future", async () => {
    expect((await ask(await sign({ exp: nowSeconds() - 60 }))).statusCode).toBe(401);
    expect((await ask(await sign({ exp: nowSeconds() + 13 * 3600 }))).statusCode).toBe(401);
    expect((await ask(await sign({ iat: nowSeconds() + 600 }))).statusCode).toBe(401);
    expect((await ask(await sign({ exp: nowSeconds() + 12 * 3600 }))).statusCode).toBe(200);
  });

  test("is refused when it claims to need no signature", async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = { sub: "olga", aud: "callcard", iat: nowSeconds(), exp: nowSeconds() + 60 };
    expect((await ask(`${part({ alg: "none" })}.${part(claims)}.`)).statusCode).toBe(401);
  });

  test("never carries an admin's rights", async () => {
    const answer = await ask(await sign({ sub: "anna" }));
    expect(answer.json().user.role).toBe("supervisor");
  });

  test("can change the person's own password too", async () => {
    const { token } = await sessions.start({ id: olgaId } as never, "elsewhere");
    const change = async (oldPassword: string, newPassword: string) =>
      app.inject({
        method: "POST",
        url: "/api/v1/session/password",
        headers: { authorization: `Bearer ${await sign({})}` },
        payload: { oldPassword, newPassword },
      });
    expect((await change(PASSWORD, "another-password")).statusCode).toBe(204);
    expect((await whoAmI(token)).statusCode).toBe(401);
    expect((await change("another-password", PASSWORD)).statusCode).toBe(204);
  });

  test("needs a secret that withstands guessing", () => {
    expect(() => createSessions({ db: database.db, crmTokenSecret: "short" })).toThrow(
      "CRM_TOKEN_SECRET must have at least 32 characters",
    );
  });
});

test("nothing secret of all this stands in the log", async () => {
  const token = await cookieOf();
  await logIn("olga", "a-wrong-password-xyz");
  await whoAmI(token);
  await app.inject({
    method: "POST",
    url: "/api/v1/session?password=in-the-query-xyz",
    payload: '{"login":"olga","password":"broken-json-xyz"',
    headers: { "content-type": "application/json" },
  });
  await app.inject({
    url: "/api/v1/session",
    headers: { authorization: "Bearer cc_abcdefghijklmnopqrstuvwxyz0123456789" },
  });
  log.log.error(
    {
      headers: { cookie: `callcard_session=${token}`, authorization: "Bearer abcdefghijkl" },
      deep: { er: { still: { password: "deep-password-xyz", apiToken: "deep-token-xyz" } } },
      err: new Error(`connect postgres://callcard:url-password-xyz@db/callcard`),
      crmTokenSecret: SECRET,
    },
    "everything at once",
  );
  const text = log.text();
  expect(text).toContain("everything at once");
  for (const secret of [token, PASSWORD, "-xyz", "abcdefghijkl", SECRET])
    expect(text.split(secret).length - 1, secret).toBe(0);
});
