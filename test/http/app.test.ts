import { Type } from "@fastify/type-provider-typebox";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { App } from "../../server/http/app.ts";
import { ApiError } from "../../server/http/errors.ts";
import { feedTypes } from "../../server/http/feed-frames.ts";
import { feedRoutes } from "../../server/http/feed-routes.ts";
import { CRM, logToMemory, testApp } from "./support.ts";

const apps: App[] = [];
async function open(...args: Parameters<typeof testApp>): Promise<App> {
  const app = await testApp(...args);
  apps.push(app);
  return app;
}
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

const json = { "content-type": "application/json" };

describe("errors have one shape and a stable code", () => {
  async function appWithRoutes(options?: Parameters<typeof testApp>[0]) {
    const app = await open(options);
    app.post(
      "/things",
      {
        config: { access: "public" },
        bodyLimit: 1000,
        schema: {
          body: Type.Object(
            {
              name: Type.String({ minLength: 3 }),
              kind: Type.Union([Type.Literal("red"), Type.Literal("green")]),
              count: Type.Optional(Type.Integer({ minimum: 1 })),
            },
            { additionalProperties: false },
          ),
        },
      },
      async () => ({ ok: true }),
    );
    app.get("/boom", { config: { access: "public" } }, async () => {
      throw new Error("connecting to 10.1.2.3 with password=hunter2-hunter2 failed");
    });
    app.get("/gone", { config: { access: "public" } }, async () => {
      throw Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:5432"), {
        code: "ECONNREFUSED",
      });
    });
    app.get("/late", { config: { access: "public" } }, async () => {
      throw new ApiError(429, "tooManyAttempts", "Wait", { retryAfterSeconds: 7 });
    });
    return app;
  }

  test.each([
    [{ kind: "red" }, "body.name", "is missing"],
    [{ name: "ab", kind: "red" }, "body.name", "must have at least 3 characters"],
    [{ name: "abc", kind: "blue" }, "body.kind", 'must be one of "red", "green"'],
    [{ name: "abc", kind: "red", count: "2" }, "body.count", "must be integer"],
    [{ name: "abc", kind: "red", count: 0 }, "body.count", "must be >= 1"],
    [{ name: "abc", kind: "red", extra: 1 }, "body.extra", "is not a known field"],
    [[], "body", "must be object"],
  ])(
    "a body that does not fit is told which field and what was expected: %j",
    async (payload, field, words) => {
      const app = await appWithRoutes();
      const answer = await app.inject({ method: "POST", url: "/things", payload });
      expect(answer.statusCode).toBe(400);
      expect(answer.json()).toEqual({
        error: { code: "invalid", message: `${field} ${words}`, field },
      });
    },
  );

  test("a body that is no JSON, is empty, is of another type, is too large, or poisons prototypes", async () => {
    const app = await appWithRoutes();
    const send = async (payload: string, headers: Record<string, string> = json) => {
      const answer = await app.inject({ method: "POST", url: "/things", payload, headers });
      return [answer.statusCode, answer.json().error.code];
    };
    expect(await send("{nonsense")).toEqual([400, "badJson"]);
    expect(await send("")).toEqual([400, "badJson"]);
    expect(await send("a=b", { "content-type": "application/x-www-form-urlencoded" })).toEqual([
      415,
      "unsupportedMediaType",
    ]);
    expect(await send("<a/>", { "content-type": "text/xml" })).toEqual([
      415,
      "unsupportedMediaType",
    ]);
    expect(await send(JSON.stringify({ name: "x".repeat(2000) }))).toEqual([413, "tooLarge"]);
    expect(await send('{"__proto__":{"a":1},"name":"abc","kind":"red"}')).toEqual([400, "badJson"]);
  });

  test("text that no database can store is refused before any route sees it", async () => {
    const app = await open();
    app.post("/any", { config: { access: "public" } }, async (request) => request.body ?? null);
    app.get("/any/:id", { config: { access: "public" } }, async (request) => request.params);
    const send = async (payload: string) => {
      const answer = await app.inject({ method: "POST", url: "/any", payload, headers: json });
      return answer.statusCode === 200 ? answer.body : answer.json().error.code;
    };
    expect(await send('{"a":[{"b":"x\\u0000y"}]}')).toBe("invalid");
    expect(await send('{"a\\u0000":1}')).toBe("invalid");
    expect(await send('["\\ud83d"]')).toBe("invalid");
    expect(await send('["\\ud83d\\ude00"]')).toBe('["😀"]');
    expect(await send('["\\\\u0000"]')).toBe('["\\\\u0000"]');
    const deep = "[".repeat(100_000) + '"\\ud83d"' + "]".repeat(100_000);
    expect(await send(deep)).toBe("invalid");
    expect((await app.inject("/any/a%00b")).json().error.code).toBe("badRequest");
    expect((await app.inject("/any/1?x=%00")).json().error.code).toBe("badRequest");
  });

  test("an address that does not exist, and one that cannot be read", async () => {
    const app = await appWithRoutes();
    const answer = await app.inject("/no/such/thing");
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toEqual({
      error: { code: "notFound", message: "There is nothing at this address" },
    });
    expect((await app.inject("/things/%c0%af")).json().error.code).toMatch(/notFound|badRequest/);
    expect((await app.inject({ method: "POST", url: "/%zz", payload: {} })).json().error.code).toBe(
      "badRequest",
    );
  });

  test("a failure inside tells nothing but the request's id, under which the log has the cause once", async () => {
    const { log, lines, text } = logToMemory("info");
    const app = await appWithRoutes({ log });
    const answer = await app.inject("/boom");
    expect(answer.statusCode).toBe(500);
    const { error } = answer.json();
    expect(error).toEqual({
      code: "internal",
      message: "Something went wrong on the server",
      requestId: answer.headers["x-request-id"],
    });
    const errors = lines.filter((line) => JSON.parse(line).level === "error");
    expect(errors).toHaveLength(1);
    expect(JSON.parse(errors[0]!)).toMatchObject({ reqId: error.requestId });
    expect(text()).toContain("10.1.2.3");
  });

  test("a database that is away is a 503 worth another try, not a failure and not a logout", async () => {
    const app = await appWithRoutes();
    const answer = await app.inject("/gone");
    expect(answer.statusCode).toBe(503);
    expect(answer.json().error.code).toBe("databaseDown");
    expect(answer.headers["retry-after"]).toBe("2");
  });

  test("waiting time stands in the header and the body", async () => {
    const app = await appWithRoutes();
    const answer = await app.inject("/late");
    expect(answer.headers["retry-after"]).toBe("7");
    expect(answer.json().error.retryAfterSeconds).toBe(7);
  });

  test("queries and paths are read as the types the schema names, with its defaults", async () => {
    const app = await open();
    const querystring = Type.Object({
      limit: Type.Integer({ minimum: 1, default: 10 }),
      all: Type.Optional(Type.Boolean()),
    });
    app.get(
      "/list",
      { config: { access: "public" }, schema: { querystring } },
      async (request) => request.query,
    );
    expect((await app.inject("/list?limit=3&all=true")).json()).toEqual({ limit: 3, all: true });
    expect((await app.inject("/list")).json()).toEqual({ limit: 10 });
    expect((await app.inject("/list?limit=many")).json().error).toMatchObject({
      code: "invalid",
      field: "query.limit",
    });
  });
});

