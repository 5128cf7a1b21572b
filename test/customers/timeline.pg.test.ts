/** A customer's timeline, against everything that was written, sorted in memory. */
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { TIMELINE_KINDS, type TimelineKind } from "../../server/customers/timeline-model.ts";
import { SEARCHED, timelineQuery } from "../../server/customers/timeline-sql.ts";
import { openTimeline } from "../../server/customers/timeline.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let customerId: string;
let otherId: string;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query("truncate customers, calls, products, users, ratings cascade");
  customerId = await customer("1");
  otherId = await customer("2");
});

async function one(text: string, values: unknown[] = []): Promise<string> {
  const { rows } = await database.pool.query<{ id: string }>(text, values);
  return rows[0]!.id;
}
const customer = (sourceId: string) =>
  one("insert into customers (source, source_id, name) values ('s', $1, 'Ольга') returning id", [
    sourceId,
  ]);
const call = (whose: string, at: string) =>
  one(
    `insert into calls (id, pbx, direction, party_number, customer_id, started_at, ended_at, ended_how, detail)
     values ($1, 'a', 'inbound', '+79130000001', $2, $3, $3, 'completed', '{}') returning id`,
    [randomUUID(), whose, at],
  );
const order = (whose: string, at: string, lines: object[] = []) =>
  one(
    `insert into orders (source, source_id, customer_id, number, stage, total_minor, currency, placed_at, lines)
     values ('s', $1, $2, 'A-7', 'new', 100, 'RUB', $3, $4) returning id`,
    [randomUUID(), whose, at, JSON.stringify(lines)],
  );
const status = (whose: string, orderId: string, at: string, stage = "shipped") =>
  one(
    `insert into order_statuses (order_id, customer_id, stage, status, at) values ($1, $2, $3, 'Отправлен', $4)
     returning order_id || '/' || id as id`,
    [orderId, whose, stage, at],
  );

/** Writes a thing of a kind; gives the id its entry has. */
const WRITE: Readonly<Record<TimelineKind, (whose: string, at: string) => Promise<string>>> = {
  call,
  order: (whose, at) => order(whose, at),
  claim: (whose, at) =>
    one(
      `insert into claims (source, source_id, customer_id, subject, opened_at)
       values ('s', $1, $2, 'Брак', $3) returning id`,
      [randomUUID(), whose, at],
    ),
  message: (whose, at) =>
    one(
      `insert into messages (source, source_id, direction, channel, party, customer_id, subject, text, at)
       values ('mail', $1, 'in', 'email', 'a@b.example', $2, 'Где заказ?', 'Жду', $3) returning id`,
      [randomUUID(), whose, at],
    ),
  offer: (whose, at) =>
    one(
      `insert into offer_showings (id, offer_key, kind, customer_id, channel, occasion, place, confidence, reason, shown_at)
       values ($1::uuid, 'goesWith:1', 'goesWith', $2, 'operator', ($1::uuid)::text, 1, 0.5, '[]', $3) returning id`,
      [randomUUID(), whose, at],
    ),
  note: (whose, at) =>
    one(
      "insert into notes (customer_id, text, created_at) values ($1, 'Любит жёлтый', $2) returning id",
      [whose, at],
    ),
  callBack: (whose, at) =>
    one(
      `insert into call_backs (phone, customer_id, origin, due_at, made_at, state)
       values ($1, $2, 'promised', $3, $3, 'done') returning id`,
      [randomUUID(), whose, at],
    ),
  rating: (whose, at) =>
    one(
      `insert into ratings (call_id, score, asked_by, customer_id, at) values ($1, 9, 'ivr', $2, $3)
       returning call_id as id`,
      [randomUUID(), whose, at],
    ),
};

type Written = { readonly kind: TimelineKind; readonly id: string; readonly at: string };

/** Newest first; of one moment by kind and id, as bytes. */
const inOrder = (a: Written, b: Written) =>
  b.at.localeCompare(a.at) || compare(a.kind, b.kind) || compare(a.id, b.id);
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

async function pages(question: { kinds?: TimelineKind[]; text?: string; limit: number }) {
  const timeline = openTimeline(database);
  const found: Written[] = [];
  let after = "";
  for (let n = 0; n < 200; n++) {
    const page = await timeline.page({
      ...{ customerId, kinds: question.kinds ?? [], text: question.text ?? "" },
      ...{ after, limit: question.limit },
    });
    found.push(...page.entries.map(({ kind, id, at }) => ({ kind, id, at })));
    if (page.next !== "") expect(page.entries).toHaveLength(question.limit);
    after = page.next;
    if (after === "") break;
  }
  return found;
}

