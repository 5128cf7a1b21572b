/** A real database for the attempts' tests. */
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { WHOLE, brokenInvariants } from "./house.ts";

/** One for the tests of a file, called at its top: nobody is in it before each test, and what must always hold does after each. */
export function attemptsDatabase(): Pick<TestDatabase, "db" | "pool" | "url"> {
  let opened: TestDatabase | null = null;
  const database = () => {
    if (opened === null) throw new Error("the database is there from the first test on");
    return opened;
  };
  beforeAll(async () => {
    opened = await testDatabase();
  });
  afterAll(() => opened?.drop());
  beforeEach(async () => {
    await database().pool.query("truncate campaigns, customers, do_not_call, calls, users cascade");
  });
  afterEach(async () => expect(await brokenInvariants(database().db)).toEqual(WHOLE));
  return {
    get db() {
      return database().db;
    },
    get pool() {
      return database().pool;
    },
    get url() {
      return database().url;
    },
  };
}
