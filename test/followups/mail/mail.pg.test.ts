/** Letters by webhook in a real PostgreSQL: kept once, matched, complaints filed, the rest left to a person. */
import { createHmac } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { importCustomers } from "../../../server/customers/import.ts";
import { openClaims } from "../../../server/followups/claims/open.ts";
import { mailRoutes } from "../../../server/followups/mail/routes.ts";
import type { App } from "../../../server/http/app.ts";
import { createLog } from "../../../server/http/log.ts";
import { importOrders } from "../../../server/orders/import.ts";
import { sign } from "../../../server/orders/signature.ts";
import { localBus } from "../../../server/storage/bus.ts";
import { testApp } from "../../http/support.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";

const secret = "proves a mail service";
const load = { defaultRegion: "RU", source: "shop" } as const;
let database: TestDatabase;
let app: App;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query(
    "truncate customers, messages, mail_sources restart identity cascade; delete from installation where key = 'mail'",
  );
  await importCustomers(
    database,
    [
      { sourceId: "c1", name: "Анна", email: "Anna@mail.example", phones: ["+79131234567"] },
      { sourceId: "c2", name: "Пётр", email: "family@mail.example", phones: ["+79137654321"] },
      { sourceId: "c3", name: "Вера", email: "family@mail.example" },
    ],
    load,
  );
  const order = {
    ...{ stage: "delivered", totalMinor: 1, currency: "RUB", placedAt: "2026-11-01", lines: [] },
  };
  await importOrders(
    database,
    [
      { ...order, sourceId: "o1", customerSourceId: "c1", number: "70015" },
      { ...order, sourceId: "o3", customerSourceId: "c3", number: "A-9" },
    ],
    load,
  );
  const claims = openClaims({
    ...{ storage: database, bus: localBus(() => undefined), timeZone: "Asia/Novosibirsk" },
    log: createLog({ level: "silent" }),
  });
  app = await testApp();
  await mailRoutes(app, { db: database.db, claims, region: "RU" });
  for (const kind of ["json", "mailgun", "sendgrid", "mime"])
    expect(
      (await ask("PUT", `/api/v1/mail/services/${kind}`, "admin", { kind, secret })).status,
    ).toBe(204);
  const rules = {
    complaintAddresses: ["Claims@shop.example"],
    complaintWords: ["сломан"],
    ownAddresses: ["info@shop.example"],
  };
  expect((await ask("PUT", "/api/v1/mail/rules", "admin", rules)).status).toBe(204);
});
afterEach(() => app.close());

