import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DeskSide, attemptIdOf, momentOf } from "../../server/campaigns/desk-side.ts";
import { advance } from "../../server/campaigns/attempts/advance.ts";
import type { Dialler } from "../../server/campaigns/dialler/dialler.ts";
import type { Offer } from "../../server/campaigns/dialler/previews.ts";
import type { Campaign } from "../../server/campaigns/model.ts";
import type { Preview, SaidOfCall } from "../../server/desk/ports.ts";
import { Refusal } from "../../server/desk/replies.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import {
  HOUR_MS,
  NOON_MS,
  type Person,
  addCustomer,
  addOrder,
  addPerson,
  contactRow,
  makeCampaign,
  nextPhone,
} from "./attempts/house.ts";

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A dialler as far as screens ask it: offers that stand, and what was done with them. */
class OfferingDialler {
  readonly pbx = "main";
  readonly done: string[] = [];
  standing: Offer | null = null;
  tell: (userId: string, offer: Offer | null) => void = () => undefined;
  onPreview(listener: (userId: string, offer: Offer | null) => void) {
    this.tell = listener;
    return () => undefined;
  }
  hasOffer = (userId: string, attemptId: string) =>
    this.standing?.userId === userId && this.standing.attempt.id === attemptId;
  call = async (_userId: string, attemptId: string) => void this.done.push(`call ${attemptId}`);
  skip = async (_userId: string, attemptId: string, reason: string) =>
    void this.done.push(`skip ${attemptId} ${reason}`);
  takeBack = (_userId: string, attemptId: string) => void this.done.push(`back ${attemptId}`);
}

describe("campaigns on operators' screens", () => {
  let database: TestDatabase;
  let campaign: Campaign;
  let side: DeskSide;
  let dialler: OfferingDialler;
  let person: Person;
  let callId: string;
  let userId: string;
  const facts = new Set<(fact: { readonly call: { readonly id: string } }) => void>();
  const seen = (id: string) => {
    for (const listener of facts) listener({ call: { id } });
  };
  const open = async () => {
    const opened = new DeskSide({
      ...{ db: database.db, log: silent, now: () => NOON_MS },
      calls: {
        onFact(listener) {
          facts.add(listener);
          return () => void facts.delete(listener);
        },
      },
    });
    dialler = new OfferingDialler();
    opened.follow(dialler as unknown as Dialler);
    await opened.open();
    return opened;
  };

  beforeAll(async () => {
    database = await testDatabase();
    campaign = await makeCampaign(database.db, {
      script: "Hello {customer}, {shop} about {orders}. {other}",
    });
    const user = await database.db
      .insertInto("users")
      .values({ login: "anna", name: "Anna", role: "operator", password_hash: "" })
      .returning("id")
      .executeTakeFirstOrThrow();
    userId = user.id;
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    const phone = nextPhone();
    const customerId = await addCustomer(database.db, phone);
    person = await addPerson(database.db, campaign.id, { phone, customerId });
    for (const number of ["A1", "A2"]) {
      const orderId = await addOrder(database.db, customerId, { number });
      await database.db
        .insertInto("contact_orders")
        .values({ contact_id: person.contactId, order_id: orderId })
        .execute();
    }
    callId = `main-${person.attemptId}`;
    side?.close();
    side = await open();
  });

  const dialledAndTalked = async (atMs: number, ended = true) => {
    const go = (to: Parameters<typeof advance>[2], more = {}) =>
      advance(database.db, person.attemptId, to, { atMs, evidence: {}, ...more });
    for (const to of ["claimed", "dialling", "connected"] as const) await go(to);
    if (ended) await go("ended", { outcome: "talked" });
  };
  const say = (own: Partial<SaidOfCall>) =>
    database.db.transaction().execute((trx) =>
      side.wrapUp(trx, {
        ...{ callId, userId, disposition: codeOf("done"), note: "said", callBack: null },
        ...own,
      }),
    );
  const codeOf = (effect: string) =>
    campaign.settings.dispositions.find((each) => each.effect === effect)!.code;
  const attempts = () =>
    database.db
      .selectFrom("attempts")
      .selectAll()
      .where("contact_id", "=", person.contactId)
      .orderBy("n")
      .execute();

  test("a call is known before it is dialled, with its orders and the script filled in", async () => {
    expect(side.ofCall(callId)).toBeNull();
    const told: string[] = [];
    side.onCall((id) => told.push(id));
    await side.prepare("main", { id: person.attemptId });
    const known = side.ofCall(callId)!;
    expect(known).toMatchObject({ reason: "orderPlaced", attempt: 1, promised: false });
    expect(known.script).toBe(`Hello Owner of ${person.phone}, Shop about A1, A2. {other}`);
    expect(known.orderIds).toHaveLength(2);
    expect(known.dispositions).toEqual(campaign.settings.dispositions);
    expect(told).toEqual([callId]);
  });

  test("a call that another process dialled is read when it is first seen; others are not asked about", async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    side.onCall(resolve);
    seen("main-1700000000.1");
    seen(callId);
    expect(await promise).toBe(callId);
    expect(side.ofCall(callId)!.attemptId).toBe(person.attemptId);
    expect(side.ofCall("main-1700000000.1")).toBeNull();
  });

  test("after a restart the calls that may still be wrapped up are known again", async () => {
    await dialledAndTalked(NOON_MS - 2 * HOUR_MS);
    side.close();
    side = await open();
    expect(side.ofCall(callId)!.campaignId).toBe(campaign.id);
  });

  test("an offer is shown with what it is about, and only while it stands", async () => {
    const shown: [string, Preview | null][] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    side.onPreview((user, preview) => {
      shown.push([user, preview]);
      resolve();
    });
    const offer = {
      attempt: { id: person.attemptId, phone: person.phone, customerId: null },
      ...{ campaign, userId, extension: "101", offeredAtMs: 5, dialledAtMs: 9 },
    } as unknown as Offer;
    dialler.standing = offer;
    dialler.tell(userId, offer);
    await promise;
    expect(shown[0]).toMatchObject([
      userId,
      { attemptId: person.attemptId, pbx: dialler.pbx, phone: person.phone, dialledAtMs: 9 },
    ]);
    await side.call(userId, person.attemptId);
    await side.skip(userId, person.attemptId, "notNow");
    expect(dialler.done).toEqual([`call ${person.attemptId}`, `skip ${person.attemptId} notNow`]);

    dialler.standing = null;
    dialler.tell(userId, null);
    expect(shown.at(-1)).toEqual([userId, null]);
    await expect(side.call(userId, person.attemptId)).rejects.toBeInstanceOf(Refusal);
  });

  test("done closes the contact, in the transaction that writes the wrap-up or not at all", async () => {
    await dialledAndTalked(NOON_MS);
    await expect(
      database.db.transaction().execute(async (trx) => {
        await side.wrapUp(trx, {
          ...{ callId, userId, disposition: codeOf("done"), note: "", callBack: null },
        });
        throw new Error("undone");
      }),
    ).rejects.toThrow("undone");
    expect((await contactRow(database.db, person.contactId)).result).toBe("");
    await say({});
    expect(await contactRow(database.db, person.contactId)).toMatchObject({
      ...{ state: "done", result: codeOf("done") },
    });
  });

  test("what is said while the talk goes on acts when it ends", async () => {
    await dialledAndTalked(NOON_MS, false);
    await say({ disposition: codeOf("retry") });
    expect(await attempts()).toHaveLength(1);
    await advance(database.db, person.attemptId, "ended", {
      ...{ atMs: NOON_MS, outcome: "talked", evidence: {} },
    });
    expect(await attempts()).toMatchObject([{ state: "ended" }, { state: "planned" }]);
  });

  test("a call back is planned for that time on the person's clock, and for this operator alone when asked", async () => {
    await dialledAndTalked(NOON_MS);
    const callBack = { at: "2026-11-23T15:00", timeZone: "Asia/Yekaterinburg", toMe: true };
    await say({ disposition: codeOf("callBack"), callBack });
    const [, next] = await attempts();
    expect(next).toMatchObject({ state: "planned", promised: true, user_id: userId });
    expect(next!.due_at.toISOString()).toBe("2026-11-23T10:00:00.000Z");
  });

  test.each([
    ["a code of another campaign", { disposition: "sold" }, "disposition"],
    ["a call back without a time", { disposition: "callBack" }, "time"],
    [
      "a call back in the past",
      {
        disposition: "callBack",
        callBack: { at: "2026-11-23T11:59", timeZone: "Europe/Moscow", toMe: false },
      },
      "past",
    ],
    ["a call of no campaign", { callId: "main-1700000000.1" }, "campaign"],
  ])("%s is refused, and nothing changes", async (_name, own, word) => {
    await dialledAndTalked(NOON_MS);
    const isCallBack = "disposition" in own && own.disposition === "callBack";
    const disposition = isCallBack ? { disposition: codeOf("callBack") } : {};
    await expect(say({ ...own, ...disposition })).rejects.toThrow(
      expect.objectContaining({ code: "invalid", message: expect.stringContaining(word) }),
    );
    expect((await contactRow(database.db, person.contactId)).said).toBeNull();
  });
});

