import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type OpenedAttempts, openAttempts } from "../../server/campaigns/attempts/open.ts";
import { withdrawNow } from "../../server/campaigns/attempts/withdraw.ts";
import { Campaigns } from "../../server/campaigns/campaigns.ts";
import { Figures } from "../../server/campaigns/figures.ts";
import { campaignRoutes } from "../../server/campaigns/routes.ts";
import type { App } from "../../server/http/app.ts";
import { localBus } from "../../server/storage/bus.ts";
import { testApp } from "../http/support.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import {
  HOUR_MS,
  NOON_MS,
  WHOLE,
  addCustomer,
  addOrder,
  addPerson,
  attemptRow,
  brokenInvariants,
  makeCampaign,
  nextPhone,
  plainSettings,
} from "./attempts/house.ts";
import { vocabulary } from "./samples.ts";

const throwing = (error: unknown) => {
  throw error;
};
const bus = localBus(throwing);
let database: TestDatabase;
let app: App;
let campaigns: Campaigns;
let attempts: OpenedAttempts;
let nowMs = NOON_MS;
const hints: string[] = [];
const withdrawn: string[] = [];
beforeAll(async () => {
  database = await testDatabase();
  const { db } = database;
  bus.on("campaignsChanged", ({ campaignId }) => hints.push(campaignId));
  bus.on("attemptsWithdrawn", ({ attemptIds }) => withdrawn.push(...attemptIds));
  campaigns = new Campaigns({ db, bus, vocabulary: async () => vocabulary, onError: throwing });
  attempts = openAttempts({
    ...{ db, bus, clock: () => nowMs, lookMs: 3_600_000, timeZone: "Europe/Moscow" },
    ...{ regionOfNumber: () => "", e164Of: () => null, calls: { onFact: () => () => undefined } },
    log: { info() {}, warn() {}, error: throwing },
  });
  app = await testApp();
  await campaignRoutes(app, {
    ...{ db, campaigns, attempts, region: "RU", clock: () => nowMs },
    figures: new Figures({ db, timeZone: "Europe/Moscow", clock: () => nowMs, freshMs: 0 }),
  });
});
afterAll(async () => {
  await attempts.close();
  campaigns.close();
  await app.close();
  await database.drop();
});
beforeEach(async () => {
  nowMs = NOON_MS;
  // A look that a hint woke must be over before the tables are emptied under it.
  await attempts.planner.look();
  await database.pool.query(
    "truncate campaigns, customers, do_not_call, calls, trunks, audit cascade",
  );
  await campaigns.load();
  hints.length = 0;
  withdrawn.length = 0;
});

type Method = "GET" | "POST" | "PUT" | "DELETE";
async function ask(method: Method, path: string, body?: object | string | Buffer, role = "admin") {
  const isCsv = typeof body === "string" || Buffer.isBuffer(body);
  const answer = await app.inject({
    ...{ method, url: `/api/v1/${path}` },
    headers: {
      authorization: `Bearer cc_${role}`,
      ...(isCsv ? { "content-type": "text/csv" } : {}),
    },
    ...(body === undefined ? {} : { payload: body }),
  });
  const isJson = String(answer.headers["content-type"]).includes("json");
  return {
    status: answer.statusCode,
    text: answer.body,
    // oxlint-disable-next-line typescript/no-explicit-any -- answers of every shape are looked into
    body: isJson ? answer.json() : null,
  };
}

async function made(own: Parameters<typeof plainSettings>[0] = {}): Promise<string> {
  const { body } = await ask("POST", "campaigns", { settings: plainSettings(own) });
  return (body as { id: string }).id;
}

