import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CsvRecords, csvRow, findDelimiter } from "../../server/cli/csv.ts";
import { type Line, readLines } from "../../server/cli/lines.ts";

async function linesOf(pieces: readonly string[], longest?: number) {
  async function* all() {
    yield* pieces;
  }
  const lines: Line[] = [];
  for await (const some of readLines(all(), longest)) lines.push(...some);
  return lines;
}

async function records(text: string, delimiter = ",") {
  const reader = new CsvRecords(delimiter);
  const read = (await linesOf([text])).flatMap((line) => reader.push(line));
  return [...read, ...reader.end()].map((one) =>
    one.cells === null ? `${one.number}: ${one.reason}` : [one.number, ...one.cells],
  );
}

describe("lines", () => {
  test("are the same however the file is cut into pieces", async () => {
    const text = "one\r\ntwo\n\nfour\r\n";
    const whole = await linesOf([text]);
    expect(whole.map(({ number, text: line }) => `${number} ${line}`)).toEqual([
      "1 one",
      "2 two",
      "3 ",
      "4 four",
    ]);
    expect(await linesOf(text.split(""))).toEqual(whole);
  });

  test("the last one needs no end", async () => {
    expect(await linesOf(["a\nb"])).toMatchObject([{ text: "a" }, { number: 2, text: "b" }]);
  });

  test("one that is too long is cut and the next is whole", async () => {
    const found = await linesOf(["x".repeat(30), "y".repeat(30) + "\nshort\n"], 40);
    expect(found).toEqual([
      { number: 1, text: "x".repeat(30) + "y".repeat(10), cut: true },
      { number: 2, text: "short", cut: false },
    ]);
  });
});

test.each([
  ["id,name,phone", ","],
  ["id;name;phone", ";"],
  ["id\tname\tphone", "\t"],
  ['"a,b,c,d";name;phone', ";"],
  ["id", ","],
])("the delimiter of %j is %j", (heading, delimiter) => {
  expect(findDelimiter(heading)).toBe(delimiter);
});

describe("records", () => {
  test("quoted cells hold delimiters, quotes and line ends", async () => {
    expect(await records('1,"a,b","say ""hi""","two\nlines"\n2,x,y,z\n')).toEqual([
      [1, "1", "a,b", 'say "hi"', "two\nlines"],
      [3, "2", "x", "y", "z"],
    ]);
  });

  test("a quote within a cell is just a quote", async () => {
    expect(await records('1,27" monitor\n2,Cafe "Rose"\n')).toEqual([
      [1, "1", '27" monitor'],
      [2, "2", 'Cafe "Rose"'],
    ]);
  });

  test("a quote that is never closed costs its own line only", async () => {
    const rest = Array.from({ length: 300 }, (_, n) => `${n},ok`).join("\n");
    const found = await records(`1,"open\n${rest}`);
    expect(found[0]).toBe("1: has a quote that is never closed");
    expect(found.slice(1)).toHaveLength(300);
    expect(found[300]).toEqual([301, "299", "ok"]);
  });

  test("a quote that is never closed does not reach to the next quoted cell", async () => {
    expect(await records('1,"open\n2,ok\n3,"quoted, cell"\n4,a "b" c\n')).toEqual([
      "1: has a quote that is never closed",
      [2, "2", "ok"],
      [3, "3", "quoted, cell"],
      [4, "4", 'a "b" c'],
    ]);
  });

  test("an open quote at the end of the file costs its own line only", async () => {
    expect(await records('1,"open\n2,ok\n3,ok\n')).toEqual([
      "1: has a quote that is never closed",
      [2, "2", "ok"],
      [3, "3", "ok"],
    ]);
  });

  test("whatever a spreadsheet writes is read back", () => {
    const cell = fc.oneof(
      fc.string({ unit: fc.constantFrom('"', ",", ";", "\n", "a", "я", " ", "👩‍💻"), maxLength: 8 }),
      fc.string({ maxLength: 8 }).map((text) => text.replace(/[\r\n]/g, "")),
    );
    const row = fc.array(cell, { minLength: 1, maxLength: 4 });
    return fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 5 }),
        fc.constantFrom(",", ";"),
        async (rows, delimiter) => {
          const filled = rows.map((cells) => ["n", ...cells]);
          const text = filled.map((cells) => csvRow(cells, delimiter)).join("\n");
          const read = await records(text, delimiter);
          expect(read.map((one) => (typeof one === "string" ? one : one.slice(1)))).toEqual(filled);
        },
      ),
    );
  });

  test("no text makes it throw, and nothing is lost silently", () => {
    const text = fc.string({ unit: fc.constantFrom('"', ",", "\n", "a", "\r"), maxLength: 60 });
    return fc.assert(
      fc.asyncProperty(text, async (written) => {
        const lines = await linesOf([written]);
        const reader = new CsvRecords(",");
        const found = [...lines.flatMap((line) => reader.push(line)), ...reader.end()];
        expect(found.map((one) => one.raw).join("\n")).toBe(
          lines.map((line) => line.text).join("\n"),
        );
      }),
      { numRuns: 1000 },
    );
  });
});
