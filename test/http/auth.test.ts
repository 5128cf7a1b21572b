import { afterEach, describe, expect, test } from "vitest";
import type { App } from "../../server/http/app.ts";
import { SESSION_COOKIE } from "../../server/http/auth.ts";
import { originOf } from "../../server/http/origin.ts";
import { type Role, roleAllows } from "../../server/people/model.ts";
import { CRM, rolesAuthenticator, testApp } from "./support.ts";

let app: App;
afterEach(() => app?.close());

const everyRole: readonly Role[] = ["operator", "supervisor", "admin", "integrator"];

describe("roles", () => {
  test.each([
    [["operator"], ["operator", "supervisor", "admin"]],
    [["supervisor"], ["supervisor", "admin"]],
    [["admin"], ["admin"]],
    [["integrator"], ["admin", "integrator"]],
    [
      ["supervisor", "integrator"],
      ["supervisor", "admin", "integrator"],
    ],
  ] as [Role[], Role[]][])("what is open to %j may be done by %j", (allowed, who) => {
    expect(everyRole.filter((role) => roleAllows(role, allowed))).toEqual(who);
  });

  test("a route lets in whom it names, by cookie and by token, and nobody else", async () => {
    app = await testApp();
    app.get(
      "/s",
      { onRequest: app.requireRole("supervisor") },
      async (request) => request.principal,
    );
    app.get("/any", { preHandler: app.requireRole() }, async () => 1);
    const statuses = async (url: string) =>
      Promise.all(
        [
          {},
          ...everyRole.map((role) => ({ cookies: { [SESSION_COOKIE]: role } })),
          ...everyRole.map((role) => ({ headers: { authorization: `Bearer cc_${role}` } })),
        ].map(async (by) => (await app.inject({ url, ...by })).statusCode),
      );
    expect(await statuses("/s")).toEqual([401, 403, 200, 200, 403, 403, 200, 200, 403]);
    expect(await statuses("/any")).toEqual([401, 200, 200, 200, 200, 200, 200, 200, 200]);
    const answer = await app.inject({ url: "/s", cookies: { [SESSION_COOKIE]: "admin" } });
    expect(answer.json()).toMatchObject({ kind: "user", user: { role: "admin" } });
  });

  test("a wrong token is refused even beside a good cookie", async () => {
    app = await testApp();
    app.get("/s", { onRequest: app.requireRole("operator") }, async () => 1);
    const cookies = { [SESSION_COOKIE]: "admin" };
    for (const authorization of ["Bearer cc_nobody", "Bearer x", "Basic YTpi", "", "Bearer"]) {
      const answer = await app.inject({ url: "/s", cookies, headers: { authorization } });
      expect([answer.statusCode, answer.json().error.code]).toEqual([401, "badToken"]);
    }
  });

  test("nobody is let in before their body is read", async () => {
    app = await testApp();
    app.post("/s", { onRequest: app.requireRole("admin") }, async () => 1);
    const answer = await app.inject({
      method: "POST",
      url: "/s",
      payload: "{broken",
      headers: { "content-type": "application/json" },
    });
    expect(answer.statusCode).toBe(401);
  });

  test("a server with a route that does not say who may use it does not start", async () => {
    app = await testApp();
    app.get("/forgotten", async () => 1);
    await expect(app.ready()).rejects.toThrow(
      "Routes that do not declare who may use them: GET /forgotten",
    );
  });

  test("a database that is away is no logout", async () => {
    const authenticator = {
      ...rolesAuthenticator,
      bySession: () => Promise.reject(new Error("Connection terminated unexpectedly")),
    };
    app = await testApp({ authenticator });
    app.get("/s", { onRequest: app.requireRole("operator") }, async () => 1);
    const answer = await app.inject({ url: "/s", cookies: { [SESSION_COOKIE]: "x" } });
    expect([answer.statusCode, answer.json().error.code]).toEqual([503, "databaseDown"]);
  });
});

describe("what another site could make a browser do", () => {
  const methods = ["POST", "PUT", "PATCH", "DELETE"] as const;
  async function change(headers: Record<string, string>, cookie = true) {
    app ??= await testApp();
    const answers: string[] = [];
    for (const method of methods) {
      const answer = await app.inject({
        method,
        url: "/s",
        headers,
        ...(cookie ? { cookies: { [SESSION_COOKIE]: "admin" } } : {}),
      });
      answers.push(answer.statusCode === 200 ? "ok" : answer.json().error.code);
    }
    expect(new Set(answers).size).toBe(1);
    return answers[0];
  }

  test.each([
    ["our own header from our own page", { "x-callcard": "1", origin: "http://desk:3000" }, "ok"],
    ["our own header, no browser", { "x-callcard": "1" }, "ok"],
    ["our own header from the CRM's page", { "x-callcard": "1", origin: CRM }, "ok"],
    ["no header", { origin: "http://desk:3000" }, "csrf"],
    ["another value", { "x-callcard": "yes" }, "csrf"],
    ["a foreign page", { "x-callcard": "1", origin: "https://evil.example" }, "foreignOrigin"],
    ["our host, another port", { "x-callcard": "1", origin: "http://desk:3001" }, "foreignOrigin"],
    ["a sandboxed page", { "x-callcard": "1", origin: "null" }, "foreignOrigin"],
    ["a CRM look-alike", { "x-callcard": "1", origin: `${CRM}.evil.example` }, "foreignOrigin"],
    [
      "no origin, cross-site",
      { "x-callcard": "1", "sec-fetch-site": "cross-site" },
      "foreignOrigin",
    ],
    [
      "no origin, sibling site",
      { "x-callcard": "1", "sec-fetch-site": "same-site" },
      "foreignOrigin",
    ],
    ["no origin, same site", { "x-callcard": "1", "sec-fetch-site": "same-origin" }, "ok"],
  ])("%s", async (_name, headers, expected) => {
    app = await testApp();
    for (const method of methods)
      app.route({
        method,
        url: "/s",
        onRequest: app.requireRole("operator"),
        handler: async () => 1,
      });
    expect(await change({ host: "desk:3000", ...headers })).toBe(expected);
    // A bearer token is never sent by a browser on its own.
    expect(await change({ authorization: "Bearer cc_admin", ...headers }, false)).toBe("ok");
  });
});

describe("where a request comes from", () => {
  const policy = { publicUrl: "https://callcard.shop.example", crmOrigins: [CRM] };
  test.each([
    ["https://callcard.shop.example", "127.0.0.1:3000", "same"],
    ["https://CALLCARD.shop.example", "callcard.shop.example", "same"],
    ["http://callcard.shop.example", "callcard.shop.example", "foreign"],
    ["https://callcard.shop.example:8443", "callcard.shop.example", "foreign"],
    ["http://localhost:3000", "localhost:3000", "same"],
    ["http://localhost", "localhost:80", "same"],
    ["http://localhost:3000", "", "foreign"],
    ["file://", "localhost:3000", "foreign"],
    ["not an origin", "localhost:3000", "foreign"],
    [CRM, "localhost:3000", "crm"],
  ])("origin %s at host %s is %s", (origin, host, verdict) => {
    expect(originOf({ origin, host }, policy)).toBe(verdict);
  });
});
