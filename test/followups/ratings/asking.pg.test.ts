/** Being asked by message after a call: who is, who is not, and that the shop's gateway gets it once, signed. */
import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { CallFact } from "../../../server/calls/model.ts";
import { recordOf } from "../../../server/calls/record.ts";
import { saveCalls } from "../../../server/calls/store.ts";
import {
  acceptedLanguage,
  languageOf,
  languageOfPhone,
} from "../../../server/followups/ratings/asking/language.ts";
import { openRatings } from "../../../server/followups/ratings/open.ts";
import type { App } from "../../../server/http/app.ts";
import { createLog } from "../../../server/http/log.ts";
import { createMetrics } from "../../../server/http/metrics.ts";
import { isSigned } from "../../../server/orders/signature.ts";
import { openWebhooks } from "../../../server/webhooks/open.ts";
import { addTarget } from "../../../server/webhooks/targets.ts";
import { addCustomer, nextPhone } from "../../campaigns/attempts/house.ts";
import { testApp } from "../../http/support.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { MOSCOW, NOON_MS, answeredCall, lostCall, outboundCall } from "../call-backs/house.ts";

const DAY_MS = 86_400_000;
const secret = "signs what the gateway gets";
const publicUrl = "https://callcard.shop.example";
let database: TestDatabase;
let app: App;
let ratings: ReturnType<typeof openRatings>;
let nowMs: number;
let customerOf: string | null;
const listeners = new Set<(fact: CallFact) => void>();
const open: { close(): unknown }[] = [];
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  nowMs = NOON_MS;
  customerOf = null;
  await database.pool.query(
    "truncate ratings, rating_asks, calls, customers, installation, webhook_targets, do_not_call cascade",
  );
  app = await testApp();
  ratings = opened(publicUrl);
  await ratings.routes(app, createMetrics());
  await target("http://gateway.example");
  expect(await asking({})).toBe(204);
});
afterEach(async () => {
  await ratings.close();
  await app.close();
  for (const one of open.splice(0).toReversed()) await one.close();
});