describe("a campaign's life", () => {
  test("made, changed, started, paused, stopped; told to the others, audited, dispositions kept for history", async () => {
    const settings = plainSettings();
    const { status, body } = await ask("POST", "campaigns", { settings });
    expect(status).toBe(201);
    expect(body).toMatchObject({ state: "draft", revision: 1, settings, problems: [] });
    const { id } = body;
    const changed = { ...settings, priority: 5 };
    expect(await ask("PUT", `campaigns/${id}`, { settings: changed, revision: 1 })).toMatchObject({
      ...{ status: 200, body: { revision: 2, settings: { priority: 5 } } },
    });
    expect(await ask("PUT", `campaigns/${id}`, { settings, revision: 1 })).toMatchObject({
      ...{ status: 409, body: { error: { code: "campaignChanged" } } },
    });
    const started = await ask("POST", `campaigns/${id}/start`, undefined, "supervisor");
    expect(started).toMatchObject({ status: 200, body: { state: "running" } });
    expect(campaigns.get(id)).toMatchObject({ state: "running" });
    await ask("POST", `campaigns/${id}/pause`, undefined, "supervisor");
    expect(campaigns.get(id)).toMatchObject({ state: "paused", pausedBecause: "byHand" });
    // What an admin made is theirs to run; its rules are not.
    const edited = { settings: changed, revision: 4 };
    expect((await ask("PUT", `campaigns/${id}`, edited, "supervisor")).status).toBe(403);
    expect((await ask("POST", "campaigns", { settings }, "supervisor")).status).toBe(403);
    for (const deed of ["start", "pause", "stop"])
      expect((await ask("POST", `campaigns/${id}/${deed}`, undefined, "operator")).status).toBe(
        403,
      );
    const stopped = await ask("POST", `campaigns/${id}/stop`, undefined, "supervisor");
    expect(stopped).toMatchObject({ status: 200, body: { state: "ended" } });
    expect(campaigns.get(id)).toBeNull();
    expect((await ask("POST", `campaigns/${id}/start`)).status).toBe(409);
    expect((await ask("GET", "campaigns")).body.campaigns).toHaveLength(1);
    expect(new Set(hints)).toEqual(new Set([id]));
    const actions = await database.db
      .selectFrom("audit")
      .select(["action", "actor"])
      .orderBy("id")
      .execute();
    expect(actions.map(({ action }) => action)).toEqual([
      ...["campaign.created", "campaign.changed", "campaign.started"],
      ...["campaign.paused", "campaign.stopped"],
    ]);
    const kept = await database.db
      .selectFrom("dispositions")
      .select("code")
      .where("code", "like", `campaign-${id}-%`)
      .where("active", "=", false)
      .execute();
    expect(kept).toHaveLength(settings.dispositions.length);
  });

  test("contradictory settings are refused with every problem and its place; nothing is kept", async () => {
    const settings = { ...plainSettings(), queue: "", ringSeconds: 3 };
    const { status, body } = await ask("POST", "campaigns", { settings });
    expect(status).toBe(422);
    expect(body.error.code).toBe("campaignRefused");
    const paths = (body.problems as { path: string }[]).map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(["/queue", "/ringSeconds"]));
    expect((await ask("GET", "campaigns")).body.campaigns).toEqual([]);
    expect((await ask("POST", "campaigns/check", { settings: 7 })).body.problems).not.toEqual([]);
    expect((await ask("GET", "campaigns/999")).status).toBe(404);
    expect((await ask("GET", "campaigns/x%27y")).status).toBe(404);
  });

  test("orders of before the first start are not called about; those of a pause are, once it goes on", async () => {
    const order = async () => addOrder(database.db, await addCustomer(database.db, nextPhone()));
    await order();
    const id = await made();
    await ask("POST", `campaigns/${id}/start`);
    await ask("POST", `campaigns/${id}/pause`);
    const placed = await order();
    await ask("POST", `campaigns/${id}/start`);
    await attempts.planner.look();
    const links = await database.db.selectFrom("contact_orders").select("order_id").execute();
    expect(links).toEqual([{ order_id: placed }]);
  });

  test("a stop withdraws what is planned and what rings, and a dialler's pause is audited as its own", async () => {
    const id = await made();
    await ask("POST", `campaigns/${id}/start`);
    await campaigns.pause(id, "trunkTrouble");
    const [audit] = await database.db
      .selectFrom("audit")
      .selectAll()
      .orderBy("id", "desc")
      .limit(1)
      .execute();
    expect(audit).toMatchObject({ actor: "dialler", detail: { because: "trunkTrouble" } });
    const planned = await addPerson(database.db, id);
    const rings = await addPerson(database.db, id);
    for (const to of ["claimed", "dialling", "ringing"] as const)
      await attempts.store.advance(rings.attemptId, to, { atMs: nowMs, evidence: {} });
    await ask("POST", `campaigns/${id}/stop`);
    await attempts.planner.look();
    for (const { attemptId } of [planned, rings])
      expect(await attemptRow(database.db, attemptId)).toMatchObject({
        ...{ state: "withdrawn", withdrawn_because: "campaignEnded" },
      });
    expect(withdrawn).toEqual([rings.attemptId]);
    expect(await brokenInvariants(database.db)).toEqual(WHOLE);
  });
});

