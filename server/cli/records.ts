/** The records of a CSV or NDJSON file, in order, each with its line: the same shape whatever the file is. */
import { RecordError } from "../customers/loading.ts";
import { type Mapping, type RecordType, UsageError, mapColumns, recordOf } from "./columns.ts";
import { type CsvRecord, CsvRecords, csvRow, findDelimiter } from "./csv.ts";
import type { Line } from "./lines.ts";

/** A record to import, or why it cannot be one. */
export type FileRecord = {
  readonly line: number;
  readonly raw: string;
} & (
  | { readonly value: unknown; readonly refused?: never }
  | {
      readonly value?: never;
      readonly refused: { readonly field: string; readonly reason: string };
    }
);

/** Understands one format. Feed lines in order, then `end()`. */
export interface RecordReader {
  push(line: Line): readonly FileRecord[];
  end(): readonly FileRecord[];
  /** First line of the file of refused lines, "" for none. */
  rejectsHead(): string;
  rejectsLine(record: FileRecord, field: string, reason: string): string;
  /** Columns that feed nothing. */
  ignored(): readonly string[];
}

const LOST = "\ufffd";
const lost = {
  field: "line",
  reason: "holds a character that was lost in conversion (U+FFFD): is the encoding right?",
};

/** One JSON object a line; empty lines are nothing. */
export function ndjsonReader(): RecordReader {
  return {
    push(line) {
      const { number, text } = line;
      if (text.trim() === "") return [];
      if (number === 1 && text.trimStart().startsWith("["))
        throw new UsageError("the file is a JSON array; NDJSON has one object on each line");
      const record = { line: number, raw: text };
      if (line.cut) return [{ ...record, refused: { field: "line", reason: "is too long" } }];
      if (text.includes(LOST)) return [{ ...record, refused: lost }];
      try {
        return [{ ...record, value: JSON.parse(text) as unknown }];
      } catch {
        return [{ ...record, refused: { field: "line", reason: "is not JSON" } }];
      }
    },
    end: () => [],
    rejectsHead: () => "",
    rejectsLine: (record, field, reason) =>
      JSON.stringify({ line: record.line, field, reason, record: record.value ?? record.raw }),
    ignored: () => [],
  };
}

/** The first record is the heading; the delimiter is found in it. @throws UsageError from `push` when the heading will not do. */
export function csvReader(type: RecordType, named: ReadonlyMap<string, string>): RecordReader {
  let records: CsvRecords | undefined;
  let delimiter = ",";
  let head: { readonly mapping: Mapping; readonly headings: readonly string[] } | undefined;

  const read = (record: CsvRecord): FileRecord[] => {
    const { number, raw, cells } = record;
    if (head === undefined) {
      if (cells === null) throw new UsageError(`the heading (line ${number}) ${record.reason}`);
      const headings = cells.map((cell) => cell.trim());
      head = { mapping: mapColumns(type, headings, named), headings };
      return [];
    }
    const place = { line: number, raw };
    if (cells === null) return [{ ...place, refused: { field: "line", reason: record.reason } }];
    if (cells.every((cell) => cell.trim() === "")) return [];
    if (raw.includes(LOST)) return [{ ...place, refused: lost }];
    if (cells.length !== head.headings.length) {
      const reason = `has ${cells.length} cells, the heading has ${head.headings.length}`;
      return [{ ...place, refused: { field: "line", reason } }];
    }
    try {
      return [{ ...place, value: recordOf(head.mapping, cells) }];
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      return [{ ...place, refused: { field: error.field, reason: error.message } }];
    }
  };

  return {
    push(line) {
      if (records === undefined) {
        if (line.text.trim() === "") return [];
        // Spreadsheets tell their delimiter in a line before the heading.
        const told = /^"?sep=([,;\t])"?$/i.exec(line.text);
        if (told?.[1] !== undefined && line.number === 1) {
          delimiter = told[1];
          records = new CsvRecords(delimiter);
          return [];
        }
        delimiter = findDelimiter(line.text);
        records = new CsvRecords(delimiter);
      }
      return records.push(line).flatMap(read);
    },
    end() {
      const rest = records?.end().flatMap(read) ?? [];
      if (head === undefined) throw new UsageError("the file has no heading");
      return rest;
    },
    rejectsHead: () =>
      `\ufeff${csvRow(["line", "field", "reason", ...(head?.headings ?? [])], delimiter)}`,
    rejectsLine(record, field, reason) {
      const place = csvRow([String(record.line), field, reason], delimiter);
      // A line whose quotes do not fit would spoil the lines after it.
      const whole = record.value === undefined && field === "line";
      return `${place}${delimiter}${whole ? csvRow([record.raw], delimiter) : record.raw}`;
    },
    ignored: () => head?.mapping.ignored ?? [],
  };
}