function opened(url: string) {
  return openRatings({
    ...{ db: database.db, timeZone: MOSCOW, clock: () => nowMs, publicUrl: url },
    ...{ customerOf: () => customerOf, e164Of: (number) => (number === "" ? null : number) },
    calls: {
      onFact(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    log: createLog({ level: "silent" }),
  });
}
const target = (url: string) =>
  addTarget(
    database.db,
    { name: "gateway", url, secret, events: ["rating.wanted"], enabled: true },
    "test",
  );
async function asking(own: object, to = app): Promise<number> {
  const payload = { enabled: true, leastTalkSeconds: 20, quietDays: 30, queues: [], ...own };
  const answer = await to.inject({
    ...{ method: "PUT", url: "/api/v1/ratings/asking", payload },
    headers: { authorization: "Bearer cc_admin" },
  });
  return answer.statusCode;
}
async function ends(call: ReturnType<typeof answeredCall>): Promise<void> {
  for (const listener of listeners) listener({ type: "callEnded", call, atMs: nowMs });
  await ratings.flush();
}
type Body = { data: { rating: Record<string, string> } };
const written = async () =>
  (
    await database.pool.query<{ body: Body }>("select body from webhook_deliveries order by n")
  ).rows.map(({ body }) => body.data.rating);

test("nobody is asked until an admin says so, and not without an address for links", async () => {
  expect(await asking({ enabled: false })).toBe(204);
  await ends(answeredCall(nextPhone(), NOON_MS));
  expect(await written()).toEqual([]);
  const bare = await testApp();
  open.push(bare);
  const other = opened("");
  open.push(other);
  await other.routes(bare, createMetrics());
  expect(await asking({}, bare)).toBe(400);
});

test("whoever was talked to is asked once, in their language, with a link that rates this call", async () => {
  const phone = nextPhone();
  customerOf = await addCustomer(database.db, phone);
  await database.pool.query("update customers set language = 'uk', name = 'Олена'");
  const call = answeredCall(phone, NOON_MS);
  await ends(call);
  await ends(call);
  const [asked, ...more] = await written();
  expect(more).toEqual([]);
  expect(asked).toMatchObject({
    ...{ callId: call.id, phone, language: "uk", name: "Олена", queue: "600" },
    text: `Оцініть, будь ласка, нашу розмову від 0 до 10: ${asked!["link"]}`,
    expiresAt: new Date(NOON_MS + 30 * DAY_MS).toISOString(),
  });
  await saveCalls(database.db, [recordOf(call, phone, customerOf)]);
  const path = asked!["link"]!.replace(publicUrl, "");
  expect((await app.inject({ url: path })).body).toContain("порадите нас друзям");
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const answer = (payload: string) =>
    app.inject({ method: "POST", url: path, headers: form, payload });
  expect((await answer("comment=Дуже+добре")).body).toContain("Дуже добре</textarea>");
  expect((await answer("score=9&comment=Дуже+добре")).statusCode).toBe(303);
  expect((await answer("score=1")).statusCode).toBe(303);
  expect((await app.inject({ url: path })).body).toContain("Ваша оцінка — 9.");
  const { rows } = await database.pool.query(
    "select call_id, score, comment, asked_by from ratings",
  );
  expect(rows).toEqual([{ call_id: call.id, score: 9, comment: "Дуже добре", asked_by: "link" }]);
});

test("not after a short talk or none, another queue's, one rated by phone, or when somebody must not be bothered", async () => {
  await ends(lostCall(nextPhone()));
  await ends(outboundCall(nextPhone(), NOON_MS, 0));
  await ends(answeredCall("", NOON_MS));
  await ends({ ...answeredCall(nextPhone(), NOON_MS), endedHow: "merged" });
  await asking({ leastTalkSeconds: 61 });
  await ends(answeredCall(nextPhone(), NOON_MS));
  await asking({ queues: ["700"] });
  await ends(answeredCall(nextPhone(), NOON_MS));
  await asking({});
  const rated = answeredCall(nextPhone(), NOON_MS);
  for (const listener of listeners)
    listener({ type: "rated", call: rated, score: 3, atMs: NOON_MS });
  await ends(rated);
  const phone = nextPhone();
  await database.pool.query("insert into do_not_call (phone, added_by) values ($1, 'test')", [
    phone,
  ]);
  await ends(answeredCall(phone, NOON_MS));
  expect(await written()).toEqual([]);
});

test("not again within the days that were set; whoever nobody could be told of may be asked next time", async () => {
  const phone = nextPhone();
  await database.pool.query("update webhook_targets set enabled = false");
  await ends(answeredCall(phone, NOON_MS));
  expect(await written()).toEqual([]);
  await database.pool.query("update webhook_targets set enabled = true");
  await ends(answeredCall(phone, NOON_MS));
  nowMs += 29 * DAY_MS;
  await ends(answeredCall(phone, nowMs));
  expect(await written()).toHaveLength(1);
  nowMs += 2 * DAY_MS;
  await ends(answeredCall(phone, nowMs));
  expect(await written()).toHaveLength(2);
});

test("the gateway gets it once, signed, however many processes heard the call", async () => {
  const got: { body: Body; ok: boolean; event: string }[] = [];
  const hear = async (request: IncomingMessage, response: ServerResponse) => {
    const raw = await text(request);
    const header = (name: string) => String(request.headers[name]);
    got.push({
      ...{ body: JSON.parse(raw) as Body, event: header("x-callcard-event") },
      ok: isSigned(header("x-callcard-signature"), secret, Buffer.from(raw), Date.now()),
    });
    response.writeHead(204).end();
  };
  const gateway = createServer((request, response) => void hear(request, response));
  gateway.listen(0, "127.0.0.1");
  await once(gateway, "listening");
  open.push(gateway);
  await database.pool.query("delete from webhook_targets");
  await target(`http://127.0.0.1:${(gateway.address() as AddressInfo).port}`);
  open.push(await openWebhooks({ storage: database, log: createLog({ level: "silent" }) }));
  const second = opened(publicUrl);
  open.push(second);
  const call = answeredCall(nextPhone(), NOON_MS);
  await ends(call);
  await second.flush();
  await expect.poll(() => got.length).toBe(1);
  await ends(call);
  await second.flush();
  expect(got).toMatchObject([
    { ok: true, event: "rating.wanted", body: { data: { rating: { callId: call.id } } } },
  ]);
});

test("languages are taken from tags, browsers and phones", () => {
  expect([languageOf("uk-UA"), languageOf("RU"), languageOf("de"), languageOf("")]).toEqual([
    ...["uk", "ru", null, null],
  ]);
  expect(acceptedLanguage("de, en;q=0.5, uk;q=0.9")).toBe("uk");
  expect(acceptedLanguage("ru;q=0, en")).toBe("en");
  expect(acceptedLanguage("*")).toBeNull();
  expect([languageOfPhone("+380501234567"), languageOfPhone("+79130000001")]).toEqual(["uk", "ru"]);
});