describe("the timeline", () => {
  test("is everything that was written of somebody, whatever the pages and the moments they share", async () => {
    // Few moments, to the microsecond: most things share theirs, and two differ by less than a clock of a browser shows.
    const moments = [
      "2026-01-01T00:00:00.000001Z",
      "2026-01-01T00:00:00.000002Z",
      "2026-02-01T12:00:00.5Z",
    ];
    const kind = fc.constantFrom(...TIMELINE_KINDS);
    const thing = fc.record({
      kind: fc.oneof(
        { weight: 3, arbitrary: kind },
        { weight: 1, arbitrary: fc.constant("status" as const) },
      ),
      at: fc.constantFrom(...moments),
      own: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(thing, { maxLength: 40 }),
        fc.uniqueArray(kind, { maxLength: 3 }),
        fc.integer({ min: 1, max: 12 }),
        async (things, kinds, limit) => {
          await database.pool.query(
            "truncate calls, orders, claims, messages, offer_showings, notes, call_backs, ratings cascade",
          );
          const written: (Written & { exact: string })[] = [];
          for (const { kind, at, own } of things) {
            const whose = own ? customerId : otherId;
            const isStatus = kind === "status";
            // Its order was placed before anything else.
            const placedAt = "2025-01-01T00:00:00.000Z";
            let id: string;
            if (isStatus) {
              const orderId = await order(whose, placedAt);
              if (own) written.push({ kind: "order", id: orderId, at: placedAt, exact: placedAt });
              id = await status(whose, orderId, at);
            } else id = await WRITE[kind](whose, at);
            if (own)
              written.push({
                ...{ kind: isStatus ? "order" : kind, id, exact: at },
                at: new Date(at).toISOString(),
              });
          }
          const expected = written
            .filter((one) => kinds.length === 0 || kinds.includes(one.kind))
            .map(({ exact, ...one }) => ({ ...one, at: exact, shown: one.at }))
            .toSorted(inOrder)
            .map(({ kind, id, shown }) => ({ kind, id, at: shown }));
          expect(await pages({ kinds, limit })).toEqual(expected);
        },
      ),
      { numRuns: 25 },
    );
  }, 120_000);

  test("says of each thing what it was, who had to do with it and how much it was about", async () => {
    const at = (minute: number) => `2026-03-01T10:${String(minute).padStart(2, "0")}:00.000Z`;
    const anna = await one(
      "insert into users (login, name, role, password_hash) values ('anna', 'Анна', 'operator', '') returning id",
    );
    const product = await one(
      "insert into products (source, source_id, name) values ('s', '1', 'Батарейки AA') returning id",
    );
    const callId = await call(customerId, at(1));
    await database.pool.query(
      `insert into wrap_ups (draft_id, call_id, user_id, disposition, note) values ($1, $2, $3, 'question', 'Про доставку')`,
      [randomUUID(), callId, anna],
    );
    const orderId = await order(customerId, at(2), [
      { name: "Мишка", quantity: 2, priceMinor: 50 },
      { name: "Лото", quantity: 1, priceMinor: 1 },
    ]);
    await status(customerId, orderId, at(3));
    const showing = await WRITE.offer(customerId, at(4));
    await database.pool.query(
      `update offer_showings set product_id = $1, user_id = $2, answer = 'accepted', taken_minor = 900,
       amount_minor = 500, currency = 'RUB' where id = $3`,
      [product, anna, showing],
    );
    const held = await WRITE.offer(customerId, at(4));
    await database.pool.query("update offer_showings set arm = 'held' where id = $1", [held]);
    const page = await openTimeline(database).page({
      ...{ customerId, kinds: [], text: "", after: "", limit: 10 },
    });
    const nothing = { byName: "", amountMinor: null, currency: "", direction: "" };
    expect(page).toEqual({
      next: "",
      entries: [
        {
          ...{ kind: "offer", id: showing, at: at(4), code: "accepted", title: "Батарейки AA" },
          ...{ text: "", byName: "Анна", amountMinor: 900, currency: "RUB", direction: "out" },
        },
        {
          ...nothing,
          ...{ kind: "order", id: expect.stringMatching(`^${orderId}/`), at: at(3) },
          ...{ code: "shipped", title: "A-7", text: "Отправлен" },
        },
        {
          ...{ kind: "order", id: orderId, at: at(2), code: "new", title: "A-7" },
          ...{ text: "Мишка × 2, Лото × 1", byName: "", amountMinor: 100, currency: "RUB" },
          direction: "in",
        },
        {
          ...nothing,
          ...{ kind: "call", id: callId, at: at(1), code: "completed", title: "question" },
          ...{ text: "Про доставку", byName: "Анна", direction: "in" },
        },
      ],
    });
  });

  test("is searched in whatever a thing says, capital or small, with ё or without", async () => {
    const bear = await order(customerId, "2026-01-01T00:00:00Z", [
      { name: "Ёжик плюшевый", quantity: 1, priceMinor: 1 },
    ]);
    const note = await WRITE.note(customerId, "2026-01-02T00:00:00Z");
    for (let n = 0; n < 30; n++) await WRITE.message(customerId, "2026-01-03T00:00:00Z");
    expect(await pages({ text: "ЕЖИК", limit: 1 })).toMatchObject([{ id: bear }]);
    expect(await pages({ text: " желтый ", limit: 5 })).toMatchObject([{ id: note }]);
    expect(await pages({ text: "где заказ", limit: 7 })).toHaveLength(30);
    expect(await pages({ text: "100%", limit: 5 })).toEqual([]);
    expect(await pages({ text: "_", limit: 5 })).toEqual([]);
  });

  test("follows an order that is found to be another customer's", async () => {
    const orderId = await order(otherId, "2026-01-01T00:00:00Z");
    await status(otherId, orderId, "2026-01-02T00:00:00Z");
    expect(await pages({ limit: 5 })).toEqual([]);
    await database.pool.query("update orders set customer_id = $1 where id = $2", [
      customerId,
      orderId,
    ]);
    expect(await pages({ limit: 5 })).toHaveLength(2);
  });

  test("refuses what is no end of a page, and knows nobody by what is no id", async () => {
    const timeline = openTimeline(database);
    const ask = (after: string, id = customerId) =>
      timeline.page({ customerId: id, kinds: [], text: "", after, limit: 5 });
    const cursor = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    for (const after of ["x", cursor([1, 2, 3]), cursor(["infinity", "", ""]), cursor({})])
      await expect(ask(after)).rejects.toMatchObject({ code: "invalid" });
    expect(await ask("", "'; drop table customers")).toEqual({ entries: [], next: "" });
    expect(await ask("", "999999999")).toEqual({ entries: [], next: "" });
  });
});

