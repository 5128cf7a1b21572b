/** On real Asterisk: a caller is asked after the talk, presses keys, and the score is kept with the call, its queue and its operator. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { fixedPbxs } from "../../server/asterisk/pbxs.ts";
import { PbxLink } from "../../server/asterisk/link.ts";
import { LiveCalls } from "../../server/calls/live.ts";
import { readPhone } from "../../server/customers/phone.ts";
import { type OpenedRatings, openRatings } from "../../server/followups/ratings/open.ts";
import { type Lab, labStartMs, startLab } from "../support/lab.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { addUser } from "./call-backs/house.ts";

const from = "+79130000001";
let lab: Lab;
let database: TestDatabase;
let close: () => Promise<void>;
let ratings: OpenedRatings;
let anna: string;
const calls: string[] = [];
beforeAll(async () => {
  database = await testDatabase();
  anna = await addUser(database.db, "anna");
  const device = { user_id: anna, pbx: "lab", extension: "101" };
  await database.db.insertInto("operator_devices").values(device).execute();
  lab = await startLab({ version: 22 });
  const { host, amiPort: port, username, secret } = lab;
  const link = new PbxLink({ name: "lab", host, port, username, secret, tls: false });
  const live = new LiveCalls({ pbxs: fixedPbxs([link]), extensionPattern: /^\d{2,6}$/ });
  ratings = openRatings({
    ...{ db: database.db, calls: live, customerOf: () => null, timeZone: "Europe/Moscow" },
    e164Of: (number) => readPhone(number, "RU")?.e164 ?? null,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  live.onFact(({ type, call }) => {
    if (type === "callStarted") calls.push(call.id);
  });
  live.open();
  link.start();
  while (link.status().state !== "up") await sleep(20);
  close = async () => {
    await ratings.close();
    link.stop();
    live.close();
  };
}, labStartMs);
afterEach(async () => {
  await lab.hangUpAll();
  await database.pool.query("truncate ratings");
  calls.length = 0;
});
afterAll(async () => {
  await close();
  await database.drop();
});

const rows = () => database.db.selectFrom("ratings").selectAll().execute();
/** A talk that the operator ends; then the caller presses. */
async function talkedAndPressed(keys: string): Promise<void> {
  const phone = await lab.phone("101", { talkMs: 500 });
  const caller = await lab.call({ from, to: "680" });
  await phone.saw("hung up");
  if (keys !== "") await caller.press(keys);
  await caller.saw("other side hung up", 30_000);
}

describe("after the operator hung up", () => {
  test.each([
    ["9", 9],
    ["0", 0],
    ["1", 1],
    ["10", 10],
    ["17", 1],
  ])(
    "the keys %s are the score %i of this call, its queue and its operator",
    async (keys, score) => {
      await talkedAndPressed(keys);
      await ratings.flush();
      expect(await rows()).toMatchObject([
        { call_id: calls[0], score, queue: "600", user_id: anna, phone: from, asked_by: "phone" },
      ]);
    },
  );

  test.each(["*", ""])("%j is no score, and the call ends as it would", async (keys) => {
    await talkedAndPressed(keys);
    await ratings.flush();
    expect(await rows()).toEqual([]);
  });
});

test("a caller who hangs up first, or whom nobody answered, is not asked", async () => {
  const phone = await lab.phone("101");
  const talked = await lab.call({ from, to: "680", talkMs: 500 });
  await phone.saw("other side hung up");
  await talked.over();
  const waiting = await lab.call({ from, to: "681", talkMs: 500 });
  await waiting.over();
  await lab.noChannels();
  await ratings.flush();
  expect(await rows()).toEqual([]);
});
