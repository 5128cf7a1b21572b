/** Sixty orders told to the running server: real Asterisk calls everybody, each order comes to its right end, and the shop hears of it. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Habit } from "../../asterisk-config/lab/town.ts";
import type { ContactFound } from "../../server/campaigns/rest.ts";
import { type Lab, type Phone, labStartMs, startLab } from "../support/lab.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { CALLER_ID, type CampaignHouse, openCampaignHouse, phoneOf } from "./campaign-house.ts";
import { callsOf } from "./floor.ts";
import { eventually } from "./house.ts";

/** What somebody does when called, how many do so, which campaign's they are, and what must become of their order. */
type Kind = {
  readonly name: string;
  readonly source: "site" | "app" | "market";
  readonly people: number;
  readonly does: Omit<Habit, "numbers">;
  readonly outcome: string;
  /** Of the contact: what it came to, or that it is to be called again. */
  readonly comesTo: "again" | readonly [state: "done" | "withdrawn", result: string];
};

/**
 * `site`: three operators who answer. `app`: machines are looked for, one operator who answers. `market`: one operator who never answers.
 */
const kinds: readonly Kind[] = [
  {
    ...{ name: "answers and talks", source: "site", people: 22 },
    does: { ringMs: 300, talkMs: 1500 },
    ...{ outcome: "talked", comesTo: ["done", "confirmed"] },
  },
  {
    ...{ name: "does not answer", source: "site", people: 4 },
    ...{ does: {}, outcome: "noAnswer", comesTo: "again" },
  },
  {
    ...{ name: "is busy", source: "site", people: 6 },
    ...{ does: { ringMs: 0, reject: 486 }, outcome: "busy", comesTo: "again" },
  },
  {
    ...{ name: "declines", source: "site", people: 5 },
    does: { ringMs: 500, reject: 603 },
    ...{ outcome: "rejected", comesTo: ["withdrawn", "exhausted"] },
  },
  {
    ...{ name: "is no number", source: "site", people: 5 },
    does: { ringMs: 0, reject: 404 },
    ...{ outcome: "unallocated", comesTo: ["withdrawn", "exhausted"] },
  },
  {
    ...{ name: "hangs up at once", source: "site", people: 4 },
    does: { ringMs: 200, talkMs: 50 },
    ...{ outcome: "cutOff", comesTo: "again" },
  },
  {
    ...{ name: "lets a machine answer", source: "app", people: 4 },
    does: { ringMs: 300, says: "announcement" },
    ...{ outcome: "machine", comesTo: "again" },
  },
  {
    ...{ name: "says hello and talks", source: "app", people: 3 },
    does: { ringMs: 300, says: "hello", talkMs: 4000 },
    ...{ outcome: "talked", comesTo: ["done", "confirmed"] },
  },
  {
    ...{ name: "hangs up while waiting, within the rule's time", source: "market", people: 2 },
    does: { ringMs: 300, talkMs: 1200 },
    ...{ outcome: "cutOff", comesTo: "again" },
  },
  {
    ...{ name: "hangs up while waiting, later", source: "market", people: 2 },
    does: { ringMs: 300, talkMs: 3500 },
    ...{ outcome: "abandoned", comesTo: "again" },
  },
  {
    ...{ name: "hears the message and presses 1", source: "market", people: 3 },
    does: { ringMs: 300, press: { key: "1", afterMs: 2800 } },
    ...{ outcome: "abandoned", comesTo: ["withdrawn", "doNotCall"] },
  },
];

/** Those whose orders are withdrawn: some ring, some answer and wait on the line, for as long as they are let; some are busy. */
const patient = "+7913300";
const onTheLine = "+7913400";
const busy = "+7913500";

const numbersOf = (at: number): string => `+79131${String(at).padStart(2, "0")}`;

