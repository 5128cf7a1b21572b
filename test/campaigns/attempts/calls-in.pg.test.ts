import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CallFact } from "../../../server/calls/model.ts";
import { watchCalls } from "../../../server/campaigns/attempts/calls-in.ts";
import { localBus } from "../../../server/storage/bus.ts";
import { type Storage, openStorage } from "../../../server/storage/database.ts";
import { type LeaseDouble, leaseDouble, leasesDouble } from "../../support/lease-double.ts";
import { attemptsDatabase } from "./database.ts";
import {
  NOON_MS,
  addCustomer,
  addPerson,
  attemptRow,
  contactRow,
  makeCampaign,
  nextPhone,
} from "./house.ts";

const database = attemptsDatabase();
const faults: unknown[] = [];
const ends: (() => Promise<void>)[] = [];
beforeEach(() => {
  faults.length = 0;
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  expect(faults).toEqual([]);
});

/** A process that watches calls, with the connections that it has for what must be written. */
function openProcess(lease: LeaseDouble | null) {
  const storage: Storage = openStorage(database.url, { maxConnections: 10 });
  // Connections that are in use or waited for, at most and altogether.
  const used = { most: 0, times: 0 };
  storage.pool.on("acquire", () => {
    const { idleCount, totalCount, waitingCount } = storage.pool;
    used.most = Math.max(used.most, totalCount - idleCount + waitingCount);
    used.times += 1;
  });
  const told: string[] = [];
  const bus = localBus((error) => faults.push(error));
  bus.on("attemptsWithdrawn", ({ attemptIds }) => told.push(...attemptIds));
  let tell: (fact: CallFact) => void = () => undefined;
  const watch = watchCalls({
    ...{ db: storage.db, bus, clock: () => NOON_MS },
    leases: lease === null ? null : leasesDouble(lease),
    e164Of: (number) => (number.startsWith("+") ? number : null),
    calls: {
      onFact(listener) {
        tell = listener;
        return () => (tell = () => undefined);
      },
    },
    log: {
      info() {},
      warn: (fields) => faults.push(fields),
      error: (fields) => faults.push(fields),
    },
  });
  ends.push(async () => {
    await watch.close();
    await storage.close();
  });
  return { used, told, tell: (fact: CallFact) => tell(fact) };
}

const stateOf = async ({ contactId }: { contactId: string }) =>
  (await contactRow(database.db, contactId)).state;
const open = async () =>
  Number((await database.pool.query("select from contacts where state = 'open'")).rowCount);
const withdrawals = async () =>
  Number(
    (await database.pool.query("select from attempt_steps where to_state = 'withdrawn'")).rowCount,
  );

describe("who calls in", () => {
  test("in a flood of 2,000 calls is withdrawn over one connection, in a few batches", async () => {
    const people = 2000;
    const { id } = await makeCampaign(database.db);
    await sql`
      with made as (
        insert into contacts (campaign_id, phone, time_zones, zone_basis)
        select ${id}::bigint, '+7904' || lpad(n::text, 7, '0'), '{Europe/Moscow}', 'number'
        from generate_series(1, ${people}::int) n returning id, phone
      )
      insert into attempts (id, contact_id, campaign_id, n, phone, due_at, window_ends_at)
      select 'cc-flood-' || id, id, ${id}::bigint, 1, phone, now(), now() from made`.execute(
      database.db,
    );
    const { tell, used } = openProcess(null);
    for (let n = 1; n <= people; n++)
      for (const type of ["callStarted", "partyChanged", "queueJoined"] as const)
        tell(fact(`+7904${String(n).padStart(7, "0")}`, { type }));
    await expect.poll(open, { timeout: 30_000 }).toBe(0);
    expect(await withdrawals()).toBe(people);
    expect(used.most).toBe(1);
    // A question and a transaction for each 500.
    expect(used.times).toBeLessThanOrEqual(10);
  }, 60_000);

  test("is known by the phone, or by the customer whom nobody shares it with: each phone for itself", async () => {
    const { id } = await makeCampaign(database.db);
    const [shared, own, other] = [nextPhone(), nextPhone(), nextPhone()];
    const [ann, bob] = [
      await addCustomer(database.db, nextPhone()),
      await addCustomer(database.db, own),
    ];
    const phones = [ann, bob].map((customer_id) => ({ e164: shared, customer_id }));
    await database.db.insertInto("customer_phones").values(phones).execute();
    const annIs = await addPerson(database.db, id, { phone: other, customerId: ann });
    const bobIs = await addPerson(database.db, id, { customerId: bob });
    const byPhone = await addPerson(database.db, id, { phone: shared });
    const promised = await addPerson(database.db, id, { promised: true });
    const { tell } = openProcess(null);
    for (const phone of [shared, promised.phone, nextPhone()]) tell(fact(phone));
    await expect.poll(() => stateOf(byPhone)).toBe("withdrawn");
    for (const one of [annIs, bobIs, promised]) expect(await stateOf(one)).toBe("open");
    for (const phone of [shared, own]) tell(fact(phone));
    await expect.poll(() => stateOf(bobIs)).toBe("withdrawn");
    for (const one of [annIs, promised]) expect(await stateOf(one)).toBe("open");
  });

  test("is withdrawn of all campaigns; who was called by an operator only where talks count", async () => {
    const exclude = { talkedWithinHours: 24, openClaim: false, withoutConsent: false };
    const [plain, counts] = [
      await makeCampaign(database.db),
      await makeCampaign(database.db, { exclude }),
    ];
    const add = (phone: string) =>
      Promise.all([plain, counts].map(({ id }) => addPerson(database.db, id, { phone })));
    const [caller, called, both] = [
      await add(nextPhone()),
      await add(nextPhone()),
      await add(nextPhone()),
    ];
    const talk = { type: "talkStarted", direction: "outbound" } as const;
    const { tell } = openProcess(null);
    tell(fact(caller[0]!.phone));
    tell(fact(both[0]!.phone));
    tell(fact(both[0]!.phone, talk));
    tell(fact(called[0]!.phone, talk));
    const because = (people: readonly { attemptId: string }[]) =>
      Promise.all(
        people.map(async (one) => (await attemptRow(database.db, one.attemptId)).withdrawn_because),
      );
    await expect.poll(() => because(called)).toEqual(["", "talked"]);
    expect(await because(caller)).toEqual(["calledIn", "calledIn"]);
    expect(await because(both)).toEqual(["calledIn", "calledIn"]);
  });
});

