import { beforeAll, describe, expect, test } from "vitest";
import { PgAttemptStore } from "../../../server/campaigns/attempts/store.ts";
import type { Campaign } from "../../../server/campaigns/model.ts";
import { localBus } from "../../../server/storage/bus.ts";
import { openStorage } from "../../../server/storage/database.ts";
import { attemptsDatabase } from "./database.ts";
import {
  HOUR_MS,
  MINUTE_MS,
  NOON_MS,
  addCustomer,
  addPerson,
  attemptRow,
  contactRow,
  makeCampaign,
  nextPhone,
} from "./house.ts";

const bus = localBus((error) => {
  throw error;
});
const me = { process: "one", userId: null };
const database = attemptsDatabase();
let store: PgAttemptStore;
beforeAll(() => {
  store = new PgAttemptStore({ db: database.db, bus, timeZone: "Europe/Moscow" });
});

function claimOne(campaign: Campaign, nowMs = NOON_MS, userId: string | null = null) {
  return store.claim(campaign, 1, { ...me, userId }, nowMs);
}

describe("what is taken", () => {
  test("a due attempt, with who it is, its PBX and the process that has it", async () => {
    const campaign = await makeCampaign(database.db);
    const customerId = await addCustomer(database.db, "+79031112233");
    const { attemptId } = await addPerson(database.db, campaign.id, {
      ...{ phone: "+79031112233", customerId },
    });
    expect(await claimOne(campaign)).toMatchObject([
      {
        ...{ id: attemptId, state: "claimed", claimedBy: "one", pbx: "main", customerId },
        customerName: "Owner of +79031112233",
      },
    ]);
    expect(await claimOne(campaign)).toEqual([]);
    expect(await store.get(attemptId)).toMatchObject({ state: "claimed", claimedBy: "one" });
    expect((await store.taken("main")).map(({ id }) => id)).toEqual([attemptId]);
    expect(await store.taken("other")).toEqual([]);
  });

  test("nothing before its time, and nothing of a campaign that does not run", async () => {
    const campaign = await makeCampaign(database.db);
    await addPerson(database.db, campaign.id, { dueAtMs: NOON_MS + 1 });
    expect(await claimOne(campaign)).toEqual([]);
    await database.db.updateTable("campaigns").set({ state: "paused" }).execute();
    expect(await claimOne(campaign, NOON_MS + 2)).toEqual([]);
    await database.db.updateTable("campaigns").set({ state: "running" }).execute();
    expect(await claimOne(campaign, NOON_MS + 2)).toHaveLength(1);
  });

  test("mine, then promised ones, then the longest due; never those of another operator", async () => {
    const campaign = await makeCampaign(database.db);
    const [me, other] = await Promise.all(
      ["ann", "bob"].map(async (login) => {
        const user = { login, name: login, role: "operator" as const, password_hash: "" };
        const row = await database.db
          .insertInto("users")
          .values(user)
          .returning("id")
          .executeTakeFirstOrThrow();
        return row.id;
      }),
    );
    const { id } = campaign;
    const older = await addPerson(database.db, id, { dueAtMs: NOON_MS - HOUR_MS });
    const newer = await addPerson(database.db, id);
    const promised = await addPerson(database.db, id, { promised: true });
    const mine = await addPerson(database.db, id, { promised: true, userId: me! });
    const theirs = await addPerson(database.db, id, { promised: true, userId: other! });
    const order = [];
    for (let n = 0; n < 5; n++) order.push(...(await claimOne(campaign, NOON_MS, me)));
    const expected = [mine, promised, older, newer].map(({ attemptId }) => attemptId);
    expect(order.map((one) => one.id)).toEqual(expected);
    expect(await claimOne(campaign)).toEqual([]);
    expect(await attemptRow(database.db, theirs.attemptId)).toMatchObject({ state: "planned" });
  });
});

