import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CallHistory } from "../../server/calls/history.ts";
import type { Call, CallFact } from "../../server/calls/model.ts";
import { recordOf } from "../../server/calls/record.ts";
import { CursorError, findCall, listCalls, saveCalls } from "../../server/calls/store.ts";
import { type Storage, openStorage } from "../../server/storage/database.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { finishedCall, noonMs } from "./sample.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.db.deleteFrom("calls").execute();
});

const save = (...calls: readonly Call[]) =>
  saveCalls(
    database.db,
    calls.map((call) => recordOf(call, "+79130000001", null)),
  );

describe("a finished call", () => {
  test("is read back as it was", async () => {
    await save(finishedCall());
    const found = await findCall(database.db, finishedCall().id);
    expect(found?.detail).toEqual(finishedCall());
    expect(found).toMatchObject({
      startedAt: "2026-11-22T12:00:00.000Z",
      waitMs: 10_000,
      talkMs: 60_000,
      queues: ["600"],
      extensions: ["101"],
      endedHow: "completed",
    });
    expect(await findCall(database.db, "office-0.0")).toBeNull();
  });

  test("is written once however often it comes", async () => {
    await save(finishedCall());
    await save(finishedCall({ endedHow: "lostSight" }));
    const { calls } = await listCalls(database.db, {}, { limit: 10 });
    expect(calls.map((call) => call.endedHow)).toEqual(["completed"]);
  });

  test("seen whole replaces the same call seen from its middle, not the other way round", async () => {
    const middle = finishedCall({ seenFromMiddle: true, visits: [] });
    await save(middle);
    await save(finishedCall());
    expect((await findCall(database.db, middle.id))?.detail.visits).toHaveLength(1);
    await save(middle);
    expect((await findCall(database.db, middle.id))?.detail.visits).toHaveLength(1);
  });

  test("is the best of what several processes saw, in whatever order they write", async () => {
    const { id: customerId } = await database.db
      .insertInto("customers")
      .values({ source: "test", source_id: "several", name: "Ольга" })
      .returning("id")
      .executeTakeFirstOrThrow();
    const whole = finishedCall();
    const middle = finishedCall({ seenFromMiddle: true, visits: [] });
    const lost = finishedCall({ endedHow: "lostSight" });
    const records = [
      recordOf(whole, "+79130000001", null),
      recordOf(middle, "+79130000001", customerId),
      recordOf(lost, "+79130000001", null),
    ];
    for (const order of ["012", "021", "102", "120", "201", "210", "0120", "2102"]) {
      await database.db.deleteFrom("calls").execute();
      for (const n of order) await saveCalls(database.db, [records[Number(n)]!]);
      expect([order, await findCall(database.db, whole.id)]).toMatchObject([
        order,
        { endedHow: "completed", customerId, detail: whole },
      ]);
    }
  });

  test("bears any caller name, and a customer who is gone", async () => {
    const name = "O'Neil \u0000\"); drop table calls;-- \ud800 <b>😀";
    const call = finishedCall({ party: { number: "+79130000001", name } });
    await saveCalls(database.db, [recordOf(call, null, "987654321")]);
    const found = await findCall(database.db, call.id);
    expect(found?.partyName).toBe("O'Neil \"); drop table calls;-- \ufffd <b>😀");
    expect(found?.customerId).toBeNull();
  });
});

describe("the list of calls", () => {
  const at = (minutes: number, parts: Partial<Call> = {}) =>
    finishedCall({
      id: `office-1795300000.${minutes}`,
      startedAtMs: noonMs + minutes * 60_000,
      ...parts,
    });
  const idsOf = async (filter: Parameters<typeof listCalls>[1]) =>
    (await listCalls(database.db, filter, { limit: 100 })).calls.map((call) =>
      Number(call.id.split(".")[1]),
    );

  test("is found by each part of the filter", async () => {
    const talkBy = (extension: string) => finishedCall().talks.map((t) => ({ ...t, extension }));
    const inQueue = (...queues: string[]) =>
      queues.map((queue) => ({ ...finishedCall().visits[0]!, queue }));
    await save(
      at(1, { visits: inQueue("604", "600") }),
      at(2, { talks: talkBy("102"), visits: [] }),
      at(3, { direction: "outbound", fromExtension: "103", talks: [], visits: [] }),
      at(4, { endedHow: "abandoned", talks: [], party: { number: "5551234", name: "" } }),
      at(5, { endedHow: "merged", pbx: "depot" }),
    );
    expect(await idsOf({})).toEqual([4, 3, 2, 1]);
    expect(await idsOf({ merged: true })).toEqual([5, 4, 3, 2, 1]);
    expect(await idsOf({ pbx: "depot", merged: true })).toEqual([5]);
    expect(await idsOf({ queue: "604" })).toEqual([1]);
    expect(await idsOf({ queue: "600" })).toEqual([4, 1]);
    expect(await idsOf({ extension: "102" })).toEqual([2]);
    expect(await idsOf({ extension: "103" })).toEqual([3]);
    expect(await idsOf({ direction: "outbound" })).toEqual([3]);
    expect(await idsOf({ endedHow: "abandoned" })).toEqual([4]);
    expect(await idsOf({ number: "5551234" })).toEqual([4]);
    expect(await idsOf({ number: "+79130000001" })).toEqual([4, 3, 2, 1]);
    expect(
      await idsOf({ from: new Date(noonMs + 120_000), to: new Date(noonMs + 240_000) }),
    ).toEqual([3, 2]);
  });

  test("is found by customer", async () => {
    const { id } = await database.db
      .insertInto("customers")
      .values({ source: "test", source_id: "1", name: "Ольга" })
      .returning("id")
      .executeTakeFirstOrThrow();
    await saveCalls(database.db, [recordOf(at(1), null, id), recordOf(at(2), null, null)]);
    expect(await idsOf({ customerId: id })).toEqual([1]);
  });

  test("comes in pages that leave nothing out and repeat nothing, even for one moment", async () => {
    const all = Array.from({ length: 25 }, (_, index) =>
      at(index, index < 12 ? { startedAtMs: noonMs + 0.75 } : {}),
    );
    await save(...all);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page = await listCalls(
        database.db,
        {},
        { limit: 4, ...(after === null ? {} : { after }) },
      );
      seen.push(...page.calls.map((call) => call.id));
      after = page.next;
    } while (after !== null);
    expect(seen).toHaveLength(25);
    expect(new Set(seen).size).toBe(25);
  });

  test("refuses a cursor that is none, by name", async () => {
    for (const after of ["", "x", "WzEsMl0", "bnVsbA", "WyJhIiwiYiJd"])
      await expect(listCalls(database.db, {}, { limit: 4, after })).rejects.toThrow(CursorError);
  });
});