describe("of several processes that hear the same calls", () => {
  test("the holder of the PBX's lease withdraws, the others do not even ask", async () => {
    const { id } = await makeCampaign(database.db);
    const people = [];
    for (let n = 0; n < 20; n++) people.push(await addPerson(database.db, id));
    await database.pool.query("update attempts set state = 'claimed'");
    const [here, elsewhere] = [
      openProcess(leaseDouble("here")),
      openProcess(leaseDouble("elsewhere")),
    ];
    for (const { phone } of people) for (const one of [here, elsewhere]) one.tell(fact(phone));
    await expect.poll(open).toBe(0);
    await sleep(100);
    expect(elsewhere.used.times).toBe(0);
    expect(here.told.toSorted()).toEqual(people.map(({ attemptId }) => attemptId).toSorted());
    expect(elsewhere.told).toEqual([]);
    expect(await withdrawals()).toBe(20);
  });

  test("who takes over withdraws whoever was left, nobody twice, and nobody for what came after the call", async () => {
    const { id } = await makeCampaign(database.db);
    const [done, left] = [await addPerson(database.db, id), await addPerson(database.db, id)];
    const [first, second] = [leaseDouble("here"), leaseDouble("elsewhere")];
    const [one, other] = [openProcess(first), openProcess(second)];
    for (const process of [one, other]) process.tell(fact(done.phone));
    await expect.poll(() => stateOf(done)).toBe("withdrawn");
    // The first stands still: it hears this call when it is too late.
    first.is("elsewhere");
    other.tell(fact(left.phone));
    const again = await addPerson(database.db, id, { phone: done.phone });
    await sql`update contacts set created_at = now() + interval '1 minute' where id = ${again.contactId}`.execute(
      database.db,
    );
    await sleep(100);
    expect(await stateOf(left)).toBe("open");
    second.is("here");
    one.tell(fact(left.phone));
    await expect.poll(() => stateOf(left)).toBe("withdrawn");
    expect(await stateOf(again)).toBe("open");
    expect(await withdrawals()).toBe(2);
  });
});

function fact(
  phone: string,
  own: { type?: CallFact["type"]; direction?: "inbound" | "outbound" } = {},
): CallFact {
  const { direction = "inbound", type = "callStarted" } = own;
  const call = {
    ...{ id: `main-${phone}`, pbx: "main", direction, dialled: "100" },
    ...{ party: { number: phone, name: "" }, fromExtension: "", startedAtMs: NOON_MS },
    ...{ answeredAtMs: null, endedAtMs: null, endedHow: null, state: "new", visits: [] },
    ...{ rings: [], talks: [], transfers: [], partyChannel: "", seenFromMiddle: false },
  };
  return { atMs: NOON_MS, type, call } as unknown as CallFact;
}
