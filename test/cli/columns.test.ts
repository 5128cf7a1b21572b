import { describe, expect, test } from "vitest";
import { mapColumns, recordOf } from "../../server/cli/columns.ts";

const none = new Map<string, string>();
function record(headings: readonly string[], cells: readonly string[], named = none) {
  return recordOf(mapColumns("customers", headings, named), cells);
}

describe("headings", () => {
  test("are met by name, however they are written, and by what people call them", () => {
    const headings = ["Source ID", "ФИО", "e-mail", "customer_since", "Телефон", "phone2", "Цвет"];
    const mapping = mapColumns("customers", headings, none);
    expect(mapping.fields.map((one) => one.field)).toEqual([
      ...["sourceId", "name", "email", "customerSince", "phones", "phones"],
    ]);
    expect(mapping.ignored).toEqual(["Цвет"]);
  });

  test("--map goes before the name", () => {
    const named = new Map([
      ["login", "sourceId"],
      ["title", "name"],
    ]);
    expect(record(["id", "name", "login", "title"], ["7", "x", "maria", "Maria"], named)).toEqual({
      sourceId: "maria",
      name: "Maria",
    });
  });

  test.each([
    [["name"], none, "no column for sourceId"],
    [["id", "name"], new Map([["id", "nick"]]), 'have no field "nick"'],
    [["id", "name"], new Map([["nick", "name"]]), 'has no column "nick"'],
  ])("%j with %j is refused: %s", (headings, named, words) => {
    expect(() => mapColumns("customers", headings, named)).toThrow(words);
  });
});

describe("cells", () => {
  test.each([
    ["8 913 000-00-01", ["8 913 000-00-01"]],
    ["89130000001; 89130000002|89130000003", ["89130000001", "89130000002", "89130000003"]],
    ["89130000001, 89130000002", ["89130000001", "89130000002"]],
    ["+7 495 1234567, доб. 12", ["+7 495 1234567, доб. 12"]],
    ["+74951234567;ext=5", ["+74951234567;ext=5"]],
    ["+74951234567,,5", ["+74951234567,,5"]],
    ["89130000001\n89130000002", ["89130000001", "89130000002"]],
    ["", []],
  ])("phones %j are %j", (cell, phones) => {
    expect(record(["id", "name", "phones"], ["1", "A", cell])).toMatchObject({ phones });
  });

  test("segments are apart by commas, semicolons or bars; none clears", () => {
    const segments = (cell: string) => record(["id", "name", "Сегменты"], ["1", "A", cell]);
    expect(segments("опт; молодые родители,|vip")).toMatchObject({
      segments: ["опт", "молодые родители", "vip"],
    });
    expect(segments(" ")).toMatchObject({ segments: [] });
  });

  test("yes and no in three languages", () => {
    const vip = (cell: string) => record(["id", "name", "vip"], ["1", "A", cell])["vip"];
    expect(["1", "да", "TRUE", "так"].map(vip)).toEqual([true, true, true, true]);
    expect(["0", "нет", "No", "ні"].map(vip)).toEqual([false, false, false, false]);
    expect(vip("")).toBeUndefined();
    expect(() => vip("maybe")).toThrow("neither yes nor no");
  });
});
