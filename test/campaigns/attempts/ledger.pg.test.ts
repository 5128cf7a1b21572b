/** Who was abandoned by the rule, counted by the rule's own clock: live, in the figures, and again from the ledger's times. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { PgAttemptStore } from "../../../server/campaigns/attempts/store.ts";
import { follow, handOf, lateNow } from "../../../server/campaigns/dialler/hand.ts";
import { noEvidence } from "../../../server/campaigns/dialler/watch.ts";
import { ledger } from "../../../server/campaigns/figures.ts";
import type { AbandonmentRule } from "../../../server/campaigns/model.ts";
import type { Progress } from "../../../server/campaigns/ports.ts";
import { seededRandom } from "../../../server/demo/random.ts";
import { localBus } from "../../../server/storage/bus.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { HOUR_MS, NOON_MS, addPerson, makeCampaign, plainSettings } from "./house.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

test.each(["answer", "greetingEnd"] as const)(
  "with the clock from %s the figures equal a recount of the ledger's times",
  { timeout: 60_000 },
  async (clockFrom) => {
    const { db } = database;
    const bus = localBus(() => undefined);
    const store = new PgAttemptStore({ db, bus, timeZone: "Europe/Moscow" });
    const rule: AbandonmentRule = { ...plainSettings().abandonment, clockFrom };
    const campaign = await makeCampaign(db, { abandonment: rule, onMachine: "hangUp" });
    const random = seededRandom(7);
    for (let call = 0; call < 60; call++) {
      await addPerson(db, campaign.id, { windowEndsAtMs: NOON_MS + HOUR_MS });
      const by = { process: "p", userId: null };
      const [attempt] = await store.claim(campaign, 1, by, NOON_MS);
      const hand = handOf(attempt!, campaign, null, NOON_MS);
      const { id: attemptId } = attempt!;
      await store.advance(attemptId, "dialling", { atMs: NOON_MS, evidence: {} });
      hand.state = "dialling";
      const hear = async (progress: Progress) => {
        const { to, facts } = follow(hand, progress, () => null);
        if (to !== null) await store.advance(attemptId, to, facts);
      };
      const answeredAtMs = NOON_MS + 10_000 + call * 60_000;
      const greetedAtMs = answeredAtMs + random.whole(300, 4000);
      const waitedMs = random.whole(0, 4000);
      const fate = call % 4;
      await hear({ attemptId, type: "answered", atMs: answeredAtMs });
      // Three of four end their greeting; the fourth goes in the middle of it.
      if (fate !== 3) {
        await hear({ attemptId, type: "greetingEnded", atMs: greetedAtMs });
        await hear({ attemptId, type: "waiting", atMs: greetedAtMs + 800 });
      }
      const untilMs = greetedAtMs + (fate === 3 ? 0 : 800 + waitedMs);
      lateNow(hand, untilMs);
      const connected = fate < 2;
      if (connected) await hear({ attemptId, type: "connected", extension: "101", atMs: untilMs });
      const overAtMs = untilMs + (connected ? 60_000 : 0);
      const answeredForMs = overAtMs - answeredAtMs;
      const evidence = { ...noEvidence, answered: true, connected, answeredForMs };
      await hear({ attemptId, type: "over", atMs: overAtMs, evidence });
    }

    let csv = "";
    const of = { campaignId: campaign.id, fromMs: NOON_MS, toMs: NOON_MS + 24 * HOUR_MS };
    for await (const part of ledger(db, of)) csv += part;
    const [heads = [], ...rows] = csv
      .trim()
      .split("\r\n")
      .map((line) => line.split(","));
    let recounted = 0;
    let marked = 0;
    for (const row of rows) {
      const cell = (name: string) => row[heads.indexOf(name)]!;
      const from = cell(clockFrom === "answer" ? "answered_at" : "greeting_ended_at");
      const until = cell("connected_at") || cell("ended_at");
      const late = from !== "" && Date.parse(until) - Date.parse(from) > rule.connectWithinMs;
      expect(cell("abandoned_by_rule"), row.join()).toBe(late ? "1" : "0");
      recounted += late ? 1 : 0;
      marked += Number(cell("abandoned_by_rule"));
    }
    expect(rows).toHaveLength(60);
    expect(recounted).toBeGreaterThan(5);
    const window = { ...rule, window: "24hours" } as const;
    expect(await store.abandonment(campaign.id, window, NOON_MS + 2 * HOUR_MS)).toEqual({
      ...{ answered: 60, abandoned: marked },
    });
  },
);
