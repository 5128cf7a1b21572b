import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type AttemptOutcome,
  type AttemptState,
  NEXT,
} from "../../../server/campaigns/attempts/model.ts";
import { type Said, takeSaid } from "../../../server/campaigns/attempts/said.ts";
import { PgAttemptStore } from "../../../server/campaigns/attempts/store.ts";
import { withdrawNow } from "../../../server/campaigns/attempts/withdraw.ts";
import { localBus } from "../../../server/storage/bus.ts";
import { attemptsDatabase } from "./database.ts";
import {
  HOUR_MS,
  MINUTE_MS,
  NOON_MS,
  WHOLE,
  addCustomer,
  addOrder,
  addPerson,
  attemptRow,
  brokenInvariants,
  contactRow,
  makeCampaign,
} from "./house.ts";

const bus = localBus((error) => {
  throw error;
});
const database = attemptsDatabase();
let store: PgAttemptStore;
beforeAll(() => {
  store = new PgAttemptStore({ db: database.db, bus, timeZone: "Europe/Moscow" });
});

async function through(id: string, ...states: readonly AttemptState[]): Promise<void> {
  for (const state of states)
    expect(await store.advance(id, state, { atMs: NOON_MS, evidence: {} })).not.toBeNull();
}

async function ended(id: string, outcome: AttemptOutcome, atMs = NOON_MS) {
  return store.advance(id, "ended", { atMs, outcome, evidence: { dialStatus: "X" } });
}

async function attemptsOf(contactId: string) {
  return database.db
    .selectFrom("attempts")
    .selectAll()
    .where("contact_id", "=", contactId)
    .orderBy("n")
    .execute();
}

async function resultOf(contactId: string) {
  const rows = await database.db
    .selectFrom("results")
    .selectAll()
    .where("contact_id", "=", contactId)
    .execute();
  return rows;
}

function said(attemptId: string, own: Partial<Said> = {}): Said {
  return {
    ...{ attemptId, code: "confirmed", effect: "done", note: "All right", by: "ann" },
    ...{ callBackAtMs: null, callBackUserId: null },
    ...own,
  };
}

const take = (one: Said, nowMs = NOON_MS + MINUTE_MS) =>
  database.db.transaction().execute((trx) => takeSaid(trx, one, nowMs));

