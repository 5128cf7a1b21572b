import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { recordOf } from "../../../server/calls/record.ts";
import { createCallState, fold } from "../../../server/calls/fold.ts";
import type { CallFact } from "../../../server/calls/model.ts";
import { saveCalls } from "../../../server/calls/store.ts";
import { openRatings } from "../../../server/followups/ratings/open.ts";
import type { App } from "../../../server/http/app.ts";
import { createMetrics } from "../../../server/http/metrics.ts";
import { addCustomer, nextPhone } from "../../campaigns/attempts/house.ts";
import { testApp } from "../../http/support.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { HOUR_MS, MOSCOW, NOON_MS, addUser, answeredCall } from "../call-backs/house.ts";

let database: TestDatabase;
let app: App;
let ratings: ReturnType<typeof openRatings>;
let anna: string;
let nowMs = NOON_MS;
const listeners = new Set<(fact: CallFact) => void>();
const metrics = createMetrics();
beforeAll(async () => {
  database = await testDatabase();
  anna = await addUser(database.db, "anna");
  await database.db
    .insertInto("operator_devices")
    .values({ user_id: anna, pbx: "office", extension: "101" })
    .execute();
  app = await testApp();
  ratings = openRatings({
    ...{ db: database.db, timeZone: MOSCOW, clock: () => nowMs, customerOf: () => null },
    e164Of: (number) => number,
    calls: {
      onFact(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  await ratings.routes(app, metrics);
});
afterAll(async () => {
  await ratings.close();
  await app.close();
  await database.drop();
});
beforeEach(async () => {
  nowMs = NOON_MS;
  await database.pool.query("truncate ratings, calls, customers, installation cascade");
});

async function ask(method: "GET" | "POST", path: string, body?: object, role = "integrator") {
  const headers = role === "" ? {} : { authorization: `Bearer cc_${role}` };
  const payload = body === undefined ? {} : { payload: body };
  const answer = await app.inject({ method, url: `/api/v1/ratings${path}`, headers, ...payload });
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
}
const rows = () => database.db.selectFrom("ratings").selectAll().orderBy("at").execute();
/** A finished call of 101, in the history. */
async function finished(own: { customerId?: string | null; atMs?: number } = {}) {
  const call = answeredCall(nextPhone(), own.atMs ?? NOON_MS);
  await saveCalls(database.db, [recordOf(call, call.party.number, own.customerId ?? null)]);
  return call;
}

describe("a score that a caller presses", () => {
  test("is kept once, with the queue, the operator and the customer's phone", async () => {
    const call = answeredCall(nextPhone(), NOON_MS);
    for (const score of [9, 3])
      for (const listener of listeners) listener({ type: "rated", call, score, atMs: NOON_MS });
    await ratings.flush();
    // A newer one of a call that is still on its way replaces the one that waits.
    for (const listener of listeners) listener({ type: "rated", call, score: 1, atMs: NOON_MS });
    await ratings.flush();
    expect(await rows()).toMatchObject([
      {
        ...{ call_id: call.id, score: 3, queue: "600", user_id: anna },
        ...{ phone: call.party.number, asked_by: "phone" },
      },
    ]);
    expect(await metrics.text()).toContain('callcard_ratings_stored_total{kind="phone"} 1');
  });

  test.each([
    ["9", 9],
    ["0", 0],
    ["10", 10],
    ["11", null],
    ["", null],
    ["-1", null],
    ["9; drop", null],
  ])("is read from the PBX: %j is %j", (score, expected) => {
    const state = createCallState("office", /^\d{3}$/);
    const channel = {
      ...{ id: "1.1", name: "PJSIP/line-1", linkedId: "1.1", state: "up" as const },
      ...{ callerNumber: "+79130000001", callerName: "", connectedNumber: "", connectedName: "" },
      ...{ context: "", exten: "600", accountCode: "", language: "" },
    };
    fold(state, { type: "channelCreated", channel } as never, NOON_MS);
    const told = { type: "userEvent", name: "CallcardRating", channelId: "1.1" } as const;
    const facts = fold(state, { ...told, fields: { score } }, NOON_MS);
    const scores = facts.flatMap((fact) => (fact.type === "rated" ? [fact.score] : []));
    expect(scores).toEqual(expected === null ? [] : [expected]);
    // Of a channel that nobody knows nothing is said.
    expect(fold(state, { ...told, channelId: "9.9", fields: { score } }, NOON_MS)).toEqual([]);
  });
});

describe("a score that is sent", () => {
  test("by an integrator is kept once, with what the history knows of the call", async () => {
    const customerId = await addCustomer(database.db, nextPhone());
    const call = await finished({ customerId });
    const body = { callId: call.id, score: 8, comment: " quick " };
    expect(await ask("POST", "", body)).toMatchObject({ status: 201, body: { new: true } });
    expect(await ask("POST", "", { ...body, score: 1 })).toMatchObject({
      ...{ status: 200, body: { new: false } },
    });
    expect(await rows()).toMatchObject([
      {
        ...{ score: 8, comment: "quick", queue: "600", user_id: anna, customer_id: customerId },
        ...{ asked_by: "token:integrator", phone: call.party.number },
      },
    ]);
  });

  test("by whoever has a link's token; not after 30 days, not with a made-up one", async () => {
    const { id: callId } = await finished();
    const { status, body } = await ask("POST", "/tokens", { callId });
    expect(status).toBe(201);
    const { token } = body as { token: string };
    const rate = (own: object) => ask("POST", "", { token, score: 10, ...own }, "");
    expect(await rate({ token: `${token.slice(0, -1)}!` })).toMatchObject({
      ...{ status: 403, body: { error: { code: "badLink", field: "body.token" } } },
    });
    nowMs += 31 * 24 * HOUR_MS;
    expect((await rate({})).status).toBe(403);
    nowMs = NOON_MS;
    expect((await rate({})).status).toBe(201);
    expect(await rows()).toMatchObject([{ call_id: callId, score: 10, asked_by: "link" }]);
  });

  test.each([
    ["of no such call", "integrator", { callId: "office-9", score: 5 }, 404],
    ["by nobody", "", { callId: "office-9", score: 5 }, 401],
    ["by an operator", "operator", { callId: "office-9", score: 5 }, 403],
    ["of eleven", "integrator", { callId: "office-9", score: 11 }, 400],
    ["of half", "integrator", { callId: "office-9", score: 4.5 }, 400],
  ])("%s is refused", async (_, role, body, status) => {
    expect((await ask("POST", "", body, role)).status).toBe(status);
    expect(await rows()).toEqual([]);
  });
});

describe("the report", () => {
  test("counts promoters, passives and detractors by queue, operator, reason and day of the shop", async () => {
    const late = Date.parse("2026-11-22T21:30:00Z");
    for (const [score, atMs] of [
      ...[
        [9, NOON_MS - HOUR_MS],
        [10, NOON_MS - HOUR_MS],
        [7, NOON_MS - HOUR_MS],
      ],
      // Half past midnight of Monday in Moscow, and Sunday.
      ...[
        [0, late],
        [6, late - 2 * HOUR_MS],
      ],
    ] as const) {
      const call = await finished();
      nowMs = atMs;
      await ask("POST", "", { callId: call.id, score });
      if (score < 9) continue;
      const wrapUp = { call_id: call.id, user_id: anna, disposition: "other" };
      await database.db
        .insertInto("wrap_ups")
        .values({ ...wrapUp, draft_id: crypto.randomUUID() })
        .execute();
    }
    nowMs = NOON_MS;
    const report = async (by: string) =>
      (await ask("GET", `/report?by=${by}`, undefined, "supervisor")).body;
    const all = { n: 5, promoters: 2, passives: 1, detractors: 2, nps: { score: 0 } };
    expect(await report("queue")).toMatchObject({ all, rows: [{ key: "600", n: 5 }] });
    expect(await report("operator")).toMatchObject({
      rows: [{ key: anna, name: "Name of anna", ...all }],
    });
    expect(await report("reason")).toMatchObject({
      rows: [
        { key: "", n: 3, nps: { score: -66.7 } },
        { key: "other", n: 2, nps: { score: 100 } },
      ],
    });
    expect(await report("day")).toMatchObject({
      rows: [
        { key: "2026-11-22", n: 1 },
        { key: "2026-11-23", n: 4 },
      ],
    });
    const empty = await ask(
      ...(["GET", "/report?by=day&from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z"] as const),
      ...([undefined, "supervisor"] as const),
    );
    expect(empty.body).toMatchObject({ rows: [], all: { n: 0, nps: null } });
  });

  test("is for supervisors, and of a span that begins before it ends", async () => {
    expect((await ask("GET", "/report", undefined, "operator")).status).toBe(403);
    const turned = "/report?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z";
    expect((await ask("GET", turned, undefined, "supervisor")).status).toBe(400);
    expect((await ask("GET", "/report?by=moon", undefined, "supervisor")).status).toBe(400);
  });
});
