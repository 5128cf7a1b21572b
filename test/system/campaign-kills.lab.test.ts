/** Killed ten times in the middle of a campaign on real Asterisk, as users run it: nobody is dialled twice for one attempt, nobody is forgotten. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Habit } from "../../asterisk-config/lab/town.ts";
import { seededRandom } from "../../server/demo/random.ts";
import { type Storage, openStorage } from "../../server/storage/database.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../server/storage/embedded.ts";
import { migrate } from "../../server/storage/migrate.ts";
import { WHOLE, brokenInvariants } from "../campaigns/attempts/house.ts";
import { type CuttingProxy, cuttingProxy } from "../support/cutting-proxy.ts";
import { type Lab, type Phone, labStartMs, startLab } from "../support/lab.ts";
import { type CampaignHouse, openCampaignHouse, phoneOf } from "./campaign-house.ts";
import { type SippCall, callsOf } from "./floor.ts";

const PEOPLE = Number(process.env["KILLS_PEOPLE"] ?? 60);
const SEED = Number(process.env["KILLS_SEED"] ?? 11);
/** From being dialled to its end a call lasts no longer. */
const LONGEST_CALL_MS = 30_000;
const EXTENSIONS = ["101", "102", "103"] as const;

/** What people do, each family of numbers in turn: six of ten talk. */
const habits: readonly Omit<Habit, "numbers">[] = [
  { ringMs: 300, talkMs: 2500 },
  { ringMs: 800, talkMs: 4000 },
  { ringMs: 1200, talkMs: 3000 },
  { ringMs: 2000, talkMs: 1500 },
  { ringMs: 200, reject: 486 },
  { ringMs: 600, reject: 603 },
  { ringMs: 0, reject: 404 },
  { ringMs: 300, talkMs: 50 },
  { ringMs: 500, talkMs: 6000 },
  { ringMs: 1000, talkMs: 2000 },
];

type Deed = "callcard" | "connection" | "postgres" | "asterisk";
const deeds: readonly Deed[] = [
  ...(["callcard", "callcard", "callcard", "callcard"] as const),
  ...(["connection", "connection", "connection"] as const),
  ...(["postgres", "asterisk", "asterisk"] as const),
];

