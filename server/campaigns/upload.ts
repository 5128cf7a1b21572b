/** Tables that people upload: UTF-8, comma, semicolon or tab, as spreadsheets write them. */
import { CsvRecords, findDelimiter } from "../cli/csv.ts";

/** A file that cannot be read at all; `message` names the line. */
export class UploadError extends Error {
  readonly line: number;
  constructor(line: number, reason: string) {
    super(`Line ${line} ${reason}`);
    this.name = "UploadError";
    this.line = line;
  }
}

/** A table by lines. */
export type Table = {
  /** As they were written. */
  readonly heads: readonly string[];
  readonly rows: readonly {
    readonly line: number;
    /** Null for a line that cannot be read, with the reason. */
    readonly cells: readonly string[] | null;
    readonly reason: string;
  }[];
};

/** Rows of one upload at most. */
export const MOST_ROWS = 200_000;

/** @throws UploadError naming the line that is not UTF-8, or that there is nothing. */
export function readTable(bytes: Uint8Array): Table {
  const text = decode(bytes);
  const lines = text.split(/\r\n|\n|\r/);
  const head = lines[0]!;
  if (head.trim() === "") throw new UploadError(1, "must name the columns");
  const delimiter = findDelimiter(head);
  const records = new CsvRecords(delimiter);
  const read = lines.flatMap((line, at) =>
    records.push({ number: at + 1, text: line, cut: false }),
  );
  const [heads, ...rest] = [...read, ...records.end()];
  const names = heads?.cells ?? null;
  if (names === null) throw new UploadError(1, "cannot be read as names of columns");
  const rows = rest
    .filter((record) => record.raw.trim() !== "")
    .map(({ number, cells, reason = "" }) => ({ line: number, cells, reason }));
  if (rows.length > MOST_ROWS)
    throw new UploadError(MOST_ROWS + 2, `is one too many: a list has ${MOST_ROWS} lines at most`);
  return { heads: names.map((one) => one.trim()), rows };
}

function decode(bytes: Uint8Array): string {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    throw new UploadError(1, "is UTF-16: save the file as CSV in UTF-8");
  try {
    // A byte order mark is left out by the decoder.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const at = text.indexOf("\0");
    if (at !== -1)
      throw new UploadError(text.slice(0, at).split("\n").length, "holds a NUL character");
    return text;
  } catch (error) {
    if (error instanceof UploadError) throw error;
    throw new UploadError(firstBadLine(bytes), "is not UTF-8: save the file as CSV in UTF-8");
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
