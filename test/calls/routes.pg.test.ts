/** Finished calls over HTTP: who may read which, pages, filters, and the pops stage by stage. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Call } from "../../server/calls/model.ts";
import { recordOf } from "../../server/calls/record.ts";
import { callRoutes } from "../../server/calls/routes.ts";
import { saveCalls } from "../../server/calls/store.ts";
import { type PopRow, upsertPops } from "../../server/desk/pop-rows.ts";
import { upsertWrapUp } from "../../server/desk/wrap-up-rows.ts";
import type { App } from "../../server/http/app.ts";
import type { Authenticator } from "../../server/people/model.ts";
import { addUsers } from "../desk/desk-house.ts";
import { testApp } from "../http/support.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

const T0 = Date.UTC(2026, 10, 22, 9);
let database: TestDatabase;
let app: App;
let olgaId: string;
let ivanId: string;

function callOf(n: number, more: Partial<Call> = {}): Call {
  const startedAtMs = T0 + n * 60_000;
  return {
    id: `main-${n}`,
    pbx: "main",
    direction: "inbound",
    party: { number: "89130000001", name: "" },
    dialled: "74951234567",
    fromExtension: "",
    startedAtMs,
    answeredAtMs: startedAtMs + 5000,
    endedAtMs: startedAtMs + 60_000,
    endedHow: "completed",
    state: "ended",
    visits: [
      {
        queue: "sales",
        joinedAtMs: startedAtMs,
        position: 1,
        leftAtMs: startedAtMs + 5000,
        how: "answered",
      },
    ],
    rings: [
      {
        id: `main-r${n}`,
        extension: "101",
        queue: "sales",
        interface: "PJSIP/101",
        startedAtMs: startedAtMs + 1000,
        toldBy: "agentCalled",
        endedAtMs: startedAtMs + 5000,
        outcome: "answered",
      },
    ],
    talks: [
      {
        extension: "101",
        ringId: `main-r${n}`,
        queue: "sales",
        startedAtMs: startedAtMs + 5000,
        endedAtMs: startedAtMs + 60_000,
        heldMs: 0,
        onHoldSinceMs: null,
      },
    ],
    transfers: [],
    partyChannel: "",
    seenFromMiddle: false,
    ...more,
  };
}

const popOf = (n: number, userId: string | null, more: Partial<PopRow> = {}): PopRow => {
  const at = T0 + n * 60_000;
  return {
    ringId: `main-r${n}`,
    callId: `main-${n}`,
    pbx: "main",
    extension: "101",
    userId,
    queue: "sales",
    toldBy: "agentCalled",
    joinedAtMs: at,
    identifiedAtMs: at + 4,
    identifyMs: 3,
    outcome: "one",
    composedAtMs: at + 10,
    rangAtMs: at + 1000,
    ringEndedAtMs: at + 5000,
    sentAtMs: at + 1001,
    receivedAtMs: at + 1004,
    paintedAtMs: at + 1020,
    visible: true,
    missed: "",
    ...more,
  };
};

beforeAll(async () => {
  database = await testDatabase();
  const users = await addUsers(database, {
    olga: "operator",
    ivan: "operator",
    semyon: "supervisor",
  });
  olgaId = users["olga"]!.id;
  ivanId = users["ivan"]!.id;
  const authenticator: Authenticator = {
    bySession: async (token) => {
      const user = users[token];
      return user === undefined ? null : { kind: "user", user, sessionId: token };
    },
    byApiToken: async (token) => ({
      kind: "token",
      tokenId: "1",
      name: "crm",
      role: token === "cc_operator" ? "operator" : "integrator",
    }),
    byCrmToken: async () => null,
  };
  app = await testApp({ authenticator });
  await callRoutes(app, { db: database.db });
  const calls = [1, 2, 3, 4, 5].map((n) => callOf(n, n === 5 ? { endedHow: "abandoned" } : {}));
  await saveCalls(
    database.db,
    calls.map((call) => recordOf(call, "+79130000001", null)),
  );
  await upsertPops(database.db, [
    popOf(1, olgaId),
    popOf(2, olgaId),
    popOf(3, ivanId),
    popOf(4, null, { sentAtMs: null, receivedAtMs: null, paintedAtMs: null, missed: "noOperator" }),
  ]);
  await upsertWrapUp(database.db, {
    draftId: crypto.randomUUID(),
    callId: "main-5",
    userId: olgaId,
    disposition: "order",
    note: "чай",
    callBack: null,
  });
});
afterAll(async () => {
  await app?.close();
  await database?.drop();
});

const get = (url: string, who: string) =>
  app.inject({
    url,
    headers: who.startsWith("cc_")
      ? { authorization: `Bearer ${who}` }
      : { cookie: `callcard_session=${who}` },
  });
const idsOf = (response: { json(): unknown }) =>
  (response.json() as { calls: { id: string }[] }).calls.map(({ id }) => id);

describe("GET /api/v1/calls", () => {
  test("gives supervisors and integrators all calls, newest first", async () => {
    for (const who of ["semyon", "cc_crm"])
      expect(idsOf(await get("/api/v1/calls", who))).toEqual([
        "main-5",
        "main-4",
        "main-3",
        "main-2",
        "main-1",
      ]);
  });

  test("gives an operator the calls that rang at them or that they wrapped up", async () => {
    expect(idsOf(await get("/api/v1/calls", "olga"))).toEqual(["main-5", "main-2", "main-1"]);
    expect(idsOf(await get("/api/v1/calls", "ivan"))).toEqual(["main-3"]);
  });

  test("does not let an operator ask for another's, nor a token without a person, nor nobody", async () => {
    expect((await get(`/api/v1/calls?userId=${olgaId}`, "ivan")).statusCode).toBe(403);
    expect((await get("/api/v1/calls", "cc_operator")).statusCode).toBe(403);
    expect((await get("/api/v1/calls", "nobody")).statusCode).toBe(401);
  });

  test("goes on page by page without gaps or repeats", async () => {
    const seen: string[] = [];
    let after: string | null = "";
    while (after !== null) {
      const more: string = after === "" ? "" : `&after=${encodeURIComponent(after)}`;
      const page = await get(`/api/v1/calls?limit=2${more}`, "semyon");
      seen.push(...idsOf(page));
      after = page.json<{ next: string | null }>().next;
    }
    expect(seen).toEqual(["main-5", "main-4", "main-3", "main-2", "main-1"]);
  });

  test.each([
    ["endedHow=abandoned", ["main-5"]],
    ["missed=noOperator", ["main-4"]],
    ["extension=102", []],
    ["queue=sales&limit=1", ["main-5"]],
    [`from=${new Date(T0 + 4 * 60_000).toISOString()}`, ["main-5", "main-4"]],
    ["number=%2B79130000001&limit=1", ["main-5"]],
  ])("filters by %s", async (query, expected) => {
    expect(idsOf(await get(`/api/v1/calls?${query}`, "semyon"))).toEqual(expected);
  });

  test.each([
    ["after=nonsense", "query.after"],
    ["limit=0", "query.limit"],
    ["from=yesterday", "query.from"],
    ["missed=because", "query.missed"],
    ["colour=red", "query"],
  ])("refuses %s naming the field", async (query, field) => {
    const response = await get(`/api/v1/calls?${query}`, "semyon");
    expect(response.statusCode).toBe(400);
    expect(response.json<{ error: { field: string } }>().error.field).toContain(field);
  });
});

describe("GET /api/v1/calls/:id", () => {
  test("tells the whole call with its pops, each stage timed, and its wrap-ups", async () => {
    const response = await get("/api/v1/calls/main-1", "olga");
    expect(response.json()).toMatchObject({
      call: {
        id: "main-1",
        visits: [{ queue: "sales", how: "answered" }],
        rings: [{ id: "main-r1", extension: "101", outcome: "answered" }],
        talks: [{ extension: "101" }],
        pops: [
          {
            ringId: "main-r1",
            operatorName: "OLGA",
            missed: "",
            joinedToIdentifiedMs: 4,
            identifiedToComposedMs: 6,
            rangToSentMs: 1,
            sentToReceivedMs: 3,
            receivedToPaintedMs: 16,
            rangToPaintedMs: 20,
          },
        ],
      },
    });
    expect(response.body).not.toContain("PJSIP");
    expect((await get("/api/v1/calls/main-5", "semyon")).json()).toMatchObject({
      call: { wrapUps: [{ operatorName: "OLGA", disposition: "order", note: "чай" }] },
    });
  });

  test("tells why the caller stood where they stood, and every move in order", async () => {
    const at = (seconds: number) => new Date(T0 + seconds * 1000);
    const stay = { call_id: "main-2", pbx: "main", policy_version: 3 };
    await database.db
      .insertInto("call_priorities")
      .values([
        { ...stay, queue: "support", joined_at: at(40), rate: 1, head_start_ms: 0 },
        {
          ...{ ...stay, queue: "sales", joined_at: at(0), rate: 2.5, head_start_ms: 14_000 },
          ...{ rule_id: "gold", rule_name: "Gold first" },
        },
      ])
      .execute();
    const move = { ...stay, queue: "sales", from_priority: 0, to_priority: 5 };
    await database.db
      .insertInto("priority_moves")
      .values([
        { ...move, at: at(9), made_by: "semyon", from_position: 2, to_position: null },
        { ...move, at: at(1), made_by: "policy", from_position: 5, to_position: 2 },
      ])
      .execute();
    const { call } = (await get("/api/v1/calls/main-2", "olga")).json<{ call: object }>();
    const moved = { queue: "sales", policyVersion: 3 };
    expect(call).toMatchObject({
      priorities: [
        {
          queue: "sales",
          joinedAt: at(0).toISOString(),
          policyVersion: 3,
          rule: { id: "gold", name: "Gold first" },
          rate: 2.5,
          headStartMs: 14_000,
        },
        { queue: "support", rule: null, rate: 1, headStartMs: 0 },
      ],
      moves: [
        { ...moved, at: at(1).toISOString(), by: "policy", fromPosition: 5, toPosition: 2 },
        { ...moved, at: at(9).toISOString(), by: "semyon", fromPosition: 2, toPosition: null },
      ],
    });
    expect((await get("/api/v1/calls/main-1", "olga")).json()).toMatchObject({
      call: { priorities: [], moves: [] },
    });
  });

  test("says why a pop was missed", async () => {
    expect((await get("/api/v1/calls/main-4", "semyon")).json()).toMatchObject({
      call: { pops: [{ missed: "noOperator", operatorName: "", rangToPaintedMs: null }] },
    });
  });

  test("answers another's call like one that does not exist", async () => {
    for (const id of ["main-3", "main-99", "%00", "'; drop table calls; --"]) {
      const response = await get(`/api/v1/calls/${encodeURIComponent(id)}`, "olga");
      expect([400, 404]).toContain(response.statusCode);
    }
    const [theirs, none] = await Promise.all([
      get("/api/v1/calls/main-3", "olga"),
      get("/api/v1/calls/main-99", "olga"),
    ]);
    const error = (response: typeof theirs) =>
      response.json<{ error: { code: string; message: string } }>().error;
    expect(error(theirs).message).toBe(error(none).message);
  });
});
