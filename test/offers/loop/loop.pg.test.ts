import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { isHeld } from "../../../server/offers/loop/arms.ts";
import { type RunningLoop, openOfferLoop } from "../../../server/offers/loop/loop.ts";
import { addedOf, heldReport, reportOf } from "../../../server/offers/loop/report.ts";
import type { Occasion, Offer, OffersAnswer } from "../../../server/offers/model.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";

let database: TestDatabase;
let loop: RunningLoop;
let customers: string[];
let userId: string;
let ruleId: string;
let productId: string;
const nowMs = Date.now();
const log = { info() {}, warn: console.error, error: console.error };

beforeAll(async () => {
  database = await testDatabase();
  const { db } = database;
  const made = await sql<{ id: string }>`
    insert into customers (source, source_id, name)
    select 'shop', n::text, 'Customer ' || n from generate_series(1, 200) n returning id`.execute(
    db,
  );
  customers = made.rows.map(({ id }) => id);
  userId = (
    await db
      .insertInto("users")
      .values({ login: "olga", name: "Olga", role: "operator", password_hash: "x" })
      .returning("id")
      .executeTakeFirstOrThrow()
  ).id;
  ruleId = (
    await db
      .insertInto("offer_rules")
      .values({ settings: JSON.stringify({ name: "Gift wrap" }), state: "on" })
      .returning("id")
      .executeTakeFirstOrThrow()
  ).id;
  productId = (
    await db
      .insertInto("products")
      .values({ source: "shop", source_id: "7", name: "Ball" })
      .returning("id")
      .executeTakeFirstOrThrow()
  ).id;
});
afterAll(() => database.drop());
beforeEach(async () => {
  await sql`truncate offer_showings`.execute(database.db);
  await sql`update offer_rules set uses = 0`.execute(database.db);
  loop = openOfferLoop({
    ...{ storage: database, log, learnEveryMs: 1e6 },
    shares: { held: 0.3, explored: 0 },
  });
  return () => loop.close();
});

const usual = () => customers.find((id) => !isHeld(id, nowMs, 0.3))!;
const held = () => customers.find((id) => isHeld(id, nowMs, 0.3))!;

const hint = (n = 1, more: Partial<Offer> = {}): Offer => ({
  ...{ key: `goesWith:${n}`, kind: "goesWith", ruleId: null, quantity: 2 },
  product: {
    ...{ id: productId, sku: "B-7", name: "Ball", category: "Toys" },
    ...{ priceMinor: 500, currency: "RUB", stock: 3 },
  },
  ...{ priceMinor: 500, amountMinor: 1000, currency: "RUB", saying: "", confidence: 0.5 / n },
  reasons: [{ code: "boughtTogether", product: "Bat", together: 43, of: 120 }],
  ...more,
});
const ofRule = (): Offer => hint(1, { key: `rule:${ruleId}`, kind: "promotion", ruleId });
const answerOf = (...offers: Offer[]): OffersAnswer => ({
  ...{ offers, silentBecause: null, bonusMinor: null, tier: "", segments: [] },
});
const occasion = (id: string, more: Partial<Occasion> = {}): Occasion => ({
  ...{ id, channel: "operator", customerId: usual(), userId, orderId: null, ...more },
});
const rows = () => database.db.selectFrom("offer_showings").selectAll().orderBy("place").execute();

test("what is shown is written with whom, where and why; shown again it is the same showing", async () => {
  const first = await loop.show(answerOf(hint(1), hint(2)), occasion("call-1"), nowMs);
  const again = await loop.show(answerOf(hint(1), hint(2)), occasion("call-1"), nowMs + 5000);
  expect(again).toEqual(first);
  const written = await rows();
  expect(written).toMatchObject([
    { offer_key: "goesWith:1", occasion: "call-1", user_id: userId, place: 0, arm: "usual" },
    { offer_key: "goesWith:2", customer_id: usual(), amount_minor: "1000", place: 1 },
  ]);
  expect(written[0]!.reason).toEqual(hint().reasons);
  expect(first.map(({ showingId }) => showingId)).toEqual(written.map(({ id }) => id));
});

