/** Debts: how often one person is called by all campaigns of the kind, and what a phone that we let go costs. */
import { beforeAll, expect, test } from "vitest";
import { PgAttemptStore } from "../../../server/campaigns/attempts/store.ts";
import type { AttemptOutcome } from "../../../server/campaigns/attempts/model.ts";
import type { Campaign } from "../../../server/campaigns/model.ts";
import { nextOf } from "../../../server/campaigns/next.ts";
import { localBus } from "../../../server/storage/bus.ts";
import { attemptsDatabase } from "./database.ts";
import {
  HOUR_MS,
  MINUTE_MS,
  NOON_MS,
  addCustomer,
  addPerson,
  attemptRow,
  makeCampaign,
  nextPhone,
} from "./house.ts";

const DAY_MS = 24 * HOUR_MS;
const bus = localBus((error) => {
  throw error;
});
const me = { process: "one", userId: null };
const database = attemptsDatabase();
let store: PgAttemptStore;
beforeAll(() => {
  store = new PgAttemptStore({ db: database.db, bus, timeZone: "Europe/Moscow" });
});

/** Claims, dials and ends one. @returns its id, null when nobody could be claimed. */
async function callOne(campaign: Campaign, atMs: number, outcome: AttemptOutcome = "rejected") {
  const [attempt] = await store.claim(campaign, 1, me, atMs);
  if (attempt === undefined) return null;
  await store.advance(attempt.id, "dialling", { atMs, evidence: {} });
  await store.advance(attempt.id, "ended", { atMs: atMs + MINUTE_MS, outcome, evidence: {} });
  return attempt.id;
}

const debt = (name: string) => makeCampaign(database.db, { name, kind: "debt" });

test("a third debt campaign waits until seven days after the first of two calls, whichever phones and campaigns they were", async () => {
  const { db } = database;
  const [phone, other] = [nextPhone(), nextPhone()];
  const customerId = await addCustomer(db, phone);
  const [one, two, three] = [await debt("one"), await debt("two"), await debt("three")];
  await addPerson(db, one.id, { phone, customerId });
  expect(await callOne(one, NOON_MS)).not.toBeNull();
  await addPerson(db, two.id, { phone: other, customerId, windowEndsAtMs: NOON_MS + 3 * DAY_MS });
  expect(await callOne(two, NOON_MS + 2 * DAY_MS)).not.toBeNull();

  const later = NOON_MS + 4 * DAY_MS;
  const window = { windowEndsAtMs: later + HOUR_MS };
  const asCustomer = await addPerson(db, three.id, { customerId, ...window });
  const bystander = await addPerson(db, three.id, window);
  const { next, later: putOff } = await nextOf(db, three, 10, later);
  expect(putOff).toMatchObject([{ attemptId: asCustomer.attemptId, because: "spacing" }]);
  expect(next.map(({ attemptId }) => attemptId)).toEqual([bystander.attemptId]);
  const claimed = await store.claim(three, 5, me, later);
  expect(claimed.map(({ id }) => id)).toEqual([bystander.attemptId]);
  const row = await attemptRow(db, asCustomer.attemptId);
  expect(row).toMatchObject({ state: "planned" });
  expect(row.due_at).toEqual(new Date(NOON_MS + 7 * DAY_MS));
  expect(await callOne(three, NOON_MS + 7 * DAY_MS)).toBe(asCustomer.attemptId);
});

test("somebody who is no customer is known by the phone; calls of another kind do not count", async () => {
  const { db } = database;
  const phone = nextPhone();
  const [one, two] = [await debt("one"), await debt("two")];
  const service = await makeCampaign(db, { kind: "service" });
  for (const [at, campaign] of [service, service, one].entries()) {
    const atMs = NOON_MS + at * DAY_MS;
    await addPerson(db, campaign.id, { phone, dueAtMs: atMs, windowEndsAtMs: atMs + HOUR_MS });
    expect(await callOne(campaign, atMs)).not.toBeNull();
  }
  const thirdMs = NOON_MS + 3 * DAY_MS;
  await addPerson(db, two.id, { phone, windowEndsAtMs: thirdMs + HOUR_MS });
  expect(await callOne(two, thirdMs)).not.toBeNull();
  const fourthMs = NOON_MS + 4 * DAY_MS;
  const third = await debt("three");
  const { attemptId } = await addPerson(db, third.id, {
    phone,
    windowEndsAtMs: fourthMs + HOUR_MS,
  });
  expect(await callOne(third, fourthMs)).toBeNull();
  expect((await attemptRow(db, attemptId)).due_at).toEqual(new Date(NOON_MS + 9 * DAY_MS));
});

test("the next attempt of a contact is planned by what the other campaigns of the kind did", async () => {
  const { db } = database;
  const phone = nextPhone();
  const customerId = await addCustomer(db, phone);
  const [one, two] = [await debt("one"), await debt("two")];
  await addPerson(db, one.id, { phone, customerId });
  await callOne(one, NOON_MS);
  const atMs = NOON_MS + DAY_MS;
  const { contactId } = await addPerson(db, two.id, {
    ...{ phone, customerId, windowEndsAtMs: atMs + HOUR_MS },
  });
  await callOne(two, atMs, "noAnswer");
  const next = await db
    .selectFrom("attempts")
    .select(["due_at", "n"])
    .where("contact_id", "=", contactId)
    .where("state", "=", "planned")
    .executeTakeFirstOrThrow();
  expect(next.n).toBe(2);
  expect(next.due_at.getTime()).toBeGreaterThanOrEqual(NOON_MS + 7 * DAY_MS);
});

test("a phone that we let go uses up no attempt of the contact, counts for the day, and rings again half an hour later at the soonest", async () => {
  const { db } = database;
  const campaign = await makeCampaign(db, {
    limits: { perContact: 1, perPhoneADay: 2, perCustomerADay: 2 },
  });
  const { contactId } = await addPerson(db, campaign.id);
  const planned = () =>
    db
      .selectFrom("attempts")
      .select(["id", "due_at"])
      .where("contact_id", "=", contactId)
      .where("state", "=", "planned")
      .executeTakeFirstOrThrow();
  expect(await callOne(campaign, NOON_MS, "letGo")).not.toBeNull();
  expect((await planned()).due_at).toEqual(new Date(NOON_MS + 31 * MINUTE_MS));
  expect(await callOne(campaign, NOON_MS + HOUR_MS, "letGo")).not.toBeNull();
  // Two a day are two a day, whoever hung up: the next morning.
  expect((await planned()).due_at).toEqual(new Date(NOON_MS + 21 * HOUR_MS));
  await db
    .updateTable("attempts")
    .set({ due_at: new Date(NOON_MS), window_ends_at: new Date(NOON_MS + 9 * HOUR_MS) })
    .where("id", "=", (await planned()).id)
    .execute();
  expect(await callOne(campaign, NOON_MS + 2 * HOUR_MS, "letGo")).toBeNull();
});