describe("transitions", () => {
  test("each is written with its time and a step; what may not follow changes nothing and is counted", async () => {
    const { id } = await makeCampaign(database.db);
    const { attemptId } = await addPerson(database.db, id);
    const refused = store.refused;
    const facts = { atMs: NOON_MS, evidence: { by: "test" } };
    expect(await store.advance(attemptId, "ringing", facts)).toBeNull();
    await through(attemptId, "claimed", "dialling", "ringing");
    expect(await store.advance(attemptId, "dialling", facts)).toBeNull();
    expect(await store.advance("cc-nobody", "dialling", facts)).toBeNull();
    expect(store.refused - refused).toBe(3);
    const row = await attemptRow(database.db, attemptId);
    expect(row).toMatchObject({ state: "ringing", ringing_at: new Date(NOON_MS) });
    const steps = await database.db
      .selectFrom("attempt_steps")
      .select(["from_state", "to_state"])
      .orderBy("id")
      .execute();
    expect(steps.map((one) => `${one.from_state}-${one.to_state}`)).toEqual([
      ...["planned-claimed", "claimed-dialling", "dialling-ringing"],
    ]);
  });

  test("given back, it is as it was before", async () => {
    const { id } = await makeCampaign(database.db);
    const { attemptId } = await addPerson(database.db, id);
    const before = await attemptRow(database.db, attemptId);
    await through(attemptId, "claimed", "dialling", "planned");
    expect(await attemptRow(database.db, attemptId)).toEqual({
      ...before,
      changed_at: expect.any(Date) as Date,
    });
  });

  test("no answer is followed by the next attempt by the campaign's steps; when none is left the contact ends and its source is told", async () => {
    const { id } = await makeCampaign(database.db, {
      retries: {
        ...{ busy: [], machine: [], congestion: [], abandoned: [], cutOff: [] },
        noAnswer: [{ afterMinutes: 60 }],
      },
    });
    const customerId = await addCustomer(database.db, "+79031112233");
    const orderId = await addOrder(database.db, customerId, { source: "site", number: "A-1" });
    const otherId = await addOrder(database.db, customerId, { source: "app", number: "B-2" });
    const { contactId, attemptId } = await addPerson(database.db, id, { customerId });
    for (const order_id of [orderId, otherId])
      await database.db
        .insertInto("contact_orders")
        .values({ contact_id: contactId, order_id })
        .execute();
    await through(attemptId, "claimed", "dialling", "ringing");
    expect(await ended(attemptId, "noAnswer")).toMatchObject({
      state: "ended",
      outcome: "noAnswer",
    });
    const [, second] = await attemptsOf(contactId);
    expect(second).toMatchObject({
      ...{ n: 2, state: "planned", due_at: new Date(NOON_MS + HOUR_MS) },
    });
    await through(second!.id, "claimed", "dialling");
    await ended(second!.id, "noAnswer", NOON_MS + HOUR_MS);
    expect(await attemptsOf(contactId)).toHaveLength(2);
    expect(await contactRow(database.db, contactId)).toMatchObject({
      ...{ state: "withdrawn", result: "exhausted" },
    });
    const results = await resultOf(contactId);
    expect(results.map((row) => row.source).toSorted()).toEqual(["app", "site"]);
    expect(results.find((row) => row.source === "site")!.body).toMatchObject({
      ...{ id: `${contactId}-site`, state: "withdrawn", result: "exhausted" },
      orders: [{ source: "site", number: "A-1" }],
      customer: { source: "shop", sourceId: "+79031112233" },
      attempts: [{ outcome: "noAnswer" }, { outcome: "noAnswer" }],
      closedAt: new Date(NOON_MS + HOUR_MS).toISOString(),
    });
  });

  test("who was left on the line counts as abandoned in truth and by the rule; who was connected late in truth", async () => {
    const { id } = await makeCampaign(database.db);
    const left = await addPerson(database.db, id);
    const late = await addPerson(database.db, id);
    const quick = await addPerson(database.db, id);
    for (const { attemptId } of [left, late, quick])
      await through(attemptId, "claimed", "dialling", "answered", "waiting");
    await ended(left.attemptId, "abandoned", NOON_MS + 2000);
    const connect = (attemptId: string, afterMs: number) =>
      store.advance(attemptId, "connected", { atMs: NOON_MS + afterMs, evidence: {} });
    await connect(late.attemptId, 2001);
    await connect(quick.attemptId, 2000);
    // Hung up by us while their greeting still ran, where the rule's clock begins after it.
    const greeting = await addPerson(database.db, id);
    await through(greeting.attemptId, "claimed", "dialling", "answered", "waiting");
    await store.advance(greeting.attemptId, "ended", {
      ...{ atMs: NOON_MS + 3000, outcome: "abandoned", abandonedByRule: false, evidence: {} },
    });
    expect(await attemptRow(database.db, greeting.attemptId)).toMatchObject({
      ...{ abandoned: true, abandoned_by_rule: false },
    });
    const { settings } = await makeCampaign(database.db);
    expect(await store.abandonment(id, settings.abandonment, NOON_MS + MINUTE_MS)).toEqual({
      ...{ answered: 4, abandoned: 1 },
    });
    expect((await attemptRow(database.db, late.attemptId)).abandoned).toBe(true);
    expect((await attemptRow(database.db, quick.attemptId)).abandoned).toBe(false);
  });
});

