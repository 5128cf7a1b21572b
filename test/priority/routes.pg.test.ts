import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { importCustomers } from "../../server/customers/import.ts";
import type { App } from "../../server/http/app.ts";
import { Policies } from "../../server/priority/policies.ts";
import { priorityRoutes } from "../../server/priority/routes.ts";
import { openVocabulary } from "../../server/priority/vocabulary.ts";
import { localBus } from "../../server/storage/bus.ts";
import { testApp } from "../http/support.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { policyOf, rule } from "./samples.ts";

const bus = localBus((error) => {
  throw error;
});
let database: TestDatabase;
let app: App;
let policies: Policies;
beforeAll(async () => {
  database = await testDatabase();
  await importCustomers(
    database,
    ["gold", "silver", ""].map((tier, n) => ({ sourceId: String(n), name: "N", tier })),
    { defaultRegion: "RU", source: "s" },
  );
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query("truncate policy_versions, policy_draft, audit");
  const vocabulary = openVocabulary(database, {
    ...{ queues: () => ["sales"], timeZone: () => policies.published().policy.timeZone },
  });
  policies = new Policies({
    ...{ db: database.db, bus, vocabulary: () => vocabulary.read(), timeZone: "Europe/Moscow" },
    onError: (error) => {
      throw error;
    },
  });
  app = await testApp();
  await priorityRoutes(app, { policies, vocabulary });
  return async () => {
    policies.close();
    await app.close();
  };
});

async function ask(method: "GET" | "POST" | "PUT", path: string, body?: object, role = "admin") {
  const answer = await app.inject({
    ...{ method, url: `/api/v1/priority/${path}` },
    headers: { authorization: `Bearer cc_${role}` },
    ...(body === undefined ? {} : { payload: body }),
  });
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
}

const golds = policyOf([
  rule("late", [{ fact: "tier", in: ["gold"] }, { fact: "orderLate" }], {
    preferred: { who: "lastOperator", waitSeconds: 20 },
  }),
  rule("night", [{ fact: "timeOfDay", from: "22:00", to: "06:00", days: [6] }], { rate: 1.5 }),
  rule("unknown", [
    { fact: "caller", is: "unknown", not: true },
    { fact: "queue", in: ["sales"] },
  ]),
]);

describe("a policy's life over HTTP", () => {
  test("saved, published, replaced, rolled back; all of it comes back as it went in", async () => {
    expect(await ask("GET", "policy")).toMatchObject({ status: 200, body: { version: 0 } });
    const saved = await ask("PUT", "draft", { policy: golds, revision: 0 });
    expect(saved).toMatchObject({
      status: 200,
      body: { policy: golds, revision: 1, changed: true, updatedBy: "token:admin", problems: [] },
    });
    const published = await ask("POST", "publish", { revision: 1, note: "Gold first" });
    expect(published).toMatchObject({
      status: 200,
      body: { version: 1, note: "Gold first", publishedBy: "token:admin", policy: golds },
    });
    expect(await ask("GET", "policy")).toEqual(published);
    const plain = { ...golds, rules: [] };
    await ask("PUT", "draft", { policy: plain, revision: 2 });
    await ask("POST", "publish", { revision: 3, note: "" });
    expect(await ask("POST", "rollback", { version: 1 })).toMatchObject({
      status: 200,
      body: { version: 3, policy: golds },
    });
    expect(await ask("GET", "versions?limit=2")).toMatchObject({
      body: {
        versions: [
          { version: 3, rolledBackTo: 1 },
          { version: 2, rolledBackTo: null },
        ],
      },
    });
    expect(await ask("GET", "versions?before=2")).toMatchObject({
      body: { versions: [{ version: 1 }] },
    });
    expect(await ask("GET", "versions/2")).toMatchObject({ body: { policy: plain } });
    expect(await ask("GET", "draft")).toMatchObject({ body: { changed: false, baseVersion: 3 } });
  });

  test("values that are not right yet are kept in the draft, told, and not published", async () => {
    const half = policyOf([rule("a", [{ fact: "tier", in: ["glod"] }], { rate: -2 })]);
    expect(await ask("PUT", "draft", { policy: half, revision: 0 })).toMatchObject({
      status: 200,
      body: {
        policy: half,
        problems: [
          { path: "/rules/0/when/0/in/0", code: "unknownTier", values: { suggestion: "gold" } },
          { path: "/rules/0/then/rate", code: "outOfRange", values: { least: 0.1 } },
        ],
      },
    });
    expect(await ask("POST", "publish", { revision: 1, note: "" })).toMatchObject({
      status: 422,
      body: {
        error: { code: "policyRefused", field: "body.policy.rules.0.when.0.in.0" },
        problems: [{ code: "unknownTier" }, { code: "outOfRange" }],
      },
    });
  });
});

