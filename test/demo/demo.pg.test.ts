/** What a first `npm start` leaves in the database, and what a second one does not change. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkPolicy } from "../../server/priority/check.ts";
import type { Policy } from "../../server/priority/model.ts";
import { openVocabulary } from "../../server/priority/vocabulary.ts";
import { openDemo } from "../../server/demo/demo.ts";
import { demoQueues } from "../../server/demo/traffic.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database?.drop());

const versions = () =>
  database.db.selectFrom("policy_versions").selectAll().orderBy("version").execute();

test("a demo begins with a policy that favours few, and leaves a published one alone", async () => {
  const first = await openDemo(database);
  await first.stop();
  const [published, ...others] = await versions();
  expect(others).toEqual([]);
  expect(published).toMatchObject({ version: 1, published_by: "demo", rolled_back_to: null });
  const policy = published!.policy as Policy;
  expect(policy.rules).toMatchObject([
    {
      name: "Постоянные клиенты",
      when: [{ fact: "tier", in: expect.arrayContaining(["gold", "platinum"]) as string[] }],
      ["then"]: { rate: 2, headStartSeconds: 14 },
    },
  ]);
  const vocabulary = openVocabulary(database, {
    queues: () => demoQueues.map(({ name }) => name),
    timeZone: () => policy.timeZone,
  });
  expect(checkPolicy(policy, await vocabulary.read())).toMatchObject({ problems: [] });
  vocabulary.close();

  const { rules: _, ...rest } = policy;
  await database.db
    .insertInto("policy_versions")
    .values({
      version: 2,
      policy: JSON.stringify({ ...rest, rules: [] }),
      published_by: "supervisor",
      rolled_back_to: null,
    })
    .execute();
  const second = await openDemo(database);
  await second.stop();
  expect((await versions()).map(({ published_by }) => published_by)).toEqual([
    "demo",
    "supervisor",
  ]);
});