const BAD_PHONE = {
  ...{ line: 3, field: "phone", code: "badPhone", values: {} },
  reason: "is not a possible phone number",
};

describe("people by list and by event", () => {
  const list = () => made({ trigger: { type: "list" }, settledStages: [] });

  test("a list as a spreadsheet writes it: mark, semicolons, heads in Russian; a bad line is named and the others are kept", async () => {
    const id = await list();
    const csv = [
      "\uFEFFТелефон;Имя;Скидка",
      "8 (903) 123-45-67;Анна;10 %",
      "12345;Никто;",
      '"+7 903 765 43 21";"Пётр; младший";',
      "8-903-123-45-67;Анна ещё раз;20 %",
      "",
    ].join("\r\n");
    const { status, body } = await ask("POST", `campaigns/${id}/contacts?name=May`, csv);
    expect(status).toBe(200);
    expect(body).toEqual({
      ...{ added: 2, unchanged: 1 },
      refused: [BAD_PHONE],
    });
    const rows = await database.db
      .selectFrom("contacts")
      .select(["phone", "name", "data"])
      .orderBy("phone")
      .execute();
    expect(rows).toEqual([
      { phone: "+79031234567", name: "Анна", data: { Скидка: "20 %" } },
      { phone: "+79037654321", name: "Пётр; младший", data: {} },
    ]);
    expect(
      await database.db.selectFrom("contact_lists").select(["name", "rows", "refused"]).execute(),
    ).toEqual([{ name: "May", rows: 4, refused: 1 }]);
    // The same again changes nothing.
    expect((await ask("POST", `campaigns/${id}/contacts`, csv)).body).toMatchObject({ added: 0 });
  });

  test("a list in cp1251 is refused with its line, one in UTF-16 too, one without phones names its columns; nobody is planned", async () => {
    const id = await list();
    // "phone;name\n+79031234567;Anna\n+79037654321;Анна" with the last name in cp1251.
    const cp1251 = Buffer.concat([
      Buffer.from("phone;name\n+79031234567;Anna\n+79037654321;"),
      Buffer.from([0xc0, 0xed, 0xed, 0xe0]),
    ]);
    const refusal = await ask("POST", `campaigns/${id}/contacts`, cp1251);
    expect(refusal).toMatchObject({ status: 422, body: { error: { field: "line 3" } } });
    const message = "Line 3 is not UTF-8: save the file as CSV in UTF-8";
    expect(refusal.body.error.message).toBe(message);
    expect(refusal.body.problems).toEqual([
      { path: "", code: "fileNotUtf8", message, values: { line: 3 } },
    ]);
    const utf16 = Buffer.from("\uFEFFphone\n+79031234567", "utf16le");
    expect((await ask("POST", `campaigns/${id}/contacts`, utf16)).body.error.message).toContain(
      "UTF-16",
    );
    const headless = await ask("POST", `campaigns/${id}/contacts`, "a,b\n1,2");
    expect(headless.body.error.message).toBe('no column is called phone; there are: "a", "b"');
    expect(headless.body.problems).toMatchObject([
      { code: "fileNoPhones", values: { heads: '"a", "b"' } },
    ]);
    expect((await ask("POST", `campaigns/${id}/contacts`, Buffer.alloc(0))).status).toBe(422);
    const forbidden = await ask("POST", "do-not-call", cp1251);
    expect(forbidden).toMatchObject({ status: 422, body: { problems: [{ code: "fileNotUtf8" }] } });
    expect(await database.db.selectFrom("contacts").select("id").execute()).toEqual([]);
  });

  test("10,000 lines at once, every hundredth impossible", async () => {
    const id = await list();
    const lines = Array.from({ length: 10_000 }, (_, n) =>
      n % 100 === 99 ? `7,Nobody ${n}` : `+7905${String(n).padStart(7, "0")},N ${n}`,
    );
    const { body } = await ask(
      ...(["POST", `campaigns/${id}/contacts`, `phone,name\n${lines.join("\n")}`] as const),
    );
    expect(body).toMatchObject({ added: 9900, unchanged: 0 });
    expect(body.refused).toHaveLength(100);
    expect(body.refused[0]).toMatchObject({ line: 101, field: "phone" });
    expect(await brokenInvariants(database.db)).toEqual(WHOLE);
  }, 120_000);

  test("events: each judged by itself; with the customer, the zone and the time that were told", async () => {
    const id = await made({ trigger: { type: "event" }, settledStages: [] });
    const phone = nextPhone();
    const customerId = await addCustomer(database.db, phone);
    const notBefore = new Date(NOON_MS + HOUR_MS).toISOString();
    const good = { phone, timeZone: "Asia/Omsk", notBefore, data: { why: "gift" } };
    const { body } = await ask(
      "POST",
      `campaigns/${id}/contacts`,
      [
        ...[good, { phone: 7 }, { phone, timeZone: "Mars/North" }, { phone, unknown: 1 }, null],
        { phone, customerSource: "shop", customerSourceId: "nobody" },
      ],
      "integrator",
    );
    expect(body).toMatchObject({ added: 1, unchanged: 0 });
    expect(
      (body.refused as { field: string; code: string }[]).map((one) => [one.field, one.code]),
    ).toEqual([
      ...[["phone", "notText"] as const, ["timeZone", "badZone"], ["unknown", "unknownField"]],
      ...[["", "notAnObject"] as const, ["customerSourceId", "noSuchCustomer"]],
    ]);
    expect(body.refused.at(-1)).toMatchObject({
      ...{ line: 6, values: { id: "nobody", source: "shop" } },
      reason: 'no customer "nobody" of source "shop"',
    });
    const rows = await database.db
      .selectFrom("attempts as a")
      .innerJoin("contacts as c", "c.id", "a.contact_id")
      .select(["a.due_at", "c.customer_id", "c.time_zones", "c.data"])
      .execute();
    expect(rows).toEqual([
      {
        ...{ due_at: new Date(NOON_MS + HOUR_MS), customer_id: customerId },
        ...{ time_zones: ["Asia/Omsk"], data: { why: "gift" } },
      },
    ]);
    const orders = await made();
    expect((await ask("POST", `campaigns/${orders}/contacts`, good)).status).toBe(409);
    expect((await ask("POST", `campaigns/${id}/contacts`, good, "operator")).status).toBe(403);
  });
});