describe("refusals", () => {
  test("say where: no policy, another's save, nothing new, no such version, a wrong body", async () => {
    const odd = { ...golds, rules: [{ ...rule("a", []), when: [{ fact: "moon" }] }] };
    expect(await ask("PUT", "draft", { policy: odd, revision: 0 })).toMatchObject({
      status: 422,
      body: {
        error: { code: "policyRefused", field: "body.policy.rules.0.when.0.fact" },
        problems: [{ path: "/rules/0/when/0/fact", code: "unknownFact" }],
      },
    });
    const refused = async (method: "POST" | "PUT", path: string, body: object) => {
      const { status, body: answer } = await ask(method, path, body);
      const { code, field } = answer["error"] as { code: string; field?: string };
      return [status, code, ...(field === undefined ? [] : [field])];
    };
    const stale = { policy: golds, revision: 7 };
    expect(await refused("PUT", "draft", stale)).toEqual([409, "changedMeanwhile"]);
    expect(await refused("POST", "publish", { revision: 0, note: "" })).toEqual([
      ...[409, "nothingToPublish"],
    ]);
    expect(await refused("POST", "rollback", { version: 4 })).toEqual([404, "noSuchVersion"]);
    expect(await refused("PUT", "draft", { policy: golds })).toEqual([
      ...[400, "invalid", "body.revision"],
    ]);
    expect(await refused("PUT", "draft", { revision: 0 })).toEqual([
      ...[400, "invalid", "body.policy"],
    ]);
    expect(await refused("POST", "publish", { revision: 0, note: "x".repeat(501) })).toEqual([
      ...[400, "invalid", "body.note"],
    ]);
    expect((await ask("GET", "versions/9")).status).toBe(404);
  });
});

test("anything can be checked, and nothing is kept of it", async () => {
  expect(await ask("POST", "check", { policy: golds }, "supervisor")).toEqual({
    ...{ status: 200, body: { problems: [], warnings: [] } },
  });
  expect(await ask("POST", "check", { policy: [1] }, "supervisor")).toMatchObject({
    ...{ status: 200, body: { problems: [{ path: "", code: "wrongType" }] } },
  });
  expect(await ask("GET", "draft")).toMatchObject({ body: { revision: 0 } });
});

test("ready policies and the vocabulary speak of this shop", async () => {
  const { body } = await ask("GET", "ready-policies", undefined, "supervisor");
  expect(body).toMatchObject({
    policies: [
      { id: "gentle", policy: { timeZone: "Europe/Moscow", rules: [{ id: "regular" }] } },
      { id: "strict" },
      { id: "problems" },
    ],
  });
  const words = await ask("GET", "vocabulary", undefined, "supervisor");
  expect(words.body).toMatchObject({
    tiers: expect.arrayContaining(["gold", "silver"]) as string[],
  });
  expect(words.body).toHaveProperty("queues", ["sales"]);
  expect(words.body).not.toHaveProperty("tierShares");
});

test("supervisors read, admins change, others see nothing", async () => {
  for (const path of [
    "policy",
    "draft",
    "versions",
    "versions/1",
    "ready-policies",
    "vocabulary",
  ]) {
    expect((await ask("GET", path, undefined, "operator")).status, path).toBe(403);
    expect((await ask("GET", path, undefined, "integrator")).status, path).toBe(403);
    expect((await ask("GET", path, undefined, "supervisor")).status, path).not.toBe(403);
  }
  const draft = { policy: golds, revision: 0 };
  expect((await ask("PUT", "draft", draft, "supervisor")).status).toBe(403);
  const publish = { revision: 0, note: "" };
  expect((await ask("POST", "publish", publish, "supervisor")).status).toBe(403);
  expect((await ask("POST", "rollback", { version: 0 }, "supervisor")).status).toBe(403);
  expect((await ask("POST", "check", { policy: golds }, "operator")).status).toBe(403);
});