describe("headers", () => {
  test("every answer carries a policy that lets in nothing but our own files", async () => {
    const app = await open();
    const { headers } = await app.inject({
      url: "/nothing",
      headers: { host: "desk.example:3000" },
    });
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("connect-src 'self' ws://desk.example:3000 wss://desk.example:3000;");
    expect(policy).not.toContain("unsafe");
    expect(policy).not.toContain("*");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["strict-transport-security"]).toBeUndefined();
  });

  test("a host header that is no host does not get into the policy", async () => {
    const app = await open();
    const { headers } = await app.inject({ url: "/", headers: { host: "evil;script-src *" } });
    expect(headers["content-security-policy"]).not.toContain("evil");
  });

  test("https is remembered only where people reach us by https", async () => {
    const app = await open({ publicUrl: "https://callcard.shop.example" });
    const { headers } = await app.inject("/nothing");
    expect(headers["strict-transport-security"]).toContain("max-age");
  });

  test("the CRM's pages may ask with credentials, others get no leave", async () => {
    const app = await open();
    const preflight = (origin: string) =>
      app.inject({
        method: "OPTIONS",
        url: "/api/v1/session",
        headers: {
          origin,
          "access-control-request-method": "POST",
          "access-control-request-headers": "x-callcard,content-type",
        },
      });
    const crm = await preflight(CRM);
    expect(crm.headers["access-control-allow-origin"]).toBe(CRM);
    expect(crm.headers["access-control-allow-credentials"]).toBe("true");
    expect(crm.headers["access-control-allow-headers"]).toContain("x-callcard");
    const other = await preflight("https://evil.example");
    expect(other.headers["access-control-allow-origin"]).toBeUndefined();
  });

  test("a proxy's request id is taken over when it looks like one", async () => {
    const app = await open();
    const id = async (given: string) =>
      (await app.inject({ url: "/", headers: { "x-request-id": given } })).headers["x-request-id"];
    expect(await id("edge-12345678")).toBe("edge-12345678");
    expect(await id("a b\u0001<script>")).toMatch(/^[\w-]{12}$/);
  });
});