test("a page of somebody with 10,000 entries reads a page, not 10,000 entries", async () => {
  await database.pool.query(
    `with made as (
       insert into orders (source, source_id, customer_id, number, stage, total_minor, currency, placed_at)
       select 's', n::text, $1, n::text, 'completed', 100, 'RUB', now() - n * interval '1 hour'
       from generate_series(1, 1000) n returning id
     )
     insert into order_statuses (order_id, customer_id, stage, at)
     select id, $1, 'shipped', now() - random() * interval '1000 hours' from made, generate_series(1, 5)`,
    [customerId],
  );
  await database.pool.query(
    `insert into notes (customer_id, text, created_at)
     select $1, 'x', now() - n * interval '20 minutes' from generate_series(1, 4000) n`,
    [customerId],
  );
  await database.pool.query("analyze");
  const plan = await database.pool.query<{ "QUERY PLAN": [{ Plan: Plan }] }>(
    `explain (analyze, format json) ${timelineQuery(false)}`,
    [customerId, TIMELINE_KINDS, "infinity", "", "", 31],
  );
  const read = (node: Plan): number =>
    Math.max(
      (node["Relation Name"] === undefined ? 0 : node["Actual Rows"] * node["Actual Loops"]) +
        (node["Rows Removed by Filter"] ?? 0),
      ...(node.Plans ?? []).map(read),
    );
  expect(read(plan.rows[0]!["QUERY PLAN"][0].Plan)).toBeLessThan(100);
  expect(await pages({ limit: 100 })).toHaveLength(10_000);
  // A text that nothing has: what is looked through has a bound, and what lies beyond is not found.
  const searched = await database.pool.query<{ "QUERY PLAN": [{ Plan: Plan }] }>(
    `explain (analyze, format json) ${timelineQuery(true)}`,
    [customerId, TIMELINE_KINDS, "infinity", "", "", 31, "nowhere"],
  );
  expect(read(searched.rows[0]!["QUERY PLAN"][0].Plan)).toBeLessThanOrEqual(SEARCHED);
  expect(await pages({ kinds: ["note"], text: "x", limit: 100 })).toHaveLength(SEARCHED);
});
type Plan = {
  readonly "Relation Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly Plan[];
};
