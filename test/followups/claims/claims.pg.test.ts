/** Claims in a real PostgreSQL: filed, told of, settled, found again. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { importCustomers } from "../../../server/customers/import.ts";
import { openClaims } from "../../../server/followups/claims/open.ts";
import { claimRoutes } from "../../../server/followups/claims/routes.ts";
import type { Claim, NewClaim } from "../../../server/followups/model.ts";
import { createLog } from "../../../server/http/log.ts";
import { importOrders, importProducts } from "../../../server/orders/import.ts";
import { importClaims } from "../../../server/orders/unsettled-import.ts";
import { localBus } from "../../../server/storage/bus.ts";
import { openWebhooks } from "../../../server/webhooks/open.ts";
import { addTarget } from "../../../server/webhooks/targets.ts";
import { testApp } from "../../http/support.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";

const log = createLog({ level: "silent" });
const options = { defaultRegion: "RU", source: "shop" } as const;
let database: TestDatabase;
let nowMs = Date.parse("2026-11-19T10:00:00+07:00");
const bus = localBus(() => undefined);
const claims = () =>
  openClaims({ storage: database, bus, log, timeZone: "Asia/Novosibirsk", now: () => nowMs });
let userId: string;

beforeAll(async () => {
  database = await testDatabase();
  await (await openWebhooks({ storage: database, log })).close();
  const { rows } = await database.pool.query<{ id: string }>(
    "insert into users (login, name, role, password_hash) values ('anna', 'Анна', 'operator', '') returning id",
  );
  userId = rows[0]!.id;
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query(
    "truncate customers, products, webhook_targets restart identity cascade; delete from installation where key = 'claims'",
  );
  await database.pool.query("delete from graphile_worker._private_jobs");
  const people = ["c1", "c2"].map((sourceId) => ({ sourceId, name: sourceId }));
  await importCustomers(database, people, options);
  const product = { sourceId: "p1", name: "Мишка", priceMinor: 100, currency: "RUB" };
  await importProducts(database, [product], options);
  const lines = [
    { name: "Открытка", quantity: 1, priceMinor: 50 },
    { name: "Мишка", quantity: 1, priceMinor: 100, productId: "p1" },
  ];
  const order = {
    ...{ sourceId: "o1", customerSourceId: "c1", number: "7001", stage: "delivered" },
    ...{ totalMinor: 150, currency: "RUB", placedAt: "2026-11-01", lines },
  };
  expect(await importOrders(database, [order], options)).toMatchObject({ added: 1, refused: [] });
});

const idOf = async (table: string, sourceId: string) =>
  (
    await database.pool.query<{ id: string }>(`select id from ${table} where source_id = $1`, [
      sourceId,
    ])
  ).rows[0]!.id;
const newClaim = async (more: Partial<NewClaim> = {}): Promise<NewClaim> => ({
  ...{ id: randomUUID(), customerId: await idOf("customers", "c1") },
  ...{ orderId: await idOf("orders", "o1"), line: 1, kind: "defect", wish: "replace" },
  ...{ text: " Не рычит ", photos: ["https://photos.example/1.jpg"] },
  ...more,
});
const by = () => ({ userId, callId: "main-1.1" });
const target = (name: string, events: readonly ("claim.filed" | "claim.changed")[]) =>
  addTarget(
    database.db,
    { name, url: "https://told.example/", secret: "signs every webhook", events, enabled: true },
    "test",
  );
const told = async () =>
  (
    await database.pool.query<{ name: string; event: string; body: { data: { claim: object } } }>(
      "select t.name, d.event, d.body from webhook_deliveries d join webhook_targets t on t.id = d.target_id order by d.n, t.name",
    )
  ).rows;

describe("a claim that is filed", () => {
  test("has a number, a deadline in working days, a story, and is on its way to those who want to hear", async () => {
    await target("accounting", ["claim.filed", "claim.changed"]);
    await target("deaf", ["claim.changed"]);
    const book = claims();
    const heard: Claim[] = [];
    book.onChange((claim) => void heard.push(claim));
    const claim = await book.file(await newClaim(), by());
    expect(claim).toMatchObject({
      ...{ orderNumber: "7001", line: 1, lineName: "Мишка", kind: "defect", wish: "replace" },
      ...{ text: "Не рычит", photos: ["https://photos.example/1.jpg"], status: "open" },
      ...{ deadlineAt: "2026-11-24T11:00:00.000Z", madeByName: "Анна", late: false, answer: "" },
    });
    expect(claim.number).toMatch(/^C-\d{6}$/);
    expect(await told()).toMatchObject([
      {
        ...{ name: "accounting", event: "claim.filed" },
        body: {
          data: {
            claim: {
              ...{ number: claim.number, customer: { source: "shop", sourceId: "c1" } },
              order: { source: "shop", sourceId: "o1", number: "7001" },
              line: { index: 1, name: "Мишка", productSourceId: "p1" },
            },
          },
        },
      },
    ]);
    expect(await book.steps(claim.id)).toMatchObject([{ status: "open", toldBy: "Анна" }]);
    expect(await book.ofCustomer(claim.customerId, 10)).toEqual([claim]);
    await expect.poll(() => heard).toEqual([claim]);
    const { rows } = await database.pool.query("select product_id from claims");
    expect(rows).toEqual([{ product_id: await idOf("products", "p1") }]);
    book.close();
  });

  test("twice under one id, one after the other and at once, is one claim that is told once", async () => {
    await target("accounting", ["claim.filed"]);
    const book = claims();
    const wanted = await newClaim();
    const filed = await Promise.all(Array.from({ length: 8 }, () => book.file(wanted, by())));
    filed.push(await book.file(wanted, by()));
    expect(new Set(filed.map(({ number }) => number)).size).toBe(1);
    expect((await database.pool.query("select 1 from claims")).rowCount).toBe(1);
    expect((await database.pool.query("select 1 from claim_steps")).rowCount).toBe(1);
    expect(await told()).toHaveLength(1);
    await expect(book.file({ ...wanted, orderId: null, line: null }, by())).rejects.toThrow(/^id:/);
    book.close();
  });

  test.each<[Partial<NewClaim>, string, RegExp]>([
    [{ customerId: "999999" }, "notFound", /customer/],
    [{ orderId: "999999" }, "notFound", /order/],
    [{ line: 2 }, "invalid", /^line: the order has 2 lines/],
    [{ line: -1 }, "invalid", /^line/],
    [{ orderId: null, line: 0 }, "invalid", /^line/],
    [{ photos: ["https://a.example/", "javascript:alert(1)"] }, "invalid", /^photos\.1/],
    [{ photos: ["https://shop.example@evil.example/"] }, "invalid", /^photos\.0/],
    [{ photos: Array.from({ length: 21 }, () => "https://a.example/") }, "invalid", /^photos/],
    [{ kind: "eaten" as "other" }, "invalid", /^kind/],
    [{ wish: "gold" as "refund" }, "invalid", /^wish/],
    [{ text: "a".repeat(8001) }, "invalid", /^text/],
    [{ id: "1" }, "invalid", /^id/],
  ])(
    "that is wrong (case %#) is refused by name, and nothing is written",
    async (more, code, message) => {
      await target("accounting", ["claim.filed"]);
      const book = claims();
      const wanted = await newClaim(more);
      await expect(book.file(wanted, by())).rejects.toMatchObject({
        ...{ code, message: expect.stringMatching(message) as string },
      });
      expect((await database.pool.query("select 1 from claims")).rowCount).toBe(0);
      expect(await told()).toEqual([]);
      book.close();
    },
  );

  test("of another customer's order is refused", async () => {
    const book = claims();
    const wanted = await newClaim({ customerId: await idOf("customers", "c2") });
    await expect(book.file(wanted, by())).rejects.toThrow("orderId: is not an order of this");
    book.close();
  });
});

describe("over HTTP", () => {
  const open = async () => {
    const book = claims();
    const app = await testApp();
    await claimRoutes(app, { claims: book });
    const ask = async (
      method: "GET" | "POST" | "PUT",
      url: string,
      who: string,
      payload?: object,
    ) => {
      const answer = await app.inject({
        ...{ method, url, headers: { authorization: `Bearer cc_${who}` } },
        ...(payload === undefined ? {} : { payload }),
      });
      return { status: answer.statusCode, body: answer.json<Record<string, never>>() };
    };
    const close = async () => {
      book.close();
      await app.close();
    };
    return { book, ask, close };
  };

  test("its status comes back, its end follows, and late news is harmless", async () => {
    await target("accounting", ["claim.changed"]);
    const { book, ask, close } = await open();
    const { number, id } = await book.file(await newClaim(), by());
    const say = (body: object) =>
      ask("POST", `/api/v1/claims/${number}/status`, "integrator", body);
    expect(await say({ status: "inWork", version: 2 })).toMatchObject({
      ...{ status: 200, body: { taken: true, claim: { status: "inWork", closedAt: null } } },
    });
    const solved = { status: "solved", answer: "Отправили новый", version: 5 };
    expect(await say(solved)).toMatchObject({ body: { taken: true, claim: { status: "solved" } } });
    for (const late of [solved, { status: "open", version: 4 }])
      expect(await say(late)).toMatchObject({
        body: { taken: false, claim: { status: "solved", answer: "Отправили новый", version: 5 } },
      });
    expect(await told()).toHaveLength(2);
    expect((await book.ofCustomer("1", 1))[0]).toMatchObject({
      closedAt: new Date(nowMs).toISOString(),
    });
    expect(await say({ status: "waitingForCustomer", version: 6 })).toMatchObject({
      body: { claim: { closedAt: null } },
    });
    expect((await book.steps(id)).map(({ status, text }) => [status, text])).toEqual([
      ...[
        ["open", ""],
        ["inWork", ""],
        ["solved", "Отправили новый"],
        ["waitingForCustomer", ""],
      ],
    ]);
    const shown = await ask("GET", `/api/v1/claims/${number}`, "operator");
    expect(shown.body).toMatchObject({ claim: { id, version: 6 }, steps: [{}, {}, {}, {}] });
    expect(await say({ status: "eaten" })).toMatchObject({ status: 400 });
    expect(await say({ deadlineAt: "2026-99-99T00:00:00Z" })).toMatchObject({ status: 400 });
    expect(await ask("POST", "/api/v1/claims/C-999999/status", "integrator", {})).toMatchObject({
      status: 400,
    });
    expect(await ask("GET", "/api/v1/claims/C-999999", "operator")).toMatchObject({ status: 404 });
    await close();
  });

  test("news told at once are a story in which each stands once", async () => {
    const { book, close } = await open();
    const { id } = await book.file(await newClaim(), by());
    const versions = Array.from({ length: 10 }, (_, at) => at + 1);
    const news = await Promise.all(
      versions.map((version) => book.change(id, { answer: `answer ${version}`, version }, "crm")),
    );
    const taken = news.filter((one) => one?.taken === true).length;
    expect(await book.steps(id)).toHaveLength(1 + taken);
    expect(await book.byNumber((await book.ofCustomer("1", 1))[0]!.number, "")).toMatchObject([
      { version: 10, claim: { answer: "answer 10" } },
    ]);
    await close();
  });

  test("they are listed by their deadlines, page by page, with filters", async () => {
    const { book, ask, close } = await open();
    const filed: Claim[] = [];
    for (const kind of ["defect", "notDelivered", "payment", "other"] as const) {
      nowMs += 1000;
      filed.push(await book.file(await newClaim({ kind }), by()));
    }
    await book.change(filed[3]!.id, { status: "solved" }, "crm");
    const list = async (query: string) => {
      const { body, status } = await ask("GET", `/api/v1/claims?${query}`, "supervisor");
      expect(status, JSON.stringify(body)).toBe(200);
      return body as unknown as { claims: Claim[]; next: string };
    };
    const kinds = async (query: string) => (await list(query)).claims.map(({ kind }) => kind);
    expect(await kinds("")).toEqual(["notDelivered", "payment", "defect"]);
    const name = (
      await database.pool.query<{ name: string }>("select name from customers where id = 1")
    ).rows[0]!.name;
    expect((await list("limit=1")).claims[0]).toMatchObject({ customerName: name });
    const first = await list("limit=2");
    expect(first.claims).toHaveLength(2);
    expect(await kinds(`limit=2&after=${first.next}`)).toEqual(["defect"]);
    expect(await kinds("state=all&limit=2")).toEqual(["other", "payment"]);
    const page = await list("state=all&limit=3");
    expect(await kinds(`state=all&limit=3&after=${page.next}`)).toEqual(["defect"]);
    expect(await kinds("state=closed")).toEqual(["other"]);
    expect(await kinds("kind=payment")).toEqual(["payment"]);
    expect(await kinds(`text=${encodeURIComponent("РЫЧИТ")}&limit=1`)).toHaveLength(1);
    expect(await kinds("late=true")).toEqual([]);
    nowMs = Date.parse("2026-11-20T20:00:00+07:00");
    expect(await kinds("late=true")).toEqual(["notDelivered"]);
    expect(await ask("GET", "/api/v1/claims?after=eaten", "supervisor")).toMatchObject({
      ...{ status: 400, body: { error: { field: "query.after" } } },
    });
    expect(await ask("GET", "/api/v1/claims", "operator")).toMatchObject({ status: 403 });
    nowMs = Date.parse("2026-11-19T10:00:00+07:00");
    await close();
  });

  test("settings are checked with their place, audited, and say who is told of what", async () => {
    const { book, ask, close } = await open();
    const accounting = await target("accounting", ["claim.filed"]);
    await target("production", ["claim.filed"]);
    const { body } = await ask("GET", "/api/v1/claim-settings", "supervisor");
    const { settings } = body as unknown as { settings: object };
    const put = (more: object) =>
      ask("PUT", "/api/v1/claim-settings", "admin", { ...settings, ...more });
    for (const [more, field] of [
      [{ holidays: ["2026-02-30"] }, "body.holidays.0"],
      [{ told: { payment: ["999"] } }, "body.told.payment.0"],
      [{ days: { payment: 91 } }, "body.days.payment"],
      [{ days: { eaten: 1 } }, "body.days.eaten"],
      [{ dayEnds: "25:00" }, "body.dayEnds"],
      [{ weekend: [1, 2, 3, 4, 5, 6, 7] }, "body.weekend"],
    ] as const)
      expect(await put(more)).toMatchObject({ status: 400, body: { error: { field } } });
    expect(await put({ told: { payment: [accounting] }, days: { payment: 0 } })).toMatchObject({
      ...{ status: 200, body: { settings: { days: { payment: 0 } } } },
    });
    const paid = await book.file(await newClaim({ kind: "payment" }), by());
    expect(paid.deadlineAt).toBe("2026-11-19T11:00:00.000Z");
    expect((await told()).map(({ name }) => name)).toEqual(["accounting"]);
    await book.file(await newClaim({ kind: "late" }), by());
    expect((await told()).map(({ name }) => name)).toHaveLength(3);
    const audit = await database.pool.query("select 1 from audit where action = 'claims.settings'");
    expect(audit.rowCount).toBe(1);
    await close();
  });
});

test("claims of a CRM tell their kind, order, status and deadline; status and end follow each other", async () => {
  const claim = { sourceId: "k1", customerSourceId: "c1", openedAt: "2026-11-10T00:00:00Z" };
  const load = (...more: object[]) =>
    importClaims(
      database,
      more.map((one) => ({ ...claim, ...one })),
      options,
    );
  const rich = {
    ...{ number: "R-5", kind: "late", orderSourceId: "o1", status: "inWork", text: "Где заказ?" },
    deadlineAt: "2026-11-12T00:00:00Z",
  };
  expect(await load(rich)).toMatchObject({ added: 1, refused: [] });
  const book = claims();
  const one = async () => (await book.byNumber("R-5", ""))[0]!.claim;
  expect(await one()).toMatchObject({
    ...{ source: "shop", kind: "late", orderNumber: "7001", status: "inWork", late: true },
  });
  expect(await load(rich)).toMatchObject({ unchanged: 1 });
  expect(await load({ closedAt: "2026-11-13" })).toMatchObject({ changed: 1 });
  expect(await one()).toMatchObject({ status: "solved", closedAt: "2026-11-13T00:00:00.000Z" });
  await load({ status: "open" });
  expect(await one()).toMatchObject({ status: "open", closedAt: null, kind: "late" });
  await load({ status: "rejected", answer: "Не наш" });
  expect(await one()).toMatchObject({ status: "rejected", answer: "Не наш" });
  expect((await one()).closedAt).not.toBeNull();
  expect((await book.steps((await one()).id)).map(({ status }) => status)).toEqual([
    ...["inWork", "solved", "open", "rejected"],
  ]);
  const { refused } = await load(
    { sourceId: "k2", orderSourceId: "nothing" },
    { sourceId: "k3", status: "solved", closedAt: "" },
    { sourceId: "k4", kind: "eaten" },
    { sourceId: "k5", customerSourceId: "c2", orderSourceId: "o1" },
  );
  expect(refused).toMatchObject([
    { index: 0, field: "orderSourceId" },
    { index: 1, field: "closedAt", reason: "does not fit the status solved" },
    { index: 2, field: "kind" },
    { index: 3, field: "orderSourceId" },
  ]);
  book.close();
});
