import { expect, test } from "vitest";
import { readImportArguments } from "../../server/cli/import.ts";

test("the file's name tells type and format unless they are given", () => {
  expect(readImportArguments(["old/Orders-2026.jsonl"])).toEqual({
    ...{ path: "old/Orders-2026.jsonl", type: "orders", format: "ndjson", source: "file" },
    ...{ encoding: undefined, columns: new Map() },
  });
  const args = ["x.csv", "--type", "products", "--source", "shop", "--encoding", "UTF-8"];
  expect(readImportArguments([...args, "--map", "a=b=name", "--map", "Код = sourceId"])).toEqual({
    ...{ path: "x.csv", type: "products", format: "csv", source: "shop", encoding: "utf-8" },
    columns: new Map([
      ["a=b", "name"],
      ["Код", "sourceId"],
    ]),
  });
});

test.each([
  [[], "name one file"],
  [["a.csv", "b.csv"], "name one file"],
  [["table.csv"], "--type customers|orders|products"],
  [["customers.csv", "--type", "people"], "--type customers|orders|products"],
  [["customers.xlsx"], "must end in"],
  [["customers.csv", "--encoding", "koi8"], "must be one of"],
  [["customers.csv", "--colour", "red"], "--colour"],
  [["customers.csv", "--map", "id"], "COLUMN=field"],
  [["customers.csv", "--source", " "], "--source"],
])("%j is refused", (args, words) => {
  expect(() => readImportArguments(args)).toThrow(words);
});