describe("who may not be called now", () => {
  test("outside calling hours: planned for when they open", async () => {
    const campaign = await makeCampaign(database.db);
    const late = Date.parse("2026-11-23T19:00:00Z");
    const person = await addPerson(database.db, campaign.id);
    expect(await claimOne(campaign, late)).toEqual([]);
    expect(await attemptRow(database.db, person.attemptId)).toMatchObject({
      state: "planned",
      due_at: new Date("2026-11-24T06:00:00Z"),
    });
  });

  test("a limit of the day counts all campaigns, by phone and by customer", async () => {
    const limits = { perContact: 5, perPhoneADay: 2, perCustomerADay: 3 };
    const campaigns = [];
    for (let n = 0; n < 3; n++) campaigns.push(await makeCampaign(database.db, { limits }));
    const phone = nextPhone();
    const otherPhone = nextPhone();
    const customerId = await addCustomer(database.db, phone);
    for (const [n, campaign] of campaigns.entries()) {
      const person = await addPerson(database.db, campaign.id, { phone, customerId });
      const taken = await claimOne(campaign);
      expect(taken).toHaveLength(n < 2 ? 1 : 0);
      if (n === 2) {
        expect((await attemptRow(database.db, person.attemptId)).due_at).toEqual(
          new Date("2026-11-24T06:00:00Z"),
        );
        break;
      }
      await dialAndEnd(person.attemptId);
    }
    const more = await makeCampaign(database.db, { limits });
    const other = await addPerson(database.db, more.id, { phone: otherPhone, customerId });
    expect(await claimOne(more)).toHaveLength(1);
    await dialAndEnd(other.attemptId);
    const last = await makeCampaign(database.db, { limits });
    await addPerson(database.db, last.id, { phone: nextPhone(), customerId });
    expect(await claimOne(last)).toEqual([]);
    // The next day there is room again.
    expect(await claimOne(last, NOON_MS + 24 * HOUR_MS)).toHaveLength(1);
  });

  test("a phone that another campaign has in hand", async () => {
    const [one, two] = [await makeCampaign(database.db), await makeCampaign(database.db)];
    const phone = nextPhone();
    const first = await addPerson(database.db, one.id, { phone });
    await addPerson(database.db, two.id, { phone });
    expect(await claimOne(one)).toHaveLength(1);
    expect(await claimOne(two)).toEqual([]);
    await dialAndEnd(first.attemptId);
    expect(await claimOne(two, NOON_MS + 2 * MINUTE_MS)).toHaveLength(1);
  });

  test("on the do-not-call list: withdrawn, with the reason told", async () => {
    const campaign = await makeCampaign(database.db);
    const { contactId, attemptId, phone } = await addPerson(database.db, campaign.id);
    await database.db.insertInto("do_not_call").values({ phone, added_by: "ann" }).execute();
    expect(await claimOne(campaign)).toEqual([]);
    expect(await attemptRow(database.db, attemptId)).toMatchObject({
      ...{ state: "withdrawn", withdrawn_because: "doNotCall" },
    });
    expect(await contactRow(database.db, contactId)).toMatchObject({
      ...{ state: "withdrawn", result: "doNotCall" },
    });
    const { body } = await database.db
      .selectFrom("results")
      .select("body")
      .executeTakeFirstOrThrow();
    expect(body).toMatchObject({ phone, state: "withdrawn", result: "doNotCall", attempts: [] });
  });

  test("an open claim, no consent, a talk of another kind: withdrawn; the campaign's own talk is no reason", async () => {
    const campaign = await makeCampaign(database.db, {
      exclude: { talkedWithinHours: 2, openClaim: true, withoutConsent: true },
    });
    const person = async (consent: boolean | null) => {
      const phone = nextPhone();
      const customerId = await addCustomer(database.db, phone, consent);
      return { ...(await addPerson(database.db, campaign.id, { phone, customerId })), customerId };
    };
    const [unasked, claimant, talker, own, ordinary] = [
      ...[await person(null), await person(true), await person(true)],
      ...[await person(true), await person(true)],
    ];
    const claim = { source: "s", source_id: "1", customer_id: claimant!.customerId };
    await database.db
      .insertInto("claims")
      .values({ ...claim, opened_at: new Date() })
      .execute();
    await addCall("pbx-1.1", talker!.phone, NOON_MS - HOUR_MS);
    await addCall(`main-${own!.attemptId}`, own!.phone, NOON_MS - HOUR_MS);
    await database.db
      .updateTable("attempts")
      .set({ pbx: "main" })
      .where("id", "=", own!.attemptId)
      .execute();
    const taken = await store.claim(campaign, 10, me, NOON_MS);
    expect(taken.map(({ id }) => id).toSorted()).toEqual(
      [own!, ordinary!].map(({ attemptId }) => attemptId).toSorted(),
    );
    const why = async ({ contactId }: { contactId: string }) =>
      (await contactRow(database.db, contactId)).result;
    expect(await why(unasked!)).toBe("noConsent");
    expect(await why(claimant!)).toBe("openClaim");
    expect(await why(talker!)).toBe("calledIn");
  });

  test("many who may not be called do not hide the one who may", async () => {
    const campaign = await makeCampaign(database.db);
    for (let n = 0; n < 120; n++) {
      const { phone } = await addPerson(database.db, campaign.id, { dueAtMs: NOON_MS - HOUR_MS });
      await database.db.insertInto("do_not_call").values({ phone, added_by: "ann" }).execute();
    }
    const { attemptId } = await addPerson(database.db, campaign.id);
    expect((await claimOne(campaign)).map(({ id }) => id)).toEqual([attemptId]);
  });
});