test("an accepted offer is money by how many were taken, and a use of its rule; said twice it is one use", async () => {
  const [shown] = await loop.show(answerOf(ofRule()), occasion("call-2"), nowMs);
  for (const _ of [1, 2])
    await loop.answer(shown!.showingId, { answer: "accepted", quantity: 3, userId });
  expect(await rows()).toMatchObject([{ answer: "accepted", taken_minor: "1500" }]);
  const uses = () => database.db.selectFrom("offer_rules").select("uses").executeTakeFirst();
  expect(await uses()).toEqual({ uses: 1 });
  const no = await loop.answer(shown!.showingId, {
    ...{ answer: "refused", reason: "tooExpensive", userId },
  });
  expect(no).toMatchObject({ answer: "refused", answerReason: "tooExpensive", key: ofRule().key });
  expect(await uses()).toEqual({ uses: 0 });
  expect(await rows()).toMatchObject([{ answer: "refused", taken_minor: "0" }]);
});

test("what somebody refused is not offered to them on the next call; what the cart needs is", async () => {
  const needed = hint(3, { key: "needed:3", kind: "needed" });
  const shown = await loop.show(answerOf(needed, hint(1)), occasion("call-3"), nowMs);
  for (const { showingId } of shown)
    await loop.answer(showingId, { answer: "refused", reason: "hasAlready", userId });
  const same = await loop.show(answerOf(needed, hint(1)), occasion("call-3"), nowMs);
  expect(same.map(({ key, answer }) => [key, answer])).toEqual([
    ["needed:3", "refused"],
    ["goesWith:1", "refused"],
  ]);
  const next = await loop.show(answerOf(needed, hint(1), hint(2)), occasion("call-4"), nowMs);
  expect(next.map(({ key }) => key)).toEqual(["needed:3", "goesWith:2"]);
});

test("a customer who is held back sees no learned hint, and it is written what they would have seen", async () => {
  const shown = await loop.show(
    answerOf(hint(1), ofRule()),
    occasion("call-5", { customerId: held() }),
    nowMs,
  );
  expect(shown.map(({ key }) => key)).toEqual([ofRule().key]);
  const back = (await rows()).find(({ arm }) => arm === "held")!;
  expect(back.offer_key).toBe("goesWith:1");
  await expect(loop.answer(back.id, { answer: "accepted", userId })).rejects.toThrow(
    "nothing was shown under this id",
  );
});

test("a site's showings follow within a moment; an answer that comes sooner waits for them", async () => {
  const site = occasion("visit-1", { channel: "site", userId: null });
  const [shown] = await loop.show(answerOf(hint(1)), site, nowMs);
  const said = await loop.answer(shown!.showingId, { answer: "accepted", userId: null });
  expect(said.answer).toBe("accepted");
  expect(await rows()).toMatchObject([{ channel: "site", user_id: null, answer: "accepted" }]);
});

test("what was deleted while it was shown is left out of the row, the row is kept", async () => {
  await loop.show(answerOf(hint(1, { ruleId: "999999" })), occasion("call-6"), nowMs);
  expect(await rows()).toMatchObject([{ offer_key: "goesWith:1", rule_id: null }]);
});

test("a bad answer says what is wrong with it", async () => {
  const said = { answer: "accepted", userId } as const;
  await expect(loop.answer("x", said)).rejects.toThrow("showingId: must be a UUID");
  const [shown] = await loop.show(answerOf(hint(1)), occasion("call-7"), nowMs);
  const id = shown!.showingId;
  await expect(loop.answer(id, { ...said, quantity: 0 })).rejects.toThrow("quantity");
  await expect(loop.answer(id, { ...said, reason: "notNeeded" })).rejects.toThrow("reason");
});

test("nobody's answer settles as ignored, a later yes still counts; the ranking learns from both", async () => {
  await loop.close();
  loop = openOfferLoop({
    ...{ storage: database, log, learnEveryMs: 1e6, ignoredAfterMs: 1000 },
    shares: { held: 0, explored: 0 },
  });
  const two = answerOf(hint(1, { confidence: 0.3 }), hint(2, { confidence: 0.29 }));
  for (let i = 0; i < 30; i++) {
    const id = `call-${i}`;
    const shown = await loop.show(two, occasion(id, { customerId: customers[i]! }), nowMs - 9000);
    const liked = shown.find(({ key }) => key === "goesWith:2")!;
    await loop.answer(liked.showingId, { answer: "accepted", userId });
  }
  await loop.learn();
  const ignored = (await rows()).filter(({ answer }) => answer === "ignored");
  expect(ignored).toHaveLength(30);
  const after = await loop.show(two, occasion("later", { customerId: customers[40]! }), nowMs);
  expect(after.map(({ key }) => key)).toEqual(["goesWith:2", "goesWith:1"]);
  await loop.answer(ignored[0]!.id, { answer: "accepted", userId });
  expect((await rows()).filter(({ answer }) => answer === "ignored")).toHaveLength(29);
});