async function ask(method: "GET" | "POST" | "PUT", url: string, who: string, payload?: object) {
  const answer = await app.inject({
    ...{ method, url, headers: { authorization: `Bearer cc_${who}` } },
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: answer.statusCode, body: answer.body === "" ? {} : answer.json<object>() };
}
let ids = 0;
async function json(letter: object, headers?: Record<string, string>) {
  ids += 1;
  const body = JSON.stringify({
    messageId: `<${ids}@mail>`,
    from: "Анна <anna@mail.example>",
    ...letter,
  });
  const answer = await app.inject({
    ...{ method: "POST", url: "/api/v1/hooks/mail/json", payload: body },
    headers: {
      "content-type": "application/json",
      ...(headers ?? { "x-callcard-signature": sign(secret, Buffer.from(body), Date.now()) }),
    },
  });
  return { status: answer.statusCode, body: answer.json<{ outcome: string }>() };
}
const outcome = async (letter: object) => {
  const { status, body } = await json(letter);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.outcome;
};
const rows = async (text: string) =>
  (await database.pool.query<Record<string, unknown>>(text)).rows;

describe("a letter", () => {
  test("of a customer who complains becomes a claim of the order it names, once however often it comes", async () => {
    const letter = {
      ...{
        messageId: "<one@mail>",
        subject: "Заказ № 70015",
        text: "Пришёл Сломан. https://f.example/1.jpg",
      },
      ...{ files: ["https://files.example/2.jpg", "file:///etc/passwd"] },
    };
    const came = await Promise.all(Array.from({ length: 6 }, () => json(letter)));
    expect(came.map(({ body }) => body.outcome).toSorted()).toEqual([
      ...["claim", "known", "known", "known", "known", "known"],
    ]);
    expect(
      await rows("select kind, subject, photos, order_id, customer_id, status from claims"),
    ).toEqual([
      {
        ...{ kind: "other", subject: "Заказ № 70015", photos: ["https://files.example/2.jpg"] },
        ...{ order_id: "1", customer_id: "1", status: "open" },
      },
    ]);
    expect(await rows("select links, claim_id, settled_at is null as open from messages")).toEqual([
      {
        links: ["https://files.example/2.jpg", "https://f.example/1.jpg"],
        ...{ claim_id: "1", open: false },
      },
    ]);
    // What is answered to it is about the same claim.
    expect(await outcome({ text: "Всё ещё сломан", inReplyTo: "<one@mail>" })).toBe("kept");
    expect(await rows("select claim_id from messages order by id")).toEqual([
      ...[{ claim_id: "1" }, { claim_id: "1" }],
    ]);
  });

  test("is a complaint by where it was sent, not by what it quotes", async () => {
    expect(await outcome({ text: "Здравствуйте", to: ["Shop <CLAIMS@shop.example>"] })).toBe(
      "claim",
    );
    expect(await outcome({ text: "Спасибо\n> не сломан ли он" })).toBe("kept");
  });

  test("of one of several, or of nobody, is for a person unless its phone or order tells whose it is", async () => {
    expect(await outcome({ from: "family@mail.example", text: "сломан" })).toBe("waits");
    expect(await outcome({ from: "new@mail.example", text: "сломан" })).toBe("waits");
    expect(await outcome({ from: "family@mail.example", text: "сломан, заказ A-9" })).toBe("claim");
    expect(await outcome({ from: "new@mail.example", text: "сломан, 8 (913) 765-43-21" })).toBe(
      "claim",
    );
    expect(await rows("select customer_id from claims order by id")).toEqual([
      ...[{ customer_id: "3" }, { customer_id: "2" }],
    ]);
    const { body } = await ask("GET", "/api/v1/messages/unsettled", "supervisor");
    expect(body).toMatchObject({
      messages: [{ because: "ambiguous" }, { because: "unmatched", from: "new@mail.example" }],
    });
    const settle = (id: string, payload: object) =>
      ask("POST", `/api/v1/messages/${id}/settle`, "supervisor", payload);
    const first = (body as { messages: { id: string }[] }).messages[0]!.id;
    expect((await settle(first, { customerId: "999" })).status).toBe(400);
    expect((await settle(first, { customerId: "2" })).status).toBe(200);
    expect((await settle(first, {})).status).toBe(404);
    expect(await rows(`select customer_id, settled_by from messages where id = ${first}`)).toEqual([
      { customer_id: "2", settled_by: "token:supervisor" },
    ]);
  });

  test("that waits becomes a claim of whom a person names, with the order they name, once", async () => {
    const files = ["https://files.example/2.jpg"];
    expect(await outcome({ from: "new@mail.example", text: "Приехало битым", files })).toBe(
      "waits",
    );
    const settle = (payload: object) =>
      ask("POST", "/api/v1/messages/1/settle", "supervisor", payload);
    const refused = async (payload: object) =>
      ((await settle(payload)).body as { error: { field: string } }).error.field;
    expect(await refused({ claimKind: "damaged" })).toBe("body.customerId");
    const named = { customerId: "1", claimKind: "damaged" };
    expect(await refused({ ...named, orderNumber: "A-9" })).toBe("body.orderNumber");
    expect(await rows("select 1 from claims")).toEqual([]);
    const came = await Promise.all([1, 2].map(() => settle({ ...named, orderNumber: " 70015 " })));
    expect(came.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([
      200, 404,
    ]);
    expect(
      await rows("select number, kind, text, photos, customer_id, order_id from claims"),
    ).toEqual([
      {
        number: (came.find(({ status }) => status === 200)!.body as { claimNumber: string })
          .claimNumber,
        ...{ kind: "damaged", text: "Приехало битым", photos: files },
        ...{ customer_id: "1", order_id: "1" },
      },
    ]);
    expect(
      await rows("select customer_id, order_id, claim_id is not null as filed from messages"),
    ).toEqual([{ customer_id: "1", order_id: "1", filed: true }]);
  });

  test("that a machine wrote, or the shop itself, is kept and never a claim", async () => {
    const complaint = { text: "сломан", to: ["claims@shop.example"] };
    for (const headers of [
      { "Auto-Submitted": "auto-replied" },
      { Precedence: "bulk" },
      { "Return-Path": "<>" },
      { "Content-Type": "multipart/report; report-type=delivery-status" },
      { "List-Id": "<news.example>" },
    ])
      expect(await outcome({ ...complaint, headers }), JSON.stringify(headers)).toBe("kept");
    expect(await outcome({ ...complaint, from: "claims@shop.example" })).toBe("kept");
    expect(await outcome({ ...complaint, from: "MAILER-DAEMON@mail.example" })).toBe("kept");
    expect(await rows("select 1 from claims")).toEqual([]);
    expect(await outcome({ ...complaint, headers: { "Auto-Submitted": "no" } })).toBe("claim");
  });

  test("after five complaints in an hour waits for a person", async () => {
    const came = [];
    for (let n = 0; n < 6; n++) came.push(await outcome({ text: `сломан ${n}` }));
    expect(came).toEqual(["claim", "claim", "claim", "claim", "claim", "waits"]);
  });

  test("that cannot be read is refused by the field", async () => {
    expect(await json({ from: 5 })).toMatchObject({
      status: 400,
      body: { error: { field: "body.from" } },
    });
    expect(await json({ at: "yesterday" })).toMatchObject({
      body: { error: { field: "body.at" } },
    });
    expect(await rows("select 1 from messages")).toEqual([]);
  });
});

test("only who has the secret is heard, whichever way it is proven", async () => {
  const basic = Buffer.from(`user:${secret}`).toString("base64");
  expect((await json({}, { authorization: `Bearer ${secret}` })).status).toBe(200);
  expect((await json({}, { authorization: `Basic ${basic}` })).status).toBe(200);
  for (const headers of [
    {},
    { authorization: "Bearer wrong" },
    { "x-callcard-signature": "t=1,v1=0" },
  ])
    expect((await json({}, headers)).status).toBe(401);
  await ask("PUT", "/api/v1/mail/services/json", "admin", { kind: "json", enabled: false });
  expect((await json({}, { authorization: `Bearer ${secret}` })).status).toBe(401);
});

test("HTML becomes text without scripts, and MIME is read with its files named and dropped", async () => {
  await outcome({ html: "<p>Мишка <b>сломан</b></p><script>alert(1)</script>" });
  const mime = [
    ...["From: =?UTF-8?B?0JDQvdC90LA=?= <anna@mail.example>", "To: claims@shop.example"],
    ...["Message-ID: <mime@mail>", "Subject: =?UTF-8?B?0JHRgNCw0Lo=?=", "MIME-Version: 1.0"],
    ...['Content-Type: multipart/mixed; boundary="x"', "", "--x"],
    ...["Content-Type: text/plain; charset=koi8-r", "Content-Transfer-Encoding: base64", ""],
    ...[Buffer.from([0xe2, 0xd2, 0xc1, 0xcb]).toString("base64"), "--x"],
    ...[
      'Content-Type: image/jpeg; name="a.jpg"',
      "Content-Disposition: attachment; filename=a.jpg",
    ],
    ...["Content-Transfer-Encoding: base64", "", "AAAA", "--x--", ""],
  ].join("\r\n");
  const answer = await app.inject({
    ...{ method: "POST", url: "/api/v1/hooks/mail/mime", payload: mime },
    headers: { "content-type": "message/rfc822", authorization: `Bearer ${secret}` },
  });
  expect(answer.json()).toMatchObject({ outcome: "claim", messageId: "mime@mail" });
  expect(await rows("select subject, text from messages order by id")).toEqual([
    { subject: "", text: "Мишка сломан" },
    { subject: "Брак", text: "Брак\n[a.jpg]" },
  ]);
});

test("the forms of Mailgun and SendGrid are read, and Mailgun's own signature is believed", async () => {
  const post = async (service: string, form: FormData, authorization?: string) => {
    const request = new Request("http://x/", { method: "POST", body: form });
    const answer = await app.inject({
      ...{ method: "POST", url: `/api/v1/hooks/mail/${service}` },
      payload: Buffer.from(await request.arrayBuffer()),
      headers: {
        "content-type": request.headers.get("content-type")!,
        ...(authorization === undefined ? {} : { authorization }),
      },
    });
    return { status: answer.statusCode, body: answer.json<object>() };
  };
  const formOf = (fields: Record<string, string>) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    return form;
  };
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac("sha256", secret).update(`${timestamp}token`).digest("hex");
  const mailgun = {
    ...{ from: "Анна <anna@mail.example>", recipient: "claims@shop.example", subject: "Брак" },
    ...{ "body-plain": "Мишка", "Message-Id": "<mg@mail>", timestamp, token: "token" },
  };
  expect((await post("mailgun", formOf({ ...mailgun, signature: "0".repeat(64) }))).status).toBe(
    401,
  );
  expect(await post("mailgun", formOf({ ...mailgun, signature }))).toMatchObject({
    ...{ status: 200, body: { outcome: "claim", messageId: "mg@mail" } },
  });
  const sendgrid = {
    ...{ from: "anna@mail.example", to: "info@shop.example", subject: "Привет", text: "Сломан" },
    headers: "Message-ID: <sg@mail>\nAuto-Submitted: auto-generated",
  };
  expect(await post("sendgrid", formOf(sendgrid), `Bearer ${secret}`)).toMatchObject({
    ...{ status: 200, body: { outcome: "kept", messageId: "sg@mail" } },
  });
});
