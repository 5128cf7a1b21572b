import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { CallBackBody, CallBackPage } from "../../../server/followups/call-backs/rest.ts";
import { PLAIN_CALL_BACKS } from "../../../server/followups/call-backs/settings.ts";
import type { App } from "../../../server/http/app.ts";
import { createMetrics } from "../../../server/http/metrics.ts";
import { addCustomer, makeCampaign, nextPhone } from "../../campaigns/attempts/house.ts";
import { testApp } from "../../http/support.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { HOUR_MS, MINUTE_MS, MOSCOW, NOON_MS, addUser, lostCall, openHouse } from "./house.ts";

let database: TestDatabase;
let app: App;
let house: ReturnType<typeof openHouse>;
let anna: string;
let nowMs = NOON_MS;
const metrics = createMetrics();
beforeAll(async () => {
  database = await testDatabase();
  // The user of every session in tests has the id 1.
  anna = await addUser(database.db, "anna");
  app = await testApp();
  house = openHouse(database.db, { nowMs: () => nowMs });
  await house.callBacks.routes(app, metrics);
});
afterAll(async () => {
  await house.callBacks.close();
  await app.close();
  await database.drop();
});
beforeEach(async () => {
  nowMs = NOON_MS;
  await database.pool.query(
    "truncate call_backs, campaigns, customers, do_not_call, calls, installation, audit cascade",
  );
});

type Method = "GET" | "POST" | "PUT";
async function ask(method: Method, path: string, body?: object, role = "supervisor") {
  // Persons by their session, integrators by a token.
  const headers =
    role === "integrator"
      ? { authorization: "Bearer cc_integrator" }
      : { cookie: `callcard_session=${role}`, "x-callcard": "1" };
  const payload = body === undefined ? {} : { payload: body };
  const answer = await app.inject({
    ...{ method, url: `/api/v1/call-backs${path}`, headers },
    ...payload,
  });
  return { status: answer.statusCode, body: answer.json() };
}
async function asked(own: object = {}): Promise<CallBackBody> {
  const body = { phone: nextPhone(), ...own };
  const answer = await ask("POST", "", body, "integrator");
  expect(answer.status).toBe(201);
  return answer.body as CallBackBody;
}

describe("the site", () => {
  test("asks for a call at a time, or as soon as possible, of somebody it names or we know by the phone", async () => {
    const phone = nextPhone();
    const customerId = await addCustomer(database.db, phone);
    expect(await asked({ phone: phone.replace("+7", "8") })).toMatchObject({
      ...{ phone, customerId, origin: "asked", state: "open", dueAt: "2026-11-23T09:00:00.000Z" },
    });
    const at = { at: "2026-11-23T15:00", timeZone: "Asia/Yekaterinburg" };
    const customer = { source: "shop", sourceId: phone };
    const moved = await asked({ phone, ...at, customer, queue: "600", reason: "size" });
    expect(moved).toMatchObject({
      dueAt: "2026-11-23T10:00:00.000Z",
      queue: "600",
      reason: "size",
    });
    const page = (await ask("GET", "")).body as CallBackPage;
    expect(page.callBacks).toEqual([moved]);
    expect(page.counts).toEqual({ open: 1, late: 0, escalated: 0, taken: 0 });
  });

  test.each([
    ["no phone", { phone: "hello" }, 400, "body.phone"],
    ["a time without a zone", { at: "2026-11-23T15:00" }, 400, "body.timeZone"],
    ["no zone", { at: "2026-11-23T15:00", timeZone: "Mars" }, 400, "body.timeZone"],
    ["the past", { at: "2026-11-23T11:00", timeZone: MOSCOW }, 400, "body.at"],
    ["no time", { at: "tomorrow", timeZone: MOSCOW }, 400, "body.at"],
    ["an unknown field", { when: "now" }, 400, "body.when"],
    ["nobody's customer", { customer: { id: "999" } }, 404, undefined],
  ])("is refused with %s, naming the field", async (_, own, status, field) => {
    const answer = await ask("POST", "", { phone: nextPhone(), ...own }, "integrator");
    expect(answer).toMatchObject({ status });
    expect(answer.body.error.field).toBe(field);
    expect((await ask("GET", "")).body.callBacks).toEqual([]);
  });

  test("is refused with a phone that nobody calls", async () => {
    const phone = nextPhone();
    await database.db.insertInto("do_not_call").values({ phone, added_by: "test" }).execute();
    expect(await ask("POST", "", { phone }, "integrator")).toMatchObject({
      ...{ status: 400, body: { error: { field: "body.phone" } } },
    });
  });
});

