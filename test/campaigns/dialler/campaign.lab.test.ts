/** A running campaign on real Asterisk: orders' people of every kind, each comes to its right end. */
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { PhoneBehaviour } from "../../../asterisk-config/lab/scenarios.ts";
import { fixedPbxs } from "../../../server/asterisk/pbxs.ts";
import { PbxLink } from "../../../server/asterisk/link.ts";
import { LiveCalls } from "../../../server/calls/live.ts";
import { PgAttemptStore } from "../../../server/campaigns/attempts/store.ts";
import { withdraw } from "../../../server/campaigns/attempts/withdraw.ts";
import { Campaigns } from "../../../server/campaigns/campaigns.ts";
import { type Diallers, createDiallers } from "../../../server/campaigns/dialler/open.ts";
import type { Campaign } from "../../../server/campaigns/model.ts";
import { type Bus, localBus } from "../../../server/storage/bus.ts";
import { localAsks } from "../../../server/storage/asks.ts";
import { openLeases } from "../../../server/storage/leases.ts";
import { type CuttingProxy, cuttingProxy } from "../../support/cutting-proxy.ts";
import { type Lab, labStartMs, startLab } from "../../support/lab.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { HOUR_MS, addPerson, attemptRow, makeCampaign } from "../attempts/house.ts";
import { everyDay, vocabulary } from "../samples.ts";

describe("a campaign on Asterisk 22", () => {
  let lab: Lab;
  let proxy: CuttingProxy;
  let link: PbxLink;
  let calls: LiveCalls;
  let database: TestDatabase;
  let bus: Bus;
  let campaigns: Campaigns;
  let campaign: Campaign;
  let diallers: Diallers;
  let letGo: () => Promise<void>;

  beforeAll(async () => {
    [lab, database] = await Promise.all([startLab({ version: 22 }), testDatabase()]);
    proxy = await cuttingProxy(lab.amiPort);
    const { db } = database;
    campaign = await makeCampaign(db, {
      ...{ mode: "progressive", bridge: "customerFirst", pbx: "main", queue: "600" },
      ...{ trigger: { type: "list" }, hours: everyDay("00:00", "24:00"), trunks: ["provider"] },
      ...{ ringSeconds: 15, onMachine: "ignore" },
    });
    await db
      .insertInto("trunks")
      .values({
        ...{ pbx: "main", name: "provider", dial: "PJSIP/{number}@pstn", format: "e164" },
        ...{ lines: 10, calls_per_second: 10 },
      })
      .execute();
    bus = localBus(() => undefined);
    const vocabularyNow = async () => vocabulary;
    campaigns = new Campaigns({ db, bus, vocabulary: vocabularyNow, onError: () => undefined });
    await campaigns.load();
    link = new PbxLink({
      ...{ name: "main", host: "127.0.0.1", port: proxy.port, tls: false },
      ...{ username: lab.username, secret: lab.secret },
    });
    calls = new LiveCalls({ pbxs: fixedPbxs([link]), extensionPattern: /^[0-9]{2,5}$/ });
    const leases = openLeases(database.url);
    letGo = leases.open(link.name);
    diallers = createDiallers({
      ...{ pbxs: fixedPbxs([link]), calls, campaigns, db, leases, region: "RU" },
      ...{ bus, asks: localAsks() },
      attempts: new PgAttemptStore({ db, bus, timeZone: "Europe/Moscow" }),
      ...{ seats: () => [], dialContext: "from-internal", log: pino({ level: "silent" }) },
    });
    await diallers.open();
    calls.open();
    link.start();
    await vi.waitFor(() => expect(link.status().state).toBe("up"), { timeout: 30_000 });
  }, labStartMs);

  afterAll(async () => {
    await diallers.close();
    await letGo();
    calls.close();
    link.stop();
    campaigns.close();
    await proxy.close();
    await database.drop();
  });

  const due = async () => {
    const nowMs = Date.now();
    const windowEndsAtMs = nowMs + HOUR_MS;
    return addPerson(database.db, campaign.id, { dueAtMs: nowMs - 1000, windowEndsAtMs });
  };
  const row = (id: string) => attemptRow(database.db, id);
  const comesTo = (id: string, own: object) =>
    vi.waitFor(async () => expect(await row(id)).toMatchObject(own), {
      ...{ timeout: 60_000, interval: 100 },
    });
  const invited = (far: { readonly events: readonly { readonly name: string }[] }) =>
    far.events.filter(({ name }) => name === "invited").length;

  const never = { answerAfterMs: "never" } as const;
  const people: readonly (readonly [string, PhoneBehaviour, PhoneBehaviour])[] = [
    ["talked", { answerAfterMs: 300 }, { answerAfterMs: 200, talkMs: 1000 }],
    ["busy", { reject: 486 }, never],
    ["rejected", { reject: 603, rejectAfterMs: 500 }, never],
    ["unallocated", { reject: 404 }, never],
    ["noAnswer", never, never],
    ["cutOff", { answerAfterMs: 300, talkMs: 100 }, never],
    ["abandoned", { answerAfterMs: 300, talkMs: 3500 }, never],
  ];
  test.each(people)(
    "%s: somebody who does %j, an operator who does %j",
    { timeout: 120_000 },
    async (outcome, does, operator) => {
      const far = await lab.pstn(does);
      await lab.phone("101", operator);
      const { attemptId, contactId } = await due();
      await comesTo(attemptId, { state: "ended", outcome });
      expect(invited(far)).toBe(1);
      const attempt = await row(attemptId);
      expect(attempt.abandoned_by_rule).toBe(outcome === "abandoned");
      expect(attempt.extension).toBe(outcome === "talked" ? "101" : "");
      const contact = await database.db
        .selectFrom("contacts")
        .select(["state"])
        .where("id", "=", contactId)
        .executeTakeFirstOrThrow();
      const isOpen = !["talked", "rejected", "unallocated"].includes(outcome);
      if (isOpen) expect(contact.state).toBe("open");
      if (outcome === "talked") expect(contact.state).toBe("done");
      await lab.hangUpAll();
    },
  );

  test("withdrawn while it rings, the phone stops ringing", { timeout: 120_000 }, async () => {
    const far = await lab.pstn(never);
    await lab.phone("101", never);
    const { attemptId, contactId } = await due();
    await far.ringing();
    const told = await database.db
      .transaction()
      .execute((trx) => withdraw(trx, [{ contactId, because: "orderConfirmed" }], Date.now()));
    bus.publish("attemptsWithdrawn", { attemptIds: told });
    await far.saw("cancelled");
    await comesTo(attemptId, { state: "withdrawn", withdrawn_because: "orderConfirmed" });
    await lab.hangUpAll();
  });

  test(
    "the connection breaks while it rings: the end is learned from the PBX's own record, and nobody is dialled again",
    { timeout: 120_000 },
    async () => {
      const far = await lab.pstn({ reject: 486, rejectAfterMs: 1500 });
      await lab.phone("101", never);
      const { attemptId } = await due();
      await far.ringing();
      proxy.refuse(true);
      await far.saw("over");
      proxy.refuse(false);
      await comesTo(attemptId, { state: "ended", outcome: "busy" });
      expect(invited(far)).toBe(1);
      await lab.hangUpAll();
    },
  );
});