test.each([
  ["main-cc-0d4c2a34-9c1f-4c58-9c5e-0f4f6c1f9a11", "cc-0d4c2a34-9c1f-4c58-9c5e-0f4f6c1f9a11"],
  ["pbx-cc-2-cc-0d4c2a34-9c1f-4c58-9c5e-0f4f6c1f9a11", "cc-0d4c2a34-9c1f-4c58-9c5e-0f4f6c1f9a11"],
  ["main-1700000000.1", null],
  ["cc-0d4c2a34-9c1f-4c58-9c5e-0f4f6c1f9a11", null],
])("the attempt of the call %s", (callId, attemptId) => {
  expect(attemptIdOf(callId)).toBe(attemptId);
});

test.each([
  ["2026-11-23T15:00", "Europe/Moscow", "2026-11-23T12:00:00.000Z"],
  ["2026-11-23T15:00", "Asia/Kolkata", "2026-11-23T09:30:00.000Z"],
  ["2026-07-01T15:00", "Europe/Kyiv", "2026-07-01T12:00:00.000Z"],
  // Summer time begins at 3:00 and ends at 4:00 that day: 3:30 is not there, or there twice.
  ["2026-03-29T03:30", "Europe/Kyiv", "2026-03-29T01:30:00.000Z"],
  ["2026-10-25T03:30", "Europe/Kyiv", "2026-10-25T00:30:00.000Z"],
  ["2026-11-23T15:00", "Moon/Sea", null],
  ["tomorrow", "Europe/Moscow", null],
])("%s in %s is %s", (wall, timeZone, iso) => {
  const atMs = momentOf(wall, timeZone);
  expect(atMs === null ? null : new Date(atMs).toISOString()).toBe(iso);
});
