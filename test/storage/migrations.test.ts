import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RELEASED } from "./released.ts";

const FOLDER = join(import.meta.dirname, "../../server/storage/migrations");

test("a migration that was released is never edited: it would not be run again on the databases that have it", async () => {
  const present: Record<string, string> = {};
  for (const name of await readdir(FOLDER)) {
    if (!(name in RELEASED)) continue;
    const text = await readFile(join(FOLDER, name));
    present[name] = createHash("sha256").update(text).digest("hex");
  }
  expect(present).toEqual(RELEASED);
});

test("a new migration comes after those that were released: a database that has them runs it last", async () => {
  const names = (await readdir(FOLDER)).toSorted();
  expect(names.slice(0, Object.keys(RELEASED).length)).toEqual(Object.keys(RELEASED));
});
