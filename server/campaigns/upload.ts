/** Tables that people upload: UTF-8, comma, semicolon or tab, as spreadsheets write them. */
import { type CsvProblem, CsvRecords, findDelimiter } from "../cli/csv.ts";
import { UploadError, uploadError } from "./upload-problems.ts";

/** A table by lines. */
export type Table = {
  /** As they were written. */
  readonly heads: readonly string[];
  readonly rows: readonly {
    readonly line: number;
    /** Or why the line cannot be read. */
    readonly cells: readonly string[] | CsvProblem;
  }[];
};

/** Rows of one upload at most. */
export const MOST_ROWS = 200_000;

/** @throws UploadError naming the line that is not UTF-8, or that there is nothing. */
export function readTable(bytes: Uint8Array): Table {
  const text = decode(bytes);
  const lines = text.split(/\r\n|\n|\r/);
  const head = lines[0]!;
  if (head.trim() === "") throw uploadError("fileNoHeads", { line: 1 });
  const delimiter = findDelimiter(head);
  const records = new CsvRecords(delimiter);
  const read = lines.flatMap((line, at) =>
    records.push({ number: at + 1, text: line, cut: false }),
  );
  const [heads, ...rest] = [...read, ...records.end()];
  const names = heads?.cells ?? null;
  if (names === null) throw uploadError("fileBadHeads", { line: 1 });
  const rows = rest
    .filter((record) => record.raw.trim() !== "")
    .map(({ number, cells, problem }) => ({ line: number, cells: cells ?? problem }));
  if (rows.length > MOST_ROWS)
    throw uploadError("fileTooLong", { line: MOST_ROWS + 2, most: MOST_ROWS });
  return { heads: names.map((one) => one.trim()), rows };
}

function decode(bytes: Uint8Array): string {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    throw uploadError("fileUtf16", { line: 1 });
  try {
    // A byte order mark is left out by the decoder.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const at = text.indexOf("\0");
    if (at !== -1) throw uploadError("fileNul", { line: text.slice(0, at).split("\n").length });
    return text;
  } catch (error) {
    if (error instanceof UploadError) throw error;
    throw uploadError("fileNotUtf8", { line: firstBadLine(bytes) });
  }
}

/** The first line that is not UTF-8; a line end is never part of a character. */
function firstBadLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 1;
  for (let from = 0; from < bytes.length; line++) {
    const found = bytes.indexOf(10, from);
    const end = found === -1 ? bytes.length : found;
    try {
      decoder.decode(bytes.subarray(from, end));
    } catch {
      return line;
    }
    from = end + 1;
  }
  return line;
}
