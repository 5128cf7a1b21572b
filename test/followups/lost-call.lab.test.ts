/** On real Asterisk: who hangs up while waiting is called back once, and no more when they called again and were answered. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { fixedPbxs } from "../../server/asterisk/pbxs.ts";
import { PbxLink } from "../../server/asterisk/link.ts";
import { LiveCalls } from "../../server/calls/live.ts";
import { readPhone } from "../../server/customers/phone.ts";
import { openCallBacks } from "../../server/followups/call-backs/open.ts";
import { localBus } from "../../server/storage/bus.ts";
import { startLab } from "../support/lab.ts";
import { testDatabase } from "../support/postgres.ts";

test("a caller who gives up twice is one call back, closed by the call that is answered", async () => {
  const from = "+79130000001";
  const database = await testDatabase();
  const lab = await startLab({ version: 22 });
  const { host, amiPort: port, username, secret } = lab;
  const link = new PbxLink({ name: "lab", host, port, username, secret, tls: false });
  const calls = new LiveCalls({ pbxs: fixedPbxs([link]), extensionPattern: /^\d{2,6}$/ });
  const callBacks = openCallBacks({
    ...{ db: database.db, calls, bus: localBus(() => undefined), customerOf: () => null },
    e164Of: (number) => readPhone(number, "RU")?.e164 ?? null,
    planCallBack: async () => 0,
    ...{ timeZone: "Europe/Moscow", region: "RU" },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  calls.open();
  link.start();
  while (link.status().state !== "up") await sleep(20);
  const rows = async () => {
    await callBacks.flush();
    return database.db.selectFrom("call_backs").selectAll().execute();
  };
  try {
    await lab.phone("101", { answerAfterMs: "never" });
    for (let time = 0; time < 2; time++) {
      const caller = await lab.call({ from, to: "600", talkMs: 5500 });
      await caller.over(15_000);
      await lab.noChannels();
    }
    await expect
      .poll(rows)
      .toMatchObject([{ phone: from, origin: "lost", queue: "600", state: "open" }]);
    const phone = await lab.phone("101", { talkMs: 500 });
    await lab.call({ from, to: "600" });
    await phone.saw("hung up");
    await expect.poll(rows).toMatchObject([{ state: "closed", closed_because: "reached" }]);
  } finally {
    await callBacks.close();
    link.stop();
    calls.close();
    await lab.hangUpAll();
    await database.drop();
  }
});