describe("supervisors", () => {
  test("see what is open by its time and what is over from the newest on, page by page, as they filter", async () => {
    const made: string[] = [];
    for (const hour of [17, 16, 15, 14, 13]) {
      const at = `2026-11-23T${hour}:00`;
      made.unshift((await asked({ at, timeZone: MOSCOW, queue: "600" })).id);
    }
    const ids = async (query: string) => {
      const found: string[][] = [];
      let after = "";
      do {
        const { body } = await ask("GET", `?limit=2&after=${after}${query}`);
        const page = body as CallBackPage;
        found.push(page.callBacks.map(({ id }) => id));
        after = page.next ?? "";
      } while (after !== "");
      return found;
    };
    const [first, ...rest] = made as [string, ...string[]];
    expect((await ids("")).flat()).toEqual(made);
    expect((await ids("")).map((page) => page.length)).toEqual([2, 2, 1]);
    expect(await ids("&queue=601")).toEqual([[]]);
    expect(await ids("&origin=lost")).toEqual([[]]);
    await house.callBacks.take(first, anna);
    expect(await ids(`&userId=${anna}`)).toEqual([[first]]);
    expect(await ids("&only=taken")).toEqual([[first]]);
    expect((await ids("&only=free")).flat()).toEqual(rest);
    await ask("POST", `/${first}/settle`, { how: "done" });
    nowMs += MINUTE_MS;
    await ask("POST", `/${rest[0]!}/settle`, { how: "notNeeded" });
    expect(await ids("&state=over")).toEqual([[rest[0], first]]);
    nowMs = NOON_MS + 12 * HOUR_MS;
    await house.callBacks.look();
    expect((await ids("&only=escalated")).flat()).toHaveLength(3);
    expect((await ids("&only=late")).flat()).toHaveLength(3);
    expect((await ask("GET", "?after=x")).status).toBe(400);
    expect(await metrics.text()).toMatch(/callcard_call_backs_escalated 3/);
  });

  test("give it to somebody, move it and take it out of hands; who did so is audited", async () => {
    const { id } = await asked();
    expect(await ask("POST", `/${id}/assign`, { userId: anna })).toMatchObject({
      ...{ status: 200, body: { userId: anna, userName: "Name of anna" } },
    });
    const to = { at: "2026-11-24T10:00", timeZone: MOSCOW };
    expect(await ask("POST", `/${id}/move`, to)).toMatchObject({
      body: { dueAt: "2026-11-24T07:00:00.000Z", userId: anna },
    });
    expect((await ask("POST", `/${id}/take`)).body).toMatchObject({ state: "taken" });
    expect((await ask("POST", `/${id}/assign`, { userId: null })).body).toMatchObject({
      ...{ userId: null, state: "open" },
    });
    expect((await ask("POST", `/${id}/settle`, { how: "notNeeded" })).body).toMatchObject({
      ...{ state: "closed", closedBecause: "notNeeded" },
    });
    expect((await ask("POST", `/${id}/move`, to)).status).toBe(409);
    expect((await ask("POST", "/999/take")).status).toBe(404);
    const audit = await database.db.selectFrom("audit").select(["actor", "action"]).execute();
    expect(audit.map(({ actor, action }) => `${actor} ${action}`)).toEqual([
      ...["supervisor callBack.assigned", "supervisor callBack.moved", "supervisor callBack.taken"],
      ...["supervisor callBack.assigned", "supervisor callBack.settled"],
    ]);
  });

  test("move what a campaign keeps: its attempt moves along", async () => {
    await makeCampaign(database.db, { trigger: { type: "callbackPromised" } });
    const { id, byCampaign, campaignName } = await asked({
      at: "2026-11-23T15:00",
      timeZone: MOSCOW,
    });
    expect(byCampaign).toBe(true);
    expect(campaignName).not.toBe("");
    await ask("POST", `/${id}/move`, { at: "2026-11-25T10:00", timeZone: MOSCOW });
    const attempts = await database.db.selectFrom("attempts").select("due_at").execute();
    expect(attempts).toEqual([{ due_at: new Date("2026-11-25T07:00:00Z") }]);
  });

  test("are who may: operators take and settle, integrators ask, everybody else is sent away", async () => {
    const { id } = await asked();
    expect((await ask("GET", "", undefined, "operator")).status).toBe(403);
    expect((await ask("POST", "", { phone: nextPhone() }, "operator")).status).toBe(403);
    expect((await ask("POST", `/${id}/assign`, { userId: null }, "operator")).status).toBe(403);
    expect((await ask("POST", `/${id}/take`, undefined, "operator")).status).toBe(200);
    expect((await ask("PUT", "/settings", {}, "supervisor")).status).toBe(403);
  });
});