describe("do not call", () => {
  test("added by file and by one, told twice, exported and loaded again, taken off; who rings is withdrawn", async () => {
    const { id } = await makeCampaign(database.db);
    const person = await addPerson(database.db, id, { phone: "+79031112233" });
    for (const to of ["claimed", "dialling", "ringing"] as const)
      await attempts.store.advance(person.attemptId, to, { atMs: nowMs, evidence: {} });
    const csv = "phone,reason\n8 903 111-22-33,asked\nnone,\n+79031112233,again";
    expect((await ask("POST", "do-not-call", csv)).body).toEqual({
      ...{ added: 1, unchanged: 1 },
      refused: [BAD_PHONE],
    });
    expect(withdrawn).toEqual([person.attemptId]);
    const one = await ask("POST", "do-not-call", { phone: "+79031112244" }, "supervisor");
    expect(one.body.added).toBe(1);
    const page = (await ask("GET", "do-not-call?limit=1")).body;
    expect(page).toMatchObject({
      ...{ lines: [{ phone: "+79031112233", addedBy: "token:admin" }], next: "+79031112233" },
    });
    const rest = (await ask("GET", `do-not-call?limit=1&after=%2B79031112233`)).body;
    expect(rest.lines).toMatchObject([{ phone: "+79031112244" }]);
    const exported = await app.inject({
      ...{ method: "GET", url: "/api/v1/do-not-call" },
      headers: { authorization: "Bearer cc_supervisor", accept: "text/csv" },
    });
    expect(exported.headers["content-type"]).toContain("text/csv");
    expect((await ask("POST", "do-not-call", exported.body)).body).toMatchObject({
      ...{ added: 0, unchanged: 2, refused: [] },
    });
    expect(
      (await ask("DELETE", "do-not-call/%2B79031112244", undefined, "supervisor")).status,
    ).toBe(403);
    expect((await ask("DELETE", "do-not-call/%2B79031112244")).status).toBe(204);
    expect((await ask("DELETE", "do-not-call/%2B79031112244")).status).toBe(404);
  });
});

