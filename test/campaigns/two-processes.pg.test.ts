/** Campaigns of two processes that have not heard of each other's latest yet. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Campaigns } from "../../server/campaigns/campaigns.ts";
import { localBus } from "../../server/storage/bus.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { campaign, vocabulary } from "./samples.ts";

const throwing = (error: unknown) => {
  throw error;
};
let database: TestDatabase;
let here: Campaigns;
let there: Campaigns;

/** One process: what may be named is what it knows of trunks. Its hints reach nobody. */
async function open(): Promise<Campaigns> {
  const opened: Campaigns = new Campaigns({
    ...{ db: database.db, bus: localBus(throwing), onError: throwing },
    vocabulary: async () => ({
      ...vocabulary,
      pbxs: [{ name: "main", queues: ["outbound"], trunks: opened.trunks("main") }],
    }),
  });
  await opened.load();
  return opened;
}

beforeAll(async () => {
  database = await testDatabase();
  [here, there] = [await open(), await open()];
});
afterAll(async () => {
  here.close();
  there.close();
  await database.drop();
});

test("a campaign may name a trunk that was saved at another process a moment ago, and none that nobody saved", async () => {
  const trunk = { pbx: "main", name: "provider", dial: "PJSIP/{number}@provider" };
  const bounds = { format: "e164", lines: 5, callsPerSecond: 1, enabled: true } as const;
  await there.saveTrunk({ ...trunk, ...bounds }, "anna");
  expect(here.trunks("main")).toEqual([]);
  const { settings } = await here.create({ settings: campaign(), by: "anna" });
  expect(settings.trunks).toEqual(["provider"]);
  await expect(
    here.create({ settings: campaign({ trunks: ["nobody's"] }), by: "anna" }),
  ).rejects.toMatchObject({ code: "campaignRefused" });
});
