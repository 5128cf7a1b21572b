import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Placement,
  PriorityRecord,
  saveMoves,
  savePlacements,
} from "../../server/priority/record.ts";
import type { Move } from "../../server/priority/model.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

const move: Move = {
  ...{ callId: "main-1.1", pbx: "main", queue: "sales", atMs: 1_795_000_000_123.4 },
  ...{ by: "olga", fromPosition: 4, toPosition: null, fromPriority: 0, toPriority: 2 ** 30 },
  policyVersion: 3,
};
const log = { info() {}, warn() {}, error: (fields: object) => console.error(fields) };

test("moves and reasons are written behind the steward's back; the newest word on a stay holds", async () => {
  const record = new PriorityRecord({ db: database.db, log });
  record.moved(move);
  record.moved({ ...move, atMs: move.atMs + 50, by: "policy", toPosition: 1 });
  const stay = {
    callId: "main-1.1",
    pbx: "main",
    queue: "sales",
    joinedAtMs: 1_795_000_000_000.25,
  };
  record.placed({ ...stay, policyVersion: 2, rule: null, rate: 1, headStartMs: 0 });
  await record.flush();
  const rule = { id: "gold", name: "Gold first" };
  record.placed({ ...stay, policyVersion: 3, rule, rate: 2, headStartMs: 14_000 });
  await record.close();
  expect(record.counters()).toEqual({ waiting: 0, lost: 0 });
  const moves = await database.db
    .selectFrom("priority_moves")
    .select(["made_by", "from_position", "to_position", "to_priority"])
    .orderBy("at")
    .execute();
  expect(moves).toEqual([
    { made_by: "olga", from_position: 4, to_position: null, to_priority: 2 ** 30 },
    { made_by: "policy", from_position: 4, to_position: 1, to_priority: 2 ** 30 },
  ]);
  const reasons = await database.db.selectFrom("call_priorities").selectAll().execute();
  expect(reasons).toMatchObject([
    { policy_version: 3, rule_id: "gold", rule_name: "Gold first", rate: 2, head_start_ms: 14_000 },
  ]);
});

describe("one stay in a queue", () => {
  const joinedAtMs = 1_795_000_000_900;
  const stay = (callId: string, more: Partial<Placement> = {}): Placement => ({
    ...{ callId, pbx: "main", queue: "sales", joinedAtMs },
    ...{ policyVersion: 1, rule: null, rate: 1, headStartMs: 0, ...more },
  });
  const rows = async (callId: string) =>
    (
      await database.db
        .selectFrom("call_priorities")
        .select(["queue", "joined_at", "policy_version"])
        .where("call_id", "=", callId)
        .orderBy("joined_at")
        .orderBy("queue")
        .execute()
    ).map((row) => `${row.queue} ${row.joined_at.getTime() - joinedAtMs} v${row.policy_version}`);

  test("has one row after a restart, though the PBX then tells its beginning in whole seconds", async () => {
    for (const [version, beganMs] of [0, -900, 950, -1900].entries()) {
      const record = new PriorityRecord({ db: database.db, log });
      record.placed(stay("main-3.3", { joinedAtMs: joinedAtMs + beganMs, policyVersion: version }));
      await record.close();
      expect(record.counters()).toEqual({ waiting: 0, lost: 0 });
    }
    expect(await rows("main-3.3")).toEqual(["sales 0 v3"]);
  });

  test("has one row when one batch tells of it twice", async () => {
    const later = stay("main-4.4", { joinedAtMs: joinedAtMs + 700.5, policyVersion: 2 });
    await savePlacements(database.db, [stay("main-4.4"), later]);
    expect(await rows("main-4.4")).toEqual(["sales 0 v2"]);
  });

  test("has one row when two servers tell of it at the same moment", async () => {
    await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        savePlacements(database.db, [stay("main-7.7", { joinedAtMs: joinedAtMs + at })]),
      ),
    );
    expect(await rows("main-7.7")).toHaveLength(1);
  });

  test("is told apart from another stay of the same call, there and elsewhere", async () => {
    await savePlacements(database.db, [
      stay("main-5.5"),
      stay("main-5.5", { queue: "support", joinedAtMs: joinedAtMs + 100 }),
    ]);
    const again = { joinedAtMs: joinedAtMs + 30_000 };
    await savePlacements(database.db, [stay("main-5.5", again), stay("main-6.6")]);
    expect(await rows("main-5.5")).toEqual(["sales 0 v1", "support 100 v1", "sales 30000 v1"]);
  });
});

test("a batch that is written again adds nothing", async () => {
  const other = { ...move, callId: "main-2.2" };
  await saveMoves(database.db, [other]);
  await saveMoves(database.db, [other, { ...other, atMs: other.atMs + 9 }]);
  const { rows } = await database.pool.query(
    "select 1 from priority_moves where call_id = 'main-2.2'",
  );
  expect(rows).toHaveLength(2);
});