describe("what an operator said", () => {
  async function talked(): Promise<{ contactId: string; attemptId: string }> {
    const { id } = await makeCampaign(database.db);
    const person = await addPerson(database.db, id);
    await through(person.attemptId, "claimed", "dialling", "answered", "connected");
    return person;
  }

  test("after the talk: the contact is done at once, its source is told with the disposition", async () => {
    const { contactId, attemptId } = await talked();
    await ended(attemptId, "talked");
    expect(await contactRow(database.db, contactId)).toMatchObject({ state: "done", result: "" });
    expect(await resultOf(contactId)).toEqual([]);
    expect(await take(said(attemptId))).toBe(true);
    expect((await resultOf(contactId))[0]!.body).toMatchObject({
      ...{ state: "done", result: "confirmed", note: "All right" },
    });
  });

  test("during the talk: it acts when that ends", async () => {
    const { contactId, attemptId } = await talked();
    await take(said(attemptId, { code: "refused", effect: "doNotCall" }));
    expect((await contactRow(database.db, contactId)).state).toBe("open");
    await ended(attemptId, "talked");
    const { phone, ...contact } = await contactRow(database.db, contactId);
    expect(contact).toMatchObject({ state: "done", result: "refused" });
    expect(await database.db.selectFrom("do_not_call").select("phone").execute()).toEqual([
      { phone },
    ]);
  });

  test("a call back opens the contact again at its time; said again, it is done after all", async () => {
    const { contactId, attemptId } = await talked();
    await ended(attemptId, "talked");
    const callBackAtMs = NOON_MS + 3 * HOUR_MS;
    await take(said(attemptId, { code: "call-back", effect: "callBack", callBackAtMs }));
    expect(await contactRow(database.db, contactId)).toMatchObject({
      ...{ state: "open", promised: true },
    });
    expect((await attemptsOf(contactId))[1]).toMatchObject({
      ...{ state: "planned", promised: true, due_at: new Date(callBackAtMs) },
    });
    expect(await brokenInvariants(database.db)).toEqual(WHOLE);
    await take(said(attemptId));
    expect(await attemptsOf(contactId)).toHaveLength(1);
    expect(await contactRow(database.db, contactId)).toMatchObject({ result: "confirmed" });
    expect(await brokenInvariants(database.db)).toEqual(WHOLE);
  });

  test("what changed after it was delivered goes out again under another id", async () => {
    const { contactId, attemptId } = await talked();
    await ended(attemptId, "talked");
    await take(said(attemptId));
    const [first] = await resultOf(contactId);
    await database.db.updateTable("results").set({ delivered_at: new Date() }).execute();
    await take(said(attemptId));
    expect((await resultOf(contactId))[0]!.delivered_at).not.toBeNull();
    await take(said(attemptId, { code: "cancelled" }));
    const [again] = await resultOf(contactId);
    expect(again!.delivered_at).toBeNull();
    expect((again!.body as { id: string }).id).not.toBe((first!.body as { id: string }).id);
  });
});

const STATES = Object.keys(NEXT) as AttemptState[];
const OUTCOMES: AttemptOutcome[] = [
  ...(["talked", "busy", "noAnswer", "rejected", "unallocated", "congestion"] as const),
  ...(["wrongTrunk", "machine", "abandoned", "cutOff", "operatorGone"] as const),
  ...(["skipped", "refusedByPbx", "failed"] as const),
];

test("whatever is told in whatever order, only written transitions happen and no open contact is left without a next step", async () => {
  const deed = fc.oneof(
    { weight: 8, arbitrary: fc.record({ to: fc.constantFrom(...STATES) }) },
    { weight: 4, arbitrary: fc.record({ ended: fc.constantFrom(...OUTCOMES) }) },
    { weight: 1, arbitrary: fc.record({ withdraw: fc.constant(true) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        said: fc.constantFrom("done", "retry", "callBack", "refused", "doNotCall"),
      }),
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { minLength: 5, maxLength: 25 }), async (deeds) => {
      const { id } = await makeCampaign(database.db);
      const { contactId } = await addPerson(database.db, id);
      let atMs = NOON_MS;
      for (const one of deeds) {
        atMs += MINUTE_MS;
        const last = (await attemptsOf(contactId)).at(-1)!;
        if ("to" in one) {
          const done = await store.advance(last.id, one.to, { atMs, evidence: {} });
          expect(done !== null).toBe(NEXT[last.state].includes(one.to));
        } else if ("ended" in one) {
          const done = await ended(last.id, one.ended, atMs);
          expect(done !== null).toBe(NEXT[last.state].includes("ended"));
        } else if ("withdraw" in one) {
          await withdrawNow({ db: database.db, bus }, [{ contactId, because: "byHand" }], atMs);
        } else {
          const { said: effect } = one;
          const ofId = (await attemptsOf(contactId)).findLast((row) => row.connected_at !== null);
          if (ofId !== undefined)
            await take(said(ofId.id, { effect, callBackAtMs: atMs + HOUR_MS }), atMs);
        }
        expect(await brokenInvariants(database.db)).toEqual(WHOLE);
      }
      const { rows } = await database.pool.query<{
        from_state: AttemptState;
        to_state: AttemptState;
      }>(
        "select from_state, to_state from attempt_steps s join attempts a on a.id = s.attempt_id where a.contact_id = $1 and from_state <> ''",
        [contactId],
      );
      for (const step of rows) expect(NEXT[step.from_state]).toContain(step.to_state);
    }),
    { numRuns: 25 },
  );
}, 120_000);