describe("killed at random moments of a running campaign on Asterisk 22", () => {
  let lab: Lab;
  let directory: string;
  let postgres: EmbeddedPostgres;
  let toPostgres: CuttingProxy;
  let toAsterisk: CuttingProxy;
  let storage: Storage;
  let house: CampaignHouse;
  let town: Phone;

  const startPostgres = async (): Promise<number> => {
    postgres = await startEmbeddedPostgres(directory, { endWithParent: true });
    return Number(new URL(postgres.url).port);
  };

  beforeAll(async () => {
    lab = await startLab({ version: 22 });
  }, labStartMs);
  beforeEach(async () => {
    town = await lab.town(habits.map((habit, at) => ({ numbers: `+791320${at}`, ...habit })));
    for (const extension of EXTENSIONS) await lab.phone(extension, { answerAfterMs: 300 });
    directory = await mkdtemp(join(tmpdir(), "callcard-kills-"));
    toPostgres = await cuttingProxy(await startPostgres());
    toAsterisk = await cuttingProxy(lab.amiPort);
    const url = new URL(postgres.url);
    // The server sees one address, wherever PostgreSQL comes up again.
    url.port = String(toPostgres.port);
    storage = openStorage(url.href, { maxConnections: 2 });
    await migrate(storage.db);
    house = await openCampaignHouse({
      ...{ lab, database: { db: storage.db, url: url.href }, amiPort: toAsterisk.port },
      ...{ extensions: EXTENSIONS, sources: ["site"] },
      trunk: { lines: 10, callsPerSecond: 10 },
    });
  });
  afterEach(async () => {
    await house?.close();
    await storage?.close();
    for (const proxy of [toPostgres, toAsterisk]) await proxy?.close();
    await postgres?.stop();
    if (!lab.isRunning()) await lab.start();
    await lab.hangUpAll();
    await rm(directory, { recursive: true, force: true });
  });

  test(
    `nobody is dialled twice within an attempt and nobody is forgotten (seed ${SEED})`,
    { timeout: 290_000 },
    async () => {
      const campaignId = await house.begin("site", { queue: "600" });
      const people = Array.from({ length: PEOPLE }, (_, n) => phoneOf(`+791320${n % 10}`, n));
      await house.order("site", people);
      const random = seededRandom(SEED);
      const inTurn = deeds
        .map((deed) => ({ deed, at: random.next() }))
        .toSorted((a, b) => a.at - b.at);
      const asteriskDiedAtMs: number[] = [];
      const kill: Record<Deed, () => Promise<void>> = {
        callcard: () => house.server.crash(),
        async connection() {
          toAsterisk.refuse(true);
          await sleep(random.whole(50, 1500));
          toAsterisk.refuse(false);
        },
        async postgres() {
          toPostgres.refuse(true);
          await postgres.stop();
          toPostgres.retarget(await startPostgres());
          toPostgres.refuse(false);
        },
        async asterisk() {
          asteriskDiedAtMs.push(Date.now());
          await lab.kill();
          await lab.start();
        },
      };
      await sleep(3000);
      for (const { deed } of inTurn) {
        await sleep(random.whole(500, 5000));
        await kill[deed]();
      }

      // Left alone, it comes to rest: everything due was dialled and everything dialled has ended.
      const busy = async () => {
        const { rows } = await storage.pool.query<{ state: string; n: string }>(
          `select case when state = 'planned' and due_at < now() then 'due' else state end as state,
             count(*) as n from attempts group by 1`,
        );
        return rows.filter(({ state }) => !["planned", "ended", "unknown"].includes(state));
      };
      await expect.poll(busy, { timeout: 150_000, interval: 500 }).toEqual([]);

      const attempts = await storage.db
        .selectFrom("attempts")
        .select(["id", "state", "outcome", "phone", "n", "dialled_at"])
        .execute();
      const dialled = callsOf(town);
      console.log({
        ...{ seed: SEED, kills: inTurn.map(({ deed }) => deed).join(" "), dialled: dialled.length },
        ...countOf(attempts.map(({ state, outcome }) => outcome || state)),
      });

      // By the city line's own log: as many INVITEs to a number as attempts of it that the server knows were dialled, never more.
      const invites = Map.groupBy(dialled, ({ to }) => to);
      const tried = Map.groupBy(
        attempts.filter(({ state }) => state === "ended" || state === "unknown"),
        ({ phone }) => phone,
      );
      for (const phone of people) {
        const [calls, of] = [invites.get(phone) ?? [], tried.get(phone) ?? []];
        expect(calls.length, `${phone} was dialled`).toBeLessThanOrEqual(of.length);
        // Only a call that ended before its number was dialled has no line in the city's log.
        const sure = of.filter(({ state, outcome }) => state === "ended" && outcome !== "failed");
        expect(calls.length, `${phone} was not dialled`).toBeGreaterThanOrEqual(sure.length);
        for (const { outcome } of sure) expect(outcome).toBe(fits(outcome, calls));
      }
      expect([...invites.keys()].filter((phone) => !people.includes(phone))).toEqual([]);

      // What nobody can know: only calls that Asterisk had in hand when it was killed; each is shown to a person.
      const unknown = attempts.filter(({ state }) => state === "unknown");
      for (const { id, dialled_at: at } of unknown)
        expect(
          asteriskDiedAtMs.some((ms) => ms > at!.getTime() && ms < at!.getTime() + LONGEST_CALL_MS),
          id,
        ).toBe(true);
      const shown = await house.server.ask<{ contacts: readonly unknown[] }>(
        "GET",
        `/api/v1/campaigns/${campaignId}/contacts?unknown=true&limit=200`,
      );
      expect(shown.contacts).toHaveLength(unknown.length);

      // Everybody has an end or a next step.
      const contacts = await house.contacts(campaignId);
      expect([...contacts.keys()].toSorted()).toEqual(people.toSorted());
      const { closedWithoutResult: _, ...broken } = await brokenInvariants(storage.db);
      const { closedWithoutResult: _none, ...whole } = WHOLE;
      expect(broken).toEqual(whole);
      await expect
        .poll(async () => (await brokenInvariants(storage.db)).closedWithoutResult)
        .toEqual([]);
      // What reached the shop reached it under one id each, whichever process sent it.
      const ids = house.receiver.taken.map(({ phone, id }) => `${phone} ${id}`);
      expect(new Set(ids).size).toBe(new Set(house.receiver.taken.map(({ id }) => id)).size);
      expect(house.receiver.refused).toEqual([]);
    },
  );
});

/** The outcome itself when the far end's log allows it, else what that log says. */
function fits(outcome: string, calls: readonly SippCall[]): string {
  const saw = new Set(calls.flatMap((call) => call.saw.map(({ name }) => name)));
  const needs: Record<string, string> = {
    ...{ talked: "answered", cutOff: "answered", abandoned: "answered", machine: "answered" },
    ...{ busy: "rejected", rejected: "rejected", unallocated: "rejected" },
  };
  const need = needs[outcome];
  return need === undefined || saw.has(need) ? outcome : [...saw].join(", ");
}

function countOf(words: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    [...Map.groupBy(words, (word) => word)].map(([w, of]) => [w, of.length]),
  );
}
