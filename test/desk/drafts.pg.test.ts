import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { WrapUpDrafts } from "../../server/desk/drafts.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { addUsers } from "./desk-house.ts";

let database: TestDatabase;
let olga: string;
const draft = { disposition: "order", note: "чай", tags: ["опт"] };

beforeAll(async () => {
  database = await testDatabase();
  olga = (await addUsers(database, { olga: "operator" }))["olga"]!.id;
});
afterAll(() => database?.drop());
beforeEach(() => database.db.deleteFrom("wrap_up_drafts").execute());

const kept = () => database.db.selectFrom("wrap_up_drafts").select(["call_id"]).execute();

describe("a draft", () => {
  test("kept by one process is read by another, and told once as news", async () => {
    const one = new WrapUpDrafts(database.db);
    const other = new WrapUpDrafts(database.db);
    expect(await one.save(olga, "main-1", draft)).toBe(true);
    expect(await one.save(olga, "main-1", draft)).toBe(false);
    expect(other.of(olga, "main-1")).toBeNull();
    expect(await other.read(olga)).toEqual(["main-1"]);
    expect(other.of(olga, "main-1")).toEqual(draft);
    expect(await other.read(olga)).toEqual([]);
  });

  test("of which nothing is left is forgotten", async () => {
    const drafts = new WrapUpDrafts(database.db);
    await drafts.save(olga, "main-1", draft);
    expect(await drafts.save(olga, "main-1", { disposition: "", note: "", tags: [] })).toBe(true);
    expect(drafts.of(olga, "main-1")).toBeNull();
    expect(await kept()).toEqual([]);
  });

  test("that was saved as a wrap-up does not come back by a reading that began before", async () => {
    const drafts = new WrapUpDrafts(database.db);
    await new WrapUpDrafts(database.db).save(olga, "main-1", draft);
    const reading = drafts.read(olga);
    await drafts.forget(olga, "main-1");
    await reading;
    expect(drafts.of(olga, "main-1")).toBeNull();
  });

  test("that nobody came back to in two weeks is forgotten at the start", async () => {
    const drafts = new WrapUpDrafts(database.db);
    await drafts.save(olga, "main-1", draft);
    await drafts.save(olga, "main-2", draft);
    await database.db
      .updateTable("wrap_up_drafts")
      .set({ changed_at: new Date(Date.now() - 15 * 86_400_000) })
      .where("call_id", "=", "main-1")
      .execute();
    await drafts.open();
    expect(await kept()).toEqual([{ call_id: "main-2" }]);
  });
});