describe("campaigns on Asterisk 22", () => {
  let lab: Lab;
  let database: TestDatabase;
  let house: CampaignHouse;
  let town: Phone;
  let phones: Map<string, Phone>;
  let campaigns: ReadonlyMap<string, string>;

  beforeAll(async () => {
    lab = await startLab({ version: 22 });
  }, labStartMs);
  beforeEach(async () => {
    town = await lab.town([
      ...kinds.map(({ does }, at) => ({ numbers: numbersOf(at), ...does })),
      { numbers: patient },
      { numbers: onTheLine, ringMs: 300 },
      { numbers: busy, ringMs: 0, reject: 486 },
    ]);
    phones = new Map();
    for (const extension of ["101", "102", "103", "104"])
      phones.set(extension, await lab.phone(extension, { answerAfterMs: 300 }));
    phones.set("105", await lab.phone("105", { answerAfterMs: "never" }));
    database = await testDatabase();
    house = await openCampaignHouse({
      ...{ lab, database, extensions: [...phones.keys()], sources: ["site", "app", "market"] },
      trunk: { lines: 12, callsPerSecond: 10 },
    });
    campaigns = new Map([
      ["site", await house.begin("site", { queue: "600" })],
      ["app", await house.begin("app", { queue: "605", onMachine: "hangUp" })],
      ["market", await house.begin("market", { queue: "606" })],
    ]);
  });
  afterEach(async () => {
    await house?.close();
    await lab.hangUpAll();
    await database?.drop();
  });

  /** Everybody, whichever campaign's they are. */
  async function everybody(): Promise<ReadonlyMap<string, ContactFound>> {
    const all = await Promise.all([...campaigns.values()].map((id) => house.contacts(id)));
    return new Map(all.flatMap((some) => [...some]));
  }

  test(
    "sixty orders: everybody is called once, every order comes to its right end, cards come before answers, results reach the shop",
    { timeout: 240_000 },
    async () => {
      const people = kinds.flatMap((kind, at) =>
        Array.from({ length: kind.people }, (_, one) => ({
          ...{ kind, phone: phoneOf(numbersOf(at), one) },
        })),
      );
      expect(people).toHaveLength(60);
      house.receiver.sendAway(3);
      for (const source of campaigns.keys())
        await house.order(
          source,
          people.filter(({ kind }) => kind.source === source).map(({ phone }) => phone),
        );

      await expect
        .poll(
          async () => {
            const found = await everybody();
            return people.map(({ kind, phone }) => {
              const { state = "", result = "", tries = [] } = found.get(phone) ?? {};
              const went = tries.map((one) => one.outcome ?? one.state).join(", ");
              // Whether the list or the end of the call is written first is a matter of milliseconds.
              if (kind.does.press !== undefined && went === "withdrawn")
                return `${phone} ${kind.name}: ${state} ${result}; ${kind.outcome}`;
              return `${phone} ${kind.name}: ${state} ${result}; ${went}`;
            });
          },
          { timeout: 180_000, interval: 500 },
        )
        .toEqual(
          people.map(({ phone, kind: { name, outcome, comesTo } }) =>
            comesTo === "again"
              ? `${phone} ${name}: open ; planned, ${outcome}`
              : `${phone} ${name}: ${comesTo.join(" ")}; ${outcome}`,
          ),
        );

      // Who was called, by the city line's own log: everybody, and nobody twice.
      const invited = callsOf(town);
      expect(invited.map(({ to }) => to).toSorted()).toEqual(
        people.map(({ phone }) => phone).toSorted(),
      );
      expect(invited.every(({ from }) => from === CALLER_ID)).toBe(true);

      await cardsCameFirst(people.filter(({ kind }) => kind.outcome === "talked"));

      // Results: what is settled is told, once, as it was; what is to be called again is not told yet.
      const settled = people.filter(({ kind }) => kind.comesTo !== "again");
      await expect
        .poll(() => house.receiver.taken.length, { timeout: 60_000 })
        .toBe(settled.length);
      const { results } = await house.server.ask<{ results: readonly unknown[] }>(
        "GET",
        "/api/v1/results?limit=1000",
      );
      expect(house.receiver.taken.map(({ id }) => id).toSorted()).toEqual(
        [...new Set(house.receiver.taken.map(({ id }) => id))].toSorted(),
      );
      expect(house.receiver.sentAway).toHaveLength(3);
      expect(house.receiver.taken.map(({ id }) => id)).toEqual(
        expect.arrayContaining([...house.receiver.sentAway]),
      );
      expect(house.receiver.refused).toEqual([]);
      expect(byId(house.receiver.taken)).toEqual(byId(results as typeof house.receiver.taken));
      const heard = house.receiver.taken.map(
        ({ phone, state, result, orders: of }) => `${phone} ${state} ${result} ${of[0]?.sourceId}`,
      );
      expect(heard.toSorted()).toEqual(
        settled
          .map(
            ({ phone, kind }) =>
              `${phone} ${(kind.comesTo as readonly string[]).join(" ")} ${phone.slice(1)}`,
          )
          .toSorted(),
      );

      // Who pressed 1 is on the list of those whom nobody calls.
      const { lines } = await house.server.ask<{ lines: { phone: string }[] }>(
        "GET",
        "/api/v1/do-not-call",
      );
      expect(lines.map(({ phone }) => phone).toSorted()).toEqual(
        people
          .filter(({ kind }) => kind.does.press !== undefined)
          .map(({ phone }) => phone)
          .toSorted(),
      );
    },
  );

  /** What takes the reason of a call away, and what is then written. */
  const reasons = {
    confirmed: "orderConfirmed",
    cancelled: "orderCancelled",
    "calls in": "calledIn",
  } as const;
  type Reason = keyof typeof reasons;
  const asked = Object.keys(reasons) as readonly Reason[];

  /** Orders of a source of three people, one for each reason. */
  async function three(source: string, family: string): Promise<ReadonlyMap<Reason, string>> {
    const of = new Map(asked.map((reason, at) => [reason, phoneOf(family, at)]));
    await house.order(source, [...of.values()]);
    return of;
  }
  async function takeAway(reason: Reason, source: string, phone: string): Promise<void> {
    if (reason !== "calls in") return house.order(source, [phone], { stage: reason, version: 2 });
    const caller = await lab.call({ from: phone, to: "604", talkMs: 500 });
    await caller.over();
  }
  /** Withdrawn for the right reason, in the API and at the shop. */
  async function isWithdrawn(source: string, reason: Reason, phone: string): Promise<void> {
    const found = await eventually(async () => {
      const contact = (await house.contacts(campaigns.get(source)!)).get(phone);
      return contact?.state === "withdrawn" && contact;
    });
    expect(found.result).toBe(reasons[reason]);
    expect(found.tries[0]?.state).toBe("withdrawn");
    const told = await eventually(async () =>
      house.receiver.taken.find((result) => result.phone === phone),
    );
    expect(told).toMatchObject({ state: "withdrawn", result: reasons[reason] });
  }
  const invitesOf = (phone: string) => callsOf(town).filter(({ to }) => to === phone);
  const stateOf = async (source: string, phone: string) =>
    (await house.contacts(campaigns.get(source)!)).get(phone)?.tries.map(({ state }) => state);

  test("planned for later: confirmed, cancelled or called in, the person is not called again", async () => {
    const people = await three("site", busy);
    await Promise.all(
      [...people].map(async ([reason, phone]) => {
        await eventually(async () => (await stateOf("site", phone))?.join() === "planned,ended");
        await takeAway(reason, "site", phone);
        await isWithdrawn("site", reason, phone);
        expect(invitesOf(phone)).toHaveLength(1);
      }),
    );
  });

  test("due: nobody is called once the campaign goes on", async () => {
    const site = campaigns.get("site")!;
    await house.pause(site);
    const people = await three("site", patient);
    await Promise.all(
      [...people].map(async ([reason, phone]) => {
        await eventually(async () => (await stateOf("site", phone))?.join() === "planned");
        await takeAway(reason, "site", phone);
        await isWithdrawn("site", reason, phone);
      }),
    );
    await house.resume(site);
    // Somebody who is to be called is, so the dialler is at work again.
    const busyOne = phoneOf(busy, 0);
    await house.order("site", [busyOne]);
    await eventually(async () => invitesOf(busyOne).length > 0);
    for (const phone of people.values()) expect(invitesOf(phone)).toEqual([]);
  });

  test("ringing: the phone stops ringing", async () => {
    const people = await three("site", patient);
    for (const phone of people.values()) await eventually(async () => invitesOf(phone).length > 0);
    for (const [reason, phone] of people) {
      const [call] = invitesOf(phone);
      expect(call!.saw.map(({ name }) => name)).not.toContain("cancelled");
      const sinceMs = Date.now();
      await takeAway(reason, "site", phone);
      const cancelled = await eventually(async () =>
        invitesOf(phone)[0]!.saw.find(({ name }) => name === "cancelled"),
      );
      // Long before the fifteen seconds of a ringing are over: it was let go, it did not give up.
      expect(cancelled.atMs - sinceMs).toBeLessThan(5000);
      await isWithdrawn("site", reason, phone);
      expect(invitesOf(phone)).toHaveLength(1);
    }
  });

  test("waiting on the line: the operator's phone stops ringing and the line is let go", async () => {
    const ringsFor = (phone: string) =>
      callsOf(phones.get("105")!).filter(({ from }) => from === phone);
    for (const [at, reason] of asked.entries()) {
      const phone = phoneOf(onTheLine, at);
      await house.order("market", [phone]);
      await eventually(async () => ringsFor(phone).length > 0);
      await eventually(async () => (await stateOf("market", phone))?.join() === "waiting");
      const sinceMs = Date.now();
      await takeAway(reason, "market", phone);
      const letGo = await eventually(async () =>
        invitesOf(phone)[0]!.saw.find(({ name }) => name === "other side hung up"),
      );
      // Long before the minute is over for which people are kept on the line.
      expect(letGo.atMs - sinceMs).toBeLessThan(5000);
      await eventually(async () =>
        ringsFor(phone).every(({ saw }) => saw.some(({ name }) => name === "cancelled")),
      );
      await isWithdrawn("market", reason, phone);
      expect(invitesOf(phone)).toHaveLength(1);
    }
  });

  /** By the operators' sockets, by the pop ledger and by the phones' own logs. */
  async function cardsCameFirst(talked: readonly { readonly phone: string }[]): Promise<void> {
    const rows = await eventually(async () => {
      const { rows: pops } = await database.pool.query<{
        id: string;
        phone: string;
        connected_at: Date;
        sent_at: Date | null;
        received_at: Date | null;
        missed: string;
      }>(
        `select a.id, a.phone, a.connected_at, p.sent_at, p.received_at, p.missed
         from attempts a join pops p on p.call_id = a.call_id and p.extension = a.extension
         where a.connected_at is not null`,
      );
      return pops.length >= talked.length && pops;
    });
    expect(rows.map(({ phone }) => phone).toSorted()).toEqual(
      talked.map(({ phone }) => phone).toSorted(),
    );
    const answered = [...phones.values()].flatMap((phone) => callsOf(phone));
    for (const { id, phone, connected_at: connectedAt, sent_at: sentAt } of rows) {
      const atThePhone = answered.find(({ from }) => from === phone);
      const answeredAt = atThePhone?.saw.find(({ name }) => name === "answered")?.atMs;
      const card = house.floor.cards.find(({ attemptId }) => attemptId === id);
      expect(sentAt!.getTime(), phone).toBeLessThan(connectedAt.getTime());
      expect(sentAt!.getTime(), phone).toBeLessThan(answeredAt!);
      expect(card!.atMs, phone).toBeLessThan(answeredAt!);
      // The card is of this person and of this order.
      expect(card!.call.card.customer?.name).toBe(`Покупатель ${phone.slice(-7)}`);
      expect(card!.call.card.orders.map(({ number }) => number)).toEqual([`N-${phone.slice(-7)}`]);
      expect(card!.call.campaign).toMatchObject({ reason: "orderPlaced", attempt: 1 });
    }
  }
});

function byId<T extends { readonly id: string }>(of: readonly T[]): readonly T[] {
  return of.toSorted((a, b) => a.id.localeCompare(b.id));
}
