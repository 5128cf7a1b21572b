/** Wrap-ups: "saved" means PostgreSQL has it, and none is forgotten. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openStorage } from "../../server/storage/database.ts";
import { startEmbeddedPostgres } from "../../server/storage/embedded.ts";
import { migrate } from "../../server/storage/migrate.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { type Client, House, addUsers } from "./desk-house.ts";
import { Caller, member } from "./scripted-pbx.ts";
import { tcpProxy } from "./tcp-proxy.ts";

let database: TestDatabase;
let house: House;

beforeAll(async () => {
  database = await testDatabase();
  await addUsers(database, { olga: "operator", ivan: "operator" });
});
afterAll(() => database?.drop());
afterEach(async () => {
  await house.close();
  // A wrap-up left pending would be asked for in the next test too.
  for (const table of ["calls", "pops", "wrap_ups"] as const)
    await database.db.deleteFrom(table).execute();
});

/** A call that Olga at 101 talked on, and that is over. */
async function talked(olga: Client): Promise<string> {
  const caller = new Caller(house.pbx, "+79130000001");
  caller.arrive();
  caller.ring("101");
  caller.answer("101");
  await olga.untilCall(caller.callId, ({ state }) => state === "talking");
  caller.hangUp([], ["101"]);
  await olga.untilCall(caller.callId, ({ state }) => state === "ended");
  return caller.callId;
}

const draft = (callId: string, more: object = {}) => ({
  draftId: crypto.randomUUID() as string,
  callId,
  disposition: "question",
  note: "спросила про чай",
  ...more,
});

const savedOf = (callId: string, storage: Pick<TestDatabase, "db"> = database) =>
  storage.db.selectFrom("wrap_ups").selectAll().where("call_id", "=", callId).execute();

describe("a wrap-up", () => {
  test("is in PostgreSQL when it is said to be saved, and is not asked for any more", async () => {
    house = await House.open({ storage: database });
    const olga = await house.seated("olga", "101");
    const callId = await talked(olga);
    await olga.until(({ presence }) => presence.state === "wrapUp");
    const reply = await olga.ask("saveWrapUp", draft(callId));
    expect(reply.ok).toBe(true);
    const [row, ...more] = await savedOf(callId);
    expect(more).toEqual([]);
    expect(row).toMatchObject({ disposition: "question", note: "спросила про чай" });
    if (reply.ok) expect(reply.savedAt).toBe(row?.saved_at.toISOString());
    await olga.untilCall(callId, ({ needsWrapUp }) => !needsWrapUp);
    await olga.until(({ presence }) => presence.state === "ready");
  });

  test("sent again by its draft is written once; another draft of the call replaces it", async () => {
    house = await House.open({ storage: database });
    const olga = await house.seated("olga", "101");
    const callId = await talked(olga);
    const first = draft(callId);
    const replies = await Promise.all([1, 2, 3].map(() => olga.ask("saveWrapUp", first)));
    expect(new Set(replies.map((reply) => reply.ok && reply.savedAt)).size).toBe(1);
    await olga.ask("saveWrapUp", draft(callId, { disposition: "order" }));
    expect(await savedOf(callId)).toMatchObject([{ disposition: "order" }]);
  });

  test("can be saved while the call still goes on", async () => {
    house = await House.open({ storage: database });
    const olga = await house.seated("olga", "101");
    const caller = new Caller(house.pbx, "+79130000001");
    caller.arrive();
    caller.ring("101");
    caller.answer("101");
    await olga.untilCall(caller.callId, ({ state }) => state === "talking");
    expect(await olga.ask("saveWrapUp", draft(caller.callId))).toMatchObject({ ok: true });
    caller.hangUp([], ["101"]);
    const ended = await olga.untilCall(caller.callId, ({ state }) => state === "ended");
    expect(ended.needsWrapUp).toBe(false);
  });

  test("of somebody else's call, or of one that never was, is forbidden", async () => {
    house = await House.open({ storage: database });
    const olga = await house.seated("olga", "101");
    const ivan = await house.seated("ivan", "102");
    const callId = await talked(olga);
    await house.written();
    for (const other of [callId, "main-1.1"])
      expect(await ivan.ask("saveWrapUp", draft(other))).toMatchObject({
        ok: false,
        code: "forbidden",
      });
    expect(await savedOf(callId)).toEqual([]);
  });

  test("with a wrong disposition or another call's draft names the field", async () => {
    house = await House.open({ storage: database });
    const olga = await house.seated("olga", "101");
    const [one, two] = [await talked(olga), await talked(olga)];
    expect(await olga.ask("saveWrapUp", draft(one, { disposition: "nonsense" }))).toEqual({
      ok: false,
      code: "invalid",
      message: "disposition: unknown code",
    });
    const first = draft(one);
    await olga.ask("saveWrapUp", first);
    expect(await olga.ask("saveWrapUp", { ...first, callId: two })).toEqual({
      ok: false,
      code: "invalid",
      message: "draftId: belongs to another call",
    });
  });

  test("that is pending is asked for again after a restart of the server, and can be saved", async () => {
    house = await House.open({ storage: database });
    const olga = await house.seated("olga", "101");
    const [callId, done] = [await talked(olga), await talked(olga)];
    await olga.ask("saveWrapUp", draft(done));
    await house.written();
    await house.close();

    house = await House.open({ storage: database });
    const again = await house.browser("olga");
    expect(again.state?.presence.device?.extension, "the device is remembered").toBe("101");
    const call = await again.untilCall(callId, ({ card }) => card.outcome !== "pending");
    expect(call).toMatchObject({ state: "ended", needsWrapUp: true });
    expect(again.call(done)).toBeUndefined();
    expect(await again.ask("saveWrapUp", draft(callId))).toMatchObject({ ok: true });
  });

  test("can be saved for a call that the server has forgotten", async () => {
    house = await House.open({ storage: database });
    const olga = await house.seated("olga", "101");
    const caller = new Caller(house.pbx, "+79130000001");
    caller.arrive();
    caller.ring("101");
    await olga.untilCall(caller.callId, ({ state }) => state === "ringing");
    await house.desk.flush();
    await house.close();
    // Neither the call's own row nor memory: only the pop tells that it rang here.
    house = await House.open({ storage: database });
    const again = await house.browser("olga");
    expect(await again.ask("saveWrapUp", draft(caller.callId))).toMatchObject({ ok: true });
  });

  test("lets the operator be ready without it, but still asks for it", async () => {
    house = await House.open({ storage: database });
    const olga = await house.seated("olga", "101");
    const callId = await talked(olga);
    await olga.until(({ presence }) => presence.state === "wrapUp");
    expect(await olga.ask("ready", {})).toEqual({ ok: true });
    await olga.until(({ presence }) => presence.state === "ready");
    expect(olga.call(callId)?.needsWrapUp).toBe(true);
    await olga.ask("saveWrapUp", draft(callId));
  });
});

