import { afterAll, beforeAll, expect, test } from "vitest";
import { PriorityRecord, saveMoves } from "../../server/priority/record.ts";
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

test("a batch that is written again adds nothing", async () => {
  const other = { ...move, callId: "main-2.2" };
  await saveMoves(database.db, [other]);
  await saveMoves(database.db, [other, { ...other, atMs: other.atMs + 9 }]);
  const { rows } = await database.pool.query(
    "select 1 from priority_moves where call_id = 'main-2.2'",
  );
  expect(rows).toHaveLength(2);
});