describe("the widget's files", () => {
  test("are served to every page, hashed ones for ever, the script asked for anew each time", async () => {
    const directory = await mkdtemp(join(tmpdir(), "callcard-widget-"));
    try {
      await mkdir(join(directory, "assets"));
      await writeFile(join(directory, "index.html"), "<!doctype html><title>Callcard</title>");
      await writeFile(join(directory, "console.html"), "<!doctype html><title>Console</title>");
      await writeFile(join(directory, "callcard.js"), "export {}");
      await writeFile(join(directory, "assets/desk-B1gHash9.js"), "export {}");
      const app = await open({ widgetDirectory: directory });

      const script = await app.inject({
        url: "/widget/callcard.js",
        headers: { origin: "https://any.example" },
      });
      expect(script.statusCode).toBe(200);
      expect(script.headers["cross-origin-resource-policy"]).toBe("cross-origin");
      expect(script.headers["access-control-allow-origin"]).toBe("*");
      expect(script.headers["cache-control"]).toBe("no-cache");
      const again = await app.inject({
        url: "/widget/callcard.js",
        headers: { "if-none-match": String(script.headers.etag) },
      });
      expect(again.statusCode).toBe(304);

      const hashed = await app.inject("/widget/assets/desk-B1gHash9.js");
      expect(hashed.headers["cache-control"]).toBe("public, max-age=31536000, immutable");

      for (const [url, title] of [
        ["/", "Callcard"],
        ["/console", "Console"],
      ] as const) {
        const page = await app.inject(url);
        expect(page.headers["content-type"]).toContain("text/html");
        expect(page.headers["cache-control"]).toBe("no-cache");
        expect(page.body).toContain(title);
      }

      for (const url of [
        "/widget/../../etc/passwd",
        "/widget/..%2f..%2fetc/passwd",
        "/widget/.env",
      ])
        expect((await app.inject(url)).statusCode).toBeGreaterThanOrEqual(400);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

describe("the documentation", () => {
  test("holds the schema of every frame of the feed, as the feed's own address does", async () => {
    const app = await open();
    await feedRoutes(app);
    const document = await app.inject("/docs/json");
    const schema = await app.inject("/events/schema");
    expect(schema.headers["content-type"]).toContain("application/schema+json");
    for (const type of [...feedTypes, "welcome", "gap", "subscribed"]) {
      expect(document.body).toContain(`"title":"${type}"`);
      expect(schema.body).toContain(`"title":"${type}"`);
    }
    const plain = await app.inject("/events");
    expect([plain.statusCode, plain.json().error.code]).toEqual([426, "upgradeRequired"]);
  });

  test("describes the routes and who may use them, under the same policy as everything", async () => {
    const app = await open();
    app.get(
      "/secret",
      { onRequest: app.requireRole("supervisor"), schema: { summary: "A secret" } },
      async () => 1,
    );
    const page = await app.inject("/docs");
    expect(page.statusCode).toBe(200);
    expect(page.body).not.toMatch(/<script>|<style>| on[a-z]+=/);
    expect(page.headers["content-security-policy"]).not.toContain("unsafe");
    const document = (await app.inject("/docs/json")).json();
    expect(document.paths["/secret"].get).toMatchObject({
      summary: "A secret",
      description: "For: supervisor.",
      security: [{ session: [] }, { token: [] }],
    });
  });
});