describe("history", () => {
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

  /** What LiveCalls is to the history. */
  function factSource() {
    const listeners = new Set<(fact: CallFact) => void>();
    return {
      onFact(listener: (fact: CallFact) => void) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      end(call: Call) {
        for (const listener of listeners)
          listener({ type: "callEnded", atMs: call.endedAtMs ?? 0, call });
      },
    };
  }

  const numbered = (index: number) => finishedCall({ id: `office-1795300000.${index}` });

  test("writes what ended, with its number as E.164, and nothing after it was closed", async () => {
    const calls = factSource();
    const history = new CallHistory({
      db: database.db,
      calls,
      customerOf: () => null,
      e164Of: (number) => (number.startsWith("+") ? number : null),
      log: silent,
    });
    calls.end(numbered(1));
    calls.end(finishedCall({ id: "office-1795300000.2", direction: "internal" }));
    await history.flush();
    const { calls: rows } = await listCalls(database.db, {}, { limit: 10 });
    expect(rows.map((row) => row.partyE164)).toEqual([null, "+79130000001"]);
    await history.close();
    calls.end(numbered(3));
    expect(history.counters()).toMatchObject({ ended: 2, written: 2, waiting: 0, lost: 0 });
  });

  test("keeps calls while PostgreSQL is away, and writes each once when it is back", async () => {
    const line = await cuttableLine(new URL(database.url));
    const storage: Storage = openStorage(line.url, { maxConnections: 2 });
    const calls = factSource();
    const history = new CallHistory({
      db: storage.db,
      calls,
      customerOf: () => null,
      e164Of: () => null,
      log: silent,
    });
    try {
      calls.end(numbered(1));
      await history.flush();
      line.cut();
      for (let index = 2; index <= 700; index += 1) calls.end(numbered(index));
      const written = history.flush();
      await line.refused();
      expect(history.counters()).toMatchObject({ written: 1, waiting: 699, lost: 0 });
      line.mend();
      await written;
      expect(history.counters()).toMatchObject({ ended: 700, written: 700, waiting: 0, lost: 0 });
      const { count } = await database.db
        .selectFrom("calls")
        .select((row) => row.fn.countAll<string>().as("count"))
        .executeTakeFirstOrThrow();
      expect(count).toBe("700");
    } finally {
      await history.close();
      await storage.close();
      await line.close();
    }
  });

  test("gives the oldest up beyond its limit, and stops in time when PostgreSQL stays away", async () => {
    const line = await cuttableLine(new URL(database.url));
    line.cut();
    const storage = openStorage(line.url, { maxConnections: 2 });
    const calls = factSource();
    const errors: object[] = [];
    const history = new CallHistory({
      db: storage.db,
      calls,
      customerOf: () => null,
      e164Of: () => null,
      log: { ...silent, error: (fields) => errors.push(fields) },
      limit: 3,
      closeWithinMs: 200,
    });
    for (let index = 1; index <= 5; index += 1) calls.end(numbered(index));
    await history.close();
    expect(history.counters()).toMatchObject({ ended: 5, written: 0, waiting: 3, lost: 2 });
    expect(errors).toEqual([{ calls: 3 }]);
    await storage.close();
    await line.close();
  });
});

/** A line to PostgreSQL that can be cut and mended: what a stopped server looks like from here. */
async function cuttableLine(target: URL) {
  const sockets = new Set<Socket>();
  let refusals = 0;
  let onRefusal = () => {};
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) {
      refusals += 1;
      near.destroy();
      onRefusal();
      return;
    }
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as AddressInfo).port);
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    cut,
    mend() {
      isCut = false;
    },
    /** Resolves when two connections were refused since the cut. */
    refused: () =>
      new Promise<void>((resolve) => {
        onRefusal = () => {
          if (refusals >= 2) resolve();
        };
        onRefusal();
      }),
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