describe("the pause for the wrap-up", () => {
  const pauses = () =>
    house.pbx.asked
      .filter(({ name }) => name === "QueuePause")
      .map(({ fields }) => [fields["Paused"], fields["Reason"] ?? ""]);

  test("keeps the operator from being rung until it is saved", async () => {
    house = await House.open({ storage: database, settings: { wrapUpPauseSeconds: 600 } });
    const olga = await house.seated("olga", "101");
    const callId = await talked(olga);
    await expect.poll(pauses).toEqual([["true", "callcard-wrapup"]]);
    await olga.until(({ presence }) => presence.state === "wrapUp");
    await olga.ask("saveWrapUp", draft(callId));
    await expect.poll(pauses).toEqual([
      ["true", "callcard-wrapup"],
      ["false", ""],
    ]);
    await olga.until(({ presence }) => presence.state === "ready");
  });

  test("ends by itself after its time", async () => {
    house = await House.open({ storage: database, settings: { wrapUpPauseSeconds: 1 } });
    const olga = await house.seated("olga", "101");
    const callId = await talked(olga);
    await expect.poll(pauses, { timeout: 5000 }).toHaveLength(2);
    await olga.ask("saveWrapUp", draft(callId));
  });

  test("does not touch a pause of the operator's own", async () => {
    house = await House.open({ storage: database, settings: { wrapUpPauseSeconds: 600 } });
    const olga = await house.seated("olga", "101");
    await olga.ask("pause", { reason: "lunch" });
    await olga.until(({ presence }) => presence.state === "paused");
    const callId = await talked(olga);
    await olga.ask("saveWrapUp", draft(callId));
    expect(pauses()).toEqual([["true", "lunch"]]);
  });

  test("that an earlier process left behind ends too", async () => {
    house = await House.open({ storage: database, settings: { wrapUpPauseSeconds: 1 } });
    const olga = await house.seated("olga", "101");
    house.pbx.say({
      type: "memberChanged",
      member: member("101", { paused: true, pausedReason: "callcard-wrapup" }),
    });
    await olga.until(({ presence }) => presence.state === "wrapUp");
    await expect.poll(pauses, { timeout: 5000 }).toEqual([["false", ""]]);
  });

  test("is off by default", async () => {
    house = await House.open({ storage: database });
    const olga = await house.seated("olga", "101");
    const callId = await talked(olga);
    await olga.ask("saveWrapUp", draft(callId));
    expect(pauses()).toEqual([]);
  });
});

describe("while PostgreSQL is away", () => {
  test("nothing is said to be saved, cards and pops go on, and everything is there afterwards", async () => {
    const directory = await mkdtemp(join(tmpdir(), "callcard-wrap-up-"));
    let server = await startEmbeddedPostgres(directory);
    const url = new URL(server.url);
    const proxy = await tcpProxy(Number(url.port));
    url.port = String(proxy.port);
    const storage = openStorage(url.href, { maxConnections: 5 });
    try {
      await migrate(storage.db);
      await addUsers(storage, { olga: "operator" });
      house = await House.open({ storage });
      const olga = await house.seated("olga", "101");
      const callId = await talked(olga);
      await server.stop();

      const wrapUp = draft(callId);
      expect(await olga.ask("saveWrapUp", wrapUp)).toMatchObject({
        ok: false,
        code: "databaseDown",
      });
      await olga.until(({ trouble }) => trouble.includes("databaseDown"));
      expect(olga.call(callId)?.needsWrapUp).toBe(true);
      const during = new Caller(house.pbx, "+79130000002");
      during.arrive();
      during.ring("101");
      const failed = await olga.untilCall(during.callId, ({ card }) => card.outcome === "failed");
      expect(failed.card).toMatchObject({ problems: ["directoryDown"], rawNumber: "+79130000002" });
      during.hangUp(["101"]);

      server = await startEmbeddedPostgres(directory);
      proxy.pointTo(Number(new URL(server.url).port));
      await olga.until(({ trouble }) => trouble.length === 0);
      expect(await olga.ask("saveWrapUp", wrapUp)).toMatchObject({ ok: true });
      expect(await savedOf(callId, storage)).toHaveLength(1);
      await house.written();
      const pops = await storage.db
        .selectFrom("pops")
        .select("ring_id")
        .where("call_id", "=", during.callId)
        .execute();
      expect(pops).toHaveLength(1);
    } finally {
      await house.close();
      await storage.close();
      proxy.close();
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    }
  });
});