describe("settings", () => {
  test("hold for the next call; another's change is not overwritten; audited", async () => {
    const { body } = await ask("GET", "/settings");
    expect(body).toMatchObject({ settings: PLAIN_CALL_BACKS, revision: 0, timeZone: MOSCOW });
    expect(body.problems).toEqual([]);
    const settings = { ...PLAIN_CALL_BACKS, lateMinutes: 60 };
    const save = () => ask("PUT", "/settings", { settings, revision: 0 }, "admin");
    expect(await save()).toMatchObject({ status: 200, body: { settings, revision: 1 } });
    expect(await save()).toMatchObject({
      ...{ status: 409, body: { error: { code: "settingsChanged" } } },
    });
    const call = lostCall(nextPhone());
    house.calls.tell("callEnded", call, NOON_MS);
    await house.callBacks.flush();
    nowMs = NOON_MS + 59 * MINUTE_MS;
    await house.callBacks.look();
    expect((await ask("GET", "")).body.counts).toMatchObject({ late: 1, escalated: 0 });
    const audit = await database.db.selectFrom("audit").select("action").execute();
    expect(audit).toEqual([{ action: "callBacks.settingsChanged" }]);
  });

  test.each([
    [{ lateMinutes: 0 }, "/lateMinutes", "outOfRange"],
    [{ mostTries: 2.5 }, "/mostTries", "notWhole"],
    [{ mostTries: "3" }, "/mostTries", "wrongType"],
    [{ colour: "red" }, "/colour", "unknownField"],
    [
      { missed: { ...PLAIN_CALL_BACKS.missed, afterSeconds: -1 } },
      "/missed/afterSeconds",
      "outOfRange",
    ],
    [
      { missed: { ...PLAIN_CALL_BACKS.missed, queues: ["600", "600"] } },
      "/missed/queues/1",
      "duplicate",
    ],
    [{ missed: { ...PLAIN_CALL_BACKS.missed, closed: undefined } }, "/missed/closed", "missing"],
    [
      { hours: { ...PLAIN_CALL_BACKS.hours, weekdays: { from: "21:00", to: "09:00" } } },
      "/hours/weekdays",
      "hoursCross",
    ],
    [
      { hours: { ...PLAIN_CALL_BACKS.hours, sunday: { from: "9", to: "10:00" } } },
      "/hours/sunday/from",
      "badTime",
    ],
    [
      { hours: { weekdays: null, saturday: null, sunday: null, holidays: [], onHolidays: null } },
      "/hours",
      "neverOpen",
    ],
  ])("such as %j are refused with the place and the reason", async (own, path, code) => {
    const settings = { ...PLAIN_CALL_BACKS, ...own };
    const refused = await ask("PUT", "/settings", { settings, revision: 0 }, "admin");
    expect(refused).toMatchObject({
      status: 422,
      body: { error: { code: "settingsRefused" }, problems: [{ path, code }] },
    });
    const { body } = await ask("POST", "/settings/check", { settings });
    expect(body).toMatchObject({ problems: [{ path, code }] });
    expect((await ask("GET", "/settings")).body).toMatchObject({ revision: 0 });
  });
});