describe("what is seen", () => {
  test("who is next, who is later, who never, each with the reason", async () => {
    const { id } = await makeCampaign(database.db);
    await campaigns.load();
    const first = await addPerson(database.db, id, { dueAtMs: NOON_MS - HOUR_MS });
    const later = await addPerson(database.db, id, { dueAtMs: NOON_MS + HOUR_MS });
    const asleep = await addPerson(database.db, id, { zones: ["Pacific/Auckland"] });
    const listed = await addPerson(database.db, id);
    await database.db
      .insertInto("do_not_call")
      .values({ phone: listed.phone, added_by: "ann" })
      .execute();
    const { body } = await ask("GET", `campaigns/${id}/next`, undefined, "supervisor");
    const ids = (lines: { attemptId: string; because?: string }[]) =>
      lines.map((one) => [one.attemptId, one.because]);
    expect(ids(body.next)).toEqual([[first.attemptId, undefined]]);
    expect(ids(body.later)).toEqual([
      [asleep.attemptId, "outsideHours"],
      [later.attemptId, "notDue"],
    ]);
    expect(ids(body.never)).toEqual([[listed.attemptId, "doNotCall"]]);
    expect(body.next[0]).toMatchObject({ localTime: "11:00", attempts: 0 });
    expect((await attemptRow(database.db, listed.attemptId)).state).toBe("planned");
  });

  test("who was withdrawn, newest first, with the reason and the time, page by page", async () => {
    const { id } = await makeCampaign(database.db);
    const other = await makeCampaign(database.db);
    const people: string[] = [];
    for (let n = 0; n < 5; n++) {
      const { contactId } = await addPerson(database.db, id);
      people.unshift(contactId);
      // The second and the third at the same moment.
      const atMs = NOON_MS + Math.max(0, n - 1) * HOUR_MS - (n === 0 ? HOUR_MS : 0);
      const because = n === 4 ? "doNotCall" : "calledIn";
      await withdrawNow({ db: database.db, bus }, [{ contactId, because }], atMs);
    }
    await addPerson(database.db, id);
    const elsewhere = await addPerson(database.db, other.id);
    const gone = { contactId: elsewhere.contactId, because: "calledIn" as const };
    await withdrawNow({ db: database.db, bus }, [gone], NOON_MS);
    // One whom no hour of the settings allows has no attempt at all.
    const never = await addPerson(database.db, id);
    await withdrawNow({ db: database.db, bus }, [{ ...never, because: "exhausted" }], 0);
    await database.db.deleteFrom("attempts").where("id", "=", never.attemptId).execute();

    const path = `campaigns/${id}/withdrawn?limit=2`;
    const first = (await ask("GET", path, undefined, "supervisor")).body;
    expect(first.contacts).toMatchObject([
      {
        ...{ contactId: people[0], because: "doNotCall", attempts: 0 },
        at: new Date(NOON_MS + 3 * HOUR_MS).toISOString(),
      },
      { contactId: people[1], because: "calledIn" },
    ]);
    const second = (await ask("GET", `${path}&after=${first.next}`)).body;
    const third = (await ask("GET", `${path}&after=${second.next}`)).body;
    const seen = [...first.contacts, ...second.contacts, ...third.contacts] as {
      contactId: string;
      attemptId: string;
    }[];
    expect(seen.map((one) => one.contactId)).toEqual([...people, never.contactId]);
    expect(seen.at(-1)!.attemptId).toBe("");
    const last = (await ask("GET", `${path}&after=${third.next}`)).body;
    expect(last).toEqual({ contacts: [], next: null });
    expect((await ask("GET", `${path}&after=x`)).status).toBe(400);
    expect((await ask("GET", path, undefined, "operator")).status).toBe(403);
  });

  test("the ledger's sums are the figures, for random calls; both are recounted from the rows", async () => {
    const { id } = await makeCampaign(database.db);
    let seed = 7;
    const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const expected = { answered: 0, abandonedInTruth: 0, abandonedByRule: 0 };
    for (let n = 0; n < 60; n++) {
      const { attemptId } = await addPerson(database.db, id);
      const answeredAtMs = NOON_MS - 2 * HOUR_MS + n * 1000;
      const at = (afterMs: number) => ({ atMs: answeredAtMs + afterMs, evidence: {} });
      for (const to of ["claimed", "dialling"] as const)
        await attempts.store.advance(attemptId, to, at(0));
      const kind = Math.floor(random() * 5);
      if (kind === 0) {
        await attempts.store.advance(attemptId, "ended", { ...at(1), outcome: "noAnswer" });
        continue;
      }
      await attempts.store.advance(attemptId, "answered", at(0));
      if (kind === 1) {
        await attempts.store.advance(attemptId, "ended", { ...at(1), outcome: "machine" });
        continue;
      }
      expected.answered += 1;
      const waitedMs = Math.floor(random() * 4000);
      if (kind === 2) {
        expected.abandonedInTruth += 1;
        expected.abandonedByRule += 1;
        await attempts.store.advance(attemptId, "ended", { ...at(2000), outcome: "abandoned" });
        continue;
      }
      const isLate = waitedMs > 2000;
      if (isLate) expected.abandonedInTruth += 1;
      // By a rule whose clock begins later, not every late one is abandoned.
      const byRule = isLate && kind === 3;
      if (byRule) expected.abandonedByRule += 1;
      const facts = { ...at(waitedMs), ...(byRule ? { abandonedByRule: true } : {}) };
      await attempts.store.advance(attemptId, "connected", facts);
    }
    const figures = (await ask("GET", `campaigns/${id}/figures`)).body;
    expect(figures.abandonment).toMatchObject({
      ...{ day: expected, hours24: expected, days30: expected, mostShare: 0.03 },
    });
    const csv = (await ask("GET", `campaigns/${id}/ledger.csv`)).text.trim().split("\r\n");
    const [heads, ...rows] = csv.map((line) => line.split(","));
    const sum = (head: string) =>
      rows.filter((cells) => cells[heads!.indexOf(head)] === "1").length;
    expect({
      answered: rows.length,
      abandonedInTruth: sum("abandoned_in_truth"),
      abandonedByRule: sum("abandoned_by_rule"),
    }).toEqual(expected);
    expect((await ask("GET", `campaigns/${id}/ledger.csv?from=yesterday`)).status).toBe(400);
  });

  test("figures by state; an attempt's story; a person settles what nobody knows", async () => {
    const { id } = await makeCampaign(database.db);
    await addPerson(database.db, id);
    await addPerson(database.db, id, { dueAtMs: NOON_MS + HOUR_MS });
    const lost = await addPerson(database.db, id);
    for (const to of ["claimed", "dialling", "unknown"] as const)
      await attempts.store.advance(lost.attemptId, to, { atMs: nowMs, evidence: { why: "list" } });
    expect((await ask("GET", `campaigns/${id}/figures`)).body).toMatchObject({
      ...{ planned: 1, due: 1, unknown: 1, ringing: 0, ended: {} },
      contacts: { open: 3, done: 0, withdrawn: 0 },
    });
    const story = (await ask("GET", `attempts/${lost.attemptId}`)).body;
    expect((story.steps as { to: string }[]).map(({ to }) => to)).toEqual([
      ...["claimed", "dialling", "unknown"],
    ]);
    const found = (await ask("GET", `campaigns/${id}/contacts?unknown=true`)).body.contacts;
    expect(found).toMatchObject([{ contactId: lost.contactId, tries: [{ state: "unknown" }] }]);
    const digits = lost.phone.slice(-6);
    const searched = await ask("GET", `campaigns/${id}/contacts?search=${digits}`);
    expect(searched.body.contacts).toHaveLength(1);
    expect((await ask("GET", `campaigns/${id}/contacts?search=%25`)).body.contacts).toEqual([]);
    const settled = await ask("POST", `attempts/${lost.attemptId}/settle`, { again: true });
    expect(settled).toMatchObject({ status: 200, body: { state: "ended", outcome: "failed" } });
    expect((await ask("POST", `attempts/${lost.attemptId}/settle`, { again: true })).status).toBe(
      409,
    );
    expect((await ask("GET", "attempts/cc-nobody")).status).toBe(404);
    expect(await brokenInvariants(database.db)).toEqual(WHOLE);
  });

  test("trunks are kept, seen by the dialler at once, and not removed while a campaign names them", async () => {
    const trunk = {
      dial: "PJSIP/{number}@provider",
      format: "e164",
      lines: 5,
      callsPerSecond: 1.5,
    };
    const put = await ask("PUT", "trunks/main/provider", { ...trunk, enabled: true });
    expect(put.status).toBe(200);
    expect(campaigns.trunks("main")).toEqual([
      { ...trunk, pbx: "main", name: "provider", enabled: true },
    ]);
    const evil = { ...trunk, dial: "PJSIP/{number}@p,30,G(x)", enabled: true };
    expect((await ask("PUT", "trunks/main/evil", evil)).status).toBe(400);
    const id = await made();
    expect((await ask("DELETE", "trunks/main/provider")).status).toBe(409);
    await ask("POST", `campaigns/${id}/stop`);
    expect((await ask("DELETE", "trunks/main/provider")).status).toBe(204);
    expect((await ask("GET", "trunks")).body).toEqual({ trunks: [] });
  });
});
