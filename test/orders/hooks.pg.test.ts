/** Orders by shops' signed webhooks, and who may send them. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { App } from "../../server/http/app.ts";
import { prepareResultJobs } from "../../server/orders/result-jobs.ts";
import { orderRoutes } from "../../server/orders/routes.ts";
import { sign } from "../../server/orders/signature.ts";
import { testApp } from "../http/support.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let app: App;
beforeAll(async () => {
  database = await testDatabase();
  await prepareResultJobs(database.pool);
  app = await testApp();
  await orderRoutes(app, { storage: database, defaultRegion: "RU" });
  await app.ready();
});
afterAll(async () => {
  await app.close();
  await database.drop();
});
beforeEach(async () => {
  await database.pool.query("truncate customers, order_sources, audit restart identity cascade");
  expect((await setSource("shop", { hookSecret: secret })).statusCode).toBe(200);
});

const secret = "sixteen letters!";
const order = {
  ...{ sourceId: "1", number: "1001", stage: "new", total: 100, currency: "RUB" },
  ...{ placedAt: new Date(Date.now() - 60_000).toISOString(), phone: "+79130000001" },
};

async function setSource(source: string, payload: object, role = "admin") {
  const headers = { authorization: `Bearer cc_${role}` };
  return app.inject({ method: "PUT", url: `/api/v1/order-sources/${source}`, payload, headers });
}
async function hook(
  body: string | Buffer,
  given: { source?: string; secret?: string; type?: string; atMs?: number; header?: string } = {},
) {
  const bytes = Buffer.from(body);
  const header = given.header ?? sign(given.secret ?? secret, bytes, given.atMs ?? Date.now());
  const answer = await app.inject({
    ...{ method: "POST", url: `/api/v1/hooks/orders/${given.source ?? "shop"}`, payload: bytes },
    headers: {
      "content-type": given.type ?? "application/json",
      ...(header === "" ? {} : { "x-callcard-signature": header }),
    },
  });
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
}
const numbers = async () =>
  (await database.pool.query<{ number: string }>("select number from orders order by id")).rows.map(
    (row) => row.number,
  );

describe("a signed webhook", () => {
  test("brings one order, many, or a form that holds them", async () => {
    const json = (number: string) => JSON.stringify({ ...order, sourceId: number, number });
    expect(await hook(json("one"))).toMatchObject({ status: 200, body: { added: 1 } });
    expect(await hook(`[${json("two")},${json("three")}]`)).toMatchObject({ body: { added: 2 } });
    expect(await hook(json("four"), { type: "text/plain" })).toMatchObject({ status: 200 });
    const type = "application/x-www-form-urlencoded; charset=utf-8";
    const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString();
    expect(await hook(form({ payload: json("Чай & Ко") }), { type })).toMatchObject({
      status: 200,
    });
    expect(await hook(form({ a: "1", order: `[${json("six")}]` }), { type })).toMatchObject({
      status: 200,
    });
    expect(await numbers()).toEqual(["one", "two", "three", "four", "Чай & Ко", "six"]);
  });

  test("sent again changes nothing", async () => {
    const body = JSON.stringify(order);
    const header = sign(secret, Buffer.from(body), Date.now());
    expect(await hook(body, { header })).toMatchObject({ body: { added: 1 } });
    expect(await hook(body, { header })).toMatchObject({ status: 200, body: { unchanged: 1 } });
    expect(await numbers()).toEqual(["1001"]);
  });

  test("speaks for its own source and no other", async () => {
    const body = JSON.stringify([
      { ...order, source: "other", number: "a" },
      { ...order, source: "shop", number: "b", phone: "none" },
      { ...order, source: "shop", number: "c" },
    ]);
    expect(await hook(body)).toMatchObject({
      status: 207,
      body: {
        added: 1,
        results: [
          { index: 0, status: "refused", field: "source", reason: 'is not "shop"' },
          { index: 1, status: "refused", field: "phone" },
          { index: 2, status: "ok" },
        ],
      },
    });
    expect(await numbers()).toEqual(["c"]);
  });

  test("with a body that cannot be read is told what was expected", async () => {
    const type = "application/x-www-form-urlencoded";
    for (const [body, options, message] of [
      ["{", {}, "The body is not valid JSON"],
      ["", {}, "The body is not valid JSON"],
      [Buffer.from([0x7b, 0xff]), {}, "The body is not UTF-8"],
      ["[]", {}, "The body must hold 1 to 1000 orders; 0 came"],
      [JSON.stringify(Array(1001).fill(1)), {}, "The body must hold 1 to 1000 orders; 1001 came"],
      ["a=1", { type }, "The form has no field payload or order"],
      ["payload=%7B", { type }, "The form's field payload is not valid JSON"],
    ] as const)
      expect(await hook(body, options)).toMatchObject({
        status: 400,
        body: { error: { message } },
      });
    expect(await hook("7")).toMatchObject({ status: 422 });
    expect(await hook('{"__proto__":{"x":1}}')).toMatchObject({ status: 422 });
    expect(await numbers()).toEqual([]);
  });
});

describe("anybody else", () => {
  test("is told the same, whatever is wrong, and nothing is taken", async () => {
    await setSource("mute", { hookSecret: "" });
    const body = JSON.stringify(order);
    const answers = [
      await hook(body, { header: "" }),
      await hook(body, { header: "t=1,v1=00" }),
      await hook(body, { secret: "another secret !" }),
      await hook(body, { atMs: Date.now() - 301_000 }),
      await hook(body, { atMs: Date.now() + 302_000 }),
      await hook(body, { source: "nobody" }),
      await hook(body, { source: "mute", secret: "" }),
      await hook("{", { secret: "another secret !" }),
    ];
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toEqual({
      status: 401,
      body: {
        error: { code: "badSignature", message: "The signature is missing, old or wrong" },
      },
    });
    expect(await numbers()).toEqual([]);
  });
});

describe("a source", () => {
  const list = async () => {
    const headers = { authorization: "Bearer cc_admin" };
    return app.inject({ url: "/api/v1/order-sources", headers });
  };

  test("is shown and audited without its secrets", async () => {
    const resultsSecret = "an even longer secret";
    const resultsUrl = "https://shop.example/results";
    expect((await setSource("shop", { resultsUrl, resultsSecret })).statusCode).toBe(200);
    const answer = await list();
    expect(answer.json()).toMatchObject({
      sources: [
        { source: "shop", hasHookSecret: true, resultsUrl, hasResultsSecret: true, waiting: 0 },
      ],
    });
    const audit = await database.pool.query("select actor, action, detail from audit order by id");
    expect(audit.rows).toMatchObject([
      { actor: "token:admin", action: "orderSource.changed", detail: { hookSecret: "set" } },
      { detail: { source: "shop", hookSecret: "kept", resultsSecret: "set", resultsUrl } },
    ]);
    for (const text of [answer.body, JSON.stringify(audit.rows)]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(resultsSecret);
    }
  });

  test("is refused with the field when it would be unsafe", async () => {
    for (const [payload, field] of [
      [{ hookSecret: "fifteen letters" }, "body.hookSecret"],
      [{ resultsSecret: "short" }, "body.resultsSecret"],
      [{ resultsUrl: "https://shop.example/" }, "body.resultsSecret"],
      [{ resultsUrl: "ftp://shop.example/", resultsSecret: secret }, "body.resultsUrl"],
      [{ resultsUrl: "https://a:b@shop.example/", resultsSecret: secret }, "body.resultsUrl"],
      [{ resultsUrl: "shop.example", resultsSecret: secret }, "body.resultsUrl"],
    ] as const) {
      const answer = await setSource("new", payload);
      expect(answer.json(), JSON.stringify(payload)).toMatchObject({ error: { field } });
      expect(answer.body).not.toContain("fifteen");
    }
    expect((await list()).json()).toMatchObject({ sources: [{ source: "shop" }] });
  });

  test("forgotten by an admin sends no more webhooks; what it sent stays", async () => {
    await hook(JSON.stringify(order));
    const gone = async () => {
      const headers = { authorization: "Bearer cc_admin" };
      const url = "/api/v1/order-sources/shop";
      return (await app.inject({ method: "DELETE", url, headers })).statusCode;
    };
    expect([await gone(), await gone()]).toEqual([204, 404]);
    expect((await hook(JSON.stringify(order))).status).toBe(401);
    expect(await numbers()).toEqual(["1001"]);
  });
});
