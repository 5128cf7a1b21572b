import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  loadNumberRanges,
  readNumberRanges,
  regionOfNumber,
  textOf,
} from "../../server/campaigns/number-ranges.ts";
import { regionZones } from "../../server/campaigns/region-zones.ts";

const HEAD = "АВС/ DEF;От;До;Емкость;Оператор;Регион;ИНН";
const TABLE = `${HEAD}
913;0000000;0299999;300000;ПАО "МТС";Алтайский край;7740000076
913;9000000;9999999;1000000;"ООО ""Т2; Мобайл""";Новосибирская обл.;7743895280
924;1000000;1199999;200000;ПАО МегаФон;Хабаровский край|Еврейская автономная область;7812014560
`;
const read = (csv: string) => readNumberRanges([{ file: "def.csv", csv }]);
const { ranges } = read(TABLE);

test.each([
  ["+79130000000", "Алтайский край"],
  ["+79130299999", "Алтайский край"],
  ["+79130300000", ""],
  ["+79138999999", ""],
  ["+79139123456", "Новосибирская обл."],
  ["+79241000000", "Хабаровский край|Еврейская автономная область"],
  ["+79990000000", ""],
  ["+70000000000", ""],
  ["+380501234567", ""],
  ["100", ""],
])("%s was given out in %s", (phone, region) => {
  expect(regionOfNumber(ranges, phone)).toBe(region);
});

test("what the regulator calls a region has a clock", () => {
  expect(regionZones(regionOfNumber(ranges, "+79139123456"))).toEqual(["Asia/Novosibirsk"]);
});

test("columns are found by their heads, in any order, with more beside them", () => {
  const table = `\uFEFFРегион;До;Территория ГАР;От;DEF\nг. Москва;0000009;;0000000;999\n`;
  const found = read(table);
  expect(found.refused).toEqual([]);
  expect(regionOfNumber(found.ranges, "+79990000005")).toBe("г. Москва");
});

describe("what is wrong", () => {
  test("in a line is told with the line, and the others are kept", () => {
    const bad = [
      "91;0;1",
      "913;0000000;00000",
      "913;0000009;0000001",
      "913;0000000;0000001;;;",
      "913;0000009;0000019;;;Москва",
    ];
    const found = read(`${TABLE}${bad.join("\n")}\n`);
    expect(found.refused).toEqual([
      { file: "def.csv", line: 5, reason: '"91" is no code of three digits' },
      { file: "def.csv", line: 6, reason: '"00000" is no number of seven digits' },
      { file: "def.csv", line: 7, reason: "0000009 is after 0000001" },
      { file: "def.csv", line: 8, reason: "the region is empty" },
      { file: "def.csv", line: 9, reason: "begins within the range of line 2 of def.csv" },
    ]);
    expect(regionOfNumber(found.ranges, "+79130000000")).toBe("Алтайский край");
  });

  test("in the head refuses the table", () => {
    for (const table of ["", "a;b;c\n1;2;3\n", "АВС/ DEF,От,До,Регион\n", TABLE.slice(HEAD.length)])
      expect(() => read(table)).toThrow("def.csv: the first line must hold");
  });
});

test("any number is found in exactly the ranges that hold it", () => {
  const cuts = fc.uniqueArray(fc.integer({ min: 0, max: 9_999_999 }), {
    minLength: 2,
    maxLength: 40,
  });
  const seven = (number: number) => String(number).padStart(7, "0");
  fc.assert(
    fc.property(cuts, fc.array(fc.integer({ min: 0, max: 9_999_999 })), (ends, numbers) => {
      const pairs = ends
        .toSorted((a, b) => a - b)
        .flatMap((first, at, all) =>
          at % 2 === 0 && all[at + 1] !== undefined ? [[first, all[at + 1]!] as const] : [],
        );
      const lines = pairs.map(([first, last], at) => `900;${seven(first)};${seven(last)};;;R${at}`);
      const found = read([HEAD, ...lines.toReversed()].join("\n"));
      for (const number of [...numbers, ...ends]) {
        const at = pairs.findIndex(([first, last]) => number >= first && number <= last);
        expect(regionOfNumber(found.ranges, `+7900${seven(number)}`)).toBe(
          at === -1 ? "" : `R${at}`,
        );
      }
    }),
  );
});

describe("files", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ranges-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("are read together, in UTF-8 or as windows-1251", async () => {
    const utf8 = join(folder, "a.csv");
    const old = join(folder, "b.csv");
    await writeFile(utf8, `${TABLE}913;x;y;;;z\n`);
    await writeFile(old, windows1251(`${HEAD}\n999;0000000;0000009;;;Омская обл.\n`));
    const { ranges, refused } = await loadNumberRanges([utf8, old]);
    expect(regionOfNumber(ranges, "+79990000009")).toBe("Омская обл.");
    expect(regionOfNumber(ranges, "+79130000000")).toBe("Алтайский край");
    expect(refused).toMatchObject([{ file: utf8, line: 5 }]);
  });

  test("that are none are named", async () => {
    const wrong = join(folder, "wrong.csv");
    await writeFile(wrong, "hello\n");
    await expect(loadNumberRanges([wrong])).rejects.toThrow(`${wrong}: the first line must hold`);
    const absent = join(folder, "absent.csv");
    await expect(loadNumberRanges([absent])).rejects.toThrow(absent);
  });
});

/** Bytes of a Russian text in the old encoding; the decoder of the runtime says which byte is which letter. */
function windows1251(text: string): Uint8Array {
  const letters = new TextDecoder("windows-1251").decode(
    Uint8Array.from({ length: 256 }, (_, at) => at),
  );
  return Uint8Array.from(text, (letter) => letters.indexOf(letter));
}

test("bytes that are no UTF-8 are read as windows-1251", () => {
  expect(textOf(windows1251("Регион"))).toBe("Регион");
  expect(textOf(new TextEncoder().encode("Регион"))).toBe("Регион");
});