describe("many at once", () => {
  test("four that race for 2,000 attempts take each of them once, and all of them", async () => {
    const campaign = await makeCampaign(database.db);
    await fill(campaign.id, 2000);
    const storages = Array.from({ length: 4 }, () =>
      openStorage(database.url, { maxConnections: 2 }),
    );
    try {
      const taken = await Promise.all(
        storages.map(async ({ db }, n) => {
          const mine = new PgAttemptStore({ db, bus, timeZone: "Europe/Moscow" });
          const ids: string[] = [];
          for (let empty = 0; empty < 3;) {
            const by = { process: `p${n}`, userId: null };
            const some = await mine.claim(campaign, 25, by, NOON_MS);
            empty = some.length === 0 ? empty + 1 : 0;
            ids.push(...some.map(({ id }) => id));
          }
          return ids;
        }),
      );
      const all = taken.flat();
      expect(new Set(all).size).toBe(all.length);
      expect(all.length).toBe(2000);
      expect(taken.filter((ids) => ids.length > 0).length).toBeGreaterThan(1);
    } finally {
      await Promise.all(storages.map((storage) => storage.close()));
    }
  });

  test("campaigns that race for the same people never have a phone or a customer's last call twice", async () => {
    const limits = { perContact: 5, perPhoneADay: 5, perCustomerADay: 1 };
    const campaigns = [];
    for (let n = 0; n < 4; n++) campaigns.push(await makeCampaign(database.db, { limits }));
    for (let n = 0; n < 50; n++) {
      const phone = nextPhone();
      const customerId = await addCustomer(database.db, phone);
      for (const { id } of campaigns)
        // Every second one is known by another phone in each campaign.
        await addPerson(database.db, id, {
          ...{ phone: n % 2 === 0 ? phone : nextPhone(), customerId },
        });
    }
    const taken = await Promise.all(
      campaigns.map(async (campaign) => {
        const some = [];
        for (let n = 0; n < 12; n++) some.push(...(await store.claim(campaign, 10, me, NOON_MS)));
        return some;
      }),
    );
    const customers = taken.flat().map((one) => one.customerId);
    expect(new Set(customers).size).toBe(customers.length);
    expect(customers.length).toBeGreaterThan(25);
  });
});

async function dialAndEnd(attemptId: string): Promise<void> {
  const at = { atMs: NOON_MS, evidence: {} };
  expect(await store.advance(attemptId, "dialling", at)).not.toBeNull();
  expect(await store.advance(attemptId, "ended", { ...at, outcome: "noAnswer" })).not.toBeNull();
}

async function addCall(id: string, phone: string, atMs: number): Promise<void> {
  await database.db
    .insertInto("calls")
    .values({
      ...{ id, pbx: "main", direction: "inbound", party_number: phone, party_e164: phone },
      ...{ started_at: new Date(atMs), ended_at: new Date(atMs + 1000), ended_how: "completed" },
      ...{ extensions: ["101"], detail: "{}" },
    })
    .execute();
}

async function fill(campaignId: string, count: number): Promise<void> {
  await database.pool.query(
    `with people as (
       insert into contacts (campaign_id, phone, time_zones)
       select $1, '+7905' || lpad(n::text, 7, '0'), '{Europe/Moscow}' from generate_series(1, $2) n
       returning id, phone
     )
     insert into attempts (id, contact_id, campaign_id, n, phone, due_at, window_ends_at)
     select 'cc-' || gen_random_uuid(), id, $1, 1, phone, $3::timestamptz, $3::timestamptz + interval '9 hours'
     from people`,
    [campaignId, count, new Date(NOON_MS - MINUTE_MS)],
  );
}