test("the report counts what was shown, taken and refused, by whatever is asked", async () => {
  const shown = await loop.show(answerOf(ofRule(), hint(2), hint(3)), occasion("call-8"), nowMs);
  const said = { userId, quantity: 2 };
  await loop.answer(shown[0]!.showingId, { ...said, answer: "accepted" });
  await loop.answer(shown[1]!.showingId, { userId, answer: "refused", reason: "notNeeded" });
  const stretch = { fromMs: nowMs - 1000, toMs: nowMs + 1000, timeZone: "Asia/Vladivostok" };
  const by = (kind: Parameters<typeof reportOf>[1]["by"]) =>
    reportOf(database.db, { ...stretch, by: kind });
  expect(await by("kind")).toEqual([
    {
      ...{ key: "promotion", name: "", shown: 1, accepted: 1, refused: 0, ignored: 0, open: 0 },
      ...{ takenMinor: 1000, currency: "RUB" },
    },
    {
      ...{ key: "goesWith", name: "", shown: 2, accepted: 0, refused: 1, ignored: 0, open: 1 },
      ...{ takenMinor: 0, currency: "RUB" },
    },
  ]);
  expect(await by("rule")).toMatchObject([{ key: ruleId, name: "Gift wrap" }, { key: "" }]);
  expect(await by("operator")).toMatchObject([{ key: userId, name: "Olga", shown: 3 }]);
  expect(await by("product")).toMatchObject([{ key: productId, name: "Ball", shown: 3 }]);
  expect(await by("reason")).toMatchObject([{ key: "notNeeded", refused: 1, shown: 1 }]);
  expect(await by("channel")).toMatchObject([{ key: "operator", shown: 3 }]);
  const day = new Date(nowMs).toLocaleDateString("sv", { timeZone: "Asia/Vladivostok" });
  expect(await by("day")).toMatchObject([{ key: day, shown: 3 }]);
});

test("what hints add is the difference between customers who were shown them and who were not", async () => {
  for (const customerId of customers) {
    const shown = await loop.show(
      answerOf(hint(1)),
      occasion(`of-${customerId}`, { customerId }),
      nowMs,
    );
    // Who sees the hint buys for 1000 more; everybody else's orders differ a little, as orders do.
    const total = 5000 + (Number(customerId) % 10) * 20 + (shown.length > 0 ? 1000 : 0);
    await sql`
      insert into orders (source, source_id, customer_id, number, stage, total_minor, currency, placed_at)
      values ('shop', ${customerId}, ${customerId}, ${customerId}, 'new', ${total}, 'RUB', ${new Date(nowMs + 1000)})`.execute(
      database.db,
    );
  }
  const report = await heldReport(database.db, { fromMs: nowMs - 1000, toMs: nowMs + 1000 });
  const none = report.rows.find(({ arm }) => arm === "held");
  const some = report.rows.find(({ arm }) => arm === "shown");
  expect(none!.customers + some!.customers).toBe(customers.length);
  expect(none!.customers).toBe(customers.filter((id) => isHeld(id, nowMs, 0.3)).length);
  const [added] = report.added;
  expect(Math.abs(added!.meanMinor - 1000)).toBeLessThan(100);
  expect(added!.betweenMinor[0]).toBeLessThan(added!.meanMinor);
  expect(added!.betweenMinor[0]).toBeGreaterThan(800);
});

test("nothing is said of what hints add while too few were held back", () => {
  const row = { currency: "RUB", customers: 29, meanMinor: 5, standardErrorMinor: 1 };
  expect(
    addedOf([
      { ...row, arm: "shown", customers: 500 },
      { ...row, arm: "held" },
    ]),
  ).toEqual([]);
});
